"""What poolings say of sizes and settings: every kind of window that does not fit, over every kind of input."""

from __future__ import annotations

import itertools

import pytest

import torchlike
from tests.support import first_line, raised, reference

WINDOWS = """
2; 0; -1; 5; (); {one_less}; {one_more}; 2, 0; 2, (); 2, {one_more}; 'a'; None; True; (1.5,); 2**31; 2**63; 2, 'a'; 2, 1.5
"""
PADDINGS = "2, 1, -1; 2, 1, 2; 2, 1, {one_more}; 2, 1, (); 3, 1, 1, 0; 2, 1, None; 2, 0, -1; -1, 1, 2"
DILATIONS = "2, 1, 0, 0; 2, 1, 0, ({zeros}); 2, 1, 0, (); 2, 1, 0, 9; 2, 1, 0, None; 2, 1, 0, 1, None; -1, 1, 2, 0"


def calls(dims: int, name: str, settings: str):
    """The calls of a pooling over all sizes with two settings, and over one size with every setting."""
    here = {"one_less": (2,) * (dims - 1), "one_more": (2,) * (dims + 1), "zeros": "0, " * dims}
    written = [each.strip().format(**here) for each in settings.replace("\n", ";").split(";") if each.strip()]
    lines = (4,) * dims
    sizes = [(2, 2, *lines), (2, *lines), (4,), (), (1, 2, 2, *lines), (0, 2, *lines), (2, 0, *lines), (0, *lines)]
    sizes.append((2, 2, *lines[1:], 0))
    for size, each in itertools.product(sizes, written):
        if size == sizes[0] or each in written[:2]:
            if name != "max_pool1d" or "**" not in each:  # which PyTorch computes for ever
                yield f"F.{name}(x({size}), {'2.0, ' * name.startswith('lp')}{each})"


POOLS = [(f"avg_pool{n}d", n, WINDOWS + ";" + PADDINGS) for n in (1, 2, 3)]
POOLS += [(f"max_pool{n}d", n, WINDOWS + ";" + PADDINGS + ";" + DILATIONS) for n in (1, 2, 3)]
POOLS += [(f"lp_pool{n}d", n, WINDOWS) for n in (1, 2, 3)]


def said(library, call: str) -> tuple[str, str] | None:
    """(exception, first line) of a call; None if nothing is raised."""
    names = {"torch": library, "F": library.nn.functional, "x": library.ones}
    error = raised(library, lambda _: eval(call, names))
    return error and (type(error).__name__, first_line(error))


@pytest.mark.parametrize(("name", "dims", "settings"), POOLS, ids=[each[0] for each in POOLS])
def test_windows(name: str, dims: int, settings: str):
    every = calls(dims, name, settings)
    if name.startswith("max"):
        every = itertools.chain(*[(each, each[:-1] + ", return_indices=True)") for each in every])
    for call in every:
        assert said(torchlike, call) == said(reference(), call), call
