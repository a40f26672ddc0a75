"""Lets programs that say ``import torch`` run on torchlike: in this process, on request, until taken back."""

from __future__ import annotations

import importlib
import importlib.abc
import importlib.machinery
import importlib.util
import io
import os
import runpy
import sys
from opcode import opmap
from types import CodeType, ModuleType, TracebackType
from typing import Any, NoReturn

# the names that programs import, and what stands for them
ALIASES = {"torch": "torchlike", "torchvision": "torchlike.vision"}
LACKING = "torchlike has no '{}' (yet)"

USAGE = """usage: python -m torchlike [-m module | -c program | script.py | -] [args...]

Run a PyTorch program on torchlike: `import torch` gives torchlike in this process."""


# ---------------------------------------------------------------------- import torch


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
        name, module.__spec__ = getattr(module.__spec__, "name", self.target), self._spec
        if "__getattr__" not in vars(module):
            module.__getattr__ = _Missing(name)  # type: ignore[method-assign]


class _Missing:
    """Says of a name that a module lacks what PyTorch's own module might have had."""

    def __init__(self, module: str) -> None:
        self.module = module

    def __call__(self, name: str):
        lacking, frame = LACKING.format(f"{self.module}.{name}"), sys._getframe(1)
        if frame.f_lasti >= 0 and frame.f_code.co_code[frame.f_lasti] == opmap["IMPORT_FROM"]:
            # Python's own sentence would tell of torchlike's module, and replaces no ImportError
            raise ImportError(f"cannot import name '{name}' from '{self.module}': {lacking}", name=self.module)
        raise AttributeError(f"module '{self.module}' has no attribute '{name}': {lacking}", name=name)


class Finder(importlib.abc.MetaPathFinder):
    """Finds ``torch`` and what is below it in torchlike."""

    def find_spec(self, fullname: str, path=None, target=None) -> importlib.machinery.ModuleSpec | None:
        """Where a module is to be loaded from; None for what is not PyTorch's.

        Raises:
            ModuleNotFoundError: torchlike lacks it.
        """
        top, dot, rest = fullname.partition(".")
        if top not in ALIASES:
            return None
        known = _spec_of(ALIASES[top] + dot + rest)
        if known is not None:
            is_package = known.submodule_search_locations is not None
            return importlib.machinery.ModuleSpec(fullname, _Alias(known.name), is_package=is_package)
        if sys._getframe(2).f_globals.get("__name__") == "importlib.util":
            return None  # somebody only asks whether there is one
        raise ModuleNotFoundError(f"No module named '{fullname}': {LACKING.format(fullname)}", name=fullname)


def _spec_of(name: str) -> importlib.machinery.ModuleSpec | None:
    try:
        return importlib.util.find_spec(name)
    except ModuleNotFoundError:
        return None


_finder = Finder()


def install() -> None:
    """Let ``import torch`` give torchlike in this process.

    Raises:
        RuntimeError: PyTorch itself is imported already.
    """
    for name in ALIASES:
        known = sys.modules.get(name)
        if known is not None and not _is_ours(known):
            raise RuntimeError(f"{name} is imported already: torchlike cannot take its place")
    if _finder not in sys.meta_path:
        sys.meta_path.insert(0, _finder)


def uninstall() -> None:
    """Take `install` back: what was imported as ``torch`` is forgotten under that name."""
    if _finder in sys.meta_path:
        sys.meta_path.remove(_finder)
    for name in [each for each in sys.modules if each.partition(".")[0] in ALIASES]:
        module = sys.modules[name]
        if _is_ours(module):
            del sys.modules[name]
            if isinstance(vars(module).get("__getattr__"), _Missing):
                del module.__getattr__


def _is_ours(module: ModuleType) -> bool:
    return module.__name__.partition(".")[0] == "torchlike"


# ---------------------------------------------------------------------- running a program


