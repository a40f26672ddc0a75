"""What compiling refuses, in PyTorch's words; public as ``torch._dynamo.exc``."""

from __future__ import annotations

from typing import NoReturn


class TorchDynamoException(RuntimeError):
    """The base of all that compiling refuses."""


class InvalidBackend(TorchDynamoException):
    """There is no backend of this name."""

    def __init__(self, name: str) -> None:
        super().__init__(f"Invalid backend: {name!r}, see `torch._dynamo.list_backends()` for available backends.")


class Unsupported(TorchDynamoException):
    """With ``fullgraph=True``: the function does what cannot be in a program."""


for _public in (TorchDynamoException, InvalidBackend, Unsupported):
    _public.__module__ = "torchlike._dynamo.exc"

BRANCH, BREAK, DISABLED = (
    "a branch depends on it",
    "Call to `torch._dynamo.graph_break()`",
    "a disabled function is called",
)
# what a capture says of a break, and PyTorch's title and explanation
_REFUSED = {
    BRANCH: (
        "Data-dependent branching",
        "Detected data-dependent branching (e.g. `if my_tensor.sum() > 0:`). Dynamo does not support tracing dynamic "
        "control flow.\n  Hint: Use `torch.cond` to express dynamic control flow.",
    ),
    "`print` is called": (
        "Failed to trace builtin operator",
        "Dynamo does not know how to trace builtin operator `print`",
    ),
    BREAK: (
        BREAK,
        "User-inserted graph break. Message: None\n  Hint: Remove the `torch._dynamo.graph_break()` call.",
    ),
    DISABLED: (
        "Skip calling `torch.compiler.disable()`d function",
        "Skip calling a function since it was wrapped with `torch.compiler.disable`\n"
        "  Hint: Remove the `torch.compiler.disable` call",
    ),
}


def refuse(what: str, place: tuple[str, int]) -> NoReturn | None:
    """Refuse what PyTorch refuses under ``fullgraph=True``.

    Raises:
        Unsupported: it does. What else breaks a capture only keeps a call from being replayed.
    """
    if what in _REFUSED:
        title, words = _REFUSED[what]
        raise Unsupported(
            f'{title}\n  Explanation: {words}\n\nfrom user code:\n   File "{place[0]}", line {place[1]}\n'
        ) from None
    return None
