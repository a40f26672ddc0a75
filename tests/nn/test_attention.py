"""``torch.nn.attention``: kernels, causal masks told by a rule, attention of which the user writes scores and mask."""

from __future__ import annotations

import importlib

import pytest

import torchlike
from tests.nn.compare import det, error, same


def flex_of(torch):
    return importlib.import_module(f"{torch.__name__}.nn.attention.flex_attention")


def bias_of(torch):
    return importlib.import_module(f"{torch.__name__}.nn.attention.bias")


def qkv(torch, queries: int = 6, keys: int = 5, heads: int = 2):
    return (
        det(torch, 2, 2, queries, 8),
        det(torch, 2, heads, keys, 8, start=1.0),
        det(torch, 2, heads, keys, 4, start=2.0),
    )


# ---------------------------------------------------------------------- kernels


@pytest.mark.parametrize(
    "names", [["MATH"], ["FLASH_ATTENTION"], ["EFFICIENT_ATTENTION"], ["CUDNN_ATTENTION", "MATH"], []]
)
@pytest.mark.parametrize("set_priority", [False, True])
def test_kernels_that_may_be_used(names, set_priority):
    def run(torch):
        attention, cuda = torch.nn.attention, torch.backends.cuda
        q = det(torch, 1, 2, 4, 8)

        def allowed():
            flags = cuda.flash_sdp_enabled(), cuda.math_sdp_enabled(), cuda.mem_efficient_sdp_enabled()
            return *flags, cuda.cudnn_sdp_enabled(), [each.name for each in attention._cur_sdpa_kernel_backends(True)]

        before = allowed()
        with attention.sdpa_kernel([getattr(attention.SDPBackend, each) for each in names], set_priority):
            within = allowed()
            viable = {"MATH", "FLASH_ATTENTION"} & {*names}
            found = torch.nn.functional.scaled_dot_product_attention
            found = found(q, q, q) if viable else error(found, q, q, q)
        return before, within, found, allowed() == before

    same(run, rtol=1e-4)


def test_kernels_by_name():
    def run(torch):
        backends, kernel = torch.nn.attention.SDPBackend, torch.nn.attention.sdpa_kernel

        @kernel(backends.MATH)
        def decorated():
            return torch.backends.cuda.flash_sdp_enabled()

        named = [(name, repr(each), int(each), each == int(each)) for name, each in backends.__members__.items()]
        return named, decorated(), error(kernel("math").__enter__)

    same(run)


# ---------------------------------------------------------------------- causal masks


@pytest.mark.parametrize("corner", ["causal_upper_left", "causal_lower_right"])
@pytest.mark.parametrize("sizes", [(3, 3), (3, 5), (5, 3)])
def test_causal_bias(corner, sizes):
    def run(torch):
        bias = getattr(bias_of(torch), corner)(*sizes)
        q, k, v = qkv(torch, *sizes)
        attend = torch.nn.functional.scaled_dot_product_attention
        told = repr(bias), int(bias.variant), bias.seq_len_q, bias.seq_len_kv, type(bias + 1).__name__
        return (
            told,
            attend(q, k, v, bias),
            attend(q, k, v, attn_mask=bias, scale=0.2),
            error(attend, q, k, v, bias, 0.0, True),
        )

    same(run, rtol=1e-4, atol=1e-5)


def test_mistakes_of_causal_biases():
    def run(torch):
        module, (q, k, v) = bias_of(torch), qkv(torch)
        attend = torch.nn.functional.scaled_dot_product_attention
        return (
            error(module.CausalBias, 1, 2, 3),
            error(module.causal_upper_left, 3),
            error(attend, q, k.double(), v, module.causal_lower_right(6, 7)),
        )

    same(run)


# ---------------------------------------------------------------------- block masks


def causal(b, h, q, kv):
    return q >= kv


MASKS = {
    "causal": (causal, (None, None, 6, 5), 2),
    "one head": (lambda b, h, q, kv: (q >= kv) & (h == 0), (2, 2, 6, 5), (2, 3)),
    "window": (lambda b, h, q, kv: (q - kv).abs() < 2, (1, 1, 9, 9), 4),
    "nothing": (lambda b, h, q, kv: kv > 9, (None, None, 6, 5), 2),
    "default blocks": (causal, (1, 1, 300, 260), 128),
    "many": (causal, (3, 2, 8, 8), 2),
}


