"""Write down what torchlike lacks of PyTorch.

    python -m tools.missing

writes `docs/missing.md`, from the list of PyTorch's names that the package has.
"""

from __future__ import annotations

import contextlib
import importlib
import pkgutil
import sys
import textwrap
from pathlib import Path

from torchlike._missing import pytorchs_names

FILE = Path(__file__).resolve().parent.parent / "docs" / "missing.md"
HEAD = """# What is missing

Of PyTorch 2.13's {total} public names in the modules below torchlike has {has}. A name that is there behaves as in PyTorch,
but for what the README's "How it differs from PyTorch" tells; one that is not raises an error that says so.
`python -m torchlike --check script.py` lists the ones that a script uses, without running it.

`python -m tools.missing` writes this page; {version} is what it was counted for.

| module or class | has | of |
| --- | ---: | ---: |
"""
# what is told with the module above it, or is no surface for programs
LEFT_OUT = (
    "torch.utils.tensorboard",
    "torch.backends.",
    "torch.jit.",
    "torch.utils.hipify",
    "torch.utils.jit",
    "torch.cuda.",
    "torch.nn.modules.",
)


def there(path: str):
    """What torchlike has under a path; None if nothing."""
    found = importlib.import_module("torchlike")
    if path.replace("torch", "torchlike", 1) in sys.modules:  # a function of the same name may stand before it
        return sys.modules[path.replace("torch", "torchlike", 1)]
    for name in path.split(".")[1:]:
        found = getattr(found, name, None)
    return found


def page() -> str:
    """The page's text."""
    from torchlike.version import __version__

    _import_all()
    rows, lists, absent = [], [], []
    for path, names in sorted(pytorchs_names().items()):
        module = there(path)
        if module is None:
            above = path.rpartition(".")[0]
            if above not in absent and not any(above.startswith(each + ".") for each in absent):
                absent.append(path)
        elif names and not path.startswith(LEFT_OUT):
            lacking = sorted(name for name in names if not hasattr(module, name))
            rows.append((path, len(names) - len(lacking), len(names)))
            if lacking:
                lists.append(f"## `{path}`\n\n" + _wrapped(lacking))
    has, total = (sum(row[place] for row in rows) for place in (1, 2))
    text = HEAD.format(has=has, total=total, version=__version__)
    text += "".join(f"| `{path}` | {count} | {of} |\n" for path, count, of in rows)
    whole = [path for path in absent if not path.startswith(LEFT_OUT)]
    return "\n".join([text + "\n## Whole modules\n\n" + _wrapped(whole), *lists])


def _import_all() -> None:
    """Import those public modules, too, that are imported by who asks for them alone."""
    top = importlib.import_module("torchlike")
    for found in pkgutil.walk_packages(top.__path__, "torchlike.", onerror=lambda name: None):
        if not any(part.startswith("_") for part in found.name.split(".")):
            with contextlib.suppress(ModuleNotFoundError):  # TensorBoard is an extra
                importlib.import_module(found.name)


def _wrapped(names: list[str]) -> str:
    return textwrap.fill(", ".join(f"`{name}`" for name in names), 118, break_on_hyphens=False) + "\n"


if __name__ == "__main__":
    FILE.write_text(page())
