"""Views share memory: what is written through one shows in all, as in PyTorch."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import torchlike
from tests.support import check_error, check_op
from torchlike._programs.settings import execution_mode

torch = pytest.importorskip("torch")


# ---------------------------------------------------------------------- writing through views


WRITES = [
    lambda x: x.t().add_(1),
    lambda x: x.view(-1).add_(1),
    lambda x: x[0].fill_(7),
    lambda x: x[0].zero_(),
    lambda x: x.diagonal().fill_(7),
    lambda x: x.chunk(2)[0].add_(1),
    lambda x: x.split([1, 3])[1].mul_(2),
    lambda x: x.unbind(1)[2].fill_(5),
    lambda x: x.detach().add_(1),
    lambda x: x.data.add_(1),
    lambda x: x.view(-1).unfold(0, 2, 5).fill_(9),  # gaps between the windows keep what was there
    lambda x: x[::2, 1::2].mul_(-1),
    lambda x: x.permute(1, 0)[2].fill_(3),
    lambda x: x.unsqueeze(0).squeeze().transpose(0, 1).narrow(0, 1, 2).add_(100),
    lambda x: x.as_strided((2, 2), (5, 1), 1).fill_(8),
    lambda x: x.flatten()[3:9].copy_(x.flatten()[9:15].clone()),
    lambda x: x.expand(1, 4, 6)[0, 1].fill_(2),
    lambda x: x.unflatten(1, (2, 3))[:, 1].fill_(4),
    lambda x: x.t()[1:3].t()[2:].zero_(),
    lambda x: x.view(2, 12)[:, ::5].sub_(1),
    lambda x: x.movedim(0, 1)[..., -1].fill_(6),
    lambda x: x[None, 1:3, :, None].fill_(1.5),
    lambda x: x[2, 3].fill_(42),
    lambda x: x[:, 0].expand(5, 4).fill_(3),  # of all overlapping writes PyTorch allows this one
]


@pytest.mark.parametrize("how", ["eager", "auto", "whole"])
@pytest.mark.parametrize("write", WRITES, ids=range(len(WRITES)))
def test_write_shows_in_the_viewed_tensor(write, how: str) -> None:
    array = np.arange(24.0).reshape(4, 6)
    want, got = torch.tensor(array), torchlike.tensor(array)
    write(want)
    with execution_mode(how):
        write(got)
        assert got.tolist() == want.tolist()


def test_views_see_writes_to_the_viewed_tensor() -> None:
    for library in (torch, torchlike):
        x = library.arange(6.0)
        row, column = x[1:3], x.view(2, 3).t()
        x.mul_(10)
        assert row.tolist() == [10, 20]
        assert column.tolist() == [[0, 30], [10, 40], [20, 50]]
        row[0] = -1.0
        assert column[1].tolist() == [-1, 40]


def test_swap_of_views() -> None:
    for library in (torch, torchlike):
        a, b = library.tensor([1.0, 2.0]), library.tensor([3.0, 4.0])
        a[:], b[:] = b.clone(), a.clone()
        assert (a.tolist(), b.tolist()) == ([3, 4], [1, 2])


def test_data_replaces_the_memory_of_this_tensor_alone() -> None:
    for library in (torch, torchlike):
        x = library.zeros(3)
        view = x[:2]
        x.data = library.ones(3)
        assert (x.tolist(), view.tolist()) == ([1, 1, 1], [0, 0])
        x.data.add_(1)
        assert x.tolist() == [2, 2, 2]


@pytest.mark.parametrize("write", [lambda x: x.expand(3, 2).add_(1), lambda x: x.unfold(0, 2, 1).add_(1)])
def test_overlapping_writes_are_refused(write) -> None:
    check_error([np.ones((1, 2), np.float32)], lambda torch, x: write(x if x.shape[0] == 3 else x[:, :1].expand(3, 2)))


def test_views_survive_a_flush() -> None:
    x = torchlike.zeros(2, 2)
    column = x[:, 0]
    assert x.tolist() == [[0, 0], [0, 0]]
    column += 1
    assert x.tolist() == [[1, 0], [1, 0]]


# ---------------------------------------------------------------------- random chains of views


def _view_of(draw, shape: tuple[int, ...]):
    """A random view of a tensor of this shape, as a function on tensors of either library."""
    ndim = len(shape)
    kinds = ["unsqueeze", "slice", "select", "permute", "diagonal", "unfold", "flatten", "squeeze"]
    kind = draw(st.sampled_from(kinds if ndim > 1 else ["unsqueeze", "slice", "squeeze"]))
    dim = draw(st.integers(-ndim, ndim - 1)) if ndim else 0
    size = shape[dim] if ndim else 1
    if kind == "slice" and ndim:
        start = draw(st.integers(0, size))
        part = slice(start, draw(st.integers(start, size)), draw(st.integers(1, 3)))
        return lambda x: x[(slice(None),) * (dim % ndim) + (part,)]
    if kind == "select" and size:
        index = draw(st.integers(-size, size - 1))
        return lambda x: x.select(dim, index)
    if kind == "permute":
        order = draw(st.permutations(range(ndim)))
        return lambda x: x.permute(*order)
    if kind == "diagonal":
        offset = draw(st.integers(-1, 1))
        return lambda x: x.diagonal(offset, 0, -1)
    if kind == "unfold" and size:
        window = draw(st.integers(1, size))
        # windows leave a gap: writes do not overlap
        return lambda x: x.unfold(dim, window, window + 1)
    if kind == "flatten":
        return lambda x: x.reshape(-1) if x.is_contiguous() else x
    if kind == "squeeze":
        return lambda x: x.squeeze()
    return lambda x: x.unsqueeze(-1)


@given(st.data())
@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_get_put_and_strides_of_random_chains(data) -> None:
    shape = data.draw(st.tuples(*[st.integers(1, 4)] * 3), label="shape")
    array = np.arange(np.prod(shape), dtype=np.float64).reshape(shape)
    want, got = torch.tensor(array), torchlike.tensor(array)
    seen, felt = want, got
    for _ in range(data.draw(st.integers(1, 3), label="length")):
        step = _view_of(data.draw, tuple(seen.shape))
        seen, felt = step(seen), step(felt)
    assert tuple(felt.shape) == tuple(seen.shape)
    assert felt.tolist() == seen.tolist()
    if seen.numel():
        assert felt.storage_offset() == seen.storage_offset()
        sizes = tuple(seen.shape)
        relevant = [dim for dim in range(len(sizes)) if sizes[dim] > 1]
        assert [felt.stride(dim) for dim in relevant] == [seen.stride(dim) for dim in relevant]
    seen.mul_(-1).sub_(3)
    felt.mul_(-1).sub_(3)
    assert got.tolist() == want.tolist()


# ---------------------------------------------------------------------- values, strides, gradients, errors


VIEWS = [
    lambda torch, x: x.view(6, 4),
    lambda torch, x: x.reshape(-1, 2),
    lambda torch, x: torch.transpose(x, 0, -1),
    lambda torch, x: x.permute(2, 0, 1),
    lambda torch, x: torch.movedim(x, (0, 1), (1, 2)),
    lambda torch, x: x[:, :1].expand(2, 5, 4),
    lambda torch, x: x.diagonal(1, 1, 2),
    lambda torch, x: x.unfold(2, 2, 1),
    lambda torch, x: torch.flatten(x, 1),
    lambda torch, x: x.unflatten(2, (2, -1)),
    lambda torch, x: torch.chunk(x, 3, 2),
    lambda torch, x: torch.split(x, [1, 2], 1),
    lambda torch, x: torch.tensor_split(x, 3, 2),
    lambda torch, x: x.unbind(1),
    lambda torch, x: torch.hsplit(x, 3),
    lambda torch, x: x.narrow(1, 1, 2),
    lambda torch, x: x.select(1, -1),
    lambda torch, x: x.as_strided((2, 3), (1, 2), 3),
    lambda torch, x: x.t() if x.ndim < 3 else x.mT,
    lambda torch, x: torch.atleast_3d(x[0, 0]),
    lambda torch, x: torch.broadcast_tensors(x, x[0, 0])[1],
    lambda torch, x: x[..., None, 0],
    lambda torch, x: torch.swapaxes(x, 0, 1)[1:].contiguous(),
    lambda torch, x: torch.ravel(x.transpose(0, 1)),
]


@pytest.mark.parametrize("view", VIEWS, ids=range(len(VIEWS)))
def test_views_against_torch(view) -> None:
    check_op([(2, 3, 4)], view, dtype="float64", orders=2, strides=True)


def test_complex_views() -> None:
    check_op([(2, 3)], lambda torch, x: (x.real, x.imag, torch.view_as_real(x)), dtype="complex128", strides=True)
    check_op([(3, 2)], lambda torch, x: torch.view_as_complex(x), dtype="float64")
    for library in (torch, torchlike):
        x = library.zeros(2, dtype=library.complex64)
        x.real.fill_(2)
        x.imag = library.ones(2)
        library.view_as_real(x)[0, 1] = 5.0
        assert x.tolist() == [2 + 5j, 2 + 1j]


@pytest.mark.parametrize("dtype", ["int32", "int16", "float64", "uint8", "complex64"])
def test_view_as_another_dtype(dtype: str) -> None:
    array = np.arange(8, dtype=np.float32).reshape(2, 4)
    want = torch.tensor(array).view(getattr(torch, dtype))
    got = torchlike.tensor(array).view(getattr(torchlike, dtype))
    assert got.tolist() == want.tolist()
    assert got.stride() == want.stride()
    want.view(-1)[0] = got.view(-1)[0] = 1


@pytest.mark.parametrize(
    "call",
    [
        lambda torch, x: x.t().view(-1),
        lambda torch, x: x.view(5),
        lambda torch, x: x.view(-1, -1),
        lambda torch, x: x.expand(4),
        lambda torch, x: x.expand(2, 2),
        lambda torch, x: x.permute(0, 0),
        lambda torch, x: x.transpose(0, 2),
        lambda torch, x: x[None].t(),
        lambda torch, x: x.diagonal(0, 1, 1),
        lambda torch, x: x.unfold(0, 4, 1),
        lambda torch, x: x.split(0),
        lambda torch, x: x.split([1, 1]),
        lambda torch, x: x.chunk(0),
        lambda torch, x: x.narrow(0, 1, 5),
        lambda torch, x: x.select(0, 5),
        lambda torch, x: x.unflatten(1, (2, 3)),
        lambda torch, x: x.as_strided((20, 2), (1, 1)),
        lambda torch, x: x.squeeze(3),
        lambda torch, x: x.flatten(1, 0),
        lambda torch, x: (x.requires_grad_() * 1).unbind()[0].add_(1),
        lambda torch, x: x.requires_grad_()[0].add_(1),
    ],
)
def test_errors(call) -> None:
    check_error([np.arange(12, dtype=np.float32).reshape(3, 4)], call)


def test_a_view_of_memory_that_is_shared_keeps_its_history() -> None:
    seen = []
    for library in (torch, torchlike):
        x = library.ones(2, 3, requires_grad=True) * 1
        view = x.t()
        shared = x.detach().numpy()
        shared[0, 0] = 5
        (gradient,) = library.autograd.grad((view * view).sum(), x)
        before = view.grad_fn.name()
        x.add_(1)
        seen.append((before, view.grad_fn.name(), view.tolist(), gradient.tolist()))
    assert seen[0] == seen[1]


@pytest.mark.parametrize(
    "read", ["a > 0", "a.logical_not()", "a.argmax()", "torch.isnan(input=a)", "a.int()", "a.detach()"]
)
def test_what_has_no_gradient_reads_views_whose_history_is_lost(read: str) -> None:
    for library in (torch, torchlike):
        y = library.ones(4, requires_grad=True) * 1
        a, _ = y.chunk(2)
        y.add_(1)
        assert not eval(read, {"torch": library, "a": a}).requires_grad
        with pytest.raises(RuntimeError, match="base or another view of its base has been modified inplace"):
            a * 2


def test_in_place_views_change_the_tensor_itself() -> None:
    for library in (torch, torchlike):
        x = library.arange(6.0).view(2, 3).clone()
        row = x[0]
        assert x.t_() is x
        assert (tuple(x.shape), x.stride()) == ((3, 2), (1, 3))
        x[0, 0] = 9.0
        assert row.tolist() == [9, 1, 2]
        assert tuple(x.unsqueeze_(0).squeeze_(0).transpose_(0, 1).shape) == (2, 3)


def test_gradients_of_writes_through_views() -> None:
    def fn(torch, x, y):
        z = x * 2
        z[0] = y
        z.t()[1].mul_(3)
        z.view(-1)[2:5] += y.sum()
        return z

    check_op([(3, 2), (2,)], fn, dtype="float64")


EMPTY = [
    lambda x: x[3:], lambda x: x[1:1], lambda x: x[:, 1:1], lambda x: x[2:1, 2:], lambda x: x[1:1:2], lambda x: x[9:],
    lambda x: x.narrow(1, 4, 0), lambda x: x.split([1, 0, 2])[1], lambda x: x.tensor_split(5)[4], lambda x: x[1, 2:2],
    lambda x: x[:0, 1:3], lambda x: x[1:1][:, 2], lambda x: x.t()[2:2], lambda x: x[2:2].unsqueeze(0),
]  # fmt: skip


@pytest.mark.parametrize("view", EMPTY, ids=range(len(EMPTY)))
def test_where_empty_views_lie_is_where_results_go(view) -> None:
    def put(torch, *_):
        x = torch.arange(12.0).view(3, 4)
        part = view(x)
        lay = part.storage_offset(), part.stride()
        torch.add(torch.full((2,), 0.5), 1, out=part)
        return x, part, torch.tensor([*lay[1], lay[0], part.storage_offset()])

    check_op([], put, grad=False)


def test_views_that_take_another_shape_remain_views() -> None:
    def resize(torch, *_):
        x = torch.zeros(6)
        part = x[2:4]
        versions = []
        for shape in ((2,), (3,), (1, 2)):
            part.resize_(shape)
            versions.append(part._version)
        part.add_(1)
        assert part._is_view()
        assert part._base is x
        return x, torch.tensor([*versions, x._version])

    check_op([], resize, grad=False)


def test_elements_of_memory_that_is_no_multiple_of_theirs() -> None:
    def reinterpreted(torch, *_):
        x = torch.arange(3, dtype=torch.float16)
        wide = x[:2].view(torch.int32)
        array = x.numpy()
        array[0] = 2
        wide += 1
        return x, wide

    check_op([], reinterpreted, grad=False)


@pytest.mark.parametrize("change", ["t_()", "transpose_(0, 1)", "unsqueeze_(0)", "squeeze_()"])
def test_a_tensor_that_is_seen_otherwise_without_history_keeps_its_own(change: str) -> None:
    def changed(torch, x):
        made = x * 2
        with torch.no_grad():
            eval("x." + change, {"x": made})
            eval("x." + change, {"x": x})
        raise ValueError(x.requires_grad, x.is_leaf, made.requires_grad, made.grad_fn.name(), made.shape)

    check_error([(2, 3)], lambda torch, x: changed(torch, x.requires_grad_()))


def test_a_leaf_that_requires_grad_takes_no_other_memory() -> None:
    check_error([(2,)], lambda torch, x: x.requires_grad_().set_(torch.ones(3)))


def test_what_is_empty_is_contiguous() -> None:
    for view in (lambda x: x[:, :, 2:].permute(2, 1, 0), lambda x: x[1:].transpose(0, 2), lambda x: x[:, 1:1, ::2]):
        x, y = (view(library.zeros(1, 2, 2)) for library in (torch, torchlike))
        assert x.is_contiguous() and y.is_contiguous()
        assert y.flatten().shape == x.flatten().shape


@pytest.mark.parametrize(
    ("shape", "strides"),
    [
        ((1, 3), (99, 1)),
        ((3, 1), (1, 99)),
        ((1, 1), (7, 5)),
        ((2, 1, 3), (3, 99, 1)),
        ((2, 1, 3), (4, 99, 1)),
        ((1, 3), (1, 2)),
    ],
)
def test_strides_of_single_rows_do_not_matter(shape, strides):
    def fn(torch, x):
        y = x.as_strided(shape, strides)
        return y.is_contiguous(), y.contiguous().data_ptr() == y.data_ptr(), y.reshape(-1), y.contiguous().stride()

    check_op([(12,)], fn, grad=False)