def parts(mask) -> tuple:
    """What there is to see of a block mask."""
    shown = str(mask), repr(mask), mask.shape, mask.numel(), mask.sparsity()
    return *shown, mask.to_dense(), [each for each in mask.as_tuple()[:-1]], mask.to_string(grid_size=2, limit=1)


def test_a_picture_has_no_more_lines_than_there_are():
    mask = flex_of(torchlike).create_block_mask(causal, 1, 1, 64, 64, BLOCK_SIZE=2)
    assert [len(each) for each in mask.to_string(grid_size=5).splitlines()[1:]] == [10] * 5


@pytest.mark.parametrize("name", MASKS)
def test_block_mask(name):
    mask_mod, sizes, block = MASKS[name]

    def run(torch):
        flex = flex_of(torch)
        mask = flex.create_block_mask(mask_mod, *sizes, BLOCK_SIZE=block, compute_dq_write_order=True)
        whole = flex.create_block_mask(mask_mod, *sizes, BLOCK_SIZE=block, separate_full_blocks=False)
        cut = [mask[0], mask[0, -1], mask[:, :, 1:], mask._adjust(4, 4), mask.to("cpu")]
        return parts(mask), parts(whole), [parts(each) for each in cut], flex.create_mask(mask_mod, *sizes)

    same(run)


def test_blocks_that_are_given():
    def run(torch):
        flex = flex_of(torch)
        counts = torch.tensor([[[1, 2, 1]]], dtype=torch.int32)
        places = torch.tensor([[[[0, 1, 2], [0, 1, 2], [2, 0, 1]]]], dtype=torch.int32)
        make = flex.BlockMask.from_kv_blocks
        given = make(counts, places, BLOCK_SIZE=2, seq_lengths=(6, 5), mask_mod=causal)
        found = parts(given), parts(make(counts, places)), parts(make(counts, places, counts * 0, places))
        mistakes = error(make, counts[0, 0], places[0, 0, 0]), error(make, counts, places, counts)
        return found, mistakes, error(make, counts, places, dq_kv_order=3), error(given[0].mask_mod, *[counts] * 4)

    same(run)


def test_functions_of_masks():
    def run(torch):
        flex = flex_of(torch)
        near = lambda b, h, q, kv: q - kv < 2  # noqa: E731
        made = flex.create_mask
        joined = [made(each(causal, near), None, None, 4, 4) for each in (flex.and_masks, flex.or_masks)]
        by_score = made(lambda score, b, h, q, kv: torch.where(q >= kv, score, -float("inf")), 1, 2, 2, 3)
        mistakes = [error(flex.and_masks, 3), error(made, lambda a: a, 1, 1, 2, 2)]
        mistakes += [error(flex.create_block_mask, causal, 1, 1, 4, 4, dq_kv_order=None)]
        return joined, by_score, made(flex.noop_mask, 2, 1, 2, 2), mistakes

    same(run)


# ---------------------------------------------------------------------- attention

SCORES = {
    "none": None,
    "by place": lambda torch: lambda score, b, h, q, kv: score + b - h * (q - kv) * 0.1,
    "from a table": lambda torch: lambda score, b, h, q, kv: score + det(torch, 2, 11)[h][q - kv + 5],
    "capped": lambda torch: lambda score, b, h, q, kv: 2 * torch.tanh(score / 2),
}


@pytest.mark.parametrize("name", SCORES)
@pytest.mark.parametrize("mask", [None, "causal", "one head", "nothing"])
@pytest.mark.filterwarnings("ignore:flex_attention called without torch.compile")
def test_attention(name, mask):
    def run(torch):
        flex = flex_of(torch)
        flex._FLEX_ATTENTION_DISABLE_COMPILE_DEBUG = True
        score_mod = None if name == "none" else SCORES[name](torch)
        block_mask = None if mask is None else flex.create_block_mask(*MASKS[mask][:1], *MASKS[mask][1], BLOCK_SIZE=2)
        q, k, v = qkv(torch)
        found, aux = flex.flex_attention(q, k, v, score_mod, block_mask, return_aux=flex.AuxRequest(lse=True))
        turned = flex.flex_attention(
            q.transpose(1, 2).contiguous().transpose(1, 2), k, v, score_mod, block_mask, scale=0.3
        )
        shared = flex.flex_attention(q, k[:, :1], v[:, :1], score_mod, block_mask, enable_gqa=True)
        half = flex.flex_attention(q.bfloat16(), k.bfloat16(), v.bfloat16(), score_mod, block_mask).dtype
        return found, list(aux), turned, turned.stride(), shared, half

    same(run, rtol=1e-4, atol=1e-5)


