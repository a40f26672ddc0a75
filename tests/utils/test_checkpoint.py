"""Checkpointed parts give PyTorch's gradients, compute again, and keep nothing."""

import warnings

import numpy as np
import pytest

import torchlike
from tests.nn.compare import error, same
from tests.support import check_op


def part(torch, x, w):
    return torch.tanh(x @ w).relu() * x.sin(), {"more": [x * 2]}


def test_gradients_are_those_of_the_part_itself():
    def run(torch, x, w):
        from_part, more = torch.utils.checkpoint.checkpoint(part, torch, x, w, use_reentrant=False)
        return (from_part + more["more"][0]).sum() * 2

    check_op([(4, 4), (4, 4)], run, orders=2)


@pytest.mark.parametrize("reentrant", [True, False])
def test_a_network_learns_alike(reentrant):
    torch = pytest.importorskip("torch")

    def grads(lib, checkpointed):
        lib.manual_seed(0)
        net = lib.nn.Sequential(*[lib.nn.Sequential(lib.nn.Linear(6, 6), lib.nn.Tanh()) for _ in range(4)])
        x = lib.linspace(-1, 1, 30).view(5, 6).requires_grad_()
        y = lib.utils.checkpoint.checkpoint_sequential(net, 2, x, use_reentrant=reentrant) if checkpointed else net(x)
        (y**2).sum().backward()
        return [each.grad.numpy() for each in (x, *net.parameters())]

    for ours, plain, theirs in zip(grads(torchlike, True), grads(torchlike, False), grads(torch, True), strict=True):
        np.testing.assert_allclose(ours, plain, rtol=1e-5, atol=1e-6)
        np.testing.assert_allclose(ours, theirs, rtol=1e-5, atol=1e-6)


def test_masks_are_the_same_in_both_runs_and_the_generator_goes_on_alike():
    def run(checkpointed):
        torchlike.manual_seed(1)
        x = torchlike.ones(50, requires_grad=True)
        drop = lambda x: torchlike.nn.functional.dropout(x * 3)
        y = torchlike.utils.checkpoint.checkpoint(drop, x, use_reentrant=False) if checkpointed else drop(x)
        y.sum().backward()
        return y.detach().numpy(), x.grad.numpy(), torchlike.rand(2).numpy()

    for ours, plain in zip(run(True), run(False), strict=True):
        np.testing.assert_array_equal(ours, plain)
    y, grad, _ = run(True)
    np.testing.assert_array_equal(y, grad)


def test_it_runs_again_once_and_only_for_the_backward_pass():
    calls = []

    def counted(x):
        calls.append(x)
        return (x * x).exp() * x

    x = torchlike.ones(3, requires_grad=True)
    y = torchlike.utils.checkpoint.checkpoint(counted, x, use_reentrant=False)
    assert len(calls) == 1 and all(node._kept is None for node in (y.grad_fn, y.grad_fn.next_functions[0][0]))
    (grad,) = torchlike.autograd.grad(y.sum(), x, retain_graph=True)
    assert len(calls) == 2
    y.sum().backward()
    assert len(calls) == 2 and x.grad.equal(grad)
    with pytest.raises(RuntimeError, match="backward through the graph a second time"):
        y.sum().backward()


