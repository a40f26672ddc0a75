"""The recorder: when it cuts, what it keeps, how many programs a script has."""

from __future__ import annotations

import gc
import threading
import weakref

import numpy as np
import pytest

import torchlike as torch
from torchlike._programs.settings import settings
from torchlike._recorder.recorder import recorder
from torchlike.nn import functional as F

MODES = ("eager", "auto", "whole")


def network(width: int = 8):
    """A small network with its optimizer and its data."""
    torch.manual_seed(0)
    model = torch.nn.Sequential(torch.nn.Linear(4, width), torch.nn.Tanh(), torch.nn.Linear(width, 3))
    return model, torch.randn(16, 4), torch.randint(0, 3, (16,))


def train(steps: int, lr=lambda step: 0.1, log=None, between=None, zero_first=True, optimizer=torch.optim.SGD):
    """A training loop as scripts write it; returns the losses that were logged."""
    model, inputs, targets = network()
    stepper = optimizer(model.parameters(), lr=lr(0))
    logged = []
    for step in range(steps):
        for group in stepper.param_groups:
            group["lr"] = lr(step)
        if zero_first:
            stepper.zero_grad()
        loss = F.cross_entropy(model(inputs), targets)
        loss.backward()
        stepper.step()
        if not zero_first:
            stepper.zero_grad()
        if between is not None:
            between(model, inputs)
        if log is None or step % log == 0:
            logged.append(loss.item())
    return logged


def programs_of(call, *args, **kwargs) -> int:
    """How many whole programs a call compiles."""
    torch.explain(reset=True)
    call(*args, **kwargs)
    return torch.explain(reset=True).programs


@pytest.mark.usefixtures("in_auto_mode")
def test_nothing_is_computed_before_it_is_read():
    x = torch.ones(3)
    x.tolist()
    y = x * 2 + 1
    assert y._storage.value.array is None
    assert y.tolist() == [3.0, 3.0, 3.0]
    assert y._storage.value.array is not None


@pytest.mark.parametrize("mode", MODES)
def test_the_three_modes_agree(mode):
    with torch.execution_mode(mode):
        losses = train(5)
    with torch.execution_mode("eager"):
        expected = train(5)
    np.testing.assert_allclose(losses, expected, rtol=1e-5)


def test_an_unknown_mode_is_refused():
    with pytest.raises(ValueError, match="mode='lazy' is none of auto, eager, whole"), torch.execution_mode("lazy"):
        pass


def test_eager_mode_runs_each_operation_at_once():
    x = torch.ones(2)
    with torch.execution_mode("eager"):
        y = x + 1
        assert y._storage.value.array is not None


def test_a_changing_learning_rate_compiles_nothing_new():
    rates = [0.0, 1.0, 0.5, -1.0, 1e-8]
    train(3)
    assert programs_of(train, 100, lr=lambda step: rates[step % 5] * 0.1) == 0


@pytest.mark.parametrize(
    "options",
    [{}, {"log": 3}, {"zero_first": False}, {"optimizer": torch.optim.Adam}],
    ids=["plain", "log", "zero", "adam"],
)
def test_a_training_loop_has_few_programs(options):
    assert programs_of(train, 20, **options) <= 4


def test_validation_between_steps_adds_few_programs():
    def validate(model, inputs):
        model.eval()
        with torch.no_grad():
            assert model(inputs).argmax(1).shape == (16,)
        model.train()

    assert programs_of(train, 10, between=validate) <= 5


def test_a_list_of_kept_losses_adds_at_most_one_program():
    train(3)
    kept = []
    model, inputs, targets = network()
    stepper = torch.optim.SGD(model.parameters(), lr=0.1)
    torch.explain(reset=True)
    for step in range(12):
        stepper.zero_grad()
        loss = F.cross_entropy(model(inputs), targets)
        if step % 3 == 0:
            kept.append(loss)
        loss.backward()
        stepper.step()
    assert torch.explain(reset=True).programs <= 3
    assert kept[-1].item() < kept[0].item()


