"""Methods that give views, other shapes, joined and repeated elements."""

from __future__ import annotations

from torchlike._functions import views as view_functions
from torchlike._ops import views


class ShapeMethods:
    """Shapes and views."""

    view = view_functions.view
    reshape = view_functions.reshape
    flatten = view_functions.flatten
    contiguous = view_functions.contiguous
    unbind = view_functions.unbind
    transpose = views.transpose
    t = views.t
    permute = views.permute
    squeeze = views.squeeze
    unsqueeze = views.unsqueeze
    expand = views.expand
    diagonal = views.diagonal
    unfold = views.unfold
    T = property(lambda self: views.permute(self, tuple(reversed(range(self.ndim)))))
    mT = property(lambda self: views.transpose(self, -2, -1))
