"""PyTorch's signatures as it writes them, and its words for arguments that do not fit.

    Signature("chunk(Tensor input, int64_t chunks, int64_t dim=0)")

Of several signatures the first that fits is meant. Where none does PyTorch explains the only one that takes so many
arguments, or lists all.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy as np

from torchlike._autograd.variable import TensorBase
from torchlike._types import dtypes
from torchlike._types.devices import device
from torchlike._types.formats import layout, memory_format

# PyTorch's name for a type in its own words
_WORDS = {
    **{"Tensor": "Tensor", "Scalar": "Number", "int64_t": "int", "SymInt": "int", "double": "float"},
    **{"complex": "complex", "TensorList": "tuple of Tensors", "IntArrayRef": "tuple of ints", "bool": "bool"},
    **{"SymIntArrayRef": "tuple of ints", "ArrayRef<double>": "tuple of floats", "Generator": "torch.Generator"},
    **{"Storage": "torch.Storage", "PyObject*": "object", "ScalarType": "torch.dtype", "Layout": "torch.layout"},
    **{"MemoryFormat": "torch.memory_format", "QScheme": "torch.qscheme", "Device": "torch.device"},
    **{"ScalarList": "tuple of Scalars", "Dimname": "name", "DimnameList": "tuple of names"},
    **{"Stream": "torch.Stream"},
}
_OTHERS = {"List": "tuple of Tensors", "string": "str"}
_NUMPYS = {"dim": ("axis",), "keepdim": ("keepdims",), "input": ("x", "a", "x1"), "other": ("x2",)}
# functions whose tensors may be numbers
_NUMBERS_TOO = {f"{name}{end}" for name in ("add", "div", "mul", "sub", "floor_divide") for end in ("", "_")}
_NUMBERS_TOO |= {"divide", "multiply", "subtract", "true_divide", "divide_", "multiply_", "subtract_", "true_divide_"}
_NUMBERS_TOO |= {"to", "copy_"}
OVERFLOW = "Overflow when unpacking long long"
ANY = object()  # fits every parameter
_PYTHONS = (float, int, bool, complex)  # that are dtypes, too
_PUBLIC = {"dtype", "device", "Size", "layout", "memory_format"}


def type_name(given: Any) -> str:
    """The name of an object's type as C has it: with its module, if it is made in C and not Python's own."""
    kind = type(given)
    if kind.__name__ in _PUBLIC and kind.__module__.startswith("torchlike"):
        return f"torch.{kind.__name__}"
    in_c = not kind.__flags__ & 2**9  # Py_TPFLAGS_HEAPTYPE
    return f"{kind.__module__}.{kind.__name__}" if in_c and kind.__module__ != "builtins" else kind.__name__


def _is_long(given: Any) -> bool:
    return isinstance(given, (int, np.integer)) and not isinstance(given, bool)


def _has_64_bits(number: Any) -> bool:
    """Whether an int has no more than 64 bits."""
    return -(2**63) <= number < 2**63


def _is_index(given: Any) -> bool:
    if isinstance(given, bool):
        return False
    if isinstance(given, TensorBase):
        return given._aval.dtype.rank == 1 and given._aval.numel == 1
    return hasattr(given, "__index__")


def _is_double(given: Any) -> bool:
    return isinstance(given, (float, int, np.number, np.bool_)) or _is_constant(given)


def _is_scalar(given: Any) -> bool:
    return isinstance(given, (float, int, complex, np.number, np.bool_)) or _is_constant(given)


def _is_constant(given: Any) -> bool:
    return isinstance(given, TensorBase) and not given._aval.ndim and not given.requires_grad


def _is_string(given: Any) -> bool:
    return isinstance(given, (str, bytes))


_CHECKS = {
    "Tensor": lambda given: isinstance(given, TensorBase) or hasattr(type(given), "__torch_function__"),
    "Number": _is_scalar,
    "float": _is_double,
    "complex": _is_scalar,
    "bool": lambda given: isinstance(given, bool),
    "object": lambda given: True,
    "torch.dtype": lambda given: (
        isinstance(given, dtypes.dtype) or given is float or given is int or given is bool or given is complex
    ),
    "torch.layout": lambda given: isinstance(given, layout),
    "torch.memory_format": lambda given: isinstance(given, memory_format),
    "torch.device": lambda given: _is_long(given) or _is_string(given) or isinstance(given, device),
    "torch.Generator": lambda given: any(each.__name__ == "Generator" for each in type(given).__mro__),
    "str": _is_string,
    "tuple of floats": lambda given: (
        _is_sequence(given) and (not given or _is_double(given[0]) or type(given[0]) is complex)
    ),
    "tuple of Scalars": lambda given: _is_sequence(given) and all(map(_is_scalar, given)),
    "tuple of Tensors": lambda given: _is_sequence(given),
    "torch.Storage": lambda given: True,
    "torch.Stream": lambda given: True,
}


def _is_sequence(given: Any) -> bool:
    return isinstance(given, (tuple, list))


class Parameter:
    """One parameter: ``int64_t dim=0``.

    Attributes:
        word: its type in PyTorch's words.
        size: of how many equal integers a single one may stand for.
    """

    def __init__(self, written: str, keyword_only: bool) -> None:
        kind, _, name = written.partition(" ")
        self.kind, size = re.fullmatch(r"([^?\[]*)(?:\[(\d*)\])?\??", kind).groups()  # pyright: ignore
        self.name, equals, self.default = name.partition("=")
        self.optional = bool(equals)
        self.none = "?" in kind or self.default == "None"
        self.keyword_only, self.size = keyword_only, int(size or 0)
        self.word = _WORDS.get(self.kind) or next(word for part, word in _OTHERS.items() if part in self.kind)
        self.text = f"{self.word} {self.name}" + f" = {self.default}" * self.optional

    def among(self, kwargs: dict):
        """What it was given by name, (that,), or by the name that NumPy has for it."""
        return next(((kwargs[name],) for name in (self.name, *_NUMPYS.get(self.name, ())) if name in kwargs), None)

    def takes(self, given: Any) -> bool:
        """Whether an argument is of its type."""
        if given is ANY:
            return True
        if self.word == "int":
            tensor_too = isinstance(given, TensorBase) and not given._aval.ndim and given._aval.dtype.rank == 1
            return _is_index(given) if self.kind == "SymInt" else _is_long(given) or tensor_too
        if self.word == "tuple of ints":
            if _is_sequence(given):
                return not given or _is_index(given[0])
            return self.size > 0 and (_is_index(given) if self.kind[0] == "S" else _is_long(given))
        return _CHECKS[self.word](given)

    def check_elements(self, given: Any, place: int) -> None:
        """Raises TypeError where one of several tensors is none."""
        if self.word == "tuple of Tensors" and _is_sequence(given):
            for spot, each in enumerate(given):
                if not isinstance(each, TensorBase) and (each is not None or self.kind == "TensorList"):
                    raise TypeError(f"expected Tensor as element {spot} in argument {place}, but got {type_name(each)}")


class Signature:
    """A signature.

    Attributes:
        hidden: whether it is taken and not told.
        text: as errors tell it.
    """

    def __init__(self, written: str) -> None:
        self.written = written
        self.name, _, rest = written.partition("(")
        inside, _, mark = rest.rpartition(")")
        words = inside.split(", ") if inside else []
        only = words.index("*") if "*" in words else len(words)
        self.parameters = [Parameter(each, place > only) for place, each in enumerate(words) if each != "*"]
        self.hidden = bool(mark)
        self.least = sum(not each.optional for each in self.parameters)
        self.positional = sum(not each.keyword_only for each in self.parameters)
        texts = [each.text for each in self.parameters]
        self.text = (
            "(" + ", ".join([*texts[: self.positional], *["*"] * ("*" in words), *texts[self.positional :]]) + ")"
        )
        self.spelled = self.positional == 1 and self.parameters[0].word == "tuple of ints"
        self.numbers_too = self.name in _NUMBERS_TOO

    def fault(self, args: tuple, kwargs: dict) -> str:
        """PyTorch's sentence for what is wrong with a call's arguments; nothing if they fit.

        Raises:
            TypeError: one of several tensors is none.
        """
        if len(args) > self.positional and not self.spelled:
            return self._too_many(args)
        used, spelled = 0, False
        for place, each in enumerate(self.parameters):
            by_place = place < len(args) and not spelled
            if by_place and each.keyword_only:
                return self._too_many(args)
            found = (args[place],) if by_place else each.among(kwargs)
            used += found is not None and not by_place
            if found is None:
                if not each.optional:
                    return self._missing(place)
                continue
            given = found[0]
            if given is None and each.none:
                continue
            each.check_elements(given, place)
            if each.takes(given) or (each.word == "Tensor" and self.numbers_too and _is_scalar(given)):
                continue
            if by_place and self.spelled and _is_index(given):
                spelled = True
                continue
            if by_place and self.spelled and isinstance(given, TensorBase) and len(args) > 1:
                return self._too_many(args)
            return self._misfit(each, given, place if by_place else None)
        return self._unknown(args, kwargs) if used < len(kwargs) else ""

    def unpack(self, args: tuple, kwargs: dict) -> None:
        """Refuse elements of a sequence of ints, after the first, that are none, and ints of more than 64 bits.

        Raises:
            TypeError: there is such an element, or one of a sequence of floats that is none.
            ValueError: there is such an int by itself.
            OverflowError: there is such a number.
        """
        for place, each in enumerate(self.parameters):
            given: Any = args[place] if place < len(args) else (each.among(kwargs) or [None])[0]
            if each.word == "Number" and _is_long(given) and not -(2**63) <= given < 2**64:
                raise OverflowError("int too big to convert" if given > 0 else "can't convert negative int to unsigned")
            if each.word == "tuple of floats" and _is_sequence(given):
                self._check_floats(each, given)
            if each.word not in ("int", "tuple of ints"):
                continue
            ints = given if _is_sequence(given) else args if self.spelled else ()
            if not ints and _is_long(given) and not _has_64_bits(given):
                raise ValueError(OVERFLOW)
            for spot, element in enumerate(ints):
                wrong = OVERFLOW + "\n" if _is_long(element) and not _has_64_bits(element) else ""
                if not _is_index(element) and not isinstance(element, bool):
                    wrong = f"type must be tuple of ints,but got {type_name(element)}"
                if wrong:
                    said = f"{self.name}(): argument '{each.name}' failed to unpack the object at pos {spot + 1} "
                    raise TypeError(f'{said}with error "{wrong}"')

    def _check_floats(self, parameter: Parameter, given: Sequence) -> None:
        for spot, each in enumerate(given):
            if not _is_double(each):
                raise TypeError(
                    f"{self.name}(): argument '{parameter.name}' must be tuple of floats, but found element of type "
                    f"{type_name(each)} at pos {spot + 1}"
                )

    def goes_by_kinds(self, args: tuple, kwargs: dict) -> bool:
        """Whether other arguments of the same types fit as well: where a number is expected not every tensor does."""
        for place, each in enumerate(self.parameters):
            given: Any = args[place] if place < len(args) else (each.among(kwargs) or [None])[0]
            if not each.word.endswith(("Tensor", "Tensors")):
                inside = args if self.spelled else given if _is_sequence(given) else (given,)
                if any(isinstance(one, TensorBase) for one in inside):
                    return False
        return True

    def _too_many(self, args: tuple) -> str:
        given, most = len(args), self.positional
        if self.least != most:
            return f"{self.name}() takes from {self.least} to {most} positional arguments but {given} were given"
        were = "was" if given == 1 else "were"
        return f"{self.name}() takes {most} positional argument{'s' * (most != 1)} but {given} {were} given"

    def _missing(self, place: int) -> str:
        names = [f'"{each.name}"' for each in self.parameters[place:] if not each.optional]
        plural = "s" * (len(names) == 1)  # as PyTorch has it
        return f"{self.name}() missing {len(names)} required positional argument{plural}: {', '.join(names)}"

    def _misfit(self, parameter: Parameter, given: Any, place: int | None) -> str:
        at = "" if place is None else f" (position {place + 1})"
        wrong = f"not {type_name(given)}"
        if place is not None and parameter.word == "tuple of ints" and _is_sequence(given):
            wrong = f"but found element of type {type_name(given[0])} at pos 0"
        return f"{self.name}(): argument '{parameter.name}'{at} must be {parameter.word}, {wrong}"

    def _unknown(self, args: tuple, kwargs: dict) -> str:
        names = [each.name for each in self.parameters]
        for name in kwargs:
            if name not in names:
                return f"{self.name}() got an unexpected keyword argument '{name}'"
            if names.index(name) < len(args):
                return f"{self.name}() got multiple values for argument '{name}'"
        return "invalid keyword arguments"


class InPython:
    """A function that PyTorch has in Python, and so with Python's words, until it calls one in C.

    ``def dropout(input, p=0.5, training=True, inplace=False): p < 0.0; torch.dropout(input, p, training)`` tells its own
    signature, what it does with its arguments, and what it calls with them.

    Args:
        written: that.
        refuse: looks at the arguments of a function in C, of which it takes the path.
    """

    def __init__(self, written: str, refuse: Callable) -> None:
        head, _, then = written.removeprefix("def ").partition("): ")
        name, _, parameters = head.removesuffix(")").partition("(")
        steps = [re.sub(r"^(torch[\w.]*)\(", r"look('\1')(", each) for each in then.split("; ") if each]
        known = {"__name__": __name__, "ANY": ANY, **_HELPERS}
        known["look"] = lambda path: lambda *args, **kwargs: refuse(path, args, kwargs)
        self.own = ["self"] * name.startswith("Tensor.")
        self.looks_on = bool(steps) and steps[-1].startswith("look(")
        self._stub = eval(f"lambda {parameters}: [{', '.join(steps)}]", known)
        self._stub.__code__ = self._stub.__code__.replace(co_qualname=name, co_name=name, co_filename=__file__)
        self._stub.__qualname__ = name

    def check(self, args: tuple, kwargs: dict) -> bool:
        """Raises Python's error if a call's arguments do not fit. Gives whether others of the same types fit as well."""
        done = self._stub(*self.own, *args, **kwargs)
        return not self.looks_on or done[-1]


class InPythonTwice:
    """A function that PyTorch has in Python as two, of which the second gives indices, too."""

    looks_on = True

    def __init__(self, written: list[str], refuse: Callable) -> None:
        self.both = [InPython(each, refuse) for each in written]
        self.place = written[0].count(",", 0, written[0].index("return_indices"))

    def check(self, args: tuple, kwargs: dict) -> bool:
        """Raises Python's error if a call's arguments do not fit. Which function is meant goes by a flag's value."""
        if len(args) <= self.place and "return_indices" not in kwargs:
            return self.both[False].check(args, kwargs)
        flag = args[self.place] if len(args) > self.place else kwargs["return_indices"]
        self.both[flag is True].check(args, kwargs)
        return False


