"""Names of nodes and what they are connected to, and which of them a second backward may pass: as in PyTorch."""

from __future__ import annotations

import pathlib
import warnings

import pytest

import torchlike
from tests.support import reference, tensors

# one a line: what the operations are asked with
EXPRESSIONS = (pathlib.Path(__file__).parent / "expressions.txt").read_text().splitlines()
PARTS = 8
# where torchlike's node has another name than the last of several of PyTorch's
OTHER_NAMES = set(
    """m.detach()@b3
x.unsafe_split(1)
x.unsafe_chunk(2)
torch.logdet(m@m.t())
torch.linalg.lstsq(m,m)
torch.linalg.svdvals(m)
F.rrelu(x)
F.mse_loss(m,tt,weight=tt)
F.smooth_l1_loss(m,tt,beta=0.)
F.smooth_l1_loss(m,tt,beta=0.,reduction='none')""".splitlines()
)
# where PyTorch has no derivative, or for these inputs none, and a derivative that uses what PyTorch's does not
OTHER_SECOND = set(
    """torch.vander(x)
x.scatter(0,torch.tensor([0]),x)
x.scatter_reduce(0,torch.tensor([0]),x,'sum')""".splitlines()
)
# where its edges are others: what is left out, a mask that is drawn inside, and several nodes that are one here
OTHER_EDGES = set(
    """x//2
x.diff(n=0)
x.scatter(0,torch.tensor([0]),x)
x.scatter(0,torch.tensor([0]),x,reduce='add')
torch.fill(x,1)
torch.linalg.lstsq(m,m)
torch.matrix_power(m,2)
torch.dropout(x,.5,True)
F.dropout(x)
F.dropout1d(s3)
F.dropout2d(s4)
F.embedding_bag(idx[None],m,mode='sum')
torch.nn.LSTM(3,4)(rand(2,1,3))[0]""".splitlines()
)


def run(library, expression: str) -> list:
    """The tensors that an expression gives; the operands have the same numbers in both libraries."""
    count = iter(range(1000))

    def rand(*shape):
        library.manual_seed(next(count))
        return library.rand(*shape, requires_grad=True)

    names = {"torch": library, "F": library.nn.functional, "rand": rand, "float": float}
    names |= {"x": rand(3), "m": rand(3, 3), "b3": rand(2, 3, 3), "b4": rand(2, 2, 3, 3)}
    names |= {"s3": rand(2, 3, 4), "s4": rand(2, 3, 4, 4), "s5": rand(2, 3, 4, 4, 4)}
    names |= {"idx": library.tensor([0, 1, 2]), "tt": library.rand(3, 3)}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return [each for each in tensors(library, eval(expression, names)) if each.requires_grad]


def names_of(library, results: list) -> list:
    return [(each.grad_fn and each.grad_fn.name(), each.output_nr) for each in results]


def edges_of(library, results: list) -> list:
    return [[node and node.name() for node, _ in each.grad_fn.next_functions] for each in results if each.grad_fn]


def second_of(library, results: list) -> list:
    """What a first and a second backward say."""
    cotangents = [library.ones_like(each.detach()) for each in results]
    told = []
    for _ in range(2):
        try:
            library.autograd.backward(results, cotangents)
            told.append("done")
        except RuntimeError as error:
            told.append(str(error)[:60])
    return told


@pytest.mark.parametrize("part", range(PARTS))
def test_nodes(part: int):
    wrong = {}
    for expression in EXPRESSIONS[part::PARTS]:
        theirs, ours = run(reference(), expression), run(torchlike, expression)
        pairs = [(names_of, OTHER_NAMES)]
        edges = edges_of(reference(), theirs)
        if not {name for each in edges for name in each} - {None, "torch::autograd::AccumulateGrad"}:
            pairs.append((edges_of, OTHER_EDGES))  # one node there
        if theirs and expression not in OTHER_SECOND:
            pairs.append((second_of, set()))
        for of, known in pairs:
            want, got = of(reference(), theirs), of(torchlike, ours)
            if (want == got) == (expression in known):
                wrong[expression] = want, got
    assert not wrong


SAVED = {
    "x*m[0]": ["self", "other"],
    "x*x.detach()": ["other"],
    "m@m": ["self", "nothing"],
    "x.sum(0)": ["keepdim", "self"],
    "x.exp()": ["result"],
    "x.tanh()": ["result"],
    "x.sin()": ["self"],
    "m.gather(1,idx[:,None])": ["dim", "index"],
    "x.pow(2)": ["self", "exponent"],
    "x.cumsum(0)": ["dim"],
    "x.softmax(0)": ["result", "dim"],
    "x+1": ["self"],
    "F.leaky_relu(x,0.1)": ["self", "negative_slope"],
}


@pytest.mark.parametrize("expression", SAVED)
def test_what_is_saved(expression: str):
    def shown(library) -> list:
        (result,) = run(library, expression)
        found = []
        for name in SAVED[expression]:
            given = getattr(result.grad_fn, "_saved_" + name, "nothing")
            found.append(given.detach().numpy().round(4).tolist() if isinstance(given, library.Tensor) else given)
        return found

    assert shown(torchlike) == shown(reference())


def test_what_is_saved_is_gone_after_a_backward():
    (result,) = run(torchlike, "x*x")
    assert result.grad_fn._saved_self is not None
    result.sum().backward()
    with pytest.raises(RuntimeError, match="backward through the graph a second time"):
        result.grad_fn._saved_self  # noqa: B018 - reading it is what is refused
