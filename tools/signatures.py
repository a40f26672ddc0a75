"""Write down the signatures by which PyTorch takes arguments, for torchlike to refuse the same ones in the same words.

    python -m tools.signatures

writes `torchlike/_signatures/signatures.txt`. They stand as text in PyTorch's library, a function's and a method's among
each other; which belong where, and in what order, its own errors tell.
"""

from __future__ import annotations

import importlib
import inspect
import re
from collections import defaultdict
from pathlib import Path
from types import FunctionType

from torchlike._signatures.parser import Signature

FILE = Path(__file__).resolve().parent.parent / "torchlike" / "_signatures" / "signatures.txt"
OWNERS = ("torch", "torch.Tensor", "torch.nn.functional", "torch.linalg", "torch.fft", "torch.special")
HOMES = {
    "torch",
    "torch.functional",
    "torch.nn.functional",
    "torch._jit_internal",
    "torch._tensor",
    "torch._lobpcg",
    "torch._lowrank",
}
IN_C = ("builtin_function_or_method", "method_descriptor")
PARAMETER = rb"(?:[\w:<>]+(?:\[\d*\])?\*?\?*>?\?? [^\x00()]*|\*, [^\x00()]*|)"
WRITTEN = re.compile(rb"(?<!\w)([a-zA-Z]\w*)\(" + PARAMETER + rb"\)(\|deprecated|\|hidden)?\x00")
TOO_MANY = 40


def written() -> dict[str, list[str]]:
    """Every signature in PyTorch's library by the function's name."""
    import torch

    library = Path(torch.__file__).parent / "lib" / "libtorch_python.so"
    found: dict[str, list[str]] = defaultdict(list)
    for each in WRITTEN.finditer(library.read_bytes()):
        text = each.group()[:-1].decode()
        if text not in found[each.group(1).decode()]:
            found[each.group(1).decode()].append(text)
    return found


def told(call, owner: str) -> list[str]:
    """The signatures that a function names if it is called with too many arguments; none if it has but one."""
    import torch

    args = [object()] * TOO_MANY
    try:
        call(*([torch.ones(1)] if owner == "torch.Tensor" else []), *args)
    except Exception as error:  # whatever it is, only its words count
        return re.findall(r"(?<=^ \* )\(.*\)$|takes no arguments", str(error), re.MULTILINE)
    return []


def signatures_of(call, owner: str, known: list[str]) -> list[str]:
    """Those of the signatures of this name that are a function's own, as PyTorch tries them."""
    listed = told(call, owner)
    if "takes no arguments" in listed:
        return ["-"]
    parsed = [Signature(each) for each in known]
    if listed:
        shown = {each.text: each.written for each in reversed(parsed) if not each.hidden}
        chosen = [shown[each] for each in listed if each in shown]
        old = [
            each.written for each in parsed if each.hidden and is_function(each) == is_function(Signature(chosen[0]))
        ]
        return chosen + old
    own = [each for each in parsed if is_function(each) == (owner != "torch.Tensor")] or parsed
    kept = [each for each in own if not each.hidden][:1] + [each for each in own if each.hidden]
    return [each.written for each in kept]


def in_python(call) -> str:
    """The signature of a function in Python, with its parameters' names alone: ``def norm(input, p=0, dim=0)``."""
    while "boolean_dispatch.<locals>" in call.__qualname__:  # a choice between one with indices and one without
        call = inspect.getclosurevars(call).nonlocals["if_false"]
    signature = inspect.signature(call)
    parameters = [
        each.replace(annotation=each.empty, default=each.empty if each.default is each.empty else 0)
        for each in signature.parameters.values()
    ]
    return f"def {call.__qualname__}{signature.replace(parameters=parameters, return_annotation=signature.empty)}"


def is_function(signature: Signature) -> bool:
    """Whether a signature is that of a function that has a tensor among the arguments, and not that of a method."""
    return any(each.name in ("input", "self", "tensors") for each in signature.parameters)


def text() -> str:
    """The file's text."""
    import torch

    known, lines = written(), []
    for owner in OWNERS:
        module = torch.Tensor if owner == "torch.Tensor" else importlib.import_module(owner)
        lines.append(f"[{owner}]")
        for name in sorted(dir(module)):
            call = getattr(module, name)
            if name[0] == "_":
                continue
            if isinstance(call, FunctionType) and call.__module__ in HOMES:
                lines.append(f"{name}: {in_python(call)}")
            elif type(call).__name__ in IN_C:
                lines += [f"{name}: {each}" for each in signatures_of(call, owner, known.get(call.__name__, []))]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    FILE.write_text(text())
