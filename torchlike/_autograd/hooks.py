"""Hooks: how those of tensors and nodes are called, and what they may return."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from weakref import WeakValueDictionary

# tensors that keep their gradients though they are no leaves, by their ids: which node they come from may change
retaining: WeakValueDictionary[int, Any] = WeakValueDictionary()


def tensor_hooks(hooks: dict[int, Callable], grad: Any):
    """Call a tensor's hooks with its gradient, a tensor or None; what one returns takes its place.

    Raises:
        RuntimeError: a hook returned a tensor of another size or dtype, or one in the place of None.
        TypeError: it returned something else.
    """
    for hook in list(hooks.values()):
        changed = hook(grad)
        if changed is not None:
            grad = _checked(hook, grad, changed)
    return grad


def node_hooks(hooks: dict[int, Callable], grads: tuple, *more: tuple) -> tuple:
    """Call a node's hooks with tuples of tensors and None; a tuple that one returns takes the place of the first.

    Raises:
        RuntimeError: a hook returned another number of tensors, or one of another size or dtype.
        TypeError: it returned something else.
    """
    for hook in list(hooks.values()):
        changed = hook(grads, *more)
        if changed is None:
            continue
        if not isinstance(changed, tuple):
            raise TypeError(f"expected tuple, but hook returned '{type(changed).__name__}'")
        if len(changed) != len(grads):
            raise RuntimeError(
                f"hook '{_name(hook)}' has returned an incorrect number of values (got {len(changed)}, but expected "
                f"{len(grads)})"
            )
        pairs = zip(grads, changed, strict=True)
        grads = tuple([None if new is None else _checked(hook, old, new) for old, new in pairs])
    return grads


def leaf_hooks(hooks: dict[int, Callable], leaf: Any) -> None:
    """Call the hooks of a leaf that has got its gradient.

    Raises:
        RuntimeError: one of them returned a tensor.
        TypeError: it returned something else.
    """
    for hook in list(hooks.values()):
        changed = hook(leaf)
        if changed is not None:
            _checked(hook, leaf, changed)
            raise RuntimeError("Tensor post accumulate grad hooks should return None.")


def _checked(hook: Callable, old: Any, new: Any):
    if old is None:
        raise RuntimeError("can't replace a None gradient with a non-None value")
    if not hasattr(new, "_storage"):
        raise TypeError(f"expected Variable, but hook returned '{type(new).__name__}'")
    if new.type() != old.type():
        raise RuntimeError(f"hook '{_name(hook)}' has changed the type of value (was {old.type()} got {new.type()})")
    if new._aval.shape != old._aval.shape:
        raise RuntimeError(f"hook '{_name(hook)}' has changed the size of value")
    return new


def _name(hook: Callable) -> str:
    return getattr(hook, "__name__", "<unknown>")
