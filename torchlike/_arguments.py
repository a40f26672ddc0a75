"""What an operation's arguments must be, PyTorch's words where they are not, and the old ways to pass them."""

from __future__ import annotations

import functools
import inspect
import math
import re
import warnings
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, TypeVar, cast

import numpy as np

from torchlike._autograd.variable import TensorBase
from torchlike._programs.tracebacks import shorten
from torchlike._signatures import is_vague, operations, refuse_call
from torchlike._signatures.forms import Form as Form
from torchlike._signatures.parser import type_name
from torchlike._types import dtypes

F = TypeVar("F", bound=Callable[..., Any])

if TYPE_CHECKING:
    from torchlike._declaration import Op

ARRAY, LIKE, ARRAYS, NUMBER, STATIC = "a tensor", "a tensor or number", "tensors", "a number", "static"
INTEGER, INTEGERS, POSITIVE = "an integer", "integers", "a positive number"
# other words for an argument, as NumPy says them; PyTorch takes them, too
SYNONYMS = {"axis": "dim", "axes": "dims", "keepdims": "keepdim", "x": "input", "x1": "input", "x2": "other"}
SYNONYMS |= {"axis0": "dim0", "axis1": "dim1"}
_TYPES = {ARRAY: "Tensor", LIKE: "Tensor", ARRAYS: "tuple of Tensors", NUMBER: "Number"}
_KINDS = {"Arrays": ARRAYS, "ArrayLike": LIKE, "Array": ARRAY, "Number": NUMBER}
_KINDS |= {"Integer": INTEGER, "Integers": INTEGERS, "Positive": POSITIVE}
_WORDS = {"Ints": "tuple of ints", "DType": "torch.dtype"}
_STATIC = {"Integer": "int", "Integers": "Ints", "Positive": "float"}  # what they would be if they were static
# what counts as a number: not every one of Python's `numbers.Number`
NUMERIC = (int, float, complex, np.number, np.bool_)
_PLAIN = {
    "int": (int, np.integer, TensorBase),
    "float": (float, int, np.number, TensorBase),
    "bool": (bool, np.bool_),
    "str": (str,),
    "Ints": (int, np.integer, tuple, list, TensorBase),
    "DType": (dtypes.dtype, type),
}


@functools.cache
def kind_of(annotation: str) -> str:
    """What a parameter with this annotation is."""
    words = annotation.replace("|", " ").replace(",", " ").split()
    return next((_KINDS[each] for each in words if each in _KINDS), STATIC)


def is_structure(number: Any) -> bool:
    """Whether a `POSITIVE` number is a part of the operation: what is not positive or not finite, 1 and 2 are special."""
    return not isinstance(number, (int, float)) or not 0 < number < math.inf or number in (1, 2)


def check(op: Op, args: tuple, kwargs: dict, form: Form, given: tuple) -> None:
    """Look at the arguments of a call that was never made before.

    Args:
        form: how the operation was called.
        given: the positional arguments as they were written: sizes may be spelled out.

    Raises:
        TypeError: one is missing, too many, or of a type that the parameter does not take; in PyTorch's words.
    """
    is_known = form.path in operations
    if is_known:
        refuse_call(form.path, given, kwargs)
    bound = op.bind(args, kwargs, form)
    if is_known and not is_vague(form.path):
        return
    if op.flags.overloads and not any(isinstance(each, TensorBase) for each in bound.arguments.values()):
        raise TypeError(_invalid_combination(op, args, kwargs, form))
    for place, (name, given) in enumerate(bound.arguments.items()):
        parameter = op.signature.parameters[name]
        fault = _fault(op.kinds[name], parameter, given)
        if not fault:
            continue
        if op.flags.overloads:
            raise TypeError(_invalid_combination(op, args, kwargs, form))
        at = f" (position {place + 1 - form.own})" if place < len(args) else ""
        raise TypeError(f"{form.name}(): argument '{name}'{at} must be {_type_text(op, parameter)}, {fault}")
    for place, (name, each) in enumerate(bound.arguments.items()):
        if op.kinds[name] is ARRAYS and each is not None:
            _check_elements(place, each)


