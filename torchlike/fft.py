"""``torch.fft``: discrete Fourier transforms."""

# written by tools.forms
from torchlike._functions.fft import fft2 as fft2, fftfreq as fftfreq, fftshift as fftshift, hfft2 as hfft2
from torchlike._functions.fft import ifft2 as ifft2, ifftshift as ifftshift, ihfft as ihfft, ihfft2 as ihfft2
from torchlike._functions.fft import irfft2 as irfft2, rfft2 as rfft2, rfftfreq as rfftfreq
from torchlike._ops.fft import fft as fft, fftn as fftn, hfft as hfft, hfftn as hfftn, ifft as ifft, ifftn as ifftn
from torchlike._ops.fft import ihfftn as ihfftn, irfft as irfft, irfftn as irfftn, rfft as rfft, rfftn as rfftn

__all__ = [
    "fft",
    "fft2",
    "fftfreq",
    "fftn",
    "fftshift",
    "hfft",
    "hfft2",
    "hfftn",
    "ifft",
    "ifft2",
    "ifftn",
    "ifftshift",
    "ihfft",
    "ihfft2",
    "ihfftn",
    "irfft",
    "irfft2",
    "irfftn",
    "rfft",
    "rfft2",
    "rfftfreq",
    "rfftn",
]
# end of what tools.forms writes

# what PyTorch has in C refuses what PyTorch refuses
from torchlike._signatures import guard as _guard

_guard("torch.fft", globals(), globals().__setitem__)
