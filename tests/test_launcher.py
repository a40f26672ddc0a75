"""The launcher: untouched programs run, in their own process, as Python would run them."""

from __future__ import annotations

import pickle
import subprocess
import sys
from pathlib import Path

import pytest

import torchlike
from torchlike import _launcher

ROOT = Path(__file__).resolve().parent.parent


def python(folder: Path, *args: str, given: str | None = None) -> subprocess.CompletedProcess:
    """Run Python in a folder, with torchlike to be found; `given` is what it reads."""
    command = [sys.executable, *args]
    path = {"PYTHONPATH": str(ROOT), "JAX_PLATFORMS": "cpu", "PATH": "", "HOME": str(folder)}
    return subprocess.run(command, capture_output=True, text=True, cwd=folder, timeout=120, env=path, input=given)


def launch(folder: Path, source: str, *args: str) -> subprocess.CompletedProcess:
    """Run a script through the launcher."""
    (folder / "script.py").write_text(source)
    return python(folder, "-m", "torchlike", "script.py", *args)


def both(folder: Path, *args: str, **kwargs) -> tuple[subprocess.CompletedProcess, subprocess.CompletedProcess]:
    """(through the launcher, by Python itself): for programs without PyTorch."""
    return python(folder, "-m", "torchlike", *args, **kwargs), python(folder, *args, **kwargs)


def test_a_script_runs_untouched(tmp_path):
    source = """
import pickle, sys
import torch, torch.nn as nn
import torch.nn.functional as F
from torch.utils.data import DataLoader, TensorDataset
from torch import optim
import torchlike
assert torch is torchlike and torch.nn is torchlike.nn and sys.modules["torch.nn"] is torchlike.nn
assert sys.modules["torch.nn.functional"] is F is torchlike.nn.functional and not hasattr(F, "__path__")
assert pickle.loads(b"ctorch.nn.modules.linear\\nLinear\\n.") is nn.Linear
model = nn.Linear(2, 1)
for x, y in DataLoader(TensorDataset(torch.ones(4, 2), torch.zeros(4, 1)), batch_size=2):
    F.mse_loss(model(x), y).backward()
print(__name__, sys.argv[1:], torch.tensor([1.0]), model.weight.grad.shape)
"""
    done = launch(tmp_path, source, "--epochs", "3")
    assert done.stderr == ""
    assert done.stdout == "__main__ ['--epochs', '3'] tensor([1.]) torch.Size([1, 2])\n"


ALL = """# coding: latin-1
import atexit, pickle, sys, threading, time
import other

class A: pass

x: int = len('\u00e9')
late = "late"
atexit.register(lambda: print(late, __name__))
threading.Thread(target=lambda: (time.sleep(0.1), print("thread", late))).start()
print(__name__, __file__, __package__, __spec__, __doc__, __annotations__, sys.argv, sys.path[0], other.__file__, x)
print(pickle.dumps(A), sys.modules["__main__"].A is A, sorted(globals()))
"""

SAME = {
    "all": ALL,
    "end": "import sys\nsys.exit('no')\n",
    "error": "def f():\n    return {}['key']\n\ntry:\n    f()\nexcept KeyError:\n    raise ValueError\n",
    "syntax": "def f(:\n    pass\n",
    "own hook": "import sys\nsys.excepthook = lambda *error: print('hook', error[1])\nimport no_such_module\n",
}


@pytest.mark.parametrize("name", SAME)
def test_a_script_runs_as_by_python_itself(tmp_path, name):
    folder = tmp_path / "programs"
    folder.mkdir()
    (folder / "other.py").write_text("")
    (folder / "script.py").write_text(SAME[name], encoding="latin-1")
    ours, theirs = both(tmp_path, "programs/script.py", "a", "--b")
    assert (ours.stdout, ours.stderr, ours.returncode) == (theirs.stdout, theirs.stderr, theirs.returncode)


@pytest.mark.parametrize("module", ["program", "folder", "empty", "folder.nowhere"])
def test_a_module_runs_as_by_python_itself(tmp_path, module):
    source = "import sys\nprint(__name__, __file__, __package__, __spec__.name, sys.argv, sys.path[0])\n"
    for name in ("folder", "empty"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "__init__.py").write_text("")
    for name in ("program.py", "folder/__main__.py"):
        (tmp_path / name).write_text(source)
    ours, theirs = both(tmp_path, "-m", module, "a")
    assert (ours.stdout, ours.stderr, ours.returncode) == (theirs.stdout, theirs.stderr, theirs.returncode)


def test_a_folder_runs(tmp_path):
    (tmp_path / "app").mkdir()
    (tmp_path / "app" / "other.py").write_text("x = 1")
    (tmp_path / "app" / "__main__.py").write_text("import torch, other\nprint(__name__, torch.ones(other.x))\n")
    assert python(tmp_path, "-m", "torchlike", "app").stdout == "__main__ tensor([1.])\n"


def test_a_missing_file(tmp_path):
    ours, theirs = both(tmp_path, "nowhere.py")
    assert (ours.stderr, ours.returncode) == (theirs.stderr, theirs.returncode) and ours.returncode == 2


