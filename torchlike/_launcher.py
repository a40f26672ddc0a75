"""Lets programs that say ``import torch`` run on torchlike: in this process, on request, until taken back."""

from __future__ import annotations

import importlib
import importlib.abc
import importlib.machinery
import importlib.util
import runpy
import sys
from pathlib import Path
from types import ModuleType

# the names that programs import, and what stands for them
ALIASES = {"torch": "torchlike", "torchvision": "torchlike.vision"}


class _Alias(importlib.abc.Loader):
    """Gives the module that stands for a name; it is the very same object under both names."""

    def __init__(self, target: str) -> None:
        self.target = target

    def create_module(self, spec) -> ModuleType:
        module = importlib.import_module(self.target)
        self._spec = module.__spec__
        return module

    def exec_module(self, module: ModuleType) -> None:
        # the import system has put the alias's spec in place of the module's own
        module.__spec__ = self._spec


class Finder(importlib.abc.MetaPathFinder):
    """Finds ``torch`` and what is below it in torchlike."""

    def find_spec(self, fullname: str, path=None, target=None):
        top, _, rest = fullname.partition(".")
        if top not in ALIASES:
            return None
        real = ALIASES[top] + ("." + rest if rest else "")
        if not _exists(real):
            raise ModuleNotFoundError(f"No module named '{fullname}': torchlike has no '{real}'", name=fullname)
        return importlib.machinery.ModuleSpec(fullname, _Alias(real), is_package=True)


def _exists(name: str) -> bool:
    try:
        return importlib.util.find_spec(name) is not None
    except ModuleNotFoundError:
        return False


_finder = Finder()


def install() -> None:
    """Let ``import torch`` give torchlike in this process.

    Raises:
        RuntimeError: PyTorch itself is imported already.
    """
    for name in ALIASES:
        known = sys.modules.get(name)
        if known is not None and not known.__name__.startswith("torchlike"):
            raise RuntimeError(f"{name} is imported already: torchlike cannot take its place")
    if _finder not in sys.meta_path:
        sys.meta_path.insert(0, _finder)


def uninstall() -> None:
    """Take `install` back: what was imported as ``torch`` is forgotten under that name."""
    if _finder in sys.meta_path:
        sys.meta_path.remove(_finder)
    for name in [each for each in sys.modules if each.partition(".")[0] in ALIASES]:
        if sys.modules[name].__name__.startswith("torchlike"):
            del sys.modules[name]


USAGE = """usage: python -m torchlike [-m module | script.py] [args...]

Run a PyTorch program on torchlike: `import torch` gives torchlike in this process."""


def main(args: list[str]) -> None:
    """Run a script or, after ``-m``, a module, as Python itself would.

    Args:
        args: the command line behind ``python -m torchlike``.

    Raises:
        SystemExit: there is nothing to run, or the program ends so.
    """
    if not args or args[0] in ("-h", "--help"):
        print(USAGE)
        raise SystemExit(0 if args else 2)
    install()
    if args[0] == "-m":
        if len(args) < 2:
            raise SystemExit("Argument expected for the -m option\n" + USAGE)
        sys.argv = args[1:]
        sys.path[0] = str(Path.cwd())
        runpy.run_module(args[1], run_name="__main__", alter_sys=True)
        return
    script = Path(args[0])
    if not script.exists():
        raise SystemExit(f"python -m torchlike: can't open file '{script.resolve()}': [Errno 2] No such file or directory")
    sys.argv = args
    sys.path[0] = str(script.resolve().parent)
    runpy.run_path(str(script), run_name="__main__")
