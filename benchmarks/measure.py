"""A worker process for each library, so that none meets another's settings, threads or allocator."""

from __future__ import annotations

import importlib
import multiprocessing
import os
import resource
import time
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import count
from multiprocessing.connection import Connection
from typing import Any

from benchmarks.programs import ROWS, Setup, Step, export

CHECKED_STEPS = 5
WARM_SECONDS = 1.0
THREADS = os.cpu_count() or 1


@dataclass(frozen=True)
class Contestant:
    """A way to run a program: a library's module name (none for the twin in JAX), and whether it compiles the model."""

    title: str
    module: str | None = None
    compile: bool = False


CONTESTANTS = {
    "eager": Contestant("PyTorch", "torch"),
    "compile": Contestant("torch.compile", "torch", compile=True),
    "torchlike": Contestant("torchlike", "torchlike"),
    "twin": Contestant("jax.jit + optax", None),
}


class Failed(Exception):
    """What a worker says when its library cannot run the program."""


class Worker:
    """A process that runs one program under one library when told to.

    Args:
        contestant: a key of `CONTESTANTS`.
        row: a key of `ROWS`.
        device: where the program's tensors live.
    """

    def __init__(self, contestant: str, row: str, device: str = "cpu") -> None:
        context = multiprocessing.get_context("spawn")
        self._pipe, theirs = context.Pipe()
        self._process = context.Process(target=_serve, args=(theirs, contestant, row, device), daemon=True)
        self._process.start()
        theirs.close()

    def ask(self, request: str, argument: Any = None) -> Any:
        """Have the worker do something and return what it answers.

        Raises:
            Failed: the worker raised or died.
        """
        try:
            self._pipe.send((request, argument))
            done, answer = self._pipe.recv()
        except (EOFError, OSError) as error:
            raise Failed("its process died") from error
        if not done:
            raise Failed(answer)
        return answer

    def stop(self) -> None:
        """End the process."""
        self._pipe.close()
        self._process.join(timeout=10)
        if self._process.is_alive():
            self._process.kill()
            self._process.join()


def _serve(pipe: Connection, contestant: str, row: str, device: str) -> None:
    """Answer requests until the parent goes."""
    try:
        runner = _Runner(CONTESTANTS[contestant], row, device)
        while True:
            request, argument = pipe.recv()
            pipe.send((True, getattr(runner, request)(argument)))
    except EOFError:
        return
    except Exception as error:  # whatever it is, it is the result of this cell of the table
        pipe.send((False, f"{type(error).__name__}: {str(error).splitlines()[0] if str(error) else ''}"))


class _Runner:
    """The worker's side: each public method is a request."""

    def __init__(self, contestant: Contestant, row: str, device: str) -> None:
        self._row, self._device, self._contestant = ROWS[row], device, contestant
        self._torch = importlib.import_module(contestant.module) if contestant.module else None
        if contestant.module == "torch":
            self._torch.set_num_threads(THREADS)
        self._step: Step = float

    def _build(self, weights: Mapping[str, Any] | None, dropout: bool) -> tuple[Any, Step]:
        setup = Setup(self._torch, self._device, self._contestant.compile, dropout, weights)
        return (None, self._row.jax_twin(setup)) if self._torch is None else self._row.build(setup)

    def check(self, weights: Mapping[str, Any] | None) -> dict[str, Any]:
        """Run the first steps without dropout; tells the initial weights, the losses, and the seconds it took."""
        begun = time.perf_counter()
        model, step = self._build(weights, dropout=False)
        initial = export(model) if weights is None else weights
        losses = [step() for _ in range(CHECKED_STEPS)]
        return {"weights": initial, "losses": losses, "seconds": time.perf_counter() - begun}

    def warm(self, weights: Mapping[str, Any]) -> None:
        """Build the program that is measured, and run it until its compilations are done."""
        _, self._step = self._build(weights, dropout=True)
        end = time.perf_counter() + WARM_SECONDS
        for steps in count():
            if steps >= CHECKED_STEPS and time.perf_counter() > end:
                break
            self._step()

    def round(self, seconds: float) -> float:
        """Run steps for some seconds; tells those of the fastest one."""
        step, clock, best = self._step, time.perf_counter, float("inf")
        end = clock() + seconds
        begun = clock()
        while begun < end:
            step()
            now = clock()
            best = min(best, now - begun)
            begun = now
        return best

    def tell(self, _: None) -> dict[str, Any]:
        """The process's peak memory in MiB; where the library tells, its distinct programs and its compiles."""
        told = {"peak_mib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024}
        explain = getattr(self._torch, "explain", None)
        if explain is not None:
            report = explain()
            told |= {"programs": report.programs, "compiles": len(report.compiles)}
        return told
