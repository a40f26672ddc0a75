"""Where the elements of results lie in memory, for inputs that lie there in any order: as in PyTorch."""

from __future__ import annotations

import copy
import io
import pickle
from collections.abc import Callable

import numpy as np
import pytest

import torchlike
from tests.support import compare, reference

SHAPES = [((3, 4),), ((2, 3, 4),), ((2, 3, 4, 5),), ((3, 1, 4),), ((2, 1, 3, 1),), ((),), ((1, 1, 3, 1, 2),)]
PAIRS = [
    *[each * 2 for each in SHAPES],
    ((3, 1, 4), (1, 5, 4)),
    ((2, 3, 4), (3, 4)),
    ((3, 4), ()),
    ((2, 3, 4, 5), (1, 3, 1, 1)),
    ((0, 3), (4, 1, 3)),
]
ELEMENTWISE = {
    "unary": lambda torch, x: (-x, x.exp(), x.isnan(), x.relu(), x.isfinite(), torch.special.ndtr(x), x.deg2rad()),
    "copies": lambda torch, x: (x.clone(), x.contiguous(), x.double(), x.to(torch.int64), x.to(x.dtype, copy=True)),
    "like": lambda torch, x: (torch.zeros_like(x), torch.ones_like(x), torch.full_like(x, 2), x.frexp()),
    "numbers": lambda torch, x: (x + 1, 1 - x, x**2, x**2.5, 2**x, x < 0.5, x.clamp(0.3), x.clamp_min(0.2)),
    "activations": lambda torch, x: [
        getattr(torch.nn.functional, name)(x) for name in ("gelu", "relu6", "logsigmoid", "softplus", "silu")
    ],
    "chains": lambda torch, x: ((x + 1) * 2, (x.exp() + x)[..., None] * 3, x.mT.exp() if x.ndim > 1 else x),
}
OF_TWO = {
    "arithmetic": lambda torch, x, y: (x + y, y - x, x * y, torch.maximum(x, y), x <= y, torch.atan2(x, y)),
    "dtypes": lambda torch, x, y: (x + y.to(torch.int64), x.double() * y, (x > 0.5) | (y > 0.5), torch.isclose(x, y)),
    "where": lambda torch, x, y: (torch.where(x > y, x, y), torch.where(x > 0.5, 1.0, y), torch.lerp(x, y, 0.5)),
    "three": lambda torch, x, y: (torch.addcmul(x, y, x), torch.clamp(x, y), torch.lerp(x, y, y)),
}

