"""Programs that keep channels last give what their operations give one by one."""

import jax
import numpy as np
import pytest
from jax import numpy as jnp

from torchlike._programs.algebra import Makers
from torchlike._programs.layouts import Turned, replay, settled

pytestmark = pytest.mark.usefixtures("in_64_bits")

FIRST, LAST = (0, 3, 1, 2), (0, 2, 3, 1)
BODIES = {
    "element by element": lambda x, y: jnp.where(x > 0, x, y) * 2.0,
    "over channels": lambda x, y: jnp.sum(x, 1) + y[:, 0],
    "over places": lambda x, y: jnp.max(x, (2, 3)) + y[:, :, 0, 0],
    "over some dimensions": lambda x, y: jnp.sum(x, 2) + y[:, :, 0],
    "kept dimensions": lambda x, y: x - jnp.mean(x, (0, 2, 3), keepdims=True) + y,
    "padded": lambda x, y: jnp.pad(x, ((0, 0), (1, 0), (0, 2), (3, 0)))[:, 1:, :4, 3:] + y,
    "in steps": lambda x, y: x[:, ::2, 1:, ::3] + y[:, ::2, 1:, ::3],
    "joined": lambda x, y: jnp.concatenate([y, x], 1),
    "cut": lambda x, y: jax.lax.broadcast_in_dim(x[:, :1], y.shape, (0, 1, 2, 3)) + y,
    "flattened": lambda x, y: x.reshape(2, -1) @ y.reshape(2, -1).T,
    "turned back": lambda x, y: x.transpose(LAST) + y.transpose(LAST),
    "nested": lambda x, y: jax.nn.relu(jax.jit(jnp.sin)(x)) + y,
}


@pytest.mark.parametrize("name", BODIES)
def test_replay_with_channels_last(name):
    draw = np.random.RandomState(0)
    stored, other = draw.randn(2, 4, 5, 3).astype(np.float32), draw.randn(2, 3, 4, 5).astype(np.float32)

    def body(x, y):
        return BODIES[name](x.transpose(FIRST), y)

    closed = jax.make_jaxpr(body)(stored, other)
    (got,) = replay(closed, [jnp.asarray(stored), jnp.asarray(other)], Makers())
    np.testing.assert_allclose(settled(got), body(stored, other), rtol=1e-5, atol=1e-6)


def test_elements_are_worked_on_as_they_lie():
    closed = jax.make_jaxpr(lambda x: jnp.tanh(x.transpose(FIRST)).transpose(LAST))(np.zeros((2, 4, 5, 3)))
    lean = jax.make_jaxpr(lambda x: replay(closed, [x], Makers()))(np.zeros((2, 4, 5, 3)))
    assert [each.primitive.name for each in lean.eqns] == ["tanh"]


def test_only_images_and_volumes_are_put_off():
    closed = jax.make_jaxpr(lambda x: x.transpose(0, 2, 1))(np.zeros((2, 4, 5)))
    (got,) = replay(closed, [jnp.zeros((2, 4, 5))], Makers())
    assert not isinstance(got, Turned) and got.shape == (2, 5, 4)
