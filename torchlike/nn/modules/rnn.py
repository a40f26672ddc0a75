"""Recurrent layers: ``RNN``, ``LSTM``, ``GRU`` over sequences, and their cells for single steps."""

from __future__ import annotations

import math
import numbers
import warnings
from itertools import chain
from typing import TYPE_CHECKING, Any

from torchlike._autograd.modes import no_grad
from torchlike._functions import creation
from torchlike._functions.randoms import draw_seed
from torchlike._ops import recurrent
from torchlike.nn import init
from torchlike.nn.modules._conversion import forgets
from torchlike.nn.modules.module import Module
from torchlike.nn.parameter import Parameter
from torchlike.nn.utils.rnn import PackedSequence, pack_rows, pad_packed_sequence
from torchlike.tensor import Tensor

if TYPE_CHECKING:
    from torchlike._types import dtypes
    from torchlike.types import Device

_GATES = {"LSTM": 4, "GRU": 3, "RNN_TANH": 1, "RNN_RELU": 1}


class RNNBase(Module):
    """The base of the recurrent layers: parameters ``weight_ih_l0``, ``weight_hh_l0``, ``bias_ih_l0``, ...

    Args:
        mode: ``"LSTM"``, ``"GRU"``, ``"RNN_TANH"`` or ``"RNN_RELU"``.
        input_size: features of an input.
        hidden_size: features of the hidden state.
        num_layers: how many layers, each on the outputs of the one before.
        bias: whether the projections have biases.
        batch_first: whether sequences are ``(N, L, F)`` rather than ``(L, N, F)``.
        dropout: probability to drop an output between layers in training.
        bidirectional: whether a second network runs from the end.
        proj_size: if positive, an LSTM's hidden state is projected to this size.

    Raises:
        ValueError: `dropout` is no probability, or a size is not positive.
    """

    __constants__ = [
        "mode",
        "input_size",
        "hidden_size",
        "num_layers",
        "bias",
        "batch_first",
        "dropout",
        "bidirectional",
    ]
    mode: str
    input_size: int
    hidden_size: int
    num_layers: int
    bias: bool
    batch_first: bool
    dropout: float
    bidirectional: bool
    proj_size: int

    @forgets("nonlinearity")
    def __init__(
        self,
        mode: str,
        input_size: int,
        hidden_size: int,
        num_layers: int = 1,
        bias: bool = True,
        batch_first: bool = False,
        dropout: float = 0.0,
        bidirectional: bool = False,
        proj_size: int = 0,
        device: Device = None,
        dtype: dtypes.dtype | None = None,
    ) -> None:
        super().__init__()
        self.mode, self.input_size, self.hidden_size, self.num_layers = mode, input_size, hidden_size, num_layers
        self.bias, self.batch_first, self.dropout = bias, batch_first, float(dropout)
        self.bidirectional, self.proj_size = bidirectional, proj_size
        self._check_arguments(dropout)
        self._all_weights: list[list[str]] = []
        ways = 2 if bidirectional else 1
        rows, out = _GATES[mode] * hidden_size, proj_size or hidden_size
        for layer in range(num_layers):
            for way in range(ways):
                inputs = input_size if layer == 0 else out * ways
                shapes = {"weight_ih": (rows, inputs), "weight_hh": (rows, out)}
                if bias:
                    shapes |= {"bias_ih": (rows,), "bias_hh": (rows,)}
                if proj_size:
                    shapes |= {"weight_hr": (proj_size, hidden_size)}
                suffix = f"_l{layer}" + ("_reverse" if way else "")
                for name, shape in shapes.items():
                    setattr(self, name + suffix, Parameter(creation.empty(shape, device=device, dtype=dtype)))
                self._all_weights.append([name + suffix for name in shapes])
        self.reset_parameters()

    def _check_arguments(self, dropout: float) -> None:
        if not isinstance(dropout, numbers.Number) or isinstance(dropout, bool) or not 0 <= dropout <= 1:
            raise ValueError(
                "dropout should be a number in range [0, 1] representing the probability of an element being zeroed"
            )
        if dropout > 0 and self.num_layers == 1:
            warnings.warn(
                "dropout option adds dropout after all but last recurrent layer, so non-zero dropout expects num_layers "
                f"greater than 1, but got dropout={dropout} and num_layers={self.num_layers}",
                stacklevel=4,
            )
        kinds = {"bias": bool, "batch_first": bool, "input_size": int, "hidden_size": int}
        for name, kind in kinds.items():
            value = getattr(self, name)
            if not isinstance(value, kind):
                raise TypeError(f"{name} should be of type {kind.__name__}, got: {type(value).__name__}")
            if kind is int and value <= 0:
                raise ValueError(f"{name} must be greater than zero")
        if self.num_layers <= 0:
            raise ValueError("num_layers must be greater than zero")
        if self.proj_size < 0:
            raise ValueError("proj_size should be a positive integer or zero to disable projections")
        if self.proj_size >= self.hidden_size:
            raise ValueError("proj_size has to be smaller than hidden_size")

    @property
    def all_weights(self) -> list[list[Parameter]]:
        """The parameters of each layer and direction."""
        return [[getattr(self, name) for name in names] for names in self._all_weights]

    def __getstate__(self) -> dict:
        # a file that PyTorch reads has them, too
        flat = {"_flat_weights_names": list(chain(*self._all_weights)), "_flat_weights": self._flat_weights}
        return {**super().__getstate__(), **flat}

    def __setstate__(self, state: dict) -> None:
        super().__setstate__({name: each for name, each in state.items() if not name.startswith("_flat_weight")})
        self.__dict__.setdefault("proj_size", 0)

    @property
    def _flat_weights(self) -> list[Parameter]:
        parameters = self._parameters
        return [parameters[name] for names in self._all_weights for name in names]

    def reset_parameters(self) -> None:
        """Draw all parameters uniformly from ``(-1/sqrt(hidden_size), 1/sqrt(hidden_size))``."""
        bound = 1.0 / math.sqrt(self.hidden_size) if self.hidden_size > 0 else 0
        for each in self.parameters():
            init.uniform_(each, -bound, bound)

    def flatten_parameters(self) -> None:
        """Nothing to do: parameters need not lie together."""

    def extra_repr(self) -> str:
        text = "{input_size}, {hidden_size}"
        if self.proj_size != 0:
            text += ", proj_size={proj_size}"
        if self.num_layers != 1:
            text += ", num_layers={num_layers}"
        if self.bias is not True:
            text += ", bias={bias}"
        if self.batch_first is not False:
            text += ", batch_first={batch_first}"
        if self.dropout != 0:
            text += ", dropout={dropout}"
        if self.bidirectional is not False:
            text += ", bidirectional={bidirectional}"
        return text.format(**self.__dict__)

    # ------------------------------------------------------------------ running

    def _first(self, batch: int, like: Tensor, features: int) -> Tensor:
        """The default initial state, zeros."""
        ways = 2 if self.bidirectional else 1
        with no_grad():
            return creation.zeros((self.num_layers * ways, batch, features), dtype=like.dtype, device=like.device)

    def check_input(self, input: Tensor, batched: int = 3) -> None:
        """Raise for an input of the wrong dtype or size."""
        weight = self._parameters[self._all_weights[0][0]]
        if input.dtype is not weight.dtype:
            raise ValueError(
                f"RNN input dtype ({input.dtype}) does not match weight dtype ({weight.dtype}). Convert input: "
                f"input.to({weight.dtype}), or convert model: model.to({input.dtype})"
            )
        if input.size(-1) != self.input_size:
            raise RuntimeError(
                f"input.size(-1) must be equal to input_size. Expected {self.input_size}, got {input.size(-1)}"
            )

    def check_hidden_size(self, hx: Tensor, expected: tuple, message: str = "Expected hidden size {}, got {}") -> None:
        """Raise for an initial state of the wrong size."""
        if tuple(hx.shape) != expected:
            raise RuntimeError(message.format(expected, list(hx.shape)))

    def _check_hidden(self, states: tuple, batch: int) -> None:
        ways = 2 if self.bidirectional else 1
        sizes = (self.proj_size or self.hidden_size, self.hidden_size)
        words = ("Expected hidden{} size {{}}, got {{}}", "Expected hidden[1] size {}, got {}")
        for place, each in enumerate(states):
            words_here = words[place].format("[0]" if len(states) == 2 else "") if place == 0 else words[1]
            self.check_hidden_size(each, (self.num_layers * ways, batch, sizes[place]), words_here)

    def _run(self, input: Tensor, states: tuple | None):
        """(outputs, last states): sequences are packed, batched or single as they came."""
        packed = input if isinstance(input, PackedSequence) else None
        lengths = None
        if packed is not None:
            input, lengths = pad_packed_sequence(PackedSequence(packed.data, packed.batch_sizes), self.batch_first)
            if states is not None and packed.sorted_indices is not None:
                states = tuple(each.index_select(1, packed.sorted_indices) for each in states)
        elif input.dim() not in (2, 3):
            raise ValueError(f"{type(self).__name__}: Expected input to be 2D or 3D, got {input.dim()}D instead")
        single = input.dim() == 2
        if single:
            input = input.unsqueeze(0 if self.batch_first else 1)
        batch = input.size(0 if self.batch_first else 1)
        states = self._initial(states, input, batch, single)
        self.check_input(input)
        self._check_hidden(states, batch)
        if not input.size(1 if self.batch_first else 0):
            raise RuntimeError("Expected sequence length to be larger than 0 in RNN")
        drops = self.training and self.dropout > 0 and self.num_layers > 1
        options = (self.bias, self.num_layers, self.dropout, draw_seed() if drops else None)
        options = (*options, self.bidirectional, self.batch_first)
        options = options if lengths is None else (*options, lengths)
        if self.mode == "LSTM":
            output, *last = recurrent.lstm_sequence(input, states, self._flat_weights, *options)
        else:
            output, *last = recurrent.rnn_sequence(input, states, self._flat_weights, self.mode, *options)
        if packed is not None:
            data = pack_rows(output, packed.batch_sizes, self.batch_first)
            if packed.unsorted_indices is not None:
                last = [each.index_select(1, packed.unsorted_indices) for each in last]
            return packed._replace(data=data), last
        if single:
            return output.squeeze(0 if self.batch_first else 1), [each.squeeze(1) for each in last]
        return output, last

    def _initial(self, states: tuple | None, input: Tensor, batch: int, single: bool) -> tuple:
        if states is None:
            hidden = self._first(batch, input, self.proj_size or self.hidden_size)
            return (hidden, self._first(batch, input, self.hidden_size)) if self.mode == "LSTM" else (hidden,)
        wanted = 2 if single else 3
        for each in states:
            if each.dim() != wanted:
                kind = "unbatched 2-D" if single else "batched 3-D"
                raise RuntimeError(
                    f"For {kind} input, hx {'and cx ' if len(states) == 2 else ''}should also be {wanted}-D but got "
                    + (
                        f"({', '.join(f'{s.dim()}-D' for s in states)}) tensors"
                        if len(states) == 2
                        else f"{each.dim()}-D tensor"
                    )
                )
        return tuple(each.unsqueeze(1) for each in states) if single else tuple(states)

    def forward(self, input: Tensor | PackedSequence, hx: Tensor | None = None):
        """Run over a sequence.

        Args:
            input: ``(L, N, F)`` (``(N, L, F)`` for `batch_first`), ``(L, F)``, or a `PackedSequence`.
            hx: the initial state ``(layers * directions, N, H)``; zeros by default.

        Returns:
            (outputs, last state).
        """
        output, last = self._run(input, None if hx is None else (hx,))
        return output, last[0]


