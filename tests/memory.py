"""Programs on shared memory, the same in both libraries and in every mode."""

from __future__ import annotations

import warnings

import pytest

import torchlike
from torchlike._programs.settings import execution_mode

torch = pytest.importorskip("torch")


def outcome(library, program):
    """What a program gives in a library: its result, its error's type and sentence, and the warnings on the way."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            result = program(library)
        except (RuntimeError, TypeError, ValueError, BufferError) as error:
            result = type(error).__name__, str(error)
    return result, [str(each.message).split(" (Triggered")[0] for each in caught]


def agree(program, modes=("eager", "auto", "whole")) -> None:
    """The program does the same in both libraries, however it runs."""
    want = outcome(torch, program)
    for mode in modes:
        with execution_mode(mode):
            assert outcome(torchlike, program) == want, mode


def tracked(torch, *shape: int):
    """A leaf and a tensor made of it."""
    leaf = torch.ones(shape, requires_grad=True)
    return leaf, leaf * 2
