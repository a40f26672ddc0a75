"""``torch.backends``: what programs ask of and tell to PyTorch's libraries, which XLA stands for."""

from torchlike.backends import cpu as cpu
from torchlike.backends import cuda as cuda
from torchlike.backends import cudnn as cudnn
from torchlike.backends import mha as mha
from torchlike.backends import cusparselt as cusparselt
from torchlike.backends import kleidiai as kleidiai
from torchlike.backends import mkl as mkl
from torchlike.backends import mkldnn as mkldnn
from torchlike.backends import mps as mps
from torchlike.backends import nnpack as nnpack
from torchlike.backends import openmp as openmp
from torchlike.backends import opt_einsum as opt_einsum

fp32_precision = "none"  # is kept, and changes nothing: float32 is multiplied as float32