class RNN(RNNBase):
    r"""A plain recurrent network, ``h' = tanh(W x + b + U h + c)``; see `RNNBase` for the arguments.

    Args:
        nonlinearity: ``"tanh"`` or ``"relu"``.

    Example:
        >>> output, h = torch.nn.RNN(3, 5)(torch.zeros(7, 2, 3))
        >>> output.shape
        torch.Size([7, 2, 5])

    Source: Elman, Finding Structure in Time, 1990.
    """

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        num_layers: int = 1,
        nonlinearity: str = "tanh",
        *args: Any,
        **kwargs: Any,
    ) -> None:
        if nonlinearity not in ("tanh", "relu"):
            raise ValueError(f"Unknown nonlinearity '{nonlinearity}'. Select from 'tanh' or 'relu'.")
        super().__init__("RNN_" + nonlinearity.upper(), input_size, hidden_size, num_layers, *args, **kwargs)
        self.nonlinearity = nonlinearity


class LSTM(RNNBase):
    r"""A long short-term memory network; see `RNNBase` for the arguments.

    ``i, f, o = sigmoid(...)``, ``g = tanh(...)``, ``c' = f c + i g``, ``h' = o tanh(c')``.

    Example:
        >>> output, (h, c) = torch.nn.LSTM(3, 5)(torch.zeros(7, 2, 3))
        >>> output.shape
        torch.Size([7, 2, 5])

    Source: Hochreiter and Schmidhuber, Long Short-Term Memory, 1997.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__("LSTM", *args, **kwargs)

    def forward(self, input: Tensor | PackedSequence, hx: tuple[Tensor, Tensor] | None = None):
        """Run over a sequence; `hx` is a pair (hidden state, cell state), and so is the last state returned."""
        output, last = self._run(input, None if hx is None else tuple(hx))
        return output, tuple(last)


class GRU(RNNBase):
    r"""A gated recurrent network; see `RNNBase` for the arguments.

    ``r, z = sigmoid(...)``, ``n = tanh(W x + b + r (U h + c))``, ``h' = (1 - z) n + z h``.

    Raises:
        ValueError: `proj_size` is given, which only `LSTM` takes.

    Source: Cho et al., Learning Phrase Representations using RNN Encoder-Decoder, 2014.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        if "proj_size" in kwargs:
            raise ValueError("proj_size argument is only supported for LSTM, not RNN or GRU")
        super().__init__("GRU", *args, **kwargs)


