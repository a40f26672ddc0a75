"""The short door to `torchlike.utils.data`."""

from torchlike.utils.data import BatchSampler as BatchSampler
from torchlike.utils.data import ChainDataset as ChainDataset
from torchlike.utils.data import ConcatDataset as ConcatDataset
from torchlike.utils.data import DataLoader as DataLoader
from torchlike.utils.data import Dataset as Dataset
from torchlike.utils.data import DistributedSampler as DistributedSampler
from torchlike.utils.data import IterableDataset as IterableDataset
from torchlike.utils.data import RandomSampler as RandomSampler
from torchlike.utils.data import Sampler as Sampler
from torchlike.utils.data import SequentialSampler as SequentialSampler
from torchlike.utils.data import StackDataset as StackDataset
from torchlike.utils.data import Subset as Subset
from torchlike.utils.data import SubsetRandomSampler as SubsetRandomSampler
from torchlike.utils.data import TensorDataset as TensorDataset
from torchlike.utils.data import WeightedRandomSampler as WeightedRandomSampler
from torchlike.utils.data import default_collate as default_collate
from torchlike.utils.data import default_convert as default_convert
from torchlike.utils.data import get_worker_info as get_worker_info
from torchlike.utils.data import random_split as random_split
