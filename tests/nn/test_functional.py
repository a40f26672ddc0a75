"""`torch.nn.functional` but for the losses, against PyTorch: values, dtypes, gradients, errors."""

from __future__ import annotations

import numpy as np
import pytest

import torchlike
from tests.support import check_error, check_op, check_warning

LOOSE = {"rtol": 1e-4, "atol": 1e-5}


def kinks(*shape: int) -> np.ndarray:
    """Few different numbers, so that ties, bounds and kinks are hit."""
    return np.random.default_rng(0).integers(-4, 5, shape).astype(np.float32)


def indices(count: int, *shape: int) -> np.ndarray:
    return np.random.default_rng(0).integers(0, count, shape)


ELEMENTWISE = {
    "relu": lambda F, x: F.relu(x),
    "relu6": lambda F, x: F.relu6(x * 3),
    "hardtanh": lambda F, x: F.hardtanh(x, -2.0, 3.0),
    "threshold": lambda F, x: F.threshold(x, 1.0, 7.0),
    "elu": lambda F, x: F.elu(x, 0.7),
    "selu": lambda F, x: F.selu(x),
    "celu": lambda F, x: F.celu(x, 1.3),
    "leaky_relu": lambda F, x: F.leaky_relu(x, 0.2),
    "rrelu": lambda F, x: F.rrelu(x),
    "silu": lambda F, x: F.silu(x),
    "mish": lambda F, x: F.mish(x),
    "hardsigmoid": lambda F, x: F.hardsigmoid(x),
    "hardswish": lambda F, x: F.hardswish(x),
    "gelu": lambda F, x: F.gelu(x),
    "gelu, approximate": lambda F, x: F.gelu(x, approximate="tanh"),
    "softplus": lambda F, x: F.softplus(x, 2.0, 3.0),
    "logsigmoid": lambda F, x: F.logsigmoid(x),
    "hardshrink": lambda F, x: F.hardshrink(x, 2.0),
    "softshrink": lambda F, x: F.softshrink(x, 2.0),
    "softsign": lambda F, x: F.softsign(x),
    "tanhshrink": lambda F, x: F.tanhshrink(x),
    "glu": lambda F, x: F.glu(x, 1),
    "softmax": lambda F, x: F.softmax(x, 1),
    "softmin": lambda F, x: F.softmin(x, -1),
    "log_softmax": lambda F, x: F.log_softmax(x, 0),
}


@pytest.mark.parametrize("name", ELEMENTWISE)
def test_activation(name):
    fn = ELEMENTWISE[name]
    check_op([kinks(3, 8)], lambda torch, x: fn(torch.nn.functional, x), **LOOSE)


@pytest.mark.parametrize("dtype", ["float16", "bfloat16", "float64"])
def test_activations_in_other_dtypes(dtype):
    fns = [ELEMENTWISE[name] for name in ("relu", "gelu", "softmax", "elu", "hardtanh")]
    check_op([(3, 8)], lambda torch, x: [fn(torch.nn.functional, x) for fn in fns], dtype=dtype, rtol=2e-2, atol=1e-2)


@pytest.mark.parametrize("name", ["relu", "softmax", "hardtanh", "leaky_relu", "hardshrink"])
def test_activations_of_nan_and_infinity(name):
    fn = ELEMENTWISE[name]
    odd = np.array([[np.nan, 1.0, -1.0], [np.inf, 1.0, 0.0], [-np.inf, 1.0, 2.0]], np.float32)
    check_op([odd], lambda torch, x: fn(torch.nn.functional, x), grad=False)


def test_inplace_activations_change_their_argument():
    def run(torch, x):
        F, y = torch.nn.functional, x * 1
        assert F.relu(y, inplace=True) is y
        assert F.leaky_relu_(y, 0.1) is y
        return F.elu_(y)

    check_op([(3, 4)], run, grad=False)


def test_inplace_activations_have_their_gradient():
    check_op([(3, 4)], lambda torch, x: torch.nn.functional.relu(x * 2, inplace=True) * 3)


LINEAR = {
    "matrix": [(5, 3), (4, 3), (4,)],
    "batch": [(2, 5, 3), (4, 3), (4,)],
    "vector": [(3,), (4, 3), (4,)],
    "no bias": [(5, 3), (4, 3)],
}


@pytest.mark.parametrize("name", LINEAR)
def test_linear(name):
    check_op(LINEAR[name], lambda torch, *given: torch.nn.functional.linear(*given), orders=2, **LOOSE)


