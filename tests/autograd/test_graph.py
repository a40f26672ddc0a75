"""`torch.autograd.graph`, against PyTorch: hooks on what is saved, on several tensors; edges."""

from __future__ import annotations

import pytest

from tests.nn.compare import error, same

CASES = []


def case(fn):
    CASES.append(fn)
    return fn


def leaf(torch, *numbers):
    return torch.tensor(numbers or (1.0, 2.0, 3.0), requires_grad=True)


@case
def packing_and_unpacking(torch):
    told = []
    x, w = leaf(torch), leaf(torch)

    def pack(tensor):
        told.append(
            [
                "pack",
                tensor.detach(),
                tensor.requires_grad,
                any(tensor is each for each in (x, w)),
                torch.is_grad_enabled(),
            ]
        )
        return tensor.detach() * 2

    def unpack(made):
        told.append(["unpack", made, torch.is_grad_enabled()])
        return made / 2

    with torch.autograd.graph.saved_tensors_hooks(pack, unpack):
        y = x * w
        z = (y + 1) * 2
    told.append("/")
    z.sum().backward(retain_graph=True)
    z.sum().backward()
    return [told, x.grad, w.grad, error(z.sum().backward)]


@case
def what_is_unpacked_is_used(torch):
    x, w = leaf(torch), leaf(torch)
    with torch.autograd.graph.saved_tensors_hooks(lambda t: t.detach() + 10, lambda t: t):
        y = x * w
    y.sum().backward()
    return [x.grad, w.grad]


@case
def hooks_that_do_not_fit(torch):
    of, x = torch.autograd.graph, leaf(torch)

    def fails(tensor):
        raise KeyError("mine")

    found = []
    for pack, unpack in ((lambda t: t.mul_(2), lambda t: t), (lambda t: t, lambda t: 3), (fails, lambda t: t)):
        with of.saved_tensors_hooks(pack, unpack):
            try:
                (x * (x * 2)).sum().backward()
            except Exception as raised:  # noqa: BLE001 - whichever it is, is what is compared
                found.append([type(raised).__name__, str(raised)])
    with of.saved_tensors_hooks(lambda t: t, fails):
        y = (x * x).sum()
    return [*found, error(y.backward)]


@case
def only_the_innermost_pair(torch):
    told, x = [], leaf(torch)
    noting = lambda name: torch.autograd.graph.saved_tensors_hooks(lambda t: told.append(name) or t, lambda t: t)
    with noting("outer"):
        y = x * x
        with noting("inner"):
            z = y * y
        z = z * z
    z.sum().backward()
    return [told, x.grad]


@case
def without_grad_nothing_is_saved(torch):
    told, x = [], leaf(torch)
    with torch.autograd.graph.saved_tensors_hooks(lambda t: told.append(1), lambda t: t):
        with torch.no_grad():
            x * x
        torch.ones(2) * torch.ones(2)
        x + 1
    return told


@case
def what_a_function_saves(torch):
    told = []
    methods = {
        "forward": staticmethod(lambda ctx, x: (ctx.save_for_backward(x, x * 3), x * 2)[1]),
        "backward": staticmethod(lambda ctx, g: g * ctx.saved_tensors[1]),
    }
    own = type("Own", (torch.autograd.Function,), methods)
    x = leaf(torch)
    with torch.autograd.graph.saved_tensors_hooks(lambda t: told.append(t.detach()) or t.detach(), lambda t: t + 1):
        y = own.apply(x)
    y.sum().backward()
    return [told, x.grad]


@case
def saving_on_the_cpu(torch):
    x = leaf(torch)
    with torch.autograd.graph.save_on_cpu(pin_memory=False):
        y = (x * x).exp()
    y.sum().backward()
    return x.grad


@case
def switching_hooks_off(torch):
    of, x = torch.autograd.graph, leaf(torch)
    with of.disable_saved_tensors_hooks("not here"):
        first = error(of.saved_tensors_hooks(lambda t: t, lambda t: t).__enter__)
        with of.disable_saved_tensors_hooks("nor here"):
            second = error(of.save_on_cpu().__enter__)
        third = error(of.save_on_cpu().__enter__)
        y = x * x
    with of.saved_tensors_hooks(lambda t: t, lambda t: t):
        fourth = error(of.disable_saved_tensors_hooks("no").__enter__)
    return [first, second, third, fourth, y]


@case
def changing_what_is_saved(torch):
    x = leaf(torch)
    with torch.autograd.graph.allow_mutation_on_saved_tensors() as context:
        y = x * 1
        z = (y**2).sum()
        y.sin_()
        z.backward()
        context.clear()
        nested = error(torch.autograd.graph.allow_mutation_on_saved_tensors().__enter__)
    return [x.grad, nested]


@case
def edges(torch):
    of, x = torch.autograd.graph, leaf(torch)
    y = x * 2
    first, second = of.get_gradient_edge(x), of.get_gradient_edge(y)
    z = (y**2).sum()
    return [
        type(first).__name__,
        [first.node.name(), first.output_nr, second.node is y.grad_fn, len(first)],
        torch.autograd.grad(z, [first, second], retain_graph=True),
        torch.autograd.grad(second, x, torch.ones(3), retain_graph=True),
        error(torch.autograd.grad, second, x),
        error(of.get_gradient_edge, torch.ones(2)),
        isinstance(y.grad_fn, of.Node),
        isinstance(first.node, of.Node),
    ]


@case
def gradients_by_dictionary(torch):
    from collections import OrderedDict

    x, y = leaf(torch), leaf(torch)
    z = (x * y).sum()
    found = torch.autograd.grad(z, {"x": x, "y": y}, retain_graph=True)
    wrong = error(torch.autograd.grad, z, OrderedDict(x=x), retain_graph=True)
    z.backward(inputs={"y": y})
    return [found, wrong, x.grad, y.grad, error(torch.autograd.grad, z, []), error(torch.autograd.grad, z, {})]


@case
def hooks_on_several_tensors(torch):
    told = []
    note = lambda grads: told.append([None if each is None else each.tolist() for each in grads])
    a, b = leaf(torch), leaf(torch)
    c, d = a * b, a * b
    handle = torch.autograd.graph.register_multi_grad_hook((a, b, c, d), note)
    c.sum().backward(retain_graph=True)
    c.sum().backward(inputs=(a,), retain_graph=True)
    (c + d).sum().backward(retain_graph=True)
    handle.remove()
    c.sum().backward()
    return [told, type(handle).__mro__[1].__name__]


@case
def hooks_on_the_first_of_several(torch):
    told = []
    a, b = leaf(torch), leaf(torch)
    c = a * b
    of = torch.autograd.graph
    of.register_multi_grad_hook((a, b, c), lambda grad: told.append(grad.tolist()), mode="any")
    (c * 2).sum().backward(retain_graph=True)
    (c * 3).sum().backward()
    return [told, error(of.register_multi_grad_hook, (a,), print, mode="some")]


@case
def versions(torch):
    x, y = torch.ones(2), torch.ones(2)
    torch.autograd.graph.increment_version(x)
    torch.autograd.graph.increment_version([x, y])
    return [x._version, y._version]


@pytest.mark.parametrize("fn", CASES, ids=lambda fn: fn.__name__)
def test_as_pytorch(fn):
    same(fn)
