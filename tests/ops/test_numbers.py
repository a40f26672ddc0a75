"""A number that changes from call to call is an argument of the operation: nothing is traced anew for it."""

from __future__ import annotations

import numpy as np
import pytest

import torchlike
from tests.support import check_op
from torchlike._declaration import Op

NUMBERS = [*range(1, 14), 19, *range(16, 30, 2)]  # neighbours, as in a loop, and others
WARM = 14  # calls may trace, the others must not


def put(x, index, value=1.0):
    x = x.clone()
    x[index] = value
    return x


INDICES = {
    "an int": lambda torch, i: i,
    "the last dimension": lambda torch, i: (..., i),
    "ints": lambda torch, i: (i, -i, i),
    "ints around a slice": lambda torch, i: (i, slice(3, None), 2 * i % 29),
    "a tensor and ints": lambda torch, i: (torch.tensor([0, 2]), i, 2 * i % 29),
    "ints around a tensor": lambda torch, i: (i, torch.tensor([0, 2]), i),
    "a mask and an int": lambda torch, i: (torch.arange(30) > 4, i),
    "a stretch": lambda torch, i: slice(1 + i % 25, 5 + i % 25),
    "a stretch with steps": lambda torch, i: (slice(1 + i % 9, 19 + i % 9, 3), slice(None), i),
    "an empty stretch": lambda torch, i: slice(i, i),
    "a list": lambda torch, i: [i, i % 7],
    "a 0-d tensor": lambda torch, i: (torch.tensor(i), i),
    "a new dimension": lambda torch, i: (None, i, slice(1 + i % 27, 3 + i % 27)),
}
CALLS = {
    "select": lambda torch, x, i: x.select(1, i),
    "narrow": lambda torch, x, i: x.narrow(1, i % 27, 3),
    "roll": lambda torch, x, i: x.roll(i, 0) + x.roll((i, -i), (0, 1)) + x.roll(i),
    "index_select": lambda torch, x, i: x.index_select(0, torch.tensor([i, 2 * i % 30])),
    "index_fill": lambda torch, x, i: x.index_fill(0, torch.tensor([i]), i / 3),
    "select_scatter": lambda torch, x, i: x.select_scatter(x[0], 0, i),
    "full": lambda torch, x, i: x + torch.full((3, 30, 1, 1), i / 3) + torch.full((30,), i),
    "tensor": lambda torch, x, i: x + torch.tensor([i / 7]) + torch.tensor(i),
    "arange": lambda torch, x, i: x + torch.arange(i, i + 30) + torch.linspace(i / 3, i, 30),
    "scalars": lambda torch, x, i: (x * i - i / 3) / (i + 0.5) + i,
    "in place": lambda torch, x, i: x.clone().mul_(i / 3).add_(x, alpha=i).fill_(i).clamp_(-i, i / 3),
    "clamp": lambda torch, x, i: x.clamp(-i / 3, i) + x.clamp(min=i),
    "pad": lambda torch, x, i: torch.nn.functional.pad(x, (1, 2), value=i / 3),
    "masked_fill": lambda torch, x, i: x.masked_fill(x > i, i / 3) + x.masked_fill(x > 0, i),
    "where": lambda torch, x, i: torch.where(x > i, i / 3, 0.0) + torch.where(x > 0, x, i),
    "triangles": lambda torch, x, i: x.tril(i) + x.triu(-i),
    "kthvalue": lambda torch, x, i: x.kthvalue(i, 1).values,
    "scatter": lambda torch, x, i: x.scatter(0, torch.zeros(1, 3, 2, dtype=torch.int64), i / 3),
    "lerp": lambda torch, x, i: x.lerp(x, i / 7) + torch.addcmul(x, x, x, value=i) + torch.sub(x, x, alpha=i),
    "power": lambda torch, x, i: x.abs() ** (i / 7 + 0.01) + (i / 7) ** x,
    "norm": lambda torch, x, i: (
        x.norm(2 + i / 7) + torch.nn.functional.normalize(x, i / 7 + 3, eps=i / 1e9) + x.renorm(2 + i / 7, 0, 3 + i / 7)
    ),
    "distances": lambda torch, x, i: torch.cdist(x[0], x[1], 2 + i / 7).sum() + torch.dist(x, x + 1, 3 + i / 7),
    "distances of pairs": lambda torch, x, i: (
        torch.nn.functional.pairwise_distance(x, x, 2 + i / 7, eps=i / 1e5).sum()
        + torch.nn.functional.pdist(x[0], i / 7 + 3)
    ),
    "activations": lambda torch, x, i: (
        torch.nn.functional.leaky_relu(x, i / 7)
        + torch.nn.functional.elu(x, i / 7)
        + torch.nn.functional.softshrink(x, i / 7)
        + torch.nn.functional.hardshrink(x, i / 7)
    ),
    "more activations": lambda torch, x, i: (
        torch.nn.functional.softplus(x, i / 7, i)
        + torch.nn.functional.threshold(x, i / 7, i)
        + torch.nn.functional.hardtanh(x, -i, i / 7)
    ),
    "dropout": lambda torch, x, i: torch.nn.functional.dropout(x, i / 30),
    "layers": lambda torch, x, i: (
        torch.nn.functional.layer_norm(x, (30,), eps=i / 10)
        + torch.nn.functional.lp_pool2d(x, 2 + i / 7, 1)
        + torch.nn.functional.gelu(x)
    ),
    "pools": lambda torch, x, i: torch.nn.functional.avg_pool2d(x, 2, divisor_override=i),
    "losses": lambda torch, x, i: (
        torch.nn.functional.huber_loss(x, x + 1, delta=i / 7) + torch.nn.functional.smooth_l1_loss(x, x + 1, beta=i / 7)
    ),
    "gaussian": lambda torch, x, i: (
        torch.nn.functional.gaussian_nll_loss(x, x, x.abs(), eps=i / 1e5)
        + torch.nn.functional.poisson_nll_loss(x, x.abs(), False, eps=i)
    ),
    "triplet": lambda torch, x, i: torch.nn.functional.triplet_margin_loss(
        x, x + 1, x - 1, margin=i / 7, p=2 + i / 7, eps=i / 1e5
    ),
    "classes": lambda torch, x, i: torch.nn.functional.cross_entropy(
        x[0], torch.arange(30), ignore_index=i, label_smoothing=i / 30
    ),
    "classes by logarithms": lambda torch, x, i: torch.nn.functional.nll_loss(x[0], torch.arange(30), ignore_index=i),
    "embedding": lambda torch, x, i: torch.nn.functional.embedding(
        torch.tensor([1, 2]), x[0].clone(), i, max_norm=i / 7, norm_type=2 + i / 7
    ),
    "clipping": lambda torch, x, i: torch.nn.utils.get_total_norm([x, x], 2 + i / 7),
    "quantile": lambda torch, x, i: x.quantile(i / 30, 1) + x[0].nanquantile(i / 31),
    "comparison": lambda torch, x, i: torch.isclose(x, x, rtol=i / 1e5, atol=i / 1e7) & (x < i) & x.eq(i / 3),
    "numbers that are not": lambda torch, x, i: x.nan_to_num(i / 3, i, -i) + x.logit(eps=i / 100),
}


