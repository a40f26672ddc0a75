"""``out=``: results put into tensors that the caller gives."""

from __future__ import annotations

import operator
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar, cast

from torchlike._autograd.modes import state
from torchlike._autograd.refusals import OVERLAP, SHARED
from torchlike._autograd.variable import TensorBase
from torchlike._programs import explain
from torchlike._recorder.recorder import record
from torchlike._recorder.turns import last
from torchlike._signatures import operations, refuse_call
from torchlike._signatures.forms import Form
from torchlike._types import dtypes
from torchlike._types.dtypes import c_name, scalar_name

RESIZED = (
    "An output with one or more elements was resized since it had shape {}, which does not match the required output "
    "shape {}. This behavior is deprecated, and in a future PyTorch release outputs will not be resized unless they have "
    "zero elements. You can explicitly reuse an out tensor t by resizing it, inplace, to zero elements with t.resize_(0)."
)
DEVICES = "Expected all tensors to be on the same device, but found at least two devices, {} and {}!"
_ONCE = {"torch.dist"}  # that took ``out=`` once
# families without derivatives
_UNTRACKED = ("comparison", "bitwise")


def can_cast(from_: dtypes.dtype, to: dtypes.dtype) -> bool:
    """Whether an in-place operation may store results of one dtype in a tensor of another.

    Complex numbers do not become real, floats do not become integers, and nothing but bool becomes bool.
    """
    return from_.rank <= to.rank


R = TypeVar("R")


@dataclass(frozen=True)
class OutRule:
    """What a family of operations makes of ``out=`` with another dtype than the result's.

    Attributes:
        text: what it says, with ``{result}`` and ``{out}`` for the dtypes, ``{c_result}`` and ``{c_out}`` for their
            names in C++, ``{name}`` for the operation's, ``{public}`` for what is behind its family's.
        takes: whether it casts a result of the first dtype to the second all the same.
        error: the exception's type.
        warns: whether it says that a tensor which is not empty took another shape.
        decides: called with the operation, the second dtype and the arguments: the dtype that all is computed in, None
            for the result's own. It raises where there is no such form of the operation.
    """

    text: str
    takes: Callable[[dtypes.dtype, dtypes.dtype], bool] = operator.is_
    error: type[Exception] = RuntimeError
    warns: bool = True
    decides: Callable[..., dtypes.dtype | None] | None = None

    def check(self, name: str, result: dtypes.dtype, out: dtypes.dtype) -> None:
        """Raises `error` if a result of one dtype does not go into a tensor of the other."""
        if result is not out and not self.takes(result, out):
            names = {"c_result": c_name(result), "c_out": c_name(out), "public": name.rpartition("_")[2]}
            raise self.error(self.text.format(name=name, result=scalar_name(result), out=scalar_name(out), **names))


CAST = OutRule("result type {result} can't be cast to the desired output type {out}", can_cast)
CONCATENATED = OutRule("torch.cat(): input types can't be cast to the desired output type {out}", can_cast, TypeError)
ANY = OutRule("", lambda result, out: True)
SUMMED = OutRule(
    "Expected out tensor to have dtype {c_result}, but got {c_out} instead",
    decides=lambda op, out, *args, dtype=None, **kwargs: dtype or out,
)
SAME = OutRule("Expected out tensor to have dtype {c_result}, but got {c_out} instead")
UNARY = OutRule("Found dtype {out} but expected {result}")
FILLED = OutRule("dtype {result} does not match dtype of out parameter ({out})", warns=False)
SCANNED = OutRule("expected scalar_type {result} but found {out}")
KERNEL = OutRule("expected scalar type {result} but found {out}")
INDEXED = OutRule("{name}(): self and result must have the same scalar type")
BOOLS = OutRule("{name} does not support non-boolean outputs.")
VERDICT = OutRule("{name} only supports bool tensor for result, got: {out}", lambda result, out: out is dtypes.uint8)
NORM = OutRule("linalg.{name} expected out tensor dtype {result} but got: {out}")


def safe(name: str, noun: str = "result") -> OutRule:
    """The rule of `torch.linalg`: cast where that loses nothing."""
    text = "{name}: Expected {noun} to be safely castable from {{result}} dtype, but got {noun} with dtype {{out}}"
    return OutRule(text.format(name=name, noun=noun), can_cast)


