"""A compiled function notices whatever of Python has changed between calls."""

from __future__ import annotations

import random
from dataclasses import dataclass

import numpy as np
import pytest

import torchlike as torch
from tests.compile.compare import check
from torchlike import nn

SCALE = 2.0
TABLE = {"scale": 2.0, "parts": [1.0, 2.0]}
CALLS: list = []


@dataclass
class Pair:
    left: torch.Tensor
    right: torch.Tensor


class Config:
    """Holds settings."""

    limit = 3

    def __init__(self) -> None:
        self.scale, self.deep = 2.0, [0.5]


def vectors(count: int) -> list:
    """Some small tensors."""
    return [torch.arange(3.0) + number for number in range(count)]


def rows(compile, fn, change=None) -> list:
    """The results of eight calls; `change(number)` comes before each."""
    fn, found = compile(fn), []
    for number, x in enumerate(vectors(8)):
        if change is not None:
            change(number)
        found.append(fn(x))
    return found


def changed_at(number: int, do):
    """Do something before one call."""
    return lambda now: do() if now == number else None


# ---------------------------------------------------------------------- what the code reads


def test_a_global(monkeypatch):
    def program(compile):
        monkeypatch.setitem(globals(), "SCALE", 2.0)
        return rows(compile, lambda x: x * SCALE, changed_at(5, lambda: monkeypatch.setitem(globals(), "SCALE", 3)))

    check(program)


def test_contents_of_a_global(monkeypatch):
    def program(compile):
        monkeypatch.setitem(globals(), "TABLE", {"scale": 2.0, "parts": [1.0, 2.0]})

        def change(number):
            if number == 4:
                TABLE["parts"][1] = 7.0
            if number == 6:
                TABLE["parts"].append(1.0)

        return rows(compile, lambda x: x * TABLE["scale"] + sum(TABLE["parts"]), change)

    check(program)


def test_a_variable_of_a_closure():
    def program(compile):
        factor = 1.0

        def change(number):
            nonlocal factor
            factor = 1.0 if number < 5 else 4.0

        return rows(compile, lambda x: x * factor, change)

    check(program)


@pytest.mark.parametrize("what", ["scale", "deep", "limit", "method", "other"])
def test_an_object(what):
    def program(compile):
        class Own(Config):
            def factor(self):
                return self.scale * self.deep[0] * self.limit * getattr(self, "oth" + "er", 1.0)

        config = Own()

        def change():
            if what == "scale":
                config.scale = 5.0
            elif what == "deep":
                config.deep[0] = 5.0
            elif what == "limit":
                Own.limit = 5
            elif what == "method":
                Own.factor = lambda self: 9.0
            else:
                config.other = 5.0

        return rows(compile, lambda x: x * config.factor(), changed_at(5, change))

    check(program)


def test_a_method_put_on_one_object():
    def program(compile):
        layer = nn.Linear(3, 3)
        with torch.no_grad():
            return rows(compile, lambda x: layer(x), changed_at(5, lambda: setattr(layer, "forward", torch.sin)))

    check(program)


def test_a_function_of_another_module(monkeypatch):
    def program(compile):
        with monkeypatch.context() as patch:
            return rows(compile, lambda x: torch.sin(x), changed_at(5, lambda: patch.setattr(torch, "sin", torch.cos)))

    check(program)


def test_a_default_of_an_argument():
    def program(compile):
        def fn(x, scale=2.0):
            return x * scale

        return rows(compile, fn, changed_at(5, lambda: setattr(fn, "__defaults__", (3.0,))))

    check(program)


def test_an_equal_number_of_another_kind_is_another():
    def program(compile):
        config = Config()
        config.scale = 2
        fn = compile(lambda x: x * config.scale)
        found = []
        for number in range(8):
            config.scale = 2 if number < 5 else 2.0
            found.append(fn(torch.arange(3)))
        assert [each.dtype for each in found[4:6]] == [torch.int64, torch.float32]
        return found

    check(program)


def test_grad_mode_default_dtype_and_requires_grad():
    def program(compile):
        weight = torch.ones(3)
        fn = compile(lambda x: x * weight + torch.zeros(3))
        found = []
        for number, x in enumerate(vectors(12)):
            weight.requires_grad_(number in (5, 6))
            if number == 9:
                torch.set_default_dtype(torch.float64)
            with torch.set_grad_enabled(number != 6):
                out = fn(x)
            found += [out, str(out.dtype), out.requires_grad]
        torch.set_default_dtype(torch.float32)
        return found

    check(program)


# ---------------------------------------------------------------------- modules


def test_training_and_evaluation():
    def program(compile):
        model = nn.Sequential(nn.Linear(3, 3), nn.Dropout(0.5))
        with torch.no_grad():
            return rows(compile, lambda x: model(x), lambda number: model.train(number in (5, 6)))

    check(program)


