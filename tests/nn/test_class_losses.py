"""Losses with weights of their own: adaptive softmax, the cross entropy of a linear map; gradients of convolutions."""

from __future__ import annotations

import pytest

from tests.nn.compare import det, error, filled, same

Y = [0, 3, 9, 5, 2]


def adaptive(torch, *cutoffs, **options):
    return filled(torch, torch.nn.AdaptiveLogSoftmaxWithLoss(8, 10, list(cutoffs) or [3, 6], 2.0, **options))


def stepped(torch, module, *inputs):
    """Loss and gradients; None for what has none."""
    x, *others = inputs
    found = module(x.requires_grad_(), *others)
    found.loss.backward()
    return list(found), x.grad, [each.grad for each in module.parameters()]


@pytest.mark.parametrize("target", [Y, [0, 1, 2, 0, 1], [4, 4, 4, 4, 4]])
@pytest.mark.parametrize("head_bias", [False, True])
def test_adaptive_softmax(target, head_bias):
    """Clusters without a class get no gradient."""

    def run(torch):
        torch.manual_seed(0)
        drawn = torch.nn.AdaptiveLogSoftmaxWithLoss(8, 10, [3, 6], 2.0, head_bias)
        module, x, y = adaptive(torch, head_bias=head_bias), det(torch, 5, 8), torch.tensor(target)
        whole = module.log_prob(x), module.predict(x), module.predict(x * 10), module.predict(x * 0 - 1)
        alone = list(module(x[0], y[0]))
        return repr(drawn), dict(drawn.state_dict()), whole, alone, stepped(torch, module, x, y)

    same(run, rtol=1e-4, atol=1e-5)


MISTAKES = {
    **{
        str(each): lambda torch, each=each: torch.nn.AdaptiveLogSoftmaxWithLoss(8, 10, each)
        for each in ([], [3, 3], [5, 2], [0, 3], [3, 10], [2.5])
    },
    "too large": lambda torch: adaptive(torch)(det(torch, 2, 8), torch.tensor([0, 10])),
    "negative": lambda torch: adaptive(torch)(det(torch, 2, 8), torch.tensor([0, -1])),
    "batches": lambda torch: adaptive(torch)(det(torch, 2, 8), torch.tensor([0])),
    "single": lambda torch: adaptive(torch)(det(torch, 2, 8), torch.tensor(0)),
    "several": lambda torch: adaptive(torch)(det(torch, 2, 8), torch.tensor([[0], [1]])),
    "weight": lambda torch: torch.nn.LinearCrossEntropyLoss(4, 5, weight=torch.ones(3)),
    "smoothing": lambda torch: torch.nn.LinearCrossEntropyLoss(4, 5, label_smoothing=2.0),
    "chunks": lambda torch: torch.nn.LinearCrossEntropyOptions(batch_chunk_size=0),
    "method": lambda torch: torch.nn.LinearCrossEntropyOptions(chunking_method="foo"),
    "factor": lambda torch: torch.nn.LinearCrossEntropyOptions(chunking_method="aspect_ratio:0"),
    "policy": lambda torch: torch.nn.LinearCrossEntropyOptions(acc_policy="foo"),
    "width": lambda torch: torch.nn.LinearCrossEntropyOptions(acc_dtype=torch.int32),
    "contradiction": lambda torch: linear(torch, options={"batch_chunk_size": 3, "chunking_method": "aspect_ratio"}),
    "features": lambda torch: of_linear(torch, det(torch, 6, 3), det(torch, 5, 4)),
    "dims": lambda torch: of_linear(torch, det(torch, 1, 6, 4), det(torch, 5, 4)),
    "vector": lambda torch: of_linear(torch, det(torch, 6, 4), det(torch, 4)),
    "bias": lambda torch: of_linear(torch, det(torch, 6, 4), det(torch, 5, 4), linear_bias=det(torch, 3)),
    "more dims": lambda torch: of_linear(torch, det(torch, 4), det(torch, 5, 2, 4)),
    "probabilities": lambda torch: torch.nn.functional.linear_cross_entropy(
        det(torch, 6, 4), det(torch, 5, 4), det(torch, 6, 5), ignore_index=2
    ),
}