@pytest.mark.parametrize("args, code", [([], 2), (["-h"], 0), (["--help"], 0), (["-m"], 2), (["-c"], 2)])
def test_usage(capsys, args, code):
    with pytest.raises(SystemExit, match=str(code)):
        _launcher.main(args)
    assert "usage: python -m torchlike" in "".join(capsys.readouterr())


def test_a_missing_submodule_is_named(tmp_path):
    done = launch(tmp_path, "x = 1\nimport torch.no_such_thing\n")
    assert done.returncode == 1
    assert done.stderr == (
        f'Traceback (most recent call last):\n  File "{tmp_path}/script.py", line 2, in <module>\n'
        "    import torch.no_such_thing\n"
        "ModuleNotFoundError: No module named 'torch.no_such_thing': torchlike has no 'torch.no_such_thing' (yet)\n"
    )


def test_a_missing_name_is_named(tmp_path):
    done = launch(tmp_path, "import torch\nimport torch.nn\ntorch.nn.NoSuchLayer(1)\n")
    assert done.returncode == 1
    last = done.stderr.splitlines()
    assert last[-1] == (
        "AttributeError: module 'torch.nn' has no attribute 'NoSuchLayer': "
        "torchlike has no 'torch.nn.NoSuchLayer' (yet)"
    )
    assert last[1] == f'  File "{tmp_path}/script.py", line 3, in <module>' and "_launcher" not in done.stderr


def test_a_missing_import_is_named(tmp_path):
    source = (
        "import torch.nn\ntry:\n    from torch import nothing\nexcept ImportError:\n    from torch.nn import Nowhere\n"
    )
    done = launch(tmp_path, source)
    assert done.stderr.splitlines()[-1] == (
        "ImportError: cannot import name 'Nowhere' from 'torch.nn': torchlike has no 'torch.nn.Nowhere' (yet)"
    )
    assert "_launcher" not in done.stderr


def test_what_is_lacking_can_be_asked_for(tmp_path):
    source = """
from importlib.util import find_spec
import torch
print(find_spec("torch").name, find_spec("torch.nn").name, find_spec("torch.no_such_thing"))
print(hasattr(torch, "no_such_thing"), getattr(torch, "no_such_thing", None))
"""
    assert launch(tmp_path, source).stdout == "torchlike torch.nn None\nFalse None\n"
    (tmp_path / "empty").mkdir()
    source = "from torchlike._launcher import ALIASES\nALIASES['torchvision'] = 'torchlike.nowhere'\n"
    source += "from importlib.util import find_spec\nprint(find_spec('torchvision'))\nimport torchvision\n"
    done = python(tmp_path, "-m", "torchlike", "-c", source)
    assert "No module named 'torchvision': torchlike has no 'torchvision' (yet)" in done.stderr


TEXT = """
import sys, pickle
class A: pass
def fails(): return [][1]
print(__name__, __package__, __spec__, __loader__, sys.argv, sys.path[0], sorted(globals()))
print(pickle.dumps(A), sys.modules["__main__"].A is A)
fails()
"""


@pytest.mark.parametrize("args, given", [(["-c", TEXT, "a", "-b"], None), (["-", "a"], TEXT), (["-c", "x ="], None)])
def test_a_text_runs_as_by_python_itself(tmp_path, args, given):
    ours, theirs = both(tmp_path, *args, given=given)
    assert (ours.stdout, ours.stderr, ours.returncode) == (theirs.stdout, theirs.stderr, theirs.returncode)
    assert ours.returncode == 1


def test_importing_torchlike_patches_nothing(tmp_path):
    report = (
        "import sys; before = list(sys.meta_path), sys.excepthook; import torchlike, torchlike._launcher; "
        "print('torch' in sys.modules, (sys.meta_path, sys.excepthook) == before, hasattr(torchlike, '__getattr__'))"
    )
    assert python(tmp_path, "-c", report).stdout == "False True False\n"


IN_PROCESS = """
import importlib.util, pickle
from torchlike import _launcher
_launcher.install(); _launcher.install()
assert importlib.util.find_spec("torch.nn").name == "torch.nn"
assert importlib.util.find_spec("torch.no_such_thing") is None
import torch.nn.functional, torchlike
assert torch is torchlike and torchlike.nn.__spec__.name == "torchlike.nn" == torchlike.nn.__name__
assert not hasattr(torch, "no_such_name") and getattr(torch, "no_such_name", 1) == 1
_launcher.uninstall(); _launcher.uninstall()
import sys
assert not [name for name in sys.modules if name.partition(".")[0] in ("torch", "torchvision")]
assert not hasattr(torchlike, "__getattr__") and _launcher._finder not in sys.meta_path
try:
    pickle.loads(b"ctorch.nn.no_such_module\\nLinear\\n.")
except ModuleNotFoundError as error:
    print("torchlike" not in str(error))
"""


def test_the_alias_can_be_taken_back(tmp_path):
    done = python(tmp_path, "-c", IN_PROCESS)
    assert (done.stdout, done.stderr) == ("True\n", "")


def test_pytorch_itself_is_not_replaced(monkeypatch):
    monkeypatch.setitem(sys.modules, "torch", pickle)
    before = list(sys.meta_path)
    with pytest.raises(RuntimeError, match="torch is imported already: torchlike cannot take its place"):
        _launcher.install()
    assert sys.meta_path == before and torchlike.__name__ == "torchlike"
