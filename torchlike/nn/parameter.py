"""``Parameter`` and ``Buffer``: tensors that a module knows as its own."""

from __future__ import annotations

from typing import Any

from torchlike._overrides import disabled, take_plainly
from torchlike._tensor.subclassing import _TensorMeta
from torchlike.tensor import Tensor


class _Marked(_TensorMeta):
    """A class of tensors that tensors of other classes belong to, too, by an attribute."""

    _mark: str

    def __instancecheck__(cls, instance: Any) -> bool:
        if type.__instancecheck__(cls, instance):
            return True
        return isinstance(instance, Tensor) and cls._mark in instance.__dict__


class Parameter(Tensor, metaclass=_Marked):
    """A tensor that becomes a parameter of the module it is assigned to.

    Args:
        data: the elements, shared, not copied. A tensor of a subclass stays one, and is a parameter by a mark.
        requires_grad: whether it is differentiated for, whatever the grad mode.

    Raises:
        RuntimeError: it is to require grad, and its dtype is neither floating point nor complex.

    Example:
        >>> torch.nn.Parameter(torch.ones(2)).requires_grad
        True
    """

    _mark = "_is_param"
    __torch_function__ = staticmethod(disabled)

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        cls._mark = ""  # the mark makes a parameter, not an instance of a subclass

    def __new__(cls, data: Any = None, requires_grad: bool = True):
        if data is None:
            data = Tensor()
        if not isinstance(data, Tensor):
            raise AttributeError(f"'{type(data).__name__}' object has no attribute 'detach'")
        if requires_grad and not (data.is_floating_point() or data.is_complex()):
            raise RuntimeError("Only Tensors of floating point and complex dtype can require gradients")
        kind = type(data)
        if kind is Tensor or issubclass(kind, Parameter):
            return Tensor._make_subclass(cls, data, requires_grad)
        made = Tensor._make_subclass(kind, data, requires_grad)
        made._is_param = True
        return made

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Nothing is left to do."""

    def __repr__(self, *, tensor_contents: Any = None) -> str:
        return "Parameter containing:\n" + super().__repr__()

    def __deepcopy__(self, memo: dict) -> Parameter:
        # neither the gradient nor what was set on the tensor goes along; values are immutable, so none is copied
        if id(self) not in memo:
            made = Tensor._wrap(self._value())
            if self._view is not None:
                made._lie_as(self)
            memo[id(self)] = type(self)(made, self.requires_grad)
        return memo[id(self)]


class Buffer(Tensor, metaclass=_Marked):
    """A tensor that becomes a buffer of the module it is assigned to.

    Calling the class gives a plain tensor with two attributes: `persistent`, and the mark that `isinstance` looks for.

    Args:
        data: the elements, shared, not copied.
        persistent: whether it is part of the module's `state_dict`.
    """

    _mark = "_is_buffer"
    persistent: bool

    def __new__(cls, data: Any = None, *, persistent: bool = True):
        data = Tensor() if data is None else data
        made = data.detach().requires_grad_(data.requires_grad)
        made.persistent = persistent
        made._is_buffer = True
        return made


take_plainly(Parameter)
Parameter.__module__ = Buffer.__module__ = "torchlike.nn.parameter"
