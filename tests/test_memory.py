"""Tensors that share memory: whatever is written in whatever way, each shows what its places hold, with its history."""

from __future__ import annotations

import pytest

from tests.memory import agree, outcome, tracked

torch = pytest.importorskip("torch")


# ---------------------------------------------------------------------- writing where elements share a place


def _written(start, *writes):
    """A program that writes through a view, and gives what is viewed."""

    def program(torch):
        x = start(torch)
        for write in writes:
            write(torch, x)
        return x.tolist()

    return program


def _row(torch):
    return torch.arange(3.0) + 1


def _eye(torch):
    return torch.eye(4, 3).bool()


EXPANDED = {
    "row": lambda torch, x: x.expand(4, 3)[2].fill_(7),
    "column": lambda torch, x: x.view(3, 1).expand(3, 2)[:, 1].add_(1),
    "window": lambda torch, x: x.unfold(0, 2, 1)[1].add_(1),
    "assigned window": lambda torch, x: x.unfold(0, 2, 1).__setitem__(1, torch.ones(2)),
    "strides": lambda torch, x: x.as_strided((2, 2), (1, 1))[1].add_(1),
    "assigned row": lambda torch, x: x.expand(4, 3).__setitem__(2, torch.arange(3.0)),
    "last": lambda torch, x: x[:1].expand(3).__setitem__(-1, 3.0),
    "grid": lambda torch, x: torch.meshgrid(x, x, indexing="ij")[0].__setitem__((slice(None), 1), torch.ones(3)),
    "fill": lambda torch, x: x.expand(4, 3).fill_(7),
    "zero": lambda torch, x: x[1:].expand(4, 2).zero_(),
    "masked_fill": lambda torch, x: x.expand(4, 3).masked_fill_(_eye(torch), 5.0),
    "index_put": lambda torch, x: x.expand(4, 3).index_put_((torch.tensor([1]), torch.tensor([2])), torch.tensor(5.0)),
    "index_fill": lambda torch, x: x.expand(4, 3).index_fill_(1, torch.tensor([1]), 5.0),
    "at tensors": lambda torch, x: x.expand(4, 3).__setitem__((torch.tensor([1]), torch.tensor([2])), 5.0),
    "add": lambda torch, x: x.expand(4, 3).add_(1),
    "copy": lambda torch, x: x.expand(4, 3).copy_(torch.ones(4, 3)),
    "all": lambda torch, x: x.expand(4, 3).__setitem__(slice(None), 5.0),
    "expanded column": lambda torch, x: x.expand(4, 3).__setitem__((slice(None), 1), 5.0),
    "scatter": lambda torch, x: x.expand(4, 3).scatter_(1, torch.zeros(4, 1, dtype=torch.long), 2.0),
    "masked_scatter": lambda torch, x: x.expand(4, 3).masked_scatter_(_eye(torch), torch.ones(12)),
    "index_add": lambda torch, x: x.expand(4, 3).index_add_(1, torch.tensor([1]), torch.ones(4, 1)),
    "normal": lambda torch, x: x.expand(4, 3).normal_(),
    "cumsum": lambda torch, x: x.expand(4, 3).cumsum_(0),
    "addmm": lambda torch, x: x.expand(4, 3).addmm_(torch.ones(4, 2), torch.ones(2, 3)),
    "out": lambda torch, x: torch.add(torch.ones(4, 3), 1, out=x.expand(4, 3)),
}


@pytest.mark.parametrize("name", EXPANDED)
def test_writing_where_elements_share_a_place(name: str) -> None:
    agree(_written(_row, EXPANDED[name]))


def _overlapping(torch):
    return torch.arange(18.0).view(6, 3)


