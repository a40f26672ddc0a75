"""A module's state: what goes into a ``state_dict`` and how it comes back."""

from __future__ import annotations

import itertools
import warnings
from collections import OrderedDict, namedtuple
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any
from weakref import ref

from torchlike._autograd.modes import no_grad
from torchlike.nn.parameter import Parameter, is_lazy
from torchlike.tensor import Tensor
from torchlike.utils.hooks import RemovableHandle

if TYPE_CHECKING:
    from torchlike.nn.modules.module import Module

_EXTRA_STATE_KEY_SUFFIX = "_extra_state"


class _IncompatibleKeys(namedtuple("IncompatibleKeys", ["missing_keys", "unexpected_keys"])):
    """The keys that a loaded `state_dict` lacked, and those that nothing took."""

    __slots__ = ()

    def __repr__(self) -> str:
        if not self.missing_keys and not self.unexpected_keys:
            return "<All keys matched successfully>"
        return super().__repr__()

    __str__ = __repr__


def registered(hooks: OrderedDict, hook: Callable, *, prepend: bool = False, extra: Any = None) -> RemovableHandle:
    """Put a hook into a dictionary; returns the handle that takes it out again."""
    handle = RemovableHandle(hooks, extra_dict=extra)
    hooks[handle.id] = hook
    if prepend:
        hooks.move_to_end(handle.id, last=False)
    return handle


class WrappedHook:
    """A hook that is called with its module before the other arguments, and does not keep the module alive.

    Copied or pickled together with the module, it belongs to the copy.
    """

    def __init__(self, hook: Callable, module: Module | None = None) -> None:
        self.hook = hook
        self._module = None if module is None else ref(module)

    def __call__(self, *args: Any, **kwargs: Any):
        if self._module is None:
            return self.hook(*args, **kwargs)
        module = self._module()
        if module is None:
            raise RuntimeError("You are trying to call the hook of a dead Module!")
        return self.hook(module, *args, **kwargs)

    def __getstate__(self) -> dict:
        return {"hook": self.hook, "module": None if self._module is None else self._module()}

    def __setstate__(self, state: dict) -> None:
        self.__init__(**state)


