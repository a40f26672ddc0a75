"""The project itself: its public paths, its imports, its commands and its tests."""

from __future__ import annotations

import ast
import importlib
import inspect
import json
import os
import pkgutil
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType

import pytest

import torchlike
from tools import forms
from torchlike import _missing

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = ROOT / "torchlike"
HEAVY = {"flax", "matplotlib", "optax", "orbax", "PIL", "tensorboard", "torch", "tqdm"}
OWN_MODULES = {"data", "interop", "tensor", "vision"}  # public modules that PyTorch does not have


def public_modules() -> Iterator[ModuleType]:
    """The package and every public module in it."""
    yield torchlike
    pending = [torchlike]
    while pending:
        parent = pending.pop()
        for found in pkgutil.iter_modules(parent.__path__):
            if not found.name.startswith("_"):
                try:
                    module = importlib.import_module(f"{parent.__name__}.{found.name}")
                except ModuleNotFoundError as error:
                    if error.name != "tensorboard":  # an extra
                        raise
                    continue
                yield module
                if found.ispkg:
                    pending.append(module)


def public_objects() -> Iterator[tuple[str, type | Callable]]:
    """The package's own functions and classes that a public module shows, each with a path to it.

    It shows what it defines, and what it imports under a name that it says again: ``import f as f``.
    """
    for module in public_modules():
        shown = re_exported(Path(module.__file__).read_text())
        for name, value in list(vars(module).items()):
            own = str(getattr(value, "__module__", "")).partition(".")[0] == "torchlike"
            own = own and (name in shown or value.__module__ == module.__name__)
            if own and not name.startswith("_") and (inspect.isclass(value) or inspect.isroutine(value)):
                yield f"{module.__name__}.{name}", value


def re_exported(source: str) -> set[str]:
    """The names that a module imports for others."""
    imports = [node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.ImportFrom)]
    return {alias.asname for node in imports for alias in node.names if alias.asname}


def is_public(value: type | Callable) -> bool:
    """Whether an object's `__module__` is a public path at which it is found."""
    path = value.__module__.split(".")
    if any(part.startswith("_") for part in path):
        return False
    return getattr(importlib.import_module(value.__module__), value.__name__, None) is value


def imported(source: str) -> set[str]:
    """The top-level packages that a piece of code imports, wherever in it."""
    names = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            names |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            names.add(str(node.module).partition(".")[0])
    return names


def heavy_after(code: str) -> set[str]:
    """The heavy packages that a fresh process has loaded after running some code."""
    report = f"{code}; import json, sys; print(json.dumps(sorted({{m.partition('.')[0] for m in sys.modules}})))"
    done = subprocess.run([sys.executable, "-c", report], capture_output=True, text=True, check=True, cwd=ROOT)
    return HEAVY & set(json.loads(done.stdout))


def careless(source: str) -> list[str]:
    """The lines of a test that expect any message at all, or skip without a reason."""
    wanted = {"raises": "match", "warns": "match", "skip": "reason", "skipif": "reason", "xfail": "reason"}
    found = []
    for node in ast.walk(ast.parse(source)):
        if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)):
            continue
        if ast.unparse(node.func.value) not in ("pytest", "pytest.mark") or node.func.attr not in wanted:
            continue
        said = {keyword.arg for keyword in node.keywords}
        by_position = node.func.attr == "skip" and node.args
        if wanted[node.func.attr] not in said and not by_position:
            found.append(f"{node.lineno}: {ast.unparse(node)}")
    return found


def test_public_objects_have_public_paths():
    hidden = [f"{path}: {value.__module__}" for path, value in public_objects() if not is_public(value)]
    assert not hidden


def test_a_hidden_path_is_noticed():
    assert not is_public(type("Tensor", (), {"__module__": "torchlike._tensor"}))
    assert not is_public(type("NoSuchLayer", (), {"__module__": "torchlike.nn"}))


def test_public_objects_have_docstrings():
    assert not [path for path, value in public_objects() if not inspect.getdoc(value)]


# what our public classes show and PyTorch's do not
OWN_ATTRIBUTES = {
    "dtype": {"name", "np", "rank"},
    "layout": {"name"},
    "memory_format": {"name"},
    "TypedStorage": {"dtype"},  # PyTorch's have it in each instance
    "ScriptModule": {"forward"},
    "TensorDataset": {"data_tensor", "target_tensor"},  # as they were called once
}
NODES = ("torchlike.autograd.function", "torchlike.autograd.graph")  # their classes are the tape's own


def test_completion_shows_what_pytorch_has():
    torch = pytest.importorskip("torch")
    strange = []
    for module in public_modules():
        path = module.__name__.replace("torchlike", "torch", 1)
        theirs = sys.modules.get(path)
        if theirs is None:
            continue
        shown = [name for name in dir(module) if name[0] != "_" and name not in _missing.OWN.get(path, ())]
        shown = [f"{path}.{name}" for name in shown if not hasattr(theirs, name)]
        strange += [each for each in shown if each not in _missing.pytorchs_names()]  # a module that is not imported
        for name, value in vars(module).items():
            twin = getattr(theirs, name, None)
            if inspect.isclass(value) and inspect.isclass(twin) and name[0] != "_" and module.__name__ not in NODES:
                known = {*dir(twin), *OWN_ATTRIBUTES.get(name, ())}
                strange += [f"{path}.{name}.{each}" for each in dir(value) if each[0] != "_" and each not in known]
    assert not strange and torch.nn.Linear


