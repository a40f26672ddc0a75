"""Training scripts, written for PyTorch: through the launcher they print what they print with PyTorch, to three digits.

All run in one process for each library, for most of the time of a short script is the import.
"""

from __future__ import annotations

import importlib.util
import re
import subprocess
import sys
from pathlib import Path

import pytest

FOLDER = Path(__file__).parent / "scripts"
NAMES = sorted(each.stem for each in FOLDER.glob("*.py"))
NUMBER = re.compile(r"-?\d+\.\d+(?:e[-+]?\d+)?")
RUN = """
import runpy, sys, traceback
for name in sys.argv[2:]:
    print("#", name, flush=True)
    try: runpy.run_path(f"{sys.argv[1]}/{name}.py", run_name="__main__")
    except BaseException: traceback.print_exc(file=sys.stdout)
"""


def printed(*command: str) -> dict[str, str]:
    """What each of the scripts prints."""
    done = subprocess.run([sys.executable, *command, "-c", RUN, FOLDER, *NAMES], capture_output=True, text=True)
    return {each.partition("\n")[0]: each.partition("\n")[2] for each in done.stdout.split("# ")[1:]}


@pytest.fixture(scope="module")
def outputs() -> tuple[dict[str, str], dict[str, str]]:
    pytest.importorskip("torch")
    return printed("-m", "torchlike"), printed()


@pytest.mark.parametrize("name", NAMES)
def test_a_script_prints_what_it_prints_with_pytorch(name, outputs):
    if name == "tensorboard_logging" and importlib.util.find_spec("tensorboard") is None:
        pytest.skip("tensorboard is not installed")
    ours, theirs = (each[name] for each in outputs)
    assert NUMBER.split(ours) == NUMBER.split(theirs)
    assert list(map(float, NUMBER.findall(ours))) == pytest.approx(
        list(map(float, NUMBER.findall(theirs))), rel=2e-3, abs=2e-3
    )
