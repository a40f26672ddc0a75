"""Arguments of a wrong kind or size, for functions and methods, before and after a right call: PyTorch's own words."""

from __future__ import annotations

import numpy as np
import pytest

from tests.support import check_error

# ints, bools and floats that equal each other are different arguments
NO_INTS = """
x.softmax(True); x.softmax(1.0); x.cumsum(True); x.cumsum(1.0); x.topk(True); x.topk(1.0); x.transpose(True, False)
x.unsqueeze(True); x.diagonal(True); x.tril(True); x.argmax(True); x.gather(True, i); x.index_select(True, i[0])
torch.cat([x], True); torch.cat([x], 1.0); torch.stack([x], True); torch.roll(x, True); torch.eye(True); torch.randperm(True)
torch.randperm(2.5); torch.randn(True); torch.full((True,), 1); torch.zeros([1.5]); torch.zeros('a'); torch.rand((2, 'a'))
F.max_pool2d(x[None, None], True); F.max_pool2d(x[None, None], 2.0); torch.amin(x, 0, keepdim=2); torch.amin(x, True)
torch.zeros(2, 1.5); torch.softmax(x, True); torch.cumsum(x, 1.0)
"""
RIGHT = "x.softmax(1); x.cumsum(1); x.topk(1); x.transpose(1, 0); x.unsqueeze(1); torch.cat([x], 1); torch.amin(x, 0)"
NO_FIT = """
torch.tensor([0, 'a']); torch.tensor(['a']); torch.tensor_split(x, 1.1); x[0].tensor_split(x[0]); torch.frombuffer([1])
torch.frombuffer([1], dtype=torch.int8); torch.frombuffer(bytearray(b'abcd'), dtype='f'); torch.zeros(2**62)
torch.zeros(2**61, 2**61); torch.randn(2, -3); torch.promote_types(torch.float32, 1); torch.can_cast(1, 2)
torch.device('cpu', -5); torch.device(-1); torch.set_default_dtype('a'); nn.Parameter(1); x.add('a'); x.add_('a')
torch.einsum('ij,jk', x, x.double()); torch.einsum('ij->iij', x); torch.einsum('i!', x[0]); nn.Linear(2.5, 2)
nn.RNN(2, 4)(torch.zeros(0, 2, 2)); nn.LSTM(2, 4)(torch.zeros(0, 2, 2)); nn.GRU(2, 4)(torch.zeros(0, 2, 2))
nn.utils.rnn.pack_padded_sequence(x, i); nn.utils.rnn.pack_padded_sequence(x, []); nn.utils.rnn.pad_sequence([])
nn.utils.rnn.pad_sequence([1, 2]); nn.utils.rnn.pad_sequence([x], padding_side='x'); x.item(); int(x)
F.ctc_loss(torch.ones(3, 2, 4), i, [3, 3], [2]); F.ctc_loss(torch.ones(3, 2, 4), i, i, i[0])
nn.BatchNorm1d(2)(x.double()); nn.BatchNorm1d(2).double()(x); nn.LayerNorm(2)(x.double()); nn.GroupNorm(1, 2)(x.double())
nn.BatchNorm1d(2).eval()(x.double()); nn.InstanceNorm1d(2, affine=True)(x[None].double())
attention(s, s, s, key_padding_mask=torch.zeros(3, 2, dtype=torch.bool)); attention(s, s, s, is_causal=True)
attention(s, s, s, key_padding_mask=torch.zeros(2, 3, dtype=torch.uint8)); attention(s, s, s, attn_mask=i)
"""


def _calls(text: str) -> list[str]:
    return [each.strip() for each in text.replace("\n", ";").split(";") if each.strip()]


def _evaluate(torch, call: str):
    names = {"torch": torch, "nn": torch.nn, "F": torch.nn.functional, "np": np}
    names |= {"x": torch.tensor([[1.0, 2.0], [3.0, 4.0]]), "i": torch.tensor([[1, 0], [0, 1]])}
    names |= {"attention": torch.nn.MultiheadAttention(4, 2), "s": torch.zeros(3, 2, 4)}
    return eval(call, names)


@pytest.mark.parametrize("call", _calls(NO_INTS))
def test_what_equals_an_int_is_no_int(call):
    def run(torch):
        for right in _calls(RIGHT):
            _evaluate(torch, right)
        return _evaluate(torch, call)

    check_error([], run)


@pytest.mark.parametrize("call", _calls(NO_FIT))
def test_what_does_not_fit_is_refused_in_pytorchs_words(call):
    check_error([], lambda torch: _evaluate(torch, call))


def test_bools_may_be_sizes_but_the_first():
    torch = pytest.importorskip("torch")
    import torchlike

    assert torchlike.zeros(2, True).shape == torch.zeros(2, True).shape == (2, 1)
