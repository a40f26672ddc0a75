"""Modules that learn their sizes from the first input, and the parameters that have no shape until then."""

from __future__ import annotations

import copy
import io
import pickle
import re

import pytest

import torchlike
from tests.nn.compare import det, error, same

# (class, positional settings, named ones, the first input)
LAYERS = [
    ("LazyLinear", (4,), {}, (2, 3)),
    ("LazyLinear", (4, False), {}, (3,)),
    *[(f"LazyConv{dims}d", (4, 2), {}, (2, 3, *[4] * dims)) for dims in (1, 2, 3)],
    ("LazyConv2d", (4, 3, 2, 1, 1, 2, False, "reflect"), {}, (4, 5, 5)),
    *[(f"LazyConvTranspose{dims}d", (4, 2), {}, (2, 3, *[4] * dims)) for dims in (1, 2, 3)],
    ("LazyConvTranspose2d", (4, 3, 2), {"output_padding": 1, "groups": 2}, (4, 5, 5)),
    *[(f"LazyBatchNorm{dims}d", (), {}, (2, 3, *[4] * dims)) for dims in (1, 2, 3)],
    ("LazyBatchNorm1d", (), {"bias": False, "track_running_stats": False}, (2, 3)),
    *[(f"LazyInstanceNorm{dims}d", (), {}, (2, 3, *[4] * dims)) for dims in (1, 2, 3)],
    ("LazyInstanceNorm1d", (1e-3, 0.2, False), {}, (2, 3, 4)),
]


def seen(module) -> tuple:
    """What there is to see of a module."""
    return repr(module), type(module).__name__, list(module.state_dict()), module.training


@pytest.mark.parametrize("row", LAYERS, ids=[f"{place} {row[0]}" for place, row in enumerate(LAYERS)])
def test_layer(row):
    name, settings, named, shape = row

    def run(torch):
        layer = getattr(torch.nn, name)(*settings, **named)
        before = *seen(layer), layer.has_uninitialized_params(), error(layer, torch.ones(1)) if "Conv" in name else ""
        found = layer(det(torch, *shape))
        again = layer(det(torch, *shape, start=1.0))
        return before, found, again, *seen(layer), layer.state_dict(), hasattr(layer, "_load_hook")

    same(run, rtol=1e-3, atol=1e-5)


def moved(torch, change):
    layer = change(torch.nn.LazyLinear(3))
    return layer.weight.dtype, layer(torch.ones(2, 4, dtype=layer.weight.dtype))


def loaded(torch, state=None, **options):
    layer = torch.nn.LazyLinear(3)
    layer.load_state_dict(torch.nn.Linear(4, 3).state_dict() if state is None else state, **options)
    return layer


def called_in_order(torch):
    layer, order = torch.nn.LazyLinear(3), []
    layer.register_forward_pre_hook(lambda module, args: order.append(type(module).__name__))
    layer.register_forward_hook(lambda module, args, result: order.append(type(module).__name__))
    layer(layer(torch.ones(1, 3)))
    return order


def materialized(torch, kind, *args, **kwargs):
    tensor = getattr(torch.nn, kind)(*args, **kwargs)
    tensor.materialize((2, 3))
    return type(tensor).__name__, tuple(tensor.shape), tensor.requires_grad, tensor.dtype


class Own:
    """Lazy modules that a user makes."""

    @staticmethod
    def of(torch, initialize=None):
        class Module(torch.nn.modules.lazy.LazyModuleMixin, torch.nn.Module):
            def __init__(self):
                super().__init__()
                self.weight = torch.nn.UninitializedParameter()

            def forward(self, x):
                return x @ self.weight

        if initialize is not None:
            Module.initialize_parameters = initialize
        return Module()

    @staticmethod
    def fill(module, x):
        module.weight.materialize((x.shape[-1], 2))
        module.weight.data.fill_(0.5)