def test_a_running_loss_that_nobody_reads_keeps_no_step_alive():
    model, inputs, targets = network()
    stepper = torch.optim.SGD(model.parameters(), lr=0.1)
    total = torch.zeros(())
    alive = []
    for _ in range(6):
        stepper.zero_grad()
        out = model(inputs)
        alive.append(weakref.ref(out._storage.value))
        loss = F.cross_entropy(out, targets)
        loss.backward()
        stepper.step()
        total += loss.detach()
        del out, loss
    gc.collect()
    assert [each() for each in alive[:-1]] == [None] * 5
    assert len(recorder.recording.nodes) < 10
    assert total.item() > 0


def test_accumulated_backwards_are_cut_one_by_one():
    model, inputs, targets = network()
    stepper = torch.optim.SGD(model.parameters(), lr=0.1)

    def step():
        for _ in range(4):
            F.cross_entropy(model(inputs), targets).backward()
            assert len(recorder.recording.nodes) < 40
        stepper.step()
        stepper.zero_grad()

    step()
    step()
    assert programs_of(lambda: [step() for _ in range(5)]) == 0


def test_many_unread_operations_stay_bounded(monkeypatch):
    monkeypatch.setattr(settings, "max_nodes", 200)
    x = torch.zeros(4)
    most = 0

    def loop(times):
        nonlocal x, most
        for _ in range(times):
            x = (x + 1) * 0.5 - 0.25
            most = max(most, len(recorder.recording.nodes))

    loop(200)
    assert most <= 250
    # cut at the loop's own rhythm, the pieces are the same program again
    assert programs_of(loop, 2000) <= 2
    assert x.tolist() == pytest.approx([0.25 / 0.5] * 4, abs=1e-5)


@pytest.mark.parametrize("share", [0.0, 0.2, 0.7, 1.0])
def test_a_cut_at_any_place_changes_nothing(monkeypatch, share):
    def run():
        weights = [torch.linspace(-1, 1, 8) * place for place in range(1, 4)]
        xs = [torch.ones(8) * place for place in range(4)]
        for turn in range(200):
            mine, other, weight = xs[turn % 4], xs[(3 * turn + 1) % 4], weights[turn % 3]
            low, high = (mine * 0.5 + other * weight).chunk(2)
            xs[turn % 4] = torch.cat([high, low]).sin() + weight * weight / (turn + 1)
        return torch.stack(xs).tolist()

    with torch.execution_mode("eager"):
        expected = run()
    monkeypatch.setattr(settings, "max_nodes", 50)
    monkeypatch.setattr("torchlike._recorder.recorder.repeating_cut", lambda specs: int(len(specs) * share))
    assert run() == [pytest.approx(row, rel=1e-4, abs=1e-5) for row in expected]


def test_live_bytes_bound_the_pending(monkeypatch):
    monkeypatch.setattr(settings, "max_bytes", 2**20)
    kept = [torch.zeros(1000) + 1 for _ in range(600)]
    assert sum(each._storage.value.array is not None for each in kept) > 300


@pytest.mark.usefixtures("in_auto_mode")
def test_data_preparation_stays_out_of_the_steps_program():
    model, inputs, targets = network()
    stepper = torch.optim.SGD(model.parameters(), lr=0.1)

    def step(prepared):
        stepper.zero_grad()
        F.cross_entropy(model(prepared), targets).backward()
        stepper.step()

    step(inputs)
    step((inputs * 2 + 1) / 2)
    torch.explain(reset=True)
    step((inputs - 3) * 2)  # another preparation: the step itself is known
    told = torch.explain(reset=True)
    assert all("2 operations" in each.what or "first use" in each.cause for each in told.compiles)
    assert {reason for reason, _ in told.flushes} >= {"a step begins", "a step ended"}


def test_a_read_in_mid_step_computes_nothing_twice():
    model, inputs, targets = network()
    hidden = model[0](inputs)
    loss = F.cross_entropy(model[2](model[1](hidden)), targets)
    first = loss.item()
    assert hidden._storage.value.array is not None
    torch.explain(reset=True)
    assert loss.item() == first
    assert not torch.explain(reset=True).flushes
    loss.backward()
    assert model[0].weight.grad.abs().sum().item() > 0


def test_branches_on_values():
    x, turns = torch.tensor(10.0), 0
    while x > 1:
        x = x / 2
        turns += 1
    assert turns == 4 and x.item() == 0.625


