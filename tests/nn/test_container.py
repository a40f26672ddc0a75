"""Containers of modules and of parameters, against PyTorch."""

from __future__ import annotations

import copy
import pickle
from collections import OrderedDict

import pytest

import torchlike
from tests.nn.compare import det, error, same

CASES = []


def case(fn):
    CASES.append(fn)
    return fn


def layers(torch, count=3):
    return [torch.nn.Linear(2, place + 1) for place in range(count)]


def keys(module):
    return list(module._modules)


# ---------------------------------------------------------------------- Sequential


@case
def sequential(torch):
    net = torch.nn.Sequential(torch.nn.ReLU(), torch.nn.Sequential(torch.nn.Tanh()), torch.nn.Sigmoid())
    return [net, net(det(torch, 2, 3)), len(net), bool(net), repr(torch.nn.Sequential()), torch.nn.Sequential()(3)]


@case
def sequential_of_names(torch):
    net = torch.nn.Sequential(OrderedDict(first=torch.nn.ReLU(), second=torch.nn.Tanh()))
    return [net, net.first, net[1], keys(net[:1]), keys(net[1:]), net.second is net[-1]]


@case
def wrong_sequentials(torch):
    return [
        error(torch.nn.Sequential, 1),
        error(torch.nn.Sequential, torch.nn.ReLU),
        error(torch.nn.Sequential, [torch.nn.ReLU()]),
        error(torch.nn.Sequential, {"a": torch.nn.ReLU()}),
        error(torch.nn.Sequential, OrderedDict(a=1)),
    ]


@case
def indices_of_a_sequential(torch):
    net = torch.nn.Sequential(*layers(torch))
    return [
        net[0],
        net[-1],
        net[torch.tensor(1)],
        net[1:],
        net[::-1],
        net[5:],
        [type(each).__name__ for each in net],
        *[error(lambda index=index: net[index]) for index in (3, -4, "0", 1.0)],
    ]


@case
def setting_in_a_sequential(torch):
    net = torch.nn.Sequential(OrderedDict(a=torch.nn.ReLU(), b=torch.nn.Tanh()))
    net[-1] = torch.nn.Sigmoid()
    return [net, error(net.__setitem__, 2, torch.nn.ReLU()), error(net.__setitem__, 0, 1)]


@case
def deleting_from_a_sequential(torch):
    net, sliced = torch.nn.Sequential(*layers(torch, 4)), torch.nn.Sequential(*layers(torch, 5))
    del net[1]
    del sliced[1:4:2]
    return [net, sliced, error(net.__delitem__, 7), net.pop(-1), net, sliced.pop(0), sliced]


@case
def growing_a_sequential(torch):
    net = torch.nn.Sequential(torch.nn.ReLU())
    same_net = net.append(torch.nn.Tanh()) is net and net.extend(layers(torch, 2)) is net
    same_net = same_net and net.insert(1, torch.nn.Sigmoid()) is net
    net.insert(-1, torch.nn.Softplus())
    net.insert(len(net), torch.nn.ELU())
    return [
        same_net,
        net,
        error(net.append, 1),
        error(net.insert, 0, 1),
        error(net.insert, 9, torch.nn.ReLU()),
        error(net.insert, -9, torch.nn.ReLU()),
        error(net.extend, 3),
        torch.nn.Sequential().insert(0, torch.nn.ReLU()),
    ]


@case
def growing_a_sequential_of_names(torch):
    net = torch.nn.Sequential(OrderedDict(a=torch.nn.ReLU()))
    net.append(torch.nn.Tanh())
    return [keys(net), error(torch.nn.Sequential(OrderedDict(a=torch.nn.ReLU())).insert, 0, torch.nn.Tanh())]


@case
def arithmetic_of_sequentials(torch):
    first, second = torch.nn.Sequential(*layers(torch, 1)), torch.nn.Sequential(torch.nn.ReLU())
    both, thrice = first + second, second * 3
    first += second
    return [
        both,
        thrice,
        2 * second,
        first,
        thrice[0] is thrice[2],
        second.__imul__(2),
        error(lambda: first + [torch.nn.ReLU()]),
        error(lambda: first.__iadd__([torch.nn.ReLU()])),
        error(lambda: second * 0),
        error(lambda: second * 1.5),
        error(lambda: second.__imul__(-1)),
        error(lambda: second.__imul__("2")),
    ]


@case
def subclass_of_sequential(torch):
    class Own(torch.nn.Sequential):
        pass

    net = Own(*layers(torch))
    return [type(net[:2]).__name__, type(net + net).__name__, repr(net[1:])]


