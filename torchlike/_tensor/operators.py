"""Python's operators, indexing, and what is a property or another function as a method than in ``torch``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from torchlike._autograd.variable import Variable
from torchlike._dispatch import operator
from torchlike._functions import filling, indexing, making, pointwise, selecting, splitting, views
from torchlike._functions.pointwise import reversed_operator
from torchlike._ops import arithmetic, bitwise, bounds, comparison, products, special
from torchlike._tensor.core import CoreMethods

if TYPE_CHECKING:
    from torchlike.tensor import Tensor

attribute = cast(Any, property)  # what it gives is said beside it


class OperatorMethods(Variable):
    """Operators and properties."""

    __hash__ = CoreMethods.__hash__  # a class with `__eq__` has none of its own

    __add__ = __radd__ = operator(arithmetic.add)
    __iadd__ = operator(arithmetic.add.inplace)
    __sub__ = operator(arithmetic.sub)
    __rsub__ = operator(arithmetic.rsub)
    __isub__ = operator(arithmetic.sub.inplace)
    __mul__ = __rmul__ = operator(arithmetic.mul)
    __imul__ = operator(arithmetic.mul.inplace)
    __truediv__ = operator(arithmetic.div)
    __rtruediv__ = __rdiv__ = pointwise.divided
    __itruediv__ = operator(arithmetic.div.inplace)
    __floordiv__ = operator(arithmetic.floor_divide)
    __rfloordiv__ = reversed_operator(arithmetic.floor_divide)
    __ifloordiv__ = operator(arithmetic.floor_divide.inplace)
    __mod__ = operator(arithmetic.remainder)
    __rmod__ = reversed_operator(arithmetic.remainder)
    __imod__ = operator(arithmetic.remainder.inplace)
    __pow__ = pointwise.pow_operator
    __rpow__ = reversed_operator(pointwise.pow)
    __ipow__ = operator(pointwise.pow_)
    __matmul__ = operator(products.matmul)
    __rmatmul__ = reversed_operator(products.matmul)
    __neg__ = arithmetic.neg
    __pos__ = pointwise.positive
    if TYPE_CHECKING:  # a protocol asks for functions, and `object` for bools

        def __abs__(self) -> Tensor: ...
        def __eq__(self, other: Any) -> Tensor: ...  # pyright: ignore[reportIncompatibleMethodOverride]
        def __ne__(self, other: Any) -> Tensor: ...  # pyright: ignore[reportIncompatibleMethodOverride]
    else:
        __abs__ = bounds.abs
        __eq__ = pointwise.eq_operator
        __ne__ = operator(comparison.ne)

    __lt__ = operator(comparison.lt)
    __le__ = operator(comparison.le)
    __gt__ = operator(comparison.gt)
    __ge__ = operator(comparison.ge)

    __and__ = __rand__ = operator(bitwise.bitwise_and)
    __iand__ = operator(bitwise.bitwise_and.inplace)
    __or__ = __ror__ = operator(bitwise.bitwise_or)
    __ior__ = operator(bitwise.bitwise_or.inplace)
    __xor__ = __rxor__ = operator(bitwise.bitwise_xor)
    __ixor__ = operator(bitwise.bitwise_xor.inplace)
    __lshift__ = operator(bitwise.bitwise_left_shift)
    __rlshift__ = reversed_operator(bitwise.bitwise_left_shift)
    __ilshift__ = operator(bitwise.bitwise_left_shift.inplace)
    __rshift__ = operator(bitwise.bitwise_right_shift)
    __rrshift__ = reversed_operator(bitwise.bitwise_right_shift)
    __irshift__ = operator(bitwise.bitwise_right_shift.inplace)
    __invert__ = pointwise.invert

    __getitem__ = indexing.getitem
    __setitem__ = indexing.setitem
    __delitem__ = indexing.delitem

    __array_wrap__ = pointwise.array_wrap
    __dlpack__ = making.dlpack
    __dlpack_device__ = making.dlpack_device

    T: Tensor = attribute(views.reversed_dims)
    H: Tensor = attribute(views.conjugate_transpose)
    mT: Tensor = attribute(views.matrix_transpose)
    mH: Tensor = attribute(views.matrix_adjoint)
    real: Tensor = attribute(views.real, filling.set_real)
    imag: Tensor = attribute(views.imag, filling.set_imag)

    polygamma = special.polygamma_of
    polygamma_ = special.polygamma_of.inplace
    split = splitting.split_method
    where = selecting.where_method

    _resized = filling.resized
