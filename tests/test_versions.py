"""What counts as a version of a tensor's elements, and what has a history anew."""

from __future__ import annotations

import warnings

import pytest

import torchlike
from tests.test_memory import agree, tracked

# each sees the elements of a (1, 3) tensor otherwise
IN_PLACE = {
    "unsqueeze": lambda torch, x: x.unsqueeze_(0),
    "squeeze": lambda torch, x: x.squeeze_(),
    "squeeze dim": lambda torch, x: x.squeeze_(0),
    "squeeze dims": lambda torch, x: x.squeeze_((0, 1)),
    "squeeze nothing": lambda torch, x: x.squeeze_(1),
    "t": lambda torch, x: x.t_(),
    "transpose": lambda torch, x: x.transpose_(0, 1),
    "transpose nothing": lambda torch, x: x.transpose_(1, 1),
    "swapaxes": lambda torch, x: x.swapaxes_(0, 1),
    "as_strided": lambda torch, x: x.as_strided_((2,), (1,), 1),
    "twice": lambda torch, x: x.t_().unsqueeze_(0),
}


def _seen_otherwise(change, start):
    def program(torch):
        x = start(torch)
        same, view = x.detach(), x[:]
        change(torch, x)
        counts = [each._version for each in (x, same, view)]
        return counts, tuple(x.shape), x.stride(), [each.grad_fn and each.grad_fn.name() for each in (x, view)]

    return program


STARTS = {
    "plain": lambda torch: torch.zeros(1, 3),
    "tracked": lambda torch: tracked(torch, 1, 3)[1],
    "view": lambda torch: tracked(torch, 3)[1].view(1, 3),
    "with other memory": lambda torch: torch.zeros(1, 3).data,
}


@pytest.mark.parametrize("change", IN_PLACE)
@pytest.mark.parametrize("start", STARTS)
def test_seeing_otherwise_is_a_version(change, start) -> None:
    agree(_seen_otherwise(IN_PLACE[change], STARTS[start]), ("auto",))


def _set(torch):
    x = torch.zeros(3)
    view, same = x[1:], x.detach()
    x.set_(torch.ones(2))
    return x._version, view._version, same._version


def _counted_by_hand(torch):
    x = torch.zeros(3)
    torch.autograd.graph.increment_version([x, x[1:]])
    x.data = torch.ones(2)
    torch.autograd.graph.increment_version(x)
    return x._version


def _written_beside(write):
    """A program in which a view of a tensor that requires grad later is written to in a way that leaves no mark."""

    def program(torch):
        base = torch.ones(3)
        view = base.view(3)
        base.requires_grad_()
        write(view)
        (view * view).sum().backward()
        return view.grad_fn, view.is_leaf, view.tolist(), base.grad, base._version

    return program


def _loud_and_quiet(torch):
    leaf, y = tracked(torch, 3)
    first, second, third = y[:2], y[1:], y[:1]
    names = []
    for write in (lambda: y.data.add_(1), lambda: second.mul_(2), lambda: y.data.add_(1), lambda: third.data.add_(1)):
        write()
        names.append([each.grad_fn.name() for each in (first, second, third)])
    (first * second).sum().backward()
    return names, leaf.grad.tolist()


@pytest.mark.parametrize(
    "program",
    [
        _set,
        _counted_by_hand,
        _loud_and_quiet,
        _written_beside(lambda view: view.data.add_(1)),
        _written_beside(lambda view: view.data[1:].fill_(4)),
    ],
)
def test_only_what_is_counted_gives_views_a_new_history(program) -> None:
    agree(program)


@pytest.mark.parametrize("view", [lambda x: x.unsqueeze(0), lambda x: x[1:], lambda x: x.t(), lambda x: x[:]])
def test_a_view_that_out_has_resized_is_one_still(view) -> None:
    def program(torch):
        x = torch.zeros(2, 2)
        seen = view(x)
        torch.add(torch.ones(4), 1, out=seen)
        shown = x.tolist(), seen.tolist(), seen._version, tuple(seen.shape)
        seen.mul_(2)
        return shown, x.tolist(), seen.tolist()

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        agree(program)


@pytest.mark.parametrize("size", [4, 5, 9])
def test_sizes_of_which_more_than_arithmetic_is_asked(size: int) -> None:
    found = torchlike.searchsorted(torchlike.arange(size), torchlike.tensor([0, 2, size]))
    assert found.tolist() == [0, 2, size]


# ---------------------------------------------------------------------- what was written before there was a history


def _later(write, read: bool):
    def program(torch):
        base = torch.ones(4)
        view = base[:2]
        write(base, view)
        if read:
            view.tolist()
        base.requires_grad_()
        (view * 3).sum().backward()
        grads = [None if each.grad is None else each.grad.tolist() for each in (base, view)]
        return view.grad_fn and view.grad_fn.name(), view.is_leaf, view.tolist(), grads

    return program


WRITES = {
    "view": lambda base, view: view.add_(1),
    "base": lambda base, view: base.mul_(2),
    "other view": lambda base, view: base[1:].mul_(2),
    "nothing": lambda base, view: None,
    "without a mark": lambda base, view: base.data.mul_(2),
}


@pytest.mark.parametrize("write", WRITES)
@pytest.mark.parametrize("read", [False, True])
def test_a_base_that_requires_grad_later(write, read) -> None:
    agree(_later(WRITES[write], read), ("auto",))


def _hooked(change, of_base: bool = False):
    """A program that changes a view, or its base, one of which has a hook."""

    def program(torch):
        leaf, y = tracked(torch, 3)
        view = y[:2]
        seen = []
        (y if of_base else view).register_hook(lambda grad: seen.append(grad.tolist()) or grad * 10)
        change(y, view)
        (view * 5).sum().backward()
        return seen, leaf.grad.tolist()

    return program


@pytest.mark.parametrize(
    "change", [lambda y, v: v.mul_(3), lambda y, v: y.mul_(3), lambda y, v: v.square_(), lambda y, v: v[:1].mul_(2)]
)
@pytest.mark.parametrize("of_base", [False, True])
def test_hooks_of_what_is_changed(change, of_base) -> None:
    agree(_hooked(change, of_base), ("auto",))


# ---------------------------------------------------------------------- views whose gradients go nowhere


def _nowhere(asked):
    def program(torch):
        views = []
        for _ in range(2):
            base = torch.ones(3, requires_grad=True)
            with torch.no_grad():
                views.append(base[:2])
        hooked = []
        views[0].register_hook(hooked.append)
        found = asked(torch, *views)
        return [None if each is None else each.tolist() for each in found], len(hooked)

    return program


@pytest.mark.parametrize(
    "asked",
    [
        lambda torch, v, w: torch.autograd.grad((v * v).sum() + (w * 3).sum(), [v, w], allow_unused=True),
        lambda torch, v, w: torch.autograd.grad((v * v).sum(), [v]),
        lambda torch, v, w: torch.autograd.grad((v * w).sum(), [v], materialize_grads=True, allow_unused=True),
        lambda torch, v, w: [v.sum().backward(), v.grad, w.grad],
        lambda torch, v, w: torch.autograd.grad(((u := v * 2) * v).sum(), [u, v], allow_unused=True),
    ],
)
def test_gradients_that_go_nowhere(asked) -> None:
    agree(_nowhere(asked), ("auto",))
