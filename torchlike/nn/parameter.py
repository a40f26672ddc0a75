"""``Parameter`` and ``Buffer``: tensors that a module knows as its own; and those of which the shape is not known yet."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from torchlike._functions import creation
from torchlike._overrides import disabled, take_plainly
from torchlike._tensor.subclassing import _TensorMeta
from torchlike.tensor import Tensor

if TYPE_CHECKING:
    from torchlike._types import dtypes
    from torchlike.types import Device


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


# ---------------------------------------------------------------------- of which the shape is not known yet

_USED = (
    "Attempted to use an uninitialized parameter in {}. This error happens when you are using a `LazyModule` or "
    "explicitly manipulating `torch.nn.parameter.{}` objects. When using LazyModules Call `forward` with a dummy batch to "
    "initialize the parameters before calling torch functions"
)


class UninitializedTensorMixin:
    """What tensors without a shape share: nearly everything that is done with them is refused."""

    if TYPE_CHECKING:

        def __getattr__(self, name: str) -> Any:
            """What `Tensor` has."""

    cls_to_become: type
    _allowed_methods = [
        Tensor.__hash__,
        Tensor.size,
        Tensor.copy_,
        Tensor.is_complex,
        Tensor.is_floating_point,
        Tensor.half,
        Tensor.float,
        Tensor.double,
        Tensor.char,
        Tensor.short,
        Tensor.int,
        Tensor.long,
        Tensor.cuda,
        Tensor.cpu,
        Tensor.to,
        Tensor.get_device,
    ]

    def materialize(self, shape: Sequence[int], device: Device = None, dtype: dtypes.dtype | None = None) -> None:
        """Become a parameter or a buffer of this shape, without values.

        Args:
            device, dtype: those that it was made with by default.
        """
        known = self.data
        device = known.device if device is None else device
        self.data = creation.empty(shape, device=device, dtype=known.dtype if dtype is None else dtype)
        self.__class__ = self.cls_to_become

    @property
    def shape(self):
        """Refused.

        Raises:
            RuntimeError: always.
        """
        raise RuntimeError(
            "Can't access the shape of an uninitialized parameter or buffer. This error usually happens in "
            "`load_state_dict` when trying to load an uninitialized parameter into an initialized one. Call `forward` to "
            "initialize the parameters before accessing their attributes."
        )

    def share_memory_(self):
        """Refused.

        Raises:
            RuntimeError: always.
        """
        raise RuntimeError(
            "Can't share memory on an uninitialized parameter or buffer. Call `forward` to initialize the parameters "
            "before calling `module.share_memory()`."
        )

    def __repr__(self) -> str:
        return f"<{type(self).__name__}>"

    def __reduce_ex__(self, protocol: Any):
        return type(self), (self.requires_grad,)

    @classmethod
    def __torch_function__(cls, func: Any, types: Any, args: Any = (), kwargs: Any = None):
        # what answers for `Tensor.copy_` is what is behind its gate
        is_allowed = any(getattr(each, "public", each) == func for each in cls._allowed_methods)
        if is_allowed or type(func).__name__ == "method-wrapper":
            return super().__torch_function__(func, types, args, kwargs or {})
        raise ValueError(_USED.format(func, cls.__name__))


def is_lazy(param: Any) -> bool:
    """Whether a parameter or a buffer has no shape yet."""
    return isinstance(param, UninitializedTensorMixin)


class UninitializedParameter(UninitializedTensorMixin, Parameter):
    """A parameter of which the shape is not known yet; `materialize` gives it one.

    Args:
        requires_grad: whether it is differentiated for.
        device, dtype: what it will have.
    """

    cls_to_become = Parameter

    def __new__(cls, requires_grad: bool = True, device: Device = None, dtype: dtypes.dtype | None = None):
        return Tensor._make_subclass(cls, creation.empty(0, device=device, dtype=dtype), requires_grad)

    def __deepcopy__(self, memo: dict) -> UninitializedParameter:
        if id(self) not in memo:
            memo[id(self)] = type(self)(self.requires_grad, self.data.device, self.data.dtype)
        return memo[id(self)]


class UninitializedBuffer(UninitializedTensorMixin, Tensor):
    """A buffer of which the shape is not known yet; `materialize` gives it one.

    Args:
        requires_grad: whether it is differentiated for.
        device, dtype: what it will have.
        persistent: whether it is part of the module's `state_dict`.
    """

    cls_to_become = Tensor
    persistent: bool
    _is_buffer: bool

    def __new__(
        cls,
        requires_grad: bool = False,
        device: Device = None,
        dtype: dtypes.dtype | None = None,
        persistent: bool = True,
    ):
        made = Tensor._make_subclass(cls, creation.empty(0, device=device, dtype=dtype), requires_grad)
        made.persistent = persistent
        made._is_buffer = True
        return made


take_plainly(Parameter)
for _public in (Parameter, Buffer, UninitializedTensorMixin, is_lazy, UninitializedParameter, UninitializedBuffer):
    _public.__module__ = "torchlike.nn.parameter"
