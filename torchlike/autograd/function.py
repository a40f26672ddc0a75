"""``torch.autograd.Function``: an operation whose derivative the user writes."""

from __future__ import annotations

import functools
import inspect
import warnings
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from torchlike._autograd.modes import no_grad, state
from torchlike._autograd.refusals import Frozen
from torchlike._autograd.saved import SavedTensor
from torchlike._autograd.tape import SECOND_BACKWARD, Node, next_sequence, show, tracks
from torchlike._autograd.variable import TensorBase
from torchlike._recorder.recorder import recorder, value_of
from torchlike.tensor import Tensor

MANY_OUTPUTS = (
    "If your Function modifies inplace an input that is a view of another Tensor, your Function cannot return more than one "
    "Tensor. This is not supported by the current autograd engine. You should either make sure the input is not a view "
    "(using .clone() for example) or make your Function only return one Tensor (potentially splitting it into two "
    "Functions: one doing the inplace that returns a single Tensor and a second one that does the other operations). You "
    "can ask on the forum https://discuss.pytorch.org/ if you need help to do this change."
)
NOT_RETURNED = (
    "Some elements marked as dirty during the forward method were not returned as output. The inputs that are modified "
    "inplace must all be outputs of the Function."
)
NO_INPUT = (
    "ctx.mark_dirty() received a tensor that was not an input. Only input Tensors that have been mutated should be passed "
    "to ctx.mark_dirty()."
)
RETURNED_AND_SAVED = (
    "A input that has been returned as-is as output is being saved for backward. This is not supported if you override "
    "setup_context. You should return and save a view of the input instead, e.g. with x.view_as(x) or setup ctx inside the "
    "forward function itself."
)
NEITHER_FLOATING = (
    "Expected isFloatingType(grad.scalar_type()) || (input_is_complex == grad_is_complex) to be true, but got false.  "
    "(Could this error message be improved?  If so, please report an enhancement request to PyTorch.)"
)


