"""``torch.nn``: layers, losses, containers."""

from torchlike.nn import _reduction as _reduction
from torchlike.nn import grad as grad
from torchlike.nn import common_types as common_types
from torchlike.nn import functional as functional
from torchlike.nn import init as init
from torchlike.nn import modules as modules
from torchlike.nn import parallel as parallel
from torchlike.nn import parameter as parameter
from torchlike.nn import utils as utils
from torchlike.nn import attention as attention
from torchlike.nn._factory import factory_kwargs as factory_kwargs
from torchlike.nn.parameter import Buffer as Buffer
from torchlike.nn.parameter import Parameter as Parameter
from torchlike.nn.parameter import UninitializedBuffer as UninitializedBuffer
from torchlike.nn.parameter import UninitializedParameter as UninitializedParameter

from torchlike.nn.parallel import DataParallel as DataParallel

# layers, losses
# written by tools.forms
from torchlike.nn.modules.activation import CELU as CELU, ELU as ELU, GELU as GELU, GLU as GLU, Hardshrink as Hardshrink
from torchlike.nn.modules.activation import Hardsigmoid as Hardsigmoid, Hardswish as Hardswish, Hardtanh as Hardtanh
from torchlike.nn.modules.activation import LeakyReLU as LeakyReLU, LogSigmoid as LogSigmoid, LogSoftmax as LogSoftmax
from torchlike.nn.modules.activation import Mish as Mish, MultiheadAttention as MultiheadAttention, PReLU as PReLU
from torchlike.nn.modules.activation import RReLU as RReLU, ReLU as ReLU, ReLU6 as ReLU6, SELU as SELU, SiLU as SiLU
from torchlike.nn.modules.activation import Sigmoid as Sigmoid, Softmax as Softmax, Softmax2d as Softmax2d
from torchlike.nn.modules.activation import Softmin as Softmin, Softplus as Softplus, Softshrink as Softshrink
from torchlike.nn.modules.activation import Softsign as Softsign, Tanh as Tanh, Tanhshrink as Tanhshrink
from torchlike.nn.modules.activation import Threshold as Threshold
from torchlike.nn.modules.adaptive import AdaptiveLogSoftmaxWithLoss as AdaptiveLogSoftmaxWithLoss
from torchlike.nn.modules.batchnorm import BatchNorm1d as BatchNorm1d, BatchNorm2d as BatchNorm2d
from torchlike.nn.modules.batchnorm import BatchNorm3d as BatchNorm3d, LazyBatchNorm1d as LazyBatchNorm1d
from torchlike.nn.modules.batchnorm import LazyBatchNorm2d as LazyBatchNorm2d, LazyBatchNorm3d as LazyBatchNorm3d
from torchlike.nn.modules.batchnorm import SyncBatchNorm as SyncBatchNorm
from torchlike.nn.modules.channelshuffle import ChannelShuffle as ChannelShuffle
from torchlike.nn.modules.container import Container as Container, ModuleDict as ModuleDict, ModuleList as ModuleList
from torchlike.nn.modules.container import ParameterDict as ParameterDict, ParameterList as ParameterList
from torchlike.nn.modules.container import Sequential as Sequential
from torchlike.nn.modules.conv import Conv1d as Conv1d, Conv2d as Conv2d, Conv3d as Conv3d
from torchlike.nn.modules.conv import ConvTranspose1d as ConvTranspose1d, ConvTranspose2d as ConvTranspose2d
from torchlike.nn.modules.conv import ConvTranspose3d as ConvTranspose3d, LazyConv1d as LazyConv1d
from torchlike.nn.modules.conv import LazyConv2d as LazyConv2d, LazyConv3d as LazyConv3d
from torchlike.nn.modules.conv import LazyConvTranspose1d as LazyConvTranspose1d
from torchlike.nn.modules.conv import LazyConvTranspose2d as LazyConvTranspose2d
from torchlike.nn.modules.conv import LazyConvTranspose3d as LazyConvTranspose3d
from torchlike.nn.modules.distance import CosineSimilarity as CosineSimilarity, PairwiseDistance as PairwiseDistance
from torchlike.nn.modules.dropout import AlphaDropout as AlphaDropout, Dropout as Dropout, Dropout1d as Dropout1d
from torchlike.nn.modules.dropout import Dropout2d as Dropout2d, Dropout3d as Dropout3d
from torchlike.nn.modules.dropout import FeatureAlphaDropout as FeatureAlphaDropout
from torchlike.nn.modules.flatten import Flatten as Flatten, Unflatten as Unflatten
from torchlike.nn.modules.fold import Fold as Fold, Unfold as Unfold
from torchlike.nn.modules.instancenorm import InstanceNorm1d as InstanceNorm1d, InstanceNorm2d as InstanceNorm2d
from torchlike.nn.modules.instancenorm import InstanceNorm3d as InstanceNorm3d, LazyInstanceNorm1d as LazyInstanceNorm1d
from torchlike.nn.modules.instancenorm import LazyInstanceNorm2d as LazyInstanceNorm2d
from torchlike.nn.modules.instancenorm import LazyInstanceNorm3d as LazyInstanceNorm3d
from torchlike.nn.modules.linear import Bilinear as Bilinear, Identity as Identity, LazyLinear as LazyLinear
from torchlike.nn.modules.linear import Linear as Linear
from torchlike.nn.modules.linear_cross_entropy_options import LinearCrossEntropyOptions as LinearCrossEntropyOptions
from torchlike.nn.modules.loss import BCELoss as BCELoss, BCEWithLogitsLoss as BCEWithLogitsLoss, CTCLoss as CTCLoss
from torchlike.nn.modules.loss import CosineEmbeddingLoss as CosineEmbeddingLoss, CrossEntropyLoss as CrossEntropyLoss
from torchlike.nn.modules.loss import GaussianNLLLoss as GaussianNLLLoss, HingeEmbeddingLoss as HingeEmbeddingLoss
from torchlike.nn.modules.loss import HuberLoss as HuberLoss, KLDivLoss as KLDivLoss, L1Loss as L1Loss
from torchlike.nn.modules.loss import LinearCrossEntropyLoss as LinearCrossEntropyLoss, MSELoss as MSELoss
from torchlike.nn.modules.loss import MarginRankingLoss as MarginRankingLoss
from torchlike.nn.modules.loss import MultiLabelMarginLoss as MultiLabelMarginLoss
from torchlike.nn.modules.loss import MultiLabelSoftMarginLoss as MultiLabelSoftMarginLoss
from torchlike.nn.modules.loss import MultiMarginLoss as MultiMarginLoss, NLLLoss as NLLLoss, NLLLoss2d as NLLLoss2d
from torchlike.nn.modules.loss import PoissonNLLLoss as PoissonNLLLoss, SmoothL1Loss as SmoothL1Loss
from torchlike.nn.modules.loss import SoftMarginLoss as SoftMarginLoss, TripletMarginLoss as TripletMarginLoss
from torchlike.nn.modules.loss import TripletMarginWithDistanceLoss as TripletMarginWithDistanceLoss
from torchlike.nn.modules.module import Module as Module
from torchlike.nn.modules.normalization import CrossMapLRN2d as CrossMapLRN2d, GroupNorm as GroupNorm
from torchlike.nn.modules.normalization import LayerNorm as LayerNorm, LocalResponseNorm as LocalResponseNorm
from torchlike.nn.modules.normalization import RMSNorm as RMSNorm
from torchlike.nn.modules.padding import CircularPad1d as CircularPad1d, CircularPad2d as CircularPad2d
from torchlike.nn.modules.padding import CircularPad3d as CircularPad3d, ConstantPad1d as ConstantPad1d
from torchlike.nn.modules.padding import ConstantPad2d as ConstantPad2d, ConstantPad3d as ConstantPad3d
from torchlike.nn.modules.padding import ReflectionPad1d as ReflectionPad1d, ReflectionPad2d as ReflectionPad2d
from torchlike.nn.modules.padding import ReflectionPad3d as ReflectionPad3d, ReplicationPad1d as ReplicationPad1d
from torchlike.nn.modules.padding import ReplicationPad2d as ReplicationPad2d, ReplicationPad3d as ReplicationPad3d
from torchlike.nn.modules.padding import ZeroPad1d as ZeroPad1d, ZeroPad2d as ZeroPad2d, ZeroPad3d as ZeroPad3d
from torchlike.nn.modules.pixelshuffle import PixelShuffle as PixelShuffle, PixelUnshuffle as PixelUnshuffle
from torchlike.nn.modules.pooling import AdaptiveAvgPool1d as AdaptiveAvgPool1d, AdaptiveAvgPool2d as AdaptiveAvgPool2d
from torchlike.nn.modules.pooling import AdaptiveAvgPool3d as AdaptiveAvgPool3d, AdaptiveMaxPool1d as AdaptiveMaxPool1d
from torchlike.nn.modules.pooling import AdaptiveMaxPool2d as AdaptiveMaxPool2d, AdaptiveMaxPool3d as AdaptiveMaxPool3d
from torchlike.nn.modules.pooling import AvgPool1d as AvgPool1d, AvgPool2d as AvgPool2d, AvgPool3d as AvgPool3d
from torchlike.nn.modules.pooling import FractionalMaxPool2d as FractionalMaxPool2d
from torchlike.nn.modules.pooling import FractionalMaxPool3d as FractionalMaxPool3d, LPPool1d as LPPool1d
from torchlike.nn.modules.pooling import LPPool2d as LPPool2d, LPPool3d as LPPool3d, MaxPool1d as MaxPool1d
from torchlike.nn.modules.pooling import MaxPool2d as MaxPool2d, MaxPool3d as MaxPool3d, MaxUnpool1d as MaxUnpool1d
from torchlike.nn.modules.pooling import MaxUnpool2d as MaxUnpool2d, MaxUnpool3d as MaxUnpool3d
from torchlike.nn.modules.rnn import GRU as GRU, GRUCell as GRUCell, LSTM as LSTM, LSTMCell as LSTMCell, RNN as RNN
from torchlike.nn.modules.rnn import RNNBase as RNNBase, RNNCell as RNNCell, RNNCellBase as RNNCellBase
from torchlike.nn.modules.sparse import Embedding as Embedding, EmbeddingBag as EmbeddingBag
from torchlike.nn.modules.transformer import Transformer as Transformer, TransformerDecoder as TransformerDecoder
from torchlike.nn.modules.transformer import TransformerDecoderLayer as TransformerDecoderLayer
from torchlike.nn.modules.transformer import TransformerEncoder as TransformerEncoder
from torchlike.nn.modules.transformer import TransformerEncoderLayer as TransformerEncoderLayer
from torchlike.nn.modules.upsampling import Upsample as Upsample, UpsamplingBilinear2d as UpsamplingBilinear2d
from torchlike.nn.modules.upsampling import UpsamplingNearest2d as UpsamplingNearest2d
# end of what tools.forms writes
