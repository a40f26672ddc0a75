"""Element types: ``torch.float32`` and its kin, and the default dtype."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import ml_dtypes
import numpy as np


class dtype:
    """An element type. There is one object for each; they compare by identity.

    Attributes:
        name: the canonical name, ``"float32"``.
        np: the NumPy dtype with the same bits.
        itemsize: size of an element in bytes.
    """

    __slots__ = ("name", "np", "itemsize", "is_floating_point", "is_complex", "is_signed", "rank")

    def __init__(self, name: str, numpy_type: Any) -> None:
        self.name = name
        self.np = np.dtype(numpy_type)
        self.itemsize = self.np.itemsize
        self.is_complex = self.np.kind == "c"
        self.is_floating_point = "float" in name
        self.is_signed = name != "bool" and not name.startswith("uint")
        # bool < integers < floating point < complex: what promotion looks at first
        self.rank = 3 if self.is_complex else 2 if self.is_floating_point else 0 if name == "bool" else 1

    def __repr__(self) -> str:
        return "torch." + self.name

    def __reduce__(self):
        return _by_name, (self.name,)

    def __copy__(self) -> dtype:
        return self

    def __deepcopy__(self, memo: dict[int, Any]) -> dtype:
        return self

    def to_real(self) -> dtype:
        """The real dtype of a complex dtype's parts; a real dtype itself."""
        return TO_REAL.get(self, self)

    def to_complex(self) -> dtype:
        """The complex dtype whose parts have this dtype."""
        return TO_COMPLEX.get(self, self)


dtype.__module__ = "torchlike"

float32 = dtype("float32", np.float32)
float64 = dtype("float64", np.float64)
float16 = dtype("float16", np.float16)
bfloat16 = dtype("bfloat16", ml_dtypes.bfloat16)
uint8 = dtype("uint8", np.uint8)
uint16 = dtype("uint16", np.uint16)
uint32 = dtype("uint32", np.uint32)
uint64 = dtype("uint64", np.uint64)
int8 = dtype("int8", np.int8)
int16 = dtype("int16", np.int16)
int32 = dtype("int32", np.int32)
int64 = dtype("int64", np.int64)
bool_ = dtype("bool", np.bool_)
complex64 = dtype("complex64", np.complex64)
complex128 = dtype("complex128", np.complex128)

ALL = (
    float32,
    float64,
    float16,
    bfloat16,
    uint8,
    uint16,
    uint32,
    uint64,
    int8,
    int16,
    int32,
    int64,
    bool_,
    complex64,
    complex128,
)
BY_NUMPY = {each.np: each for each in ALL}
BY_NAME = {each.name: each for each in ALL}
TO_REAL = {complex64: float32, complex128: float64}
TO_COMPLEX = {float32: complex64, float64: complex128, float16: complex64, bfloat16: complex64}
# what PyTorch's errors and type strings call them
SCALAR_NAMES = {
    **{float32: "Float", float64: "Double", float16: "Half", bfloat16: "BFloat16", bool_: "Bool"},
    **{uint8: "Byte", int8: "Char", int16: "Short", int32: "Int", int64: "Long"},
    **{uint16: "UInt16", uint32: "UInt32", uint64: "UInt64", complex64: "ComplexFloat", complex128: "ComplexDouble"},
}
HALVES = (float16, bfloat16)
C_NAMES = {
    **{float32: "float", float64: "double", float16: "c10::Half", bfloat16: "c10::BFloat16", bool_: "bool"},
    **{uint8: "unsigned char", int8: "signed char", int16: "short int", int32: "int", int64: "long int"},
    **{uint16: "short unsigned int", uint32: "unsigned int", uint64: "long unsigned int"},
    **{complex64: "c10::complex<float>", complex128: "c10::complex<double>"},
}


def c_name(which: Any) -> str:
    """What a dtype, or a NumPy dtype, is in C++: ``"long int"``."""
    return C_NAMES[which if isinstance(which, dtype) else BY_NUMPY[np.dtype(which)]]


def scalar_name(which: Any) -> str:
    """What PyTorch's errors call a dtype, or a NumPy dtype: ``"Float"``."""
    return SCALAR_NAMES[which if isinstance(which, dtype) else BY_NUMPY[np.dtype(which)]]


def type_text(which: Any) -> str:
    """What PyTorch's errors call the type of a tensor on the CPU: ``"torch.FloatTensor"``."""
    name = scalar_name(which)
    return f"CPU{name}Type" if name.startswith(("Bool", "Complex")) else f"torch.{name}Tensor"


def _by_name(name: str) -> dtype:
    return BY_NAME[name]


OF_PYTHON = {float: float64, int: int64, bool: bool_, complex: complex128}


def resolve(given: Any, caller: str, argument: str = "'dtype'") -> dtype | None:
    """What an argument ``dtype=`` means: a dtype, Python's ``float`` and its kin, or None.

    Raises:
        TypeError: anything else.
    """
    if given is None or type(given) is dtype:
        return given
    if isinstance(given, type) and given in OF_PYTHON:
        return OF_PYTHON[given]
    raise TypeError(f"{caller}(): argument {argument} must be torch.dtype, not {type(given).__name__}")


def of_numpy(numpy_type: Any) -> dtype:
    """The dtype with the bits of a NumPy dtype.

    Raises:
        TypeError: there is none (strings, objects, ...), in PyTorch's words.
    """
    found = BY_NUMPY.get(numpy_type)  # a dtype of this machine's byte order is one of the keys
    if found is not None:
        return found
    try:
        return BY_NUMPY[np.dtype(numpy_type).newbyteorder("=")]
    except KeyError:
        raise TypeError(
            f"can't convert np.ndarray of type numpy.{np.dtype(numpy_type).type.__name__}. The only supported types "
            "are: float64, float32, float16, complex64, complex128, int64, int32, int16, int8, uint64, uint32, uint16, "
            "uint8, and bool."
        ) from None


_default = float32
on_change: list[Callable[[], None]] = []  # called when the default changes


def get_default_dtype() -> dtype:
    """The floating point dtype that Python floats get (``torch.float32`` unless changed).

    Example:
        >>> torch.get_default_dtype()
        torch.float32
    """
    return _default


def set_default_dtype(d: dtype, /) -> None:
    """Set the floating point dtype that Python floats get.

    Raises:
        TypeError: `d` is no floating point dtype.

    Example:
        >>> torch.set_default_dtype(torch.float64)
        >>> torch.tensor(1.0).dtype
        torch.float64
        >>> torch.set_default_dtype(torch.float32)
    """
    global _default
    if not isinstance(d, dtype):
        raise TypeError("invalid dtype object: only floating-point types are supported as the default type")
    if not d.is_floating_point:
        raise TypeError("only floating-point types are supported as the default type")
    _default = d
    for call in on_change:
        call()


get_default_dtype.__module__ = set_default_dtype.__module__ = "torchlike"
