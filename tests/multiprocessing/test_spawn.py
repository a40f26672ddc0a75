"""Processes that run one function together, and PyTorch's words where one of them fails."""

from __future__ import annotations

import multiprocessing
import os
import pickle
import signal
import subprocess
import sys
import time

import pytest

import torchlike
from tests.support import check_error, check_op, check_warning, reference

pytestmark = pytest.mark.filterwarnings("ignore:os.fork")


def fail(index: int, how) -> None:
    """What the process of number 1 comes to; the others would take their time."""
    if index != 1:
        time.sleep(60)
    elif isinstance(how, signal.Signals):
        os.kill(os.getpid(), how)
        time.sleep(60)
    elif isinstance(how, int):
        os._exit(how)
    else:
        raise how


def without_places(text: str) -> list[str]:
    return [line for line in text.splitlines() if not line.startswith("  ")]


@pytest.mark.parametrize("how", [ValueError("no"), KeyError("key"), 3, signal.SIGKILL, SystemExit(2)], ids=repr)
def test_failures(how):
    def run(torch):
        mp = torch.multiprocessing
        kind = mp.ProcessRaisedException if isinstance(how, Exception) else mp.ProcessExitedException
        with pytest.raises(kind, match="rocess 1 terminated with") as caught:
            mp.start_processes(fail, (how,), nprocs=3, start_method="fork")
        error = pickle.loads(pickle.dumps(caught.value))
        codes = [getattr(error, name, None) for name in ("error_index", "exit_code", "signal_name")]
        return without_places(str(error)), codes

    check_op([], run)
    assert not multiprocessing.active_children()


def compute(index: int, queue, x) -> None:
    queue.put((index, (x * index).sum().item(), x + index))


def test_results(tmp_path):
    mp = torchlike.multiprocessing
    queue = mp.get_context("fork").Queue()
    x = torchlike.arange(4.0)
    context = mp.start_processes(compute, (queue, x), nprocs=2, join=False, start_method="fork")
    found = sorted([queue.get() for _ in range(2)], key=lambda each: each[0])
    while not context.join():
        pass
    assert context.join() and len(context.pids()) == 2
    assert [(index, total, made.tolist()) for index, total, made in found] == [
        (0, 0.0, [0.0, 1.0, 2.0, 3.0]),
        (1, 6.0, [1.0, 2.0, 3.0, 4.0]),
    ]


SPAWNS = """
import torchlike as torch
import torchlike.multiprocessing as mp

def work(index, folder):
    (folder / str(index)).write_text(str(torch.ones(2).sum().item() + index))

if __name__ == "__main__":
    import pathlib, sys
    mp.spawn(work, (pathlib.Path(sys.argv[1]),), nprocs=2)
"""


def test_spawn(tmp_path):
    script = tmp_path / "spawns.py"
    script.write_text(SPAWNS)
    done = subprocess.run([sys.executable, str(script), str(tmp_path)], capture_output=True, text=True, timeout=300)
    assert (done.returncode, done.stderr) == (0, "")
    assert [(tmp_path / name).read_text() for name in "01"] == ["2.0", "3.0"]


def test_only_by_spawning():
    check_warning([], lambda torch: torch.multiprocessing.spawn(print, nprocs=0, start_method="fork"))


def test_strategies():
    def told(torch):
        mp = torch.multiprocessing
        found = [mp.get_sharing_strategy(), mp.get_all_sharing_strategies()]
        mp.set_sharing_strategy("file_system")
        found.append(mp.get_sharing_strategy())
        mp.set_sharing_strategy(found[0])
        return found

    check_op([], told)
    check_error([], lambda torch: torch.multiprocessing.set_sharing_strategy("by hand"))


def test_names():
    assert sorted(torchlike.multiprocessing.__all__) == sorted(reference().multiprocessing.__all__)
