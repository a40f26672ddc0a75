"""What transformations refuse, in PyTorch's words."""

from __future__ import annotations

import pytest

from tests.support import check_error

X = [(2, 3)]
CASES = {
    "item": lambda t, x: t.func.vmap(lambda a: a * a[0].item())(x),
    "a branch": lambda t, x: t.func.vmap(lambda a: a if a.sum() > 0 else -a)(x),
    "numpy": lambda t, x: t.func.vmap(lambda a: t.from_numpy(a.detach().numpy()))(x),
    "tolist": lambda t, x: t.func.vmap(lambda a: t.tensor(a.tolist()))(x.detach()),
    "nonzero": lambda t, x: t.func.vmap(lambda a: a.nonzero())(x),
    "where": lambda t, x: t.func.vmap(lambda a: t.where(a > 0))(x),
    "a mask": lambda t, x: t.func.vmap(lambda a: a[a > 0])(x),
    "unique": lambda t, x: t.func.vmap(lambda a: a.unique())(x),
    "in place": lambda t, x: t.func.vmap(lambda a: t.zeros(3).copy_(a))(x),
    "an item of a new tensor": lambda t, x: t.func.vmap(lambda a: t.zeros(3).__setitem__(0, a[0]))(x),
    "rand": lambda t, x: t.func.vmap(lambda a: a + t.rand(3))(x),
    "dropout": lambda t, x: t.func.vmap(t.nn.functional.dropout)(x),
    "requires_grad_": lambda t, x: t.func.vmap(lambda a: a.requires_grad_())(x),
    "backward": lambda t, x: t.func.grad(lambda a: a.sum().backward())(x),
    "no tensor": lambda t, x: t.func.vmap(lambda a: 3)(x),
    "no out_dim": lambda t, x: t.func.vmap(lambda a: a, out_dims=None)(x),
    "an out_dim beyond": lambda t, x: t.func.vmap(lambda a: a, out_dims=4)(x),
    "out_dims of another shape": lambda t, x: t.func.vmap(lambda a: (a, a), out_dims=(0, 0, 0))(x),
    "out_dims of words": lambda t, x: t.func.vmap(lambda a: a, out_dims="b")(x),
    "in_dims of a list": lambda t, x: t.func.vmap(lambda a: a, in_dims=[0])(x),
    "in_dims of another shape": lambda t, x: t.func.vmap(lambda a: a, in_dims=(0, 0))(x),
    "an in_dim beyond": lambda t, x: t.func.vmap(lambda a: a, in_dims=2)(x),
    "an in_dim of words": lambda t, x: t.func.vmap(lambda a: a, in_dims=("b",))(x),
    "an in_dim of a number": lambda t, x: t.func.vmap(lambda a, b: a * b)(x, 2),
    "no in_dim": lambda t, x: t.func.vmap(lambda a: a, in_dims=(None,))(x),
    "no arguments": lambda t, x: t.func.vmap(lambda: 1)(),
    "other sizes": lambda t, x: t.func.vmap(lambda a, b: a)(x, x.t()),
    "randomness": lambda t, x: t.func.vmap(lambda a: a, randomness="x"),
    "chunk_size": lambda t, x: t.func.vmap(lambda a: a, chunk_size=0),
    "a gradient of integers": lambda t, x: t.func.grad(lambda a: a.sum())(t.arange(3)),
    "a gradient of a number": lambda t, x: t.func.grad(lambda a: a)(3.0),
    "a gradient of several": lambda t, x: t.func.grad(lambda a: a)(x),
    "a gradient of no tensor": lambda t, x: t.func.grad(lambda a: 3)(x),
    "a leaf in place": lambda t, x: t.func.grad(lambda a: a.mul_(2).sum())(x.detach()),
    "no aux": lambda t, x: t.func.grad(lambda a: a.sum(), has_aux=True)(x),
    "argnums beyond": lambda t, x: t.func.grad(lambda a: a.sum(), argnums=1)(x),
    "argnums twice": lambda t, x: t.func.grad(lambda a: a.sum(), argnums=(0, 0))(x),
    "argnums of words": lambda t, x: t.func.grad(lambda a: a.sum(), argnums="a")(x),
    "no argnums": lambda t, x: t.func.grad(lambda a: a.sum(), argnums=())(x),
    "vjp of a number": lambda t, x: t.func.vjp(lambda a: a, 3.0),
    "vjp to integers": lambda t, x: t.func.vjp(lambda a: a.long(), x),
    "vjp to nothing": lambda t, x: t.func.vjp(lambda a: None, x),
    "cotangents of another shape": lambda t, x: t.func.vjp(lambda a: (a, a), x)[1](x),
    "jvp of a list": lambda t, x: t.func.jvp(lambda a: a, [x], (x,)),
    "tangents of another tree": lambda t, x: t.func.jvp(lambda a: a, (x,), (x, x)),
    "tangents of another shape": lambda t, x: t.func.jvp(lambda a: a, (x,), (x[0],)),
    "jvp of integers": lambda t, x: t.func.jvp(lambda a: a, (t.arange(3),), (t.arange(3),)),
    "jvp of numbers": lambda t, x: t.func.jvp(lambda a: a, (3.0,), (1.0,)),
    "jvp of nothing": lambda t, x: t.func.jvp(lambda: x, (), ()),
    "a strict jvp": lambda t, x: t.func.jvp(lambda a: t.ones(2), (x,), (x,), strict=True),
    "jacrev of complex numbers": lambda t, x: t.func.jacrev(lambda a: a)(x + 1j),
    "jacfwd to complex numbers": lambda t, x: t.func.jacfwd(lambda a: a * 1j)(x),
    "chunks of a Jacobian": lambda t, x: t.func.jacrev(lambda a: a, chunk_size=0),
    "no models": lambda t, x: t.func.stack_module_state([]),
    "two models": lambda t, x: t.func.stack_module_state([t.nn.Linear(1, 1), t.nn.ReLU()]),
    "two modes": lambda t, x: t.func.stack_module_state([t.nn.Linear(1, 1), t.nn.Linear(1, 1).eval()]),
    "batch norm": lambda t, x: t.func.vmap(t.nn.BatchNorm1d(3))(t.ones(2, 4, 3)),
}


@pytest.mark.parametrize("name", CASES)
def test_refusals(name):
    check_error(X, CASES[name])
