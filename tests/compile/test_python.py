"""The many ways in which Python code comes by what it reads."""

from __future__ import annotations

import contextlib
import copy
import enum
import functools
import math
from collections import OrderedDict, defaultdict, namedtuple
from collections.abc import Mapping

import pytest

import torchlike as torch
from tests.compile.compare import check
from tests.compile.test_guards import changed_at, rows
from torchlike import nn
from torchlike.nn import functional as F

Point = namedtuple("Point", "x y")


class Kind(enum.Enum):
    """Two kinds."""

    ONE = 1
    TWO = 2


def helper(x):
    """Something that is called by name."""
    return x + 1


class Lazy:
    """Gives attributes that it does not have."""

    def __init__(self) -> None:
        self.known = {"scale": 2.0}

    def __getattr__(self, name):
        return self.__dict__["known"][name]

    @property
    def doubled(self):
        return self.known["scale"] * 2

    @staticmethod
    def static(x):
        return x * OFFSET

    @classmethod
    def of_class(cls, x):
        return x + cls.shift

    shift = 1.0


class Attributes(dict):
    """A dictionary with attributes."""

    scale = 1.0

    def __getattr__(self, name):
        return self[name]


OFFSET = 3.0


CASES = {}


def case(build):
    """One function, and what is changed before its sixth call."""
    CASES[build.__name__] = build
    return build


@case
def an_attribute_that_is_made_up():
    lazy = Lazy()
    return lambda x: x * lazy.scale, lambda: lazy.known.update(scale=5.0)


@case
def a_property():
    lazy = Lazy()
    return lambda x: x * lazy.doubled, lambda: lazy.known.update(scale=5.0)


@case
def a_static_method():
    lazy = Lazy()
    return lambda x: lazy.static(x), lambda: globals().update(OFFSET=4.0)


@case
def a_class_method():
    return lambda x: Lazy.of_class(x), lambda: setattr(Lazy, "shift", 7.0)


@case
def a_partial():
    settings = [2.0]
    return functools.partial(lambda scale, x: x * scale[0], settings), lambda: settings.__setitem__(0, 3.0)


@case
def a_bound_method():
    class Trainer:
        def __init__(self):
            self.scale = 1.0

        def step(self, x):
            return x * self.scale

    trainer = Trainer()
    return trainer.step, lambda: setattr(trainer, "scale", 3.0)


@case
def a_function_on_an_object():
    lazy = Lazy()
    lazy.call = lambda x: x * 2
    return lambda x: lazy.call(x), lambda: setattr(lazy, "call", lambda x: x * 3)


@case
def a_function_of_the_module():
    return lambda x: helper(x), lambda: globals().update(helper=lambda x: x + 2)


@case
def a_mutable_default():
    def fn(x, scales=[1.0, 2.0]):  # noqa: B006
        for each in scales:
            x = x * each
        return x

    return fn, lambda: fn.__defaults__[0].append(3.0)


@case
def a_default_dictionary():
    table = defaultdict(lambda: 2.0, a=1.0)
    return lambda x: x * table["a"], lambda: table.update(a=5.0)


@case
def an_ordered_dictionary():
    table = OrderedDict(a=1.0, b=2.0)
    return lambda x: x * next(iter(table.values())), lambda: table.move_to_end("a")


@case
def a_dictionary_with_attributes():
    table = Attributes(a=1.0)
    return lambda x: x * table.a * table.scale, lambda: setattr(table, "scale", 5.0)


@case
def a_named_tuple():
    points = [Point(1.0, 2.0)]
    return lambda x: Point(x * points[0].x, x), lambda: points.__setitem__(0, Point(3.0, 2.0))


@case
def an_enumeration():
    lazy = Lazy()
    lazy.kind = Kind.ONE
    return lambda x: x if lazy.kind is Kind.ONE else x * 2, lambda: setattr(lazy, "kind", Kind.TWO)


@case
def a_set():
    names = {"a"}
    return lambda x: x * 2 if "b" in names else x + 1, lambda: names.add("b")


@case
def tensors_of_a_closure():
    several = [torch.ones(3), torch.zeros(3)]
    return lambda x: x + sum(several), lambda: several.append(torch.ones(3))


@case
def a_tensor_that_is_exchanged():
    table = {"a": torch.ones(3)}
    return lambda x: x + table["a"], lambda: table.update(a=torch.full((3,), 5.0))


@case
def a_context_of_the_users_own():
    lazy = Lazy()

    @contextlib.contextmanager
    def scaled():
        yield lazy.scale

    def fn(x):
        with scaled() as scale, torch.no_grad():
            return x * scale

    return fn, lambda: lazy.known.update(scale=5.0)


@case
def recursion():
    depth = [2]

    def fn(x, left=None):
        left = depth[0] if left is None else left
        return x if not left else fn(x + left, left - 1)

    return fn, lambda: depth.__setitem__(0, 3)


@case
def comprehensions_and_inner_functions():
    scales = [1.0, 2.0]

    def fn(x):
        def inner(y, by=scales):
            return [y * each + math.sqrt(4.0) for each in by]

        return sum(inner(x)), {name: x for name in sorted(["b", "a"])}

    return fn, lambda: scales.insert(0, 5.0)


@case
def functions_of_the_standard_library():
    table = {"a": 1.0}

    def fn(x):
        scale = functools.reduce(lambda a, b: a * b, [2.0, 3.0]) if isinstance(table, Mapping) else 1.0
        return x * scale * table["a"] + x.shape.index(3)

    return fn, lambda: table.update(a=2.0)


