"""Gradients: rules of the tape, hooks, modes, the user's own functions."""

from __future__ import annotations

import numpy as np
import pytest

import torchlike as torch
from tests.support import check_error, check_op, reference


def test_gradients_accumulate():
    x = torch.tensor([1.0, 2.0], requires_grad=True)
    (x * x).sum().backward()
    (x * 3).sum().backward()
    assert x.grad.tolist() == [5.0, 7.0]


@pytest.mark.parametrize(
    "fn",
    [
        lambda torch, x, y: (x * y).sum() * x,
        lambda torch, x, y: (x @ y.t()).tanh(),
        lambda torch, x, y: x[:, 1:].exp() * y[0, 0],
        lambda torch, x, y: torch.cat([x, y]).pow(3).mean(0),
    ],
)
def test_second_order(fn):
    check_op([(3, 4), (3, 4)], fn, orders=2, dtype="float64")


def test_gradcheck_and_gradgradcheck():
    x = torch.randn(3, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(lambda x: x.sin() * x, (x,))
    assert torch.autograd.gradgradcheck(lambda x: x.sin() * x, (x,))


def test_gradcheck_finds_a_wrong_derivative():
    class Wrong(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            return x * 2

        @staticmethod
        def backward(ctx, grad):
            return grad * 3

    x = torch.randn(3, dtype=torch.float64, requires_grad=True)
    with pytest.raises(torch.autograd.gradcheck.__globals__["GradcheckError"], match="Jacobian mismatch"):
        torch.autograd.gradcheck(Wrong.apply, (x,))


def test_complex_gradients_follow_pytorchs_convention():
    z = np.array([1 + 2j, -0.5 + 1j], np.complex64)
    check_op([z], lambda torch, z: (z * z * (1 + 2j)).abs())
    check_op([z, z[::-1].copy()], lambda torch, z, w: z * w.conj())


ERRORS = {
    "second backward": lambda torch, x: [y := (x * x).sum(), y.backward(), y.backward()],
    "no scalar": lambda torch, x: (x * 2).backward(),
    "no grad": lambda torch, x: x.detach().sum().backward(),
    "unused": lambda torch, x: torch.autograd.grad((x * 2).sum(), torch.ones(1, requires_grad=True)),
    "leaf in place": lambda torch, x: x.add_(1),
    "view of leaf in place": lambda torch, x: x[0].add_(1),
    "integers": lambda torch, x: torch.tensor([1]).requires_grad_(),
    "non-leaf": lambda torch, x: (x * 2).requires_grad_(False),
    "numpy": lambda torch, x: x.numpy(),
    "shape": lambda torch, x: (x * 2).backward(torch.ones(7)),
    "hook": lambda torch, x: x.detach().register_hook(print),
    "retain": lambda torch, x: x.detach().retain_grad(),
}


@pytest.mark.parametrize("name", ERRORS)
def test_errors_are_pytorchs(name):
    torch_ = reference()

    def run(lib):
        fn = ERRORS[name]
        x = lib.ones(3, requires_grad=True)
        try:
            fn(lib, x)
        except Exception as error:
            return type(error).__name__, str(error).split("\n")[0]
        return None

    assert run(torch) == run(torch_)


def test_a_second_backward_is_fine_where_nothing_was_saved():
    x = torch.ones(3, requires_grad=True)
    y = (x + 1).sum()
    y.backward()
    y.backward()
    assert x.grad.tolist() == [2.0] * 3


def test_retain_graph():
    x = torch.ones(2, requires_grad=True)
    y = (x * x).sum()
    y.backward(retain_graph=True)
    y.backward()
    assert x.grad.tolist() == [4.0, 4.0]


def test_in_place_operations_never_spoil_a_gradient():
    x = torch.tensor([2.0], requires_grad=True)
    y = x * 1
    z = y * y
    y.add_(5)
    (z + y).sum().backward()
    assert x.grad.tolist() == [5.0]


def test_in_place_through_a_view():
    x = torch.ones(2, 2, requires_grad=True)
    y = x * 2
    y[0].mul_(3)
    v = y.t()
    v.add_(1)
    assert type(y.grad_fn).__name__ == "CopySlices"
    y.sum().backward()
    assert x.grad.tolist() == [[6.0, 6.0], [2.0, 2.0]]


def test_hooks_and_retain_grad():
    seen = []
    x = torch.ones(2, requires_grad=True)
    y = x * 2
    y.retain_grad()
    handle = y.register_hook(lambda grad: seen.append(grad.tolist()))
    x.register_hook(lambda grad: grad * 10)
    x.register_post_accumulate_grad_hook(lambda leaf: seen.append("leaf"))
    y.sum().backward(retain_graph=True)
    assert seen == [[1.0, 1.0], "leaf"] and y.grad.tolist() == [1.0, 1.0] and x.grad.tolist() == [20.0, 20.0]
    handle.remove()
    y.sum().backward()
    assert seen == [[1.0, 1.0], "leaf", "leaf"]


def test_modes():
    x = torch.ones(1, requires_grad=True)
    with torch.no_grad():
        assert not (x * 2).requires_grad
        with torch.enable_grad():
            assert (x * 2).requires_grad
    with torch.set_grad_enabled(False):
        assert not (x * 2).requires_grad

    @torch.no_grad()
    def function(x):
        return x * 2

    assert not function(x).requires_grad and (x * 2).requires_grad
    with torch.inference_mode():
        assert torch.is_inference_mode_enabled() and not (x * 2).requires_grad


def test_a_function_of_the_users_own():
    class Cube(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x, factor):
            ctx.save_for_backward(x)
            ctx.factor = factor
            return factor * x**3

        @staticmethod
        def backward(ctx, grad):
            (x,) = ctx.saved_tensors
            return grad * ctx.factor * 3 * x**2, None

    x = torch.tensor([1.0, 2.0], requires_grad=True)
    y = Cube.apply(x, 2.0)
    assert y.grad_fn.name() == "CubeBackward"
    (grad,) = torch.autograd.grad(y.sum(), x, create_graph=True)
    assert grad.tolist() == [6.0, 24.0]
    (second,) = torch.autograd.grad(grad.sum(), x)
    assert second.tolist() == [12.0, 24.0]


def test_jacobian_and_hessian():
    x = torch.tensor([1.0, 2.0])
    assert torch.autograd.functional.jacobian(lambda x: x**2, x).tolist() == [[2.0, 0.0], [0.0, 4.0]]
    assert torch.autograd.functional.hessian(lambda x: (x**3).sum(), x).tolist() == [[6.0, 0.0], [0.0, 12.0]]


def test_anomaly_mode_names_the_node_and_where_it_was_made():
    x = torch.tensor([0.0], requires_grad=True)
    with pytest.warns(UserWarning, match="Anomaly Detection has been enabled"), torch.autograd.detect_anomaly():
        y = (x / x).sum()
        with (
            pytest.warns(UserWarning, match=r"(?s)Error detected in DivBackward0. Traceback of .* y = \(x / x\)"),
            pytest.raises(RuntimeError, match="Function 'DivBackward0' returned nan values in its 1th output"),
        ):
            y.backward()
    y = (x / x).sum()
    with pytest.warns(UserWarning, match="Anomaly Detection"), torch.autograd.detect_anomaly():
        with (
            pytest.warns(UserWarning, match="DivBackward0. No forward pass information available"),
            pytest.raises(RuntimeError, match="nan values"),
        ):
            y.backward()
    with torch.autograd.set_detect_anomaly(True), torch.autograd.set_detect_anomaly(False):
        (x / x).sum().backward()


def test_an_error_in_backward_leaves_grad_mode_as_it_was():
    check_error([(3,)], lambda torch, x: [x.requires_grad_(), (x * 2).backward()])
    assert torch.is_grad_enabled()


def test_module_backward_hooks():
    model = torch.nn.Sequential(torch.nn.Linear(2, 2), torch.nn.Tanh())
    seen = []
    model.register_full_backward_hook(
        lambda module, grad_in, grad_out: seen.append((grad_in[0].shape, grad_out[0].shape))
    )
    x = torch.ones(3, 2, requires_grad=True)
    model(x).sum().backward()
    assert seen == [((3, 2), (3, 2))] and x.grad is not None


@pytest.mark.parametrize("name", "sgn sign round floor ceil trunc frac relu abs sin exp fmod max where".split())
def test_gradients_that_are_zero_whatever_comes_have_no_history(name):
    def found(lib):
        x, w = (lib.tensor(each, requires_grad=True) for each in ([0.3, -1.2], [1.0, 2.0]))
        more = (1.0,) if name == "fmod" else ()
        y = lib.where(x > 0, x, 0.0) if name == "where" else x.max() if name == "max" else None
        y = getattr(lib, name)(x, *more) if y is None else y
        (grad,) = lib.autograd.grad((y * w).sum(), x, create_graph=True)
        return (grad + 0).tolist(), grad.requires_grad

    want, got = found(reference()), found(torch)
    assert got[1] == want[1] and got[0] == pytest.approx(want[0])


def test_a_graph_of_gradients_is_warned_of_once(monkeypatch):
    from torchlike._autograd import calls

    monkeypatch.setattr(calls, "_told", set())
    x = torch.ones(2, requires_grad=True)
    with pytest.warns(UserWarning, match="create_graph=True will create a reference cycle"):
        (x * x).sum().backward(create_graph=True)
    (x * x).sum().backward(create_graph=True)
    assert x.grad.requires_grad
    x.grad = None


@pytest.mark.filterwarnings("ignore:Using backward.. with create_graph=True")
def test_gradients_that_are_added_up_with_a_history_are_new_tensors():
    for lib in (reference(), torch):
        x = lib.tensor([2.0], requires_grad=True)
        (x**3).sum().backward(create_graph=True)
        first = x.grad
        (x**2).sum().backward(create_graph=True)
        (second,) = lib.autograd.grad(x.grad.sum(), x)
        assert (first.item(), x.grad.item(), second.item()) == (12.0, 16.0, 14.0)
