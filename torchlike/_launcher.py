"""``python -m torchlike``: a program runs as by Python itself, and ``import torch`` gives torchlike."""

from __future__ import annotations

import code
import importlib.machinery
import io
import os
import runpy
import sys
from types import CodeType, ModuleType, TracebackType
from typing import Any, NoReturn

from torchlike._alias import install, spec_of
from torchlike._programs.tracebacks import entries, rebuilt, shorten
from torchlike._recorder.recorder import recorder

USAGE = """usage: python -m torchlike [-i] [-m module | -c program | script.py | -] [args...]
       python -m torchlike --check script.py...

Run a PyTorch program on torchlike: `import torch` gives torchlike in this process, and in the Pythons that it starts.
Without a program a prompt opens; after one it does for -i. --check runs nothing: it lists the names of PyTorch's that a
script uses and torchlike lacks."""


# ---------------------------------------------------------------------- running a program


def main(args: list[str]) -> None:
    """Run a script or, after ``-m``, a module, after ``-c``, a text, for ``-`` what comes in, as Python itself would.

    Args:
        args: the command line behind ``python -m torchlike``.

    Raises:
        SystemExit: the arguments are none of these, or the program ends so.
    """
    if args and args[0] in ("-h", "--help"):
        print(USAGE)
        raise SystemExit(0)
    if args and args[0] == "--check":
        from torchlike._missing.check import report

        raise SystemExit(report(args[1:]))
    stays, args = args[:1] == ["-i"], args[1:] if args[:1] == ["-i"] else args
    if args in (["-m"], ["-c"]):
        _stop(f"Argument expected for the {args[0]} option\n{USAGE}", 2)
    if args and args[0].startswith("-") and args[0] not in ("-m", "-c", "-"):
        _stop(f"unknown option {args[0]}\n{USAGE}", 2)
    install()
    os.environ["TORCHLIKE_ALIAS"] = "1"  # `torchlike.pth` reads it in the Pythons that this one starts
    sys.excepthook = _show
    if not args and not stays and not sys.stdin.isatty():
        args = ["-"]
    try:
        _run(args)
        recorder.end_program()
    except BaseException as error:
        if not stays:
            raise
        _show(type(error), error, error.__traceback__)
    if stays or not args:
        _prompt()


def _run(args: list[str]) -> None:
    if not args:
        _run_text("", "<stdin>", [""])
    elif args[0] == "-m":
        _run_module(args[1], args[2:])
    elif args[0] == "-c":
        _run_text(args[1], "<string>", ["-c", *args[2:]])
    elif args[0] == "-":
        _run_text(sys.stdin.buffer.read(), "<stdin>", args)
    else:
        _run_script(args[0], args)


def _prompt() -> None:
    """Read and run lines, among the names of what ran before."""
    getattr(sys, "__interactivehook__", lambda: None)()  # the history, and completion
    banner = f"Python {sys.version} on {sys.platform}\n`import torch` gives torchlike."
    code.interact(banner, local=vars(sys.modules["__main__"]), exitmsg="")


def _run_text(source: str | bytes, name: str, args: list[str]) -> None:
    sys.argv = args
    _set_first_path("")
    compiled, file = compile(source, name, "exec", dont_inherit=True), None if name == "<string>" else name
    _execute(compiled, file, None, None, importlib.machinery.BuiltinImporter)


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
    spec = spec_of(name)
    if spec is not None and spec.submodule_search_locations is not None:
        package, name = name, f"{name}.__main__"
        spec = spec_of(name)
        if spec is None:
            name += f"; '{package}' is a package and cannot be directly executed"
    loader: Any = spec and spec.loader
    compiled = loader.get_code(spec.name) if spec is not None and hasattr(loader, "get_code") else None
    if spec is None or compiled is None:
        _stop(f"{sys.executable}: No module named {name}", 1)
    sys.argv[0] = spec.origin or name
    _execute(compiled, spec.origin, spec.parent, spec, loader)


def _set_first_path(folder: str) -> None:
    """Imports look first where the program is, rather than where ``python -m torchlike`` was called."""
    if not sys.flags.safe_path:
        sys.path[0] = folder


def _stop(said: str, code: int) -> NoReturn:
    print(said, file=sys.stderr)
    raise SystemExit(code)


def _execute(compiled: CodeType, file: str | None, package: str | None, spec: Any, loader: Any) -> None:
    """Run code as the module ``__main__``, which stays so: what outlives the script (threads, `atexit`) needs it."""
    module = ModuleType("__main__")
    known = {"__package__": package, "__spec__": spec, "__loader__": loader}
    known.update({"__file__": file, "__cached__": None} if file is not None else {})
    known.update({"__annotations__": {}} if "__annotations__" in vars(sys.modules["__main__"]) else {})
    vars(module).update(known, __builtins__=sys.modules["builtins"])
    sys.modules["__main__"] = module
    exec(compiled, vars(module))


# ---------------------------------------------------------------------- tracebacks


def _show(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    """Show an error as Python shows it where it runs the program itself."""
    error.__traceback__ = _programs_part(trace)
    each, seen = error, set()
    while each is not None and id(each) not in seen:
        seen.add(id(each))
        shorten(each)
        each = each.__cause__ or each.__context__
    sys.__excepthook__(kind, error, None)


def _programs_part(trace: TracebackType | None) -> TracebackType | None:
    """A traceback from the program's first frame on, without the import system's."""
    frames = [each for each in entries(trace) if not each.tb_frame.f_code.co_filename.startswith("<frozen importlib")]
    begins = [place for place, each in enumerate(frames) if _calls_program(each)]
    return rebuilt(frames[begins[-1] + 1 :] if begins else frames)


def _calls_program(entry: TracebackType) -> bool:
    frame = entry.tb_frame
    return frame.f_code in (main.__code__, _execute.__code__) or frame.f_globals.get("__name__") in ("runpy", "code")
