"""Operations that no other table has."""

from __future__ import annotations

import numpy as np
import pytest

from tests.support import check_op

SQUARE = np.array([[2.0, 0.5, 0.1], [0.3, 1.5, 0.2], [0.1, 0.4, 1.8]], np.float32)
WHOLE = np.array([[4, 6, 9], [10, 0, 15]])
FLOATS = {
    "tan": ([(3, 4)], lambda torch, x: torch.tan(x)),
    "trace": ([(3, 3)], lambda torch, x: x.trace()),
    "addmv": ([(3,), (3, 4), (4,)], lambda torch, b, m, v: torch.addmv(b, m, v, beta=0.5, alpha=2)),
    "baddbmm": ([(2, 3, 5), (2, 3, 4), (2, 4, 5)], lambda torch, b, x, y: torch.baddbmm(b, x, y, beta=2)),
    "vdot": ([(4,), (4,)], lambda torch, x, y: torch.vdot(x, y)),
    "true_divide": ([(3, 4), (4,)], lambda torch, x, y: torch.true_divide(x, y)),
    "logaddexp": ([(3, 4), (4,)], lambda torch, x, y: torch.logaddexp(x, y)),
    "ldexp": ([(3, 4), (4,)], lambda torch, x, y: torch.ldexp(x, y)),
    "clamp_max": ([(3, 4)], lambda torch, x: x.clamp_max(0.25)),
    "matrix_exp": ([SQUARE], lambda torch, x: torch.matrix_exp(x)),
    "matrix_power": ([SQUARE], lambda torch, x: torch.matrix_power(x, 3)),
    "solve_triangular": ([SQUARE, (3, 2)], lambda torch, a, b: torch.linalg.solve_triangular(a, b, upper=True)),
    "var_mean": ([(3, 4)], lambda torch, x: torch.var_mean(x, 1)),
    "lp_pool1d": ([(2, 3, 8)], lambda torch, x: torch.nn.functional.lp_pool1d(x.abs() + 0.1, 2, 2)),
    "rrelu": ([(3, 4)], lambda torch, x: torch.nn.functional.rrelu(x)),
}
OTHERS = {
    "lcm": ([WHOLE, WHOLE[:1] + 2], lambda torch, x, y: torch.lcm(x, y)),
    "logical_and": ([WHOLE, WHOLE > 5], lambda torch, x, y: torch.logical_and(x, y)),
    "logical_or": ([WHOLE, WHOLE > 12], lambda torch, x, y: torch.logical_or(x, y)),
    "logical_xor": ([WHOLE, WHOLE > 5], lambda torch, x, y: torch.logical_xor(x, y)),
    "count_nonzero": ([WHOLE], lambda torch, x: (torch.count_nonzero(x), x.count_nonzero(1))),
    "argsort": ([(3, 4)], lambda torch, x: (x.argsort(), x.argsort(0, descending=True))),
    "msort": ([(4, 3)], lambda torch, x: torch.msort(x)),
    "isin": ([WHOLE], lambda torch, x: torch.isin(x, torch.tensor([0, 9, 4]), invert=True)),
    "index_reduce": (
        [(3, 4), (2, 4)],
        lambda torch, x, y: [x.index_reduce(0, torch.tensor([2, 0]), y, kind) for kind in ("prod", "mean", "amax")],
    ),
}


@pytest.mark.parametrize("name", FLOATS)
def test_values_and_gradients(name):
    check_op(*FLOATS[name])


@pytest.mark.filterwarnings("ignore:index_reduce.. is in beta")
@pytest.mark.parametrize("name", OTHERS)
def test_values(name):
    check_op(*OTHERS[name], grad=False)


def test_gumbel_softmax_chooses():
    def fn(torch, x):
        hard = torch.nn.functional.gumbel_softmax(x, hard=True)
        return hard.sum(-1), (hard == 1).sum(), torch.nn.functional.gumbel_softmax(x).sum(-1)

    check_op([(5, 4)], fn, grad=False)
