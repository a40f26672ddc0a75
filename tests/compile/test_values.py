"""Compiled functions check values at every call, whether they are given or made inside."""

from __future__ import annotations

import pytest

import torchlike as torch
import torchlike.nn.functional as F

RIGHT, WRONG = torch.tensor([1, 2]), torch.tensor([1, 9])
# (what is computed of an index tensor and a table, the error for the index 9)
CASES = {
    "embedding": (F.embedding, "index out of range in self"),
    "bags": (lambda i, w: F.embedding_bag(i, w, i[:1] * 0), "Index 1 of input takes value 9"),
    "cross_entropy": (lambda i, w: F.cross_entropy(w[:2] * 1, i), "Target 9 is out of bounds"),
    "x[i]": (lambda i, w: w[i] * 1, "index 9 is out of bounds for dimension 0 with size 4"),
    "x[i] = y": (lambda i, w: (w * 1).index_put((i,), w[0]), "index 9 is out of bounds for dimension 0 with size 4"),
    "gather": (lambda i, w: w[0].gather(0, i), "index 9 is out of bounds for dimension 0 with size 4"),
    "take": (lambda i, w: w.take(i + 7), "tried to access index 16 on a tensor of 16 elements"),
    "masked_scatter": (
        lambda i, w: w[0].masked_scatter(torch.arange(4) < i[1], w[0, :2]),
        "Number of elements of source",
    ),
    "bce": (lambda i, w: F.binary_cross_entropy(w[0, :2] / 4, i / 4), "all elements of target should be between 0"),
    "//": (lambda i, w: w[0, :2] * (i // (9 - i)), "ZeroDivisionError"),
    "max_unpool": (lambda i, w: F.max_unpool1d(w[:1, None, :2], i[None, None], 2), "Found an invalid max index: 9"),
}


def compiled(compute, inside: bool):
    """A training step of a table, compiled and replayed; and the table."""
    table = torch.ones(4, 4, requires_grad=True)
    optimizer = torch.optim.SGD([table], 0.1)

    @torch.compile
    def step(index):
        optimizer.zero_grad()
        loss = compute(index.clone() if inside else index, table).sum()
        loss.backward()
        optimizer.step()
        return loss.detach()

    for _ in range(6):
        step(RIGHT).item()
    torch.explain(reset=True)
    step(RIGHT).item()
    assert replayed() == 1, torch.explain()
    return step, table


def replayed() -> int:
    return torch.explain().runs["replayed"]


@pytest.mark.parametrize("case", CASES)
def test_what_is_given_is_refused_before_anything_is_done(case):
    compute, text = CASES[case]
    step, table = compiled(compute, inside=False)
    before = table.tolist()
    with pytest.raises((IndexError, RuntimeError), match=text) as caught:
        step(WRONG).item()
    made_inside = case in ("take", "masked_scatter", "bce", "//", "max_unpool")
    assert hasattr(caught.value, "__notes__") == made_inside
    assert made_inside or table.tolist() == before
    for _ in range(2):
        step(RIGHT).item()
    assert replayed() > 1


@pytest.mark.parametrize("case", CASES)
def test_what_is_made_inside_is_refused_when_it_is_read(case):
    compute, text = CASES[case]
    step, _ = compiled(compute, inside=True)
    loss = step(WRONG)
    with pytest.raises((IndexError, RuntimeError), match=text) as caught:
        loss.item()
    assert __file__ in caught.value.__notes__[0]
    loss.item()
    step(RIGHT).item()
    assert replayed() == 3


def test_what_is_not_read_is_told_by_the_next_call():
    step, _ = compiled(CASES["embedding"][0], inside=True)
    step(WRONG)
    with pytest.raises(IndexError, match="index out of range in self"):
        step(RIGHT)


def test_a_call_that_returns_a_number_tells_at_once():
    @torch.compile
    def loss(index):
        return F.cross_entropy(torch.ones(2, 4), index.clone()).item()

    for _ in range(4):
        loss(RIGHT)
    with pytest.raises(IndexError, match="Target 9"):
        loss(WRONG)
