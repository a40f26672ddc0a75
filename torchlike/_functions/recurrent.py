"""Recurrent cells as functions."""

from __future__ import annotations

from typing import TYPE_CHECKING

from torchlike._function import function
from torchlike._ops import recurrent as ops

if TYPE_CHECKING:
    from torchlike.tensor import Tensor


def _cell(name: str, mode: str, formula: str, gates: int, shown: str):
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

    Example:
        >>> w = torch.ones({gates}, 1)
        >>> torch.{name}(torch.ones(1, 1), torch.zeros(1, 1), w, w)
        {shown}
    """
    return function(cell, name=name)


rnn_tanh_cell = _cell("rnn_tanh_cell", "RNN_TANH", "``tanh(W x + b + U h + c)``", 1, "tensor([[0.7616]])")
rnn_relu_cell = _cell("rnn_relu_cell", "RNN_RELU", "``relu(W x + b + U h + c)``", 1, "tensor([[1.]])")
gru_cell = _cell("gru_cell", "GRU", "a gated unit, see `GRUCell`", 3, "tensor([[0.2048]])")


@function
def lstm_cell(
    input: Tensor,
    hx: tuple[Tensor, ...] | list[Tensor],
    w_ih: Tensor,
    w_hh: Tensor,
    b_ih: Tensor | None = None,
    b_hh: Tensor | None = None,
):
    """One step of an LSTM cell: ``(N, F)`` and a pair of ``(N, H)`` to such a pair; see `LSTMCell`.

    Example:
        >>> x, state, w = torch.ones(1, 1), (torch.zeros(1, 1), torch.zeros(1, 1)), torch.ones(4, 1)
        >>> torch.lstm_cell(x, state, w, w)
        (tensor([[0.3696]]), tensor([[0.5568]]))
    """
    return ops.lstm_cell_step(input, tuple(hx), w_ih, w_hh, b_ih, b_hh)
