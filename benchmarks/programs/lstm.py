"""A word language model on an LSTM: the hidden state runs on, gradients are clipped, SGD is written by hand."""

from __future__ import annotations

from typing import Any

import numpy as np

from ._setup import Setup, Step, Weights, tokens, twin

LR, CLIP = 20.0, 0.25


def build(setup: Setup, layers: int, width: int, vocabulary: int, length: int, batch: int) -> tuple[Any, Step]:
    """The program in PyTorch's API: its model and its training step."""
    torch = setup.torch
    nn, F = torch.nn, torch.nn.functional

    class Model(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.encoder = nn.Embedding(vocabulary, width)
            self.rnn = nn.LSTM(width, width, layers)
            self.decoder = nn.Linear(width, vocabulary)

        def forward(self, x: Any, hidden: Any) -> tuple:
            output, hidden = self.rnn(self.encoder(x), hidden)
            return self.decoder(output), hidden

    torch.manual_seed(0)
    model = setup.place(Model())
    forward = setup.forward(model)
    zeros = torch.zeros(layers, batch, width, device=setup.device)
    hidden = (zeros, zeros.clone())

    @setup.whole
    def train(x: Any, y: Any, hidden: tuple) -> tuple:
        model.zero_grad()
        output, hidden = forward(x, hidden)
        loss = F.cross_entropy(output.view(-1, vocabulary), y.view(-1))
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), CLIP)
        for p in model.parameters():
            p.data.add_(p.grad, alpha=-LR)
        return loss.detach(), tuple(h.detach() for h in hidden)

    def step(x: Any, y: Any) -> float:
        nonlocal hidden
        loss, hidden = train(x, y, hidden)
        return loss.item()

    return model, setup.fed(step, tokens(vocabulary, (length, batch), axis=0))


def jax_twin(setup: Setup, layers: int, width: int, vocabulary: int, length: int, batch: int) -> Step:
    """The same training step in JAX and optax."""
    import jax
    import jax.numpy as jnp
    import optax

    def layer(params: Weights, i: int, xs: Any, state: tuple) -> tuple:
        inputs = xs @ params[f"rnn.weight_ih_l{i}"].T + params[f"rnn.bias_ih_l{i}"] + params[f"rnn.bias_hh_l{i}"]
        recurrent = params[f"rnn.weight_hh_l{i}"].T

        def cell(state: tuple, x: Any) -> tuple:
            h, c = state
            i, f, g, o = jnp.split(x + h @ recurrent, 4, axis=1)
            c = jax.nn.sigmoid(f) * c + jax.nn.sigmoid(i) * jnp.tanh(g)
            h = jax.nn.sigmoid(o) * jnp.tanh(c)
            return (h, c), h

        return jax.lax.scan(cell, state, inputs)

    def loss_fn(params: Weights, hidden: tuple, x: Any, y: Any) -> tuple:
        xs, after = params["encoder.weight"][x], []
        for i, state in enumerate(hidden):
            state, xs = layer(params, i, xs, state)
            after.append(state)
        logits = xs @ params["decoder.weight"].T + params["decoder.bias"]
        return optax.losses.softmax_cross_entropy_with_integer_labels(logits, y).mean(), tuple(after)

    hidden = tuple((np.zeros((batch, width), np.float32),) * 2 for _ in range(layers))
    hidden = jax.tree.map(jnp.array, hidden)
    optimizer = optax.chain(optax.clip_by_global_norm(CLIP), optax.sgd(LR))
    return twin(loss_fn, optimizer, dict(setup.weights), hidden, tokens(vocabulary, (length, batch), axis=0))
