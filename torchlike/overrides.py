"""``torch.overrides``: who answers calls of PyTorch's functions in their stead."""

from __future__ import annotations

import collections
import contextlib
import functools
import inspect
import types
import warnings
from collections.abc import Callable, Generator, Iterable, Iterator
from typing import TYPE_CHECKING, Any

import torchlike
from torchlike._overrides import (
    TorchFunctionState,
    answer,
    at_level,
    overriding,
    pop,
    push,
    skipped_once,
    state,
    told_of,
    without_innermost,
)
from torchlike._tensor.subclassing import nowrap_functions, show_modes

if TYPE_CHECKING:
    from types import TracebackType

# ---------------------------------------------------------------------- asking, for functions of one's own


def has_torch_function(relevant_args: Iterable) -> bool:
    """Whether a mode, or one of these arguments, answers calls: neither `Tensor` nor `Parameter` themselves do.

    Raises:
        TypeError: it is no sequence.
    """
    if not isinstance(relevant_args, (tuple, list)):
        try:
            relevant_args = tuple(relevant_args)
        except TypeError:
            raise TypeError("expected a sequence") from None
    return has_torch_function_variadic(*relevant_args)


def has_torch_function_unary(obj: Any) -> bool:
    """`has_torch_function` of one argument."""
    return has_torch_function_variadic(obj)


def has_torch_function_variadic(*relevant_args: Any) -> bool:
    """`has_torch_function` of the arguments themselves."""
    # a list among them is none of a function's tensors
    return overriding(tuple([each for each in relevant_args if type(each) not in (tuple, list)]), {}) is not None


def handle_torch_function(public_api: Callable, relevant_args: Iterable, *args: Any, **kwargs: Any) -> Any:
    """Let whoever answers calls answer this one.

    Args:
        public_api: the function that was called.
        relevant_args: the arguments that may answer.
        args, kwargs: what it was called with.

    Raises:
        TypeError: none of them knows the function.

    Example:
        >>> def double(input):
        ...     if has_torch_function_unary(input):
        ...         return handle_torch_function(double, (input,), input)
        ...     return input + input
    """
    return answer(public_api, told_of(relevant_args), (args, kwargs))


def wrap_torch_function(dispatcher: Callable) -> Callable[[Callable], Callable]:
    """Make a function one that can be answered by others.

    Args:
        dispatcher: gives of the function's arguments those that may answer.
    """

    def inner(func: Callable) -> Callable:
        @functools.wraps(func)
        def wrapped(*args: Any, **kwargs: Any) -> Any:
            relevant_args = dispatcher(*args, **kwargs)
            if has_torch_function(relevant_args):
                return handle_torch_function(wrapped, relevant_args, *args, **kwargs)
            return func(*args, **kwargs)

        return wrapped

    return inner


def redispatch_function(func: Callable, types: Iterable[type], args: tuple, kwargs: dict | None) -> Any:
    """Call a function itself; what it calls in turn can be answered again."""
    is_operation = hasattr(func, "op")  # it calls nothing
    with at_level(TorchFunctionState.ALL_DISABLED) if is_operation else skipped_once():
        return func(*args, **(kwargs or {}))


def is_tensor_like(inp: Any) -> bool:
    """Whether it is a tensor or has a ``__torch_function__``."""
    return hasattr(inp, "__torch_function__")


# ---------------------------------------------------------------------- modes