class RNNCellBase(Module):
    """The base of the cells: parameters ``weight_ih``, ``weight_hh``, ``bias_ih``, ``bias_hh``."""

    __constants__ = ["input_size", "hidden_size", "bias"]
    input_size: int
    hidden_size: int
    bias: bool
    _rows_per_unit = 1

    @forgets("nonlinearity")
    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        bias: bool = True,
        device: Device = None,
        dtype: dtypes.dtype | None = None,
    ) -> None:
        super().__init__()
        self.input_size, self.hidden_size, self.bias = input_size, hidden_size, bias
        rows = self._rows_per_unit * hidden_size
        shapes = {
            "weight_ih": (rows, input_size),
            "weight_hh": (rows, hidden_size),
            "bias_ih": (rows,),
            "bias_hh": (rows,),
        }
        for name, shape in shapes.items():
            wanted = bias or name.startswith("weight")
            value = Parameter(creation.empty(shape, device=device, dtype=dtype)) if wanted else None
            self.register_parameter(name, value)
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draw all parameters uniformly from ``(-1/sqrt(hidden_size), 1/sqrt(hidden_size))``."""
        bound = 1.0 / math.sqrt(self.hidden_size) if self.hidden_size > 0 else 0
        for each in self.parameters():
            init.uniform_(each, -bound, bound)

    def extra_repr(self) -> str:
        text = "{input_size}, {hidden_size}"
        if self.bias is not True:
            text += ", bias={bias}"
        if getattr(self, "nonlinearity", "tanh") != "tanh":
            text += ", nonlinearity={nonlinearity}"
        return text.format(**self.__dict__)

    def _states(self, input: Tensor, states: tuple | None, count: int) -> tuple[Tensor, tuple, bool]:
        """(input ``(N, F)``, states ``(N, H)``, whether the input was a single one)."""
        name = type(self).__name__
        if input.dim() not in (1, 2):
            raise ValueError(f"{name}: Expected input to be 1D or 2D, got {input.dim()}D instead")
        for place, each in enumerate(states or ()):
            if each.dim() not in (1, 2):
                which = "hidden" if count == 1 else f"hx[{place}]"
                raise ValueError(f"{name}: Expected {which} to be 1D or 2D, got {each.dim()}D instead")
        single = input.dim() == 1
        if single:
            input = input.unsqueeze(0)
            states = states and tuple(each.unsqueeze(0) for each in states)
        if input.size(1) != self.input_size:
            raise RuntimeError(f"input has inconsistent input_size: got {input.size(1)} expected {self.input_size}")
        if not states:
            with no_grad():
                zero = creation.zeros((input.size(0), self.hidden_size), dtype=input.dtype, device=input.device)
            states = (zero,) * count
        for place, each in enumerate(states):
            if each.size(0) != input.size(0):
                raise RuntimeError(
                    f"Input batch size {input.size(0)} doesn't match hidden{place} batch size {each.size(0)}"
                )
            if each.size(1) != self.hidden_size:
                raise RuntimeError(
                    f"hidden{place} has inconsistent hidden_size: got {each.size(1)}, expected {self.hidden_size}"
                )
        return input, states, single

    def _step(self, mode: str, input: Tensor, hx: Tensor | None) -> Tensor:
        input, states, single = self._states(input, None if hx is None else (hx,), 1)
        got = recurrent.rnn_cell_step(
            input, states[0], self.weight_ih, self.weight_hh, self.bias_ih, self.bias_hh, mode=mode
        )
        return got.squeeze(0) if single else got


class RNNCell(RNNCellBase):
    r"""One step of a plain recurrent network: ``(N, F)``, ``(N, H)`` to ``(N, H)``; ``(F)`` for a single input.

    Args:
        input_size: features of the input.
        hidden_size: features of the state.
        bias: whether there are biases.
        nonlinearity: ``"tanh"`` or ``"relu"``.
    """

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        bias: bool = True,
        nonlinearity: str = "tanh",
        device: Device = None,
        dtype: dtypes.dtype | None = None,
    ) -> None:
        super().__init__(input_size, hidden_size, bias, device, dtype)
        self.nonlinearity = nonlinearity

    def forward(self, input: Tensor, hx: Tensor | None = None) -> Tensor:
        """The next hidden state."""
        if self.nonlinearity not in ("tanh", "relu"):
            raise RuntimeError(f"Unknown nonlinearity: {self.nonlinearity}")
        return self._step("RNN_" + self.nonlinearity.upper(), input, hx)


class GRUCell(RNNCellBase):
    """One step of a gated recurrent network; arguments as for `RNNCell`."""

    _rows_per_unit = 3

    def forward(self, input: Tensor, hx: Tensor | None = None) -> Tensor:
        """The next hidden state."""
        return self._step("GRU", input, hx)


class LSTMCell(RNNCellBase):
    """One step of an LSTM: ``(N, F)`` and a pair of ``(N, H)`` to such a pair; arguments as for `RNNCell`."""

    _rows_per_unit = 4

    def forward(self, input: Tensor, hx: tuple | None = None) -> tuple[Tensor, Tensor]:
        """The next (hidden state, cell state)."""
        input, states, single = self._states(input, hx and tuple(hx), 2)
        got = recurrent.lstm_cell_step(input, states, self.weight_ih, self.weight_hh, self.bias_ih, self.bias_hh)
        return tuple(each.squeeze(0) for each in got) if single else got


for _public in (RNNBase, RNN, LSTM, GRU, RNNCellBase, RNNCell, GRUCell, LSTMCell):
    _public.__module__ = "torchlike.nn.modules.rnn"
