"""Every layer in one table: its repr, parameters, first numbers, results and gradients are PyTorch's."""

from __future__ import annotations

import copy
import pickle

import numpy as np
import pytest

import torchlike
from tests.support import array_of, check_error, check_op, reference

SHAPES = {1: (2, 3, 8), 2: (2, 3, 6, 7), 3: (2, 3, 4, 4, 5)}
INDICES = np.array([[1, 0, 2], [4, 4, 1]])


def by_dims(names: str, *args, **kwargs) -> list:
    """A row for each dimension: ``"Conv{}d"`` with the same settings."""
    return [(names.format(dims), args, kwargs, [SHAPES[dims]]) for dims in (1, 2, 3)]


# (class, positional settings, named ones, inputs)
LAYERS = [
    ("Identity", (1,), {}, [(2, 3)]),
    ("Linear", (3, 4), {}, [(5, 3)]),
    ("Linear", (3, 4), {"bias": False}, [(2, 5, 3)]),
    ("Bilinear", (3, 2, 4), {}, [(5, 3), (5, 2)]),
    *by_dims("Conv{}d", 3, 4, 3),
    ("Conv2d", (3, 6, 3, 2, 1, 2, 3, False, "reflect"), {}, [SHAPES[2]]),
    ("Conv2d", (3, 4, (3, 2)), {"padding": "same", "padding_mode": "circular"}, [SHAPES[2]]),
    *by_dims("ConvTranspose{}d", 3, 4, 3, 2, output_padding=1),
    *by_dims("MaxPool{}d", 2),
    ("MaxPool2d", ((3, 2), 2, 1), {"return_indices": True, "ceil_mode": True}, [SHAPES[2]]),
    *by_dims("AvgPool{}d", 2, 1, 1),
    *by_dims("AdaptiveAvgPool{}d", 3),
    *by_dims("AdaptiveMaxPool{}d", 3),
    *by_dims("BatchNorm{}d", 3),
    *[("SyncBatchNorm", (3,), {}, [SHAPES[dims]]) for dims in (1, 2, 3)],
    ("SyncBatchNorm", (3,), {"momentum": None, "affine": False}, [(5, 3)]),
    ("BatchNorm1d", (3,), {"affine": False, "momentum": None}, [(5, 3)]),
    ("BatchNorm2d", (3,), {"track_running_stats": False, "eps": 1e-3}, [SHAPES[2]]),
    *by_dims("InstanceNorm{}d", 3, affine=True, track_running_stats=True),
    ("LayerNorm", ((6, 7),), {}, [SHAPES[2]]),
    ("LayerNorm", (7,), {"bias": False}, [SHAPES[2]]),
    ("GroupNorm", (2, 4), {}, [(3, 4, 5)]),
    ("RMSNorm", (7,), {}, [SHAPES[2]]),
    ("LocalResponseNorm", (2,), {}, [SHAPES[2]]),
    *[(name, (), {}, [(3, 4)]) for name in ("Sigmoid", "Tanh", "LogSigmoid", "Softsign", "Tanhshrink")],
    *[(name, (), {}, [(3, 4)]) for name in ("ReLU", "ReLU6", "SELU", "SiLU", "Mish", "Hardswish", "Hardsigmoid")],
    *[(name, (), {}, [(3, 4)]) for name in ("Hardtanh", "ELU", "CELU", "LeakyReLU", "GELU", "Softplus", "GLU")],
    *[(name, (), {}, [(3, 4)]) for name in ("Hardshrink", "Softshrink")],
    ("ReLU", (True,), {}, [np.array([-1, 0, 2])]),
    ("Threshold", (0.1, 20), {}, [(3, 4)]),
    ("PReLU", (4,), {"init": 0.1}, [(3, 4)]),
    *[(name, (1,), {}, [(3, 4)]) for name in ("Softmax", "Softmin", "LogSoftmax")],
    ("Softmax2d", (), {}, [SHAPES[2]]),
    ("Dropout", (0.0,), {}, [(3, 4)]),
    ("Embedding", (5, 4), {"padding_idx": 1}, [INDICES]),
    ("Embedding", (5, 4), {"scale_grad_by_freq": True}, [INDICES]),
    ("EmbeddingBag", (5, 4), {"mode": "sum"}, [INDICES]),
    *by_dims("ReflectionPad{}d", 1),
    *by_dims("ReplicationPad{}d", 2),
    *by_dims("CircularPad{}d", 1),
    *by_dims("ZeroPad{}d", 2),
    *by_dims("ConstantPad{}d", 1, 2.5),
    ("Flatten", (), {}, [SHAPES[2]]),
    ("Unflatten", (1, (3, 1)), {}, [SHAPES[1]]),
    ("Upsample", (), {"scale_factor": 2}, [SHAPES[2]]),
    ("UpsamplingBilinear2d", ((5, 4),), {}, [SHAPES[2]]),
    ("PixelShuffle", (2,), {}, [(2, 8, 3, 4)]),
    ("PixelUnshuffle", (2,), {}, [(2, 2, 4, 6)]),
    ("ChannelShuffle", (3,), {}, [SHAPES[2]]),
    ("CosineSimilarity", (), {}, [(5, 4), (5, 4)]),
    ("PairwiseDistance", (), {}, [(5, 4), (5, 4)]),
    ("Unfold", (2,), {}, [SHAPES[2]]),
    ("Fold", ((6, 7), 2), {}, [(2, 12, 30)]),
    ("MultiheadAttention", (4, 2), {}, [(3, 2, 4), (5, 2, 4), (5, 2, 4)]),
    ("MultiheadAttention", (4, 2), {"kdim": 3, "vdim": 5, "batch_first": True}, [(2, 3, 4), (2, 5, 3), (2, 5, 5)]),
    ("TransformerEncoderLayer", (4, 2, 6, 0.0), {"norm_first": True}, [(3, 2, 4)]),
    ("TransformerDecoderLayer", (4, 2, 6, 0.0, "gelu"), {"bias": False}, [(3, 2, 4), (5, 2, 4)]),
    ("Transformer", (4, 2, 2, 2, 6, 0.0), {"batch_first": True}, [(2, 3, 4), (2, 5, 4)]),
]
IDS = [f"{place} {row[0]}" for place, row in enumerate(LAYERS)]


