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
from pathlib import Path
from typing import Any

from benchmarks.programs import ROWS, Setup, Step, export

CHECKED_STEPS = 5
FIRST_STEPS = 10
WARM_SECONDS = 1.0
LIMIT = 60.0  # seconds that `torch.compile` may take for the first steps, and again for what is left
THREADS = os.cpu_count() or 1


@dataclass(frozen=True)
class Contestant:
    """A way to run a program: a library's module name (none for the twin in JAX), and what it compiles of the program."""

    title: str
    module: str | None = None
    compile: str | None = None  # see `Setup`


CONTESTANTS = {
    "eager": Contestant("PyTorch", "torch"),
    "compile": Contestant("torch.compile", "torch", compile="model"),
    "torchlike": Contestant("torchlike", "torchlike"),
    "compiled": Contestant("torchlike, model compiled", "torchlike", compile="model"),
    "step": Contestant("torchlike, step compiled", "torchlike", compile="step"),
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
        cache: the folder where its library keeps what it compiled.
    """

    def __init__(self, contestant: str, row: str, device: str, cache: Path) -> None:
        context = multiprocessing.get_context("spawn")
        self._pipe, theirs = context.Pipe()
        self._limit = LIMIT if CONTESTANTS[contestant].compile else None
        self._process = context.Process(target=_serve, args=(theirs, contestant, row, device, cache), daemon=True)
        self._process.start()
        theirs.close()

    def ask(self, request: str, *arguments: Any) -> Any:
        """Have the worker do something and return what it answers.

        Raises:
            Failed: the worker raised or died, or its compiler took too long.
        """
        try:
            self._pipe.send((request, arguments))
            if not self._pipe.poll(self._limit):
                raise Failed(f"takes over {LIMIT:.0f} s to {request}")
            done, answer = self._pipe.recv()
        except (EOFError, OSError) as error:
            raise Failed("its process died") from error
        if not done:
            raise Failed(answer)
        return answer

    def stop(self) -> None:
        """End the process."""
        self._pipe.close()
        self._process.join(timeout=1)
        if self._process.is_alive():
            self._process.kill()
            self._process.join()


def _serve(pipe: Connection, contestant: str, row: str, device: str, cache: Path) -> None:
    """Answer requests until the parent goes."""
    os.environ |= {"TORCHLIKE_CACHE_DIR": f"{cache}/torchlike", "TORCHINDUCTOR_CACHE_DIR": f"{cache}/inductor"}
    if contestant == "twin":
        os.environ |= {"JAX_COMPILATION_CACHE_DIR": f"{cache}/jax", "JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS": "0"}
    try:
        runner = _Runner(CONTESTANTS[contestant], row, device)
        while True:
            request, arguments = pipe.recv()
            pipe.send((True, getattr(runner, request)(*arguments)))
    except EOFError:
        return
    except Exception as error:  # whatever it is, it is the result of this cell of the table
        pipe.send((False, f"{type(error).__name__}: {str(error).splitlines()[0] if str(error) else ''}"))


class _Runner:
    """The worker's side: each public method is a request."""

    def __init__(self, contestant: Contestant, row: str, device: str) -> None:
        self._row, self._device, self._contestant = ROWS[row], device, contestant
        self._torch = importlib.import_module(contestant.module or "jax")
        if contestant.module == "torch":
            self._torch.set_num_threads(THREADS)
        self._step: Step = float
        self._taken = 0
        self._best = [float("inf")] * self._row.period

    def _build(self, weights: Mapping[str, Any] | None, dropout: bool) -> tuple[Any, Step]:
        setup = Setup(self._torch, self._device, self._contestant.compile, dropout, weights)
        return (None, self._row.jax_twin(setup)) if self._contestant.module is None else self._row.build(setup)

    def weights(self) -> Mapping[str, Any]:
        """The model's initial weights."""
        return export(self._build(None, dropout=False)[0])

    def start(self, weights: Mapping[str, Any]) -> dict[str, Any]:
        """Build the program and run its first steps.

        Returns:
            The first `losses`; in seconds from the library's import on the ends of the `first` step, of `ten`, and of
            `all`, a whole round of shapes; the `worst` step but the first; where the library tells, its `programs`, its
            `compiles`, and the seconds of `compiling`.
        """
        ends, losses = [time.perf_counter()], []
        _, self._step = self._build(weights, dropout=True)
        for _ in range(max(FIRST_STEPS, self._row.period)):
            losses.append(self._advance())
            ends.append(time.perf_counter())
        told = {"first": ends[1] - ends[0], "ten": ends[FIRST_STEPS] - ends[0], "all": ends[-1] - ends[0]}
        told["worst"] = max(after - before for before, after in zip(ends[1:], ends[2:], strict=False))
        return {"losses": losses[:CHECKED_STEPS]} | told | self._explained()

    def _advance(self) -> float:
        """Take the next step of the round of shapes."""
        self._taken += 1
        return self._step()

    def _explained(self) -> dict[str, Any]:
        explain = getattr(self._torch, "explain", None)
        if explain is None:
            return {}
        compiles = explain().compiles
        spent = sum(each.seconds for each in compiles)
        return {"programs": explain().programs, "compiles": len(compiles), "compiling": spent}

    def check(self, weights: Mapping[str, Any] | None) -> list[float]:
        """The first losses without dropout."""
        _, step = self._build(weights, dropout=False)
        return [step() for _ in range(CHECKED_STEPS)]

    def warm(self) -> None:
        """Run until compilations are done."""
        end = time.perf_counter() + WARM_SECONDS
        for steps in count():
            if steps >= CHECKED_STEPS and time.perf_counter() > end:
                break
            self._advance()

    def round(self, seconds: float) -> float:
        """Run steps for some seconds, until each shape was seen; tells the mean over shapes of their fastest steps."""
        if self._contestant == CONTESTANTS["eager"]:  # what is compiled is compiled for a number of threads
            self._torch.set_num_threads(1 if self._torch.get_num_threads() > 1 else THREADS)
        clock = time.perf_counter
        end = clock() + seconds
        begun = clock()
        while begun < end or max(self._best) == float("inf"):
            place = self._taken % len(self._best)
            self._advance()
            now = clock()
            self._best[place] = min(self._best[place], now - begun)
            begun = now
        return sum(self._best) / len(self._best)

    def peak(self) -> float:
        """The process's peak memory in MiB."""
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
