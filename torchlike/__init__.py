"""PyTorch's API on JAX: ``import torchlike as torch``."""

# ruff: noqa: I001 - grouped by module, in the order of the layers

import gc as _gc
from typing import TYPE_CHECKING as _TYPE_CHECKING

_before, _collects = len(_gc.get_objects()), _gc.isenabled()
_gc.disable()  # what the imports make stays: going through it would take a third of their time

from torchlike._programs import settings as _settings

_settings.keep_memory()

# the mechanism
from torchlike._alias import install as install
from torchlike._alias import uninstall as uninstall
from torchlike._programs.explain import explain as explain
from torchlike._programs.settings import execution_mode as execution_mode

# types
from torchlike._types import Size as Size, device as device, dtype as dtype
from torchlike._types.dtypes import get_default_dtype as get_default_dtype, set_default_dtype as set_default_dtype
from torchlike._types.dtypes import bfloat16 as bfloat16, bool_ as _bool, complex64 as complex64
from torchlike._types.dtypes import complex128 as complex128, float16 as float16, float32 as float32, float64 as float64
from torchlike._types.dtypes import int8 as int8, int16 as int16, int32 as int32, int64 as int64, uint8 as uint8
from torchlike._types.dtypes import uint16 as uint16, uint32 as uint32, uint64 as uint64

bool, half, float, double, cfloat, cdouble = _bool, float16, float32, float64, complex64, complex128
short, int, long = int16, int32, int64

# the tensor; its module's name is taken over by the function `tensor` below
from torchlike.tensor import Tensor as Tensor

# printing
from torchlike._tensor_str import set_printoptions as set_printoptions

# autograd
from torchlike._autograd.modes import enable_grad as enable_grad, inference_mode as inference_mode
from torchlike._autograd.modes import is_grad_enabled as is_grad_enabled
from torchlike._autograd.modes import is_inference_mode_enabled as is_inference_mode_enabled, no_grad as no_grad
from torchlike._autograd.modes import set_grad_enabled as set_grad_enabled

# ---------------------------------------------------------------- making
from torchlike._tensor.legacy import BFloat16Tensor as BFloat16Tensor, BoolTensor as BoolTensor
from torchlike._tensor.legacy import ByteTensor as ByteTensor, CharTensor as CharTensor, DoubleTensor as DoubleTensor
from torchlike._tensor.legacy import FloatTensor as FloatTensor, HalfTensor as HalfTensor, IntTensor as IntTensor
from torchlike._tensor.legacy import LongTensor as LongTensor, ShortTensor as ShortTensor
from torchlike._tensor.legacy import set_default_tensor_type as set_default_tensor_type
from torchlike._tensor.storages import BFloat16Storage as BFloat16Storage, BoolStorage as BoolStorage
from torchlike._tensor.storages import ByteStorage as ByteStorage, CharStorage as CharStorage
from torchlike._tensor.storages import ComplexDoubleStorage as ComplexDoubleStorage
from torchlike._tensor.storages import ComplexFloatStorage as ComplexFloatStorage, DoubleStorage as DoubleStorage
from torchlike._tensor.storages import FloatStorage as FloatStorage, HalfStorage as HalfStorage
from torchlike._tensor.storages import IntStorage as IntStorage, LongStorage as LongStorage
from torchlike._tensor.storages import ShortStorage as ShortStorage, TypedStorage as TypedStorage
from torchlike._tensor.storages import UntypedStorage as UntypedStorage, is_storage as is_storage
from torchlike._types.formats import channels_last as channels_last, channels_last_3d as channels_last_3d
from torchlike._types.formats import contiguous_format as contiguous_format, layout as layout
from torchlike._types.formats import memory_format as memory_format, preserve_format as preserve_format
from torchlike._types.formats import sparse_bsc as sparse_bsc, sparse_bsr as sparse_bsr, sparse_coo as sparse_coo
from torchlike._types.formats import sparse_csc as sparse_csc, sparse_csr as sparse_csr, strided as strided
from torchlike._types.limits import finfo as finfo, iinfo as iinfo