def _fault(kind: str, parameter: inspect.Parameter, given: Any) -> str:
    """What is wrong with an argument, the end of PyTorch's sentence; nothing if it is right."""
    if not _fits(kind, parameter, given):
        return f"not {type_name(given)}"
    if _word(parameter) == "Ints" and isinstance(given, (tuple, list)) and given:
        # of several ints PyTorch looks at the first
        if isinstance(given[0], bool) or not isinstance(given[0], _PLAIN["int"]):
            return f"but found element of type {type_name(given[0])} at pos 0"
    return ""


def _fits(kind: str, parameter: inspect.Parameter, given: Any) -> bool:
    if given is None:
        return (
            parameter.default is None
            or "None" in str(parameter.annotation)
            or kind is STATIC
            and _word(parameter) not in _PLAIN
        )
    if kind is ARRAY:
        return isinstance(given, TensorBase)
    if kind is LIKE:
        return isinstance(given, (TensorBase, *NUMERIC))
    if kind is NUMBER:
        return isinstance(given, NUMERIC) or isinstance(given, TensorBase) and given._aval.numel == 1
    if kind is ARRAYS:
        return isinstance(given, (tuple, list))
    plain = _PLAIN.get(_word(parameter))
    if isinstance(given, bool) and _word(parameter) in ("int", "Ints"):
        return False
    return plain is None or isinstance(given, plain)


def _word(parameter: inspect.Parameter) -> str:
    """The annotation of a parameter without its None, as a static one's."""
    word = str(parameter.annotation).removesuffix(" | None")
    return _STATIC.get(word, word)


def _check_elements(place: int, given: Any) -> None:
    for spot, each in enumerate(given):
        if each is not None and not isinstance(each, TensorBase):
            raise TypeError(f"expected Tensor as element {spot} in argument {place}, but got {type(each).__name__}")


# ---------------------------------------------------------------------- PyTorch's words


def broadcasting(error: Exception) -> RuntimeError | None:
    """PyTorch's error for JAX's about shapes that do not broadcast; None for any other."""
    _, is_that, shapes = str(error).partition("ncompatible shapes for broadcasting")
    sizes = [[int(size) for size in re.findall(r"\d+", shape)] for shape in re.findall(r"\(([\d, ]*)\)", shapes)]
    if not is_that or len(sizes) < 2:
        return None
    one, two = sizes[:2]
    for back in range(1, min(len(one), len(two)) + 1):
        if one[-back] != two[-back] and 1 not in (one[-back], two[-back]):
            return RuntimeError(
                f"The size of tensor a ({one[-back]}) must match the size of tensor b ({two[-back]}) at non-singleton "
                f"dimension {max(len(one), len(two)) - back}"
            )
    return None


def explained(op: Op, args: tuple, kwargs: dict, said: str, form: Form) -> str:
    """PyTorch's sentence for arguments that do not fit the signature.

    Args:
        said: Python's own sentence.
    """
    parameters = op.signature.parameters.values()
    if "missing" in said:
        if op.flags.overloads or op.flags.deprecated:
            return _invalid_combination(op, args, kwargs, form)
        absent = [
            p.name
            for place, p in enumerate(parameters)
            if p.default is p.empty and place >= len(args) and p.name not in kwargs
        ]
        places = ", ".join(f'"{each}"' for each in absent)
        return f"{form.name}() missing {len(absent)} required positional arguments: {places}"
    for name in kwargs:
        if name not in op.kinds:
            return f"{form.name}() got an unexpected keyword argument '{name}'"
    if "too many" in said:
        most = sum(p.kind is not p.KEYWORD_ONLY for p in parameters) - form.own
        given = len(args) - form.own
        return f"{form.name}() takes {most} positional argument{'s' * (most != 1)} but {given} {_WAS[given == 1]} given"
    return f"{form.name}() {said}"


_WAS = ("were", "was")


def _invalid_combination(op: Op, args: tuple, kwargs: dict, form: Form) -> str:
    got = [_type_name(each) for each in args[form.own :]] + [
        f"{name}={_type_name(each)}" for name, each in kwargs.items()
    ]
    texts = [f"({each}, *, Tensor out = None)" for each in op.flags.overloads] or [f"({_signature(op)})"]
    expected = texts[0] if len(texts) == 1 else "one of:\n" + "".join(f" * {each}\n" for each in texts)
    return (
        f"{form.name}() received an invalid combination of arguments - got ({', '.join(got)}), but expected {expected}"
    )


