"""One table of optimizers and one of schedulers: values, state, errors, and that a schedule compiles nothing."""

from __future__ import annotations

import copy
import warnings

import numpy as np
import pytest

import torchlike

torch = pytest.importorskip("torch")

# name and options of each optimizer: a new one is a new row
OPTIMIZERS = [
    ("SGD", {"lr": 0.1}),
    ("SGD", {"lr": 0.1, "momentum": 0.9, "dampening": 0.3, "weight_decay": 0.1}),
    ("SGD", {"lr": 0.1, "momentum": 0.9, "nesterov": True, "maximize": True}),
    ("Adam", {"lr": 0.1}),
    ("Adam", {"lr": 0.1, "betas": (0.8, 0.95), "weight_decay": 0.1, "amsgrad": True}),
    ("AdamW", {"lr": 0.1, "weight_decay": 0.2}),
    ("AdamW", {"lr": 0.1, "amsgrad": True, "maximize": True}),
    ("RMSprop", {"lr": 0.1}),
    ("RMSprop", {"lr": 0.1, "alpha": 0.9, "momentum": 0.9, "centered": True, "weight_decay": 0.1}),
    ("Adagrad", {"lr": 0.1}),
    ("Adagrad", {"lr": 0.1, "lr_decay": 0.1, "initial_accumulator_value": 0.5, "weight_decay": 0.1, "maximize": True}),
    ("Adadelta", {}),
    ("Adadelta", {"lr": 0.5, "rho": 0.8, "weight_decay": 0.1}),
    ("Adamax", {"lr": 0.1}),
    ("Adamax", {"lr": 0.1, "betas": (0.8, 0.95), "weight_decay": 0.1, "maximize": True}),
    ("NAdam", {"lr": 0.1}),
    ("NAdam", {"lr": 0.1, "weight_decay": 0.1, "momentum_decay": 0.01}),
    ("NAdam", {"lr": 0.1, "weight_decay": 0.1, "decoupled_weight_decay": True}),
    ("RAdam", {"lr": 0.1}),
    ("RAdam", {"lr": 0.1, "betas": (0.8, 0.9), "weight_decay": 0.1, "decoupled_weight_decay": True}),
    ("Rprop", {"lr": 0.1}),
    ("Rprop", {"lr": 0.1, "etas": (0.3, 1.5), "step_sizes": (0.01, 0.2), "maximize": True}),
    ("ASGD", {"lr": 0.1}),
    ("ASGD", {"lr": 0.1, "lambd": 0.1, "alpha": 0.5, "t0": 3.0, "weight_decay": 0.1}),
    ("Adafactor", {"lr": 0.1}),
    ("Adafactor", {"lr": 0.1, "eps": (1e-2, 1e-2), "d": 1.5, "weight_decay": 0.1, "maximize": True}),
]
# name and options of each scheduler
SCHEDULERS = [
    ("LambdaLR", {"lr_lambda": lambda step: 0.9**step}),
    ("MultiplicativeLR", {"lr_lambda": lambda step: 0.95}),
    ("StepLR", {"step_size": 3}),
    ("MultiStepLR", {"milestones": [2, 5, 5]}),
    ("ConstantLR", {"factor": 0.5, "total_iters": 4}),
    ("LinearLR", {"total_iters": 6}),
    ("ExponentialLR", {"gamma": 0.9}),
    ("PolynomialLR", {"total_iters": 8, "power": 2.0}),
    ("CosineAnnealingLR", {"T_max": 7}),
    ("CosineAnnealingWarmRestarts", {"T_0": 3, "T_mult": 2}),
    ("CyclicLR", {"base_lr": 0.01, "max_lr": 0.2, "step_size_up": 4, "cycle_momentum": False}),
    ("OneCycleLR", {"max_lr": 0.2, "total_steps": 120, "cycle_momentum": False}),
]
ERRORS = [
    ("SGD", {"lr": -1.0}),
    ("SGD", {"momentum": -1.0}),
    ("SGD", {"nesterov": True}),
    ("SGD", {"fused": True, "foreach": True}),
    ("Adam", {"lr": -1.0}),
    ("Adam", {"eps": -1.0}),
    ("Adam", {"betas": (1.0, 0.9)}),
    ("Adam", {"betas": (0.9, 1)}),
    ("AdamW", {"weight_decay": -1.0}),
    ("RMSprop", {"alpha": -1.0}),
    ("RMSprop", {"momentum": -1.0, "weight_decay": -1.0}),
    ("Adagrad", {"lr_decay": -1.0}),
    ("Adagrad", {"initial_accumulator_value": -1.0}),
    ("Adagrad", {"fused": True, "differentiable": True}),
    ("Adadelta", {"rho": 1.5}),
    ("Adamax", {"betas": (0.9, 1.0)}),
    ("NAdam", {"momentum_decay": -1.0}),
    ("RAdam", {"weight_decay": -1.0}),
    ("Rprop", {"etas": (1.2, 0.5)}),
    ("ASGD", {"lr": -1.0}),
    ("Adafactor", {"d": 0.5}),
    ("Adafactor", {"beta2_decay": 0.5}),
    ("Adafactor", {"eps": (-1.0, 0.1)}),
    ("Muon", {}),
    ("Muon", {"adjust_lr_fn": "odd"}),
]
SCHEDULER_ERRORS = [
    ("StepLR", {}),
    ("ConstantLR", {"factor": 2.0}),
    ("LinearLR", {"start_factor": 0.0}),
    ("CosineAnnealingWarmRestarts", {"T_0": 0}),
    ("OneCycleLR", {"max_lr": 0.1}),
    ("CyclicLR", {"base_lr": [0.1, 0.2], "max_lr": 1.0}),
    ("CyclicLR", {"base_lr": 0.1, "max_lr": 1.0, "mode": "odd"}),
    ("ReduceLROnPlateau", {"factor": 1.0}),
    ("ReduceLROnPlateau", {"mode": "odd"}),
]