class TorchFunctionMode:
    """A block in which `__torch_function__` answers every call of PyTorch's functions, whatever the arguments.

    Inside that method the mode is off; the modes around it are on.

    Example:
        >>> class Names(TorchFunctionMode):
        ...     def __torch_function__(self, func, types, args=(), kwargs=None):
        ...         print(resolve_name(func))
        ...         return func(*args, **(kwargs or {}))
    """

    inner: TorchFunctionMode

    def __init__(self) -> None:
        """Nothing is kept."""

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if cls.__module__ != __name__:  # a user's, to be entered some time
            _show_modes()

    def __torch_function__(self, func: Callable, types: Any, args: tuple = (), kwargs: dict | None = None) -> Any:
        """Answer a call."""
        raise NotImplementedError

    def __enter__(self):
        _push_mode(self)
        return self

    def __exit__(
        self, exc_type: type[BaseException] | None, exc_val: BaseException | None, exc_tb: TracebackType | None
    ) -> None:
        _pop_mode()

    @classmethod
    def push(cls, *args: Any, **kwargs: Any) -> TorchFunctionMode:
        """The mode, to be entered: what was needed once.

        Warns:
            UserWarning: it is not any more.
        """
        warnings.warn("`Mode.push()` is no longer necessary and can be replaced with just `with Mode()`", stacklevel=2)
        return cls(*args, **kwargs)


class BaseTorchFunctionMode(TorchFunctionMode):
    """A mode that calls the function."""

    def __torch_function__(self, func: Callable, types: Any, args: tuple = (), kwargs: dict | None = None) -> Any:
        return func(*args, **(kwargs or {}))


@functools.cache
def _show_modes() -> None:
    """Put methods in place that look for modes; what was known of the others holds no more."""
    show_modes()
    for known in (_get_overridable_functions, get_ignored_functions, get_testing_overrides):
        known.cache_clear()


def _push_mode(mode: Any) -> None:
    _show_modes()
    push(mode)


def _pop_mode() -> Any:
    return pop()


def _pop_mode_temporarily() -> contextlib.AbstractContextManager:
    return without_innermost()


def _get_current_function_mode() -> Any:
    return state.modes[-1] if state.modes else None


def _get_current_function_mode_stack() -> list:
    return list(state.modes)


@contextlib.contextmanager
def enable_reentrant_dispatch() -> Generator[None]:
    """A block in which overrides are heard again."""
    with at_level(TorchFunctionState.ENABLED):
        yield


# ---------------------------------------------------------------------- what can be overridden

# what PyTorch says that no tensor overrides
_IGNORED = {
    "torch": """arange are_deterministic_algorithms_enabled as_strided as_tensor asarray autocast_decrement_nesting
        autocast_increment_nesting bartlett_window blackman_window broadcast_shapes can_cast clear_autocast_cache compile
        cond default_generator device dtype empty empty_permuted empty_strided enable_grad eye fill finfo from_file
        from_numpy frombuffer full get_autocast_cpu_dtype get_autocast_dtype get_autocast_gpu_dtype get_default_device
        get_default_dtype get_deterministic_debug_mode get_device_module get_float32_matmul_precision
        get_num_interop_threads get_num_threads get_rng_state hamming_window hann_window iinfo inference_mode initial_seed
        is_autocast_cache_enabled is_autocast_cpu_enabled is_autocast_enabled
        is_deterministic_algorithms_warn_only_enabled is_grad_enabled is_inference_mode_enabled is_storage is_tensor
        is_warn_always_enabled kaiser_window layout linspace load logspace manual_seed memory_format no_grad normal ones
        promote_types qscheme rand rand_like randint randint_like randn randn_like randperm range result_type save
        scalar_tensor seed set_autocast_cache_enabled set_autocast_cpu_dtype set_autocast_cpu_enabled set_autocast_dtype
        set_autocast_enabled set_autocast_gpu_dtype set_default_device set_default_tensor_type
        set_deterministic_debug_mode set_float32_matmul_precision set_flush_denormal set_grad_enabled
        set_num_interop_threads set_num_threads set_printoptions set_rng_state set_warn_always tensor tril_indices
        triu_indices typename use_deterministic_algorithms vander vmap zeros""",
    "torch.nn.functional": "hardsigmoid hardswish sigmoid tanh upsample upsample_bilinear upsample_nearest",
    "torch.nn.init": """calculate_gain constant dirac eye kaiming_normal kaiming_uniform normal orthogonal sparse uniform
        xavier_normal xavier_uniform""",
    "torch.Tensor": """__class__ __delattr__ __delitem__ __dir__ __getattribute__ __hash__ __init__ __init_subclass__
        __iter__ __new__ __setattr__ __subclasshook__ __torch_function__ _make_subclass as_subclass new new_empty
        new_empty_strided new_full new_ones new_tensor new_zeros stride unflatten""",
}
_NAMESPACES = ("torch", "functional", "nn.functional", "nn.init", "Tensor", "linalg", "fft", "special")