@pytest.mark.parametrize("how", ["parameter", "data", "module", "copy", "hook", "buffer"])
def test_a_module_whose_parts_are_replaced(how):
    def program(compile):
        model = nn.Sequential(nn.Linear(3, 3), nn.ReLU())
        model.register_buffer("offset", torch.zeros(3))

        def change():
            if how == "parameter":
                model[0].weight = nn.Parameter(torch.ones(3, 3))
            elif how == "data":
                model[0].weight.data = torch.ones(3, 3)
            elif how == "module":
                model[0] = nn.Identity()
            elif how == "copy":
                with torch.no_grad():
                    model[0].weight.copy_(torch.ones(3, 3))
            elif how == "hook":
                model[0].register_forward_hook(lambda module, args, out: out * 2)
            else:
                model.offset = torch.ones(3)

        with torch.no_grad():
            return rows(compile, lambda x: model(x) + model.offset, changed_at(5, change))

    check(program)


def test_a_module_alone():
    def program(compile):
        model = compile(nn.Sequential(nn.Linear(3, 3), nn.ReLU()))
        with torch.no_grad():
            return [model(x) for x in vectors(8)]

    check(program)


def test_a_module_under_a_tape():
    def program(compile):
        model = compile(nn.Sequential(nn.Linear(3, 3), nn.ReLU(), nn.BatchNorm1d(3)))
        optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
        losses = []
        for _ in range(8):
            optimizer.zero_grad()
            loss = model(torch.randn(4, 3)).square().mean()
            loss.backward()
            optimizer.step()
            losses.append(loss)
        return [losses, list(model.parameters()), list(model.buffers())]

    check(program, replayed=0)


# ---------------------------------------------------------------------- arguments and results


def test_tensors_in_lists_dictionaries_and_dataclasses():
    def program(compile):
        @compile
        def fn(several, named, pair, *, last):
            return {"sum": sum(several), "pair": Pair(pair.right, named["b"] * 2)}, (several[0] + last, None, "text", 3)

        found = []
        for x in vectors(8):
            out, rest = fn([x, x + 1], {"a": x, "b": x * 2}, Pair(x, x * 3), last=(x + 5))
            assert type(out["pair"]) is Pair and rest[1:] == (None, "text", 3)
            found.append([out["sum"], out["pair"].left, out["pair"].right, rest[0]])
        return found

    check(program)


def test_numbers_among_the_arguments():
    def program(compile):
        fn = compile(lambda x, scale, flag: x * scale if flag else x - scale)
        return [fn(x, scale, flag) for x in vectors(5) for scale in (2, 2.0, -0.0) for flag in (True, False)]

    check(program)


