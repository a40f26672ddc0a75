"""``torch.backends``: what programs ask of and tell to PyTorch's libraries, which XLA stands for."""

from torchlike.backends import cuda as cuda
from torchlike.backends import cudnn as cudnn
from torchlike.backends import mkldnn as mkldnn
from torchlike.backends import mps as mps
