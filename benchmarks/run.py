"""Measure whole training steps: PyTorch, torch.compile, torchlike unchanged, and a twin written by hand in JAX.

    python -m benchmarks.run
    python -m benchmarks.run --rows mlp-small gpt --rounds 3 --seconds 1 --without compile

Each runs in processes of its own: one with an empty cache of compiled programs, whose first steps must give the same
losses as PyTorch's, and a second one that finds what the first has cached. The second ones then take turns, round after
round, while the others wait; what counts is the fastest step of all rounds.
"""

from __future__ import annotations

import argparse
import tempfile
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from benchmarks import report
from benchmarks.measure import CONTESTANTS, Failed, Worker
from benchmarks.programs import ROWS, Row


def measure_row(row: str, names: list[str], rounds: int, seconds: float, device: str) -> dict[str, dict[str, Any]]:
    """Measure one program under each contestant.

    Returns:
        For each contestant the first steps with an empty cache, `cold`, and with a full one, `warm` (see `start` of the
        worker), `best` (seconds a step) and `peak_mib`; or `failed`, with the reason.
    """
    results: dict[str, dict[str, Any]] = {name: {} for name in names}
    workers: dict[str, Worker] = {}
    with tempfile.TemporaryDirectory() as caches, ExitStack() as stack:

        def begin(name: str) -> Worker:
            workers[name] = Worker(name, row, device, Path(caches) / name)
            stack.callback(workers[name].stop)
            return workers[name]

        weights = begin("eager").ask("weights")
        workers["eager"].stop()
        reference: list[float] = []
        for name in names:
            _guarded(results, name, _cold, begin(name), weights, ROWS[row], reference)
            workers[name].stop()
        for name in names:
            _guarded(results, name, _warm, begin(name), weights)
        for turn in range(rounds):
            for name in names[turn % len(names) :] + names[: turn % len(names)]:
                _guarded(results, name, _round, workers[name], seconds)
        for name in names:
            _guarded(results, name, lambda result, worker: result.update(peak_mib=worker.ask("peak")), workers[name])
    return results


def _guarded(results: dict, name: str, action: Any, *args: Any) -> None:
    """Do something for a contestant that has not failed so far; note it if it fails now."""
    if "failed" not in results[name]:
        try:
            action(results[name], *args)
        except Failed as error:
            results[name]["failed"] = str(error)


def _cold(result: dict, worker: Worker, weights: Any, row: Row, reference: list[float]) -> None:
    """Time the first steps with an empty cache, and compare the losses; the first to come sets the reference."""
    result["cold"] = worker.ask("start", weights)
    losses = result["cold"].pop("losses")
    if row.random:
        losses = worker.ask("check", weights)
    reference += losses[len(reference) :]
    for ours, theirs in zip(losses, reference, strict=True):
        if not abs(ours - theirs) <= row.tolerance * abs(theirs):
            raise Failed(f"losses {losses} differ from PyTorch's {reference}")


def _warm(result: dict, worker: Worker, weights: Any) -> None:
    """Time the first steps with a full cache, then have the worker compile what is left."""
    result["warm"] = worker.ask("start", weights)
    del result["warm"]["losses"]
    worker.ask("warm")


def _round(result: dict, worker: Worker, seconds: float) -> None:
    result["best"] = min(result.get("best", float("inf")), worker.ask("round", seconds))


def _takes_part(name: str, row: str) -> bool:
    """Whether a contestant can run a program.

    Not every program has a twin. Where shapes vary, a step is no function that is compiled once, and `torch.compile`
    compiles for minutes.
    """
    if name == "twin":
        return ROWS[row].twinned
    return name not in ("compile", "step") or not ROWS[row].varies


def parse_args() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", nargs="+", choices=ROWS, default=list(ROWS), help="programs (default: all)")
    parser.add_argument("--against", nargs="+", choices=CONTESTANTS, default=list(CONTESTANTS), help="who takes part")
    parser.add_argument("--without", nargs="+", choices=CONTESTANTS, default=[], help="who does not (compile is slow)")
    parser.add_argument("--rounds", type=int, default=3, help="how often each has its turn (default: %(default)s)")
    parser.add_argument("--seconds", type=float, default=1.0, help="seconds of a turn (default: %(default)s)")
    parser.add_argument("--device", default="cpu", help="where tensors live (default: %(default)s)")
    parser.add_argument("--out", type=Path, default=report.FOLDER, help="folder of the results (default: this one)")
    return parser.parse_args()


def main() -> None:
    args = parse_args()
    names = [name for name in CONTESTANTS if name == "eager" or name in args.against and name not in args.without]
    for row in args.rows:
        present = [name for name in names if _takes_part(name, row)]
        results = measure_row(row, present, args.rounds, args.seconds, args.device)
        print(report.steps_page({row: results}), flush=True)
        report.store("steps", {row: results}, args.device, args.out)


if __name__ == "__main__":
    main()
