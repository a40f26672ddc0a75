"""The launcher: untouched programs run, in their own process, as Python would run them."""

from __future__ import annotations

import pickle
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path
from types import ModuleType

import pytest

import torchlike
from tools import missing
from torchlike import _alias, _launcher, _missing
from torchlike._missing import check

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


@pytest.mark.parametrize("args, code", [(["-x"], 2), (["-h"], 0), (["--help"], 0), (["-m"], 2), (["-c"], 2)])
def test_usage(capsys, args, code):
    with pytest.raises(SystemExit, match=str(code)):
        _launcher.main(args)
    assert "usage: python -m torchlike" in "".join(capsys.readouterr())


MISSING = {  # what a program says, and what it is told; PyTorch lacks what is spelt wrong
    "import torch.fx.passes": "ModuleNotFoundError: No module named 'torch.fx': torchlike has no 'torch.fx' (yet)",
    "import torch.fxx": "ModuleNotFoundError: No module named 'torch.fxx'",
    "import torch; torch.sparse_coo_tensor()": (
        "AttributeError: module 'torch' has no attribute 'sparse_coo_tensor': "
        "torchlike has no 'torch.sparse_coo_tensor' (yet)"
    ),
    "import torch; torch.nn.Liner": "AttributeError: module 'torch.nn' has no attribute 'Liner'",
    "import torch; torch.nn.Linear(1, 1).ipu()": (
        "AttributeError: 'Linear' object has no attribute 'ipu': torchlike has no 'torch.nn.Module.ipu' (yet)"
    ),
    "from torch import sparse_coo_tensor": (
        "ImportError: cannot import name 'sparse_coo_tensor' from 'torch': torchlike has no 'torch.sparse_coo_tensor' (yet)"
    ),
}
TELL = """
for source in {}:
    try:
        exec(source)
    except Exception as error:
        print(type(error).__name__ + ": " + str(error))
"""


def test_what_is_missing_is_named(tmp_path):
    assert launch(tmp_path, TELL.format(list(MISSING))).stdout.splitlines() == list(MISSING.values())


def test_what_is_missing_is_named_alike_without_the_launcher(capsys):
    sources = [each for each in MISSING if "fx" not in each]
    exec(TELL.format([each.replace("torch", "torchlike") for each in sources]))
    assert capsys.readouterr().out.splitlines() == [MISSING[each] for each in sources]


def test_an_error_ends_at_the_programs_line_and_guesses_at_what_was_meant(tmp_path):
    done = launch(tmp_path, "import torch\ntorch.nn.Liner\n")
    assert done.stderr == (
        f'Traceback (most recent call last):\n  File "{tmp_path}/script.py", line 2, in <module>\n    torch.nn.Liner\n'
        "AttributeError: module 'torch.nn' has no attribute 'Liner'. Did you mean: 'Linear'?\n"
    )


def test_every_module_tells_what_it_lacks():
    for path, names in _missing.pytorchs_names().items():
        module = sys.modules.get("torchlike" + path.removeprefix("torch"))
        lacking = [name for name in names if not hasattr(module, name)]
        if isinstance(module, ModuleType) and lacking:
            with pytest.raises(AttributeError, match=f"torchlike has no '{path}.{lacking[0]}'"):
                getattr(module, lacking[0])


def test_modules_that_must_be_asked_for_are_there(tmp_path):
    source = "import torch.utils.benchmark as b\nb.Timer, b.Fuzzer\nfrom torch.utils.model_zoo import load_url\n"
    assert list(check.missing(source)) == [(2, "torch.utils.benchmark.Fuzzer")]
    assert not _missing.lacking("torch.utils.benchmark") and _missing.lacking("torch.utils.bundled_inputs")


def test_pytorchs_names_are_those_that_pytorch_has():
    pytest.importorskip("torch")
    done = subprocess.run(
        [sys.executable, "-c", "from tools import names; print(names.table() == names.FILE.read_text())"],
        capture_output=True,
        text=True,
        cwd=ROOT,
    )
    assert done.stdout == "True\n"


def test_the_page_of_what_is_missing_is_true():
    assert missing.page() == missing.FILE.read_text(), "run `python -m tools.missing`"


