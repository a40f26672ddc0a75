"""What is given to the functions that make tensors."""

from __future__ import annotations

from typing import Any

_KNOWN = ("device", "dtype", "memory_format")


def factory_kwargs(kwargs: dict[str, Any] | None) -> dict[str, Any]:
    """The keywords of a module that its parameters are made with.

    Args:
        kwargs: ``device``, ``dtype``, ``memory_format``, each here or in a dictionary ``factory_kwargs``.

    Raises:
        TypeError: there are others, or one is given twice.

    Example:
        >>> torch.nn.factory_kwargs({"dtype": None, "factory_kwargs": {"device": "cpu"}})
        {'device': 'cpu', 'dtype': None}
    """
    if kwargs is None:
        return {}
    unknown = kwargs.keys() - {*_KNOWN, "factory_kwargs"}
    if unknown:
        raise TypeError(f"unexpected kwargs {unknown}")
    found = dict(kwargs.get("factory_kwargs", {}))
    for name in _KNOWN:
        if name in kwargs:
            if name in found:
                raise TypeError(f"{name} specified twice, in **kwargs and in factory_kwargs")
            found[name] = kwargs[name]
    return found


factory_kwargs.__module__ = "torchlike.nn"
