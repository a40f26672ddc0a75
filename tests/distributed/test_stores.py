"""Stores of keys and values."""

from __future__ import annotations

import gc
import os
import threading
from datetime import timedelta

import pytest

import torchlike
from tests.support import reference

QUESTIONS = """
s.timeout, s.set_timeout(timedelta(milliseconds=30)), s.timeout
s.set("a", "1"), s.get("a"), s.num_keys() > 0
s.get("no")
s.add("n", 3), s.add("n", -1), s.get("n")
s.check(["a"]), s.check(["a", "no"])
s.compare_set("c", "", "x"), s.compare_set("c", "y", "z"), s.compare_set("c", "x", "z"), s.compare_set("new", "e", "z")
s.get("c"), s.wait(["c"])
s.wait(["no"])
s.wait(["no"], timedelta(milliseconds=20))
s.append("c", "ww"), s.get("c"), s.append("k", "b"), s.get("k")
s.multi_set(["m1", "m2"], ["1", "2"]), s.multi_get(["m1", "m2"])
s.has_extended_api()
s.queue_push("q", "1"), s.queue_push("q", "2"), s.queue_len("q"), s.queue_pop("q"), s.queue_pop("q")
s.queue_pop("q", False)
s.queue_pop("q")
sorted(s.list_keys())
s.set("b", b"\\0\\xff"), s.get("b"), s.set("", "x"), s.get("")
s.set(1, 2)
s.add("c", "x")
s.delete_key("a"), s.check(["a"])
p.set("x", "1"), p.get("x"), s.get("pre/x"), p.add("i", 1), sorted(p.list_keys()), p.timeout == s.timeout
p.get("no")
p.delete_key("x"), p.check(["x"]), p.compare_set("l", "", "1")
(o := type(p)("o", p)).set("u", "v"), s.get("pre/o/u"), o.underlying_store is p
""".strip().splitlines()

MAKE = {
    "hash": lambda dist, path: dist.HashStore(),
    "file": lambda dist, path: dist.FileStore(str(path / "store"), 1),
    "tcp": lambda dist, path: dist.TCPStore("127.0.0.1", 0, 1, True, timedelta(seconds=5)),
}


@pytest.mark.parametrize("kind", MAKE)
def test_operations(tmp_path, kind, capfd):
    def told(torch, path):
        path.mkdir()
        store = MAKE[kind](torch.distributed, path)
        names = {"s": store, "p": torch.distributed.PrefixStore("pre", store), "timedelta": timedelta}
        return [_answer(line, names) for line in QUESTIONS]

    assert told(torchlike, tmp_path / "ours") == told(reference(), tmp_path / "theirs")


def _answer(line: str, names: dict) -> str:
    try:
        return f"{line}: {eval(f'({line})', names)}"
    except Exception as error:
        return f"{line}: {type(error).__name__}: {str(error).splitlines()[0]}"


def test_a_file_is_pytorchs_and_ends_with_its_last_store(tmp_path):
    torch = reference()
    path = str(tmp_path / "store")
    theirs, ours = torch.distributed.FileStore(path, 2), torchlike.distributed.FileStore(path, 2)
    theirs.set("a", "1")
    ours.set("b", "2")
    assert (ours.get("a"), theirs.get("b"), theirs.add("n", 1), ours.add("n", 2)) == (b"1", b"2", 1, 3)
    del theirs
    gc.collect()
    del ours
    gc.collect()
    assert not os.path.exists(path)


def test_a_file_that_is_none_is_an_error(tmp_path):
    (tmp_path / "store").write_bytes(b"no store at all")
    with pytest.raises(torchlike.distributed.DistStoreError, match="no store of keys and values"):
        torchlike.distributed.FileStore(str(tmp_path / "store"))


def test_a_value_comes_while_it_is_waited_for():
    dist = torchlike.distributed
    master = dist.TCPStore("127.0.0.1", 0, 1, True)
    other = dist.TCPStore("127.0.0.1", master.port, is_master=False)
    threading.Timer(0.05, lambda: other.set("late", "x")).start()
    assert master.get("late") == b"x" and other.clone().get("late") == b"x"
    assert (master.host, master.libuvBackend) == ("127.0.0.1", True)
    with pytest.raises(dist.DistNetworkError, match="EADDRINUSE"):
        dist.TCPStore("127.0.0.1", master.port, 1, True)
    with pytest.raises(dist.DistNetworkError, match="^The client socket has timed out after 50ms"):
        dist.TCPStore("127.0.0.1", 1, timeout=timedelta(milliseconds=50))
    with pytest.raises(dist.DistStoreError, match="1/2 clients joined"):
        dist.TCPStore("127.0.0.1", 0, 2, True, timedelta(milliseconds=50))


def test_ones_own_store():
    with pytest.raises(RuntimeError, match='^Tried to call pure virtual function "Store::set"$'):
        torchlike.distributed.Store().set("a", "b")
