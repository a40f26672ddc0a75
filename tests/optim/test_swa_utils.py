"""Averages of weights: values, buffers, batch norms, schedules, errors."""

from __future__ import annotations

import numpy as np
import pytest

import torchlike

torch = pytest.importorskip("torch")

AVERAGES = {
    "mean": lambda utils: {},
    "mean and buffers": lambda utils: {"use_buffers": True},
    "a function": lambda utils: {"avg_fn": lambda average, current, count: average + 0.1 * (current - average)},
    "ema": lambda utils: {"avg_fn": utils.get_ema_avg_fn(0.9)},
    "ema of lists": lambda utils: {"multi_avg_fn": utils.get_ema_multi_avg_fn(0.9)},
    "ema of lists and buffers": lambda utils: {"multi_avg_fn": utils.get_ema_multi_avg_fn(0.9), "use_buffers": True},
    "mean of lists": lambda utils: {"multi_avg_fn": utils.get_swa_multi_avg_fn()},
}


def make_model(library):
    library.manual_seed(0)
    return library.nn.Sequential(library.nn.Linear(3, 4), library.nn.BatchNorm1d(4), library.nn.Linear(4, 2))


def batches(library) -> list:
    library.manual_seed(1)
    return [library.randn(6, 3) for _ in range(4)]


def arrays(module) -> dict:
    return {name: each.detach().numpy() for name, each in module.state_dict().items()}


def same(want: dict, got: dict) -> None:
    assert list(got) == list(want)
    for name, each in want.items():
        assert got[name].dtype == each.dtype
        np.testing.assert_allclose(got[name], each, rtol=1e-5, atol=1e-6, err_msg=name)


@pytest.mark.parametrize("kind", AVERAGES)
def test_averages(kind):
    def run(library):
        utils, model = library.optim.swa_utils, make_model(library)
        averaged = utils.AveragedModel(model, **AVERAGES[kind](utils))
        optimizer = library.optim.SGD(model.parameters(), lr=0.1)
        for batch in batches(library):
            optimizer.zero_grad()
            model(batch).pow(2).sum().backward()
            optimizer.step()
            averaged.update_parameters(model)
        found = arrays(averaged)
        utils.update_bn([(each, 0) for each in batches(library)], averaged)
        return found, arrays(averaged), averaged(batches(library)[0]).detach().numpy()

    want, got = run(torch), run(torchlike)
    same(want[0], got[0])
    same(want[1], got[1])
    np.testing.assert_allclose(got[2], want[2], rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize(
    "options",
    [
        {"swa_lr": 0.05},
        {"swa_lr": [0.05, 0.5], "anneal_epochs": 3, "anneal_strategy": "linear"},
        {"swa_lr": 0.2, "anneal_epochs": 0},
    ],
)
def test_schedules(options):
    def run(library):
        groups = [{"params": [library.ones(1, requires_grad=True)], "lr": lr} for lr in (0.1, 1.0)]
        optimizer = library.optim.SGD(groups, lr=0.3)
        scheduler = library.optim.swa_utils.SWALR(optimizer, **options)
        rates = []
        for step in range(12):
            if step == 5:
                state = scheduler.state_dict()
                scheduler = library.optim.swa_utils.SWALR(optimizer, **options)
                scheduler.load_state_dict(state)
            optimizer.step()
            scheduler.step()
            rates.append(scheduler.get_last_lr())
        return rates, sorted(state)

    assert run(torchlike) == run(torch)


def averaged_counts(utils, model, optimizer) -> None:
    averaged = utils.AveragedModel(model, multi_avg_fn=utils.get_swa_multi_avg_fn(), use_buffers=True)
    averaged.update_parameters(model)
    averaged.update_parameters(model)


@pytest.mark.parametrize(
    "do",
    [
        averaged_counts,
        lambda utils, model, optimizer: utils.get_ema_avg_fn(1.5),
        lambda utils, model, optimizer: utils.get_ema_multi_avg_fn(-0.5),
        lambda utils, model, optimizer: utils.AveragedModel(model, avg_fn=max, multi_avg_fn=max),
        lambda utils, model, optimizer: utils.SWALR(optimizer, 0.1, anneal_strategy="odd"),
        lambda utils, model, optimizer: utils.SWALR(optimizer, 0.1, anneal_epochs=-1),
        lambda utils, model, optimizer: utils.SWALR(optimizer, [0.1, 0.2]),
    ],
)
def test_errors(do):
    def told(library):
        model = make_model(library)
        with pytest.raises((ValueError, AssertionError, RuntimeError), match=".") as caught:
            do(library.optim.swa_utils, model, library.optim.SGD(model.parameters(), lr=0.1))
        return type(caught.value), str(caught.value)

    assert told(torchlike) == told(torch)
