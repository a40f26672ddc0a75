"""Functions of the user's own, against PyTorch: outputs, in-place changes, what is saved."""

from __future__ import annotations

import pytest

from tests.autograd.functions import grads, leaf, made, seen
from tests.nn.compare import error, same

CASES = []


def case(fn):
    CASES.append(fn)
    return fn


# ---------------------------------------------------------------------- outputs


@case
def outputs_that_are_not_all_tensors(torch):
    own = made(torch, lambda ctx, x: (x * 2, 5, None, "text", {"a": x}, [x * 3]), lambda ctx, *grads: grads[0] * 2)
    x = leaf(torch)
    got = own.apply(x)
    got[0].sum().backward()
    return [seen(got[0]), got[1:4], seen(got[4]["a"]), seen(got[5][0]), grads(torch, x)]


@case
def what_backward_gets_for_outputs_that_are_no_tensors(torch):
    own = made(torch, lambda ctx, x: (x * 2, 5, x * 3), lambda ctx, *grads: told.append(grads) or grads[0])
    told = []
    x = leaf(torch)
    own.apply(x)[0].sum().backward()
    return [[None if each is None else each.tolist() for each in told[0]]]


@case
def a_list_is_one_output(torch):
    got = made(torch, lambda ctx, x: [x * 2, x * 3]).apply(leaf(torch))
    return [type(got).__name__, [seen(each) for each in got]]


@case
def no_tensor_at_all(torch):
    x = leaf(torch)
    return [made(torch, lambda ctx, x: 3).apply(x), made(torch, lambda ctx, x: None).apply(x)]


@case
def integers_have_no_gradient(torch):
    x = leaf(torch)
    values, places = made(torch, lambda ctx, x: tuple(x.sort(descending=True)), lambda ctx, a, b: a).apply(x)
    values.sum().backward()
    return [seen(values), seen(places), grads(torch, x)]


@case
def without_inputs_that_require_grad(torch):
    x = torch.ones(2)
    own = made(torch, lambda ctx, x: told.append(ctx.needs_input_grad) or x * 2)
    told = []
    with torch.no_grad():
        under = own.apply(leaf(torch))
    return [seen(own.apply(x)), seen(under), told]


@case
def the_same_output_twice(torch):
    def run(ctx, x):
        y = x * 2
        return y, y

    x = leaf(torch)
    own = made(torch, run, lambda ctx, a, b: a * 2 + b * 20)
    first, second = own.apply(x)
    (first + second).sum().backward()
    return [first is second, seen(first), grads(torch, x)]


# ---------------------------------------------------------------------- inputs that are returned


@case
def an_input_as_it_is(torch):
    own = made(torch, lambda ctx, x, y: x, lambda ctx, grad: (grad * 5, grad * 7))
    x, y = leaf(torch), leaf(torch)
    got = own.apply(x, y)
    got.sum().backward()
    return [got is x, seen(got), grads(torch, x, y), got.data_ptr() == x.data_ptr()]


@case
def an_input_as_it_is_without_grad(torch):
    x = torch.ones(2)
    got = made(torch, lambda ctx, x: x).apply(x)
    with torch.no_grad():
        y = leaf(torch)
        other = made(torch, lambda ctx, x: x).apply(y)
    return [got is x, seen(got), other is y, seen(other), other.data_ptr() == y.data_ptr()]


@case
def one_of_two_inputs_without_grad(torch):
    own = made(torch, lambda ctx, x, y: (x, y), lambda ctx, a, b: (a * 2, b * 3))
    x, y = leaf(torch), torch.ones(3)
    first, second = own.apply(x, y)
    (first * 2 + second).sum().backward()
    return [seen(first), seen(second), grads(torch, x, y), y.requires_grad]


@case
def an_input_twice(torch):
    own = made(torch, lambda ctx, x: (x, x), lambda ctx, a, b: a * 2 + b * 3)
    x = leaf(torch)
    first, second = own.apply(x)
    (first + second).sum().backward()
    return [seen(first), seen(second), grads(torch, x)]


@case
def a_view_of_an_input(torch):
    own = made(torch, lambda ctx, x: x.view(-1)[:2], lambda ctx, grad: torch.cat([grad, grad[:1]]) * 3)
    x = leaf(torch)
    got = own.apply(x * 1)
    got.sum().backward()
    return [seen(got), grads(torch, x)]


@case
def a_returned_input_is_not_changed_in_place(torch):
    x = leaf(torch) * 1
    same, part = made(torch, lambda ctx, x: x), made(torch, lambda ctx, x: x[:2])
    both = made(torch, lambda ctx, x: (x, x[:2]), lambda ctx, a, b: a)
    found = [error(same.apply(x).add_, 1), error(part.apply(x).add_, 1), error(both.apply(x)[1].add_, 1)]
    view = part.apply(x)
    x.mul_(2)
    return [*found, error(lambda: view * 2)]