BLOCKS = [((3, 4),), ((2, 3, 4),), ((2, 3, 4, 5),), ((2, 3, 4, 5),), ((3, 2, 4),)]
CHOSEN = {
    "reduced": lambda torch, x: (x.sum(0), x.mean(1, keepdim=True), x.amax(0), x.norm(dim=1), x.var(0), x.max(1)),
    "scanned": lambda torch, x: (x.cumsum(0), x.cumprod(-1), x.cummax(1), x.sort(0)[0], x.argsort(-1), x.softmax(1)),
    "turned": lambda torch, x: (x.flip(0), x.rot90(), x.rot90(2), x.roll(1, 0), x.roll(1), x.diff(dim=0), x.tril()),
    "joined": lambda torch, x: (torch.cat([x, x]), torch.stack([x, x]), torch.stack([x, x], -1), x.repeat(2, *x.shape)),
    "indexed": lambda torch, x: (
        x[[0, 1]],
        x[:, [0]],
        x[..., [0, 0]],
        x[[0, 1], 0],
        x[x > 0.5],
        x[torch.tensor([[0, 1], [1, 0]])],
    ),
    "rows": lambda torch, x: (
        x[None, [0]],
        x[[0, 1], [0, 1]],
        x.index_select(1, torch.tensor([0])),
        x.take(torch.tensor([1])),
    ),
    "changed": lambda torch, x: (
        x.masked_fill(x > 0.5, 0),
        x.index_fill(0, torch.tensor([0]), 2),
        x.scatter(0, torch.zeros_like(x).long(), 1.0),
        x.index_add(0, torch.tensor([0]), x[:1]),
        x.index_put((torch.tensor([0]),), torch.tensor(1.0)),
    ),
    "found": lambda torch, x: (
        x.nonzero(),
        x.unique(dim=1),
        x.unique_consecutive(dim=-1),
        x.quantile(x[0, :2].flatten()[:2], 1),
    ),
    "shaped": lambda torch, x: (x.reshape(-1), x.flatten(1), x.unsqueeze(0).reshape(x.shape), (x * 2).mT.contiguous()),
    "losses": lambda torch, x: [
        getattr(torch.nn.functional, name)(x, x * 0.5, reduction="none")
        for name in ("mse_loss", "l1_loss", "binary_cross_entropy", "kl_div", "huber_loss")
    ],
}
IMAGES = [((2, 3, 6, 6),), ((1, 3, 6, 6),), ((2, 4, 6, 4),)]
LAYERS = {
    "pools": lambda F, x: (F.avg_pool2d(x, 2), F.max_pool2d(x, 2, return_indices=True), F.adaptive_avg_pool2d(x, 1)),
    "norms": lambda F, x: (
        F.batch_norm(x, x[0, :, 0, 0], x[0, :, 0, 0]),
        F.group_norm(x, 1),
        F.normalize(x),
    ),
    "pads": lambda F, x: [
        F.pad(x, (1, 1), "constant"),
        *[F.pad(x, (1,) * 4, name) for name in ("reflect", "replicate")],
    ],
    "sizes": lambda F, x: (
        F.interpolate(x, scale_factor=2),
        F.pixel_unshuffle(x, 2),
        F.channel_shuffle(x, 1),
        F.unfold(x, 2),
    ),
    "rows": lambda F, x: (
        F.avg_pool1d(x[..., 0], 1),
        F.adaptive_max_pool1d(x[:, :, 0], 1),
        F.local_response_norm(x, 2),
    ),
    "convolutions": lambda F, x: (
        F.conv2d(x, x[:, :, :2, :2]),
        F.conv_transpose2d(x, x[:1, :1, :2, :2].repeat(x.shape[1], 1, 1, 1)),
        F.conv1d(x[..., 0], x[..., 0]),
        F.conv3d(x[:, None], x[:1, None, :2, :2, :2]),
        F.glu(x, -1),
        F.prelu(x, x[0, :, 0, 0]),
    ),
}
MATRICES = {
    "inverse": lambda torch, a: (
        a.inverse(),
        torch.linalg.matrix_power(a, -1),
        torch.linalg.matrix_power(a, 2),
        a.det(),
    ),
    "cholesky": lambda torch, a: (
        torch.linalg.cholesky(a @ a.mT),
        torch.cholesky_solve(a, torch.linalg.cholesky(a @ a.mT)),
        torch.cholesky_inverse(a),
    ),
    "solved": lambda torch, a: (
        torch.linalg.solve(a, a.mT),
        torch.linalg.solve(a, a, left=False),
        torch.linalg.solve(a, a[..., 0]),
    ),
    "triangular": lambda torch, a: torch.linalg.solve_triangular(a, a.mT, upper=True),
    "factors": lambda torch, a: [
        each.abs() * 0 for each in (*torch.linalg.qr(a), *torch.linalg.svd(a), *torch.svd(a), *torch.linalg.eigh(a))
    ],
    "products": lambda torch, a: (
        a @ a.mT,
        a.matmul(a[..., 0, :, None]),
        torch.linalg.pinv(a),
    ),
}


def laid(torch, shape: tuple[int, ...], seed: int):
    """A tensor whose elements lie in memory in an order that is drawn; some dimensions have gaps, or are expanded."""
    random = np.random.default_rng(seed)
    order, kinds = random.permutation(len(shape)), random.choice(["", "", "", "gaps", "expanded"], len(shape))
    if len(shape) == 4 and seed % 3 == 0:
        order = np.array([0, 2, 3, 1])
    sizes = [shape[dim] * 2 if kind == "gaps" else shape[dim] for dim, kind in zip(order, kinds, strict=True)]
    sizes = [1 if kind == "expanded" else size for size, kind in zip(sizes, kinds, strict=True)]
    made = torch.tensor(random.uniform(0.1, 0.9, sizes).astype(np.float32))
    if shape:
        made = made[tuple([slice(None, None, 2 if kind == "gaps" else None) for kind in kinds])]
        made = made.expand([shape[dim] for dim in order]).permute(*np.argsort(order).tolist())
    return made