READ = {
    "add": lambda torch, a, b: a.add_(b),
    "mul": lambda torch, a, b: a.mul_(b),
    "copy": lambda torch, a, b: a.copy_(b),
    "assign": lambda torch, a, b: a.__setitem__(slice(None), b),
    "assign an element": lambda torch, a, b: a.__setitem__(slice(None), b[0, 0]),
    "assign a row to all": lambda torch, a, b: a.__setitem__(Ellipsis, b[0]),
    "assign a row": lambda torch, a, b: a.__setitem__(1, b[0]),
    "lerp": lambda torch, a, b: a.lerp_(b, 0.5),
    "addcmul": lambda torch, a, b: a.addcmul_(b, torch.ones(4, 3)),
    "clamp": lambda torch, a, b: a.clamp_(b),
    "index_add": lambda torch, a, b: a.index_add_(0, torch.tensor([0, 2]), b[:2]),
    "scatter": lambda torch, a, b: a.scatter_(0, torch.zeros(2, 3, dtype=torch.long), b[:2]),
    "index_put": lambda torch, a, b: a.index_put_((torch.tensor([0, 2]),), b[:2]),
    "masked_fill": lambda torch, a, b: a.masked_fill_(torch.ones(4, 3).bool(), b[0, 0]),
    "addmm": lambda torch, a, b: a.addmm_(torch.ones(4, 4), torch.ones(4, 3)),
    "out of add": lambda torch, a, b: torch.add(b, 1, out=a),
    "out of exp": lambda torch, a, b: torch.exp(b, out=a),
    "out of sum": lambda torch, a, b: torch.sum(torch.ones(4, 3), 0, out=a[0]),
    "out of where": lambda torch, a, b: torch.where(torch.ones(4, 3).bool(), b, b, out=a),
    "the same": lambda torch, a, b: torch.add(a, 1, out=a),
    "the same, transposed": lambda torch, a, b: a[:3].add_(a[:3].t()),
    "another view of the same": lambda torch, a, b: a.add_(a.view(4, 3)),
}


@pytest.mark.parametrize("name", READ)
def test_what_is_read_must_not_be_written_in_part(name: str) -> None:
    agree(_written(_overlapping, lambda torch, x: READ[name](torch, x[:4], x[1:5])))


# ---------------------------------------------------------------------- histories


def _read_without_grad(torch):
    leaf, y = tracked(torch, 2)
    view = y[0]
    y += 1
    with torch.no_grad():
        view.item()
    (view * 5 + leaf.sum()).backward()
    return leaf.grad.tolist()


def _written_without_grad(torch):
    leaf, y = tracked(torch, 3)
    view = y[:2]
    with torch.no_grad():
        view.fill_(4)
    (view * view).sum().backward()
    return y.tolist(), view.tolist(), view.grad_fn.name(), leaf.grad.tolist()


def _expanded_history(torch):
    leaf, y = tracked(torch, 3)
    y.expand(2, 3)[1].mul_(5)
    y.sum().backward()
    return leaf.grad.tolist()


def _made_without_grad(torch):
    leaf, y = tracked(torch, 3)
    with torch.no_grad():
        view = y[:2]
    made = view * 3
    made.sum().backward()
    return view.requires_grad, view.grad_fn, view.is_leaf, view._is_view(), leaf.grad, view.grad


def _changed_after_made_without_grad(torch):
    _, y = tracked(torch, 3)
    with torch.no_grad():
        view = y[:2]
    view[:1].add_(1)


def _base_changed_after_made_without_grad(torch):
    _, y = tracked(torch, 3)
    with torch.no_grad():
        view = y[:2]
    y.mul_(2)
    shown = view.tolist(), view.requires_grad
    with pytest.raises(RuntimeError, match="its base or another view of its base has been modified inplace"):
        view * 2
    return shown


def _in_no_grad_altogether(torch):
    leaf = torch.zeros(3, requires_grad=True)
    with torch.no_grad():
        view = leaf[1:]
        view.add_(1)
    return leaf.tolist(), view.requires_grad


def _in_inference_mode(torch):
    _, y = tracked(torch, 3)
    with torch.inference_mode():
        view = y[:2]
    view.add_(1)


def _one_of_many(torch):
    _, y = tracked(torch, 3, 2)
    y.unbind()[1].add_(1)


def _view_of_one_of_many(torch):
    _, y = tracked(torch, 3, 2)
    y.split(1)[1][0].add_(1)


def _base_of_many(torch):
    _, y = tracked(torch, 3, 2)
    first = y.chunk(3)[0]
    y.add_(1)
    return first.tolist(), first.requires_grad, outcome(torch, lambda torch: first * 2)


def _one_of_many_untracked(torch):
    x = torch.zeros(3, 2)
    x.unbind()[1].add_(1)
    return x.tolist()


def _cut_by_hand(torch):
    leaf, y = tracked(torch, 4)
    y.tensor_split(2)[1].mul_(3)
    y.sum().backward()
    return leaf.grad.tolist()


def _base_off_the_tape(torch):
    leaf, y = tracked(torch, 3)
    view = y[:2]
    y.detach_()
    y.mul_(3)
    view.sum().backward()
    return view.requires_grad, view.is_leaf, view.grad_fn.name(), leaf.grad


def _base_requires_grad_later(torch):
    base = torch.ones(3)
    view = base[:2]
    base.requires_grad_()
    return view.requires_grad, view.is_leaf, view.grad_fn


def _drawn(torch):
    leaf, y = tracked(torch, 3)
    y.normal_()
    y.sum().backward()
    return y.grad_fn.name(), leaf.grad.tolist()


