"""``out=``: which tensors an operation refuses to write to."""

from __future__ import annotations

import pytest

from tests.support import check_error


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
