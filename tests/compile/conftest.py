"""A compiled function is replayed in the mode that compiles."""

from __future__ import annotations

import pytest


@pytest.fixture(autouse=True)
def _as_users_have_it(in_auto_mode):
    """These tests tell when something is captured and replayed."""