def check_strides(call: Callable, *shapes: tuple[int, ...], seed: int) -> None:
    """Both libraries give results of the same values and strides for tensors that lie alike."""
    want, got = [
        call(torch, *[laid(torch, shape, seed + place) for place, shape in enumerate(shapes)])
        for torch in (reference(), torchlike)
    ]
    compare(want, got, "result", (1e-4, 1e-5), strides=True)


@pytest.mark.parametrize("name", ELEMENTWISE)
def test_of_one_tensor(name: str) -> None:
    for seed in range(4):
        for place, shapes in enumerate(SHAPES):
            check_strides(ELEMENTWISE[name], *shapes, seed=100 * seed + place)


@pytest.mark.parametrize("name", OF_TWO)
def test_of_several_tensors(name: str) -> None:
    for seed in range(3):
        for place, shapes in enumerate(PAIRS):
            check_strides(OF_TWO[name], *shapes, seed=100 * seed + 2 * place)


@pytest.mark.parametrize("name", CHOSEN)
def test_of_other_shapes(name: str) -> None:
    for seed in range(3):
        for place, shapes in enumerate(BLOCKS):
            check_strides(CHOSEN[name], *shapes, seed=7 * seed + place)


@pytest.mark.parametrize("name", LAYERS)
def test_of_layers(name: str) -> None:
    for seed in range(3):
        for place, shapes in enumerate(IMAGES):
            check_strides(lambda torch, x: LAYERS[name](torch.nn.functional, x), *shapes, seed=7 * seed + place)


@pytest.mark.parametrize("name", MATRICES)
def test_of_matrices(name: str) -> None:
    for seed, shape in enumerate([(3, 3), (2, 3, 3), (2, 3, 3), (2, 1, 3, 3)]):
        check_strides(lambda torch, a: MATRICES[name](torch, a.add(3 * torch.eye(3))), shape, seed=seed)


def _formats(torch):
    x = torch.arange(120.0).reshape(2, 3, 4, 5)
    last = x.to(memory_format=torch.channels_last)
    made = torch.empty(2, 3, 4, 5, memory_format=torch.channels_last).fill_(1)
    return (
        last,
        made,
        torch.zeros_like(last),
        last.contiguous(),
        last.double(),
        last * x,
        x * last,
        last + x[:1, :, :1],
        x.double(memory_format=torch.channels_last),
        last.clone(memory_format=torch.contiguous_format),
        x.permute(0, 2, 3, 1).to(memory_format=torch.contiguous_format),
        x.contiguous(memory_format=torch.channels_last),
        torch.zeros_like(last, memory_format=torch.contiguous_format),
    )


def _written(torch):
    y = torch.arange(12.0).reshape(3, 4).t() + 1
    y[1:, 0] = 5
    y.t()[0] *= 2
    y.add_(1)
    part = y.as_strided((5,), (2,), 1)
    part.mul_(3)
    return y, part, y.t().view(-1), y.untyped_storage().tolist(), y.t_(), y.is_contiguous()


