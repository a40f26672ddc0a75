"""A tensor's methods that are operations.

`python -m tools.forms` writes this file.
"""

from __future__ import annotations

from torchlike._autograd.variable import Variable
from torchlike._ops import arithmetic, bitwise, bounds, comparison, creation, exponential, extrema, householder
from torchlike._ops import indexing, linalg, masks, places, powers, products, rearranging, reductions, rounding, sorting
from torchlike._ops import special, trigonometric, view_scatter, views
from torchlike._ops.nn import activations as nn_activations, distance as nn_distance


class OperationMethods(Variable):
    """The operations."""

    add = arithmetic.add
    add_ = arithmetic.add.inplace
    addcdiv = arithmetic.addcdiv
    addcdiv_ = arithmetic.addcdiv.inplace
    addcmul = arithmetic.addcmul
    addcmul_ = arithmetic.addcmul.inplace
    div = divide = arithmetic.div
    div_ = divide_ = arithmetic.div.inplace
    floor_divide = arithmetic.floor_divide
    floor_divide_ = arithmetic.floor_divide.inplace
    fmod = arithmetic.fmod
    fmod_ = arithmetic.fmod.inplace
    gcd = arithmetic.gcd
    gcd_ = arithmetic.gcd.inplace
    lcm = arithmetic.lcm
    lcm_ = arithmetic.lcm.inplace
    lerp = arithmetic.lerp
    lerp_ = arithmetic.lerp.inplace
    mul = multiply = arithmetic.mul
    mul_ = multiply_ = arithmetic.mul.inplace
    neg = negative = arithmetic.neg
    neg_ = negative_ = arithmetic.neg.inplace
    reciprocal = arithmetic.reciprocal
    reciprocal_ = arithmetic.reciprocal.inplace
    remainder = arithmetic.remainder
    remainder_ = arithmetic.remainder.inplace
    sub = subtract = arithmetic.sub
    sub_ = subtract_ = arithmetic.sub.inplace
    true_divide = arithmetic.true_divide
    true_divide_ = arithmetic.true_divide.inplace
    bitwise_and = bitwise.bitwise_and
    bitwise_and_ = bitwise.bitwise_and.inplace
    bitwise_left_shift = bitwise.bitwise_left_shift
    bitwise_left_shift_ = bitwise.bitwise_left_shift.inplace
    bitwise_not = bitwise.bitwise_not
    bitwise_not_ = bitwise.bitwise_not.inplace
    bitwise_or = bitwise.bitwise_or
    bitwise_or_ = bitwise.bitwise_or.inplace
    bitwise_right_shift = bitwise.bitwise_right_shift
    bitwise_right_shift_ = bitwise.bitwise_right_shift.inplace
    bitwise_xor = bitwise.bitwise_xor
    bitwise_xor_ = bitwise.bitwise_xor.inplace
    abs = absolute = bounds.abs
    clamp = clip = bounds.clamp
    clamp_ = clip_ = bounds.clamp.inplace
    clamp_max = bounds.clamp_max
    clamp_max_ = bounds.clamp_max.inplace
    clamp_min = bounds.clamp_min
    clamp_min_ = bounds.clamp_min.inplace
    copysign = bounds.copysign
    copysign_ = bounds.copysign.inplace
    fmax = bounds.fmax
    fmin = bounds.fmin
    heaviside = bounds.heaviside
    heaviside_ = bounds.heaviside.inplace
    hypot = bounds.hypot
    hypot_ = bounds.hypot.inplace
    maximum = bounds.maximum
    minimum = bounds.minimum
    nan_to_num = bounds.nan_to_num
    nan_to_num_ = bounds.nan_to_num.inplace
    nextafter = bounds.nextafter
    nextafter_ = bounds.nextafter.inplace
    sgn = bounds.sgn
    sgn_ = bounds.sgn.inplace
    sign = bounds.sign
    sign_ = bounds.sign.inplace
    signbit = bounds.signbit
    eq = comparison.eq
    eq_ = comparison.eq.inplace
    ge = greater_equal = comparison.ge
    ge_ = greater_equal_ = comparison.ge.inplace
    gt = greater = comparison.gt
    gt_ = greater_ = comparison.gt.inplace
    isfinite = comparison.isfinite
    isinf = comparison.isinf
    isnan = comparison.isnan
    isneginf = comparison.isneginf
    isposinf = comparison.isposinf
    isreal = comparison.isreal
    le = less_equal = comparison.le
    le_ = less_equal_ = comparison.le.inplace
    logical_and = comparison.logical_and
    logical_and_ = comparison.logical_and.inplace
    logical_not = comparison.logical_not
    logical_not_ = comparison.logical_not.inplace
    logical_or = comparison.logical_or
    logical_or_ = comparison.logical_or.inplace
    logical_xor = comparison.logical_xor
    logical_xor_ = comparison.logical_xor.inplace
    lt = less = comparison.lt
    lt_ = less_ = comparison.lt.inplace
    ne = not_equal = comparison.ne
    ne_ = not_equal_ = comparison.ne.inplace
    copy_ = creation.copy.inplace
    exp = exponential.exp
    exp_ = exponential.exp.inplace
    exp2 = exponential.exp2
    exp2_ = exponential.exp2.inplace
    expm1 = exponential.expm1
    expm1_ = exponential.expm1.inplace
    log = exponential.log
    log_ = exponential.log.inplace
    log10 = exponential.log10
    log10_ = exponential.log10.inplace
    log1p = exponential.log1p
    log1p_ = exponential.log1p.inplace
    log2 = exponential.log2
    log2_ = exponential.log2.inplace
    logaddexp = exponential.logaddexp
    logaddexp2 = exponential.logaddexp2
    logit = exponential.logit
    logit_ = exponential.logit.inplace
    rsqrt = exponential.rsqrt
    rsqrt_ = exponential.rsqrt.inplace
    sigmoid = exponential.sigmoid
    sigmoid_ = exponential.sigmoid.inplace
    sqrt = exponential.sqrt
    sqrt_ = exponential.sqrt.inplace
    amax = extrema.amax
    amin = extrema.amin
    aminmax = extrema.aminmax
    argmax = extrema.argmax
    argmin = extrema.argmin
    geqrf = householder.geqrf
    orgqr = householder.householder_product
    gather = indexing.gather
    index_add = indexing.index_add
    index_add_ = indexing.index_add.inplace
    index_copy = indexing.index_copy
    index_copy_ = indexing.index_copy.inplace
    index_fill = indexing.index_fill
    index_fill_ = indexing.index_fill.inplace
    index_reduce = indexing.index_reduce
    index_reduce_ = indexing.index_reduce.inplace
    index_select = indexing.index_select
    scatter = indexing.scatter
    scatter_ = indexing.scatter.inplace
    scatter_add = indexing.scatter_add
    scatter_add_ = indexing.scatter_add.inplace
    scatter_reduce = indexing.scatter_reduce
    scatter_reduce_ = indexing.scatter_reduce.inplace
    cholesky_inverse = linalg.cholesky_inverse
    cholesky_solve = linalg.cholesky_solve
    det = linalg.det
    matrix_exp = linalg.matrix_exp
    matrix_power = linalg.matrix_power
    pinverse = linalg.pinverse
    masked_fill = masks.masked_fill
    masked_fill_ = masks.masked_fill.inplace
    masked_scatter = masks.masked_scatter
    masked_scatter_ = masks.masked_scatter.inplace
    hardshrink = nn_activations.hardshrink
    log_softmax = nn_activations.log_softmax
    prelu = nn_activations.prelu
    relu = nn_activations.relu
    relu_ = nn_activations.relu.inplace
    softmax = nn_activations.softmax
    dist = nn_distance.dist
    put = places.put
    put_ = places.put.inplace
    take = places.take
    take_along_dim = places.take_along_dim
    float_power = powers.float_power
    frexp = powers.frexp
    ldexp = powers.ldexp
    ldexp_ = powers.ldexp.inplace
    square = powers.square
    square_ = powers.square.inplace
    addbmm = products.addbmm
    addmm = products.addmm
    addmm_ = products.addmm.inplace
    addmv = products.addmv
    addmv_ = products.addmv.inplace
    addr = products.addr
    addr_ = products.addr.inplace
    baddbmm = products.baddbmm
    baddbmm_ = products.baddbmm.inplace
    bmm = products.bmm
    dot = products.dot
    inner = products.inner
    kron = products.kron
    matmul = products.matmul
    mm = products.mm
    mv = products.mv
    outer = ger = products.outer
    renorm = products.renorm
    renorm_ = products.renorm.inplace
    trace = products.trace
    vdot = products.vdot
    diag = rearranging.diag
    diag_embed = rearranging.diag_embed
    diagflat = rearranging.diagflat
    flip = rearranging.flip
    fliplr = rearranging.fliplr
    flipud = rearranging.flipud
    repeat = rearranging.repeat
    roll = rearranging.roll
    rot90 = rearranging.rot90
    tile = rearranging.tile
    tril = rearranging.tril
    tril_ = rearranging.tril.inplace
    triu = rearranging.triu
    triu_ = rearranging.triu.inplace
    all = reductions.all
    any = reductions.any
    count_nonzero = reductions.count_nonzero
    mean = reductions.mean
    nanmean = reductions.nanmean
    nansum = reductions.nansum
    prod = reductions.prod
    sum = reductions.sum
    ceil = rounding.ceil
    ceil_ = rounding.ceil.inplace
    floor = rounding.floor
    floor_ = rounding.floor.inplace
    frac = rounding.frac
    frac_ = rounding.frac.inplace
    round = rounding.round
    round_ = rounding.round.inplace
    trunc = fix = rounding.trunc
    trunc_ = fix_ = rounding.trunc.inplace
    argsort = sorting.argsort
    cummax = sorting.cummax
    cummin = sorting.cummin
    cumprod = sorting.cumprod
    cumsum = sorting.cumsum
    diff = sorting.diff
    kthvalue = sorting.kthvalue
    logcumsumexp = sorting.logcumsumexp
    msort = sorting.msort
    sort = sorting.sort
    topk = sorting.topk
    digamma = special.digamma
    digamma_ = special.digamma.inplace
    erf = special.erf
    erf_ = special.erf.inplace
    erfc = special.erfc
    erfc_ = special.erfc.inplace
    erfinv = special.erfinv
    erfinv_ = special.erfinv.inplace
    i0 = special.i0
    i0_ = special.i0.inplace
    igamma = special.igamma
    igamma_ = special.igamma.inplace
    igammac = special.igammac
    igammac_ = special.igammac.inplace
    lgamma = special.lgamma
    lgamma_ = special.lgamma.inplace
    mvlgamma = special.mvlgamma
    mvlgamma_ = special.mvlgamma.inplace
    xlogy = special.xlogy
    xlogy_ = special.xlogy.inplace
    acos = arccos = trigonometric.acos
    acos_ = arccos_ = trigonometric.acos.inplace
    acosh = arccosh = trigonometric.acosh
    acosh_ = arccosh_ = trigonometric.acosh.inplace
    angle = trigonometric.angle
    asin = arcsin = trigonometric.asin
    asin_ = arcsin_ = trigonometric.asin.inplace
    asinh = arcsinh = trigonometric.asinh
    asinh_ = arcsinh_ = trigonometric.asinh.inplace
    atan = arctan = trigonometric.atan
    atan_ = arctan_ = trigonometric.atan.inplace
    atan2 = arctan2 = trigonometric.atan2
    atan2_ = arctan2_ = trigonometric.atan2.inplace
    atanh = arctanh = trigonometric.atanh
    atanh_ = arctanh_ = trigonometric.atanh.inplace
    conj_physical_ = trigonometric.conj.inplace
    cos = trigonometric.cos
    cos_ = trigonometric.cos.inplace
    cosh = trigonometric.cosh
    cosh_ = trigonometric.cosh.inplace
    deg2rad = trigonometric.deg2rad
    deg2rad_ = trigonometric.deg2rad.inplace
    rad2deg = trigonometric.rad2deg
    rad2deg_ = trigonometric.rad2deg.inplace
    sin = trigonometric.sin
    sin_ = trigonometric.sin.inplace
    sinc = trigonometric.sinc
    sinc_ = trigonometric.sinc.inplace
    sinh = trigonometric.sinh
    sinh_ = trigonometric.sinh.inplace
    tan = trigonometric.tan
    tan_ = trigonometric.tan.inplace
    tanh = trigonometric.tanh
    tanh_ = trigonometric.tanh.inplace
    as_strided_scatter = view_scatter.as_strided_scatter
    diagonal_scatter = view_scatter.diagonal_scatter
    select_scatter = view_scatter.select_scatter
    slice_scatter = view_scatter.slice_scatter
    diagonal = views.diagonal
    expand = views.expand
    permute = views.permute
    squeeze = views.squeeze
    t = views.t
    transpose = swapaxes = swapdims = views.transpose
    unfold = views.unfold
    unsqueeze = views.unsqueeze
