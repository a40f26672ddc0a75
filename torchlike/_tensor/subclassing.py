"""Subclasses of tensors: what a call gives is of the subclass, and ``__torch_function__`` sees every call."""

from __future__ import annotations

import functools
from collections.abc import Callable
from types import FunctionType
from typing import TYPE_CHECKING, Any, TypeVar

from torchlike._autograd import calls
from torchlike._autograd.variable import TensorBase, Variable
from torchlike._dispatch import operator
from torchlike._ops import views
from torchlike._overrides import TorchFunctionState, answer, answered, at_level, disabled, overriding
from torchlike._programs.tracebacks import gate, shorten
from torchlike._signatures import is_in_python

if TYPE_CHECKING:
    from torchlike.tensor import Tensor


class _TensorMeta(type):
    """The class of classes of tensors.

    A subclass that may override functions has `Overridable` before `Tensor` in its order of classes.
    """

    def mro(cls) -> list[type]:
        """The order of classes."""
        order = super().mro()
        made = next((vars(each)["__torch_function__"] for each in order if "__torch_function__" in vars(each)), None)
        plain = getattr(TensorBase, "_plain", None)
        if plain in order[1:] and Overridable not in order and getattr(made, "__func__", made) is not disabled:
            order.insert(order.index(plain), Overridable)
        return order


_TensorMeta.__module__ = "torchlike._C"


class Overridable:
    """The methods and properties that are no operations, with a look at who answers before each."""


T = TypeVar("T", bound=Variable)


class SubclassMethods(Variable):
    """How a tensor comes to a class, and what is done for it there."""

    @classmethod
    def __torch_function__(cls, func: Callable, types: Any, args: tuple = (), kwargs: dict | None = None) -> Any:
        """Call a function on tensors of subclasses as on plain ones; what it gives is of this class.

        Args:
            types: the classes of the arguments that override functions.

        Returns:
            ``NotImplemented`` if one of them is no class that this one comes from.
        """
        if not all([issubclass(cls, each) for each in types]):
            return NotImplemented
        with at_level(TorchFunctionState.SUBCLASSES_DISABLED):
            result = func(*args, **(kwargs or {}))
        return result if func in nowrap_functions() else _converted(result, cls)

    @staticmethod
    def _make_subclass(kind: type[T], data: Variable, require_grad: bool = False) -> T:
        """A tensor of a subclass on the elements of `data`, apart from its history."""
        made = object.__new__(kind)
        made._see(data)
        if require_grad:
            calls.set_requires_grad(made, True)
        return made

    def as_subclass(self, cls: type[T]) -> T:
        """The same elements as a tensor of a subclass, with their history.

        Raises:
            TypeError: `cls` is no class of tensors.
        """
        if not isinstance(cls, type) or not issubclass(cls, TensorBase):
            raise TypeError(f"cls must be a type (got {type(cls).__name__})")
        with at_level(TorchFunctionState.ALL_DISABLED):
            alias = views.alias(self)
        made = object.__new__(cls)
        made.__dict__.update(alias.__dict__)
        return made


def _converted(result: Any, cls: type) -> Any:
    """A result, or a tuple or list of them, as tensors of a class."""
    if cls is TensorBase._plain:
        return result
    if isinstance(result, TensorBase) and not isinstance(result, cls):
        result = result.as_subclass(cls)
    if isinstance(result, (tuple, list)):
        parts = [_converted(each, cls) for each in result]
        result = type(result)._make(parts) if hasattr(result, "_make") else type(result)(parts)
    return result


def nowrap_functions() -> set[Callable]:
    """The functions whose results stay plain tensors."""
    return {TensorBase._plain.grad.__get__, TensorBase._plain._grad.__get__}


# what no class overrides, as PyTorch has it
_APART = set(
    """__init__ __new__ __hash__ __iter__ __init_subclass__ __torch_function__ __dir__ __delitem__ as_subclass
    _make_subclass stride""".split()
)
# helpers of our own have names like these
_KNOWN = {"_grad", "_version"}
# what PyTorch has in Python, and so tells its keywords even where there are none
_IN_PYTHON = set(
    """__array__ __array_wrap__ __contains__ __deepcopy__ __format__ __len__ __reduce_ex__ __repr__ __setstate__
    __dlpack__""".split()
)
_REVERSED = {
    "__rsub__",
    "__rdiv__",
    "__rtruediv__",
    "__rpow__",
    "__rfloordiv__",
    "__rmod__",
    "__rlshift__",
    "__rrshift__",
}
_IN_PYTHON |= _REVERSED | {"__pow__", "__ipow__"}


def make_overridable(kind: type) -> None:
    """Fill `Overridable` with the methods and properties of `Tensor` that are no operations."""
    for name in dir(kind):
        form = getattr(kind, name)
        if name in _APART or name.startswith("_") and not name.endswith("__") and name not in _KNOWN:
            continue
        if isinstance(form, property):
            setattr(Overridable, name, _property(kind, name, form))
        elif isinstance(form, FunctionType) and (name in _REVERSED or not getattr(form, "is_method", False)):
            form.in_python = name in _IN_PYTHON or is_in_python(f"torch.Tensor.{name}")
            method = _method(kind, name, form)
            setattr(
                Overridable, name, operator(method) if name in {*_REVERSED, "__pow__", "__ipow__", "__eq__"} else method
            )


@functools.cache
def show_modes() -> None:
    """Let modes see the methods and properties of plain tensors, too: from the first mode on, which all others save."""
    for name, form in vars(Overridable).items():
        if isinstance(form, (property, FunctionType)):
            setattr(TensorBase._plain, name, form)


def _method(kind: type, name: str, form: Callable) -> Callable:
    @functools.wraps(form)
    def call(*args: Any, **kwargs: Any):
        try:
            found = overriding(args, kwargs)
            return form(*args, **kwargs) if found is None else answered(getattr(kind, name), found, args, kwargs)
        except BaseException as error:
            shorten(error)
            raise

    return call


def _property(kind: type, name: str, form: property) -> property:
    def read(self: Tensor):
        return _accessed(getattr(kind, name).__get__, form.fget, self)

    def write(self: Tensor, value: Any):
        _accessed(getattr(kind, name).__set__, form.fset, self, value)

    return property(gate(read), form.fset and gate(write), form.fdel, form.__doc__)


def _accessed(func: Callable, plainly: Callable, *args: Any) -> Any:
    """What is read or written, by whoever answers or plainly."""
    found = overriding(args[:1], {})
    return plainly(*args) if found is None else answer(func, [args[0]], (args,), False)
