"""Whole training steps, compiled: values, gradients, state and the generator are as in the recorded run."""

from __future__ import annotations

import pytest

import torchlike as torch
from tests.compile.compare import check
from torchlike import nn
from torchlike.nn import functional as F

BATCHES = [(4, seed) for seed in range(8)]


def batch(size: int, seed: int):
    """Inputs and classes, the same each time."""
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(size, 6, generator=generator), torch.randint(0, 3, (size,), generator=generator)


def mlp(*more):
    """A small network."""
    return nn.Sequential(nn.Linear(6, 8), *more, nn.ReLU(), nn.Linear(8, 3))


def state_of(model, optimizer) -> list:
    """All that a step may change."""
    entries = [optimizer.state[each] for each in model.parameters()]
    return [
        dict(model.state_dict()),
        [each.grad for each in model.parameters()],
        [{name: value for name, value in each.items()} for each in entries],
        [each._version for each in (*model.parameters(), *model.buffers())],
        [each.grad is None for each in model.parameters()],
    ]


def training(compile, model, make=None, sizes=BATCHES, schedule=None, zero=None):
    """The losses and the state after a training run of eight steps."""
    optimizer = (make or (lambda params: torch.optim.Adam(params, lr=1e-2)))(model.parameters())
    scheduler = schedule(optimizer) if schedule else None

    def step(x, y):
        optimizer.zero_grad(**(zero or {}))
        loss = F.cross_entropy(model(x), y)
        loss.backward()
        optimizer.step()
        return loss

    step = compile(step)
    losses = []
    for size, seed in sizes:
        losses.append(step(*batch(size, seed)))
        if scheduler is not None:
            scheduler.step()
    return [losses, *state_of(model, optimizer)]


OPTIMIZERS = {
    "Adam": lambda params: torch.optim.Adam(params, lr=1e-2),
    "AdamW": lambda params: torch.optim.AdamW(params, lr=1e-2),
    "amsgrad": lambda params: torch.optim.Adam(params, lr=1e-2, amsgrad=True),
    "SGD": lambda params: torch.optim.SGD(params, lr=1e-2),
    "momentum": lambda params: torch.optim.SGD(params, lr=1e-2, momentum=0.9, nesterov=True),
}


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_a_step_with(name):
    check(lambda compile: training(compile, mlp(), OPTIMIZERS[name]))


def test_large_parameters_are_written_over():
    check(lambda compile: training(compile, nn.Sequential(nn.Linear(6, 900), nn.ReLU(), nn.Linear(900, 3))))


@pytest.mark.parametrize("set_to_none", [True, False])
def test_zero_grad(set_to_none):
    check(lambda compile: training(compile, mlp(), zero={"set_to_none": set_to_none}))


def test_dropout_draws_what_the_recorded_run_draws():
    check(lambda compile: training(compile, mlp(nn.Dropout(0.5))))


def test_batch_norm_updates_its_buffers():
    check(lambda compile: training(compile, mlp(nn.BatchNorm1d(8)), OPTIMIZERS["momentum"]))


def test_a_new_batch_size_is_another_program():
    sizes = [(4, 0), (4, 1), (4, 2), (4, 3), (2, 4), (4, 5), (2, 6), (2, 7), (2, 8), (4, 9)]
    check(lambda compile: training(compile, mlp(), sizes=sizes))


SCHEDULES = {
    "StepLR": lambda optimizer: torch.optim.lr_scheduler.StepLR(optimizer, 2),
    "Cosine": lambda optimizer: torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, 10),
    "OneCycle": lambda optimizer: torch.optim.lr_scheduler.OneCycleLR(optimizer, 0.1, total_steps=20),
}


@pytest.mark.parametrize("name", SCHEDULES)
def test_a_learning_rate_that_changes_is_no_new_program(name):
    check(lambda compile: training(compile, mlp(), schedule=SCHEDULES[name]), replayed=5)


def test_a_scheduler_within_the_step_is_recorded():
    def program(compile):
        model = mlp()
        optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
        scheduler = torch.optim.lr_scheduler.StepLR(optimizer, 2)

        @compile
        def step(x, y):
            optimizer.zero_grad()
            loss = F.cross_entropy(model(x), y)
            loss.backward()
            optimizer.step()
            scheduler.step()
            return loss

        losses = [step(*batch(*each)) for each in BATCHES]
        return [losses, scheduler.get_last_lr(), scheduler.last_epoch, *state_of(model, optimizer)]

    check(program, replayed=0)


