"""`nn.Module`, against PyTorch: attributes, registration, conversion, printing."""

from __future__ import annotations

import contextlib
import copy
import pickle

import pytest

import torchlike
from tests.nn.compare import det, error, filled, make_net, same

CASES = []


def case(fn):
    CASES.append(fn)
    return fn


def names(pairs):
    return [name for name, _ in pairs]


# ---------------------------------------------------------------------- attributes


@case
def attributes_and_their_kinds(torch):
    net = make_net(torch)
    kinds = [list(net._parameters), list(net._buffers), list(net._modules)]
    return [*kinds, net.nothing is None, net.unset is None, net.empty is None, net.tied is net.block.linear]


@case
def missing_attribute(torch):
    return [error(lambda: make_net(torch).wieght), error(lambda: torch.nn.Linear(1, 1).parameter())]


@case
def a_property_that_fails(torch):
    class Net(torch.nn.Module):
        @property
        def size(self):
            return self.no_such_thing

    return error(lambda: Net().size)


@case
def wrong_assignments(torch):
    net = make_net(torch)
    return [
        error(setattr, net, "weight", torch.ones(2)),
        error(setattr, net, "weight", 3),
        error(setattr, net, "weight", torch.nn.ReLU()),
        error(setattr, net, "block", torch.ones(2)),
        error(setattr, net, "block", "text"),
        error(setattr, net, "mean", 3.0),
        error(setattr, net, "mean", [1]),
        error(setattr, net, "weight", torch.ones(2, dtype=torch.int64)),
        error(setattr, net, "weight", torch.ones(2, dtype=torch.float64)),
    ]


@case
def assigning_none(torch):
    net = make_net(torch)
    net.weight = net.block = net.mean = None
    return [list(net._parameters.items()), net.block is None, list(net._buffers), names(net.named_parameters())]


@case
def assignments_move_between_kinds(torch):
    net = make_net(torch)
    net.mean = torch.nn.Parameter(torch.ones(1))
    net.scratch = torch.nn.ReLU()
    net.weight = torch.nn.Parameter(torch.zeros(3))
    net.plain = 1
    net.plain = torch.nn.Parameter(torch.ones(1))
    net.empty = torch.nn.Tanh()
    return [
        list(net._parameters),
        list(net._buffers),
        list(net._modules),
        sorted(net._non_persistent_buffers_set),
        "plain" in net.__dict__,
        "empty" in net.__dict__,
    ]


@case
def assigning_to_a_buffer(torch):
    net = make_net(torch)
    net.mean = torch.ones(2)
    net.scratch = torch.ones(1)
    net.tensor = torch.ones(1)
    return [net.mean, list(net.state_dict()), "tensor" in net.__dict__, error(setattr, net, "empty", torch.nn.Buffer())]


@case
def assigning_before_init(torch):
    class Early(torch.nn.Module):
        def __init__(self, value):
            self.it = value
            super().__init__()

    return [
        error(Early, torch.nn.Parameter(torch.ones(1))),
        error(Early, torch.nn.ReLU()),
        error(Early, torch.nn.Buffer(torch.ones(1))),
        Early(1).it,
    ]


@case
def no_init_at_all(torch):
    class Late(torch.nn.Module):
        def __init__(self):
            pass

        def forward(self, x):
            return x

    return [
        error(lambda: Late()(1)),
        error(Late().register_buffer, "x", torch.ones(1)),
        error(Late().register_parameter, "x", torch.nn.Parameter(torch.ones(1))),
        error(lambda: Late().x),
    ]


@case
def arguments_of_init(torch):
    class Net(torch.nn.Module):
        pass

    return [error(Net, 1), error(Net, a=1), error(Net, 1, 2, a=3), error(torch.nn.Module, 1)]


@case
def super_init_is_called(torch):
    class Mixin:
        def __init__(self, mine=0):
            self.mine = mine

    class Net(torch.nn.Module, Mixin):
        call_super_init = True

    return Net(mine=3).mine


@case
def no_forward(torch):
    class Net(torch.nn.Module):
        pass

    return error(Net(), 1)


