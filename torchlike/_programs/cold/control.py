"""Rules of loops and branches. Calls need none: what they call becomes part of the caller."""

from __future__ import annotations

from typing import Any

import numpy as np

from torchlike._programs.cold.evaluation import prepare
from torchlike._programs.cold.rules import LONG, rule


def _run(closed: Any):
    """A closed jaxpr as a function of a list of arrays to a list of results."""
    prepared, consts = prepare(closed.jaxpr), list(map(np.asarray, closed.consts))
    return (lambda arrays: prepared.run([*consts, *arrays])) if consts else prepared.run


@rule("while")
def _while(params: dict[str, Any], ins: list[Any], outs: list[Any]):
    test, body = _run(params["cond_jaxpr"]), _run(params["body_jaxpr"])
    first, second = params["cond_nconsts"], params["cond_nconsts"] + params["body_nconsts"]
    batch = params["cond_jaxpr"].out_avals[0].shape

    def loop(*arrays: np.ndarray):
        tested, given, carry = arrays[:first], arrays[first:second], arrays[second:]
        while test([*tested, *carry])[0]:
            carry = body([*given, *carry])
        return list(carry)

    def loop_over_batch(*arrays: np.ndarray):
        """Each of the batch stops by itself."""
        tested, given, carry = arrays[:first], arrays[first:second], arrays[second:]
        while (goes := test([*tested, *carry])[0]).any():
            new = body([*given, *carry])
            carry = [
                np.where(goes.reshape(*batch, *(1,) * (old.ndim - len(batch))), now, old)
                for old, now in zip(carry, new, strict=True)
            ]
        return list(carry)

    return loop_over_batch if batch else loop


@rule("custom_linear_solve")
def _custom_linear_solve(params: dict[str, Any], ins: list[Any], outs: list[Any]):
    lengths, solve = params["const_lengths"], _run(params["jaxprs"].solve)
    begin = lengths.matvec + lengths.vecmat
    end, last = begin + lengths.solve, begin + lengths.solve + lengths.transpose_solve
    return lambda *arrays: solve([*arrays[begin:end], *arrays[last:]])[: len(outs)]


@rule("cond")
def _cond(params: dict[str, Any], ins: list[Any], outs: list[Any]):
    branches = [_run(each) for each in params["branches"]]
    last = len(branches) - 1
    return lambda which, *arrays: branches[min(max(int(which), 0), last)](arrays)


@rule("scan")
def _scan(params: dict[str, Any], ins: list[Any], outs: list[Any]):
    length, consts = params["length"], params["num_consts"]
    if length * len(prepare(params["jaxpr"].jaxpr).steps) > LONG:
        return None
    body = _run(params["jaxpr"])
    carried = params["num_carry"]
    order = range(length)[::-1] if params["reverse"] else range(length)
    stacked = [(each.shape, each.dtype) for each in outs[carried:]]

    def loop(*arrays: np.ndarray):
        given, carry, rows = arrays[:consts], list(arrays[consts : consts + carried]), arrays[consts + carried :]
        made = [np.empty(shape, dtype) for shape, dtype in stacked]
        for at in order:
            got = body([*given, *carry, *[each[at] for each in rows]])
            carry = got[:carried]
            for into, value in zip(made, got[carried:], strict=True):
                into[at] = value
        return [*carry, *made]

    return loop


@rule("platform_index")
def _platform_index(params: dict[str, Any], ins: list[Any], outs: list[Any]):
    for at, names in enumerate(params["platforms"]):
        if names is None or "cpu" in names:
            return lambda: np.array(at, np.int32)
    return None