# ---------------------------------------------------------------- functions
# written by tools.forms
from torchlike._functions.asking import detach as detach, detach_ as detach_, get_device as get_device
from torchlike._functions.asking import is_complex as is_complex, is_distributed as is_distributed
from torchlike._functions.asking import is_floating_point as is_floating_point, is_inference as is_inference
from torchlike._functions.asking import is_nonzero as is_nonzero, is_same_size as is_same_size, is_signed as is_signed
from torchlike._functions.asking import is_tensor as is_tensor, numel as numel
from torchlike._functions.copies import alias_copy as alias_copy, as_strided_copy as as_strided_copy
from torchlike._functions.copies import diagonal_copy as diagonal_copy, expand_copy as expand_copy
from torchlike._functions.copies import narrow_copy as narrow_copy, permute_copy as permute_copy
from torchlike._functions.copies import select_copy as select_copy, slice_copy as slice_copy, split_copy as split_copy
from torchlike._functions.copies import split_with_sizes_copy as split_with_sizes_copy, squeeze_copy as squeeze_copy
from torchlike._functions.copies import t_copy as t_copy, transpose_copy as transpose_copy, unbind_copy as unbind_copy
from torchlike._functions.copies import unfold_copy as unfold_copy, unsqueeze_copy as unsqueeze_copy
from torchlike._functions.copies import view_as_complex_copy as view_as_complex_copy
from torchlike._functions.copies import view_as_real_copy as view_as_real_copy, view_copy as view_copy
from torchlike._functions.counting import bincount as bincount, bucketize as bucketize, histc as histc
from torchlike._functions.counting import searchsorted as searchsorted, unique as unique
from torchlike._functions.counting import unique_consecutive as unique_consecutive
from torchlike._functions.creation import empty as empty, empty_like as empty_like, empty_permuted as empty_permuted
from torchlike._functions.creation import empty_strided as empty_strided, eye as eye, full as full
from torchlike._functions.creation import full_like as full_like, ones as ones, ones_like as ones_like
from torchlike._functions.creation import scalar_tensor as scalar_tensor, zeros as zeros, zeros_like as zeros_like
from torchlike._functions.filling import fill as fill, fill_ as fill_, resize_as_ as resize_as_, zero_ as zero_
from torchlike._functions.generators import get_rng_state as get_rng_state, initial_seed as initial_seed
from torchlike._functions.generators import manual_seed as manual_seed, seed as seed, set_rng_state as set_rng_state
from torchlike._functions.inplace import acos_ as acos_, acosh_ as acosh_, addmv_ as addmv_, arccos_ as arccos_
from torchlike._functions.inplace import arccosh_ as arccosh_, arcsin_ as arcsin_, arcsinh_ as arcsinh_
from torchlike._functions.inplace import arctan_ as arctan_, arctanh_ as arctanh_, asin_ as asin_, asinh_ as asinh_
from torchlike._functions.inplace import atan_ as atan_, atanh_ as atanh_, ceil_ as ceil_, celu_ as celu_
from torchlike._functions.inplace import clamp_ as clamp_, clamp_max_ as clamp_max_, clamp_min_ as clamp_min_
from torchlike._functions.inplace import clip_ as clip_, conj_physical_ as conj_physical_, cos_ as cos_, cosh_ as cosh_
from torchlike._functions.inplace import deg2rad_ as deg2rad_, embedding_renorm_ as embedding_renorm_, erf_ as erf_
from torchlike._functions.inplace import erfc_ as erfc_, exp2_ as exp2_, exp_ as exp_, expm1_ as expm1_, fix_ as fix_
from torchlike._functions.inplace import floor_ as floor_, frac_ as frac_, gcd_ as gcd_, i0_ as i0_, lcm_ as lcm_
from torchlike._functions.inplace import ldexp_ as ldexp_, log10_ as log10_, log1p_ as log1p_, log2_ as log2_
from torchlike._functions.inplace import log_ as log_, logit_ as logit_, nan_to_num_ as nan_to_num_, neg_ as neg_
from torchlike._functions.inplace import negative_ as negative_, rad2deg_ as rad2deg_, reciprocal_ as reciprocal_
from torchlike._functions.inplace import relu_ as relu_, round_ as round_, rsqrt_ as rsqrt_, selu_ as selu_
from torchlike._functions.inplace import sigmoid_ as sigmoid_, sin_ as sin_, sinc_ as sinc_, sinh_ as sinh_
from torchlike._functions.inplace import sqrt_ as sqrt_, square_ as square_, tan_ as tan_, tanh_ as tanh_
from torchlike._functions.inplace import threshold_ as threshold_, trunc_ as trunc_, xlogy_ as xlogy_
from torchlike._functions.joining import block_diag as block_diag, cartesian_prod as cartesian_prod
from torchlike._functions.joining import meshgrid as meshgrid, repeat_interleave as repeat_interleave
from torchlike._functions.joining import tril_indices as tril_indices, triu_indices as triu_indices
from torchlike._functions.linalg import inverse as inverse, legacy_cholesky as _legacy_cholesky
from torchlike._functions.linalg import legacy_eig as _legacy_eig, logdet as logdet, qr as qr, slogdet as slogdet
from torchlike._functions.linalg import svd as svd
from torchlike._functions.making import as_tensor as as_tensor, asarray as asarray, from_dlpack as from_dlpack
from torchlike._functions.making import from_numpy as from_numpy, frombuffer as frombuffer, tensor as tensor
from torchlike._functions.making import to_dlpack as to_dlpack
from torchlike._functions.naming import typename as typename
from torchlike._functions.pointwise import abs_ as abs_, allclose as allclose, can_cast as can_cast, conj as conj
from torchlike._functions.pointwise import conj_physical as conj_physical, equal as equal, is_conj as is_conj
from torchlike._functions.pointwise import is_neg as is_neg, isclose as isclose, positive as positive, pow as pow
from torchlike._functions.pointwise import promote_types as promote_types, resolve_conj as resolve_conj
from torchlike._functions.pointwise import resolve_neg as resolve_neg, result_type as result_type
from torchlike._functions.products import cdist as cdist, chain_matmul as chain_matmul, cross as cross, einsum as einsum
from torchlike._functions.products import tensordot as tensordot
from torchlike._functions.randoms import bernoulli as bernoulli, binomial as binomial, multinomial as multinomial
from torchlike._functions.randoms import normal as normal, poisson as poisson, rand as rand, rand_like as rand_like
from torchlike._functions.randoms import randint as randint, randint_like as randint_like, randn as randn
from torchlike._functions.randoms import randn_like as randn_like, randperm as randperm
from torchlike._functions.ranges import arange as arange, inclusive_range as _inclusive_range, linspace as linspace
from torchlike._functions.ranges import logspace as logspace
from torchlike._functions.recurrent import gru_cell as gru_cell, lstm_cell as lstm_cell, rnn_relu_cell as rnn_relu_cell
from torchlike._functions.recurrent import rnn_tanh_cell as rnn_tanh_cell
from torchlike._functions.reductions import logsumexp as logsumexp, max as max, median as median, min as min
from torchlike._functions.reductions import mode as mode, nanmedian as nanmedian, nanquantile as nanquantile
from torchlike._functions.reductions import norm as norm, quantile as quantile, std as std, std_mean as std_mean
from torchlike._functions.reductions import var as var, var_mean as var_mean
from torchlike._functions.selecting import argwhere as argwhere, index_put as index_put, index_put_ as index_put_
from torchlike._functions.selecting import masked_select as masked_select, nonzero as nonzero
from torchlike._functions.selecting import nonzero_static as nonzero_static, unravel_index as unravel_index
from torchlike._functions.selecting import where as where
from torchlike._functions.splitting import chunk as chunk, dsplit as dsplit, hsplit as hsplit, narrow as narrow
from torchlike._functions.splitting import select as select, split as split, split_with_sizes as split_with_sizes
from torchlike._functions.splitting import tensor_split as tensor_split, unbind as unbind, unsafe_chunk as unsafe_chunk
from torchlike._functions.splitting import unsafe_split as unsafe_split
from torchlike._functions.splitting import unsafe_split_with_sizes as unsafe_split_with_sizes, vsplit as vsplit
from torchlike._functions.threads import get_num_interop_threads as get_num_interop_threads
from torchlike._functions.threads import get_num_threads as get_num_threads, set_flush_denormal as set_flush_denormal
from torchlike._functions.threads import set_num_interop_threads as set_num_interop_threads
from torchlike._functions.threads import set_num_threads as set_num_threads
from torchlike._functions.views import adjoint as adjoint, as_strided as as_strided, as_strided_ as as_strided_
from torchlike._functions.views import atleast_1d as atleast_1d, atleast_2d as atleast_2d, atleast_3d as atleast_3d
from torchlike._functions.views import broadcast_shapes as broadcast_shapes, broadcast_tensors as broadcast_tensors
from torchlike._functions.views import broadcast_to as broadcast_to, flatten as flatten, imag as imag
from torchlike._functions.views import movedim as movedim, ravel as ravel, real as real, reshape as reshape
from torchlike._functions.views import unflatten as unflatten, view_as_real as view_as_real
from torchlike._ops.arithmetic import add as add, addcdiv as addcdiv, addcmul as addcmul, div as div
from torchlike._ops.arithmetic import floor_divide as floor_divide, fmod as fmod, gcd as gcd, lcm as lcm, lerp as lerp
from torchlike._ops.arithmetic import mul as mul, neg as neg, reciprocal as reciprocal, remainder as remainder
from torchlike._ops.arithmetic import rsub as rsub, sub as sub, true_divide as true_divide
from torchlike._ops.bitwise import bitwise_and as bitwise_and, bitwise_left_shift as bitwise_left_shift
from torchlike._ops.bitwise import bitwise_not as bitwise_not, bitwise_or as bitwise_or
from torchlike._ops.bitwise import bitwise_right_shift as bitwise_right_shift, bitwise_xor as bitwise_xor
from torchlike._ops.bounds import abs as abs, clamp as clamp, clamp_max as clamp_max, clamp_min as clamp_min
from torchlike._ops.bounds import copysign as copysign, fmax as fmax, fmin as fmin, heaviside as heaviside
from torchlike._ops.bounds import hypot as hypot, maximum as maximum, minimum as minimum, nan_to_num as nan_to_num
from torchlike._ops.bounds import nextafter as nextafter, sgn as sgn, sign as sign, signbit as signbit
from torchlike._ops.comparison import eq as eq, ge as ge, gt as gt, isfinite as isfinite, isin as isin, isinf as isinf
from torchlike._ops.comparison import isnan as isnan, isneginf as isneginf, isposinf as isposinf, isreal as isreal
from torchlike._ops.comparison import le as le, logical_and as logical_and, logical_not as logical_not
from torchlike._ops.comparison import logical_or as logical_or, logical_xor as logical_xor, lt as lt, ne as ne
from torchlike._ops.conversion import clone as clone
from torchlike._ops.creation import complex as complex, polar as polar
from torchlike._ops.exponential import exp as exp, exp2 as exp2, expm1 as expm1, log as log, log10 as log10
from torchlike._ops.exponential import log1p as log1p, log2 as log2, logaddexp as logaddexp, logaddexp2 as logaddexp2
from torchlike._ops.exponential import logit as logit, rsqrt as rsqrt, sigmoid as sigmoid, sqrt as sqrt
from torchlike._ops.extrema import amax as amax, amin as amin, aminmax as aminmax, argmax as argmax, argmin as argmin
from torchlike._ops.householder import geqrf as geqrf, householder_product as _householder_product
from torchlike._ops.indexing import gather as gather, index_add as index_add, index_copy as index_copy
from torchlike._ops.indexing import index_fill as index_fill, index_reduce as index_reduce, index_select as index_select
from torchlike._ops.indexing import scatter as scatter, scatter_add as scatter_add, scatter_reduce as scatter_reduce
from torchlike._ops.joining import cat as cat, column_stack as column_stack, dstack as dstack, hstack as hstack
from torchlike._ops.joining import stack as stack, vstack as vstack
from torchlike._ops.linalg import cholesky_inverse as cholesky_inverse, cholesky_solve as cholesky_solve, det as det
from torchlike._ops.linalg import matrix_exp as matrix_exp, matrix_power as matrix_power, pinverse as pinverse
from torchlike._ops.masks import masked_fill as masked_fill, masked_scatter as masked_scatter
from torchlike._ops.nn.activations import celu as celu, hardshrink as hardshrink, log_softmax as log_softmax
from torchlike._ops.nn.activations import prelu as prelu, relu as relu, selu as selu, softmax as softmax
from torchlike._ops.nn.activations import threshold as threshold
from torchlike._ops.nn.adaptive_pooling import adaptive_avg_pool1d as adaptive_avg_pool1d
from torchlike._ops.nn.adaptive_pooling import adaptive_max_pool1d as adaptive_max_pool1d
from torchlike._ops.nn.convolution import conv1d as conv1d, conv2d as conv2d, conv3d as conv3d
from torchlike._ops.nn.convolution import conv_transpose1d as conv_transpose1d, conv_transpose2d as conv_transpose2d
from torchlike._ops.nn.convolution import conv_transpose3d as conv_transpose3d
from torchlike._ops.nn.distance import cosine_similarity as cosine_similarity, dist as dist
from torchlike._ops.nn.distance import pairwise_distance as pairwise_distance, pdist as pdist
from torchlike._ops.nn.grids import affine_grid_generator as affine_grid_generator, grid_sampler as grid_sampler
from torchlike._ops.nn.linear import bilinear as bilinear
from torchlike._ops.nn.normalization import rms_norm as rms_norm
from torchlike._ops.nn.pooling import avg_pool1d as avg_pool1d, max_pool1d as max_pool1d
from torchlike._ops.nn.pooling import max_pool1d_with_indices as max_pool1d_with_indices, max_pool2d as max_pool2d
from torchlike._ops.nn.pooling import max_pool3d as max_pool3d
from torchlike._ops.nn.rearranging import channel_shuffle as channel_shuffle, pixel_shuffle as pixel_shuffle
from torchlike._ops.nn.rearranging import pixel_unshuffle as pixel_unshuffle
from torchlike._ops.nn.weight_norm import norm_except_dim as norm_except_dim
from torchlike._ops.places import put as put, take as take, take_along_dim as take_along_dim
from torchlike._ops.powers import float_power as float_power, frexp as frexp, ldexp as ldexp, square as square
from torchlike._ops.products import addbmm as addbmm, addmm as addmm, addmv as addmv, addr as addr, baddbmm as baddbmm
from torchlike._ops.products import bmm as bmm, dot as dot, inner as inner, kron as kron, matmul as matmul, mm as mm
from torchlike._ops.products import mv as mv, outer as outer, renorm as renorm, trace as trace, vdot as vdot
from torchlike._ops.rearranging import combinations as combinations, diag as diag, diag_embed as diag_embed
from torchlike._ops.rearranging import diagflat as diagflat, flip as flip, fliplr as fliplr, flipud as flipud
from torchlike._ops.rearranging import roll as roll, rot90 as rot90, tile as tile, tril as tril, triu as triu
from torchlike._ops.rearranging import vander as vander
from torchlike._ops.reductions import all as all, any as any, count_nonzero as count_nonzero, mean as mean
from torchlike._ops.reductions import nanmean as nanmean, nansum as nansum, prod as prod, sum as sum
from torchlike._ops.rounding import ceil as ceil, floor as floor, frac as frac, round as round, trunc as trunc
from torchlike._ops.sorting import argsort as argsort, cummax as cummax, cummin as cummin, cumprod as cumprod
from torchlike._ops.sorting import cumsum as cumsum, cumulative_trapezoid as cumulative_trapezoid, diff as diff
from torchlike._ops.sorting import kthvalue as kthvalue, logcumsumexp as logcumsumexp, msort as msort, sort as sort
from torchlike._ops.sorting import topk as topk, trapezoid as trapezoid
from torchlike._ops.special import digamma as digamma, erf as erf, erfc as erfc, erfinv as erfinv, i0 as i0
from torchlike._ops.special import igamma as igamma, igammac as igammac, lgamma as lgamma, mvlgamma as mvlgamma
from torchlike._ops.special import polygamma as polygamma, xlogy as xlogy
from torchlike._ops.trigonometric import acos as acos, acosh as acosh, angle as angle, asin as asin, asinh as asinh
from torchlike._ops.trigonometric import atan as atan, atan2 as atan2, atanh as atanh, cos as cos, cosh as cosh
from torchlike._ops.trigonometric import deg2rad as deg2rad, rad2deg as rad2deg, sin as sin, sinc as sinc, sinh as sinh
from torchlike._ops.trigonometric import tan as tan, tanh as tanh
from torchlike._ops.view_scatter import as_strided_scatter as as_strided_scatter, diagonal_scatter as diagonal_scatter
from torchlike._ops.view_scatter import select_scatter as select_scatter, slice_scatter as slice_scatter
from torchlike._ops.views import diagonal as diagonal, permute as permute, squeeze as squeeze, t as t
from torchlike._ops.views import transpose as transpose, unsqueeze as unsqueeze, view_as_complex as view_as_complex
from torchlike.nn._activations import rrelu as rrelu, rrelu_ as rrelu_
from torchlike.nn._plain import alpha_dropout as alpha_dropout, alpha_dropout_ as alpha_dropout_
from torchlike.nn._plain import batch_norm as batch_norm, dropout as dropout, dropout_ as dropout_
from torchlike.nn._plain import embedding as embedding, feature_alpha_dropout as feature_alpha_dropout
from torchlike.nn._plain import feature_alpha_dropout_ as feature_alpha_dropout_, feature_dropout as feature_dropout
from torchlike.nn._plain import feature_dropout_ as feature_dropout_, group_norm as group_norm
from torchlike.nn._plain import instance_norm as instance_norm, layer_norm as layer_norm
from torchlike.nn._plain_losses import binary_cross_entropy_with_logits as binary_cross_entropy_with_logits
from torchlike.nn._plain_losses import cosine_embedding_loss as cosine_embedding_loss, ctc_loss as ctc_loss
from torchlike.nn._plain_losses import hinge_embedding_loss as hinge_embedding_loss, kl_div as kl_div
from torchlike.nn._plain_losses import margin_ranking_loss as margin_ranking_loss, poisson_nll_loss as poisson_nll_loss
from torchlike.nn._plain_losses import triplet_margin_loss as triplet_margin_loss

