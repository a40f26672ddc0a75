"""Methods that work element by element, and Python's operators."""

from __future__ import annotations

from torchlike._autograd.variable import Variable
from torchlike._dispatch import operator
from torchlike._functions import pointwise
from torchlike._ops import arithmetic, bitwise, bounds, comparison, exponential, rounding, special, trigonometric
from torchlike._tensor.core import CoreMethods


class PointwiseMethods(Variable):
    """Arithmetic, functions of each element, comparisons, logic, bits."""

    __hash__ = CoreMethods.__hash__  # a class with `__eq__` has none of its own

    add = arithmetic.add
    __add__ = __radd__ = arithmetic.add.operator
    add_ = arithmetic.add.inplace
    __iadd__ = arithmetic.add.inplace.operator
    sub = subtract = arithmetic.sub
    __sub__ = arithmetic.sub.operator
    sub_ = subtract_ = arithmetic.sub.inplace
    __isub__ = arithmetic.sub.inplace.operator
    __rsub__ = arithmetic.rsub.operator
    mul = multiply = arithmetic.mul
    __mul__ = __rmul__ = arithmetic.mul.operator
    mul_ = multiply_ = arithmetic.mul.inplace
    __imul__ = arithmetic.mul.inplace.operator
    addcmul = arithmetic.addcmul
    addcmul_ = arithmetic.addcmul.inplace
    addcdiv = arithmetic.addcdiv
    addcdiv_ = arithmetic.addcdiv.inplace
    neg = negative = arithmetic.neg
    __neg__ = arithmetic.neg
    neg_ = negative_ = arithmetic.neg.inplace
    positive = __pos__ = pointwise.positive
    lerp = arithmetic.lerp
    lerp_ = arithmetic.lerp.inplace
    div = divide = arithmetic.div
    __truediv__ = arithmetic.div.operator
    div_ = divide_ = arithmetic.div.inplace
    __itruediv__ = arithmetic.div.inplace.operator
    true_divide = arithmetic.true_divide
    true_divide_ = arithmetic.true_divide.inplace
    floor_divide = arithmetic.floor_divide
    __floordiv__ = arithmetic.floor_divide.operator
    floor_divide_ = arithmetic.floor_divide.inplace
    __ifloordiv__ = arithmetic.floor_divide.inplace.operator
    remainder = arithmetic.remainder
    __mod__ = arithmetic.remainder.operator
    remainder_ = arithmetic.remainder.inplace
    __imod__ = arithmetic.remainder.inplace.operator
    fmod = arithmetic.fmod
    fmod_ = arithmetic.fmod.inplace
    reciprocal = arithmetic.reciprocal
    reciprocal_ = arithmetic.reciprocal.inplace
    gcd = arithmetic.gcd
    gcd_ = arithmetic.gcd.inplace
    lcm = arithmetic.lcm
    lcm_ = arithmetic.lcm.inplace
    square = arithmetic.square
    square_ = arithmetic.square.inplace
    float_power = arithmetic.float_power
    float_power_ = pointwise.float_power_
    ldexp = arithmetic.ldexp
    ldexp_ = arithmetic.ldexp.inplace
    frexp = arithmetic.frexp
    maximum = bounds.maximum
    minimum = bounds.minimum
    fmax = bounds.fmax
    fmin = bounds.fmin
    clamp = clip = bounds.clamp
    clamp_ = clip_ = bounds.clamp.inplace
    clamp_min = bounds.clamp_min
    clamp_min_ = bounds.clamp_min.inplace
    clamp_max = bounds.clamp_max
    clamp_max_ = bounds.clamp_max.inplace
    nan_to_num = bounds.nan_to_num
    nan_to_num_ = bounds.nan_to_num.inplace
    abs = absolute = bounds.abs
    __abs__ = bounds.abs
    abs_ = absolute_ = pointwise.abs_
    sign = bounds.sign
    sign_ = bounds.sign.inplace
    sgn = bounds.sgn
    sgn_ = bounds.sgn.inplace
    signbit = bounds.signbit
    copysign = bounds.copysign
    copysign_ = bounds.copysign.inplace
    hypot = bounds.hypot
    hypot_ = bounds.hypot.inplace
    heaviside = bounds.heaviside
    heaviside_ = bounds.heaviside.inplace
    nextafter = bounds.nextafter
    nextafter_ = bounds.nextafter.inplace

    exp = exponential.exp
    exp_ = exponential.exp.inplace
    exp2 = exponential.exp2
    exp2_ = exponential.exp2.inplace
    expm1 = exponential.expm1
    expm1_ = exponential.expm1.inplace
    log = exponential.log
    log_ = exponential.log.inplace
    log2 = exponential.log2
    log2_ = exponential.log2.inplace
    log10 = exponential.log10
    log10_ = exponential.log10.inplace
    log1p = exponential.log1p
    log1p_ = exponential.log1p.inplace
    logaddexp = exponential.logaddexp
    logaddexp2 = exponential.logaddexp2
    sqrt = exponential.sqrt
    sqrt_ = exponential.sqrt.inplace
    rsqrt = exponential.rsqrt
    rsqrt_ = exponential.rsqrt.inplace
    sigmoid = exponential.sigmoid
    sigmoid_ = exponential.sigmoid.inplace
    logit = exponential.logit
    logit_ = exponential.logit.inplace

    sin = trigonometric.sin
    sin_ = trigonometric.sin.inplace
    cos = trigonometric.cos
    cos_ = trigonometric.cos.inplace
    tan = trigonometric.tan
    tan_ = trigonometric.tan.inplace
    asin = arcsin = trigonometric.asin
    asin_ = arcsin_ = trigonometric.asin.inplace
    acos = arccos = trigonometric.acos
    acos_ = arccos_ = trigonometric.acos.inplace
    atan = arctan = trigonometric.atan
    atan_ = arctan_ = trigonometric.atan.inplace
    atan2 = arctan2 = trigonometric.atan2
    atan2_ = arctan2_ = trigonometric.atan2.inplace
    sinh = trigonometric.sinh
    sinh_ = trigonometric.sinh.inplace
    cosh = trigonometric.cosh
    cosh_ = trigonometric.cosh.inplace
    tanh = trigonometric.tanh
    tanh_ = trigonometric.tanh.inplace
    asinh = arcsinh = trigonometric.asinh
    asinh_ = arcsinh_ = trigonometric.asinh.inplace
    acosh = arccosh = trigonometric.acosh
    acosh_ = arccosh_ = trigonometric.acosh.inplace
    atanh = arctanh = trigonometric.atanh
    atanh_ = arctanh_ = trigonometric.atanh.inplace
    sinc = trigonometric.sinc
    sinc_ = trigonometric.sinc.inplace
    deg2rad = trigonometric.deg2rad
    deg2rad_ = trigonometric.deg2rad.inplace
    rad2deg = trigonometric.rad2deg
    rad2deg_ = trigonometric.rad2deg.inplace
    angle = trigonometric.angle
    conj, conj_physical = pointwise.conj, pointwise.conj_physical
    conj_physical_ = trigonometric.conj.inplace

    floor = rounding.floor
    floor_ = rounding.floor.inplace
    ceil = rounding.ceil
    ceil_ = rounding.ceil.inplace
    trunc = fix = rounding.trunc
    trunc_ = fix_ = rounding.trunc.inplace
    frac = rounding.frac
    frac_ = rounding.frac.inplace
    round = rounding.round
    round_ = rounding.round.inplace

    eq = comparison.eq
    __eq__ = pointwise.eq_operator
    eq_ = comparison.eq.inplace
    ne = not_equal = comparison.ne
    __ne__ = comparison.ne.operator
    ne_ = not_equal_ = comparison.ne.inplace
    lt = less = comparison.lt
    __lt__ = comparison.lt.operator
    lt_ = less_ = comparison.lt.inplace
    le = less_equal = comparison.le
    __le__ = comparison.le.operator
    le_ = less_equal_ = comparison.le.inplace
    gt = greater = comparison.gt
    __gt__ = comparison.gt.operator
    gt_ = greater_ = comparison.gt.inplace
    ge = greater_equal = comparison.ge
    __ge__ = comparison.ge.operator
    ge_ = greater_equal_ = comparison.ge.inplace
    isnan = comparison.isnan
    isinf = comparison.isinf
    isfinite = comparison.isfinite
    isposinf = comparison.isposinf
    isneginf = comparison.isneginf
    isreal = comparison.isreal
    logical_not = comparison.logical_not
    logical_not_ = comparison.logical_not.inplace
    logical_and = comparison.logical_and
    logical_and_ = comparison.logical_and.inplace
    logical_or = comparison.logical_or
    logical_or_ = comparison.logical_or.inplace
    logical_xor = comparison.logical_xor
    logical_xor_ = comparison.logical_xor.inplace

    bitwise_and = bitwise.bitwise_and
    __and__ = __rand__ = bitwise.bitwise_and.operator
    bitwise_and_ = bitwise.bitwise_and.inplace
    __iand__ = bitwise.bitwise_and.inplace.operator
    bitwise_or = bitwise.bitwise_or
    __or__ = __ror__ = bitwise.bitwise_or.operator
    bitwise_or_ = bitwise.bitwise_or.inplace
    __ior__ = bitwise.bitwise_or.inplace.operator
    bitwise_xor = bitwise.bitwise_xor
    __xor__ = __rxor__ = bitwise.bitwise_xor.operator
    bitwise_xor_ = bitwise.bitwise_xor.inplace
    __ixor__ = bitwise.bitwise_xor.inplace.operator
    bitwise_not = bitwise.bitwise_not
    bitwise_not_ = bitwise.bitwise_not.inplace
    bitwise_left_shift = bitwise.bitwise_left_shift
    __lshift__ = bitwise.bitwise_left_shift.operator
    bitwise_left_shift_ = bitwise.bitwise_left_shift.inplace
    __ilshift__ = bitwise.bitwise_left_shift.inplace.operator
    bitwise_right_shift = bitwise.bitwise_right_shift
    __rshift__ = bitwise.bitwise_right_shift.operator
    bitwise_right_shift_ = bitwise.bitwise_right_shift.inplace
    __irshift__ = bitwise.bitwise_right_shift.inplace.operator

    erf = special.erf
    erf_ = special.erf.inplace
    erfc = special.erfc
    erfc_ = special.erfc.inplace
    erfinv = special.erfinv
    erfinv_ = special.erfinv.inplace
    lgamma = special.lgamma
    lgamma_ = special.lgamma.inplace
    digamma = special.digamma
    digamma_ = special.digamma.inplace
    mvlgamma = special.mvlgamma
    mvlgamma_ = special.mvlgamma.inplace
    igamma = special.igamma
    igamma_ = special.igamma.inplace
    igammac = special.igammac
    igammac_ = special.igammac.inplace
    i0 = special.i0
    i0_ = special.i0.inplace
    xlogy = special.xlogy
    xlogy_ = special.xlogy.inplace

    polygamma = special.polygamma_of
    polygamma_ = special.polygamma_of.inplace

    pow = pointwise.pow
    __pow__ = pointwise.pow_operator
    pow_ = pointwise.pow_
    __ipow__ = operator(pointwise.pow_)
    __rpow__ = pointwise.reversed_operator(pointwise.pow)
    __rtruediv__ = __rdiv__ = pointwise.divided
    __rfloordiv__ = pointwise.reversed_operator(arithmetic.floor_divide)
    __rmod__ = pointwise.reversed_operator(arithmetic.remainder)
    __rlshift__ = pointwise.reversed_operator(bitwise.bitwise_left_shift)
    __rrshift__ = pointwise.reversed_operator(bitwise.bitwise_right_shift)
    __invert__ = pointwise.invert
    __array_wrap__ = pointwise.array_wrap

    equal = pointwise.equal
    isclose = pointwise.isclose
    allclose = pointwise.allclose
    is_conj = pointwise.is_conj
    is_neg = pointwise.is_neg
    resolve_conj = pointwise.resolve_conj
    resolve_neg = pointwise.resolve_neg