@pytest.mark.parametrize("name", MISTAKES)
def test_mistake(name):
    same(lambda torch: error(MISTAKES[name], torch))


# ---------------------------------------------------------------------- the cross entropy of a linear map


def of_linear(torch, x, weight, **options):
    return torch.nn.functional.linear_cross_entropy(x, weight, torch.tensor([0, 1, 2, 3, 4, 1]), **options)


def linear(torch, options=None, **settings):
    options = options if options is None else torch.nn.LinearCrossEntropyOptions(**options)
    module = filled(torch, torch.nn.LinearCrossEntropyLoss(4, 5, bias=True, options=options, **settings))
    x = det(torch, 6, 4).requires_grad_()
    found = module(x, torch.tensor([0, 1, 2, 3, 4, 1]))
    return repr(module), found, list(torch.autograd.grad(found.sum(), [x, *module.parameters()]))


@pytest.mark.parametrize("reduction", ["mean", "sum", "none"])
@pytest.mark.parametrize("options", [None, {}, {"batch_chunk_size": 2, "acc_policy": "accurate"}])
@pytest.mark.parametrize("more", [{}, {"weight": None}, {"ignore_index": 1}, {"label_smoothing": 0.1}])
def test_linear_cross_entropy(reduction, options, more):
    def run(torch):
        given = {**more, "weight": det(torch, 5).abs()} if "weight" in more else more
        return linear(torch, options, reduction=reduction, **given)

    same(run, rtol=1e-4, atol=1e-5)


def test_linear_cross_entropy_of_other_targets():
    def run(torch):
        loss, x, weight = torch.nn.functional.linear_cross_entropy, det(torch, 6, 4), det(torch, 5, 4)
        options = torch.nn.LinearCrossEntropyOptions()
        several = torch.nn.LinearCrossEntropyLoss(4, 5, out_features=(2,), bias=True)
        return (
            loss(x, weight, torch.softmax(det(torch, 6, 5), 1)),
            loss(x[0], weight, torch.tensor(3), options=options),
            loss(x, det(torch, 5, 2, 3, 4), torch.zeros(6, 2, 3, dtype=torch.int64), options=options),
            filled(torch, several)(x, torch.zeros(6, 2, dtype=torch.int64)),
            loss(x.bfloat16(), weight.bfloat16(), torch.tensor(Y + [0]).clamp(max=4), options=options),
            repr(options),
        )

    same(run, rtol=1e-2)


# ---------------------------------------------------------------------- gradients of convolutions

CONVOLUTIONS = {
    1: ((2, 4, 7), (6, 2, 3), (2, 1, 1, 2)),
    2: ((2, 4, 7, 6), (6, 4, 3, 2), ((2, 1), 1, 2, 1)),
    3: ((1, 2, 4, 4, 4), (2, 2, 2, 2, 2), (1, 0, 1, 1)),
}


@pytest.mark.parametrize("dims", CONVOLUTIONS)
def test_gradients_of_convolutions(dims):
    shape, weight_shape, settings = CONVOLUTIONS[dims]

    def run(torch):
        of_input, of_weight = (getattr(torch.nn.grad, f"conv{dims}d_{each}") for each in ("input", "weight"))
        x, weight = det(torch, *shape), det(torch, *weight_shape)
        result = getattr(torch.nn.functional, f"conv{dims}d")(x, weight, None, *settings)
        along = det(torch, *result.shape, start=2.0).requires_grad_()
        found = of_input(shape, weight, along, *settings), of_weight(x, weight_shape, along, *settings)
        again = [torch.autograd.grad((each * each).sum(), along)[0] for each in found]
        return found, again, of_input(shape, weight, along.detach(), *settings)

    same(run, rtol=1e-3, atol=1e-3)


def test_a_wrong_shape_for_the_gradient_of_a_convolution():
    def run(torch):
        return error(torch.nn.grad.conv1d_input, (2, 4, 9), det(torch, 6, 2, 3), det(torch, 2, 6, 7))

    same(run)
