"""``torch.distributed.elastic``: what ``torchrun`` gives to the programs that it starts."""

from torchlike.distributed.elastic import multiprocessing as multiprocessing
