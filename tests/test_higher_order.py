"""Operations made of functions, against what they stand for in plain PyTorch."""

from __future__ import annotations

import pytest

import torchlike
from tests.support import check_op, reference
from torchlike._higher_order_ops import associative_scan, scan, while_loop
from torchlike._higher_order_ops import map as mapped


def cond(torch, pred, yes, no, operands):
    """A branch; in PyTorch an ordinary one."""
    if torch is torchlike:
        return torch.cond(pred, yes, no, operands)
    return yes(*operands) if pred else no(*operands)


def scanned(torch, fn, init, xs, reverse=False):
    """A scan along the first dimension; in PyTorch a loop."""
    if torch is torchlike:
        return scan(fn, init, xs, reverse=reverse)
    found, order = [], reversed(range(len(xs))) if reverse else range(len(xs))
    for place in order:
        init, each = fn(init, xs[place])
        found.append(each)
    return init, torch.stack(found[::-1] if reverse else found)


def rows(torch, fn, xs, *args):
    """A map over the first dimension; in PyTorch a loop."""
    return mapped(fn, xs, *args) if torch is torchlike else torch.stack([fn(each, *args) for each in xs])


def looped(torch, test, body, carried):
    """A loop with a condition; in PyTorch an ordinary one."""
    if torch is torchlike:
        return while_loop(test, body, carried)
    while test(*carried):
        carried = body(*carried)
    return carried


def without_grad(torch, x):
    """Something that the tape does not see."""
    with torch.no_grad():
        return x * x


def in_place(x):
    """A new tensor that is written to."""
    y = x.clone()
    y[0] = 3
    return y.mul_(x)


CASES = {
    "a branch": lambda t, x, w: cond(t, (x * 0).sum() == 0, lambda x: x.sin() * w, lambda x: x * 2, (x,)),
    "the other branch": lambda t, x, w: cond(t, (x * 0).sum() > 0, lambda x: x.sin() * w, lambda x: x * 2, (x,)),
    "a tree": lambda t, x, w: cond(
        t,
        x.sum() > -99,
        lambda d: {"a": d["x"] * w, "b": (d["y"],)},
        lambda d: {"a": d["y"] + 0, "b": (d["x"],)},
        ({"x": x, "y": x.cos()},),
    ),
    "what is captured": lambda t, x, w: cond(t, x.sum() > -99, lambda: w * x, lambda: x + 0, ()),
    "detach": lambda t, x, w: cond(t, x.sum() > -99, lambda x: x.detach() * x, lambda x: x * 1, (x,)),
    "no_grad": lambda t, x, w: cond(t, x.sum() > -99, lambda x: without_grad(t, x) * x, lambda x: x * 1, (x,)),
    "in place": lambda t, x, w: cond(t, x.sum() > -99, in_place, lambda x: x * 1, (x,)),
    "nested": lambda t, x, w: cond(
        t,
        x.sum() > -99,
        lambda x: cond(t, x.sum() > 99, lambda x: x * w, lambda x: x.exp() * w, (x,)),
        lambda x: x * 1,
        (x,),
    ),
    "a gradient within": lambda t, x, w: cond(
        t, x.sum() > -99, lambda x: t.func.grad(lambda x: (x.sin() * w).sum())(x), lambda x: x * 1, (x,)
    ),
    "vmap within": lambda t, x, w: cond(
        t, x.sum() > -99, lambda x: t.func.vmap(lambda a: a * w.sum())(x), lambda x: x * 1, (x,)
    ),
    "a gradient of it": lambda t, x, w: t.func.grad(
        lambda x: cond(t, x.sum() > -99, lambda x: x**3 * w, lambda x: x * 1, (x,)).sum()
    )(x),
    "a tangent of it": lambda t, x, w: t.func.jvp(
        lambda x: cond(t, x.sum() > -99, lambda x: x**3 * w, lambda x: x * 1, (x,)), (x,), (w,)
    ),
    "a module": lambda t, x, w: cond(
        t, x.sum() > -99, lambda x: t.nn.functional.linear(x, w), lambda x: x * 1, (x.expand(3, 3),)
    ),
    "scan": lambda t, x, w: scanned(t, lambda c, a: (c * w + a, c.sin() * a), w * 0, x),
    "scan backwards": lambda t, x, w: scanned(t, lambda c, a: (c * w + a, c.sin() * a), w * 0, x, reverse=True),
    "map": lambda t, x, w: rows(t, lambda a, b: (a * b).sin(), x, w),
    "a loop": lambda t, x, w: looped(t, lambda i, a: i < 5, lambda i, a: (i + 1, a.sin() * w), (t.tensor(0), x)),
    "a loop without gradients": lambda t, x, w: looped(
        t, lambda i, a: i < 5, lambda i, a: (i + 1, a.sin() * w.detach()), (t.tensor(0), x.detach())
    ),
    "a loop of integers": lambda t, x, w: looped(t, lambda i, a: i < 3, lambda i, a: (i + 1, a * 2), (0, x)),
}
SHAPES = {"a module": [(3,), (3, 3)], "scan": [(4, 3), (3,)], "scan backwards": [(4, 3), (3,)], "map": [(4, 3), (3,)]}


