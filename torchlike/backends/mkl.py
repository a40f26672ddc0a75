"""``torch.backends.mkl``: XLA has its own products."""


def is_available() -> bool:
    """Whether Intel's library is used: no."""
    return False