def test_bilinear():
    check_op([(5, 3), (5, 2), (4, 3, 2), (4,)], lambda torch, *given: torch.nn.functional.bilinear(*given), **LOOSE)


CONVOLUTIONS = {
    "1d": ([(2, 3, 7), (4, 3, 3), (4,)], lambda F, *given: F.conv1d(*given, padding="same")),
    "2d": ([(2, 3, 7, 8), (4, 3, 3, 3), (4,)], lambda F, *given: F.conv2d(*given)),
    "2d, one sample": ([(3, 7, 8), (4, 3, 3, 3)], lambda F, *given: F.conv2d(*given, padding=(1, 0))),
    "2d, all settings": (
        [(2, 4, 9, 8), (6, 2, 3, 3), (6,)],
        lambda F, *given: F.conv2d(*given, stride=(2, 1), padding=(1, 2), dilation=2, groups=2),
    ),
    "2d, depthwise": ([(2, 4, 6, 6), (4, 1, 3, 3)], lambda F, *given: F.conv2d(*given, groups=4)),
    "2d, depthwise, in steps, two each": (
        [(2, 3, 7, 6), (6, 1, 3, 3)],
        lambda F, *given: F.conv2d(*given, stride=2, padding=1, dilation=(1, 2), groups=3),
    ),
    "2d, depthwise, large": ([(2, 3, 6, 6), (3, 1, 5, 5)], lambda F, *given: F.conv2d(*given, padding=2, groups=3)),
    "2d, blocks of groups": ([(1, 64, 4, 4), (64, 2, 3, 3)], lambda F, *given: F.conv2d(*given, padding=1, groups=32)),
    "2d, single places in steps": (
        [(2, 3, 6, 5), (4, 3, 1, 1), (4,)],
        lambda F, *given: F.conv2d(*given, stride=2, padding=1),
    ),
    "2d, many channels": ([(2, 8, 5, 5), (4, 8, 3, 3)], lambda F, *given: F.conv2d(*given, padding=1)),
    "2d, result larger": ([(2, 8, 4, 4), (4, 8, 2, 3)], lambda F, *given: F.conv2d(*given, padding=(1, 2))),
    "3d": ([(1, 2, 4, 5, 6), (3, 2, 3, 2, 3), (3,)], lambda F, *given: F.conv3d(*given, padding=1)),
    "transposed 1d": ([(2, 4, 5), (4, 3, 3), (3,)], lambda F, *given: F.conv_transpose1d(*given, stride=3, padding=2)),
    "transposed 2d": (
        [(2, 4, 5, 6), (4, 3, 3, 2), (6,)],
        lambda F, *given: F.conv_transpose2d(*given, 2, 1, output_padding=1, groups=2, dilation=2),
    ),
    "transposed 2d, phases": (
        [(2, 3, 4, 5), (3, 2, 4, 3), (2,)],
        lambda F, *given: F.conv_transpose2d(*given, stride=(2, 3), padding=1, output_padding=(1, 2)),
    ),
    "transposed 2d, groups": (
        [(2, 4, 3, 3), (4, 2, 2, 2)],
        lambda F, *given: F.conv_transpose2d(*given, stride=2, groups=2),
    ),
    "transposed 2d, one place": ([(2, 3, 1, 1), (3, 2, 4, 4)], lambda F, *given: F.conv_transpose2d(*given, stride=1)),
    "transposed 3d": ([(1, 2, 3, 3, 3), (2, 3, 2, 2, 2)], lambda F, *given: F.conv_transpose3d(*given, stride=2)),
}


@pytest.mark.parametrize("name", CONVOLUTIONS)
def test_convolution(name):
    shapes, fn = CONVOLUTIONS[name]
    check_op(shapes, lambda torch, *given: fn(torch.nn.functional, *given), **LOOSE)


TWICE = ("2d, all settings", "2d, depthwise", "2d", "2d, result larger", "transposed 2d, phases")


@pytest.mark.parametrize("name", TWICE)
def test_convolution_differentiates_twice(name):
    shapes, fn = CONVOLUTIONS[name]
    check_op(shapes, lambda torch, *given: fn(torch.nn.functional, *given), orders=2, rtol=1e-3, atol=1e-3)


