"""What `torch.compile` gives and refuses, as PyTorch does."""

from __future__ import annotations

import copy
import pickle
import threading

import numpy as np
import pytest

import torchlike as torch
from torchlike import nn

reference = pytest.importorskip("torch")


@pytest.fixture(autouse=True)
def _counts_anew():
    torch.ones(1).add(1).item()  # computes what other tests left pending: a call amid a step is not captured
    torch.explain(reset=True)


def replayed() -> int:
    """How many calls were replayed."""
    return torch.explain().runs["replayed"]


def double(x):
    """Twice."""
    return x * 2


def calls(fn, count: int = 6) -> list:
    """Some results."""
    return [fn(torch.arange(3.0) + number).tolist() for number in range(count)]


EXPECTED = [[2 * (place + number) for place in range(3)] for number in range(6)]


class Net(nn.Module):
    """A module that can be pickled."""

    def __init__(self) -> None:
        super().__init__()
        self.inner = nn.Linear(3, 2)

    def forward(self, x):
        return self.inner(x)


# ---------------------------------------------------------------------- functions


@pytest.mark.parametrize(
    "options", [{}, {"mode": "max-autotune"}, {"backend": "eager"}, {"dynamic": True}, {"options": {}}]
)
def test_a_function_keeps_its_name(options):
    fn = torch.compile(double, **options)
    assert fn.__name__ == "double" and fn.__doc__ == "Twice." and fn.__wrapped__ is double
    assert calls(fn) == EXPECTED
    assert replayed() == 3


def test_decorators_with_and_without_arguments():
    @torch.compile
    def one(x):
        return x * 2

    @torch.compile(fullgraph=True)
    def two(x):
        return x * 2

    assert calls(one) == calls(two) == EXPECTED


def test_disable_gives_the_function_back():
    assert torch.compile(double, disable=True) is double


@pytest.mark.parametrize(
    "make, said",
    [
        (lambda torch: torch.compile(double, mode="foo"), "Unrecognized mode=foo"),
        (lambda torch: torch.compile(double, backend="foo"), "Invalid backend: 'foo'"),
        (lambda torch: torch.compile(double, mode="default", options={"a": True}), "Either mode or options"),
        (lambda torch: torch.compile(3), "A callable function is expected"),
        (lambda torch: torch.compile(backend="eager")(None), "Model can't be None"),
        (lambda torch: torch._dynamo.optimize("foo"), "Invalid backend: 'foo'"),
    ],
)
def test_refused_as_in_pytorch(make, said):
    errors = []
    for library in (torch, reference):
        with pytest.raises((RuntimeError, AssertionError), match=said) as caught:
            made = make(library)
            made(double)
        errors.append((type(caught.value).__name__, str(caught.value)))
    assert errors[0] == errors[1]


def test_a_signature_with_pytorch_s_parameters():
    import inspect

    mine, theirs = inspect.signature(torch.compile), inspect.signature(reference.compile)
    assert [(each.name, each.kind, each.default) for each in mine.parameters.values()] == [
        (each.name, each.kind, each.default) for each in theirs.parameters.values()
    ]


# ---------------------------------------------------------------------- fullgraph


def printing(torch):
    def fn(x):
        print("hello")
        return x * 2

    return fn


def branching(torch):
    return lambda x: x * 2 if x.sum() > 0 else x


def breaking(torch):
    def fn(x):
        torch._dynamo.graph_break()
        return x * 2

    return fn


def disabled(torch):
    inner = torch.compiler.disable(double)
    return lambda x: inner(x) * 2


@pytest.mark.parametrize(
    "make, said",
    [
        (printing, "Failed to trace builtin operator"),
        (branching, "Data-dependent branching"),
        (breaking, "Call to `torch._dynamo.graph_break"),
        (disabled, "Skip calling"),
    ],
)
def test_fullgraph_refuses_what_pytorch_refuses(make, said):
    titles = []
    for library in (torch, reference):
        options = {} if library is torch else {"backend": "eager"}
        fn = library.compile(make(library), fullgraph=True, **options)
        with pytest.raises(library._dynamo.exc.Unsupported, match=said) as caught:
            fn(library.ones(3))
        titles.append(str(caught.value).splitlines()[0])
    assert titles[0] == titles[1]


def test_after_a_refusal_all_goes_on():
    fn = torch.compile(branching(torch), fullgraph=True)
    for _ in range(5):
        with pytest.raises(torch._dynamo.exc.Unsupported, match="test_compile.py"):
            fn(torch.ones(3))
    assert not torch.compiler.is_compiling()
    assert calls(torch.compile(double)) == EXPECTED


@pytest.mark.parametrize("make", [branching, breaking, disabled])
def test_a_break_is_told_and_the_function_runs(make):
    fn = torch.compile(make(torch))
    plain = make(torch)
    assert calls(fn) == calls(plain)
    assert replayed() == 0
    assert any("test_compile.py" in where[0] for _, _, where in torch.explain().breaks)
    assert "was recorded" in str(torch.explain())


# ---------------------------------------------------------------------- modules


