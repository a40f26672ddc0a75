"""``torch.distributed.constants``: how long processes wait for each other."""

from datetime import timedelta

default_pg_timeout: timedelta = timedelta(minutes=30)
default_pg_nccl_timeout: timedelta = timedelta(minutes=10)