def _shared(torch):
    y = torch.arange(12.0).reshape(3, 4).t() + 1
    array = y.numpy()
    array[0, 1] = 77
    twice = y * 2
    y.mul_(2)
    return y, twice, array.tolist(), [each // 4 for each in array.strides], y[1:].numpy().tolist()


def _copied(torch):
    y = torch.arange(12.0).reshape(3, 4).t() + 1
    deep, pickled = copy.deepcopy(y), pickle.loads(pickle.dumps(y))
    deep[0, 0], pickled[1, 0] = 3, 4
    return y, deep, pickled, y.detach(), torch.nn.Parameter(y).data, torch.empty(0).set_(y), y.clone().resize_(20)[:12]


def _stored(torch):
    y = torch.arange(12.0).reshape(3, 4).t() + 1
    layer = torch.nn.Conv2d(2, 3, 2).to(memory_format=torch.channels_last)
    file = io.BytesIO()
    torch.save([y, y[1:], layer.weight], file)
    file.seek(0)
    loaded = torch.load(file)
    loaded[0][1, 0] = 99
    loaded[2] = bool((loaded[2] == layer.weight).all()), loaded[2].stride()
    out = torch.add(y, 1, out=torch.empty(0))
    return loaded, out, torch.add(y, 1, out=torch.empty(4, 3)), copy.deepcopy(layer).weight.stride()


def _tracked(torch):
    x = torch.arange(12.0).reshape(3, 4).requires_grad_()
    y = x.t().exp() * 1
    y[0] = 1
    y[:, 1].mul_(2)
    y.sum().backward()
    return y.detach(), x.grad


@pytest.mark.parametrize("program", [_formats, _written, _shared, _copied, _stored, _tracked])
def test_memory_of_results(program: Callable) -> None:
    compare(program(reference()), program(torchlike), "result", (1e-5, 1e-5), strides=True)


def test_a_shape_that_strides_cannot_say_is_refused() -> None:
    y = torchlike.ones(3, 4).t() * 2
    with pytest.raises(RuntimeError, match="view size is not compatible"):
        y.view(-1)


def test_compiled_calls_keep_strides() -> None:
    for torch in (reference(), torchlike):
        call = (torchlike.compile if torch is torchlike else lambda fn: fn)(lambda x: (x + 1, (x * 2).t()))
        for x in [torch.ones(3, 4), torch.ones(4, 3).t(), torch.ones(4, 3).t() + 1] * 4:
            first, second = call(x)
            assert first.stride() == x.stride()
            assert second.stride() == x.stride()[::-1]


def _leaves(torch):
    def grad(leaf, call=lambda x: x.exp()):
        leaf.requires_grad_()
        for _ in range(2):
            call(leaf).sum().backward()
        return leaf.grad

    x = torch.ones(2, 3, 2, 2)
    return (
        grad(torch.ones(3, 4).t()),
        grad(torch.ones(3, 8)[:, ::2]),
        grad(torch.ones(3, 1).expand(3, 4)),
        grad(x.to(memory_format=torch.channels_last)),
        grad(torch.ones(4, 3).t(), lambda a: a.mv(torch.ones(4))),
        grad(torch.ones(3, 4), lambda a: a.t().mv(torch.ones(3))),
    )


def _arrays(torch):
    x = np.arange(24.0).reshape(2, 3, 4)
    given = [
        x.transpose(2, 0, 1),
        x[:, ::2],
        x[:, :, ::2].T,
        np.broadcast_to(np.arange(3.0), (2, 3)),
        np.asfortranarray(x),
    ]
    made = [(torch.tensor(each), torch.zeros(1).new_tensor(each), torch.asarray(each, copy=True)) for each in given]
    return made, torch.as_tensor(x.T, dtype=torch.float32), torch.as_tensor(x.T)


@pytest.mark.parametrize("program", [_leaves, _arrays])
def test_memory_of_leaves(program: Callable) -> None:
    compare(program(reference()), program(torchlike), "result", (1e-5, 1e-5), strides=True)


def _step(torch, compile: Callable):
    torch.manual_seed(0)
    model = torch.nn.Sequential(torch.nn.Conv2d(2, 4, 3), torch.nn.ReLU(), torch.nn.MaxPool2d(2))
    model.to(memory_format=torch.channels_last)
    optimizer, x = torch.optim.SGD(model.parameters(), 0.1), torch.randn(2, 2, 6, 6)

    @compile
    def step(x):
        optimizer.zero_grad()
        found = model(x)
        found.square().mean().backward()
        optimizer.step()
        return found.detach()

    for _ in range(4):
        found = step(x.to(memory_format=torch.channels_last))
    return found, [(each.detach(), each.grad) for each in model.parameters()]


def test_a_compiled_step_keeps_channels_last() -> None:
    want, got = _step(reference(), lambda step: step), _step(torchlike, torchlike.compile)
    compare(want, got, "result", (1e-3, 1e-4), strides=True)
