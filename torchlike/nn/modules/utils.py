"""``torch.nn.modules.utils``: sizes, and the keys of state dicts."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any


def _ntuple(n: int, name: str = "parse") -> Callable[[Any], tuple]:
    """A function that makes one value a tuple of `n`, and leaves a sequence's elements as they are."""

    def parse(x: Any) -> tuple:
        return tuple(x) if isinstance(x, Iterable) else (x,) * n

    parse.__name__ = name
    return parse


_single = _ntuple(1, "_single")
_pair = _ntuple(2, "_pair")
_triple = _ntuple(3, "_triple")
_quadruple = _ntuple(4, "_quadruple")


def _reverse_repeat_tuple(t: Any, n: int) -> tuple:
    """The elements in reverse order, each `n` times."""
    return tuple(each for each in reversed(t) for _ in range(n))


def _list_with_default(out_size: Any, defaults: list[int]):
    """A list of sizes with the last of `defaults` where it has None; a number as it is.

    Raises:
        ValueError: there are too few defaults.
    """
    if isinstance(out_size, int):
        return out_size
    if len(defaults) <= len(out_size):
        raise ValueError(f"Input dimension should be at least {len(out_size) + 1}")
    beside = zip(out_size, defaults[-len(out_size) :], strict=False)
    return [default if size is None else size for size, default in beside]


def consume_prefix_in_state_dict_if_present(state_dict: dict[str, Any], prefix: str) -> None:
    """Take a prefix off a state dict's keys, where it is there; in place.

    Args:
        state_dict: of a model that was wrapped.
        prefix: ``"module."`` for a model that was trained in parallel.
    """
    _consume(state_dict, prefix, lambda key: key.startswith(prefix))
    if hasattr(state_dict, "_metadata"):
        whole = prefix.replace(".", "")
        _consume(state_dict._metadata, prefix, lambda key: key and (key == whole or key.startswith(prefix)))


def _consume(found: dict, prefix: str, has_prefix: Callable[[str], Any]) -> None:
    for key in [each for each in found if has_prefix(each)]:
        found[key[len(prefix) :]] = found.pop(key)