def main(args: list[str]) -> None:
    """Run a script or, after ``-m``, a module, after ``-c``, a text, for ``-`` what comes in, as Python itself would.

    Args:
        args: the command line behind ``python -m torchlike``.

    Raises:
        SystemExit: there is nothing to run, or the program ends so.
    """
    if not args or args[0] in ("-h", "--help"):
        print(USAGE, file=sys.stdout if args else sys.stderr)
        raise SystemExit(0 if args else 2)
    if args in (["-m"], ["-c"]):
        _stop(f"Argument expected for the {args[0]} option\n{USAGE}", 2)
    install()
    sys.excepthook = _show
    if args[0] == "-m":
        _run_module(args[1], args[2:])
    elif args[0] == "-c":
        _run_text(args[1], "<string>", ["-c", *args[2:]])
    elif args[0] == "-":
        _run_text(sys.stdin.buffer.read(), "<stdin>", args)
    else:
        _run_script(args[0], args)


def _run_text(source: str | bytes, name: str, args: list[str]) -> None:
    sys.argv = args
    _set_first_path("")
    code, file = compile(source, name, "exec", dont_inherit=True), None if name == "<string>" else name
    _execute(code, file, None, None, importlib.machinery.BuiltinImporter)


def _run_script(script: str, args: list[str]) -> None:
    path = os.path.abspath(script)
    sys.argv = args
    if os.path.isdir(path) or path.endswith((".zip", ".pyz")):
        sys.path[:] = sys.path if sys.flags.safe_path else sys.path[1:]
        runpy.run_path(path, run_name="__main__")
        return
    _set_first_path(os.path.dirname(os.path.realpath(path)))
    try:
        with io.open_code(path) as file:
            source = file.read()
    except OSError as error:
        _stop(f"{sys.executable}: can't open file '{path}': [Errno {error.errno}] {error.strerror}", 2)
    loader = importlib.machinery.SourceFileLoader("__main__", path)
    _execute(compile(source, path, "exec", dont_inherit=True), path, None, None, loader)


def _run_module(name: str, args: list[str]) -> None:
    sys.argv = ["-m", *args]
    _set_first_path(os.getcwd())
    spec = _spec_of(name)
    if spec is not None and spec.submodule_search_locations is not None:
        package, name = name, f"{name}.__main__"
        spec = _spec_of(name)
        if spec is None:
            name += f"; '{package}' is a package and cannot be directly executed"
    loader: Any = spec and spec.loader
    code = loader.get_code(spec.name) if spec is not None and hasattr(loader, "get_code") else None
    if spec is None or code is None:
        _stop(f"{sys.executable}: No module named {name}", 1)
    sys.argv[0] = spec.origin or name
    _execute(code, spec.origin, spec.parent, spec, loader)


def _set_first_path(folder: str) -> None:
    """Imports look first where the program is, rather than where ``python -m torchlike`` was called."""
    if not sys.flags.safe_path:
        sys.path[0] = folder


def _stop(said: str, code: int) -> NoReturn:
    print(said, file=sys.stderr)
    raise SystemExit(code)


def _execute(code: CodeType, file: str | None, package: str | None, spec, loader) -> None:
    """Run code as the module ``__main__``, which stays so: what outlives the script (threads, `atexit`) needs it."""
    module = ModuleType("__main__")
    known = {"__package__": package, "__spec__": spec, "__loader__": loader}
    known.update({"__file__": file, "__cached__": None} if file is not None else {})
    known.update({"__annotations__": {}} if "__annotations__" in vars(sys.modules["__main__"]) else {})
    vars(module).update(known, __builtins__=sys.modules["builtins"])
    sys.modules["__main__"] = module
    exec(code, vars(module))


# ---------------------------------------------------------------------- tracebacks


def _show(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    """Show an error as Python shows it where it runs the program itself."""
    error.__traceback__ = _users(trace, False)
    seen, each = {id(error)}, error.__cause__ or error.__context__
    while each is not None and id(each) not in seen:
        seen.add(id(each))
        each.__traceback__ = _users(each.__traceback__, True)
        each = each.__cause__ or each.__context__
    sys.__excepthook__(kind, error, None)


def _users(trace: TracebackType | None, begun: bool) -> TracebackType | None:
    """A traceback without what called the program and without the import system's and this module's frames.

    Args:
        begun: whether the first frame is the program's already.
    """
    frames = []
    while trace is not None:
        code = trace.tb_frame.f_code
        if begun and code.co_filename != __file__ and not code.co_filename.startswith("<frozen importlib"):
            frames.append(trace)
        begun = begun or code is _execute.__code__
        trace = trace.tb_next
    kept = None
    for each in reversed(frames):
        kept = TracebackType(kept, each.tb_frame, each.tb_lasti, each.tb_lineno)
    return kept
