"""What the tape keeps: what derivatives use, nothing else; what PyTorch frees is freed."""

from __future__ import annotations

import gc
import weakref

import pytest
import torch

import torchlike
from tests.support import raised
from torchlike._recorder.recorder import Value

EXPRESSIONS = {
    "x + w": 0,
    "x - w * 2.0": 0,
    "(x + 1).sum()": 0,
    "x.t().reshape(4).mean()": 0,
    "x * w": 2,
    "x * x": 1,
    "x * mask": 1,
    "mask * (x + 1)": 1,
    "(x + 1) * (w - 1)": 2,
    "x.exp() + w": 1,
    "(x + 1).sin().sum()": 1,
    "x @ w": 2,
    "mask @ (x + 1)": 1,
    "x / 3.0": 0,
    "3.0 / (x + 2)": 1,
    "torch.where(mask > 0, x + 1, w + 1)": 1,
    "torch.cat([x + 1, w])[0].sum()": 0,
    "torch.addmm(x, mask, w + 1)": 1,
    "torch.nn.functional.linear(x + 1, mask, w[0])": 1,
    "sum([(x + 1) * 2 for _ in range(20)])": 0,
    "x[0, torch.tensor([1, 0])].sum()": 1,
    "torch.nn.functional.mse_loss(x + 1, mask)": 2,
    "(x + 1).max(0).values": 1,
    "torch.stack((x + 1).unbind(0)[:1])": 0,
}


def given(lib) -> dict:
    x, w = (lib.tensor([[1.0, 2.0], [3.0, 4.0]], requires_grad=True) for _ in range(2))
    return {"torch": lib, "x": x, "w": w, "mask": lib.tensor([[1.0, 0.0], [0.0, 1.0]])}


def nodes_of(tensor) -> list:
    found, stack = [], [tensor.grad_fn]
    while stack:
        node = stack.pop()
        if node is not None and node not in found:
            found.append(node)
            stack += [each for each, _ in node.next_functions]
    return found


def kept(tensor) -> set[Value]:
    """The values that a history holds."""
    held = [getattr(node, "inputs", None) or () for node in nodes_of(tensor)]
    return {each for inputs in held for each in inputs if isinstance(each, Value)}


def saved(expression: str) -> int:
    """How many tensors PyTorch saves."""
    found = []
    with torch.autograd.graph.saved_tensors_hooks(lambda each: found.append(each) or each, lambda each: each):
        eval(expression, given(torch))
    return len({each.data_ptr() for each in found})


@pytest.mark.parametrize("expression", EXPRESSIONS)
def test_a_read_leaves_what_the_derivative_uses(expression: str):
    names = given(torchlike)
    made = eval(expression, names)
    leaves = names["x"], names["w"]
    first = torchlike.autograd.grad(made.sum(), leaves, allow_unused=True)
    made = eval(expression, names)
    made.sum().item()
    assert len(kept(made)) == EXPRESSIONS[expression] <= saved(expression)
    again = torchlike.autograd.grad(made.sum(), leaves, allow_unused=True)
    assert [each if each is None else each.tolist() for each in again] == [
        each if each is None else each.tolist() for each in first
    ]


def test_what_is_compiled_at_once_keeps_no_more_the_first_time():
    with torchlike.execution_mode("whole"):
        x = torchlike.ones(5, requires_grad=True)
        loss = ((x + 1) * 3.0 - 2).flip(0).sum()
        loss.item()
        assert not kept(loss)
        loss.backward()
    assert x.grad.tolist() == [3.0] * 5


def test_one_pattern_of_gradients_does_not_decide_for_another():
    a, b = (torchlike.tensor([2.0, 3.0]) for _ in range(2))
    for first, second in ((True, False), (True, True), (False, True)):
        x, y = a.clone().requires_grad_(first), b.clone().requires_grad_(second)
        for _ in range(2):
            x.grad = y.grad = None
            z = (x + 0) * (y + 0)
            z.sum().item()
            z.sum().backward()
            assert x.grad is None or x.grad.tolist() == b.tolist()
            assert y.grad is None or y.grad.tolist() == a.tolist()


def test_derivatives_of_some_inputs_and_of_some_outputs_find_what_they_use():
    x, w = (torchlike.tensor([[2.0, 3.0], [4.0, 5.0]], requires_grad=True) for _ in range(2))
    for _ in range(3):
        q, r = torchlike.linalg.qr((x + 0) @ (w + 0))
        q.sum().item()
        first = torchlike.autograd.grad(r.sum(), x, retain_graph=True)[0]
        second = torchlike.autograd.grad(q.sum() + r.sum(), (x, w))[0]
        assert first.isfinite().all() and second.isfinite().all()


@pytest.mark.parametrize("lib", [torch, torchlike], ids=["torch", "torchlike"])
def test_what_was_saved_is_freed_by_a_backward(lib):
    class Doubled(lib.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            ctx.save_for_backward(x)
            return x * 2

        @staticmethod
        def backward(ctx, grad):
            return grad * 2

    x = lib.ones(3, requires_grad=True)
    inner = x + 1
    dies = weakref.ref(inner)
    loss = (Doubled.apply(inner) * 3).sum()
    loss.item()
    del inner
    gc.collect()
    loss.backward(retain_graph=True)
    loss.backward()
    gc.collect()
    assert dies() is None
    with pytest.raises(RuntimeError, match="Trying to backward through the graph a second time"):
        loss.backward()


@pytest.mark.parametrize("lib", [torch, torchlike], ids=["torch", "torchlike"])
def test_what_nobody_holds_dies_with_its_history(lib):
    x = lib.ones(3, requires_grad=True)
    hidden, total = x * 1, lib.zeros(())
    refs = [weakref.ref(hidden)]
    for _ in range(3):
        hidden = hidden + 1
        refs.append(weakref.ref(hidden))
    total = total + hidden.sum().item()
    del hidden
    gc.collect()
    assert [each() for each in refs] == [None] * 4


CHANGES = {  # after y = f(a, b), a change of one of them in place
    f"{name}; {changed}": (f, changed)
    for name, f in {
        "a + b": lambda a, b: a + b,
        "a * b": lambda a, b: a * b,
        "a * 3": lambda a, b: a * 3,
        "a / b": lambda a, b: a / b,
        "a - b": lambda a, b: a - b,
        "exp": lambda a, b: a.exp(),
        "sin": lambda a, b: a.sin(),
        "matmul": lambda a, b: a @ b,
        "cat": lambda a, b: a.new_tensor(0.0) + (a.unsqueeze(0) + b.unsqueeze(0)),
    }.items()
    for changed in "aby"
}


@pytest.mark.parametrize("case", CHANGES)
def test_a_change_in_place_leaves_gradients_as_they_were(case: str):
    """What PyTorch's derivative needs it refuses to have changed; here every value stays as it was."""

    def grads(lib, changes: bool) -> list:
        f, changed = CHANGES[case]
        x, w = (lib.tensor(each, requires_grad=True) for each in ([1.0, 2.0], [3.0, 5.0]))
        made = {"a": x * 1, "b": w * 1}
        made["y"] = f(made["a"], made["b"])
        y = made["y"] * 1 if changed == "y" else made["y"]
        if changes:
            made[changed].mul_(10)
        y.sum().backward()
        return [each for leaf in (x, w) if leaf.grad is not None for each in leaf.grad.tolist()]

    refusal = raised(torch, lambda lib: grads(lib, True))
    want = grads(torch, refusal is None)
    if refusal is not None:
        assert "modified by an inplace operation" in str(refusal)
    assert grads(torchlike, True) == pytest.approx(want, rel=1e-5)