def test_grouped_convolutions_compile():
    """XLA 0.10 ended the process where the weight's gradient was put together in arrays of seven dimensions."""

    def gradient(torch):
        x, weight = torch.ones(1, 64, 4, 4), torch.ones(64, 16, 3, 3, requires_grad=True)
        torch.nn.functional.conv2d(x, weight, padding=1, groups=4).sum().backward()
        return weight.grad

    with torchlike.execution_mode("whole"):
        assert gradient(torchlike)[:, :, 1, 1].tolist() == [[16.0] * 16] * 64


POOLINGS = {
    "max 1d": lambda F, x: F.max_pool1d(x[0], 3, 2, 1),
    "max 2d": lambda F, x: F.max_pool2d(x, 2),
    "max 2d, overlapping": lambda F, x: F.max_pool2d(x, 3, 2, 1),
    "max 2d, indices": lambda F, x: F.max_pool2d(x, (3, 2), 2, 1, (1, 2), True, True),
    "max 3d, indices": lambda F, x: F.max_pool3d(x, 2, return_indices=True),
    "average 1d": lambda F, x: F.avg_pool1d(x[0], 3),
    "average 2d": lambda F, x: F.avg_pool2d(x, 3, 2, 1, ceil_mode=True),
    "average 2d, without padding": lambda F, x: F.avg_pool2d(x, 3, 2, 1, True, False),
    "average 2d, divisor": lambda F, x: F.avg_pool2d(x, 3, 2, divisor_override=5),
    "average 3d": lambda F, x: F.avg_pool3d(x, 2),
    "adaptive average": lambda F, x: F.adaptive_avg_pool2d(x, (3, None)),
    "adaptive max": lambda F, x: F.adaptive_max_pool2d(x, (3, 5), return_indices=True),
    "power": lambda F, x: F.lp_pool2d(x.abs() + 1, 2, 3, 2),
    "unpooled": lambda F, x: F.max_unpool2d(*F.max_pool2d(x, 2, return_indices=True), 2, output_size=x.shape[-2:]),
}


@pytest.mark.parametrize("name", POOLINGS)
def test_pooling(name):
    fn = POOLINGS[name]
    # few different numbers: the gradient must go to the first of the largest
    check_op([kinks(2, 3, 7, 8)], lambda torch, x: fn(torch.nn.functional, x), **LOOSE)


def test_max_pooling_of_nan_and_infinity():
    odd = np.array([[[np.nan, 1, -np.inf, -np.inf, 3, np.inf]]], np.float32)
    check_op([odd], lambda torch, x: torch.nn.functional.max_pool1d(x, 2, return_indices=True), grad=False)
    check_op([odd], lambda torch, x: torch.nn.functional.max_pool1d(x, 2, 2, 1, return_indices=True), grad=False)


NORMS = {
    "layer": ([(2, 7, 8), (8,), (8,)], lambda F, x, w, b: F.layer_norm(x, (8,), w, b)),
    "group": ([(2, 8, 3), (8,), (8,)], lambda F, x, w, b: F.group_norm(x, 2, w, b)),
    "instance": ([(2, 4, 5), (4,), (4,)], lambda F, x, w, b: F.instance_norm(x, None, None, w, b)),
    "root mean square": ([(2, 5, 8), (8,)], lambda F, x, w: F.rms_norm(x, (8,), w)),
    "batch": ([(5, 4, 3), (4,), (4,)], lambda F, x, w, b: F.batch_norm(x, None, None, w, b, True)),
    "local response": ([(2, 6, 3)], lambda F, x: F.local_response_norm(x, 3)),
    "normalize": ([(2, 6, 3)], lambda F, x: [F.normalize(x, p, 1) for p in (1, 2, 3.0, float("inf"))]),
}


@pytest.mark.parametrize("name", NORMS)
def test_normalization(name):
    shapes, fn = NORMS[name]
    check_op(shapes, lambda torch, *given: fn(torch.nn.functional, *given), rtol=1e-3, atol=1e-4)


def test_batch_norm_moves_running_statistics():
    def run(torch, x):
        mean, var = torch.zeros(4), torch.ones(4)
        y = torch.nn.functional.batch_norm(x, mean, var, training=True, momentum=0.3)
        z = torch.nn.functional.batch_norm(x, mean, var)
        return y, z, mean, var

    check_op([(5, 4, 3)], run, grad=False, **LOOSE)


TABLES = {
    "embedding": lambda F, i, w: F.embedding(i, w, padding_idx=-2),
    "embedding, by frequency": lambda F, i, w: F.embedding(i, w, scale_grad_by_freq=True),
    "bags": lambda F, i, w: [F.embedding_bag(i, w, mode=mode) for mode in ("sum", "mean", "max")],
    "one-hot": lambda F, i, w: F.one_hot(i, 7),
}