def named(rows: list) -> dict:
    """The table as arguments of `parametrize`, with readable ids."""
    return {"argvalues": rows, "ids": [f"{name}-{place}" for place, (name, _) in enumerate(rows)]}


def problem(library, dtype="float32"):
    """(two parameters, a function that computes a loss of them)."""
    first = library.tensor([1.5, -2.0, 0.5], dtype=getattr(library, dtype), requires_grad=True)
    second = library.tensor([[0.3, -0.7], [1.1, 0.9]], dtype=getattr(library, dtype), requires_grad=True)

    def loss():
        squares = (first * first).abs().sum() + ((second - 0.5) * (second - 0.5)).abs().sum()
        return squares + (first[0] * second[0]).sum().abs()

    return [first, second], loss


def stepped(params, optimizer, loss, count: int) -> list[np.ndarray]:
    """The parameters after `count` steps."""
    for _ in range(count):
        optimizer.zero_grad()
        loss().backward()
        optimizer.step()
    return [each.detach().numpy().copy() for each in params]


def trained(library, name: str, options: dict, dtype: str = "float32"):
    params, loss = problem(library, dtype)
    optimizer = getattr(library.optim, name)(params, **options)
    return stepped(params, optimizer, loss, 10), optimizer


def test_every_optimizer_is_in_the_table():
    elsewhere = {"Optimizer", "LBFGS", "Muon"}
    there = {name for name, found in vars(torchlike.optim).items() if isinstance(found, type)}
    assert there == {name for name, _ in OPTIMIZERS} | elsewhere


