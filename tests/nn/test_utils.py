"""Clipping of gradients and parameters as vectors, against PyTorch."""

from __future__ import annotations

import pytest

import torchlike
from tests.nn.compare import det, error, filled, same

CASES = []


def case(fn):
    CASES.append(fn)
    return fn


def trained(torch):
    """Parameters with gradients, one without."""
    net = filled(torch, torch.nn.Linear(3, 2))
    (net(det(torch, 4, 3)) ** 2).sum().backward()
    return [*net.parameters(), torch.nn.Parameter(torch.ones(2))]


def grads(parameters):
    return [each.grad for each in parameters]


@case
def clipping_the_norm(torch):
    found = []
    for order in (2, 1.0, 3.5, "inf", float("inf"), 0):
        for largest in (0.5, 1000, 0.0):
            parameters = trained(torch)
            before = grads(parameters)
            norm = torch.nn.utils.clip_grad_norm_(parameters, largest, order)
            after = grads(parameters)
            found += [norm, after, [one is two for one, two in zip(before, after, strict=True)]]
    return found


@case
def clipping_one_none_and_generators(torch):
    clip = torch.nn.utils.clip_grad_norm_
    one, net = trained(torch)[0], torch.nn.Linear(1, 1)
    results = [clip(one, max_norm=1.0), one.grad, clip([], 1.0), clip(net.parameters(), 1.0), net.weight.grad]
    return [*results, clip((each for each in []), 1.0), clip(iter(trained(torch)), 1.0, foreach=False)]


@case
def clipping_mixed_dtypes(torch):
    parameters = trained(torch)
    parameters[0].data, parameters[0].grad = parameters[0].data.double(), None
    parameters[0].grad = det(torch, 2, 3).double()
    return [torch.nn.utils.clip_grad_norm_(parameters, 0.1), grads(parameters)]


@case
def clipping_what_is_not_finite(torch):
    clip, parameters = torch.nn.utils.clip_grad_norm_, trained(torch)
    parameters[0].grad[0, 0] = float("inf")
    refused = [error(clip, parameters, 1.0, error_if_nonfinite=True), grads(parameters)]
    infinite = [clip(parameters, 1.0), grads(parameters)]
    parameters[1].grad[0] = float("nan")
    return [refused, infinite, error(clip, parameters, 1.0, 1, True), clip(parameters, 1.0), grads(parameters)]


@case
def clipping_in_two_steps(torch):
    utils, parameters = torch.nn.utils, trained(torch)
    total = utils.get_total_norm(grads(parameters)[:2], norm_type=1)
    utils.clip_grads_with_norm_(parameters, 0.5, total)
    return [total, grads(parameters), utils.get_total_norm(det(torch, 3)), utils.get_total_norm([])]


@case
def clipping_values(torch):
    one, parameters = trained(torch)[0], trained(torch)
    parameters[1].grad[0] = float("nan")
    nothing = [torch.nn.utils.clip_grad_value_(one, 0.25), torch.nn.utils.clip_grad_value_(iter(parameters), 1)]
    return [nothing, one.grad, grads(parameters)]


@case
def clipping_views(torch):
    whole = det(torch, 2, 3)
    parameter = torch.nn.Parameter(torch.ones(3))
    parameter.grad = whole[0]
    torch.nn.utils.clip_grad_norm_(parameter, 0.5)
    return [parameter.grad, whole]


@case
def norms_have_no_history(torch):
    return torch.nn.utils.get_total_norm([det(torch, 2).requires_grad_()])


@case
def the_old_name(torch):
    parameters = trained(torch)
    return [torch.nn.utils.clip_grad_norm(parameters, 1.0), grads(parameters)]


@case
def parameters_as_a_vector(torch):
    net = filled(torch, torch.nn.Linear(3, 2))
    weight = net.weight
    vector = torch.nn.utils.parameters_to_vector(net.parameters())
    torch.nn.utils.vector_to_parameters(vector.detach() * 2, net.parameters())
    (vector.sum() * 1.0).backward()
    return [vector, net.weight is weight, list(net.parameters()), weight.grad]


@case
def wrong_vectors(torch):
    utils, net = torch.nn.utils, torch.nn.Linear(3, 2)
    return [
        error(utils.vector_to_parameters, [1.0], net.parameters()),
        error(utils.vector_to_parameters, torch.ones(3), net.parameters()),
        error(utils.parameters_to_vector, []),
        error(utils.parameters_to_vector, [torch.ones(2, 3).t()]),
    ]


@case
def vectors_share_their_elements(torch):
    parameter, vector = torch.nn.Parameter(torch.ones(2)), torch.zeros(2)
    torch.nn.utils.vector_to_parameters(vector, [parameter])
    vector[0] = 5.0
    return parameter


@pytest.mark.parametrize("fn", CASES, ids=lambda fn: fn.__name__)
def test_as_in_pytorch(fn) -> None:
    same(fn)


def test_clipping_waits_for_no_number(monkeypatch) -> None:
    from torchlike._recorder.recorder import Value

    def refuse(self, reason="") -> None:
        raise AssertionError(f"a value is computed: {reason}")

    parameter = torchlike.nn.Parameter(torchlike.ones(2))
    parameter.grad = torchlike.ones(2) * 3
    with monkeypatch.context() as patched:
        patched.setattr(Value, "compute", refuse)
        norm = torchlike.nn.utils.clip_grad_norm_(parameter, 1.0)
        torchlike.nn.utils.clip_grad_value_(parameter, 0.5)
    assert norm.item() == pytest.approx(18**0.5)
    assert parameter.grad.tolist() == [0.5, 0.5]