def _drawn_in_part(torch):
    leaf, y = tracked(torch, 3)
    y[:2].uniform_()
    y.sum().backward()
    return leaf.grad.tolist()


def _parameters_in_one(torch):
    flat = torch.nn.Parameter(torch.linspace(0.1, 0.6, 6))
    weight, bias = flat[:4].view(2, 2), flat[4:]
    x, losses = torch.ones(3, 2), []
    optimizer = torch.optim.SGD([flat], 0.1)
    for _ in range(3):
        optimizer.zero_grad()
        ((x @ weight + bias).pow(2).mean() + 0 * flat.sum()).backward(retain_graph=True)
        optimizer.step()
        with torch.no_grad():
            losses.append(round((x @ weight + bias).pow(2).mean().item(), 4))
    return losses


def _verdict_in_place(torch):
    leaf, y = tracked(torch, 3)
    leaf.logical_not_()
    y[1:].logical_and_(torch.zeros(2))
    (y * 3).sum().backward()
    return leaf.tolist(), y.tolist(), y.grad_fn.name(), leaf.grad.tolist()


HISTORIES = [
    _verdict_in_place,
    _read_without_grad,
    _written_without_grad,
    _expanded_history,
    _made_without_grad,
    _in_no_grad_altogether,
    _changed_after_made_without_grad,
    _base_changed_after_made_without_grad,
    _in_inference_mode,
    _one_of_many,
    _view_of_one_of_many,
    _base_of_many,
    _one_of_many_untracked,
    _cut_by_hand,
    _base_off_the_tape,
    _base_requires_grad_later,
    _drawn,
    _drawn_in_part,
    _parameters_in_one,
]


@pytest.mark.parametrize("program", HISTORIES, ids=lambda each: each.__name__)
def test_history_of_views(program) -> None:
    agree(program)


def test_a_view_cannot_leave_the_tape_alone() -> None:
    agree(lambda torch: torch.ones(3)[:2].detach_())


# ---------------------------------------------------------------------- ways to write that leave no mark


def _through_numpy(view):
    def program(torch):
        x = torch.zeros(4)
        seen = view(x)
        x.numpy()[...] = 7
        return x.tolist(), seen.tolist(), x._version

    return program


@pytest.mark.parametrize("view", [lambda x: x.view(2, 2), lambda x: x[0], lambda x: x.detach()[1:], lambda x: x[::2]])
def test_views_see_what_numpy_wrote(view) -> None:
    agree(_through_numpy(view))


def _transposed(torch):
    x = torch.zeros(2, 3)
    view = x[:]
    x.t_()
    view[0, 1] = 50
    return tuple(x.shape), x.stride(), x.tolist(), view.tolist()


def _replaced(torch):
    x = torch.zeros(2, 3)
    view = x.view(6)
    x.data = x.data.t()
    view[1] = 5
    return tuple(x.shape), x.tolist(), view.tolist()


def _row_of_transposed(torch):
    x = torch.zeros(2, 3)
    row = x[0]
    x.t_()
    row[1] = 5
    return x.tolist()


def _set_to_itself(torch):
    x = torch.arange(6.0)
    view = x[1:3]
    x.set_(x[3:])
    view.fill_(9)
    x[0] = 7
    return x.tolist(), view.tolist()


def _strided(torch):
    x = torch.arange(6.0)
    view = x[1:3]
    x.as_strided_((2, 2), (1, 2)).unsqueeze_(0).squeeze_(0).transpose_(0, 1).swapaxes_(0, 1)
    view.fill_(9)
    return x.tolist(), x.stride(), view.tolist()


def _tracked_and_transposed(torch):
    leaf, y = tracked(torch, 3, 2)
    row = y[0]
    y.t_()
    row.mul_(5)
    (y * torch.arange(6.0).view(2, 3)).sum().backward()
    return y.tolist(), leaf.grad.tolist()


@pytest.mark.parametrize(
    "program",
    [_transposed, _replaced, _row_of_transposed, _set_to_itself, _strided, _tracked_and_transposed],
    ids=lambda each: each.__name__,
)
def test_a_tensor_that_sees_its_memory_otherwise_leaves_views_alone(program) -> None:
    agree(program)


def _versions(torch):
    x = torch.zeros(3)
    data, other, view = x.data, x.detach(), x[1:]
    x.add_(1)
    data.add_(1)
    other[:1].add_(1)
    view.add_(1)
    x.numpy()[0] = 4
    counts = [each._version for each in (x, data, other, view, x.data)]
    x.data = torch.ones(3)
    x.add_(1)
    return counts, x._version, x.tolist(), view.tolist()


def test_versions() -> None:
    agree(_versions)
