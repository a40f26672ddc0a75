"""``torch.fft``: discrete Fourier transforms."""

from torchlike._functions.fft import fft2 as fft2
from torchlike._functions.fft import fftfreq as fftfreq
from torchlike._functions.fft import fftshift as fftshift
from torchlike._functions.fft import hfft2 as hfft2
from torchlike._functions.fft import ifft2 as ifft2
from torchlike._functions.fft import ifftshift as ifftshift
from torchlike._functions.fft import ihfft as ihfft
from torchlike._functions.fft import ihfft2 as ihfft2
from torchlike._functions.fft import irfft2 as irfft2
from torchlike._functions.fft import rfft2 as rfft2
from torchlike._functions.fft import rfftfreq as rfftfreq
from torchlike._ops.fft import fft as fft
from torchlike._ops.fft import fftn as fftn
from torchlike._ops.fft import hfft as hfft
from torchlike._ops.fft import hfftn as hfftn
from torchlike._ops.fft import ifft as ifft
from torchlike._ops.fft import ifftn as ifftn
from torchlike._ops.fft import ihfftn as ihfftn
from torchlike._ops.fft import irfft as irfft
from torchlike._ops.fft import irfftn as irfftn
from torchlike._ops.fft import rfft as rfft
from torchlike._ops.fft import rfftn as rfftn

# what PyTorch has in C refuses what PyTorch refuses
from torchlike._signatures import guard as _guard

_guard("torch.fft", globals(), globals().__setitem__)
