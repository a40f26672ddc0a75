"""Hooks on tensors and nodes, against PyTorch: when they are called, with what, and what they may return."""

from __future__ import annotations

import warnings

import pytest

from tests.nn.compare import error, same

CASES = []


def case(fn):
    CASES.append(fn)
    return fn


def leaf(torch, *numbers):
    return torch.tensor(numbers or (1.0, 2.0, 3.0), requires_grad=True)


def plain(given):
    if isinstance(given, (tuple, list)):
        return [plain(each) for each in given]
    return None if given is None else given.tolist()


def noting(told, name):
    return lambda *given: told.append([name, plain(given)])


# ---------------------------------------------------------------------- tensors


@case
def retain_grad_comes_after_all_hooks(torch):
    x = leaf(torch)
    y = x * 2
    y.register_hook(lambda g: g + 1)
    y.retain_grad()
    y.register_hook(lambda g: g * 10)
    y.sum().backward(retain_graph=True)
    first = y.grad.tolist()
    y.sum().backward()
    return [first, y.grad, x.grad]


@case
def retain_grad_then_in_place(torch):
    x = leaf(torch)
    y = x * 2
    y.retain_grad()
    y.mul_(3)
    y.sum().backward(retain_graph=True)
    first = y.grad.tolist()
    y[0] = 7.0
    y.sum().backward()
    return [first, y.grad, x.grad, y.retains_grad]


@case
def retain_grad_of_a_view_whose_base_changes(torch):
    x = leaf(torch)
    y = x * 2
    v = y[1:]
    v.retain_grad()
    y.retain_grad()
    y.mul_(3)
    v.mul_(2)
    (v * 5).sum().backward()
    return [v.grad, y.grad, x.grad, v.retains_grad]


@case
def retain_grad_of_a_view_that_changes(torch):
    x = leaf(torch)
    y = x * 2
    v = y[1:]
    y.retain_grad()
    v.mul_(3)
    y.sum().backward()
    return [y.grad, x.grad]


@case
def a_graph_from_before_an_in_place_operation(torch):
    x = leaf(torch)
    y = x * 2
    y.retain_grad()
    z = (y + 1).sum()
    y.mul_(3)
    z.backward()
    return [y.grad, x.grad]


@case
def retain_grad_of_leaves_and_twice(torch):
    x = leaf(torch)
    x.retain_grad()
    y = x * 2
    y.retain_grad()
    y.retain_grad()
    y.sum().backward()
    return [x.retains_grad, y.retains_grad, y.grad, x.grad, error(torch.ones(1).retain_grad)]


@case
def retain_grad_under_create_graph(torch):
    x = leaf(torch)
    y = x * 2
    y.retain_grad()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # given once a process
        (y**2).sum().backward(create_graph=True)
    return [y.grad, y.grad.requires_grad]


@case
def retain_grad_and_grad(torch):
    x = leaf(torch)
    y = x * 2
    y.retain_grad()
    y.register_hook(lambda g: g * 10)
    got = torch.autograd.grad((y * 3).sum(), [y, x], retain_graph=True)
    other = torch.autograd.grad((y * 3).sum(), y)
    return [got, other, y.grad, x.grad]


@case
def captured_before_or_after_hooks(torch):
    x = leaf(torch)
    y = x * 2
    told = []
    y.register_hook(lambda g: told.append("y") or g * 10)
    x.register_hook(lambda g: told.append("x") or g * 100)
    z = (y * 3).sum()
    found = []
    for sources in ([y], [x], [x, y], [y, y]):
        found.append(torch.autograd.grad(z, sources, retain_graph=True))
        found.append(list(told))
        told.clear()
    z.backward(inputs=[x], retain_graph=True)
    z.backward(inputs=[y])
    return [found, told, x.grad, y.grad]


@case
def hooks_on_leaves_whose_gradients_are_asked_for(torch):
    x, told = leaf(torch), []
    x.register_post_accumulate_grad_hook(lambda p: told.append(plain(p.grad)))
    (x * 2).sum().backward(inputs=[x])
    torch.autograd.grad((x * 2).sum(), x)
    (x * 3).sum().backward()
    return [told, x.grad]


@case
def the_order_of_hooks(torch):
    told = []
    x = leaf(torch)
    y = x * 2
    node, accumulate = y.grad_fn, y.grad_fn.next_functions[0][0]
    accumulate.register_hook(noting(told, "leaf post"))
    accumulate.register_prehook(noting(told, "leaf pre"))
    x.register_post_accumulate_grad_hook(lambda p: told.append(["accumulated", plain(p.grad)]))
    x.register_hook(noting(told, "leaf 1"))
    x.register_hook(noting(told, "leaf 2"))
    node.register_hook(noting(told, "post"))
    node.register_prehook(noting(told, "pre"))
    y.register_hook(noting(told, "tensor"))
    y.sum().backward()
    return told


