"""Operations as functions of layers, with ``inplace``, or ``size_average`` and ``reduce``.

`python -m tools.forms` writes this file.
"""

from __future__ import annotations

from torchlike._ops import class_losses, class_margins, losses
from torchlike._ops.nn import activations as nn_activations
from torchlike.nn._calls import of_layers

cross_entropy = of_layers(class_losses.cross_entropy)
nll_loss = of_layers(class_losses.nll_loss)
multi_margin_loss = of_layers(class_margins.multi_margin_loss)
multilabel_margin_loss = of_layers(class_margins.multilabel_margin_loss)
multilabel_soft_margin_loss = of_layers(class_margins.multilabel_soft_margin_loss)
binary_cross_entropy = of_layers(losses.binary_cross_entropy)
binary_cross_entropy_with_logits = of_layers(losses.binary_cross_entropy_with_logits)
cosine_embedding_loss = of_layers(losses.cosine_embedding_loss)
hinge_embedding_loss = of_layers(losses.hinge_embedding_loss)
l1_loss = of_layers(losses.l1_loss)
margin_ranking_loss = of_layers(losses.margin_ranking_loss)
mse_loss = of_layers(losses.mse_loss)
poisson_nll_loss = of_layers(losses.poisson_nll_loss)
smooth_l1_loss = of_layers(losses.smooth_l1_loss)
soft_margin_loss = of_layers(losses.soft_margin_loss)
triplet_margin_loss = of_layers(losses.triplet_margin_loss)
celu = of_layers(nn_activations.celu)
hardsigmoid = of_layers(nn_activations.hardsigmoid)
hardswish = of_layers(nn_activations.hardswish)
leaky_relu = of_layers(nn_activations.leaky_relu)
mish = of_layers(nn_activations.mish)
relu = of_layers(nn_activations.relu)
relu6 = of_layers(nn_activations.relu6)
selu = of_layers(nn_activations.selu)
silu = of_layers(nn_activations.silu)
threshold = of_layers(nn_activations.threshold)
