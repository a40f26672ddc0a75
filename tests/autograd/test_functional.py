"""Jacobians, Hessians and their products, against PyTorch: values, structure, history, errors."""

from __future__ import annotations

import itertools

import pytest

import torchlike
from tests.nn.compare import error, same

FUNCTIONS = {
    "one": lambda torch, x: x.exp() * x.sum(),
    "scalar": lambda torch, x: (x**3).sum(),
    "of a matrix": lambda torch, x: (x[None] * x[:, None]).sum(0, keepdim=True),
    "linear": lambda torch, x: (x * 2).sum(),
    "independent": lambda torch, x: torch.ones(2),
    "constant in part": lambda torch, x: x[:1].sum() * 3,
    "two outputs": lambda torch, x: (x.sin(), x.sum()),
    "two outputs, one apart": lambda torch, x: (x.sin(), torch.ones(2)),
    "a list": lambda torch, x: [x, x],
    "no tensor": lambda torch, x: 3.0,
    "a tuple with a number": lambda torch, x: (x, 3),
    "one in a tuple": lambda torch, x: ((x**2).sum(),),
}
OF_TWO = {
    "product": lambda torch, x, y: (x * y.sum()).sum() ** 2,
    "one apart": lambda torch, x, y: (x**3).sum(),
    "outputs": lambda torch, x, y: (x * y[0], y.exp()),
}
OPTIONS = [{}, {"create_graph": True}, {"strict": True}, {"create_graph": True, "strict": True}]


def outcome(torch, name, *args, **options):
    try:
        result = getattr(torch.autograd.functional, name)(*args, **options)
    except Exception as raised:  # noqa: BLE001 - whichever it is, is what is compared
        return type(raised).__name__, str(raised)
    return result


@pytest.mark.parametrize("name", ["jacobian", "hessian", "vjp", "jvp", "vhp", "hvp"])
@pytest.mark.parametrize("tracked", [False, True])
def test_as_pytorch(name: str, tracked: bool):
    def run(torch):
        found = {}
        for fn, options in itertools.product(FUNCTIONS, OPTIONS):
            x = torch.tensor([1.0, 2.0], requires_grad=tracked)
            given = [lambda each, fn=fn: FUNCTIONS[fn](torch, each), x]
            if name in ("vjp", "jvp", "vhp", "hvp"):
                v = torch.tensor([0.5, -1.0])
                of_output = v if fn == "one" else (v, v[0]) if fn.startswith("two") else None
                given.append(of_output if name == "vjp" else v)
                found[fn, str(options), "no v"] = outcome(torch, name, *given[:2], **options)
            found[fn, str(options)] = outcome(torch, name, *given, **options)
        for fn, options in itertools.product(OF_TWO, OPTIONS):
            x, y = torch.tensor([1.0, 2.0], requires_grad=tracked), torch.tensor([3.0, 4.0])
            v = (torch.ones(2), torch.full((2,), 2.0))
            given = [lambda a, b, fn=fn: OF_TWO[fn](torch, a, b), (x, y)]
            if name in ("vjp", "jvp", "vhp", "hvp"):
                given.append(v if name != "vjp" or fn == "outputs" else None)
            found[fn, str(options)] = outcome(torch, name, *given, **options)
        return {str(key): value for key, value in found.items()}

    same(run)


def test_vectors_that_do_not_fit():
    def run(torch):
        f, x = lambda x: x**2, torch.ones(2)
        of = torch.autograd.functional
        return [
            error(of.vjp, f, x, torch.ones(3)),
            error(of.vjp, f, x, (torch.ones(2), torch.ones(2))),
            error(of.jvp, lambda x, y: x * y, (x, x), (torch.ones(2), torch.ones(3))),
            error(of.jvp, lambda x, y: x * y, (x, x), torch.ones(2)),
            error(of.jvp, f, x, 3),
            error(of.vhp, lambda x: x.sum(), x),
            error(of.jacobian, f, [x]),
            error(of.jacobian, f, (x, 3)),
        ]

    same(run)


def test_strategies():
    def run(torch):
        f, x = lambda x: x**2, torch.tensor([1.0, 2.0])
        of = torch.autograd.functional
        forward = {"strategy": "forward-mode"}
        if torch is torchlike:  # PyTorch's own warns of its compiler
            found = of.jacobian(f, x, vectorize=True, **forward)
            assert found.tolist() == of.jacobian(f, x).tolist()
        return [
            of.jacobian(f, x, vectorize=True),
            of.jacobian(lambda x, y: (x * y, x), (x, x), vectorize=True),
            of.jacobian(lambda x: (x, torch.ones(2)), x, vectorize=True),
            of.jacobian(lambda x: x**2, torch.tensor(3.0)),
            of.jacobian(lambda x: x.reshape(1, 2) * 2, x),
            of.hessian(lambda x: (x**3).sum(), x, vectorize=True),
            of.hessian(lambda x: x**3, torch.tensor(3.0)),
            error(of.jacobian, f, x, strict=True, vectorize=True),
            error(of.jacobian, f, x, strategy="sideways"),
            error(of.jacobian, f, x, **forward),
            error(of.jacobian, f, x, create_graph=True, **forward),
            error(of.jacobian, f, x, strict=True, **forward),
            error(of.hessian, f, x, outer_jacobian_strategy="sideways"),
        ]

    same(run)


def test_batches_of_cotangents():
    def run(torch):
        x, y = torch.tensor([1.0, 2.0], requires_grad=True), torch.tensor([3.0, 4.0], requires_grad=True)
        rows = torch.tensor([[1.0, 0.0], [0.0, 1.0], [2.0, 3.0]])
        grad = lambda *args, **options: torch.autograd.grad(*args, is_grads_batched=True, **options)
        z = x.exp() * y
        found = [
            grad(z, (x, y), (rows,), retain_graph=True),
            grad(z, x, rows, create_graph=True),
            grad((z, x * 2), x, (rows, rows), retain_graph=True),
            grad(x * 2, (x, y), (rows,), allow_unused=True),
            grad(x * 2, (x, y), (rows,), materialize_grads=True),
            error(grad, z, x, rows.t(), retain_graph=True),
            error(grad, x * 2, y, rows),
            error(grad, (z, x * 2), x, (rows, rows[:2])),
        ]
        grad(z, x, rows)
        return [*found, error(grad, z, x, rows)]

    same(run)
