"""``out=``: results put into tensors that the caller gives."""

from __future__ import annotations

from collections.abc import Callable

from torchlike._autograd.modes import state
from torchlike._autograd.variable import TensorBase
from torchlike._types import dtypes
from torchlike._types.dtypes import c_name, scalar_name

SHARED = (
    "unsupported operation: some elements of the input tensor and the written-to tensor refer to a single memory "
    "location. Please clone() the tensor before performing the operation."
)


def can_cast(from_: dtypes.dtype, to: dtypes.dtype) -> bool:
    """Whether an in-place operation may store results of one dtype in a tensor of another.

    Complex numbers do not become real, floats do not become integers, and nothing but bool becomes bool.
    """
    return from_.rank <= to.rank


def with_out(call: Callable, args: tuple, kwargs: dict):
    """Call an operation and put the results into the tensors given as ``out=``, which take the results' shapes.

    Raises:
        RuntimeError: a result's dtype cannot be stored in its tensor, or one of them requires grad.
    """
    out, op = kwargs.pop("out"), call.op
    if op.flags.apart_out and out is not None:
        _refuse_inputs(out, (*args, *kwargs.values()))
    results = call(*args, **kwargs)
    if out is None:
        return results
    single = isinstance(results, TensorBase)
    pairs = [(results, out)] if single else list(zip(results, out, strict=True))
    for result, target in pairs:
        if not isinstance(target, TensorBase):
            raise TypeError(f"{op.name}(): argument 'out' must be Tensor, not {type(target).__name__}")
        if op.flags.same_out is not None and result._aval.dtype is not target._aval.dtype:
            raise RuntimeError(op.flags.same_out(result, target))
        store_out(op.name, result, target)
    return out if single else type(results)(out) if not hasattr(results, "_make") else results._make(out)


def _refuse_inputs(out, given: tuple) -> None:
    inputs = [each for arg in given for each in (arg if isinstance(arg, (tuple, list)) else (arg,))]
    for target in (out,) if isinstance(out, TensorBase) else out:
        check_apart(target, *[each for each in inputs if isinstance(each, TensorBase)])


def check_apart(out, *inputs) -> None:
    """Refuse to put a result into memory that it is read from.

    Raises:
        RuntimeError: `out` shares its memory with an input.
    """
    if out is not None and any(out._storage is each._storage for each in inputs):
        raise RuntimeError(SHARED)


def other_dtype(result: TensorBase, target: TensorBase) -> str:
    """The sentence of most operations that want ``out=`` in their result's dtype."""
    wanted, got = c_name(result._aval.dtype), c_name(target._aval.dtype)
    return f"Expected out tensor to have dtype {wanted}, but got {got} instead"


def unlike_input(result: TensorBase, target: TensorBase) -> str:
    """The sentence of `torch.amax`."""
    wanted, got = scalar_name(result._aval.dtype), scalar_name(target._aval.dtype)
    return (
        f"Expected the dtype for input and out to match, but got {wanted} for input's dtype and {got} for out's dtype."
    )


def unlike_parts(result: TensorBase, target: TensorBase) -> str:
    """The sentence of `torch.complex`."""
    wanted, got = scalar_name(result._aval.dtype), scalar_name(target._aval.dtype)
    return f"Expected object of scalar type {wanted} but got scalar type {got} for argument 'out'"


def store_out(name: str, result: TensorBase, target: TensorBase) -> None:
    """Give `target` the elements of `result`, and its shape where they differ."""
    if state.enabled and (result._edge is not None or target._edge is not None):
        raise RuntimeError(
            f"{name}(): functions with out=... arguments don't support automatic differentiation, but one of the "
            "arguments requires grad."
        )
    got, known = result._aval, target._aval
    if not can_cast(got.dtype, known.dtype):
        raise RuntimeError(
            f"result type {scalar_name(got.dtype)} can't be cast to the desired output type {scalar_name(known.dtype)}"
        )
    if got.dtype is not known.dtype:
        result = result.to(known.dtype)
    if got.shape != known.shape:
        target._replace(result.clone())
    else:
        target._write(result._value(), None)