@case
def copies_of_containers(torch):
    made = [
        torch.nn.Sequential(*layers(torch)),
        torch.nn.ModuleList(layers(torch)),
        torch.nn.ModuleDict({"a": torch.nn.ReLU()}),
        torch.nn.ParameterList([det(torch, 2), "text"]),
        torch.nn.ParameterDict({"a": det(torch, 2), "b": 3}),
    ]
    return [[each, copy.deepcopy(each), pickle.loads(pickle.dumps(each)), list(each.state_dict())] for each in made]


# ---------------------------------------------------------------------- ModuleList


@case
def module_list(torch):
    made = torch.nn.ModuleList(layers(torch))
    return [
        made,
        len(made),
        made[1],
        made[-1],
        made[1:],
        made[::2],
        [type(each).__name__ for each in made],
        error(made, 1),
        repr(torch.nn.ModuleList()),
        made[0] in made,
        "0" in dir(made),
        *[error(lambda index=index: made[index]) for index in (3, -4, "0")],
    ]


@case
def repeated_blocks(torch):
    def block():
        return torch.nn.Sequential(torch.nn.Linear(1, 1), torch.nn.ReLU())

    mixed = torch.nn.ModuleList([block(), block(), torch.nn.ReLU(), block(), torch.nn.Tanh(), torch.nn.Tanh()])
    return [
        repr(torch.nn.ModuleList([torch.nn.ReLU() for _ in range(4)])),
        repr(mixed),
        repr(torch.nn.Sequential(mixed)),
    ]


@case
def changing_a_module_list(torch):
    made = torch.nn.ModuleList(layers(torch))
    made[0] = torch.nn.ReLU()
    made[-1] = torch.nn.Tanh()
    chained = made.append(torch.nn.Sigmoid()) is made and made.extend(layers(torch, 1)) is made
    made.insert(1, torch.nn.Softplus())
    made += [torch.nn.ELU()]
    before = repr(made)
    del made[0]
    del made[1:3]
    popped = made.pop(-1)
    return [before, chained, made, keys(made), popped, made + layers(torch, 1), type(made + made).__name__]


@case
def wrong_changes_of_a_module_list(torch):
    made = torch.nn.ModuleList(layers(torch))
    return [
        error(made.extend, 3),
        error(made.append, 3),
        error(made.extend, [3]),
        error(made.__setitem__, 0, 3),
        error(made.__setitem__, 5, torch.nn.ReLU()),
        error(made.__delitem__, 5),
        error(made.insert, -1, torch.nn.ReLU()),
        error(torch.nn.ModuleList, 3),
        error(torch.nn.ModuleList, torch.nn.Linear(1, 1)),
    ]


@case
def module_lists_of_generators_and_lists(torch):
    return [
        torch.nn.ModuleList(each for each in layers(torch)),
        torch.nn.ModuleList(torch.nn.ModuleList(layers(torch))),
    ]


# ---------------------------------------------------------------------- ModuleDict


@case
def module_dict(torch):
    made = torch.nn.ModuleDict({"b": torch.nn.ReLU(), "a": torch.nn.Tanh()})
    return [
        made,
        len(made),
        made["a"],
        "a" in made,
        "c" in made,
        list(made),
        list(made.keys()),
        [(key, type(each).__name__) for key, each in made.items()],
        [type(each).__name__ for each in made.values()],
        repr(torch.nn.ModuleDict()),
        error(lambda: made["c"]),
        error(made, 1),
        type(made.keys()).__name__,
    ]


@case
def changing_a_module_dict(torch):
    made = torch.nn.ModuleDict([["b", torch.nn.ReLU()]])
    made["a"] = torch.nn.Tanh()
    made.update({"c": torch.nn.ELU()})
    made.update(torch.nn.ModuleDict({"d": torch.nn.GELU()}))
    made.update([("e", torch.nn.GELU()), ["a", torch.nn.Sigmoid()]])
    before = repr(made)
    del made["b"]
    popped = made.pop("a")
    after = list(made)
    made.clear()
    return [before, popped, after, len(made), error(made.pop, "a"), error(made.__delitem__, "a")]


@case
def wrong_changes_of_a_module_dict(torch):
    made = torch.nn.ModuleDict()
    return [
        error(made.update, 3),
        error(made.update, [3]),
        error(made.update, [("a",)]),
        error(made.update, [("a", torch.nn.ReLU(), 3)]),
        error(made.update, {"a": 3}),
        error(made.__setitem__, "keys", torch.nn.ReLU()),
        error(made.__setitem__, "a.b", torch.nn.ReLU()),
        error(made.__setitem__, 3, torch.nn.ReLU()),
    ]


# ---------------------------------------------------------------------- ParameterList


