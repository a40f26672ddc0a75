"""Methods that are layers' arithmetic."""

from __future__ import annotations

from torchlike._autograd.variable import Variable
from torchlike._ops.nn import activations


class LayerMethods(Variable):
    """Activations and the softmax family."""

    relu = activations.relu
    relu_ = activations.relu.inplace
    prelu = activations.prelu
    hardshrink = activations.hardshrink
    softmax = activations.softmax
    log_softmax = activations.log_softmax
