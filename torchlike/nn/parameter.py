"""``Parameter`` and ``Buffer``: tensors that a module knows as its own."""

from __future__ import annotations

from torchlike._tensor.core import CoreMethods
from torchlike.tensor import Tensor


class Parameter(Tensor):
    """A tensor that becomes a parameter of the module it is assigned to.

    Args:
        data: the elements, shared, not copied.
        requires_grad: whether it is differentiated for.

    Example:
        >>> import torchlike as torch
        >>> torch.nn.Parameter(torch.ones(2)).requires_grad
        True
    """

    def __new__(cls, data=None, requires_grad: bool = True):
        if data is None:
            data = Tensor()
        made = CoreMethods._make_subclass(cls, data.detach(), requires_grad)
        if type(data) is not cls and not isinstance(data, Parameter):
            made.__dict__.update(data._own_attributes())
        return made

    def __init__(self, *args, **kwargs) -> None:
        """Nothing is left to do."""

    def __repr__(self, *, tensor_contents=None) -> str:
        return "Parameter containing:\n" + super().__repr__()


class Buffer(Tensor):
    """A tensor that becomes a buffer of the module it is assigned to.

    Args:
        data: the elements, shared, not copied.
        persistent: whether it is part of the module's `state_dict`.
    """

    def __new__(cls, data=None, *, persistent: bool = True):
        made = CoreMethods._make_subclass(cls, Tensor() if data is None else data.detach(), False)
        made.persistent = persistent
        return made

    def __init__(self, *args, **kwargs) -> None:
        """Nothing is left to do."""


Parameter.__module__ = Buffer.__module__ = "torchlike.nn.parameter"
