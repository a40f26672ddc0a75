"""Loaders with workers, against PyTorch's."""

from __future__ import annotations

import gc
import mmap
import multiprocessing
import os
import random
import re
import signal
import subprocess
import sys
import time

import numpy as np
import pytest

import torchlike
from tests.support import check_op, reference

data = torchlike.utils.data
pytestmark = [
    pytest.mark.filterwarnings("ignore:This DataLoader will create"),
    pytest.mark.filterwarnings("ignore:os.fork"),
]


class Drawing:
    """Samples that are random numbers of all kinds, and what the worker says of itself."""

    def __init__(self, torch, kinds="torch random numpy"):
        self.torch, self.kinds = torch, kinds.split()
        self.asked = 0

    def __len__(self):
        return 11

    def __getitem__(self, index):
        info = self.torch.utils.data.get_worker_info()
        self.asked += 1
        drawn = {
            "torch": lambda: self.torch.rand(2).tolist(),
            "random": lambda: random.random(),
            "numpy": lambda: float(np.random.rand()),
        }
        own = [info.id, info.num_workers, info.seed, self.torch.initial_seed(), info.dataset.asked, self.asked]
        return [drawn[kind]() for kind in self.kinds], own


class Part:
    """A worker's share of numbers, by `get_worker_info`, or by what `init_fn` set."""

    def __init__(self, torch, end):
        self.torch, self.start, self.end, self.step = torch, 0, end, None

    def __iter__(self):
        info = self.torch.utils.data.get_worker_info()
        step = self.step or info.num_workers
        return iter(range(self.start if self.step else info.id, self.end, step))


def stream(torch, end):
    return type("Stream", (Part, torch.utils.data.IterableDataset), {})(torch, end)


def seeded(torch):
    """The recipe of PyTorch's notes on reproducibility."""

    def init(worker_id):
        seed = torch.initial_seed() % 2**32
        np.random.seed(seed)
        random.seed(seed)

    return init


def halves(torch):
    def init(worker_id):
        info = torch.utils.data.get_worker_info()
        info.dataset.start, info.dataset.step = worker_id, info.num_workers

    return init


LOADERS = {
    "drawing": lambda d, torch: d.DataLoader(Drawing(torch), 2, num_workers=2),
    "drawing, shuffled": lambda d, torch: d.DataLoader(Drawing(torch), 2, shuffle=True, num_workers=3),
    "drawing from torch": lambda d, torch: d.DataLoader(Drawing(torch, "torch"), 2, shuffle=True, num_workers=2),
    "drawing, own generator": lambda d, torch: d.DataLoader(
        Drawing(torch), 3, shuffle=True, num_workers=2, generator=torch.Generator().manual_seed(4)
    ),
    "drawing, kept": lambda d, torch: d.DataLoader(Drawing(torch), 2, num_workers=2, persistent_workers=True),
    "drawing, seeded": lambda d, torch: d.DataLoader(Drawing(torch), 2, num_workers=2, worker_init_fn=seeded(torch)),
    "one": lambda d, torch: d.DataLoader(range(7), 2, num_workers=1),
    "many": lambda d, torch: d.DataLoader(range(7), 2, num_workers=5, prefetch_factor=1),
    "tensors": lambda d, torch: d.DataLoader(
        d.TensorDataset(torch.arange(20).reshape(10, 2), torch.ones(10)), 4, shuffle=True, num_workers=2
    ),
    "tensors, kept": lambda d, torch: d.DataLoader(
        d.TensorDataset(torch.arange(20).reshape(10, 2)), 4, True, num_workers=2, persistent_workers=True
    ),
    "no batches": lambda d, torch: d.DataLoader(range(5), batch_size=None, num_workers=2),
    "stream": lambda d, torch: d.DataLoader(stream(torch, 9), 2, num_workers=2),
    "stream, unequal": lambda d, torch: d.DataLoader(stream(torch, 13), 2, num_workers=3),
    "stream, kept": lambda d, torch: d.DataLoader(stream(torch, 13), 2, num_workers=3, persistent_workers=True),
    "stream, dropped": lambda d, torch: d.DataLoader(stream(torch, 9), 2, num_workers=2, drop_last=True),
    "stream, no batches": lambda d, torch: d.DataLoader(stream(torch, 9), None, num_workers=2),
    "stream, by init": lambda d, torch: d.DataLoader(stream(torch, 9), 2, num_workers=2, worker_init_fn=halves(torch)),
}


