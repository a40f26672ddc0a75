"""Methods that give views, other shapes, joined and repeated elements."""

from __future__ import annotations

from torchlike._functions import indexing
from torchlike._functions import views as functions
from torchlike._ops import views


class ShapeMethods:
    """Shapes and views."""

    adjoint = functions.adjoint
    as_strided = functions.as_strided
    broadcast_to = functions.broadcast_to
    chunk = functions.chunk
    contiguous = functions.contiguous
    diagonal = views.diagonal
    dsplit = functions.dsplit
    expand = views.expand
    expand_as = functions.expand_as
    flatten = functions.flatten
    hsplit = functions.hsplit
    moveaxis = movedim = functions.movedim
    narrow = indexing.narrow
    permute = views.permute
    ravel = functions.ravel
    reshape = functions.reshape
    reshape_as = functions.reshape_as
    select = indexing.select
    split = functions.split
    split_with_sizes = functions.split_with_sizes
    squeeze = views.squeeze
    swapaxes = swapdims = transpose = views.transpose
    t = views.t
    tensor_split = functions.tensor_split
    unbind = functions.unbind
    unflatten = functions.unflatten
    unfold = views.unfold
    unsqueeze = views.unsqueeze
    view = functions.view
    view_as = functions.view_as
    vsplit = functions.vsplit

    T = property(functions.reversed_dims)
    H = property(functions.conjugate_transpose)
    mT = property(functions.matrix_transpose)
    mH = property(functions.matrix_adjoint)
    real = property(functions.real)
    imag = property(functions.imag)
