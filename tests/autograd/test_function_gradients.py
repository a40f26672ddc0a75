"""Functions of the user's own, against PyTorch: gradients, other forms, errors."""

from __future__ import annotations

import pytest

from tests.autograd.functions import grads, leaf, made, seen
from tests.nn.compare import error, same

CASES = []


def case(fn):
    CASES.append(fn)
    return fn


# ---------------------------------------------------------------------- gradients


@case
def a_wrong_number_of_gradients(torch):
    def run(back):
        return made(torch, lambda ctx, x, y: x * 2, back).apply(leaf(torch), torch.ones(3)).sum()

    wrong = (lambda ctx, g: (), lambda ctx, g: (g, g, g), lambda ctx, g: None, lambda ctx, g: [g, g])
    return [error(run(back).backward) for back in wrong]


@case
def more_gradients_that_are_none(torch):
    x = leaf(torch)
    made(torch, lambda ctx, x: x * 2, lambda ctx, g: (g, None, None)).apply(x).sum().backward()
    return grads(torch, x)


@case
def a_gradient_for_what_is_no_tensor(torch):
    y = made(torch, lambda ctx, x, n: x * n, lambda ctx, g: (g, g)).apply(leaf(torch), 2.0)
    return error(y.sum().backward)


@case
def a_gradient_for_what_needs_none(torch):
    x, y = leaf(torch), torch.ones(3)
    made(torch, lambda ctx, x, y: x * y, lambda ctx, g: (g, g)).apply(x, y).sum().backward()
    return grads(torch, x, y)


@case
def gradients_of_wrong_shape(torch):
    shapes = [lambda g: g[:2], lambda g: g.expand(4, 3), lambda g: g.sum(), lambda g: g[:1], lambda g: g.view(3, 1)]
    found = []
    for back in shapes:
        x = leaf(torch)
        y = made(torch, lambda ctx, x: x * 2, lambda ctx, g, back=back: back(g)).apply(x)
        try:
            y.sum().backward()
            found.append(grads(torch, x))
        except RuntimeError as raised:
            found.append(str(raised))
    return found


@case
def gradients_of_other_dtypes(torch):
    found = []
    for dtype in (torch.float64, torch.float16, torch.int64, torch.bool, torch.complex64):
        x = leaf(torch)
        y = made(torch, lambda ctx, x: x * 2, lambda ctx, g, dtype=dtype: (g * 2).to(dtype)).apply(x)
        try:
            y.sum().backward()
            found.append([str(x.grad.dtype), x.grad.tolist()])
        except RuntimeError as raised:
            found.append(str(raised))
    return found


@case
def a_gradient_that_is_no_tensor(torch):
    return [
        error(made(torch, lambda ctx, x: x * 2, lambda ctx, g: "text").apply(leaf(torch)).sum().backward),
        error(made(torch, lambda ctx, x: x * 2, lambda ctx, g: (3.0,)).apply(leaf(torch)).sum().backward),
    ]


@case
def no_gradient_at_all(torch):
    x = leaf(torch)
    made(torch, lambda ctx, x: x * 2, lambda ctx, g: None).apply(x).sum().backward()
    return grads(torch, x)


@case
def once_differentiable(torch):
    back = torch.autograd.function.once_differentiable(lambda ctx, g: g * ctx.saved_tensors[0])

    def run(ctx, x):
        ctx.save_for_backward(x)
        return x * 2

    own = made(torch, run, back)
    x = leaf(torch)
    (grad,) = torch.autograd.grad(own.apply(x).sum(), x, create_graph=True)
    y = own.apply(x)
    (other,) = torch.autograd.grad((y * y).sum(), x, create_graph=True)
    return [seen(grad), other.requires_grad, other.grad_fn.name(), error(other.sum().backward)]


@case
def the_grad_mode_of_both(torch):
    told = []

    def run(ctx, x):
        told.append(torch.is_grad_enabled())
        return x * 2

    def back(ctx, g):
        told.append([torch.is_grad_enabled(), g.requires_grad])
        return g * 2

    x = leaf(torch)
    own = made(torch, run, back)
    own.apply(x).sum().backward()
    torch.autograd.grad((own.apply(x) ** 2).sum(), x, create_graph=True)
    return told


@case
def twice_through_a_function(torch):
    def run(ctx, x):
        y = x**3
        ctx.save_for_backward(x, y)
        return y

    def back(ctx, g):
        x, y = ctx.saved_tensors
        return g * 3 * y / x

    x = leaf(torch)
    (first,) = torch.autograd.grad(made(torch, run, back).apply(x).sum(), x, create_graph=True)
    (second,) = torch.autograd.grad(first.sum(), x, create_graph=True)
    (third,) = torch.autograd.grad(second.sum(), x)
    return [first, second, third]


@case
def one_within_another(torch):
    inner = made(torch, lambda ctx, x: x * 2, lambda ctx, g: g * 20, "Inner")
    outer = made(torch, lambda ctx, x: inner.apply(x) * 3, lambda ctx, g: inner.apply(g) * 3, "Outer")
    x = leaf(torch)
    y = outer.apply(x)
    y.sum().backward()
    return [seen(y), grads(torch, x)]


