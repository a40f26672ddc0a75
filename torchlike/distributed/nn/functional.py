"""``torch.distributed.nn.functional``: what processes do with tensors together, with gradients."""

from __future__ import annotations

from collections.abc import Callable
from collections.abc import Sequence as _Sequence
from typing import TYPE_CHECKING, Any

from torchlike._programs.explain import warn as _warn
from torchlike.distributed import _collectives
from torchlike.distributed._backends import ReduceOp as ReduceOp

if TYPE_CHECKING:
    from torchlike.tensor import Tensor

_WORLD = None  # the group of all processes


def _deprecated(name: str, instead: str | None = None) -> None:
    _warn(
        f"torch.distributed.nn.functional.{name} is deprecated, use torch.distributed._functional_collectives."
        f"{instead or name} instead.",
        FutureWarning,
    )


def _checked(function: Callable[..., Any], tensor: Tensor, *args: Any, **kwargs: Any) -> None:
    """Let a function without gradients refuse what it refuses."""
    function(tensor.detach().clone(), *args, **kwargs)


def broadcast(tensor: Tensor, src: int, group: Any = _WORLD):
    """A process's tensor in all processes.

    Args:
        tensor: this process's.
        src: which process, by its rank among all.
        group: whose; of all processes by default.
    """
    _deprecated("broadcast")
    _checked(_collectives.broadcast, tensor, src, group)
    return tensor.clone()


def gather(tensor: Tensor, dst: int = 0, group: Any = _WORLD) -> tuple:
    """The tensors of all processes, in one process.

    Args:
        tensor: this process's.
        dst: which process, by its rank among all.
        group: whose; of all processes by default.
    """
    _checked(_collectives.gather, tensor, [tensor.detach().clone()], dst, group)
    return (tensor.clone(),)


def scatter(tensors: _Sequence, src: int = 0, group: Any = _WORLD):
    """A tensor of one process's list for each process.

    Args:
        tensors: a tensor for each process.
        src: which process has them, by its rank among all.
        group: whose; of all processes by default.
    """
    _checked(_collectives.scatter, tensors[0], [each.detach() for each in tensors], src, group)
    return tensors[0].clone()


def reduce(tensor: Tensor, dst: int, op: Any = ReduceOp.SUM, group: Any = _WORLD):
    """The tensors of all processes put together, in one process.

    Args:
        tensor: this process's.
        dst: which process, by its rank among all.
        op: how.
        group: whose; of all processes by default.
    """
    _checked(_collectives.reduce, tensor, dst, op, group)
    return tensor.clone()


def reduce_scatter(output: Any, input_list: _Sequence, op: Any = ReduceOp.SUM, group: Any = _WORLD):
    """The lists of all processes put together, tensor by tensor; a tensor for each process.

    Args:
        output: is written to, and returned.
        input_list: a tensor for each process.
        op: how.
        group: whose; of all processes by default.
    """
    _deprecated("reduce_scatter", "reduce_scatter_single")
    _checked(_collectives.reduce_scatter, output, [each.detach() for each in input_list], op, group)
    return output.copy_(input_list[0])


def all_gather(tensor: Tensor, group: Any = _WORLD) -> tuple:
    """The tensors of all processes.

    Args:
        tensor: this process's.
        group: whose; of all processes by default.
    """
    _deprecated("all_gather", "all_gather_single")
    _checked(_collectives.all_reduce, tensor, group=group)
    return (tensor.clone(),)


def all_to_all(output_tensor_list: _Sequence, input_tensor_list: _Sequence, group: Any = _WORLD) -> tuple:
    """Each process sends a tensor to each.

    Args:
        output_tensor_list: a tensor for each process, that are written to and returned.
        input_tensor_list: a tensor for each process.
        group: whose; of all processes by default.
    """
    given = [each.detach() for each in input_tensor_list]
    _collectives.all_to_all([each.detach().clone() for each in output_tensor_list], given, group)
    return tuple([each.copy_(given) for each, given in zip(output_tensor_list, input_tensor_list, strict=True)])


def all_to_all_single(
    output: Any, input: Tensor, output_split_sizes: Any = None, input_split_sizes: Any = None, group: Any = _WORLD
):
    """Each process sends a part of a tensor to each.

    Args:
        output: is written to, and returned.
        input: this process's.
        output_split_sizes: how much of the first dimension comes from each process.
        input_split_sizes: how much of it goes to each.
        group: whose; of all processes by default.
    """
    _deprecated("all_to_all_single")
    _checked(_collectives.all_to_all_single, output, input.detach(), output_split_sizes, input_split_sizes, group)
    return output.copy_(input.reshape(output.shape))


def all_reduce(tensor: Tensor, op: Any = ReduceOp.SUM, group: Any = _WORLD):
    """The tensors of all processes put together.

    Args:
        tensor: this process's.
        op: how.
        group: whose; of all processes by default.
    """
    _deprecated("all_reduce")
    _checked(_collectives.all_reduce, tensor, op, group)
    return tensor.clone()