def _get_enum(reduction: Any) -> None:
    if not isinstance(reduction, str):
        raise ValueError(f"{reduction} is not a valid value for reduction")


def _pair(size: Sequence[int]) -> tuple:
    return tuple(size) if isinstance(size, Iterable) else (size, size)


def _unpack(size: Sequence[int], count: int) -> None:
    """``width, height = pair(size)``."""
    if isinstance(size, Iterable):
        match count:
            case 2:
                _, _ = size
            case 3:
                _, _, _ = size
            case _:
                pass


def _with_default(size: Any, defaults: Sequence[int]):
    if isinstance(size, int):
        return size
    if len(defaults) <= len(size):
        raise ValueError(f"Input dimension should be at least {len(size) + 1}")
    return [one if one is not None else own for one, own in zip(size, defaults[-len(size) :], strict=False)]


# what PyTorch's functions in Python do with their arguments, as steps call it
_HELPERS = {
    "get_enum": _get_enum,
    "pair": _pair,
    "unpack": _unpack,
    "with_default": _with_default,
    "negative": lambda given: given if isinstance(given, TensorBase) else -given,
    "given": lambda **named: {name: each for name, each in named.items() if each is not None},
}


class WithoutArguments:
    """A function that takes none.

    Args:
        path: ``TensorBase.exp``.
    """

    def __init__(self, path: str) -> None:
        self.path = path

    def check(self, args: tuple, kwargs: dict) -> bool:
        """Raises TypeError if a call has arguments."""
        if args or kwargs:
            wrong = "keyword arguments" if kwargs else f"arguments ({len(args)} given)"
            raise TypeError(f"{self.path}() takes no {wrong}")
        return True


