"""In-place forms that PyTorch has as functions, too: ``torch.abs_(x)`` is ``x.abs_()``."""

from __future__ import annotations

from torchlike._ops import arithmetic, bounds, exponential, products, rounding, special, trigonometric

acos_ = arccos_ = trigonometric.acos.inplace
acosh_ = arccosh_ = trigonometric.acosh.inplace
addmv_ = products.addmv.inplace
asin_ = arcsin_ = trigonometric.asin.inplace
asinh_ = arcsinh_ = trigonometric.asinh.inplace
atan_ = arctan_ = trigonometric.atan.inplace
atanh_ = arctanh_ = trigonometric.atanh.inplace
ceil_ = rounding.ceil.inplace
clamp_ = clip_ = bounds.clamp.inplace
clamp_max_ = bounds.clamp_max.inplace
clamp_min_ = bounds.clamp_min.inplace
conj_physical_ = trigonometric.conj.inplace
cos_ = trigonometric.cos.inplace
cosh_ = trigonometric.cosh.inplace
deg2rad_ = trigonometric.deg2rad.inplace
erf_ = special.erf.inplace
erfc_ = special.erfc.inplace
exp2_ = exponential.exp2.inplace
exp_ = exponential.exp.inplace
expm1_ = exponential.expm1.inplace
floor_ = rounding.floor.inplace
frac_ = rounding.frac.inplace
gcd_ = arithmetic.gcd.inplace
i0_ = special.i0.inplace
lcm_ = arithmetic.lcm.inplace
ldexp_ = arithmetic.ldexp.inplace
log10_ = exponential.log10.inplace
log1p_ = exponential.log1p.inplace
log2_ = exponential.log2.inplace
log_ = exponential.log.inplace
logit_ = exponential.logit.inplace
nan_to_num_ = bounds.nan_to_num.inplace
neg_ = negative_ = arithmetic.neg.inplace
rad2deg_ = trigonometric.rad2deg.inplace
reciprocal_ = arithmetic.reciprocal.inplace
round_ = rounding.round.inplace
rsqrt_ = exponential.rsqrt.inplace
sigmoid_ = exponential.sigmoid.inplace
sin_ = trigonometric.sin.inplace
sinc_ = trigonometric.sinc.inplace
sinh_ = trigonometric.sinh.inplace
sqrt_ = exponential.sqrt.inplace
square_ = arithmetic.square.inplace
tan_ = trigonometric.tan.inplace
tanh_ = trigonometric.tanh.inplace
trunc_ = fix_ = rounding.trunc.inplace
xlogy_ = special.xlogy.inplace
