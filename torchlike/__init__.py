"""PyTorch's API on JAX: ``import torchlike as torch``."""

# ruff: noqa: I001 - grouped by module, in the order of the layers

import gc as _gc

_before = len(_gc.get_objects())

from torchlike._programs import settings as _settings

_settings.keep_memory()

# the mechanism
from torchlike._alias import install as install
from torchlike._alias import uninstall as uninstall
from torchlike._programs.explain import explain as explain
from torchlike._programs.settings import execution_mode as execution_mode

# types
from torchlike._types import Size as Size
from torchlike._types import device as device
from torchlike._types import dtype as dtype
from torchlike._types.dtypes import get_default_dtype as get_default_dtype
from torchlike._types.dtypes import set_default_dtype as set_default_dtype
from torchlike._types.dtypes import bfloat16 as bfloat16
from torchlike._types.dtypes import bool_ as bool
from torchlike._types.dtypes import complex64 as complex64, complex64 as cfloat
from torchlike._types.dtypes import complex128 as complex128, complex128 as cdouble
from torchlike._types.dtypes import float16 as float16, float16 as half
from torchlike._types.dtypes import float32 as float32, float32 as float
from torchlike._types.dtypes import float64 as float64, float64 as double
from torchlike._types.dtypes import int8 as int8
from torchlike._types.dtypes import int16 as int16, int16 as short
from torchlike._types.dtypes import int32 as int32, int32 as int
from torchlike._types.dtypes import int64 as int64, int64 as long
from torchlike._types.dtypes import uint8 as uint8
from torchlike._types.dtypes import uint16 as uint16
from torchlike._types.dtypes import uint32 as uint32
from torchlike._types.dtypes import uint64 as uint64

# the tensor; its module's name is taken over by the function `tensor` below
from torchlike.tensor import Tensor as Tensor

# printing
from torchlike._tensor_str import set_printoptions as set_printoptions

# autograd
from torchlike._autograd.modes import enable_grad as enable_grad
from torchlike._autograd.modes import inference_mode as inference_mode
from torchlike._autograd.modes import is_grad_enabled as is_grad_enabled
from torchlike._autograd.modes import is_inference_mode_enabled as is_inference_mode_enabled
from torchlike._autograd.modes import no_grad as no_grad
from torchlike._autograd.modes import set_grad_enabled as set_grad_enabled

# ---------------------------------------------------------------- making
from torchlike._functions.asking import detach as detach, detach_ as detach_
from torchlike._functions.asking import get_device as get_device
from torchlike._functions.asking import is_complex as is_complex
from torchlike._functions.asking import is_distributed as is_distributed
from torchlike._functions.asking import is_floating_point as is_floating_point
from torchlike._functions.asking import is_inference as is_inference
from torchlike._functions.asking import is_nonzero as is_nonzero
from torchlike._functions.asking import is_same_size as is_same_size
from torchlike._functions.asking import is_signed as is_signed
from torchlike._functions.asking import is_tensor as is_tensor
from torchlike._functions.asking import numel as numel
from torchlike._functions.creation import arange as arange
from torchlike._functions.creation import empty as empty
from torchlike._functions.creation import empty_like as empty_like
from torchlike._functions.creation import empty_permuted as empty_permuted
from torchlike._functions.creation import empty_strided as empty_strided
from torchlike._functions.creation import eye as eye
from torchlike._functions.creation import full as full
from torchlike._functions.creation import full_like as full_like
from torchlike._functions.creation import linspace as linspace
from torchlike._functions.creation import logspace as logspace
from torchlike._functions.creation import ones as ones
from torchlike._functions.creation import ones_like as ones_like
from torchlike._functions.creation import inclusive_range as range
from torchlike._functions.creation import scalar_tensor as scalar_tensor
from torchlike._functions.creation import zeros as zeros
from torchlike._functions.creation import zeros_like as zeros_like
from torchlike._functions.filling import fill as fill
from torchlike._functions.filling import fill_ as fill_
from torchlike._functions.filling import resize_as_ as resize_as_
from torchlike._functions.filling import zero_ as zero_
from torchlike._functions.making import as_tensor as as_tensor
from torchlike._functions.making import asarray as asarray
from torchlike._functions.making import from_dlpack as from_dlpack
from torchlike._functions.making import from_numpy as from_numpy
from torchlike._functions.making import frombuffer as frombuffer
from torchlike._functions.making import tensor as tensor
from torchlike._functions.making import to_dlpack as to_dlpack
from torchlike._ops.conversion import clone as clone
from torchlike._ops.creation import complex as complex
from torchlike._ops.creation import polar as polar
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