class InC:
    """A function that PyTorch has in C, by its signatures in the order in which they are tried."""

    def __init__(self, written: Sequence[str]) -> None:
        self.signatures = [Signature(each) for each in written]

    def check(self, args: tuple, kwargs: dict) -> bool:
        """Raises TypeError if a call's arguments fit no signature. Gives whether others of the same types fit as well."""
        return check(self.signatures, args, kwargs).goes_by_kinds(args, kwargs)


def check(signatures: Sequence[Signature], args: tuple, kwargs: dict) -> Signature:
    """Find the one of a function's signatures that a call's arguments fit.

    Raises:
        TypeError: there is none, in PyTorch's words.
    """
    faults = []
    for each in signatures:
        fault = each.fault(args, kwargs)
        if not fault:
            each.unpack(args, kwargs)
            return each
        faults.append(fault)
    count = len(args) + len(kwargs)
    plausible = [
        fault
        for each, fault in zip(signatures, faults, strict=True)
        if each.least <= count <= len(each.parameters) and not each.hidden
    ]
    if len(signatures) == 1 or len(plausible) == 1:
        raise TypeError((plausible or faults)[0])
    raise TypeError(_no_fit(signatures, args, kwargs))


# ---------------------------------------------------------------------- where no signature fits


def _no_fit(signatures: Sequence[Signature], args: tuple, kwargs: dict) -> str:
    head = f"{signatures[0].name}() received an invalid combination of arguments - got "
    shown = [each.text for each in signatures if not each.hidden]
    if len(shown) == 1:
        unknown = _unmatched(shown[0], kwargs)
        if unknown:
            return head.removesuffix("got ") + "got unrecognized keyword arguments: " + ", ".join(unknown)
        words = _marked(shown[0], args, kwargs) if _counts(shown[0], args, kwargs) else _given(args, kwargs)
        return f"{head}{words}, but expected {shown[0]}"
    text = f"{head}{_given(args, kwargs)}, but expected one of:\n"
    for each in shown:
        text += f" * {each}\n"
        if _counts(each, args, kwargs):
            unknown = _unmatched(each, kwargs)
            why = ", ".join(unknown) or _marked(each, args, kwargs)
            what = "keywords were incorrect" if unknown else "arguments have invalid types"
            text += f"      didn't match because some of the {what}: {why}\n"
    return text


