"""``Module``: the base of all layers and networks."""

from __future__ import annotations

import warnings
from collections import OrderedDict
from collections.abc import Callable, Iterator

from torchlike._autograd.modes import no_grad
from torchlike._types import devices, dtypes
from torchlike.nn.modules import _hooks
from torchlike.nn.modules._hooks import HookMethods
from torchlike.nn.modules._hooks import register_module_forward_hook as register_module_forward_hook
from torchlike.nn.modules._hooks import register_module_forward_pre_hook as register_module_forward_pre_hook
from torchlike.nn.modules._hooks import register_module_full_backward_hook as register_module_full_backward_hook
from torchlike.nn.modules._hooks import register_module_full_backward_pre_hook as register_module_full_backward_pre_hook
from torchlike.nn.modules._state import StateMethods
from torchlike.nn.modules._state import _IncompatibleKeys as _IncompatibleKeys
from torchlike.nn.parameter import Buffer, Parameter
from torchlike.tensor import Tensor

_DICTIONARIES = (
    *("_parameters", "_buffers", "_modules", "_backward_pre_hooks", "_backward_hooks"),
    *("_forward_hooks", "_forward_hooks_with_kwargs", "_forward_hooks_always_called"),
    *("_forward_pre_hooks", "_forward_pre_hooks_with_kwargs", "_state_dict_hooks", "_state_dict_pre_hooks"),
    *("_load_state_dict_pre_hooks", "_load_state_dict_post_hooks"),
)
_ORDERED = _DICTIONARIES[3:]


