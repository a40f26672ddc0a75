"""Initialisation, against PyTorch: the same seed gives the same numbers."""

from __future__ import annotations

import pytest

from tests.nn.compare import error, same

SHAPES = [(3, 4), (5, 2, 3), (2, 6, 3, 3)]
FILLS = [
    lambda init, x: init.uniform_(x),
    lambda init, x: init.uniform_(x, -2.0, 3.0),
    lambda init, x: init.uniform_(tensor=x, a=1, b=2),
    lambda init, x: init.normal_(x),
    lambda init, x: init.normal_(x, 1.0, 0.1),
    lambda init, x: init.trunc_normal_(x),
    lambda init, x: init.trunc_normal_(x, mean=0.5, std=0.2, a=0.0, b=1.0),
    lambda init, x: init.trunc_normal_(x, std=3.0, a=1.0, b=2.0),
    lambda init, x: init.trunc_normal_(x, mean=5.0),
    lambda init, x: init.constant_(x, 0.3),
    lambda init, x: init.ones_(x),
    lambda init, x: init.zeros_(x),
    lambda init, x: init.xavier_uniform_(x),
    lambda init, x: init.xavier_uniform_(x, gain=2.0),
    lambda init, x: init.xavier_normal_(x),
    lambda init, x: init.kaiming_uniform_(x),
    lambda init, x: init.kaiming_uniform_(x, a=5**0.5),
    lambda init, x: init.kaiming_uniform_(x, mode="fan_out", nonlinearity="relu"),
    lambda init, x: init.kaiming_normal_(x, mode="FAN_OUT"),
    lambda init, x: init.kaiming_normal_(x, nonlinearity="tanh"),
]
OLD = {
    "uniform": lambda old, x: old(x),
    "normal": lambda old, x: old(x, 1.0, 2.0),
    "constant": lambda old, x: old(x, 3.0),
    "eye": lambda old, x: old(x[:, :, 0]),
    "dirac": lambda old, x: old(x),
    "xavier_uniform": lambda old, x: old(x),
    "xavier_normal": lambda old, x: old(x, gain=2.0),
    "kaiming_uniform": lambda old, x: old(x),
    "kaiming_normal": lambda old, x: old(x),
    "orthogonal": lambda old, x: old(x),
    "sparse": lambda old, x: old(x[:, :, 0], 0.5),
}


@pytest.mark.parametrize("shape", SHAPES, ids=str)
@pytest.mark.parametrize("fill", FILLS, ids=range(len(FILLS)))
def test_fills(fill, shape) -> None:
    def run(torch):
        x = torch.nn.Parameter(torch.zeros(shape))
        return [fill(torch.nn.init, x) is x, x, x.is_leaf, torch.rand(2)]

    same(run)


@pytest.mark.parametrize("dtype", ["float64", "float16", "bfloat16"])
@pytest.mark.parametrize(
    "fill", [FILLS[place] for place in (0, 3, 12, 15)], ids=("uniform", "normal", "xavier", "kaiming")
)
def test_dtypes(fill, dtype) -> None:
    same(lambda torch: fill(torch.nn.init, torch.zeros(4, 5, dtype=getattr(torch, dtype))))


@pytest.mark.parametrize("name", OLD)
def test_old_names(name) -> None:
    same(lambda torch: OLD[name](getattr(torch.nn.init, name), torch.zeros(3, 4, 2)))


@pytest.mark.parametrize("shape", [(3, 3), (2, 5), (5, 2), (0, 2)], ids=str)
def test_eye(shape) -> None:
    same(lambda torch: torch.nn.init.eye_(torch.nn.Parameter(torch.full(shape, 7.0))))


@pytest.mark.parametrize("groups", [1, 2])
@pytest.mark.parametrize("shape", [(4, 2, 3), (6, 4, 2, 3), (2, 2, 1, 2, 3), (4, 9, 3), (4, 0, 3)], ids=str)
def test_dirac(shape, groups) -> None:
    same(lambda torch: torch.nn.init.dirac_(torch.nn.Parameter(torch.ones(shape)), groups))


@pytest.mark.parametrize("sparsity", [0.0, 0.1, 0.5, 1.0])
def test_sparse(sparsity) -> None:
    same(lambda torch: [torch.nn.init.sparse_(torch.zeros(5, 3), sparsity, std=0.5), torch.rand(1)])


@pytest.mark.parametrize("shape", [(3, 3), (2, 5), (5, 2), (4, 3, 2), (2, 3, 2), (0, 3)], ids=str)
def test_orthogonal(shape) -> None:
    def run(torch):
        x = torch.nn.Parameter(torch.zeros(shape))
        return [torch.nn.init.orthogonal_(x, gain=1.5) is x, x, torch.rand(1)]

    same(run)


def test_own_generator() -> None:
    def run(torch):
        generator, x = torch.Generator().manual_seed(5), torch.zeros(3, 4)
        fills = [torch.nn.init.uniform_, torch.nn.init.normal_, torch.nn.init.trunc_normal_]
        fills += [torch.nn.init.xavier_normal_, torch.nn.init.kaiming_uniform_]
        return [*[fill(x, generator=generator).clone() for fill in fills], torch.rand(1)]

    same(run)


def test_gains() -> None:
    names = ("linear", "conv2d", "conv_transpose3d", "sigmoid", "tanh", "relu", "leaky_relu", "selu")

    def run(torch):
        gain = torch.nn.init.calculate_gain
        found = [*[gain(name) for name in names], gain("leaky_relu", 0.2), gain("leaky_relu", 2), gain("leaky_relu", 0)]
        wrong = [error(gain, "no"), error(gain, "leaky_relu", "x"), error(gain, "leaky_relu", True)]
        return [*found, wrong]

    same(run)


def test_nothing_to_fill() -> None:
    def run(torch):
        init, x = torch.nn.init, torch.zeros(0, 3)
        return [init.kaiming_uniform_(x), init.kaiming_normal_(x), init.uniform_(x), init.normal_(x)]

    same(run)


def test_errors() -> None:
    def run(torch):
        init, vector, cube = torch.nn.init, torch.zeros(3), torch.zeros(3, 2, 2)
        return [
            error(init.eye_, vector),
            error(init.dirac_, torch.zeros(3, 2)),
            error(init.dirac_, cube, groups=2),
            error(init.sparse_, cube, 0.5),
            error(init.orthogonal_, vector),
            error(init.xavier_uniform_, vector),
            error(init.kaiming_normal_, vector),
            error(init.kaiming_uniform_, cube, mode="fan_both"),
            error(init.kaiming_uniform_, cube, nonlinearity="no"),
            error(init.uniform_, cube, 3.0, 1.0),
            error(init.normal_, cube, 0.0, -1.0),
        ]

    same(run)


def test_layers_begin_alike() -> None:
    """The whole of a network, and what is drawn after it."""

    def run(torch):
        nn = torch.nn
        layers = [nn.Linear(3, 4), nn.Linear(2, 2, bias=False), nn.Conv2d(2, 3, 3), nn.ConvTranspose1d(2, 3, 2)]
        layers += [nn.Embedding(4, 3, padding_idx=0), nn.Bilinear(2, 3, 4), nn.BatchNorm1d(3), nn.PReLU()]
        return [[list(each.parameters()) for each in layers], torch.rand(1)]

    same(run)
