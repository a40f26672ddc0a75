"""Subclasses of tensors, ``__torch_function__`` and modes, as PyTorch has them."""

from __future__ import annotations

import copy
import pickle

import numpy as np
import pytest

import torchlike
from tests.support import reference

LIBRARIES = [torchlike, reference()]


def subclass(torch, name="Sub", base=None, **attributes):
    return type(name, (base or torch.Tensor,), attributes)


def logged(torch):
    """A subclass that keeps what its ``__torch_function__`` is told."""
    told = []

    def answer(cls, func, types, args=(), kwargs=None):
        names = None if kwargs is None else sorted(kwargs)
        told.append((torch.overrides.resolve_name(func), [each.__name__ for each in types], len(args), names))
        return super(kind, cls).__torch_function__(func, types, args, kwargs)

    kind = subclass(torch, "Logged", __torch_function__=classmethod(answer))
    return kind, told


PRODUCTS = {
    "a + 1": lambda torch, a: a + 1,
    "1 + a": lambda torch, a: 1 + a,
    "1 - a": lambda torch, a: 1 - a,
    "1 / a": lambda torch, a: 1 / a,
    "a * a": lambda torch, a: a * a,
    "a ** 2": lambda torch, a: a**2,
    "2 ** a": lambda torch, a: 2**a,
    "-a": lambda torch, a: -a,
    "a == a": lambda torch, a: a == a,
    "a @ a": lambda torch, a: a @ a,
    "plain + a": lambda torch, a: torch.ones(2) + a,
    "a += 1": lambda torch, a: a.__iadd__(1),
    "torch.add": lambda torch, a: torch.add(a, a, alpha=2),
    "add": lambda torch, a: a.add(1),
    "plain.add(a)": lambda torch, a: torch.ones(2).add(a),
    "sum": lambda torch, a: a.sum(),
    "max": lambda torch, a: a.max(0),
    "view": lambda torch, a: a.view(2, 1),
    "T": lambda torch, a: a.view(1, 2).T,
    "data": lambda torch, a: a.data,
    "detach": lambda torch, a: a.detach(),
    "shape": lambda torch, a: a.shape,
    "size": lambda torch, a: a.size(),
    "dim": lambda torch, a: a.dim(),
    "dtype": lambda torch, a: a.dtype,
    "len": lambda torch, a: len(a),
    "numpy": lambda torch, a: a.numpy(),
    "item": lambda torch, a: a[0].item(),
    "bool": lambda torch, a: bool(a[0]),
    "a[0]": lambda torch, a: a[0],
    "a[a > 1]": lambda torch, a: a[a > 1],
    "plain[a]": lambda torch, a: torch.ones(4)[a.long()],
    "a[0] = 1": lambda torch, a: a.__setitem__(0, 1),
    "plain[0] = a": lambda torch, a: torch.ones(2).__setitem__(slice(None), a),
    "cat": lambda torch, a: torch.cat([torch.ones(1), a]),
    "stack": lambda torch, a: torch.stack((a, a)),
    "out": lambda torch, a: torch.add(torch.ones(2), 1, out=a),
    "to": lambda torch, a: a.to(torch.float64),
    "is_floating_point": lambda torch, a: a.is_floating_point(),
    "linear": lambda torch, a: torch.nn.functional.linear(a, torch.ones(3, 2)),
    "F.relu": lambda torch, a: torch.nn.functional.relu(a),
    "F.softmax": lambda torch, a: torch.nn.functional.softmax(a[:1], 0),
    "F.layer_norm": lambda torch, a: torch.nn.functional.layer_norm(a, (2,)),
    "F.cross_entropy": lambda torch, a: torch.nn.functional.cross_entropy(a, torch.tensor(0)),
    "split": lambda torch, a: torch.split(a, 1),
    "a.split": lambda torch, a: a.split(1),
    "norm": lambda torch, a: torch.norm(a),
    "einsum": lambda torch, a: torch.einsum("i,i", a, a),
    "where": lambda torch, a: torch.where(torch.tensor([True, False]), a, 0.0),
    "pow": lambda torch, a: torch.pow(a, 2),
    "zeros_like": lambda torch, a: torch.zeros_like(a),
    "tensor": lambda torch, a: torch.tensor(a.tolist()),
    "as_tensor": lambda torch, a: torch.as_tensor(a),
    "equal": lambda torch, a: torch.equal(torch.ones(2), a),
    "numel": lambda torch, a: torch.numel(a),
    "backward": lambda torch, a: a.requires_grad_().sum().backward(),
    "requires_grad": lambda torch, a: setattr(a, "requires_grad", True),
    "grad": lambda torch, a: a.grad,
    "repr": lambda torch, a: repr(a),
    "format": lambda torch, a: f"{a}",
    "hash": lambda torch, a: hash(a) and None,
    "is_tensor": lambda torch, a: torch.is_tensor(a),
}


