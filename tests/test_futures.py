"""Results that are there later."""

from __future__ import annotations

import threading

import pytest

import torchlike
from tests.support import reference


def chained(torch):
    later = torch.futures.Future()
    told, called = [later.done()], []
    twice = later.then(lambda done: done.value() * 2)
    broken = later.then(lambda done: 1 / 0)
    later.add_done_callback(lambda done: called.append(done.done()))
    threading.Timer(0.02, lambda: later.set_result(3)).start()
    told += [twice.wait(), later.value(), twice.then(lambda done: done.wait() + 1).wait()]
    for call in (
        broken.wait,
        lambda: later.set_result(4),
        lambda: later.set_exception(3),
    ):
        try:
            call()
        except Exception as error:
            told.append((type(error).__name__, str(error).splitlines()[0]))
    every = [torch.futures.Future() for _ in range(3)]
    all_done = torch.futures.collect_all(every)
    for number, each in enumerate(every):
        each.set_result(number)
    return [*told, called, [each.wait() for each in all_done.wait()], torch.futures.wait_all(every)]


def test_a_value_that_is_not_there_yet():
    with pytest.raises(RuntimeError, match="not completed: use wait"):
        torchlike.futures.Future().value()


def test_futures():
    want, got = chained(reference()), chained(torchlike)
    assert [str(each) for each in got] == [str(each) for each in want]
