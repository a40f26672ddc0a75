"""Methods that choose and change elements by index."""

from __future__ import annotations

from torchlike._autograd.variable import TensorBase
from torchlike._functions import indexing, selecting
from torchlike._ops import indexing as ops
from torchlike._ops import view_scatter


class IndexMethods(TensorBase):
    """Indexing."""

    __getitem__ = indexing.getitem
    __setitem__ = indexing.setitem
    __delitem__ = indexing.delitem

    argwhere = selecting.argwhere
    as_strided_scatter = view_scatter.as_strided_scatter
    diagonal_scatter = view_scatter.diagonal_scatter
    gather = selecting.gather
    index_add = selecting.index_add
    index_add_ = selecting.index_add.inplace
    index_copy = selecting.index_copy
    index_copy_ = selecting.index_copy.inplace
    index_fill = selecting.index_fill
    index_fill_ = selecting.index_fill.inplace
    index_put = selecting.index_put
    index_put_ = selecting.index_put_
    index_reduce = selecting.index_reduce
    index_reduce_ = selecting.index_reduce.inplace
    index_select = selecting.index_select
    masked_fill = ops.masked_fill
    masked_fill_ = ops.masked_fill.inplace
    masked_scatter = selecting.masked_scatter
    masked_scatter_ = selecting.masked_scatter_
    masked_select = selecting.masked_select
    nonzero = selecting.nonzero
    nonzero_static = selecting.nonzero_static
    put = selecting.put
    put_ = selecting.put_
    scatter = selecting.scatter
    scatter_ = selecting.scatter.inplace
    scatter_add = selecting.scatter_add
    scatter_add_ = selecting.scatter_add.inplace
    scatter_reduce = selecting.scatter_reduce
    scatter_reduce_ = selecting.scatter_reduce.inplace
    select_scatter = view_scatter.select_scatter
    slice_scatter = view_scatter.slice_scatter
    take = selecting.take
    take_along_dim = selecting.take_along_dim
    where = selecting.where_method