class Module(HookMethods, StateMethods):
    """The base of all layers and networks: knows its parameters, buffers and modules by their attribute names.

    Example:
        >>> import torchlike as torch
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

    def __init__(self, *args, **kwargs) -> None:
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

    def forward(self, *input):
        """What the module computes; every subclass says it."""
        raise NotImplementedError(f'Module [{type(self).__name__}] is missing the required "forward" function')

    def __call__(self, *args, **kwargs):
        own = self.__dict__
        if (
            own["_forward_hooks"]
            or own["_forward_pre_hooks"]
            or own["_backward_hooks"]
            or own["_backward_pre_hooks"]
            or _hooks.global_forward
            or _hooks.global_forward_pre
            or _hooks.global_backward
            or _hooks.global_backward_pre
        ):
            return self._call_with_hooks(*args, **kwargs)
        return self.forward(*args, **kwargs)

    # ------------------------------------------------------------------ attributes

    def __getattr__(self, name: str):
        own = self.__dict__
        for kind in ("_parameters", "_buffers", "_modules"):
            if kind in own:
                found = own[kind]
                if name in found:
                    return found[name]
        raise AttributeError(f"'{type(self).__name__}' object has no attribute '{name}'")

    def __setattr__(self, name: str, value) -> None:
        own = self.__dict__
        if isinstance(value, Parameter):
            self._check_ready("_parameters", "parameters")
            _remove(name, own, own["_buffers"], own["_modules"], own["_non_persistent_buffers_set"])
            self.register_parameter(name, value)
        elif name in own.get("_parameters", ()):
            if value is not None:
                raise TypeError(
                    f"cannot assign '{_type_name(value)}' as parameter '{name}' (torch.nn.Parameter or None expected)"
                )
            self.register_parameter(name, value)
        elif isinstance(value, Module):
            self._check_ready("_modules", "modules")
            _remove(name, own, own["_parameters"], own["_buffers"], own["_non_persistent_buffers_set"])
            own["_modules"][name] = value
        elif name in own.get("_modules", ()):
            if value is not None:
                raise TypeError(f"cannot assign '{_type_name(value)}' as child module '{name}' (torch.nn.Module or None expected)")
            own["_modules"][name] = value
        elif isinstance(value, Buffer) or name in own.get("_buffers", ()):
            if value is not None and not isinstance(value, Tensor):
                raise TypeError(
                    f"cannot assign '{_type_name(value)}' as buffer '{name}' (torch.nn.Buffer, torch.Tensor or None expected)"
                )
            if isinstance(value, Buffer) and name not in own["_buffers"]:
                _remove(name, own, own["_parameters"], own["_modules"])
                self.register_buffer(name, value, value.persistent)
            else:
                own["_buffers"][name] = value
        else:
            object.__setattr__(self, name, value)

    def _check_ready(self, kind: str, words: str) -> None:
        if kind not in self.__dict__:
            raise AttributeError(
                "cannot assign module before Module.__init__() call"
                if words == "modules"
                else f"cannot assign {words} before Module.__init__() call"
            )

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

    def __setstate__(self, state: dict) -> None:
        self.__dict__.update(state)
        for name in _DICTIONARIES:
            self.__dict__.setdefault(name, OrderedDict() if name in _ORDERED else {})
        self.__dict__.setdefault("_non_persistent_buffers_set", set())
        self.__dict__.setdefault("_is_full_backward_hook", None)

    # ------------------------------------------------------------------ registration

    def _check_name(self, name, kind: str, known: dict) -> None:
        if not isinstance(name, str):
            raise TypeError(f"{kind} name should be a string. Got {_type_name(name)}")
        if "." in name:
            raise KeyError(f'{kind} name can\'t contain ".", got: {name}' if kind == "module" else f'{kind} name can\'t contain "."')
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
                f"cannot assign '{_type_name(param)}' object to parameter '{name}' (torch.nn.Parameter or None required)"
            )
        if param is not None and param.grad_fn is not None:
            raise ValueError(
                f"Cannot assign non-leaf Tensor to parameter '{name}'. Model parameters must be created explicitly. To "
                f"express '{name}' as a function of another Tensor, compute the value in the forward() method."
            )
        self._parameters[name] = param

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
            raise TypeError(f"cannot assign '{_type_name(tensor)}' object to buffer '{name}' (torch Tensor or None required)")
        self._buffers[name] = tensor
        (self._non_persistent_buffers_set.discard if persistent else self._non_persistent_buffers_set.add)(name)

    def add_module(self, name: str, module: Module | None) -> None:
        """Make a module known under a name.

        Raises:
            TypeError: it is no module.
            KeyError: the name is empty, has a dot, or is taken.
        """
        if not isinstance(module, Module) and module is not None:
            raise TypeError(f"{_type_name(module)} is not a Module subclass")
        self._check_name(name, "module", self._modules)
        self._modules[name] = module

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
        """Put a module in the place of the one with a dotted name."""
        if target == "":
            raise ValueError("Cannot set the submodule without a target name!")
        path, _, name = target.rpartition(".")
        parent = self.get_submodule(path)
        if strict and not hasattr(parent, name):
            raise AttributeError(f"{parent._get_name()} has no attribute `{name}`")
        setattr(parent, name, module)

    def _get(self, target: str, kind: str, words: str):
        path, _, name = target.rpartition(".")
        module = self.get_submodule(path)
        if not hasattr(module, name):
            raise AttributeError(f"{module._get_name()} has no attribute `{name}`")
        if name not in getattr(module, kind):
            raise AttributeError(f"`{name}` is not {words}")
        return getattr(module, kind)[name]

    def get_parameter(self, target: str) -> Parameter:
        """The parameter with a dotted name.

        Raises:
            AttributeError: there is none.
        """
        return self._get(target, "_parameters", "an nn.Parameter")

    def get_buffer(self, target: str) -> Tensor:
        """The buffer with a dotted name.

        Raises:
            AttributeError: there is none.
        """
        return self._get(target, "_buffers", "a buffer")

    def named_modules(self, memo: set | None = None, prefix: str = "", remove_duplicate: bool = True) -> Iterator[tuple]:
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

    def named_children(self) -> Iterator[tuple]:
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

    def _named_members(self, members_of: Callable, prefix: str = "", recurse: bool = True, remove_duplicate: bool = True):
        seen = set()
        modules = self.named_modules(prefix=prefix, remove_duplicate=remove_duplicate) if recurse else [(prefix, self)]
        for path, module in modules:
            for name, each in members_of(module):
                if each is None or id(each) in seen:
                    continue
                if remove_duplicate:
                    seen.add(id(each))
                yield path + ("." if path else "") + name, each

    def named_parameters(self, prefix: str = "", recurse: bool = True, remove_duplicate: bool = True) -> Iterator[tuple]:
        """(name, parameter) of this module, and of those below it for `recurse`."""
        yield from self._named_members(lambda each: each._parameters.items(), prefix, recurse, remove_duplicate)

    def parameters(self, recurse: bool = True) -> Iterator[Parameter]:
        """The parameters of this module, and of those below it for `recurse`."""
        for _, each in self.named_parameters(recurse=recurse):
            yield each

    def named_buffers(self, prefix: str = "", recurse: bool = True, remove_duplicate: bool = True) -> Iterator[tuple]:
        """(name, buffer) of this module, and of those below it for `recurse`."""
        yield from self._named_members(lambda each: each._buffers.items(), prefix, recurse, remove_duplicate)

    def buffers(self, recurse: bool = True) -> Iterator[Tensor]:
        """The buffers of this module, and of those below it for `recurse`."""
        for _, each in self.named_buffers(recurse=recurse):
            yield each

    # ------------------------------------------------------------------ changing

    def _apply(self, fn: Callable, recurse: bool = True) -> Module:
        """Replace the elements of all parameters, gradients and buffers; the parameters stay the same objects."""
        if recurse:
            for module in self.children():
                module._apply(fn)
        for param in self._parameters.values():
            if param is None:
                continue
            with no_grad():
                new = fn(param.data)
                if new is not param:
                    param.data = new
                if param.grad is not None:
                    grad = fn(param.grad.data)
                    param.grad = None
                    param.grad = grad
        for name, buffer in self._buffers.items():
            if buffer is not None:
                self._buffers[name] = fn(buffer)
        return self

    def apply(self, fn: Callable) -> Module:
        """Call ``fn(module)`` for all modules below and then this one; returns this one."""
        for module in self.children():
            module.apply(fn)
        fn(self)
        return self

    def to(self, *args, **kwargs) -> Module:
        """Move parameters and buffers to a device, floating point ones to a dtype, in place; returns the module.

        Args:
            args: a device, a dtype, both, or a tensor to be like.

        Raises:
            TypeError: the dtype is neither floating point nor complex.
        """
        like = next((each for each in (*args, *kwargs.values()) if isinstance(each, Tensor)), None)
        found = [each for each in (*args, kwargs.get("device"), kwargs.get("dtype")) if each is not None]
        dtype = next((each for each in found if isinstance(each, dtypes.dtype)), like.dtype if like is not None else None)
        where = next((each for each in found if isinstance(each, (str, int, devices.device)) and not isinstance(each, bool)), None)
        where = like.device if like is not None else where
        if dtype is not None and not (dtype.is_floating_point or dtype.is_complex):
            raise TypeError(
                f"nn.Module.to only accepts floating point or complex dtypes, but got desired dtype={dtype}"
            )
        if where is not None:
            where = devices.resolve(where)

        def convert(tensor):
            floats = tensor.is_floating_point() or tensor.is_complex()
            return tensor.to(device=where, dtype=dtype if floats else None)

        return self._apply(convert)

    def cuda(self, device=None) -> Module:
        """Move parameters and buffers to a GPU, in place."""
        return self._apply(lambda each: each.cuda(device))

    def cpu(self) -> Module:
        """Move parameters and buffers to the host's memory, in place."""
        return self._apply(lambda each: each.cpu())

    def type(self, dst_type) -> Module:
        """Convert all parameters and buffers to a dtype, in place."""
        return self._apply(lambda each: each.type(dst_type))

    def _floats_to(self, dtype: dtypes.dtype) -> Module:
        return self._apply(lambda each: each.to(dtype) if each.is_floating_point() else each)

    def float(self) -> Module:
        """Convert floating point parameters and buffers to float32, in place."""
        return self._floats_to(dtypes.float32)

    def double(self) -> Module:
        """Convert floating point parameters and buffers to float64, in place."""
        return self._floats_to(dtypes.float64)

    def half(self) -> Module:
        """Convert floating point parameters and buffers to float16, in place."""
        return self._floats_to(dtypes.float16)

    def bfloat16(self) -> Module:
        """Convert floating point parameters and buffers to bfloat16, in place."""
        return self._floats_to(dtypes.bfloat16)

    def to_empty(self, *, device, recurse: bool = True) -> Module:
        """Move to a device without the elements."""
        from torchlike._functions.creation import empty_like

        return self._apply(lambda each: empty_like(each, device=device), recurse=recurse)

    def share_memory(self) -> Module:
        """See `Tensor.share_memory_`."""
        return self._apply(lambda each: each.share_memory_())

    def train(self, mode: bool = True) -> Module:
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

    def eval(self) -> Module:
        """Set evaluation mode, here and below; returns the module."""
        return self.train(False)

    def requires_grad_(self, requires_grad: bool = True) -> Module:
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
                "autograd and so don't accumulate gradients. If you need gradients in your forward method, consider using "
                "autograd.grad instead.",
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


def _indented(text: str, spaces: int = 2) -> str:
    return text.replace("\n", "\n" + " " * spaces)


def _remove(name: str, *places) -> None:
    for each in places:
        if name in each:
            if isinstance(each, dict):
                del each[name]
            else:
                each.discard(name)


def _type_name(value) -> str:
    kind = type(value)
    if isinstance(value, Tensor):
        return value.type()
    return kind.__name__ if kind.__module__ == "builtins" else f"{kind.__module__.replace('torchlike', 'torch')}.{kind.__qualname__}"


Module.__module__ = "torchlike.nn.modules.module"
