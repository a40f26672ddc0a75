"""Indexing in all its forms, against PyTorch."""

from __future__ import annotations

import numpy as np
import pytest

import torchlike
from tests.support import check_error, check_op, check_warning
from torchlike._functions.indexing import FEW

torch = pytest.importorskip("torch")

X = np.arange(24, dtype=np.float64).reshape(2, 3, 4)
GETS = [
    "x[0]",
    "x[-1]",
    "x[1, 2]",
    "x[1, 2, 3]",
    "x[:, 1:]",
    "x[..., ::2]",
    "x[None]",
    "x[:, None, 1]",
    "x[0, ..., None]",
    "x[5:]",
    "x[:, -2:-1]",
    "x[()]",
    "x[...]",
    "x[True]",
    "x[False]",
    "x[[0, 1]]",
    "x[[1, 0], [2, 0]]",
    "x[:, [0, 2]]",
    "x[[0, 1], :, [1, 2]]",
    "x[0, :, [1, 2]]",
    "x[:, torch.tensor([[0, 1], [2, 2]])]",
    "x[torch.tensor(1)]",
    "x[:, torch.tensor(-1), 1:]",
    "x[x > 7]",
    "x[:, torch.tensor([True, False, True])]",
    "x[torch.tensor([False, True])]",
    "x[np.array([0, 1, 1])]",
    "x[np.int64(1)]",
    "x[..., [True, False, True, True]]",
    "x[range(2)]",
    "x[[]]",
    "x[torch.tensor([1, -1]), None]",
    "x[torch.tensor([0, 1], dtype=torch.int32)]",
    "x[slice(torch.tensor(1), None)]",
    "x[torch.tensor([[True, False, True], [False, True, False]])]",
    "x[:, [[0], [1]], [0, 2]]",
    "x[None, [1], ..., [2]]",
]


@pytest.mark.parametrize("text", GETS)
def test_get(text: str) -> None:
    check_op([X], lambda torch, x: eval(text, {"x": x, "torch": torch, "np": np}))


SETS = [
    ("0", "1.5"),
    ("(0, 1)", "v"),
    ("(slice(None), slice(1, None))", "2"),
    ("(..., slice(None, None, 2))", "-1"),
    ("None", "3"),
    ("[0, 1]", "v"),
    ("([0, 1], [2, 0])", "v"),
    ("x > 7", "0"),
    ("x > 7", "torch.ones(16).double()"),
    ("(slice(None), torch.tensor([True, False, True]))", "9"),
    ("(slice(None), [0, 2])", "v"),
    ("(1, slice(None), [0, 3])", "5"),
    ("torch.tensor(1)", "v"),
    ("...", "v"),
    ("(0, 0, 0)", "True"),
    ("slice(None)", "x.flip(0)"),
    ("False", "1"),
    ("torch.tensor([[True, False, True], [False, True, False]])", "v"),
]


@pytest.mark.parametrize("index, value", SETS)
def test_set(index: str, value: str) -> None:
    def fn(torch, x, v):
        y = x * 1
        known = {"x": y, "v": v, "torch": torch}
        y[eval(index, known)] = eval(value, known)
        return y

    check_op([X, np.array([1.0, 2.0, 3.0, 4.0])], fn)


@pytest.mark.parametrize(
    "text",
    [
        "x[3]", "x[0, 0, 4]", "x[0, 0, 0, 0]", "x[::-1]", "x[1.0]", "x[torch.tensor(1.)]", "x[[True]]", "x[{}]",
        "x[2, 5]",
        "x[torch.tensor([2])]", "x[[0, 1], [0, 1, 2]]", "x['a']", "torch.tensor(1)[0]", "torch.tensor(1)[:]",
        "x[torch.ones(2, 2) > 0]", "x[torch.tensor([1], dtype=torch.int16)]", "x.__setitem__(0, 'a')",
        "x.__setitem__(0, torch.ones(3))", "x.__setitem__([0], torch.ones(1))",
        "x.__setitem__(x > 3, torch.ones(4).double())",
        "x.__delitem__(0)", "x.requires_grad_().__setitem__(0, 1)", "x.__setitem__(0, 1j)",
    ],
)  # fmt: skip
def test_index_errors(text: str) -> None:
    check_error([X], lambda torch, x: eval(text, {"x": x, "torch": torch}))


def test_a_list_of_sequences_warns() -> None:
    check_warning([X], lambda torch, x: x[[[0, 1], [1, 2]]])