# ---------------------------------------------------------------- pointwise
from torchlike._functions.inplace import addmv_ as addmv_
from torchlike._functions.inplace import acos_ as acos_, acosh_ as acosh_, arccos_ as arccos_, arccosh_ as arccosh_
from torchlike._functions.inplace import arcsin_ as arcsin_, arcsinh_ as arcsinh_, arctan_ as arctan_
from torchlike._functions.inplace import arctanh_ as arctanh_, asin_ as asin_, asinh_ as asinh_, atan_ as atan_
from torchlike._functions.inplace import atanh_ as atanh_, ceil_ as ceil_, clamp_ as clamp_, clamp_max_ as clamp_max_
from torchlike._functions.inplace import clamp_min_ as clamp_min_, clip_ as clip_, conj_physical_ as conj_physical_
from torchlike._functions.inplace import cos_ as cos_, cosh_ as cosh_, deg2rad_ as deg2rad_, erf_ as erf_
from torchlike._functions.inplace import erfc_ as erfc_, exp2_ as exp2_, exp_ as exp_, expm1_ as expm1_, fix_ as fix_
from torchlike._functions.inplace import floor_ as floor_, frac_ as frac_, gcd_ as gcd_, i0_ as i0_, lcm_ as lcm_
from torchlike._functions.inplace import ldexp_ as ldexp_, log10_ as log10_, log1p_ as log1p_, log2_ as log2_
from torchlike._functions.inplace import log_ as log_, logit_ as logit_, nan_to_num_ as nan_to_num_, neg_ as neg_
from torchlike._functions.inplace import negative_ as negative_, rad2deg_ as rad2deg_, reciprocal_ as reciprocal_
from torchlike._functions.inplace import round_ as round_, rsqrt_ as rsqrt_, sigmoid_ as sigmoid_, sin_ as sin_
from torchlike._functions.inplace import sinc_ as sinc_, sinh_ as sinh_, sqrt_ as sqrt_, square_ as square_
from torchlike._functions.inplace import tan_ as tan_, tanh_ as tanh_, trunc_ as trunc_, xlogy_ as xlogy_
from torchlike._functions.pointwise import abs_ as abs_
from torchlike._functions.pointwise import allclose as allclose
from torchlike._functions.pointwise import can_cast as can_cast
from torchlike._functions.pointwise import equal as equal
from torchlike._functions.pointwise import conj as conj
from torchlike._functions.pointwise import conj_physical as conj_physical
from torchlike._functions.pointwise import positive as positive
from torchlike._functions.pointwise import is_conj as is_conj
from torchlike._functions.pointwise import is_neg as is_neg
from torchlike._functions.pointwise import isclose as isclose
from torchlike._functions.pointwise import pow as pow
from torchlike._functions.pointwise import promote_types as promote_types
from torchlike._functions.pointwise import resolve_conj as resolve_conj
from torchlike._functions.pointwise import resolve_neg as resolve_neg
from torchlike._functions.pointwise import result_type as result_type
from torchlike._ops.bounds import abs as abs, abs as absolute
from torchlike._ops.arithmetic import add as add
from torchlike._ops.arithmetic import addcdiv as addcdiv
from torchlike._ops.arithmetic import addcmul as addcmul
from torchlike._ops.bounds import clamp as clamp, clamp as clip
from torchlike._ops.bounds import clamp_max as clamp_max
from torchlike._ops.bounds import clamp_min as clamp_min
from torchlike._ops.bounds import copysign as copysign
from torchlike._ops.arithmetic import div as div, div as divide
from torchlike._ops.arithmetic import float_power as float_power
from torchlike._ops.arithmetic import floor_divide as floor_divide
from torchlike._ops.bounds import fmax as fmax
from torchlike._ops.bounds import fmin as fmin
from torchlike._ops.arithmetic import fmod as fmod
from torchlike._ops.arithmetic import frexp as frexp
from torchlike._ops.arithmetic import gcd as gcd
from torchlike._ops.bounds import heaviside as heaviside
from torchlike._ops.bounds import hypot as hypot
from torchlike._ops.arithmetic import lcm as lcm
from torchlike._ops.arithmetic import ldexp as ldexp
from torchlike._ops.arithmetic import lerp as lerp
from torchlike._ops.bounds import maximum as maximum
from torchlike._ops.bounds import minimum as minimum
from torchlike._ops.arithmetic import mul as mul, mul as multiply
from torchlike._ops.bounds import nan_to_num as nan_to_num
from torchlike._ops.arithmetic import neg as neg, neg as negative
from torchlike._ops.bounds import nextafter as nextafter
from torchlike._ops.arithmetic import reciprocal as reciprocal
from torchlike._ops.arithmetic import remainder as remainder
from torchlike._ops.arithmetic import rsub as rsub
from torchlike._ops.bounds import sgn as sgn
from torchlike._ops.bounds import sign as sign
from torchlike._ops.bounds import signbit as signbit
from torchlike._ops.arithmetic import square as square
from torchlike._ops.arithmetic import sub as sub, sub as subtract
from torchlike._ops.arithmetic import true_divide as true_divide
from torchlike._ops.bitwise import bitwise_and as bitwise_and
from torchlike._ops.bitwise import bitwise_left_shift as bitwise_left_shift
from torchlike._ops.bitwise import bitwise_not as bitwise_not
from torchlike._ops.bitwise import bitwise_or as bitwise_or
from torchlike._ops.bitwise import bitwise_right_shift as bitwise_right_shift
from torchlike._ops.bitwise import bitwise_xor as bitwise_xor
from torchlike._ops.comparison import eq as eq
from torchlike._ops.comparison import ge as ge, ge as greater_equal
from torchlike._ops.comparison import gt as gt, gt as greater
from torchlike._ops.comparison import isfinite as isfinite
from torchlike._ops.comparison import isinf as isinf
from torchlike._ops.comparison import isnan as isnan
from torchlike._ops.comparison import isneginf as isneginf
from torchlike._ops.comparison import isposinf as isposinf
from torchlike._ops.comparison import isreal as isreal
from torchlike._ops.comparison import le as le, le as less_equal
from torchlike._ops.comparison import logical_and as logical_and
from torchlike._ops.comparison import logical_not as logical_not
from torchlike._ops.comparison import logical_or as logical_or
from torchlike._ops.comparison import logical_xor as logical_xor
from torchlike._ops.comparison import lt as lt, lt as less
from torchlike._ops.comparison import ne as ne, ne as not_equal
from torchlike._ops.exponential import exp as exp
from torchlike._ops.exponential import exp2 as exp2
from torchlike._ops.exponential import expm1 as expm1
from torchlike._ops.exponential import log as log
from torchlike._ops.exponential import log10 as log10
from torchlike._ops.exponential import log1p as log1p
from torchlike._ops.exponential import log2 as log2
from torchlike._ops.exponential import logaddexp as logaddexp
from torchlike._ops.exponential import logaddexp2 as logaddexp2
from torchlike._ops.exponential import logit as logit
from torchlike._ops.exponential import rsqrt as rsqrt
from torchlike._ops.exponential import sigmoid as sigmoid
from torchlike._ops.exponential import sqrt as sqrt
from torchlike._ops.rounding import ceil as ceil
from torchlike._ops.rounding import floor as floor
from torchlike._ops.rounding import frac as frac
from torchlike._ops.rounding import round as round
from torchlike._ops.rounding import trunc as trunc, trunc as fix
from torchlike._ops.special import digamma as digamma
from torchlike._ops.special import erf as erf
from torchlike._ops.special import erfc as erfc
from torchlike._ops.special import erfinv as erfinv
from torchlike._ops.special import i0 as i0
from torchlike._ops.special import igamma as igamma
from torchlike._ops.special import igammac as igammac
from torchlike._ops.special import lgamma as lgamma
from torchlike._ops.special import mvlgamma as mvlgamma
from torchlike._ops.special import xlogy as xlogy
from torchlike._ops.trigonometric import acos as acos, acos as arccos
from torchlike._ops.trigonometric import acosh as acosh, acosh as arccosh
from torchlike._ops.trigonometric import angle as angle
from torchlike._ops.trigonometric import asin as asin, asin as arcsin
from torchlike._ops.trigonometric import asinh as asinh, asinh as arcsinh
from torchlike._ops.trigonometric import atan as atan, atan as arctan
from torchlike._ops.trigonometric import atan2 as atan2, atan2 as arctan2
from torchlike._ops.trigonometric import atanh as atanh, atanh as arctanh
from torchlike._ops.trigonometric import cos as cos
from torchlike._ops.trigonometric import cosh as cosh
from torchlike._ops.trigonometric import deg2rad as deg2rad
from torchlike._ops.trigonometric import rad2deg as rad2deg
from torchlike._ops.trigonometric import sin as sin
from torchlike._ops.trigonometric import sinc as sinc
from torchlike._ops.trigonometric import sinh as sinh
from torchlike._ops.trigonometric import tan as tan
from torchlike._ops.trigonometric import tanh as tanh
from torchlike._ops.comparison import isin as isin
from torchlike._ops.special import polygamma as polygamma

