"""JAX as the package sets it, for tests that call JAX themselves."""

from __future__ import annotations

import pytest

from torchlike._programs import settings


@pytest.fixture
def in_64_bits():
    """JAX with types of 64 bits, as within the package."""
    with settings.ours():
        yield
