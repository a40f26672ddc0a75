"""Memory that others see, elements that are read with another sign, tensors of inference mode."""

from __future__ import annotations

import copy
import ctypes
import pickle

import numpy as np
import pytest

from tests.memory import agree, tracked

torch = pytest.importorskip("torch")


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
