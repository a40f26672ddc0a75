"""``torch.backends.mkldnn``: XLA has its own CPU kernels."""


def is_available() -> bool:
    """Whether oneDNN is used: no."""
    return False
