"""How ``torch.nn.functional`` calls operations: with ``inplace``, and with ``size_average`` and ``reduce`` as before 0.4.

An operation's body has these parameters where PyTorch has them, and computes nothing with them.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from typing import Any

from torchlike._dispatch import P, R, TensorFunction
from torchlike._function import function
from torchlike._programs import explain


def of_layers(call: TensorFunction[P, R]) -> TensorFunction[P, R]:
    """An operation as the function of layers, which takes what the operation alone does not."""
    made = _reduced(call) if "reduce" in call.op.aside else _placed(call)
    return function(functools.update_wrapper(made, call.op.body), module="torchlike.nn.functional")


def _placed(call: Any) -> Callable[..., Any]:
    place, in_place = len(call.op.kinds), call.inplace

    def placed(*args: Any, inplace: bool = False, **kwargs: Any):
        if len(args) > place:
            args, inplace = args[:place], args[place]
        return in_place(*args, **kwargs) if inplace else call(*args, **kwargs)

    def placed_alone(input: Any, inplace: bool = False):  # most are so, and hot
        return in_place(input) if inplace else call(input)

    return placed_alone if place == 1 else placed


def _reduced(call: Any) -> Callable[..., Any]:
    signature = inspect.signature(call.op.body)

    def reduced(*args: Any, **kwargs: Any):
        if len(args) <= 2 and "size_average" not in kwargs and "reduce" not in kwargs:
            return call(*args, **kwargs)
        given = signature.bind(*args, **kwargs).arguments
        size_average, reduce = given.pop("size_average", None), given.pop("reduce", None)
        if size_average is not None or reduce is not None:
            given["reduction"] = legacy_reduction(size_average, reduce)
        return call(**given)

    return reduced


def legacy_reduction(size_average: bool | None, reduce: bool | None, emit_warning: bool = True) -> str:
    """What ``size_average=`` and ``reduce=`` mean as ``reduction=``, with PyTorch's warning."""
    size_average = True if size_average is None else size_average
    reduce = True if reduce is None else reduce
    meant = "none" if not reduce else "mean" if size_average else "sum"
    if emit_warning:
        explain.warn(f"size_average and reduce args will be deprecated, please use reduction='{meant}' instead.")
    return meant
