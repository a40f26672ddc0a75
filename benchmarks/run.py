"""Measure whole training steps: PyTorch, torch.compile, torchlike unchanged, and a twin written by hand in JAX.

    python -m benchmarks.run
    python -m benchmarks.run --rows mlp-small gpt --rounds 3 --seconds 1

Each runs in a process of its own. Before anything is timed all start from the same weights and must give the same
losses. Then they take turns, round after round, while the others wait; what counts is the fastest step of all rounds.
"""

from __future__ import annotations

import argparse
import os
import tempfile
from pathlib import Path
from typing import Any

from benchmarks import report
from benchmarks.measure import CONTESTANTS, Failed, Worker
from benchmarks.programs import ROWS

TOLERANCE = 1e-3  # relative; a first step that differs by more is another program


def measure_row(row: str, names: list[str], rounds: int, seconds: float, device: str) -> dict[str, dict[str, Any]]:
    """Measure one program under each contestant.

    Returns:
        For each contestant `best` (seconds a step), `first` (seconds of the first steps, compilation included),
        `peak_mib` and what its library tells of its programs; or `failed`, with the reason.
    """
    workers = {name: Worker(name, row, device) for name in names}
    results: dict[str, dict[str, Any]] = {name: {} for name in names}
    try:
        reference = workers["eager"].ask("check")
        for name in names:
            _guarded(results, name, _prepare, workers[name], reference, name == "eager")
        for turn in range(rounds):
            for name in names[turn % len(names) :] + names[: turn % len(names)]:
                _guarded(results, name, _round, workers[name], seconds)
        for name in names:
            _guarded(results, name, lambda result, worker: result.update(worker.ask("tell")), workers[name])
    finally:
        for worker in workers.values():
            worker.stop()
    return results


def _guarded(results: dict, name: str, action: Any, *args: Any) -> None:
    """Do something for a contestant that has not failed so far; note it if it fails now."""
    if "failed" not in results[name]:
        try:
            action(results[name], *args)
        except Failed as error:
            results[name]["failed"] = str(error)


def _prepare(result: dict, worker: Worker, reference: dict, is_reference: bool) -> None:
    """Compare the first losses, then have the worker compile what will be measured."""
    first = reference if is_reference else worker.ask("check", reference["weights"])
    for ours, theirs in zip(first["losses"], reference["losses"], strict=True):
        if not abs(ours - theirs) <= TOLERANCE * abs(theirs):
            raise Failed(f"losses {first['losses']} differ from PyTorch's {reference['losses']}")
    result["first"] = first["seconds"]
    worker.ask("warm", reference["weights"])


def _round(result: dict, worker: Worker, seconds: float) -> None:
    result["best"] = min(result.get("best", float("inf")), worker.ask("round", seconds))


def parse_args() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", nargs="+", choices=ROWS, default=list(ROWS), help="programs (default: all)")
    parser.add_argument("--against", nargs="+", choices=CONTESTANTS, default=list(CONTESTANTS), help="who takes part")
    parser.add_argument("--rounds", type=int, default=5, help="how often each has its turn (default: %(default)s)")
    parser.add_argument("--seconds", type=float, default=2.0, help="seconds of a turn (default: %(default)s)")
    parser.add_argument("--device", default="cpu", help="where tensors live (default: %(default)s)")
    parser.add_argument("--out", type=Path, default=report.FOLDER, help="folder of the results (default: this one)")
    return parser.parse_args()


def main() -> None:
    args = parse_args()
    names = list(dict.fromkeys(["eager", *args.against]))
    with tempfile.TemporaryDirectory() as caches:
        # Empty caches: the first steps of each include all of its compilation.
        os.environ |= {"TORCHLIKE_CACHE_DIR": f"{caches}/torchlike", "TORCHINDUCTOR_CACHE_DIR": f"{caches}/inductor"}
        for row in args.rows:
            results = measure_row(row, names, args.rounds, args.seconds, args.device)
            print(report.steps_table({row: results}), flush=True)
            report.store("steps", {row: results}, args.device, args.out)


if __name__ == "__main__":
    main()
