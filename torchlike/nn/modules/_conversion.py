"""What changes all parameters and buffers of a module in place: dtypes, devices."""

from __future__ import annotations

import functools
import warnings
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Self, TypeVar, cast

from torchlike._arguments import legacy_keywords
from torchlike._autograd.modes import no_grad
from torchlike._functions.creation import empty_like
from torchlike._recorder.meta import NO_DATA
from torchlike._types import devices, dtypes, formats
from torchlike.tensor import Tensor

if TYPE_CHECKING:
    from torchlike.nn.modules.module import Module
    from torchlike.types import Device

_COMPLEX = (
    "Complex modules are a new feature under active development whose design may change, and some modules might not "
    "work as expected when using complex tensors as parameters or buffers. Please file an issue at "
    "https://github.com/pytorch/pytorch/issues/new?template=bug-report.yml if a complex module does not work as "
    "expected."
)
# the forms of `to`: what each argument may be
_FORMS = (
    {"device": (str, int, devices.device, type(None)), "dtype": (dtypes.dtype, type, type(None))},
    {"dtype": (dtypes.dtype, type)},
    {"tensor": (Tensor,)},
)
_FLAGS = {"non_blocking": (bool,), "copy": (bool,)}
_FORMAT = {"memory_format": (formats.memory_format, type(None))}
_INVALID = """to() received an invalid combination of arguments - got ({}), but expected one of:
 * (torch.device device = None, torch.dtype dtype = None, bool non_blocking = False, bool copy = False, *, torch.memory_format memory_format = None)
 * (torch.dtype dtype, bool non_blocking = False, bool copy = False, *, torch.memory_format memory_format = None)
 * (Tensor tensor, bool non_blocking = False, bool copy = False, *, torch.memory_format memory_format = None)
"""  # noqa: E501 - as PyTorch breaks the lines

F = TypeVar("F", bound=Callable[..., Any])


def forgets(*names: str) -> Callable[[F], F]:
    """Let a function take keywords of old that mean nothing any more, with a FutureWarning where one is given.

    Example:
        >>> @forgets("memo")
        ... def parameters(self, recurse=True): ...
    """

    def decorate(fn: F) -> F:
        @functools.wraps(fn)
        def call(*args: Any, **kwargs: Any):
            for name in [each for each in names if each in kwargs]:
                if kwargs.pop(name) is not None:
                    text = f"{fn.__name__}(): the keyword '{name}' is deprecated and has no effect"
                    warnings.warn(text, FutureWarning, stacklevel=2)
            return fn(*args, **kwargs)

        return cast(F, call)

    return decorate


_TO_EMPTY = (
    "Please use torch.nn.Module.to_empty() instead of torch.nn.Module.to() when moving module from meta to a different "
    "device."
)


class ConversionMethods:
    """Conversions of a module: its parameters stay the same objects, tied ones stay tied."""

    if TYPE_CHECKING:

        def __getattr__(self, name: str) -> Any:
            """What `Module` has."""

    def _apply(self, fn: Callable, recurse: bool = True) -> Self:
        """Replace the elements of all parameters, gradients and buffers by what `fn` gives for them."""
        if recurse:
            for module in self.children():
                module._apply(fn)
        for param in self._parameters.values():
            if param is None:
                continue
            grad = param.grad
            with no_grad():
                param.data = fn(param)
                if grad is not None:
                    grad.data = fn(grad)
        for name, buffer in self._buffers.items():
            if buffer is not None:
                self._buffers[name] = fn(buffer)
        return cast("Module", self)

    def to(self, *args: Any, **kwargs: Any) -> Self:
        """Move parameters and buffers to a device, floating point ones to a dtype, in place; returns the module.

        Args:
            args: a device, a dtype, both, or a tensor to be like.
            kwargs: the same as ``device``, ``dtype``, ``tensor``; ``non_blocking``; ``memory_format`` for parameters
                and buffers with 4 or 5 dimensions.

        Raises:
            TypeError: the arguments do not fit, or the dtype is neither floating point nor complex.
        """
        device, dtype, memory_format = _target(args, kwargs)
        if dtype is not None:
            if not (dtype.is_floating_point or dtype.is_complex):
                raise TypeError(
                    f"nn.Module.to only accepts floating point or complex dtypes, but got desired dtype={dtype}"
                )
            if dtype.is_complex:
                warnings.warn(_COMPLEX, stacklevel=2)

        def convert(tensor: Tensor):
            own = dtype if tensor.is_floating_point() or tensor.is_complex() else None
            kept = memory_format if memory_format is not None and tensor.dim() in (4, 5) else None
            try:
                return tensor.to(device=device, dtype=own, memory_format=kept)
            except NotImplementedError as error:
                if str(error) == NO_DATA:
                    raise NotImplementedError(f"{NO_DATA} {_TO_EMPTY}") from None
                raise

        return self._apply(convert)

    @legacy_keywords(device_id="device")
    def cuda(self, device: Device = None) -> Self:
        """Move parameters and buffers to a GPU, in place."""
        return self._apply(lambda each: each.cuda(device))

    @forgets("device_id")
    def cpu(self) -> Self:
        """Move parameters and buffers to the host's memory, in place."""
        return self._apply(lambda each: each.cpu())

    def type(self, dst_type: Any) -> Self:
        """Convert all parameters and buffers to a dtype, in place."""
        return self._apply(lambda each: each.type(dst_type))

    def _floats_to(self, dtype: dtypes.dtype) -> Module:
        return self._apply(lambda each: each.to(dtype) if each.is_floating_point() else each)

    def float(self) -> Self:
        """Convert floating point parameters and buffers to float32, in place."""
        return self._floats_to(dtypes.float32)

    def double(self) -> Self:
        """Convert floating point parameters and buffers to float64, in place."""
        return self._floats_to(dtypes.float64)

    def half(self) -> Self:
        """Convert floating point parameters and buffers to float16, in place."""
        return self._floats_to(dtypes.float16)

    def bfloat16(self) -> Self:
        """Convert floating point parameters and buffers to bfloat16, in place."""
        return self._floats_to(dtypes.bfloat16)

    def to_empty(self, *, device: Device, recurse: bool = True) -> Self:
        """Move to a device without the elements."""
        return self._apply(lambda each: empty_like(each, device=device), recurse=recurse)


def _target(args: tuple, kwargs: dict) -> tuple:
    """(device, dtype, memory format) that the arguments of `to` mean, each None where they say nothing.

    Raises:
        TypeError: they fit no form.
    """
    for form in _FORMS:
        wanted = {**form, **_FLAGS, **_FORMAT}
        given = dict(zip([*form, *_FLAGS], args, strict=False))
        fits = len(args) <= len(form) + len(_FLAGS) and not given.keys() & kwargs.keys()
        given |= kwargs
        if not fits or not given.keys() <= wanted.keys():
            continue
        if all(isinstance(value, wanted[name]) for name, value in given.items()):
            break
    else:
        texts = [_kind(each) for each in args] + [f"{name}={_kind(each)}" for name, each in kwargs.items()]
        raise TypeError(_INVALID.format(", ".join(texts) + (", " if not args else "")))
    if given.get("copy"):
        raise RuntimeError(".to() does not accept copy argument")
    like = given.get("tensor")
    device, dtype = (given.get("device"), given.get("dtype")) if like is None else (like.device, like.dtype)
    return None if device is None else devices.resolve(device), dtypes.resolve(dtype, "to"), given.get("memory_format")


def _kind(value: Any) -> str:
    kind = type(value)
    return f"torch.{kind.__name__}" if isinstance(value, (dtypes.dtype, devices.device)) else kind.__name__