def with_out(call: Any, args: tuple, kwargs: dict, form: Form):
    """Call an operation and put the results into the tensors given as ``out=``, which take the results' shapes.

    Raises:
        RuntimeError: a result's dtype cannot be stored in its tensor, or one of them requires grad.
        TypeError: this form of the operation takes no ``out=``, or what is no tensor.
    """
    if form.path in operations and form.path not in _ONCE:
        refuse_call(form.path, args, kwargs)
    out, op = kwargs.pop("out"), call.op
    if op.flags.apart_out and out is not None:
        _refuse_inputs(out, (*args, *kwargs.values()))
    if isinstance(out, TensorBase) and isinstance(op.flags.out, OutRule) and op.flags.out.decides:
        _refuse_tracked(op.name, *tensors_of((*args, *kwargs.values())))
        kwargs["dtype"] = op.flags.out.decides(op, out.dtype, *args, **kwargs)
    public = op.flags.module.rpartition(".")[2] + "_" if op.flags.module else ""
    try:
        results = call(*args, **kwargs)
    except (RuntimeError, IndexError):
        if out is not None and not op.body.__module__.endswith(_UNTRACKED):  # what has a derivative says this first
            _refuse_tracked(public + op.name, *tensors_of((*args, *kwargs.values(), out)))
        raise
    if out is None:
        return results
    if op.flags.shares != "all":
        _refuse_overlap(out, (*args, *kwargs.values()))
    for target in (out,) if isinstance(results, TensorBase) else out:
        if not isinstance(target, TensorBase):
            raise TypeError(f"{op.name}(): argument 'out' must be Tensor, not {type(target).__name__}")
    if op.flags.out in (CAST, UNARY) and isinstance(results, TensorBase):
        _refuse_growth(results, out, (*args, *kwargs.values()))
    if isinstance(out, TensorBase) and args and args[0] is out and out._view is not None and out._view.overlaps:
        inplace = getattr(call.public, "inplace", None)  # what shares a place is computed one after the other
        if inplace is not None:
            return inplace(*args, **kwargs)
    return stored(public + op.name, results, out, op.flags.out)


def _refuse_inputs(out: Any, given: tuple) -> None:
    for target in tensors_of((out,)):
        check_apart(target, *tensors_of(given))


def _refuse_growth(result: TensorBase, out: TensorBase, given: tuple) -> None:
    """Refuse to put what is larger for broadcasting into an input: that is as if it were in place."""
    wanted, aval = result._aval, out._aval
    if wanted.numel > aval.numel and any([each is out for each in tensors_of(given)]):
        raise RuntimeError(
            f"output with shape {list(aval.shape)} doesn't match the broadcast shape {list(wanted.shape)}"
        )


def _refuse_overlap(out: Any, given: tuple) -> None:
    for target in tensors_of((out,)):
        if target._repeats:
            raise RuntimeError(OVERLAP)
        for each in tensors_of(given):
            if each is not target:
                target._check_apart(each)


def tensors_of(given: tuple) -> list[TensorBase]:
    """The tensors among arguments, and in lists among these."""
    every = [each for arg in given for each in (arg if isinstance(arg, (tuple, list)) else (arg,))]
    return [each for each in every if isinstance(each, TensorBase)]


def check_apart(out: Any, *inputs: Any) -> None:
    """Refuse to put a result into memory that it is read from.

    Raises:
        RuntimeError: `out` shares its memory with an input.
    """
    if out is not None and any(out._storage is each._storage for each in inputs):
        raise RuntimeError(SHARED)


def stored(name: str, results: R, out: Any, rule: OutRule | tuple[OutRule, ...] = CAST) -> R:
    """The results of the function of this name, put into ``out=`` where it is given."""
    if out is None:
        return results
    if isinstance(results, TensorBase):
        store_out(name, results, out, cast(OutRule, rule))
        return out
    several = cast(Any, results)
    rules = rule if isinstance(rule, tuple) else (rule,) * len(several)
    for result, target, each in zip(several, out, rules, strict=True):
        store_out(name, result, target, each)
    return cast(R, type(several)._make(out) if hasattr(several, "_make") else tuple(out))


def _refuse_tracked(name: str, *tensors: TensorBase) -> None:
    if state.enabled and any([each._edge is not None for each in tensors]):
        raise RuntimeError(
            f"{name}(): functions with out=... arguments don't support automatic differentiation, but one of the "
            "arguments requires grad."
        )


def store_out(name: str, result: TensorBase, target: TensorBase, rule: OutRule = CAST) -> None:
    """Give `target` the elements of `result`, and its shape where they differ."""
    _refuse_tracked(name, result, target)
    got, aval = result._aval, target._aval
    if got.device != aval.device:
        pair: list[Any] = sorted((aval.device, got.device), key=lambda each: each.type == "cpu")
        raise RuntimeError(DEVICES.format(*pair))
    rule.check(name, got.dtype, aval.dtype)
    if got.dtype is not aval.dtype:
        result = result.to(aval.dtype)
    had_nothing = not target._storage.aval.numel  # so that it has memory of its own now
    if got.shape != aval.shape:
        if aval.numel and rule.warns:
            explain.warn(RESIZED.format(list(aval.shape), list(got.shape)))
        target._resized(got.shape)
    value = result._value()
    if target._view is not None and target._view.overlaps:
        value = record(last(target._view.layout, value.aval), (value,))[0]
    target._write(value, None)
    if had_nothing and result._view is not None:
        target._lie_as(result)
