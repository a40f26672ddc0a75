"""Parameters that are made of others: `parametrize`, `parametrizations`, and the old hooks."""

from __future__ import annotations

import copy
import pickle

import pytest

from tests.nn.compare import det, error, filled, same

SHAPES = [(3, 3), (4, 2), (2, 4)]


class Parts:
    """Parametrizations, as a user writes them."""

    def __init__(self, torch) -> None:
        class Symmetric(torch.nn.Module):
            def forward(self, x):
                return x.triu() + x.triu(1).mT

        class Shifted(torch.nn.Module):
            def forward(self, x):
                return x + 1

            def right_inverse(self, y):
                return y - 1

        class LowRank(torch.nn.Module):
            def forward(self, a, b):
                return a @ b

            def right_inverse(self, y):
                return y[:, :1], y[:1]

        def of(forward, inverse=None):
            made = type("Odd", (torch.nn.Module,), {"forward": lambda self, *x: forward(*x)})
            if inverse is not None:
                made.right_inverse = lambda self, y: inverse(y)
            return made

        self.Symmetric, self.Shifted, self.LowRank = Symmetric, Shifted, LowRank
        self.odd = {
            "shape": of(lambda x: x[:1]),
            "dtype": of(lambda x: x.double()),
            "number": of(lambda x: 3),
            "dtype back": of(lambda x: x, lambda y: y.double()),
            "number back": of(lambda x: x, lambda y: 3),
            "numbers back": of(lambda x: x, lambda y: (3, y)),
            "shape back": of(lambda x: x[:1].expand_as(x), lambda y: y[:1]),
        }


def made(torch, name: str, part, **options):
    """A linear layer of which one tensor is parametrized, and its parametrization."""
    layer = filled(torch, torch.nn.Linear(3, 3))
    return torch.nn.utils.parametrize.register_parametrization(layer, name, part, **options)


def seen(module) -> tuple:
    """What there is to see of a module."""
    named = [name for name, _ in module.named_parameters()], [name for name, _ in module.named_buffers()]
    return repr(module), type(module).__name__, dict(module.state_dict()), *named


@pytest.mark.parametrize("part", ["Symmetric", "Shifted", "LowRank"])
def test_a_parametrized_module(part):
    def run(torch):
        parametrize = torch.nn.utils.parametrize
        layer = made(torch, "weight", getattr(Parts(torch), part)())
        before = seen(layer), layer.weight, layer.eval().parametrizations.training
        total = (layer(det(torch, 2, 3)) * det(torch, 2, 3)).sum()
        grads = torch.autograd.grad(total, list(layer.parameters()))
        copied = copy.deepcopy(layer)
        apart = (
            type(copied) is type(layer),
            all(a is not b for a, b in zip(copied.parameters(), layer.parameters(), strict=True)),
        )
        asked = [parametrize.is_parametrized(layer, name) for name in (None, "weight", "bias")]
        named = parametrize.type_before_parametrizations(layer).__name__
        with parametrize.cached():
            kept = layer.weight is layer.weight
        kept = kept, layer.weight is layer.weight
        found = parametrize.remove_parametrizations(layer, "weight")
        return before, list(grads), apart, asked, named, kept, seen(found)

    same(run)


def test_several_in_a_row_and_assignment():
    def run(torch):
        parts, parametrize = Parts(torch), torch.nn.utils.parametrize
        layer = made(torch, "weight", parts.Shifted())
        parametrize.register_parametrization(layer, "weight", parts.Shifted())
        with torch.no_grad():
            layer.weight = det(torch, 3, 3, start=5.0)
        before = layer.weight, layer.parametrizations.weight.original, len(layer.parametrizations.weight)
        other = torch.nn.Linear(3, 3)
        parametrize.transfer_parametrizations_and_params(layer, other)
        shared = other.parametrizations.weight.original is layer.parametrizations.weight.original
        parametrize.remove_parametrizations(layer, "weight", leave_parametrized=False)
        return before, shared, seen(layer)

    same(run)


def test_a_buffer():
    def run(torch):
        layer = torch.nn.BatchNorm1d(3)
        torch.nn.utils.parametrize.register_parametrization(layer, "running_mean", Parts(torch).Shifted())
        before = layer.running_mean, seen(layer)
        return before, seen(torch.nn.utils.parametrize.remove_parametrizations(layer, "running_mean"))

    same(run)


