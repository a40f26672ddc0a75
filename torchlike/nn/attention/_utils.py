"""What the kinds of attention check alike."""

from __future__ import annotations

from torchlike.tensor import Tensor


def _validate_sdpa_input(query: Tensor, key: Tensor, value: Tensor, *, allow_lowp_kv: bool = False) -> None:
    """Raise for inputs of attention that do not belong together.

    Args:
        allow_lowp_kv: whether dtypes may differ.

    Raises:
        ValueError: dtypes or devices differ, or there are too few dimensions.
    """
    given = {"query": query, "key": key, "value": value}
    for attribute, what in (("dtype", "dtype"), ("device", "device type")):
        found = {name: getattr(each, attribute) for name, each in given.items()}
        if len(set(found.values())) > 1 and not (attribute == "dtype" and allow_lowp_kv):
            told = [f"{name}.{attribute}: {each}" for name, each in found.items()]
            raise ValueError(
                f"Expected query, key, and value to have the same {what}, but got {told[0]}, {told[1]}, and {told[2]} "
                "instead."
            )
    if min(query.dim(), key.dim(), value.dim()) < 2:
        raise ValueError(
            f"Expected query, key, and value to all be  at least 2 dimensional, but got query.dim: {query.dim()}, "
            f"key.dim: {key.dim()} and value.dim: {value.dim()} instead."
        )
