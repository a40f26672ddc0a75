"""Tensors of several devices in one call: PyTorch's words, as its sources have them; there is no GPU to ask."""

from __future__ import annotations

import re

import pytest

import torchlike as torch
from torchlike._devices import EXACT, GOT
from torchlike._out import DEVICES
from torchlike.nn import functional as F

pytestmark = pytest.mark.usefixtures("gpus")
FOUND = DEVICES.format("cuda:0", "cpu")


def got(name: str, kernel: str, here: str = "cpu", others: str = "cuda:0") -> str:
    return GOT.format(name, here, others, kernel)


# on the CPU c, rows of it, an index i, a number s without dimensions; the same on cuda:0, and c on cuda:1
CASES = {
    "x + c": (FOUND, lambda x, c, i, s, y: x + c),
    "c + x": (FOUND, lambda x, c, i, s, y: c + x),
    "x + y": (DEVICES.format("cuda:0", "cuda:1"), lambda x, c, i, s, y: x + y),
    "y - x": (DEVICES.format("cuda:1", "cuda:0"), lambda x, c, i, s, y: y - x),
    "x == c": (FOUND, lambda x, c, i, s, y: x == c),
    "x += c": (FOUND, lambda x, c, i, s, y: x.__iadd__(c)),
    "c += x": (FOUND, lambda x, c, i, s, y: c.__iadd__(x)),
    "s += x": (FOUND, lambda x, c, i, s, y: s.add_(x[0, 0])),
    "x.mul_(c)": (FOUND, lambda x, c, i, s, y: x.mul_(c)),
    "three": (FOUND, lambda x, c, i, s, y: torch.addcmul(x, c, x)),
    "numbers": ("Trying to pass too many CPU scalars to non-CPU kernel!", lambda x, c, i, s, y: torch.addcmul(x, s, s)),
    "where": (FOUND, lambda x, c, i, s, y: torch.where(x > 0, c, x)),
    "out=": (FOUND, lambda x, c, i, s, y: torch.add(x, x, out=c)),
    "out= on a GPU": (FOUND, lambda x, c, i, s, y: torch.add(c, c, out=x)),
    "mm out=": (
        got("self", "mm_out_out", "cuda:0", "cpu"),
        lambda x, c, i, s, y: torch.mm(x, x.T, out=torch.empty(3, 3)),
    ),
    "index_select out=": (
        got("self", "out_index_select_out", "cuda:0", "cpu"),
        lambda x, c, i, s, y: torch.index_select(x, 0, i.cuda(), out=c),
    ),
    "x @ c": (got("mat2", "mm"), lambda x, c, i, s, y: x @ c.T),
    "bmm": (got("mat2", "bmm"), lambda x, c, i, s, y: x[None] @ c.T[None]),
    "addmm": (got("mat2", "addmm"), lambda x, c, i, s, y: torch.addmm(x[:, :3], x, c.T)),
    "addmm_": (got("mat1", "addmm_"), lambda x, c, i, s, y: x[:, :3].addmm_(c, x.T)),
    "dot": (got("tensor", "_dot"), lambda x, c, i, s, y: x[0].dot(c[0])),
    "cat": (got("tensors", "cat"), lambda x, c, i, s, y: torch.cat([x, c])),
    "cat, cpu first": (got("tensors", "cat", "cuda:0", "cpu"), lambda x, c, i, s, y: torch.cat([c, x])),
    "stack": (got("tensors", "cat", "cuda:1"), lambda x, c, i, s, y: torch.stack([x, y])),
    "vstack": (got("tensors", "cat"), lambda x, c, i, s, y: torch.vstack([x, c])),
    "gather": (got("index", "gather"), lambda x, c, i, s, y: x.gather(0, i[None])),
    "index_select": (got("index", "_index_select"), lambda x, c, i, s, y: x.index_select(0, i)),
    "take": (got("index", "_take"), lambda x, c, i, s, y: x.take(i)),
    "index_add_": (got("index", "index_add_"), lambda x, c, i, s, y: x.index_add_(0, i, x[:2] * 2)),
    "scatter": (got("index", "scatter_value"), lambda x, c, i, s, y: x.scatter(0, i[None], 1.0)),
    "scatter_": (got("index", "scatter__src"), lambda x, c, i, s, y: x.scatter_(0, i[None], x)),
    "scatter_add": (got("src", "scatter_add"), lambda x, c, i, s, y: x.scatter_add(0, i[None].cuda(), c)),
    "masked_select": (got("mask", "_masked_select"), lambda x, c, i, s, y: x.masked_select(c > 0)),
    "masked_fill": (
        "expected self and mask to be on the same device, but got mask on cpu and self on cuda:0",
        lambda x, c, i, s, y: x.masked_fill(c > 0, 0),
    ),
    "c[i]": (
        "indices should be either on cpu or on the same device as the indexed tensor (cpu)",
        lambda x, c, i, s, y: c[i.cuda()],
    ),
    "x[i]": (
        "indices should be either on cpu or on the same device as the indexed tensor (cuda:0)",
        lambda x, c, i, s, y: x[i.cuda(1)],
    ),
    "c[mask]": (
        "indices should be either on cpu or on the same device as the indexed tensor (cpu)",
        lambda x, c, i, s, y: c[x > 0],
    ),
    "x[i] = c": (FOUND, lambda x, c, i, s, y: x.__setitem__(i, c[:2])),
    "clamp": (got("min", "clamp_Tensor"), lambda x, c, i, s, y: x.clamp(min=c)),
    "equal": (
        "Cannot compare two tensors on different devices. Got: cuda:0 and cpu",
        lambda x, c, i, s, y: torch.equal(x, c),
    ),
    "meshgrid": (
        "meshgrid expects all tensors to have the same device",
        lambda x, c, i, s, y: torch.meshgrid(x[0], c[0], indexing="ij"),
    ),
    "linear": (got("mat1", "addmm", "cuda:0", "cpu"), lambda x, c, i, s, y: torch.nn.Linear(4, 2)(x)),
    "a linear layer": (got("mat1", "addmm"), lambda x, c, i, s, y: torch.nn.Linear(4, 2).cuda()(c)),
    "without bias": (got("mat2", "mm"), lambda x, c, i, s, y: torch.nn.Linear(4, 2, bias=False)(x)),
    "embedding": (got("index", "_index_select"), lambda x, c, i, s, y: torch.nn.Embedding(5, 2).cuda()(i)),
    "layer_norm": (got("weight", "_native_layer_norm"), lambda x, c, i, s, y: torch.nn.LayerNorm(4)(x)),
    "cross_entropy": (got("target", "nll_loss_forward"), lambda x, c, i, s, y: F.cross_entropy(x[:2], i)),
    "mse_loss": (FOUND, lambda x, c, i, s, y: F.mse_loss(x, c)),
    "conv": (
        "Input type (torch.cuda.FloatTensor) and weight type (torch.FloatTensor) should be the same",
        lambda x, c, i, s, y: torch.nn.Conv1d(3, 2, 2)(x[None]),
    ),
    "lstm": (
        "Input and parameter tensors are not at the same device, found input tensor at cuda:0 and parameter tensor at cpu",
        lambda x, c, i, s, y: torch.nn.LSTM(4, 5)(x[None]),
    ),
    "a gradient": (
        "attempting to assign a gradient with device type 'cuda' to a tensor with device type 'cpu'. Please ensure that the "
        "gradient and the tensor are on the same device",
        lambda x, c, i, s, y: setattr(c, "grad", x),
    ),
    "another's gradient": (
        "attempting to assign a gradient located on device with index 0 to a tensor located on device with index 1. Please "
        "ensure that the gradient and the tensor are on the same device",
        lambda x, c, i, s, y: setattr(y, "grad", x),
    ),
    "backward": (
        "invalid gradient at index 0 - expected device cuda:0 but got cpu",
        lambda x, c, i, s, y: (x.requires_grad_() * 1).backward(c),
    ),
    "a generator": (
        "Expected a 'cuda' device type for generator but found 'cpu'",
        lambda x, c, i, s, y: torch.rand(2, device="cuda", generator=torch.Generator()),
    ),
    "a GPU's generator": (
        "Expected a 'cpu' device type for generator but found 'cuda'",
        lambda x, c, i, s, y: c.normal_(generator=torch.Generator("cuda")),
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_tensors_of_two_devices_are_refused(case):
    text, fn = CASES[case]
    c = torch.arange(12.0).reshape(3, 4)
    with pytest.raises(RuntimeError, match=f"^{re.escape(text)}$"):
        fn(c.cuda(), c, torch.tensor([0, 1]), torch.tensor(2.0), c.cuda(1))


@pytest.mark.parametrize(
    "fn",
    [
        lambda x, s: x * s,
        lambda x, s: s - x,
        lambda x, s: s.pow(x),
        lambda x, s: x.clone().add_(s),
        lambda x, s: torch.where(x > 2, x, s),
        lambda x, s: torch.where(x > 2, s, s * 2),
        lambda x, s: torch.lerp(x, x * 2, s),
        lambda x, s: x > s,
        lambda x, s: x[0, 0] + s,
        lambda x, s: x.masked_fill(x > 2, s),
        lambda x, s: x.clone().fill_(s),
    ],
)
def test_a_cpu_number_goes_to_where_the_others_are(fn):
    c, s = torch.arange(12.0).reshape(3, 4), torch.tensor(2.0)
    want, made = fn(c, s), fn(c.cuda(1), s)
    assert str(made.device) == "cuda:1"
    assert made.tolist() == want.tolist()


def test_its_gradient_comes_back():
    x, s = torch.arange(3.0, device="cuda"), torch.tensor(2.0, requires_grad=True)
    (x * s).sum().backward()
    assert (str(s.grad.device), s.grad.item()) == ("cpu", 3.0)


@pytest.mark.parametrize(
    "fn",
    [
        lambda there, here: there.copy_(here),
        lambda there, here: there.__setitem__(0, here[0]) or there,
        lambda there, here: there.__setitem__(slice(None), here) or there,
    ],
)
def test_copies_cross_devices(fn):
    c = torch.arange(12.0).reshape(3, 4)
    for to, of in (("cuda:0", "cpu"), ("cpu", "cuda:0"), ("cuda:1", "cuda:0")):
        there = fn(torch.zeros(3, 4, device=to), c.to(of))
        assert str(there.device) == to
        assert there[0].tolist() == [0.0, 1.0, 2.0, 3.0]


@pytest.mark.parity
def test_the_kernels_are_pytorchs():
    """The names of kernels and arguments follow from PyTorch's own list of functions."""
    gen = pytest.importorskip("torchgen.gen", reason="compares with PyTorch")
    from importlib.resources import files

    native = files("torchgen") / "packaged" / "ATen" / "native"
    found = {}
    for each in gen.parse_native_yaml(
        str(native / "native_functions.yaml"), str(native / "tags.yaml")
    ).native_functions:
        name, overload = each.func.name.name, each.func.name.overload_name
        is_structured = each.structured or each.structured_delegate is not None
        kernel = f"{name}{'_' + overload if overload else ''}" if is_structured else f"{overload}_{name}"
        checks = str(each.device_check).endswith("ExactSame")
        found[kernel] = [arg.name for arg in each.func.arguments.flat_positional] if checks else None
    for row in {row for rows in EXACT.values() for row in rows}:
        kernel, _, names = row.partition(": ")
        own = [each.partition("=")[0] for each in names.split()]
        for form in {kernel.format(""), kernel.format("_")}:
            assert found.get(form) is not None, row
            assert own == [each for each in found[form] if each in own], row
