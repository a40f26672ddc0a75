"""Recurrent layers and cells: PyTorch's parameters, values, gradients and errors."""

from __future__ import annotations

import numpy as np
import pytest

import torchlike
from tests.support import check_error, check_op

torch = pytest.importorskip("torch")

SEQUENCES = ["RNN", "LSTM", "GRU"]
OPTIONS = [
    {},
    {"num_layers": 2, "bidirectional": True},
    {"batch_first": True, "bias": False},
]


def flat(result) -> list:
    """The tensors of (output, state), whatever its shape."""
    if isinstance(result, (tuple, list)):
        return [each for item in result for each in flat(item)]
    return [result]


@pytest.mark.parametrize("name", SEQUENCES)
@pytest.mark.parametrize("options", OPTIONS, ids=["plain", "two ways", "batch first"])
def test_sequences(name, options):
    def layer(library):
        library.manual_seed(0)  # the parameters are the same, too
        return getattr(library.nn, name)(3, 5, **options)

    def slopes(library, x):
        made = layer(library)
        sum(each.pow(2).sum() for each in flat(made(x))).backward()
        return [each.grad for each in made.parameters()]

    check_op([(4, 2, 3)], lambda library, x: flat([layer(library)(x), layer(library)(x[0])]), rtol=1e-4)
    check_op([(4, 2, 3)], slopes, grad=False, rtol=1e-4)


CHANGING = [(4, 6), (8, 9), (5, 9), (7, 11), (7, 13), (3, 9), (9, 1)]  # batch and length; the smaller last batch


def trained(library, make, loss) -> list:
    """The loss, and what has become of the parameters, after a step for each of the sizes."""
    library.manual_seed(0)
    module, random = make(library), np.random.default_rng(0)
    optimizer = library.optim.SGD(module.parameters(), lr=0.1)
    losses = []
    for batch, length in CHANGING:
        optimizer.zero_grad()
        x = library.tensor(random.standard_normal((length, batch, 3)).astype("float32"), requires_grad=True)
        found = sum(each.pow(2).mean() for each in flat(loss(library, module, x)))
        found.backward()
        optimizer.step()
        losses += [found.detach(), x.grad.sum()]
    return [*losses, *[each.detach() for each in module.parameters()]]


def packed(library, layer, x):
    lengths = library.tensor([1 + 3 * each % len(x) for each in range(x.shape[1])])
    output, state = layer(library.nn.utils.rnn.pack_padded_sequence(x, lengths, enforce_sorted=False))
    return output.data, state


FORMS = {
    "batches": lambda library, layer, x: layer(x),
    "batch first": lambda library, layer, x: layer(x.transpose(0, 1)),
    "alone": lambda library, layer, x: layer(x[:, 0]),
    "packed": packed,
}
LAYERS = [
    *[(name, form, options) for name in SEQUENCES for form, options in zip(FORMS, [{}, *OPTIONS[1:], {}], strict=True)],
    *[(name, "batch first", {"num_layers": 2, "batch_first": True, "dropout": 0.0}) for name in SEQUENCES],
    ("RNN", "packed", {"nonlinearity": "relu"}),
    ("LSTM", "batches", {"proj_size": 2, "bidirectional": True}),
]


