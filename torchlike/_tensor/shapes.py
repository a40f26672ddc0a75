"""Methods that give views, other shapes, joined and repeated elements."""

from __future__ import annotations

from torchlike._autograd.variable import Variable
from torchlike._functions import filling, joining, splitting
from torchlike._functions import views as functions
from torchlike._ops import rearranging, views


class ShapeMethods(Variable):
    """Shapes and views."""

    adjoint = functions.adjoint
    as_strided = functions.as_strided
    as_strided_ = functions.as_strided_
    broadcast_to = functions.broadcast_to
    chunk = splitting.chunk
    contiguous = functions.contiguous
    diag = rearranging.diag
    diag_embed = rearranging.diag_embed
    diagflat = rearranging.diagflat
    diagonal = views.diagonal
    dsplit = splitting.dsplit
    expand = views.expand
    expand_as = functions.expand_as
    flatten = functions.flatten
    flip = rearranging.flip
    fliplr = rearranging.fliplr
    flipud = rearranging.flipud
    hsplit = splitting.hsplit
    moveaxis = movedim = functions.movedim
    narrow = splitting.narrow
    permute = views.permute
    ravel = functions.ravel
    repeat = rearranging.repeat
    repeat_interleave = joining.repeat_interleave
    reshape = functions.reshape
    reshape_as = functions.reshape_as
    roll = rearranging.roll
    rot90 = rearranging.rot90
    select = splitting.select
    split = splitting.split_method
    split_with_sizes = splitting.split_with_sizes
    unsafe_chunk, unsafe_split = splitting.unsafe_chunk, splitting.unsafe_split
    unsafe_split_with_sizes = splitting.unsafe_split_with_sizes
    squeeze = views.squeeze
    squeeze_ = functions.squeeze_
    swapaxes = swapdims = transpose = views.transpose
    swapaxes_ = swapdims_ = transpose_ = functions.transpose_
    t = views.t
    t_ = functions.t_
    tensor_split = splitting.tensor_split
    tile = rearranging.tile
    tril = rearranging.tril
    tril_ = rearranging.tril.inplace
    triu = rearranging.triu
    triu_ = rearranging.triu.inplace
    unbind = splitting.unbind
    unflatten = functions.unflatten
    unfold = views.unfold
    unsqueeze = views.unsqueeze
    unsqueeze_ = functions.unsqueeze_
    view = functions.view
    view_as = functions.view_as
    vsplit = splitting.vsplit

    T = property(functions.reversed_dims)
    H = property(functions.conjugate_transpose)
    mT = property(functions.matrix_transpose)
    mH = property(functions.matrix_adjoint)
    real = property(functions.real, filling.set_real)
    imag = property(functions.imag, filling.set_imag)
