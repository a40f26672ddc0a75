"""How losses are reduced, as PyTorch's own code and old losses of others name it."""

from __future__ import annotations

import warnings

from torchlike.nn._calls import legacy_reduction


def get_enum(reduction: str) -> int:
    """The number of a reduction.

    Raises:
        ValueError: there is none such.
    """
    if reduction == "elementwise_mean":
        warnings.warn("reduction='elementwise_mean' is deprecated. Please use reduction='mean' instead.", stacklevel=2)
        reduction = "mean"
    if reduction not in ("none", "mean", "sum"):
        raise ValueError(f"{reduction} is not a valid value for reduction")
    return ("none", "mean", "sum").index(reduction)


legacy_get_string = legacy_reduction


def legacy_get_enum(size_average: bool | None, reduce: bool | None, emit_warning: bool = True) -> int:
    """The number of what ``size_average=`` and ``reduce=`` mean."""
    return get_enum(legacy_get_string(size_average, reduce, emit_warning))