@pytest.mark.parametrize("case", PRODUCTS)
def test_what_a_call_tells_and_gives(case):
    results = []
    for torch in LIBRARIES:
        kind, told = logged(torch)
        made = kind([1.0, 2.0])
        told.clear()
        result = PRODUCTS[case](torch, made)
        calls = list(told)
        if isinstance(result, torch.Tensor):
            result = torch.Tensor.as_subclass(result, torch.Tensor).tolist(), type(result).__name__
        results.append((calls, str(result)))
    assert results[0] == results[1]


def test_subclasses_come_back_as_subclasses():
    for torch in LIBRARIES:
        kind = subclass(torch)
        a = kind([1.0, 2.0])
        assert type(a) is kind
        for made in (
            a * 2,
            2 * a,
            a.clone(),
            a[0],
            torch.relu(a),
            torch.cat([a, torch.ones(1)]),
            a.new_ones(2),
            a.add_(1),
        ):
            assert type(made) is kind
        assert {type(each) for each in a.split(1)} == {kind}
        assert type(a.max(0)).__name__ == "max" and type(a.max(0).values) is kind
        assert type(copy.copy(a)) is kind
        assert type(a.as_subclass(torch.Tensor)) is torch.Tensor
        assert repr(a) == "Sub([2., 3.])"
        a.requires_grad_()
        loss = (a * 2).sum()
        assert type(loss.grad_fn).__name__ == "AliasBackward0"
        loss.backward()
        assert type(a.grad) is torch.Tensor and a.grad.tolist() == [2.0, 2.0]


KINDS = {
    "linear": lambda torch, a: torch.nn.Linear(2, 2)(a),
    "sequential": lambda torch, a: torch.nn.Sequential(torch.nn.ReLU(), torch.nn.LayerNorm(2), torch.nn.Softmax(-1))(a),
    "batch norm": lambda torch, a: torch.nn.BatchNorm1d(2)(a),
    "convolution": lambda torch, a: torch.nn.Conv1d(2, 2, 1)(a[None]),
    "attention": lambda torch, a: torch.nn.MultiheadAttention(2, 1)(a[None], a[None], a[None])[0],
    "embedding": lambda torch, a: torch.nn.Embedding(6, 2)(a.long()),
    "loss": lambda torch, a: torch.nn.CrossEntropyLoss()(a, torch.tensor([0, 1])),
    "parameter": lambda torch, a: torch.nn.Parameter(a),
    "parameter * 2": lambda torch, a: torch.nn.Parameter(a) * 2,
    "autograd.grad": lambda torch, a: torch.autograd.grad((a.requires_grad_() * a).sum(), a)[0],
    "chunk": lambda torch, a: a.chunk(2)[1],
    "iter": lambda torch, a: list(a)[0],
    "sort": lambda torch, a: a.sort()[1],
    "topk": lambda torch, a: torch.topk(a, 1).values,
    "meshgrid": lambda torch, a: torch.meshgrid(a[0], a[1], indexing="ij")[0],
    "inv": lambda torch, a: torch.linalg.inv(a),
    "expit": lambda torch, a: torch.special.expit(a),
    "zero_": lambda torch, a: a.zero_(),
    "copy_": lambda torch, a: torch.ones(2, 2).copy_(a),
    "+=": lambda torch, a: torch.ones(2, 2).__iadd__(a),
    "out": lambda torch, a: torch.add(a, 1, out=torch.zeros(2, 2)),
    "new_tensor": lambda torch, a: a.new_tensor([1.0]),
    "new": lambda torch, a: a.new([1.0]),
    "new_full": lambda torch, a: a.new_full((1,), 2),
    "rand_like": lambda torch, a: torch.rand_like(a),
    "tensor": lambda torch, a: torch.tensor(a),
    "as_tensor": lambda torch, a: torch.as_tensor(a),
    "Tensor": lambda torch, a: torch.Tensor(a),
    "class": lambda torch, a: type(a)(a),
    "class of sizes": lambda torch, a: type(a)(2, 3),
    "double": lambda torch, a: a.double(),
    "gather": lambda torch, a: a.gather(0, torch.tensor([[0, 0]])),
    "index": lambda torch, a: a[torch.tensor([0])],
    "state": lambda torch, a: torch.nn.Linear(2, 2).state_dict()["weight"],
    "format": lambda torch, a: f"{a[0, 0]:.2f}",
}


