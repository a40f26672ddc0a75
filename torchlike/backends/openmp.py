"""``torch.backends.openmp``: XLA has its own threads."""


def is_available() -> bool:
    """Whether OpenMP is used: no."""
    return False
