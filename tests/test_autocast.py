"""Autocast: dtypes, values and gradients of every operation in PyTorch's lists, and the ways to switch it."""

from __future__ import annotations

import warnings

import numpy as np
import pytest

import torchlike
from tests.support import reference
from torchlike._autocast import LISTS
from torchlike._dispatch import declared_ops

LIBRARIES = [torchlike, reference()]


def square(torch, dtype=None, *shape, seed=0):
    """Random numbers, of float32 unless another dtype is given."""
    made = torch.from_numpy(np.random.default_rng(seed).standard_normal(shape or (4, 4)).astype(np.float32))
    return made if dtype is None else made.to(getattr(torch, dtype))


def spd(torch, x):
    """A positive definite matrix, of the dtype of `x`."""
    return (torch.eye(4) * 4 + (x @ x.mT).float().abs() * 0.1).to(x.dtype)


LOWER = {
    "mm": lambda torch, x: torch.mm(x, x),
    "bmm": lambda torch, x: torch.bmm(x[None], x[None]),
    "matmul": lambda torch, x: x @ x,
    "addmm": lambda torch, x: torch.addmm(x, x, x, beta=0.5),
    "baddbmm": lambda torch, x: torch.baddbmm(x[None], x[None], x[None]),
    "addbmm": lambda torch, x: torch.addbmm(x, x[None], x[None]),
    "einsum": lambda torch, x: torch.einsum("ij,jk->ik", x, x),
    "tensordot": lambda torch, x: torch.tensordot(x, x, 1),
    "chain_matmul": lambda torch, x: torch.linalg.multi_dot([x, x, x]),
    "matrix_power": lambda torch, x: torch.linalg.matrix_power(x, 2),
    "linear": lambda torch, x: torch.nn.functional.linear(x, x, x[0]),
    "prelu": lambda torch, x: torch.nn.functional.prelu(x, x[0]),
    "conv1d": lambda torch, x: torch.nn.functional.conv1d(x[None], x[:, :, None]),
    "conv2d": lambda torch, x: torch.nn.functional.conv2d(x[None, None], x[None, None, :2, :2]),
    "conv3d": lambda torch, x: torch.nn.functional.conv3d(x[None, None, None], x[None, None, None, :2, :2]),
    "conv_transpose1d": lambda torch, x: torch.nn.functional.conv_transpose1d(x[None], x[:, :, None]),
    "conv_transpose2d": lambda torch, x: torch.nn.functional.conv_transpose2d(x[None, None], x[None, None, :2, :2]),
    "attention": lambda torch, x: torch.nn.functional.scaled_dot_product_attention(x[None], x[None], x[None]),
}
SINGLE = {
    "l1_loss": lambda torch, x: torch.nn.functional.l1_loss(x, x.mT),
    "mse_loss": lambda torch, x: torch.nn.functional.mse_loss(x, x.mT),
    "smooth_l1_loss": lambda torch, x: torch.nn.functional.smooth_l1_loss(x, x.mT),
    "huber_loss": lambda torch, x: torch.nn.functional.huber_loss(x, x.mT),
    "nll_loss": lambda torch, x: torch.nn.functional.nll_loss(x, torch.tensor([0, 1, 2, 3])),
    "cross_entropy": lambda torch, x: torch.nn.functional.cross_entropy(x, torch.tensor([0, 1, 2, 3])),
    "kl_div": lambda torch, x: torch.nn.functional.kl_div(x, x.mT.sigmoid(), reduction="sum"),
    "poisson_nll_loss": lambda torch, x: torch.nn.functional.poisson_nll_loss(x, x.mT.sigmoid()),
    "hinge_embedding_loss": lambda torch, x: torch.nn.functional.hinge_embedding_loss(x, x.mT.sign()),
    "margin_ranking_loss": lambda torch, x: torch.nn.functional.margin_ranking_loss(x[0], x[1], x[2].sign()),
    "soft_margin_loss": lambda torch, x: torch.nn.functional.soft_margin_loss(x, x.mT.sign()),
    "cosine_embedding_loss": lambda torch, x: torch.nn.functional.cosine_embedding_loss(x, x.mT, x[0].sign()),
    "triplet_margin_loss": lambda torch, x: torch.nn.functional.triplet_margin_loss(x, x.mT, x.flip(0)),
    "multi_margin_loss": lambda torch, x: torch.nn.functional.multi_margin_loss(x, torch.tensor([0, 1, 2, 3])),
    "multilabel_margin_loss": lambda torch, x: torch.nn.functional.multilabel_margin_loss(
        x, torch.tensor([[0, 1, -1, 0]] * 4)
    ),
    "bce": lambda torch, x: torch.nn.functional.binary_cross_entropy(x.sigmoid(), x.mT.sigmoid()),
    "bce_with_logits": lambda torch, x: torch.nn.functional.binary_cross_entropy_with_logits(x, x.mT.sigmoid()),
    "prod": lambda torch, x: x.prod(),
    "prod along": lambda torch, x: torch.prod(x, 1),
    "trace": lambda torch, x: torch.trace(x),
    "quantile": lambda torch, x: torch.quantile(x, 0.3, dim=1),
    "nanquantile": lambda torch, x: torch.nanquantile(x, 0.3),
    "cdist": lambda torch, x: torch.cdist(x, x.flip(0)),
    "cholesky": lambda torch, x: torch.linalg.cholesky(spd(torch, x)),
    "solve": lambda torch, x: torch.linalg.solve(spd(torch, x), x),
    "inv": lambda torch, x: torch.linalg.inv(spd(torch, x)),
    "eigvalsh": lambda torch, x: torch.linalg.eigvalsh(spd(torch, x)),
    "svdvals": lambda torch, x: torch.linalg.svdvals(x),
    "avg_pool3d": lambda torch, x: torch.nn.functional.avg_pool3d(x[None, None], (1, 2, 2)),
    "adaptive_avg_pool3d": lambda torch, x: torch.nn.functional.adaptive_avg_pool3d(x[None, None], (1, 2, 2)),
    "max_pool3d": lambda torch, x: torch.nn.functional.max_pool3d(x[None, None], (1, 2, 2)),
    "grid_sample": lambda torch, x: torch.nn.functional.grid_sample(
        x[None, None], x[None, :, :2, None] * torch.ones(1, 1, 1, 2, dtype=x.dtype), align_corners=False
    ),
    "fft": lambda torch, x: torch.fft.fft(x).real,
    "reflect": lambda torch, x: torch.nn.functional.pad(x[None], (1, 1), mode="reflect"),
    "replicate": lambda torch, x: torch.nn.functional.pad(x[None], (1, 1), mode="replicate"),
}
OTHERS = {
    "add": lambda torch, x: x + 1,
    "circular": lambda torch, x: torch.nn.functional.pad(x[None], (1, 1), mode="circular"),
    "softmax": lambda torch, x: x.softmax(0),
    "sum": lambda torch, x: x.sum(),
    "layer_norm": lambda torch, x: torch.nn.functional.layer_norm(x, (4,)),
    "mv": lambda torch, x: torch.mv(x, x[0]),
    "prod of a dtype": lambda torch, x: x.prod(dtype=x.dtype),
    "cat": lambda torch, x: torch.cat([x, x.float()]),
    "stack": lambda torch, x: torch.stack([x, x.float()]),
    "index_copy": lambda torch, x: torch.index_copy(x, 0, torch.tensor([1]), x[:1]),
    "out": lambda torch, x: torch.mm(x, x, out=torch.zeros(4, 4, dtype=x.dtype)),
    "in place": lambda torch, x: torch.zeros(4, 4, dtype=x.dtype).addmm_(x, x),
    "double": lambda torch, x: x.double() @ x.double(),
    "integers": lambda torch, x: torch.nn.functional.linear(x.int(), x.int()),
    "relu": lambda torch, x: torch.relu(x @ x) + 1,
}
CASES = {**LOWER, **SINGLE, **OTHERS}


