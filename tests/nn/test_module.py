"""`nn.Module` and `nn.Parameter`, against PyTorch."""

from __future__ import annotations

import copy
import pickle
from collections import OrderedDict, namedtuple

import pytest

import torchlike
from tests.nn.compare import det, error, filled, same

CASES = []


def case(fn):
    CASES.append(fn)
    return fn


def make_net(torch):
    """A network with a tied parameter, both kinds of buffers and a module below."""

    class Block(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.linear = torch.nn.Linear(2, 2)
            self.register_buffer("count", torch.tensor(3))

        def forward(self, x):
            return self.linear(x) * self.count

    class Net(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.weight = torch.nn.Parameter(torch.ones(2))
            self.register_parameter("nothing", None)
            self.register_buffer("mean", torch.zeros(2))
            self.register_buffer("scratch", torch.zeros(1), persistent=False)
            self.register_buffer("unset", None)
            self.block = Block()
            self.tied = self.block.linear
            self.empty = None

        def forward(self, x, scale=1.0):
            return self.block(x) * scale + self.weight

    return filled(torch, Net())


def names(pairs):
    return [name for name, _ in pairs]


# ---------------------------------------------------------------------- parameters


@case
def parameter(torch):
    data = det(torch, 3)
    made = torch.nn.Parameter(data)
    frozen = torch.nn.Parameter(data, requires_grad=False)
    with torch.no_grad():
        made[0] = 5.0
        within = torch.nn.Parameter(torch.ones(1))
    return [made, frozen, within, data, repr(made), repr(frozen), str(made), made.is_leaf]


@case
def parameter_of_nothing(torch):
    return [torch.nn.Parameter(), repr(torch.nn.Parameter()), torch.nn.Parameter(None, False)]


@case
def parameter_of_a_parameter(torch):
    first = torch.nn.Parameter(torch.ones(2))
    again = torch.nn.Parameter(first)
    return [again, again is first, again.data_ptr() == first.data_ptr()]


@case
def parameter_of_integers(torch):
    return [
        error(torch.nn.Parameter, torch.ones(2, dtype=torch.int64)),
        torch.nn.Parameter(torch.ones(2, dtype=torch.int64), requires_grad=False),
    ]


@case
def parameter_of_a_result(torch):
    made = torch.nn.Parameter(torch.ones(2, requires_grad=True) * 2)
    return [made, made.is_leaf, made.grad_fn is None]


@case
def operations_on_a_parameter_are_tensors(torch):
    made = torch.nn.Parameter(torch.ones(2, 2))
    return [made * 2, made.data, made.detach(), made.t(), made[0], made.clone(), made.double(), made.view(4)]


@case
def what_a_parameter_is(torch):
    parameter, tensor = torch.nn.Parameter(torch.ones(1)), torch.ones(1)
    kinds = [torch.nn.Parameter, torch.Tensor, torch.nn.Buffer]
    return [[isinstance(each, kind) for kind in kinds] for each in (parameter, tensor, torch.nn.Buffer(tensor), 1)]


@case
def parameter_of_a_subclass(torch):
    class Own(torch.Tensor):
        pass

    made = torch.nn.Parameter(torch.ones(2).as_subclass(Own))
    module = torch.nn.Module()
    module.own = made
    return [
        type(made).__name__,
        isinstance(made, torch.nn.Parameter),
        made.requires_grad,
        names(module.named_parameters()),
    ]


@case
def subclass_of_parameter(torch):
    class Own(torch.nn.Parameter):
        pass

    made = Own(torch.ones(2))
    return [type(made).__name__, isinstance(made, torch.nn.Parameter), type(copy.deepcopy(made)).__name__]


@case
def copies_of_a_parameter(torch):
    made = torch.nn.Parameter(det(torch, 2), requires_grad=False)
    made.note = "mine"
    deep, loaded = copy.deepcopy(made), pickle.loads(pickle.dumps(made))
    with torch.no_grad():
        made.zero_()
    return [deep, loaded, made, loaded.note]


@case
def copies_of_two_parameters_stay_tied(torch):
    made = torch.nn.Parameter(det(torch, 2))
    first, second = copy.deepcopy([made, made])
    return first is second


@case
def buffer(torch):
    made = torch.nn.Buffer(torch.ones(2))
    module = torch.nn.Module()
    module.kept, module.scratch = made, torch.nn.Buffer(torch.zeros(1), persistent=False)
    module.kept = torch.full((2,), 3.0)
    return [repr(made), module.state_dict(), names(module.named_buffers()), torch.nn.Buffer(), made.persistent]


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


# ---------------------------------------------------------------------- state


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


# ---------------------------------------------------------------------- hooks


@case
def forward_hooks(torch):
    net, seen = make_net(torch), []

    def pre(module, args):
        seen.append(("pre", len(args)))
        return args[0] + 1

    def pre_kwargs(module, args, kwargs):
        seen.append(("pre kwargs", sorted(kwargs)))
        return args, {"scale": 2.0}

    def post(module, args, output):
        seen.append(("post", args[0].tolist()))
        return output * 2

    def post_kwargs(module, args, kwargs, output):
        seen.append(("post kwargs", kwargs))

    handles = [
        net.register_forward_pre_hook(pre),
        net.register_forward_pre_hook(pre_kwargs, with_kwargs=True, prepend=True),
        net.register_forward_hook(post),
        net.register_forward_hook(post_kwargs, with_kwargs=True, prepend=True),
    ]
    hooked = net(torch.zeros(1, 2))
    for handle in handles:
        handle.remove()
    left = [len(each) for each in (net._forward_hooks, net._forward_pre_hooks, net._forward_hooks_with_kwargs)]
    return [hooked, seen, net(torch.zeros(1, 2)), left]


@case
def a_hook_as_a_context(torch):
    net, seen = torch.nn.ReLU(), []
    with net.register_forward_hook(lambda *_: seen.append(1)) as handle:
        net(torch.ones(1))
    net(torch.ones(1))
    return [seen, type(handle).__name__]


@case
def a_bad_pre_hook(torch):
    net = torch.nn.ReLU()
    net.register_forward_pre_hook(lambda module, args, kwargs: 1, with_kwargs=True)
    return error(net, torch.ones(1))


@case
def hooks_that_are_always_called(torch):
    class Failing(torch.nn.Module):
        def forward(self, x):
            raise ValueError("failed")

    def again(module, args, output):
        raise TypeError("again")

    net, seen = Failing(), []
    net.register_forward_hook(lambda module, args, output: seen.append("never"))
    net.register_forward_hook(lambda module, args, output: seen.append(output), always_call=True)
    net.register_forward_hook(
        lambda module, args, kwargs, output: seen.append(kwargs), always_call=True, with_kwargs=True
    )
    net.register_forward_hook(again, always_call=True)
    return [error(net, 1), seen]


@case
def an_always_called_hook_is_called_once(torch):
    net, seen = torch.nn.ReLU(), []

    def fail(module, args, output):
        raise ValueError("failed")

    net.register_forward_hook(lambda *_: seen.append(1), always_call=True)
    net.register_forward_hook(fail)
    return [error(net, torch.ones(1)), seen]


@case
def hooks_for_all_modules(torch):
    module, seen = torch.nn.modules.module, []
    handles = [
        module.register_module_forward_pre_hook(lambda own, args: seen.append(("pre", type(own).__name__))),
        module.register_module_forward_hook(lambda own, args, output: seen.append(("post", type(own).__name__))),
        module.register_module_forward_hook(lambda own, args, kwargs, output: output + 1, with_kwargs=True),
    ]
    try:
        result = torch.nn.Sequential(torch.nn.ReLU(), torch.nn.Tanh())(torch.zeros(1))
    finally:
        for handle in handles:
            handle.remove()
    torch.nn.ReLU()(torch.zeros(1))
    return [result, seen]


@case
def backward_hooks(torch):
    net, seen = make_net(torch), []

    def pre(module, outputs):
        seen.append(("pre", outputs))
        return (outputs[0] * 2,)

    def post(module, inputs, outputs):
        seen.append(("post", inputs, outputs))
        return tuple(None if each is None else each * 3 for each in inputs)

    handles = [net.register_full_backward_pre_hook(pre), net.register_full_backward_hook(post)]
    x = det(torch, 1, 2).requires_grad_()
    net(x, 2.0).sum().backward()
    for handle in handles:
        handle.remove()
    first = x.grad.clone()
    net(x).sum().backward()
    return [first, x.grad, net.weight.grad, seen]


@case
def backward_hooks_of_inner_modules(torch):
    net, seen = torch.nn.Sequential(torch.nn.Linear(2, 2), torch.nn.ReLU(), torch.nn.Linear(2, 1)), []
    filled(torch, net)
    for name, module in net.named_children():
        module.register_full_backward_hook(lambda own, inputs, outputs, name=name: seen.append((name, inputs, outputs)))
    net(det(torch, 3, 2).requires_grad_()).sum().backward()
    return seen


@case
def backward_hooks_without_gradients_of_inputs(torch):
    net, seen = filled(torch, torch.nn.Linear(2, 1)), []
    net.register_full_backward_hook(lambda module, inputs, outputs: seen.append((inputs, outputs)))
    net(det(torch, 1, 2)).sum().backward()
    with torch.no_grad():
        net(det(torch, 1, 2))
    return [seen, net.weight.grad]


@case
def bad_backward_hooks(torch):
    def run(register, returned, needs=True):
        net = filled(torch, torch.nn.Linear(2, 1))
        getattr(net, register)(lambda *_: returned)
        return error(net(det(torch, 1, 2).requires_grad_(needs)).sum().backward)

    two = (torch.ones(1, 2), torch.ones(1, 2))
    return [
        run("register_full_backward_hook", two),
        run("register_full_backward_pre_hook", two),
        run("register_full_backward_hook", (torch.ones(1, 2),), needs=False),
    ]


@case
def backward_hooks_of_several_inputs_and_outputs(torch):
    class Net(torch.nn.Module):
        def forward(self, x, number, y):
            return x * number, "text", y * 2

    net, seen = Net(), []
    net.register_full_backward_hook(lambda module, inputs, outputs: seen.append((inputs, outputs)))
    x, y = det(torch, 2).requires_grad_(), det(torch, 2)
    first, text, second = net(x, 3.0, y)
    first.sum().backward()
    return [seen, text, second, x.grad]


@case
def backward_hooks_where_no_gradient_comes(torch):
    class Net(torch.nn.Module):
        def forward(self, x, y):
            return x * 2, y * 3

    net, seen = Net(), []
    net.register_full_backward_hook(lambda module, inputs, outputs: seen.append((inputs, outputs)))
    x, y = det(torch, 2).requires_grad_(), det(torch, 2).requires_grad_()
    net(x, y)[0].sum().backward()
    return [seen, x.grad, y.grad]


@case
def backward_hooks_of_named_tuples(torch):
    Pair = namedtuple("Pair", "first second")

    class Net(torch.nn.Module):
        def forward(self, x):
            return Pair(x * 2, x * 3)

    net, seen = Net(), []
    net.register_full_backward_hook(lambda module, inputs, outputs: seen.append((inputs, outputs)))
    result = net(det(torch, 2).requires_grad_())
    result.first.sum().backward()
    return [seen, type(result).__name__]


@case
def nodes_of_backward_hooks(torch):
    net = torch.nn.ReLU()
    net.register_full_backward_hook(lambda *_: None)
    return net(det(torch, 2).requires_grad_()).grad_fn.name()


@case
def backward_hooks_of_other_outputs(torch):
    class Net(torch.nn.Module):
        def forward(self, x):
            return {"y": x * 2}

    net, seen = Net(), []
    net.register_full_backward_hook(lambda *_: seen.append(1))
    net(det(torch, 2).requires_grad_())["y"].sum().backward()
    return seen


@case
def old_backward_hooks(torch):
    net, seen = filled(torch, torch.nn.Linear(2, 1)), []
    handle = net.register_backward_hook(lambda module, inputs, outputs: seen.append((len(inputs), outputs)))
    net(det(torch, 1, 2).requires_grad_()).sum().backward()
    handle.remove()
    return [seen, error(net.register_full_backward_hook, lambda *_: None)]


@case
def old_and_new_backward_hooks(torch):
    net = torch.nn.ReLU()
    net.register_full_backward_hook(lambda *_: None)
    return error(net.register_backward_hook, lambda *_: None)


@case
def old_backward_hooks_that_miss_something(torch):
    class Net(torch.nn.Module):
        def __init__(self, fn):
            super().__init__()
            self.fn = fn
            self.register_backward_hook(lambda *_: None)

        def forward(self, x):
            return self.fn(x)

    x = det(torch, 2).requires_grad_()
    Net(lambda x: (x * 2).exp())(x)
    Net(lambda x: [x * 2])(x)
    Net(lambda x: {"y": x * 2})(x)
    Net(lambda x: (x * 2, x * 3))(x)
    Net(lambda x: x[0] * 2)([x])
    return []


@case
def backward_hooks_for_all_modules(torch):
    module, seen = torch.nn.modules.module, []
    handles = [
        module.register_module_full_backward_hook(lambda own, inputs, outputs: seen.append(type(own).__name__)),
        module.register_module_full_backward_pre_hook(lambda own, outputs: seen.append("pre " + type(own).__name__)),
    ]
    try:
        torch.nn.Sequential(torch.nn.ReLU(), torch.nn.Tanh())(det(torch, 2).requires_grad_()).sum().backward()
        refused = error(module.register_module_backward_hook, lambda *_: None)
    finally:
        for handle in handles:
            handle.remove()
    return [seen, refused]


@case
def a_second_backward_through_hooks(torch):
    net, seen = make_net(torch), []
    net.register_full_backward_hook(lambda module, inputs, outputs: seen.append(inputs))
    x = det(torch, 1, 2).requires_grad_()
    loss = net(x).pow(2).sum()
    loss.backward(retain_graph=True)
    loss.backward()
    return [seen, x.grad]


@case
def differentiating_through_hooks(torch):
    net = make_net(torch)
    net.register_full_backward_hook(lambda module, inputs, outputs: None)
    x = det(torch, 1, 2).requires_grad_()
    (grad,) = torch.autograd.grad(net(x).pow(2).sum(), x, create_graph=True)
    return [grad.detach(), torch.autograd.grad(grad.sum(), x)[0]]


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
