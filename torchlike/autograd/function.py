"""``torch.autograd.Function``: an operation whose derivative the user writes."""

from __future__ import annotations

import functools
import warnings

import numpy as np

from torchlike._autograd.modes import enable_grad, no_grad, state
from torchlike._autograd.tape import SECOND_BACKWARD, Node, next_sequence, tracks
from torchlike._autograd.variable import TensorBase
from torchlike._recorder.recorder import recorder, value_of
from torchlike.tensor import Tensor


class FunctionCtx(Node):
    """What `forward` and `backward` of a `Function` share; on the tape it is the function's node."""

    def __init__(self) -> None:
        self.sequence = next_sequence()
        self.edges: tuple = ()
        self.outputs: tuple = ()
        self.needs_input_grad: tuple[bool, ...] = ()
        self._to_save: tuple = ()
        self._saved: list | None = []
        self._dirty: tuple = ()
        self._not_differentiable: tuple = ()
        self._materializes = True

    def save_for_backward(self, *tensors) -> None:
        """Keep tensors (inputs, outputs or others) for `backward`.

        Raises:
            TypeError: one of them is neither a tensor nor None.
        """
        for place, each in enumerate(tensors):
            if each is not None and not isinstance(each, TensorBase):
                raise TypeError(
                    f"save_for_backward can only save variables, but argument {place} is of type {type(each).__name__}"
                )
        self._to_save = tensors

    def mark_dirty(self, *tensors) -> None:
        """Say which inputs `forward` changed in place."""
        self._dirty = tensors

    def mark_non_differentiable(self, *tensors) -> None:
        """Say which outputs have no gradient."""
        self._not_differentiable = tensors

    def set_materialize_grads(self, value: bool) -> None:
        """Whether `backward` gets zeros (the default) or None for an output without gradient."""
        self._materializes = value

    @property
    def saved_tensors(self) -> tuple:
        """What `save_for_backward` kept.

        Raises:
            RuntimeError: it was freed by a backward.
        """
        if self._saved is None:
            if self.restore is None:
                raise RuntimeError(SECOND_BACKWARD)
            self.restore([])
        return tuple(
            TensorBase._wrap(each[0], (self, each[1]) if each[1] is not None else None) if type(each) is tuple else each
            for each in self._saved
        )

    saved_variables = saved_tensors

    @property
    def saved(self):
        """What it keeps, as it keeps it."""
        return self._saved

    @saved.setter
    def saved(self, kept) -> None:
        self._saved = kept

    def name(self) -> str:
        return self._function.__name__ + "Backward"

    def release(self) -> None:
        """Free the saved tensors."""
        if self._saved:
            self._saved = None
        self.restore = None

    def backward(self, cotangents: list, needed: tuple[bool, ...], create_graph: bool) -> list:
        """Run the user's derivative; see `GradNode.backward`."""
        grads = [self._given(each, known) for each, known in zip(cotangents, self.outputs, strict=True)]
        found = self._function.backward(self, *grads)
        found = list(found) if isinstance(found, (tuple, list)) else [found]
        while len(found) > len(self.edges) and found[-1] is None:
            found.pop()
        if len(found) != len(self.edges):
            raise RuntimeError(
                f"function {self.name()} returned an incorrect number of gradients (expected {len(self.edges)}, got "
                f"{len(found)})"
            )
        return [
            self._fitted(place, grad) if wanted and grad is not None else None
            for place, (grad, wanted) in enumerate(zip(found, needed, strict=True))
        ]

    def _given(self, cotangent: tuple | None, known):
        if cotangent is not None:
            return TensorBase._wrap(*cotangent)
        return TensorBase._wrap(value_of(np.zeros(known.shape, known.dtype.np))) if self._materializes else None

    def _fitted(self, place: int, grad) -> tuple:
        """A gradient in its input's shape and dtype."""
        if not isinstance(grad, TensorBase):
            raise TypeError(f"expected Variable or None (got {type(grad).__name__})")
        known = self._input_avals[place]
        if grad._aval.shape != known.shape:
            try:
                grad = grad.sum_to_size(known.shape)
            except RuntimeError:
                raise RuntimeError(
                    f"Function {self.name()} returned an invalid gradient at index {place} - got "
                    f"{list(grad._aval.shape)} but expected shape compatible with {list(known.shape)}"
                ) from None
        if grad._aval.dtype is not known.dtype:
            grad = grad.to(known.dtype)
        return grad._value(), grad._edge

    def _settle_saved(self, outputs: list) -> None:
        """Keep outputs by number: as tensors they would hold the node that holds them."""
        numbers = {id(each): number for number, each in enumerate(outputs)}
        self._saved = [(each._value(), numbers[id(each)]) if id(each) in numbers else each for each in self._to_save]
        self._to_save = ()