@case
def hooks_that_change_gradients(torch):
    x = leaf(torch)
    y = x * 2
    y.register_hook(lambda g: g * 3)
    y.grad_fn.register_prehook(lambda gs: (gs[0] * 5,))
    y.grad_fn.register_hook(lambda ins, outs: (ins[0] * 7, None)[: len(ins)])
    accumulate = y.grad_fn.next_functions[0][0]
    accumulate.register_prehook(lambda gs: (gs[0] * 11,))
    y.sum().backward()
    return [x.grad]


@case
def hooks_of_wrong_results(torch):
    found = []
    for hook in (
        lambda g: g[:2],
        lambda g: g.double(),
        lambda g: g.long(),
        lambda g: g.expand(2, 3),
        lambda g: 3,
        lambda g: (g,),
        lambda g: "text",
        lambda g: g.sum(),
    ):
        for place in "yx":
            x = leaf(torch)
            y = x * 2
            {"x": x, "y": y}[place].register_hook(hook)
            found.append(error(y.sum().backward))
    return found


@case
def node_hooks_of_wrong_results(torch):
    found = []
    for hook in (
        lambda gs: gs[0],
        lambda gs: (gs[0][:2],),
        lambda gs: (gs[0].double(),),
        lambda gs: (gs[0], gs[0]),
        lambda gs: (),
        lambda gs: (None,),
        lambda gs: 3,
    ):
        x = leaf(torch)
        y = x.exp()
        y.grad_fn.register_prehook(hook)
        try:
            y.sum().backward()
            found.append(plain(x.grad))
        except Exception as raised:  # noqa: BLE001 - whichever it is, is what is compared
            found.append([type(raised).__name__, str(raised)])
        y = x.exp()
        y.grad_fn.register_hook(lambda ins, outs, hook=hook: hook(ins))
        try:
            y.sum().backward()
            found.append(plain(x.grad))
        except Exception as raised:  # noqa: BLE001 - whichever it is, is what is compared
            found.append([type(raised).__name__, str(raised)])
    return found


@case
def accumulate_grad_hooks_with_results(torch):
    found = []
    for hook in (lambda ins, outs: None, lambda ins, outs: (), lambda ins, outs: outs):
        x = leaf(torch)
        (x * 2).grad_fn.next_functions[0][0].register_hook(hook)
        try:
            (x * 2).sum().backward()
            found.append(plain(x.grad))
        except Exception as raised:  # noqa: BLE001 - whichever it is, is what is compared
            found.append([type(raised).__name__, str(raised)])
    return found


@case
def post_accumulate_hooks(torch):
    x, told = leaf(torch), []
    handle = x.register_post_accumulate_grad_hook(lambda p: told.append([p is x, plain(p.grad)]))
    (x * 2).sum().backward()
    handle.remove()
    (x * 2).sum().backward()
    x.register_post_accumulate_grad_hook(lambda p: setattr(p, "grad", None))
    (x * 2).sum().backward()
    x.register_post_accumulate_grad_hook(lambda p: 3)
    return [told, x.grad, error((x * 2).sum().backward)]


@case
def hooks_without_grad(torch):
    x = torch.ones(2)
    y = leaf(torch) * 2
    return [
        error(x.register_hook, print),
        error(x.register_post_accumulate_grad_hook, print),
        error(y.register_post_accumulate_grad_hook, print),
    ]


@case
def removal_inside_a_hook(torch):
    told = []
    x = leaf(torch)
    y = x * 2

    def once(g):
        told.append("once")
        handle.remove()
        return g * 10

    handle = y.register_hook(once)
    y.register_hook(lambda g: told.append("always"))
    for _ in range(2):
        y.sum().backward(retain_graph=True)
    return [told, x.grad]


@case
def a_hook_removes_the_next(torch):
    told = []
    x = leaf(torch)
    x.register_hook(lambda g: handle.remove())
    handle = x.register_hook(lambda g: told.append("called"))
    (x * 2).sum().backward()
    (x * 2).sum().backward()
    return told


@case
def a_hook_adds_another(torch):
    told = []
    x = leaf(torch)
    x.register_hook(lambda g: x.register_hook(lambda g: told.append("new")) and None)
    (x * 2).sum().backward()
    first = list(told)
    (x * 2).sum().backward()
    return [first, told]


@case
def hooks_that_raise(torch):
    x = leaf(torch)
    y = x * 2

    def fails(g):
        raise KeyError("mine")

    handle = y.register_hook(fails)
    first = error(y.sum().backward)
    handle.remove()
    y.sum().backward()
    return [first, torch.is_grad_enabled(), x.grad]


@case
def hooks_of_a_leaf_after_in_place(torch):
    x, told = leaf(torch), []
    x.register_hook(noting(told, "leaf"))
    with torch.no_grad():
        x.mul_(2)
    (x * x).sum().backward()
    x.data.add_(1)
    (x * x).sum().backward()
    return [told, x.grad]


@case
def hooks_before_and_after_in_place(torch):
    told = []
    x = leaf(torch)
    y = x * 2
    y.register_hook(noting(told, "before"))
    y.mul_(3)
    y.register_hook(noting(told, "after"))
    y.sum().backward()
    return told