class FunctionCtx(Node):
    """What `forward` and `backward` of a `Function` share; on the tape it is the function's node."""

    _runs_without_gradients = True
    _shown_in = "torch.autograd.function."
    _function: type[Function]  # set in the class made for each `Function`

    def __init__(self) -> None:
        self._sequence = next_sequence()
        self._edges: tuple = ()
        self._outputs: tuple = ()
        self.needs_input_grad: tuple[bool, ...] = ()
        self._inputs: tuple = ()  # for each the aval, None for what is no tensor
        self._saved: list | None = []
        self._materializes = True
        self.to_save: tuple = ()
        self.dirty_tensors: tuple = ()
        self.non_differentiable: tuple = ()

    def save_for_backward(self, *tensors: Tensor) -> None:
        """Keep tensors (inputs, outputs or others) and None for `backward`; the last call counts."""
        self.to_save = tensors

    def save_for_forward(self, *tensors: Tensor | None) -> None:
        """Keep tensors for `jvp`."""
        for each in tensors:
            if not (each is None or isinstance(each, TensorBase)):
                raise AssertionError(
                    "save_for_forward expects all arguments to be tensors; you should save non-tensors as attributes on ctx."
                )
        self.saved_for_forward = tensors

    def mark_dirty(self, *args: Tensor) -> None:
        """Say which inputs `forward` changed in place; it must return them.

        Raises:
            RuntimeError: one is no tensor.
        """
        if not all(isinstance(each, TensorBase) for each in args):
            raise RuntimeError("mark_dirty can only accept variables, but argument ")
        self.dirty_tensors = args

    def mark_non_differentiable(self, *args: Tensor) -> None:
        """Say which outputs have no gradient.

        Raises:
            RuntimeError: one is no tensor.
        """
        if not all(isinstance(each, TensorBase) for each in args):
            raise RuntimeError("mark_non_differentiable only accepts variable arguments, but got ")
        self.non_differentiable = args

    def set_materialize_grads(self, value: bool) -> None:
        """Whether `backward` gets zeros (the default) or None for an output without gradient."""
        self._materializes = value

    @property
    def saved_tensors(self) -> tuple:
        """What `save_for_backward` kept.

        Raises:
            RuntimeError: it was freed by a backward.
        """
        saved = self._saved
        if saved is None:
            if self._restore is None:
                raise RuntimeError(SECOND_BACKWARD)
            saved = self._restore([]) or self._saved
        return tuple([each and each.unpacked() for each in saved or ()])

    saved_variables = saved_tensors

    @property
    def _kept(self):
        """What it keeps, as it keeps it."""
        return self._saved

    @_kept.setter
    def _kept(self, kept: Any) -> None:
        self._saved = kept

    @property
    def _saves(self) -> bool:
        """Whether it keeps tensors."""
        return bool(self._saved) or self._restore is not None

    def restored(self, cotangents: list):
        """What it kept, computed again; see `GradNode.restored`."""
        return (self._restore and self._restore(cotangents)) or self._saved

    @property
    def _places(self) -> tuple[int, ...]:
        return tuple([place for place, known in enumerate(self._inputs) if known is not None])

    def name(self) -> str:
        return self._function.__name__ + "Backward"

    def _release(self) -> None:
        """Free the saved tensors."""
        self._saved = self._restore = None

    # ------------------------------------------------------------------ running

    def backward(self, cotangents: list, needed: tuple[bool, ...], create_graph: bool) -> list:
        """Run the user's derivative; see `GradNode.backward`."""
        grads = [self._given(each, known) for each, known in zip(cotangents, self._outputs, strict=True)]
        found = self._derivative()(self, *grads)
        found = list(found) if isinstance(found, tuple) else [found]
        count = len(self._edges)
        while len(found) > count and found[-1] is None:
            found.pop()
        if len(found) != count:
            raise RuntimeError(
                f"function {self.name()} returned an incorrect number of gradients (expected {count}, got {len(found)})"
            )
        return [self._fitted(place, grad, needed[place]) for place, grad in enumerate(found)]

    def _derivative(self):
        own = self._function
        if own.vjp is Function.vjp:
            return own.backward
        if own.backward is not Function.backward:
            raise RuntimeError(
                "Implementing both 'backward' and 'vjp' for a custom Function is not allowed. You should only implement one "
                "of them."
            )
        return own.vjp

    def _given(self, cotangent: tuple | None, known: Any):
        if cotangent is not None:
            return TensorBase._wrap(*cotangent)
        if known is None or not self._materializes:
            return None
        return TensorBase._wrap(value_of(np.zeros(known.shape, known.dtype.np)))

    def _fitted(self, place: int, grad: Any, needed: bool) -> tuple | None:
        """A gradient in its input's shape and dtype, as a pair; what is not needed goes to hooks as it is."""
        known = self._inputs[place]
        if grad is None:
            return None
        if known is None:
            raise RuntimeError(
                f"function {self.name()} returned a gradient different than None at position {place + 1}, but the "
                "corresponding forward input was not a Variable"
            )
        if not isinstance(grad, TensorBase):
            raise RuntimeError(f"expected Variable or None (got {type(grad).__name__})")
        if needed and grad._aval.shape != known.shape:
            grad = self._summed(place, grad, known.shape)
        if needed and grad._aval.dtype is not known.dtype:
            if not grad.is_floating_point() and grad.is_complex() != known.dtype.is_complex:
                raise RuntimeError(NEITHER_FLOATING)
            grad = grad.to(known.dtype)
        return grad._value(), grad._edge

    def _summed(self, place: int, grad: Any, shape: tuple):
        """A gradient that was broadcast, summed to the shape of its input."""
        try:
            return grad.sum_to_size(shape)
        except RuntimeError:
            raise RuntimeError(
                f"Function {self.name()} returned an invalid gradient at index {place} - got {list(grad._aval.shape)} but "
                f"expected shape compatible with {list(shape)}"
            ) from None

    # ------------------------------------------------------------------ what forward gave

    def _settle(self, inputs: list, outputs: tuple, edges: tuple, tracked: bool) -> tuple:
        """Put the outputs on the tape, and keep what is to be saved.

        Raises:
            RuntimeError: what was changed in place may not be, or is not returned.
            TypeError: what is to be saved is no tensor.
        """
        if not all(_among(each, outputs) for each in self.dirty_tensors):
            raise RuntimeError(NOT_RETURNED)
        if tracked:
            self._edges = edges
        self._outputs = tuple([each._aval if isinstance(each, TensorBase) else None for each in outputs])
        made = tuple([self._output(number, each, inputs, tracked) for number, each in enumerate(outputs)])
        if tracked:
            self._save(outputs)
        self.to_save = self.dirty_tensors = self.non_differentiable = ()
        return made

    def _output(self, number: int, given: Any, inputs: list, tracked: bool):
        """An output as the caller gets it: an input that is returned as it is becomes a view of its own."""
        if not isinstance(given, TensorBase):
            return given
        is_input, is_dirty = _among(given, inputs), _among(given, self.dirty_tensors)
        if not tracked or _among(given, self.non_differentiable) or given._aval.dtype.rank < 2:
            if is_input and given.requires_grad:
                return given.detach()
            if is_input and not is_dirty:
                return _seen_again(given)
            if given._base is None and not is_input:
                given._edge = None
            if is_dirty:
                given._write(given._value(), None)  # which counts
            return given
        if is_dirty:
            self._change(number, given, is_input)
            return given
        if is_input:
            if _among(given, self.to_save) and _has_context(self._function):
                raise RuntimeError(RETURNED_AND_SAVED)
            given = _seen_again(given)
        given._edge = self, number
        if given._base is not None:
            given._frozen = Frozen("custom" if len(self._outputs) == 1 else "many", given._written)
        return given

    def _change(self, number: int, given: Any, is_input: bool) -> None:
        """Give a tensor that was changed in place its new history."""
        if given._base is None:
            if given.requires_grad and given.is_leaf:
                raise RuntimeError("a leaf Variable that requires grad has been used in an in-place operation.")
        else:
            given._check_writable()
            if len(self._outputs) > 1:
                raise RuntimeError(MANY_OUTPUTS)
        if is_input:
            given._write(given._value(), (self, number))
        else:
            warnings.warn(NO_INPUT, UserWarning, stacklevel=4)
            given._edge = self, number

    def _save(self, outputs: tuple) -> None:
        """Keep outputs by number: as tensors they would hold the node that holds them."""
        numbers = {id(each): number for number, each in enumerate(outputs)}
        saved = []
        for place, each in enumerate(self.to_save):
            if each is None:
                saved.append(None)
            elif not isinstance(each, TensorBase):
                raise TypeError(
                    f"save_for_backward can only save variables, but argument {place} is of type {type(each).__name__}"
                )
            elif id(each) in numbers:
                number = numbers[id(each)]
                saved.append(SavedTensor(each, (self, number) if each._aval.dtype.rank >= 2 else None, is_output=True))
            else:
                saved.append(SavedTensor(each))
        self._saved = saved


