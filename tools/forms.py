"""Write the lists of what is found where: in ``torch``, ``torch.special``, ..., and among a tensor's methods.

    python -m tools.forms

A function is found under its name, its ``aliases`` and, in place, these with a ``_`` behind, wherever PyTorch has such a
name (`torchlike._missing`; what it lacks is among ``OWN`` there): an operation or a function in ``torch`` and
``torch.Tensor``, one of layers in ``torch.nn.functional``, too; ``also`` tells of a further place, ``module`` of the only
one. Of two that bear a name that of the upper floor is found: functions stand above operations, layers' above both. What
is written by hand comes first.
"""

from __future__ import annotations

import ast
import functools
import importlib
import inspect
import pkgutil
import re
import subprocess
import sys
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = ROOT / "torchlike"
FLOORS = ("torchlike._ops", "torchlike._functions", "torchlike.nn")
TENSOR, LAYERS, FUNCTIONAL = "torch.Tensor", ("torch.nn", "torch.nn.modules"), "torch.nn.functional"
DOORS = {
    "torch": "__init__.py",
    "torch.fft": "fft.py",
    "torch.linalg": "linalg.py",
    "torch.nn": "nn/__init__.py",
    "torch.nn.functional": "nn/functional.py",
    "torch.nn.modules": "nn/modules/__init__.py",
    "torch.special": "special.py",
}
MADE = {"inplace": "torchlike._functions.inplace", "of_layers": "torchlike.nn._operations"}  # by how a form is made
TITLES = {
    "inplace": "In-place forms that PyTorch has as functions, too: ``torch.abs_(x)`` is ``x.abs_()``.",
    "of_layers": "Operations as functions of layers, with ``inplace``, or ``size_average`` and ``reduce``.",
}
METHODS = ("_tensor/operations.py", "_tensor/functions.py")  # one for each floor below the layers
PART = re.compile(r"(# written by tools\.forms\n).*?(# end of what tools\.forms writes\n)", re.DOTALL)
LISTED = ("torch.fft", "torch.special")  # those that have an ``__all__`` in PyTorch
WIDTH = 120


class Form(NamedTuple):
    """What bears a public name: something that a module declares, or one of its forms: ``inplace`` or ``of_layers``."""

    module: str
    name: str
    how: str = ""

    @property
    def floor(self) -> int:
        """How far up it is declared."""
        return next(at for at, each in enumerate(FLOORS) if self.module.startswith(each))


# ---------------------------------------------------------------------- what is declared


def declaring() -> Iterator[str]:
    """The modules whose functions and layers are public."""
    for top in FLOORS:
        for found in pkgutil.walk_packages(importlib.import_module(top).__path__, f"{top}."):
            first, *further = found.name.removeprefix(f"{top}.").split(".")
            of_layers = first[0] == "_" or first == "modules" and len(further) == 1 and further[0][0] != "_"
            if found.name not in MADE.values() and (of_layers if top == FLOORS[2] else first[0] != "_"):
                yield found.name


def bound(text: str) -> set[str]:
    """The names that a module defines, or says that it imports for others."""
    names = set()
    for node in ast.parse(text).body:
        if isinstance(node, (ast.FunctionDef, ast.ClassDef)):
            names.add(node.name)
        elif isinstance(node, (ast.Import, ast.ImportFrom)):
            names |= {each.asname for each in node.names if each.asname}
        elif isinstance(node, ast.Assign):
            names |= {each.id for target in node.targets for each in ast.walk(target) if isinstance(each, ast.Name)}
    return names


