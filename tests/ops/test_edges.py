"""Inputs at the edge of what an operation takes: empty ones, single numbers, padding that cuts."""

from __future__ import annotations

import numpy as np
import pytest

import torchlike
from tests.support import check_op, first_line, reference, tensors

CALLS = [
    ([np.float32(2)], lambda torch, x: torch.nn.functional.normalize(x, dim=0)),
    ([np.float32(2), np.float32(-1)], lambda torch, x, y: torch.nn.functional.cosine_similarity(x, y, dim=0)),
    ([(0,), (0,), (0,)], lambda torch, x, m, v: torch.nn.functional.batch_norm(x, m, v)),
    ([(2, 0), (2, 3)], lambda torch, s, v: torch.searchsorted(s.detach(), v.detach())),
    ([(0, 4), (0, 3)], lambda torch, s, v: torch.searchsorted(s.detach(), v.detach())),
    ([(3, 5), (3, 2)], lambda torch, x, a: torch.diff(x, n=0, append=a)),
    ([np.arange(4)], lambda torch, x: torch.trapezoid(x, dx=0.5)),
    ([np.float32([[np.inf], [2]])], lambda torch, x: torch.cumprod(x, 1)),
    ([np.float32([-10, -5, -1.1, -1, -0.9, 0, 1, 4.9, 5, 8])], lambda torch, x: torch.special.log_ndtr(x)),
    ([np.float64([-1e4, -40, -10, -1, 0, 5, 30])], lambda torch, x: torch.special.log_ndtr(x)),
    ([np.arange(4)], lambda torch, x: torch.cumulative_trapezoid(x, dx=0.5)),
    ([np.eye(2, dtype=np.complex64) * 2j], lambda torch, x: torch.logdet(x)),
    ([(0, 0)], lambda torch, x: torch.linalg.det(x)),
    ([(3, 0, 4), (3, 4, 3)], lambda torch, x, y: torch.matmul(x, y)),
    ([(3, 2, 0), (3, 0, 3)], lambda torch, x, y: torch.matmul(x, y)),
    ([(1,), np.float64(2)], lambda torch, x, y: torch.nn.functional.cosine_similarity(x, y, dim=-1)),
    ([(3, 1), (4,)], lambda torch, x, y: torch.nn.functional.cosine_similarity(x, (y / 7).half().detach(), dim=1)),
    ([(3,), np.arange(3)], lambda torch, x, y: torch.nn.functional.cosine_similarity(x.detach().half(), y, dim=0)),
    ([], lambda torch: torch.logspace(4.3, 2, 2, dtype=torch.int64)),
    ([(1, 1, 3, 4)], lambda torch, x: torch.nn.functional.pad(x, (2, -1, -1, 1), mode="circular")),
    ([(1, 1, 3, 4)], lambda torch, x: torch.nn.functional.pad(x, (2, -1, -1, 1), mode="reflect")),
    ([(1, 1, 3, 4)], lambda torch, x: torch.nn.functional.pad(x, (2, -1, -1, 1), mode="replicate")),
]

# for what has no elements no kernel is asked whether it has the dtype
EMPTY = {
    "bool": "z(2, 0).cumsum_(0); z().cumprod_(0); z(0, 1) @ z(1, 2); torch.mv(z(2, 0), z(0)); "
    "torch.bmm(z(2, 0, 2), z(2, 2, 2)); torch.tensordot(z(2, 0), z(0, 2), 1); torch.einsum('ij,jk->ki', z(0, 2), z(2, 2)); "
    "F.linear(z(2, 0), z(3, 0)); "
    "F.conv1d(z(0, 2, 3), z(2, 2, 2)); torch.median(z(0)); torch.searchsorted(z(3), z(0)); torch.dot(z(0), z(0)); "
    "z(0) @ z(0)",
    "complex64": "torch.kthvalue(z(), 1); torch.cummax(z(2, 0), 0); torch.max(z(0)); "
    "torch.median(z(0)); F.local_response_norm(z(0, 2, 3), 2)",
    "bfloat16": "torch.linalg.det(z(0, 0)); torch.linalg.solve(z(0, 0), z(0, 0)); torch.cdist(z(0, 3), z(2, 3))",
    "int32": "F.conv_transpose2d(z(0, 2, 3, 3), z(2, 2, 2, 2))",
}


@pytest.mark.parametrize("dtype", EMPTY)
def test_kernels_are_not_asked_for_nothing(dtype: str):
    for call in EMPTY[dtype].split("; "):
        want, got = (_outcome(library, call, dtype) for library in (reference(), torchlike))
        assert got == want, call


def _outcome(library, call: str, dtype: str) -> tuple:
    names = {
        "torch": library,
        "F": library.nn.functional,
        "z": lambda *s: library.zeros(s, dtype=getattr(library, dtype)),
    }
    try:
        made = eval(call, names)
    except Exception as error:
        return type(error), first_line(error)
    return tuple((str(each.dtype), str(each.tolist())) for each in tensors(library, made))


@pytest.mark.parametrize(("inputs", "call"), CALLS, ids=range(len(CALLS)))
def test_as_pytorch(inputs, call):
    check_op([each if isinstance(each, tuple) else np.asarray(each) for each in inputs], call)
