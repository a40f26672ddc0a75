"""Hooks of modules, against PyTorch."""

from __future__ import annotations

from collections import namedtuple

import pytest

from tests.nn.compare import det, error, filled, make_net, same

CASES = []


def case(fn):
    CASES.append(fn)
    return fn


@case
def forward_hooks(torch):
    net, seen = make_net(torch), []

    def pre(module, args):
        seen.append(("pre", len(args)))
        return args[0] + 1

    def pre_kwargs(module, args, kwargs):
        seen.append(("pre kwargs", sorted(kwargs)))
        return args, {"scale": 2.0}

    def post(module, args, output):
        seen.append(("post", args[0].tolist()))
        return output * 2

    def post_kwargs(module, args, kwargs, output):
        seen.append(("post kwargs", kwargs))

    handles = [
        net.register_forward_pre_hook(pre),
        net.register_forward_pre_hook(pre_kwargs, with_kwargs=True, prepend=True),
        net.register_forward_hook(post),
        net.register_forward_hook(post_kwargs, with_kwargs=True, prepend=True),
    ]
    hooked = net(torch.zeros(1, 2))
    for handle in handles:
        handle.remove()
    left = [len(each) for each in (net._forward_hooks, net._forward_pre_hooks, net._forward_hooks_with_kwargs)]
    return [hooked, seen, net(torch.zeros(1, 2)), left]


@case
def a_hook_as_a_context(torch):
    net, seen = torch.nn.ReLU(), []
    with net.register_forward_hook(lambda *_: seen.append(1)) as handle:
        net(torch.ones(1))
    net(torch.ones(1))
    return [seen, type(handle).__name__]


@case
def a_bad_pre_hook(torch):
    net = torch.nn.ReLU()
    net.register_forward_pre_hook(lambda module, args, kwargs: 1, with_kwargs=True)
    return error(net, torch.ones(1))


@case
def hooks_that_are_always_called(torch):
    class Failing(torch.nn.Module):
        def forward(self, x):
            raise ValueError("failed")

    def again(module, args, output):
        raise TypeError("again")

    net, seen = Failing(), []
    net.register_forward_hook(lambda module, args, output: seen.append("never"))
    net.register_forward_hook(lambda module, args, output: seen.append(output), always_call=True)
    net.register_forward_hook(
        lambda module, args, kwargs, output: seen.append(kwargs), always_call=True, with_kwargs=True
    )
    net.register_forward_hook(again, always_call=True)
    return [error(net, 1), seen]


@case
def an_always_called_hook_is_called_once(torch):
    net, seen = torch.nn.ReLU(), []

    def fail(module, args, output):
        raise ValueError("failed")

    net.register_forward_hook(lambda *_: seen.append(1), always_call=True)
    net.register_forward_hook(fail)
    return [error(net, torch.ones(1)), seen]


@case
def hooks_for_all_modules(torch):
    module, seen = torch.nn.modules.module, []
    handles = [
        module.register_module_forward_pre_hook(lambda own, args: seen.append(("pre", type(own).__name__))),
        module.register_module_forward_hook(lambda own, args, output: seen.append(("post", type(own).__name__))),
        module.register_module_forward_hook(lambda own, args, kwargs, output: output + 1, with_kwargs=True),
    ]
    try:
        result = torch.nn.Sequential(torch.nn.ReLU(), torch.nn.Tanh())(torch.zeros(1))
    finally:
        for handle in handles:
            handle.remove()
    torch.nn.ReLU()(torch.zeros(1))
    return [result, seen]


@case
def backward_hooks(torch):
    net, seen = make_net(torch), []

    def pre(module, outputs):
        seen.append(("pre", outputs))
        return (outputs[0] * 2,)

    def post(module, inputs, outputs):
        seen.append(("post", inputs, outputs))
        return tuple(None if each is None else each * 3 for each in inputs)

    handles = [net.register_full_backward_pre_hook(pre), net.register_full_backward_hook(post)]
    x = det(torch, 1, 2).requires_grad_()
    net(x, 2.0).sum().backward()
    for handle in handles:
        handle.remove()
    first = x.grad.clone()
    net(x).sum().backward()
    return [first, x.grad, net.weight.grad, seen]


@case
def backward_hooks_of_inner_modules(torch):
    net, seen = torch.nn.Sequential(torch.nn.Linear(2, 2), torch.nn.ReLU(), torch.nn.Linear(2, 1)), []
    filled(torch, net)
    for name, module in net.named_children():
        module.register_full_backward_hook(lambda own, inputs, outputs, name=name: seen.append((name, inputs, outputs)))
    net(det(torch, 3, 2).requires_grad_()).sum().backward()
    return seen


@case
def backward_hooks_without_gradients_of_inputs(torch):
    net, seen = filled(torch, torch.nn.Linear(2, 1)), []
    net.register_full_backward_hook(lambda module, inputs, outputs: seen.append((inputs, outputs)))
    net(det(torch, 1, 2)).sum().backward()
    with torch.no_grad():
        net(det(torch, 1, 2))
    return [seen, net.weight.grad]


