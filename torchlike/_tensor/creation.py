"""Methods that make tensors like this one, and fill this one."""

from __future__ import annotations

from torchlike._functions import creation as functions
from torchlike._ops import creation


class CreationMethods:
    """Making and filling."""

    new_zeros = functions.new_zeros
    new_ones = functions.new_ones
    new_empty = functions.new_empty
    new_full = functions.new_full
    fill_ = creation.fill.inplace
    zero_ = creation.zero.inplace
    copy_ = creation.copy.inplace