@case
def parameter_list(torch):
    frozen = torch.nn.Parameter(torch.ones(1, 2), requires_grad=False)
    made = torch.nn.ParameterList([det(torch, 2), frozen, "text", torch.tensor([1.0], dtype=torch.float64)])
    return [
        made,
        len(made),
        list(made),
        made[0],
        made[-1],
        made[1:3],
        made[::-1],
        made[1] is frozen,
        [name for name, _ in made.named_parameters()],
        repr(torch.nn.ParameterList()),
        error(made, 1),
        error(made),
        "0" in dir(made),
        *[error(lambda index=index: made[index]) for index in (4, -5, "0")],
    ]


@case
def changing_a_parameter_list(torch):
    made = torch.nn.ParameterList()
    chained = made.append(det(torch, 2)) is made and made.extend([1, det(torch, 1)]) is made
    made[0] = torch.zeros(3)
    made[1] = "other"
    made += [torch.ones(1)]
    made.extend(torch.nn.ParameterList([torch.ones(4)]))
    return [
        chained,
        made,
        [isinstance(each, torch.nn.Parameter) for each in made],
        error(made.extend, 3),
        error(made.extend, torch.ones(2)),
        error(torch.nn.ParameterList, torch.ones(2)),
        error(made.__setitem__, 9, torch.ones(1)),
        error(made.__setitem__, 0, "text"),
    ]


@case
def parameter_list_of_scalars(torch):
    return torch.nn.ParameterList([torch.tensor(1.0), torch.tensor(2.0)])


# ---------------------------------------------------------------------- ParameterDict


@case
def parameter_dict(torch):
    made = torch.nn.ParameterDict({"b": det(torch, 2), "a": torch.ones(1, 3), "c": "text"})
    return [
        made,
        len(made),
        list(made),
        list(reversed(made)),
        list(made.keys()),
        list(made.values()),
        list(made.items()),
        next(iter(made.items())),
        made["b"],
        "a" in made,
        "z" in made,
        made.get("z"),
        made.get("z", 3),
        [name for name, _ in made.named_parameters()],
        repr(torch.nn.ParameterDict()),
        error(lambda: made["z"]),
        error(lambda: made[1]),
        error(made, 1),
    ]


@case
def changing_a_parameter_dict(torch):
    made = torch.nn.ParameterDict(OrderedDict(b=torch.ones(1), a=torch.zeros(1)))
    made["c"] = torch.ones(2)
    made.update({"z": torch.ones(1), "y": 2})
    made.update([("x", torch.ones(1)), ["w", "text"]])
    made.update(torch.nn.ParameterDict({"v": torch.ones(1)}))
    before = list(made)
    default = [made.setdefault("a", 3), made.setdefault("u", torch.ones(1)), made.setdefault("t")]
    del made["b"]
    popped, last = made.pop("c"), made.popitem()
    copied = made.copy()
    made.clear()
    return [before, default, popped, last, copied, len(made), error(made.pop, "a"), error(made.__delitem__, "a")]


@case
def joining_parameter_dicts(torch):
    first = torch.nn.ParameterDict({"a": torch.ones(1), "b": torch.ones(2)})
    second = torch.nn.ParameterDict({"b": torch.zeros(3), "c": torch.zeros(1)})
    joined, reverse = first | second, first.__ror__(second)
    fresh = first.fromkeys(["x", "y"], torch.ones(1))
    first |= second
    return [joined, reverse, fresh, fresh["x"] is fresh["y"], first, torch.nn.ParameterDict().fromkeys(["k"])["k"]]


@case
def wrong_changes_of_a_parameter_dict(torch):
    made = torch.nn.ParameterDict()
    return [
        error(made.update, 3),
        error(made.update, [3]),
        error(made.update, [("a",)]),
        error(made.__setitem__, 1, torch.ones(1)),
        error(torch.nn.ParameterDict, 3),
    ]


@case
def training_a_parameter_dict(torch):
    made = torch.nn.ParameterDict({"w": det(torch, 2)})
    (made["w"] * 3).sum().backward()
    return [made["w"].grad, made.w.grad]


@case
def old_container(torch):
    made = torch.nn.Container(a=torch.nn.ReLU(), b=torch.nn.Tanh())
    return [made, keys(made)]


@pytest.mark.parametrize("fn", CASES, ids=lambda fn: fn.__name__)
def test_as_in_pytorch(fn) -> None:
    same(fn)


def test_the_old_keyword_of_a_parameter_list() -> None:
    with pytest.warns(FutureWarning, match="'parameters' is deprecated; use 'values'"):
        made = torchlike.nn.ParameterList(parameters=[torchlike.ones(1)])
    assert len(made) == 1
