"""Several CPU devices, so that code for many devices is run; the same numbers in every test."""

from __future__ import annotations

import os

# before JAX is imported
os.environ["XLA_FLAGS"] = os.environ.get("XLA_FLAGS", "") + " --xla_force_host_platform_device_count=4"
os.environ.setdefault("JAX_PLATFORMS", "cpu")
os.environ.setdefault("TORCHLIKE_TRACEBACK", "full")  # a failing test shows where
os.environ.setdefault("TORCHLIKE_TELL_AFTER", "0")  # on a busy machine compiling takes long

import jax
import pytest

import torchlike
from torchlike._recorder.recorder import recorder
from torchlike._types import devices


@pytest.fixture(autouse=True)
def _nothing_is_left_over():
    """A test leaves the default dtype and the recorder as it found them."""
    before = torchlike.get_default_dtype()
    yield
    if torchlike.get_default_dtype() is not before:
        torchlike.set_default_dtype(before)


@pytest.fixture
def in_auto_mode():
    """What a test tells of compiling holds in this mode, whatever the others run in."""
    with torchlike.execution_mode("auto"):
        yield


@pytest.fixture
def gpus(monkeypatch):
    """Two of the CPU's devices are `cuda:0` and `cuda:1`."""
    known = devices.jax_devices
    ours = tuple(jax.devices("cpu")[1:3])
    monkeypatch.setattr(devices, "jax_devices", lambda kind: ours if kind == "cuda" else known(kind))
    yield ours
    recorder.flush("the test's devices end")
