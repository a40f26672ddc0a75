"""``torch.backends.mps``: there is no Metal backend."""


def is_available() -> bool:
    """Whether tensors can live on a Metal device: no."""
    return False


def is_built() -> bool:
    """Whether the backend was built: no."""
    return False


def is_macos_or_newer(major: int, minor: int) -> bool:
    """Whether this is a Mac with this system or a newer one.

    Raises:
        RuntimeError: always, as there is no Metal backend.
    """
    raise RuntimeError("Cannot execute isOnMacOSorNewer() without MPS backend.")


def is_macos13_or_newer(minor: int = 0) -> bool:
    """Whether this is a Mac with this version of system 13, or a newer one.

    Raises:
        RuntimeError: always, as there is no Metal backend.
    """
    return is_macos_or_newer(13, minor)
