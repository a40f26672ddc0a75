"""The examples run as a user runs them, those of docstrings as in PyTorch."""

from __future__ import annotations

import ast
import builtins
import doctest
import importlib
import inspect
import re
import subprocess
import sys
import types
import warnings
from collections.abc import Iterator
from pathlib import Path

import pytest

import torchlike

ROOT = Path(__file__).resolve().parent.parent
FILES = sorted(path for path in ROOT.glob("torchlike/**/*.py") if ">>> " in path.read_text())
PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/*.md")])
# what takes PyTorch long, or needs a compiler there
SLOW = re.compile(r"torch\.(compile|cond)\b")
IMPORTED = ("torch.nn.attention", "torch.nn.attention.bias")  # what PyTorch does not import by itself
NAMESPACES = ("torch", "torch.fft", "torch.linalg", "torch.nn.functional", "torch.special")
APART = {
    "eig": "only told of: PyTorch has it no more",
    "explain": "PyTorch has none",
    "legacy_reduction": "PyTorch has it elsewhere",
    "set_flush_denormal": "PyTorch answers as the processor does",
    "set_num_interop_threads": "it works once",
    "uninstall": "`install` shows it",
}


def strings(path: Path) -> Iterator[tuple[int, str]]:
    """(Line, text) of the strings with examples in a file, of those that stand there as they are."""
    nodes = list(ast.walk(ast.parse(path.read_text())))
    parts = {part for node in nodes if isinstance(node, ast.JoinedStr) for part in node.values}
    for node in nodes:
        if (
            isinstance(node, ast.Constant)
            and isinstance(node.value, str)
            and ">>> " in node.value
            and node not in parts
        ):
            yield node.lineno, node.value


def public() -> Iterator[tuple[str, types.FunctionType]]:
    """The public functions of tensors with their names, each once."""
    seen = set()
    for namespace in NAMESPACES:
        for name, found in vars(importlib.import_module(namespace.replace("torch", "torchlike", 1))).items():
            if inspect.isfunction(found) and not name.startswith("_") and found not in seen:
                seen.add(found)
                yield f"{namespace}.{name}", found


def shown(text: str, names: dict, where: str, line: int = 0) -> str:
    """What is wrong with the examples in a text; nothing if they show what they say."""
    test = doctest.DocTestParser().get_doctest(text, names, where, where, line)
    runner, told = doctest.DocTestRunner(verbose=False), []
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        runner.run(test, out=told.append)
    return "".join(told)


def is_of_torch(text: str) -> bool:
    """Whether the examples in a text name nothing but `torch`, and so are PyTorch's, too."""
    nodes = list(ast.walk(ast.parse("".join(each.source for each in doctest.DocTestParser().get_examples(text)))))
    own = {each.arg for each in nodes if isinstance(each, ast.arg)}
    own |= {each.name for each in nodes if isinstance(each, (ast.FunctionDef, ast.ClassDef, ast.alias))}
    used = [each for each in nodes if isinstance(each, ast.Name)]
    own |= {each.id for each in used if isinstance(each.ctx, ast.Store)}
    return {each.id for each in used} - own - vars(builtins).keys() == {"torch"}


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_docstrings_show_what_is_so(path, monkeypatch):
    monkeypatch.delitem(sys.modules, "torch", raising=False)  # that of the tests is none of a user's
    module = importlib.import_module(".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__"))
    for line, text in strings(path):
        assert not shown(text, {**vars(module), "torch": torchlike}, str(path), line)


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_docstrings_show_what_pytorch_does(path):
    torch = [pytest.importorskip(name) for name in ("torch", *IMPORTED)][0]
    for line, text in strings(path):
        if is_of_torch(text) and not SLOW.search(text):
            assert not shown(text, {"torch": torch}, str(path), line)


def test_every_function_has_an_example():
    lacking = {name for name, found in public() if ">>> " not in (found.__doc__ or "")}
    assert {name.rpartition(".")[2] for name in lacking} <= APART.keys(), sorted(lacking)


@pytest.mark.parametrize("library", ("torchlike", "torch"))
def test_docstrings_that_are_made_show_what_is_so(library):
    """Those of functions that differ by a name are no strings of a file."""
    names = {"torch": pytest.importorskip(library)}
    written = {inspect.cleandoc(text) for path in FILES for _, text in strings(path)}
    for name, found in public():
        if found.__doc__ and ">>> " in found.__doc__ and inspect.cleandoc(found.__doc__) not in written:
            assert not shown(found.__doc__, names, name)


def test_a_wrong_example_is_noticed():
    assert "Expected:\n    3\nGot:\n    2\n" in shown(">>> torch.ones(2).numel()\n3\n", {"torch": torchlike}, "here")


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.name)
def test_pages_show_what_is_so(path):
    text = path.read_text()
    assert not shown(text, {"torch": torchlike}, str(path))
    for program in re.findall(r"^```python\n(.*?)^```", text, re.DOTALL | re.MULTILINE):
        exec(compile(program, str(path), "exec"), {})


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
