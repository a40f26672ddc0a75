"""Tensors that share memory: whatever is written in whatever way, each shows what its places hold, with its history."""

from __future__ import annotations

import copy
import ctypes
import pickle
import warnings

import numpy as np
import pytest

import torchlike
from torchlike._programs.settings import execution_mode

torch = pytest.importorskip("torch")


def outcome(library, program):
    """What a program gives in a library: its result, its error's type and sentence, and the warnings on the way."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            result = program(library)
        except (RuntimeError, TypeError, ValueError, BufferError) as error:
            result = type(error).__name__, str(error)
    return result, [str(each.message).split(" (Triggered")[0] for each in caught]


def agree(program, modes=("eager", "auto", "whole")) -> None:
    """The program does the same in both libraries, however it runs."""
    want = outcome(torch, program)
    for mode in modes:
        with execution_mode(mode):
            assert outcome(torchlike, program) == want, mode


def tracked(torch, *shape: int):
    """A leaf and a tensor made of it."""
    leaf = torch.ones(shape, requires_grad=True)
    return leaf, leaf * 2


# ---------------------------------------------------------------------- writing where elements share a place


def _written(start, *writes):
    """A program that writes through a view, and gives what is viewed."""

    def program(torch):
        x = start(torch)
        for write in writes:
            write(torch, x)
        return x.tolist()

    return program


def _row(torch):
    return torch.arange(3.0) + 1


def _eye(torch):
    return torch.eye(4, 3).bool()


EXPANDED = {
    "row": lambda torch, x: x.expand(4, 3)[2].fill_(7),
    "column": lambda torch, x: x.view(3, 1).expand(3, 2)[:, 1].add_(1),
    "window": lambda torch, x: x.unfold(0, 2, 1)[1].add_(1),
    "assigned window": lambda torch, x: x.unfold(0, 2, 1).__setitem__(1, torch.ones(2)),
    "strides": lambda torch, x: x.as_strided((2, 2), (1, 1))[1].add_(1),
    "assigned row": lambda torch, x: x.expand(4, 3).__setitem__(2, torch.arange(3.0)),
    "last": lambda torch, x: x[:1].expand(3).__setitem__(-1, 3.0),
    "grid": lambda torch, x: torch.meshgrid(x, x, indexing="ij")[0].__setitem__((slice(None), 1), torch.ones(3)),
    "fill": lambda torch, x: x.expand(4, 3).fill_(7),
    "zero": lambda torch, x: x[1:].expand(4, 2).zero_(),
    "masked_fill": lambda torch, x: x.expand(4, 3).masked_fill_(_eye(torch), 5.0),
    "index_put": lambda torch, x: x.expand(4, 3).index_put_((torch.tensor([1]), torch.tensor([2])), torch.tensor(5.0)),
    "index_fill": lambda torch, x: x.expand(4, 3).index_fill_(1, torch.tensor([1]), 5.0),
    "at tensors": lambda torch, x: x.expand(4, 3).__setitem__((torch.tensor([1]), torch.tensor([2])), 5.0),
    "add": lambda torch, x: x.expand(4, 3).add_(1),
    "copy": lambda torch, x: x.expand(4, 3).copy_(torch.ones(4, 3)),
    "all": lambda torch, x: x.expand(4, 3).__setitem__(slice(None), 5.0),
    "expanded column": lambda torch, x: x.expand(4, 3).__setitem__((slice(None), 1), 5.0),
    "scatter": lambda torch, x: x.expand(4, 3).scatter_(1, torch.zeros(4, 1, dtype=torch.long), 2.0),
    "masked_scatter": lambda torch, x: x.expand(4, 3).masked_scatter_(_eye(torch), torch.ones(12)),
    "index_add": lambda torch, x: x.expand(4, 3).index_add_(1, torch.tensor([1]), torch.ones(4, 1)),
    "normal": lambda torch, x: x.expand(4, 3).normal_(),
    "cumsum": lambda torch, x: x.expand(4, 3).cumsum_(0),
    "addmm": lambda torch, x: x.expand(4, 3).addmm_(torch.ones(4, 2), torch.ones(2, 3)),
    "out": lambda torch, x: torch.add(torch.ones(4, 3), 1, out=x.expand(4, 3)),
}


@pytest.mark.parametrize("name", EXPANDED)
def test_writing_where_elements_share_a_place(name: str) -> None:
    agree(_written(_row, EXPANDED[name]))


def _overlapping(torch):
    return torch.arange(18.0).view(6, 3)


READ = {
    "add": lambda torch, a, b: a.add_(b),
    "mul": lambda torch, a, b: a.mul_(b),
    "copy": lambda torch, a, b: a.copy_(b),
    "assign": lambda torch, a, b: a.__setitem__(slice(None), b),
    "assign an element": lambda torch, a, b: a.__setitem__(slice(None), b[0, 0]),
    "assign a row to all": lambda torch, a, b: a.__setitem__(Ellipsis, b[0]),
    "assign a row": lambda torch, a, b: a.__setitem__(1, b[0]),
    "lerp": lambda torch, a, b: a.lerp_(b, 0.5),
    "addcmul": lambda torch, a, b: a.addcmul_(b, torch.ones(4, 3)),
    "clamp": lambda torch, a, b: a.clamp_(b),
    "index_add": lambda torch, a, b: a.index_add_(0, torch.tensor([0, 2]), b[:2]),
    "scatter": lambda torch, a, b: a.scatter_(0, torch.zeros(2, 3, dtype=torch.long), b[:2]),
    "index_put": lambda torch, a, b: a.index_put_((torch.tensor([0, 2]),), b[:2]),
    "masked_fill": lambda torch, a, b: a.masked_fill_(torch.ones(4, 3).bool(), b[0, 0]),
    "addmm": lambda torch, a, b: a.addmm_(torch.ones(4, 4), torch.ones(4, 3)),
    "out of add": lambda torch, a, b: torch.add(b, 1, out=a),
    "out of exp": lambda torch, a, b: torch.exp(b, out=a),
    "out of sum": lambda torch, a, b: torch.sum(torch.ones(4, 3), 0, out=a[0]),
    "out of where": lambda torch, a, b: torch.where(torch.ones(4, 3).bool(), b, b, out=a),
    "the same": lambda torch, a, b: torch.add(a, 1, out=a),
    "the same, transposed": lambda torch, a, b: a[:3].add_(a[:3].t()),
    "another view of the same": lambda torch, a, b: a.add_(a.view(4, 3)),
}


@pytest.mark.parametrize("name", READ)
def test_what_is_read_must_not_be_written_in_part(name: str) -> None:
    agree(_written(_overlapping, lambda torch, x: READ[name](torch, x[:4], x[1:5])))


# ---------------------------------------------------------------------- histories


def _read_without_grad(torch):
    leaf, y = tracked(torch, 2)
    view = y[0]
    y += 1
    with torch.no_grad():
        view.item()
    (view * 5 + leaf.sum()).backward()
    return leaf.grad.tolist()


def _written_without_grad(torch):
    leaf, y = tracked(torch, 3)
    view = y[:2]
    with torch.no_grad():
        view.fill_(4)
    (view * view).sum().backward()
    return y.tolist(), view.tolist(), view.grad_fn.name(), leaf.grad.tolist()


def _expanded_history(torch):
    leaf, y = tracked(torch, 3)
    y.expand(2, 3)[1].mul_(5)
    y.sum().backward()
    return leaf.grad.tolist()


def _made_without_grad(torch):
    leaf, y = tracked(torch, 3)
    with torch.no_grad():
        view = y[:2]
    made = view * 3
    made.sum().backward()
    return view.requires_grad, view.grad_fn, view.is_leaf, view._is_view(), leaf.grad, view.grad


def _changed_after_made_without_grad(torch):
    _, y = tracked(torch, 3)
    with torch.no_grad():
        view = y[:2]
    view[:1].add_(1)


def _base_changed_after_made_without_grad(torch):
    _, y = tracked(torch, 3)
    with torch.no_grad():
        view = y[:2]
    y.mul_(2)
    shown = view.tolist(), view.requires_grad
    with pytest.raises(RuntimeError, match="its base or another view of its base has been modified inplace"):
        view * 2
    return shown


def _in_no_grad_altogether(torch):
    leaf = torch.zeros(3, requires_grad=True)
    with torch.no_grad():
        view = leaf[1:]
        view.add_(1)
    return leaf.tolist(), view.requires_grad


def _in_inference_mode(torch):
    _, y = tracked(torch, 3)
    with torch.inference_mode():
        view = y[:2]
    view.add_(1)


def _one_of_many(torch):
    _, y = tracked(torch, 3, 2)
    y.unbind()[1].add_(1)


def _view_of_one_of_many(torch):
    _, y = tracked(torch, 3, 2)
    y.split(1)[1][0].add_(1)


def _base_of_many(torch):
    _, y = tracked(torch, 3, 2)
    first = y.chunk(3)[0]
    y.add_(1)
    return first.tolist(), first.requires_grad, outcome(torch, lambda torch: first * 2)


def _one_of_many_untracked(torch):
    x = torch.zeros(3, 2)
    x.unbind()[1].add_(1)
    return x.tolist()


def _cut_by_hand(torch):
    leaf, y = tracked(torch, 4)
    y.tensor_split(2)[1].mul_(3)
    y.sum().backward()
    return leaf.grad.tolist()


def _base_off_the_tape(torch):
    leaf, y = tracked(torch, 3)
    view = y[:2]
    y.detach_()
    y.mul_(3)
    view.sum().backward()
    return view.requires_grad, view.is_leaf, view.grad_fn.name(), leaf.grad


def _base_requires_grad_later(torch):
    base = torch.ones(3)
    view = base[:2]
    base.requires_grad_()
    return view.requires_grad, view.is_leaf, view.grad_fn


def _drawn(torch):
    leaf, y = tracked(torch, 3)
    y.normal_()
    y.sum().backward()
    return y.grad_fn.name(), leaf.grad.tolist()


def _drawn_in_part(torch):
    leaf, y = tracked(torch, 3)
    y[:2].uniform_()
    y.sum().backward()
    return leaf.grad.tolist()


def _parameters_in_one(torch):
    flat = torch.nn.Parameter(torch.linspace(0.1, 0.6, 6))
    weight, bias = flat[:4].view(2, 2), flat[4:]
    x, losses = torch.ones(3, 2), []
    optimizer = torch.optim.SGD([flat], 0.1)
    for _ in range(3):
        optimizer.zero_grad()
        ((x @ weight + bias).pow(2).mean() + 0 * flat.sum()).backward(retain_graph=True)
        optimizer.step()
        with torch.no_grad():
            losses.append(round((x @ weight + bias).pow(2).mean().item(), 4))
    return losses


def _verdict_in_place(torch):
    leaf, y = tracked(torch, 3)
    leaf.logical_not_()
    y[1:].logical_and_(torch.zeros(2))
    (y * 3).sum().backward()
    return leaf.tolist(), y.tolist(), y.grad_fn.name(), leaf.grad.tolist()


HISTORIES = [
    _verdict_in_place,
    _read_without_grad,
    _written_without_grad,
    _expanded_history,
    _made_without_grad,
    _in_no_grad_altogether,
    _changed_after_made_without_grad,
    _base_changed_after_made_without_grad,
    _in_inference_mode,
    _one_of_many,
    _view_of_one_of_many,
    _base_of_many,
    _one_of_many_untracked,
    _cut_by_hand,
    _base_off_the_tape,
    _base_requires_grad_later,
    _drawn,
    _drawn_in_part,
    _parameters_in_one,
]


@pytest.mark.parametrize("program", HISTORIES, ids=lambda each: each.__name__)
def test_history_of_views(program) -> None:
    agree(program)


def test_a_view_cannot_leave_the_tape_alone() -> None:
    agree(lambda torch: torch.ones(3)[:2].detach_())


# ---------------------------------------------------------------------- ways to write that leave no mark


def _through_numpy(view):
    def program(torch):
        x = torch.zeros(4)
        seen = view(x)
        x.numpy()[...] = 7
        return x.tolist(), seen.tolist(), x._version

    return program


@pytest.mark.parametrize("view", [lambda x: x.view(2, 2), lambda x: x[0], lambda x: x.detach()[1:], lambda x: x[::2]])
def test_views_see_what_numpy_wrote(view) -> None:
    agree(_through_numpy(view))


def _transposed(torch):
    x = torch.zeros(2, 3)
    view = x[:]
    x.t_()
    view[0, 1] = 50
    return tuple(x.shape), x.stride(), x.tolist(), view.tolist()


def _replaced(torch):
    x = torch.zeros(2, 3)
    view = x.view(6)
    x.data = x.data.t()
    view[1] = 5
    return tuple(x.shape), x.tolist(), view.tolist()


def _row_of_transposed(torch):
    x = torch.zeros(2, 3)
    row = x[0]
    x.t_()
    row[1] = 5
    return x.tolist()


def _set_to_itself(torch):
    x = torch.arange(6.0)
    view = x[1:3]
    x.set_(x[3:])
    view.fill_(9)
    x[0] = 7
    return x.tolist(), view.tolist()


def _strided(torch):
    x = torch.arange(6.0)
    view = x[1:3]
    x.as_strided_((2, 2), (1, 2)).unsqueeze_(0).squeeze_(0).transpose_(0, 1).swapaxes_(0, 1)
    view.fill_(9)
    return x.tolist(), x.stride(), view.tolist()


def _tracked_and_transposed(torch):
    leaf, y = tracked(torch, 3, 2)
    row = y[0]
    y.t_()
    row.mul_(5)
    (y * torch.arange(6.0).view(2, 3)).sum().backward()
    return y.tolist(), leaf.grad.tolist()


@pytest.mark.parametrize(
    "program",
    [_transposed, _replaced, _row_of_transposed, _set_to_itself, _strided, _tracked_and_transposed],
    ids=lambda each: each.__name__,
)
def test_a_tensor_that_sees_its_memory_otherwise_leaves_views_alone(program) -> None:
    agree(program)


def _versions(torch):
    x = torch.zeros(3)
    data, other, view = x.data, x.detach(), x[1:]
    x.add_(1)
    data.add_(1)
    other[:1].add_(1)
    view.add_(1)
    x.numpy()[0] = 4
    counts = [each._version for each in (x, data, other, view, x.data)]
    x.data = torch.ones(3)
    x.add_(1)
    return counts, x._version, x.tolist(), view.tolist()


def test_versions() -> None:
    agree(_versions)


# ---------------------------------------------------------------------- memory that others see


def _address(torch):
    x = torch.arange(6.0)
    part = x[2:5]
    there = (ctypes.c_float * 3).from_address(part.data_ptr())
    before = list(there)
    x.mul_(2)
    between = list(there)
    there[0] = -1.0
    same = (
        x.data_ptr() == x.untyped_storage().data_ptr() == part.untyped_storage().data_ptr() == x.view(2, 3).data_ptr()
    )
    return before, between, x.tolist(), part.tolist(), part.data_ptr() - x.data_ptr(), same, x[6:].data_ptr()


def _dlpack(torch):
    x = torch.arange(4.0)
    array = np.from_dlpack(x[1:])
    array[0] = 7
    x[3] = 8
    other = torch.from_dlpack(array)
    other[1] = 9
    return x.tolist(), array.tolist()


def _parts_as_arrays(torch):
    x = torch.zeros(2, dtype=torch.complex64)
    x.real.numpy()[0] = 5
    x.imag.numpy()[1] = 4
    torch.view_as_real(x).numpy()[1, 0] = 3
    bits = torch.ones(2)
    bits.view(torch.int32).numpy()[0] = 0
    return x.tolist(), torch.view_as_real(x).tolist(), bits.tolist()


def _strided_array(torch):
    array = np.arange(12.0)
    every, rows = torch.from_numpy(array[1::3]), torch.from_numpy(array.reshape(3, 4)[:, 1:3].T)
    every.mul_(10)
    rows[0] = -1.0
    array[4] = 100
    return array.tolist(), every.tolist(), every.stride(), rows.tolist(), rows.stride(), rows.is_contiguous()


def _arrays_of_views(torch):
    x = torch.zeros(2, 3)
    arrays = [x.t().numpy(), x[:, 1].numpy(), x.view(-1)[1::2].numpy(), torch.zeros(3).expand(2, 3).numpy()]
    x[0, 1] = 5
    return [(each.tolist(), each.strides) for each in arrays]


def _copied_buffer(torch):
    buffer = bytearray(4)
    copy, shared = torch.asarray(buffer, dtype=torch.uint8, copy=True), torch.asarray(buffer, dtype=torch.uint8)
    buffer[0] = 9
    return copy.tolist(), shared.tolist()


def _deepcopied(torch):
    x = torch.arange(6.0)
    whole, part, across = copy.deepcopy([x, x[1:3], x.view(2, 3).t()])
    part.fill_(9)
    return x.tolist(), whole.tolist(), across.tolist(), part.storage_offset(), across.stride(), part._is_view()


def _deepcopied_module(torch):
    torch.manual_seed(0)
    module = torch.nn.Linear(2, 2)
    module.register_buffer("first", module.weight.detach()[0])
    other = copy.deepcopy(module)
    with torch.no_grad():
        other.weight.fill_(3)
    return other.first.tolist(), other.weight.requires_grad


def _pickled(torch):
    x = torch.arange(6.0)
    whole, part, across = pickle.loads(pickle.dumps([x, x[1:3], x.view(2, 3).t()]))
    part.fill_(9)
    return x.tolist(), whole.tolist(), across.tolist(), part.storage_offset(), across.stride()


def _copied(torch):
    x = torch.arange(3.0, requires_grad=True)
    shared, made = copy.copy(x), copy.copy(x * 2)
    shared.detach().fill_(9)
    return x.tolist(), shared.is_leaf, shared.requires_grad, shared is x, made.is_leaf, made.requires_grad


def _grown(torch):
    x = torch.zeros(4)
    part = x[:2]
    part.resize_(8).fill_(3)
    x[0] = 5
    return x.tolist(), part.tolist(), part.stride()


def _resized(torch):
    x = torch.arange(6.0).view(2, 3)
    across, part = x.t(), x.view(6)[2:4]
    part.resize_(3).fill_(-1)
    x.resize_(3)
    x[0] = 8
    return x.tolist(), across.tolist(), part.tolist(), part.storage_offset()


def _out_of_view(torch):
    x = torch.zeros(6)
    ones = torch.ones(3)
    torch.add(ones, 1, out=x[:3])
    torch.mul(ones, 5, out=x[3:].view(3, 1).t())
    empty = x[:0]
    torch.add(ones, 6, out=empty)
    return x.tolist(), empty.tolist()


def _grad_by_its_other_name(torch):
    x = torch.ones(2, requires_grad=True)
    x._grad = torch.full((2,), 4.0)
    return x.grad.tolist(), x._grad.tolist()


def _out_of_leaf(torch):
    leaf = torch.zeros(0, 2, requires_grad=True)
    with torch.no_grad():
        torch.add(torch.ones(2, 2), 1, out=leaf)
    return leaf.tolist(), leaf.requires_grad


SEEN = [
    _out_of_leaf,
    _address,
    _dlpack,
    _parts_as_arrays,
    _strided_array,
    _arrays_of_views,
    _copied_buffer,
    _deepcopied,
    _deepcopied_module,
    _pickled,
    _copied,
    _grown,
    _resized,
    _out_of_view,
    _grad_by_its_other_name,
]


@pytest.mark.parametrize("program", SEEN, ids=lambda each: each.__name__)
def test_memory_that_others_see(program) -> None:
    agree(program)


@pytest.mark.parametrize("array", [np.zeros(3, dtype=[("x", "f4"), ("y", "f8")])["y"], np.arange(3.0)[::-1]])
def test_arrays_that_no_strides_tell_are_refused(array) -> None:
    agree(lambda torch: torch.from_numpy(array).shape)


# ---------------------------------------------------------------------- signs


def _complex(torch):
    return torch.tensor([1 + 2j, 3 - 1j])


def _conjugated(torch):
    z = _complex(torch)
    view = z.conj()
    view.add_(1j)
    view[0] = 5 + 5j
    view.imag.add_(1)
    made = [view, view.conj(), view[:1], view.detach(), view.contiguous(), view.clone(), view * 2, view.resolve_conj()]
    return z.tolist(), [(each.tolist(), each.is_conj()) for each in made], view._is_view()


def _negated(torch):
    z = _complex(torch)
    view = z.conj().imag
    view.mul_(3)
    made = [view, view[:1], view.view(1, 2), view.clone(), view + 1, view.resolve_neg(), z.conj().real]
    return z.tolist(), [(each.tolist(), each.is_neg()) for each in made]


def _adjoint(torch):
    z = _complex(torch).view(1, 2)
    z.mH.mul_(2)
    return z.tolist(), z.H.is_conj(), z.adjoint().stride()


def _conjugated_history(torch):
    leaf = torch.tensor([1 + 2j, 3j], requires_grad=True)
    y = leaf * 2
    y.conj()[0] *= 3j
    (y * y.conj()).sum().real.backward()
    return leaf.grad.tolist()


SIGNS = [
    _conjugated,
    _negated,
    _adjoint,
    _conjugated_history,
    lambda torch: _complex(torch).conj().numpy(),
    lambda torch: _complex(torch).conj().imag.numpy(),
    lambda torch: torch.view_as_real(_complex(torch).conj()),
    lambda torch: _complex(torch).conj().view(torch.float32),
    lambda torch: _complex(torch).conj().imag.view(torch.int32),
    lambda torch: _complex(torch).conj().__dlpack__(),
    lambda torch: _complex(torch).conj().numpy(force=True).tolist(),
    lambda torch: torch._neg_view(torch.ones(2)).tolist(),
    lambda torch: copy.deepcopy(_complex(torch).conj()).tolist(),
    lambda torch: pickle.loads(pickle.dumps(_complex(torch).conj())).is_conj(),
]


@pytest.mark.parametrize("program", SIGNS, ids=range(len(SIGNS)))
def test_signs_of_views(program) -> None:
    agree(program)


def test_one_element_as_another_dtype() -> None:
    agree(lambda torch: torch.tensor(1 + 2j).view(torch.float64).item())
    agree(
        lambda torch: [
            torch.tensor(1.5).view(torch.int32).item(),
            torch.tensor(2.0).double().view(torch.complex64).item(),
        ]
    )


def test_nothing_as_another_dtype() -> None:
    agree(lambda torch: [tuple(torch.zeros(2, 6)[:0].view(each).shape) for each in (torch.uint8, torch.float64)])


def test_another_dtype_has_no_history() -> None:
    def program(torch):
        _, y = tracked(torch, 4)
        seen = y.view(torch.float64)
        y.detach().view(torch.int32)[0] = 0
        return seen.requires_grad, seen._is_view(), y.view(torch.float32).requires_grad, y.tolist(), y._version

    agree(program)


# ---------------------------------------------------------------------- tensors of inference mode


def _made_there(torch):
    with torch.inference_mode():
        return torch.ones(2)


def _told(torch):
    there, normal = _made_there(torch), torch.ones(3)
    with torch.inference_mode():
        view, made = normal[:2], normal * 2
        there.add_(1)
    every = [there, there[0], there + 1, there.clone(), there.detach(), there.view(2, 1), view, made, normal]
    return [each.is_inference() for each in every], view._is_view(), there.tolist()


def _leaf(torch):
    return torch.ones(2, requires_grad=True)


INFERENCE = [
    _told,
    lambda torch: _leaf(torch) * _made_there(torch),
    lambda torch: (_leaf(torch) + _made_there(torch)).tolist(),
    lambda torch: (_leaf(torch) * 2).mul_(_made_there(torch)),
    lambda torch: _made_there(torch).add_(1),
    lambda torch: torch.nn.functional.linear(_leaf(torch)[None], _made_there(torch)[None]),
    lambda torch: (_leaf(torch) * _made_there(torch).clone()).tolist(),
    lambda torch: _made_there(torch)._version,
    lambda torch: _made_there(torch).requires_grad_(),
    lambda torch: (_made_there(torch) * 2).sum().item(),
    lambda torch: torch.cat([_leaf(torch), _made_there(torch)]).tolist(),
]


@pytest.mark.parametrize("program", INFERENCE, ids=range(len(INFERENCE)))
def test_tensors_of_inference_mode(program) -> None:
    agree(program)


# ---------------------------------------------------------------------- numbers in the order of memory


def _sources(torch):
    x = torch.zeros(20, 6)
    return [x, x.t(), x.view(4, 5, 6).permute(2, 0, 1), x.t()[::2], torch.zeros(6).expand(3, 6), x.view(2, 3, 4, 5).mT]


LIKE = {
    "rand": lambda torch, x: torch.rand_like(x),
    "randn": lambda torch, x: torch.randn_like(x),
    "randint": lambda torch, x: torch.randint_like(x, 2, 9),
    "another dtype": lambda torch, x: torch.randn_like(x, dtype=torch.float64),
    "contiguous": lambda torch, x: torch.rand_like(x, memory_format=torch.contiguous_format),
    "zeros": lambda torch, x: torch.zeros_like(x),
}


@pytest.mark.parametrize("name", LIKE)
def test_numbers_like_a_tensor_come_in_the_order_of_its_memory(name: str) -> None:
    def program(torch):
        torch.manual_seed(3)
        made = [LIKE[name](torch, each) for each in _sources(torch)]
        return [(each.tolist(), each.stride()) for each in made]

    agree(program, ["auto"])
