"""``torch._dynamo.eval_frame``: `compile` for functions and modules."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar, cast, overload

from torchlike._compile import options as _options
from torchlike._compile.errors import BREAK, DISABLED
from torchlike._compile.function import disabled
from torchlike._recorder.recorder import recorder
from torchlike.nn.modules.module import Module

F = TypeVar("F", bound=Callable[..., Any])


class OptimizedModule(Module):
    """A module whose calls are compiled; all else is the module's own, ``_orig_mod``.

    Args:
        mod: the module.
        wrap: makes of a function what is called in its place.
    """

    _own = {"_orig_mod", "_wrap", "forward"}

    def __init__(self, mod: Module, wrap: Callable) -> None:
        super().__init__()
        self.__dict__.pop("training")
        self._modules["_orig_mod"] = mod
        self._wrap = wrap
        self.forward = wrap(mod.__call__)

    @property
    def training(self) -> bool:
        """The module's own mode."""
        return self._orig_mod.training

    @training.setter
    def training(self, mode: bool) -> None:  # pyright: ignore[reportIncompatibleVariableOverride]
        self._orig_mod.training = mode

    def __getattr__(self, name: str) -> Any:
        modules = self.__dict__.get("_modules", {})
        if name == "_orig_mod" and name in modules:
            return modules[name]
        if "_orig_mod" not in modules:
            raise AttributeError(name)
        return getattr(modules["_orig_mod"], name)

    def __setattr__(self, name: str, value: Any) -> None:
        if name in self._own or name in self.__dict__ or isinstance(getattr(type(self), name, None), property):
            object.__setattr__(self, name, value)
        elif "_orig_mod" in self.__dict__.get("_modules", ()):
            setattr(self._orig_mod, name, value)
        else:
            super().__setattr__(name, value)

    def __delattr__(self, name: str) -> None:
        delattr(self if name in self._own else self._orig_mod, name)

    def __len__(self) -> int:
        return len(self._orig_mod)

    def __dir__(self) -> list[str]:
        return sorted({*super().__dir__(), *dir(self._orig_mod)})

    def __getstate__(self) -> dict:
        return {name: each for name, each in self.__dict__.items() if name != "forward"}

    def __setstate__(self, state: dict) -> None:
        self.__dict__.update(state)
        self.forward = self._wrap(self._orig_mod.__call__)


class _Wrapping:
    """A function that wraps functions, with its options; unlike a closure it can be pickled."""

    def __init__(self, wrap: Callable, *args: Any, **options: Any) -> None:
        self.wrap, self.args, self.options = wrap, args, options

    def __call__(self, fn: Callable) -> Callable:
        return self.wrap(fn, *self.args, **self.options)


def _applied(target: Any, wrap: Callable):
    """A module, function, method or class of modules with its calls wrapped."""
    if isinstance(target, Module):
        return OptimizedModule(target, wrap)
    if isinstance(target, type) and issubclass(target, Module):
        target.__call__ = wrap(target.__call__)
        return target
    return target if isinstance(target, type) else wrap(target)


@overload
def compile(
    model: F,
    *,
    fullgraph: bool = False,
    dynamic: bool | None = None,
    backend: str | Callable[..., Any] | None = None,
    mode: str | None = None,
    options: dict[str, Any] | None = None,
    name: str | None = None,
    disable: bool = False,
    recompile_limit: int | None = None,
    isolate_recompiles: bool = False,
    shapes_spec: Any = None,
) -> F: ...
@overload
def compile(
    model: None = None,
    *,
    fullgraph: bool = False,
    dynamic: bool | None = None,
    backend: str | Callable[..., Any] | None = None,
    mode: str | None = None,
    options: dict[str, Any] | None = None,
    name: str | None = None,
    disable: bool = False,
    recompile_limit: int | None = None,
    isolate_recompiles: bool = False,
    shapes_spec: Any = None,
) -> Callable[[F], F]: ...
def compile(
    model: Callable | None = None,
    *,
    fullgraph: bool = False,
    dynamic: bool | None = None,
    backend: str | Callable | None = None,
    mode: str | None = None,
    options: dict | None = None,
    name: str | None = None,
    disable: bool = False,
    recompile_limit: int | None = None,
    isolate_recompiles: bool = False,
    shapes_spec: Any = None,
) -> Any:
    """Compile a function or a module: a call that is like an earlier one skips Python.

    Every program runs compiled, with or without this: operations are recorded, and XLA compiles what comes again. What
    `compile` adds is that a whole call is captured, a training step with its backward and its optimizer if the
    function does that, and replayed as one program as long as nothing that it has read of Python is another. What
    cannot be replayed (a value read in the middle, output, random numbers drawn on the host, a list that grows) is
    recorded as any other code; `torchlike.explain` tells where and why.

    Args:
        model: the function or module; None to decorate.
        fullgraph: raise an error where PyTorch does: at a branch on a value, `print`, a call that is not compiled.
        dynamic: taken; each shape is a program of its own.
        backend: taken, if PyTorch has it: XLA compiles.
        mode: taken, if PyTorch has it.
        options: taken.
        disable: return `model` as it is.
        recompile_limit: how many captured calls are kept; ``torch._dynamo.config.recompile_limit`` by default.

    Returns:
        A function of the same name, or an `OptimizedModule`.

    Raises:
        RuntimeError: the mode is unknown, or there are options as well.
        torch._dynamo.exc.InvalidBackend: there is no such backend.

    Example:
        >>> @torch.compile
        ... def double(x):
        ...     return x + x
        >>> double(torch.ones(2))
        tensor([2., 2.])
    """
    given: dict[str, Any] = dict(
        fullgraph=fullgraph, dynamic=dynamic, backend=backend, mode=mode, options=options, disable=disable
    )
    given["recompile_limit"] = recompile_limit
    if model is None:

        def decorate(model: Callable):
            if model is None:
                raise RuntimeError("Model can't be None")
            return compile(cast(Any, model), **given)

        return decorate
    _options.check(backend, mode, options)
    if disable or _options.settings["disable"]:
        return _options.compiled(model, **given)
    return _applied(model, _Wrapping(_options.compiled, **given))


def disable(fn: Any = None, recursive: bool = True, *, reason: str | None = None, wrapping: bool = True) -> Any:
    """A function or module that is never a part of a compiled call: a function that calls it is recorded.

    Args:
        fn: the function or module; None to decorate.
        recursive: taken.
        reason: taken: why.
    """
    if fn is None:
        return lambda fn: disable(fn, recursive, reason=reason, wrapping=wrapping)
    if not callable(fn):
        raise AssertionError(f"A callable function is expected, but {type(fn)} is provided.")
    return _applied(fn, _Wrapping(disabled, DISABLED))


def graph_break(msg: str = "") -> None:
    """End the capture of the compiled function that calls this, if one is under way: it is recorded."""
    recorder.kind.interrupt(BREAK)


def optimize(
    backend: str | Callable = "inductor", *, nopython: bool = False, disable: bool = False, **more: Any
) -> Any:
    """`compile`, as it was called before 2.0.

    Raises:
        torch._dynamo.exc.InvalidBackend: there is no such backend.
    """
    _options.check(backend, None, None)
    return compile(backend=backend, fullgraph=nopython, disable=disable, dynamic=more.get("dynamic"))


compile.__module__ = "torchlike"
