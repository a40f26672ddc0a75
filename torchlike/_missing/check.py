"""``python -m torchlike --check``: the names of PyTorch's that a script uses and torchlike lacks, without running it.

What is written as a path, ``torch.nn.Linear``, is looked up; of methods only those are told that nothing but a tensor has.
"""

from __future__ import annotations

import ast
import importlib
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from torchlike._missing import is_module, is_pytorchs


def report(files: list[str]) -> int:
    """Print ``file:line: name`` for what is missing; returns the exit code: 1 if anything is, 2 for a file that is none."""
    found = False
    if not files:
        print("--check: which scripts?", file=sys.stderr)
        return 2
    for file in files:
        try:
            lacking = list(missing(Path(file).read_text()))
        except (OSError, SyntaxError, UnicodeDecodeError) as error:
            print(f"{file}: {error}", file=sys.stderr)
            return 2
        for line, name in lacking:
            print(f"{file}:{line}: torchlike has no '{name}' (yet)")
        found |= bool(lacking)
    return int(found)


def missing(source: str) -> Iterator[tuple[int, str]]:
    """(line, path) of each name of PyTorch's in a program that torchlike lacks, in order."""
    tree = ast.parse(source)
    known = dict(_imported(tree))
    nodes: list[Any] = list(ast.walk(tree))
    asked = [(node.lineno, path) for node in nodes for path in _paths(node, known)]
    asked += [(node.lineno, f"torch.Tensor.{node.attr}") for node in nodes if _is_a_tensors(node)]
    told: set[str] = set()
    for line, path in sorted(asked):
        lacking = _first_lacking(path)
        if lacking is not None and lacking not in told:
            told.add(lacking)
            yield line, lacking


def _imported(tree: ast.Module) -> Iterator[tuple[str, str]]:
    """(the name in the program, the path in PyTorch) for all that is imported from it."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for each in node.names:
                if each.name.partition(".")[0] == "torch":
                    yield (each.asname, each.name) if each.asname else ("torch", "torch")
        elif isinstance(node, ast.ImportFrom) and _is_torch(node):
            for each in node.names:
                yield each.asname or each.name, f"{node.module}.{each.name}"


def _is_torch(node: ast.ImportFrom) -> bool:
    return node.level == 0 and (node.module or "").partition(".")[0] == "torch"


def _paths(node: ast.AST, known: dict[str, str]) -> Iterator[str]:
    """The paths in PyTorch that a node asks for."""
    if isinstance(node, ast.Import):
        yield from (each.name for each in node.names if each.name.partition(".")[0] == "torch")
    elif isinstance(node, ast.ImportFrom) and _is_torch(node):
        yield from (f"{node.module}.{each.name}" for each in node.names if each.name != "*")
    elif isinstance(node, ast.Attribute):
        chain: list[str] = []
        each: ast.expr = node
        while isinstance(each, ast.Attribute):
            chain.append(each.attr)
            each = each.value
        if isinstance(each, ast.Name) and each.id in known:
            yield ".".join([known[each.id], *reversed(chain)])


def _is_a_tensors(node: ast.AST) -> bool:
    """Whether an attribute is asked for that tensors have in PyTorch, and nothing of Python's own or NumPy's has."""
    if not isinstance(node, ast.Attribute) or not is_pytorchs(f"torch.Tensor.{node.attr}"):
        return False
    return not any(hasattr(each, node.attr) for each in (str, list, dict, set, np.ndarray, Path))


def _first_lacking(path: str) -> str | None:
    """The shortest beginning of a path that PyTorch has and torchlike lacks; None if there is none."""
    found, names = importlib.import_module("torchlike"), path.split(".")
    for place, name in enumerate(names[1:], 2):
        below = getattr(found, name, None)
        if below is None and not hasattr(found, name):
            lacking = ".".join(names[:place])
            if not is_module(lacking):
                return lacking if is_pytorchs(lacking) else None
            try:
                below = importlib.import_module("torchlike" + lacking.removeprefix("torch"))
            except ModuleNotFoundError:  # a library that it needs is not installed
                return None
        found = below
    return None
