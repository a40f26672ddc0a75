"""What runs by NumPy, and when it is compiled."""

from __future__ import annotations

import re
from time import sleep

import pytest

import torchlike
from torchlike._programs import cold, explain, tiers
from torchlike._programs.cold.cost import COMPILED, PROGRAM
from torchlike._programs.settings import settings

pytestmark = pytest.mark.usefixtures("in_auto_mode")
nn, F = torchlike.nn, torchlike.nn.functional


@pytest.fixture
def told(monkeypatch):
    monkeypatch.setattr(tiers, "_families", {})  # what other tests ran is no kin
    torchlike.explain(reset=True)
    return torchlike.explain


def stepper(width: int):
    """A training step of a network that no other test has; it takes the size of its batch."""
    model = nn.Sequential(nn.Linear(width, 7), nn.Tanh(), nn.Linear(7, 3))
    optimizer = torchlike.optim.SGD(model.parameters(), lr=0.1)

    def step(size: int) -> float:
        optimizer.zero_grad()
        loss = F.cross_entropy(model(torchlike.ones(size, width)), torchlike.zeros(size, dtype=torchlike.int64))
        loss.backward()
        optimizer.step()
        return loss.item()

    return step


def test_what_is_new_compiles_nothing(told):
    missing = cold.missing.total()
    x = torchlike.arange(11.0)
    assert (x.exp().log() * 3 - x).sum().item() == pytest.approx(110)
    assert not told().compiles and told().runs["cold"] > 3
    assert cold.missing.total() == missing


def test_the_second_step_of_a_loop_is_compiled(told):
    step = stepper(5)
    first = step(4)
    assert not told().compiles
    assert step(4) < first
    assert [each.what.split()[0] for each in told().compiles] == ["program"]
    for _ in range(5):
        step(4)
    assert told().programs <= 2


@pytest.mark.parametrize("cell", ["LSTMCell", "GRUCell", "RNNCell"])
def test_what_costs_more_than_it_brings_back_stays_cold(told, cell):
    """A long loop over a cell of a few numbers: XLA takes half a minute for it, and NumPy is as quick."""
    model, x = getattr(nn, cell)(1, 4), torchlike.ones(3, 100)
    optimizer = torchlike.optim.SGD(model.parameters(), lr=0.1)
    for _ in range(4):
        state = None
        for word in x.split(1, 1):
            state = model(word, state)
        optimizer.zero_grad()
        sum(each.sum() for each in ([state] if cell != "LSTMCell" else state)).backward()
        optimizer.step()
        assert not told().compiles


def test_a_price_grows_faster_than_the_program():
    class One:
        compile_cost = PROGRAM + 8 * COMPILED

    small, large = tiers.price([One] * 20), tiers.price([One] * 1000)
    assert small < tiers.CEILING < large and large > 2 * 50 * small


def test_a_long_compilation_is_told(capsys, monkeypatch):
    for after, wanted in ((0.01, r"torchlike: compiling a program, .*test_tiers.py:\d+\n"), (0, "")):
        monkeypatch.setattr(settings, "tell_after", after)
        with explain.compiling("a program", "a test"):
            sleep(0.3)
        assert re.fullmatch(wanted, capsys.readouterr().err)
    monkeypatch.setattr(settings, "tell_after", 60)
    with explain.compiling("a program", "a test"):
        pass
    assert not capsys.readouterr().err


def test_steps_of_ever_new_shapes_stay_cold(told):
    step = stepper(6)
    losses = [step(size) for size in range(1, 25)]
    assert not told().compiles
    assert losses == sorted(losses, reverse=True)


def test_a_row_by_chance_is_no_loop(told):
    step = stepper(9)
    for size in (1, 2, 3, 4, 4, 5, 5, 6):
        step(size)
    assert not told().compiles
    for _ in range(6):
        step(4)
    assert not told().compiles  # it has kin: a tenth of what compiling costs is to be spent first
    for _ in range(1000):
        step(4)
    assert told().programs == 1


def test_an_operation_is_compiled_when_that_has_paid(told):
    x = torchlike.ones(1000, 1001)  # for small ones it never pays
    x.tolist()
    runs = 0
    while not told().compiles:
        torchlike.lgamma(x).sum()  # nobody reads it: it does not run
        torchlike.exp(x).numpy()
        runs += 1
        assert runs < 10_000
    assert told().runs["cold"] == runs - 1 and runs > (PROGRAM + COMPILED) / 10


def test_the_tiers_agree():
    torchlike.manual_seed(0)
    cold_step = stepper(8)
    torchlike.manual_seed(0)
    hot_step = stepper(8)
    with torchlike.execution_mode("whole"):
        expected = [hot_step(2) for _ in range(2)]
    assert [cold_step(2) for _ in range(2)] == pytest.approx(expected, rel=1e-6)


def test_small_operations_that_come_often_are_run_as_one(told):
    x, weight = torchlike.arange(3.0), torchlike.ones(3)
    for time in range(8):
        scaled = (x + time).view(3, 1) * weight
        rows, flat, same = scaled.t(), scaled.reshape(9), scaled + 0
        kept = (scaled * 2) if time > 4 else None  # another set of results is held
        assert scaled.sum().item() == 9 * (1 + time)
        flat.numpy()[0] = 100
        assert rows[0, 0].item() == 100  # a view of the same storage
        assert same[0, 0].item() == time and x[0].item() == 0 and weight[0].item() == 1
        if kept is not None:
            assert kept[2, 1].item() == 2 * (2 + time)
    assert not told().compiles


def test_what_is_run_as_one_reads_numbers_and_inputs_anew(told):
    def total(x, factor: float, power: int) -> float:
        return ((x * factor) ** power + factor).sum().item()

    for time in range(8):
        x = torchlike.full((4,), float(time))
        assert total(x, 0.5, 2) == 4 * ((time * 0.5) ** 2 + 0.5)
        assert total(x, 1.5 * time, 2) == 4 * ((time * 1.5 * time) ** 2 + 1.5 * time)
    assert not told().compiles
