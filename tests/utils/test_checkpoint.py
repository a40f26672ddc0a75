"""Checkpointed parts give PyTorch's gradients, compute again, and keep nothing."""

import warnings

import numpy as np
import pytest

import torchlike
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