def compared(want, got, dtype):
    assert str(got.dtype).rpartition(".")[2] == str(want.dtype).rpartition(".")[2]
    rtol = {"float16": 4e-3, "bfloat16": 3e-2}.get(dtype, 2e-2)
    np.testing.assert_allclose(
        got.detach().double().numpy(), want.detach().double().numpy(), rtol=rtol, atol=rtol, equal_nan=True
    )


@pytest.mark.parametrize("lower", ["bfloat16", "float16"])
@pytest.mark.parametrize("case", CASES)
def test_operations(case, lower):
    for dtype in ("float32", lower):
        results = []
        for torch in LIBRARIES:
            with torch.autocast("cpu", dtype=getattr(torch, lower)):
                results.append(CASES[case](torch, square(torch, dtype)))
        compared(results[1], results[0], lower)


@pytest.mark.parametrize("case", [*LOWER, "mse_loss", "cross_entropy", "prod along", "quantile"])
def test_gradients_have_the_dtype_of_their_tensors(case):
    results = []
    for torch in LIBRARIES:
        x = square(torch).requires_grad_()
        with torch.autocast("cpu"):
            made = CASES[case](torch, x)
        made.float().sum().backward()
        results.append(x.grad)
    compared(results[1], results[0], "bfloat16")


@pytest.mark.parametrize("mode", ["auto", "whole", "eager"])
def test_inputs_are_rounded_and_so_are_gradients(mode):
    with torchlike.execution_mode(mode):
        x = torchlike.full((1, 1), 1 + 2.0**-10).requires_grad_()
        with torchlike.autocast("cpu"):
            made = torchlike.mm(x, torchlike.full((1, 1), 1 + 2.0**-10))
        assert made.float().item() == 1
        (made.float() * (1 + 2.0**-10)).sum().backward()
        assert x.grad.dtype is torchlike.float32 and x.grad.item() == 1


