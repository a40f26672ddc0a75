"""Keep measurements in `results.json`; make the page `RESULTS.md` and the picture `results.png` of them."""

from __future__ import annotations

import datetime
import json
import os
import platform
import subprocess
from importlib.metadata import version
from pathlib import Path
from typing import Any

from benchmarks.measure import CONTESTANTS
from benchmarks.programs import ROWS

FOLDER = Path(__file__).resolve().parent
HEAD = """# Measurements

Written by `python -m benchmarks.run` and `python -m benchmarks.host`; do not edit.

"""
STEPS = """## Training steps

Forward, backward, optimizer and `loss.item()`, each step; the fastest step of all rounds. The programs are in
`programs/`: the source for PyTorch, `torch.compile` and torchlike is the very same; the twin is the same training
written by hand with `jax.jit` and optax. All gave the same losses in their first steps.

"""
HOST = "## Host costs\n\n"


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
    """Put rows of a kind (`"steps"` or `"host"`) in the place of older ones, and write page and picture anew."""
    path = folder / "results.json"
    kept = json.loads(path.read_text()) if path.exists() else {}
    suffix = "" if device == "cpu" else f"@{device}"
    measured = kept.get(kind, {}) | {f"{name}{suffix}": [where(device), row] for name, row in rows.items()}
    kept[kind] = dict(sorted(measured.items(), key=lambda item: _place_in_table(item[0])))
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(kept, indent=1) + "\n")
    (folder / "RESULTS.md").write_text(HEAD + _steps_page(kept.get("steps", {})) + _host_page(kept.get("host", {})))
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


def _cell(results: dict[str, Any], name: str, key: str, form: Any = seconds) -> str:
    result = results.get(name, {})
    return "failed" if "failed" in result else form(result[key]) if key in result else "-"


def _ratio(results: dict[str, Any], other: str) -> str:
    """How many times as fast as another torchlike is."""
    ours, theirs = results.get("torchlike", {}).get("best"), results.get(other, {}).get("best")
    return f"{theirs / ours:.2f}" if ours and theirs else "-"


def _title(name: str) -> str:
    row, _, device = name.partition("@")
    return ROWS[row].title + (f", {device}" if device else "")


def steps_table(rows: dict[str, Any]) -> str:
    """The table of the fastest steps."""
    head = ["a training step", *(c.title for c in CONTESTANTS.values()), "PyTorch / torchlike", "twin / torchlike"]
    lines = [
        [
            _title(name),
            *(_cell(results, each, "best") for each in CONTESTANTS),
            _ratio(results, "eager"),
            _ratio(results, "twin"),
        ]
        for name, results in rows.items()
    ]
    return table(head, lines)


def _beside_table(rows: dict[str, Any]) -> str:
    """The table of what a step's time does not show."""
    head = ["first 5 steps; peak memory", *(c.title for c in CONTESTANTS.values()), "torchlike's programs (compiles)"]
    lines = []
    for name, results in rows.items():
        cells = [
            f"{_cell(results, each, 'first')}; {_cell(results, each, 'peak_mib', '{:.0f} MiB'.format)}"
            for each in CONTESTANTS
        ]
        ours = results.get("torchlike", {})
        lines.append([_title(name), *cells, f"{ours['programs']} ({ours['compiles']})" if "programs" in ours else "-"])
    return table(head, lines)


def _steps_page(rows: dict[str, Any]) -> str:
    if not rows:
        return ""
    text = STEPS + "![how many times as fast as PyTorch](results.png)\n\n"
    for place, group in _by_place(rows).items():
        text += f"{place}\n\n{steps_table(group)}\nWith empty caches, compilation included:\n\n{_beside_table(group)}\n"
        failures = [(n, c, r["failed"]) for n, row in group.items() for c, r in row.items() if "failed" in r]
        text += "".join(f"- {_title(n)}, {CONTESTANTS[c].title}: {why}\n" for n, c, why in failures)
    return text


def _host_page(rows: dict[str, Any]) -> str:
    if not rows:
        return ""
    text = HOST
    for place, group in _by_place(rows).items():
        text += f"{place}\n\n" + "\n".join(group.values()) + "\n"
    return text


def _draw(rows: dict[str, Any], path: Path) -> None:
    """Bars: how many times as fast as PyTorch each is."""
    from matplotlib.figure import Figure

    names = list(rows)
    figure = Figure(figsize=(9, 0.9 * len(names) + 1.2), layout="constrained")
    axes = figure.subplots()
    colours = {"eager": "0.6", "compile": "#c58c2c", "torchlike": "#2f6db5", "twin": "#3f9e6e"}
    height = 0.8 / len(CONTESTANTS)
    for i, (contestant, about) in enumerate(CONTESTANTS.items()):
        speeds = []
        for name in names:
            results = rows[name][1]
            best = results.get(contestant, {}).get("best")
            speeds.append(results["eager"]["best"] / best if best else 0.0)
        places = [place + (i - 1.5) * height for place in range(len(names))]
        bars = axes.barh(places, speeds, height, label=about.title, color=colours[contestant])
        axes.bar_label(bars, [f"{speed:.2f}" if speed else "none" for speed in speeds], padding=2, fontsize=7)
    axes.set_yticks(range(len(names)), [_title(name) for name in names], fontsize=8)
    axes.invert_yaxis()
    axes.axvline(1.0, color="0.3", linewidth=0.8)
    axes.set_xlabel("steps a second, PyTorch = 1")
    axes.margins(x=0.08)
    figure.legend(loc="outside lower center", ncols=len(CONTESTANTS), fontsize=8)
    figure.savefig(path, dpi=120)
