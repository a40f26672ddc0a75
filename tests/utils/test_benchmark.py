"""How long statements take: what is said of it is PyTorch's, what is measured is computed."""

from __future__ import annotations

import itertools
import pickle

import pytest

import torchlike.utils.benchmark
from tests.support import reference

TIMES = {
    "one": (10, [0.5]),
    "equal": (1, [1e-3] * 5),
    "near": (7, [1e-3, 1.1e-3, 1.05e-3, 1.2e-3, 0.9e-3]),
    "far": (1, [1e-6, 2e-6, 9e-6, 1.5e-6, 3e-6, 1e-6]),
    "nanoseconds": (100, [3e-6, 3.1e-6, 2.9e-6]),
}
NAMED = [
    {},
    {"label": "l"},
    {"label": "l", "sub_label": "s", "description": "d"},
    {"sub_label": "s", "num_threads": 4, "env": "e"},
]


def modules():
    theirs = pytest.importorskip("torch.utils.benchmark", reason="compares with PyTorch")
    return theirs, torchlike.utils.benchmark


def measured(module, name, stmt="x + 1", setup="x = 1", **named):
    number, times = TIMES[name]
    return module.Measurement(number, list(times), module.TaskSpec(stmt, setup, **named))


@pytest.mark.parametrize("name", TIMES)
@pytest.mark.parametrize("named", NAMED, ids=str)
def test_a_measurement(name, named):
    def told(module):
        one = measured(module, name, **named)
        figures = [one.median, one.mean, one.iqr, one.significant_figures, one.has_warnings, one.meets_confidence(0.5)]
        lines = [line for line in repr(one).splitlines() if " object at " not in line]
        return [round(float(each), 12) for each in figures], lines, one.title, one.as_row_name, one.num_threads

    theirs, ours = modules()
    assert told(ours) == told(theirs)


def test_statements_of_several_lines():
    def told(module):
        spec = module.TaskSpec("a\nb", "c\nd", sub_label="s")
        return [spec.title, spec.setup_str(), spec.summarize(), module.TaskSpec("a\nb", "pass").title]

    theirs, ours = modules()
    assert told(ours) == told(theirs)


@pytest.mark.parametrize(
    "trims, warns, colors", [*itertools.product([False, True], [False, True], [None, False, True])]
)
def test_a_comparison(trims, warns, colors):
    def told(module):
        rows = itertools.product(TIMES, ["one", "two"], [1, 2])
        results = [
            measured(module, name, f"f_{name}()", label="both", description=column, num_threads=threads)
            for name, column, threads in rows
            if (name, column) != ("far", "two")
        ]
        results.append(measured(module, "near", label="other", description="d", env="here"))
        results.append(measured(module, "far", label="other", description="d", env="elsewhere"))
        compare = module.Compare(results[:3])
        compare.extend_results(results[3:])
        if trims:
            compare.trim_significant_figures()
        if warns:
            compare.highlight_warnings()
        if colors is not None:
            compare.colorize(rowwise=colors)
        return str(compare)

    theirs, ours = modules()
    assert told(ours) == told(theirs)


def test_helpers():
    def told(module):
        units = [module.select_unit(each) for each in (3e-9, 2e-7, 5e-5, 1e-3, 0.2, 4.0, 500)]
        trimmed = [module.trim_sigfig(each, count) for each, count in [(3.14159, 2), (1234.5, 3), (0.0277, 1)]]
        return units, trimmed, module.unit_to_english("us"), module.ordered_unique("abca")

    theirs, ours = modules()
    assert told(ours) == told(theirs)


def test_what_is_measured_is_computed():
    benchmark = torchlike.utils.benchmark
    names = {"x": torchlike.ones(400, 400), "calls": []}
    torchlike.explain(reset=True)
    one = benchmark.Timer("calls.append(1)\nx @ x", globals=names).timeit(8)
    told = torchlike.explain()
    assert one.number_per_run == 8 and len(one.raw_times) == 1 and len(names["calls"]) == 10
    assert sum(told.runs.values()) >= 10 and one.median > 1e-5
    seen = []
    many = benchmark.Timer("y = x + 1", "x = torch.ones(2)").blocked_autorange(lambda *told: seen.append(told), 0.02)
    assert len(seen) == len(many.raw_times) and sum(many.raw_times) >= 0.02
    many = benchmark.Timer("sum(range(100))").adaptive_autorange(10.0, max_run_time=1.0)
    assert len(many.raw_times) >= 2 and pickle.loads(pickle.dumps(many)).median == many.median
    before = torchlike.get_num_threads()
    assert benchmark.Timer("pass", num_threads=before + 1).timeit(2).num_threads == before + 1
    assert torchlike.get_num_threads() == before


REFUSED = {
    "no text": lambda module: module.Timer(3),
    "another language": lambda module: module.Timer("x", language="fortran"),
    "a setup of others": lambda module: module.Timer("x", global_setup="int x;"),
    "no measurement": lambda module: module.Compare([3]),
    "half a figure": lambda module: module.trim_sigfig(1.0, 0.5),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_refused(name):
    def said(module):
        with pytest.raises((ValueError, AssertionError), match=".") as error:
            REFUSED[name](module)
        return str(error.value)

    theirs, ours = modules()
    assert said(ours) == said(theirs) and reference()