@pytest.mark.parametrize("name", TABLES)
def test_table(name):
    fn = TABLES[name]
    check_op([indices(5, 3, 4), (5, 6)], lambda torch, i, w: fn(torch.nn.functional, i, w), **LOOSE)


def test_embedding_renormalizes_in_place():
    def run(torch, i, w):
        found = torch.nn.functional.embedding(i, w, max_norm=1.0)
        return found, w

    check_op([indices(5, 3), (5, 6)], run, grad=False)
    for order in (2.0, 1.0):
        call = lambda torch, i, w, order=order: (torch.embedding_renorm_(w, i, 0.5, order), w)
        check_op([indices(5, 3), (5, 6)], call, grad=False)
    check_error([indices(5, 3, 1), (5, 6)], lambda torch, i, w: torch.embedding_renorm_(w, i[:1, 0] + 9, 1.0, 2.0))
    check_error([indices(5, 3), (5, 6)], lambda torch, i, w: torch.embedding_renorm_(w, i.float(), 1.0, 2.0))


ATTENTION = {
    "plain": lambda F, q, k, v: F.scaled_dot_product_attention(q, k, v),
    "causal": lambda F, q, k, v: F.scaled_dot_product_attention(q, k, v, is_causal=True),
    "scale": lambda F, q, k, v: F.scaled_dot_product_attention(q, k, v, scale=0.3),
    "added mask": lambda F, q, k, v: F.scaled_dot_product_attention(q, k, v, attn_mask=(q @ k.transpose(-1, -2))),
    "bool mask": lambda F, q, k, v: F.scaled_dot_product_attention(q, k, v, attn_mask=(q @ k.transpose(-1, -2)) > 9),
}


@pytest.mark.parametrize("name", ATTENTION)
def test_attention(name):
    fn = ATTENTION[name]
    check_op([(2, 3, 5, 4)] * 3, lambda torch, *given: fn(torch.nn.functional, *given), **LOOSE)


OTHERS = {
    "cosine similarity": ([(5, 8), (5, 8)], lambda F, x, y: F.cosine_similarity(x, y)),
    "pairwise distance": ([(5, 8), (5, 8)], lambda F, x, y: [F.pairwise_distance(x, y, p) for p in (1.0, 2.0)]),
    "pdist": ([(5, 8)], lambda F, x: F.pdist(x)),
    "unfold": ([(2, 3, 7, 8)], lambda F, x: F.unfold(x, (2, 3), 2, 1, (1, 2))),
    "fold": ([(2, 18, 21)], lambda F, x: F.fold(x, (7, 8), (2, 3), 2, 1, (1, 2))),
    "pixel shuffle": ([(2, 8, 3, 4)], lambda F, x: F.pixel_unshuffle(F.pixel_shuffle(x, 2) * 2, 1)),
    "pixel unshuffle": ([(2, 2, 4, 6)], lambda F, x: F.pixel_unshuffle(x, 2)),
    "channel shuffle": ([(2, 6, 3)], lambda F, x: F.channel_shuffle(x, 3)),
    "pad": ([(2, 3, 5, 4)], lambda F, x: F.pad(x, (1, -2, 2, 0, 0, 1), value=2.5)),
    "reflect": ([(2, 3, 5, 4)], lambda F, x: F.pad(x, (1, 2, 2, 1), "reflect")),
    "replicate": ([(2, 3, 5, 4)], lambda F, x: F.pad(x, (1, 2, 2, -1), "replicate")),
    "circular": ([(2, 3, 5, 4)], lambda F, x: F.pad(x, (1, 2, 2, 1), "circular")),
    "nearest": ([(2, 3, 5, 4)], lambda F, x: F.interpolate(x, scale_factor=1.7)),
    "bilinear": ([(2, 3, 5, 4)], lambda F, x: F.interpolate(x, (7, 3), mode="bilinear")),
    "bilinear, corners": ([(2, 3, 5, 4)], lambda F, x: F.interpolate(x, (7, 3), mode="bilinear", align_corners=True)),
    "bicubic": ([(2, 3, 5, 4)], lambda F, x: F.interpolate(x, scale_factor=1.5, mode="bicubic")),
    "smooth": ([(2, 3, 9, 8)], lambda F, x: F.interpolate(x, (4, 3), mode="bilinear", antialias=True)),
    "area": ([(2, 3, 5, 4)], lambda F, x: F.interpolate(x, (3, 2), mode="area")),
}


