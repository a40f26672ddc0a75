"""``out=``: which tensors an operation writes to, and which it refuses."""

from __future__ import annotations

import warnings

import pytest

import torchlike
from tests.support import check_error, check_op, reference


@pytest.mark.parametrize(
    "call",
    [
        lambda torch, x: torch.gather(x, 1, torch.zeros(2, 2, dtype=torch.int64), out=x.double()),
        lambda torch, x: torch.aminmax(x, dim=0, out=(x[0].clone(), x[0].short())),
        lambda torch, x: torch.argmax(x, out=torch.zeros(())),
        lambda torch, x: torch.bmm(x[None], x[None], out=x[None].to(torch.complex64)),
        lambda torch, x: torch.mm(x, x, out=x.to(torch.bfloat16)),
        lambda torch, x: torch.amax(x, 0, out=x[0].double()),
        lambda torch, x: torch.complex(x.double(), x.double(), out=x.to(torch.complex64)),
        lambda torch, x: torch.polar(x, x, out=torch.zeros(2, 2)),
        lambda torch, x: torch.topk(x, 1, out=(torch.zeros(2, 1), torch.zeros(2, 1))),
    ],
)
def test_dtypes_that_must_be_the_same(call):
    check_error([(2, 2)], call)


@pytest.mark.parametrize(
    "call",
    [
        lambda torch, x: torch.cat([x, x], out=x[:1]),
        lambda torch, x: torch.kthvalue(x, 1, out=(x[0], torch.zeros(2, dtype=torch.int64))),
        lambda torch, x: torch.gather(x, 1, torch.zeros(2, 2, dtype=torch.int64), out=x),
        lambda torch, x: torch.masked_select(x, x > 0, out=x),
    ],
)
def test_inputs_that_must_not_be_written_to(call):
    check_error([(2, 2)], call)


RULES = {  # functions of one square matrix, a family of rules each
    "cast": "add(x, 1); exp(x); sqrt(x); mul(x, x); eq(x, 1); maximum(x, x); lerp(x, x, 0.5); diff(x)",
    "must be the same": "mm(x, x); addmm(x, x, x); matmul(x, x); softmax(x, 0); log_softmax(x, 0); tril(x); triu(x); "
    "norm(x); sort(x, 0); topk(x, 1); aminmax(x); argmin(x); renorm(x, 2, 0, 1.0); linalg.inv(x); linalg.svdvals(x); "
    "linalg.det(x); linalg.qr(x); isin(x, x); scatter_add(x, 0, i, x); index_add(x, 0, i[0], x); gather(x, 0, i)",
    "computed in": "sum(x, 0); prod(x, 0); nansum(x, 0); cumsum(x, 0); cumprod(x, 0); sum(x > 1, 0); mean(x, 0); "
    "nanmean(x, 0); cumsum(i, 0); nansum(i, 0); mean(x, 0, dtype=torch.float64); nanmean(x, 0, dtype=torch.float64)",
    "no such form": "sum(x); prod(x); sum(x, dtype=torch.float64)",
    "unary": "abs(x); neg(x); ceil(x); floor(x); trunc(x); frac(x); round(x); sign(x); sgn(x); conj_physical(x)",
    "scanned": "cummax(x, 0); cummin(x, 0); logcumsumexp(x, 0)",
    "concatenated": "cat([x, x]); stack([x, x]); hstack([x, x]); vstack([x, x]); dstack([x, x]); column_stack([x, x])",
    "of their own": "all(x); any(x); signbit(x); isposinf(x); nan_to_num(x); take(x, i); index_select(x, 0, i[0]); mean(x); "
    "kthvalue(x, 1); mode(x, 0); frexp(x); float_power(x, 2); quantile(x, 0.5); max(x); max(x, 0); histc(x); amax(x, 0); "
    "masked_select(x, x > 0); where(x > 0, x, x); searchsorted(x, x); linalg.matrix_rank(x); linalg.norm(x); nonzero(x); "
    "tensordot(x, x); dot(x[0], x[0]); mv(x, x[0]); ones(2, 2); full((2, 2), 1.0); "
    "linspace(0, 1, 4)",
}
CALLS = [call for calls in RULES.values() for call in calls.split("; ")]


@pytest.mark.parametrize("call", CALLS)
def test_every_dtype_of_out_is_taken_or_refused_as_pytorch_does(call):
    differ = []
    for dtype in ("float64", "float16", "int64", "int32", "bool", "complex64"):
        want, got = (_outcome(library, call, dtype) for library in (reference(), torchlike))
        if want != got:
            differ.append((dtype, want, got))
    assert not differ


def _outcome(torch, call: str, dtype: str):
    """The results' dtypes and shapes, or the error's type and text."""
    names = {"x": torch.tensor([[2.0, 1.0], [0.5, 3.0]]), "i": torch.tensor([[0, 1], [1, 0]])}
    function = "torch." + call
    results = eval(function, {"torch": torch}, names)
    tensors = [results] if isinstance(results, torch.Tensor) else list(results)
    outs = [torch.zeros(each.shape, dtype=getattr(torch, dtype)) for each in tensors]
    names["out"] = outs[0] if isinstance(results, torch.Tensor) else tuple(outs)
    try:
        eval(function[:-1] + ", out=out)", {"torch": torch}, names)
    except Exception as error:
        return type(error).__name__, str(error)
    return [(str(each.dtype).split(".")[-1], tuple(each.shape)) for each in outs]


@pytest.mark.parametrize(
    "call", ["torch.add(x, 1", "torch.mm(x, x", "torch.cat([x, x]", "torch.sort(x", "torch.max(x, 0"]
)
def test_a_tensor_that_is_not_empty_takes_another_shape_with_a_warning(call):
    said = []
    for torch in (reference(), torchlike):
        first = torch.zeros(3)
        single = call[6:9] not in ("sor", "max")
        out = first if single else (first, torch.zeros(3, dtype=torch.int64))
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            eval(call + ", out=out)", {"torch": torch, "x": torch.ones(2, 2), "out": out})
        said.append([(str(each.message).split(" (Triggered")[0], each.filename) for each in caught])
        assert first.shape[-1] == 2
    assert said[0] == said[1] and said[0]


def test_an_empty_tensor_takes_another_shape_in_silence():
    out = torchlike.zeros(0)
    torchlike.add(torchlike.ones(2, 2), 1, out=out)
    assert out.tolist() == [[2, 2], [2, 2]]


@pytest.mark.parametrize(
    "call", ["mul(x, y", "add(y, x", "atan2(x, y", "lerp(x, y, 0.5", "addcmul(x, x, y", "clamp(x, y"]
)
def test_an_input_does_not_grow_to_take_the_result(call):
    check_error([(3,), (2, 3)], lambda torch, x, y: eval(f"torch.{call}, out=x)", {"torch": torch}, {"x": x, "y": y}))
    check_op([(3,), (2, 3)], lambda torch, x, y: torch.add(x, y, out=torch.empty(0)), grad=False)


def test_memory_that_an_array_shares_does_not_grow():
    def shared(torch, x):
        x.numpy()
        return x

    check_error([(3,)], lambda torch, x: shared(torch, x).resize_(5))
    check_error([(3,)], lambda torch, x: torch.add(torch.ones(5, 1), 1, out=shared(torch, x)[1:1]))
    check_op([(3,)], lambda torch, x: shared(torch, x.clone()).resize_(2), grad=False)
