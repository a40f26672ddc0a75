"""Loaders with workers, against PyTorch's, which are processes."""

from __future__ import annotations

import gc
import random
import threading
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


def test_a_worker_that_ends_is_noticed():
    with pytest.raises(RuntimeError, match=r"DataLoader worker \(pid\(s\) \d+\) exited unexpectedly"):
        list(data.DataLoader(Breaks(SystemExit(1)), 2, num_workers=1))


class Slow:
    """Samples that take a while; which threads read them."""

    def __init__(self, seconds):
        self.seconds, self.threads = seconds, []

    def __len__(self):
        return 8

    def __getitem__(self, index):
        self.threads.append(threading.current_thread().name)
        time.sleep(self.seconds)
        return index


@pytest.mark.parametrize("seconds", [0.05])
def test_timeout(seconds):
    batches = iter(data.DataLoader(Slow(seconds * 10), num_workers=1, timeout=seconds))
    with pytest.raises(RuntimeError, match=f"DataLoader timed out after {seconds} seconds"):
        next(batches)


def test_workers_work_at_once():
    dataset = Slow(0.05)
    batches = [batch.tolist() for batch in data.DataLoader(dataset, 2, num_workers=4)]
    assert batches == [[0, 1], [2, 3], [4, 5], [6, 7]]
    assert set(dataset.threads) == {f"loader-worker-{worker}" for worker in range(4)}


def test_batches_as_they_are_ready():
    class Uneven(Slow):
        def __getitem__(self, index):
            time.sleep(0.5 if index == 1 else 0.0)
            return index

    loader = data.DataLoader(Uneven(0), num_workers=2, in_order=False, prefetch_factor=3)
    order = [int(batch) for batch in loader]
    assert sorted(order) == list(range(8)) and order != list(range(8))


def workers() -> set[str]:
    gc.collect()
    return {each.name for each in threading.enumerate() if each.name.startswith("loader-worker")}


def wait_for(condition):
    end = time.monotonic() + 5
    while not condition() and time.monotonic() < end:
        time.sleep(0.01)
    return condition()


def test_workers_end_with_the_pass_or_its_iterator():
    list(data.DataLoader(range(4), num_workers=2))
    assert wait_for(lambda: not workers())
    batches = iter(data.DataLoader(range(400), num_workers=2))
    next(batches)
    assert workers()
    del batches
    assert wait_for(lambda: not workers())


def test_kept_workers_end_with_the_loader():
    loader = data.DataLoader(Drawing(torchlike, "torch"), 2, num_workers=2, persistent_workers=True)
    first = iter(loader)
    next(first)
    assert iter(loader) is first
    asked = [own[4] for _, own in first]
    assert workers() and min(each.min() for each in asked) > 0
    del loader, first
    assert wait_for(lambda: not workers())


def test_info():
    assert data.get_worker_info() is None

    class Asking(Slow):
        def __getitem__(self, index):
            info = data.get_worker_info()
            rng = info.rng
            return (
                index,
                info.worker_method == "thread",
                rng.random_generator.random(),
                float(rng.torch_generator.initial_seed() == info.seed),
                rng.numpy_generator.random(),
            )

    def run():
        torchlike.manual_seed(0)
        loader = data.DataLoader(Asking(0), 2, num_workers=2)
        return [[column.tolist() for column in batch] for batch in loader]

    assert run() == run()
    assert all(all(batch[1]) and all(batch[3]) for batch in run())


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


def test_workers_copy_what_they_set_and_not_the_samples():
    class Inner(data.Dataset):
        def __init__(self):
            self.samples, self.random, self.mark = list(range(4)), random.Random(0), None

        def __len__(self):
            return 4

        def __getitem__(self, index):
            return self.mark, self.random.random(), id(self.samples)

    def init(worker_id):
        data.get_worker_info().dataset.dataset.mark = worker_id

    inner = Inner()
    loader = data.DataLoader(data.Subset(inner, range(4)), 2, num_workers=2, worker_init_fn=init)
    batches = list(loader)
    assert [batch[0].tolist() for batch in batches] == [[0, 0], [1, 1]] and inner.mark is None
    assert batches[0][1].tolist() == batches[1][1].tolist() and inner.random.random() == random.Random(0).random()
    assert batches[0][2][0] == id(inner.samples)


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