CHECKED = """import torch
import torch.nn as nn, torch.nn.functional as F
from torch.fx import Graph
from torch import quantize_per_tensor as keep, optim

class Net(nn.Module):
    layer = torch.hspmm

F.relu(x).exp().no_such_thing
x.values(), {}.values(), x.to_sparse()
F.conv_tbc(x)
keep(torch.lode())
optim.SparseAdam, optim.Adam, torch.float32
"""


def test_a_check_lists_what_a_script_would_miss(tmp_path, capsys):
    (tmp_path / "script.py").write_text(CHECKED)
    file = str(tmp_path / "script.py")
    with pytest.raises(SystemExit, match="1"):
        _launcher.main(["--check", file])
    said = "{}:{}: torchlike has no 'torch.{}' (yet)"
    rows = [
        (3, "fx"),
        (4, "quantize_per_tensor"),
        (7, "hspmm"),
        (10, "Tensor.to_sparse"),
    ]
    rows += [(11, "nn.functional.conv_tbc"), (13, "optim.SparseAdam")]
    assert capsys.readouterr().out.splitlines() == [said.format(file, *row) for row in rows]
    (tmp_path / "script.py").write_text("import torch\ntorch.ones(3)")
    with pytest.raises(SystemExit, match="0"):
        _launcher.main(["--check", file])


def test_what_is_lacking_can_be_asked_for(tmp_path):
    source = """
from importlib.util import find_spec
from importlib.metadata import version
import torch
print(find_spec("torch") is not None, find_spec("torch.nn").name, find_spec("torch.no_such_thing"))
print(hasattr(torch, "no_such_thing"), getattr(torch, "no_such_thing", None), version("torch") == torch.__version__)
"""
    assert launch(tmp_path, source).stdout == "True torch.nn None\nFalse None True\n"


def test_torchvision_is_the_one_that_is_installed(tmp_path):
    source = "from importlib.util import find_spec\nprint(find_spec('torchvision'))\nimport torchvision\n"
    done = launch(tmp_path, source)
    assert done.stdout == "None\n"
    assert "No module named 'torchvision': torchlike has no 'torchvision' (yet)" in done.stderr
    (tmp_path / "torchvision.py").write_text("import torch; print(torch.__name__)")
    assert launch(tmp_path, source).stdout.splitlines()[-1] == "torchlike"


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
        "print('torch' in sys.modules, (sys.meta_path, sys.excepthook) == before)"
    )
    assert python(tmp_path, "-c", report).stdout == "False True\n"


IN_PROCESS = """
import importlib.util, pickle, sys
import torchlike
with torchlike.install() as first, torchlike.install():
    assert sys.modules["torch"] is torchlike
    assert importlib.util.find_spec("torch.nn").name == "torch.nn"
    assert importlib.util.find_spec("torch.no_such_thing") is None
assert "torch" not in sys.modules
torchlike.install()
with torchlike.install():
    import torch.nn.functional
import torch
assert torch is torchlike and torchlike.nn.__spec__.name == "torchlike.nn" == torchlike.nn.__name__
assert torch.nn.modules.conv.Conv2d is torchlike.nn.Conv2d
torchlike.uninstall(); torchlike.uninstall()
assert not [name for name in sys.modules if name.partition(".")[0] in ("torch", "torchvision")]
assert torchlike._alias._finder not in sys.meta_path
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
        _alias.install()
    assert sys.meta_path == before and torchlike.__name__ == "torchlike"


# ---------------------------------------------------------------------- the prompt


def test_a_prompt_sees_what_ran_before(tmp_path):
    (tmp_path / "script.py").write_text("import sys, torch\nx = torch.ones(2)\nsys.exit(3)\n")
    done = python(tmp_path, "-m", "torchlike", "-i", "script.py", given="print(x + 1)\ny = torch.zeros(1)\ny\n")
    assert "tensor([2., 2.])" in done.stdout and "tensor([0.])" in done.stdout
    assert "SystemExit: 3" in done.stderr and "`import torch` gives torchlike" in done.stderr
    done = python(tmp_path, "-m", "torchlike", "-i", "-c", "", given="import torch\ntorch.ones(2) @ torch.ones(3)\n")
    frames = [each for each in done.stderr.splitlines() if each.startswith("  File")]
    assert frames == ['  File "<console>", line 1, in <module>']


def test_without_a_program_what_comes_in_runs(tmp_path):
    assert python(tmp_path, "-m", "torchlike", given="import torch\nprint(torch.ones(1))\n").stdout == "tensor([1.])\n"
    assert "tensor([1.])" in python(tmp_path, "-m", "torchlike", "-i", given="import torch\ntorch.ones(1)\n").stdout


# ---------------------------------------------------------------------- other Pythons that a program starts


@pytest.fixture(scope="module")
def installed(tmp_path_factory) -> Path:
    """A Python in which torchlike is installed as its wheel would be."""
    folder = tmp_path_factory.mktemp("installed")
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(folder)], check=True)
    packages = next(folder.glob("lib/python*/site-packages"))
    for each in (ROOT / "site").iterdir():
        shutil.copy(each, packages)
    known = [str(ROOT), *(each for each in sys.path if each.endswith("site-packages"))]
    (packages / "a_path.pth").write_text("\n".join(known))
    return folder / "bin" / "python"


CHILDREN = """
import multiprocessing, subprocess, sys