@pytest.mark.parametrize("name", ["RNN", "GRU", "RNNCell", "GRUCell", "LSTMCell", "Linear", "MultiheadAttention"])
def test_layers(name):
    results = []
    for torch in LIBRARIES:
        torch.manual_seed(0)
        layer = torch.nn.MultiheadAttention(4, 2) if name == "MultiheadAttention" else getattr(torch.nn, name)(4, 4)
        x = square(torch)
        with torch.autocast("cpu"):
            made = layer(x, x, x) if name == "MultiheadAttention" else layer(x)
        results.append(made[0] if isinstance(made, tuple) else made)
    compared(results[1], results[0], "bfloat16")


def test_a_step_of_training():
    results = []
    for torch in LIBRARIES:
        torch.manual_seed(0)
        model = torch.nn.Sequential(
            torch.nn.Linear(4, 8), torch.nn.ReLU(), torch.nn.LayerNorm(8), torch.nn.Linear(8, 2)
        )
        optimizer = torch.optim.SGD(model.parameters(), 0.1)
        x, y = square(torch), square(torch, None, 4, 2, seed=1)
        for _ in range(3):
            optimizer.zero_grad()
            with torch.autocast("cpu"):
                loss = torch.nn.functional.mse_loss(model(x), y)
            assert loss.dtype is torch.float32
            loss.backward()
            optimizer.step()
        results.append(torch.cat([each.detach().flatten() for each in model.parameters()]))
    compared(results[1], results[0], "bfloat16")


def test_every_name_in_the_lists_is_an_operation():
    known = {each.body.__name__ for each in declared_ops()} | {"quantile", "nanquantile"}
    for lists in LISTS.values():
        for names in lists.values():
            assert {each.partition(":")[0] for each in names.split()} <= known


def test_a_gpus_lists(gpus):
    x = torchlike.ones(4, 4, device="cuda")
    half = x.half()
    with torchlike.autocast("cuda"):
        assert (x @ x).dtype is (torchlike.mv(x, x[0])).dtype is torchlike.float16
        for made in (half.exp(), half.sum(), half.softmax(0), half**2, torchlike.nn.functional.layer_norm(half, (4,))):
            assert made.dtype is torchlike.float32
        assert half.sum(dtype=torchlike.float16).dtype is torchlike.float16
        assert torchlike.addcmul(half, half, x).dtype is torchlike.float32
        assert torchlike.addcmul(half, half, half).dtype is torchlike.float16
        assert (torchlike.ones(2, 2) @ torchlike.ones(2, 2)).dtype is torchlike.float32
        with pytest.raises(RuntimeError, match="binary_cross_entropy and torch.nn.BCELoss are unsafe to autocast"):
            torchlike.nn.functional.binary_cross_entropy(x, x)


def test_blocks_nest():
    told = []
    for torch in LIBRARIES:
        x, dtypes = square(torch), []
        block = torch.autocast("cpu")
        with block:
            dtypes.append((x @ x).dtype)
            with torch.autocast("cpu", enabled=False):
                dtypes.append((x @ x).dtype)
                with torch.autocast("cpu", dtype=torch.float16, cache_enabled=False):
                    dtypes += [(x @ x).dtype, torch.is_autocast_cache_enabled(), torch.get_autocast_dtype("cpu")]
            dtypes += [(x @ x).dtype, torch.is_autocast_enabled("cpu"), torch.is_autocast_enabled()]
        dtypes += [(x @ x).dtype, torch.is_autocast_enabled("cpu")]
        dtypes += [torch.autocast("cpu")(lambda x=x: x @ x)().dtype, torch.get_autocast_dtype("cpu")]
        told.append(str(dtypes).replace("torchlike", "torch"))
    assert told[0] == told[1]


