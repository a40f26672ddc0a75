"""``torch.nn.functional``: the arithmetic of the layers."""

# ruff: noqa: I001 - grouped by family

from __future__ import annotations

# ---------------------------------------------------------------- linear maps, distances
from torchlike._ops.nn.linear import bilinear as bilinear
from torchlike._ops.nn.linear import linear as linear
from torchlike._ops.nn.distance import cosine_similarity as cosine_similarity
from torchlike._ops.nn.distance import pairwise_distance as pairwise_distance
from torchlike._ops.nn.distance import pdist as pdist

# ---------------------------------------------------------------- convolutions
from torchlike._ops.nn.convolution import conv1d as conv1d
from torchlike._ops.nn.convolution import conv2d as conv2d
from torchlike._ops.nn.convolution import conv3d as conv3d
from torchlike._ops.nn.convolution import conv_transpose1d as conv_transpose1d
from torchlike._ops.nn.convolution import conv_transpose2d as conv_transpose2d
from torchlike._ops.nn.convolution import conv_transpose3d as conv_transpose3d
from torchlike._ops.nn.rearranging import fold as fold
from torchlike._ops.nn.rearranging import unfold as unfold

# ---------------------------------------------------------------- pooling
from torchlike._ops.nn.adaptive_pooling import adaptive_avg_pool1d as adaptive_avg_pool1d
from torchlike._ops.nn.adaptive_pooling import adaptive_avg_pool2d as adaptive_avg_pool2d
from torchlike._ops.nn.adaptive_pooling import adaptive_avg_pool3d as adaptive_avg_pool3d
from torchlike._ops.nn.pooling import avg_pool1d as avg_pool1d
from torchlike._ops.nn.pooling import avg_pool2d as avg_pool2d
from torchlike._ops.nn.pooling import avg_pool3d as avg_pool3d
from torchlike._ops.nn.pooling import lp_pool1d as lp_pool1d
from torchlike._ops.nn.pooling import lp_pool2d as lp_pool2d
from torchlike._ops.nn.pooling import lp_pool3d as lp_pool3d
from torchlike.nn._pools import adaptive_max_pool1d as adaptive_max_pool1d
from torchlike.nn._pools import adaptive_max_pool2d as adaptive_max_pool2d
from torchlike.nn._pools import adaptive_max_pool3d as adaptive_max_pool3d
from torchlike.nn._pools import fractional_max_pool2d as fractional_max_pool2d
from torchlike.nn._pools import fractional_max_pool3d as fractional_max_pool3d
from torchlike.nn._pools import max_pool1d as max_pool1d
from torchlike.nn._pools import max_pool2d as max_pool2d
from torchlike.nn._pools import max_pool3d as max_pool3d
from torchlike.nn._pools import max_pool1d_with_indices as max_pool1d_with_indices
from torchlike.nn._pools import max_pool2d_with_indices as max_pool2d_with_indices
from torchlike.nn._pools import max_pool3d_with_indices as max_pool3d_with_indices
from torchlike.nn._pools import adaptive_max_pool1d_with_indices as adaptive_max_pool1d_with_indices
from torchlike.nn._pools import adaptive_max_pool2d_with_indices as adaptive_max_pool2d_with_indices
from torchlike.nn._pools import adaptive_max_pool3d_with_indices as adaptive_max_pool3d_with_indices
from torchlike.nn._pools import fractional_max_pool2d_with_indices as fractional_max_pool2d_with_indices
from torchlike.nn._pools import fractional_max_pool3d_with_indices as fractional_max_pool3d_with_indices
from torchlike.nn._pools import max_unpool1d as max_unpool1d
from torchlike.nn._pools import max_unpool2d as max_unpool2d
from torchlike.nn._pools import max_unpool3d as max_unpool3d

# ---------------------------------------------------------------- activations
from torchlike._ops.nn.activations import gelu as gelu
from torchlike._ops.nn.activations import glu as glu
from torchlike._ops.nn.activations import hardshrink as hardshrink
from torchlike._ops.nn.activations import logsigmoid as logsigmoid
from torchlike._ops.nn.activations import prelu as prelu
from torchlike._ops.nn.activations import softplus as softplus
from torchlike._ops.nn.activations import softshrink as softshrink
from torchlike._ops.nn.activations import softsign as softsign
from torchlike._ops.nn.activations import tanhshrink as tanhshrink
from torchlike.nn._activations import celu as celu
from torchlike.nn._activations import celu_ as celu_
from torchlike.nn._activations import elu as elu
from torchlike.nn._activations import elu_ as elu_
from torchlike.nn._activations import gumbel_softmax as gumbel_softmax
from torchlike.nn._activations import hardsigmoid as hardsigmoid
from torchlike.nn._activations import hardswish as hardswish
from torchlike.nn._activations import hardtanh as hardtanh
from torchlike.nn._activations import hardtanh_ as hardtanh_
from torchlike.nn._activations import leaky_relu as leaky_relu
from torchlike.nn._activations import leaky_relu_ as leaky_relu_
from torchlike.nn._activations import log_softmax as log_softmax
from torchlike.nn._activations import mish as mish
from torchlike.nn._activations import relu as relu
from torchlike.nn._activations import relu6 as relu6
from torchlike.nn._activations import relu_ as relu_
from torchlike.nn._activations import rrelu as rrelu
from torchlike.nn._activations import rrelu_ as rrelu_
from torchlike.nn._activations import selu as selu
from torchlike.nn._activations import selu_ as selu_
from torchlike.nn._activations import sigmoid as sigmoid
from torchlike.nn._activations import silu as silu
from torchlike.nn._activations import softmax as softmax
from torchlike.nn._activations import softmin as softmin
from torchlike.nn._activations import tanh as tanh
from torchlike.nn._activations import threshold as threshold
from torchlike.nn._activations import threshold_ as threshold_

