"""``torch.distributed.elastic.multiprocessing``: processes that ``torchrun`` starts."""

from torchlike.distributed.elastic.multiprocessing import errors as errors
