"""What the functions of layers say of settings, shapes and dtypes that do not fit."""

from __future__ import annotations

import pytest

from tests.support import check_error

SETTINGS = "-1; 5; 0; 2, 0; 2, -1; 2, 1, -1; 2, 1, 2"  # kernel, stride, padding
POOLS = [
    f"F.{name}{dims}d(x(2, 3{', 4' * dims}), {each.strip()})"
    for name in ("avg_pool", "max_pool")
    for dims in (1, 2, 3)
    for each in SETTINGS.split(";")
    if not (name, dims, each.strip()) == ("avg_pool", 1, "2, 1, 2")
]
POOLS += [f"F.max_pool1d(x(2, 3, 4), {each.strip()}, return_indices=True)" for each in SETTINGS.split(";")]
ADAPTIVE = [
    f"F.adaptive_{name}_pool{dims}d({given})"
    for name in ("avg", "max")
    for dims in (1, 2, 3)
    for given in (
        "x(2), 2",
        "x(2, 2, 2, 2, 2, 2), 2",
        f"x(2, 3{', 4' * dims}), ()",
        f"x(2, 3{', 4' * dims}), -1",
        "'a', 2",
    )
]
PADS = [
    f"F.pad(torch.ones(({size})), {pad}, mode={mode!r})"
    for size, pad in (("2, 3, 3", (1,)), ("3,", (1, 1)), ("3,", (1,) * 4), ("2,) * 6 + (", (1, 1)), ("2, 2", (1,) * 4))
    for mode in ("reflect", "circular", "replicate")
]
OTHERS = """
F.layer_norm(x(2, 3), (3,), x(3), x(3).double()); F.layer_norm(x(2, 3).half(), (3,), x(3), x(3).half())
F.layer_norm(x(2, 3).double(), (3,), x(3)); F.batch_norm(x(3, 2), x(2).double(), x(2), x(2), x(2))
F.rms_norm(x(2), (2, 2))
F.rms_norm(x(1, 2, 4), (2, 3)); F.instance_norm(x(3, 2, 4), x(3), x(2)); F.conv1d(x(1, 4, 5), x(1, 4, 3, 7))
F.conv1d(x(1, 4, 5), x(4)); F.conv2d(x(1, 4, 5, 5), x(1, 4, 3)); F.conv2d(x(1, 4, 5, 5), x(1, 4, 3, 3, 3))
F.conv_transpose1d(x(1, 4, 5), x(4, 4, 1), output_padding=5); F.conv_transpose1d(x(1, 3, 5), x(3, 3, 3), groups=100)
F.interpolate(x(2, 3), scale_factor=2); F.interpolate(x(2, 3, 4), (-1,)); F.interpolate(x(2, 3, 4, 4), (-1, 2))
F.max_unpool1d(x(1, 2, 1), i(1, 2, 1), 3, output_size=(1, 2, 100))
F.embedding_bag(i(3), x(3, 2), i(1), per_sample_weights=x(2))
F.embedding_bag(i(2, 2), x(3)); F.multilabel_soft_margin_loss(x(5), x(5), weight=x(3)); F.max_pool1d(x(2, 3, 4) > 0, 2)
F.binary_cross_entropy_with_logits(x(5, 5), x(5, 5), weight=x(2)); F.cross_entropy(x(2, 3), 1.5); F.relu('a')
F.unfold(1)
F.l1_loss(x(2), x(2), out=x(1)); F.cross_entropy(x(2, 3), i(2), reduction=1); F.dropout(x(2), p='a')
F.layer_norm(x(2), 1.5)
F.hinge_embedding_loss(x(2), x(2), margin='a'); F.l1_loss(1.5, x(2))
F.max_pool2d(x(1, 4, 4), 2, return_indices=True, zz=1)
F.adaptive_avg_pool2d(x(2, 2), (1, 1))
F.softmax(x(2), "a"); F.batch_norm(x(3, 2), 'a', x(2)); F.glu('a'); F.alpha_dropout(x(2), training=None)
F.unfold(x(2), 1, zz=2)
F.softshrink(x(3), -0.5); F.softshrink(x(3), torch.inf); F.multi_margin_loss(x(2, 4), x(2), weight=x(5))
F.group_norm(x(2, 2), -1)
F.dropout(x(3), torch.nan); F.bilinear(x(8), x(8), x(8, 8)); F.bilinear(x(8), x(8), x(8, 8, 8), x(8).double())
F.interpolate(x(2, 3, 4), 'a'); F.interpolate(x(2, 3, 4, 4), (3, 'a'), mode='bilinear'); F.interpolate(x(2, 3, 4), 2.5)
F.interpolate(x(2, 3, 4), 3, 0.6, mode='nope'); F.interpolate(x(2, 3, 4), mode='nope')
F.interpolate(x(2, 3, 4), 3, mode='nope')
F.interpolate(x(2, 3, 4, 4), 3, mode='bilinear', align_corners=2)
F.interpolate(x(2, 3, 4), 3, mode='linear', align_corners='a')
F.interpolate(x(2, 3, 4), scale_factor=torch.nan); F.interpolate(x(2, 3, 4), scale_factor=1j); F.interpolate(x(4), 2)
F.interpolate(x(2, 3, 4, 4), scale_factor=(1.0, 'a')); F.interpolate(x(2, 3, 4, 4, 4), 2, mode='bicubic')
F.interpolate('a', 2)
F.interpolate(x(2, 3, 4, 4), 2**63); F.normalize(1); F.normalize(x(3), dim='a')
F.softmin('a', 0)
F.softmin(x(3), 'a'); F.softmin(x(3), 0, dtype=3); F.unfold(x(1, 2, 5, 5), 0); F.unfold(x(1, 2, 5, 5), 2, 1, -1)
F.unfold(x(5), 2)
F.unfold(x(1, 2, 5, 5), (2,)); F.unfold(x(1, 2, 5, 5), 9); F.unfold(x(1, 2, 5, 5), 2, 1, 0, 0)
F.fold(x(2, 4), (4, 5), None)
F.fold(x(2, 4), (4, 5), 2, 0); F.fold(x(2, 4), (4, 5), 1.5); F.local_response_norm(x(1, 2, 3), 0)
F.local_response_norm(None, 2)
F.local_response_norm(x(1, 2, 3), 1.5); F.local_response_norm(x(1, 2, 3), (1,))
F.local_response_norm(x(1, 2, 3), 2, k='a')
"""
_BAD = "-1; 0; (1,) * 4; (); 1, -1; 1, 0, 0; 1, 0, -1; 1, (1,) * 4; 1, 0, (1,) * 4; 0, -1; 0, 0, 0; 1, 'a'; 2, 'same'"
CONVOLUTIONS = [
    f"F.conv{dims}d(x(1, 2{', 4' * dims}), x(4, {channels}{', 3' * dims}), None, {each.strip()})"
    for dims in (1, 2, 3)
    for channels in (2, 3)
    for each in _BAD.split(";")
]
CONVOLUTIONS += [
    f"F.conv_transpose{dims}d(x(1, 2{', 4' * dims}), x(2, 2{', 3' * dims}), None, {each})"
    for dims in (1, 2, 3)
    for each in (
        "0",
        "1, 99",
        "1, -1",
        "1, 0, -1",
        "1, 0, 9",
        "1, 0, 0, 0",
        "1, 0, 0, 1, 0",
        "1, 0, 0, 1, -1",
        "1, 0, ()",
    )
]
CALLS = [
    *POOLS,
    *ADAPTIVE,
    *PADS,
    *CONVOLUTIONS,
    *[each.strip() for each in OTHERS.replace("\n", ";").split(";") if each.strip()],
]


@pytest.mark.parametrize("call", CALLS)
def test_words(call: str):
    def run(torch):
        names = {"torch": torch, "F": torch.nn.functional, "x": torch.ones}
        return eval(call, names | {"i": lambda *size: torch.zeros(*size, dtype=torch.int64)})

    check_error([], run)
