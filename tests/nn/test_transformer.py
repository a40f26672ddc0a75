"""Transformers: masks of every form, settings, what stacks do beyond their layers."""

from __future__ import annotations

import warnings

import pytest

import torchlike
from tests.nn.compare import det, error, filled, same
from tests.support import reference

TOLERANCES = {"rtol": 1e-3, "atol": 1e-3}
# (mask, padding)
PAIRS = [
    *[("none", "none"), ("none", "behind"), ("causal", "none"), ("causal", "before")],
    *[("bool", "behind"), ("added", "added"), ("by head", "before")],
]
SETTINGS = {
    "plain": {},
    "batch first": {"batch_first": True},
    "norm first": {"norm_first": True},
    "without bias": {"bias": False, "batch_first": True},
    "gelu": {"activation": "gelu", "layer_norm_eps": 1e-3},
}


def masks(torch, batch: int, length: int, heads: int = 2) -> dict:
    """Every form of a mask over `length` places, by name."""
    causal = torch.nn.Transformer.generate_square_subsequent_mask(length)
    return {
        "none": None,
        "causal": causal,
        "bool": causal != 0,
        "added": det(torch, length, length),
        "by head": det(torch, batch * heads, length, length),
    }


def paddings(torch, length: int) -> dict:
    """Every form of padding over two sequences, by name."""
    behind = torch.arange(length) >= torch.tensor([[length], [length - 2]])
    return {"none": None, "behind": behind, "before": behind.flip(1), "added": behind * -2.0}


def gradients(torch, module, found, *inputs):
    total = (found * det(torch, *found.shape)).sum()
    return list(torch.autograd.grad(total, [*module.parameters(), *inputs], allow_unused=True))


@pytest.mark.parametrize("setting", SETTINGS)
@pytest.mark.filterwarnings("ignore:enable_nested_tensor is True")
def test_encoder(setting):
    def run(torch):
        layer = torch.nn.TransformerEncoderLayer(4, 2, 6, 0.0, **SETTINGS[setting])
        module = filled(torch, torch.nn.TransformerEncoder(layer, 2, torch.nn.LayerNorm(4)))
        is_batch_first = layer.self_attn.batch_first
        x = det(torch, *((2, 5, 4) if is_batch_first else (5, 2, 4))).requires_grad_()
        results = []
        for mask, padding in PAIRS:
            given = x, masks(torch, 2, 5)[mask], paddings(torch, 5)[padding]
            found = module.train()(*given)
            results += [found, gradients(torch, module, found, x), module.eval()(*given)]
            with torch.no_grad():  # where PyTorch leaves padding out
                results += [module(*given)]
        return results

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for library in (reference(), torchlike):
            leave_padding_out(library)  # what is told once a process is told now
    same(run, **TOLERANCES)


def leave_padding_out(torch):
    """An encoder, and its result for two places of which the second is padding."""
    encoder = torch.nn.TransformerEncoder(torch.nn.TransformerEncoderLayer(4, 2, 6, batch_first=True), 1).eval()
    with torch.no_grad():
        return encoder(torch.ones(1, 2, 4), src_key_padding_mask=torch.tensor([[False, True]]))


@pytest.mark.parametrize("setting", SETTINGS)
def test_decoder(setting):
    def run(torch):
        layer = torch.nn.TransformerDecoderLayer(4, 2, 6, 0.0, **SETTINGS[setting])
        module = filled(torch, torch.nn.TransformerDecoder(layer, 2, torch.nn.LayerNorm(4)))
        turned = layer.self_attn.batch_first
        x, memory = (det(torch, *((2, size, 4) if turned else (size, 2, 4)), start=size) for size in (5, 3))
        results = []
        for mask, padding in PAIRS:
            found = module(
                x,
                memory,
                masks(torch, 2, 5)[mask],
                det(torch, 5, 3),
                tgt_key_padding_mask=paddings(torch, 5)[padding],
                memory_key_padding_mask=paddings(torch, 3)["added"],
            )
            results += [found, gradients(torch, module, found)]
        return results

    same(run, **TOLERANCES)


@pytest.mark.filterwarnings("ignore:enable_nested_tensor is True")
def test_whole():
    def run(torch):
        module = torch.nn.Transformer(4, 2, 1, 1, 6, 0.0, norm_first=True)
        state = {name: value.clone() for name, value in module.state_dict().items()}
        mask = module.generate_square_subsequent_mask(5)
        source, target = det(torch, 3, 2, 4), det(torch, 5, 2, 4, start=1.0)
        found = module(source, target, tgt_mask=mask, tgt_is_causal=True)
        alone = module(source[:, 0], target[:, 0], tgt_mask=mask)
        return repr(module), mask, state, found, gradients(torch, module, found), alone

    same(run, **TOLERANCES)


WARNINGS = {
    "norm first": lambda torch: torch.nn.TransformerEncoderLayer(4, 2, norm_first=True, batch_first=True),
    "batch second": lambda torch: torch.nn.TransformerEncoderLayer(4, 2),
    "without bias": lambda torch: torch.nn.TransformerEncoderLayer(4, 2, batch_first=True, bias=False),
    "activation": lambda torch: torch.nn.TransformerEncoderLayer(4, 2, activation=torch.tanh, batch_first=True),
    "odd heads": lambda torch: torch.nn.TransformerEncoderLayer(3, 3, batch_first=True),
    "other layers": lambda torch: torch.nn.Linear(1, 1),
    "packed": lambda torch: torch.nn.TransformerEncoderLayer(4, 2, activation=torch.nn.GELU(), batch_first=True),
}