# ---------------------------------------------------------------- normalization, dropout
from torchlike._ops.nn.normalization import layer_norm as layer_norm
from torchlike._ops.nn.normalization import local_response_norm as local_response_norm
from torchlike._ops.nn.normalization import normalize as normalize
from torchlike._ops.nn.normalization import rms_norm as rms_norm
from torchlike.nn._norms import batch_norm as batch_norm
from torchlike.nn._norms import group_norm as group_norm
from torchlike.nn._norms import instance_norm as instance_norm
from torchlike.nn._dropouts import alpha_dropout as alpha_dropout
from torchlike.nn._dropouts import dropout as dropout
from torchlike.nn._dropouts import dropout1d as dropout1d
from torchlike.nn._dropouts import dropout2d as dropout2d
from torchlike.nn._dropouts import dropout3d as dropout3d
from torchlike.nn._dropouts import feature_alpha_dropout as feature_alpha_dropout

# ---------------------------------------------------------------- tables, attention
from torchlike.nn._tables import embedding as embedding
from torchlike.nn._tables import embedding_bag as embedding_bag
from torchlike.nn._tables import one_hot as one_hot
from torchlike.nn._attention import _canonical_mask as _canonical_mask
from torchlike.nn._attention import _mha_shape_check as _mha_shape_check
from torchlike.nn._attention import _none_or_dtype as _none_or_dtype
from torchlike.nn._attention import multi_head_attention_forward as multi_head_attention_forward
from torchlike.nn._attention import scaled_dot_product_attention as scaled_dot_product_attention

# ---------------------------------------------------------------- padding, images
from torchlike._ops.nn.rearranging import channel_shuffle as channel_shuffle
from torchlike._ops.nn.rearranging import pixel_shuffle as pixel_shuffle
from torchlike._ops.nn.rearranging import pixel_unshuffle as pixel_unshuffle
from torchlike.nn._padding import pad as pad
from torchlike.nn._grids import affine_grid as affine_grid
from torchlike.nn._grids import grid_sample as grid_sample
from torchlike.nn._resizing import interpolate as interpolate
from torchlike.nn._resizing import upsample as upsample
from torchlike.nn._resizing import upsample_bilinear as upsample_bilinear
from torchlike.nn._resizing import upsample_nearest as upsample_nearest

# ---------------------------------------------------------------- losses
from torchlike.nn._losses import binary_cross_entropy as binary_cross_entropy
from torchlike.nn._losses import binary_cross_entropy_with_logits as binary_cross_entropy_with_logits
from torchlike.nn._losses import cosine_embedding_loss as cosine_embedding_loss
from torchlike.nn._losses import cross_entropy as cross_entropy
from torchlike.nn._losses import ctc_loss as ctc_loss
from torchlike.nn._losses import gaussian_nll_loss as gaussian_nll_loss
from torchlike.nn._losses import hinge_embedding_loss as hinge_embedding_loss
from torchlike.nn._losses import huber_loss as huber_loss
from torchlike.nn._losses import kl_div as kl_div
from torchlike.nn._losses import l1_loss as l1_loss
from torchlike.nn._losses import legacy_reduction as legacy_reduction
from torchlike.nn._losses import margin_ranking_loss as margin_ranking_loss
from torchlike.nn._losses import mse_loss as mse_loss
from torchlike.nn._losses import multi_margin_loss as multi_margin_loss
from torchlike.nn._losses import multilabel_margin_loss as multilabel_margin_loss
from torchlike.nn._losses import multilabel_soft_margin_loss as multilabel_soft_margin_loss
from torchlike.nn._losses import nll_loss as nll_loss
from torchlike.nn._losses import poisson_nll_loss as poisson_nll_loss
from torchlike.nn._losses import smooth_l1_loss as smooth_l1_loss
from torchlike.nn._losses import soft_margin_loss as soft_margin_loss
from torchlike.nn._losses import triplet_margin_loss as triplet_margin_loss
from torchlike.nn._losses import triplet_margin_with_distance_loss as triplet_margin_with_distance_loss

from torchlike._signatures import guard as _guard
from torchlike._types.public import publish as _publish

_publish(globals())
_guard("torch.nn.functional", globals(), globals().__setitem__)
