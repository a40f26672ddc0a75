"""Wrong values: PyTorch's error, whether they are known at the call or pending, and nothing where they are right."""

from __future__ import annotations

import subprocess
import sys
import threading
import traceback

import numpy as np
import pytest

import torchlike
import torchlike.nn.functional as F
from tests.support import check_error
from torchlike._recorder.checks import outstanding

MATRIX = np.arange(12, dtype=np.float32).reshape(3, 4)
TABLE = np.arange(12, dtype=np.float32).reshape(4, 3)
TWO = MATRIX[:2]
SCORES = np.array([[1, 2, 3]], np.float32)
IMAGE = np.ones((1, 3, 1, 2), np.float32)
STEPS = np.zeros((4, 1, 3), np.float32)
WINDOW = np.ones((1, 1, 1, 2), np.float32)


def ints(*given, dtype="int64") -> np.ndarray:
    return np.array(given, dtype)


def floats(*given) -> np.ndarray:
    return np.array(given, np.float32)


def assigned(x, index, value):
    x = x.clone()
    x[index] = value
    return x


INDEXING = {
    "x[i]": ([MATRIX, ints(0, 3)], lambda torch, x, i: x[i]),
    "x[i], int32": ([MATRIX, ints(0, 3, dtype="int32")], lambda torch, x, i: x[i]),
    "x[i], the first of several": ([MATRIX, ints(1, 5, -9, 7)], lambda torch, x, i: x[i]),
    "x[i], from the end": ([MATRIX, ints(-4, 0)], lambda torch, x, i: x[i]),
    "x[:, i]": ([MATRIX, ints(0, 4)], lambda torch, x, i: x[:, i]),
    "x[0, i]": ([MATRIX, ints(0, 4)], lambda torch, x, i: x[0, i]),
    "x[i, j], first": ([MATRIX, ints(0, 3), ints(0, 4)], lambda torch, x, i, j: x[i, j]),
    "x[i, j], second": ([MATRIX, ints(0, 3), ints(4, 0)], lambda torch, x, i, j: x[i, j]),
    "x[i, j], broadcast": ([MATRIX, ints([0], [5]), ints(0, 1)], lambda torch, x, i, j: x[i, j]),
    "x[i], a number": ([MATRIX, np.array(3)], lambda torch, x, i: x[i]),
    "x[:, i], a number": ([MATRIX, np.array(-5)], lambda torch, x, i: x[:, i]),
    "x[i, j], a number": ([MATRIX, np.array(3), ints(0)], lambda torch, x, i, j: x[i, j]),
    "x[i] = 1": ([MATRIX, ints(0, 3)], lambda torch, x, i: assigned(x, i, 1.0)),
    "x[i] = y": ([MATRIX, ints(0, 3), TWO], lambda torch, x, i, y: assigned(x, i, y)),
    "x[i] = 1, a number": ([MATRIX, np.array(3)], lambda torch, x, i: assigned(x, i, 1.0)),
    "index_put": ([MATRIX, ints(0, 2), ints(0, 4), floats(1)], lambda torch, x, i, j, y: x.index_put((i, j), y)),
    "index_put_": ([MATRIX, ints(-4), floats(1)], lambda torch, x, i, y: x.clone().index_put_((i,), y, True)),
    "gather": ([MATRIX, ints([0, -1], [9, 0])], lambda torch, x, i: torch.gather(x, 1, i)),
    "gather, out": ([MATRIX, ints([0, 3])], lambda torch, x, i: torch.gather(x, 0, i, out=torch.empty(1, 2))),
    "scatter": ([MATRIX, ints([0, 4]), floats([1, 2])], lambda torch, x, i, y: x.scatter(1, i, y)),
    "scatter, number": ([MATRIX, ints([0, -1])], lambda torch, x, i: x.scatter(1, i, 1.0)),
    "scatter_": ([MATRIX, ints([0, 4])], lambda torch, x, i: x.clone().scatter_(1, i, 1.0)),
    "scatter_add": ([MATRIX, ints([0, 4]), floats([1, 2])], lambda torch, x, i, y: x.scatter_add(1, i, y)),
    "scatter_reduce": ([MATRIX, ints([4]), floats([1])], lambda torch, x, i, y: x.scatter_reduce(1, i, y, "amax")),
    "index_select": ([MATRIX, ints(0, -1)], lambda torch, x, i: torch.index_select(x, 0, i)),
    "index_select, columns": ([MATRIX, ints(0, 4)], lambda torch, x, i: torch.index_select(x, 1, i)),
    "index_add": ([MATRIX, ints(0, 3), TWO], lambda torch, x, i, y: x.index_add(0, i, y)),
    "index_add, vector": ([floats(1, 2), ints(2), floats(1)], lambda torch, x, i, y: x.index_add(0, i, y)),
    "index_add_": ([MATRIX, ints(0, -1), TWO], lambda torch, x, i, y: x.clone().index_add_(0, i, y)),
    "index_copy": ([MATRIX, ints(0, 3), TWO], lambda torch, x, i, y: x.index_copy(0, i, y)),
    "index_fill": ([MATRIX, ints(0, -4)], lambda torch, x, i: x.index_fill(0, i, 1.0)),
    "index_reduce": ([MATRIX, ints(0, 3), TWO], lambda torch, x, i, y: x.index_reduce(0, i, y, "amax")),
    "take": ([MATRIX, ints(0, 99, -13)], lambda torch, x, i: torch.take(x, i)),
    "take, out": ([MATRIX, ints(0, 99)], lambda torch, x, i: torch.take(x, i, out=torch.empty(2))),
    "put": ([MATRIX, ints(12), floats(1)], lambda torch, x, i, y: torch.put(x, i, y)),
    "put_": ([MATRIX, ints(-13), floats(1)], lambda torch, x, i, y: x.clone().put_(i, y, True)),
    "take_along_dim": ([MATRIX, ints(12)], lambda torch, x, i: torch.take_along_dim(x, i)),
    "masked_scatter": ([MATRIX, MATRIX > 3, floats(1)], lambda torch, x, mask, y: x.masked_scatter(mask, y)),
    "masked_scatter_": (
        [MATRIX, MATRIX[0] > 1, floats(1, 2)],
        lambda torch, x, mask, y: x.clone().masked_scatter_(mask, y),
    ),
}
TABLES = {
    "embedding": ([ints([0, 4], [-1, 2]), TABLE], lambda torch, i, w: torch.nn.functional.embedding(i, w)),
    "torch.embedding": ([ints(-1), TABLE], lambda torch, i, w: torch.embedding(w, i)),
    "embedding, max_norm": ([ints(0, 4), TABLE], lambda torch, i, w: torch.nn.functional.embedding(i, w, max_norm=1.0)),
    "bags": ([ints([0, 4]), TABLE], lambda torch, i, w: torch.nn.functional.embedding_bag(i, w)),
    "bags, max": ([ints([0, 4]), TABLE], lambda torch, i, w: torch.nn.functional.embedding_bag(i, w, mode="max")),
    "bags, first": (
        [ints(0, 1), TABLE, ints(1, 1)],
        lambda torch, i, w, at: torch.nn.functional.embedding_bag(i, w, at),
    ),
    "bags, last": (
        [ints(0, 1), TABLE, ints(0, 5)],
        lambda torch, i, w, at: torch.nn.functional.embedding_bag(i, w, at),
    ),
    "one_hot": ([ints(0, 4)], lambda torch, i: torch.nn.functional.one_hot(i, 3)),
    "one_hot, negative": ([ints(0, -1)], lambda torch, i: torch.nn.functional.one_hot(i)),
    "max_unpool1d": ([WINDOW[0], ints([[0, 9]])], lambda torch, x, i: torch.nn.functional.max_unpool1d(x, i, 2)),
    "max_unpool2d": ([WINDOW, ints([[[0, -9]]])], lambda torch, x, i: torch.nn.functional.max_unpool2d(x, i, 2)),
    "bincount": ([ints(1, -1)], lambda torch, i: torch.bincount(i)),
    "repeat_interleave": ([floats(1, 2), ints(1, -1)], lambda torch, x, i: x.repeat_interleave(i)),
    "histc": ([floats(1, np.inf)], lambda torch, x: x.histc()),
    "quantile": ([floats(1, 2), floats(0.5, 1.5)], lambda torch, x, q: x.quantile(q)),
    "multinomial": ([floats(1, -1)], lambda torch, p: torch.multinomial(p, 1)),
    "bernoulli": ([floats(1, 2)], lambda torch, p: torch.bernoulli(p)),
    "poisson": ([floats(1, -2)], lambda torch, p: torch.poisson(p)),
    "normal": ([floats(1, -2)], lambda torch, std: torch.normal(0.0, std)),
}
LOSSES = {
    "cross_entropy": ([SCORES, ints(3)], lambda torch, x, y: torch.nn.functional.cross_entropy(x, y)),
    "cross_entropy, negative": ([SCORES, ints(-1)], lambda torch, x, y: torch.nn.functional.cross_entropy(x, y)),
    "cross_entropy, vector": (
        [SCORES[0], np.array(3)],
        lambda torch, x, y: torch.nn.functional.cross_entropy(x, y, ignore_index=2),
    ),
    "cross_entropy, image": (
        [IMAGE, ints([[0, 9]])],
        lambda torch, x, y: torch.nn.functional.cross_entropy(x, y, reduction="none"),
    ),
    "cross_entropy, weights": (
        [SCORES, ints(3), floats(1, 2, 3)],
        lambda torch, x, y, w: torch.nn.functional.cross_entropy(x, y, w, label_smoothing=0.1),
    ),
    "cross_entropy, bytes": (
        [SCORES, ints(3, dtype="uint8")],
        lambda torch, x, y: torch.nn.functional.cross_entropy(x, y),
    ),
    "nll_loss": ([SCORES, ints(3)], lambda torch, x, y: torch.nn.functional.nll_loss(x, y)),
    "nll_loss, image": ([IMAGE, ints([[0, -9]])], lambda torch, x, y: torch.nn.functional.nll_loss(x, y)),
    "NLLLoss": ([SCORES, ints(3)], lambda torch, x, y: torch.nn.NLLLoss(reduction="none")(x, y)),
    "bce": ([floats(0.5, 1.5), floats(0, 1)], lambda torch, x, y: torch.nn.functional.binary_cross_entropy(x, y)),
    "bce, NaN": ([floats(np.nan), floats(0)], lambda torch, x, y: torch.nn.functional.binary_cross_entropy(x, y)),
    "bce, target": ([floats(0.5), floats(-2)], lambda torch, x, y: torch.nn.functional.binary_cross_entropy(x, y)),
    "multi_margin": ([SCORES, ints(3)], lambda torch, x, y: torch.nn.functional.multi_margin_loss(x, y)),
    "multilabel_margin": (
        [SCORES, ints([1, -1, 7])],
        lambda torch, x, y: torch.nn.functional.multilabel_margin_loss(x, y),
    ),
    "ctc, too long": (
        [STEPS, ints([1, 2]), ints(5), ints(2)],
        lambda torch, x, y, a, b: torch.nn.functional.ctc_loss(x, y, a, b),
    ),
    "ctc, negative": (
        [STEPS, ints([1, 2]), ints(4), ints(-1)],
        lambda torch, x, y, a, b: torch.nn.functional.ctc_loss(x, y, a, b),
    ),
    "ctc, too many": (
        [STEPS, ints([1, 2]), ints(4), ints(3)],
        lambda torch, x, y, a, b: torch.nn.functional.ctc_loss(x, y, a, b),
    ),
    "ctc, one row": (
        [STEPS, ints(1, 2), ints(4), ints(3)],
        lambda torch, x, y, a, b: torch.nn.functional.ctc_loss(x, y, a, b),
    ),
}
DIVISION = {
    "//": ([ints(4, 5), ints(1, 0)], lambda torch, x, y: x // y),
    "//, bytes": ([ints(4, dtype="uint8"), ints(0, dtype="uint8")], lambda torch, x, y: x // y),
    "//, broadcast": ([ints([4], [5]), ints(1, 0)], lambda torch, x, y: x // y),
    "//, mixed": ([ints(4, dtype="int16"), np.array(False)], lambda torch, x, y: x // y),
    "// 0": ([ints(4, 5)], lambda torch, x: x // 0),
    "// False": ([ints(4, 5)], lambda torch, x: x // False),
    "7 //": ([ints(4, 0)], lambda torch, x: 7 // x),
    "//=": ([ints(4), ints(0)], lambda torch, x, y: x.clone().__ifloordiv__(y)),
    "%": ([ints(4, 5), ints(1, 0)], lambda torch, x, y: x % y),
    "% 0": ([ints(4, 5)], lambda torch, x: x % 0),
    "7 %": ([ints(4, 0)], lambda torch, x: 7 % x),
    "%=": ([ints(4), ints(0)], lambda torch, x, y: x.clone().__imod__(y)),
    "floor_divide, out": (
        [ints(4), ints(0)],
        lambda torch, x, y: torch.floor_divide(x, y, out=torch.empty(1, dtype=torch.int64)),
    ),
    "div, floor": ([ints(4), ints(0)], lambda torch, x, y: x.div(y, rounding_mode="floor")),
    "div, trunc": ([ints(4)], lambda torch, x: torch.div(x, 0, rounding_mode="trunc")),
    "div_, trunc": ([ints(4), ints(0)], lambda torch, x, y: x.clone().div_(y, rounding_mode="trunc")),
    "remainder": ([ints(0)], lambda torch, x: torch.remainder(5, x)),
    "remainder_": ([ints(4), ints(0)], lambda torch, x, y: x.clone().remainder_(y)),
    "fmod": ([ints(4), ints(0)], lambda torch, x, y: torch.fmod(x, y)),
    "fmod_, 0": ([ints(4)], lambda torch, x: x.clone().fmod_(0)),
    "//, floats": ([floats(4), ints(0)], lambda torch, x, y: y // (y * 2)),
    "// 0 of several": ([ints(4, 0, 5)], lambda torch, x: 7 // x.reshape(3, 1)),
    "unravel_index": ([ints(4)], lambda torch, x: torch.unravel_index(x, (3, 0))),
    "pow": ([ints(4)], lambda torch, x: x**-1),
}
SINGULAR, NEGATIVE = floats([1, 2], [2, 4]), floats([4, 2, 0], [2, 4, 9], [0, 9, 1])
SEVERAL, BAD = np.stack([np.eye(2, dtype=np.float32), SINGULAR]), floats([np.nan, 0], [0, 1])
MATRICES = {
    "inv": ([SINGULAR], lambda torch, a: torch.linalg.inv(a)),
    "inv, several": ([SEVERAL], lambda torch, a: a.inverse()),
    "inv, zeros": ([SINGULAR * 0], lambda torch, a: torch.inverse(a)),
    "solve": ([SINGULAR, floats(1, 2)], lambda torch, a, b: torch.linalg.solve(a, b)),
    "solve, several": ([SEVERAL, SEVERAL], lambda torch, a, b: torch.linalg.solve(a, b)),
    "matrix_power": ([SINGULAR], lambda torch, a: torch.linalg.matrix_power(a, -2)),
    "cholesky": ([NEGATIVE], lambda torch, a: torch.linalg.cholesky(a)),
    "cholesky, several": ([SEVERAL - 1], lambda torch, a: torch.linalg.cholesky(a)),
    "cholesky, NaN": ([BAD], lambda torch, a: torch.linalg.cholesky(a)),
    "cholesky, complex": ([NEGATIVE.astype(np.complex64)], lambda torch, a: torch.linalg.cholesky(a)),
    "svd": ([BAD], lambda torch, a: torch.linalg.svd(a)),
    "svdvals": ([np.stack([SINGULAR, BAD])], lambda torch, a: torch.linalg.svdvals(a)),
    "pinv": ([BAD], lambda torch, a: torch.linalg.pinv(a)),
    "matrix_rank": ([BAD], lambda torch, a: torch.linalg.matrix_rank(a)),
    "matrix_norm": ([np.stack([SINGULAR, BAD])], lambda torch, a: torch.linalg.matrix_norm(a, "nuc", (0, 1))),
    "eig": ([BAD], lambda torch, a: torch.linalg.eig(a)),
}
WRONG = {**INDEXING, **TABLES, **LOSSES, **DIVISION, **MATRICES}
FEW = [*WRONG][::6]


pytestmark = pytest.mark.filterwarnings("ignore:index_reduce")


@pytest.fixture(autouse=True)
def _nothing_left(monkeypatch):
    monkeypatch.delenv("TORCHLIKE_MODE", raising=False)  # children, too, leave values pending
    with torchlike.execution_mode("auto"):
        yield
    assert not outstanding
    assert not torchlike._recorder.recorder.recorder.recording.doubts


def read(result) -> None:
    for each in result if isinstance(result, (tuple, list)) else [result]:
        each.tolist()


def pending(fn):
    return lambda torch, *tensors: read(fn(torch, *[each.clone() for each in tensors]))


@pytest.mark.parametrize("case", WRONG)
def test_what_is_known_is_refused_at_the_call(case):
    inputs, fn = WRONG[case]
    check_error(inputs, fn)


@pytest.mark.parametrize("case", WRONG)
def test_what_is_pending_is_refused_when_it_is_computed(case):
    inputs, fn = WRONG[case]
    check_error(inputs, pending(fn))


@pytest.mark.parametrize("mode", ["eager", "whole"])
@pytest.mark.parametrize("case", FEW)
def test_it_is_refused_in_every_mode(case, mode):
    inputs, fn = WRONG[case]
    with torchlike.execution_mode(mode):
        check_error(inputs, pending(fn))


def trained(torch, fn, tensors) -> None:
    """A step whose loss is made of what `fn` gives."""
    w = torch.ones(3, requires_grad=True)
    optimizer = torch.optim.SGD([w], 0.1)
    made = fn(torch, *[each.clone() for each in tensors])
    (made.double().sum() * w.exp().sum()).backward()
    optimizer.step()


@pytest.mark.parametrize("case", FEW)
def test_it_is_refused_within_a_step(case):
    inputs, fn = WRONG[case]
    check_error(inputs, lambda torch, *tensors: trained(torch, fn, tensors))


RIGHT = {
    "x[i]": lambda torch, i: torch.ones(5, 2)[i - 5],
    "x[i, j]": lambda torch, i: torch.ones(5, 5)[i, -1 - i],
    "x[i[0]]": lambda torch, i: torch.ones(5, 5)[i[0] - 5] + torch.ones(5, 5)[:, i[-1]],
    "x[i] = 1": lambda torch, i: assigned(torch.ones(5), i - 5, 2.0),
    "gather": lambda torch, i: torch.ones(5).gather(0, i),
    "scatter_add": lambda torch, i: torch.ones(5).scatter_add(0, i, torch.ones(i.shape[0])),
    "index_select": lambda torch, i: torch.ones(2, 5).index_select(1, i),
    "index_add": lambda torch, i: torch.ones(5, 2).index_add(0, i, torch.ones(i.shape[0], 2)),
    "index_fill": lambda torch, i: torch.ones(5).index_fill(0, i - 5, 2.0),
    "take": lambda torch, i: torch.ones(5).take(i - 5),
    "put": lambda torch, i: torch.ones(5).put(i - 5, torch.ones(i.shape[0]), True),
    "masked_scatter": lambda torch, i: i.masked_scatter(i > 1, i),
    "embedding": lambda torch, i: torch.nn.functional.embedding(i, torch.ones(5, 2)),
    "bags": lambda torch, i: torch.nn.functional.embedding_bag(i, torch.ones(5, 2), i[:1] * 0),
    "cross_entropy": lambda torch, i: torch.nn.functional.cross_entropy(torch.ones(i.shape[0], 5), i),
    "bytes": lambda torch, i: torch.nn.functional.cross_entropy(torch.ones(i.shape[0], 300), (i + 250).byte()),
    "int32": lambda torch, i: torch.ones(5, 300)[:, i.int() + 290].sum() + torch.ones(300).gather(0, (i + 9).int()),
    "one_hot": lambda torch, i: torch.nn.functional.one_hot(i, 5) + torch.nn.functional.one_hot(i * 0 + 4),
    "ignored": lambda torch, i: torch.nn.functional.cross_entropy(torch.ones(i.shape[0], 4), i, ignore_index=4),
    "ignored below": lambda torch, i: torch.nn.functional.nll_loss(torch.ones(i.shape[0], 5), i * 0 - 100),
    "bce": lambda torch, i: torch.nn.functional.binary_cross_entropy(i / 4, 1 - i / 4),
    "multi_margin": lambda torch, i: torch.nn.functional.multi_margin_loss(torch.ones(i.shape[0], 5), i),
    "multilabel_margin": lambda torch, i: torch.nn.functional.multilabel_margin_loss(
        torch.ones(i.shape[0]), (i * 0 - 1).cumsum(0).clamp(min=-1)
    ),
    "ctc": lambda torch, i: torch.nn.functional.ctc_loss(
        torch.zeros(9, i.shape[0], 5), i[:, None].clamp(min=1), i + 5, (i * 0 + 1)
    ),
    "//": lambda torch, i: i // (i + 1) + 7 % (i + 1) + i // 3,
    "// of nothing": lambda torch, i: i[:0] // 0 + i[:0] % i[:1] * 0,
    "// 0.": lambda torch, i: i // (i * 0.0) + i % 0.0,
    "quantile": lambda torch, i: torch.ones(3).quantile(i / 4),
    "inv": lambda torch, i: (
        torch.linalg.inv(torch.eye(3) + i[0]) + torch.linalg.solve(torch.eye(3) - i[0], torch.eye(3))
    ),
    "cholesky": lambda torch, i: torch.linalg.cholesky(torch.eye(3) + i[0] * torch.ones(3, 3)),
    "svd": lambda torch, i: torch.linalg.svdvals(i[:, None] / torch.ones(1, 2)),
    "max_unpool": lambda torch, i: torch.nn.functional.max_unpool1d(torch.ones(1, 1, i.shape[0]), i[None, None], 5),
}


@pytest.mark.parametrize("case", RIGHT)
def test_what_is_right_is_never_refused(case):
    random = np.random.default_rng(0)
    for count in (1, 2, 5, 9):
        index = random.integers(0, 5, count)
        read(RIGHT[case](torchlike, torchlike.tensor(index)))
        read(RIGHT[case](torchlike, torchlike.tensor(index).clone()))


def wrong() -> torchlike.Tensor:
    return F.cross_entropy(torchlike.ones(1, 3), torchlike.tensor([4]) + 1)


def test_the_line_that_recorded_it_is_told():
    loss = wrong()
    with pytest.raises(IndexError, match="^Target 5 is out of bounds") as caught:
        loss.item()
    assert str(caught.value) == "Target 5 is out of bounds."
    text = "".join(traceback.format_exception(caught.value))
    assert f'File "{__file__}", line {wrong.__code__.co_firstlineno + 1}, in wrong\n    return F.cross_entropy' in text


def test_it_is_told_once_and_all_else_can_be_read():
    before = torchlike.ones(2) * 3
    loss, after = wrong(), torchlike.ones(2) + 1
    with pytest.raises(IndexError, match="Target 5"):
        after.tolist()
    assert (before.tolist(), after.tolist(), loss.shape) == ([3, 3], [2, 2], ())
    assert (before + after).tolist() == [5, 5]


def test_of_several_the_first_is_told():
    x = torchlike.ones(3)
    first, _ = x[torchlike.tensor([7]).clone()], wrong()
    with pytest.raises(IndexError, match="index 7 is out of bounds for dimension 0 with size 3"):
        first.tolist()


def test_it_is_told_though_nobody_holds_the_result():
    wrong()
    with pytest.raises(IndexError, match="Target 5"):
        (torchlike.ones(2) + 1).tolist()


def step(parameter, optimizer, target) -> None:
    optimizer.zero_grad()
    F.cross_entropy(parameter * 2, target + 1 - 1).backward()
    optimizer.step()


@pytest.mark.parametrize("mode", ["auto", "whole"])
def test_a_wrong_step_that_nobody_reads_is_told_by_the_next(mode):
    right, bad = torchlike.tensor([0, 1]), torchlike.tensor([0, 3])
    parameter = torchlike.ones(2, 3, requires_grad=True)
    optimizer = torchlike.optim.SGD([parameter], 0.1)
    with torchlike.execution_mode(mode):
        for _ in range(4):
            step(parameter, optimizer, right)
        with pytest.raises(IndexError, match="Target 3 is out of bounds") as caught:
            for target in (bad, right):
                step(parameter, optimizer, target)
        assert "in step" in caught.value.__notes__[0]
        step(parameter, optimizer, right)
        assert parameter.isfinite().all()


def test_reading_what_was_there_before_waits_for_nothing_later():
    parameter = torchlike.ones(2, 3, requires_grad=True)
    optimizer = torchlike.optim.SGD([parameter], 0.1)
    losses = []
    with torchlike.execution_mode("whole"):
        for last in (1, 3):
            loss = F.cross_entropy(parameter * 2, torchlike.tensor([0, last]).clone())
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            losses.append(loss.detach())
    losses[0].item()
    assert len(outstanding) == 1
    with pytest.raises(IndexError, match="Target 3"):
        losses[1].item()


class Faulty(torchlike.utils.data.Dataset):
    """A sample that looks up what is not there."""

    def __len__(self):
        return 2

    def __getitem__(self, place):
        return torchlike.ones(3)[torchlike.tensor([place * 5]) + 1]


@pytest.mark.parametrize("workers", [0, 1])
def test_a_loader_tells(workers):
    with pytest.raises(IndexError, match="index 6 is out of bounds for dimension 0 with size 3"):
        for batch in torchlike.utils.data.DataLoader(Faulty(), num_workers=workers):
            batch.tolist()


@pytest.mark.parametrize("mode", ["auto", "eager"])
@pytest.mark.parametrize("case", FEW)
def test_what_is_not_on_the_host_is_checked_where_it_is(case, mode, monkeypatch):
    monkeypatch.setattr(torchlike._types.places.HOST, "is_host", False)
    inputs, fn = WRONG[case]
    with torchlike.execution_mode(mode):
        check_error(inputs, lambda torch, *tensors: read(fn(torch, *tensors)))


def test_a_piece_that_was_cut_off_is_told(monkeypatch):
    monkeypatch.setattr(torchlike._programs.settings.settings, "max_nodes", 60)
    x = torchlike.ones(3)
    with pytest.raises(IndexError, match="index 5 is out of bounds"):
        for place in range(400):
            x = x + x[torchlike.tensor([0, 5 if place == 20 else 1]).clone()].sum() * 0
    x.tolist()


def test_another_threads_reader_is_told():
    box = {}
    thread = threading.Thread(target=lambda: box.update(loss=wrong()))
    thread.start()
    thread.join()
    with pytest.raises(IndexError, match="Target 5"):
        box["loss"].item()


def test_a_checkpointed_part_and_a_second_derivative_are_checked():
    w = torchlike.ones(1, 3, requires_grad=True)
    bad = torchlike.tensor([3])
    loss = lambda x: F.cross_entropy(x * w, bad.clone())
    with pytest.raises(IndexError, match="Target 3"):
        torchlike.utils.checkpoint.checkpoint(loss, w, use_reentrant=False).backward()
        w.grad.tolist()
    with pytest.raises(IndexError, match="Target 3"):
        [grad] = torchlike.autograd.grad(loss(w), w, create_graph=True)
        torchlike.autograd.grad(grad.sum(), w)[0].tolist()


@pytest.mark.parametrize("launcher", [[], ["-m", "torchlike"]])
def test_what_nobody_reads_is_told_at_exit(launcher):
    program = "import torchlike as torch\nx = torch.ones(2)\ny = x[torch.tensor([5]) + 1]\n"
    done = subprocess.run(
        [sys.executable, *launcher, "-c", program], capture_output=True, text=True, timeout=120, check=False
    )
    assert "IndexError: index 6 is out of bounds for dimension 0 with size 2" in done.stderr
    assert 'File "<string>", line 3, in <module>' in done.stderr
    assert done.returncode == bool(launcher)