def made(torch, row):
    """The layer as the seed makes it."""
    torch.manual_seed(0)
    return getattr(torch.nn, row[0])(*row[1], **row[2])


@pytest.mark.parametrize("row", LAYERS, ids=IDS)
def test_layer(row):
    torch = reference()
    theirs, ours = made(torch, row), made(torchlike, row)
    assert repr(ours) == repr(theirs)
    want, got = theirs.state_dict(), ours.state_dict()
    assert list(got) == list(want)
    for name in want:
        # equal seeds give equal weights
        np.testing.assert_allclose(array_of(got[name]), array_of(want[name]), rtol=1e-6, atol=1e-6, err_msg=name)

    def run(library, *inputs):
        layer = made(library, row)
        result = layer(*inputs)
        whole = result[0] if isinstance(result, tuple) else result
        if not whole.requires_grad:
            return result, layer.eval()(*inputs)
        parameters = list(layer.parameters())
        grads = library.autograd.grad((whole * whole).sum(), parameters, retain_graph=True) if parameters else []
        return result, list(grads), [each * 1 for each in layer.buffers()]

    check_op(row[3], run, rtol=2e-3, atol=2e-4)


@pytest.mark.parametrize("options", [{}, {"batch_first": True}, {"bias": False}, {"add_zero_attn": True}])
def test_attention_to_itself(options):
    """What is query, key and value at once is projected at once; rows that may attend to nothing are 0."""

    def run(library, x):
        layer = made(library, ("MultiheadAttention", (4, 2), options))
        padded = library.tensor([[False, True, False], [True, True, True], [False, False, True]])
        found = [
            layer(x, x, x, key_padding_mask=padded, need_weights=False)[0],
            *layer(x, x, x),
            layer(x[0], x[0], x[0])[0],
        ]
        found += [layer(a, b, c)[0] for a, b, c in ((x, x * 1, x), (x, x, x * 1), (x * 1, x, x))]
        total = sum((each * each).sum() for each in found)
        return found, list(library.autograd.grad(total, list(layer.parameters()), retain_graph=True))

    check_op([(3, 3, 4)], run, rtol=2e-3, atol=2e-4)


@pytest.mark.parametrize("row", LAYERS, ids=IDS)
def test_layer_is_copied_and_pickled(row):
    layer = made(torchlike, row)
    for twin in (copy.deepcopy(layer), pickle.loads(pickle.dumps(layer))):
        assert repr(twin) == repr(layer)
        for name, value in layer.state_dict().items():
            assert (array_of(twin.state_dict()[name]) == array_of(value)).all(), name


