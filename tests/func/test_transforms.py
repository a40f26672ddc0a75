"""Transformed functions: values, whether they require grad, and gradients through the transformation, all as in PyTorch."""

from __future__ import annotations

import gc

import numpy as np
import pytest

import torchlike
from tests.support import check_op
from torchlike._recorder.levels import Level

X, V, W = (4, 3), (4, 3), (3, 3)


def inner(torch, w):
    """A function of a matrix, or of a row, which uses what it is not given."""
    return lambda x: (torch.sin(x @ w) * x).sum()


def wide(torch, w):
    """A function with several results."""
    return lambda x: torch.sin(x @ w) * x


def without_grad(torch, x):
    """Something that the tape does not see."""
    with torch.no_grad():
        return x * x


def changed(x):
    """A row that is changed in place."""
    y = x.sin()
    y.mul_(x)
    y[1] += x[0]
    return y


# name: a lambda of (torch, x, v, w)
NESTED = {
    "vmap": lambda t, x, v, w: t.func.vmap(inner(t, w))(x),
    "vmap vmap": lambda t, x, v, w: t.func.vmap(
        t.func.vmap(lambda a, b: a * b.sin() + w.sum() * a, (None, 0)), (0, None)
    )(x[0], v[1]),
    "grad": lambda t, x, v, w: t.func.grad(inner(t, w))(x),
    "grad grad": lambda t, x, v, w: t.func.grad(lambda x: (t.func.grad(inner(t, w))(x) * v).sum())(x),
    "vmap grad": lambda t, x, v, w: t.func.vmap(t.func.grad(inner(t, w)))(x),
    "grad vmap": lambda t, x, v, w: t.func.grad(lambda x: (t.func.vmap(inner(t, w))(x) ** 2).sum())(x),
    "vmap of a gradient by what is the same": lambda t, x, v, w: t.func.vmap(
        lambda a: t.func.grad(lambda w: (w @ a).sin().sum())(w)
    )(x),
    "jvp": lambda t, x, v, w: t.func.jvp(inner(t, w), (x,), (v,)),
    "jvp jvp": lambda t, x, v, w: t.func.jvp(lambda x: t.func.jvp(inner(t, w), (x,), (v,))[1], (x,), (v,)),
    "jvp grad": lambda t, x, v, w: t.func.jvp(t.func.grad(inner(t, w)), (x,), (v,)),
    "grad jvp": lambda t, x, v, w: t.func.grad(lambda x: t.func.jvp(inner(t, w), (x,), (v,))[1])(x),
    "vmap jvp": lambda t, x, v, w: t.func.vmap(lambda x, v: t.func.jvp(inner(t, w), (x,), (v,)))(x, v),
    "jvp vmap": lambda t, x, v, w: t.func.jvp(t.func.vmap(inner(t, w)), (x,), (v,)),
    "jacrev": lambda t, x, v, w: t.func.jacrev(wide(t, w))(x),
    "jacfwd": lambda t, x, v, w: t.func.jacfwd(wide(t, w))(x),
    "jacrev in chunks": lambda t, x, v, w: t.func.jacrev(wide(t, w), chunk_size=5)(x),
    "jacrev one by one": lambda t, x, v, w: t.func.jacrev(wide(t, w), chunk_size=1)(x),
    "hessian": lambda t, x, v, w: t.func.hessian(inner(t, w))(x[0]),
    "jacrev jacrev": lambda t, x, v, w: t.func.jacrev(t.func.jacrev(inner(t, w)))(x[0]),
    "jacfwd jacfwd": lambda t, x, v, w: t.func.jacfwd(t.func.jacfwd(inner(t, w)))(x[0]),
    "jacrev jacfwd": lambda t, x, v, w: t.func.jacrev(t.func.jacfwd(inner(t, w)))(x[0]),
    "vmap hessian": lambda t, x, v, w: t.func.vmap(t.func.hessian(inner(t, w)))(x),
    "vjp": lambda t, x, v, w: t.func.vjp(wide(t, w), x)[1](v),
    "vmap vjp": lambda t, x, v, w: t.func.vmap(lambda x, v: t.func.vjp(wide(t, w), x)[1](v)[0])(x, v),
    "value of vjp": lambda t, x, v, w: t.func.vjp(wide(t, w), x)[0],
}
WITHIN = {
    "nothing is used": lambda t, x, v, w: t.func.vmap(lambda a: w)(x),
    "nothing is mapped": lambda t, x, v, w: t.func.vmap(lambda a: w * 2, out_dims=None)(x),
    "detach": lambda t, x, v, w: t.func.vmap(lambda a: a.detach() * a)(x),
    "detach in grad": lambda t, x, v, w: t.func.grad(lambda a: (a.detach() * a).sum())(x),
    "detach in jvp": lambda t, x, v, w: t.func.jvp(lambda a: a.detach() * a, (x,), (v,)),
    "no_grad": lambda t, x, v, w: t.func.vmap(lambda a: without_grad(t, a) * a)(x),
    "no_grad in grad": lambda t, x, v, w: t.func.grad(lambda a: (without_grad(t, a) * a).sum())(x),
    "no_grad in jvp": lambda t, x, v, w: t.func.jvp(lambda a: without_grad(t, a) * a, (x,), (v,)),
    "in place": lambda t, x, v, w: t.func.vmap(changed)(x),
    "in place in grad": lambda t, x, v, w: t.func.grad(lambda a: changed(a).sum())(x),
    "in place in jvp": lambda t, x, v, w: t.func.jvp(changed, (x,), (v,)),
    "a new tensor like a row": lambda t, x, v, w: t.func.vmap(
        lambda a: t.zeros_like(a).copy_(a) + a.new_ones(3).mul_(a) + t.empty_like(a).fill_(2).add_(a)
    )(x),
    "views": lambda t, x, v, w: t.func.vmap(lambda a: a[1:].flip(0).unsqueeze(0).expand(2, 2).t() * a[0])(x),
    "an index": lambda t, x, v, w: t.func.vmap(lambda a: a[t.tensor([0, 2])] * a[1])(x),
    "autograd.grad": lambda t, x, v, w: t.func.vmap(lambda a: t.autograd.grad(t.sin(w).sum(), w, a[0])[0])(x.detach()),
    "cat": lambda t, x, v, w: t.func.vmap(lambda a: t.cat([a, w[0], t.stack([a[0], a[1]])]))(x),
    "where": lambda t, x, v, w: t.func.vmap(lambda a: t.where(a > 0, a, w[0]))(x),
    "max": lambda t, x, v, w: t.func.vmap(lambda a: a.max(0).values)(x),
    "sort": lambda t, x, v, w: t.func.vmap(lambda a: a.sort()[0] * w[0])(x),
    "softmax": lambda t, x, v, w: t.func.vmap(lambda a: t.softmax(a, -1).log())(x),
    "norm": lambda t, x, v, w: t.func.vmap(lambda a: a.norm())(x),
    "einsum": lambda t, x, v, w: t.func.vmap(lambda a: t.einsum("i,ij->j", a, w))(x),
    "solve": lambda t, x, v, w: t.func.vmap(lambda a: t.linalg.solve(w + 5 * t.eye(3), a))(x),
    "conv1d": lambda t, x, v, w: t.func.vmap(lambda a: t.nn.functional.conv1d(a[None, None], w[:1, None, :2]))(x),
    "linear": lambda t, x, v, w: t.func.vmap(lambda a: t.nn.functional.linear(a, w, w[0]))(x),
    "a row alone": lambda t, x, v, w: t.func.vmap(lambda a, b: a * b, (0, None))(x, w[0]),
    "other dims": lambda t, x, v, w: t.func.vmap(lambda a, b: (a + b, a), (1, 0), (1, 0))(x.t(), v),
    "a tree": lambda t, x, v, w: t.func.vmap(
        lambda d, k: {"s": d["a"] + k, "t": (d["b"],)}, ({"a": 0, "b": None}, None)
    )({"a": x, "b": w}, 2.0),
    "chunks": lambda t, x, v, w: t.func.vmap(wide(t, w), chunk_size=3)(x),
    "keywords": lambda t, x, v, w: t.func.vmap(lambda a, scale: a * scale)(x, scale=w[0]),
    "argnums": lambda t, x, v, w: t.func.grad(lambda a, b: (a * b).sin().sum(), argnums=(0, 1))(x, v),
    "grad of a tree": lambda t, x, v, w: t.func.grad(lambda d: (d["a"] * d["b"][0]).sin().sum())({"a": x, "b": (v,)}),
    "aux": lambda t, x, v, w: t.func.grad(lambda a: ((a * a * v).sum(), a.sin()), has_aux=True)(x),
    "grad and value": lambda t, x, v, w: t.func.grad_and_value(inner(t, w))(x),
    "jacrev with aux": lambda t, x, v, w: t.func.jacrev(lambda a: (a * a, a.cos()), has_aux=True)(x[0]),
    "jacfwd with aux": lambda t, x, v, w: t.func.jacfwd(lambda a: (a * a, a.cos()), has_aux=True)(x[0]),
    "jacobians of a tree": lambda t, x, v, w: t.func.jacrev(lambda a, b: {"p": a * b, "q": a.sum()}, (0, 1))(
        x[0], v[0]
    ),
    "jacfwd of a tree": lambda t, x, v, w: t.func.jacfwd(lambda a, b: {"p": a * b, "q": a.sin().sum()}, (0, 1))(
        x[0], v[0]
    ),
    "jvp with aux": lambda t, x, v, w: t.func.jvp(lambda a: (a * a, a.sin()), (x,), (v,), has_aux=True),
    "vjp of several": lambda t, x, v, w: t.func.vjp(lambda a, b: (a * b, b.sin()), x, v)[1]((v, x)),
    "not differentiable": lambda t, x, v, w: t.func.vmap(lambda a: (a > 0, a.argmax()))(x),
}


