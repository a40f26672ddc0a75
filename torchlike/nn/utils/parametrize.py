"""``torch.nn.utils.parametrize``: parameters and buffers that are computed from others whenever they are asked for."""

from __future__ import annotations

import copy
import copyreg
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from torchlike._autograd.modes import no_grad
from torchlike.nn.modules.container import ModuleDict, ModuleList
from torchlike.nn.modules.module import Module
from torchlike.nn.parameter import Parameter
from torchlike.tensor import Tensor

if TYPE_CHECKING:
    import numpy as np

_UNSAFE = "Registering a parametrization may not change the {{}} of the tensor, unless {}`unsafe` flag is enabled."
_SUBCLASS = (
    "Calling remove_parametrizations() with leave_parametrized=True for a parameter that is an instance of a tensor "
    "subclass requires set_() to be implemented correctly for the tensor subclass.Alternatively, one can opt into the "
    "swap_tensors pathEither set leave_parametrized=False or provide a working implementationfor set_() in the tensor "
    "subclass or set torch.__future__.set_swap_module_params_on_conversion(True)."
)
_NOT_PICKLED = (
    "Serialization of parametrized modules is only supported through state_dict(). See:\n"
    "https://pytorch.org/tutorials/beginner/saving_loading_models.html"
    "#saving-loading-a-general-checkpoint-for-inference-and-or-resuming-training"
)

_cache_enabled = 0
_cache: dict[tuple[int, str], Tensor] = {}


@contextmanager
def cached() -> Iterator[None]:
    """Within the block each parametrized tensor is computed once.

    Example:
        >>> linear = torch.nn.utils.parametrizations.weight_norm(torch.nn.Linear(2, 2))
        >>> with torch.nn.utils.parametrize.cached():
        ...     linear.weight is linear.weight
        True
    """
    global _cache_enabled
    _cache_enabled += 1
    try:
        yield
    finally:
        _cache_enabled -= 1
        if not _cache_enabled:
            _cache.clear()


def _register_parameter_or_buffer(module: Module, name: str, tensor: Tensor) -> None:
    if isinstance(tensor, Parameter):
        module.register_parameter(name, tensor)
    else:
        module.register_buffer(name, tensor)


def _check_same(attributes: tuple[str, ...], before: Any, after: Any, said: str, names: tuple[str, str]) -> None:
    """Raise for two tensors that differ in an attribute; ``{}`` in the texts is its name."""
    for attribute in attributes:
        pair = getattr(before, attribute), getattr(after, attribute)
        if pair[0] != pair[1]:
            lines = [f"{name.format(attribute)}: {each}" for name, each in zip(names, pair, strict=True)]
            raise ValueError("\n".join([said.format(attribute), *lines]))


def _check_is_tensor(found: np.ndarray) -> None:
    if not isinstance(found, Tensor):
        raise ValueError(f"A parametrization must return a tensor. Got {type(found).__name__}.")


def _inverted(module: Module, value: Any):
    """What a parametrization makes a value of; the value itself where it has no inverse."""
    if not hasattr(module, "right_inverse"):
        return value
    try:
        return module.right_inverse(value)
    except NotImplementedError:
        return value


