"""Scaled gradients: factors, steps that are left out, states, errors, against PyTorch."""

from __future__ import annotations

import pickle
import warnings

import numpy as np
import pytest

import torchlike

torch = pytest.importorskip("torch")
OPTIONS = [
    {},
    {"init_scale": 4.0, "growth_interval": 2},
    {"init_scale": 1024.0, "growth_factor": 3.0, "backoff_factor": 0.25, "growth_interval": 3},
    {"init_scale": 2.0**127, "growth_interval": 1},
    {"enabled": False},
]


def trained(library, options: dict, factors: list, do=lambda *_: None) -> list:
    """What is seen of a run whose gradients are infinite or no numbers at times."""
    weight = library.tensor([1.0, -2.0], requires_grad=True)
    other = library.tensor([[0.5]], dtype=library.float64, requires_grad=True)
    optimizer = library.optim.SGD([weight, other], lr=0.1, momentum=0.9)
    scaler = library.amp.GradScaler("cpu", **options)
    seen = []
    for factor in factors:
        optimizer.zero_grad()
        loss = (weight * weight * factor).sum() + other.sum() * 0.1
        scaler.scale(loss).backward()
        do(scaler, optimizer)
        scaler.step(optimizer)
        scaler.update()
        seen.append([scaler.get_scale(), *weight.tolist(), other.item(), str(sorted(scaler.state_dict().items()))])
    return seen


@pytest.mark.parametrize("options", OPTIONS)
@pytest.mark.parametrize("unscales", [False, True])
def test_a_run(options, unscales):
    factors = [1.0, 2.0, float("inf"), 1.0, float("nan"), 1.0, 1.0, 1.0, 1.0]
    do = (lambda scaler, optimizer: scaler.unscale_(optimizer)) if unscales else (lambda *_: None)
    want, got = trained(torch, options, factors, do), trained(torchlike, options, factors, do)
    for a, b in zip(want, got, strict=True):
        np.testing.assert_allclose(b[:-1], a[:-1], rtol=1e-6)
        assert b[-1] == a[-1]


def test_several_outputs_and_numbers():
    def run(library):
        scaler = library.amp.GradScaler("cpu", init_scale=8.0)
        scaled = scaler.scale([library.ones(2), (library.ones(1), library.ones(()))])
        lazy = scaler.scale(library.ones(1) for _ in range(2))
        scaler.set_growth_factor(4.0)
        scaler.set_backoff_factor(0.1)
        scaler.set_growth_interval(7)
        numbers = scaler.get_growth_factor(), scaler.get_backoff_factor(), scaler.get_growth_interval()
        scaler.update(16.0)
        first = scaler.get_scale()
        scaler.update(library.tensor(32.0))
        return str(scaled), [each.item() for each in lazy], numbers, first, scaler.get_scale(), scaler.is_enabled()

    assert run(torchlike) == run(torch)


def test_states():
    def run(library):
        scaler = library.amp.GradScaler("cpu", init_scale=8.0, growth_interval=5)
        weight = library.ones(1, requires_grad=True)
        optimizer = library.optim.SGD([weight], lr=0.1)
        scaler.scale(weight.sum()).backward()
        scaler.step(optimizer)
        scaler.update()
        state = scaler.state_dict()
        fresh = library.amp.GradScaler("cpu")
        fresh.load_state_dict(state)
        copied = pickle.loads(pickle.dumps(scaler))
        return state, fresh.state_dict(), copied.state_dict(), fresh.scale(library.ones(1)).tolist()

    assert run(torchlike) == run(torch)


def misused(library, name: str) -> None:
    weight = library.ones(1, requires_grad=True)
    optimizer = library.optim.SGD([weight], lr=0.1)
    scaler = library.amp.GradScaler("cpu")
    if name == "never scaled":
        return scaler.step(optimizer)
    if name == "growth":
        return library.amp.GradScaler("cpu", growth_factor=1.0)
    if name == "backoff":
        return library.amp.GradScaler("cpu", backoff_factor=1.0)
    if name == "no tensor":
        return scaler.scale(3)
    if name == "empty state":
        return scaler.load_state_dict({})
    scaler.scale(weight.sum())
    if name == "no gradients":
        return scaler.step(optimizer)
    if name == "no step":
        return scaler.update()
    if name == "closure":
        return scaler.step(optimizer, closure=lambda: None)
    if name == "new scale":
        return scaler.update(library.ones(2))
    if name == "half":
        weight = library.ones(1, dtype=library.float16, requires_grad=True)
        weight.grad = library.ones(1, dtype=library.float16)
        return scaler.unscale_(library.optim.SGD([weight], lr=0.1))
    weight.grad = library.ones(1)
    scaler.unscale_(optimizer)
    if name == "pickled":
        return pickle.dumps(scaler)
    if name == "unscaled twice":
        return scaler.unscale_(optimizer)
    scaler.step(optimizer)
    return scaler.step(optimizer) if name == "stepped twice" else scaler.unscale_(optimizer)


@pytest.mark.parametrize(
    "name",
    [
        "never scaled",
        "growth",
        "backoff",
        "no tensor",
        "empty state",
        "no gradients",
        "no step",
        "closure",
        "new scale",
        "half",
        "pickled",
        "unscaled twice",
        "stepped twice",
        "unscaled after the step",
    ],
)
def test_errors(name):
    def told(library):
        with pytest.raises((RuntimeError, AssertionError, ValueError), match=".") as caught:
            misused(library, name)
        return type(caught.value), str(caught.value)

    assert told(torchlike) == told(torch)


def test_without_a_gpu_nothing_is_done():
    def run(library):
        with warnings.catch_warnings(record=True) as seen:
            warnings.simplefilter("always")
            scalers = [library.amp.GradScaler(), library.cuda.amp.GradScaler(), library.cpu.amp.GradScaler()]
        told = [(each.category, str(each.message)) for each in seen]
        return told, [each.is_enabled() for each in scalers], scalers[0].scale(3), scalers[0].state_dict()

    if torchlike.cuda.is_available():
        pytest.skip("there is a GPU")
    assert run(torchlike) == run(torch)