def test_a_rate_that_the_function_reads_is_guarded():
    def program(compile):
        model = mlp()
        optimizer = torch.optim.SGD(model.parameters(), lr=0.1)

        @compile
        def step(x, y):
            optimizer.zero_grad()
            loss = F.cross_entropy(model(x), y) * optimizer.param_groups[0]["lr"]
            loss.backward()
            optimizer.step()
            return loss

        losses = []
        for number, each in enumerate(BATCHES):
            optimizer.param_groups[0]["lr"] = 0.1 if number < 6 else 0.05
            losses.append(step(*batch(*each)))
        return losses

    check(program)


def test_gradients_are_accumulated():
    def program(compile):
        model = mlp()
        optimizer = torch.optim.SGD(model.parameters(), lr=0.1)

        @compile
        def accumulate(x, y):
            loss = F.cross_entropy(model(x), y)
            loss.backward()
            return loss.detach()

        @compile
        def update():
            optimizer.step()
            optimizer.zero_grad()

        losses = []
        for number, each in enumerate(BATCHES * 2):
            losses.append(accumulate(*batch(*each)))
            if number % 2:
                update()
        return [losses, *state_of(model, optimizer)]

    check(program)


def test_a_gradient_that_is_held_stays():
    def program(compile):
        model, held = mlp(), []
        optimizer = torch.optim.Adam(model.parameters())

        @compile
        def step(x, y):
            optimizer.zero_grad()
            F.cross_entropy(model(x), y).backward()
            optimizer.step()

        for each in BATCHES:
            step(*batch(*each))
            held.append(
                [
                    model[0].weight.grad,
                    model[0].weight.detach().clone(),
                    optimizer.state[model[0].weight]["exp_avg"].clone(),
                ]
            )
        return held

    check(program)


def test_a_parameter_that_is_held_by_another_is_not_written_over():
    def program(compile):
        model = nn.Sequential(nn.Linear(6, 900), nn.ReLU(), nn.Linear(900, 3))
        optimizer = torch.optim.Adam(model.parameters())
        seen = []

        @compile
        def step(x, y):
            optimizer.zero_grad()
            F.cross_entropy(model(x), y).backward()
            optimizer.step()

        for number, each in enumerate(BATCHES):
            if number == 5:
                seen.append(model[0].weight * 1)
            if number == 6:
                graph = (model[0].weight * 2).sum()
            step(*batch(*each))
        graph.backward()
        return [seen, model[0].weight.grad]

    check(program)


def test_a_parameter_that_shares_memory_with_numpy_for_a_while():
    def program(compile):
        model, seen = mlp(), []
        optimizer = torch.optim.SGD(model.parameters(), lr=0.1)

        @compile
        def step(x, y):
            optimizer.zero_grad()
            F.cross_entropy(model(x), y).backward()
            optimizer.step()

        for number, each in enumerate(BATCHES * 2):
            if number == 6:
                array = model[0].weight.detach().numpy()
            if number == 8:
                seen.append(array.copy())
                array[:] = 1.0
                del array
            step(*batch(*each))
        return [seen, model[0].weight]

    check(program)


def test_a_hook_of_a_parameter():
    def program(compile):
        model = mlp()

        @compile
        def step(x, y):
            model.zero_grad()
            F.cross_entropy(model(x), y).backward()

        found = []
        for number, each in enumerate(BATCHES * 2):
            if number == 5:
                handle = model[0].weight.register_hook(lambda grad: grad * 2)
            if number == 12:
                handle.remove()
            step(*batch(*each))
            found.append(model[0].weight.grad)
        return found

    check(program)