def without_dim(op: Op, given: dict) -> str:
    """PyTorch's sentence for a reduction of everything with ``out=``, which it has not.

    Args:
        given: the further keywords.
    """
    if given:
        return f'{op.name}() missing 1 required positional arguments: "dim"'
    form = _signature(op).replace(" dim = None", " dim")
    return (
        f"{op.name}() received an invalid combination of arguments - got (Tensor, out=Tensor), but expected one of:\n"
        f" * (Tensor input, *, torch.dtype dtype = None)\n * ({form})\n"
    )


def _signature(op: Op, order: list[str] | None = None) -> str:
    """The signature as PyTorch writes it: ``Tensor input, Tensor other, *, Number alpha = 1, Tensor out = None``.

    Args:
        order: the names of the parameters, all positional and without defaults, for a deprecated form.
    """
    parameters = op.signature.parameters
    if order is not None:
        texts = [f"{_type_text(op, parameters[name])} {name}" for name in order]
        return ", ".join([*texts, "*", "Tensor out = None"])
    texts, only = [], False
    for p in parameters.values():
        if p.kind is p.KEYWORD_ONLY and not only:
            texts.append("*")
            only = True
        default = "" if p.default is p.empty else f" = {p.default}"
        texts.append(f"{_type_text(op, p)} {p.name}{default}")
    return ", ".join(texts if only else [*texts, "*"]) + ", Tensor out = None"


def _type_text(op: Op, parameter: inspect.Parameter) -> str:
    return _TYPES.get(op.kinds[parameter.name]) or _WORDS.get(_word(parameter), _word(parameter))


def _type_name(given: Any) -> str:
    if isinstance(given, (tuple, list)) and given:
        inner = ", ".join(_type_name(each) for each in given[:1])
        return f"{type(given).__name__} of " + ("(" + inner + ",)" if isinstance(given, tuple) else "[" + inner + "]")
    return type_name(given)


# ---------------------------------------------------------------------- old ways


def modern(op: Op, args: tuple, kwargs: dict) -> tuple[tuple, dict] | None:
    """The arguments of a call in an old form as they are passed today, with a warning; None for today's form."""
    flags = op.flags
    if flags.legacy and not flags.legacy.keys().isdisjoint(kwargs):
        return args, modern_keywords(op.name, kwargs, flags.legacy, stacklevel=5)
    for form in flags.deprecated:
        order = form.split()
        if set(kwargs) == set(order[len(args) :]) and _is_form(op, order, args):
            warnings.warn(
                f"This overload of {op.name} is deprecated:\n\t{op.name}({_signature(op, order)})\nConsider using one "
                f"of the following signatures instead:\n\t{op.name}({_signature(op)})",
                UserWarning,
                stacklevel=4,
            )
            return (), {**dict(zip(order, args, strict=False)), **kwargs}
    return None


def _is_form(op: Op, order: list[str], args: tuple) -> bool:
    """Whether positional arguments are tensors and numbers where the order says so, and not in today's order."""
    kinds = [op.kinds[name] for name in order[: len(args)]]
    return kinds != list(op.kinds.values())[: len(args)] and all(
        isinstance(each, NUMERIC) if kind is NUMBER else isinstance(each, TensorBase)
        for each, kind in zip(args, kinds, strict=True)
    )


def modern_keywords(name: str, kwargs: dict, renamed: Mapping[str, str], stacklevel: int = 3) -> dict:
    """The keywords of a call with PyTorch's old ones replaced, and a FutureWarning."""
    for old in renamed.keys() & kwargs.keys():
        warnings.warn(
            f"{name}(): the keyword '{old}' is deprecated; use '{renamed[old]}'", FutureWarning, stacklevel=stacklevel
        )
    return {renamed.get(key, key): value for key, value in kwargs.items()}


def legacy_keywords(**renamed: str) -> Callable[[F], F]:
    """Let a function take old names of keywords, with a FutureWarning: for functions that are no operation.

    Example:
        >>> @legacy_keywords(tensor="input")
        ... def chunk(input, chunks, dim=0): ...
    """

    def decorate(fn: F) -> F:
        @functools.wraps(fn)
        def call(*args: Any, **kwargs: Any) -> Any:
            try:
                if kwargs and not renamed.keys().isdisjoint(kwargs):
                    kwargs = modern_keywords(fn.__qualname__.removesuffix(".__init__"), kwargs, renamed)
                return fn(*args, **kwargs)
            except BaseException as error:
                shorten(error)
                raise

        cast(Any, call).old_keywords = frozenset(renamed)
        return cast(F, call)

    return decorate
