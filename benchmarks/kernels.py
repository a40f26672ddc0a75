"""Measure single operations, forward and gradients, against PyTorch: a table of shapes.

    python -m benchmarks.kernels
    python -m benchmarks.kernels --only "conv 3x3" --rounds 5

Both libraries run the same code in a process of their own and take turns; what counts is the fastest run. Each run reads
an element of the result, so that a recorded operation is computed. Whole networks decide, not these: see `run.py`.
"""

from __future__ import annotations

import argparse
import importlib
import multiprocessing
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from functools import cache
from pathlib import Path
from typing import Any

from benchmarks import report
from benchmarks.measure import THREADS

LIBRARIES = ("torch", "torchlike")
BATCH = 32


def _conv(channels: int, out: int, size: int, kernel: int, stride: int = 1, padding: int = 0, groups: int = 1) -> tuple:
    return "Conv2d", (channels, out, kernel, stride, padding, 1, groups), (BATCH, channels, size, size)


# name: (layer, its arguments, the input's shape)
ROWS: dict[str, tuple[str, tuple, tuple[int, ...]]] = {
    **{
        f"conv 3x3, {n}, padded, {s}x{s}": _conv(n, n, s, 3, 1, 1) for n, s in ((16, 32), (64, 32), (128, 16), (256, 8))
    },
    "conv 3x3, 64, 32x32": _conv(64, 64, 32, 3),
    "conv 3x3, 3 to 64, padded, 32x32": _conv(3, 64, 32, 3, 1, 1),
    "conv 1x1, 64 to 256, 16x16": _conv(64, 256, 16, 1),
    "conv 1x1 / 2, 64 to 128, 32x32": _conv(64, 128, 32, 1, 2),
    "conv 3x3 / 2, 64 to 128, 32x32": _conv(64, 128, 32, 3, 2, 1),
    "conv 7x7 / 2, 3 to 64, 112x112": _conv(3, 64, 112, 7, 2, 3),
    "depthwise 3x3, 64, 32x32": _conv(64, 64, 32, 3, 1, 1, 64),
    "depthwise 3x3 / 2, 64, 32x32": _conv(64, 64, 32, 3, 2, 1, 64),
    "conv 3x3, 4 groups of 16, 32x32": _conv(64, 64, 32, 3, 1, 1, 4),
    "conv 3x3, 32 groups of 4, 16x16": _conv(128, 128, 16, 3, 1, 1, 32),
    "transposed 4x4 / 2, 128 to 64, 8x8": ("ConvTranspose2d", (128, 64, 4, 2, 1), (BATCH, 128, 8, 8)),
    "transposed 2x2 / 2, 64 to 32, 16x16": ("ConvTranspose2d", (64, 32, 2, 2), (BATCH, 64, 16, 16)),
    "conv1d 5, 64, 256": ("Conv1d", (64, 64, 5, 1, 2), (BATCH, 64, 256)),
    "max pool 2x2, 64, 32x32": ("MaxPool2d", (2,), (BATCH, 64, 32, 32)),
    "max pool 3x3 / 2, 64, 32x32": ("MaxPool2d", (3, 2, 1), (BATCH, 64, 32, 32)),
    "avg pool 2x2, 64, 32x32": ("AvgPool2d", (2,), (BATCH, 64, 32, 32)),
    "adaptive avg pool to 1, 256, 8x8": ("AdaptiveAvgPool2d", (1,), (BATCH, 256, 8, 8)),
    "batch norm, 64, 32x32": ("BatchNorm2d", (64,), (BATCH, 64, 32, 32)),
    **{f"{name}, 200, 35 steps of 20": (name, (200, 200), (35, 20, 200)) for name in ("RNN", "GRU", "LSTM")},
}
KINDS = ("forward", "input's gradient", "weight's gradient")


@cache
def _runs(library: str, row: str) -> dict[str, Callable[[], Any]]:
    """What is measured of a row; it is done once to warm up."""
    torch = importlib.import_module(library)
    torch.manual_seed(0)
    if library == "torch":
        torch.set_num_threads(THREADS)
    name, given, shape = ROWS[row]
    layer = getattr(torch.nn, name)(*given)
    x = torch.randn(*shape)

    def output(x: Any) -> Any:
        y = layer(x)
        return y[0] if isinstance(y, tuple) else y

    cotangent = torch.randn(*output(x).shape)
    weights = [p for p in layer.parameters() if p.ndim > 1] or list(layer.parameters())

    def forward() -> None:
        with torch.no_grad():
            _read(output(x))

    def by_input() -> None:
        tracked = x.detach().requires_grad_()
        for p in layer.parameters():
            p.requires_grad_(False)
        _read(*torch.autograd.grad(output(tracked), tracked, cotangent))

    def by_weight() -> None:
        for p in layer.parameters():
            p.requires_grad_(True)
        _read(*torch.autograd.grad(output(x), weights, cotangent))

    runs = dict(zip(KINDS, (forward, by_input, by_weight)[: 3 if weights else 2], strict=False))
    for run in runs.values():
        for _ in range(4):
            run()
    return runs


def _read(*tensors: Any) -> None:
    for each in tensors:
        each.flatten()[0].item()


def _best(library: str, row: str, kind: str, seconds: float) -> float | None:
    run = _runs(library, row).get(kind)
    if run is None:
        return None
    clock, best = time.perf_counter, float("inf")
    end = clock() + seconds
    while (begun := clock()) < end:
        run()
        best = min(best, clock() - begun)
    return best


def measure(row: str, workers: dict[str, ProcessPoolExecutor], rounds: int, seconds: float) -> dict[str, list[float]]:
    """The fastest seconds of each library, in the order of `LIBRARIES`, for each kind that the row has."""
    best: dict[str, list[float]] = {}
    for _ in range(rounds):
        for kind in KINDS:
            took = [worker.submit(_best, library, row, kind, seconds).result() for library, worker in workers.items()]
            if None not in took:
                best[kind] = list(map(min, took, best.get(kind, took)))
    return best


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--only", default="", help="rows whose name contains this (default: all)")
    parser.add_argument("--rounds", type=int, default=3, help="how often each has its turn (default: %(default)s)")
    parser.add_argument("--seconds", type=float, default=0.1, help="seconds of a turn (default: %(default)s)")
    parser.add_argument("--out", type=Path, default=report.FOLDER, help="folder of the results (default: this one)")
    args = parser.parse_args()
    context = multiprocessing.get_context("spawn")
    workers = {each: ProcessPoolExecutor(1, context) for each in LIBRARIES}
    for row in (each for each in ROWS if args.only in each):
        measured = {row: measure(row, workers, args.rounds, args.seconds)}
        print(report.kernels_page(measured), flush=True)
        report.store("kernels", measured, folder=args.out)


if __name__ == "__main__":
    main()