# ---------------------------------------------------------------- reductions, sorting, linear algebra
from torchlike._functions.products import cdist as cdist
from torchlike._functions.products import chain_matmul as chain_matmul
from torchlike._functions.products import cross as cross
from torchlike._functions.products import einsum as einsum
from torchlike._functions.products import tensordot as tensordot
from torchlike._functions.recurrent import gru_cell as gru_cell
from torchlike._functions.recurrent import lstm_cell as lstm_cell
from torchlike._functions.recurrent import rnn_relu_cell as rnn_relu_cell
from torchlike._functions.recurrent import rnn_tanh_cell as rnn_tanh_cell
from torchlike._functions.reductions import bincount as bincount
from torchlike._functions.reductions import bucketize as bucketize
from torchlike._functions.reductions import histc as histc
from torchlike._functions.reductions import logsumexp as logsumexp
from torchlike._functions.reductions import max as max
from torchlike._functions.reductions import median as median
from torchlike._functions.reductions import min as min
from torchlike._functions.reductions import mode as mode
from torchlike._functions.reductions import nanmedian as nanmedian
from torchlike._functions.reductions import nanquantile as nanquantile
from torchlike._functions.reductions import norm as norm
from torchlike._functions.reductions import quantile as quantile
from torchlike._functions.reductions import searchsorted as searchsorted
from torchlike._functions.reductions import std as std
from torchlike._functions.reductions import std_mean as std_mean
from torchlike._functions.reductions import unique as unique
from torchlike._functions.reductions import unique_consecutive as unique_consecutive
from torchlike._functions.reductions import var as var
from torchlike._functions.reductions import var_mean as var_mean
from torchlike._ops.products import addbmm as addbmm
from torchlike._ops.products import addmm as addmm
from torchlike._ops.products import addmv as addmv
from torchlike._ops.products import addr as addr
from torchlike._ops.products import baddbmm as baddbmm
from torchlike._ops.products import bmm as bmm
from torchlike._ops.products import dot as dot
from torchlike._ops.products import inner as inner
from torchlike._ops.products import kron as kron
from torchlike._ops.products import matmul as matmul
from torchlike._ops.products import mm as mm
from torchlike._ops.products import mv as mv
from torchlike._ops.products import outer as outer, outer as ger
from torchlike._ops.products import renorm as renorm
from torchlike._ops.products import trace as trace
from torchlike._ops.products import vdot as vdot
from torchlike._ops.reductions import all as all
from torchlike._ops.reductions import amax as amax
from torchlike._ops.reductions import amin as amin
from torchlike._ops.reductions import aminmax as aminmax
from torchlike._ops.reductions import any as any
from torchlike._ops.reductions import argmax as argmax
from torchlike._ops.reductions import argmin as argmin
from torchlike._ops.reductions import count_nonzero as count_nonzero
from torchlike._ops.reductions import mean as mean
from torchlike._ops.reductions import nanmean as nanmean
from torchlike._ops.reductions import nansum as nansum
from torchlike._ops.reductions import prod as prod
from torchlike._ops.reductions import sum as sum
from torchlike._ops.sorting import argsort as argsort
from torchlike._ops.sorting import cummax as cummax
from torchlike._ops.sorting import cummin as cummin
from torchlike._ops.sorting import cumprod as cumprod
from torchlike._ops.sorting import cumsum as cumsum
from torchlike._ops.sorting import cumulative_trapezoid as cumulative_trapezoid
from torchlike._ops.sorting import diff as diff
from torchlike._ops.sorting import kthvalue as kthvalue
from torchlike._ops.sorting import logcumsumexp as logcumsumexp
from torchlike._ops.sorting import msort as msort
from torchlike._ops.sorting import sort as sort
from torchlike._ops.sorting import topk as topk
from torchlike._ops.sorting import trapezoid as trapezoid, trapezoid as trapz
from torchlike._functions.linalg import inverse as inverse
from torchlike._functions.linalg import legacy_cholesky as cholesky
from torchlike._functions.linalg import legacy_eig as eig
from torchlike._functions.linalg import logdet as logdet
from torchlike._functions.linalg import qr as qr
from torchlike._functions.linalg import slogdet as slogdet
from torchlike._functions.linalg import svd as svd
from torchlike._ops.linalg import cholesky_solve as cholesky_solve
from torchlike._ops.linalg import det as det
from torchlike._ops.linalg import matrix_exp as matrix_exp
from torchlike._ops.linalg import matrix_power as matrix_power
from torchlike._ops.linalg import pinverse as pinverse

