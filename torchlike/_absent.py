"""Modules of devices that are not there: what they refuse."""

from __future__ import annotations

from typing import Any, NoReturn


def refusing(namespace: dict, error: type[Exception], said: str, **functions: str) -> None:
    """Put functions into a module that refuse whatever they are given.

    Args:
        namespace: the module's ``globals()``.
        error: the type of the error.
        said: its text; the function's own word for what it does stands for ``{}``.
        functions: names, and what each would do; a word before ``|`` is the function's own.
    """
    for name, about in functions.items():
        word, _, doc = about.rpartition("|")
        namespace[name] = _refusal(namespace["__name__"], name, error, said.format(word), doc)


def _refusal(module: str, name: str, error: type[Exception], said: str, doc: str) -> Any:
    def call(*args: Any, **kwargs: Any) -> NoReturn:
        raise error(said)

    call.__name__ = call.__qualname__ = name
    call.__module__ = module
    call.__doc__ = f"{doc}\n\nRaises:\n    {error.__name__}: always, as there is no such device."
    return call