def test_positions_beyond_the_first_few_are_numbers() -> None:
    """A loop over rows, one flush each, must not make a program for each row."""
    from torchlike._ops.basic_indexing import select_view

    x = torchlike.arange(97.0)
    before = len(select_view.op.specs)
    assert [x[place].item() for place in range(0, 97, 3)] == list(range(0, 97, 3))
    assert len(select_view.op.specs) - before <= FEW + 1


def test_numbers_as_positions_read_and_write_where_they_should() -> None:
    array, x = np.arange(99.0).reshape(9, 11), torchlike.arange(99.0).view(9, 11)
    for step in range(12):
        row, column = step * 5 % 9, step * 7 % 9
        array[row, column : column + 2] *= -2
        x[row, column : column + 2] *= -2
        array[column, None, ::2] += step
        part = x[column, None, ::2]
        part += step
        assert x[row, column].item() == array[row, column]
        assert x[row, column : column + 2].storage_offset() == row * 11 + column
    assert x.tolist() == array.tolist()


def test_a_loop_over_steps_is_static() -> None:
    """Within one recording consecutive positions have fixed places: their gradient is no scatter."""
    x = torchlike.ones(12, 2, requires_grad=True)
    total = x[0] * 0
    for step in range(12):
        total = total + x[step] * step
    total.sum().backward()
    assert x.grad[:, 0].tolist() == list(range(12))


def test_a_pending_index_needs_no_flush() -> None:
    with torchlike.execution_mode("auto"):
        x, place = torchlike.arange(10.0), torchlike.tensor([1, 2]).sum()
        row = x[place]
        assert place._value().array is None
    assert row.item() == 3
    row.fill_(-1)
    assert x[3].item() == -1


# ---------------------------------------------------------------------- by index tensors


INDEX = np.array([[0, 2, 1, 0], [1, 1, 0, 2]])
ALONG = [
    lambda torch, x, i: x.gather(0, i),
    lambda torch, x, i: x.gather(1, i[:, :2]),
    lambda torch, x, i: x.scatter(0, i, x[:2] * 2),
    lambda torch, x, i: x.scatter(1, i[:, :1], 5.0),
    lambda torch, x, i: x.scatter_add(0, i, x[:2]),
    lambda torch, x, i: x.index_select(0, i[0]),
    lambda torch, x, i: x.index_add(0, i[0, :2], x[:2], alpha=2.5),
    lambda torch, x, i: x.index_copy(0, i[0, :3], x * 2),
    lambda torch, x, i: x.index_fill(1, i[1], -1.0),
    lambda torch, x, i: x.take(i),
    lambda torch, x, i: x.put(i, x.flatten()[:8].view(2, 4), accumulate=True),
    lambda torch, x, i: torch.take_along_dim(x, i, 0),
    lambda torch, x, i: torch.take_along_dim(x, i),
    lambda torch, x, i: x.index_put((i[0], i[1]), x[0], accumulate=True),
    lambda torch, x, i: torch.select_scatter(x, x[0] * 2, 0, 1),
    lambda torch, x, i: torch.slice_scatter(x, x[:2] * 2, 0, 1),
    lambda torch, x, i: torch.diagonal_scatter(x, x[0, :3] * 2),
]


@pytest.mark.parametrize("fn", ALONG, ids=range(len(ALONG)))
def test_along_a_dimension(fn) -> None:
    check_op([(3, 4), INDEX], fn, dtype="float64", orders=2)


@pytest.mark.parametrize("include_self", [True, False])
@pytest.mark.parametrize("reduce", ["sum", "prod", "mean", "amax", "amin"])
def test_scatter_reduce(reduce: str, include_self: bool) -> None:
    x = np.array([[1.0, 0.0, 3.0, 3.0], [0.0, 2.0, -1.0, 0.5], [4.0, 0.0, 0.0, 1.0]])
    source = np.array([[1.0, 0.0, 3.0, 2.0], [1.0, 5.0, 0.0, 0.5]])

    def fn(torch, x, i, source):
        return x.scatter_reduce(0, i, source, reduce, include_self=include_self)

    def gradients(torch, x, i, source):
        x.requires_grad_(), source.requires_grad_()
        return torch.autograd.grad((fn(torch, x, i, source) ** 2).sum(), (x, source))

    check_op([x, INDEX, source], fn, grad=False)
    check_op([x, INDEX, source], gradients, grad=False)
    check_op([x.astype(np.int64), INDEX, source.astype(np.int64)], fn)


