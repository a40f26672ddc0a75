"""Clipping of gradients and parameters as vectors, against PyTorch."""

from __future__ import annotations

import pytest

import torchlike
from tests.nn.compare import det, error, filled, make_net, same

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


@case
def calls_with_other_tensors(torch):
    net, call = make_net(torch), torch.nn.utils.stateless.functional_call
    x, weight = det(torch, 1, 2), torch.full((2,), 3.0, requires_grad=True)
    given = {"weight": weight, "block.linear.bias": torch.zeros(2), "block.count": torch.tensor(1)}
    result = call(net, given, x, {"scale": 2.0})
    result.sum().backward()
    after = [net(x), net.weight.grad, weight.grad, isinstance(net.weight, torch.nn.Parameter), net.tied.bias]
    return [result, after, call(net, {}, (x, 3.0)), list(given)]


@case
def calls_that_change_buffers(torch):
    norm, call = torch.nn.BatchNorm1d(2), torch.nn.utils.stateless.functional_call
    given = {"running_mean": torch.zeros(2), "num_batches_tracked": torch.tensor(5)}
    result = call(norm, given, det(torch, 3, 2))
    return [result, given, norm.running_mean, norm.num_batches_tracked]


@case
def calls_with_tied_tensors(torch):
    net, call, x = make_net(torch), torch.nn.utils.stateless.functional_call, det(torch, 1, 2)
    one, two = torch.ones(2, 2), torch.zeros(2, 2)
    return [
        call(net, {"tied.weight": one}, x),
        call(net, {"tied.weight": one, "block.linear.weight": one}, x),
        call(net, {"tied.weight": one, "block.linear.weight": two}, x, tie_weights=False),
        error(call, net, {"tied.weight": one, "block.linear.weight": two}, x),
        net(x),
    ]


@case
def wrong_calls_with_other_tensors(torch):
    net, call, x = make_net(torch), torch.nn.utils.stateless.functional_call, det(torch, 1, 2)
    named = {**dict(net.named_parameters()), **dict(net.named_buffers())}
    found = [
        error(call, net, {"weight": 3.0}, x),
        error(call, net, {"block": torch.ones(1)}, x),
        error(call, net, {"missing.weight": torch.ones(1)}, x),
        error(call, net, {"weight": torch.ones(2), "other": torch.ones(1)}, x, strict=True),
        error(call, net, {"weight": torch.ones(2)}, torch.ones(1, 5)),
        call(net, named, x, strict=True),
        call(net, {"added": torch.ones(1)}, x),
    ]
    return [found, hasattr(net, "added"), net(x)]


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
