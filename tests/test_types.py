"""What a type checker makes of a user's program."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import torchlike

TYPED = Path(__file__).resolve().parent / "typed"
PYRIGHT = Path(sys.executable).with_name("pyright")


@pytest.fixture(scope="module")
def found(tmp_path_factory) -> dict[str, list[tuple[int, str]]]:
    """What pyright says of the programs in ``tests/typed``, by name: (line, message)."""
    if not PYRIGHT.exists():
        pytest.skip("pyright is not installed")
    folder = tmp_path_factory.mktemp("typed")
    for each in TYPED.glob("*.py"):
        shutil.copy(each, folder)
    settings = {"extraPaths": [str(TYPED.parent.parent)], "typeCheckingMode": "basic", "reportUnusedExpression": False}
    (folder / "pyrightconfig.json").write_text(json.dumps(settings))
    command = [PYRIGHT, "--outputjson", "--pythonpath", sys.executable, "--project", folder]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    told: dict[str, list[tuple[int, str]]] = {"correct.py": [], "mistakes.py": []}
    report = json.loads(done.stdout)
    assert report["summary"]["filesAnalyzed"] == len(told)
    for each in report["generalDiagnostics"]:
        if each["severity"] == "error":
            told[Path(each["file"]).name].append((each["range"]["start"]["line"] + 1, each["message"]))
    return told


def test_a_correct_program_has_no_error(found):
    assert found["correct.py"] == []


def test_every_mistake_is_found(found):
    lines = (TYPED / "mistakes.py").read_text().splitlines()
    mistakes = {number for number, line in enumerate(lines, 1) if line.endswith("# mistake")}
    assert len(mistakes) > 10
    assert {line for line, _ in found["mistakes.py"]} == mistakes


def test_the_package_says_that_it_is_typed():
    assert (Path(torchlike.__file__).parent / "py.typed").exists()
