"""Measure what keeping freed memory costs and brings: time and peak of training steps with it and without.

python -m benchmarks.memory
"""

from __future__ import annotations

import argparse
import os
import tempfile
from pathlib import Path

from benchmarks import report
from benchmarks.measure import Worker
from benchmarks.programs import ROWS

SETTING = "TORCHLIKE_KEEP_MEMORY"
WAYS = {"1": "kept", "0": "given back"}


def measure(row: str, rounds: int, seconds: float) -> dict[str, tuple[float, float]]:
    """(Seconds of the fastest step, peak in MiB) of a program under torchlike, by the setting's value."""
    with tempfile.TemporaryDirectory() as cache:
        workers = {}
        for way in WAYS:
            os.environ[SETTING] = way
            workers[way] = Worker("torchlike", row, "cpu", Path(cache) / way)
        for worker in workers.values():
            worker.ask("start", None)
            worker.ask("warm")
        best = {}
        for _ in range(rounds):  # a worker tells the best of all its rounds so far
            best = {way: worker.ask("round", seconds) for way, worker in workers.items()}
        found = {way: (best[way], worker.ask("peak")) for way, worker in workers.items()}
        for worker in workers.values():
            worker.stop()
    return found


def memory_table(rows: list[str], rounds: int, seconds: float) -> str:
    """Measure the programs; the page's table."""
    lines = []
    for row in rows:
        found = measure(row, rounds, seconds)
        times = [report.seconds(found[way][0]) for way in WAYS]
        lines.append([ROWS[row].title, *times, *[f"{found[way][1]:.0f} MiB" for way in WAYS]])
    heads = [f"{what}, {way}" for what in ("a step", "peak") for way in WAYS.values()]
    return report.table(["freed memory is kept, or given back to the system", *heads], lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", nargs="+", choices=ROWS, default=["gpt", "convnet", "mobilenet"], help="programs")
    parser.add_argument("--rounds", type=int, default=3, help="how often each has its turn (default: %(default)s)")
    parser.add_argument("--seconds", type=float, default=1.0, help="seconds of a turn (default: %(default)s)")
    parser.add_argument("--out", type=Path, default=report.FOLDER, help="folder of the results (default: this one)")
    args = parser.parse_args()
    page = memory_table(args.rows, args.rounds, args.seconds)
    print(page)
    report.store("host", {"memory": page}, folder=args.out)


if __name__ == "__main__":
    main()
