"""Calls of a module with other tensors in the place of its parameters and buffers."""

from __future__ import annotations

import contextlib
from collections import Counter
from collections.abc import Generator, Sequence
from typing import Any

from torchlike.nn.modules.module import Module
from torchlike.tensor import Tensor

_ABSENT = object()


def call_with(
    module: Module, dicts: Any, args: Any = None, kwargs: Any = None, *, tie_weights: bool = True, strict: bool = False
):
    """``module(*args, **kwargs)`` with tensors of the caller's as its parameters and buffers.

    Args:
        dicts: a dictionary from names to tensors, or several with distinct keys. What the module puts in the place of
            a given tensor while it runs is in the dictionary afterwards, if it was only one.
        args: a tuple of positional arguments, or the only one.
        kwargs: the keyword arguments.
        tie_weights: whether a tensor that the module has under several names is replaced under all of them.
        strict: whether the names must be exactly those of the module.

    Raises:
        ValueError: `dicts` is neither, a name is given twice, or tied ones get different tensors.
        RuntimeError: for `strict`, names are missing or too many.
        AttributeError: there is no such submodule.
        TypeError: what is given, or what is replaced, is no tensor.
    """
    given = _joined(dicts)
    args = () if args is None else args if isinstance(args, tuple) else (args,)
    with _replaced(module, given, tie_weights, strict):
        return module(*args, **(kwargs or {}))


def _joined(dicts: Any) -> dict:
    if isinstance(dicts, dict):
        return dicts
    if not isinstance(dicts, Sequence):
        raise ValueError(
            f"Expected parameter_and_buffer_dicts to be a dict, or a list/tuple of dicts, but got {type(dicts)}"
        )
    if not all(isinstance(each, dict) for each in dicts):
        raise ValueError("Expected all elements of parameter_and_buffer_dicts to be dictionaries")
    repeated = [name for name, count in Counter(name for each in dicts for name in each).items() if count > 1]
    if repeated:
        raise ValueError(f"{repeated} appeared in multiple dictionaries; behavior of functional call is ambiguous")
    return {name: tensor for each in dicts for name, tensor in each.items()}


@contextlib.contextmanager
def _replaced(module: Module, given: dict, tie_weights: bool, strict: bool) -> Generator[None]:
    """Within the block the module has the given tensors; whatever happens, it has its own again afterwards."""
    wanted = _with_tied(module, given) if tie_weights else given
    if strict:
        _check_names(module, wanted)
    own: dict = {}
    try:
        for name, tensor in wanted.items():
            own[name] = _swap(module, name, tensor)
        yield
    finally:
        left = {name: _swap(module, name, tensor) for name, tensor in own.items()}
        given.update((name, left[name]) for name in given if name in left)


def _tensors_of(module: Module) -> dict[str, Tensor]:
    members = (module.named_parameters, module.named_buffers)
    return {name: each for named in members for name, each in named(remove_duplicate=False)}


def _with_tied(module: Module, given: dict) -> dict:
    """What is given, under all names that the module has for the tensors."""
    names_of: dict[int, list[str]] = {}
    for name, tensor in _tensors_of(module).items():
        names_of.setdefault(id(tensor), []).append(name)
    wanted = dict(given)
    for tied in names_of.values():
        known = [name for name in tied if name in given]
        if not known:
            continue
        if any(given[name] is not given[known[0]] for name in known):
            raise ValueError(
                f"functional_call got multiple values for keys {sorted(tied)}, which are tied. Consider using "
                "tie_weights=False"
            )
        wanted.update(dict.fromkeys(tied, given[known[0]]))
    return wanted


def _check_names(module: Module, wanted: dict) -> None:
    own = _tensors_of(module).keys()
    lines = [
        f"{words} key(s): {', '.join(map(repr, sorted(names)))}."
        for words, names in (("Unexpected", wanted.keys() - own), ("Missing", own - wanted.keys()))
        if names
    ]
    if lines:
        raise RuntimeError(f"Error(s) in reparametrizing for {module._get_name()}:\n\t" + "\n\t".join(lines))


def _swap(module: Module, name: str, tensor: Tensor):
    """Put a tensor under a dotted name; returns what was there.

    What is put may be `_ABSENT`, to take away what is there; so may what is returned.
    """
    path, _, last = name.rpartition(".")
    owner = module.get_submodule(path)
    if tensor is not None and tensor is not _ABSENT and not isinstance(tensor, Tensor):
        raise TypeError(f"{tensor} is not an instance of torch.Tensor")
    for kind in (owner._parameters, owner._buffers):
        if last in kind:
            before = kind[last]
            if tensor is _ABSENT:
                del kind[last]
            else:
                kind[last] = tensor
            return before
    before = getattr(owner, last, _ABSENT)
    if before is not None and before is not _ABSENT and not isinstance(before, Tensor):
        raise TypeError(f"attribute `{last}`: {before} is not an instance of torch.Tensor")
    if tensor is not _ABSENT:
        setattr(owner, last, tensor)
    elif before is not _ABSENT:
        delattr(owner, last)
    return before