@pytest.mark.parametrize("kind", ["shape", "dtype", "number", "dtype back"])
@pytest.mark.parametrize("unsafe", [False, True])
def test_what_does_not_fit(kind, unsafe):
    def run(torch):
        parts = Parts(torch)
        first = lambda: seen(made(torch, "weight", parts.odd[kind](), unsafe=unsafe))  # noqa: E731
        layer = made(torch, "weight", parts.Shifted())
        further = torch.nn.utils.parametrize.register_parametrization
        return outcome(first), outcome(lambda: seen(further(layer, "weight", parts.odd[kind](), unsafe=unsafe)))

    same(run)


def outcome(fn):
    """What a call gives, or the error that it raises."""
    try:
        return fn()
    except Exception as raised:  # noqa: BLE001 - whichever it is, is what is compared
        return type(raised).__name__, str(raised)


MISTAKES = {
    **{
        each: lambda torch, each=each: made(torch, "weight", Parts(torch).odd[each]())
        for each in ("number back", "numbers back", "shape back")
    },
    "no such tensor": lambda torch: made(torch, "foo", Parts(torch).Shifted()),
    "no inverse": lambda torch: setattr(made(torch, "weight", Parts(torch).Symmetric()), "weight", torch.eye(3)),
    "a parameter": lambda torch: setattr(
        made(torch, "bias", Parts(torch).Shifted()), "bias", torch.nn.Parameter(torch.ones(3))
    ),
    "pickle": lambda torch: pickle.dumps(made(torch, "weight", Parts(torch).Shifted())),
    "several left": lambda torch: torch.nn.utils.parametrize.remove_parametrizations(
        made(torch, "weight", Parts(torch).LowRank()), "weight", leave_parametrized=False
    ),
    "not parametrized": lambda torch: torch.nn.utils.parametrize.remove_parametrizations(torch.nn.ReLU(), "weight"),
    "none": lambda torch: torch.nn.utils.parametrize.ParametrizationList([], torch.ones(2)),
    "map": lambda torch: torch.nn.utils.parametrizations.orthogonal(torch.nn.Linear(3, 3), orthogonal_map="foo"),
    "vector": lambda torch: torch.nn.utils.parametrizations.orthogonal(torch.nn.Linear(3, 3), "bias"),
    "nothing": lambda torch: torch.nn.utils.parametrizations.orthogonal(torch.nn.Linear(3, 3), "nope"),
    "complex": lambda torch: torch.nn.utils.parametrizations.orthogonal(
        torch.nn.Linear(3, 3, dtype=torch.complex64), orthogonal_map="householder"
    ),
    "iterations": lambda torch: torch.nn.utils.parametrizations.spectral_norm(torch.nn.Linear(3, 3), "weight", 0),
    "dim": lambda torch: torch.nn.utils.parametrizations.spectral_norm(torch.nn.Linear(3, 3), dim=2),
    "old none": lambda torch: torch.nn.utils.spectral_norm(torch.nn.Linear(2, 2, bias=False), "bias"),
    "old iterations": lambda torch: torch.nn.utils.spectral_norm(torch.nn.Linear(2, 2), "weight", 0),
    "old lazy": lambda torch: torch.nn.utils.spectral_norm(torch.nn.LazyLinear(2)),
    "old twice": lambda torch: torch.nn.utils.spectral_norm(torch.nn.utils.spectral_norm(torch.nn.Linear(2, 2))),
    "old left": lambda torch: torch.nn.utils.remove_spectral_norm(torch.nn.Linear(2, 2)),
    "size lazy": lambda torch: torch.nn.utils.weight_norm(torch.nn.LazyLinear(2)),
    "size twice": lambda torch: torch.nn.utils.weight_norm(torch.nn.utils.weight_norm(torch.nn.Linear(2, 2))),
    "size left": lambda torch: torch.nn.utils.remove_weight_norm(torch.nn.Linear(2, 2)),
}


@pytest.mark.parametrize("name", MISTAKES)
def test_mistake(name):
    same(lambda torch: error(MISTAKES[name], torch))