@pytest.mark.parametrize("how", ["at once", "after all", "looked at"])
def test_a_step_that_returns_a_number(how):
    def program(compile):
        model, best = mlp(nn.Dropout(0.5)), [9.0]
        optimizer = torch.optim.SGD(model.parameters(), lr=0.1)

        def step(x, y):
            optimizer.zero_grad()
            loss = F.cross_entropy(model(x), y)
            loss.backward()
            optimizer.step()
            if how == "at once":
                return loss.item()
            if how == "after all":
                return loss.item(), 1
            return 1 if loss.item() < best[0] else 2

        step = compile(step)
        return [[step(*batch(*each)) for each in BATCHES], *state_of(model, optimizer)]

    check(program, replayed=5 if how == "at once" else 0)


def test_clipping_and_frozen_parameters():
    def program(compile):
        model = mlp()
        model[0].weight.requires_grad_(False)
        optimizer = torch.optim.SGD(model.parameters(), lr=0.1)

        @compile
        def step(x, y):
            optimizer.zero_grad()
            loss = F.cross_entropy(model(x), y)
            loss.backward()
            norm = nn.utils.clip_grad_norm_(model.parameters(), 0.1)
            optimizer.step()
            return loss, norm

        return [step(*batch(*each)) for each in BATCHES]

    check(program)


def test_a_step_written_by_hand():
    def program(compile):
        weight = torch.randn(6, 3, requires_grad=True)

        @compile
        def step(x, y):
            loss = F.cross_entropy(x @ weight, y)
            loss.backward()
            with torch.no_grad():
                weight.sub_(0.1 * weight.grad)
                weight.grad.zero_()
            return loss

        return [[step(*batch(*each)) for each in BATCHES], weight, weight.grad, weight._version]

    check(program)


def test_a_bad_class_is_refused_in_a_replay_too():
    model = mlp()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)

    @torch.compile
    def step(x, y):
        optimizer.zero_grad()
        loss = F.cross_entropy(model(x), y)
        loss.backward()
        optimizer.step()
        return loss

    for each in BATCHES:
        step(*batch(*each))
    x, y = batch(4, 0)
    with pytest.raises(IndexError, match="Target 7 is out of bounds"):
        step(x, y.fill_(7))
    assert step(*batch(4, 1)).item() > 0


def test_the_loss_shows_its_history():
    model = mlp()

    @torch.compile
    def step(x, y):
        model.zero_grad()
        loss = F.cross_entropy(model(x), y)
        loss.backward()
        return loss

    losses = [step(*batch(*each)) for each in BATCHES]
    assert torch.explain().runs["replayed"] > 0
    assert losses[-1].grad_fn.name() == losses[0].grad_fn.name()
    assert losses[-1].requires_grad and losses[-1] is not losses[-2]
    with pytest.raises(RuntimeError, match="a second time"):
        losses[-1].backward()


def test_a_running_loss_and_validation_between():
    def program(compile):
        model = mlp()
        optimizer = torch.optim.Adam(model.parameters())

        @compile
        def step(x, y):
            optimizer.zero_grad()
            loss = F.cross_entropy(model(x), y)
            loss.backward()
            optimizer.step()
            return loss.detach()

        @compile
        def accuracy(x, y):
            with torch.no_grad():
                return (model(x).argmax(1) == y).sum()

        total, right = 0.0, 0
        for _ in range(3):
            model.train()
            for each in BATCHES[:4]:
                total = total + step(*batch(*each))
            model.eval()
            for each in BATCHES[4:]:
                right = right + accuracy(*batch(*each))
        return [total, right]

    check(program)


def test_a_step_with_transformed_functions():
    def program(compile):
        model = nn.Sequential(nn.Linear(3, 8), nn.Tanh(), nn.Linear(8, 1))
        optimizer = torch.optim.SGD(model.parameters(), 0.1)

        @compile
        def step(x):
            optimizer.zero_grad()
            slopes = torch.func.vmap(torch.func.grad(lambda row: model(row).sum()))(x)
            loss = (slopes**2).mean()
            loss.backward()
            optimizer.step()
            return loss

        return [step(torch.randn(5, 3)) for _ in range(6)]

    check(program)


def test_a_compiled_function_that_is_transformed():
    def program(compile):
        fn = compile(lambda x: (x.sin() * x).sum())
        x = torch.randn(4, 3)
        return [(fn(x[0]), torch.vmap(fn)(x), torch.func.grad(fn)(x[0])) for _ in range(5)]

    check(program)