def test_a_function_of_the_users_own_is_restored():
    class Square(torchlike.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            ctx.save_for_backward(x * 2)
            return x * x

        @staticmethod
        def backward(ctx, grad):
            return grad * ctx.saved_tensors[0]

    x = torchlike.tensor([1.0, 2.0], requires_grad=True)
    torchlike.utils.checkpoint.checkpoint(Square.apply, x, use_reentrant=False).sum().backward()
    assert x.grad.tolist() == [2, 4]


def test_loops_that_keep_residuals_are_restored():
    def grads(checkpointed):
        torchlike.manual_seed(0)
        layer = torchlike.nn.LSTM(3, 4)
        x = torchlike.ones(5, 2, 3, requires_grad=True)
        run = lambda x: layer(x)[0]
        y = torchlike.utils.checkpoint.checkpoint(run, x, use_reentrant=False) if checkpointed else run(x)
        y.sum().backward()
        return [each.grad.numpy() for each in (x, *layer.parameters())]

    for ours, plain in zip(grads(True), grads(False), strict=True):
        np.testing.assert_allclose(ours, plain, rtol=1e-5, atol=1e-6)


def test_a_part_that_is_not_the_same_twice_is_told():
    turns = iter([1, 2])
    x = torchlike.ones(3, requires_grad=True)
    fickle = lambda x: (x * x).exp() if next(turns) == 1 else x * x
    y = torchlike.utils.checkpoint.checkpoint(fickle, x, use_reentrant=False)
    with pytest.raises(torchlike.utils.checkpoint.CheckpointError, match="A different number of tensors was saved"):
        y.sum().backward()


def test_warnings_and_errors_are_pytorchs():
    torch = pytest.importorskip("torch")

    def told(lib, **options):
        with warnings.catch_warnings(record=True) as got:
            warnings.simplefilter("always")
            try:
                y = lib.utils.checkpoint.checkpoint(lambda x, **_: x * 2, lib.ones(2), **options)
                return y.requires_grad, [str(each.message) for each in got]
            except ValueError as error:
                return str(error), [str(each.message) for each in got]

    for options in ({}, {"use_reentrant": True}, {"use_reentrant": False, "a": 1}, {"use_reentrant": True, "a": 1}):
        assert told(torchlike, **options) == told(torch, **options)


CASES = []


def case(fn):
    CASES.append(fn)
    return fn


def leaf(torch, *numbers):
    return torch.tensor(numbers or (0.5, 1.0, 1.5), requires_grad=True)


@case
def a_part_within_a_part(torch):
    w, told = leaf(torch), []

    def inner(x):
        told.append("inner")
        return (x * w).exp()

    def outer(x):
        told.append("outer")
        return torch.utils.checkpoint.checkpoint(inner, x.sin(), use_reentrant=False).tanh()

    x = leaf(torch)
    y = torch.utils.checkpoint.checkpoint(outer, x, use_reentrant=False)
    y.sum().backward()
    return [y, x.grad, w.grad]


@case
def three_deep_and_twice(torch):
    def part(x, depth):
        x = (x * 2).sin()
        if depth:
            x = torch.utils.checkpoint.checkpoint(part, x, depth - 1, use_reentrant=False)
        return x.exp()

    x = leaf(torch)
    y = torch.utils.checkpoint.checkpoint(part, x, 3, use_reentrant=False)
    y.sum().backward(retain_graph=True)
    y.sum().backward()
    return [x.grad, error(y.sum().backward)]


@case
def functions_of_the_users_own_within_parts(torch):
    def forward(ctx, x):
        ctx.save_for_backward(x, x.exp())
        return x.exp()

    methods = {"forward": staticmethod(forward), "backward": staticmethod(lambda ctx, g: g * ctx.saved_tensors[1])}
    own = type("Own", (torch.autograd.Function,), methods)
    inner = lambda x: own.apply(x * 0.2)
    outer = lambda x: torch.utils.checkpoint.checkpoint(inner, own.apply(x), use_reentrant=False).sin()
    x = leaf(torch)
    torch.utils.checkpoint.checkpoint(outer, x, use_reentrant=False).sum().backward()
    return x.grad


@case
def a_part_within_a_part_that_is_one_node(torch):
    inner = lambda x: x.exp() * 2
    outer = lambda x: torch.utils.checkpoint.checkpoint(inner, x.sin(), use_reentrant=True) + 1
    x = leaf(torch)
    torch.utils.checkpoint.checkpoint(outer, x, use_reentrant=True).sum().backward()
    return x.grad


@case
def one_node(torch):
    w, told = leaf(torch), []

    def part(x, number):
        told.append([torch.is_grad_enabled(), x.requires_grad])
        return (x * w).exp() * number, x.detach(), 5

    x = leaf(torch)
    y, apart, number = torch.utils.checkpoint.checkpoint(part, x, 3.0, use_reentrant=True)
    found = [y, y.grad_fn.name(), apart, number]
    y.sum().backward()
    return [found, told, x.grad, w.grad, error(y.sum().backward)]


@case
def one_node_refuses_some_gradients(torch):
    x = leaf(torch)
    y = torch.utils.checkpoint.checkpoint(lambda x: x.exp(), x, use_reentrant=True).sum()
    return [
        error(torch.autograd.grad, y, x),
        error(y.backward, inputs=[x]),
        error(torch.utils.checkpoint.checkpoint(lambda x: x.detach() * 2, x, use_reentrant=True).sum().backward),
    ]


@case
def inputs_that_need_no_gradient(torch):
    w = leaf(torch)
    plain = torch.ones(3)
    y = torch.utils.checkpoint.checkpoint(lambda x: x * w, plain, use_reentrant=True)
    z = torch.utils.checkpoint.checkpoint(lambda x: x * w, plain, use_reentrant=False)
    z.sum().backward()
    return [y, z, w.grad]


@case
def where_a_second_run_ends(torch):
    told = []

    def part(x):
        y = x.exp()
        told.append("before")
        z = y.sin() + 1
        told.append("after")
        return z

    x = leaf(torch)
    for stops in (True, False):
        torch.utils.checkpoint.checkpoint(part, x, use_reentrant=False, early_stop=stops).sum().backward()
        told.append("/")
    with torch.utils.checkpoint.set_checkpoint_early_stop(False):
        y = torch.utils.checkpoint.checkpoint(part, x, use_reentrant=False)
    y.sum().backward()
    return [told, x.grad]


@case
def contexts(torch):
    told = []

    class Noting:
        def __init__(self, name):
            self.name = name

        def __enter__(self):
            told.append("enter " + self.name)

        def __exit__(self, *error):
            told.append("exit " + self.name)

    x = leaf(torch)
    run = dict(use_reentrant=False, context_fn=lambda: (Noting("first"), Noting("second")))
    torch.utils.checkpoint.checkpoint(lambda x: x.exp(), x, **run).sum().backward()
    return [told, error(torch.utils.checkpoint.checkpoint, lambda x: x, x, debug=True, **run)]


@case
def options_that_do_not_go(torch):
    x, of = leaf(torch), torch.utils.checkpoint
    return [
        error(of.checkpoint, lambda x: x, x, use_reentrant=False, determinism_check="maybe"),
        error(of.checkpoint, lambda x: x, x, use_reentrant=True, debug=True),
        error(of.checkpoint, lambda x: x, x, use_reentrant=True, context_fn=lambda: None),
        error(of.checkpoint, lambda x: x, x, use_reentrant=True, other=1),
        error(of.checkpoint_sequential, [lambda x: x], 1, x, use_reentrant=False, other=1),
        error(of.detach_variable, [x]),
    ]


@case
def another_shape_the_second_time(torch):
    sizes = iter([3, 2, 3, 2])
    part = lambda x: x[: next(sizes)].exp().sum()
    x = leaf(torch)
    strict = torch.utils.checkpoint.checkpoint(part, x, use_reentrant=False)
    return [error(strict.backward)[1].split("\n")[0]]


@case
def in_a_sequence(torch):
    layers = [torch.exp, torch.sin, lambda x: x * 2, torch.tanh]
    found = []
    for reentrant, segments in ((False, 2), (True, 2), (False, 4), (False, 1)):
        x = leaf(torch)
        y = torch.utils.checkpoint.checkpoint_sequential(layers, segments, x, use_reentrant=reentrant)
        y.sum().backward()
        found.append([y, x.grad])
    return found


@case
def without_grad(torch):
    x = leaf(torch)
    with torch.no_grad():
        found = [torch.utils.checkpoint.checkpoint(lambda x: x * 2, x, use_reentrant=each) for each in (True, False)]
    return found


@case
def what_lies_in_closures_and_lists(torch):
    x, w, kept = leaf(torch), leaf(torch), []

    def part(pair, scale=1.0):
        kept.append(pair[0].exp())
        return {"y": [kept[0] * w * scale]}

    y = torch.utils.checkpoint.checkpoint(part, (x, 2), scale=3.0, use_reentrant=False)["y"][0]
    (y.sum() + kept[0].sum()).backward()
    return [x.grad, w.grad]


@case
def an_input_that_is_changed_later(torch):
    x, y = leaf(torch), torch.ones(3)
    z = torch.utils.checkpoint.checkpoint(lambda x: x.exp() * 2, x * 1, use_reentrant=False)
    z.sum().backward()
    return [x.grad, y]


@pytest.mark.parametrize("fn", CASES, ids=lambda fn: fn.__name__)
def test_as_pytorch(fn):
    same(fn)
