"""Joining, repeating and rearranging, against PyTorch."""

from __future__ import annotations

import numpy as np
import pytest

from tests.support import check_error, check_op, check_warning

JOINS = [
    lambda torch, x, y: torch.cat([x, y]),
    lambda torch, x, y: torch.cat([x, y * 2, torch.ones(0)], dim=-1),
    lambda torch, x, y: torch.cat([x, y.to(torch.float64)]),
    lambda torch, x, y: torch.stack([x, y], 1),
    lambda torch, x, y: torch.hstack([x[0], y[1]]),
    lambda torch, x, y: torch.vstack([x[0], y]),
    lambda torch, x, y: torch.dstack([x, y]),
    lambda torch, x, y: torch.column_stack([x[:, 0], y]),
    lambda torch, x, y: torch.block_diag(x, y[0], y[0, 0]),
    lambda torch, x, y: torch.cartesian_prod(x[0], y[1]),
    lambda torch, x, y: torch.meshgrid(x[0], y[:, 0], indexing="ij"),
    lambda torch, x, y: torch.meshgrid(x[0], y[:, 0], indexing="xy"),
    lambda torch, x, y: torch.broadcast_tensors(x, y[:, :1]),
    lambda torch, x, y: torch.atleast_2d(x[0], y),
]


@pytest.mark.parametrize("fn", JOINS, ids=range(len(JOINS)))
def test_joining(fn) -> None:
    check_op([(2, 3), (2, 3)], fn)


REARRANGED = [
    lambda torch, x: x.repeat(2, 1, 3),
    lambda torch, x: torch.tile(x, (2,)),
    lambda torch, x: x.repeat_interleave(2),
    lambda torch, x: torch.repeat_interleave(x, torch.tensor([1, 0, 2]), 0),
    lambda torch, x: torch.roll(x, 2),
    lambda torch, x: x.roll((1, -2), (0, 1)),
    lambda torch, x: x.flip(0, 1),
    lambda torch, x: (torch.fliplr(x), torch.flipud(x), torch.rot90(x), torch.rot90(x, -1, (1, 0))),
    lambda torch, x: (torch.tril(x), x.triu(1), torch.tril(x, -1)),
    lambda torch, x: (torch.diag(x), torch.diag(x[0], 1), torch.diag(x, -1)),
    lambda torch, x: (torch.diag_embed(x), torch.diag_embed(x, 1, 0, 2), torch.diagflat(x, -1)),
    lambda torch, x: (torch.combinations(x[0]), torch.combinations(x[0], 3, True)),
]


@pytest.mark.parametrize("fn", REARRANGED, ids=range(len(REARRANGED)))
def test_rearranging(fn) -> None:
    check_op([(3, 4)], fn, dtype="float64", orders=2)


def test_vander() -> None:
    check_op([(4,)], lambda torch, x: (torch.vander(x), torch.vander(x, 3), torch.vander(x, 2, True)), grad=False)


def test_triangle_indices() -> None:
    check_op([], lambda torch: (torch.tril_indices(3, 4, 1), torch.triu_indices(4, 3, -1)))


@pytest.mark.parametrize(
    "fn",
    [
        lambda torch, x: torch.cat([]),
        lambda torch, x: torch.cat([x, 1]),
        lambda torch, x: torch.cat([x, x[:, :2]]),
        lambda torch, x: torch.cat([x, x[0]]),
        lambda torch, x: torch.cat([x, x], 2),
        lambda torch, x: torch.stack([x, x[0]]),
        lambda torch, x: torch.stack([]),
        lambda torch, x: torch.hstack([x, x[0]]),
        lambda torch, x: x.repeat(2),
        lambda torch, x: x.repeat_interleave(torch.tensor([1, 2]), 0),
        lambda torch, x: x.roll((1, 2), 0),
        lambda torch, x: x.flip(0, 0),
        lambda torch, x: x.rot90(2, (0, 0)),
        lambda torch, x: x[0].tril(),
        lambda torch, x: torch.diag(x[None]),
        lambda torch, x: torch.combinations(x),
        lambda torch, x: torch.meshgrid(x[0], x[1], indexing="a"),
        lambda torch, x: torch.broadcast_shapes((2, 1), (3, 3)),
        lambda torch, x: torch.block_diag(x[None], x),
    ],
)
def test_errors(fn) -> None:
    check_error([(3, 4)], fn)


def test_meshgrid_without_indexing_warns() -> None:
    check_warning([np.arange(2.0)], lambda torch, x: torch.meshgrid(x, x))


@pytest.mark.parametrize("repeats", [2, [2]])
@pytest.mark.parametrize("dim", [0, -1, 1])
def test_a_single_number_has_no_dimension_to_repeat_along(repeats, dim: int):
    def repeat(torch, x):
        given = torch.tensor(repeats) if isinstance(repeats, list) else repeats
        return x.repeat_interleave(given, dim)

    check_error([()], repeat)