# ---------------------------------------------------------------- shapes, views, indexing, joining
from torchlike._functions.splitting import narrow as narrow
from torchlike._functions.splitting import select as select
from torchlike._functions.joining import block_diag as block_diag
from torchlike._functions.joining import cartesian_prod as cartesian_prod
from torchlike._functions.joining import meshgrid as meshgrid
from torchlike._functions.joining import repeat_interleave as repeat_interleave
from torchlike._functions.joining import tril_indices as tril_indices
from torchlike._functions.joining import triu_indices as triu_indices
from torchlike._functions.selecting import argwhere as argwhere
from torchlike._functions.selecting import index_put as index_put
from torchlike._functions.selecting import index_put_ as index_put_
from torchlike._functions.selecting import masked_select as masked_select
from torchlike._functions.selecting import nonzero as nonzero
from torchlike._functions.selecting import nonzero_static as nonzero_static
from torchlike._functions.selecting import unravel_index as unravel_index
from torchlike._functions.selecting import where as where
from torchlike._functions.splitting import chunk as chunk
from torchlike._functions.splitting import dsplit as dsplit
from torchlike._functions.splitting import hsplit as hsplit
from torchlike._functions.splitting import split as split
from torchlike._functions.splitting import split_with_sizes as split_with_sizes
from torchlike._functions.splitting import tensor_split as tensor_split
from torchlike._functions.splitting import unbind as unbind
from torchlike._functions.splitting import unsafe_chunk as unsafe_chunk
from torchlike._functions.splitting import unsafe_split as unsafe_split
from torchlike._functions.splitting import unsafe_split_with_sizes as unsafe_split_with_sizes
from torchlike._functions.splitting import vsplit as vsplit
from torchlike._functions.views import adjoint as adjoint
from torchlike._functions.views import as_strided as as_strided, as_strided_ as as_strided_
from torchlike._functions.views import atleast_1d as atleast_1d
from torchlike._functions.views import atleast_2d as atleast_2d
from torchlike._functions.views import atleast_3d as atleast_3d
from torchlike._functions.views import broadcast_shapes as broadcast_shapes
from torchlike._functions.views import broadcast_tensors as broadcast_tensors
from torchlike._functions.views import broadcast_to as broadcast_to
from torchlike._functions.views import flatten as flatten
from torchlike._functions.views import imag as imag
from torchlike._functions.views import movedim as movedim, movedim as moveaxis
from torchlike._functions.views import ravel as ravel
from torchlike._functions.views import real as real
from torchlike._functions.views import reshape as reshape
from torchlike._functions.views import unflatten as unflatten
from torchlike._functions.views import view_as_real as view_as_real
from torchlike._ops.indexing import gather as gather
from torchlike._ops.indexing import index_add as index_add
from torchlike._ops.indexing import index_copy as index_copy
from torchlike._ops.indexing import index_fill as index_fill
from torchlike._ops.indexing import index_reduce as index_reduce
from torchlike._ops.indexing import index_select as index_select
from torchlike._ops.masks import masked_fill as masked_fill
from torchlike._ops.masks import masked_scatter as masked_scatter
from torchlike._ops.indexing import put as put
from torchlike._ops.indexing import scatter as scatter
from torchlike._ops.indexing import scatter_add as scatter_add
from torchlike._ops.indexing import scatter_reduce as scatter_reduce
from torchlike._ops.indexing import take as take
from torchlike._ops.indexing import take_along_dim as take_along_dim
from torchlike._ops.joining import cat as cat, cat as concat, cat as concatenate
from torchlike._ops.joining import column_stack as column_stack
from torchlike._ops.joining import dstack as dstack
from torchlike._ops.joining import hstack as hstack
from torchlike._ops.joining import stack as stack
from torchlike._ops.joining import vstack as vstack, vstack as row_stack
from torchlike._ops.rearranging import combinations as combinations
from torchlike._ops.rearranging import diag as diag
from torchlike._ops.rearranging import diag_embed as diag_embed
from torchlike._ops.rearranging import diagflat as diagflat
from torchlike._ops.rearranging import flip as flip
from torchlike._ops.rearranging import fliplr as fliplr
from torchlike._ops.rearranging import flipud as flipud
from torchlike._ops.rearranging import roll as roll
from torchlike._ops.rearranging import rot90 as rot90
from torchlike._ops.rearranging import tile as tile
from torchlike._ops.rearranging import tril as tril
from torchlike._ops.rearranging import triu as triu
from torchlike._ops.rearranging import vander as vander
from torchlike._ops.view_scatter import as_strided_scatter as as_strided_scatter
from torchlike._ops.view_scatter import diagonal_scatter as diagonal_scatter
from torchlike._ops.view_scatter import select_scatter as select_scatter
from torchlike._ops.view_scatter import slice_scatter as slice_scatter
from torchlike._ops.views import neg_view as _neg_view
from torchlike._ops.views import diagonal as diagonal
from torchlike._ops.views import permute as permute
from torchlike._ops.views import squeeze as squeeze
from torchlike._ops.views import t as t
from torchlike._ops.views import transpose as transpose, transpose as swapaxes, transpose as swapdims
from torchlike._ops.views import unsqueeze as unsqueeze
from torchlike._ops.views import view_as_complex as view_as_complex

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
from torchlike._switches.devices import get_default_device as get_default_device
from torchlike._switches.devices import get_device_module as get_device_module
from torchlike._switches.devices import set_default_device as set_default_device