@case
def a_nested_object():
    outer, inner = Lazy(), Lazy()
    outer.inner, inner.values = inner, {"deep": [Point(1.0, [2.0])]}
    return lambda x: x * outer.inner.values["deep"][0].y[0], lambda: inner.values["deep"][0].y.__setitem__(0, 7.0)


@pytest.mark.parametrize("name", CASES)
def test_noticed(name, monkeypatch):
    for known in ("OFFSET", "helper"):
        monkeypatch.setitem(globals(), known, globals()[known])
    monkeypatch.setattr(Lazy, "shift", 1.0)

    def program(compile):
        for known, value in (("OFFSET", 3.0), ("helper", HELPER)):
            globals()[known] = value
        Lazy.shift = 1.0
        fn, change = CASES[name]()
        return rows(compile, fn, changed_at(5, change))

    check(program)


HELPER = helper


def test_a_trainer_that_counts_is_recorded():
    def program(compile):
        class Trainer:
            def __init__(self):
                self.model = nn.Linear(3, 2)
                self.optimizer = torch.optim.SGD(self.model.parameters(), lr=0.1)
                self.count = 0

            def step(self, x):
                self.count += 1
                self.optimizer.zero_grad()
                loss = self.model(x).square().sum()
                loss.backward()
                self.optimizer.step()
                return loss.detach()

        trainer = Trainer()
        step = compile(trainer.step)
        return [[step(torch.arange(3.0) + number) for number in range(8)], trainer.count, trainer.model.weight]

    check(program, replayed=0)


def test_two_networks_that_learn_from_each_other():
    def program(compile):
        one, two = nn.Linear(3, 3), nn.Linear(3, 3)
        first = torch.optim.Adam(one.parameters(), lr=0.01)
        second = torch.optim.Adam(two.parameters(), lr=0.01, betas=(0.5, 0.9))

        @compile
        def step(x):
            first.zero_grad()
            loss = F.mse_loss(one(x), two(x).detach())
            loss.backward()
            first.step()
            second.zero_grad()
            other = F.l1_loss(two(one(x).detach()), x)
            other.backward()
            second.step()
            return loss.detach(), other.detach()

        found = [step(torch.randn(4, 3)) for _ in range(8)]
        return [found, list(one.parameters()), list(two.parameters())]

    check(program)


def test_a_running_average_of_a_model():
    def program(compile):
        model, average = nn.Linear(3, 3), nn.Linear(3, 3)
        optimizer = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9)

        @compile
        def step(x):
            optimizer.zero_grad()
            model(x).square().mean().backward()
            optimizer.step()
            with torch.no_grad():
                for mine, theirs in zip(average.parameters(), model.parameters(), strict=True):
                    mine.lerp_(theirs, 0.1)

        for _ in range(8):
            step(torch.randn(4, 3))
        return [list(model.parameters()), list(average.parameters()), [each._version for each in average.parameters()]]

    check(program)


def test_a_copy_of_a_model_stays():
    def program(compile):
        model = nn.Linear(100, 50)
        optimizer = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9)

        @compile
        def step(x):
            optimizer.zero_grad()
            model(x).square().mean().backward()
            optimizer.step()

        copies = []
        for _ in range(8):
            step(torch.randn(4, 100))
            copies.append((copy.deepcopy(model).weight, model.weight.detach().clone(), model.weight.grad))
        return copies

    check(program)


def test_gradients_asked_for():
    def program(compile):
        model = nn.Linear(3, 1)

        @compile
        def penalty(x):
            x = x.clone().requires_grad_()
            (grad,) = torch.autograd.grad(model(x).sum(), x, create_graph=True)
            loss = (grad.norm(dim=1) - 1).square().mean()
            model.zero_grad()
            loss.backward()
            return loss.detach(), grad.detach()

        return [[penalty(torch.randn(4, 3)) for _ in range(8)], model.weight.grad]

    check(program)


# what tells more than a replay could know, or changes more: named as it is called
BREAKING = {
    "_version": lambda x, model, optimizer: x._version,
    "storage_offset": lambda x, model, optimizer: x.storage_offset(),
    "data_ptr": lambda x, model, optimizer: x.data_ptr(),
    "untyped_storage": lambda x, model, optimizer: x.untyped_storage(),
    "__deepcopy__": lambda x, model, optimizer: x.__deepcopy__({}),
    "manual_seed": lambda x, model, optimizer: torch.manual_seed(1),
    "initial_seed": lambda x, model, optimizer: torch.initial_seed(),
    "get_rng_state": lambda x, model, optimizer: torch.get_rng_state(),
    "explain": lambda x, model, optimizer: torch.explain(),
    "choose": lambda x, model, optimizer: torch.execution_mode("whole").__enter__(),
    "state_dict": lambda x, model, optimizer: optimizer.state_dict(),
    "__repr__": lambda x, model, optimizer: repr(optimizer),
    "add_param_group": lambda x, model, optimizer: optimizer.add_param_group({"params": [torch.ones(1)]}),
}


@pytest.mark.parametrize("name", BREAKING)
def test_what_is_marked_breaks_a_capture(name):
    model = nn.Linear(2, 2)
    optimizer = torch.optim.SGD(model.parameters(), 0.1)
    look = BREAKING[name]

    @torch.compile
    def step(x):
        look(x, model, optimizer)
        return x + 1

    breaks = torch.explain().breaks.copy()
    with torch.execution_mode("auto"):
        step(torch.ones(2))
    found = torch.explain().breaks - breaks
    assert [what for _, what, _ in found] == [f"`{name}` is called"]
