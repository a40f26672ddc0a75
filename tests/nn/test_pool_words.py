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
    here = {"one_less": (2,) * (dims - 1), "one_more": (2,) * (dims + 1), "zeros": "0, " * dims, "two": (2,) * dims}
    here |= {"sixes": (6,) * dims, "nines": (9,) * dims, "halves": (0.5,) * dims, "dims": dims}
    written = [each.strip().format(**here) for each in settings.replace("\n", ";").split(";") if each.strip()]
    lines = (4,) * dims
    sizes = [(2, 2, *lines), (2, *lines), (4,), (), (1, 2, 2, *lines), (0, 2, *lines), (2, 0, *lines), (0, *lines)]
    sizes.append((2, 2, *lines[1:], 0))
    for size, each in itertools.product(sizes, written):
        if size == sizes[0] or each in written[:2]:
            if name != "max_pool1d" or "**" not in each:  # which PyTorch computes for ever
                more = "2.0, " if name.startswith("lp") else f"0 * x({size}).long(), " if "unpool" in name else ""
                yield f"F.{name}(x({size}), {more}{each})"


ADAPTIVE = "2; 0; -1; {one_more}; {one_less}; None; 'a'; True; 1.5; {one_more}"
UNPOOLED = """
2; (); {two}; None; 1.5; 2, (); 2, 1, (); 2, 1, -1; 2, 2, 0, {sixes}; 2, 2, 0, (1, 2, *{sixes}); 2, 2, 0, 6
2, 2, 0, torch.Size({sixes}); 2, 2, 0, {nines}; 2, 2, 0, 'ab'
"""
FRACTIONS = """
2, 2; (), 2; {one_more}, 2; 2, {one_more}; 2, {one_less}; 9, 2; 2, 9; 'a', 2; None, 2; True, 2; 2, 'a'; 2, 1.5
2, None, {halves}
2, None; 2, None, {halves}[1:]; 2, 2, None, 1, 'a'; 2, 2, None, 1, x(2); 2, 2, None, 1, x(2, 2, 9)
2, 2, None, 1, x(2, 9, {dims})
2, 2, None, False, x(1, 2, {dims}); 2, 2, None, False, x(2, 2, {dims}).double(); 2, 2, None, False, x(2, 2, {dims}, 1)
"""
POOLS = [(f"avg_pool{n}d", n, WINDOWS + ";" + PADDINGS) for n in (1, 2, 3)]
POOLS += [(f"max_pool{n}d", n, WINDOWS + ";" + PADDINGS + ";" + DILATIONS) for n in (1, 2, 3)]
POOLS += [(f"lp_pool{n}d", n, WINDOWS) for n in (1, 2, 3)]
POOLS += [(f"adaptive_{name}_pool{n}d", n, ADAPTIVE) for name in ("avg", "max") for n in (1, 2, 3)]
POOLS += [(f"max_unpool{n}d", n, UNPOOLED) for n in (1, 2, 3)]
POOLS += [(f"fractional_max_pool{n}d", n, FRACTIONS) for n in (2, 3)]


def said(library, call: str) -> tuple[str, str] | None:
    """(exception, first line) of a call; None if nothing is raised."""
    names = {"torch": library, "F": library.nn.functional, "x": library.ones}
    error = raised(library, lambda _: eval(call, names))
    return error and (type(error).__name__, first_line(error))


@pytest.mark.parametrize(("name", "dims", "settings"), POOLS, ids=[each[0] for each in POOLS])
def test_windows(name: str, dims: int, settings: str):
    every = calls(dims, name, settings)
    if name.startswith("max_pool"):
        every = itertools.chain(*[(each, each[:-1] + ", return_indices=True)") for each in every])
    for call in every:
        assert said(torchlike, call) == said(reference(), call), call