@pytest.mark.parametrize("name", OTHERS)
def test_other(name):
    shapes, fn = OTHERS[name]
    check_op(shapes, lambda torch, *given: fn(torch.nn.functional, *given), **LOOSE)


# ---------------------------------------------------------------------- dropout


def test_dropout_drops_and_scales():
    torchlike.manual_seed(0)
    y = torchlike.nn.functional.dropout(torchlike.ones(100, 100), 0.3).numpy()
    assert abs((y == 0).mean() - 0.3) < 0.02
    np.testing.assert_allclose(y[y != 0], 1 / 0.7, rtol=1e-6)


def test_masks_are_as_independent_as_chance():
    from torchlike._ops.nn.dropout import _bits
    from torchlike._programs.settings import ours

    count, drawn = 2**16, ((0, 0), (1, 0), (2**62, 0), (0, 1), (-1, 0))
    with ours():
        streams = [np.asarray(_bits(seed, count, stream)) for seed, stream in drawn]
    flips = np.stack([np.unpackbits(each.view(np.uint8)) for each in streams]).astype(np.float64) - 0.5
    bound = 5 * 0.25 / np.sqrt(flips.shape[1])  # five standard deviations
    products = flips @ flips.T / flips.shape[1]
    assert np.abs(products - np.eye(len(flips)) * 0.25).max() < bound
    for lag in (1, 2, 31, 32, 64, 8 * 256):
        assert np.abs((flips[:, lag:] * flips[:, :-lag]).mean(1)).max() < bound, lag
    per_bit = np.stack([(each[:, None] >> np.arange(32) & 1).mean(0) for each in streams])
    assert np.abs(per_bit - 0.5).max() < 5 * 0.5 / np.sqrt(count)
    values = streams[0].astype(np.int64) * 256 >> 32
    assert ((np.bincount(values, minlength=256) - count / 256) ** 2).sum() / (count / 256) < 255 + 6 * np.sqrt(510)


def test_dropout_of_nothing_and_of_all():
    x = torchlike.ones(1000)
    assert torchlike.nn.functional.dropout(x, 0.0).sum().item() == 1000
    assert torchlike.nn.functional.dropout(x, 1.0).sum().item() == 0


def test_dropout_depends_on_the_seed_alone():
    F, x = torchlike.nn.functional, torchlike.ones(4, 50)

    def masks(cut: bool) -> list:
        torchlike.manual_seed(3)
        made = []
        for _ in range(3):
            made.append(F.dropout(x))
            if cut:
                made[-1].sum().item()
        return [each.numpy() for each in made]

    whole, cut = masks(False), masks(True)
    assert all((one == two).all() for one, two in zip(whole, cut, strict=True))
    assert (whole[0] != whole[1]).any()


def test_dropout_that_nobody_reads_moves_the_generator():
    torchlike.manual_seed(3)
    before = torchlike.rand(3).tolist()
    torchlike.manual_seed(3)
    torchlike.nn.functional.dropout(torchlike.ones(2))
    assert torchlike.rand(3).tolist() != before


def test_the_gradient_of_dropout_is_its_mask():
    x = torchlike.ones(50, requires_grad=True)
    y = torchlike.nn.functional.dropout(x, 0.5)
    y.sum().backward()
    assert (x.grad.numpy() == y.detach().numpy()).all()


@pytest.mark.parametrize("name", ["dropout1d", "dropout2d", "dropout3d", "feature_alpha_dropout"])
def test_whole_channels_are_dropped(name):
    shape = {"dropout1d": (8, 16, 5), "dropout3d": (8, 16, 2, 2, 2)}.get(name, (8, 16, 3, 3))
    y = getattr(torchlike.nn.functional, name)(torchlike.ones(*shape), 0.5, True).numpy().reshape(8, 16, -1)
    assert (y == y[..., :1]).all()
    assert len(np.unique(y)) == 2


def test_alpha_dropout_keeps_mean_and_variance():
    torchlike.manual_seed(0)
    y = torchlike.nn.functional.alpha_dropout(torchlike.randn(200, 200), 0.2, True).numpy()
    assert abs(y.mean()) < 0.02
    assert abs(y.std() - 1) < 0.02


def test_dropout_in_evaluation_is_its_argument():
    x = torchlike.ones(3)
    assert torchlike.nn.functional.dropout(x, training=False) is x


# ---------------------------------------------------------------------- errors and warnings