def passes(torch, make):
    """Two passes, and what the generators give next."""
    torch.manual_seed(7)
    random.seed(1)
    np.random.seed(2)
    loader = make(torch.utils.data, torch)
    found = [list(loader), torch.rand(1), list(loader), torch.rand(1), random.random(), np.random.rand()]
    return found if loader.generator is None else [*found, torch.rand(1, generator=loader.generator)]


@pytest.mark.parametrize("name", LOADERS)
def test_batches_and_draws(name):
    check_op([], lambda torch: passes(torch, LOADERS[name]))


class Breaks:
    """A sample that cannot be read."""

    def __init__(self, error):
        self.error = error

    def __len__(self):
        return 6

    def __getitem__(self, index):
        if index == 3:
            raise self.error
        return index


class Unmakeable(Exception):
    """An error with two arguments."""

    def __init__(self, first, second):
        super().__init__(first)


@pytest.mark.parametrize(
    "error", [ValueError("no\nnumber"), KeyError("key"), OSError(2, "no file"), Unmakeable("a", "b"), StopIteration()]
)
def test_errors_come_back(error):
    def run(torch):
        batches = iter(torch.utils.data.DataLoader(Breaks(error), 2, num_workers=2))
        found = [next(batches)]
        with pytest.raises(Exception, match="Caught .* in DataLoader worker process 1.\nOriginal Trace") as caught:
            next(batches)
        return [*found, *batches], caught.type.__name__, str(caught.value).splitlines()[:2]

    check_op([], run)


def test_errors_of_init_come_back():
    def run(torch):
        def init(worker_id):
            if worker_id == 1:
                raise ValueError("no")

        batches = iter(torch.utils.data.DataLoader(range(4), 2, num_workers=2, worker_init_fn=init))
        found = [next(batches)]
        with pytest.raises(ValueError, match="Caught ValueError in DataLoader worker process 1.\nOriginal Traceback"):
            next(batches)
        return found

    check_op([], run)


class Ends(Breaks):
    """A sample at which the worker comes to an end."""

    def __init__(self, how):
        self.how = how

    def __getitem__(self, index):
        if index == 3:
            if isinstance(self.how, signal.Signals):
                os.kill(os.getpid(), self.how)
                time.sleep(60)
            if isinstance(self.how, int):
                os._exit(self.how)
            raise self.how
        return index


CODE = (
    "DataLoader worker (pid N) exited unexpectedly with exit code {}. Details are lost due to multiprocessing. Rerunning "
    "with num_workers=0 may give better error trace."
)
ENDS = [  # and PyTorch's words, which a signal's handler brings it at any time: so it is not asked
    (3, CODE.format(3)),
    (SystemExit(1), CODE.format(1)),
    (signal.SIGKILL, "DataLoader worker (pid N) is killed by signal: Killed. "),
    (signal.SIGTERM, "DataLoader worker (pid N) is killed by signal: Terminated. "),
    (0, "None"),
]


@pytest.mark.parametrize("how, cause", ENDS, ids=repr)
def test_a_worker_that_ends_is_noticed(how, cause):
    batches = iter(data.DataLoader(Ends(how), 2, num_workers=2))
    assert next(batches).tolist() == [0, 1]
    with pytest.raises(RuntimeError, match=r"DataLoader worker \(pid\(s\) \d+\) exited unexpectedly$") as caught:
        next(batches)
    assert re.sub(r"pid \d+", "pid N", str(caught.value.__cause__)) == cause
    assert [each.tolist() for each in batches] == [[4, 5]]  # the others go on


class Slow:
    """Samples that take a while, and the process that reads them."""

    def __init__(self, seconds):
        self.seconds = seconds

    def __len__(self):
        return 8

    def __getitem__(self, index):
        time.sleep(self.seconds)
        return index, os.getpid()


@pytest.mark.parametrize("seconds", [0.05])
def test_timeout(seconds):
    batches = iter(data.DataLoader(Slow(seconds * 40), num_workers=1, timeout=seconds))
    with pytest.raises(RuntimeError, match=f"DataLoader timed out after {seconds} seconds"):
        next(batches)


def test_workers_are_processes():
    batches = [
        (batch.tolist(), readers.unique().tolist()) for batch, readers in data.DataLoader(Slow(0), 2, num_workers=4)
    ]
    assert [batch for batch, _ in batches] == [[0, 1], [2, 3], [4, 5], [6, 7]]
    readers = [reader for _, (reader,) in batches]
    assert len({*readers, os.getpid()}) == 5


