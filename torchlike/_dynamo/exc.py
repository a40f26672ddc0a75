"""``torch._dynamo.exc``: what compiling refuses."""

from torchlike._compile.errors import InvalidBackend as InvalidBackend
from torchlike._compile.errors import TorchDynamoException as TorchDynamoException
from torchlike._compile.errors import Unsupported as Unsupported
