"""Caches: what they hold is bounded, what is asked for stays, and look-alikes are told apart."""

from __future__ import annotations

import gc
import itertools
import math
import pickle
import random
import sys

import pytest
import torch

import torchlike
from tests.support import first_line
from torchlike._dispatch import declared_ops
from torchlike._functions import indexing, splitting
from torchlike._programs import cache, program
from torchlike._programs.aval import Aval, aval
from torchlike._programs.cache import Cache, exact, remembered
from torchlike._programs.spec import Spec
from torchlike._types import dtypes


@pytest.fixture
def small(monkeypatch):
    """Caches of few entries, which are as they were afterwards."""
    monkeypatch.setattr(cache, "MOST", 8)


def test_the_last_used_are_there_and_no_more_than_twice_as_many(small):
    numbers, kept, used = random.Random(0), Cache(), []
    for _ in range(5000):
        key = int(numbers.expovariate(0.1))
        found = kept[key]
        recent = list(dict.fromkeys(reversed(used)))[: cache.MOST]
        assert found == -1 - key if found is not None else key not in recent
        if found is None:
            kept[key] = -1 - key
        used.append(key)
        assert len(kept) <= cache.MOST
        assert len(kept) + len(kept._old) <= 2 * cache.MOST


def test_a_key_equals_the_same_argument_alone():
    alike = [
        0,
        0.0,
        -0.0,
        False,
        1,
        1.0,
        True,
        1 + 0j,
        complex(-0.0, 0),
        complex(0.0, -0.0),
        math.nan,
        math.inf,
        "1",
        None,
    ]
    nested = [(each,) for each in alike] + [(2, (each,)) for each in alike] + [(dtypes.int64, each) for each in alike]
    given = [*alike, *nested, (), ((),), (1, 1)]
    assert len({exact(each) for each in given}) == len(given)
    for each in given:
        assert exact(each) == exact(pickle.loads(pickle.dumps(each)))  # another NaN, too
    assert exact([1, 2]) == exact((1, 2))


LOOK_ALIKE = {"zero": ["0", "0.0", "-0.0", "False"], "one": ["1", "1.0", "True"], "other": ["float('nan')", "2", "2.0"]}
CALLS = [
    "x.cumsum({})",
    "x.softmax({})",
    "torch.softmax(x, dim={})",
    "x.transpose({}, 1)",
    "x.sum({})",
    "x.sum(({},))",
    "x.sum(dim=[{}], keepdim=True)",
    "x.sum(0, keepdim={})",
    "x.mean(dim=({}, 1))",
    "x.view({}, -1)",
    "x.reshape(({}, 4))",
    "x.permute(0, {})",
    "x.flip(({},))",
    "x.roll({}, 0)",
    "x.roll(({},), (0,))",
    "x.round(decimals={})",
    "x.unsqueeze({})",
    "x.std(correction={})",
    "x.std(0, unbiased={})",
    "x.norm({})",
    "x.norm(p={}, dim=0)",
    "x.split({})",
    "x.split([{}, 1])",
    "x.unbind({})",
    "x.chunk({})",
    "x[{}]",
    "x[:, {}]",
    "x[{}:]",
    "x[[{}, 1]]",
    "x.index_select({}, torch.tensor([0]))",
    "x.clamp(min={})",
    "x.nan_to_num({})",
    "x.pow({})",
    "x * {}",
    "x.copysign({})",
    "x.tril({})",
    "x.diagonal({})",
    "x.kthvalue({})",
    "x.topk({})",
    "x.isclose(x, atol={})",
    "torch.full((2,), {})",
    "torch.zeros({}, 2)",
    "torch.arange({})",
    "torch.div(x, {}, rounding_mode='floor')",
    "torch.logspace(0, 1, steps=3, base={})",
    "torch.nn.functional.pad(x, ({}, 1))",
    "torch.nn.functional.pad(x, (1, 1), value={})",
    "torch.nn.functional.leaky_relu(x, {})",
    "torch.nn.functional.elu(x, {})",
    "torch.nn.functional.hardtanh(x, {}, 3.0)",
    "torch.nn.functional.softplus(x, beta={})",
    "torch.nn.functional.layer_norm(x, (2,), eps={})",
    "torch.nn.functional.layer_norm(x, ({},))",
    "torch.nn.functional.one_hot(torch.tensor([0]), {})",
    "torch.nn.functional.max_pool1d(x, {})",
    "torch.nn.functional.interpolate(x[None], scale_factor={})",
    "torch.nn.functional.dropout(x, {}, False)",
    "torch.nn.functional.huber_loss(x, x + 2, delta={})",
    "torch.nn.functional.cosine_similarity(x, x, dim={})",
    "torch.device('cuda', {})",
]