newaxis = None

# ---------------------------------------------------------------- threads
from torchlike._functions.naming import typename as typename
from torchlike._functions.threads import get_num_interop_threads as get_num_interop_threads
from torchlike._functions.threads import get_num_threads as get_num_threads
from torchlike._functions.threads import set_flush_denormal as set_flush_denormal
from torchlike._functions.threads import set_num_interop_threads as set_num_interop_threads
from torchlike._functions.threads import set_num_threads as set_num_threads

# ---------------------------------------------------------------- random numbers
from torchlike._functions.generators import Generator as Generator
from torchlike._functions.randoms import bernoulli as bernoulli
from torchlike._functions.generators import default_generator as default_generator
from torchlike._functions.generators import get_rng_state as get_rng_state
from torchlike._functions.generators import initial_seed as initial_seed
from torchlike._functions.generators import manual_seed as manual_seed
from torchlike._functions.randoms import multinomial as multinomial
from torchlike._functions.randoms import normal as normal
from torchlike._functions.randoms import poisson as poisson
from torchlike._functions.randoms import rand as rand
from torchlike._functions.randoms import rand_like as rand_like
from torchlike._functions.randoms import randint as randint
from torchlike._functions.randoms import randint_like as randint_like
from torchlike._functions.randoms import randn as randn
from torchlike._functions.randoms import randn_like as randn_like
from torchlike._functions.randoms import randperm as randperm
from torchlike._functions.generators import seed as seed
from torchlike._functions.generators import set_rng_state as set_rng_state