@case
def bad_backward_hooks(torch):
    def run(register, returned, needs=True):
        net = filled(torch, torch.nn.Linear(2, 1))
        getattr(net, register)(lambda *_: returned)
        return error(net(det(torch, 1, 2).requires_grad_(needs)).sum().backward)

    two = (torch.ones(1, 2), torch.ones(1, 2))
    return [
        run("register_full_backward_hook", two),
        run("register_full_backward_pre_hook", two),
        run("register_full_backward_hook", (torch.ones(1, 2),), needs=False),
    ]


@case
def backward_hooks_of_several_inputs_and_outputs(torch):
    class Net(torch.nn.Module):
        def forward(self, x, number, y):
            return x * number, "text", y * 2

    net, seen = Net(), []
    net.register_full_backward_hook(lambda module, inputs, outputs: seen.append((inputs, outputs)))
    x, y = det(torch, 2).requires_grad_(), det(torch, 2)
    first, text, second = net(x, 3.0, y)
    first.sum().backward()
    return [seen, text, second, x.grad]


@case
def backward_hooks_where_no_gradient_comes(torch):
    class Net(torch.nn.Module):
        def forward(self, x, y):
            return x * 2, y * 3

    net, seen = Net(), []
    net.register_full_backward_hook(lambda module, inputs, outputs: seen.append((inputs, outputs)))
    x, y = det(torch, 2).requires_grad_(), det(torch, 2).requires_grad_()
    net(x, y)[0].sum().backward()
    return [seen, x.grad, y.grad]


@case
def backward_hooks_of_named_tuples(torch):
    Pair = namedtuple("Pair", "first second")

    class Net(torch.nn.Module):
        def forward(self, x):
            return Pair(x * 2, x * 3)

    net, seen = Net(), []
    net.register_full_backward_hook(lambda module, inputs, outputs: seen.append((inputs, outputs)))
    result = net(det(torch, 2).requires_grad_())
    result.first.sum().backward()
    return [seen, type(result).__name__]


@case
def nodes_of_backward_hooks(torch):
    net = torch.nn.ReLU()
    net.register_full_backward_hook(lambda *_: None)
    return net(det(torch, 2).requires_grad_()).grad_fn.name()


@case
def backward_hooks_of_other_outputs(torch):
    class Net(torch.nn.Module):
        def forward(self, x):
            return {"y": x * 2}

    net, seen = Net(), []
    net.register_full_backward_hook(lambda *_: seen.append(1))
    net(det(torch, 2).requires_grad_())["y"].sum().backward()
    return seen


@case
def old_backward_hooks(torch):
    net, seen = filled(torch, torch.nn.Linear(2, 1)), []
    handle = net.register_backward_hook(lambda module, inputs, outputs: seen.append((len(inputs), outputs)))
    net(det(torch, 1, 2).requires_grad_()).sum().backward()
    handle.remove()
    return [seen, error(net.register_full_backward_hook, lambda *_: None)]


@case
def old_and_new_backward_hooks(torch):
    net = torch.nn.ReLU()
    net.register_full_backward_hook(lambda *_: None)
    return error(net.register_backward_hook, lambda *_: None)


@case
def old_backward_hooks_that_miss_something(torch):
    class Net(torch.nn.Module):
        def __init__(self, fn):
            super().__init__()
            self.fn = fn
            self.register_backward_hook(lambda *_: None)

        def forward(self, x):
            return self.fn(x)

    x = det(torch, 2).requires_grad_()
    Net(lambda x: (x * 2).exp())(x)
    Net(lambda x: [x * 2])(x)
    Net(lambda x: {"y": x * 2})(x)
    Net(lambda x: (x * 2, x * 3))(x)
    Net(lambda x: x[0] * 2)([x])
    return []


@case
def backward_hooks_for_all_modules(torch):
    module, seen = torch.nn.modules.module, []
    handles = [
        module.register_module_full_backward_hook(lambda own, inputs, outputs: seen.append(type(own).__name__)),
        module.register_module_full_backward_pre_hook(lambda own, outputs: seen.append("pre " + type(own).__name__)),
    ]
    try:
        torch.nn.Sequential(torch.nn.ReLU(), torch.nn.Tanh())(det(torch, 2).requires_grad_()).sum().backward()
        refused = error(module.register_module_backward_hook, lambda *_: None)
    finally:
        for handle in handles:
            handle.remove()
    return [seen, refused]


@case
def a_second_backward_through_hooks(torch):
    net, seen = make_net(torch), []
    net.register_full_backward_hook(lambda module, inputs, outputs: seen.append(inputs))
    x = det(torch, 1, 2).requires_grad_()
    loss = net(x).pow(2).sum()
    loss.backward(retain_graph=True)
    loss.backward()
    return [seen, x.grad]


@case
def differentiating_through_hooks(torch):
    net = make_net(torch)
    net.register_full_backward_hook(lambda module, inputs, outputs: None)
    x = det(torch, 1, 2).requires_grad_()
    (grad,) = torch.autograd.grad(net(x).pow(2).sum(), x, create_graph=True)
    return [grad.detach(), torch.autograd.grad(grad.sum(), x)[0]]


@pytest.mark.parametrize("fn", CASES, ids=lambda fn: fn.__name__)
def test_as_in_pytorch(fn) -> None:
    same(fn)
