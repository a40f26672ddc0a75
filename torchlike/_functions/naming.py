"""The names of types, as PyTorch writes them in its sentences."""

from __future__ import annotations

from typing import Any

from torchlike._autograd.variable import TensorBase


def typename(obj: Any, /) -> str:
    """The full name of an object's type; of a class or function its own.

    Example:
        >>> torch.typename(torch.ones(1)), torch.typename(torch.nn.ReLU()), torch.typename(3)
        ('torch.FloatTensor', 'torch.nn.modules.activation.ReLU', 'int')
    """
    if isinstance(obj, TensorBase):
        return obj.type()
    named = obj if hasattr(obj, "__qualname__") or hasattr(obj, "__name__") else type(obj)
    name = getattr(named, "__qualname__", None) or named.__name__
    package, dot, rest = (getattr(named, "__module__", None) or "builtins").partition(".")
    if package == "builtins":
        return name
    return ("torch" if package == "torchlike" else package) + dot + rest + "." + name


typename.__module__ = "torchlike"
