"""``torch.nn.functional``: the arithmetic of the layers."""

# written by tools.forms
from torchlike._functions.inplace import celu_ as celu_, elu_ as elu_, hardtanh_ as hardtanh_
from torchlike._functions.inplace import leaky_relu_ as leaky_relu_, relu_ as relu_, selu_ as selu_
from torchlike._functions.inplace import threshold_ as threshold_
from torchlike._ops.losses import huber_loss as huber_loss
from torchlike._ops.nn.activations import gelu as gelu, glu as glu, hardshrink as hardshrink, logsigmoid as logsigmoid
from torchlike._ops.nn.activations import prelu as prelu, softplus as softplus, softshrink as softshrink
from torchlike._ops.nn.activations import softsign as softsign, tanhshrink as tanhshrink
from torchlike._ops.nn.adaptive_pooling import adaptive_avg_pool1d as adaptive_avg_pool1d
from torchlike._ops.nn.adaptive_pooling import adaptive_avg_pool2d as adaptive_avg_pool2d
from torchlike._ops.nn.adaptive_pooling import adaptive_avg_pool3d as adaptive_avg_pool3d
from torchlike._ops.nn.convolution import conv1d as conv1d, conv2d as conv2d, conv3d as conv3d
from torchlike._ops.nn.convolution import conv_transpose1d as conv_transpose1d, conv_transpose2d as conv_transpose2d
from torchlike._ops.nn.convolution import conv_transpose3d as conv_transpose3d
from torchlike._ops.nn.distance import cosine_similarity as cosine_similarity, pairwise_distance as pairwise_distance
from torchlike._ops.nn.distance import pdist as pdist
from torchlike._ops.nn.linear import bilinear as bilinear, linear as linear
from torchlike._ops.nn.normalization import layer_norm as layer_norm, local_response_norm as local_response_norm
from torchlike._ops.nn.normalization import normalize as normalize, rms_norm as rms_norm
from torchlike._ops.nn.pooling import avg_pool1d as avg_pool1d, avg_pool2d as avg_pool2d, avg_pool3d as avg_pool3d
from torchlike._ops.nn.pooling import lp_pool1d as lp_pool1d, lp_pool2d as lp_pool2d, lp_pool3d as lp_pool3d
from torchlike._ops.nn.rearranging import channel_shuffle as channel_shuffle, fold as fold
from torchlike._ops.nn.rearranging import pixel_shuffle as pixel_shuffle, pixel_unshuffle as pixel_unshuffle
from torchlike._ops.nn.rearranging import unfold as unfold
from torchlike.nn._activations import elu as elu, gumbel_softmax as gumbel_softmax, hardtanh as hardtanh
from torchlike.nn._activations import log_softmax as log_softmax, rrelu as rrelu, rrelu_ as rrelu_, sigmoid as sigmoid
from torchlike.nn._activations import softmax as softmax, softmin as softmin, tanh as tanh
from torchlike.nn._attention import multi_head_attention_forward as multi_head_attention_forward
from torchlike.nn._attention import scaled_dot_product_attention as scaled_dot_product_attention
from torchlike.nn._dropouts import alpha_dropout as alpha_dropout, dropout as dropout, dropout1d as dropout1d
from torchlike.nn._dropouts import dropout2d as dropout2d, dropout3d as dropout3d
from torchlike.nn._dropouts import feature_alpha_dropout as feature_alpha_dropout
from torchlike.nn._grids import affine_grid as affine_grid, grid_sample as grid_sample
from torchlike.nn._grouped import grouped_mm as grouped_mm
from torchlike.nn._linear_cross_entropy import linear_cross_entropy as linear_cross_entropy
from torchlike.nn._losses import ctc_loss as ctc_loss, gaussian_nll_loss as gaussian_nll_loss, kl_div as kl_div
from torchlike.nn._losses import triplet_margin_with_distance_loss as triplet_margin_with_distance_loss
from torchlike.nn._norms import batch_norm as batch_norm, group_norm as group_norm, instance_norm as instance_norm
from torchlike.nn._operations import binary_cross_entropy as binary_cross_entropy
from torchlike.nn._operations import binary_cross_entropy_with_logits as binary_cross_entropy_with_logits, celu as celu
from torchlike.nn._operations import cosine_embedding_loss as cosine_embedding_loss, cross_entropy as cross_entropy
from torchlike.nn._operations import hardsigmoid as hardsigmoid, hardswish as hardswish
from torchlike.nn._operations import hinge_embedding_loss as hinge_embedding_loss, l1_loss as l1_loss
from torchlike.nn._operations import leaky_relu as leaky_relu, margin_ranking_loss as margin_ranking_loss, mish as mish
from torchlike.nn._operations import mse_loss as mse_loss, multi_margin_loss as multi_margin_loss
from torchlike.nn._operations import multilabel_margin_loss as multilabel_margin_loss
from torchlike.nn._operations import multilabel_soft_margin_loss as multilabel_soft_margin_loss, nll_loss as nll_loss
from torchlike.nn._operations import poisson_nll_loss as poisson_nll_loss, relu as relu, relu6 as relu6, selu as selu
from torchlike.nn._operations import silu as silu, smooth_l1_loss as smooth_l1_loss
from torchlike.nn._operations import soft_margin_loss as soft_margin_loss, threshold as threshold
from torchlike.nn._operations import triplet_margin_loss as triplet_margin_loss
from torchlike.nn._padding import pad as pad
from torchlike.nn._pools import adaptive_max_pool1d as adaptive_max_pool1d
from torchlike.nn._pools import adaptive_max_pool1d_with_indices as adaptive_max_pool1d_with_indices
from torchlike.nn._pools import adaptive_max_pool2d as adaptive_max_pool2d
from torchlike.nn._pools import adaptive_max_pool2d_with_indices as adaptive_max_pool2d_with_indices
from torchlike.nn._pools import adaptive_max_pool3d as adaptive_max_pool3d
from torchlike.nn._pools import adaptive_max_pool3d_with_indices as adaptive_max_pool3d_with_indices
from torchlike.nn._pools import fractional_max_pool2d as fractional_max_pool2d
from torchlike.nn._pools import fractional_max_pool2d_with_indices as fractional_max_pool2d_with_indices
from torchlike.nn._pools import fractional_max_pool3d as fractional_max_pool3d
from torchlike.nn._pools import fractional_max_pool3d_with_indices as fractional_max_pool3d_with_indices
from torchlike.nn._pools import max_pool1d as max_pool1d, max_pool1d_with_indices as max_pool1d_with_indices
from torchlike.nn._pools import max_pool2d as max_pool2d, max_pool2d_with_indices as max_pool2d_with_indices
from torchlike.nn._pools import max_pool3d as max_pool3d, max_pool3d_with_indices as max_pool3d_with_indices
from torchlike.nn._pools import max_unpool1d as max_unpool1d, max_unpool2d as max_unpool2d, max_unpool3d as max_unpool3d
from torchlike.nn._resizing import interpolate as interpolate, upsample as upsample
from torchlike.nn._resizing import upsample_bilinear as upsample_bilinear, upsample_nearest as upsample_nearest
from torchlike.nn._tables import embedding as embedding, embedding_bag as embedding_bag, one_hot as one_hot
# end of what tools.forms writes

# what others know by its private name
from torchlike.nn._attention import _canonical_mask as _canonical_mask, _mha_shape_check as _mha_shape_check
from torchlike.nn._attention import _in_projection_packed as _in_projection_packed
from torchlike.nn._grouped import ScalingType as ScalingType, SwizzleType as SwizzleType
from torchlike.nn._attention import _none_or_dtype as _none_or_dtype

from torchlike._signatures import guard as _guard
from torchlike._types.public import publish as _publish

_publish(globals())
_guard("torch.nn.functional", globals(), globals().__setitem__)
