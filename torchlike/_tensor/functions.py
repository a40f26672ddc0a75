"""A tensor's methods that are functions.

`python -m tools.forms` writes this file.
"""

from __future__ import annotations

from torchlike._autograd.variable import Variable
from torchlike._functions import asking, copies, counting, creation, filling, joining, linalg, pointwise, products
from torchlike._functions import randoms, reductions, selecting, splitting, views


class FunctionMethods(Variable):
    """The functions."""

    is_nonzero = asking.is_nonzero
    is_same_size = asking.is_same_size
    narrow_copy = copies.narrow_copy
    bincount = counting.bincount
    histc = counting.histc
    unique = counting.unique
    unique_consecutive = counting.unique_consecutive
    new_empty = creation.new_empty
    new_empty_strided = creation.new_empty_strided
    new_full = creation.new_full
    new_ones = creation.new_ones
    new_zeros = creation.new_zeros
    apply_ = filling.apply_
    fill_ = filling.fill_
    fill_diagonal_ = filling.fill_diagonal_
    is_set_to = filling.is_set_to
    map_ = filling.map_
    resize_ = filling.resize_
    resize_as_ = filling.resize_as_
    set_ = filling.set_
    zero_ = filling.zero_
    repeat_interleave = joining.repeat_interleave
    inverse = linalg.inverse
    cholesky = linalg.legacy_cholesky
    eig = linalg.legacy_eig
    logdet = linalg.logdet
    qr = linalg.qr
    slogdet = linalg.slogdet
    svd = linalg.svd
    abs_ = absolute_ = pointwise.abs_
    allclose = pointwise.allclose
    conj = pointwise.conj
    conj_physical = pointwise.conj_physical
    equal = pointwise.equal
    float_power_ = pointwise.float_power_
    is_conj = pointwise.is_conj
    is_neg = pointwise.is_neg
    isclose = pointwise.isclose
    positive = pointwise.positive
    pow = pointwise.pow
    pow_ = pointwise.pow_
    resolve_conj = pointwise.resolve_conj
    resolve_neg = pointwise.resolve_neg
    addbmm_ = products.addbmm_
    cross = products.cross
    bernoulli = randoms.bernoulli
    bernoulli_ = randoms.bernoulli_
    cauchy_ = randoms.cauchy_
    exponential_ = randoms.exponential_
    geometric_ = randoms.geometric_
    log_normal_ = randoms.log_normal_
    multinomial = randoms.multinomial
    normal_ = randoms.normal_
    random_ = randoms.random_
    uniform_ = randoms.uniform_
    cumprod_ = reductions.cumprod_
    cumsum_ = reductions.cumsum_
    logsumexp = reductions.logsumexp
    max = reductions.max
    median = reductions.median
    min = reductions.min
    mode = reductions.mode
    nanmedian = reductions.nanmedian
    nanquantile = reductions.nanquantile
    norm = reductions.norm
    quantile = reductions.quantile
    std = reductions.std
    sum_to_size = reductions.sum_to_size
    var = reductions.var
    argwhere = selecting.argwhere
    index_put = selecting.index_put
    index_put_ = selecting.index_put_
    masked_select = selecting.masked_select
    nonzero = selecting.nonzero
    nonzero_static = selecting.nonzero_static
    chunk = splitting.chunk
    dsplit = splitting.dsplit
    hsplit = splitting.hsplit
    narrow = splitting.narrow
    select = splitting.select
    split_with_sizes = splitting.split_with_sizes
    tensor_split = splitting.tensor_split
    unbind = splitting.unbind
    unsafe_chunk = splitting.unsafe_chunk
    unsafe_split = splitting.unsafe_split
    unsafe_split_with_sizes = splitting.unsafe_split_with_sizes
    vsplit = splitting.vsplit
    adjoint = views.adjoint
    as_strided = views.as_strided
    as_strided_ = views.as_strided_
    broadcast_to = views.broadcast_to
    contiguous = views.contiguous
    expand_as = views.expand_as
    flatten = views.flatten
    movedim = moveaxis = views.movedim
    ravel = views.ravel
    reshape = views.reshape
    reshape_as = views.reshape_as
    squeeze_ = views.squeeze_
    t_ = views.t_
    swapaxes_ = swapdims_ = transpose_ = views.transpose_
    unflatten = views.unflatten
    unsqueeze_ = views.unsqueeze_
    view = views.view
    view_as = views.view_as
