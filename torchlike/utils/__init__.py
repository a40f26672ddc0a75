"""``torch.utils``."""

from torchlike.utils import _pytree as _pytree
from torchlike.utils import checkpoint as checkpoint
from torchlike.utils import data as data
from torchlike.utils import dlpack as dlpack
from torchlike.utils import hooks as hooks
