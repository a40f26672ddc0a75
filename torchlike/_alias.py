"""``import torch`` gives torchlike: in this process, on request, until taken back."""

from __future__ import annotations

import importlib
import importlib.abc
import importlib.machinery
import importlib.util
import sys
from collections.abc import Iterator
from importlib.metadata import Distribution, DistributionFinder
from pathlib import Path
from types import CodeType, ModuleType
from typing import Any

from torchlike._missing import LACKING, is_pytorchs
from torchlike.version import __version__

# the names that programs import, and what stands for them
ALIASES = {"torch": "torchlike", "torchvision": "torchlike.vision"}


class _Alias(importlib.abc.Loader):
    """Gives the module that stands for a name; it is the very same object under both names."""

    def __init__(self, target: str) -> None:
        self.target = target

    def create_module(self, spec: importlib.machinery.ModuleSpec) -> ModuleType:
        module = importlib.import_module(self.target)
        self._spec = module.__spec__
        return module

    def exec_module(self, module: ModuleType) -> None:
        # the import system has put the alias's spec in place of the module's own
        module.__spec__ = self._spec
        _share(module.__name__)

    def get_code(self, fullname: str) -> CodeType | None:
        """The code of the module, for who runs it as a program: ``python -m torch.distributed.run``."""
        spec = spec_of(self.target)
        loader: Any = spec and spec.loader
        return loader.get_code(self.target)


def _share(package: str) -> None:
    """Let those modules below a package in whose place there is a function be loaded under PyTorch's names, too.

    What is loaded under a name for the first time becomes an attribute of its package, and would take the place of what
    bears its name: `torch.tensor`, `torch.autograd.gradcheck`.
    """
    shown = {there: name for name, there in ALIASES.items()}
    for name, module in list(sys.modules.items()):
        parent, _, child = name.rpartition(".")
        if name.startswith(package + ".") and vars(sys.modules[parent]).get(child, module) is not module:
            top, dot, rest = name.partition(".")
            sys.modules.setdefault(shown[top] + dot + rest, module)


class _Installed(Distribution):
    """What an installed PyTorch says of itself: its version is what libraries ask for."""

    def read_text(self, filename: str) -> str | None:
        return f"Metadata-Version: 2.1\nName: torch\nVersion: {__version__}\n" if filename == "METADATA" else None

    def locate_file(self, path: Any):
        return Path(__file__).parent.parent / path


class Finder(DistributionFinder):
    """Finds ``torch`` and what is below it in torchlike."""

    def find_spec(self, fullname: str, path: Any = None, target: Any = None) -> importlib.machinery.ModuleSpec | None:
        """Where a module is to be loaded from; None for what is not PyTorch's.

        Raises:
            ModuleNotFoundError: torchlike lacks it.
        """
        top, dot, rest = fullname.partition(".")
        if top not in ALIASES:
            return None
        known = spec_of(ALIASES[top] + dot + rest)
        if known is not None:
            is_package = known.submodule_search_locations is not None
            return importlib.machinery.ModuleSpec(
                fullname, _Alias(known.name), origin=known.origin, is_package=is_package
            )
        if top != "torch" and importlib.machinery.PathFinder.find_spec(top) is not None:
            return None  # the real one is installed
        if _is_a_question():
            return None
        told = ": " + LACKING.format(fullname) if top != "torch" or is_pytorchs(fullname) else ""
        raise ModuleNotFoundError(f"No module named '{fullname}'{told}", name=fullname)

    def find_distributions(self, context: DistributionFinder.Context | None = None) -> Iterator[Distribution]:
        """What `importlib.metadata` knows of PyTorch."""
        if context is None or context.name in (None, "torch"):
            yield _Installed()


def spec_of(name: str) -> importlib.machinery.ModuleSpec | None:
    """Where a module is; None if there is none."""
    try:
        return importlib.util.find_spec(name)
    except ModuleNotFoundError:
        return None


def _is_a_question() -> bool:
    """Whether somebody only asks `importlib.util` where a module is."""
    frame = sys._getframe(2)
    while frame.f_back is not None and frame.f_globals["__name__"] in ("importlib._bootstrap", "_torchlike_alias"):
        frame = frame.f_back
    return frame.f_globals.get("__name__") == "importlib.util"


_finder = Finder()


class Installation:
    """What `install` returns: at the end of a ``with`` block `torch` is as it was before."""

    def __init__(self, is_new: bool) -> None:
        self._is_new = is_new

    def __enter__(self) -> Installation:
        return self

    def __exit__(self, *error: Any) -> None:
        if self._is_new:
            uninstall()


def install() -> Installation:
    """Let ``import torch`` give torchlike in this process, for libraries that import it, too.

    Returns:
        A context manager that takes it back, for those who want it for a while.

    Raises:
        RuntimeError: PyTorch itself is imported already.

    Example:
        >>> import torchlike
        >>> with torchlike.install():
        ...     import torch
        >>> torch is torchlike
        True
    """
    known = sys.modules.get("torch")
    if known is not None and not _is_ours(known):
        raise RuntimeError("torch is imported already: torchlike cannot take its place")
    is_new = _finder not in sys.meta_path
    if is_new:
        sys.meta_path.insert(0, _finder)
    sys.modules["torch"] = sys.modules["torchlike"]  # many look here rather than import
    _share("torchlike")
    return Installation(is_new)


def uninstall() -> None:
    """Take `install` back: what was imported as ``torch`` is forgotten under that name."""
    if _finder in sys.meta_path:
        sys.meta_path.remove(_finder)
    for name in [each for each in sys.modules if each.partition(".")[0] in ALIASES]:
        if _is_ours(sys.modules[name]):
            del sys.modules[name]


def _is_ours(module: ModuleType) -> bool:
    return module.__name__.partition(".")[0] == "torchlike"
