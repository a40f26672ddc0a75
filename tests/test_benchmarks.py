"""The benchmark programs are the same training under every library."""

from __future__ import annotations

import importlib

import pytest

import torchlike
from benchmarks import report
from benchmarks.programs import ROWS, Setup, export

TINY = {
    "mlp": {"widths": (6, 5, 3), "batch": 4, "accumulate": 2},
    "gpt": {"layers": 1, "width": 8, "heads": 2, "batch": 2, "length": 6},
    "convnet": {"batch": 2},
    "lstm": {"layers": 1, "width": 6, "vocabulary": 9, "length": 4, "batch": 2},
    "resnet": {"batch": 2, "width": 4, "size": 16},
    "mobilenet": {"batch": 2, "width": 4, "size": 8},
    "unet": {"batch": 1, "width": 4, "size": 16},
    "vae": {"pixels": 12, "hidden": 8, "latent": 3, "batch": 4},
    "dcgan": {"batch": 2, "width": 2, "stages": 1},
    "encoder": {"layers": 1, "width": 8, "heads": 2, "vocabulary": 20, "batch": 3},
    "seq2seq": {"hidden": 8, "vocabulary": 12},
    "generate": {"layers": 1, "width": 8, "heads": 2},
    "reinforce": {"hidden": 8, "longest": 20},
}
QUICK = ["mlp", "lstm", "vae", "mobilenet"]  # XLA compiles the others for seconds, which the benchmark does
STEPS = 2


def _program(name):
    return importlib.import_module(f"benchmarks.programs.{name}")


def test_every_program_is_tested():
    assert {row.program.__name__.rpartition(".")[2] for row in ROWS.values()} == set(TINY)


@pytest.fixture(scope="module", params=TINY)
def reference(request):
    """A program's name, its initial weights and its first losses in PyTorch."""
    torch = pytest.importorskip("torch")
    model, step = _program(request.param).build(Setup(torch, dropout=False), **TINY[request.param])
    return request.param, export(model), [step() for _ in range(STEPS)]


def test_losses_agree(reference):
    name, weights, expected = reference
    _, step = _program(name).build(Setup(torchlike, dropout=False, weights=weights), **TINY[name])
    assert [step() for _ in range(STEPS)] == pytest.approx(expected, rel=1e-3)


@pytest.mark.parametrize("name", QUICK)
def test_a_whole_step_is_replayed(name, in_auto_mode):
    losses = []
    for compiled in (None, "step"):
        _, step = _program(name).build(Setup(torchlike, compile=compiled), **TINY[name])
        before = torchlike.explain().runs["replayed"]
        losses.append([step() for _ in range(6)])
    assert torchlike.explain().runs["replayed"] - before in (2, 3)
    assert losses[0] == pytest.approx(losses[1], rel=1e-3)


@pytest.mark.parametrize("reference", QUICK, indirect=True)
def test_twins_agree(reference):
    name, weights, expected = reference
    step = _program(name).jax_twin(Setup(dropout=False, weights=weights), **TINY[name])
    assert [step() for _ in range(STEPS)] == pytest.approx(expected, rel=1e-3)


@pytest.mark.parametrize(
    "value, text", [(2.5, "2.50 s"), (0.0123, "12.3 ms"), (331e-6, "331 µs"), (9e-7, "900 ns"), (0.0, "0.00 ns")]
)
def test_seconds(value, text):
    assert report.seconds(value) == text


def test_results_are_kept_row_by_row(tmp_path):
    pytest.importorskip("matplotlib")
    pytest.importorskip("torch")
    started = {"first": 0.1, "ten": 0.2, "all": 3.0, "worst": 0.5}
    row = {name: {"best": 1e-3, "cold": started, "warm": started, "peak_mib": 100.0} for name in ("eager", "twin")}
    cold = {"first": 0.2, "ten": 0.1, "all": 6.0, "worst": 0.5, "programs": 2, "compiles": 3, "compiling": 0.25}
    row["torchlike"] = {"best": 5e-4, "cold": cold, "warm": cold, "peak_mib": 50.0}
    row["compile"] = {"failed": "RuntimeError: no compiler"}
    report.store("steps", {"encoder": row}, folder=tmp_path)
    report.store("steps", {"gpt": row}, folder=tmp_path)
    page = (tmp_path / "RESULTS.md").read_text()
    assert page.count("| 1.00 ms | - | 500 µs | 1.00 ms | 2.00 | 2.00 |") == 2
    assert "| geometric mean of PyTorch / it | 1.00 | - | 2.00 | 1.00 | 2.00 | 2.00 |" in page
    assert page.count("| 500 ms; 3.00 s | - | 500 ms; 6.00 s | 500 ms; 3.00 s | 0.50 | 0.50 |") == 2
    assert "| 2; 3; 250 ms | 2; 3; 250 ms |" in page and "torch.compile: RuntimeError: no compiler" in page
    assert (tmp_path / "results.png").read_bytes().startswith(b"\x89PNG")
