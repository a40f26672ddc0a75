"""A guest in JAX's house: importing the package and training with it leave the user's own JAX as it was."""

from __future__ import annotations

import gc
import os
import subprocess
import sys
import textwrap

import pytest

from torchlike._programs import settings

COMMON = """
import gc, os, threading
import jax, jax.numpy as jnp, numpy as np

def settings():
    return {name: getattr(jax.config, name, None) for name in dir(jax.config) if name.startswith("jax_")}

before, environment = settings(), {name: value for name, value in os.environ.items() if "KMP" not in name}
import torchlike
from torchlike import nn

def step(dtype=torchlike.float32):
    model = nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 2)).to(dtype)
    optimizer = torchlike.optim.Adam(model.parameters())
    for _ in range(3):
        optimizer.zero_grad()
        loss = nn.functional.cross_entropy(model(torchlike.randn(3, 4, dtype=dtype)), torchlike.tensor([0, 1, 0]))
        loss.backward()
        optimizer.step()
    assert loss.item() > 0 and loss.dtype is dtype

def is_the_users():
    assert jnp.ones(2).dtype == jnp.arange(2.0).dtype == np.float32 and jnp.arange(2).dtype == np.int32
    assert jax.random.normal(jax.random.key(0), (2,)).dtype == np.float32
    assert jax.jit(lambda x: x / 3)(np.ones(2)).dtype == np.float32
    assert settings() == before
    assert {name: value for name, value in os.environ.items() if "KMP" not in name} == environment

def is_ours():
    assert (torchlike.arange(3) * 2**40).sum().item() == 3 * 2**40
    third = torchlike.ones(3, dtype=torchlike.float64) / 3
    assert third.numpy().dtype == np.float64 and third.sum().item() == 1.0
    assert torchlike.linalg.inv(torchlike.eye(2, dtype=torchlike.float64) * 3)[0, 0].item() == 1 / 3
    assert torchlike.tensor([1, 2.5]).double().to(torchlike.int64).tolist() == [1, 2]
    assert np.asarray(torchlike.tensor([2**40, 1.5], dtype=torchlike.float64)).tolist() == [2.0**40, 1.5]
"""

PROGRAMS = {
    "interleaved": """
        twice = jax.jit(lambda x: x * 2 + 1)
        is_the_users()
        for mode in ("auto", "eager", "whole"):
            with torchlike.execution_mode(mode):
                step(); assert twice(jnp.ones(2)).dtype == np.float32
                step(torchlike.float64); is_ours()
                is_the_users()
        assert twice._cache_size() == 1
    """,
    "compiled steps": """
        model = nn.Linear(3, 2, dtype=torchlike.float64)
        optimizer = torchlike.optim.SGD(model.parameters(), lr=0.1)

        @torchlike.compile
        def train(x):
            optimizer.zero_grad()
            loss = model(x).pow(2).mean()
            loss.backward()
            optimizer.step()
            return loss

        for _ in range(5):
            assert train(torchlike.ones(4, 3, dtype=torchlike.float64)).detach().numpy().dtype == np.float64
            is_the_users()
    """,
    "threads": """
        def work(do, failed):
            try:
                for _ in range(10): do()
            except BaseException as error: failed.append(error)

        failed = []
        threads = [threading.Thread(target=work, args=(do, failed)) for do in (step, is_ours, lambda: jnp.ones(2) / 3)]
        for each in threads: each.start()
        for _ in range(50): assert jnp.ones(2).dtype == np.float32
        for each in threads: each.join()
        assert not failed, failed
        is_the_users()
    """,
    "the user's derivative": """
        class Square(torchlike.autograd.Function):
            @staticmethod
            def forward(ctx, x):
                assert jnp.ones(2).dtype == np.float32
                ctx.save_for_backward(x)
                return x * x

            @staticmethod
            def backward(ctx, grad):
                assert jnp.arange(2).dtype == np.int32
                return grad * 2 * ctx.saved_tensors[0]

        x = torchlike.ones(3, dtype=torchlike.float64, requires_grad=True)
        x.register_hook(lambda grad: grad * jnp.ones(1).dtype.itemsize)
        Square.apply(x).sum().backward()
        assert x.grad.tolist() == [8.0] * 3
    """,
    "after an error": """
        try: torchlike.ones(3) + torchlike.ones(4)
        except RuntimeError: pass
        try: torchlike.linalg.cholesky(-torchlike.eye(2, dtype=torchlike.float64)).tolist()
        except RuntimeError: pass
        is_the_users(); is_ours()
    """,
    "x64 of the user's own": """
        with jax.enable_x64(True):
            step(); is_ours()
            assert jnp.ones(2).dtype == np.float64
        is_the_users()
    """,
    "strict promotion of the user's own": """
        jax.config.update("jax_numpy_dtype_promotion", "strict")
        before = settings()
        step(); is_ours()
        assert settings() == before
    """,
}


def run(program: str, **environment: str) -> str:
    code = COMMON + textwrap.dedent(program)
    env = {name: value for name, value in os.environ.items() if name != "XLA_FLAGS"} | environment
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=env)
    assert not done.returncode, done.stderr
    return done.stdout


def test_the_users_jax_is_as_it_was():
    run("\n".join(map(textwrap.dedent, PROGRAMS.values())))  # in one process: each import takes a second


@pytest.mark.parametrize("own", [False, True])
def test_programs_are_kept_apart_from_the_users(own, tmp_path):
    """Ours in our folder, the user's own nowhere; in the user's folder, if there is one, both."""
    ours, users = tmp_path / "ours", tmp_path / "users"
    program = """
        jax.jit(lambda x: x * 3)(jnp.ones(2)).block_until_ready()
        with torchlike.execution_mode("whole"): torchlike.ones(3).sin().sum().item()
        jax.jit(lambda x: x * 5)(jnp.ones(2)).block_until_ready()
    """
    environment = {"TORCHLIKE_CACHE_DIR": str(ours)}
    if own:
        environment |= {"JAX_COMPILATION_CACHE_DIR": str(users), "JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS": "0"}
    run(program, **environment)
    kept = {each.name.split("-")[0] for folder in (ours, users) for each in folder.glob("*-cache")}
    assert ours.exists() != own and users.exists() == own
    assert ("jit__lambda" in " ".join(kept)) == own and kept


def test_what_is_frozen(monkeypatch):
    frozen = []
    monkeypatch.setattr(gc, "freeze", lambda: frozen.append(True))
    monkeypatch.setattr(gc, "get_freeze_count", lambda: 0)

    def freezes(before: int = 10_000, collects: bool = True) -> bool:
        frozen.clear()
        settings.freeze_imports(before, collects)
        return bool(frozen)

    assert freezes()
    assert not freezes(settings.MANY)
    assert not freezes(collects=False)
    for name, given in (("get_threshold", (1000, 10, 10)), ("get_freeze_count", 3)):
        with monkeypatch.context() as patch:
            patch.setattr(gc, name, lambda given=given: given)
            assert not freezes()
    monkeypatch.setenv("TORCHLIKE_FREEZE", "0")
    assert not freezes()