def test_every_layer_is_in_the_table():
    named = {row[0] for row in LAYERS}
    elsewhere = {"Sequential", "ModuleList", "ModuleDict", "ParameterList", "ParameterDict", "Module"}
    elsewhere |= {"TransformerEncoder", "TransformerDecoder"}  # in `test_transformer`
    random = {"RReLU", "Dropout1d", "Dropout2d", "Dropout3d", "AlphaDropout", "FeatureAlphaDropout"}
    given = {"MaxUnpool", "LPPool", "FractionalMaxPool"}  # in the tests below
    modules = torchlike.nn.modules
    families = {"linear", "conv", "pooling", "batchnorm", "instancenorm", "normalization", "activation", "dropout"}
    families |= {
        "transformer",
        "sparse",
        "padding",
        "flatten",
        "upsampling",
        "pixelshuffle",
        "channelshuffle",
        "distance",
        "fold",
    }
    for name, value in vars(modules).items():
        if not isinstance(value, type) or value.__module__.rpartition(".")[2] not in families:
            continue
        if (
            name.startswith("Lazy")
            or name in elsewhere | random | {"CrossMapLRN2d", "UpsamplingNearest2d"}
            or name.rstrip("123d") in given
        ):
            continue
        assert name in named, name


def test_unpooling_and_powers():
    def run(torch, x):
        pooled, places = torch.nn.MaxPool2d(2, return_indices=True)(x)
        return torch.nn.MaxUnpool2d(2)(pooled, places, x.shape), torch.nn.LPPool2d(2, 2)(x.abs() + 1)

    check_op([(2, 3, 7, 6)], run, rtol=1e-4)


def test_fractional_pooling_by_given_samples():
    samples = np.random.default_rng(0).random((2, 3, 2)).astype(np.float32)

    def run(torch, x, s):
        return torch.nn.FractionalMaxPool2d(2, output_ratio=0.6, return_indices=True, _random_samples=s.detach())(x)

    check_op([(2, 3, 9, 8), samples], run, grad=False)


def test_batch_norm_in_training_and_evaluation():
    def run(torch, x):
        layer = torch.nn.BatchNorm2d(3, momentum=0.2)
        first, second = layer(x), layer(x * 2 + 1)
        return first, second, layer.eval()(x), layer.running_mean, layer.running_var, layer.num_batches_tracked

    check_op([(4, 3, 2, 2)], run, rtol=1e-4)


def test_batch_norms_are_converted():
    def run(torch, x):
        inner = torch.nn.Sequential(torch.nn.BatchNorm1d(4, affine=False), torch.nn.ReLU())
        net = torch.nn.Sequential(torch.nn.BatchNorm1d(4), inner, torch.nn.BatchNorm1d(4, track_running_stats=False))
        net[0].eval()
        weight = net[0].weight
        found = torch.nn.SyncBatchNorm.convert_sync_batchnorm(net)
        assert found is net and net[0].weight is weight and not net[0].training
        assert type(torch.nn.SyncBatchNorm.convert_sync_batchnorm(torch.nn.BatchNorm1d(2))) is torch.nn.SyncBatchNorm
        return found(x), [each * 1 for each in found.buffers()]

    check_op([(3, 4)], run, rtol=1e-4)


def test_attention_masks_and_weights():
    def run(torch, x, mask):
        layer = made(torch, ("MultiheadAttention", (4, 2), {"add_bias_kv": True, "add_zero_attn": True}))
        padding = torch.tensor([[False, False, True], [False, False, False]])
        plain = layer(x, x, x, key_padding_mask=padding, average_attn_weights=False)
        return *plain, layer(x, x, x, attn_mask=mask.detach(), need_weights=False)[0]

    check_op([(3, 2, 4), (3, 3)], run, rtol=1e-4)


def test_transposed_convolution_to_a_wanted_size():
    def run(torch, x):
        return made(torch, ("ConvTranspose2d", (3, 4, 3, 2), {}))(x, output_size=(14, 15))

    check_op([SHAPES[2]], run, rtol=1e-4)


ERRORS = {
    "groups": lambda torch: torch.nn.Conv2d(3, 4, 3, groups=2),
    "padding": lambda torch: torch.nn.Conv2d(3, 4, 3, stride=2, padding="same"),
    "transposed mode": lambda torch: torch.nn.ConvTranspose2d(3, 4, 3, padding_mode="reflect"),
    "dropout": lambda torch: torch.nn.Dropout(1.5),
    "group norm": lambda torch: torch.nn.GroupNorm(3, 4),
    "padding row": lambda torch: torch.nn.Embedding(3, 4, padding_idx=5),
    "heads": lambda torch: torch.nn.MultiheadAttention(5, 2),
    "sync batch norm": lambda torch: torch.nn.SyncBatchNorm(3)(torch.ones(3)),
    "no channels": lambda torch: torch.nn.SyncBatchNorm(3)(torch.ones(3, 0)),
    "batch norm": lambda torch: torch.nn.BatchNorm2d(3)(torch.ones(2, 3)),
    "unflatten": lambda torch: torch.nn.Unflatten(1, 5),
    "bilinear": lambda torch: torch.nn.Bilinear(0, 2, 3),
}


@pytest.mark.parametrize("name", ERRORS)
def test_error(name):
    check_error([], ERRORS[name])