def forget() -> None:
    """Empty the caches that calls are found in."""
    for each in declared_ops():
        each.specs.clear()
        each.traces.clear()
    for kept in (indexing._static, indexing._known, splitting._steps, program._structures):
        kept.clear()


def outcome(call: str) -> str:
    x = torchlike.tensor([[1.5, -0.0], [0.25, 2.0]])
    try:
        return repr(eval(call, {"torch": torchlike, "x": x}))
    except Exception as error:
        return f"{type(error).__name__}: {first_line(error)}"


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("call", CALLS)
def test_what_a_call_does_does_not_depend_on_earlier_ones(call: str):
    for alike in LOOK_ALIKE.values():
        fresh = []
        for each in alike:
            forget()
            fresh.append(outcome(call.format(each)))
        for order in (alike, alike[::-1]):
            forget()
            for each in order:
                assert outcome(call.format(each)) == fresh[alike.index(each)], f"{call.format(each)} after {order}"


def test_a_nan_among_static_arguments_finds_its_operation_again():
    x = torchlike.ones(2)
    calls = [
        lambda: torchlike.nn.functional.layer_norm(x, (2,), eps=float("nan")),
        lambda: torchlike.nn.functional.hardtanh(x, float("nan"), 1.0),
        lambda: x.norm(float("nan")),
    ]
    for call in calls:
        call()
        count = sum(len(each.specs) + len(each.traces) for each in declared_ops())
        for _ in range(5):
            call()
        assert sum(len(each.specs) + len(each.traces) for each in declared_ops()) == count


def test_equal_avals_are_one_while_anybody_has_one(small):
    held = [aval((3, size), dtypes.float32) for size in range(1, 40)]
    assert [aval((3, size), dtypes.float32) for size in range(1, 40)] == held
    assert all(aval((3, size), dtypes.float32) is each for size, each in zip(range(1, 40), held, strict=True))


def living() -> int:
    """How many things are kept by shape, but for what functions keep of their arguments, which has a bound of its own."""
    for module in [each for name, each in sys.modules.items() if name.startswith("torchlike.")]:
        for each in vars(module).values():
            if isinstance(each, type(remembered(len))) and each.cache_parameters()["maxsize"]:
                each.cache_clear()
    gc.collect()
    return sum(type(each) in (Aval, Spec, program.Structure) for each in gc.get_objects())


def step(lib, net, size: int) -> float:
    x = lib.arange(size * 3).reshape(size, 3) / (3 * size)
    y = net(x)[1:].chunk(2)[0] ** 2
    loss = y.mean() + x[size // 2 :, 0].sum()
    net.zero_grad()
    loss.backward()
    with lib.no_grad():
        for each in net.parameters():
            each -= 0.1 * each.grad
    return loss.item()


def test_any_number_of_lengths_is_trained_on_in_bounded_memory(small):
    def net(lib):
        lib.manual_seed(0)
        return lib.nn.Sequential(lib.nn.Linear(3, 4), lib.nn.ReLU(), lib.nn.Linear(4, 2))

    theirs, ours = net(torch), net(torchlike)
    counts = []
    for turn, size in enumerate(itertools.islice(itertools.cycle(range(10, 90)), 160)):
        assert step(torchlike, ours, size) == pytest.approx(step(torch, theirs, size), rel=1e-4)
        if turn % 40 == 39:
            counts.append(living())
    assert max(counts[1:]) < 1.2 * counts[0]
