"""What tensors and what belongs to them look like in print."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

import torchlike
from tests.support import reference
from torchlike._tensor_str import printoptions

SHAPES = [(), (1,), (3,), (0,), (2, 0, 3), (2, 3), (2, 2, 2), (1200,), (30, 50), (2, 3, 4, 5)]
DTYPES = "float32 float64 float16 bfloat16 complex64 complex128 bool uint8 int8 int32 int64 uint16".split()
OPTIONS = [
    {},
    {"precision": 2},
    {"linewidth": 40},
    {"threshold": 5},
    {"edgeitems": 1, "threshold": 3},
    {"sci_mode": True},
    {"sci_mode": False},
    {"profile": "short"},
    {"profile": "full", "precision": 8},
]
CHANGES = {
    "plain": lambda random, x: x,
    "small": lambda random, x: x * 1e-5,
    "large": lambda random, x: x * 1e9,
    "mixed": lambda random, x: x * 10.0 ** random.integers(-6, 7, x.shape),
    "nan": lambda random, x: np.where(random.random(x.shape) < 0.3, np.nan, x),
    "inf": lambda random, x: np.where(random.random(x.shape) < 0.5, random.choice([np.inf, -np.inf], x.shape), x),
    "whole": lambda random, x: np.round(x * 100),
    "negative zero": lambda random, x: -0.0 * np.abs(x),
}


def same(fn) -> None:
    """The same text, or the same error."""
    texts = []
    for library in (reference(), torchlike):
        try:
            texts.append(fn(library))
        except Exception as error:  # noqa: BLE001 - whichever it is, is what is compared
            texts.append(f"{type(error).__name__}: {error}")
    assert texts[1] == texts[0]


@pytest.fixture(params=OPTIONS, ids=str)
def options(request):
    """Print options, the same in both libraries, taken back at the end."""
    for library in (reference(), torchlike):
        library.set_printoptions(**request.param)
    yield request.param
    for library in (reference(), torchlike):
        library.set_printoptions(profile="default")
        library.set_printoptions(sci_mode=None)


def numbers(shape: tuple, dtype: str, change: str) -> np.ndarray:
    """Elements of a kind, which `dtype` can hold, but for what is converted in the library."""
    random = np.random.default_rng(0)
    made = np.asarray(CHANGES[change](random, random.standard_normal(shape)))
    if dtype == "bool":
        return made > 0
    if "int" in dtype:
        return np.nan_to_num(made, posinf=50, neginf=-50).clip(0 if dtype[0] == "u" else -120, 120).astype(dtype)
    if dtype.startswith("complex"):
        made = made + 1j * made[::-1] if np.isfinite(made).all() and made.ndim else made.astype(complex)
    with np.errstate(all="ignore"):
        return made.astype("float32" if dtype == "bfloat16" else dtype)


@pytest.mark.parametrize("dtype", DTYPES)
def test_tensors(options: dict, dtype: str):
    for shape, change in itertools.product(SHAPES, CHANGES if dtype[0] in "fc" else ["whole"]):
        array = numbers(shape, dtype, change)
        same(lambda library: repr(library.tensor(array).to(getattr(library, dtype))))  # noqa: B023 - called at once


@pytest.mark.parametrize(
    "made",
    [
        lambda torch: torch.ones(2, requires_grad=True),
        lambda torch: torch.ones(2, requires_grad=True) * 2,
        lambda torch: (torch.ones(2, 3, requires_grad=True) @ torch.ones(3, 2)).sum(),
        lambda torch: torch.ones(40, requires_grad=True).exp().view(2, 20),
        lambda torch: torch.ones(2, dtype=torch.float64, requires_grad=True).relu(),
        lambda torch: torch.ones(0, 3, dtype=torch.int32),
        lambda torch: torch.ones(3, requires_grad=True).detach(),
        lambda torch: torch.nn.Parameter(torch.ones(2)),
        lambda torch: torch.nn.Parameter(torch.ones(2), requires_grad=False),
        lambda torch: torch.tensor([1.0, 2.0]).max(0),
        lambda torch: [torch.ones(1), {"a": torch.zeros(())}],
        lambda torch: torch.ones(2, 3).shape,
        lambda torch: torch.ones(2).t().conj(),
        lambda torch: torch.ones(2, dtype=torch.complex64).conj(),
        lambda torch: torch.device("cpu"),
        lambda torch: (torch.float32, torch.complex128, torch.bool, torch.strided, torch.channels_last),
    ],
)
def test_what_stands_behind(made):
    same(lambda library: repr(made(library)).split(" object at ")[0])


@pytest.mark.parametrize("spec", ["", ".2f", "10.3e", "5", "d", "x"])
@pytest.mark.parametrize("value", [1.5, 3, True])
def test_format(value, spec: str):
    same(lambda library: format(library.tensor(value), spec))
    same(lambda library: f"{library.tensor([value, value])}")


def test_format_refuses_several_elements():
    same(lambda library: format(library.ones(2), ".2f"))


def test_options_are_put_back():
    before = torchlike._tensor_str.get_printoptions()
    with printoptions(precision=1):
        assert repr(torchlike.tensor(0.25)) == "tensor(0.2)"
    assert torchlike._tensor_str.get_printoptions() == before


@pytest.mark.parametrize("name", ["float16", "bfloat16", "float32", "float64", "complex64", "complex128", "int8"])
def test_finfo(name: str):
    fields = ("bits", "eps", "max", "min", "tiny", "smallest_normal", "resolution", "dtype")
    same(lambda library: repr(library.finfo(getattr(library, name))))
    same(lambda library: [getattr(library.finfo(getattr(library, name)), field) for field in fields])


@pytest.mark.parametrize("name", ["uint8", "int8", "int16", "int32", "int64", "uint16", "bool", "float32"])
def test_iinfo(name: str):
    same(lambda library: repr(library.iinfo(getattr(library, name))))
    same(lambda library: [getattr(library.iinfo(getattr(library, name)), field) for field in ("bits", "max", "min")])


def test_infos_without_an_argument_and_compared():
    same(lambda library: repr(library.finfo()))
    same(lambda library: library.finfo(library.float32) == library.finfo())
    same(lambda library: library.iinfo(library.int8) == library.iinfo(library.int16))
    same(lambda library: library.iinfo("int8"))
    same(lambda library: library.finfo("float32"))