def work(n):
    import torch
    return torch.__name__, torch.ones(n).sum().item()

class Payload:
    def __init__(self):
        import torch
        self.torch = torch.nn.Linear(1, 1)

if __name__ == "__main__":
    for method in ("spawn", "forkserver"):
        with multiprocessing.get_context(method).Pool(1) as pool:
            print(pool.map(work, [2, 3]), pool.apply(repr, (Payload().torch,)))
    code = "from importlib.metadata import version; import torch; print(torch.__name__, version('torch')[:6])"
    print(subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout, end="")
    code = "import sys, json; print([each for each in ('jax', 'torch', 'torchlike') if each in sys.modules])"
    print(subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout, end="")
"""


def test_children_know_the_alias(tmp_path, installed):
    (tmp_path / "script.py").write_text(CHILDREN)
    environment = {"JAX_PLATFORMS": "cpu", "HOME": str(tmp_path)}
    command = [str(installed), "-m", "torchlike", "script.py"]
    done = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path, timeout=300, env=environment)
    pool = "[('torchlike', 2.0), ('torchlike', 3.0)] Linear(in_features=1, out_features=1, bias=True)\n"
    assert (done.stdout, done.stderr) == (2 * pool + "torchlike 2.13.0\n[]\n", "")


def test_other_pythons_do_not(tmp_path, installed):
    code = "import sys; print([type(each).__name__ for each in sys.meta_path], '_torchlike_alias' in sys.modules)"
    done = subprocess.run([str(installed), "-c", code], capture_output=True, text=True, env={"HOME": str(tmp_path)})
    assert "_Awaiting" not in done.stdout and "False" in done.stdout


def test_the_wheel_holds_what_children_read():
    listed = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["hatch"]["build"]["targets"]["wheel"]
    assert listed["force-include"] == {f"site/{each.name}": each.name for each in sorted((ROOT / "site").iterdir())}


WALK = """
import importlib, pkgutil, sys, types

def walk(package, shown):
    for info in pkgutil.iter_modules(package.__path__):
        before = vars(package).get(info.name)
        if info.name == "__main__":
            continue
        module = importlib.import_module(f"{shown}.{info.name}")
        if not isinstance(before, (types.ModuleType, types.NoneType)) and vars(package)[info.name] is not before:
            print(f"{shown}.{info.name}")
        if info.ispkg:
            walk(module, f"{shown}.{info.name}")

name = sys.argv[1]
walk(importlib.import_module(name), name)
print(callable(sys.modules[name].tensor), callable(sys.modules[name].autograd.gradcheck))
"""


@pytest.mark.parametrize("name", ["torchlike", "torch"])
def test_no_submodule_takes_the_place_of_what_bears_its_name(tmp_path, name):
    done = launch(tmp_path, WALK, name) if name == "torch" else python(tmp_path, "-c", WALK, name)
    assert (done.returncode, done.stderr, done.stdout) == (0, "", "True True\n")