def test_an_optimized_module_is_as_pytorch_s():
    def look(torch, nn):
        model = nn.Sequential(nn.Linear(2, 3), nn.ReLU())
        made = torch.compile(model, backend="eager")
        made.foo = 3
        first = (repr(made), list(made.state_dict()), made._orig_mod is model, model.foo, "foo" in vars(made))
        made.eval()
        second = (model.training, made.training, model.train().training, made.training, len(made))
        names = ([name for name, _ in made.named_modules()], [name for name, _ in made.named_parameters()])
        del made.foo
        return first, second, names, hasattr(model, "foo"), type(made).__name__, isinstance(made, nn.Module)

    assert look(torch, nn) == look(reference, reference.nn)


@pytest.mark.parametrize("again", [copy.deepcopy, lambda model: pickle.loads(pickle.dumps(model))])
def test_a_copy_of_a_compiled_module_is_compiled(again):
    model = torch.compile(Net())
    x = torch.ones(2, 3)
    with torch.no_grad():
        for _ in range(4):
            model(x)
        other = again(model)
        assert type(other) is type(model) and other._orig_mod is not model._orig_mod
        model.inner.weight.zero_()
        expected = other._orig_mod(x).tolist()
        before = replayed()
        assert [other(x).tolist() for _ in range(6)] == [expected] * 6
        assert replayed() > before
        assert model(x).tolist() != expected


def test_a_module_that_is_compiled_in_place():
    model = Net()
    assert model.compile() is None
    x = torch.ones(2, 3)
    with torch.no_grad():
        assert [model(x).tolist() for _ in range(6)] == [model.forward(x).tolist()] * 6
    assert replayed() == 3
    assert "_compiled_call_impl" not in vars(copy.deepcopy(model))


def test_hooks_of_a_compiled_module_are_called():
    seen = []
    model = Net()
    model.register_forward_hook(lambda module, args, out: seen.append(1))
    model = torch.compile(model)
    for _ in range(6):
        model(torch.ones(2, 3))
    assert len(seen) == 6


# ---------------------------------------------------------------------- switches


def test_reset_forgets():
    fn = torch.compile(double)
    calls(fn)
    assert replayed() == 3
    torch._dynamo.reset()
    calls(fn)
    assert replayed() == 6


def test_is_compiling():
    seen = []
    fn = torch.compile(lambda x: (seen.append(torch.compiler.is_compiling()), x)[1])
    fn(torch.ones(1))
    assert seen == [True] and not torch.compiler.is_compiling()


def test_stances():
    fn = torch.compile(double)
    with torch.compiler.set_stance("force_eager"):
        calls(fn)
    assert replayed() == 0
    calls(fn)
    assert replayed() == 3
    with torch.compiler.set_stance("fail_on_recompile"):
        calls(fn)
        with pytest.raises(RuntimeError, match="Detected recompile when torch.compile stance is 'fail_on_recompile'"):
            fn(torch.ones(5))

    @torch.compiler.set_stance("force_eager")
    def run():
        return calls(fn)

    before = replayed()
    assert run() == EXPECTED and replayed() == before
    assert calls(fn) == EXPECTED and replayed() > before
    with pytest.raises(RuntimeError, match="invalid torch.compile stance 'foo'"):
        torch.compiler.set_stance("foo")


def test_no_more_calls_are_kept_than_the_limit():
    fn = torch.compile(double, recompile_limit=2)
    for size in range(1, 5):
        for _ in range(4):
            assert fn(torch.ones(size)).tolist() == [2.0] * size
    assert replayed() == 1 + 2  # what the function's code is was known at the second size


def test_what_is_kept_does_not_grow_without_end():
    fn = torch.compile(lambda x, scale: x * scale)
    for number in range(300):
        assert fn(torch.ones(1), number / 4).item() == number / 4
    assert len(torch.explain().breaks) < 10


def test_the_configuration():
    config = torch._dynamo.config
    with config.patch(recompile_limit=1, suppress_errors=True):
        assert config.cache_size_limit == 1 and config.suppress_errors
    assert config.recompile_limit == reference._dynamo.config.recompile_limit
    with pytest.raises(AttributeError, match="foo does not exist"):
        config.foo = 1
    with config.patch(disable=True):
        assert torch.compile(double) is double


def test_backends_are_listed():
    assert "inductor" in torch.compiler.list_backends() and "eager" in torch._dynamo.list_backends(None)


def test_op_by_op_nothing_is_replayed():
    with torch.execution_mode("eager"):
        assert calls(torch.compile(double)) == EXPECTED
    assert replayed() == 0


def test_threads_replay_side_by_side():
    model = Net()
    fn = torch.compile(lambda x: model(x) * 2)
    inputs = [torch.full((2, 3), float(number)) for number in range(8)]
    with torch.no_grad():
        expected = [(model(x) * 2).numpy() for x in inputs]
    found: dict = {}

    def work(offset: int) -> None:
        with torch.no_grad():
            found[offset] = [fn(inputs[(number + offset) % 8]).numpy() for number in range(24)]

    threads = [threading.Thread(target=work, args=(offset,)) for offset in range(4)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    for offset, results in found.items():
        for number, each in enumerate(results):
            np.testing.assert_allclose(each, expected[(number + offset) % 8], rtol=1e-6)
    assert len(found) == 4 and replayed() > 0
