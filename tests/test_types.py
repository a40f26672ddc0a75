"""What a type checker makes of a user's program."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest

import torchlike

TYPED = Path(__file__).resolve().parent / "typed"
PYRIGHT = Path(sys.executable).with_name("pyright")


@pytest.fixture(scope="module")
def found(tmp_path_factory) -> dict[str, list[tuple[int, str]]]:
    """What pyright says of the programs in ``tests/typed`` where the package is installed, by name: (line, message)."""
    if not PYRIGHT.exists():
        pytest.skip("pyright is not installed")
    folder = tmp_path_factory.mktemp("typed")
    packages = folder / f"env/lib/python{sys.version_info.major}.{sys.version_info.minor}/site-packages"
    packages.mkdir(parents=True)
    (packages / "torchlike").symlink_to(Path(torchlike.__file__).parent)
    (packages / "others.pth").write_text(sysconfig.get_path("purelib"))
    told: dict[str, list[tuple[int, str]]] = {}
    for each in TYPED.glob("*.py"):
        shutil.copy(each, folder)
        told[each.name] = []
    settings = {"venvPath": str(folder), "venv": "env", "typeCheckingMode": "basic", "reportUnusedExpression": False}
    settings |= {"include": ["*.py"]}
    (folder / "pyrightconfig.json").write_text(json.dumps(settings))
    done = subprocess.run([PYRIGHT, "--outputjson", "--project", folder], capture_output=True, text=True, check=False)
    report = json.loads(done.stdout)
    assert report["summary"]["filesAnalyzed"] == len(told)
    for each in report["generalDiagnostics"]:
        if each["severity"] == "error":
            told[Path(each["file"]).name].append((each["range"]["start"]["line"] + 1, each["message"]))
    return told


@pytest.mark.parametrize("name", ["correct", "results", "layers"])
def test_a_correct_program_has_no_error(found, name):
    assert found[f"{name}.py"] == []


def test_every_mistake_is_found(found):
    lines = (TYPED / "mistakes.py").read_text().splitlines()
    mistakes = {number for number, line in enumerate(lines, 1) if line.endswith("# mistake")}
    assert len(mistakes) > 40
    assert {line for line, _ in found["mistakes.py"]} == mistakes


def test_the_package_says_that_it_is_typed():
    assert (Path(torchlike.__file__).parent / "py.typed").exists()
