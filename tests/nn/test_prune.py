"""Pruning, and layers that are fused, made without values or put into another order."""

from __future__ import annotations

import importlib

import pytest

from tests.nn.compare import det, error, filled, same

WAYS = {
    "identity": lambda torch, prune, layer: prune.identity(layer, "weight"),
    "random": lambda torch, prune, layer: prune.random_unstructured(layer, "weight", 0.3),
    "smallest": lambda torch, prune, layer: prune.l1_unstructured(layer, "weight", 5),
    "by score": lambda torch, prune, layer: prune.l1_unstructured(layer, "weight", 3, det(torch, 3, 4, start=2.0)),
    "random channels": lambda torch, prune, layer: prune.random_structured(layer, "weight", 0.5, 1),
    "no channels": lambda torch, prune, layer: prune.random_structured(layer, "weight", 0, 1),
    "smallest channels": lambda torch, prune, layer: prune.ln_structured(layer, "weight", 2, 2, -1),
    "by Frobenius": lambda torch, prune, layer: prune.ln_structured(layer, "weight", 0.3, "fro", 0),
    "by infinity": lambda torch, prune, layer: prune.ln_structured(layer, "weight", 1, float("inf"), 0),
    "given": lambda torch, prune, layer: prune.custom_from_mask(layer, "weight", torch.eye(4)[:3]),
    "twice": lambda torch, prune, layer: prune.l1_unstructured(
        prune.random_unstructured(layer, "weight", 0.3), "weight", 2
    ),
    "thrice": lambda torch, prune, layer: prune.ln_structured(
        prune.l1_unstructured(prune.random_structured(layer, "weight", 1, 1), "weight", 2), "weight", 1, 2, 0
    ),
    "own": lambda torch, prune, layer: own(torch, prune).apply(layer, "weight"),
}


def own(torch, prune):
    class EverySecond(prune.BasePruningMethod):
        PRUNING_TYPE = "unstructured"

        def compute_mask(self, t, default_mask):
            mask = default_mask.clone()
            mask.view(-1)[::2] = 0
            return mask

    return EverySecond


def state(layer) -> tuple:
    hooks = [type(each).__name__ for each in layer._forward_pre_hooks.values()]
    return dict(layer.state_dict()), list(layer._parameters), list(layer._buffers), layer.weight, hooks


def prune_of(torch):
    return importlib.import_module(f"{torch.__name__}.nn.utils.prune")


@pytest.mark.parametrize("way", WAYS)
def test_way(way):
    def run(torch):
        prune = prune_of(torch)
        layer = filled(torch, torch.nn.Linear(4, 3))
        WAYS[way](torch, prune, layer)
        before = state(layer), layer(det(torch, 2, 4)), prune.is_pruned(layer)
        layer(det(torch, 2, 4)).sum().backward()
        grads = [each.grad for each in layer.parameters()]
        prune.remove(layer, "weight")
        return before, grads, state(layer), prune.is_pruned(layer), error(prune.remove, layer, "weight")

    same(run)


@pytest.mark.parametrize(("method", "amount"), [("L1Unstructured", 0.4), ("RandomUnstructured", 3)])
def test_among_several(method, amount):
    def run(torch):
        prune = prune_of(torch)
        net = torch.nn.Sequential(torch.nn.Linear(4, 3), torch.nn.ReLU(), torch.nn.Linear(3, 2))
        parameters = [(net[0], "weight"), (net[2], "weight"), (net[0], "bias")]
        for scores in (None, {(net[0], "bias"): det(torch, 3)}):
            prune.global_unstructured(parameters, getattr(prune, method), scores, amount=amount)
        return dict(net.state_dict())

    same(run)


def named(prune, method, name: str):
    method._tensor_name = name
    return method


def container(prune):
    return named(prune, prune.PruningContainer(), "weight")


MISTAKES = {
    "part": lambda torch, prune, layer: prune.l1_unstructured(layer, "weight", 1.5),
    "negative": lambda torch, prune, layer: prune.l1_unstructured(layer, "weight", -1),
    "text": lambda torch, prune, layer: prune.l1_unstructured(layer, "weight", "a"),
    "too many": lambda torch, prune, layer: prune.l1_unstructured(layer, "weight", 100),
    "vector": lambda torch, prune, layer: prune.ln_structured(layer, "bias", 1, 2, 0),
    "dim": lambda torch, prune, layer: prune.ln_structured(layer, "weight", 1, 2, 5),
    "scores": lambda torch, prune, layer: prune.l1_unstructured(layer, "weight", 1, torch.ones(2)),
    "mask": lambda torch, prune, layer: prune.custom_from_mask(layer, "weight", torch.ones(2)),
    "parameters": lambda torch, prune, layer: prune.global_unstructured(3, prune.L1Unstructured),
    "no scores": lambda torch, prune, layer: prune.global_unstructured([], prune.L1Unstructured, 3),
    "channels": lambda torch, prune, layer: prune.global_unstructured(
        [(layer, "weight")], prune.LnStructured, amount=1, n=1
    ),
    "base": lambda torch, prune, layer: prune.BasePruningMethod(),
    "no method": lambda torch, prune, layer: container(prune).add_pruning_method(3),
    "shape": lambda torch, prune, layer: prune.Identity().prune(torch.ones(2), importance_scores=torch.ones(3)),
}