def claims(found: Callable, form: Form) -> Iterator[tuple[str, str, Form]]:
    """(place, name, form) of each name that something declared bears at each place where it may be found."""
    from torchlike._dispatch import methods

    if inspect.isclass(found):
        yield from ((place, form.name, form) for place in LAYERS)
        return
    op = found.op if found in methods and hasattr(found, "op") else None  # what wraps one has its attributes, too
    flags = op.flags if op else found.declared if found in methods else None
    names = [getattr(flags, "name", "") or form.name, *getattr(flags, "aliases", ())]
    if flags is None and form.name.endswith("_"):  # the in-place form of what has other names
        names += [f"{each}_" for each in aliases().get(form.name[:-1], ())]
    for place in places(flags, form):
        how = "of_layers" if op and op.aside and place == FUNCTIONAL else ""
        yield from ((place, each, form._replace(how=how)) for each in names)
        if op:
            yield from ((place, f"{each}_", form._replace(how="inplace")) for each in names)


def places(flags: Any, form: Form) -> list[str]:
    """Where something with these flags may be found."""
    module, also = getattr(flags, "module", None), getattr(flags, "also", "")
    found = ["torch", TENSOR] if module in (None, "torchlike") else [module]
    found += [FUNCTIONAL] if module is None and ".nn." in form.module else []
    return [each.replace("torchlike", "torch") for each in (*found, *[also] * bool(also))]


@functools.cache
def aliases() -> dict[str, tuple[str, ...]]:
    """The other names of each operation that has any."""
    from torchlike._dispatch import declared_ops

    return {each.body.__name__: each.flags.aliases for each in declared_ops() if each.flags.aliases}


def forms() -> dict[str, dict[str, Form]]:
    """What is found at each place, by name.

    Raises:
        ValueError: two of one floor bear a name.
    """
    from torchlike._missing import OWN, pytorchs_names

    found: dict[str, dict[str, Form]] = {place: {} for place in (*DOORS, TENSOR)}
    for path in declaring():
        module = importlib.import_module(path)
        for name in bound(Path(module.__file__).read_text()):
            declared = getattr(module, name, None)
            if name[0] != "_" and (inspect.isfunction(declared) or inspect.isclass(declared) and ".modules." in path):
                for place, public, form in claims(declared, Form(path, name)):
                    other = found[place].get(public)
                    known = public in pytorchs_names()[place] or public in OWN.get(place, ())
                    if not known or place == TENSOR and form.floor == 2:
                        continue
                    if other is not None and other.floor == form.floor:
                        raise ValueError(f"{place}.{public} is declared by {other} and by {form}")
                    if other is None or other.floor < form.floor:
                        found[place][public] = form
    return {place: {name: names[name] for name in names.keys() - by_hand(place)} for place, names in found.items()}


def by_hand(place: str) -> set[str]:
    """The names at a place that are written by hand."""
    from torchlike.tensor import Tensor

    if place != TENSOR:
        return bound(PART.sub("", (PACKAGE / DOORS[place]).read_text()))
    written = {f"torchlike.{each[:-3].replace('/', '.')}" for each in METHODS}
    return {name for base in Tensor.__mro__[1:] if base.__module__ not in written for name in vars(base)}


# ---------------------------------------------------------------------- how it is written


def imports(names: dict[str, Form]) -> str:
    """The lines of a door: ``from module import name as name``, several to a line, then its other names.

    To a type checker a name that is imported under another one is nobody else's; one that is assigned is public.
    """
    by_module, others = defaultdict(set), []
    for public, form in sorted(names.items()):
        name = public if form.how else form.name
        if name != public and public[0] != "_":
            shown = name if names.get(name) == form else f"_{name}"
            others.append(f"{public} = {shown}\n")
            public = shown
        by_module[MADE.get(form.how, form.module)].add((name, public))
    lines = [
        wrapped(f"from {module} import ", [f"{name} as {public}" for name, public in sorted(by_module[module])])
        for module in sorted(by_module)
    ]
    return "".join([*lines, "\n" if lines and others else "", *others])


def listing(names: Iterable[str]) -> str:
    """A module's ``__all__``."""
    return "\n__all__ = [\n" + "".join(f'    "{name}",\n' for name in sorted(names)) + "]\n"


def wrapped(head: str, parts: Iterable[str]) -> str:
    """Lines that begin alike, with as many parts as fit."""
    lines = [""]
    for part in parts:
        if lines[-1] and len(lines[-1]) + len(part) + 2 <= WIDTH:
            lines[-1] += f", {part}"
        else:
            lines.append(head + part)
    return "\n".join(lines)[1:] + "\n"