absolute = abs
arccos = acos
arccosh = acosh
arcsin = asin
arcsinh = asinh
arctan = atan
arctan2 = atan2
arctanh = atanh
cholesky = _legacy_cholesky
clip = clamp
concat = cat
concatenate = cat
divide = div
eig = _legacy_eig
fix = trunc
ger = outer
greater = gt
greater_equal = ge
less = lt
less_equal = le
moveaxis = movedim
multiply = mul
negative = neg
not_equal = ne
orgqr = _householder_product
range = _inclusive_range
row_stack = vstack
subtract = sub
swapaxes = transpose
swapdims = transpose
trapz = trapezoid
# end of what tools.forms writes

from torchlike._ops.views import neg_view as _neg_view

# ---------------------------------------------------------------- constants, switches, questions
from math import e as e, inf as inf, nan as nan, pi as pi
from torchlike._switches.autocast import autocast_decrement_nesting as autocast_decrement_nesting
from torchlike._switches.autocast import autocast_increment_nesting as autocast_increment_nesting
from torchlike._switches.autocast import clear_autocast_cache as clear_autocast_cache
from torchlike._switches.autocast import get_autocast_cpu_dtype as get_autocast_cpu_dtype
from torchlike._switches.autocast import get_autocast_dtype as get_autocast_dtype
from torchlike._switches.autocast import get_autocast_gpu_dtype as get_autocast_gpu_dtype
from torchlike._switches.autocast import is_autocast_cache_enabled as is_autocast_cache_enabled
from torchlike._switches.autocast import is_autocast_cpu_enabled as is_autocast_cpu_enabled
from torchlike._switches.autocast import is_autocast_enabled as is_autocast_enabled
from torchlike._switches.autocast import set_autocast_cache_enabled as set_autocast_cache_enabled
from torchlike._switches.autocast import set_autocast_cpu_dtype as set_autocast_cpu_dtype
from torchlike._switches.autocast import set_autocast_cpu_enabled as set_autocast_cpu_enabled
from torchlike._switches.autocast import set_autocast_dtype as set_autocast_dtype
from torchlike._switches.autocast import set_autocast_enabled as set_autocast_enabled
from torchlike._switches.autocast import set_autocast_gpu_dtype as set_autocast_gpu_dtype
from torchlike.amp.autocast_mode import autocast as autocast
from torchlike._functions.randoms import _sample_dirichlet as _sample_dirichlet, _standard_gamma as _standard_gamma
from torchlike._ops.variates import dirichlet_grad as _dirichlet_grad, standard_gamma_grad as _standard_gamma_grad
from torchlike._ops.nn.grouped import _grouped_mm as _grouped_mm
from torchlike._ops.nn.weight_norm import _weight_norm as _weight_norm
from torchlike._switches.checks import _assert as _assert, _check as _check, _check_with as _check_with
from torchlike._switches.checks import _check_index as _check_index, _check_is_size as _check_is_size
from torchlike._switches.checks import _check_not_implemented as _check_not_implemented, _check_type as _check_type
from torchlike._switches.checks import _check_tensor_all as _check_tensor_all, _check_value as _check_value
from torchlike._switches.checks import _check_tensor_all_with as _check_tensor_all_with
from torchlike._switches.determinism import are_deterministic_algorithms_enabled as are_deterministic_algorithms_enabled
from torchlike._switches.determinism import get_deterministic_debug_mode as get_deterministic_debug_mode
from torchlike._switches.determinism import get_float32_matmul_precision as get_float32_matmul_precision
from torchlike._switches.determinism import (
    is_deterministic_algorithms_warn_only_enabled as is_deterministic_algorithms_warn_only_enabled,
)
from torchlike._switches.determinism import set_deterministic_debug_mode as set_deterministic_debug_mode
from torchlike._switches.determinism import set_float32_matmul_precision as set_float32_matmul_precision
from torchlike._switches.determinism import use_deterministic_algorithms as use_deterministic_algorithms
from torchlike._switches.devices import get_default_device as get_default_device, get_device_module as get_device_module
from torchlike._switches.devices import set_default_device as set_default_device

