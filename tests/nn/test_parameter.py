"""`nn.Parameter` and `nn.Buffer`, against PyTorch."""

from __future__ import annotations

import copy
import pickle

import pytest

from tests.nn.compare import det, error, same

CASES = []


def case(fn):
    CASES.append(fn)
    return fn


def names(pairs):
    return [name for name, _ in pairs]


@case
def parameter(torch):
    data = det(torch, 3)
    made = torch.nn.Parameter(data)
    frozen = torch.nn.Parameter(data, requires_grad=False)
    with torch.no_grad():
        made[0] = 5.0
        within = torch.nn.Parameter(torch.ones(1))
    return [made, frozen, within, data, repr(made), repr(frozen), str(made), made.is_leaf]


@case
def parameter_of_nothing(torch):
    return [torch.nn.Parameter(), repr(torch.nn.Parameter()), torch.nn.Parameter(None, False)]


@case
def parameter_of_a_parameter(torch):
    first = torch.nn.Parameter(torch.ones(2))
    again = torch.nn.Parameter(first)
    return [again, again is first, again.data_ptr() == first.data_ptr()]


@case
def parameter_of_integers(torch):
    return [
        error(torch.nn.Parameter, torch.ones(2, dtype=torch.int64)),
        torch.nn.Parameter(torch.ones(2, dtype=torch.int64), requires_grad=False),
    ]


@case
def parameter_of_a_result(torch):
    made = torch.nn.Parameter(torch.ones(2, requires_grad=True) * 2)
    return [made, made.is_leaf, made.grad_fn is None]


@case
def operations_on_a_parameter_are_tensors(torch):
    made = torch.nn.Parameter(torch.ones(2, 2))
    return [made * 2, made.data, made.detach(), made.t(), made[0], made.clone(), made.double(), made.view(4)]


@case
def what_a_parameter_is(torch):
    parameter, tensor = torch.nn.Parameter(torch.ones(1)), torch.ones(1)
    kinds = [torch.nn.Parameter, torch.Tensor, torch.nn.Buffer]
    return [[isinstance(each, kind) for kind in kinds] for each in (parameter, tensor, torch.nn.Buffer(tensor), 1)]


@case
def parameter_of_a_subclass(torch):
    class Own(torch.Tensor):
        pass

    made = torch.nn.Parameter(torch.ones(2).as_subclass(Own))
    module = torch.nn.Module()
    module.own = made
    return [
        type(made).__name__,
        isinstance(made, torch.nn.Parameter),
        made.requires_grad,
        names(module.named_parameters()),
    ]


@case
def subclass_of_parameter(torch):
    class Own(torch.nn.Parameter):
        pass

    made = Own(torch.ones(2))
    return [type(made).__name__, isinstance(made, torch.nn.Parameter), type(copy.deepcopy(made)).__name__]


@case
def copies_of_a_parameter(torch):
    made = torch.nn.Parameter(det(torch, 2), requires_grad=False)
    made.note, made.grad = "mine", torch.ones(2)
    deep, loaded = copy.deepcopy(made), pickle.loads(pickle.dumps(made))
    with torch.no_grad():
        made.zero_()
    return [deep, deep.grad, hasattr(deep, "note"), loaded, loaded.note, loaded.grad, made]


@case
def copies_of_two_parameters_stay_tied(torch):
    made = torch.nn.Parameter(det(torch, 2))
    first, second = copy.deepcopy([made, made])
    return first is second


@case
def buffer(torch):
    made = torch.nn.Buffer(torch.ones(2))
    module = torch.nn.Module()
    module.kept, module.scratch = made, torch.nn.Buffer(torch.zeros(1), persistent=False)
    module.kept = torch.full((2,), 3.0)
    return [repr(made), module.state_dict(), names(module.named_buffers()), torch.nn.Buffer(), made.persistent]


@pytest.mark.parametrize("fn", CASES, ids=lambda fn: fn.__name__)
def test_as_in_pytorch(fn) -> None:
    same(fn)
