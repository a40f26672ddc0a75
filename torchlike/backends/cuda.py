"""``torch.backends.cuda``: what is said of the GPU's library."""

from torchlike.cuda import is_available


def is_built() -> bool:
    """Whether a GPU can be used here."""
    return is_available()
