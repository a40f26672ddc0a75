"""Keep measurements in `results.json`; make the page `RESULTS.md` and the picture `results.png` of them."""

from __future__ import annotations

import datetime
import json
import os
import platform
import subprocess
from collections.abc import Callable, Iterable
from importlib.metadata import version
from pathlib import Path
from statistics import geometric_mean
from typing import Any

from benchmarks.measure import CONTESTANTS
from benchmarks.programs import ROWS, VARIETY

FOLDER = Path(__file__).resolve().parent
HEAD = """# Measurements

Written by `python -m benchmarks.run`, `host`, `small`, `memory` and `kernels` of the same folder; do not edit.

"""
STEPS = """## Training steps

Forward, backward, optimizer and `loss.item()`, each step; the fastest step of all rounds, and where each step has
shapes of its own the mean over all shapes of their fastest steps, when they come for the second time or later. The
programs are in `programs/`: the source for PyTorch, `torch.compile` and torchlike is the very same; the twin is the same
training written by hand with `jax.jit` and optax. `torch.compile` is given the model; torchlike's is given the model, and
in a column of its own the whole step, from `zero_grad` to `loss.item()`, where that is one function of tensors. PyTorch
runs now with one thread, now with as many as there are cores: the faster counts. All gave the same losses in their
first steps.

The first steps count from the library's import on, in a new process: once with an empty cache of compiled programs, and
once with what the first process left there.

"""
PAIRS = (("eager", "torchlike"), ("twin", "torchlike"), ("twin", "step"), ("compile", "step"))  # what is compared
SHORT = {"twin": "twin", "step": "step compiled"}
HOST = "## Host costs and small cases\n\n"
KERNELS = """## Single operations

Milliseconds, PyTorch / torchlike, of batches of 32; the gradients with the forward that they need. Whole networks decide.

"""

BOUNDS = """## What bounds the rest

- **Small networks beside hand-written JAX.** Of the smallest step (0.15 to 0.17 ms) Python takes 0.11: forward 32 µs,
  backward 35, optimizer 24, flush 14; XLA's call with its 26 results 20. The whole step compiled leaves 35 µs of Python,
  7 of them for guards.
- **A growing cache, token by token.** 91 operations, of which a dozen are of a new size each time, so nothing is ever
  compiled. Each costs 3 µs to record and 5 µs to run by NumPy besides its own time, where PyTorch's dispatch costs 1 to 2.
  The products with one row are bound by memory and take 0.4 ms in both. Pieces of a fixed size compiled by themselves
  would gain nothing: a call of XLA costs 20 to 50 µs, and a piece of a layer NumPy no more. The same bounds an
  environment's steps of batch 1.
- **Convolutions.** One of 64 channels, 3x3, takes XLA 6.5 ms and oneDNN 5.2; depthwise ones take thrice to thirty times as
  long by themselves as in oneDNN, and less in a network, where they are fused with what surrounds them. `docs/design.md`
  tells what was tried.
- **Peak memory.** A program's own temporaries (XLA's `memory_analysis`) are within a twentieth of the twin's for ConvNet (54
  and 99 MiB), GPT (172 and 182) and ResNet-18 (441 and 425). What a process takes beyond them is the first step, run by
  NumPy, and what glibc keeps in one arena.
- **ResNet-18's first step.** Half of it is XLA compiling eight kinds of convolutions, each of which comes often enough
  within one step to be worth it; so from a full cache it is not a third of the twin's from an empty one.
- **NumPy's products** depend on the kernels that OpenBLAS chooses. `OPENBLAS_CORETYPE=Haswell` was set where these tables
  were measured, with which they run at half their speed: without it the encoder's first 200 steps take a fifth less.
"""


def where(device: str = "cpu") -> str:
    """The date, the machine and the versions that a measurement belongs to."""
    versions = ", ".join(f"{name} {version(name)}" for name in ("torch", "jax", "jaxlib"))
    place = f"{os.cpu_count()} cores of {_cpu()}"
    if device != "cpu":
        place += f", {_gpu()}"
    return f"{datetime.date.today()}, {place}, Python {platform.python_version()}, {versions}"


def _cpu() -> str:
    lines = Path("/proc/cpuinfo").read_text().splitlines() if Path("/proc/cpuinfo").exists() else []
    return next((line.split(":")[1].strip() for line in lines if line.startswith("model name")), platform.processor())


