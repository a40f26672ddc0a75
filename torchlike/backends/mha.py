"""``torch.backends.mha``: whether attention in evaluation takes PyTorch's faster way.

Here there is one way; what else that one changes (`torch.nn.TransformerEncoder` gives zeros for padding) goes by this.
"""

_is_fastpath_enabled = True


def get_fastpath_enabled() -> bool:
    """Whether it does."""
    return _is_fastpath_enabled


def set_fastpath_enabled(value: bool) -> None:
    """Set whether it does."""
    global _is_fastpath_enabled
    _is_fastpath_enabled = value
