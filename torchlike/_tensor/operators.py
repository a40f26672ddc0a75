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

    __add__ = __radd__ = arithmetic.add.operator
    __iadd__ = arithmetic.add.inplace.operator
    __sub__ = arithmetic.sub.operator
    __rsub__ = arithmetic.rsub.operator
    __isub__ = arithmetic.sub.inplace.operator
    __mul__ = __rmul__ = arithmetic.mul.operator
    __imul__ = arithmetic.mul.inplace.operator
    __truediv__ = arithmetic.div.operator
    __rtruediv__ = __rdiv__ = pointwise.divided
    __itruediv__ = arithmetic.div.inplace.operator
    __floordiv__ = arithmetic.floor_divide.operator
    __rfloordiv__ = reversed_operator(arithmetic.floor_divide)
    __ifloordiv__ = arithmetic.floor_divide.inplace.operator
    __mod__ = arithmetic.remainder.operator
    __rmod__ = reversed_operator(arithmetic.remainder)
    __imod__ = arithmetic.remainder.inplace.operator
    __pow__ = pointwise.pow_operator
    __rpow__ = reversed_operator(pointwise.pow)
    __ipow__ = operator(pointwise.pow_)
    __matmul__ = products.matmul.operator
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
        __ne__ = comparison.ne.operator

    __lt__ = comparison.lt.operator
    __le__ = comparison.le.operator
    __gt__ = comparison.gt.operator
    __ge__ = comparison.ge.operator

    __and__ = __rand__ = bitwise.bitwise_and.operator
    __iand__ = bitwise.bitwise_and.inplace.operator
    __or__ = __ror__ = bitwise.bitwise_or.operator
    __ior__ = bitwise.bitwise_or.inplace.operator
    __xor__ = __rxor__ = bitwise.bitwise_xor.operator
    __ixor__ = bitwise.bitwise_xor.inplace.operator
    __lshift__ = bitwise.bitwise_left_shift.operator
    __rlshift__ = reversed_operator(bitwise.bitwise_left_shift)
    __ilshift__ = bitwise.bitwise_left_shift.inplace.operator
    __rshift__ = bitwise.bitwise_right_shift.operator
    __rrshift__ = reversed_operator(bitwise.bitwise_right_shift)
    __irshift__ = bitwise.bitwise_right_shift.inplace.operator
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