@pytest.mark.parametrize(("name", "options"), **named(OPTIMIZERS))
@pytest.mark.parametrize("dtype", ["float32", "float64", "complex64"])
def test_ten_steps_and_the_state(name, options, dtype):
    if (name, dtype) == ("Adafactor", "complex64"):
        for library in (torch, torchlike):
            with pytest.raises(RuntimeError, match="^Adafactor does not support complex parameters$"):
                trained(library, name, options, dtype)
        return
    want, theirs = trained(torch, name, options, dtype)
    got, ours = trained(torchlike, name, options, dtype)
    for a, b in zip(want, got, strict=True):
        np.testing.assert_allclose(b, a, rtol=1e-4 if dtype != "float64" else 1e-10, atol=1e-6)
    want, got = theirs.state_dict(), ours.state_dict()
    assert got["param_groups"] == want["param_groups"]
    assert {key: list(value) for key, value in got["state"].items()} == {k: list(v) for k, v in want["state"].items()}
    for key, entries in want["state"].items():
        for field, value in entries.items():
            mine = got["state"][key][field]
            assert (tuple(mine.shape), str(mine.dtype)) == (tuple(value.shape), str(value.dtype))
            np.testing.assert_allclose(mine.numpy(), value.numpy(), rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize(("name", "options"), **named(OPTIMIZERS))
def test_a_loaded_state_goes_on_as_if_nothing_had_been(name, options):
    make = getattr(torchlike.optim, name)
    params, loss = problem(torchlike)
    optimizer = make(params, **options)
    stepped(params, optimizer, loss, 4)
    others, other_loss = problem(torchlike)
    with torchlike.no_grad():
        for mine, each in zip(others, params, strict=True):
            mine.copy_(each)
    resumed = make(others, lr=7.0)
    resumed.load_state_dict(copy.deepcopy(optimizer.state_dict()))
    want, got = stepped(params, optimizer, loss, 3), stepped(others, resumed, other_loss, 3)
    for a, b in zip(want, got, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-6)


@pytest.mark.parametrize("name", ["SGD", "Adam"])
def test_state_is_shown_where_it_lies(name):
    """Small parameters share one state; what is done to the part of one of them shows in its next update alone."""

    def run(lib):
        params = [lib.arange(float(size)).cos().view(-1, 2).requires_grad_() for size in (4, 6, 10_000, 2)]
        options = {"momentum": 0.9} if name == "SGD" else {}
        optimizer = getattr(lib.optim, name)(params, lr=0.1, **options)
        field = "momentum_buffer" if name == "SGD" else "exp_avg"
        seen = []
        for at in range(8):
            optimizer.zero_grad()
            used = params if at % 3 else params[1:]  # one of the pack has no gradient from time to time
            sum((each**2).sum() for each in used).backward()
            optimizer.step()
            shown = optimizer.state[params[1]][field]
            if at == 2:
                shown[0].mul_(0.5)
            if at == 4:
                optimizer.state[params[3]][field] = lib.ones(1, 2)
            if at == 5:
                optimizer = copy.deepcopy(optimizer)
                params = optimizer.param_groups[0]["params"]
            seen += [shown.clone(), *[each.detach().clone() for each in params]]
        assert shown.shape == (3, 2) and shown.is_contiguous()
        return [each.numpy() for each in seen]

    for ours, theirs in zip(run(torchlike), run(torch), strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize(("name", "options"), **named(ERRORS))
def test_errors_of_options(name, options):
    said = []
    for library in (torch, torchlike):
        with pytest.raises(Exception, match=".") as caught:
            getattr(library.optim, name)(problem(library)[0], **options)
        said.append((caught.type, str(caught.value)))
    assert said[1] == said[0]


@pytest.mark.parametrize(
    "params",
    [
        lambda library: [],
        lambda library: library.ones(2, requires_grad=True),
        lambda library: [1],
        lambda library: [library.ones(2, requires_grad=True) * 2],
        lambda library: [("a", library.ones(2, requires_grad=True)), library.ones(2, requires_grad=True)],
        lambda library: [{"params": {library.ones(1)}}],
        lambda library: [{"params": [library.ones(1)]}, {"params": [("a", library.ones(1))]}],
    ],
)
def test_errors_of_parameters(params):
    said = []
    for library in (torch, torchlike):
        with pytest.raises(Exception, match=".") as caught:
            library.optim.SGD(params(library), lr=0.1)
        said.append((caught.type, str(caught.value)))
    assert said[1] == said[0]


def rates(library, name: str, options: dict, count: int) -> list[float]:
    params, loss = problem(library)
    optimizer = library.optim.SGD([{"params": params[:1]}, {"params": params[1:], "lr": 0.3}], lr=0.1)
    scheduler = getattr(library.optim.lr_scheduler, name)(optimizer, **options)
    found = [scheduler.get_last_lr()]
    for _ in range(count):
        optimizer.step()
        scheduler.step()
        found.append(scheduler.get_last_lr())
    return found


@pytest.mark.parametrize(("name", "options"), **named(SCHEDULERS))
def test_learning_rates(name, options):
    np.testing.assert_allclose(rates(torchlike, name, options, 20), rates(torch, name, options, 20), rtol=1e-12)


def test_schedules_made_of_schedules():
    def run(library):
        lr, params = library.optim.lr_scheduler, problem(library)[0]
        optimizer = library.optim.SGD(params, lr=0.1)
        made = lr.SequentialLR(optimizer, [lr.LinearLR(optimizer), lr.ExponentialLR(optimizer, 0.9)], milestones=[4])
        chained = lr.ChainedScheduler([lr.ConstantLR(optimizer, 0.5, 3), lr.StepLR(optimizer, 5)])
        found = []
        for _ in range(12):
            optimizer.step()
            made.step()
            chained.step()
            found.append(chained.get_last_lr())
        return found

    np.testing.assert_allclose(run(torchlike), run(torch), rtol=1e-12)


def test_reduce_on_plateau():
    def run(library):
        optimizer = library.optim.SGD(problem(library)[0], lr=0.1)
        scheduler = library.optim.lr_scheduler.ReduceLROnPlateau(optimizer, patience=1, cooldown=1)
        found = []
        for metric in (1.0, 0.9, 0.9, 0.9, 0.9, 0.5, 0.6, 0.6, 0.6, 0.6):
            scheduler.step(metric)
            found.append(scheduler.get_last_lr())
        return found

    np.testing.assert_allclose(run(torchlike), run(torch), rtol=1e-12)


@pytest.mark.parametrize(("name", "options"), **named(SCHEDULER_ERRORS))
def test_errors_of_schedulers(name, options):
    said = []
    for library in (torch, torchlike):
        optimizer = library.optim.SGD(problem(library)[0], lr=0.1, momentum=0.9)
        with pytest.raises(Exception, match=".") as caught:
            getattr(library.optim.lr_scheduler, name)(optimizer, **options)
        said.append((caught.type, str(caught.value)))
    assert said[1] == said[0]


def test_the_order_of_steps_is_warned_of():
    optimizer = torchlike.optim.SGD(problem(torchlike)[0], lr=0.1)
    scheduler = torchlike.optim.lr_scheduler.StepLR(optimizer, 2)
    with pytest.warns(UserWarning, match=r"`lr_scheduler.step\(\)` before `optimizer.step\(\)`"):
        scheduler.step()


@pytest.mark.parametrize("optimizer", sorted({name for name, _ in OPTIMIZERS}))
def test_a_hundred_steps_of_every_schedule_compile_nothing_new(optimizer):
    def run(schedule, options, count):
        params, loss = problem(torchlike)
        made = getattr(torchlike.optim, optimizer)(params, lr=0.1)
        scheduler = getattr(torchlike.optim.lr_scheduler, schedule)(made, **options)
        for _ in range(count):
            stepped(params, made, loss, 1)
            scheduler.step()

    with torchlike.execution_mode("whole"), warnings.catch_warnings():
        run("StepLR", {"step_size": 3}, 4)
        torchlike.explain(reset=True)
        warnings.simplefilter("error")
        for name, options in SCHEDULERS:
            run(name, options, 100)
    assert not torchlike.explain(reset=True).compiles


@pytest.mark.parametrize(("name", "options"), **named(OPTIMIZERS))
def test_the_first_step_is_the_same_program_as_the_others(name, options):
    params, loss = problem(torchlike)
    optimizer = getattr(torchlike.optim, name)(params, **options)
    known = []
    with torchlike.execution_mode("whole"):
        for _ in range(3):
            optimizer.zero_grad()
            loss().backward()
            optimizer.step()
            known.append(torchlike.explain().programs)
    assert known[0] == known[2]


def test_a_parameter_whose_gradient_comes_later_begins_its_own_momentum():
    def late(library):
        (first, second), loss = problem(library)
        optimizer = library.optim.SGD([first, second], lr=0.1, momentum=0.9, dampening=0.5)
        (first * first).sum().backward()
        optimizer.step()
        assert "momentum_buffer" not in optimizer.state[second]
        return stepped([first, second], optimizer, loss, 3)

    for want, got in zip(late(torch), late(torchlike), strict=True):
        np.testing.assert_allclose(got, want, rtol=1e-5)


@pytest.mark.parametrize(
    "options",
    [{}, {"nesterov": False, "weight_decay": 0.0}, {"adjust_lr_fn": "match_rms_adamw", "momentum": 0.8, "ns_steps": 3}],
)
@pytest.mark.parametrize("shape", [(2, 5), (5, 2)])
def test_muon(options, shape):
    """The iteration is one of bfloat16: a sum in another order shows in its last digit."""
    start = np.random.default_rng(0).standard_normal(shape).astype(np.float32)

    def run(library):
        weight = library.tensor(start, requires_grad=True)
        optimizer = library.optim.Muon([weight], lr=0.1, **options)
        stepped([weight], optimizer, lambda: (weight**4).sum() + weight.prod(), 5)
        return (
            weight.detach().numpy(),
            optimizer.state[weight]["momentum_buffer"].numpy(),
            list(optimizer.state[weight]),
        )

    want, got = run(torch), run(torchlike)
    np.testing.assert_allclose(got[0], want[0], atol=5e-3)
    np.testing.assert_allclose(got[1], want[1], atol=5e-2)
    assert got[2] == want[2]


def rosenbrock(library, name: str = "float64"):
    place = library.tensor([-1.2, 1.0, 0.7], dtype=getattr(library, name), requires_grad=True)
    return place, lambda: (100 * (place[1:] - place[:-1] ** 2) ** 2 + (1 - place[:-1]) ** 2).sum()


@pytest.mark.parametrize(
    "options",
    [
        {"lr": 0.01},
        {"line_search_fn": "strong_wolfe"},
        {"line_search_fn": "strong_wolfe", "max_iter": 7, "history_size": 3, "tolerance_grad": 1e-3},
        {"lr": 0.5, "line_search_fn": "strong_wolfe", "max_eval": 6},
    ],
)
def test_lbfgs(options):
    def run(library):
        place, loss = rosenbrock(library)
        optimizer = library.optim.LBFGS([place], **options)
        found = []

        def closure():
            optimizer.zero_grad()
            value = loss()
            value.backward()
            found.append(value.item())
            return value

        results = [optimizer.step(closure).item() for _ in range(3)]
        state = optimizer.state[place]
        counts = {name: state[name] for name in ("func_evals", "n_iter")}
        return found, results, place.tolist(), counts, list(state), state["d"].tolist()

    for want, got in zip(run(torch), run(torchlike), strict=True):
        if isinstance(want, list) and isinstance(want[0], float):
            np.testing.assert_allclose(got, want, rtol=1e-6, atol=1e-9)
        else:
            assert got == want


def test_lbfgs_of_complex_numbers():
    def run(library):
        place = library.nn.Parameter(library.tensor([1 + 2j, 3 - 1j]))
        optimizer = library.optim.LBFGS([place], lr=0.5, max_iter=5)

        def closure():
            optimizer.zero_grad()
            loss = (place.abs() ** 2 * library.tensor([1.0, 3.0])).sum()
            loss.backward()
            return loss

        return [optimizer.step(closure).item() for _ in range(2)], place.detach().numpy()

    for want, got in zip(run(torch), run(torchlike), strict=True):
        np.testing.assert_allclose(got, want, rtol=1e-5, atol=1e-6)


def test_errors_of_lbfgs():
    for library in (torch, torchlike):
        place, loss = rosenbrock(library)
        with pytest.raises(ValueError, match=r"LBFGS doesn't support per-parameter options \(parameter groups\)"):
            library.optim.LBFGS([{"params": [place]}, {"params": [library.ones(1)]}])
        optimizer = library.optim.LBFGS([place], line_search_fn="armijo")

        def closure(loss=loss):
            value = loss()
            value.backward()
            return value

        with pytest.raises(RuntimeError, match="only 'strong_wolfe' is supported"):
            optimizer.step(closure)
        with pytest.raises(TypeError, match="missing 1 required positional argument: 'closure'"):
            optimizer.step()


def test_lbfgs_goes_on_from_a_loaded_state():
    def run(reload: bool):
        place, loss = rosenbrock(torchlike)
        optimizer = torchlike.optim.LBFGS([place], max_iter=4, line_search_fn="strong_wolfe")

        def closure():
            optimizer.zero_grad()
            value = loss()
            value.backward()
            return value

        for _ in range(3):
            if reload:
                state = copy.deepcopy(optimizer.state_dict())
                optimizer = torchlike.optim.LBFGS([place], max_iter=4, line_search_fn="strong_wolfe")
                optimizer.load_state_dict(state)
            optimizer.step(closure)
        return place.tolist()

    assert run(True) == run(False)