@pytest.mark.parametrize("case", KINDS)
@pytest.mark.filterwarnings("ignore:To copy construct:UserWarning")
def test_classes_of_results(case):
    results = []
    for torch in LIBRARIES:
        try:
            made = KINDS[case](torch, subclass(torch)([[1.0, 2.0], [3.0, 5.0]]))
            results.append((type(made).__name__, getattr(made, "grad_fn", None) is None))
        except TypeError as error:
            results.append(str(error))
    assert results[0] == results[1]


class Pickled(torchlike.Tensor):
    """A subclass that can be found by its name."""


def test_copies_are_of_the_subclass():
    a = Pickled([1.0, 2.0])
    a.note = "mine"
    for made in (copy.deepcopy(a), pickle.loads(pickle.dumps(a))):
        assert type(made) is Pickled and made.tolist() == [1.0, 2.0] and made.note == "mine"


def test_a_parameter_overrides_nothing():
    for torch in LIBRARIES:
        kind = subclass(torch, base=torch.nn.Parameter)
        made = kind(torch.ones(2))
        assert type(made) is kind and type(made * 2) is torch.Tensor
        assert kind.__torch_function__ is torch._C._disabled_torch_function_impl
        assert not torch.overrides.has_torch_function((made, torch.nn.Parameter(torch.ones(1)), torch.ones(1)))


def test_subclasses_come_before_their_bases():
    for torch in LIBRARIES:
        base = subclass(torch, "Base")
        derived = subclass(torch, "Derived", base)
        other = subclass(torch, "Other")
        a, b, c = base([1.0]), derived([1.0]), other([1.0])
        assert type(a + b) is derived and type(b + a) is derived
        with pytest.raises(TypeError, match="unsupported operand type"):
            a + c
        with pytest.raises(TypeError, match="Multiple dispatch failed for 'torch.add'"):
            torch.add(a, c)


def test_off():
    for torch in LIBRARIES:
        a = subclass(torch)([1.0])
        with torch._C.DisableTorchFunctionSubclass():
            assert type(a * 2) is torch.Tensor
        with torch._C.DisableTorchFunction():
            assert type(a.data) is torch.Tensor
        assert type(a * 2) is type(a)


class Answering:
    """No tensor, and yet an argument."""

    @classmethod
    def __torch_function__(cls, func, types, args=(), kwargs=None):
        return func.__name__, types, len(args)


class Silent:
    @classmethod
    def __torch_function__(cls, func, types, args=(), kwargs=None):
        return NotImplemented


def test_other_objects_answer():
    for torch in LIBRARIES:
        mine = Answering()
        for call in (torch.add, torch.matmul, torch.Tensor.add):
            assert call(torch.ones(1), mine) == (call.__name__, (Answering,), 2)
        assert torch.ones(1) + mine == ("add", (Answering,), 2)
        assert torch.stack([torch.ones(1), mine]) == ("stack", (Answering,), 1)
        assert torch.relu(mine) == ("relu", (Answering,), 1)
        assert torch.overrides.is_tensor_like(mine) and not torch.overrides.is_tensor_like(1)


@pytest.mark.parametrize("call", [lambda torch, x: torch.add(x, 1), lambda torch, x: torch.ones(1).add(x)])
def test_nobody_answers(call):
    told = []
    for torch in LIBRARIES:
        with pytest.raises(TypeError, match="Multiple dispatch failed") as caught:
            call(torch, Silent())
        told.append(str(caught.value))
    assert told[0] == told[1]


def test_functions_of_ones_own():
    for torch in LIBRARIES:

        def double(input, torch=torch):
            if torch.overrides.has_torch_function_unary(input):
                return torch.overrides.handle_torch_function(double, (input,), input)
            return input + input

        @torch.overrides.wrap_torch_function(lambda a: (a,))
        def triple(a):
            return a * 3

        assert double(Answering()) == ("double", (Answering,), 1)
        assert triple(Answering()) == ("triple", (Answering,), 1)
        assert double(torch.ones(1)).item() == 2 and triple(torch.ones(1)).item() == 3
        with pytest.raises(TypeError, match="no implementation found for '.*double' on types that implement"):
            double(Silent())
        with pytest.raises(TypeError, match="expected a sequence"):
            torch.overrides.has_torch_function(3)


