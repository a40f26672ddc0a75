"""`state_dict` and `load_state_dict`, against PyTorch."""

from __future__ import annotations

from collections import OrderedDict

import pytest

from tests.nn.compare import error, make_net, same

CASES = []


def case(fn):
    CASES.append(fn)
    return fn


@case
def state(torch):
    net = make_net(torch)
    found = net.state_dict()
    return [
        found,
        list(found._metadata.items()),
        found["weight"].data_ptr() == net.weight.data_ptr(),
        list(net.state_dict(prefix="x.")),
        list(net.state_dict(keep_vars=True).values())[0] is net.weight,
        list(net.state_dict(destination=OrderedDict(a=1))),
    ]


@case
def state_by_position(torch):
    net = torch.nn.Linear(1, 1)
    into = OrderedDict()
    return [net.state_dict(into, "x.", True) is into, list(into), into["x.weight"] is net.weight]


@case
def loading(torch):
    net = make_net(torch)
    given = {key: value + 1 for key, value in net.state_dict().items()}
    before = net.weight
    result = net.load_state_dict(given)
    return [repr(result), str(result), result.missing_keys, net.weight is before, net.weight, net.block.count]


@case
def loading_what_does_not_fit(torch):
    net = make_net(torch)
    given = net.state_dict()
    del given["mean"], given["block.linear.bias"]
    given["other"] = given["block.other"] = given["no.such"] = torch.ones(1)
    given["weight"] = torch.ones(3)
    given["block.count"] = "text"
    return [error(net.load_state_dict, given), error(net.load_state_dict, given, strict=False)]


@case
def loading_loosely(torch):
    net = make_net(torch)
    result = net.load_state_dict({"weight": torch.zeros(2), "other": torch.ones(1)}, strict=False)
    return [repr(result), result.missing_keys, result.unexpected_keys, net.weight]


@case
def loading_into_nothing(torch):
    net = make_net(torch)
    return [error(net.load_state_dict, {**net.state_dict(), "nothing": torch.ones(1)}), error(net.load_state_dict, [1])]


@case
def loading_a_scalar_of_one_element(torch):
    net = torch.nn.Module()
    net.p = torch.nn.Parameter(torch.tensor(1.0))
    net.load_state_dict({"p": torch.ones(1) * 5})
    return net.p


@case
def loading_another_dtype(torch):
    net = torch.nn.Linear(1, 1)
    net.load_state_dict({"weight": torch.ones(1, 1, dtype=torch.float64), "bias": torch.ones(1, dtype=torch.int64)})
    return [net.weight, net.bias]


@case
def loading_by_assignment(torch):
    net = make_net(torch)
    net.weight.requires_grad_(False)
    given = {key: (value + 1).double() for key, value in net.state_dict().items()}
    mine = given["block.linear.bias"] = torch.nn.Parameter(torch.zeros(2))
    result = net.load_state_dict(given, assign=True)
    return [
        repr(result),
        net.weight,
        net.mean,
        net.block.linear.bias is mine,
        net.block.linear.weight,
        isinstance(net.weight, torch.nn.Parameter),
        given["weight"].data_ptr() == net.weight.data_ptr(),
    ]


@case
def loading_assigned_parameters_keeps_requires_grad(torch):
    net = torch.nn.Linear(1, 1, bias=False)
    net.weight.requires_grad_(False)
    given = torch.nn.Parameter(torch.ones(1, 1))
    net.load_state_dict({"weight": given}, assign=True)
    return [net.weight is given, given.requires_grad]


@case
def extra_state(torch):
    class Counting(torch.nn.Module):
        seen = 0

        def get_extra_state(self):
            return {"seen": self.seen}

        def set_extra_state(self, state):
            self.seen = state["seen"]

    net = torch.nn.Sequential(Counting())
    net[0].seen = 7
    given = net.state_dict()
    fresh = torch.nn.Sequential(Counting())
    result = fresh.load_state_dict(given)
    return [
        given,
        fresh[0].seen,
        repr(result),
        error(fresh.load_state_dict, {}),
        error(torch.nn.Sequential(torch.nn.ReLU()).load_state_dict, given),
        error(torch.nn.ReLU().get_extra_state),
        error(torch.nn.ReLU().set_extra_state, 1),
    ]


@case
def state_hooks(torch):
    net = torch.nn.Sequential(torch.nn.Linear(1, 1))
    seen = []
    net.register_state_dict_pre_hook(lambda module, prefix, keep: seen.append(("pre", prefix, keep)))
    net[0].register_state_dict_post_hook(lambda module, state, prefix, local: state.update({prefix + "more": 1}))
    net._register_state_dict_hook(lambda module, state, prefix, local: {"only": len(state), **local})
    found = net.state_dict()
    bad = torch.nn.ReLU()
    hook = lambda module, state, prefix, local: 1
    bad.register_state_dict_post_hook(hook)
    return [found, seen, error(bad.state_dict), error(bad._register_state_dict_hook, hook)]


@case
def loading_hooks(torch):
    net = torch.nn.Sequential(torch.nn.Linear(1, 1))
    seen = []

    def rename(module, state, prefix, local, strict, missing, unexpected, errors):
        seen.append((type(module).__name__, prefix, local.get("version"), strict))
        state[prefix + "weight"] = state.pop(prefix + "w")

    def forgive(module, keys):
        seen.append(list(keys.missing_keys))
        keys.missing_keys.clear()

    net[0].register_load_state_dict_pre_hook(rename)
    net._register_load_state_dict_pre_hook(lambda state, prefix, *rest: seen.append(sorted(state)))
    handle = net.register_load_state_dict_post_hook(forgive)
    result = net.load_state_dict({"0.w": torch.full((1, 1), 4.0)})
    handle.remove()
    failed = error(net.load_state_dict, {"0.w": torch.zeros(1, 1)})
    net.register_load_state_dict_post_hook(lambda module, keys: 1)
    return [repr(result), seen, net[0].weight, failed, error(net.load_state_dict, {"0.w": torch.zeros(1, 1)})]


@case
def versions(torch):
    class Old(torch.nn.Module):
        _version = 3

        def _load_from_state_dict(self, state, prefix, local, strict, missing, unexpected, errors):
            self.loaded = local.get("version")
            super()._load_from_state_dict(state, prefix, local, strict, missing, unexpected, errors)

    net = torch.nn.Sequential(Old())
    net.load_state_dict(net.state_dict())
    kept = net[0].loaded
    net.load_state_dict(dict(net.state_dict()))
    return [kept, net[0].loaded, dict(net.state_dict()._metadata)]


@pytest.mark.parametrize("fn", CASES, ids=lambda fn: fn.__name__)
def test_as_in_pytorch(fn) -> None:
    same(fn)
