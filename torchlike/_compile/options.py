"""The options of ``torch.compile``, and the switches for all compiled functions."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

from torchlike._compile import function
from torchlike._compile.errors import InvalidBackend, refuse
from torchlike._recorder.kinds import ORDINARY
from torchlike._recorder.recorder import recorder

MODES = ("default", "lite", "reduce-overhead", "max-autotune-no-cudagraphs", "max-autotune")
BACKENDS = ("cudagraphs", "inductor", "openxla", "tvm")
DEBUGGING = ("aot_eager", "aot_eager_decomp_partition", "aot_eager_default_partitioner", "eager", "eager_noexcept")
settings: dict = {"recompile_limit": 8, "disable": os.environ.get("TORCH_COMPILE_DISABLE", "0") == "1"}


def check(backend: str | Callable | None, mode: str | None, options: dict | None) -> None:
    """Refuse options that PyTorch refuses.

    Raises:
        RuntimeError: the mode is unknown, or there are options as well.
        InvalidBackend: there is no such backend, or it is a function: there is no graph that it could be given.
    """
    if mode is not None and options is not None:
        raise RuntimeError("Either mode or options can be specified, but both can't be specified at the same time.")
    if mode is not None and mode not in MODES and backend in (None, "inductor"):
        raise RuntimeError(f"Unrecognized mode={mode}, should be one of: {', '.join(MODES)}")
    if backend is not None and backend not in (*BACKENDS, *DEBUGGING):
        raise InvalidBackend(backend if isinstance(backend, str) else getattr(backend, "__name__", repr(backend)))


def compiled(
    fn: Callable,
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
) -> Callable:
    """A compiled function; see `torch.compile` for the arguments.

    Raises:
        RuntimeError, InvalidBackend: the options do not fit; see `check`.
        AssertionError: `fn` cannot be called.
    """
    check(backend, mode, options)
    if not callable(fn):
        raise AssertionError(f"A callable function is expected, but {type(fn)} is provided.")
    if disable or settings["disable"]:
        return fn
    limit = settings["recompile_limit"] if recompile_limit is None else recompile_limit
    return function.compiled(fn, refuse if fullgraph else None, limit)


def is_compiling() -> bool:
    """Whether a compiled function is being captured: the call is recorded, to be replayed at the next."""
    return recorder.kind is not ORDINARY


def is_exporting() -> bool:
    """Whether a function is being written down for use elsewhere: never."""
    return False


def allow_in_graph(fn: Any):
    """The function, or the list of functions, as it is: whatever it calls is recorded, looked into or not.

    Raises:
        AssertionError: it cannot be called.
    """
    if isinstance(fn, (list, tuple)):
        return [allow_in_graph(each) for each in fn]
    if not callable(fn):
        raise AssertionError("allow_in_graph expects a callable")
    return fn


def list_backends(exclude_tags: tuple | None = ("debug", "experimental")) -> list[str]:
    """The names that ``torch.compile(backend=...)`` takes; all compile with XLA.

    Args:
        exclude_tags: leave out those for debugging if ``"debug"`` is among them.
    """
    return sorted(BACKENDS if exclude_tags and "debug" in exclude_tags else (*BACKENDS, *DEBUGGING))


STANCES = (
    "default",
    "force_eager",
    "eager_on_recompile",
    "fail_on_recompile",
    "eager_then_compile",
    "aot_eager_then_compile",
)


class set_stance:
    """What compiled functions do from now on, or within a block or a function.

    Args:
        stance: ``"default"``; ``"force_eager"`` to run everything as if it were not compiled;
            ``"eager_on_recompile"`` to capture nothing new; ``"fail_on_recompile"`` to raise an error there. The other
            two are as the default, where the first call is never compiled.

    Raises:
        RuntimeError: there is no such stance.

    Example:
        >>> with torch.compiler.set_stance("force_eager"):
        ...     pass
    """

    def __init__(
        self,
        stance: str = "default",
        *,
        skip_guard_eval_unsafe: bool = False,
        force_backend: str | Callable[..., Any] | None = None,
    ) -> None:
        if stance not in STANCES:
            raise RuntimeError(f"invalid torch.compile stance '{stance}'")
        self.stance, self.previous = stance, function.stance.name
        function.stance.name = stance

    def __call__(self, fn: Callable) -> Callable:
        function.stance.name = self.previous

        @function.keeping_name(fn)
        def call(*args: Any, **kwargs: Any):
            with set_stance(self.stance):
                return fn(*args, **kwargs)

        return call

    def __enter__(self) -> None:
        function.stance.name = self.stance

    def __exit__(self, *exc: object) -> None:
        function.stance.name = self.previous
