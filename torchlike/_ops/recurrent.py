"""Recurrent networks: whole sequences, all layers and directions, as one operation.

The projection of the inputs is one matrix product before the loop. In the derivative the gradient of the recurrent
weight is one product after it: inside the loop XLA would add it up step by step.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import NamedTuple

import jax
import jax.numpy as jnp
from jax.custom_derivatives import SymbolicZero

from torchlike._dispatch import op
from torchlike._ops._nodes import of_cell
from torchlike._ops._promote import Array, Arrays, Number
from torchlike._ops.nn.dropout import dropped, kept


class Cell(NamedTuple):
    """A recurrent cell.

    Attributes:
        step: (projected input, projected hidden state, cell state) to (hidden state, cell state).
        gates: how many projections it takes, in units of the hidden size.
        splits_bias: whether the hidden projection's bias has to stay apart from the input's.
    """

    step: Callable
    gates: int
    splits_bias: bool = False


def _lstm_step(inputs, hidden, state):
    enter, forget, new, leave = jnp.split(inputs + hidden, 4, axis=-1)
    state = jax.nn.sigmoid(forget) * state + jax.nn.sigmoid(enter) * jnp.tanh(new)
    return jax.nn.sigmoid(leave) * jnp.tanh(state), state


@jax.custom_vjp
def _lstm_gates(sums, state):
    """`_lstm_step` with a derivative that keeps six arrays a step, not ten; a sigmoid as the cheaper tanh."""
    return _lstm_gates_forward(sums, state)[0]


def _lstm_gates_forward(sums, state):
    enter, forget, new, leave = jnp.split(sums, 4, axis=-1)
    enter, forget, leave = (jnp.tanh(each / 2) / 2 + 0.5 for each in (enter, forget, leave))
    new = jnp.tanh(new)
    after = forget * state + enter * new
    squashed = jnp.tanh(after)
    return (leave * squashed, after), (enter, forget, new, leave, state, squashed)


def _lstm_gates_backward(kept, cotangents):
    enter, forget, new, leave, state, squashed = kept
    hidden, after = cotangents
    after = after + hidden * leave * (1 - squashed * squashed)
    sums = [
        after * new * enter * (1 - enter),
        after * state * forget * (1 - forget),
        after * enter * (1 - new * new),
        hidden * squashed * leave * (1 - leave),
    ]
    return jnp.concatenate(sums, -1), after * forget


_lstm_gates.defvjp(_lstm_gates_forward, _lstm_gates_backward)


def _gru_step(inputs, hidden, state):
    state = _gru_gates(inputs, hidden, state)
    return state, state


@jax.custom_vjp
def _gru_gates(inputs, hidden, state):
    """The next state, with a derivative that keeps four arrays a step."""
    return _gru_gates_forward(inputs, hidden, state)[0]


def _gru_gates_forward(inputs, hidden, state):
    both = 2 * state.shape[-1]
    gates, new_h = jax.nn.sigmoid(inputs[..., :both] + hidden[..., :both]), hidden[..., both:]
    reset, update = jnp.split(gates, 2, -1)
    new = jnp.tanh(inputs[..., both:] + reset * new_h)
    apart = state - new
    return new + update * apart, (gates, new_h, new, apart)


def _gru_gates_backward(kept, cotangent):
    gates, new_h, new, apart = kept
    reset, update = jnp.split(gates, 2, -1)
    state = cotangent * update
    inner = (cotangent - state) * (1 - new * new)
    outer = jnp.concatenate([inner * new_h, cotangent * apart], -1) * (gates * (1 - gates))
    return jnp.concatenate([outer, inner], -1), jnp.concatenate([outer, inner * reset], -1), state


_gru_gates.defvjp(_gru_gates_forward, _gru_gates_backward)


def _plain_step(activation, inputs, hidden, state):
    state = activation(inputs + hidden)
    return state, state


CELLS = {
    "LSTM": Cell(lambda inputs, hidden, state: _lstm_gates(inputs + hidden, state), 4),
    "GRU": Cell(_gru_step, 3, splits_bias=True),
    "RNN_TANH": Cell(partial(_plain_step, jnp.tanh), 1),
    "RNN_RELU": Cell(partial(_plain_step, jax.nn.relu), 1),
}


@jax.custom_jvp
def _recurred(hidden, weight, turned):
    """``hidden @ weight.T`` by the transpose laid out once, `turned`; the gradient goes by `weight` itself.

    XLA takes twice as long for the product with a weight that is still to be turned, at each step.
    """
    return hidden @ turned


@partial(_recurred.defjvp, symbolic_zeros=True)
def _(primals, tangents):
    (hidden, weight, turned), (hidden_dot, weight_dot, _) = primals, tangents
    terms = []
    if not isinstance(hidden_dot, SymbolicZero):
        terms.append(jax.lax.dot_general(hidden_dot, weight, (((1,), (1,)), ((), ()))))
    if not isinstance(weight_dot, SymbolicZero):
        terms.append(hidden @ weight_dot.T)
    value = _recurred(hidden, weight, turned)
    return value, sum(terms) if terms else jnp.zeros_like(value)


def _loop(cell: Cell, weight, project, inputs, taps, bias, first, state, running):
    """Step through time; returns (all hidden states, the last cell state, the hidden states before each step).

    Args:
        inputs: projected inputs ``(L, N, G)``.
        taps: zeros ``(L, N, G)`` added to the hidden projection, to differentiate for; or None.
        running: ``(L, N)``, False where a sequence has ended; or None.
    """

    turned = jax.lax.stop_gradient(weight.T)
    if inputs.shape[0] > 1:
        turned = jax.lax.optimization_barrier(turned)

    def step(carry, given):
        before, state = carry
        projected, tap, run = given
        hidden = _recurred(before, weight, turned)
        hidden = hidden if tap is None else hidden + tap
        hidden = hidden if bias is None else hidden + bias
        after, new = cell.step(projected, hidden, before if state is None else state)
        after = after if project is None else after @ project.T
        if run is not None:
            after = jnp.where(run[:, None], after, before)
            new = jnp.where(run[:, None], new, before if state is None else state)
        return (after, None if state is None else new), after

    given = inputs, taps, running
    if inputs.shape[0] == 1:
        (_, last), output = step((first, state), jax.tree.map(partial(jnp.squeeze, axis=0), given))
        return output[None], last
    (_, last), outputs = jax.lax.scan(step, (first, state), given)
    return outputs, last


@partial(jax.custom_vjp, nondiff_argnums=(0,))
def _layer(cell: Cell, weight, project, inputs, bias, first, state, running):
    return _loop(cell, weight, project, inputs, None, bias, first, state, running)


def _layer_forward(cell, weight, project, inputs, bias, first, state, running):
    taps = jnp.zeros_like(inputs) if cell.splits_bias else None

    def loop(project, inputs, taps, bias, first, state):
        return _loop(cell, weight, project, inputs, taps, bias, first, state, running)

    (outputs, last), pull = jax.vjp(loop, project, inputs, taps, bias, first, state)
    return (outputs, last), (pull, first, outputs)


def _layer_backward(cell, kept, cotangents):
    pull, first, outputs = kept
    project, inputs, taps, bias, first_grad, state = pull(cotangents)
    before = jnp.concatenate([first[None], outputs[:-1]])
    steps = inputs if taps is None else taps
    weight = jnp.einsum("lng,lnh->gh", steps, before)
    return weight, project, inputs, bias, first_grad, state, None


_layer.defvjp(_layer_forward, _layer_backward)


def _direction(cell: Cell, weights: tuple, sequence, first, state, running, reverse: bool):
    """One layer in one direction on a sequence ``(L, N, F)``."""
    weight, recurrent, bias, hidden_bias, project = weights
    inputs = jax.lax.dot_general(sequence, weight, (((2,), (1,)), ((), ())))  # keeps the weight, not its transpose
    if bias is not None:
        inputs = inputs + (bias if cell.splits_bias else bias + hidden_bias)
    if reverse:
        inputs = jnp.flip(inputs, 0)
        running = None if running is None else jnp.flip(running, 0)
    bias = hidden_bias if cell.splits_bias else None
    outputs, last_state = _layer(cell, recurrent, project, inputs, bias, first, state, running)
    return (jnp.flip(outputs, 0) if reverse else outputs), outputs[-1], last_state


def _run(mode, input, hx, params, has_biases, num_layers, dropout, seed, bidirectional, batch_first, lengths):
    """All layers and directions; returns (outputs, last hidden states, last cell states or None)."""
    cell = CELLS[mode]
    ways = 2 if bidirectional else 1
    sequence = jnp.swapaxes(input, 0, 1) if batch_first else input
    running = None if lengths is None else jnp.arange(sequence.shape[0])[:, None] < lengths[None, :]
    first, states = hx[0], hx[1] if mode == "LSTM" else None
    per = len(params) // (num_layers * ways)
    last, last_states = [], []
    for layer in range(num_layers):
        found = []
        for way in range(ways):
            place = layer * ways + way
            own = params[place * per : (place + 1) * per]
            biases = own[2:4] if has_biases else (None, None)
            project = own[-1] if per in (3, 5) else None
            state = None if states is None else states[place]
            out, hidden, state = _direction(
                cell, (own[0], own[1], *biases, project), sequence, first[place], state, running, way == 1
            )
            found.append(out)
            last.append(hidden)
            last_states.append(state)
        sequence = found[0] if ways == 1 else jnp.concatenate(found, -1)
        if layer < num_layers - 1 and seed is not None:
            sequence = dropped(sequence, kept(seed, dropout, sequence.shape, layer), dropout)
    if running is not None:
        sequence = jnp.where(running[:, :, None], sequence, 0)
    outputs = jnp.swapaxes(sequence, 0, 1) if batch_first else sequence
    return outputs, jnp.stack(last), None if states is None else jnp.stack(last_states)


@op(keeps_residuals=True, grad_name="MkldnnRnnLayerBackward0")
def lstm_sequence(
    input: Array,
    hx: Arrays,
    params: Arrays,
    has_biases: bool,
    num_layers: int,
    dropout: Number = 0.0,
    seed: Number | None = None,
    bidirectional: bool = False,
    batch_first: bool = False,
    lengths: Array | None = None,
) -> tuple[Array, Array, Array]:
    """A long short-term memory network over whole sequences.

    Args:
        input: ``(L, N, F)``, or ``(N, L, F)`` for `batch_first`.
        hx: the first hidden and cell states, ``(layers * directions, N, H)`` each.
        params: for each layer and direction the input weight, the hidden weight, two biases, a projection.
        seed: draws the dropout masks between layers; None for none.
        lengths: ``(N,)``, how long each sequence is; None if all are full.

    Returns:
        (outputs, last hidden states, last cell states).
    """
    return _run("LSTM", input, hx, params, has_biases, num_layers, dropout, seed, bidirectional, batch_first, lengths)


@op(keeps_residuals=True, grad_name="StackBackward0")
def rnn_sequence(
    input: Array,
    hx: Arrays,
    params: Arrays,
    mode: str,
    has_biases: bool,
    num_layers: int,
    dropout: Number = 0.0,
    seed: Number | None = None,
    bidirectional: bool = False,
    batch_first: bool = False,
    lengths: Array | None = None,
) -> tuple[Array, Array]:
    """A plain or gated recurrent network over whole sequences.

    Args:
        mode: ``"GRU"``, ``"RNN_TANH"`` or ``"RNN_RELU"``; the others are as for `lstm_sequence`.

    Returns:
        (outputs, last hidden states).
    """
    return _run(mode, input, hx, params, has_biases, num_layers, dropout, seed, bidirectional, batch_first, lengths)[:2]


@op(grad_name="MulBackward0")
def lstm_cell_step(
    input: Array, hx: Arrays, w_ih: Array, w_hh: Array, b_ih: Array | None = None, b_hh: Array | None = None
) -> tuple[Array, Array]:
    """One step of an LSTM on ``(N, F)``; returns (hidden state, cell state), ``(N, H)`` each."""
    return _lstm_step(_projected(input, w_ih, b_ih), _projected(hx[0], w_hh, b_hh), hx[1])


@op(grad_name=of_cell)
def rnn_cell_step(
    input: Array,
    hx: Array,
    w_ih: Array,
    w_hh: Array,
    b_ih: Array | None = None,
    b_hh: Array | None = None,
    *,
    mode: str,
) -> Array:
    """One step of a plain or gated recurrent cell on ``(N, F)``; returns the hidden state ``(N, H)``."""
    return CELLS[mode].step(_projected(input, w_ih, b_ih), _projected(hx, w_hh, b_hh), hx)[0]


def _projected(array, weight, bias):
    return array @ weight.T if bias is None else array @ weight.T + bias
