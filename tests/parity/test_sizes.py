"""Operations called at several sizes in a row: what one trace gives for all of them is what each size gives by itself.

The calls are those that PyTorch's samples make, with every multiple of their commonest size, 5, made one of another.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest

from tests.parity import databases
from tests.parity.test_operations import SOME
from torchlike._autograd import tape
from torchlike._declaration import Op
from torchlike._dispatch import declared_ops
from torchlike._programs.generic import is_symbolic, put_in, taken_out
from torchlike._programs.spec import Spec, struct_of

pytestmark = pytest.mark.filterwarnings("ignore")
SIZES = (5, 6, 7, 11)


@pytest.mark.parametrize("name", SOME)
def test_some(name, monkeypatch):
    check(name, 1, monkeypatch)


@pytest.mark.parity
def test_every_operation(row, monkeypatch):
    name, dtype = row
    if dtype == "float32":
        check(name, 3, monkeypatch)


def check(name: str, most: int, monkeypatch) -> None:
    for op, call in calls(name, most, monkeypatch):
        op.traces.clear()
        for kinds, args, kwargs, in_place in at_sizes(call):
            made = outcome(op.spec_of, kinds, args, dict(kwargs), in_place)
            same(made, outcome(op._traced, (kinds, args, kwargs, in_place, None)), 2)


def calls(name: str, most: int, monkeypatch) -> list[tuple]:
    """(operation, what `Op.spec_of` is called with) for all that an operation's samples record."""
    found, original = {}, Op.spec_of

    def spec_of(self, kinds, args, kwargs, in_place=False):
        call = kinds, args, tuple(kwargs.items()), in_place
        found[id(self), repr(call)] = self, call
        return original(self, kinds, args, kwargs, in_place)

    for each in declared_ops():
        each.specs.clear()
    with monkeypatch.context() as patch:
        patch.setattr(Op, "spec_of", spec_of)
        for args, kwargs in databases.samples(name, "float32", most):
            databases.counterpart(databases.operations()[name])(*args, **kwargs)
    return list(found.values())


def at_sizes(call: tuple) -> Iterator[tuple]:
    """The call with other sizes."""
    sizes: list[int] = []
    pattern = taken_out(call, sizes)
    for base in SIZES if any(each and each % SIZES[0] == 0 for each in sizes) else ():
        yield put_in(pattern, iter([each if each % SIZES[0] else each // SIZES[0] * base for each in sizes]))


def outcome(make, *args):
    """What a call returns, or the type and words of what it raises."""
    try:
        return make(*args)
    except Exception as error:
        return type(error), str(error)


def same(made, own, orders: int) -> None:
    """What was made for these sizes, and its derivatives, compute what was traced for them by itself."""
    if not isinstance(made, Spec) or not isinstance(own, Spec):
        assert made == own
        return
    assert made.outputs == own.outputs and not is_symbolic(made.jaxpr)
    random = np.random.default_rng(0)
    given = [random.uniform(0.2, 1.9, each.shape).astype(each.dtype) for each in map(struct_of, own.inputs)]
    for ours, wanted in zip(run(made, given), run(own, given), strict=True):
        np.testing.assert_allclose(ours, wanted, rtol=1e-4, atol=1e-5)
    needed = tuple([not isinstance(each, type) and each.dtype.rank >= 2 for each in own.inputs])
    if not orders or not own.differentiable or not any(needed):
        return
    floating = tuple([each.dtype.rank >= 2 for each in own.outputs])
    cotangents = [there or None for there in floating]
    ours, wanted = (outcome(tape.derivative_of, each, needed, cotangents) for each in (made, own))
    if ours[1] == wanted[1]:  # else their inputs differ
        same(ours[0], wanted[0], orders - 1)


def run(spec: Spec, given: list) -> list:
    with np.errstate(all="ignore"):
        return spec.cold.run(given)
