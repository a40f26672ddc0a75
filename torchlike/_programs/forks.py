"""Forked processes: XLA's threads stay with the parent, and a program that waits for them would wait for ever.

So in a child whose parent has used XLA, NumPy runs everything, as it runs what is new.
"""

from __future__ import annotations

import os
from contextlib import suppress

import jax
from jax._src.xla_bridge import backends_are_initialized

_CUT_OFF = (
    "{} needs XLA, whose threads did not come along when this process was forked: only NumPy computes here. Start "
    'processes by "spawn" or "forkserver" (`multiprocessing.set_start_method`), or fork before the first computation.'
)
is_cut_off = False  # whether this is a child of a process that used XLA, or is not to use it


def check(what: str) -> None:
    """See that XLA can run here.

    Raises:
        RuntimeError: it cannot.
    """
    if is_cut_off:
        raise RuntimeError(_CUT_OFF.format(what))


def cut_off() -> None:
    """Let NumPy run everything in this process from now on, wherever it comes from."""
    global is_cut_off
    is_cut_off = True


def _wait() -> None:
    """Wait for what programs still compute: in the child nobody would finish it."""
    if backends_are_initialized() and not is_cut_off:
        for each in jax.live_arrays():
            with suppress(jax.errors.JaxRuntimeError):  # whoever reads it will hear
                each.block_until_ready()


def _forked() -> None:
    if backends_are_initialized():
        cut_off()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(before=_wait, after_in_child=_forked)