ERRORS = {
    "linear, sizes": ([(2, 3), (4, 5)], lambda F, x, w: F.linear(x, w)),
    "convolution, channels": ([(1, 2, 5, 5), (4, 3, 3, 3)], lambda F, x, w: F.conv2d(x, w)),
    "convolution, dimensions": ([(2, 5), (4, 3, 3, 3)], lambda F, x, w: F.conv2d(x, w)),
    "convolution, room": ([(1, 3, 2, 2), (4, 3, 3, 3)], lambda F, x, w: F.conv2d(x, w)),
    "convolution, stride": ([(1, 3, 5, 5), (4, 3, 3, 3)], lambda F, x, w: F.conv2d(x, w, stride=0)),
    "convolution, same": ([(1, 3, 5, 5), (4, 3, 3, 3)], lambda F, x, w: F.conv2d(x, w, stride=2, padding="same")),
    "transposed convolution": ([(1, 3, 5, 5), (4, 3, 3, 3)], lambda F, x, w: F.conv_transpose2d(x, w)),
    "pooling, padding": ([(1, 5, 5)], lambda F, x: F.max_pool2d(x, 2, padding=2)),
    "pooling, room": ([(1, 5, 5)], lambda F, x: F.max_pool2d(x, 7)),
    "pooling, dimensions": ([(5, 5)], lambda F, x: F.max_pool2d(x, 2)),
    "pooling, divisor": ([(1, 5, 5)], lambda F, x: F.avg_pool2d(x, 2, divisor_override=0)),
    "layer norm": ([(2, 3)], lambda F, x: F.layer_norm(x, (4,))),
    "batch norm, one element": ([(1, 3)], lambda F, x: F.batch_norm(x, None, None, training=True)),
    "embedding, floats": ([(2,), (3, 4)], lambda F, i, w: F.embedding(i, w)),
    "embedding, range": ([np.array([5]), (3, 4)], lambda F, i, w: F.embedding(i, w)),
    "dropout": ([(2,)], lambda F, x: F.dropout(x, 1.5)),
    "glu": ([(2, 3)], lambda F, x: F.glu(x)),
    "gelu": ([(2, 3)], lambda F, x: F.gelu(x, approximate="x")),
    "activation of integers": ([np.array([1])], lambda F, x: F.elu(x)),
    "one-hot": ([np.array([5])], lambda F, x: F.one_hot(x, 3)),
    "interpolate, nothing": ([(1, 1, 2)], lambda F, x: F.interpolate(x)),
    "interpolate, mode": ([(1, 1, 2)], lambda F, x: F.interpolate(x, 3, mode="bilinear")),
    "attention": ([(2, 3), (2, 3), np.ones((2, 3))], lambda F, *given: F.scaled_dot_product_attention(*given)),
}


@pytest.mark.parametrize("name", ERRORS)
def test_error(name):
    inputs, fn = ERRORS[name]
    check_error(inputs, lambda torch, *given: fn(torch.nn.functional, *given))


def test_warnings():
    check_warning([(2, 3)], lambda torch, x: torch.nn.functional.softmax(x))
    check_warning([(1, 1, 2, 2)], lambda torch, x: torch.nn.functional.upsample(x, 3))


def test_every_function_is_public_under_its_own_path():
    F = torchlike.nn.functional
    found = [name for name, value in vars(F).items() if callable(value) and not name.startswith("_")]
    assert len(found) > 80
    assert all(getattr(F, name).__module__ == "torchlike.nn.functional" for name in found)


def test_batch_norm_of_nothing():
    for shape in [(0,), (0, 3), (0, 3, 4)]:
        check_op([shape], lambda torch, x: torch.nn.functional.batch_norm(x, None, None, training=True))


@pytest.mark.parametrize(
    "call",
    [
        lambda nn, table: nn.Embedding(3, 2, sparse=True),
        lambda nn, table: nn.Embedding.from_pretrained(table, sparse=True),
        lambda nn, table: nn.EmbeddingBag(3, 2, sparse=True),
        lambda nn, table: nn.functional.embedding(torchlike.tensor([1]), table, sparse=True),
        lambda nn, table: nn.functional.embedding_bag(torchlike.tensor([[1]]), table, sparse=True),
    ],
)
def test_sparse_gradients_say_that_they_are_not_there(call):
    with pytest.raises(NotImplementedError, match="torchlike has no sparse gradients"):
        call(torchlike.nn, torchlike.ones(3, 2))