class BackwardCFunction(FunctionCtx):
    """The node of a `Function`; there is a class of it for each."""


class FunctionMeta(type):
    """Makes the class of a function's nodes with the function."""

    def __init__(cls, name: str, bases: tuple, attrs: dict) -> None:
        super().__init__(name, bases, attrs)
        cls._backward_cls = type(name + "Backward", (BackwardCFunction,), {"_function": cls, "_forward_cls": cls})


class Function(metaclass=FunctionMeta):
    """An operation with a derivative of the user's own: static methods `forward` and `backward`.

    Example:
        >>> class Double(torch.autograd.Function):
        ...     @staticmethod
        ...     def forward(ctx, x):
        ...         return x * 2
        ...     @staticmethod
        ...     def backward(ctx, grad):
        ...         return grad * 2
        >>> Double.apply(torch.ones(2))
        tensor([2., 2.])
    """

    generate_vmap_rule = False
    clear_saved_tensors_on_access = False
    _backward_cls: type[FunctionCtx]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        warnings.warn(
            f"{type(self)} should not be instantiated. Methods on autograd functions are all static, so you should invoke "
            "them on the class itself. Instantiating an autograd function will raise an error in a future version of "
            "PyTorch.",
            DeprecationWarning,
            stacklevel=2,
        )

    def __call__(self, *args: Any, **kwargs: Any):
        raise RuntimeError(
            "Legacy autograd function with non-static forward method is deprecated. Please use new-style autograd function "
            "with static forward method. (Example: https://pytorch.org/docs/stable/autograd.html#torch.autograd.Function)"
        )

    @staticmethod
    def forward(*args: Any, **kwargs: Any):
        """Compute the outputs: ``forward(ctx, *inputs)``, or ``forward(*inputs)`` beside `setup_context`."""
        raise NotImplementedError("You must implement the forward function for custom autograd.Function.")

    @staticmethod
    def setup_context(ctx: Any, inputs: Any, output: Any):
        """Keep in `ctx` what `backward` needs, where `forward` does not take it."""
        raise NotImplementedError("setup_context is not implemented.")

    @staticmethod
    def backward(ctx: Any, *grad_outputs: Any):
        """The gradients of the inputs from those of the outputs, None where there is none."""
        raise NotImplementedError(
            "You must implement either the backward or vjp method for your custom autograd.Function to use it with "
            "backward mode AD."
        )

    vjp = backward

    @staticmethod
    def jvp(ctx: Any, *grad_inputs: Any):
        """The tangents of the outputs from those of the inputs."""
        raise NotImplementedError(
            "You must implement the jvp function for custom autograd.Function to use it with forward mode AD."
        )

    @classmethod
    def apply(cls, *args: Any, **kwargs: Any) -> Any:
        """Run the function; its node goes on the tape where an input requires grad.

        Raises:
            RuntimeError: an input that may not be was changed in place, or was and is not returned.
            TypeError: keywords that `forward` does not have.
        """
        has_context = _has_context(cls)
        if kwargs or has_context:
            args = _positional(cls.forward, args, kwargs, has_context)
        inputs = [each if isinstance(each, TensorBase) else None for each in args]
        edges = tuple([None if each is None else each._tracked_edge for each in inputs])
        tracked = tracks(edges)
        if tracked and recorder.at_boundary:
            recorder.boundary()
        ctx = cls._backward_cls()
        ctx.needs_input_grad = tuple([edge is not None for edge in edges])
        ctx._inputs = tuple([None if each is None else each._aval for each in inputs])
        with no_grad():
            if has_context:
                got = cls.forward(*args)
                cls.setup_context(ctx, args, got)
            else:
                got = cls.forward(ctx, *args)
        made = ctx._settle(inputs, got if isinstance(got, tuple) else (got,), edges, tracked)
        if tracked:
            show(ctx, [None if each is None else each._value() for each in inputs])
        return made if isinstance(got, tuple) else made[0]


