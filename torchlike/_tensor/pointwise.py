"""Methods that work element by element."""

from __future__ import annotations

from torchlike._ops import arithmetic


class PointwiseMethods:
    """Arithmetic and functions of each element."""

    add = __add__ = __radd__ = arithmetic.add
    add_ = __iadd__ = arithmetic.add.inplace
    sub = __sub__ = arithmetic.sub
    sub_ = __isub__ = arithmetic.sub.inplace
    mul = __mul__ = __rmul__ = arithmetic.mul
    mul_ = __imul__ = arithmetic.mul.inplace
    div = __truediv__ = arithmetic.div
    div_ = __itruediv__ = arithmetic.div.inplace