CASES = {
    "half": lambda torch: torch.nn.LazyLinear(3).half().weight.dtype,
    "double": lambda torch: moved(torch, lambda layer: layer.double()),
    "to": lambda torch: moved(torch, lambda layer: layer.to(torch.float64)),
    "meta": lambda torch: torch.nn.LazyLinear(3, device="meta")(torch.ones(2, 4, device="meta")).shape,
    "copied": lambda torch: copy.deepcopy(torch.nn.LazyLinear(3))(torch.ones(2, 4)),
    "loaded": lambda torch: (seen(loaded(torch)), loaded(torch)(torch.ones(2, 4))),
    "assigned": lambda torch: loaded(torch, assign=True)(torch.ones(2, 4)),
    "lazy loaded": lambda torch: seen(loaded(torch, torch.nn.LazyLinear(3).state_dict())),
    "loaded for another": lambda torch: error(loaded(torch), torch.ones(2, 5)),
    "lazy into known": lambda torch: error(torch.nn.Linear(4, 3).load_state_dict, torch.nn.LazyLinear(3).state_dict()),
    "groups": lambda torch: error(torch.nn.LazyConv2d(4, 3, groups=2), torch.ones(1, 3, 4, 4)),
    "hooks": called_in_order,
    "within": lambda torch: seen(torch.nn.Sequential(torch.nn.LazyLinear(3), torch.nn.LazyBatchNorm1d())),
    "own": lambda torch: Own.of(torch, Own.fill)(torch.ones(1, 3)),
    "own that says nothing": lambda torch: error(Own.of(torch), torch.ones(1)),
    "own that does nothing": lambda torch: error(Own.of(torch, lambda module, x: None), torch.ones(1)),
    "parameter": lambda torch: materialized(torch, "UninitializedParameter", requires_grad=False, dtype=torch.float64),
    "buffer": lambda torch: materialized(torch, "UninitializedBuffer"),
    "optimized": lambda torch: repr(torch.optim.SGD(torch.nn.LazyLinear(3).parameters(), 0.1)),
}


@pytest.mark.parametrize("name", CASES)
def test_case(name):
    same(CASES[name])


KNOWN = {
    "dtype": lambda tensor: tensor.dtype,
    "device": lambda tensor: str(tensor.device),
    "size": lambda tensor: tuple(tensor.size()),
    "requires_grad": lambda tensor: (tensor.requires_grad, tensor.is_leaf, tensor.grad),
    "repr": repr,
    "double": lambda tensor: type(tensor.double()).__name__,
    "pickle": lambda tensor: repr(pickle.loads(pickle.dumps(tensor))),
    "hash": lambda tensor: hash(tensor) == hash(tensor),
    "shape": lambda tensor: error(lambda: tensor.shape),
    "share_memory_": lambda tensor: error(tensor.share_memory_),
    **{
        name: lambda tensor, name=name: error(getattr(tensor, name))
        for name in ("numel", "dim", "detach", "clone", "zero_")
    },
    "+": lambda tensor: error(lambda: tensor + 1),
    "[]": lambda tensor: error(lambda: tensor[0]),
    "len": lambda tensor: error(len, tensor),
}


@pytest.mark.parametrize("kind", ["UninitializedParameter", "UninitializedBuffer"])
@pytest.mark.parametrize("name", KNOWN)
def test_what_is_known_before_the_shape_is(kind, name):
    def run(torch):
        found = KNOWN[name](getattr(torch.nn, kind)())
        if isinstance(found, tuple) and isinstance(found[-1], str):
            return *found[:-1], re.sub("in <.*>. This", "", found[-1])
        return found

    same(run)


def test_states_without_shapes_are_saved():
    file = io.BytesIO()
    torchlike.save(torchlike.nn.LazyLinear(3).state_dict(), file)
    file.seek(0)
    found = torchlike.load(file, weights_only=False)
    assert [repr(each) for each in found.values()] == ["<UninitializedParameter>"] * 2
