"""Inputs at the edge of what an operation takes: empty ones, single numbers, padding that cuts."""

from __future__ import annotations

import numpy as np
import pytest

from tests.support import check_op

CALLS = [
    ([np.float32(2)], lambda torch, x: torch.nn.functional.normalize(x, dim=0)),
    ([np.float32(2), np.float32(-1)], lambda torch, x, y: torch.nn.functional.cosine_similarity(x, y, dim=0)),
    ([(0,), (0,), (0,)], lambda torch, x, m, v: torch.nn.functional.batch_norm(x, m, v)),
    ([(2, 0), (2, 3)], lambda torch, s, v: torch.searchsorted(s.detach(), v.detach())),
    ([(0, 4), (0, 3)], lambda torch, s, v: torch.searchsorted(s.detach(), v.detach())),
    ([(3, 5), (3, 2)], lambda torch, x, a: torch.diff(x, n=0, append=a)),
    ([np.arange(4)], lambda torch, x: torch.trapezoid(x, dx=0.5)),
    ([np.arange(4)], lambda torch, x: torch.cumulative_trapezoid(x, dx=0.5)),
    ([np.eye(2, dtype=np.complex64) * 2j], lambda torch, x: torch.logdet(x)),
    ([(0, 0)], lambda torch, x: torch.linalg.det(x)),
    ([], lambda torch: torch.logspace(4.3, 2, 2, dtype=torch.int64)),
    ([(1, 1, 3, 4)], lambda torch, x: torch.nn.functional.pad(x, (2, -1, -1, 1), mode="circular")),
    ([(1, 1, 3, 4)], lambda torch, x: torch.nn.functional.pad(x, (2, -1, -1, 1), mode="reflect")),
    ([(1, 1, 3, 4)], lambda torch, x: torch.nn.functional.pad(x, (2, -1, -1, 1), mode="replicate")),
]


@pytest.mark.parametrize(("inputs", "call"), CALLS, ids=range(len(CALLS)))
def test_as_pytorch(inputs, call):
    check_op([each if isinstance(each, tuple) else np.asarray(each) for each in inputs], call)
