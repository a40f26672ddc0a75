"""What PyTorch has and torchlike lacks: said at the line that asks for it.

`names.txt` lists PyTorch's public names (`python -m tools.names` writes it): what it lacks, too, is a slip of the pen.
"""

from __future__ import annotations

import functools
import importlib
import sys
from importlib.resources import files
from importlib.util import find_spec
from opcode import opmap

LACKING = "torchlike has no '{}' (yet)"


@functools.cache
def pytorchs_names() -> dict[str, frozenset[str]]:
    """PyTorch's public names by the module, or class, that has them."""
    rows = (line.partition(":") for line in files(__name__).joinpath("names.txt").read_text().splitlines())
    return {path: frozenset(names.split()) for path, _, names in rows}


def is_pytorchs(path: str) -> bool:
    """Whether PyTorch has a module, or a public name, of this path: ``torch.nn.Linear``."""
    names, (owner, _, name) = pytorchs_names(), path.rpartition(".")
    return path in names or name in names.get(owner, ())


def is_module(path: str) -> bool:
    """Whether torchlike has a module of PyTorch's path, imported or not: ``torch.utils.benchmark`` must be asked for."""
    try:
        return find_spec("torchlike" + path.removeprefix("torch")) is not None
    except ModuleNotFoundError:
        return False


def lacking(path: str) -> str:
    """What is to be said of a name that is not there, behind the error's own words; nothing if PyTorch has none either."""
    return ": " + LACKING.format(path) if is_pytorchs(path) and not is_module(path) else ""


_KNOWN = {"_C", "__config__", "_dynamo", "_pytree"}  # modules that others know by their private names
# what is imported where it is asked for, of a module: a module of it, or the name of something in one
LATER = {
    "torch": {"distributed": "", "distributions": "", "profiler": "", "testing": ""},
    "torch.nn.parallel": {"distributed": "", "DistributedDataParallel": "distributed"},
}
OWN = {"torch": {"execution_mode", "explain", "install", "uninstall"}}


def public_part(module: str) -> list[str]:
    """What ``dir()`` shows of a public module: PyTorch's names, and not what it imports for itself.

    Args:
        module: its name in PyTorch.
    """
    names = pytorchs_names().get(module)
    found = vars(sys.modules["torchlike" + module.removeprefix("torch")]).keys() | LATER.get(module, {}).keys()
    shown = names and names | OWN.get(module, set())
    return sorted(name for name in found if shown is None or name.startswith("_") or name in shown)


class Attributes:
    """The ``__getattr__`` of a public module.

    Args:
        module: its name in PyTorch.
    """

    def __init__(self, module: str) -> None:
        self.module = module

    def __call__(self, name: str):
        within = LATER.get(self.module, {}).get(name)
        if within is not None:
            own = "torchlike" + self.module.removeprefix("torch")
            found = importlib.import_module(f"{own}.{within or name}")
            return getattr(found, name) if within else found
        frame = sys._getframe(1)
        told = lacking(f"{self.module}.{name}")
        if told and frame.f_lasti >= 0 and frame.f_code.co_code[frame.f_lasti] == opmap["IMPORT_FROM"]:
            # Python's own sentence would tell of torchlike's module, and replaces no ImportError
            raise ImportError(f"cannot import name '{name}' from '{self.module}'{told}", name=self.module)
        # what PyTorch has is no slip of the pen: Python need not guess at what was meant
        near = None if told else sys.modules["torchlike" + self.module.removeprefix("torch")]
        raise AttributeError(f"module '{self.module}' has no attribute '{name}'{told}", name=name, obj=near)


def watch() -> None:
    """Let every public module that is imported tell what it lacks."""
    for path, module in list(sys.modules.items()):
        top, *parts = path.split(".")
        if top == "torchlike" and not any(part.startswith("_") for part in parts if part not in _KNOWN):
            pytorchs = ".".join(("torch", *parts))
            module.__getattr__ = Attributes(pytorchs)  # type: ignore[method-assign]
            module.__dir__ = functools.partial(public_part, pytorchs)  # type: ignore[method-assign]
