"""``Module``: the base of all layers and networks."""

from __future__ import annotations

import functools
import warnings
from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, Any, ParamSpec, Protocol, Self, TypeVar

from torchlike._compile.options import compiled
from torchlike._functions.naming import typename
from torchlike._missing import lacking, pytorchs_names
from torchlike._programs.tracebacks import shorten
from torchlike.nn.modules._conversion import ConversionMethods, forgets
from torchlike.nn.modules._hooks import (
    HookMethods,
    after_registration_hooks,
    global_backward,
    global_backward_pre,
    global_forward,
    global_forward_pre,
)
from torchlike.nn.modules._hooks import register_module_backward_hook as register_module_backward_hook
from torchlike.nn.modules._hooks import (
    register_module_buffer_registration_hook as register_module_buffer_registration_hook,
)
from torchlike.nn.modules._hooks import register_module_forward_hook as register_module_forward_hook
from torchlike.nn.modules._hooks import register_module_forward_pre_hook as register_module_forward_pre_hook
from torchlike.nn.modules._hooks import register_module_full_backward_hook as register_module_full_backward_hook
from torchlike.nn.modules._hooks import register_module_full_backward_pre_hook as register_module_full_backward_pre_hook
from torchlike.nn.modules._hooks import (
    register_module_module_registration_hook as register_module_module_registration_hook,
)
from torchlike.nn.modules._hooks import (
    register_module_parameter_registration_hook as register_module_parameter_registration_hook,
)
from torchlike.nn.modules._state import _EXTRA_STATE_KEY_SUFFIX as _EXTRA_STATE_KEY_SUFFIX
from torchlike.nn.modules._state import StateMethods
from torchlike.nn.modules._state import _IncompatibleKeys as _IncompatibleKeys
from torchlike.nn.parameter import Buffer, Parameter
from torchlike.tensor import Tensor

if TYPE_CHECKING:
    P = ParamSpec("P")
    R = TypeVar("R", covariant=True)

    class Forwarding(Protocol[P, R]):
        """What is called as its `forward` is."""

        @property
        def forward(self) -> Callable[P, R]: ...


_DICTIONARIES = tuple(
    """_parameters _buffers _modules _backward_pre_hooks _backward_hooks _forward_hooks _forward_hooks_with_kwargs
    _forward_hooks_always_called _forward_pre_hooks _forward_pre_hooks_with_kwargs _state_dict_hooks
    _state_dict_pre_hooks _load_state_dict_pre_hooks _load_state_dict_post_hooks""".split()
)
_ORDERED = _DICTIONARIES[3:]


def _forward_unimplemented(self: Module, *input: Any) -> None:
    """What the module computes; every subclass says it."""
    raise NotImplementedError(f'Module [{type(self).__name__}] is missing the required "forward" function')