@case
def deleting(torch):
    net = make_net(torch)
    net.plain = 1
    del net.weight, net.scratch, net.tied, net.plain
    return [
        list(net._parameters),
        list(net._buffers),
        list(net._modules),
        sorted(net._non_persistent_buffers_set),
        error(delattr, net, "weight"),
        error(delattr, net, "missing"),
    ]


@case
def names_in_dir(torch):
    net = torch.nn.Sequential(torch.nn.ReLU())
    net.extra = torch.nn.Parameter(torch.ones(1))
    return [
        "extra" in dir(net),
        "0" in dir(net),
        "training" in dir(net),
        "forward" in dir(net),
        dir(net) == sorted(dir(net)),
    ]


# ---------------------------------------------------------------------- registration


@case
def wrong_registrations(torch):
    net = make_net(torch)
    parameter, tensor, module = torch.nn.Parameter(torch.ones(1)), torch.ones(1), torch.nn.ReLU()
    calls = [(net.register_parameter, parameter), (net.register_buffer, tensor), (net.add_module, module)]
    found = [error(call, name, it) for call, it in calls for name in ("a.b", "", 3, None, "forward", "empty")]
    return [
        *found,
        error(net.register_parameter, "x", tensor),
        error(net.register_parameter, "x", 1),
        error(net.register_parameter, "x", torch.ones(1, requires_grad=True) * 2),
        error(net.register_parameter, "mean", parameter),
        error(net.register_buffer, "x", "text"),
        error(net.register_buffer, "weight", tensor),
        error(net.add_module, "x", tensor),
        error(net.add_module, "x", 1),
        error(net.add_module, "weight", module),
        error(net.register_module, "x", torch.nn.ReLU),
    ]


@case
def registrations(torch):
    net = torch.nn.Module()
    net.register_parameter("p", torch.nn.Parameter(torch.ones(1)))
    net.register_buffer("b", torch.ones(1))
    net.register_buffer("b", torch.zeros(1), persistent=False)
    net.register_module("m", torch.nn.ReLU())
    net.add_module("none", None)
    return [net, list(net.state_dict()), names(net.named_children()), names(net.named_modules())]


@case
def registration_hooks(torch):
    module = torch.nn.modules.module
    seen = []

    def note(kind):
        return lambda owner, name, value: seen.append((kind, name))

    handles = [
        module.register_module_parameter_registration_hook(note("parameter")),
        module.register_module_buffer_registration_hook(note("buffer")),
        module.register_module_module_registration_hook(note("module")),
        module.register_module_module_registration_hook(
            lambda owner, name, value: torch.nn.Tanh() if isinstance(value, torch.nn.ReLU) else None
        ),
    ]
    try:
        net = torch.nn.Sequential(torch.nn.BatchNorm1d(2), torch.nn.ReLU())
    finally:
        for handle in handles:
            handle.remove()
    torch.nn.Linear(1, 1)
    return [seen, net]


# ---------------------------------------------------------------------- looking up


@case
def submodules(torch):
    net = make_net(torch)
    return [
        net.get_submodule("block.linear"),
        net.get_submodule("") is net,
        net.get_parameter("block.linear.weight"),
        net.get_buffer("block.count"),
        error(net.get_submodule, "block.missing"),
        error(net.get_submodule, "weight"),
        error(net.get_submodule, "block..linear"),
        error(net.get_parameter, "mean"),
        error(net.get_parameter, "nothing"),
        error(net.get_parameter, "block.missing"),
        error(net.get_buffer, "weight"),
        error(net.get_buffer, "missing"),
        net.get_buffer("unset"),
    ]


@case
def setting_submodules(torch):
    net = make_net(torch)
    net.set_submodule("block.linear", torch.nn.Tanh())
    net.set_submodule("added", torch.nn.ReLU())
    return [
        net,
        error(net.set_submodule, "", torch.nn.ReLU()),
        error(net.set_submodule, "block.other", torch.nn.ReLU(), strict=True),
        error(net.set_submodule, "missing.other", torch.nn.ReLU()),
        error(net.set_submodule, "weight", torch.nn.ReLU()),
        error(net.set_submodule, "block", torch.ones(1)),
    ]


