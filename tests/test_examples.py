"""The examples run as a user runs them."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent


def test_digits(tmp_path):
    pytest.importorskip("matplotlib")
    pytest.importorskip("tqdm")
    picture = tmp_path / "answers.png"
    options = ["--epochs", "5", "--quiet", "--picture", str(picture)]
    script = ROOT / "examples" / "digits.py"
    done = subprocess.run(
        [sys.executable, "-m", "torchlike", str(script), *options], capture_output=True, text=True, cwd=ROOT
    )
    assert done.returncode == 0, done.stderr
    accuracy = float(re.search(r"held-out accuracy: ([\d.]+)%", done.stdout).group(1))
    assert accuracy > 95
    assert picture.read_bytes().startswith(b"\x89PNG")