class ParametrizationList(ModuleList):
    """What stands behind a parametrized tensor: the original ones, and the modules that compute it of them.

    Attributes:
        original: the tensor, where the first module takes one; else ``original0``, ``original1``, ...
        unsafe: whether dtype and shape may change.

    Args:
        modules: called one after another, the first with the original tensors.
        original: what is parametrized; the modules' `right_inverse`, where they have one, make the original tensors of it.
        unsafe: whether dtype and shape may change.

    Raises:
        ValueError: there are no modules, they give no tensor, or one of another dtype or shape.
    """

    original: Tensor
    unsafe: bool

    def __init__(self, modules: Sequence[Module], original: Tensor, unsafe: bool = False) -> None:
        if len(modules) == 0:
            raise ValueError("ParametrizationList requires one or more modules.")
        super().__init__(modules)
        self.unsafe = unsafe
        before = original.detach()
        with no_grad():
            new: Any = original
            for module in reversed(self):
                new = _inverted(module, new)
        if not isinstance(new, (Tensor, Sequence)):
            raise ValueError(
                "'right_inverse' must return a Tensor or a Sequence of tensors (list, tuple...). Got "
                f"{type(new).__name__}"
            )
        self.is_tensor = isinstance(new, Tensor)
        self.ntensors = 1 if self.is_tensor else len(new)
        if self.is_tensor:
            said = "When `right_inverse` outputs one tensor, it may not change the {}."
            _check_same(("dtype", "device"), original, new, said, ("original.{}", "right_inverse(original).{}"))
            with no_grad():
                original.set_(new)
            _register_parameter_or_buffer(self, "original", original)
        else:
            self._register_several(new, original)
        if not unsafe:
            with no_grad():  # so that no step begins here
                made = self()
            _check_is_tensor(made)
            names = "unparametrized {}", "parametrized {}"
            _check_same(("dtype", "shape"), before, made, _UNSAFE.format(""), names)

    def _register_several(self, tensors: Sequence, like: Tensor) -> None:
        for place, each in enumerate(tensors):
            if not isinstance(each, Tensor):
                raise ValueError(
                    "'right_inverse' must return a Tensor or a Sequence of tensors (list, tuple...). Got element "
                    f"{place} of the sequence with type {type(each).__name__}."
                )
            if isinstance(like, Parameter):
                each = Parameter(each, like.requires_grad)
            each.requires_grad_(like.requires_grad)
            _register_parameter_or_buffer(self, f"original{place}", each)

    def right_inverse(self, value: Tensor) -> None:
        """Change the original tensors so that this is what is computed of them.

        Raises:
            RuntimeError: a module has no `right_inverse`.
            ValueError: what they give does not fit the original tensors.
        """
        new: Any = value
        with no_grad():
            for module in reversed(self):
                if not hasattr(module, "right_inverse"):
                    raise RuntimeError(f"parametrization {type(module).__name__} does not implement right_inverse.")
                new = module.right_inverse(new)
            if not self.is_tensor:
                self._set_several(new)
                return
            if not isinstance(new, Tensor):
                raise ValueError(f"`right_inverse` should return a tensor. Got {type(new).__name__}")
            if new.dtype != self.original.dtype:
                raise ValueError(
                    f"The tensor returned by `right_inverse` has dtype {new.dtype} while `original` has dtype "
                    f"{self.original.dtype}"
                )
            self.original.set_(new)

    def _set_several(self, new: Any) -> None:
        if not isinstance(new, Sequence):
            raise ValueError(f"'right_inverse' must return a sequence of tensors. Got {type(new).__name__}.")
        if len(new) != self.ntensors:
            raise ValueError(
                f"'right_inverse' must return a sequence of tensors of length {self.ntensors}. Got a sequence of length "
                f"{len(new)}."
            )
        for place, each in enumerate(new):
            own = getattr(self, f"original{place}")
            if not isinstance(each, Tensor):
                raise ValueError(
                    "'right_inverse' must return a sequence of tensors or reference-type opaques. Got element "
                    f"{place} of type {type(each).__name__}."
                )
            if own.dtype != each.dtype:
                raise ValueError(
                    f"Tensor {place} returned by `right_inverse` has dtype {each.dtype} while `original{place}` has "
                    f"dtype {own.dtype}"
                )
            own.set_(each)

    def forward(self) -> Tensor:
        """The parametrized tensor."""
        names = ["original"] if self.is_tensor else [f"original{place}" for place in range(self.ntensors)]
        first, *others = self
        found = first(*[getattr(self, each) for each in names])
        for module in others:
            found = module(found)
        return found


# ---------------------------------------------------------------------- a module with parametrized tensors


def _deepcopied(self: Tensor, memo: dict):
    known = memo.get(id(self))
    if known is None:
        known = memo[id(self)] = self.__new__(type(self))
        known.__dict__ = copy.deepcopy(self.__dict__, memo)
        for slot in copyreg._slotnames(type(self)):  # pyright: ignore[reportAttributeAccessIssue]
            if hasattr(self, slot):
                setattr(known, slot, copy.deepcopy(getattr(self, slot), memo))
    return known


def _refuse_pickling(self: Tensor):
    raise RuntimeError(_NOT_PICKLED)


def _inject_new_class(module: Module) -> None:
    """Make the module the only one of a class of its own, which takes the properties."""
    own = type(module)
    methods: dict[str, Any] = {"__getstate__": _refuse_pickling}
    if not hasattr(own, "__deepcopy__"):
        methods["__deepcopy__"] = _deepcopied
    module.__class__ = type(f"Parametrized{own.__name__}", (own,), methods)


def _inject_property(module: Module, tensor_name: str) -> None:
    def get_parametrized(self: Tensor) -> Tensor:
        parametrization = self.parametrizations[tensor_name]
        if not _cache_enabled:
            return parametrization()
        key = id(module), tensor_name
        if key not in _cache:
            _cache[key] = parametrization()
        return _cache[key]

    def set_original(self: Tensor, value: Tensor) -> None:
        self.parametrizations[tensor_name].right_inverse(value)

    setattr(type(module), tensor_name, property(get_parametrized, set_original))


