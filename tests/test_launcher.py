"""The launcher: untouched scripts run, in their own process, as Python would run them."""

from __future__ import annotations

import subprocess
import sys

import pytest

import torchlike
from torchlike import _launcher


def run(tmp_path, source: str, *args: str, name: str = "script.py", module: bool = False):
    """Run a script through the launcher."""
    path = tmp_path / name
    path.write_text(source)
    target = ["-m", path.stem] if module else [str(path)]
    command = [sys.executable, "-m", "torchlike", *target, *args]
    return subprocess.run(command, capture_output=True, text=True, cwd=tmp_path, timeout=120)


def test_a_script_runs_untouched(tmp_path):
    source = """
import sys
import torch, torch.nn as nn
import torch.nn.functional as F
from torch.utils.data import DataLoader, TensorDataset
from torch import optim
import torchlike
assert torch is torchlike and torch.nn is torchlike.nn and sys.modules["torch.nn"] is torchlike.nn
model = nn.Linear(2, 1)
for x, y in DataLoader(TensorDataset(torch.ones(4, 2), torch.zeros(4, 1)), batch_size=2):
    F.mse_loss(model(x), y).backward()
print(__name__, sys.argv[1:], torch.tensor([1.0]), model.weight.grad.shape)
"""
    done = run(tmp_path, source, "--epochs", "3")
    assert done.stderr == ""
    assert done.stdout == "__main__ ['--epochs', '3'] tensor([1.]) torch.Size([1, 2])\n"


def test_a_module_runs(tmp_path):
    done = run(tmp_path, "import torch, sys\nprint(torch.ones(2), sys.argv[1:])\n", "a", name="prog.py", module=True)
    assert done.stdout == "tensor([1., 1.]) ['a']\n"


def test_a_missing_submodule_is_named(tmp_path):
    done = run(tmp_path, "import torch.no_such_thing\n")
    assert done.returncode == 1
    assert "No module named 'torch.no_such_thing': torchlike has no 'torchlike.no_such_thing'" in done.stderr


def test_a_missing_name_is_named(tmp_path):
    done = run(tmp_path, "import torch\ntorch.no_such_function(1)\n")
    assert done.returncode == 1
    assert "module 'torchlike' has no attribute 'no_such_function'" in done.stderr
    assert 'script.py", line 2' in done.stderr


def test_exit_codes_and_a_missing_file(tmp_path):
    assert run(tmp_path, "raise SystemExit(3)\n").returncode == 3
    done = subprocess.run(
        [sys.executable, "-m", "torchlike", "nowhere.py"], capture_output=True, text=True, cwd=tmp_path, timeout=120
    )
    assert done.returncode == 1 and "No such file or directory" in done.stderr


def test_importing_torchlike_patches_nothing(tmp_path):
    source = "import sys, torchlike; print('torch' in sys.modules, any('Finder' in type(f).__name__ and 'torchlike' in type(f).__module__ for f in sys.meta_path))"
    done = subprocess.run([sys.executable, "-c", source], capture_output=True, text=True, timeout=120)
    assert done.stdout == "False False\n"


@pytest.mark.skipif("torch" in sys.modules, reason="PyTorch itself is imported in this process")
def test_the_alias_can_be_taken_back():
    _launcher.install()
    try:
        import torch.nn

        assert torch is torchlike and torch.nn is torchlike.nn
        assert torchlike.nn.__spec__.name == "torchlike.nn"
    finally:
        _launcher.uninstall()
    assert "torch" not in sys.modules and "torch.nn" not in sys.modules
