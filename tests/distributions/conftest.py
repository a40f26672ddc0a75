"""PyTorch checks what distributions are given, whatever ran before."""

from __future__ import annotations

import pytest

from tests.support import reference


@pytest.fixture(autouse=True)
def _arguments_are_checked():
    """`torch.compile`, called by another test, switches that off for good in PyTorch."""
    reference().distributions.Distribution.set_default_validate_args(True)