# ---------------------------------------------------------------------- those that there are


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("orthogonal_map", [None, "matrix_exp", "cayley", "householder"])
@pytest.mark.parametrize("use_trivialization", [True, False])
def test_orthogonal(shape, orthogonal_map, use_trivialization):
    def run(torch):
        layer = torch.nn.utils.parametrizations.orthogonal(
            torch.nn.Linear(*shape), orthogonal_map=orthogonal_map, use_trivialization=use_trivialization
        )
        before = layer.weight, seen(layer)
        (grad,) = torch.autograd.grad(
            (layer.weight * det(torch, *layer.weight.shape)).sum(), layer.parametrizations.weight.original
        )

        def assign():
            with torch.no_grad():
                layer.weight = torch.eye(shape[1], shape[0])
            return layer.weight

        return before, grad, outcome(assign)

    same(run, rtol=1e-3, atol=1e-4)


NORMS = {
    "weight": lambda torch, layer: torch.nn.utils.parametrizations.weight_norm(layer),
    "weight, one size": lambda torch, layer: torch.nn.utils.parametrizations.weight_norm(layer, dim=None),
    "weight, dim 1": lambda torch, layer: torch.nn.utils.parametrizations.weight_norm(layer, dim=1),
    "spectral": lambda torch, layer: torch.nn.utils.parametrizations.spectral_norm(layer),
    "spectral, settings": lambda torch, layer: torch.nn.utils.parametrizations.spectral_norm(
        layer, n_power_iterations=3, eps=1e-6, dim=1
    ),
    "spectral, vector": lambda torch, layer: torch.nn.utils.parametrizations.spectral_norm(layer, "bias", dim=0),
    "weight, old": lambda torch, layer: torch.nn.utils.weight_norm(layer),
    "weight, old, one size": lambda torch, layer: torch.nn.utils.weight_norm(layer, dim=None),
    "spectral, old": lambda torch, layer: torch.nn.utils.spectral_norm(layer),
}
BARE = {
    "weight, old": lambda torch, layer: torch.nn.utils.remove_weight_norm(layer),
    "spectral, old": lambda torch, layer: torch.nn.utils.remove_spectral_norm(layer),
    "spectral": lambda torch, layer: torch.nn.utils.parametrize.remove_parametrizations(layer, "weight"),
}


@pytest.mark.parametrize("name", NORMS)
@pytest.mark.parametrize("kind", ["Linear", "ConvTranspose2d"])
def test_norm(name, kind):
    """Trained for three steps, evaluated, saved, loaded and bared again."""

    def run(torch):
        layer = torch.nn.Linear(3, 2) if kind == "Linear" else torch.nn.ConvTranspose2d(3, 2, 2)
        x = det(torch, 4, 3) if kind == "Linear" else det(torch, 2, 3, 3, 3)
        NORMS[name](torch, layer)
        before, optimizer, losses = seen(layer), torch.optim.SGD(layer.parameters(), 0.1), []
        for _ in range(3):
            optimizer.zero_grad()
            losses.append(layer(x).pow(2).mean())
            losses[-1].backward()
            optimizer.step()
        other = NORMS[name](torch, torch.nn.Linear(3, 2) if kind == "Linear" else torch.nn.ConvTranspose2d(3, 2, 2))
        keys = repr(other.load_state_dict(layer.state_dict()))
        same_result = torch.allclose(other.eval()(x), layer.eval()(x))
        bare = seen(BARE[name](torch, layer)) if name in BARE else ()
        return before, [each.detach() for each in losses], keys, same_result, bare, layer(x)

    same(run, rtol=1e-3, atol=1e-5)


def test_states_of_the_old_hooks_are_loaded():
    def run(torch):
        new, old = (
            each(filled(torch, torch.nn.Linear(3, 2)))
            for each in (torch.nn.utils.parametrizations.weight_norm, torch.nn.utils.weight_norm)
        )
        with torch.no_grad():
            old.weight_g += 1
        keys = repr(new.load_state_dict(old.state_dict()))
        spectral = torch.nn.utils.spectral_norm(torch.nn.Linear(3, 2))
        state = spectral.state_dict()
        del state._metadata[""]["spectral_norm"]
        without = repr(spectral.load_state_dict(state))
        del state["weight_u"]
        return keys, new(det(torch, 1, 3)), old(det(torch, 1, 3)), without, error(spectral.load_state_dict, state)

    same(run)
