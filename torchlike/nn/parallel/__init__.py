"""``torch.nn.parallel``: one module on several devices, or in several processes."""

from typing import TYPE_CHECKING

from torchlike.nn.parallel.data_parallel import DataParallel as DataParallel
from torchlike.nn.parallel.data_parallel import data_parallel as data_parallel
from torchlike.nn.parallel.parallel_apply import parallel_apply as parallel_apply
from torchlike.nn.parallel.replicate import replicate as replicate
from torchlike.nn.parallel.scatter_gather import gather as gather
from torchlike.nn.parallel.scatter_gather import scatter as scatter

if TYPE_CHECKING:  # else imported where it is asked for, see `torchlike._missing`
    from torchlike.nn.parallel.distributed import DistributedDataParallel as DistributedDataParallel
