"""``torch.backends.mps``: there is no Metal backend."""


def is_available() -> bool:
    """Whether tensors can live on a Metal device: no."""
    return False


def is_built() -> bool:
    """Whether the backend was built: no."""
    return False
