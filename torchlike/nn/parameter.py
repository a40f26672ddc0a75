"""``Parameter`` and ``Buffer``: tensors that a module knows as its own."""

from __future__ import annotations

from torchlike._tensor.core import CoreMethods
from torchlike.tensor import Tensor


class _Marked(type):
    """A class of tensors whose instances are, beside its own, the tensors with a certain attribute."""

    _mark: str

    def __instancecheck__(cls, instance) -> bool:
        return type.__instancecheck__(cls, instance) or (
            cls is cls._marks and isinstance(instance, Tensor) and cls._mark in instance.__dict__
        )

    @property
    def _marks(cls) -> type:
        """The class that the attribute stands for; its subclasses have none."""
        return next(each for each in reversed(cls.__mro__) if isinstance(each, _Marked))


class Parameter(Tensor, metaclass=_Marked):
    """A tensor that becomes a parameter of the module it is assigned to.

    Args:
        data: the elements, shared, not copied. An instance of a subclass of `Tensor` remains one.
        requires_grad: whether it is differentiated for, in `no_grad` mode, too.

    Raises:
        RuntimeError: it is to require grad, and its dtype is neither floating point nor complex.

    Example:
        >>> import torchlike as torch
        >>> torch.nn.Parameter(torch.ones(2)).requires_grad
        True
    """

    _mark = "_is_param"

    def __new__(cls, data=None, requires_grad: bool = True):
        if data is None:
            data = Tensor()
        if requires_grad and not (data.is_floating_point() or data.is_complex()):
            raise RuntimeError("Only Tensors of floating point and complex dtype can require gradients")
        kind = type(data)
        if kind is Tensor or issubclass(kind, Parameter):
            return CoreMethods._make_subclass(cls, data, requires_grad)
        made = CoreMethods._make_subclass(kind, data, requires_grad)
        made._is_param = True
        return made

    def __init__(self, *args, **kwargs) -> None:
        """Nothing is left to do."""

    def __repr__(self, *, tensor_contents=None) -> str:
        return "Parameter containing:\n" + super().__repr__()

    def __deepcopy__(self, memo: dict) -> Parameter:
        # neither the gradient nor what was set on the tensor goes along
        if id(self) not in memo:
            memo[id(self)] = type(self)(self.data.clone(), self.requires_grad)
        return memo[id(self)]


class Buffer(Tensor, metaclass=_Marked):
    """A tensor that becomes a buffer of the module it is assigned to.

    Args:
        data: the elements, shared, not copied.
        persistent: whether it is part of the module's `state_dict`.

    Returns:
        A plain tensor with two attributes, `persistent` and a mark by which `isinstance` knows it.
    """

    _mark = "_is_buffer"
    persistent: bool

    def __new__(cls, data=None, *, persistent: bool = True):
        data = Tensor() if data is None else data
        made = data.detach().requires_grad_(data.requires_grad)
        made.persistent = persistent
        made._is_buffer = True
        return made


Parameter.__module__ = Buffer.__module__ = "torchlike.nn.parameter"