def _given(args: tuple, kwargs: dict) -> str:
    words = [*map(type_name, args), *[f"{name}={type_name(each)}" for name, each in reversed(kwargs.items())]]
    return "(" + ", ".join(words) + ", " * (not args and bool(kwargs)) + ")"


def _words(text: str) -> list[tuple[str, str]]:
    """(type, name) of each parameter, as PyTorch reads them out of its own text: not knowing of defaults."""
    return [(each.rpartition(" ")[0], each.rpartition(" ")[2]) for each in text[1:-1].split(", ")]


def _counts(text: str, args: tuple, kwargs: dict) -> bool:
    return len(_words(text)) == len(args) + len(kwargs)


def _unmatched(text: str, kwargs: dict) -> list[str]:
    words = _words(text)
    known = {name for _, name in words[max(len(words) - len(kwargs), 0) :]}
    return [name for name in reversed(kwargs) if name not in known]


def _marked(text: str, args: tuple, kwargs: dict) -> str:
    words, described = _words(text), []
    for place, (word, name) in enumerate(words):
        given = args[place] if place < len(args) else kwargs[name]
        right = type_name(given) in {"float": ("float", "int"), "int": ("int",)}.get(word, (word,))
        said = "" if place < len(args) else name + "="
        said += _listed(given) if _is_sequence(given) else type_name(given)
        described.append(said if right else f"!{said}!")
    return "(" + ", ".join(described) + ", " * (not args) + ")"


def _listed(given: Any) -> str:
    inside = ", ".join(map(type_name, given))
    if isinstance(given, tuple):
        return f"{type_name(given)} of ({inside}{',' * (len(given) == 1)})"
    return f"{type_name(given)} of [{inside}]"