@case
def a_gradient_within_backward(torch):
    def run(ctx, x):
        ctx.save_for_backward(x)
        return x.detach() ** 2

    def back(ctx, g):
        with torch.enable_grad():
            x = ctx.saved_tensors[0].detach().requires_grad_()
            y = x**2
        return torch.autograd.grad(y, x, g)[0]

    x = leaf(torch)
    made(torch, run, back).apply(x).sum().backward()
    return grads(torch, x)


@case
def a_forward_with_its_own_tape(torch):
    def run(ctx, x):
        with torch.enable_grad():
            return x * 2

    x = leaf(torch)
    y = made(torch, run, lambda ctx, g: g * 7).apply(x)
    y.sum().backward()
    return [seen(y), grads(torch, x)]


@case
def what_a_saved_tensor_was_is_what_backward_gets(torch):
    def run(ctx, x):
        ctx.save_for_backward(x)
        return x * 1

    x = torch.tensor([1.0, 2.0])
    w = leaf(torch, 1.0, 1.0)
    y = made(
        torch, lambda ctx, w, x: (ctx.save_for_backward(x), w * x)[1], lambda ctx, g: (g * ctx.saved_tensors[0], None)
    )
    z = y.apply(w, x)
    z.sum().backward()
    return grads(torch, w)


# ---------------------------------------------------------------------- forms and mistakes


@case
def vjp_in_the_place_of_backward(torch):
    methods = {"forward": staticmethod(lambda ctx, x: x * 2), "vjp": staticmethod(lambda ctx, g: g * 5)}
    x = leaf(torch)
    type("Own", (torch.autograd.Function,), methods).apply(x).sum().backward()
    both = type("Both", (torch.autograd.Function,), {**methods, "backward": methods["vjp"]})
    return [grads(torch, x), error(both.apply(x).sum().backward)]


@case
def methods_for_other_modes_do_no_harm(torch):
    own = made(torch, lambda ctx, x: x * 2, lambda ctx, g: g * 2, jvp=lambda ctx, t: t, vmap=lambda *a: 1 / 0)
    x = leaf(torch)
    own.apply(x).sum().backward()
    return [grads(torch, x), own.generate_vmap_rule]


@case
def without_forward_or_backward(torch):
    x = leaf(torch)
    no_backward = type("Own", (torch.autograd.Function,), {"forward": staticmethod(lambda ctx, x: x * 2)})
    return [
        error(type("Own", (torch.autograd.Function,), {}).apply, x),
        error(no_backward.apply(x).sum().backward),
        no_backward.apply(x.detach()),
    ]


@case
def keywords(torch):
    def run(ctx, x, n=2, m=1, *, y=None):
        told.append(ctx.needs_input_grad)
        return x * n * m

    told = []
    own, x = made(torch, run, lambda ctx, g: g), leaf(torch)
    good = [own.apply(x, n=3), own.apply(x=x), own.apply(n=3, x=x)]
    wrong = [
        error(own.apply, x, y=x),
        error(own.apply, x, m=5),
        error(own.apply, x, z=1),
        error(own.apply),
        error(own.apply, x, x=x),
    ]
    split = made(torch, lambda x, n=2: x * n, setup_context=lambda ctx, inputs, output: told.append(inputs[1:]))
    by_keyword = made(torch, lambda x, *, n=2: x * n, setup_context=lambda ctx, inputs, output: None)
    return [good, wrong, split.apply(x), split.apply(n=4, x=x), told, error(by_keyword.apply, x), error(split.apply)]


@case
def non_static(torch):
    class Old(torch.autograd.Function):
        def forward(self, x):
            return x * 2

        def backward(self, grad):
            return grad * 2

    return [error(Old(), leaf(torch)), Old.apply(leaf(torch))]


@case
def instances(torch):
    own = made(torch, lambda ctx, x: x * 2)
    return [error(own(), leaf(torch))]


@case
def errors_inside(torch):
    def fails(ctx, *args):
        raise KeyError("mine")

    x = leaf(torch)
    y = made(torch, lambda ctx, x: x * 2, fails).apply(x)
    return [error(made(torch, fails).apply, x), error(y.sum().backward), torch.is_grad_enabled(), grads(torch, x)]


@case
def tensors_within_lists_are_not_seen(torch):
    x = leaf(torch)
    return seen(made(torch, lambda ctx, xs: xs[0] * 2).apply([x]))


@case
def the_context_is_the_node(torch):
    told = []
    own = made(torch, lambda ctx, x: told.append(ctx) or x * 2)
    y = own.apply(leaf(torch))
    names = [each.__name__ for each in type(told[0]).__mro__]
    return [told[0] is y.grad_fn, names[0], "FunctionCtx" in names, own.__name__]


@pytest.mark.parametrize("fn", CASES, ids=lambda fn: fn.__name__)
def test_as_pytorch(fn):
    same(fn)
