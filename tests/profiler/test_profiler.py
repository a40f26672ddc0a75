"""What a profiler sees, and what it leaves alone."""

from __future__ import annotations

import gzip
import json
import warnings

import pytest

import torchlike
from tests.support import reference

profiler = torchlike.profiler


def step(model, optimizer, x):
    with profiler.record_function("forward"):
        loss = model(x).square().mean()
    loss.backward()
    optimizer.step()
    optimizer.zero_grad()
    return loss.item()


@pytest.fixture
def training():
    model = torchlike.nn.Linear(8, 4)
    return model, torchlike.optim.SGD(model.parameters(), 0.1), torchlike.ones(5, 8)


def test_operations_ranges_and_steps_are_counted(training):
    with profiler.profile(record_shapes=True, with_stack=True, profile_memory=True, with_flops=True) as prof:
        for _ in range(3):
            step(*training)
    found = {each.key: each for each in prof.key_averages()}
    assert found["aten::linear"].count == found["forward"].count == found["Optimizer.step#SGD.step"].count == 3
    assert found["aten::linear"].flops == 3 * 2 * 5 * 8 * 4 and found["aten::linear"].cpu_memory_usage == 3 * 5 * 4 * 4
    assert found["forward"].is_user_annotation and not found["aten::linear"].is_user_annotation
    assert found["forward"].cpu_time_total >= found["forward"].self_cpu_time_total > 0
    assert all(each.self_cpu_time_total >= 0 and each.device_time_total == 0 for each in prof.events())
    by_shape = {(each.key, str(each.input_shapes)) for each in prof.key_averages(group_by_input_shape=True)}
    assert ("aten::linear", "[[5, 8], [4, 8], [4]]") in by_shape
    by_line = [each for each in prof.key_averages(group_by_stack_n=1) if each.key == "aten::linear"]
    assert len(by_line) == 1 and "test_profiler.py" in by_line[0].stack[0] and by_line[0].stack[0].endswith(": step")
    linear = next(each for each in prof.events() if each.key == "aten::linear")
    assert linear.cpu_parent.key == "forward" and linear in linear.cpu_parent.cpu_children


def test_time_is_all_there(training):
    step(*training)
    with profiler.profile() as prof:
        with profiler.record_function("all"):
            for _ in range(5):
                step(*training)
    total = next(each for each in prof.events() if each.key == "all").cpu_time_total
    assert 0.7 * total < prof.key_averages().self_cpu_time_total < 1.3 * total
    assert prof.key_averages().total_average().count == len(prof.events())


@pytest.mark.usefixtures("in_auto_mode")
def test_nothing_is_left_and_nothing_is_computed_otherwise(training):
    from torchlike._programs.program import Structure
    from torchlike._recorder.recorder import Recording

    before = Recording.add, Structure.run_whole, Structure.run_by_op
    with pytest.raises(ZeroDivisionError, match="division"):
        with profiler.profile():
            with pytest.raises(RuntimeError, match="^Profiler is already enabled on this thread$"):
                profiler.profile().start()
            1 / 0  # noqa: B018
    assert before == (Recording.add, Structure.run_whole, Structure.run_by_op)
    model, optimizer, x = training
    losses = [step(model, optimizer, x) for _ in range(2)]
    torchlike.explain(reset=True)
    with profiler.profile():
        losses += [step(model, optimizer, x) for _ in range(4)]
    assert losses == sorted(losses, reverse=True) and torchlike.explain().programs <= 1


def test_compiled_functions_show_their_operations():
    double = torchlike.compile(lambda x: (x * 2).sin().sum())
    for _ in range(3):
        double(torchlike.ones(4)).item()
    with profiler.profile() as prof:
        double(torchlike.ones(4)).item()
    assert {"aten::mul", "aten::sin", "aten::sum"} <= {each.key for each in prof.key_averages()}


PLANS = [
    {"wait": 1, "warmup": 1, "active": 2},
    {"wait": 0, "warmup": 1, "active": 1, "repeat": 2},
    {"wait": 2, "warmup": 1, "active": 3, "repeat": 1, "skip_first": 2},
    {"wait": 2, "warmup": 1, "active": 2, "skip_first": 1, "skip_first_wait": 1},
]


