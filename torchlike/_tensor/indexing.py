"""Methods that choose and change elements by index."""

from __future__ import annotations

from torchlike._autograd.variable import Variable
from torchlike._functions import indexing, selecting
from torchlike._ops import indexing as ops
from torchlike._ops import masks, view_scatter


class IndexMethods(Variable):
    """Indexing."""

    __getitem__ = indexing.getitem
    __setitem__ = indexing.setitem
    __delitem__ = indexing.delitem

    argwhere = selecting.argwhere
    as_strided_scatter = view_scatter.as_strided_scatter
    diagonal_scatter = view_scatter.diagonal_scatter
    gather = ops.gather
    index_add = ops.index_add
    index_add_ = ops.index_add.inplace
    index_copy = ops.index_copy
    index_copy_ = ops.index_copy.inplace
    index_fill = ops.index_fill
    index_fill_ = ops.index_fill.inplace
    index_put = selecting.index_put
    index_put_ = selecting.index_put_
    index_reduce = ops.index_reduce
    index_reduce_ = ops.index_reduce.inplace
    index_select = ops.index_select
    masked_fill = masks.masked_fill
    masked_fill_ = masks.masked_fill.inplace
    masked_scatter = masks.masked_scatter
    masked_scatter_ = masks.masked_scatter.inplace
    masked_select = selecting.masked_select
    nonzero = selecting.nonzero
    nonzero_static = selecting.nonzero_static
    put = ops.put
    put_ = ops.put.inplace
    scatter = ops.scatter
    scatter_ = ops.scatter.inplace
    scatter_add = ops.scatter_add
    scatter_add_ = ops.scatter_add.inplace
    scatter_reduce = ops.scatter_reduce
    scatter_reduce_ = ops.scatter_reduce.inplace
    select_scatter = view_scatter.select_scatter
    slice_scatter = view_scatter.slice_scatter
    take = ops.take
    take_along_dim = ops.take_along_dim
    where = selecting.where_method
