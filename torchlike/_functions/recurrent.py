"""Recurrent cells as functions."""

from __future__ import annotations

from typing import TYPE_CHECKING

from torchlike._function import function
from torchlike._ops import recurrent as ops

if TYPE_CHECKING:
    from torchlike.tensor import Tensor


def _cell(name: str, mode: str, formula: str):
    def cell(
        input: Tensor, hx: Tensor, w_ih: Tensor, w_hh: Tensor, b_ih: Tensor | None = None, b_hh: Tensor | None = None
    ):
        return ops.rnn_cell_step(input, hx, w_ih, w_hh, b_ih, b_hh, mode=mode)

    cell.__doc__ = f"""One step of a recurrent cell: {formula}.

    Args:
        input: ``(N, F)``.
        hx: the hidden state, ``(N, H)``.
        w_ih, w_hh: the weights, ``(G H, F)`` and ``(G H, H)`` with a row of blocks for each of the G gates.
        b_ih, b_hh: the biases, ``(G H)``.

    Returns:
        The next hidden state, ``(N, H)``.
    """
    return function(cell, name=name)


rnn_tanh_cell = _cell("rnn_tanh_cell", "RNN_TANH", "``tanh(W x + b + U h + c)``")
rnn_relu_cell = _cell("rnn_relu_cell", "RNN_RELU", "``relu(W x + b + U h + c)``")
gru_cell = _cell("gru_cell", "GRU", "a gated unit, see `GRUCell`")


@function
def lstm_cell(
    input: Tensor,
    hx: tuple[Tensor, ...] | list[Tensor],
    w_ih: Tensor,
    w_hh: Tensor,
    b_ih: Tensor | None = None,
    b_hh: Tensor | None = None,
):
    """One step of an LSTM cell: ``(N, F)`` and a pair of ``(N, H)`` to such a pair; see `LSTMCell`."""
    return ops.lstm_cell_step(input, tuple(hx), w_ih, w_hh, b_ih, b_hh)
