"""`torchlike.testing` accepts, refuses and draws what PyTorch's does."""

from __future__ import annotations

import re
import warnings

import numpy as np
import pytest

import torchlike
from tests.support import check_op, reference

CLOSE = """
1.0, 1.0
t([1.0, 2.0]), t([1.0, 2.0])
t([1.0, 2.0]), t([1.0, 2.1])
t([1.0, 2.0]), t([1.0, 2.0 + 1e-6])
t([[1.0, 2.0], [3.0, 4.0]]), t([[1.0, 2.5], [3.0, 5.0]])
t([1, 2, 3]), t([1, 5, 3])
t([True, False]), t([True, True])
t(1.0), t(2.0)
t(3), t(4)
t([1.0]), t([float("nan")])
t([float("nan")]), t([float("nan")])
t([float("nan")]), t([float("nan")]), dict(equal_nan=True)
t(float("nan")), t(float("nan"))
t([float("inf"), 1.0]), t([float("inf"), 2.0])
t([float("inf")]), t([1.0])
t([1.0, 2.0]), t([0.0, 2.0])
t([1.0]), t([1.0]).double()
t([1.0]), t([1.5]).double(), dict(check_dtype=False)
t([1]), t([1.0]), dict(check_dtype=False)
t([1], dtype=torch.uint16), t([1]), dict(check_dtype=False)
t([1.0]), t([[1.0]])
torch.ones(2, 3), torch.ones(3, 2).t(), dict(check_stride=True)
torch.ones(2, 3), torch.ones(3, 2).t()
t([1.0], device="meta"), t([2.0], device="meta")
t([1.0], device="meta"), t([2.0])
t([1j, 2]), t([1j, 3])
t(1j), t(2j)
t([1.0], dtype=torch.bfloat16), t([1.01], dtype=torch.bfloat16)
t([1.0], dtype=torch.float16), t([1.01], dtype=torch.float16)
t([1.0, 2.0]), t([1.0, 2.1]), dict(rtol=0, atol=0)
t([1.0, 2.0]), t([1.0, 2.1]), dict(rtol=0.1, atol=0)
t([1.0, 2.0]), t([1.0, 2.1]), dict(rtol=0.1)
t([1.0, 2.0]), t([1.0, 2.1]), dict(atol=0.1)
t([1.0, 2.0]), t([1.0, 2.1]), dict(msg="no")
t([1.0, 2.0]), t([1.0, 2.1]), dict(msg=lambda said: "< " + said + " >")
[t(1.0), t(2.0)], [t(1.0), t(3.0)]
[t(1.0), t(2.0)], (t(1.0), t(2.0))
[1.0], [1.0, 2.0]
{"a": [t([1.0])], "b": 2}, {"a": [t([2.0])], "b": 2}
{"a": 1, "b": 2}, {"a": 1, "c": 2}
{"a": {"b": [1.0, 2.0]}}, {"a": {"b": [1.0, 2.5]}}, dict(msg="no")
1, 2
1.0, 1
1.0, 1, dict(check_dtype=False)
1.0, 1.5, dict(rtol=0.1, atol=0.3)
1.0, float("nan")
float("nan"), float("nan"), dict(equal_nan=True)
1j, 2j
0.5, 0.0
True, False
np.float32(1.0), 1.0
np.bool_(True), True
np.ones(2), np.ones(2)
np.ones(2), np.zeros(2)
np.ones(2), t([1.0, 1.0])
t([1.0]), 1.0
None, None
None, 1
"a", "a"
object(), object()
torch.nn.Parameter(t([1.0])), t([1.0])
torch.nn.Parameter(t([1.0])), t([1.0]), dict(allow_subclasses=False)
t([]), t([])
""".strip().splitlines()


def told(torch, question: str, compare: str) -> str:
    *pair, options = eval(f"({question}, {{}})", {"torch": torch, "t": torch.tensor, "np": np, "dict": dict})
    if len(pair) == 3:
        options = pair.pop()
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            getattr(torch.testing, compare)(*pair, **options)
            said = "close"
        except Exception as error:
            said = f"{type(error).__name__}: {error}"
    said = re.sub(r"0x\w+", "", said.replace("torchlike", "torch")).replace("torch.nn.parameter", "torch.nn")
    return f"{question}\n{said}\n{[str(each.message) for each in caught]}"


@pytest.mark.parametrize("question", CLOSE)
def test_closeness(question):
    want = told(reference(), question, "assert_close")
    assert told(torchlike, question, "assert_close") == want


@pytest.mark.parametrize(
    "question",
    [
        "t([1.0]), t([1.00001])",
        "t([1.0]), [1.1]",
        "[1.0, float('nan')], [1.0, float('nan')]",
        "t([1]), t([1.0]), dict(rtol=0, atol=0)",
        "t([1.0]), t([2.0]), dict(msg='no')",
        "t([1.0], dtype=torch.float16), t([1.0015], dtype=torch.float16)",
    ],
)
def test_the_old_form(question):
    want = told(reference(), question, "assert_allclose")
    assert told(torchlike, question, "assert_allclose") == want


def test_nothing_is_changed_and_no_history_is_made():
    x = torchlike.ones(2, requires_grad=True)
    torchlike.testing.assert_close(x * 2, x + 1)
    assert x.grad is None and x.tolist() == [1, 1]


DTYPES = "bool uint8 int8 int16 int32 int64 float16 bfloat16 float32 float64 complex64 complex128".split()
MADE = {
    "plain": {},
    "bounds": {"low": 0, "high": 1.5},
    "apart": {"noncontiguous": True},
    "no zeros": {"low": 0, "high": 2, "exclude_zero": True},
    "wide": {"low": -1e40, "high": 1e40},
}


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("options", MADE)
def test_tensors_are_pytorchs(dtype, options):
    def draw(torch):
        torch.manual_seed(3)
        return torch.testing.make_tensor((2, 3), dtype=getattr(torch, dtype), device="cpu", **MADE[options])

    check_op([], draw, strides=True)


REFUSED = {
    "bounds in the wrong order": {"low": 2, "high": 1},
    "bounds beyond": {"dtype": "uint8", "low": 300, "high": 400},
    "nan": {"low": float("nan")},
    "a gradient of integers": {"dtype": "int32", "requires_grad": True},
    "two orders": {"noncontiguous": True, "memory_format": "contiguous_format"},
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_make_tensor_refuses(name):
    def said(torch):
        options = {"dtype": "float32", **REFUSED[name]}
        options = {key: getattr(torch, given) if isinstance(given, str) else given for key, given in options.items()}
        with pytest.raises(ValueError, match=".") as error:
            torch.testing.make_tensor(2, 3, device="cpu", **options)
        return str(error.value)

    assert said(torchlike) == said(reference())


def test_more_of_make_tensor():
    make = torchlike.testing.make_tensor
    assert make((), dtype=torchlike.float32, device="cpu", requires_grad=True).requires_grad
    image = make((2, 3, 4, 4), dtype=torchlike.float32, device="cpu", memory_format=torchlike.channels_last)
    assert image.is_contiguous(memory_format=torchlike.channels_last)
    with pytest.warns(FutureWarning, match="Passing `low==high`"):
        make(2, dtype=torchlike.float32, device="cpu", low=1, high=1)
