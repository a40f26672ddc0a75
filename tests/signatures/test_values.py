"""Arguments whose types fit and whose values do not: ints of more than 64 bits; what is no tensor; devices that are none."""

from __future__ import annotations

import re
import traceback

import pytest

import torchlike
from tests.support import check_error, reference
from torchlike._programs.settings import settings

LARGE = """
torch.chunk(x, 2**63); torch.sum(x, 2**63); torch.sum(x, (0, 2**63)); x.sum((-2**63 - 1,)); torch.full((2,), 2**70)
torch.zeros(2**63); torch.zeros((1, 2**63)); x.view(2**63, 1); x.view((1, 2**63)); x.reshape(2**63); x.permute(2**63)
x.repeat(2**63); x.expand(2**63); x.select(0, 2**63); x.narrow(0, 0, 2**63); x.topk(2**63); x.argsort(2**63)
torch.eye(2**63)
torch.diag(x, 2**63); torch.triu(x, 2**63); torch.as_strided(x, (2**63,), (1,)); torch.mvlgamma(x, 2**63)
torch.as_strided(x, (1,), (1,), 2**63); torch.polygamma(2**63, x); torch.nn.functional.pad(x, (0, 2**63))
x.unsafe_chunk(2**63)
torch.nn.functional.one_hot(x.long(), 2**63); torch.bincount(x.long(), minlength=2**63); torch.nn.Linear(2**63, 1)
torch.randint(0, 2**70, (2,)); x.split_with_sizes((1, 2), 2**63); torch.slice_scatter(x, x, 2**63); torch.fft.fft(x, 2**63)
"""
NO_TENSORS = """
torch.Tensor.exp('a'); torch.Tensor.add(1, 2); torch.Tensor.sum(None); torch.Tensor.view(1, 3); torch.Tensor.chunk('a', 2)
torch.Tensor.item(1); torch.Tensor.numpy(1); torch.Tensor.float(1); torch.Tensor.normal_(1); torch.Tensor.clone(1)
torch.Tensor.exp(); torch.Tensor.chunk(); torch.Tensor.requires_grad_(1); torch.Tensor.cdouble([1])
torch.Tensor.t(x.numpy())
"""
DEVICES = """
torch.device(True); torch.device(); torch.device(None); torch.device('cpu', 1, 2); torch.device('cpu', foo=1)
torch.device(''); torch.device(1, index=2); torch.device('cpu', 'a'); torch.device(type=1); torch.device('cpu:01')
torch.device('cpu', True)
torch.device(-1); torch.device(1.5); torch.device('a b'); torch.device(torch.device('cpu'), 1); torch.device('cpu', 2**63)
torch.device(0); torch.zeros(2, device=1); torch.zeros(2, device=''); x.new_zeros(2, device=''); x.cuda(1); x.to(0); x.to('')
torch.scalar_tensor(1, device=1); torch.tensor([1], device=''); x.to('cuda'); torch.nn.Linear(2, 2, device=0); x.cuda()
"""


def calls(text: str) -> list[str]:
    return [each.strip() for each in re.split(r"[;\n]", text) if each.strip()]


@pytest.mark.parametrize("call", [*calls(LARGE), *calls(NO_TENSORS), *calls(DEVICES)])
def test_words(call: str):
    check_error([(3,)], lambda torch, x: eval(call, {"torch": torch, "x": x}))


def test_large_ints_are_refused_where_others_were_taken():
    import torchlike

    x = torchlike.ones(3)
    for _ in range(2):
        assert len(x.chunk(1, 0)) == 1
    with pytest.raises(ValueError, match="Overflow when unpacking long long"):
        x.chunk(1, 2**63)


@pytest.mark.parametrize("call", ["torch.softmax(x, 2**63)", "torch.swapdims(x, 0, 2**63)", "torch.chunk(x, 2**63)"])
def test_such_errors_end_at_the_users_line(monkeypatch, call: str):
    import torchlike

    monkeypatch.setattr(settings, "traceback", "short")
    with pytest.raises(ValueError, match="Overflow when unpacking long long") as caught:
        eval(call, {"torch": torchlike, "x": torchlike.ones(2, 3)})
    assert traceback.extract_tb(caught.value.__traceback__)[-1].filename == "<string>"


WITH_NUMBERS = """
x + n; i + n; x * n; torch.add(x, n); x.add_(n); i == n; x.clamp(max=n); torch.where(x > 0, x, n); i // n
"""


@pytest.mark.parametrize("number", [2**63 - 1, 2**63, 2**64 - 1, 2**64, 2**70, -(2**63), -(2**63) - 1])
@pytest.mark.parametrize("call", WITH_NUMBERS.strip().split("; "))
def test_ints_of_arithmetic(number, call):
    def outcome(library):
        x, pending = library.ones(2), library.ones(3) * 2
        try:
            found = eval(
                call, {"torch": library, "x": x, "i": library.ones(2, dtype=library.int64), "n": number}
            ).tolist()
        except OverflowError as error:
            found = str(error)
        return found, pending.tolist()

    assert outcome(torchlike) == outcome(reference())