@case
def hooks_run_when_requires_grad_was_switched(torch):
    x, told = leaf(torch), []
    x.register_hook(noting(told, "leaf"))
    x.requires_grad_(False)
    x.requires_grad_(True)
    (x * 2).sum().backward()
    return [told, x.grad]


@case
def leaves_that_require_grad_no_longer(torch):
    found = []
    for switch in ("detach_", "requires_grad_"):
        x, w, told = leaf(torch), leaf(torch), []
        x.register_hook(noting(told, "tensor"))
        x.register_post_accumulate_grad_hook(lambda p, told=told: told.append("accumulated"))
        y = x * 2 + w
        x.detach_() if switch == "detach_" else x.requires_grad_(False)
        y.sum().backward()
        found.append([told, x.grad, w.grad])
        x.requires_grad_()
        (x * 3).sum().backward()
        found.append([told, x.grad])
    plain = leaf(torch)
    y = plain * 2
    plain.requires_grad_(False)
    y.sum().backward(retain_graph=True)
    first = plain.grad
    plain.requires_grad_()
    y.sum().backward()
    return [found, first, plain.grad]


@case
def hooks_of_one_of_several_outputs(torch):
    told = []
    x = leaf(torch)
    a, b = torch.stack([x, x]).unbind(0)
    a.register_hook(noting(told, "a"))
    b.register_hook(noting(told, "b"))
    a.grad_fn.register_prehook(noting(told, "both"))
    (a * 2).sum().backward()
    return [told, x.grad]


@case
def grad_modes_in_hooks(torch):
    told = []
    x = leaf(torch)
    y = x * 2
    y.register_hook(lambda g: told.append([torch.is_grad_enabled(), g.requires_grad]))
    (y**2).sum().backward(retain_graph=True)
    torch.autograd.grad((y**2).sum(), x, create_graph=True)
    return told


@case
def in_place_on_the_gradient_in_a_hook(torch):
    x = leaf(torch)
    y = x * 2

    def hook(grad):
        grad.mul_(5)

    y.register_hook(hook)
    (y * 3).sum().backward()
    return [x.grad]


@case
def a_backward_within_a_hook(torch):
    x, w = leaf(torch), leaf(torch)
    y = x * 2

    def hook(grad):
        with torch.enable_grad():
            (w * 3).sum().backward()

    y.register_hook(hook)
    y.sum().backward()
    return [x.grad, w.grad]


@case
def handles(torch):
    x = leaf(torch)
    with x.register_hook(lambda g: g * 10) as handle:
        (x * 1).sum().backward()
    (x * 1).sum().backward()
    handle.remove()
    return [x.grad, type(handle).__name__]


@case
def undefined_gradients(torch):
    told = []
    x = leaf(torch)
    y = x * 2
    y.register_hook(noting(told, "y"))
    own = type(
        "Own",
        (torch.autograd.Function,),
        {"forward": staticmethod(lambda ctx, x: x * 2), "backward": staticmethod(lambda ctx, g: None)},
    )
    own.apply(y).sum().backward()
    return [told, x.grad]


@case
def a_function_s_node(torch):
    told = []
    own = type(
        "Own",
        (torch.autograd.Function,),
        {"forward": staticmethod(lambda ctx, x, n: x * 2), "backward": staticmethod(lambda ctx, g: (g * 2, None))},
    )
    x = leaf(torch)
    y = own.apply(x, 3)
    y.grad_fn.register_hook(noting(told, "post"))
    y.grad_fn.register_prehook(noting(told, "pre"))
    y.sum().backward()
    return told


# ---------------------------------------------------------------------- modules


@case
def module_hooks(torch):
    told = []
    net = torch.nn.Sequential(torch.nn.Linear(2, 2, bias=False), torch.nn.ReLU())
    with torch.no_grad():
        net[0].weight.copy_(torch.tensor([[1.0, 2.0], [3.0, 4.0]]))
    net.register_full_backward_pre_hook(lambda m, outs: told.append(["pre", plain(outs)]) or (outs[0] * 2,))
    net.register_full_backward_hook(lambda m, ins, outs: told.append(["post", plain(ins), plain(outs)]))
    net[0].register_full_backward_hook(lambda m, ins, outs: (ins[0] * 10,))
    x = leaf(torch, 1.0, 1.0)
    y = net(x)
    y.sum().backward()
    return [told, x.grad, net[0].weight.grad, y.grad_fn.name()]


@case
def module_hooks_of_wrong_results(torch):
    found = []
    for hook in (lambda m, i, o: (i[0], i[0]), lambda m, i, o: (i[0][:1],), lambda m, i, o: 3, lambda m, i, o: (None,)):
        net = torch.nn.ReLU()
        net.register_full_backward_hook(hook)
        x = leaf(torch)
        try:
            net(x).sum().backward()
            found.append(plain(x.grad))
        except Exception as raised:  # noqa: BLE001 - whichever it is, is what is compared
            found.append([type(raised).__name__, str(raised)])
    return found


@pytest.mark.parametrize("fn", CASES, ids=lambda fn: fn.__name__)
def test_as_pytorch(fn):
    same(fn)
