"""Threads that record side by side, and hand one another what is still to be computed."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

import torchlike
from torchlike._recorder.recorder import recorder


@pytest.fixture(autouse=True)
def _records():
    with torchlike.execution_mode("auto"):
        yield


def train(rate: float) -> list[float]:
    weight = torchlike.ones(4, requires_grad=True)
    for _ in range(20):
        ((weight * rate - 3) ** 2).sum().backward()
        with torchlike.no_grad():
            weight -= 0.01 * weight.grad
        weight.grad = None
    return weight.tolist()


def test_threads_train_side_by_side():
    rates = [1.0, 2.0, 0.5]
    with ThreadPoolExecutor(3) as pool:
        assert list(pool.map(train, rates)) == [train(rate) for rate in rates]


def test_a_thread_records_for_itself():
    mine = torchlike.ones(2) + 1
    before = list(recorder.recording.nodes)
    with ThreadPoolExecutor(1) as pool:
        theirs = pool.submit(lambda: (torchlike.ones(2) + 5, len(recorder.recording.nodes))).result()
    assert theirs[1] == 1 and recorder.recording.nodes == before
    assert (mine + theirs[0]).tolist() == [8.0, 8.0]


def test_tensors_go_to_and_fro_before_they_are_computed():
    first = torchlike.ones(2) + 1
    with ThreadPoolExecutor(1) as pool:
        second = pool.submit(lambda: first * 10).result()
        third = second + first
        fourth = pool.submit(lambda: third * 10).result()
        last = fourth + second
    assert last.tolist() == [240.0, 240.0]


def test_what_an_ended_thread_recorded_is_computed():
    made = []
    thread = threading.Thread(target=lambda: made.append(torchlike.ones(2) + 5))
    thread.start()
    thread.join()
    assert made[0].tolist() == [6.0, 6.0]


def test_what_nobody_holds_is_not_run():
    torchlike.ones(2).tolist()
    recorder.flush("the test begins")
    before = torchlike.explain().runs
    for _ in range(3):
        torchlike.ones(2) + 1
    recorder.flush("the test")
    assert torchlike.explain().runs == before and not recorder.recording.nodes


def test_a_loop_over_a_loader_is_cut_once_a_round():
    loader = torchlike.utils.data.DataLoader(torchlike.utils.data.TensorDataset(torchlike.ones(40, 3)), batch_size=2)
    total, weight = torchlike.zeros(()), torchlike.ones(3)
    flushes = []
    for (x,) in loader:
        flushes.append(sum(torchlike.explain().flushes.values()))
        total = total + (x * weight).sum()
    assert total.item() == 120
    assert {later - sooner for sooner, later in zip(flushes[3:], flushes[4:], strict=False)} == {1}


def test_a_loader_does_not_cut_a_step():
    batches = iter(torchlike.utils.data.DataLoader([1.0, 2.0, 3.0], batch_size=1))
    weight = torchlike.ones((), requires_grad=True)
    loss = next(batches).float() * weight
    before = len(recorder.recording.nodes)
    loss = loss + next(batches).float() * weight
    assert before and len(recorder.recording.nodes) > before
    loss.backward()
    assert weight.grad.item() == 3


def test_a_dataset_of_tensors_is_read_where_it_lies():
    class Samples(torchlike.utils.data.Dataset):
        def __init__(self):
            self.x, self.y = torchlike.arange(24.0).reshape(12, 2) + 0, torchlike.arange(12) + 0

        def __len__(self):
            return 12

        def __getitem__(self, i):
            x = self.x[i]
            x.add_(100)  # a sample is a view, as ever
            return x, self.y[i]

    samples = Samples()
    samples.x.tolist(), samples.y.tolist()
    x, y = next(iter(torchlike.utils.data.DataLoader(torchlike.utils.data.Subset(samples, [-12, 3]), batch_size=2)))
    assert x.tolist() == [[100.0, 101.0], [106.0, 107.0]] and y.tolist() == [0, 3]
    assert samples.x[:4].tolist() == [[100.0, 101.0], [2.0, 3.0], [4.0, 5.0], [106.0, 107.0]]
    plain = torchlike.utils.data.DataLoader(Columns(samples.y), batch_size=4)
    before = sum(torchlike.explain().runs.values())
    assert [each.tolist() for each in plain] == [[0, 1, 2, 3], [4, 5, 6, 7], [8, 9, 10, 11]]
    assert sum(torchlike.explain().runs.values()) == before  # no program ran


class Columns(torchlike.utils.data.Dataset):
    def __init__(self, y):
        self.y = y

    def __len__(self):
        return len(self.y)

    def __getitem__(self, i):
        return self.y[i]