@case
def named_members(torch):
    net = make_net(torch)
    return [
        names(net.named_parameters()),
        names(net.named_parameters(remove_duplicate=False)),
        names(net.named_parameters(prefix="net", recurse=False)),
        names(net.named_buffers()),
        names(net.named_buffers(prefix="p", recurse=False)),
        names(net.named_modules()),
        names(net.named_modules(prefix="m", remove_duplicate=False)),
        names(net.named_children()),
        [
            len(list(each))
            for each in (net.parameters(), net.parameters(False), net.buffers(), net.modules(), net.children())
        ],
        names(net.named_modules(memo={net.block})),
    ]


@case
def the_same_module_twice(torch):
    linear = torch.nn.Linear(1, 1)
    net = torch.nn.Sequential(linear, torch.nn.ReLU(), linear)
    return [
        net,
        names(net.named_modules()),
        names(net.named_parameters()),
        len(list(net.children())),
        list(net.state_dict()),
    ]


@case
def positional_arguments(torch):
    net = make_net(torch)
    return [names(net.named_parameters("x", False, False)), names(net.named_buffers("x", False))]


# ---------------------------------------------------------------------- modes and gradients


@case
def modes(torch):
    net = torch.nn.Sequential(torch.nn.Dropout(), torch.nn.Sequential(torch.nn.Dropout()))
    found = [net.training, net.eval() is net, [each.training for each in net.modules()]]
    return [
        *found,
        net.train() is net,
        [each.training for each in net.modules()],
        error(net.train, 1),
        error(net.train, "no"),
    ]


@case
def freezing(torch):
    net = make_net(torch)
    assert net.requires_grad_(False) is net
    frozen = [each.requires_grad for each in net.parameters()]
    net.block.requires_grad_()
    return [frozen, [each.requires_grad for each in net.parameters()]]


@case
def zeroing_gradients(torch):
    net = make_net(torch)
    net(det(torch, 1, 2)).sum().backward()
    grad = net.weight.grad
    net.zero_grad(set_to_none=False)
    kept = [net.weight.grad is grad, grad.clone(), net.block.linear.weight.grad]
    net.zero_grad()
    return [*kept, [each.grad for each in net.parameters()]]


@case
def zeroing_gradients_with_history(torch):
    net = make_net(torch)
    net.weight.grad = det(torch, 2).requires_grad_() * 2
    net.block.linear.bias.grad = det(torch, 2).requires_grad_()
    net.zero_grad(set_to_none=False)
    return [net.weight.grad, net.block.linear.bias.grad]


# ---------------------------------------------------------------------- conversion


@case
def conversions(torch):
    found = []
    calls = [
        lambda net: net.double(),
        lambda net: net.half(),
        lambda net: net.bfloat16(),
        lambda net: net.double().float(),
        lambda net: net.to(torch.float64),
        lambda net: net.to("cpu"),
        lambda net: net.to("cpu", torch.float64),
        lambda net: net.to(device=torch.device("cpu"), dtype=torch.float16),
        lambda net: net.to(torch.ones(1, dtype=torch.float64)),
        lambda net: net.to(tensor=torch.ones(1, dtype=torch.float64)),
        lambda net: net.to(torch.float64, True),
        lambda net: net.to("cpu", torch.float64, non_blocking=True),
        lambda net: net.to(dtype=torch.complex64),
        lambda net: net.cpu(),
        lambda net: net.type(torch.float64),
        lambda net: net.to(memory_format=torch.channels_last),
    ]
    for call in calls:
        net = make_net(torch)
        before = list(net.parameters())
        same_module = call(net) is net
        same_parameters = all(old is new for old, new in zip(before, net.parameters(), strict=True))
        kinds = [each.dtype for each in (*net.parameters(), *net.buffers())]
        found.append([same_module, same_parameters, net.tied is net.block.linear, kinds])
    return found


@case
def wrong_conversions(torch):
    net = make_net(torch)
    return [
        error(net.to, torch.int64),
        error(net.to, dtype=torch.bool),
        error(net.to, "no-such-device"),
        error(net.to, "cpu", "cpu"),
        error(net.to, foo=1),
        error(net.to, torch.ones(1), torch.float64),
        error(net.to, torch.float64, copy=True),
        error(net.to, torch.float64, dtype=torch.float64),
        [each.dtype for each in net.parameters()],
    ]