def _gpu() -> str:
    query = ["nvidia-smi", "--query-gpu=name", "--format=csv,noheader"]
    try:
        return subprocess.run(query, capture_output=True, text=True, check=True).stdout.splitlines()[0]
    except (OSError, subprocess.CalledProcessError, IndexError):
        return "an unknown accelerator"


def store(kind: str, rows: dict[str, Any], device: str = "cpu", folder: Path = FOLDER) -> None:
    """Put rows of a kind (`"steps"`, `"host"`, `"kernels"`) in the place of older ones; write page and picture anew."""
    path = folder / "results.json"
    kept = json.loads(path.read_text()) if path.exists() else {}
    suffix = "" if device == "cpu" else f"@{device}"
    measured = kept.get(kind, {}) | {f"{name}{suffix}": [where(device), row] for name, row in rows.items()}
    kept[kind] = dict(sorted(measured.items(), key=lambda item: _place_in_table(item[0])))
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(kept, indent=1) + "\n")
    sections = {
        "steps": (f"{STEPS}![how many times as fast as PyTorch](results.png)\n\n", steps_page),
        "host": (HOST, lambda tables: "\n".join(tables.values())),
        "kernels": (KERNELS, kernels_page),
    }
    pages = [_section(kept[kind], *section) for kind, section in sections.items() if kept.get(kind)]
    (folder / "RESULTS.md").write_text(HEAD + "".join(pages) + BOUNDS)
    if kept.get("steps"):
        _draw(kept["steps"], folder / "results.png")


def _place_in_table(name: str) -> int:
    row = name.partition("@")[0]
    return list(ROWS).index(row) if row in ROWS else len(ROWS)


