"""Products in parts, each by a thread of its own, give what the whole gives."""

from __future__ import annotations

import multiprocessing
import threading
import warnings

import numpy as np
import pytest

from tests.programs.compare import numbers
from torchlike._programs.cold import threads

SHAPES = {
    "rows": ((50, 6), (6, 20)),
    "columns": ((7, 6), (6, 31)),
    "a batch": ((9, 4, 6), (9, 6, 5)),
    "a small batch": ((2, 3, 40, 6), (2, 3, 6, 5)),
    "fewer rows than threads": ((2, 6), (6, 1)),
}


@pytest.fixture
def three(monkeypatch):
    """Three threads, for whatever size."""
    monkeypatch.setattr(threads, "_crew", threads.Crew(3))
    monkeypatch.setattr(threads, "SHARED", 0)


@pytest.mark.parametrize("dtype", ["float32", "float64", "complex64", "int32"])
@pytest.mark.parametrize("name", SHAPES)
def test_the_parts_are_the_whole(three, name, dtype):
    left, right = SHAPES[name]
    x, y = numbers(dtype, *left), numbers(dtype, *right, seed=1)
    for a, b in ((x, y), (x.swapaxes(-1, -2).copy().swapaxes(-1, -2), y), (x, np.asfortranarray(y))):
        got = threads.product(a, b)
        assert got.flags.carray and got.dtype == a.dtype
        np.testing.assert_allclose(got, np.matmul(a, b), rtol=1e-5, atol=1e-5)


def test_no_warning_and_no_part_is_lost_among_many_callers(three):
    x, y = numbers("float32", 50, 6), numbers("float32", 6, 20)
    x[::7] = np.inf
    with np.errstate(all="ignore"):
        want = np.matmul(x, y)
    got = []

    def call():
        with np.errstate(all="ignore"):
            got.extend(threads.product(x, y) for _ in range(50))

    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        callers = [threading.Thread(target=call) for _ in range(4)]
        for each in callers:
            each.start()
        for each in callers:
            each.join()
    assert len(got) == 200 and not caught
    for each in got:
        np.testing.assert_array_equal(each, got[0])
    np.testing.assert_allclose(got[0], want, rtol=1e-5, atol=1e-5)


def test_what_fails_in_a_part_fails_for_the_caller():
    def fail(at):
        if at == 1:
            raise MemoryError("no part")

    for _ in range(20):
        with pytest.raises(MemoryError, match="no part"):
            threads.Crew(2).share(fail, [(0,), (1,), (2,)])


def test_a_part_that_nobody_has_begun_is_done_by_the_caller():
    crew = threads.Crew(2)
    begun, free = threading.Event(), threading.Event()
    crew._wanted.put((lambda: (begun.set(), free.wait()), threads.deque([()]), threads.SimpleQueue()))
    begun.wait()  # its other thread has enough to do
    made = []
    crew.share(made.append, [(0,), (1,), (2,)])
    assert made == [0, 1, 2]
    free.set()


def _in_a_child(pipe) -> None:
    pipe.send(threads.product(np.ones((50, 6)), np.ones((6, 20))).sum())


@pytest.mark.filterwarnings("ignore:os.fork")
@pytest.mark.skipif("fork" not in multiprocessing.get_all_start_methods(), reason="the platform has no fork")
def test_a_forked_process_has_threads_of_its_own(three):
    threads.product(np.ones((50, 6)), np.ones((6, 20)))
    mine, theirs = multiprocessing.Pipe()
    child = multiprocessing.get_context("fork").Process(target=_in_a_child, args=(theirs,))
    child.start()
    assert mine.poll(60) and mine.recv() == 6000
    child.join(60)
    assert child.exitcode == 0
