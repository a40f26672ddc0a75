"""Tracebacks end at the user's line."""

from __future__ import annotations

import inspect
import logging
import os
import subprocess
import sys
import traceback
from functools import partial
from pathlib import Path

import pytest

import torchlike
from tests.support import reference
from tests.test_mistakes import AUTOGRAD, DTYPES, SHAPES
from torchlike import nn
from torchlike._programs.settings import Settings, settings

ROOT = Path(__file__).resolve().parent.parent
MISTAKES = [*SHAPES.values(), *DTYPES.values(), *AUTOGRAD.values()]


@pytest.fixture(autouse=True)
def _as_users_have_it(monkeypatch):
    monkeypatch.setattr(settings, "traceback", "short")


def raised(fn) -> BaseException | None:
    """What a function raises; None if nothing."""
    try:
        fn()
    except Exception as error:
        return error
    return None


def below(torch, fn) -> int | None:
    """How many frames come after the user's line; None if nothing is raised."""
    error = raised(lambda: fn(torch, torch.arange(6.0).reshape(2, 3)))
    if error is None:
        return None
    files = [each.filename for each in traceback.extract_tb(error.__traceback__)]
    return files[::-1].index(next(each for each in reversed(files) if "test" in Path(each).name))


@pytest.mark.filterwarnings("ignore")
def test_no_more_frames_follow_the_users_line_than_in_pytorch():
    ours = [count for each in MISTAKES if (count := below(torchlike, each)) is not None]
    theirs = [count for each in MISTAKES if (count := below(reference(), each)) is not None]
    assert max(ours) <= 3 <= max(theirs)
    assert sum(ours) / len(ours) < sum(theirs) / len(theirs)


SETTING = ("set_", "use_", "seed", "manual_seed", "compile", "install", "uninstall")


@pytest.mark.filterwarnings("ignore")
def test_wrong_calls_of_all_functions_end_near_the_users_line():
    functions = [getattr(torchlike, name) for name in dir(torchlike) if not name.startswith(("_", *SETTING))]
    calls = [
        lambda torch, x, fn=fn, args=args: fn(*args(x))
        for fn in functions
        if inspect.isroutine(fn)
        for args in (
            lambda x: (),
            lambda x: ("a",),
            lambda x: (x, "a"),
            lambda x: (x, 99),
            lambda x: (x[:, :2], x, "a"),
        )
    ]
    counts = [count for each in calls if (count := below(torchlike, each)) is not None]
    assert len(counts) > 1000 and max(counts) <= 4 and sum(counts) / len(counts) < 0.5


class Net(nn.Module):
    """A network whose second layer does not fit."""

    def __init__(self) -> None:
        super().__init__()
        self.layers = nn.Sequential(nn.Linear(3, 4), nn.Linear(5, 2))

    def forward(self, x):
        return self.layers(x)


class Samples(torchlike.utils.data.Dataset):
    """A dataset that cannot be read."""

    def __len__(self):
        return 2

    def __getitem__(self, index):
        return torchlike.ones(2) @ torchlike.ones(3)


class Double(torchlike.autograd.Function):
    """A derivative that fails."""

    @staticmethod
    def forward(ctx, x):
        return x * 2

    @staticmethod
    def backward(ctx, grad):
        return {}["gradient"]


def failing_hook(grad):
    raise ValueError("hook")


def backward_with_hook():
    doubled = torchlike.ones(2, requires_grad=True) * 2
    doubled.register_hook(failing_hook)
    doubled.sum().backward()


def closure():
    return 1 / 0


USERS = {
    "network": (lambda: Net()(torchlike.ones(2, 3)), "forward"),
    "compiled": (lambda: torchlike.compile(Net())(torchlike.ones(2, 3)), "forward"),
    "loader": (lambda: list(torchlike.utils.data.DataLoader(Samples())), "__getitem__"),
    "function": (lambda: Double.apply(torchlike.ones(2, requires_grad=True)).sum().backward(), "backward"),
    "hook": (backward_with_hook, "failing_hook"),
    "step": (lambda: torchlike.optim.SGD([torchlike.ones(1, requires_grad=True)]).step(closure), "closure"),
}


@pytest.mark.parametrize("name", USERS)
def test_what_we_call_of_the_users_is_shown_without_what_lies_between(name):
    case, last = USERS[name]
    frames = traceback.extract_tb(raised(case).__traceback__)
    assert frames[-1].name == last
    assert {each.filename for each in frames} == {__file__}


def test_a_worker_tells_the_users_lines_alone():
    told = str(raised(lambda: list(torchlike.utils.data.DataLoader(Samples(), num_workers=1))))
    assert told.startswith("Caught RuntimeError in DataLoader worker process 0.\nOriginal Traceback")
    assert "in __getitem__" in told and "torchlike/utils" not in told


def test_the_error_is_the_last_line_however_it_is_shown(caplog):
    try:
        torchlike.ones(2, 3) @ torchlike.ones(2, 3)
    except RuntimeError as error:
        logging.getLogger("test").exception("failed")
        shown = [traceback.format_exc(), "".join(traceback.format_exception(error)), caplog.text]
    for each in shown:
        assert each.rstrip().splitlines()[-1] == (
            "RuntimeError: mat1 and mat2 shapes cannot be multiplied (2x3 and 2x3)"
        )
        assert "JAX" not in each


def test_what_the_program_was_handling_is_told():
    def fails():
        try:
            {}["key"]
        except KeyError:
            torchlike.ones(2) @ torchlike.ones(3)

    error = raised(fails)
    assert type(error.__context__) is KeyError and not error.__suppress_context__
    assert "During handling of the above exception" in "".join(traceback.format_exception(error))


def test_what_was_handled_inside_is_not():
    ours, theirs = (raised(partial(torch.add, torch.ones(1))) for torch in (torchlike, reference()))
    assert ours.__context__ is theirs.__context__ and ours.__suppress_context__ == theirs.__suppress_context__


def test_a_setting_shows_all_frames(monkeypatch):
    assert Settings().traceback == os.environ["TORCHLIKE_TRACEBACK"] == "full"  # as `conftest.py` has it
    monkeypatch.setattr(settings, "traceback", "full")
    error = raised(lambda: Net()(torchlike.ones(2, 3)))
    assert "_dispatch.py" in "".join(traceback.format_exception(error))


SCRIPT = """import torchlike as torch

def f(x):
    return x + torch.ones(5)

f(torch.ones(3, 4))
"""


def test_a_script_ends_at_its_line(tmp_path):
    (tmp_path / "script.py").write_text(SCRIPT)
    environment = {"PYTHONPATH": str(ROOT), "JAX_PLATFORMS": "cpu", "HOME": str(tmp_path)}
    command = [sys.executable, "script.py"]
    done = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path, env=environment, timeout=120)
    lines = [each for each in done.stderr.splitlines() if each.startswith("  File")]
    assert lines[-1] == f'  File "{tmp_path}/script.py", line 4, in f' and len(lines) == 2
    assert done.stderr.splitlines()[-1].startswith("RuntimeError: The size of tensor a (4) must match")