@case
def a_returned_input_can_be_written_to_without_grad(torch):
    x = torch.ones(3)
    got = made(torch, lambda ctx, x: x).apply(x)
    got.add_(1)
    return [x, got]


# ---------------------------------------------------------------------- in place


def add_in_place(torch, backward=lambda ctx, grad: (grad * 2, grad * 3)):
    def run(ctx, a, b):
        a.add_(b)
        ctx.mark_dirty(a)
        return a

    return made(torch, run, backward, "AddInPlace")


@case
def in_place(torch):
    x, y = leaf(torch), leaf(torch)
    a = x * 1
    got = add_in_place(torch).apply(a, y)
    got.sum().backward()
    return [got is a, seen(a), grads(torch, x, y), a._version]


@case
def in_place_on_a_view(torch):
    x, y = leaf(torch), leaf(torch, 4.0, 5.0)
    a = x * 10
    got = add_in_place(torch).apply(a[1:], y)
    (a * 2).sum().backward()
    return [seen(got)[:3], seen(a), grads(torch, x, y)]


@case
def in_place_on_a_view_of_what_needs_no_gradient(torch):
    a, y = torch.zeros(2, 2), leaf(torch, 4.0, 5.0)
    got = add_in_place(torch).apply(a[1], y)
    (a * 2).sum().backward()
    return [seen(got)[:3], seen(a), grads(torch, y)]


@case
def in_place_on_a_view_then_the_view_again(torch):
    x, y = leaf(torch), leaf(torch, 4.0, 5.0)
    a = x * 10
    view = a[1:]
    add_in_place(torch).apply(view, y)
    view.mul_(2)
    ((view * 3).sum() + a.sum()).backward()
    return [seen(view)[:3], seen(a), grads(torch, x, y)]


@case
def in_place_on_a_leaf(torch):
    own = add_in_place(torch)
    return [error(own.apply, leaf(torch), leaf(torch)), error(own.apply, leaf(torch)[:2], leaf(torch)[:2])]


@case
def in_place_on_a_leaf_without_grad(torch):
    x = torch.zeros(3)
    got = add_in_place(torch).apply(x, torch.ones(3))
    y = torch.zeros(3)
    z = leaf(torch)
    add_in_place(torch).apply(y, z)
    y.sum().backward()
    return [got is x, seen(x), seen(y), grads(torch, z)]


@case
def in_place_but_not_returned(torch):
    def run(ctx, a):
        a.add_(1)
        ctx.mark_dirty(a)
        return a * 1

    return error(made(torch, run).apply, leaf(torch) * 1)


@case
def in_place_on_a_view_with_two_outputs(torch):
    def run(ctx, a):
        a.add_(1)
        ctx.mark_dirty(a)
        return a, a * 2

    return error(made(torch, run, lambda ctx, a, b: a).apply, (leaf(torch) * 1)[1:])


@case
def in_place_with_two_outputs(torch):
    def run(ctx, a):
        a.mul_(2)
        ctx.mark_dirty(a)
        return a, a * 3

    x = leaf(torch)
    a = x * 1
    first, second = made(torch, run, lambda ctx, a, b: a * 2 + b * 6).apply(a)
    (first + second * 2).sum().backward()
    return [first is a, seen(first), seen(second), grads(torch, x)]


@case
def what_is_marked_dirty_counts_once_more(torch):
    def forward(ctx, a):
        ctx.mark_dirty(a)
        return a.add_(1)

    own = made(torch, forward)
    plain, tracked = torch.ones(3), leaf(torch) * 1
    view = plain[:2]
    return [own.apply(each)._version for each in (plain, tracked, view, torch.ones(2, dtype=torch.int64))] + [
        plain._version
    ]


@case
def mark_dirty_of_what_is_no_input(torch):
    def run(ctx, a):
        b = a * 2
        ctx.mark_dirty(b)
        return b

    x = leaf(torch)
    y = made(torch, run).apply(x)
    y.sum().backward()
    return [seen(y), grads(torch, x)]


@case
def mark_dirty_of_what_is_no_tensor(torch):
    return error(made(torch, lambda ctx, a: ctx.mark_dirty(3)).apply, leaf(torch))


# ---------------------------------------------------------------------- what ctx takes


@case
def save_for_backward(torch):
    def run(ctx, x, number):
        y = x.exp()
        between = x * 2
        ctx.save_for_backward(x, y, None, between)
        ctx.number, ctx.other = number, [1, 2]
        return y

    def back(ctx, grad):
        x, y, none, between = ctx.saved_tensors
        told.append([x.requires_grad, y.requires_grad, none, between.requires_grad, ctx.number, ctx.other, x is source])
        told.append([x.detach(), y.detach(), between, y.grad_fn is not None and y.grad_fn.name()])
        return grad * y * ctx.number, None

    told = []
    source = leaf(torch)
    y = made(torch, run, back).apply(source, 2.0)
    y.sum().backward()
    return [told, grads(torch, source), error(lambda: y.grad_fn.saved_tensors)]