def _by_place(rows: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """Rows grouped by when and where they were measured."""
    places: dict[str, dict[str, Any]] = {}
    for name, (place, row) in rows.items():
        places.setdefault(place, {})[name] = row
    return places


def table(head: list[str], rows: list[list[str]]) -> str:
    """A Markdown table."""
    lines = [head, ["---", *["---:"] * (len(head) - 1)], *rows]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def seconds(value: float) -> str:
    """Seconds in the unit that suits them, with three digits."""
    unit, scale = next(((u, s) for u, s in (("s", 1), ("ms", 1e-3), ("µs", 1e-6)) if value >= s), ("ns", 1e-9))
    scaled = value / scale
    digits = 0 if scaled >= 100 else 1 if scaled >= 10 else 2
    return f"{scaled:.{digits}f} {unit}"


def _value(results: dict[str, Any], name: str, path: str) -> float | None:
    """A contestant's number, such as `best` or `cold.ten`; none where it failed or did not take part."""
    found: Any = results.get(name, {})
    for key in path.split("."):
        found = found.get(key, {})
    return found or None


def _ratio(results: dict[str, Any], name: str, other: str, path: str) -> float | None:
    """How many times a contestant's number is another's."""
    mine, theirs = _value(results, name, path), _value(results, other, path)
    return mine / theirs if mine and theirs else None


def _ratio_text(ratio: float | None) -> str:
    return f"{ratio:.2f}" if ratio else "-"


def _mean(ratios: Iterable[float | None]) -> str:
    """The geometric mean of those that are there."""
    there = [ratio for ratio in ratios if ratio]
    return _ratio_text(geometric_mean(there) if there else None)


def _title(name: str) -> str:
    row, _, device = name.partition("@")
    return ROWS[row].title + (f", {device}" if device else "")


def _compared(what: str, rows: dict[str, Any], paths: list[str], form: Any = seconds) -> str:
    """A table of one or several numbers of each contestant, the last of them compared, with geometric means below."""
    names = [name for name in CONTESTANTS if any(name in results for results in rows.values())]
    pairs = [pair for pair in PAIRS if set(pair) <= set(names)]
    heads = [" / ".join(SHORT.get(name, CONTESTANTS[name].title) for name in pair) for pair in pairs]

    def cell(results: dict[str, Any], name: str) -> str:
        values = [_value(results, name, path) for path in paths]
        return "; ".join(map(form, values)) if all(values) else "-"

    lines = [
        [_title(row), *(cell(results, name) for name in names)]
        + [_ratio_text(_ratio(results, *pair, paths[-1])) for pair in pairs]
        for row, results in rows.items()
    ]
    if len(rows) > 1:
        means = [("eager", name) for name in names] + pairs
        lines.append(
            ["geometric mean of PyTorch / it"]
            + [_mean(_ratio(results, *pair, paths[-1]) for results in rows.values()) for pair in means]
        )
    return table([what, *(CONTESTANTS[name].title for name in names), *heads], lines)


def _compiles_table(rows: dict[str, Any]) -> str:
    """What torchlike compiled in the first steps."""

    def cell(results: dict[str, Any], cache: str) -> str:
        told = results.get("torchlike", {}).get(cache, {})
        if "programs" not in told:
            return "-"
        return f"{told['programs']}; {told['compiles']}; {seconds(told['compiling'])}"

    lines = [[_title(row), cell(results, "cold"), cell(results, "warm")] for row, results in rows.items()]
    return table(["torchlike's programs; compiles; time compiling", "empty cache", "full cache"], lines)


def steps_page(rows: dict[str, Any]) -> str:
    """The tables of rows that were measured at one place."""
    varying = {name: results for name, results in rows.items() if ROWS[name.partition("@")[0]].varies}
    parts = [_compared("a training step", rows, ["best"])]
    for cache in ("empty", "full"):
        key = "cold" if cache == "empty" else "warm"
        parts.append(_compared(f"first step; first 10 steps; {cache} cache", rows, [f"{key}.first", f"{key}.ten"]))
        if varying:
            head = f"worst step but the first; first {VARIETY} steps; {cache} cache"
            parts.append(_compared(head, varying, [f"{key}.worst", f"{key}.all"]))
    parts += [_compiles_table(rows), _compared("peak memory", rows, ["peak_mib"], "{:.0f} MiB".format)]
    failures = [(n, c, r["failed"]) for n, row in rows.items() for c, r in row.items() if "failed" in r]
    if failures:
        parts.append("".join(f"- {_title(n)}, {CONTESTANTS[c].title}: {why}\n" for n, c, why in failures))
    return "\n".join(parts)


def kernels_page(rows: dict[str, dict[str, list[float]]]) -> str:
    """A table of operations; of each what was measured, and there the seconds of PyTorch and of torchlike."""
    kinds = list(dict.fromkeys(kind for row in rows.values() for kind in row))
    lines = [
        [name, *(" / ".join(f"{each * 1e3:.2f}" for each in row[kind]) if kind in row else "" for kind in kinds)]
        for name, row in rows.items()
    ]
    if len(rows) > 1:
        ratios = [_mean(row[kind][0] / row[kind][1] for row in rows.values() if kind in row) for kind in kinds]
        lines.append(["geometric mean of PyTorch / torchlike", *ratios])
    return table(["an operation", *kinds], lines)


def _section(rows: dict[str, Any], text: str, page: Callable[[dict[str, Any]], str]) -> str:
    """A section of the page: its text, then what was measured at each place."""
    return text + "".join(f"{place}\n\n{page(group)}\n" for place, group in _by_place(rows).items())


def _draw(rows: dict[str, Any], path: Path) -> None:
    """Bars: how many times as fast as PyTorch each is."""
    from matplotlib.figure import Figure

    names = list(rows)
    figure = Figure(figsize=(9, 0.9 * len(names) + 1.2), layout="constrained")
    axes = figure.subplots()
    colours = {"eager": "0.6", "compile": "#c58c2c", "torchlike": "#2f6db5", "compiled": "#7fb0de"}
    colours |= {"step": "#9467bd", "twin": "#3f9e6e"}
    present = [name for name in CONTESTANTS if any(name in row for _, row in rows.values())]
    height = 0.8 / len(present)
    for i, contestant in enumerate(present):
        speeds = [_ratio(rows[name][1], "eager", contestant, "best") or 0.0 for name in names]
        places = [place + (i - (len(present) - 1) / 2) * height for place in range(len(names))]
        bars = axes.barh(places, speeds, height, label=CONTESTANTS[contestant].title, color=colours[contestant])
        axes.bar_label(bars, [f"{speed:.2f}" if speed else "none" for speed in speeds], padding=2, fontsize=7)
    axes.set_yticks(range(len(names)), [_title(name) for name in names], fontsize=8)
    axes.invert_yaxis()
    axes.axvline(1.0, color="0.3", linewidth=0.8)
    axes.set_xlabel("steps a second, PyTorch = 1")
    axes.margins(x=0.08)
    figure.legend(loc="outside lower center", ncols=len(present), fontsize=8)
    figure.savefig(path, dpi=120)
