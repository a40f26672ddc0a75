"""Methods that reduce, sort and multiply matrices."""

from __future__ import annotations

from torchlike._autograd.variable import Variable
from torchlike._functions import products as contract
from torchlike._functions import reductions as reduce
from torchlike._functions.pointwise import reversed_operator
from torchlike._ops import products, reductions, sorting
from torchlike._ops.nn import distance


class ReductionMethods(Variable):
    """Reductions, order statistics, running sums, matrix products."""

    sum = reductions.sum
    sum_to_size = reduce.sum_to_size
    nansum = reductions.nansum
    mean = reductions.mean
    nanmean = reductions.nanmean
    prod = reductions.prod
    all = reductions.all
    any = reductions.any
    count_nonzero = reductions.count_nonzero
    amax = reductions.amax
    amin = reductions.amin
    aminmax = reductions.aminmax
    argmax = reductions.argmax
    argmin = reductions.argmin
    max = reduce.max
    min = reduce.min
    std = reduce.std
    var = reduce.var
    norm = reduce.norm
    dist = distance.dist
    logsumexp = reduce.logsumexp
    median = reduce.median
    nanmedian = reduce.nanmedian
    quantile = reduce.quantile
    nanquantile = reduce.nanquantile
    unique = reduce.unique
    unique_consecutive = reduce.unique_consecutive
    bincount = reduce.bincount
    histc = reduce.histc

    sort = sorting.sort
    argsort = sorting.argsort
    msort = sorting.msort
    topk = sorting.topk
    kthvalue = sorting.kthvalue
    mode = reduce.mode
    cumsum = sorting.cumsum
    cumsum_ = reduce.cumsum_
    cumprod = sorting.cumprod
    cumprod_ = reduce.cumprod_
    cummax = sorting.cummax
    cummin = sorting.cummin
    logcumsumexp = sorting.logcumsumexp
    diff = sorting.diff

    matmul = products.matmul
    __matmul__ = products.matmul.operator
    mm = products.mm
    bmm = products.bmm
    mv = products.mv
    dot = products.dot
    vdot = products.vdot
    outer = ger = products.outer
    inner = products.inner
    renorm = products.renorm
    renorm_ = products.renorm.inplace
    addmm = products.addmm
    addmm_ = products.addmm.inplace
    addmv = products.addmv
    addmv_ = products.addmv.inplace
    addr = products.addr
    addr_ = products.addr.inplace
    baddbmm = products.baddbmm
    baddbmm_ = products.baddbmm.inplace
    addbmm = products.addbmm
    addbmm_ = contract.addbmm_
    kron = products.kron
    trace = products.trace
    cross = contract.cross
    __rmatmul__ = reversed_operator(products.matmul)
