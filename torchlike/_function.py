"""Functions made of operations: how they are declared, and the gate that a call of one passes.

`function` makes of a plain Python function on tensors what PyTorch's users call: with a public name and place, the form
for classes, PyTorch's other keywords, ``out=``, an error that ends at the user's line, and one look at the arguments for
who answers instead (`torchlike._overrides`). Where nothing is special that look is all that a call costs.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from inspect import Parameter
from typing import Any, Protocol, TypeVar, overload

from torchlike import _autocast as autocast
from torchlike._arguments import SYNONYMS, modern_keywords
from torchlike._autograd.variable import TensorBase
from torchlike._dispatch import OutFunction, P, R, methods
from torchlike._out import OutRule, stored
from torchlike._overrides import (
    TorchFunctionState,
    answered,
    at_level,
    is_in_python,
    is_overriding,
    overriding,
    plain,
    watched,
)
from torchlike._programs import memory
from torchlike._programs.tracebacks import shorten, users_part

F = TypeVar("F", bound=Callable[..., Any])


class _DeclareOut(Protocol):
    def __call__(self, body: Callable[P, R], /) -> OutFunction[P, R]: ...


@overload
def function(body: F, /) -> F: ...
@overload
def function(*, out: Any, **flags: Any) -> _DeclareOut: ...
@overload
def function(**flags: Any) -> Callable[[F], F]: ...
@overload
def function(body: Callable[P, R], /, *, out: Any, **flags: Any) -> OutFunction[P, R]: ...
@overload
def function(body: F, /, **flags: Any) -> F: ...
def function(body: Any = None, /, **flags: Any) -> Any:
    """Declare a public function that is made of operations.

    Args:
        flags: see `Composite`.

    Returns:
        The function. A class has another one in its place, as PyTorch's methods are others than its functions.

    Example:
        >>> @function(legacy={"tensor": "input"})
        ... def halves(input):
        ...     return input[::2], input[1::2]
    """
    if body is None:
        return functools.partial(function, **flags)
    declared = Composite(body, **flags)
    call = declared.form()
    methods[call] = method = declared.form() if declared.several else declared.shown(declared.body)
    method.is_method = declared.several
    return call


@dataclass
class Composite:
    """A declared function.

    Attributes:
        body: what is declared.
        name: where it is not the function's own.
        aliases, also: as in `torchlike._declaration.Flags`.
        module: the public module that shows it, where that is neither ``torchlike`` nor, for what `torchlike.nn` has,
            ``torchlike.nn.functional``.
        legacy: old names of keywords and what they are now: taken, with a FutureWarning.
        out: that it takes ``out=``, and what becomes of another dtype there.
        out_name: what errors of that call it, where it is another name.
        several: whether its method takes other tensors than its own, and so has to look who answers: of the tensor itself
            subclasses know (`torchlike._tensor.subclassing`).
        of_modes: whether only modes answer, and no arguments: what makes tensors of data.
        casts: whether it is in autocast's lists itself, and not its operations.
    """

    body: Callable
    name: str = ""
    aliases: tuple[str, ...] = ()
    also: str = ""
    module: str = ""
    legacy: Mapping[str, str] = field(default_factory=dict)
    out: OutRule | tuple[OutRule, ...] | None = None
    out_name: str = ""
    several: bool = False
    of_modes: bool = False
    casts: bool = False

    def __post_init__(self) -> None:
        of_layers = self.body.__module__.startswith("torchlike.nn")
        self.name = self.name or self.body.__name__
        self.module = self.module or ("torchlike.nn.functional" if of_layers else "torchlike")
        self.policies = autocast.policies_of(self.name) if self.casts else None
        if self.out is not None:
            self.body = _storing(self.body, self.out_name or self.name, self.out)

    @functools.cached_property
    def signature(self) -> inspect.Signature:
        """The body's, and ``out=``."""
        found = inspect.signature(self.body)
        if self.out is None:
            return found
        last = Parameter("out", Parameter.KEYWORD_ONLY, default=None)
        return found.replace(parameters=[*found.parameters.values(), last])

    def form(self) -> Callable:
        """The function behind its gate."""
        return self.shown(functools.update_wrapper(_gated(self), self.body))

    def shown(self, call: Callable) -> Any:
        """A function with the public name and place."""
        call.__name__ = call.__qualname__ = self.name
        call.__module__, call.declared = self.module, self
        if self.out is not None:
            call.__signature__ = self.signature
        return call


def _gated(declared: Composite) -> Callable:
    quick: set[tuple] = set()  # the kinds of arguments that were looked at, and are neither containers nor answer
    plainly = declared.body

    def call(*args: Any, **kwargs: Any):
        nonlocal plainly
        try:
            kinds = (*map(type, args), *kwargs, *map(type, kwargs.values())) if kwargs else tuple(map(type, args))
            if kinds in quick and not watched:
                try:
                    return plainly(*args, **kwargs)
                except Exception:
                    getattr(call.body, "again", _nothing)(args, kwargs)
                    raise
            found = overriding((), {}) if declared.of_modes else overriding(args, kwargs)
            if found is not None:
                return answered(call, found, args, kwargs)
            if declared.policies is not None and autocast.state.setting is not None:
                args, kwargs = _cast(declared.policies, args, kwargs)
            kwargs = _renamed(declared, call, kwargs)
            if declared.of_modes and any([is_overriding(type(each)) for each in args]):
                with at_level(TorchFunctionState.SUBCLASSES_DISABLED):
                    return call.body(*args, **kwargs)
            result = call.body(*args, **kwargs)
            if kinds in getattr(call.body, "known", (kinds,)) and plain.issuperset(
                map(type, (*args, *kwargs.values()))
            ):
                plainly = getattr(call.body, "plainly", call.body)
                quick.add(kinds)
            return result
        except MemoryError as error:
            raise memory.told(error).with_traceback(users_part(error.__traceback__)) from None
        except BaseException as error:
            shorten(error)
            raise

    call.body = declared.body
    return call


def _nothing(args: tuple, kwargs: dict) -> None:
    """What a function that looks at no arguments says of them."""


def _renamed(declared: Composite, call: Callable, kwargs: dict) -> dict:
    """The keywords of a call as they are called today."""
    names = declared.signature.parameters.keys()
    if names >= kwargs.keys():
        return kwargs
    if not declared.legacy.keys().isdisjoint(kwargs):
        kwargs = modern_keywords(call.__name__, kwargs, declared.legacy, stacklevel=4)
    if is_in_python(call):
        return kwargs
    return {key if key in names else SYNONYMS.get(key, key): value for key, value in kwargs.items()}


def _cast(policies: dict, args: tuple, kwargs: dict) -> tuple[tuple, dict]:
    """The arguments as autocast would have them."""
    given = (*args, *kwargs.values())
    kinds = tuple([each._aval if isinstance(each, TensorBase) else type(each) for each in given])
    casts = autocast.casts_of(policies, kinds, given)
    if casts is not None:
        given = tuple([each if to is None else each.to(to) for each, to in zip(given, casts, strict=True)])
    return given[: len(args)], dict(zip(kwargs, given[len(args) :], strict=True))


def _storing(body: Callable, name: str, rule: OutRule | tuple[OutRule, ...]) -> Callable:
    """A body whose results go into ``out=`` where that is given."""

    @functools.wraps(body)
    def store(*args: Any, out: Any = None, **kwargs: Any):
        if out is None:
            return body(*args, **kwargs)
        with autocast.off():
            return stored(name, body(*args, **kwargs), out, rule)

    return store