def _namespaces() -> Iterator[tuple[str, Any]]:
    """Those of PyTorch's that are there, by the names that it has for them."""
    for path in _NAMESPACES:
        owner = torchlike if path == "torch" else _found(torchlike, path)
        if owner is not None:
            yield path if path == "torch" else f"torch.{path}", owner


def _found(owner: Any, path: str) -> Any:
    for name in path.split("."):
        owner = getattr(owner, name, None)
    return owner


@functools.cache
def get_ignored_functions() -> set[Callable]:
    """The functions that cannot be overridden by a tensor."""
    owners = dict(_namespaces())
    return {
        getattr(owners[path], name)
        for path, names in _IGNORED.items()
        for name in names.split()
        if hasattr(owners[path], name)
    }


def get_default_nowrap_functions() -> set[Callable]:
    """The functions whose results ``Tensor.__torch_function__`` leaves as they are."""
    return nowrap_functions()


@functools.cache
def _get_overridable_functions() -> tuple[dict[Any, list[Callable]], dict[Callable, str]]:
    """Functions by the module or class that has them; and the path of each, and of those that are ignored."""
    overridable, paths = collections.defaultdict(list), {}
    for path, owner, name in _every_name():
        func = getattr(owner, name)
        if isinstance(func, property):
            paths[func.__set__] = f"{path}.{name}.__set__"
            kept, func, name = overridable[func], func.__get__, name + ".__get__"
        elif callable(func):
            kept = overridable[owner]
        else:
            continue
        if func not in paths or name == func.__name__ and path != "torch.special":  # of several names its own
            paths[func] = f"{path}.{name}"
        is_hidden = path != "torch.Tensor" and (name[0] == "_" or name[-1] == "_" or not name[0].islower())
        if not is_hidden and func not in get_ignored_functions():
            kept.append(func)
    return {owner: functions for owner, functions in overridable.items() if functions}, paths


def _every_name() -> Iterator[tuple[str, Any, str]]:
    """(path of the owner, owner, name) of all that may be a function of PyTorch's."""
    for path, owner in _namespaces():
        for name in dir(owner):
            if path == "torch.Tensor":
                if getattr(object, name, None) == getattr(owner, name) or name in (
                    "__dict__",
                    "__weakref__",
                    "__module__",
                ):
                    continue
                if (
                    name.startswith("_")
                    and not name.endswith("_")
                    and name not in ("_grad", "_version", "_make_subclass")
                ):
                    continue  # a helper of our own
            elif name.startswith("__") or isinstance(getattr(owner, name), types.ModuleType):
                continue
            yield path, owner, name


def get_overridable_functions() -> dict[Any, list[Callable]]:
    """The functions that can be overridden, by the module or class that has them."""
    return _get_overridable_functions()[0]


@functools.cache
def get_testing_overrides() -> dict[Callable, Callable]:
    """For each function that can be overridden one of the same parameters that gives -1."""
    return {func: _dummy(func) for functions in get_overridable_functions().values() for func in functions}


def _dummy(func: Callable) -> Callable:
    dummy = lambda *args, **kwargs: -1  # noqa: E731 - as PyTorch's are
    with contextlib.suppress(ValueError):  # a slot of Python's own tells no signature
        dummy.__signature__ = inspect.signature(func)  # type: ignore[attr-defined]
    return dummy


def resolve_name(f: Callable) -> str | None:
    """The path of a function that can be passed to ``__torch_function__``: ``"torch.Tensor.add"``."""
    return _get_overridable_functions()[1].get(f)


def is_tensor_method_or_property(func: Callable) -> bool:
    """Whether it is a method of `Tensor`, or the ``__get__`` of a property."""
    return func in get_overridable_functions()[torchlike.Tensor] or func.__name__ == "__get__"