def register_parametrization(
    module: Module, tensor_name: str, parametrization: Module, *, unsafe: bool = False
) -> Module:
    """Compute a parameter or a buffer by a module whenever it is asked for.

    Args:
        module: it becomes of a class of its own, ``Parametrized...``, with a property of that name.
        tensor_name: which; one that is parametrized already goes through this module, too.
        parametrization: called with the original tensor or tensors. Its `right_inverse`, if it has one, makes them of a
            value that is assigned.
        unsafe: whether dtype and shape may change; then nothing is checked.

    Returns:
        The module.

    Raises:
        ValueError: there is no such tensor, or dtype or shape would change.

    Example:
        >>> class Symmetric(torch.nn.Module):
        ...     def forward(self, x):
        ...         return x.triu() + x.triu(1).T
        >>> linear = torch.nn.Linear(3, 3)
        >>> _ = torch.nn.utils.parametrize.register_parametrization(linear, "weight", Symmetric())
        >>> torch.equal(linear.weight, linear.weight.T)
        True
    """
    parametrization.train(module.training)
    if is_parametrized(module, tensor_name):
        if not unsafe:
            _check_further(module, tensor_name, parametrization)
        known = module.parametrizations[tensor_name]
        known.append(parametrization)
        known.unsafe |= unsafe
    elif tensor_name in module._buffers or tensor_name in module._parameters:
        made = ParametrizationList([parametrization], getattr(module, tensor_name), unsafe=unsafe)
        delattr(module, tensor_name)
        if not is_parametrized(module):
            _inject_new_class(module)
            module.parametrizations = ModuleDict()
        _inject_property(module, tensor_name)
        module.parametrizations[tensor_name] = made
    else:
        raise ValueError(
            f"Module '{module}' does not have a parameter, a buffer, or a parametrized element with name '{tensor_name}'"
        )
    return module


@no_grad()
def _check_further(module: Module, tensor_name: str, parametrization: Module) -> None:
    """Raise if one more parametrization, or its inverse, changes dtype or shape."""
    before = getattr(module, tensor_name)
    after = parametrization(before)
    _check_is_tensor(after)
    own = f"module.{tensor_name}"
    names = own + ".{}", f"parametrization({own})" + ".{}"
    _check_same(("dtype", "shape"), before, after, _UNSAFE.format("the "), names)
    if not hasattr(parametrization, "right_inverse"):
        return
    try:
        back = parametrization.right_inverse(after)
    except NotImplementedError:
        return
    if not isinstance(back, Tensor):
        raise ValueError(f"parametrization.right_inverse must return a tensor. Got: {type(back).__name__}")
    said = (
        f"The tensor returned by parametrization.right_inverse must have the same {{}} as {own}, unless the `unsafe` "
    )
    _check_same(("dtype", "shape"), before, back, said + "flag is enabled.", (own + ".{}", "returned {}"))


def is_parametrized(module: Module, tensor_name: str | None = None) -> bool:
    """Whether a module has parametrized tensors, or one of that name."""
    known = getattr(module, "parametrizations", None)
    if not isinstance(known, ModuleDict):
        return False
    return len(known) > 0 if tensor_name is None else tensor_name in known


def remove_parametrizations(module: Module, tensor_name: str, leave_parametrized: bool = True) -> Module:
    """Make a parametrized tensor a parameter or a buffer again.

    Args:
        leave_parametrized: whether it is as it was computed, rather than the original.

    Returns:
        The module, of its own class again after the last one.

    Raises:
        ValueError: it is not parametrized, or there are several originals and `leave_parametrized` is False.
    """
    if not is_parametrized(module, tensor_name):
        raise ValueError(f"Module {module} does not have a parametrization on {tensor_name}")
    known = module.parametrizations[tensor_name]
    if known.is_tensor:
        original = known.original
        if leave_parametrized:
            _leave(original, module, tensor_name)
    elif leave_parametrized:
        original = getattr(module, tensor_name)
        original = Parameter(original) if original.requires_grad else original
    else:
        raise ValueError(
            "Cannot leave unparametrized (`leave_parametrized=False`) a tensor that is parametrized in terms of a "
            "sequence of tensors."
        )
    delattr(type(module), tensor_name)
    del module.parametrizations[tensor_name]
    _register_parameter_or_buffer(module, tensor_name, original)
    if not is_parametrized(module):
        delattr(module, "parametrizations")
        module.__class__ = type(module).__bases__[0]
    return module


@no_grad()
def _leave(original: Tensor, module: Module, tensor_name: str) -> None:
    try:
        original.set_(getattr(module, tensor_name))
    except RuntimeError as error:
        if type(original) is Tensor:
            raise
        raise RuntimeError(_SUBCLASS) from error


def type_before_parametrizations(module: Module) -> type:
    """The class that a module has, or had before the first parametrization."""
    return type(module).__bases__[0] if is_parametrized(module) else type(module)


def transfer_parametrizations_and_params(
    from_module: Module, to_module: Module, tensor_name: str | None = None
) -> Module:
    """Give a module the parametrizations of another, and the original tensors with them.

    Args:
        tensor_name: only of this tensor.

    Returns:
        `to_module`.
    """
    if not is_parametrized(from_module):
        return to_module
    for name in from_module.parametrizations if tensor_name is None else [tensor_name]:
        known = from_module.parametrizations[name]
        if not hasattr(to_module, name):
            setattr(to_module, name, Parameter(getattr(from_module, name)))
        for each in known:
            register_parametrization(to_module, name, each)
        for original in ["original"] if known.is_tensor else [f"original{place}" for place in range(known.ntensors)]:
            setattr(to_module.parametrizations[name], original, getattr(known, original))
    return to_module
