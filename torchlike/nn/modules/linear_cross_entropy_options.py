"""Settings of `torch.nn.functional.linear_cross_entropy`."""

from torchlike._types.public import publish as _publish
from torchlike.nn._chunking import LinearCrossEntropyOptions as LinearCrossEntropyOptions

_publish(globals())