MODES = {
    "a + 1": lambda torch, a: a + 1,
    "sum": lambda torch, a: a.sum(),
    "shape": lambda torch, a: a.shape,
    "size": lambda torch, a: a.size(0),
    "a[0]": lambda torch, a: a[0],
    "linear": lambda torch, a: torch.nn.functional.linear(a, torch.ones(3, 2)),
    "add_": lambda torch, a: a.add_(1),
    "len": lambda torch, a: len(a),
    "T": lambda torch, a: a.view(1, 2).T,
    "grad": lambda torch, a: a.grad,
    "out": lambda torch, a: torch.add(a, 1, out=a),
    "cat": lambda torch, a: torch.cat([a, a]),
    "zeros": lambda torch, a: torch.zeros(2),
    "arange": lambda torch, a: torch.arange(3),
    "tensor": lambda torch, a: torch.tensor([1.0]),
    "F.relu": lambda torch, a: torch.nn.functional.relu(a),
}


@pytest.mark.parametrize("case", MODES)
def test_modes_see_calls_on_plain_tensors(case):
    results = []
    for torch in LIBRARIES:
        told = []

        class Mode(torch.overrides.TorchFunctionMode):
            def __torch_function__(self, func, types, args=(), kwargs=None, torch=torch, told=told):
                told.append((torch.overrides.resolve_name(func), [each.__name__ for each in types], len(args), kwargs))
                return func(*args, **(kwargs or {}))

        a = torch.ones(2)
        with Mode():
            result = MODES[case](torch, a)
        told = [each for each in told if each[0] != "torch.ones"]
        results.append((str(told), str(result)))
    assert results[0] == results[1]


def test_modes_nest():
    for torch in LIBRARIES:
        order = []

        class Mode(torch.overrides.TorchFunctionMode):
            def __init__(self, name):
                self.name = name

            def __torch_function__(self, func, types, args=(), kwargs=None, order=order):
                order.append(self.name)
                return func(*args, **(kwargs or {}))

        a = torch.ones(1)
        with Mode("outer") as outer, Mode("inner") as inner:
            assert torch.overrides._get_current_function_mode_stack() == [outer, inner]
            a + 1
        assert order == ["inner", "outer"]
        a + 1
        assert order == ["inner", "outer"]
        with torch.overrides.BaseTorchFunctionMode():
            assert (a + 1).item() == 2
        with pytest.raises(NotImplementedError, match="^$"), torch.overrides.TorchFunctionMode():  # noqa: PT012
            a + 1


def test_what_can_be_overridden():
    functions = torchlike.overrides.get_overridable_functions()
    assert torchlike.add in functions[torchlike] and torchlike.Tensor.add in functions[torchlike.Tensor]
    assert torchlike.ones not in functions[torchlike] and torchlike.ones in torchlike.overrides.get_ignored_functions()
    testing = torchlike.overrides.get_testing_overrides()
    assert testing[torchlike.add](1, 2) == -1
    is_method = torchlike.overrides.is_tensor_method_or_property
    assert (
        is_method(torchlike.Tensor.add) and is_method(torchlike.Tensor.shape.__get__) and not is_method(torchlike.add)
    )
    assert torchlike.overrides.resolve_name(torchlike.Tensor.shape.__get__) == "torch.Tensor.shape.__get__"


def test_a_function_itself():
    for torch in LIBRARIES:
        names = []

        def answer(cls, func, types, args=(), kwargs=None, torch=torch, names=names):
            names.append(func.__name__)
            return torch.overrides.redispatch_function(func, types, args, kwargs)

        a = subclass(torch, __torch_function__=classmethod(answer))([3.0])

        def scaled(a, torch=torch):
            if torch.overrides.has_torch_function((a,)):
                return torch.overrides.handle_torch_function(scaled, (a,), a)
            return a * a + 1

        assert scaled(a).item() == 10 and names == ["scaled", "mul"]


def test_numbers_are_the_same_through_modes():
    class Mode(torchlike.overrides.TorchFunctionMode):
        def __torch_function__(self, func, types, args=(), kwargs=None):
            return func(*args, **(kwargs or {}))

    x = torchlike.arange(6.0).reshape(2, 3)
    want = torchlike.softmax(x @ x.T, 0).numpy()
    with Mode():
        np.testing.assert_array_equal(torchlike.softmax(x @ x.T, 0).numpy(), want)
