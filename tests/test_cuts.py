"""Random programs, cut at any place, in every tier, by one thread and by several: always what NumPy computes.

``TORCHLIKE_TEST_FACTOR=100`` runs as many times more of them.
"""

from __future__ import annotations

import os
import random
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

import torchlike
from torchlike._programs.settings import settings
from torchlike._recorder import recorder as recording

FACTOR = int(os.environ.get("TORCHLIKE_TEST_FACTOR", "1"))
share = [0.5]  # where the next cut is, as a part of what is pending
LEAF, READ, DROP = "leaf", "read", "drop"
OPERATIONS = {  # of integers, so that all tiers agree to the bit
    "add": lambda m, x, y: x + y,
    "difference": lambda m, x, y: x - y * 3,
    "product": lambda m, x, y: x * y % 97,
    "least": lambda m, x, y: m.minimum(x, y),
    "choice": lambda m, x, y: m.where(x > y, x, y + 1),
    "number": lambda m, x, y: x + 5,
    "halves": lambda m, x, y: m.stack([*m.split(x, 2)][::-1], 0).reshape(4) if m is np else _swapped(m, x),
}


def _swapped(torch, x):
    first, second = x.chunk(2)  # one operation with two results
    return torch.cat([second, first])


def lines(seed: int, length: int) -> list[tuple]:
    """A program: (what is done, its operands' places in the pool, a number)."""
    rng = random.Random(seed)
    made: list[tuple] = [(LEAF, (), rng.randrange(90)) for _ in range(2)]
    pool = 2
    for _ in range(length):
        kind = rng.choices([LEAF, READ, DROP, *OPERATIONS], [3, 1, 1, *[3] * len(OPERATIONS)])[0]
        made.append((kind, (rng.randrange(pool), rng.randrange(max(0, pool - 4), pool)), rng.randrange(90)))
        pool += kind not in (READ, DROP)
    return made


def run(library, program: list[tuple], shift: int, read) -> list:
    """All that is left of the pool, as lists.

    Args:
        shift: added to the leaves: the same program with other inputs.
        read: what reads a value in the middle.
    """
    pool: list = []
    for kind, places, number in program:
        if kind == LEAF:
            leaf = np.arange(4, dtype=np.int64) * (number + shift) % 91
            pool.append(leaf if library is np else library.from_numpy(leaf).clone())
            continue
        x, y = (pool[place] if pool[place] is not None else pool[0] for place in places)
        if kind == READ:
            read(x)
        elif kind == DROP:
            pool[places[1]] = None if places[1] else pool[0]
        else:
            pool.append(OPERATIONS[kind](library, x, y))
    return [None if each is None else each.tolist() for each in pool]


def check(seed: int, turns: int, read=lambda x: x.tolist()) -> None:
    """Run a program some times, each time cut elsewhere."""
    program = lines(seed, 10 + seed % 30)
    rng = random.Random(seed)
    for turn in range(turns):
        share[0] = rng.random()
        assert run(torchlike, program, turn, read) == run(np, program, turn, lambda x: None), (seed, turn)


@pytest.fixture(autouse=True)
def _cuts_everywhere(monkeypatch):
    monkeypatch.setattr(settings, "max_nodes", 7)
    monkeypatch.setattr(recording, "_CHECK_EVERY", 3)
    monkeypatch.setattr(recording, "repeating_cut", lambda specs: round(len(specs) * share[0]))


@pytest.mark.parametrize(("mode", "count"), [("auto", 60), ("eager", 20), ("whole", 1)])
def test_a_cut_at_any_place_changes_nothing(mode, count):
    with torchlike.execution_mode(mode):
        for seed in range(count * FACTOR):
            check(seed, 5)


def test_values_that_another_thread_reads_in_the_middle():
    with ThreadPoolExecutor(1) as pool:
        for seed in range(30 * FACTOR):
            check(seed, 4, lambda x: pool.submit(x.tolist).result())


def test_threads_run_random_programs_side_by_side():
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda seed: check(seed, 4), range(30 * FACTOR)))


def test_a_part_of_a_program_is_not_met_with_all_of_its_inputs(monkeypatch):
    monkeypatch.setattr(settings, "max_nodes", 60)
    monkeypatch.setattr(recording, "_CHECK_EVERY", 50)
    for length in (40, 40, 40, 90, 40, 90, 55):
        data = [torchlike.full((3,), float(each)) for each in range(length)]
        x = torchlike.zeros(3)
        for each in data:
            x = x + each * 2
        assert x.tolist() == [length * (length - 1.0)] * 3
