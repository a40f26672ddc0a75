"""Writing where elements share a place: each is computed in turn, of what the last one wrote there."""

from __future__ import annotations

import pytest

from tests.test_memory import agree, tracked

VIEWS = {
    "windows": lambda x: x.unfold(0, 3, 1),
    "steps": lambda x: x.unfold(0, 4, 2),
    "across": lambda x: x.unfold(0, 3, 1).t(),
    "all alike": lambda x: x.as_strided((2, 3, 2), (1, 1, 1)),
    "wide": lambda x: x.as_strided((3, 2), (1, 2), 1),
    "none": lambda x: x.unfold(0, 3, 1)[:, 3:],
}
WRITES = {
    "add": lambda torch, u: u.add_(1),
    "add alpha": lambda torch, u: u.add_(_numbers(torch, u), alpha=2),
    "itself": lambda torch, u: u.mul_(u),
    "function": lambda torch, u: u.sigmoid_(),
    "power": lambda torch, u: u.pow_(2),
    "comparison": lambda torch, u: u.gt_(2),
    "copy": lambda torch, u: u.copy_(_numbers(torch, u)),
    "row": lambda torch, u: u.sub_(_numbers(torch, u)[..., :1]),
    "part": lambda torch, u: u[1:].add_(1),
    "out": lambda torch, u: torch.add(_numbers(torch, u), 1, out=u),
    "out itself": lambda torch, u: torch.mul(u, u, out=u),
    "one": lambda torch, u: u[0].fill_(9),
    "index": lambda torch, u: u.index_fill_(0, torch.tensor([1]), 7),
}


def _numbers(torch, like):
    return (torch.arange(like.numel()) % 7).reshape(like.shape).to(like.dtype)


def _program(view, write, dtype: str):
    def program(torch):
        x = torch.arange(1, 9).to(getattr(torch, dtype))
        write(torch, view(x))
        return [round(each, 2) for each in x.tolist()]

    return program


@pytest.mark.parametrize("view", VIEWS)
@pytest.mark.parametrize("write", WRITES)
def test_written_in_turn(view, write) -> None:
    for dtype in ("float64", "int64") if write != "function" else ("float64",):
        agree(_program(VIEWS[view], WRITES[write], dtype), ("auto",))


@pytest.mark.parametrize("write", ["add", "itself", "function"])
def test_written_in_turn_in_every_mode(write) -> None:
    agree(_program(VIEWS["windows"], WRITES[write], "float16"))


def _history(torch):
    leaf, y = tracked(torch, 5)
    y.unfold(0, 3, 1).mul_(3)
    (y * torch.arange(5.0)).sum().backward()
    return y.tolist(), y.grad_fn.name(), leaf.grad.tolist()


def test_history_is_that_of_one_operation() -> None:
    agree(_history)
