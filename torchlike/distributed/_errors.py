"""What goes wrong between processes."""

from __future__ import annotations


class DistError(RuntimeError):
    """Something went wrong between processes."""


class DistBackendError(DistError):
    """Something went wrong in what moves the tensors."""


class DistNetworkError(DistError):
    """Something went wrong in the network."""


class DistStoreError(DistError):
    """Something went wrong in a store of keys and values."""


class QueueEmptyError(DistStoreError):
    """There is nothing in a queue, and nobody wants to wait."""