newaxis = None

# ---------------------------------------------------------------- random numbers
from torchlike._functions.generators import Generator as Generator, default_generator as default_generator

# ---------------------------------------------------------------- compiled functions
from torchlike._dynamo.eval_frame import compile as compile

# ---------------------------------------------------------------- transformed functions
from torchlike._higher_order_ops import cond as cond
from torchlike.func import vmap as vmap

# ---------------------------------------------------------------- packages
from torchlike import __config__ as __config__
from torchlike import _dynamo as _dynamo
from torchlike import _higher_order_ops as _higher_order_ops
from torchlike import compiler as compiler
from torchlike import func as func
from torchlike import fft as fft
from torchlike import special as special
from torchlike import autograd as autograd
from torchlike import cuda as cuda
from torchlike import amp as amp
from torchlike._programs.memory import OutOfMemoryError as OutOfMemoryError
from torchlike import accelerator as accelerator, cpu as cpu, mps as mps, mtia as mtia, xpu as xpu
from torchlike import backends as backends
from torchlike import futures as futures
from torchlike import functional as functional
from torchlike import linalg as linalg
from torchlike import multiprocessing as multiprocessing
from torchlike import nn as nn
from torchlike import jit as jit
from torchlike import optim as optim
from torchlike import overrides as overrides
from torchlike import _C as _C
from torchlike import hub as hub, random as random
from torchlike import return_types as return_types
from torchlike import serialization as serialization
from torchlike.serialization import load as load, save as save
from torchlike import storage as storage
from torchlike import types as types
from torchlike import utils as utils
from torchlike import version as version
from torchlike import torch_version as torch_version
from torchlike.torch_version import __version__ as __version__

# what not every program needs is imported where that is asked for, see `torchlike._missing`
if _TYPE_CHECKING:
    from torchlike import distributed as distributed, distributions as distributions, profiler as profiler
    from torchlike import testing as testing

# every public object says where the public finds it
from torchlike._types.public import publish as _publish

_publish(globals())

# what PyTorch has in C refuses what PyTorch refuses
from torchlike._signatures import guard as _guard

_guard("torch", globals(), globals().__setitem__)

# a missing name says so
from torchlike._missing import watch as _watch

_watch()
_settings.freeze_imports(_before, _collects)
