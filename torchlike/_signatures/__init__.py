"""The signatures by which PyTorch takes arguments: what fits none of a function's is refused, in PyTorch's words.

`signatures.txt` lists them (`python -m tools.signatures` writes it), for what PyTorch has in C and for what it has in
Python, and so with Python's words: ``def unfold(input, kernel_size, ...)``. A ``-`` is what takes no arguments.
"""

from __future__ import annotations

import functools
import inspect
import re
from collections.abc import Callable, Mapping
from importlib.resources import files
from types import FunctionType
from typing import Any

from torchlike._autograd.variable import TensorBase
from torchlike._programs import memory
from torchlike._programs.marks import unwatched
from torchlike._programs.tracebacks import gate, shorten, users_part
from torchlike._signatures.parser import InC, InPython, InPythonTwice, WithoutArguments, type_name
from torchlike._types import devices

# those that cost so little that it shows if something stands before them
BARE = frozenset(
    "data_ptr detach dim element_size get_device is_complex is_conj is_contiguous is_floating_point is_inference is_neg "
    "is_grad_enabled is_signed ndimension nelement numel size storage_offset stride to".split()
)
# those that cost so little that it shows if their arguments are looked at: they are where it fails
QUICK = frozenset(
    "as_tensor asarray clone contiguous item numpy requires_grad_ reshape retain_grad tensor tolist type view "
    "view_as".split()
)
_DEVICES = ("device(Device device)", "device(c10::string_view type, int64_t? index=-1)")
# the paths of those that are operations, which look at their arguments by themselves, when they are new to them
operations: set[str] = set()


@functools.cache
def _written() -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    owner = ""
    for line in files(__name__).joinpath("signatures.txt").read_text().splitlines():
        if line[0] == "[":
            owner = line[1:-1]
        else:
            name, _, signature = line.partition(": ")
            found.setdefault(f"{owner}.{name}", []).append(signature)
    return found


@functools.cache
@unwatched
def _taker(path: str) -> InC | InPython | InPythonTwice | WithoutArguments:
    written = _written()[path]
    if written[0] == "-":
        return WithoutArguments(path.replace("torch.Tensor", "TensorBase"))
    if written[0].startswith("def "):
        return InPython(written[0], refuse) if len(written) == 1 else InPythonTwice(written, refuse)
    return InC(written)


def is_vague(path: str) -> bool:
    """Whether PyTorch has a function in Python and does more with its arguments than to call one in C with them."""
    return not getattr(_taker(path), "looks_on", True)


def is_in_python(path: str) -> bool:
    """Whether PyTorch has a function in Python: what its arguments are, shows where they are used."""
    return _written().get(path, [""])[0].startswith("def ")


def refuse(path: str, args: tuple, kwargs: dict) -> bool:
    """Look whether a call's arguments fit what PyTorch takes, and say whether others of the same types fit as well.

    Args:
        path: ``torch.add``, ``torch.Tensor.add_``, ``torch.linalg.inv``.
        args: without the tensor whose method it is.

    Raises:
        TypeError: they do not, in PyTorch's words.
    """
    return _taker(path).check(args, kwargs)


def refuse_call(path: str, args: tuple, kwargs: dict) -> bool:
    """`refuse`, with the tensor whose method it is among the arguments.

    Raises:
        TypeError: that is no tensor, too.
    """
    owner, _, name = path.rpartition(".")
    if owner != "torch.Tensor":
        return refuse(path, args, kwargs)
    if not is_in_python(path):
        if not args:
            raise TypeError(f"unbound method TensorBase.{name}() needs an argument")
        if not isinstance(args[0], TensorBase):
            raise TypeError(
                f"descriptor '{name}' for 'torch._C.TensorBase' objects doesn't apply to a '{type_name(args[0])}' object"
            )
    return refuse(path, args[1:], kwargs)


def looking(path: str, fn: Callable, old: frozenset) -> Callable:
    """A function that looks at its arguments first; where it fails, if it is quick or an operation, which looks itself."""
    known, kinds_of = set(), functools.partial(map, _kind)

    def first(*args: Any, **kwargs: Any):
        key = (*kinds_of(args), *kwargs, *kinds_of(kwargs.values())) if kwargs else tuple(kinds_of(args))
        if key not in known and old.isdisjoint(kwargs) and refuse_call(path, args, kwargs):
            known.add(key)
        try:
            return fn(*args, **kwargs)
        except Exception:
            again(args, kwargs)
            raise

    def again(args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        """Values, too, may be what fits none: ints of more than 64 bits."""
        if old.isdisjoint(kwargs):
            refuse_call(path, args, kwargs)

    vars(first).update(known=known, plainly=fn, again=again)  # for who looks at the arguments' kinds, too

    def late(*args: Any, **kwargs: Any):
        try:
            if "out" in kwargs and "out" not in old:  # of another form's name all that an alias lacks
                refuse_call(path, args, kwargs)
            return fn(*args, **kwargs)
        except BaseException as error:  # this is a gate, too: another layer would show in its cost
            try:
                if isinstance(error, Exception):
                    again(args, kwargs)
            except Exception as refused:
                shorten(refused)
                raise
            if isinstance(error, MemoryError):
                raise memory.told(error).with_traceback(users_part(error.__traceback__)) from None
            shorten(error)
            raise

    return late if hasattr(fn, "path") or path.rpartition(".")[2] in QUICK else first


def refusing(path: str, fn: Any) -> Any:
    """A function that refuses what PyTorch's of this path refuses: the same one if it is a `function` declared there."""
    old, owner = getattr(fn, "old_keywords", frozenset()), path.rpartition(".")[0]
    at_home = owner in ("torch.Tensor", fn.__module__.replace("torchlike", "torch", 1))
    if "body" in fn.__code__.co_names and not hasattr(fn, "path") and at_home:
        fn.body, fn.path = looking(path, fn.body, old), path
        return fn
    looks = looking(path, fn, old)
    call: Any = functools.wraps(fn)(gate(looks) if hasattr(looks, "known") else looks)
    call.path, call.__name__ = path, path.rpartition(".")[2]
    if owner != "torch.Tensor":
        call.__qualname__, call.__module__ = call.__name__, "torchlike" + owner.removeprefix("torch")
    return call


def _kind(given: Any):
    """The type of an argument, and those of its elements."""
    kind = type(given)
    if kind is tuple or kind is list:
        return (kind, type(given[0]), *set(map(type, given))) if given else ()
    return kind


def guard(owner: str, namespace: Mapping[str, Any], write: Callable) -> None:
    """Make the functions of a module, or the methods of a class, refuse what PyTorch refuses.

    Args:
        write: called with a name and the function that takes its place.
    """
    for name, fn in list(namespace.items()):
        path, place = f"{owner}.{name}", getattr(fn, "path", "")
        if not isinstance(fn, FunctionType) or path not in _written() or name in BARE:
            continue
        if place == path and _takes_no_more(fn, path):
            operations.add(path)
        elif place or owner == "torch.nn.functional" or not _written()[path][0].startswith("def "):
            write(name, refusing(path, fn))


def _takes_no_more(fn: Any, path: str) -> bool:
    """Whether an operation has no parameters of our own, which PyTorch's signatures know nothing of."""
    known = {name for each in _written()[path] for name in re.findall(r"(\w+)(?=[,=)])", each)}
    return known | {"input"} >= (fn.op.kinds.keys() if hasattr(fn, "op") else inspect.signature(fn).parameters.keys())


devices.looks.append(InC(_DEVICES).check)
