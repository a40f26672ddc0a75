"""What is exhaustive is listed only when it is asked for: PyTorch's tables take seconds to import."""

from __future__ import annotations

import pytest

from tests.parity import databases
from tests.parity.known import EXTREME, KNOWN, REFUSED_OTHERWISE


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Fill in the rows of the tests that take a `row`."""
    if "row" in metafunc.fixturenames:
        asked = metafunc.config.getoption("markexpr") != "not parity"
        kind = metafunc.function.__name__.removeprefix("test_every_")
        rows = getattr(databases, kind)() if asked else []
        known = {"refusal": REFUSED_OTHERWISE, "extreme": EXTREME}.get(kind, KNOWN)
        metafunc.parametrize("row", [_param("-".join(row), row, known) for row in rows])


def _param(name: str, row: tuple, reasons: dict[str, str]):
    known = reasons.get(name) or reasons.get(row[0])
    marks = [pytest.mark.xfail(reason=known, strict=True, raises=AssertionError)] if known else []
    return pytest.param(row, id=name, marks=marks)
