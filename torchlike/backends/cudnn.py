"""``torch.backends.cudnn``: settings that are kept, and change nothing: XLA chooses its kernels itself."""

enabled = True
benchmark = False
deterministic = False
allow_tf32 = True


def is_available() -> bool:
    """Whether cuDNN is used: XLA has its own way to it."""
    return False


def version() -> None:
    """The version of cuDNN: none."""
    return None