def test_scatter_with_reduce() -> None:
    check_op([(3, 4), INDEX], lambda torch, x, i: x.scatter(0, i, 2.0, reduce="add"), grad=False)
    check_op([(3, 4), INDEX], lambda torch, x, i: x.scatter(0, i, 2.0, reduce="multiply"), grad=False)


MASKS = [
    lambda torch, x, m: x.masked_fill(m, 7),
    lambda torch, x, m: x.masked_fill(m[0], -1.5),
    lambda torch, x, m: x.masked_select(m),
    lambda torch, x, m: x.masked_scatter(m, x.flatten()),
    lambda torch, x, m: torch.where(m, x, x * 2),
    lambda torch, x, m: torch.where(m, 1.0, x),
    lambda torch, x, m: x.where(m, 0),
    lambda torch, x, m: (torch.where(m), torch.nonzero(m), torch.argwhere(m), m.nonzero(as_tuple=True)),
    lambda torch, x, m: torch.where(m, 1, 2),
]


@pytest.mark.parametrize("fn", MASKS, ids=range(len(MASKS)))
def test_masks(fn) -> None:
    check_op([(3, 4), np.arange(12).reshape(3, 4) % 3 == 0], fn, dtype="float64")


@pytest.mark.parametrize(
    "fn",
    [
        lambda torch, x, i: x.gather(0, torch.tensor([[0, 5]])),
        lambda torch, x, i: x.gather(0, i[0]),
        lambda torch, x, i: x.gather(1, i.double()),
        lambda torch, x, i: x.scatter(0, i, x[:1]),
        lambda torch, x, i: x.scatter(0, i, x.float()),
        lambda torch, x, i: x.scatter_reduce(0, i, x, "most"),
        lambda torch, x, i: x.index_select(0, torch.tensor([3])),
        lambda torch, x, i: x.index_select(0, i),
        lambda torch, x, i: x.index_add(0, i[0], x),
        lambda torch, x, i: x.index_copy(0, torch.tensor([7]), x[:1]),
        lambda torch, x, i: x.index_fill(0, torch.tensor([7]), 1.0),
        lambda torch, x, i: x.take(torch.tensor([50])),
        lambda torch, x, i: x.masked_fill(x, 1.0),
        lambda torch, x, i: x.masked_fill(i > 0, 1.0),
        lambda torch, x, i: x.masked_select(x),
        lambda torch, x, i: x.masked_scatter(torch.tensor([True] * 4), x[0]),
        lambda torch, x, i: torch.where(x, x, x),
        lambda torch, x, i: torch.take_along_dim(x, i[0], 0),
    ],
)
def test_errors(fn) -> None:
    values = np.linspace(0, 1, 12).reshape(3, 4)
    check_error([values, INDEX], lambda torch, x, i: fn(torch, x, torch.tensor(i.tolist())))


def test_in_place_forms() -> None:
    for library in (torch, torchlike):
        x, index = library.zeros(3, 2), library.tensor([0, 2])
        x.index_fill_(0, index, 1.0).masked_fill_(x > 0, 2.0).scatter_(0, index.view(1, 2), 5.0)
        x.index_add_(0, index, library.ones(2, 2)).index_put_((index, index - index), library.tensor(9.0))
        assert x.tolist() == [[9, 3], [0, 0], [9, 6]]


MISFITS = [
    "x[..., 9]", "x[0, 5]", "x[:, 7]", "x[0, 0, -7]", "x[m, 7]", "x[b, 5]", "x[None, 7]", "x[None, ..., 9]", "x[True, 7]",
    "x[..., None, 0, 9]", "x[None, torch.tensor(7)]", "x[0, b]", "x[None, 0, b]", "x[0, None, b]", "x[:, None, b]",
    "x[0, m]", "x[None, m.t()]", "x[True, b, b]", "x[b, b]", "x[1:, b]",
]  # fmt: skip


@pytest.mark.parametrize("index", MISFITS)
def test_what_does_not_fit_is_told_as_of_what_the_index_has_made_so_far(index: str):
    def get(torch, x):
        return eval(index, {"torch": torch}, {"x": x, "b": torch.tensor([True, False]), "m": torch.ones(2, 3) > 0})

    def put(torch, x):
        exec(index + " = 1", {"torch": torch}, {"x": x, "b": torch.tensor([True, False]), "m": torch.ones(2, 3) > 0})

    check_error([(2, 3, 4)], get)
    check_error([(2, 3, 4)], put)