def assignments(names: dict[str, Form], indent: str = "") -> str:
    """The lines of a list of names that are not imported: ``asin_ = arcsin_ = trigonometric.asin.inplace``."""
    by_form = defaultdict(list)
    for public, form in names.items():
        by_form[form].append(public)
    values = {"": "{}", "inplace": "{}.inplace", "of_layers": "of_layers({})"}
    lines = []
    for form in sorted(by_form):
        bearers = sorted(by_form[form], key=lambda each: (each.strip("_") != form.name, each))
        value = values[form.how].format(f"{_shown(form.module)[1]}.{form.name}")
        lines.append(indent + " = ".join([*bearers, value]) + "\n")
    return "".join(lines)


def _shown(module: str) -> tuple[str, str]:
    """(the package, the name in a list) of a module."""
    package, _, name = module.rpartition(".")
    return package, f"nn_{name}" if package.endswith(".nn") else name


def modules(names: dict[str, Form]) -> str:
    """The lines that import the modules of a list of assignments."""
    by_package = defaultdict(set)
    for module in {form.module for form in names.values()}:
        package, shown = _shown(module)
        name = module.rpartition(".")[2]
        by_package[package].add(name if name == shown else f"{name} as {shown}")
    return "".join(wrapped(f"from {package} import ", sorted(by_package[package])) for package in sorted(by_package))


HEAD = '''"""{title}

`python -m tools.forms` writes this file.
"""

from __future__ import annotations

{imports}'''


def texts() -> dict[Path, str]:
    """The text of each file that has a list."""
    found = forms()
    written = {}
    for place, file in DOORS.items():
        text = (PACKAGE / file).read_text()
        lines = imports(found[place]) + (listing(found[place]) if place in LISTED else "")
        written[PACKAGE / file] = PART.sub(rf"\1{lines}\2", text)
    for how, module in MADE.items():
        made = {name: form for place in DOORS for name, form in found[place].items() if form.how == how}
        lines = "from torchlike.nn._calls import of_layers\n" * (how == "of_layers")
        text = HEAD.format(title=TITLES[how], imports=modules(made) + lines) + "\n" + assignments(made)
        written[ROOT / (module.replace(".", "/") + ".py")] = text
    for floor, file in enumerate(METHODS):
        methods = {name: form for name, form in found[TENSOR].items() if form.floor == floor}
        name = Path(file).stem
        text = HEAD.format(
            title=f"A tensor's methods that are {name}.",
            imports="from torchlike._autograd.variable import Variable\n" + modules(methods),
        )
        text += f'\n\nclass {name.title()[:-1]}Methods(Variable):\n    """The {name}."""\n\n'
        written[PACKAGE / file] = text + assignments(methods, "    ")
    return written


def let_go() -> None:
    """Take out of the lists what is declared no longer: with it in them the package is not imported."""
    lists = {str(PACKAGE / each) for each in (*DOORS.values(), *METHODS, "_functions/inplace.py", "nn/_operations.py")}
    while True:
        done = subprocess.run([sys.executable, "-c", "import torchlike"], capture_output=True, text=True, cwd=ROOT)
        asked = [(file, int(line) - 1) for file, line in re.findall(r'File "(.+)", line (\d+)', done.stderr)]
        if not asked or asked[-1][0] not in lists:
            return
        file, line = Path(asked[-1][0]), asked[-1][1]
        lines = file.read_text().splitlines(keepends=True)
        gone = re.search(r"cannot import name '(\w+)'", done.stderr)
        head, _, names = lines[line].rstrip().partition(" import ")
        kept = [each for each in names.split(", ") if gone and each.split()[0] != gone[1]]
        lines[line] = wrapped(f"{head} import ", kept) if kept else ""
        file.write_text("".join(lines))


if __name__ == "__main__":
    let_go()
    for _file, _text in texts().items():
        _file.write_text(_text)
