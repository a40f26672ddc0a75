"""``torch._utils``: what the pickles of tensors name."""

from torchlike._serialization.rebuilding import _rebuild_parameter as _rebuild_parameter
from torchlike._serialization.rebuilding import _rebuild_parameter_with_state as _rebuild_parameter_with_state
from torchlike._serialization.rebuilding import _rebuild_tensor as _rebuild_tensor
from torchlike._serialization.rebuilding import _rebuild_tensor_v2 as _rebuild_tensor_v2
from torchlike._serialization.rebuilding import _rebuild_tensor_v3 as _rebuild_tensor_v3
