"""Storages: the memory that tensors and their views share."""

from torchlike._tensor.storages import TypedStorage as TypedStorage
from torchlike._tensor.storages import UntypedStorage as UntypedStorage
