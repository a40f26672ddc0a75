"""Measure what a call costs the host: recording an operation, calling a layer, importing the library.

    python -m benchmarks.host

An operation is timed in chunks of unread results; what is pending is computed between the chunks, outside the timing.
PyTorch's time includes its computation, on tensors too small to matter.
"""

from __future__ import annotations

import argparse
import importlib
import multiprocessing
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from timeit import Timer
from typing import Any

from benchmarks import report

DIGITS = Path(__file__).resolve().parent.parent / "examples" / "digits.py"
CHUNK = 200
STATEMENTS = {
    "`a + b`": "a + b",
    "`x * 0.1`": "x * 0.1",
    "`x[0]`": "x[0]",
    "`x[:, 1:3]`": "x[:, 1:3]",
    "`relu(x)`": "relu(x)",
    "`x.sum()`": "x.sum()",
    "`x.mean(dim=1)`": "x.mean(dim=1)",
    "`a @ b`": "a @ b",
    "`x.view(8, 2)`": "x.view(8, 2)",
    "`x.t()`": "x.t()",
    "`cat([a, b])`": "cat([a, b])",
    "`x.float()`, no change": "x.float()",
    "`y.add_(1)`": "y.add_(1)",
    "`a > b`": "a > b",
    "`w * 0.1`, with gradients": "w * 0.1",
    "`w @ b`, with gradients": "w @ b",
    "`linear(x)`, with gradients": "linear(x)",
    "`x.shape`": "x.shape",
}


def cost(torch: Any, statement: str, rounds: int) -> float:
    """The seconds of one execution of a statement, the least of all rounds."""
    a, b, x, y = (torch.randn(4, 4) for _ in range(4))
    names = {
        "a": a,
        "b": b,
        "x": x,
        "y": y,
        "w": torch.randn(4, 4, requires_grad=True),
        "linear": torch.nn.Linear(4, 4),
        "relu": torch.relu,
        "cat": torch.cat,
    }
    timer = Timer(statement, globals=names)
    best = float("inf")
    for _ in range(rounds):
        best = min(best, timer.timeit(CHUNK))
        (a + y).sum().item()  # computes what is pending
    return best / CHUNK


def _costs(module: str, rounds: int) -> dict[str, float]:
    """The cost of every statement, in a process where nothing else was imported."""
    torch = importlib.import_module(module)
    return {title: cost(torch, statement, rounds) for title, statement in STATEMENTS.items()}


def operations_table(rounds: int, turns: int) -> str:
    """Measure both libraries in turn, each in a process of its own."""
    context = multiprocessing.get_context("spawn")
    best: dict[str, dict[str, float]] = {"torch": {}, "torchlike": {}}
    for _ in range(turns):
        for module, least in best.items():
            with context.Pool(1) as pool:
                for title, value in pool.apply(_costs, (module, rounds)).items():
                    least[title] = min(value, least.get(title, float("inf")))
    rows = [
        [title, report.seconds(theirs := best["torch"][title]), report.seconds(ours := best["torchlike"][title])]
        + [f"{theirs / ours:.2f}"]
        for title in STATEMENTS
    ]
    return report.table(["one call, tensors of 4 x 4", "PyTorch", "torchlike", "PyTorch / torchlike"], rows)


def imports_table(turns: int) -> str:
    """Measure importing in fresh processes, in turn: wall time, and peak memory after it."""
    code = "import resource{}; print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)"
    programs = {"Python alone": "", "PyTorch": ", torch", "torchlike": ", torchlike", "JAX": ", jax"}
    best = dict.fromkeys(programs, float("inf"))
    peak = dict.fromkeys(programs, 0)
    for _ in range(turns):
        for name, imported in programs.items():
            begun = time.perf_counter()
            done = subprocess.run([sys.executable, "-c", code.format(imported)], capture_output=True, check=True)
            best[name] = min(best[name], time.perf_counter() - begun)
            peak[name] = int(done.stdout)
    rows = [[name, report.seconds(best[name]), f"{peak[name] / 1024:.0f} MiB"] for name in programs]
    return report.table(["a process that imports", "time", "peak memory"], rows)


def scripts_table(scripts: list[Path]) -> str:
    """Run whole scripts as `python -m torchlike` does: how many distinct programs and compiles each takes."""
    code = (
        "import runpy, sys, torchlike; sys.argv = ['torchlike', *sys.argv[1:]];"
        "runpy.run_module('torchlike', run_name='__main__'); r = torchlike.explain();"
        "print(r.programs, len(r.compiles), sum(c.seconds for c in r.compiles))"
    )
    rows = []
    for script in scripts:
        with tempfile.TemporaryDirectory() as folder:
            environment = os.environ | {"TORCHLIKE_CACHE_DIR": folder}
            command = [sys.executable, "-c", code, str(script.resolve())]
            done = subprocess.run(command, capture_output=True, text=True, check=True, cwd=folder, env=environment)
        programs, compiles, spent = done.stdout.splitlines()[-1].split()
        rows.append([f"`{script.name}`", programs, compiles, report.seconds(float(spent))])
    return report.table(["a whole script, empty cache", "distinct programs", "compiles", "time spent compiling"], rows)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=100, help="chunks of each operation (default: %(default)s)")
    parser.add_argument("--turns", type=int, default=3, help="processes of each library (default: %(default)s)")
    parser.add_argument("--scripts", type=Path, nargs="*", default=[DIGITS], help="whole scripts to count programs of")
    parser.add_argument("--out", type=Path, default=report.FOLDER, help="folder of the results (default: this one)")
    args = parser.parse_args()
    tables = {"operations": operations_table(args.rounds, args.turns), "imports": imports_table(args.turns)}
    if args.scripts:
        tables["scripts"] = scripts_table(args.scripts)
    print("\n".join(tables.values()))
    report.store("host", tables, folder=args.out)


if __name__ == "__main__":
    main()