def traces(run, monkeypatch) -> list[str]:
    """What is traced in the later calls with other numbers."""
    found, original = [], Op.spec_of

    def spec_of(self, *args, **kwargs):
        found.append(self.name)
        return original(self, *args, **kwargs)

    monkeypatch.setattr(Op, "spec_of", spec_of)
    for place, number in enumerate(NUMBERS):
        if place == WARM:
            found.clear()
        run(number)
    return found


ELEMENTS = np.linspace(-9, 9, 30 * 30 * 30, dtype=np.float32).reshape(30, 30, 30)
RANDOM = ("dropout",)


@pytest.mark.parametrize("name", INDICES)
def test_positions_in_an_index(name, monkeypatch):
    x, index = torchlike.tensor(ELEMENTS), INDICES[name]
    assert not traces(lambda i: x[index(torchlike, i)].sum(), monkeypatch)
    assert not traces(lambda i: put(x, index(torchlike, i)), monkeypatch)
    for i in NUMBERS[::5]:
        check_op([ELEMENTS], lambda torch, x, i=i: x[index(torch, i)], strides=True)
        check_op([ELEMENTS], lambda torch, x, i=i: put(x, index(torch, i)))


@pytest.mark.parametrize("name", CALLS)
def test_numbers(name, monkeypatch):
    x, call = torchlike.tensor(ELEMENTS), CALLS[name]
    assert not traces(lambda i: call(torchlike, x, i), monkeypatch)
    for i in NUMBERS[::5] if name not in RANDOM else ():
        check_op([ELEMENTS], lambda torch, x, i=i: call(torch, x, i), rtol=1e-4, atol=1e-3)