# ---------------------------------------------------------------- layers
from torchlike._ops.nn.activations import celu as celu
from torchlike._ops.nn.activations import hardshrink as hardshrink
from torchlike._ops.nn.activations import log_softmax as log_softmax
from torchlike._ops.nn.activations import prelu as prelu
from torchlike._ops.nn.activations import relu as relu
from torchlike._ops.nn.grids import affine_grid_generator as affine_grid_generator
from torchlike._ops.nn.grids import grid_sampler as grid_sampler
from torchlike._ops.nn.activations import selu as selu
from torchlike._ops.nn.activations import softmax as softmax
from torchlike._ops.nn.activations import threshold as threshold
from torchlike._ops.nn.adaptive_pooling import adaptive_avg_pool1d as adaptive_avg_pool1d
from torchlike._ops.nn.adaptive_pooling import adaptive_max_pool1d as adaptive_max_pool1d
from torchlike._ops.nn.convolution import conv1d as conv1d
from torchlike._ops.nn.convolution import conv2d as conv2d
from torchlike._ops.nn.convolution import conv3d as conv3d
from torchlike._ops.nn.convolution import conv_transpose1d as conv_transpose1d
from torchlike._ops.nn.convolution import conv_transpose2d as conv_transpose2d
from torchlike._ops.nn.convolution import conv_transpose3d as conv_transpose3d
from torchlike._ops.nn.distance import cosine_similarity as cosine_similarity
from torchlike._ops.nn.distance import dist as dist
from torchlike._ops.nn.distance import pairwise_distance as pairwise_distance
from torchlike._ops.nn.distance import pdist as pdist
from torchlike._ops.nn.linear import bilinear as bilinear
from torchlike._ops.nn.normalization import rms_norm as rms_norm
from torchlike._ops.nn.pooling import avg_pool1d as avg_pool1d
from torchlike._ops.nn.pooling import max_pool1d as max_pool1d
from torchlike._ops.nn.pooling import max_pool2d as max_pool2d
from torchlike._ops.nn.pooling import max_pool3d as max_pool3d
from torchlike._ops.nn.rearranging import channel_shuffle as channel_shuffle
from torchlike._ops.nn.rearranging import pixel_shuffle as pixel_shuffle
from torchlike._ops.nn.rearranging import pixel_unshuffle as pixel_unshuffle
from torchlike.nn._activations import celu_ as celu_
from torchlike.nn._activations import relu_ as relu_
from torchlike.nn._activations import rrelu as rrelu
from torchlike.nn._activations import rrelu_ as rrelu_
from torchlike.nn._activations import selu_ as selu_
from torchlike.nn._activations import threshold_ as threshold_
from torchlike.nn._plain import alpha_dropout as alpha_dropout
from torchlike.nn._plain import alpha_dropout_ as alpha_dropout_
from torchlike.nn._plain import batch_norm as batch_norm
from torchlike.nn._plain import dropout as dropout
from torchlike.nn._plain import dropout_ as dropout_
from torchlike.nn._plain import embedding as embedding
from torchlike.nn._plain import feature_alpha_dropout as feature_alpha_dropout
from torchlike.nn._plain import feature_alpha_dropout_ as feature_alpha_dropout_
from torchlike.nn._plain import feature_dropout as feature_dropout
from torchlike.nn._plain import feature_dropout_ as feature_dropout_
from torchlike.nn._plain import group_norm as group_norm
from torchlike.nn._plain import instance_norm as instance_norm
from torchlike.nn._plain import layer_norm as layer_norm

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
from torchlike import accelerator as accelerator, cpu as cpu, mps as mps, mtia as mtia, xpu as xpu
from torchlike import backends as backends
from torchlike import distributed as distributed
from torchlike import functional as functional
from torchlike import linalg as linalg
from torchlike import multiprocessing as multiprocessing
from torchlike import nn as nn
from torchlike import jit as jit
from torchlike import optim as optim
from torchlike import overrides as overrides
from torchlike import _C as _C
from torchlike import random as random
from torchlike import return_types as return_types
from torchlike import serialization as serialization
from torchlike.serialization import load as load, save as save
from torchlike import storage as storage
from torchlike import types as types
from torchlike import utils as utils
from torchlike import version as version
from torchlike import torch_version as torch_version
from torchlike.torch_version import __version__ as __version__

# every public object says where the public finds it
from torchlike._types.public import publish as _publish

_publish(globals())

# what PyTorch has in C refuses what PyTorch refuses
from torchlike._signatures import guard as _guard

_guard("torch", globals(), globals().__setitem__)

# a missing name says so
from torchlike._missing import watch as _watch

_watch()
_settings.freeze_imports(_before)