def test_lists_of_varying_length():
    def program(compile):
        fn = compile(lambda several: torch.stack(several).sum(0))
        return [fn(vectors(2 + number // 5)) for number in range(10)]

    check(program)


def test_a_result_that_is_held_stays():
    def program(compile):
        state = torch.zeros(3)

        @compile
        def fn(x):
            state.add_(x)
            return state * 2

        held = []
        for x in vectors(8):
            held += [fn(x), state.clone()]
        return [held, state, state._version]

    check(program)


def test_an_argument_that_is_changed_in_place():
    def program(compile):
        @compile
        def fn(x, y):
            x.add_(1)
            return x * y

        found = []
        for x in vectors(8):
            other = x.clone()
            found += [fn(x, torch.ones(3)), x, x._version, fn(other, other), other]
        return found

    check(program)


def test_arguments_that_are_views():
    def program(compile):
        data = torch.arange(80.0).reshape(20, 4)
        fn = compile(lambda x: (x.sum(), (x + 1).t()))
        return [fn(data[number : number + 2]) for number in range(16)]

    check(program)


def test_a_view_that_is_changed_in_place():
    def program(compile):
        data = torch.arange(8.0).reshape(4, 2)
        fn = compile(lambda x: x.mul_(2).sum())
        return [[fn(data[1]) for _ in range(8)], data]

    check(program)


def test_arguments_that_share_memory_with_numpy():
    def program(compile):
        fn = compile(lambda x: x * 2)
        array = np.arange(3.0)
        found = []
        for _ in range(8):
            found.append(fn(torch.from_numpy(array)))
            array += 1
        return found

    check(program)


def test_an_argument_comes_back_as_itself():
    fn = torch.compile(lambda x, y: (x, y + 1, x))
    for x in vectors(6):
        first, _, again = fn(x, x)
        assert first is x and again is x
    assert torch.explain().runs["replayed"] > 0


def test_a_tensor_made_of_constants():
    check(lambda compile: rows(compile, lambda x: x + torch.tensor([1.0, 2.0, 3.0]) + torch.ones(3)))


def test_a_leaf_among_the_arguments():
    def program(compile):
        weight = torch.ones(3, requires_grad=True)

        @compile
        def fn(w, x):
            w.grad = None
            (w * x).sum().backward()
            return w.grad * 1

        return [[fn(weight, x) for x in vectors(8)], weight.grad]

    check(program)


# ---------------------------------------------------------------------- what is not replayed


def test_output_is_written_each_time(capsys):
    def fn(x):
        print("called")
        return x * 2

    fn = torch.compile(fn)
    for x in vectors(6):
        fn(x)
    assert capsys.readouterr().out.count("called") == 6
    assert any("`print`" in reason for _, reason, _ in torch.explain().breaks)


@pytest.mark.parametrize("how", ["list", "attribute", "global", "closure", "argument"])
def test_python_that_is_changed(how):
    def program(compile):
        config, seen, count = Config(), [], 0

        def fn(x, log):
            nonlocal count
            if how == "list":
                CALLS.append(1)
            elif how == "attribute":
                config.scale += 1
            elif how == "global":
                TABLE["scale"] += 1
            elif how == "closure":
                count += 1
            else:
                log.append(x)
            return x * 2

        CALLS.clear()
        TABLE["scale"] = 0.0
        fn = compile(fn)
        return [[fn(x, seen) for x in vectors(8)], len(CALLS), config.scale, TABLE["scale"], count, len(seen)]

    check(program, replayed=0)


def test_values_that_are_read():
    def program(compile):
        buffer = torch.tensor(2.0)

        @compile
        def fn(x):
            if x.sum() > 9:
                return x - 1
            return x * buffer.item() + x.max().item()

        found = []
        for number, x in enumerate(vectors(8)):
            if number == 5:
                buffer.fill_(3.0)
            found.append(fn(x))
        return found

    check(program, replayed=0)


def test_random_numbers_drawn_on_the_host():
    def program(compile):
        generator = np.random.default_rng(0)
        random.seed(0)
        one = rows(compile, lambda x: torch.empty(3).exponential_() * x)
        two = rows(compile, lambda x: x * random.random())
        return one + two + rows(compile, lambda x: x * generator.random())

    check(program, replayed=0)


def _several(x):
    return (
        nn.functional.dropout(torch.rand(3)) + torch.normal(1.0, SCALE, (3,)) + torch.bernoulli(x, 0.5) + torch.randn(3)
    )


@pytest.mark.parametrize("draw", [torch.randn_like, torch.rand_like, lambda x: torch.randint(9, (3,)), _several])
def test_random_tensors_are_drawn_anew(draw):
    check(lambda compile: rows(compile, lambda x: draw(x) * x))


def test_random_tensors_that_are_kept_are_recorded():
    check(lambda compile: rows(compile, lambda x: torch.randn(3)), replayed=0)


def test_a_module_that_a_variable_holds():
    def program(compile):
        functional = torch.nn.functional

        def scaled(x):
            def inner():
                return functional.relu(x)

            return functional.gelu(x) + inner()

        return rows(compile, scaled)

    check(program)


def test_an_exception_leaves_all_as_it_was():
    def program(compile):
        config = Config()

        @compile
        def fn(x):
            y = x * 2
            if config.limit > 3:
                raise KeyError("too much")
            return y

        found = []
        for number, x in enumerate(vectors(10)):
            config.limit = 4 if number in (1, 6) else 3
            try:
                found.append(fn(x))
            except KeyError as error:
                found.append(str(error))
        return found

    check(program)


def test_an_object_that_cannot_be_compared_is_recorded():
    def program(compile):
        numbers = iter(range(100))
        return rows(compile, lambda x: x * next(numbers))

    check(program, replayed=0)


def test_a_generator_function_is_recorded():
    def program(compile):
        def fn(x):
            yield x + 1

        return [list(each) for each in rows(compile, fn)]

    check(program, replayed=0)


def test_a_module_within_a_class_of_the_users_own():
    def program(compile):
        class Net(nn.Module):
            def __init__(self):
                super().__init__()
                self.layers = nn.ModuleList([nn.Linear(3, 3) for _ in range(2)])
                self.depth = 2

            def forward(self, x):
                for layer in self.layers[: self.depth]:
                    x = torch.relu(layer(x))
                return x

        net = Net()
        with torch.no_grad():
            return rows(compile, net, changed_at(5, lambda: setattr(net, "depth", 1)))

    check(program)


def test_one_compiled_function_calls_another():
    def program(compile):
        inner = compile(lambda x: x * SCALE)
        outer = compile(lambda x: inner(x) + 1)
        return rows(lambda fn: fn, outer) + rows(lambda fn: fn, inner)

    check(program)