@pytest.mark.parametrize("name", CASES)
def test_they_are_what_they_stand_for(name):
    check_op(SHAPES.get(name, [(3,), (3,)]), CASES[name], rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("mode", ["eager", "whole"])
@pytest.mark.parametrize("name", ["a branch", "scan", "a loop without gradients"])
def test_in_every_mode(name, mode):
    with torchlike.execution_mode(mode):
        check_op(SHAPES.get(name, [(3,), (3,)]), CASES[name], rtol=1e-4, atol=1e-5)


def test_rows_choose_for_themselves():
    found = torchlike.vmap(lambda p, x: torchlike.cond(p, lambda x: x * 2, lambda x: -x, (x,)))(
        torchlike.tensor([True, False]), torchlike.ones(2, 2)
    )
    assert found.tolist() == [[2, 2], [-1, -1]]


def test_associative_scan():
    check_op(
        [(4, 3)],
        lambda torch, x: associative_scan(lambda a, b: a * b, x, 0) if torch is torchlike else x.cumprod(0),
        rtol=1e-4,
    )
    check_op(
        [(4, 3)],
        lambda torch, x: (
            associative_scan(lambda a, b: a + b, x, 1, reverse=True)
            if torch is torchlike
            else x.flip(1).cumsum(1).flip(1)
        ),
        rtol=1e-4,
    )


def test_a_loop_is_one_operation_and_reads_nothing(in_auto_mode):
    torchlike.explain(reset=True)
    steps, value = while_loop(
        lambda i, x: x.sum() < 100, lambda i, x: (i + 1, x * 2), (torchlike.tensor(0), torchlike.ones(3))
    )
    assert not torchlike.explain().flushes
    assert (steps.item(), value.tolist()) == (6, [64.0] * 3)


def test_the_same_branch_is_traced_once():
    x = torchlike.ones(3)
    calls = [torchlike.cond(x.sum() > 2, lambda x: x * 1.5, lambda x: x * 2.5, (x,)) for _ in range(3)]
    assert [each.tolist() for each in calls] == [[1.5] * 3] * 3
    before = torchlike.cond(x.sum() > 2, lambda x: x * 4.5, lambda x: x * 2.5, (x,))  # another number, the same program
    assert before.tolist() == [4.5] * 3


ERRORS = [
    (lambda t, x: t.cond("a", lambda x: x, lambda x: x, (x,)), "Expected pred to be bool or tensor, but got a."),
    (lambda t, x: t.cond(x, lambda x: x, lambda x: x, (x,)), "Expected pred to be bool or single-element tensor"),
    (lambda t, x: t.cond(x.sum() > 0, 1, lambda x: x, (x,)), "Expect both branches to be callable."),
    (
        lambda t, x: t.cond(x.sum() > 0, lambda x: x, lambda x: x, (1,)),
        "Expect operands to be a tuple of possibly nested",
    ),
]


@pytest.mark.parametrize("case", range(len(ERRORS)))
def test_refusals_are_as_in_pytorch(case):
    run, words = ERRORS[case]
    for torch in (reference(), torchlike):
        with pytest.raises(RuntimeError, match=words):
            run(torch, torch.ones(3))


REFUSED = [
    (lambda x: x * x.sum().item(), "an element is looked at"),
    (lambda x: x.add_(1), "writes to a tensor from outside"),
    (lambda x: OUTSIDE.add_(x), "writes to a tensor from outside"),
    (lambda x: x[:2], "expected both branches to return tensors of the same kinds"),
    (lambda x: 3, "expected functions to return only tensors"),
]
OUTSIDE = torchlike.ones(3)


@pytest.mark.parametrize("case", range(len(REFUSED)))
def test_what_a_branch_may_not_do(case):
    fn, words = REFUSED[case]
    with pytest.raises(RuntimeError, match=words):
        torchlike.cond(torchlike.tensor(True), fn, lambda x: x * 1, (torchlike.ones(3),))
    assert OUTSIDE.tolist() == [1.0] * 3


@pytest.mark.parametrize(
    "run",
    [
        lambda table, i: torchlike.cond(i.sum() > 0, lambda i: take(i, table), lambda i: take(i * 0, table), (i,)),
        lambda table, i: torchlike.cond(i.sum() < 0, lambda i: take(i * 0, table), lambda i: take(i, table), (i,)),
        lambda table, i: scan(lambda carry, row: (carry + take(row, table), row * 1), torchlike.zeros(2), i)[0],
        lambda table, i: mapped(lambda row: take(row, table), i),
        lambda table, i: while_loop(
            lambda n, x, i: n < 3,
            lambda n, x, i: (n + 1, x + take(i[:1], table)[0], i.roll(-1)),
            (i.min() * 0, table[0], i),
        )[1],
    ],
    ids=["yes", "no", "scan", "map", "while"],
)
def test_indices_are_checked(run):
    table = torchlike.ones(4, 2)
    assert run(table, torchlike.tensor([1, 2, 3])).sum().item() > 0
    with pytest.raises(IndexError, match="index out of range in self"):
        run(table, torchlike.tensor([1, 9, 3])).sum().item()


def take(index, table):
    """Rows of a table."""
    return torchlike.nn.functional.embedding(index, table)
