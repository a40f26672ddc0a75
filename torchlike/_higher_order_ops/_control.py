"""Branches and loops that depend on elements: ``torch.cond``, ``while_loop``."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax.numpy as jnp
from jax import lax

from torchlike._higher_order_ops._traced import Traced, fine, flat, run
from torchlike._programs.tracebacks import gate
from torchlike._recorder.checks import FINE
from torchlike._types import dtypes
from torchlike.tensor import Tensor
from torchlike.utils import _pytree as pytree


@gate
def cond(pred: bool | int | float | Tensor, true_fn: Callable, false_fn: Callable, operands: tuple | list = ()) -> Any:
    """``true_fn(*operands)`` where `pred` is true, else ``false_fn(*operands)``: no element is looked at for that.

    Both functions are recorded, and the program runs one of them. They may use other tensors than `operands`.

    Args:
        pred: a tensor of one element; with a number the function is called as it is.
        true_fn, false_fn: functions that return tensors of the same shapes and dtypes, nested alike.
        operands: their arguments, tensors or nested collections of them.

    Raises:
        RuntimeError: the arguments are none of these; within a function an element is looked at, or what is outside
            changed; the functions return different things.

    Example:
        >>> x = torch.tensor([1., 2.])
        >>> torch.cond(x.sum() > 4, lambda x: x, lambda x: -x, (x,))
        tensor([-1., -2.])
    """
    if isinstance(pred, (bool, int, float)):
        return true_fn(*operands) if pred else false_fn(*operands)
    if not isinstance(pred, Tensor):
        raise RuntimeError(f"Expected pred to be bool or tensor, but got {pred}.")
    if pred.numel() != 1:
        raise RuntimeError(f"Expected pred to be bool or single-element tensor, but got {pred}.")
    if not callable(true_fn) or not callable(false_fn):
        raise RuntimeError("Expect both branches to be callable.")
    if not isinstance(operands, (tuple, list)) or not _are_tensors(operands, (Tensor,)):
        raise RuntimeError(
            "Expect operands to be a tuple of possibly nested dict/list/tuple that only consists of tensor leaves, but got "
            f"{operands}."
        )
    leaves, tree, kinds, tracked = flat(tuple(operands))
    branches = [Traced(each, kinds, tracked, tree, "torch.cond") for each in (true_fn, false_fn)]
    yes, no = branches
    if yes.tree != no.tree or yes.kinds != no.kinds:
        raise RuntimeError(
            f"torch.cond: expected both branches to return tensors of the same kinds, got {yes.kinds} and {no.kinds}"
        )

    return pytree.tree_unflatten(_chosen(pred, leaves, yes, no), yes.tree)


def _chosen(pred: Tensor, leaves: list, yes: Traced, no: Traced) -> list:
    """The results of one of two functions."""
    count = len(yes.leaves)

    def choose(arrays: Any, run_yes: Any, run_no: Any):
        def left(rest: Any):
            return [*run_yes(rest), *fine(no)]

        def right(rest: Any):
            found = run_no(rest)
            return [*found[:count], *fine(yes), *found[count:]]

        return lax.cond(arrays[0].reshape(()) != 0, left, right, [*arrays[1:]])

    return run("cond", choose, (count,), [pred, *leaves], [yes, no])


@gate
def while_loop(cond_fn: Callable, body_fn: Callable, carried_inputs: tuple | list) -> tuple:
    """``body_fn`` again and again, on what it returned, while ``cond_fn`` of that is true; no element is looked at.

    Where what is carried has gradients, or holds Python's integers, it is a loop of Python's.

    Args:
        cond_fn: returns a boolean tensor without dimensions; of integers, or for gradients, it may be a bool.
        body_fn: returns a tuple like its arguments.
        carried_inputs: the arguments at first: tensors and integers, or nested collections of them.

    Raises:
        RuntimeError: the arguments are none of these, or a function returns something else.
    """
    if not callable(cond_fn) or not callable(body_fn):
        raise RuntimeError("Expect cond_fn and body_fn to be callable.")
    if not isinstance(carried_inputs, (tuple, list)):
        raise RuntimeError(f"carried_inputs must be a tuple or list but got {type(carried_inputs)}")
    if not _are_tensors(carried_inputs, (Tensor, int)):
        raise RuntimeError(
            "Expect carried_inputs to be a tuple of possibly nested dict/list/tuple that onlyconsists of tensor or int "
            f"leaves, but got {carried_inputs}."
        )
    carried = tuple(carried_inputs)
    if not _are_tensors(carried, (Tensor,)):
        return _looped(cond_fn, body_fn, carried)
    leaves, tree, kinds, tracked = flat(carried)
    test = Traced(lambda *given: _tested(cond_fn(*given)), kinds, tracked, tree, "while_loop")
    body = Traced(body_fn, kinds, tracked, tree, "while_loop")
    if any(tracked) or any(edge is not None for edge in body.edges):
        return _looped(cond_fn, body_fn, carried)
    if body.tree != tree or body.kinds != [(each.shape, each.dtype) for each in leaves]:
        raise RuntimeError(
            f"while_loop: expected body_fn to return tensors like carried_inputs, {[*map(_kind, leaves)]}, got {body.kinds}"
        )
    test.doubts = []  # what is wrong with what it looks at is wrong with what the body gives
    return pytree.tree_unflatten(_repeated(leaves, test, body), tree)


def _repeated(leaves: list, test: Traced, body: Traced) -> list:
    """What a function makes of tensors, again and again."""
    count = len(leaves)

    def loop(arrays: Any, run_test: Any, run_body: Any):
        def step(state: Any):
            made = run_body(state[0])
            first = [jnp.where(old[0] == FINE, new, old) for old, new in zip(state[1], made[count:], strict=True)]
            return made[:count], first

        last, found = lax.while_loop(lambda state: run_test(state[0])[0], step, ([*arrays], fine(body)))
        return [*last, *found]

    return run("while_loop", loop, (count,), leaves, [test, body])


def _looped(cond_fn: Callable, body_fn: Callable, carried: tuple) -> tuple:
    """The loop, by Python."""
    found = pytree.tree_map(lambda each: each.clone() if isinstance(each, Tensor) else each, carried)
    while _tested(cond_fn(*found)):
        found = body_fn(*found)
        if not isinstance(found, tuple):
            raise AssertionError(f"body_fn should return a tuple but got {type(found)}")
        if len(found) != len(carried):
            raise AssertionError(
                "body_fn should return the same number of elements as carried_inputs, got "
                f"{len(found)} vs {len(carried)}"
            )
    return found


def _tested(found: Any) -> Any:
    if isinstance(found, bool) or (isinstance(found, Tensor) and not found.dim() and found.dtype is dtypes.bool_):
        return found
    raise RuntimeError(f"cond_fn must return a boolean scalar tensor or a boolean but got {found}")


def _kind(tensor: Tensor) -> tuple:
    return tensor.shape, tensor.dtype


def _are_tensors(tree: Any, kinds: tuple) -> bool:
    return all(isinstance(each, kinds) for each in pytree.tree_leaves(tree))


cond.__module__, while_loop.__module__ = "torchlike", "torchlike._higher_order_ops"
