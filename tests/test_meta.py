"""The device ``meta``: tensors have a shape, a dtype and a history, and no elements."""

from __future__ import annotations

import copy

import pytest

from tests.support import check_error, check_op


def kinds(torch, *tensors):
    """What can be told of tensors without elements."""
    return [
        (each.shape, str(each.dtype), str(each.device), each.is_meta, each.requires_grad, each.stride())
        for each in tensors
    ]


def model(torch, device):
    """A network with most kinds of layers."""
    nn = torch.nn
    return nn.Sequential(
        nn.Conv2d(3, 4, 3, device=device),
        nn.BatchNorm2d(4, device=device),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Flatten(),
        nn.LayerNorm(36, device=device),
        nn.Linear(36, 5, device=device),
        nn.Dropout(),
    )


def meta(torch, *shape, **named):
    """A tensor without elements."""
    return torch.empty(*shape, device="meta", **named)


def trained(torch):
    """A training step without elements."""
    net = model(torch, "meta")
    optimizer = torch.optim.Adam(net.parameters())
    torch.nn.functional.cross_entropy(net(meta(torch, 2, 3, 8, 8)), meta(torch, 2, dtype=torch.int64)).backward()
    found = [each.grad for each in net.parameters()]
    optimizer.step()
    return kinds(torch, *found, *net.parameters(), *net.buffers())


def within(torch):
    """A module made within the block of the device."""
    with torch.device("meta"):
        net = torch.nn.Sequential(torch.nn.Linear(3, 4), torch.nn.BatchNorm1d(4))
        return kinds(torch, *net.state_dict().values(), torch.rand(2), torch.tensor([1, 2]))


def filled(torch):
    """A module that gets memory, and what another one has."""
    net = torch.nn.Linear(3, 4, device="meta")
    same = net.to_empty(device="cpu")
    net.load_state_dict({"weight": torch.ones(4, 3), "bias": torch.zeros(4)})
    return same is net, net(torch.ones(2, 3))


def assigned(torch):
    """A module that takes over another's tensors."""
    net = torch.nn.Linear(3, 4, device="meta")
    net.load_state_dict({"weight": torch.ones(4, 3), "bias": torch.zeros(4)}, assign=True)
    return net(torch.ones(2, 3))


CASES = {
    "repr": lambda t: [repr(meta(t, 3, 4)), repr(meta(t, 2, dtype=t.int64)), repr(meta(t, 2, requires_grad=True) * 2)],
    "a parameter's repr": lambda t: repr(t.nn.Parameter(meta(t, 3))),
    "operations": lambda t: kinds(t, meta(t, 3, 4) @ meta(t, 4, 5), meta(t, 3, 1) + meta(t, 4), meta(t, 3, 4).sum(0)),
    "views": lambda t: kinds(t, meta(t, 3, 4).t(), meta(t, 3, 4)[1:], meta(t, 3, 4)[0], meta(t, 2, 6).view(3, 4)),
    "sort": lambda t: kinds(t, *meta(t, 3, 4).sort()),
    "a number": lambda t: kinds(t, meta(t, 3) * t.ones(()), meta(t, 3) + 2),
    "what takes no memory": lambda t: kinds(t, t.zeros(10**6, 10**6, device="meta").t().sum(0), meta(t, 10**6, 10**6)),
    "making": lambda t: kinds(t, t.arange(9, device="meta"), t.eye(3, device="meta"), t.full((2,), 1.5, device="meta")),
    "like": lambda t: kinds(t, t.rand_like(meta(t, 3)), t.zeros_like(t.ones(2), device="meta"), meta(t, 3).new_ones(2)),
    "moving there": lambda t: kinds(t, t.ones(2).to("meta"), t.ones(2, dtype=t.float64).to("meta", t.float32)),
    "in place": lambda t: kinds(t, meta(t, 3).add_(1).normal_().zero_(), meta(t, 3).copy_(t.ones(3))),
    "an element": lambda t: kinds(t, *meta(t, 3)),
    "indices": lambda t: kinds(t, meta(t, 3, 4)[t.tensor([0, 1])]),
    "random numbers": lambda t: kinds(
        t, t.rand(3, device="meta"), t.randperm(3, device="meta"), t.randn(2, device="meta")
    ),
    "a copy": lambda t: kinds(t, copy.deepcopy(meta(t, 3)), meta(t, 3).clone(), meta(t, 3).detach()),
    "a step": trained,
    "a block": within,
    "memory": filled,
    "assign": assigned,
    "storage": lambda t: [str(meta(t, 3).untyped_storage().device), meta(t, 3).untyped_storage().nbytes()],
    "the address": lambda t: meta(t, 3).data_ptr(),
    "the old name": lambda t: meta(t, 3).type(),
    "vmap": lambda t: kinds(t, t.func.vmap(t.func.grad(lambda x: x.sin().sum()))(meta(t, 2, 3))),
}
ERRORS = {
    "item": lambda t: meta(t).item(),
    "float": lambda t: float(meta(t)),
    "bool": lambda t: bool(meta(t)),
    "numpy": lambda t: meta(t, 3).numpy(),
    "tolist": lambda t: meta(t, 3).tolist(),
    "cpu": lambda t: meta(t, 3).cpu(),
    "copying out": lambda t: t.ones(3).copy_(meta(t, 3)),
    "nonzero": lambda t: meta(t, 3).nonzero(),
    "a mask": lambda t: meta(t, 3)[meta(t, 3) > 0],
    "another device": lambda t: meta(t, 3) + t.ones(3),
    "another device first": lambda t: t.ones(3) + meta(t, 3),
    "a module": lambda t: t.nn.Linear(2, 2, device="meta").to("cpu"),
}


@pytest.mark.parametrize("name", CASES)
def test_kinds_are_known(name):
    check_op([], CASES[name], grad=False)


@pytest.mark.parametrize("name", ERRORS)
def test_elements_are_not(name):
    check_error([], ERRORS[name])


def test_nothing_is_drawn():
    def run(torch):
        torch.manual_seed(0)
        torch.nn.Linear(3, 3, device="meta")
        torch.rand(3, device="meta")
        return torch.rand(2)

    check_op([], run, grad=False)
