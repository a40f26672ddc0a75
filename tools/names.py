"""Write down PyTorch's public names, for torchlike to tell what it lacks from what nobody has.

    python -m tools.names

writes `torchlike/_missing/names.txt`: a line for each public module of PyTorch, and for each class whose attributes
programs ask for, with its public names.
"""

from __future__ import annotations

import contextlib
import importlib
import io
import warnings
from pathlib import Path
from types import ModuleType

ROOT = Path(__file__).resolve().parent.parent
FILE = ROOT / "torchlike" / "_missing" / "names.txt"
CLASSES = ("torch.Tensor", "torch.nn.Module", "torch.optim.Optimizer")
# private by their paths, yet other libraries use them
PRIVATE = (
    "torch.__config__",
    "torch.__future__",
    "torch._dynamo",
    "torch.utils._pytree",
    "torch.utils._python_dispatch",
)
# of what lies deep in these only that it is there: it is PyTorch's workshop
CLOSED = (
    "torch.ao.",
    "torch.distributed.",
    "torch.fx.",
    "torch.nativert.",
    "torch.onnx.",
    "torch.package.",
    "torch.quant",
)


def modules() -> list[str]:
    """The paths of PyTorch's public modules."""
    import torch

    folder = Path(torch.__file__).parent
    files = [each.relative_to(folder).with_suffix("").parts for each in folder.rglob("*.py")]
    paths = [parts[:-1] if parts[-1] == "__init__" else parts for parts in files]
    public = {".".join(("torch", *parts)) for parts in paths if not any(part.startswith("_") for part in parts)}
    return sorted(public | set(PRIVATE))


def names_of(path: str) -> list[str]:
    """The public names of a module; none where it cannot be imported here."""
    if path.startswith(CLOSED) and path.count(".") > 2:
        return []
    try:
        module = importlib.import_module(path)
    except Exception:  # whatever it is that it wants, it is not here
        return []
    listed = set(getattr(module, "__all__", ()))
    # PyTorch's switches are modules of a class of their own, around the module
    found = {*dir(module), *dir(type(module)), *dir(getattr(module, "m", module))}
    public = {name: getattr(module, name) for name in found if name[0] != "_" and name != "m" and hasattr(module, name)}
    own = {name: value for name, value in public.items() if name in listed or _is_own(path, name, value)}
    # what ``torch`` lists of classes made by pybind11 is its script compiler's
    return sorted(name for name, value in own.items() if path != "torch" or type(value).__name__ != "pybind11_type")


def _is_own(path: str, name: str, value) -> bool:
    if isinstance(value, ModuleType):
        return value.__name__ == f"{path}.{name}"
    if type(value).__name__ == "builtin_function_or_method" or type(value).__module__.startswith("torch"):
        return True
    home = str(getattr(value, "__module__", None))
    if path.startswith("torch.backends"):
        return home == "None" or home.startswith("torch.backends")
    return home.split(".")[0] == "torch" and (path == "torch" or home.startswith(path) or "._" in home)


def members(path: str) -> list[str]:
    """The public attributes of a class."""
    module, _, name = path.rpartition(".")
    return sorted(each for each in dir(getattr(importlib.import_module(module), name)) if not each.startswith("_"))


def table() -> str:
    """The file's text. What the modules say when they are imported is not heard."""
    with (
        warnings.catch_warnings(),
        contextlib.redirect_stdout(io.StringIO()),
        contextlib.redirect_stderr(io.StringIO()),
    ):
        warnings.simplefilter("ignore")
        rows = {path: names_of(path) for path in modules()} | {path: members(path) for path in CLASSES}
    return "".join(f"{path}: {' '.join(names)}\n" for path, names in sorted(rows.items()))


if __name__ == "__main__":
    FILE.write_text(table())