def test_an_error_leaves_the_recorder_as_it_was():
    x = torch.ones(3)
    y = x + 1
    pending = len(recorder.recording.nodes)
    with pytest.raises(RuntimeError, match="The size of tensor a \\(3\\) must match the size of tensor b \\(4\\)"):
        x + torch.ones(4)
    with pytest.raises(TypeError, match="must be Tensor, not str"):
        torch.add(x, "a")
    assert len(recorder.recording.nodes) <= pending + 1  # the other operand
    assert y.tolist() == [2.0] * 3


@pytest.mark.usefixtures("in_auto_mode")
def test_an_interrupted_flush_loses_nothing(monkeypatch):
    from torchlike._programs import program

    x = torch.ones(3)
    x.tolist()
    y = x + 1

    def fails(*args):
        raise KeyboardInterrupt("by the user")

    monkeypatch.setattr(program.Structure, "runs_whole", fails)
    with pytest.raises(KeyboardInterrupt, match="by the user"):
        y.tolist()
    monkeypatch.undo()
    assert (x * 3).tolist() == [3.0] * 3
    assert y.tolist() == [2.0] * 3


def test_threads_record_side_by_side():
    results: dict = {}

    def work(number: int):
        x = torch.full((8,), float(number))
        for _ in range(60):
            x = x * 1.0 + 1
        results[number] = x.tolist()

    threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert results == {number: [number + 60.0] * 8 for number in range(4)}


def test_a_dropout_that_nobody_reads_still_moves_the_generator():
    x = torch.ones(8)
    torch.manual_seed(3)
    F.dropout(x, 0.5)
    second = F.dropout(x, 0.5).tolist()
    torch.manual_seed(3)
    F.dropout(x, 0.5).tolist()
    assert F.dropout(x, 0.5).tolist() == second


def test_masks_do_not_depend_on_where_the_recorder_cuts():
    x = torch.ones(64)

    def masks(read: bool):
        torch.manual_seed(1)
        found = []
        for _ in range(4):
            found.append(F.dropout(x, 0.5))
            if read:
                found[-1].tolist()
        return [each.tolist() for each in found]

    assert masks(True) == masks(False)
    assert masks(True)[0] != masks(True)[1]


def test_the_same_program_twice_gives_the_same_bits():
    assert train(10) == train(10)


@pytest.mark.usefixtures("in_auto_mode")
def test_explain_tells_causes_and_lines():
    torch.explain(reset=True)
    x = torch.ones(5, 7)
    (x * 2 + x.sin()).exp().tolist()
    told = torch.explain()
    assert any("a value is read" in reason for reason, _ in told.flushes)
    assert any(__file__ in place[0] for _, place in told.flushes)
    assert all(each.seconds > 0 and __file__ in each.line for each in told.compiles)
    assert "flushes" in str(told)


def test_old_parameters_are_donated_but_never_what_somebody_holds():
    model, inputs, targets = network()
    inputs, targets = inputs[1:], targets[1:]  # programs of its own: one of them takes less
    stepper = torch.optim.Adam(model.parameters())

    def step():
        stepper.zero_grad()
        F.cross_entropy(model(inputs), targets).backward()
        old = model[0].weight._storage.value.array
        stepper.step()
        return old

    step()  # what the first one holds would be left alone from then on
    with torch.execution_mode("whole"):
        for _ in range(6):
            old = step()
    assert old.is_deleted()
    held = model[0].weight._value()
    expected = (held.array + 0).tolist()  # a look at the array itself would keep it
    with torch.execution_mode("whole"):
        step()
    assert held.array.tolist() == expected
    assert model[0].weight.tolist() != expected


def test_new_parameters_are_written_over_the_old_ones():
    model, inputs, targets = network()
    stepper = torch.optim.Adam(model.parameters())
    addresses = []
    for _ in range(6):
        with torch.execution_mode("whole"):
            stepper.zero_grad()
            F.cross_entropy(model(inputs), targets).backward()
            stepper.step()
        held = [*model.parameters(), *(state["exp_avg"] for state in stepper.state.values())]
        addresses.append([each._storage.value.array.unsafe_buffer_pointer() for each in held])
    assert addresses[-1] == addresses[-2] == addresses[-3]