@pytest.mark.parametrize("name", WARNINGS)
def test_why_sequences_are_not_packed(name):
    same(lambda torch: torch.nn.TransformerEncoder(WARNINGS[name](torch), 1).use_nested_tensor)
    same(lambda torch: torch.nn.TransformerEncoder(WARNINGS[name](torch), 1, enable_nested_tensor=False).num_layers)


def test_leaving_padding_out_is_told_once():
    torchlike.nn.TransformerEncoder._nesting_was_told = False
    with pytest.warns(UserWarning, match="nested tensors is in prototype stage"):
        leave_padding_out(torchlike)
    found = leave_padding_out(torchlike)[0]
    assert found[1].abs().max() == 0 and found[0].abs().max() > 0
    torchlike.backends.mha.set_fastpath_enabled(False)
    try:
        assert leave_padding_out(torchlike)[0, 1].abs().max() > 0
    finally:
        torchlike.backends.mha.set_fastpath_enabled(True)


def test_layers_of_others_are_told_whether_a_mask_is_causal():
    def run(torch):
        told = []

        class Layer(torch.nn.TransformerEncoderLayer):
            def forward(self, src, src_mask=None, src_key_padding_mask=None, is_causal=False):
                told.append(is_causal)
                return super().forward(src, src_mask, src_key_padding_mask, is_causal)

        module = torch.nn.TransformerEncoder(Layer(4, 2, 6, 0.0), 1, enable_nested_tensor=False)
        for mask in masks(torch, 2, 3).values():
            module(det(torch, 3, 2, 4), mask)
        module(det(torch, 3, 2, 4), masks(torch, 2, 3)["causal"], is_causal=False)
        return told

    same(run, **TOLERANCES)


def test_promises_are_relied_on():
    """A mask that is said to be causal is taken for it, where PyTorch takes it so."""

    def run(torch):
        layer = filled(torch, torch.nn.TransformerEncoderLayer(4, 2, 6, 0.0, batch_first=True))
        x, mask = det(torch, 2, 3, 4), det(torch, 3, 3)
        promised = [layer(x, mask, is_causal=True), layer(x, mask, paddings(torch, 3)["added"], is_causal=True)]
        with torch.no_grad():
            return *promised, layer.eval()(x, mask, is_causal=True), layer(x, is_causal=True)

    same(run, **TOLERANCES)


ERRORS = {
    "activation": lambda torch: torch.nn.TransformerEncoderLayer(4, 2, activation="tanh"),
    "batch": lambda torch: torch.nn.Transformer(4, 2, 1, 1, 6)(torch.ones(3, 2, 4), torch.ones(3, 1, 4)),
    "features": lambda torch: torch.nn.Transformer(4, 2, 1, 1, 6)(torch.ones(3, 2, 4), torch.ones(3, 2, 3)),
    "mask's dtype": lambda torch: torch.nn.TransformerEncoderLayer(4, 2, 6)(
        torch.ones(3, 2, 4), torch.ones(3, 3, dtype=torch.int64)
    ),
    "mask's shape": lambda torch: torch.nn.TransformerEncoderLayer(4, 2, 6)(torch.ones(3, 2, 4), torch.ones(2, 3)),
    "padding's shape": lambda torch: torch.nn.TransformerEncoderLayer(4, 2, 6)(
        torch.ones(3, 2, 4), None, torch.ones(3, 3)
    ),
    "promise": lambda torch: torch.nn.TransformerEncoderLayer(4, 2, 6)(torch.ones(3, 2, 4), is_causal=True),
    "dtype": lambda torch: torch.nn.TransformerEncoderLayer(4, 2, 6)(torch.ones(3, 2, 4, dtype=torch.float64)),
}


@pytest.mark.parametrize("name", ERRORS)
@pytest.mark.filterwarnings("ignore:enable_nested_tensor is True")
def test_error(name):
    same(lambda torch: error(ERRORS[name], torch))


def test_masks_of_two_dtypes_are_warned_of():
    def run(torch):
        layer = filled(torch, torch.nn.TransformerEncoderLayer(4, 2, 6, 0.0))
        return layer(det(torch, 3, 2, 4), masks(torch, 2, 3)["added"], paddings(torch, 3)["behind"])

    same(run, **TOLERANCES)


def test_a_stack_is_trained_as_in_pytorch():
    def run(torch):
        layer = torch.nn.TransformerEncoderLayer(4, 2, 6, 0.0, batch_first=True)
        module = filled(torch, torch.nn.TransformerEncoder(layer, 2))
        optimizer = torch.optim.SGD(module.parameters(), 0.1)
        losses = []
        for step in range(4):
            optimizer.zero_grad()
            loss = module(det(torch, 2, 3, 4, start=step), masks(torch, 2, 3)["causal"]).pow(2).mean()
            loss.backward()
            optimizer.step()
            losses.append(loss.item())
        return torch.tensor(losses)

    same(run, **TOLERANCES)