class Module(HookMethods, StateMethods, ConversionMethods):
    """The base of all layers and networks: knows its parameters, buffers and modules by their attribute names.

    Example:
        >>> class Twice(torch.nn.Module):
        ...     def forward(self, x):
        ...         return 2 * x
        >>> Twice()(torch.ones(1))
        tensor([2.])
    """

    dump_patches: bool = False
    training: bool
    call_super_init: bool = False
    _compiled_call_impl = None

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        if not self.call_super_init and kwargs:
            name = next(iter(kwargs))
            raise TypeError(f"{type(self).__name__}.__init__() got an unexpected keyword argument '{name}'")
        if not self.call_super_init and args:
            raise TypeError(
                f"{type(self).__name__}.__init__() takes 1 positional argument but {len(args) + 1} were given"
            )
        own = self.__dict__
        own["training"] = True
        for name in _DICTIONARIES:
            own[name] = OrderedDict() if name in _ORDERED else {}
        own["_non_persistent_buffers_set"] = set()
        own["_is_full_backward_hook"] = None
        if self.call_super_init:
            super().__init__(*args, **kwargs)

    # ------------------------------------------------------------------ calling

    forward: Callable[..., Any] = _forward_unimplemented  # a subclass takes what it likes

    if TYPE_CHECKING:

        def __call__(self: Forwarding[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
            """Call `forward`, and the hooks."""
            ...
    else:

        def __call__(self, *args: Any, **kwargs: Any):
            own = self.__dict__
            try:
                if "_compiled_call_impl" in own and own["_compiled_call_impl"] is not None:
                    return own["_compiled_call_impl"](*args, **kwargs)
                if (
                    own["_backward_hooks"]
                    or own["_backward_pre_hooks"]
                    or own["_forward_hooks"]
                    or own["_forward_pre_hooks"]
                    or global_backward_pre
                    or global_backward
                    or global_forward
                    or global_forward_pre
                ):
                    return self._call_with_hooks(args, kwargs)
                return self.forward(*args, **kwargs)
            except BaseException as error:
                if "_backward_hooks" not in own:  # there was no `Module.__init__()`
                    raise AttributeError(f"'{type(self).__name__}' object has no attribute {error}") from None
                shorten(error)
                raise

    def _call_impl(self, *args: Any, **kwargs: Any):
        """A call that is not compiled: what some programs use in place of calling."""
        return self._call_with_hooks(args, kwargs)

    def compile(self, *args: Any, **kwargs: Any) -> None:
        """Compile this module's calls from now on; see `torch.compile` for the arguments."""
        self.__dict__["_compiled_call_impl"] = compiled(self._call_impl, *args, **kwargs)

    # ------------------------------------------------------------------ attributes

    def __getattr__(self, name: str) -> Any:
        own = self.__dict__
        try:
            found = own["_parameters"]
            if name in found:
                return found[name]
            found = own["_modules"]
            if name in found:
                return found[name]
            found = own["_buffers"]
            if name in found:
                return found[name]
        except KeyError:  # there was no `Module.__init__()`
            pass
        told = lacking(f"torch.nn.Module.{name}") if name in _lacking() else ""
        raise AttributeError(f"'{type(self).__name__}' object has no attribute '{name}'{told}", name=name, obj=self)

    def __setattr__(self, name: str, value: Any) -> None:
        own = self.__dict__
        is_tensor = isinstance(value, Tensor)
        if is_tensor and isinstance(value, Parameter):
            if "_parameters" not in own:
                raise AttributeError("cannot assign parameters before Module.__init__() call")
            _remove(name, own, own["_buffers"], own["_modules"], own["_non_persistent_buffers_set"])
            self.register_parameter(name, value)
        elif name in own.get("_parameters", ()):
            if value is not None:
                raise TypeError(
                    f"cannot assign '{typename(value)}' as parameter '{name}' (torch.nn.Parameter or None expected)"
                )
            self.register_parameter(name, value)
        elif isinstance(value, Module):
            if "_modules" not in own:
                raise AttributeError("cannot assign module before Module.__init__() call")
            _remove(name, own, own["_parameters"], own["_buffers"], own["_non_persistent_buffers_set"])
            own["_modules"][name] = after_registration_hooks("module", self, name, value)
        elif name in own.get("_modules", ()):
            if value is not None:
                raise TypeError(
                    f"cannot assign '{typename(value)}' as child module '{name}' (torch.nn.Module or None expected)"
                )
            own["_modules"][name] = after_registration_hooks("module", self, name, value)
        elif (is_tensor and isinstance(value, Buffer)) or name in own.get("_buffers", ()):
            self._set_buffer(name, value)
        else:
            object.__setattr__(self, name, value)

    def _set_buffer(self, name: str, value: Any) -> None:
        if value is not None and not isinstance(value, Tensor):
            raise TypeError(
                f"cannot assign '{typename(value)}' as buffer '{name}' (torch.nn.Buffer, torch.Tensor or None expected)"
            )
        if isinstance(value, Buffer):
            persistent = value.persistent
        else:
            persistent = name not in self._non_persistent_buffers_set
        self.register_buffer(name, value, persistent)

    def __delattr__(self, name: str) -> None:
        for kind in (self._parameters, self._buffers, self._modules):
            if name in kind:
                del kind[name]
                self._non_persistent_buffers_set.discard(name)
                return
        object.__delattr__(self, name)

    def __dir__(self) -> list[str]:
        names = [*dir(type(self)), *self.__dict__, *self._parameters, *self._modules, *self._buffers]
        return sorted({each for each in names if not each[0].isdigit()})

    def __getstate__(self) -> dict:
        return {name: each for name, each in self.__dict__.items() if name != "_compiled_call_impl"}

    def __setstate__(self, state: dict) -> None:
        self.__dict__.update(state)
        for name in _DICTIONARIES:
            self.__dict__.setdefault(name, OrderedDict() if name in _ORDERED else {})
        self.__dict__.setdefault("_non_persistent_buffers_set", set())
        self.__dict__.setdefault("_is_full_backward_hook", None)

    # ------------------------------------------------------------------ registration

    def _check_name(self, name: str, kind: str, known: dict) -> None:
        if not isinstance(name, str):
            raise TypeError(f"{kind} name should be a string. Got {typename(name)}")
        if "." in name:
            raise KeyError(
                f'{kind} name can\'t contain ".", got: {name}'
                if kind == "module"
                else f'{kind} name can\'t contain "."'
            )
        if name == "":
            raise KeyError(f'{kind} name can\'t be empty string ""')
        if name not in known and hasattr(self, name):
            raise KeyError(f"attribute '{name}' already exists")

    def register_parameter(self, name: str, param: Parameter | None) -> None:
        """Make a parameter known under a name.

        Raises:
            TypeError: it is no parameter.
            KeyError: the name is empty, has a dot, or is taken.
            ValueError: it has a history.
        """
        if "_parameters" not in self.__dict__:
            raise AttributeError("cannot assign parameter before Module.__init__() call")
        self._check_name(name, "parameter", self._parameters)
        if param is not None and not isinstance(param, Parameter):
            raise TypeError(
                f"cannot assign '{typename(param)}' object to parameter '{name}' (torch.nn.Parameter or None required)"
            )
        if param is not None and param.grad_fn is not None:
            raise ValueError(
                f"Cannot assign non-leaf Tensor to parameter '{name}'. Model parameters must be created explicitly. To "
                f"express '{name}' as a function of another Tensor, compute the value in the forward() method."
            )
        self._parameters[name] = param if param is None else after_registration_hooks("parameter", self, name, param)

    def register_buffer(self, name: str, tensor: Tensor | None, persistent: bool = True) -> None:
        """Make a tensor known that is state, but no parameter.

        Args:
            persistent: whether it is part of the `state_dict`.

        Raises:
            TypeError: it is no tensor.
            KeyError: the name is empty, has a dot, or is taken.
        """
        if "_buffers" not in self.__dict__:
            raise AttributeError("cannot assign buffer before Module.__init__() call")
        self._check_name(name, "buffer", self._buffers)
        if tensor is not None and not isinstance(tensor, Tensor):
            raise TypeError(
                f"cannot assign '{typename(tensor)}' object to buffer '{name}' (torch Tensor or None required)"
            )
        self._buffers[name] = after_registration_hooks("buffer", self, name, tensor)
        (self._non_persistent_buffers_set.discard if persistent else self._non_persistent_buffers_set.add)(name)

    def add_module(self, name: str, module: Module | None) -> None:
        """Make a module known under a name.

        Raises:
            TypeError: it is no module.
            KeyError: the name is empty, has a dot, or is taken.
        """
        if not isinstance(module, Module) and module is not None:
            raise TypeError(f"{typename(module)} is not a Module subclass")
        self._check_name(name, "module", self._modules)
        self._modules[name] = after_registration_hooks("module", self, name, module)

    def register_module(self, name: str, module: Module | None) -> None:
        """Another name of `add_module`."""
        self.add_module(name, module)

    # ------------------------------------------------------------------ looking up

    def get_submodule(self, target: str) -> Module:
        """The module with a dotted name.

        Raises:
            AttributeError: there is none.
        """
        found = self
        for name in target.split(".") if target else ():
            if not hasattr(found, name):
                raise AttributeError(f"{found._get_name()} has no attribute `{name}`")
            found = getattr(found, name)
            if not isinstance(found, Module):
                raise AttributeError(f"`{name}` is not an nn.Module")
        return found

    def set_submodule(self, target: str, module: Module, strict: bool = False) -> None:
        """Put a module in the place of the one with a dotted name, or, unless `strict`, where there is none.

        Raises:
            ValueError: the name is empty, or `module` is no module.
            AttributeError: there is no such place, or something else is there.
        """
        if target == "":
            raise ValueError("Cannot set the submodule without a target name!")
        if not isinstance(module, Module):
            raise ValueError(f"`module` is not an nn.Module, found {type(module)}")
        path, _, name = target.rpartition(".")
        parent = self.get_submodule(path)
        if hasattr(parent, name):
            parent.get_submodule(name)
        elif strict:
            raise AttributeError(f"{parent._get_name()} has no attribute `{name}`")
        setattr(parent, name, module)

    def _owner_of(self, target: str) -> tuple[Module, str]:
        """(module, name) of an attribute with a dotted name."""
        path, _, name = target.rpartition(".")
        module = self.get_submodule(path)
        if not hasattr(module, name):
            raise AttributeError(f"{module._get_name()} has no attribute `{name}`")
        return module, name

    def get_parameter(self, target: str) -> Parameter:
        """The parameter with a dotted name.

        Raises:
            AttributeError: there is none.
        """
        module, name = self._owner_of(target)
        found = getattr(module, name)
        if not isinstance(found, Parameter):
            raise AttributeError(f"`{name}` is not an nn.Parameter")
        return found

    def get_buffer(self, target: str) -> Tensor:
        """The buffer with a dotted name.

        Raises:
            AttributeError: there is none.
        """
        module, name = self._owner_of(target)
        if name not in module._buffers:
            raise AttributeError(f"`{name}` is not a buffer")
        return module._buffers[name]

    def named_modules(
        self, memo: set[Module] | None = None, prefix: str = "", remove_duplicate: bool = True
    ) -> Iterator[tuple[str, Module]]:
        """(name, module) of this module and all below it; one that stands twice comes once."""
        memo = set() if memo is None else memo
        if self not in memo:
            if remove_duplicate:
                memo.add(self)
            yield prefix, self
            for name, module in self._modules.items():
                if module is not None:
                    below = prefix + ("." if prefix else "") + name
                    yield from module.named_modules(memo, below, remove_duplicate)

    def modules(self, remove_duplicate: bool = True) -> Iterator[Module]:
        """This module and all below it."""
        for _, module in self.named_modules(remove_duplicate=remove_duplicate):
            yield module

    def named_children(self) -> Iterator[tuple[str, Module]]:
        """(name, module) of the modules directly below."""
        seen = set()
        for name, module in self._modules.items():
            if module is not None and module not in seen:
                seen.add(module)
                yield name, module

    def children(self) -> Iterator[Module]:
        """The modules directly below."""
        for _, module in self.named_children():
            yield module

    def _named_members(
        self,
        members_of: Callable[[Module], Iterable[tuple[str, Any]]],
        prefix: str = "",
        recurse: bool = True,
        remove_duplicate: bool = True,
    ) -> Iterator[tuple[str, Any]]:
        seen = set()
        modules = self.named_modules(prefix=prefix, remove_duplicate=remove_duplicate) if recurse else [(prefix, self)]
        for path, module in modules:
            for name, each in members_of(module):
                if each is None or id(each) in seen:
                    continue
                if remove_duplicate:
                    seen.add(id(each))
                yield path + ("." if path else "") + name, each

    def named_parameters(
        self, prefix: str = "", recurse: bool = True, remove_duplicate: bool = True
    ) -> Iterator[tuple[str, Parameter]]:
        """(name, parameter) of this module, and of those below it for `recurse`."""
        yield from self._named_members(lambda each: each._parameters.items(), prefix, recurse, remove_duplicate)

    @forgets("memo")
    def parameters(self, recurse: bool = True) -> Iterator[Parameter]:
        """The parameters of this module, and of those below it for `recurse`."""
        for _, each in self.named_parameters(recurse=recurse):
            yield each

    def named_buffers(
        self, prefix: str = "", recurse: bool = True, remove_duplicate: bool = True
    ) -> Iterator[tuple[str, Tensor]]:
        """(name, buffer) of this module, and of those below it for `recurse`."""
        yield from self._named_members(lambda each: each._buffers.items(), prefix, recurse, remove_duplicate)

    def buffers(self, recurse: bool = True) -> Iterator[Tensor]:
        """The buffers of this module, and of those below it for `recurse`."""
        for _, each in self.named_buffers(recurse=recurse):
            yield each

    # ------------------------------------------------------------------ changing

    def apply(self, fn: Callable[[Module], object]) -> Self:
        """Call ``fn(module)`` for all modules below and then this one; returns this one."""
        for module in self.children():
            module.apply(fn)
        fn(self)
        return self

    def train(self, mode: bool = True) -> Self:
        """Set training mode, here and below; returns the module.

        Raises:
            ValueError: `mode` is no bool.
        """
        if not isinstance(mode, bool):
            raise ValueError("training mode is expected to be boolean")
        self.training = mode
        for module in self.children():
            module.train(mode)
        return self

    def eval(self) -> Self:
        """Set evaluation mode, here and below; returns the module."""
        return self.train(False)

    def requires_grad_(self, requires_grad: bool = True) -> Self:
        """Set `requires_grad` of all parameters; returns the module."""
        for each in self.parameters():
            each.requires_grad_(requires_grad)
        return self

    def zero_grad(self, set_to_none: bool = True) -> None:
        """Forget the gradients of all parameters, or fill them with zeros."""
        if getattr(self, "_is_replica", False):
            warnings.warn(
                "Calling .zero_grad() from a module created with nn.DataParallel() has no effect. The parameters are "
                "copied (in a differentiable manner) from the original module. This means they are not leaf nodes in "
                "autograd and so don't accumulate gradients. If you need gradients in your forward method, consider "
                "using autograd.grad instead.",
                stacklevel=2,
            )
        for each in self.parameters():
            if each.grad is not None:
                if set_to_none:
                    each.grad = None
                else:
                    each.grad.detach_().zero_()

    # ------------------------------------------------------------------ printing

    def _get_name(self) -> str:
        return type(self).__name__

    def extra_repr(self) -> str:
        """What stands between the parentheses of this module's own line."""
        return ""

    def __repr__(self) -> str:
        extra = self.extra_repr()
        lines = extra.split("\n") if extra else []
        below = [f"({name}): " + _indented(repr(module)) for name, module in self._modules.items()]
        if not below and len(lines) <= 1:
            return f"{self._get_name()}({''.join(lines)})"
        return f"{self._get_name()}(\n  " + "\n  ".join(lines + below) + "\n)"


@functools.cache
def _lacking() -> frozenset[str]:
    """The attributes that PyTorch's modules have besides."""
    return pytorchs_names()["torch.nn.Module"].difference(dir(Module))


def _indented(text: str, spaces: int = 2) -> str:
    return text.replace("\n", "\n" + " " * spaces)


def _remove(name: str, *places: Any) -> None:
    for each in places:
        if name in each:
            if isinstance(each, dict):
                del each[name]
            else:
                each.discard(name)


Module.__module__ = "torchlike.nn.modules.module"
