"""In-place forms that PyTorch has as functions, too: ``torch.abs_(x)`` is ``x.abs_()``.

`python -m tools.forms` writes this file.
"""

from __future__ import annotations

from torchlike._ops import arithmetic, bounds, exponential, powers, products, rounding, special, trigonometric
from torchlike._ops.nn import activations as nn_activations, embedding as nn_embedding

gcd_ = arithmetic.gcd.inplace
lcm_ = arithmetic.lcm.inplace
neg_ = negative_ = arithmetic.neg.inplace
reciprocal_ = arithmetic.reciprocal.inplace
clamp_ = clip_ = bounds.clamp.inplace
clamp_max_ = bounds.clamp_max.inplace
clamp_min_ = bounds.clamp_min.inplace
nan_to_num_ = bounds.nan_to_num.inplace
exp_ = exponential.exp.inplace
exp2_ = exponential.exp2.inplace
expm1_ = exponential.expm1.inplace
log_ = exponential.log.inplace
log10_ = exponential.log10.inplace
log1p_ = exponential.log1p.inplace
log2_ = exponential.log2.inplace
logit_ = exponential.logit.inplace
rsqrt_ = exponential.rsqrt.inplace
sigmoid_ = exponential.sigmoid.inplace
sqrt_ = exponential.sqrt.inplace
celu_ = nn_activations.celu.inplace
elu_ = nn_activations.elu.inplace
hardtanh_ = nn_activations.hardtanh.inplace
leaky_relu_ = nn_activations.leaky_relu.inplace
relu_ = nn_activations.relu.inplace
selu_ = nn_activations.selu.inplace
threshold_ = nn_activations.threshold.inplace
embedding_renorm_ = nn_embedding.embedding_renorm.inplace
ldexp_ = powers.ldexp.inplace
square_ = powers.square.inplace
addmv_ = products.addmv.inplace
ceil_ = rounding.ceil.inplace
floor_ = rounding.floor.inplace
frac_ = rounding.frac.inplace
round_ = rounding.round.inplace
trunc_ = fix_ = rounding.trunc.inplace
erf_ = special.erf.inplace
erfc_ = special.erfc.inplace
i0_ = special.i0.inplace
xlogy_ = special.xlogy.inplace
acos_ = arccos_ = trigonometric.acos.inplace
acosh_ = arccosh_ = trigonometric.acosh.inplace
asin_ = arcsin_ = trigonometric.asin.inplace
asinh_ = arcsinh_ = trigonometric.asinh.inplace
atan_ = arctan_ = trigonometric.atan.inplace
atanh_ = arctanh_ = trigonometric.atanh.inplace
conj_physical_ = trigonometric.conj.inplace
cos_ = trigonometric.cos.inplace
cosh_ = trigonometric.cosh.inplace
deg2rad_ = trigonometric.deg2rad.inplace
rad2deg_ = trigonometric.rad2deg.inplace
sin_ = trigonometric.sin.inplace
sinc_ = trigonometric.sinc.inplace
sinh_ = trigonometric.sinh.inplace
tan_ = trigonometric.tan.inplace
tanh_ = trigonometric.tanh.inplace