class StateMethods:
    """`state_dict` and `load_state_dict`, and the hooks around them."""

    if TYPE_CHECKING:

        def __getattr__(self, name: str) -> Any:
            """What `Module` has."""

    _version = 1

    def get_extra_state(self):
        """What else belongs to the state; a module that has something defines this and `set_extra_state`."""
        raise RuntimeError(
            "Reached a code path in Module.get_extra_state() that should never be called. Please file an issue at "
            "https://github.com/pytorch/pytorch/issues/new?template=bug-report.yml to report this bug."
        )

    def set_extra_state(self, state: Any) -> None:
        """Take over what `get_extra_state` gave."""
        raise RuntimeError(
            "Reached a code path in Module.set_extra_state() that should never be called. Please file an issue at "
            "https://github.com/pytorch/pytorch/issues/new?template=bug-report.yml to report this bug."
        )

    def _has_extra_state(self) -> bool:
        return type(self).get_extra_state is not StateMethods.get_extra_state

    # ------------------------------------------------------------------ saving

    def _save_to_state_dict(self, destination: dict, prefix: str, keep_vars: bool) -> None:
        for name, each in self._parameters.items():
            if each is not None:
                destination[prefix + name] = each if keep_vars else each.detach()
        for name, each in self._buffers.items():
            if each is not None and name not in self._non_persistent_buffers_set:
                destination[prefix + name] = each if keep_vars else each.detach()
        if self._has_extra_state():
            destination[prefix + _EXTRA_STATE_KEY_SUFFIX] = self.get_extra_state()

    def state_dict(
        self, *args: Any, destination: Any = None, prefix: str = "", keep_vars: bool = False
    ) -> dict[str, Any]:
        """All parameters and persistent buffers by name, an ordered dictionary.

        Args:
            prefix: put before every name.
            keep_vars: give the parameters themselves rather than detached tensors on the same elements.
        """
        if args:
            warnings.warn(
                "Positional args are being deprecated, use kwargs instead. Refer to "
                "https://pytorch.org/docs/main/generated/torch.nn.Module.html#torch.nn.Module.state_dict for details.",
                FutureWarning,
                stacklevel=2,
            )
            positional: Any = (*args, *(destination, prefix, keep_vars)[len(args) :])
            destination, prefix, keep_vars = positional
        if destination is None:
            destination = OrderedDict()
            destination._metadata = OrderedDict()
        local = {"version": self._version}
        if hasattr(destination, "_metadata"):
            destination._metadata[prefix[:-1]] = local
        for hook in self._state_dict_pre_hooks.values():
            hook(self, prefix, keep_vars)
        self._save_to_state_dict(destination, prefix, keep_vars)
        for name, module in self._modules.items():
            if module is not None:
                module.state_dict(destination=destination, prefix=prefix + name + ".", keep_vars=keep_vars)
        for hook in self._state_dict_hooks.values():
            changed = hook(self, destination, prefix, local)
            if not getattr(hook, "_from_public_api", False):
                destination = destination if changed is None else changed
            elif changed is not None:
                raise RuntimeError("state_dict post-hook must return None")
        return destination

    def register_state_dict_post_hook(self, hook: Callable) -> RemovableHandle:
        """Call ``hook(module, state_dict, prefix, local_metadata)`` after `state_dict`, to change the dictionary."""
        hook._from_public_api = True
        return registered(self._state_dict_hooks, hook)

    def _register_state_dict_hook(self, hook: Callable) -> RemovableHandle:
        if getattr(hook, "_from_public_api", False):
            raise RuntimeError(
                "Cannot register the same function as the state dict post hook that was previously registered via "
                "register_state_dict_post_hook"
            )
        return registered(self._state_dict_hooks, hook)

    def register_state_dict_pre_hook(self, hook: Callable) -> RemovableHandle:
        """Call ``hook(module, prefix, keep_vars)`` before `state_dict`."""
        return registered(self._state_dict_pre_hooks, hook)

    # ------------------------------------------------------------------ loading

    def register_load_state_dict_pre_hook(self, hook: Callable) -> RemovableHandle:
        """Call ``hook(module, state_dict, prefix, local_metadata, strict, missing, unexpected, errors)`` before a load.

        The last three are lists, of keys and of messages, that the hook may add to.
        """
        return self._register_load_state_dict_pre_hook(hook, with_module=True)

    def _register_load_state_dict_pre_hook(self, hook: Callable, with_module: bool = False) -> RemovableHandle:
        return registered(self._load_state_dict_pre_hooks, WrappedHook(hook, self if with_module else None))

    def register_load_state_dict_post_hook(self, hook: Callable) -> RemovableHandle:
        """Call ``hook(module, incompatible_keys)`` after loading; it may change the lists of keys."""
        return registered(self._load_state_dict_post_hooks, hook)

    def _load_from_state_dict(
        self,
        state_dict: dict[str, Any],
        prefix: str,
        local_metadata: dict[str, Any],
        strict: bool,
        missing_keys: list[str],
        unexpected_keys: list[str],
        error_msgs: list[str],
    ) -> None:
        """Load this module's own parameters and buffers."""
        for hook in self._load_state_dict_pre_hooks.values():
            hook(state_dict, prefix, local_metadata, strict, missing_keys, unexpected_keys, error_msgs)
        kept = ((n, b) for n, b in self._buffers.items() if n not in self._non_persistent_buffers_set)
        own = {name: each for name, each in itertools.chain(self._parameters.items(), kept) if each is not None}
        assign = local_metadata.get("assign_to_params_buffers", False)
        for name, each in own.items():
            key = prefix + name
            if key in state_dict:
                self._load_one(name, key, each, state_dict[key], assign, error_msgs)
            elif strict:
                missing_keys.append(key)
        extra = prefix + _EXTRA_STATE_KEY_SUFFIX
        if type(self).set_extra_state is not StateMethods.set_extra_state:
            if extra in state_dict:
                self.set_extra_state(state_dict[extra])
            elif strict:
                missing_keys.append(extra)
        elif strict and extra in state_dict:
            unexpected_keys.append(extra)
        if strict:
            for key in state_dict:
                if key.startswith(prefix) and key != extra:
                    rest = key[len(prefix) :].split(".", 1)
                    if (len(rest) > 1 and rest[0] not in self._modules) or (len(rest) == 1 and rest[0] not in own):
                        unexpected_keys.append(key)

    def _load_one(self, name: str, key: str, mine: Any, given: Any, assign: bool, error_msgs: list) -> None:
        if not isinstance(given, Tensor):
            error_msgs.append(
                f'While copying the parameter named "{key}", expected torch.Tensor or Tensor-like object from '
                f"checkpoint but received {type(given)}"
            )
            return
        has_shape = not is_lazy(mine)
        if has_shape and mine.dim() == 0 and given.shape == (1,):
            given = given[0]  # scalars had one dimension once
        if has_shape and given.shape != mine.shape:
            error_msgs.append(
                f"size mismatch for {key}: copying a param with shape {given.shape} from checkpoint, the shape in "
                f"current model is {mine.shape}."
            )
            return
        try:
            with no_grad():
                if not assign:
                    mine.copy_(given)
                    return
                if isinstance(mine, Parameter):
                    own = given if isinstance(given, Parameter) else Parameter(given, requires_grad=False)
                    given = own.requires_grad_(mine.requires_grad)
                setattr(self, name, given)
        except Exception as error:
            error_msgs.append(
                f'While copying the parameter named "{key}", whose dimensions in the model are {mine.size()} and whose '
                f"dimensions in the checkpoint are {given.size()}, an exception occurred : {error.args}."
            )

    def load_state_dict(self, state_dict: Mapping, strict: bool = True, assign: bool = False):
        """Load parameters and buffers, this module's and those below it.

        Args:
            strict: whether the keys must be the same.
            assign: take the given tensors themselves, rather than copy their elements.

        Returns:
            A named pair (missing_keys, unexpected_keys).

        Raises:
            RuntimeError: keys or shapes do not fit; all that fits was loaded.
            TypeError: `state_dict` is no mapping.
        """
        if not isinstance(state_dict, Mapping):
            raise TypeError(f"Expected state_dict to be dict-like, got {type(state_dict)}.")
        missing, unexpected, errors = [], [], []
        metadata = getattr(state_dict, "_metadata", None)
        given: Any = OrderedDict(state_dict)  # hooks may change it
        if metadata is not None:
            given._metadata = metadata

        def load(module: Module, local_state: dict, prefix: str) -> None:
            local = {} if metadata is None else dict(metadata.get(prefix[:-1], {}))
            if assign:
                local["assign_to_params_buffers"] = True
            module._load_from_state_dict(local_state, prefix, local, True, missing, unexpected, errors)
            for name, child in module._modules.items():
                if child is not None:
                    below = prefix + name + "."
                    load(child, {k: v for k, v in local_state.items() if k.startswith(below)}, below)
            keys = _IncompatibleKeys(missing, unexpected)
            for hook in module._load_state_dict_post_hooks.values():
                if hook(module, keys) is not None:
                    raise AssertionError(
                        "Hooks registered with ``register_load_state_dict_post_hook`` are not expected to return new "
                        "values, if incompatible_keys need to be modified, it should be done inplace."
                    )

        load(self, given, "")
        if strict:
            for keys, words in (
                (unexpected, "Unexpected key(s) in state_dict"),
                (missing, "Missing key(s) in state_dict"),
            ):
                if keys:
                    errors.insert(0, f"{words}: " + ", ".join(f'"{each}"' for each in keys) + ". ")
        if errors:
            raise RuntimeError(f"Error(s) in loading state_dict for {type(self).__name__}:\n\t" + "\n\t".join(errors))
        return _IncompatibleKeys(missing, unexpected)