def test_batches_as_they_are_ready():
    passed = multiprocessing.get_context("fork").Event()

    class Uneven(Slow):
        def __getitem__(self, index):
            if index == 4:  # its worker has handed over 2 by now
                passed.set()
            if index == 1:
                passed.wait(60)
            return index

    loader = data.DataLoader(Uneven(0), num_workers=2, in_order=False, prefetch_factor=3)
    order = [int(batch) for batch in loader]
    assert sorted(order) == list(range(8)) and order != list(range(8))


def test_more_tasks_than_fit_into_a_pipe():
    order = [list(range(50_000)) for _ in range(60)]
    loader = data.DataLoader(range(50_000), batch_sampler=order, num_workers=1, prefetch_factor=60, collate_fn=len)
    assert list(loader) == [50_000] * 60


# ---------------------------------------------------------------------- coming to an end


def wait_for(condition):
    end = time.monotonic() + 30
    while not condition() and time.monotonic() < end:
        time.sleep(0.01)
    return condition()


def has_ended(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    with open(f"/proc/{pid}/stat") as file:  # nobody may have asked what became of it
        return file.read().rpartition(")")[2].split()[0] == "Z"


@pytest.mark.parametrize("kept", [False, True])
def test_workers_end_with_the_pass_or_its_iterator(kept):
    gc.collect()
    before = len(os.listdir("/proc/self/fd"))
    list(data.DataLoader(range(4), num_workers=2))
    assert not multiprocessing.active_children()
    loader = data.DataLoader(range(400), num_workers=2, persistent_workers=kept)
    batches = iter(loader)
    next(batches)
    assert len(multiprocessing.active_children()) == 2
    del batches, loader
    gc.collect()
    assert not multiprocessing.active_children()
    assert len(os.listdir("/proc/self/fd")) <= before


def test_kept_workers_read_anew():
    loader = data.DataLoader(Drawing(torchlike, "torch"), 2, num_workers=2, persistent_workers=True)
    first = iter(loader)
    next(first)
    workers = {each.pid for each in multiprocessing.active_children()}
    assert iter(loader) is first
    asked = [own[4] for _, own in first]
    assert len(asked) == 6 and min(each.min() for each in asked) > 0
    assert {each.pid for each in multiprocessing.active_children()} == workers


LEAVES = """
import os, signal, sys, time
import torch

class Dataset:
    def __len__(self):
        return 100

    def __getitem__(self, index):
        if index > 3:
            time.sleep(600)
        return os.getpid()

torch.ones(300, 300) @ torch.ones(300, 300)
batches = iter(torch.utils.data.DataLoader(Dataset(), 2, num_workers=2, persistent_workers="kept" in sys.argv))
print(*[int(next(batches)[0]) for _ in range(2)], flush=True)
if "killed" in sys.argv:
    os.kill(os.getpid(), signal.SIGKILL)
if "interrupted" in sys.argv:
    next(batches)
if "fails" in sys.argv:
    raise ValueError("no")
"""


def leaving(tmp_path, *how, head=""):
    """A program that is left in the middle of a pass; returns it, and the processes of its workers."""
    script = tmp_path / "leaves.py"
    script.write_text(head + LEAVES)
    program = subprocess.Popen(
        [sys.executable, "-m", "torchlike", str(script), *how],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    assert program.stdout is not None
    return program, [int(each) for each in program.stdout.readline().split()]


@pytest.mark.parametrize("how, code", [("kept", 0), ("fails", 1)])
def test_no_worker_outlives_its_program(tmp_path, how, code):
    program, workers = leaving(tmp_path, how)
    _, said = program.communicate(timeout=120)
    assert program.returncode == code and said.count("Traceback") == code, said
    assert len(workers) == 2 and wait_for(lambda: all(map(has_ended, workers)))


def test_no_worker_outlives_a_program_that_is_killed(tmp_path):
    head = "import time; sleep = time.sleep; time.sleep = lambda seconds: sleep(1)\n"
    program, workers = leaving(tmp_path, "killed", head=head)
    program.communicate(timeout=120)
    assert program.returncode == -signal.SIGKILL
    assert len(workers) == 2 and wait_for(lambda: all(map(has_ended, workers)))


def test_an_interrupt_ends_all(tmp_path):
    program, workers = leaving(tmp_path, "interrupted")
    os.killpg(program.pid, signal.SIGINT)  # as a terminal does
    _, said = program.communicate(timeout=120)
    assert program.returncode == -signal.SIGINT and said.count("Traceback") == 1, said
    assert said.rstrip().endswith("KeyboardInterrupt")
    assert len(workers) == 2 and wait_for(lambda: all(map(has_ended, workers)))


SPAWNED = """
import torchlike as torch
from jax._src.xla_bridge import backends_are_initialized

class Dataset(torch.utils.data.Dataset):
    def __init__(self):
        self.data = torch.arange(12.0).reshape(4, 3)

    def __len__(self):
        return 4

    def __getitem__(self, index):
        return (self.data[index] @ torch.rand(3, 3)).sum(), backends_are_initialized()

if __name__ == "__main__":
    found = []
    for method in "fork", "spawn":
        torch.manual_seed(0)
        loader = torch.utils.data.DataLoader(Dataset(), 2, num_workers=1, multiprocessing_context=method)
        found.append([[each.tolist() for each in batch] for batch in loader])
    assert [sums for sums, _ in found[0]] == [sums for sums, _ in found[1]]
    assert all(not any(used) for _, used in found[1]), found
"""


def test_spawned_workers(tmp_path):
    script = tmp_path / "spawned.py"
    script.write_text(SPAWNED)
    done = subprocess.run([sys.executable, str(script)], capture_output=True, text=True, timeout=300)
    assert (done.returncode, done.stderr) == (0, "")


def test_what_cannot_be_pickled_is_said():
    with pytest.warns(UserWarning, match="Got pickle error when attempting to start a worker Process"):
        with pytest.raises((AttributeError, TypeError), match="[Pp]ickle"):
            iter(
                data.DataLoader(
                    range(2), num_workers=1, multiprocessing_context="spawn", collate_fn=lambda batch: batch
                )
            )
    assert not multiprocessing.active_children()


# ---------------------------------------------------------------------- what comes from them


def test_info():
    def told(torch):
        class Asking(Slow):
            def __getitem__(self, index):
                info = torch.utils.data.get_worker_info()
                return str(info).split("dataset")[0], info.rng, info.worker_method, torch.get_num_threads()

        torch.manual_seed(0)
        return torch.utils.data.get_worker_info(), list(torch.utils.data.DataLoader(Asking(0), None, num_workers=2))

    check_op([], told)


KINDS = {
    "view": lambda torch, x: x[1:3],
    "transposed": lambda torch, x: x.t(),
    "expanded": lambda torch, x: x[0].expand(3, 5),
    "every second": lambda torch, x: x[::2, 1],
    "permuted": lambda torch, x: torch.arange(24).reshape(2, 3, 4).permute(2, 0, 1),
    "number": lambda torch, x: torch.tensor(3),
    "empty": lambda torch, x: x[:0],
    "bool": lambda torch, x: x > 3,
    "bfloat16": lambda torch, x: x.bfloat16().t(),
    "float16": lambda torch, x: x.half(),
    "complex": lambda torch, x: torch.complex(x, x).t(),
    "large": lambda torch, x: torch.arange(60_000.0),
    "large, transposed": lambda torch, x: torch.arange(60_000).reshape(200, 300).t(),
    "large and small": lambda torch, x: [x, {"a": torch.ones(20_000), "b": (x.sum(), "text")}],
    "large text": lambda torch, x: ["text" * 5000, 3],
    "array": lambda torch, x: np.arange(3),
    "one tensor twice": lambda torch, x: (lambda y: [y, y])(x + 1),
    "parameter": lambda torch, x: torch.nn.Parameter(x),
    "tracked leaf": lambda torch, x: x.requires_grad_(),
}


@pytest.mark.parametrize("name", KINDS)
def test_what_comes_is_what_was_made(name):
    class Made(Slow):
        def __init__(self, torch):
            self.torch = torch

        def __len__(self):
            return 2

        def __getitem__(self, index):
            return KINDS[name](self.torch, self.torch.arange(20.0).reshape(4, 5))

    def run(torch):
        found = list(torch.utils.data.DataLoader(Made(torch), None, num_workers=1))
        tensors = [each for each in found if isinstance(each, torch.Tensor)]
        return found, [(each.stride(), each.requires_grad, type(each).__name__) for each in tensors]

    check_op([], run)


def test_a_history_does_not_come_along():
    class Tracked(Slow):
        def __getitem__(self, index):
            return torchlike.ones(2, requires_grad=True) * 2

    with pytest.raises(RuntimeError, match="Caught RuntimeError in DataLoader worker process 0.\n.*") as caught:
        list(data.DataLoader(Tracked(0), None, num_workers=1))
    assert "Cowardly refusing to serialize non-leaf tensor which requires_grad" in str(caught.value)


def test_errors_that_the_loader_cannot_find():
    class Own(ValueError):
        pass

    def run(what):
        class Failing(Slow):
            def __getitem__(self, index):
                if isinstance(what, type):
                    raise what("told")
                return what

        return list(data.DataLoader(Failing(0), None, num_workers=1))

    with pytest.raises(ValueError, match="Caught Own in DataLoader worker process 0.\nOriginal .*") as caught:
        run(Own)
    assert "told" in str(caught.value)
    with pytest.raises((AttributeError, TypeError), match="[Pp]ickle.*local object"):
        run(lambda: None)


def test_a_received_batch_is_ones_own():
    images = torchlike.rand(8, 3, 64, 64)
    batches = [next(iter(data.DataLoader(images, 4, num_workers=count))) for count in (0, 1)]
    assert (batches[0] == batches[1]).all()
    batches[1].numpy()[:] = 0
    assert batches[1].sum() == 0 and images.sum() > 0


def test_received_memory_is_not_copied():
    batch = next(iter(data.DataLoader(torchlike.rand(8, 3, 64, 64), 4, num_workers=1)))
    base = batch._value().array
    while isinstance(base, np.ndarray):
        base = base.base
    assert isinstance(base.obj if isinstance(base, memoryview) else base, mmap.mmap)


def test_tensors_made_in_workers():
    def run(torch, count):
        class Made(Slow):
            def __getitem__(self, index):
                x = torch.arange(4.0) * index
                return (x - x.mean()).reshape(2, 2).t(), x.sum()

        return list(torch.utils.data.DataLoader(Made(0), 3, num_workers=count))

    check_op([], lambda torch: run(torch, 2))
    check_op([], lambda torch: [run(torch, 2), run(torch, 0)])


def test_training_beside_workers():
    def train(torch, count):
        torch.manual_seed(0)

        class Noisy(Slow):
            def __getitem__(self, index):
                return torch.rand(3) * 2 - index, torch.tensor([float(index)])

        weight = torch.ones(3, 1, requires_grad=True)
        for _ in range(2):
            for x, y in torch.utils.data.DataLoader(Noisy(0), 2, shuffle=True, num_workers=count):
                loss = ((x @ weight - y) ** 2).mean()
                loss.backward()
                with torch.no_grad():
                    weight -= 0.01 * weight.grad
                weight.grad = None
        return weight.detach()

    check_op([], lambda torch: train(torch, 2), rtol=1e-5)


def test_each_worker_has_a_copy():
    class Inner(data.Dataset):
        def __init__(self):
            self.samples, self.random, self.mark = torchlike.zeros(4), random.Random(0), [None]

        def __len__(self):
            return 4

        def __getitem__(self, index):
            self.samples += 1
            return self.mark[0], self.random.random(), self.samples[0].item()

    def init(worker_id):
        data.get_worker_info().dataset.dataset.mark[0] = worker_id

    inner = Inner()
    loader = data.DataLoader(data.Subset(inner, range(4)), 2, num_workers=2, worker_init_fn=init)
    batches = list(loader)
    assert [batch[0].tolist() for batch in batches] == [[0, 0], [1, 1]] and inner.mark == [None]
    assert batches[0][1].tolist() == batches[1][1].tolist() and inner.random.random() == random.Random(0).random()
    assert all(batch[2].tolist() == [1, 2] for batch in batches) and inner.samples.sum() == 0


def test_many_workers_are_warned_of():
    torch = reference()
    with pytest.warns(UserWarning, match="will create 999 worker processes in total") as ours:
        data.DataLoader([1], num_workers=999)
    with pytest.warns(UserWarning, match="will create 999 worker processes in total") as theirs:
        torch.utils.data.DataLoader([1], num_workers=999)
    assert str(ours[0].message) == str(theirs[0].message)


def test_prefetch_of_nothing():
    with pytest.raises(AssertionError, match="prefetch_factor must be greater than 0"):
        iter(data.DataLoader([1], num_workers=1, prefetch_factor=0))
