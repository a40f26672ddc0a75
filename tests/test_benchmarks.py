"""The benchmark programs are the same training under every library."""

from __future__ import annotations

import pytest

import torchlike
from benchmarks import report
from benchmarks.programs import ROWS, Setup, export

STEPS = 5


@pytest.mark.parametrize("name", ["mlp-small", "accumulate", "lstm"])
def test_losses_agree(name):
    torch = pytest.importorskip("torch")
    row = ROWS[name]
    model, step = row.build(Setup(torch, dropout=False))
    weights = export(model)
    expected = [step() for _ in range(STEPS)]
    _, ours = row.build(Setup(torchlike, dropout=False, weights=weights))
    twin = row.jax_twin(Setup(dropout=False, weights=weights))
    assert [ours() for _ in range(STEPS)] == pytest.approx(expected, rel=1e-4)
    assert [twin() for _ in range(STEPS)] == pytest.approx(expected, rel=1e-4)


@pytest.mark.parametrize(
    "value, text", [(2.5, "2.50 s"), (0.0123, "12.3 ms"), (331e-6, "331 µs"), (9e-7, "900 ns"), (0.0, "0.00 ns")]
)
def test_seconds(value, text):
    assert report.seconds(value) == text


def test_results_are_kept_row_by_row(tmp_path):
    pytest.importorskip("matplotlib")
    pytest.importorskip("torch")
    row = {name: {"best": 1e-3, "first": 0.1, "peak_mib": 100.0} for name in ("eager", "twin")}
    row["torchlike"] = {"best": 5e-4, "first": 0.2, "peak_mib": 120.0, "programs": 2, "compiles": 3}
    row["compile"] = {"failed": "RuntimeError: no compiler"}
    report.store("steps", {"mlp-small": row}, folder=tmp_path)
    report.store("steps", {"gpt": row}, folder=tmp_path)
    page = (tmp_path / "RESULTS.md").read_text()
    assert page.count("| 1.00 ms | failed | 500 µs | 1.00 ms | 2.00 | 2.00 |") == 2
    assert "| 2 (3) |" in page and "torch.compile: RuntimeError: no compiler" in page
    assert (tmp_path / "results.png").read_bytes().startswith(b"\x89PNG")
