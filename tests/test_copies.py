"""View functions whose results are copies."""

from __future__ import annotations

import pytest

import torchlike
from tests.support import check_error, check_op

torch = pytest.importorskip("torch")
CALLS = {
    "alias_copy": [()],
    "as_strided_copy": [((2, 2), (1, 2)), ((2,), (1,), 3)],
    "diagonal_copy": [(), (1, 0, 2)],
    "expand_copy": [((5, 2, 3, 4),)],
    "narrow_copy": [(1, 0, 2), (2, 3, 1)],
    "permute_copy": [((2, 0, 1),)],
    "select_copy": [(0, 1), (2, -1)],
    "slice_copy": [(), (1, 1), (2, -3, None, 2), (-1, 0, 9)],
    "squeeze_copy": [(), (0,), ((0, 1),)],
    "transpose_copy": [(0, 2)],
    "unfold_copy": [(2, 2, 1)],
    "unsqueeze_copy": [(0,), (-1,)],
    "view_copy": [((4, 6),), ((-1,),)],
    "split_copy": [(1,), (2, 2)],
    "split_with_sizes_copy": [((1, 3), 2)],
    "unbind_copy": [(), (1,)],
}
SEVERAL = ("split_copy", "split_with_sizes_copy", "unbind_copy")


@pytest.mark.parametrize("name", CALLS)
def test_copies(name):
    for args in CALLS[name]:
        check_op([(2, 3, 4)], lambda torch, x, args=args: getattr(torch, name)(x, *args), strides=True)
        check_op([(4, 2, 3)], lambda torch, x, args=args: getattr(torch, name)(x.permute(1, 2, 0), *args), strides=True)


def test_copies_in_other_dtypes():
    check_op([(3,)], lambda torch, x: torch.view_as_real_copy(x), dtype="complex64")
    check_op([(3, 2)], lambda torch, x: torch.view_as_complex_copy(x.detach()), grad=False)
    check_op([(3, 2)], lambda torch, x: torch.narrow_copy(x.detach(), 0, -2, 1), grad=False)
    check_op([(3, 2)], lambda torch, x: (torch.t_copy(x), x.narrow_copy(0, 1, 2)))
    check_op([(3, 2)], lambda torch, x: torch.view_copy(x.detach(), torch.int32), grad=False)


@pytest.mark.parametrize("name", CALLS)
def test_copies_share_no_memory(name):
    x = torchlike.zeros(2, 3, 4)
    made = getattr(torchlike, name)(x, *CALLS[name][0])
    for each in made if name in SEVERAL else (made,):
        each.add_(1)
    assert not x.any()


@pytest.mark.parametrize("name", CALLS)
def test_copies_into_what_is_given(name):
    def call(torch, x):
        args, x = CALLS[name][0], x.detach()
        shapes = [each.shape for each in getattr(torch, name)(x, *args)] if name in SEVERAL else [(0,)]
        out = [torch.empty(shape) for shape in shapes]
        found = getattr(torch, name)(x, *args, out=out if name in SEVERAL else out[0])
        return out, found is None, found is out[0]

    check_op([(2, 3, 4)], call, grad=False)


def test_what_cannot_be_copied():
    for call in (
        lambda torch, x: torch.permute_copy(x.detach(), (1, 0), out=torch.empty(3, 2, dtype=torch.int64)),
        lambda torch, x: torch.permute_copy(x.detach(), (1, 0), out=torch.empty(3, 2, dtype=torch.float64)),
        lambda torch, x: torch.permute_copy(x, (1, 1)),
        lambda torch, x: torch.t_copy(x[None]),
        lambda torch, x: torch.view_copy(x, (5,)),
        lambda torch, x: torch.slice_copy(x, 2),
        lambda torch, x: torch.slice_copy(x, 1, step=0),
        lambda torch, x: torch.slice_copy(x[0, 0]),
        lambda torch, x: torch.narrow_copy(x, 0, 0, 5),
        lambda torch, x: torch.split_copy(x.detach(), 2, 1, out=[torch.empty(0)]),
        lambda torch, x: torch.split_copy(x.detach(), 2, 1, out=[torch.empty(5, 5), torch.empty(2, 1)]),
        lambda torch, x: torch.unbind_copy(x.detach(), 0, out=(torch.empty(3),)),
        lambda torch, x: torch.split_with_sizes_copy(x.detach(), (1, 2), 1, out=(torch.empty(0),)),
    ):
        check_error([(2, 3)], call)