def test_names_of_users_are_free():
    """What users may well call an attribute of their own module or optimizer, nothing of ours depends on."""
    taken = "before after find names flags rule numbers static value find_ call hooks state_ kind places spec".split()

    class Net(torchlike.nn.Linear):
        def __init__(self):
            super().__init__(2, 1)
            for name in taken:
                setattr(self, name, 1)
                setattr(self, "_" + name, 1)

    class Own(torchlike.optim.Adam):
        def __init__(self, params):
            super().__init__(params)
            vars(self).update({name: 1 for name in taken} | {"_" + name: 1 for name in taken})

    net = Net()
    net.register_forward_hook(lambda *given: None)
    net.register_forward_pre_hook(lambda *given: None)
    net.get_parameter("weight")
    optimizer = Own(net.parameters())
    net(torchlike.ones(1, 2)).sum().backward()
    optimizer.step()
    assert optimizer.state_dict()["state"]


@pytest.mark.parametrize(
    "name", "edges places outputs saved sequence release restore pre_hooks is_plain spec inputs".split()
)
def test_names_of_a_users_derivative_are_free(name):
    class Double(torchlike.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            ctx.save_for_backward(x)
            setattr(ctx, name, 3)
            return x * 2

        @staticmethod
        def backward(ctx, grad):
            return grad * 2 * getattr(ctx, name) * ctx.saved_tensors[0]

    x = torchlike.ones(2, requires_grad=True)
    Double.apply(x).sum().backward()
    assert x.grad.tolist() == [6, 6]


def test_there_is_no_torch_inside():
    assert not [str(path) for path in PACKAGE.rglob("*.py") if imported(path.read_text()) & {"torch", "torchvision"}]


@pytest.mark.parametrize("source", ["import torch.nn as nn", "def f():\n    from torch import nn"])
def test_torch_inside_is_noticed(source):
    assert "torch" in imported(source)


def test_relative_and_similar_imports_are_not_torch():
    assert imported("from .torch import f\nimport torchlike") == {"torchlike"}


def test_import_is_light():
    assert heavy_after("import torchlike") == set()


def test_a_heavy_import_is_noticed():
    assert "optax" in heavy_after("import torchlike, optax")


def test_no_module_shadows_a_function():
    torch = pytest.importorskip("torch")
    names = {found.name for found in pkgutil.iter_modules(torchlike.__path__) if not found.name.startswith("_")}
    strange = {name for name in names - OWN_MODULES if not inspect.ismodule(getattr(torch, name, None))}
    assert not strange


def test_tensor_is_the_function():
    importlib.import_module("torchlike.tensor")
    assert callable(torchlike.tensor)
    assert torchlike.tensor([1.0]).shape == (1,)


def test_ci_runs_the_commands_of_the_readme():
    script = (ROOT / ".ci" / "run").read_text()
    readme = (ROOT / "README.md").read_text()
    commands = [line for line in readme.splitlines() if line.startswith("python3 -m venv")]
    assert len(commands) == 2
    assert all(f"```sh\n{command}\n```" in readme for command in commands)
    assert commands[0].endswith("python -m torchlike examples/digits.py") and commands[1].endswith("python -m pytest")
    assert "mapfile -t commands < <(grep '^python3 -m venv' README.md)" in script
    assert [line for line in script.splitlines() if line.startswith("bash -c")] == [
        'bash -c "${commands[0]}"',
        'bash -c "${commands[1]}"',
    ]
    assert os.access(ROOT / ".ci" / "run", os.X_OK)


def test_lists_are_as_the_declarations_have_it():
    stale = [path.name for path, text in forms.texts().items() if path.read_text() != text]
    assert not stale, "`python -m tools.forms` writes them"


def test_pages_name_what_is_there():
    roots = ("torchlike", "tests", "tools", "benchmarks", "examples", "site")
    there = [f"/{path.relative_to(ROOT)}" for root in roots for path in (ROOT / root).rglob("*.py")]
    for page in (*ROOT.glob("*.md"), *ROOT.glob("docs/*.md")):
        named = set(re.findall(r"`([\w/]+\.py)`", page.read_text()))
        assert not [name for name in named if not any(path.endswith(f"/{name}") for path in there)], page.name


def test_the_layout_names_all_there_is():
    page = (ROOT / "docs" / "layout.md").read_text()
    assert not [path.name for path in PACKAGE.iterdir() if path.suffix == ".py" and f"{path.name}`" not in page]
    assert not [
        path.name for path in PACKAGE.iterdir() if (path / "__init__.py").exists() and f"{path.name}/`" not in page
    ]


def test_tests_say_what_they_expect():
    files = (ROOT / "tests").rglob("*.py")
    assert not [f"{path.name}:{line}" for path in files for line in careless(path.read_text())]


def test_a_careless_test_is_noticed():
    assert careless("pytest.raises(ValueError)") and careless("@pytest.mark.skipif(True)\ndef f(): pass")
    assert not careless("pytest.raises(ValueError, match='x')\npytest.skip('no GPU')")