@pytest.mark.parametrize("plan", PLANS, ids=str)
def test_schedules_and_their_traces_are_pytorchs(plan):
    def run(torch):
        ready = []
        made = torch.profiler.schedule(**plan)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            with torch.profiler.profile(schedule=made, on_trace_ready=lambda prof: ready.append(prof.step_num)) as prof:
                for _ in range(9):
                    (torch.ones(3) + 1).sum().item()
                    prof.step()
        steps = [each.count for each in prof.key_averages() if each.key == "ProfilerStep*"]
        return [made(each).name for each in range(12)], ready, steps

    assert run(torchlike) == run(reference())


@pytest.mark.parametrize(
    "plan", [{"wait": -1, "warmup": 1, "active": 1}, {"wait": 1, "warmup": 1, "active": 0}], ids=str
)
def test_schedules_that_are_none(plan):
    def said(torch):
        with pytest.raises(AssertionError, match="Invalid profiler schedule") as error:
            torch.profiler.schedule(**plan)
        return str(error.value)

    assert said(torchlike) == said(reference())
    with pytest.warns(UserWarning, match="won't be using warmup"):
        profiler.schedule(wait=1, warmup=0, active=1)


def test_files(training, tmp_path):
    with profiler.profile(
        with_stack=True, on_trace_ready=profiler.tensorboard_trace_handler(str(tmp_path / "tb"))
    ) as prof:
        prof.add_metadata("who", "me")
        prof.add_metadata_json("numbers", "[1, 2]")
        step(*training)
    prof.export_chrome_trace(str(tmp_path / "trace.json.gz"))
    trace = json.loads(gzip.open(tmp_path / "trace.json.gz").read())
    names = {each["name"]: each for each in trace["traceEvents"]}
    assert trace["who"] == "me" and trace["numbers"] == [1, 2]
    assert names["aten::linear"]["ph"] == "X" and names["forward"]["cat"] == "user_annotation"
    assert names["forward"]["ts"] <= names["aten::linear"]["ts"] and names["forward"]["dur"] > 0
    assert len(list((tmp_path / "tb").glob("*.pt.trace.json"))) == 1
    prof.export_stacks(str(tmp_path / "stacks"))
    assert "test_profiler.py" in (tmp_path / "stacks").read_text()
    with pytest.raises(ValueError, match="^metric should be one of"):
        prof.export_stacks(str(tmp_path / "stacks"), "time")


def test_the_table(training):
    with torchlike.autograd.profiler.profile(record_shapes=True) as prof:
        step(*training)
    lines = (
        prof.key_averages()
        .table(sort_by="self_cpu_time_total", row_limit=2, header="mine", time_unit="ms")
        .splitlines()
    )
    titles = "Name Self CPU % Self CPU CPU total % CPU total CPU time avg # of Calls"
    assert lines[1] == "mine" and " ".join(lines[3].split()) == titles and len(lines) == 9
    assert lines[-1].startswith("Self CPU time total: ") and lines[-1].endswith("ms")
    assert "Input Shapes" in prof.table() and str(prof) == prof.table()
    assert prof.self_cpu_time_total > 0 and prof.total_average().key == "Total"
    assert "cpu_time=" in repr(prof.function_events[0]) and prof.function_events[0].cpu_time_str.endswith("s")
    with pytest.raises(AttributeError, match="no attribute 'size'"):
        prof.key_averages().table(sort_by="size")


def test_a_decorator_and_a_profiler_that_is_off():
    @profiler.record_function("named")
    def double(x):
        return x * 2

    with torchlike.autograd.profiler.profile(enabled=False) as off:
        double(torchlike.ones(2))
    with pytest.raises(RuntimeError, match="^Profiler didn't finish running$"):
        off.table()
    with torchlike.autograd.profiler.profile() as prof:
        double(torchlike.ones(2)).sum().item()
    assert [each.count for each in prof.key_averages() if each.key == "named"] == [1]


def test_whose_time_is_noted():
    torch = reference()
    assert {each.name for each in profiler.supported_activities()} == {"CPU"}
    assert {each.name for each in torch.profiler.supported_activities()} >= {"CPU"}
    with pytest.raises(AssertionError, match="No valid profiler activities found"):
        profiler.profile(activities=[])
    with pytest.warns(FutureWarning, match="`use_cuda` is deprecated"):
        profiler.profile(use_cuda=False)
    with pytest.raises(AssertionError, match="must be initialized"):
        profiler.profile().key_averages()