class Function:
    """An operation with a derivative of the user's own: static methods `forward` and `backward`.

    Example:
        >>> import torchlike as torch
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

    def __init__(self, *args, **kwargs) -> None:
        warnings.warn(
            f"{type(self)} should not be instantiated. Methods on autograd functions are all static, so you should invoke "
            "them on the class itself. Instantiating an autograd function will raise an error in a future version of "
            "PyTorch.",
            DeprecationWarning,
            stacklevel=2,
        )

    def __call__(self, *args, **kwargs):
        raise RuntimeError(
            "Legacy autograd function with non-static forward method is deprecated. Please use new-style autograd function "
            "with static forward method. (Example: https://pytorch.org/docs/stable/autograd.html#torch.autograd.Function)"
        )

    @staticmethod
    def forward(*args, **kwargs):
        """Compute the outputs: ``forward(ctx, *inputs)``, or ``forward(*inputs)`` beside `setup_context`."""
        raise NotImplementedError("You must implement the forward function for custom autograd.Function.")

    @staticmethod
    def setup_context(ctx, inputs, output):
        """Keep in `ctx` what `backward` needs, where `forward` does not take it."""
        raise NotImplementedError("setup_context is not implemented.")

    @staticmethod
    def backward(ctx, *grad_outputs):
        """The gradients of the inputs from those of the outputs, None where there is none."""
        raise NotImplementedError(
            "You must implement either the backward or vjp method for your custom autograd.Function to use it with "
            "backward mode AD."
        )

    vjp = backward

    @classmethod
    def apply(cls, *args, **kwargs):
        """Run the function; its node goes on the tape where an input requires grad."""
        tensors = [each if isinstance(each, TensorBase) else None for each in args]
        edges = tuple([None if each is None else each._tracked_edge for each in tensors])
        tracked = tracks(edges)
        if tracked and recorder.at_boundary:
            recorder.boundary()
        ctx = _context_class(cls)()
        ctx.needs_input_grad = tuple([edge is not None for edge in edges])
        ctx._input_avals = [None if each is None else each._aval for each in tensors]
        with no_grad():
            if cls.setup_context is Function.setup_context:
                got = cls.forward(ctx, *args, **kwargs)
            else:
                got = cls.forward(*args, **kwargs)
                cls.setup_context(ctx, args, got)
        single = not isinstance(got, (tuple, list))
        outputs = [got] if single else list(got)
        made = [_output(ctx, each, tensors) for each in outputs]
        ctx._settle_saved(outputs)
        if tracked:
            ctx.edges = edges
            ctx.outputs = tuple([each._aval if isinstance(each, TensorBase) else None for each in made])
            for number, (each, own) in enumerate(zip(made, outputs, strict=True)):
                if isinstance(each, TensorBase) and each._aval.dtype.rank >= 2:
                    each._edge = None if _among(own, ctx._not_differentiable) else (ctx, number)
        return made[0] if single else tuple(made)


def _among(tensor, tensors) -> bool:
    return any(tensor is each for each in tensors)


def _output(ctx: FunctionCtx, got, inputs: list):
    """An input that is returned as it is becomes a tensor of its own, unless it was changed in place."""
    if isinstance(got, TensorBase) and _among(got, inputs) and not _among(got, ctx._dirty):
        return got._alias()
    return got


@functools.cache
def _context_class(function: type) -> type:
    return type(function.__name__ + "Backward", (FunctionCtx,), {"_function": function})


def once_differentiable(fn):
    """Decorate a `backward` that is not itself differentiable.

    Raises:
        RuntimeError: when the gradients that it gave are differentiated.
    """

    @functools.wraps(fn)
    def wrapped(ctx, *grads):
        with no_grad():
            found = fn(ctx, *grads)
        if not state.enabled or not any(each is not None and each.requires_grad for each in grads):
            return found
        outputs = found if isinstance(found, tuple) else (found,)
        with enable_grad():
            outputs = tuple(None if each is None else _Once.apply(each, *grads) for each in outputs)
        return outputs if isinstance(found, tuple) else outputs[0]

    return wrapped


class _Once(Function):
    """Carries a history that refuses to be differentiated."""

    @staticmethod
    def forward(ctx, value, *grads):
        return value.clone()

    @staticmethod
    def backward(ctx, *grads):
        raise RuntimeError("trying to differentiate twice a function that was marked with @once_differentiable")


class _IsTensor(type):
    def __instancecheck__(cls, given) -> bool:
        return isinstance(given, Tensor)


class Variable(metaclass=_IsTensor):
    """A tensor, as it was called before 0.4."""

    def __new__(cls, data=None, requires_grad: bool = False, volatile: bool | None = None):
        if volatile is not None:
            warnings.warn(
                "volatile was removed and now has no effect. Use `with torch.no_grad():` instead.",
                UserWarning,
                stacklevel=2,
            )
        data = Tensor() if data is None else data
        made = data.detach()
        return made.requires_grad_() if requires_grad else made


for _public in (FunctionCtx, Function, once_differentiable, Variable):
    _public.__module__ = "torchlike.autograd.function" if _public is not Variable else "torchlike.autograd"
