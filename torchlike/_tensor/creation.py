"""Methods that make tensors like this one, and fill this one."""

from __future__ import annotations

from torchlike._autograd.variable import Variable
from torchlike._functions import asking, filling, making
from torchlike._functions import creation as functions
from torchlike._ops import creation


class CreationMethods(Variable):
    """Making and filling."""

    new_empty = functions.new_empty
    new_empty_strided = functions.new_empty_strided
    new_full = functions.new_full
    new_ones = functions.new_ones
    new_zeros = functions.new_zeros

    apply_ = filling.apply_
    copy_ = creation.copy.inplace
    fill_ = filling.fill_
    fill_diagonal_ = filling.fill_diagonal_
    is_nonzero = asking.is_nonzero
    is_same_size = asking.is_same_size
    is_set_to = filling.is_set_to
    map_ = filling.map_
    resize_, _resized = filling.resize_, filling.resized
    resize_as_ = filling.resize_as_
    set_ = filling.set_
    zero_ = filling.zero_

    __dlpack__ = making.dlpack
    __dlpack_device__ = making.dlpack_device