def _has_context(function: type[Function]) -> bool:
    return function.setup_context is not Function.setup_context


def _positional(forward: Any, args: tuple, kwargs: dict, has_context: bool) -> tuple:
    """The arguments by place, with defaults where `setup_context` will ask for all of them.

    Raises:
        TypeError: they do not fit, or one can be given by keyword alone.
    """
    known = list(inspect.signature(forward).parameters.values())[0 if has_context else 1 :]
    by_place = [each for each in known if each.kind in (each.POSITIONAL_ONLY, each.POSITIONAL_OR_KEYWORD)]
    names = [each.name for each in by_place]
    for name in [*kwargs, *[each.name for each in known if has_context and each.kind is each.KEYWORD_ONLY]]:
        if name not in names:
            raise TypeError(f"forward() got an unexpected keyword argument '{name}'")
        if name in names[: len(args)]:
            raise TypeError(f"forward() got multiple values for argument '{name}'")
    last = len(names) if has_context else max([names.index(name) + 1 for name in kwargs], default=0)
    more = []
    for place, each in enumerate(by_place[len(args) : last], len(args)):
        if each.name not in kwargs and not has_context:
            raise TypeError(f"forward() missing required argument: '{each.name}' (position {place})")
        if each.name not in kwargs and each.default is each.empty:
            raise TypeError(f"missing a required argument: '{each.name}'")
        more.append(kwargs.get(each.name, each.default))
    return (*args, *more)


def _among(tensor: Tensor, tensors: Sequence[Tensor]) -> bool:
    return any(tensor is each for each in tensors)


def _seen_again(tensor: Tensor):
    """A view of all of a tensor, without history of its own."""
    with no_grad():
        return tensor.view_as(tensor)


def once_differentiable(fn: Callable[..., Any]):
    """Decorate a `backward` that is not itself differentiable.

    Raises:
        RuntimeError: when the gradients that it gave are differentiated.
    """

    @functools.wraps(fn)
    def wrapped(ctx: Any, *grads: Any):
        with no_grad():
            found = fn(ctx, *grads)
        if not state.enabled or not any(each is not None and each.requires_grad for each in grads):
            return found
        outputs = found if isinstance(found, tuple) else (found,)
        outputs = Error.apply(*[None if each is None else each.detach().requires_grad_() for each in outputs])
        return outputs if isinstance(found, tuple) else outputs[0]

    return wrapped


class Error(Function):
    """Carries a history that refuses to be differentiated."""

    @staticmethod
    def forward(ctx: Any, *given: Any):
        return given

    @staticmethod
    def backward(ctx: Any, *grads: Any):
        raise RuntimeError("trying to differentiate twice a function that was marked with @once_differentiable")


Error._backward_cls.name = lambda self: "torch::autograd::Error"  # as PyTorch's node is called


class _IsTensor(type):
    def __instancecheck__(cls, given: Any) -> bool:
        return isinstance(given, Tensor)


class Variable(metaclass=_IsTensor):
    """A tensor, as it was called before 0.4."""

    def __new__(cls, data: Any = None, requires_grad: bool = False, volatile: bool | None = None):
        if volatile is not None:
            warnings.warn(
                "volatile was removed and now has no effect. Use `with torch.no_grad():` instead.",
                UserWarning,
                stacklevel=2,
            )
        data = Tensor() if data is None else data
        made = data.detach()
        return made.requires_grad_() if requires_grad else made


for _public in (FunctionCtx, Function, once_differentiable):
    _public.__module__ = "torchlike.autograd.function"
Variable.__module__ = "torchlike.autograd"
