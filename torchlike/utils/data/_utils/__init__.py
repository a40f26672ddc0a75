"""What loaders are made of."""

from torchlike.utils.data._utils import collate as collate
from torchlike.utils.data._utils import fetch as fetch
from torchlike.utils.data._utils import worker as worker
from torchlike.utils.data._utils.worker import ExceptionWrapper as ExceptionWrapper