def test_attention_is_differentiated():
    """As what it is made of; PyTorch has no gradient of it on the CPU."""
    torch, flex = torchlike, flex_of(torchlike)
    tensors = [each.requires_grad_() for each in qkv(torch)]
    slope = torch.tensor([0.5, 1.5], requires_grad=True)
    mask = flex.create_block_mask(causal, None, None, 6, 5, BLOCK_SIZE=2)
    found, aux = flex.flex_attention(
        *tensors,
        lambda score, b, h, q, kv: score + slope[h] * (q - kv),
        mask,
        return_aux=flex.AuxRequest(max_scores=True),
    )
    places = torch.arange(6)[:, None] - torch.arange(5)
    bias = (slope[:, None, None] * places).masked_fill(places < 0, -float("inf"))
    want = torch.nn.functional.scaled_dot_product_attention(*tensors, bias.expand(2, 2, 6, 5))
    cotangent = det(torch, *found.shape)
    got, wanted = (torch.autograd.grad((each * cotangent).sum(), [*tensors, slope]) for each in (found, want))
    assert torch.allclose(found, want, atol=1e-5) and aux.max_scores.shape == (2, 2, 6)
    assert all(torch.allclose(*pair, rtol=1e-3, atol=1e-4) for pair in zip(got, wanted, strict=True))


def test_attention_in_lower_precision():
    flex, (q, k, v) = flex_of(torchlike), qkv(torchlike)
    with torchlike.autocast("cpu"):
        assert flex.flex_attention(q, k, v).dtype == torchlike.bfloat16


def failing(change):
    def run(torch):
        flex, (q, k, v) = flex_of(torch), qkv(torch)
        mask = flex.create_block_mask(causal, None, None, 6, 5, BLOCK_SIZE=2)
        return error(lambda: change(torch, flex.flex_attention, q, k, v, mask))

    return run


MISTAKES = {
    "heads": lambda torch, flex, q, k, v, mask: flex(q, k[:, :1], v[:, :1]),
    "batches": lambda torch, flex, q, k, v, mask: flex(q[:1], k, v),
    "batches of the mask": lambda torch, flex, q, k, v, mask: flex(q, k[:1], v[:1], block_mask=mask),
    "fewer queries": lambda torch, flex, q, k, v, mask: flex(q[:, :, :5], k, v, block_mask=mask),
    "more queries": lambda torch, flex, q, k, v, mask: flex(torch.cat([q, q], 2), k, v, block_mask=mask),
    "features": lambda torch, flex, q, k, v, mask: flex(q, k[..., :4], v),
    "dims": lambda torch, flex, q, k, v, mask: flex(q[0], k[0], v[0]),
    "vectors": lambda torch, flex, q, k, v, mask: flex(q[0, 0, 0], k, v),
    "part of a mask": lambda torch, flex, q, k, v, mask: flex(q, k, v, block_mask=mask[0]),
    "kernel": lambda torch, flex, q, k, v, mask: flex(q, k, v, kernel_options={"BACKEND": "foo"}),
    "both": lambda torch, flex, q, k, v, mask: flex(
        q, k, v, return_lse=True, return_aux=flex_of(torch).AuxRequest(lse=True)
    ),
}


@pytest.mark.parametrize("name", MISTAKES)
def test_mistake(name):
    same(failing(MISTAKES[name]))


def test_the_old_way_to_ask_for_more():
    flex, (q, k, v) = flex_of(torchlike), qkv(torchlike)
    with pytest.warns(FutureWarning, match="return_lse is deprecated and will be removed in v2.10"):
        found, lse = flex.flex_attention(q, k, v, return_lse=True)
    assert found.shape == (2, 2, 6, 4) and lse.shape == (2, 2, 6)