@pytest.mark.parametrize("name", MISTAKES)
def test_mistake(name):
    def run(torch):
        layer = filled(torch, torch.nn.Linear(4, 3))
        return error(MISTAKES[name], torch, prune_of(torch), layer), state(layer)

    same(run)


def test_a_container_and_a_tensor_alone():
    def run(torch):
        prune = prune_of(torch)
        several, first = container(prune), named(prune, prune.L1Unstructured(1), "weight")
        several.add_pruning_method(first)
        found = len(several), several[0] is first, list(several)[0] is first
        return found, prune.L1Unstructured(2).prune(torch.arange(4.0), torch.tensor([1.0, 0.0, 1.0, 1.0]))

    same(run)


# ---------------------------------------------------------------------- fusion, initialization, order in memory


def normalized(torch, dims: int, **options):
    """A batch norm that has seen something, in evaluation."""
    layer = getattr(torch.nn, f"BatchNorm{dims}d")(3, **options)
    layer(det(torch, 4, 3, *[5] * (2 if dims == 2 else 0)))
    return layer.eval()


FUSED = {
    "convolution": lambda torch, utils: utils.fuse_conv_bn_eval(torch.nn.Conv2d(2, 3, 2).eval(), normalized(torch, 2)),
    "transposed": lambda torch, utils: utils.fuse_conv_bn_eval(
        torch.nn.ConvTranspose2d(2, 3, 2, bias=False).eval(), normalized(torch, 2, affine=False), transpose=True
    ),
    "linear": lambda torch, utils: utils.fuse_linear_bn_eval(torch.nn.Linear(2, 3).eval(), normalized(torch, 1)),
    "half": lambda torch, utils: utils.fuse_conv_bn_eval(torch.nn.Conv2d(2, 3, 2).half().eval(), normalized(torch, 2)),
    "training": lambda torch, utils: error(utils.fuse_conv_bn_eval, torch.nn.Conv2d(2, 3, 2), normalized(torch, 2)),
    "sizes": lambda torch, utils: error(utils.fuse_linear_bn_eval, torch.nn.Linear(2, 4).eval(), normalized(torch, 1)),
    "no statistics": lambda torch, utils: error(
        utils.fuse_conv_bn_eval, torch.nn.Conv2d(2, 3, 2).eval(), normalized(torch, 2, track_running_stats=False)
    ),
    "without values": lambda torch, utils: utils.skip_init(torch.nn.Linear, 2, 3),
    "layer without values": lambda torch, utils: utils.skip_init(torch.nn.TransformerEncoderLayer, 4, 2),
    "no module": lambda torch, utils: error(utils.skip_init, int),
    "no device": lambda torch, utils: error(utils.skip_init, torch.nn.ReLU),
}


@pytest.mark.parametrize("name", FUSED)
def test_layer_is_fused(name):
    def run(torch):
        found = FUSED[name](torch, torch.nn.utils)
        if isinstance(found, tuple) or "values" in name:
            return found
        return repr(found), list(found.parameters()), [each.requires_grad for each in found.parameters()]

    same(run, rtol=1e-3)


def test_weights_are_put_into_another_order():
    def run(torch):
        kinds = torch.nn.Conv2d(4, 3, 2), torch.nn.ConvTranspose2d(2, 3, 2), torch.nn.Conv1d(2, 3, 2)
        net = torch.nn.Sequential(*kinds, torch.nn.Conv3d(2, 3, 2))
        before = [each.clone() for each in net.parameters()]
        utils = torch.nn.utils
        utils.convert_conv2d_weight_memory_format(net, torch.channels_last)
        utils.convert_conv3d_weight_memory_format(net, torch.channels_last_3d)
        equal = [torch.equal(*pair) for pair in zip(before, net.parameters(), strict=True)]
        refused = error(utils.convert_conv2d_weight_memory_format, net, torch.channels_last_3d)
        return [each.stride() for each in net.parameters()], equal, refused

    same(run)
