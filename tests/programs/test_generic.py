"""One trace for all sizes: what is traced with symbols computes what a trace for each size does."""

import numpy as np
import pytest

import torchlike
import torchlike.nn.functional as F
from torchlike import nn
from torchlike._autograd import derivatives
from torchlike._declaration import Op
from torchlike._dispatch import declared_ops
from torchlike._programs.aval import aval
from torchlike._programs.generic import LEAST, SYMBOL, Relation, put_in, taken_out

SIZES = (6, 9, 17, 8, 3, 1, 30, 4, 12, 5)  # 8 and 4 meet other sizes below, the small ones are no symbols' values

CALLS = {
    "add": lambda x: x * 2 + x.sum(0),
    "sum": lambda x: x.sum(1),
    "mean": lambda x: x.mean() + x.mean(0).sum(),
    "var": lambda x: x.var(0),
    "softmax": lambda x: F.softmax(x, 0),
    "logsumexp": lambda x: x.logsumexp(0),
    "transpose": lambda x: x.transpose(0, 1) @ x,
    "view": lambda x: x.view(x.shape[0], 2, 4).sum(1),
    "flat": lambda x: x.view(-1).cumsum(0),
    "reshape": lambda x: x.t().reshape(-1, x.shape[0]),
    "expand": lambda x: x[:, None, :].expand(x.shape[0], 3, 8) * 2,
    "cat": lambda x: torchlike.cat([x, x[:1], x]),
    "stack": lambda x: torchlike.stack([x, x * x], 1),
    "slice": lambda x: x[: x.shape[0] - 1] * x[1:] if len(x) > 1 else x * 1,
    "layer_norm": lambda x: F.layer_norm(x, (8,)),
    "gelu": lambda x: F.gelu(x, approximate="tanh") + F.gelu(x),
    "linear": lambda x: F.linear(x, x[:1]),
    "max": lambda x: x.amax(0) + x.max(0).values,
    "sort": lambda x: x.sort(0).values,
    "where": lambda x: torchlike.where(x > 0, x, -x),
    "tril": lambda x: (x @ x.t()).tril(-1),
    "index_select": lambda x: x.index_select(0, torchlike.tensor([0, 0])),
    "conv1d": lambda x: F.conv1d(x.t()[None], torchlike.ones(2, 8, 3), padding=1),
    "conv2d": lambda x: F.conv2d(x[None, None], torchlike.ones(2, 1, 3, 3), padding=1, stride=2),
    "max_pool1d": lambda x: F.max_pool1d(x.t()[None], 2, ceil_mode=True),
    "avg_pool1d": lambda x: F.avg_pool1d(x.t()[None], 3, 1, 1),
    "attention": lambda x: F.scaled_dot_product_attention(x[None, None], x[None, None], x[None, None], is_causal=True),
    "cross_entropy": lambda x: F.cross_entropy(x, torchlike.arange(x.shape[0]) % 8, label_smoothing=0.1),
}


def results(fn, size):
    """The value, the gradient and the gradient of its norm, for numbers that depend on the size alone."""
    x = torchlike.linspace(-1, 2, size * 8).sin().view(size, 8).requires_grad_()
    value = fn(x)
    (grad,) = torchlike.autograd.grad((value * value).sum(), x, create_graph=True)
    (second,) = torchlike.autograd.grad((grad * grad).sum(), x)
    return [value.detach().numpy(), grad.detach().numpy(), second.numpy()]


def forget():
    for each in declared_ops():
        each.specs.clear()
        each.traces.clear()


@pytest.mark.parametrize("name", CALLS)
def test_what_is_traced_with_symbols_is_what_each_size_gives(name):
    forget()
    got = {size: results(CALLS[name], size) for size in SIZES}
    by_size = {op.name for op in declared_ops() if len(op.specs) > 2 and not any(s.generic for s in op.specs.values())}
    assert by_size <= {"slice", "conv2d", "avg_pool1d"}
    for size in SIZES:
        forget()
        for ours, wanted in zip(got[size], results(CALLS[name], size), strict=True):
            assert ours.shape == wanted.shape and ours.dtype == wanted.dtype
            np.testing.assert_allclose(ours, wanted, rtol=1e-4, atol=1e-5)


def test_a_call_is_described_apart_from_its_sizes():
    call = (aval((2, 7), torchlike.float32), float), (0, (7, -1), "mean", None, True)
    sizes: list[int] = []
    pattern = taken_out(call, sizes)
    assert sizes == [2, 7, 0, 7, -1]
    assert put_in(pattern, iter(sizes)) == call
    assert put_in(pattern, iter([2, 9, 0, 9, -1]))[0][0] is aval((2, 9), torchlike.float32)


def test_sizes_relate_by_what_changes_together():
    relation = Relation([8, 13, 64, 104, 13], [8, 27, 64, 216, 27])
    assert relation.places == [(None, 8), (0, 1), (None, 64), (0, 8), (0, 1)]
    assert relation.match([8, 30, 64, 240, 30]) == {"size_0": 30}
    assert relation.match([8, 30, 64, 240, 31]) is None  # no longer together
    assert relation.match([9, 30, 64, 270, 30]) is None  # what was constant changed
    assert relation.match([8, 64, 64, 512, 64]) is None  # equal by chance
    assert relation.match([8, LEAST - 1, 64, 8 * (LEAST - 1), LEAST - 1]) is None


def test_masks_do_not_depend_on_the_trace():
    def masks(sizes):
        torchlike.manual_seed(3)
        return [F.dropout(torchlike.ones(size, 4)).numpy() for size in sizes]

    forget()
    got = masks((20, 21, 22, 23))
    forget()
    for ours, wanted in zip(got[::-1], [masks((20, 21, 22, 23)[: at + 1])[at] for at in (3, 2, 1, 0)], strict=True):
        np.testing.assert_array_equal(ours, wanted)


def test_an_error_of_shapes_is_raised_at_any_size():
    for size in (6, 7, 9, 11):
        with pytest.raises(RuntimeError, match="mat1 and mat2 shapes cannot be multiplied"):
            torchlike.ones(size, 8) @ torchlike.ones(size, 8)
        assert (torchlike.ones(size, 8) @ torchlike.ones(8, size)).shape == (size, size)
    with pytest.raises(RuntimeError, match="must match the size of tensor b"):
        torchlike.ones(12, 3) + torchlike.ones(13, 3)


@pytest.mark.parametrize(
    "place", [(Op, "_traced"), (derivatives, "_make_derivative"), (derivatives, "_make_residuals")]
)
def test_a_mistake_of_our_own_shows(place, monkeypatch):
    """Only what a symbol cannot answer leads to a trace for each size: all else is raised, not slow."""
    original = getattr(*place)

    def faulty(*args):
        if SYMBOL in repr(args):
            raise KeyError("a mistake")
        return original(*args)

    def step(length):
        recurrent(linear(torchlike.ones(length, 2, 4)))[0].sum().backward()

    linear, recurrent = nn.Linear(4, 3), nn.GRU(3, 3)
    forget()
    monkeypatch.setattr(*place, faulty)
    step(6)
    with pytest.raises(KeyError, match="a mistake"):
        step(10)
    monkeypatch.undo()
    step(10)


def test_the_users_mistake_is_told_in_numbers():
    forget()
    for size in (6, 9, 12):
        torchlike.ones(size, 4).view(2, -1)
        with pytest.raises(RuntimeError, match=rf"shape '\[5, -1\]' is invalid for input of size {size * 4}$"):
            torchlike.ones(size, 4).view(5, -1)
