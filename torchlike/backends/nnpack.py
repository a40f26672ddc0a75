"""``torch.backends.nnpack``: XLA has its own convolutions."""


def is_available() -> bool:
    """Whether NNPACK is used: no."""
    return False
