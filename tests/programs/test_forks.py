"""A forked child computes what its parent had compiled, without XLA's threads; what cannot do without them says so."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from torchlike._programs import settings

FORKS = """
import os, signal, warnings
warnings.simplefilter("ignore")  # JAX warns of forks
import torchlike as torch

torch.manual_seed(0)
model = torch.nn.Sequential(torch.nn.Linear(8, 16), torch.nn.ReLU(), torch.nn.Linear(16, 4))
optimizer = torch.optim.Adam(model.parameters())
inputs, targets = torch.randn(16, 8), torch.randint(4, (16,))

def step():
    optimizer.zero_grad()
    loss = torch.nn.functional.cross_entropy(model(inputs), targets)
    loss.backward()
    optimizer.step()
    return loss.item()

compiled = torch.compile(step)
for call in [step] * 6 + [compiled] * 6:
    call()
optimizer.step()  # is still being computed at the fork
pending = inputs * 2 + 1

def whole():
    with torch.execution_mode("whole"):
        return (inputs * 3).sum().item()

def needs_xla():
    try:
        torch.nn.RNN(1, 1)(torch.zeros(100_000, 1, 1))[0].sum().item()
    except RuntimeError as error:
        assert 'by "spawn" or "forkserver"' in str(error), error
        return 1.0

def decomposes():
    x = inputs[:8] @ inputs[:8].T
    left, values, right = torch.linalg.svd(x)
    (w, v), (c, u) = torch.linalg.eigh(x), torch.linalg.eig(x)
    assert torch.allclose(left * values @ right, x, atol=1e-4) and torch.allclose(v * w @ v.T, x, atol=1e-4)
    assert torch.allclose((u * c @ torch.linalg.inv(u)).real, x, atol=1e-4)
    return torch.linalg.eigvals(x).abs().sum().item()

for call in (
    step, compiled, lambda: pending.sum().item(), lambda: model[0].weight.sum().item(), whole, decomposes, needs_xla
):
    child = os.fork()
    if not child:
        signal.alarm(30)
        try:
            assert abs(call()) > 0
        except BaseException as error:
            print(repr(error), flush=True)
            os._exit(1)
        os._exit(0)
    assert os.waitpid(child, 0)[1] == 0, call
assert step() > 0 and compiled() > 0
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork")
def test_a_child_computes_what_its_parent_had_compiled():
    env = {**os.environ, "TORCHLIKE_MODE": "auto"}
    done = subprocess.run([sys.executable, "-c", FORKS], env=env, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stdout + done.stderr


EARLY = """
import os, torchlike as torch
child = os.fork()
if not child:
    with torch.execution_mode("whole"):
        os._exit((torch.ones(3) * 2 + 1).sum().item() != 9)
raise SystemExit(os.waitpid(child, 0)[1])
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork")
def test_a_child_that_was_forked_early_compiles():
    done = subprocess.run([sys.executable, "-c", EARLY], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stdout + done.stderr


WRONG = """
import os, signal, warnings
warnings.simplefilter("ignore")
import torchlike as torch
from torchlike._recorder import checks
from torchlike._recorder.recorder import recorder

with torch.execution_mode("whole"):
    x = torch.arange(4)
    wrong = torch.nn.functional.one_hot(x[3:] + 2, 3)
    recorder.flush("a test", ends_step=True)  # nobody has looked at what it found
child = os.fork()
if not child:
    signal.alarm(30)
    os._exit((x + 1).sum().item() != 10)
assert os.waitpid(child, 0)[1] == 0
try:
    (x + 1).tolist()
except RuntimeError as error:
    assert "Class values must be smaller" in str(error)
else:
    raise AssertionError("nobody was told")
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork")
def test_a_parents_mistake_is_not_told_to_its_children():
    pending = {**os.environ, "TORCHLIKE_MODE": "auto"}
    done = subprocess.run([sys.executable, "-c", WRONG], capture_output=True, text=True, timeout=60, env=pending)
    assert done.returncode == 0, done.stdout + done.stderr


def test_a_user_without_a_home_keeps_nothing(monkeypatch):
    def fails():
        raise RuntimeError("Could not determine home directory.")

    monkeypatch.setattr(Path, "home", fails)
    assert settings._default_folder() == ""
    monkeypatch.delenv("TORCHLIKE_CACHE_DIR", raising=False)
    assert settings._cache_settings() == {}