@case
def conversion_of_gradients(torch):
    net = make_net(torch)
    net(det(torch, 1, 2)).sum().backward()
    weight, grad = net.weight, net.weight.grad
    net.double()
    net(det(torch, 1, 2).double()).sum().backward()
    return [net.weight is weight, weight.grad is grad, weight.grad, weight]


@case
def applying(torch):
    seen = []
    net = make_net(torch)
    same_module = net.apply(lambda module: seen.append(type(module).__name__)) is net
    return [seen, same_module]


@case
def applying_to_tensors(torch):
    net = make_net(torch)
    kinds = []
    net._apply(lambda each: kinds.append(isinstance(each, torch.nn.Parameter)) or each * 2)
    return [kinds, net.weight, net.mean, net.weight.is_leaf]


@case
def emptying(torch):
    net = make_net(torch)
    weight = net.weight
    net.to_empty(device="cpu")
    return [net.weight is weight, weight.requires_grad, list(weight.shape)]


@case
def copying(torch):
    net = make_net(torch)
    made = copy.deepcopy(net)
    with torch.no_grad():
        net.weight.zero_()
    return [
        made,
        made.weight,
        made.tied is made.block.linear,
        made.tied is net.tied,
        made.state_dict(),
        made(det(torch, 1, 2)),
        sorted(made._non_persistent_buffers_set),
    ]


@case
def shallow_copying(torch):
    net = make_net(torch)
    made = copy.copy(net)
    return [made.weight is net.weight, made._parameters is net._parameters]


@case
def pickling(torch):
    net = torch.nn.Sequential(torch.nn.Linear(2, 2), torch.nn.BatchNorm1d(2), torch.nn.Sequential(torch.nn.Tanh()))
    net.eval()
    made = pickle.loads(pickle.dumps(filled(torch, net)))
    return [made, made.state_dict(), made(det(torch, 3, 2))]


@case
def copying_with_hooks(torch):
    seen = []
    net = torch.nn.Linear(1, 1)
    net.handle = net.register_forward_hook(lambda module, args, output: seen.append(module is made))
    net._register_load_state_dict_pre_hook(lambda module, *rest: seen.append(module is made), with_module=True)
    made = copy.deepcopy(net)
    made(torch.ones(1, 1))
    made.load_state_dict(made.state_dict())
    made.handle.remove()
    made(torch.ones(1, 1))
    return [seen, len(net._forward_hooks), len(made._forward_hooks)]


# ---------------------------------------------------------------------- printing


@case
def printing(torch):
    class Own(torch.nn.Module):
        def __init__(self, text):
            super().__init__()
            self.text = text

        def extra_repr(self):
            return self.text

    nested = Own("first\n\nsecond")
    nested.add_module("below", torch.nn.Sequential(Own("a=1"), Own("x\ny")))
    nested.none = torch.nn.ReLU()
    nested.none = None
    return [
        repr(make_net(torch)),
        *[repr(Own(text)) for text in ("", "a=1", "a=1\nb=2", "a\n\nb")],
        repr(nested),
        str(nested),
    ]


@case
def printing_another_name(torch):
    class Own(torch.nn.Linear):
        def _get_name(self):
            return "Renamed"

    return repr(Own(1, 2))


@pytest.mark.parametrize("fn", CASES, ids=lambda fn: fn.__name__)
def test_as_in_pytorch(fn) -> None:
    same(fn)


def test_a_call_without_hooks_goes_straight_to_forward() -> None:
    """What the user calls is two frames away from `forward`, no more: one of them is this test's."""
    import sys

    class Net(torchlike.nn.Module):
        def forward(self):
            return sys._getframe(1).f_code.co_name, sys._getframe(2).f_code.co_name

    here = sys._getframe().f_code.co_name
    assert Net()() == ("__call__", here)


def test_keywords_of_old() -> None:
    net = torchlike.nn.Linear(1, 1)
    assert net.cpu(device_id=None) is net
    assert len(list(net.parameters(memo=None))) == 2
    with pytest.warns(FutureWarning, match="'memo' is deprecated and has no effect"):
        net.parameters(memo=set())
    old = pytest.warns(FutureWarning, match="'device_id' is deprecated; use 'device'")
    with old, contextlib.suppress(AssertionError):  # there may be no GPU
        net.cuda(device_id=None)