@case
def saving_what_is_no_tensor(torch):
    return [
        error(made(torch, lambda ctx, x: (ctx.save_for_backward(x, 3), x * 2)).apply, leaf(torch)),
        error(made(torch, lambda ctx, x: (ctx.save_for_backward([x]), x * 2)).apply, leaf(torch)),
    ]


@case
def saving_twice_keeps_the_last(torch):
    def run(ctx, x):
        ctx.save_for_backward(x, x)
        ctx.save_for_backward(x * 3)
        return x * 2

    x = leaf(torch)
    made(torch, run, lambda ctx, grad: grad * ctx.saved_tensors[0]).apply(x).sum().backward()
    return grads(torch, x)


@case
def nothing_saved(torch):
    own = made(torch, lambda ctx, x: x * 2, lambda ctx, grad: told.append(ctx.saved_tensors) or grad)
    told = []
    y = own.apply(leaf(torch)).sum()
    y.backward()
    return [told, error(y.backward)]


@case
def a_second_backward(torch):
    def run(ctx, x):
        ctx.save_for_backward(x)
        return x * 2

    y = made(torch, run, lambda ctx, grad: grad * ctx.saved_tensors[0]).apply(leaf(torch))
    y.sum().backward(retain_graph=True)
    y.sum().backward()
    return error(y.sum().backward)


@case
def needs_input_grad(torch):
    def back(ctx, grad):
        told.append((type(ctx.needs_input_grad).__name__, ctx.needs_input_grad))
        return grad, None, None, grad

    told = []
    own = made(torch, lambda ctx, a, b, c, d: told.append(ctx.needs_input_grad) or a * 2, back)
    x, y = leaf(torch), leaf(torch)
    out = own.apply(x, torch.ones(3), 5, y)
    torch.autograd.grad(out.sum(), x, retain_graph=True)
    out.sum().backward()
    return told


@case
def mark_non_differentiable(torch):
    def run(ctx, x):
        y, z = x * 2, x * 3
        ctx.mark_non_differentiable(z)
        return y, z

    def back(ctx, *grads):
        told.extend(None if each is None else each.tolist() for each in grads)
        return grads[0]

    told = []
    x = leaf(torch)
    y, z = made(torch, run, back).apply(x)
    y.sum().backward()
    return [seen(y), seen(z), told, grads(torch, x)]


@case
def mark_non_differentiable_of_an_input(torch):
    def run(ctx, x):
        ctx.mark_non_differentiable(x)
        return x

    x = leaf(torch)
    got = made(torch, run).apply(x)
    return [seen(got), got is x, seen(x)]


@case
def in_place_and_non_differentiable(torch):
    def run(ctx, x):
        x.add_(1)
        ctx.mark_dirty(x)
        ctx.mark_non_differentiable(x)
        return x

    own, x, plain = made(torch, run), leaf(torch) * 1, torch.ones(2)
    got = own.apply(x)
    return [seen(got)[1:], seen(x)[1:], got is x, own.apply(plain) is plain, plain]


@case
def mark_non_differentiable_of_what_is_no_tensor(torch):
    return error(made(torch, lambda ctx, x: (ctx.mark_non_differentiable(1), x * 2)).apply, leaf(torch))


@case
def gradients_that_are_not_made(torch):
    def back(ctx, *grads):
        told.append([None if each is None else each.tolist() for each in grads])
        return grads[1]

    told = []
    for makes in (True, False):
        run = lambda ctx, x, makes=makes: (ctx.set_materialize_grads(makes), x * 2, x * 3)[1:]
        made(torch, run, back).apply(leaf(torch))[1].sum().backward()
    return told


@case
def attributes_of_the_node(torch):
    def run(ctx, x):
        ctx.note = "kept"
        return x * 2

    node = made(torch, run).apply(leaf(torch)).grad_fn
    node.metadata["own"] = 1
    return [node.note, node.name(), type(node).__name__, node.metadata, node.next_functions[0][0].name()]


@case
def setup_context(torch):
    def context(ctx, inputs, output):
        x, number = inputs
        ctx.number = number
        ctx.save_for_backward(x, output)

    def back(ctx, grad):
        x, y = ctx.saved_tensors
        return grad * ctx.number + y * 0, None

    own = made(torch, lambda x, number: x * number, back, setup_context=context)
    x = leaf(torch)
    (grad,) = torch.autograd.grad(own.apply(x, 3.0).sum(), x, create_graph=True)
    return [grad, grad.requires_grad]


@case
def setup_context_with_two_outputs(torch):
    told = []
    own = made(
        torch,
        lambda x: (x * 2, x * 3),
        lambda ctx, a, b: a * 2 + b * 3,
        setup_context=lambda ctx, inputs, output: told.append([type(inputs).__name__, type(output).__name__]),
    )
    x = leaf(torch)
    a, b = own.apply(x)
    (a + b).sum().backward()
    return [told, grads(torch, x)]


@pytest.mark.parametrize("fn", CASES, ids=lambda fn: fn.__name__)
def test_as_pytorch(fn):
    same(fn)
