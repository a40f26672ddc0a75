"""``torch.utils.dlpack``: tensors from and for other libraries, without a copy."""

from torchlike._functions.making import from_dlpack as from_dlpack
from torchlike._functions.making import to_dlpack as to_dlpack