@pytest.mark.parametrize("name", NESTED)
def test_transformations_nest(name):
    check_op([X, V, W], NESTED[name], rtol=2e-4, atol=1e-4)


@pytest.mark.parametrize("name", WITHIN)
def test_what_functions_may_do(name):
    check_op([X, V, W], WITHIN[name], rtol=2e-4, atol=1e-4)


@pytest.mark.parametrize("name", ["vmap", "vmap grad", "jvp grad", "vmap jvp", "vmap vjp"])
def test_they_are_differentiated_again(name):
    check_op([X, V, W], NESTED[name], orders=2, dtype="float64", rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("mode", ["eager", "whole"])
@pytest.mark.parametrize("name", ["vmap vmap", "jvp grad", "vmap hessian", "grad jvp"])
def test_in_every_mode(name, mode):
    with torchlike.execution_mode(mode):
        check_op([X, V, W], NESTED[name], rtol=2e-4, atol=1e-4)


@pytest.mark.filterwarnings("ignore:Attempted to insert a get_attr Node")
def test_linearize():
    check_op([X, V], lambda t, x, v: t.func.linearize(lambda a: (a * x.detach()).sin(), x.detach())[1](v), grad=False)


def test_outer_no_grad_does_not_reach_in():
    def run(torch, x):
        with torch.no_grad():
            return torch.func.grad(lambda a: (a**3).sum())(x), torch.func.jvp(lambda a: a**2, (x,), (x,))

    check_op([(3,)], run, grad=False)


def test_a_mapped_argument_that_is_changed_is_changed():
    def run(torch, x):
        x = x.detach()
        found = torch.func.vmap(lambda a: a.mul_(2).sum(), in_dims=1)(x)
        return found, x

    check_op([(3, 4)], run, grad=False)


def test_indices_are_checked_for_every_row():
    table, rows = torchlike.ones(4, 2), torchlike.tensor([[0, 1], [3, 9]])
    with pytest.raises(IndexError, match="index out of range in self"):
        torchlike.vmap(lambda row: torchlike.nn.functional.embedding(row, table))(rows).sum().item()


def test_what_does_not_depend_on_a_row_can_be_read():
    found = torchlike.vmap(lambda row: row * torchlike.arange(3).sum().item())(torchlike.ones(2, 2))
    assert found.tolist() == [[3.0, 3.0]] * 2


@pytest.mark.parametrize("randomness", ["same", "different"])
@pytest.mark.parametrize("make", ["rand", "randn", "randint", "randperm", "normal_"])
def test_random_numbers(make, randomness):
    makers = {
        "rand": lambda t, a: t.rand(20),
        "randn": lambda t, a: t.randn(20),
        "randint": lambda t, a: t.randint(0, 9, (4, 2)),
        "randperm": lambda t, a: t.randperm(6),
        "normal_": lambda t, a: a.clone().normal_(),
    }

    def run(torch, x):
        torch.manual_seed(3)
        return torch.func.vmap(lambda a: makers[make](torch, a), randomness=randomness)(x)

    if (make, randomness) == ("normal_", "same"):
        pytest.skip("PyTorch refuses to put the same numbers in different rows")
    check_op([(3, 5)], run, grad=False)


def test_masks_differ_as_they_should():
    x = torchlike.ones(4, 64)
    drop = torchlike.nn.functional.dropout
    same = torchlike.vmap(drop, randomness="same")(x)
    different = torchlike.vmap(torchlike.vmap(drop, randomness="different"), randomness="different")(x.expand(3, 4, 64))
    assert (same == same[0]).all()
    assert len({tuple(each) for each in different.reshape(12, 64).tolist()}) == 12
    assert np.isclose(different.mean().item(), 1, atol=0.2)


def test_a_custom_function():
    def run(torch, x):
        class Cube(torch.autograd.Function):
            """With a derivative of its own, which is not quite right."""

            generate_vmap_rule = True

            @staticmethod
            def forward(x):
                return x**3

            @staticmethod
            def setup_context(ctx, inputs, output):
                ctx.save_for_backward(*inputs)

            @staticmethod
            def backward(ctx, grad):
                return grad * 4 * ctx.saved_tensors[0] ** 2

        return torch.func.vmap(torch.func.grad(lambda a: Cube.apply(a).sum()))(x), torch.func.vmap(Cube.apply)(x)

    check_op([(3, 2)], run)


def test_printing():
    def run(torch, x):
        texts = []
        torch.func.vmap(torch.func.vmap(lambda a: (texts.append(repr(a.detach() * 2)), a)[1]))(x.detach())
        return texts

    check_op([np.ones((2, 2, 2))], run, grad=False)


def test_nothing_is_left_in_circles():
    model, x = torchlike.nn.Linear(3, 1), torchlike.randn(5, 3)
    calls = [
        lambda: torchlike.vmap(torchlike.func.grad(lambda row: model(row).sum()))(x).sum().backward(),
        lambda: torchlike.func.jvp(model, (x,), (x,)),
        lambda: torchlike.func.hessian(lambda row: model(row).sin().sum())(x[0]),
        lambda: torchlike.func.vjp(model, x)[1](torchlike.ones(5, 1)),
        lambda: torchlike.cond(x.sum() > 0, lambda x: x * 2, lambda x: -x, (x,)),
    ]
    for call in calls:
        call()
    gc.collect()
    gc.disable()
    try:
        before = sum(issubclass(type(each), Level) for each in gc.get_objects())
        for call in calls:
            call()
        assert sum(issubclass(type(each), Level) for each in gc.get_objects()) <= before
    finally:
        gc.enable()


MODULES = {
    "a convolution and a norm": lambda t: (
        t.nn.Sequential(t.nn.Conv2d(3, 4, 3), t.nn.BatchNorm2d(4), t.nn.ReLU()).eval(),
        (2, 3, 5, 5),
    ),
    "attention": lambda t: (attention(t), (2, 3, 4)),
    "an LSTM": lambda t: (outputs(t, t.nn.LSTM(3, 4, batch_first=True)), (2, 5, 3)),
    "an MLP": lambda t: (t.nn.Sequential(t.nn.Linear(3, 4), t.nn.GELU(), t.nn.LayerNorm(4)), (2, 3)),
}


def attention(torch):
    """Attention of a sequence to itself."""
    module = torch.nn.MultiheadAttention(4, 2, batch_first=True)
    forward = module.forward
    module.forward = lambda x: forward(x, x, x, need_weights=False)[0]
    return module


def outputs(torch, module):
    """A module that gives the outputs of a recurrent one."""

    class Outputs(torch.nn.Module):
        """The first result alone."""

        def __init__(self):
            super().__init__()
            self.inner = module

        def forward(self, x):
            return self.inner(x)[0]

    return Outputs()


@pytest.mark.filterwarnings("ignore:There is a performance drop")
@pytest.mark.parametrize("name", MODULES)
def test_gradients_of_modules_for_each_sample(name):
    def run(torch):
        torch.manual_seed(0)
        module, shape = MODULES[name](torch)
        params = {key: each.detach() for key, each in module.named_parameters()}
        loss = lambda params, sample: torch.func.functional_call(module, params, (sample[None],)).sin().sum()
        return torch.func.vmap(torch.func.grad(loss), (None, 0))(params, torch.randn(shape))

    check_op([], run, grad=False, rtol=1e-3, atol=1e-4)