@pytest.mark.filterwarnings("ignore:LSTM with projections")
@pytest.mark.parametrize(("name", "form", "options"), LAYERS)
def test_training_at_changing_sizes(name, form, options):
    make = lambda library: getattr(library.nn, name)(3, 5, **options)
    check_op([], lambda library: trained(library, make, FORMS[form]), grad=False, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("name", SEQUENCES)
def test_cells_trained_at_changing_sizes(name):
    def steps(library, cell, x):
        state = None
        for word in x[:3]:
            state = cell(word, state)
        return state

    make = lambda library: getattr(library.nn, name + "Cell")(3, 5)
    check_op([], lambda library: trained(library, make, steps), grad=False, rtol=1e-4, atol=1e-5)


def test_masks_between_layers_at_changing_sizes():
    """What is dropped goes by the seed alone: the same whether sizes came before or not."""

    def losses(sizes):
        torchlike.manual_seed(0)
        layer = torchlike.nn.GRU(3, 5, num_layers=2, dropout=0.5)
        found = []
        for batch, length in sizes:
            torchlike.manual_seed(batch)
            layer.zero_grad()
            loss = layer(torchlike.ones(length, batch, 3))[0].sum()
            loss.backward()
            found.append([loss.item(), layer.weight_hh_l0.grad.sum().item()])
        return found

    np.testing.assert_allclose(losses(CHANGING), losses(CHANGING[::-1])[::-1], rtol=1e-4)


@pytest.mark.parametrize("name", SEQUENCES)
def test_a_sequence_of_one(name):
    def run(library, x, *given):
        library.manual_seed(0)
        layer = getattr(library.nn, name)(3, 5, num_layers=2, bidirectional=True).to(x.dtype)
        state = given[0] if name != "LSTM" else given
        output, state = layer(x, state)
        return flat([output, layer(x, state)])

    check_op([(1, 2, 3), (4, 2, 5), (4, 2, 5)], run, dtype="float64", orders=2, rtol=1e-6)
    check_op([(1, 1, 3), (4, 1, 5), (4, 1, 5)], run, dtype="bfloat16", grad=False, rtol=3e-2, atol=3e-2)


@pytest.mark.filterwarnings("ignore:LSTM with projections")
@pytest.mark.parametrize("length", [1, 4])
def test_projections(length):
    def run(library, x):
        library.manual_seed(0)
        return flat(library.nn.LSTM(3, 5, proj_size=2)(x))

    check_op([(length, 2, 3)], run, rtol=1e-4)


def test_a_state_fed_back_word_by_word():
    def run(library, words):
        library.manual_seed(0)
        layer, state = library.nn.GRU(70, 70), library.zeros(1, 1, 70)
        for word in words:
            output, state = layer(word.view(1, 1, 70), state)
        (output * output).sum().backward()
        return [each.grad for each in layer.parameters()]

    check_op([(4, 70)], run, grad=False, rtol=1e-4)


@pytest.mark.parametrize("name", SEQUENCES)
@pytest.mark.parametrize("lengths", [[2, 4, 3], [1, 1, 1]])
def test_packed_sequences(name, lengths):
    def run(library, x):
        library.manual_seed(0)
        packed = library.nn.utils.rnn.pack_padded_sequence(x, lengths, enforce_sorted=False)
        output, state = getattr(library.nn, name)(3, 5, bidirectional=True)(packed)
        return flat([library.nn.utils.rnn.pad_packed_sequence(output), state])

    check_op([(4, 3, 3)], run, rtol=1e-4)


def test_dropout_between_layers():
    layer = torchlike.nn.LSTM(3, 5, num_layers=2, dropout=0.5)
    x = torchlike.ones(4, 2, 3)
    assert not torchlike.equal(layer(x)[0], layer(x)[0])
    layer.eval()
    assert torchlike.equal(layer(x)[0], layer(x)[0])


@pytest.mark.parametrize("name", ["RNNCell", "LSTMCell", "GRUCell"])
def test_cells(name):
    def run(library, x):
        library.manual_seed(0)
        cell = getattr(library.nn, name)(3, 5)
        first = cell(x)
        return flat([first, cell(x, first), cell(x[0])])

    check_op([(2, 3)], run, rtol=1e-4)


def test_functions_of_cells():
    shapes = [(2, 3), (2, 5), (15, 3), (15, 5), (15,), (15,)]
    check_op(shapes, lambda library, *args: library.gru_cell(*args), rtol=1e-4)
    shapes = [(2, 3), (2, 5), (2, 5), (20, 3), (20, 5)]
    check_op(shapes, lambda library, x, h, c, *args: library.lstm_cell(x, (h, c), *args), rtol=1e-4)
    shapes = [(2, 3), (2, 5), (5, 3), (5, 5)]
    check_op(shapes, lambda library, *args: (library.rnn_tanh_cell(*args), library.rnn_relu_cell(*args)), rtol=1e-4)


@pytest.mark.parametrize(
    "fn",
    [
        lambda nn, x: nn.LSTM(3, 0),
        lambda nn, x: nn.LSTM(3.0, 5),
        lambda nn, x: nn.LSTM(3, 5, bias=1),
        lambda nn, x: nn.LSTM(3, 5, num_layers=0),
        lambda nn, x: nn.LSTM(3, 5, proj_size=5),
        lambda nn, x: nn.LSTM(3, 5, dropout=2.0),
        lambda nn, x: nn.GRU(3, 5, proj_size=2),
        lambda nn, x: nn.RNN(3, 5, nonlinearity="odd"),
        lambda nn, x: nn.LSTM(4, 5)(x),
        lambda nn, x: nn.LSTM(3, 5)(x[0, 0]),
        lambda nn, x: nn.LSTM(3, 5)(x.double()),
        lambda nn, x: nn.GRU(3, 5)(x, x),
        lambda nn, x: nn.GRUCell(3, 5)(x),
        lambda nn, x: nn.GRUCell(4, 5)(x[0]),
        lambda nn, x: nn.GRUCell(3, 5)(x[0], x[0]),
    ],
)
def test_errors(fn):
    check_error([(4, 2, 3)], lambda library, x: fn(library.nn, x))