def test_compiled_functions_tell_it_apart(in_auto_mode):
    product = torchlike.compile(lambda x: x @ x)
    x = square(torchlike)
    for _ in range(4):
        assert product(x).dtype is torchlike.float32
        with torchlike.autocast("cpu"):
            assert product(x).dtype is torchlike.bfloat16


def test_an_error_leaves_the_block():
    with pytest.raises(ValueError, match="mine"), torchlike.autocast("cpu"):
        raise ValueError("mine")
    assert not torchlike.is_autocast_enabled("cpu")
    assert torchlike.mm(torchlike.ones(2, 2), torchlike.ones(2, 2)).dtype is torchlike.float32


@pytest.mark.parametrize("casts", [True, False])
def test_derivatives_of_ones_own(casts):
    results = []
    for torch in LIBRARIES:
        told = []
        flags = {"cast_inputs": torch.float32} if casts else {}

        class Product(torch.autograd.Function):
            @staticmethod
            @torch.amp.custom_fwd(device_type="cpu", **flags)
            def forward(ctx, a, b, told=told):
                ctx.save_for_backward(a, b)
                made = a @ b
                told.append((str(a.dtype), str(made.dtype)))
                return made

            @staticmethod
            @torch.amp.custom_bwd(device_type="cpu")
            def backward(ctx, grad, told=told):
                a, b = ctx.saved_tensors
                made = grad @ b.mT
                told.append(str(made.dtype))
                return made, a.mT @ grad

        x = square(torch).requires_grad_()
        with torch.autocast("cpu"):
            made = Product.apply(x.bfloat16() if casts else x, x)
        made.float().sum().backward()
        results.append((str(told).replace("torchlike", "torch"), x.grad))
    assert results[0][0] == results[1][0]
    compared(results[1][1], results[0][1], "bfloat16")


SAID = {
    "cuda": lambda torch: torch.autocast("cuda") and None,
    "dtype": lambda torch: torch.autocast("cpu", dtype=torch.float32) and None,
    "kind": lambda torch: torch.autocast(3),
    "no such kind": lambda torch: torch.autocast("xyz"),
    "no dtype": lambda torch: torch.autocast("meta"),
    "not callable": lambda torch: torch.autocast("cpu")(3),
    "cpu.amp": lambda torch: torch.cpu.amp.autocast() and None,
    "cuda.amp": lambda torch: torch.cuda.amp.autocast() and None,
    "cuda.amp.custom_fwd": lambda torch: torch.cuda.amp.custom_fwd(lambda ctx: ctx) and None,
    "cuda.amp.custom_bwd": lambda torch: torch.cuda.amp.custom_bwd(lambda ctx: ctx) and None,
    "custom_fwd": lambda torch: torch.amp.custom_fwd(device_type=1),
    "set_autocast_dtype": lambda torch: torch.set_autocast_dtype("cpu", 3),
    "set_autocast_cpu_enabled": lambda torch: torch.set_autocast_cpu_enabled(False),
    "set_autocast_cpu_dtype": lambda torch: torch.set_autocast_cpu_dtype(torch.bfloat16),
    "set_autocast_gpu_dtype": lambda torch: torch.set_autocast_gpu_dtype(torch.float16),
    "available": lambda torch: [torch.amp.is_autocast_available(each) for each in ("cpu", "cuda", "mps", "meta")],
    "not available": lambda torch: torch.amp.is_autocast_available("xyz"),
    "nesting": lambda torch: (torch.autocast_increment_nesting(), torch.autocast_decrement_nesting()),
    "set_autocast_enabled": lambda torch: torch.set_autocast_enabled("cpu", False),
    "clear": lambda torch: torch.clear_autocast_cache(),
    "halves": lambda torch: _within(torch, lambda: torch.cat([torch.ones(2, dtype=torch.float16)])),
    "mixed": lambda torch: _within(torch, lambda: torch.nn.functional.mse_loss(torch.ones(2), torch.ones(2))),
}


def _within(torch, fn):
    with torch.autocast("cpu"):
        return str(fn().dtype).rpartition(".")[2]


@pytest.mark.parametrize("case", SAID)
def test_what_is_said(case):
    told = []
    for torch in LIBRARIES:
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            try:
                result = SAID[case](torch)
            except Exception as error:
                result = f"{type(error).__name__}: {error}"
        texts = [(each.category, str(each.message).partition(" (Triggered")[0]) for each in caught]
        told.append((result, texts))
    assert told[0] == told[1]
