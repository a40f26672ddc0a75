"""Tensors from data and from nothing, against PyTorch."""

from __future__ import annotations

import numpy as np
import pytest

import torchlike
from tests.support import check_error, check_op, check_warning

torch = pytest.importorskip("torch")

MADE = [
    "torch.zeros(2, 3)", "torch.ones((2,), dtype=torch.int64)", "torch.zeros(size=(2,))", "torch.zeros(())",
    "torch.full((2,), 3)", "torch.full((2,), 3.5)", "torch.full((2,), True)", "torch.full((2,), 1j)",
    "torch.full((2,), 3.7, dtype=torch.int32)", "torch.ones(2, dtype=float)", "torch.eye(3)", "torch.eye(2, 3)",
    "torch.arange(5)", "torch.arange(1, 2.5, 0.5)", "torch.arange(0, 1, 0.1)", "torch.arange(10, 0, -3)",
    "torch.arange(2.5, dtype=torch.int64)", "torch.arange(start=1, end=4)", "torch.arange(end=4)",
    "torch.linspace(-10, 10, 5)", "torch.linspace(0, 10, 5, dtype=torch.int64)", "torch.linspace(1j, 2, 3)",
    "torch.linspace(0, 1, 1)", "torch.logspace(0, 2, 3)", "torch.logspace(0, 2, 3, base=2)", "torch.scalar_tensor(3)",
    "torch.empty_strided((2, 3), (1, 2)).fill_(1)", "torch.complex(torch.ones(2), torch.zeros(2))",
    "torch.zeros_like(torch.ones(2, 3).t())", "torch.full_like(torch.ones(2), 3)", "torch.ones(2).new_zeros(3)",
    "torch.tensor([])", "torch.tensor([[]])", "torch.tensor([1, 2.])", "torch.tensor([1, True])",
    "torch.tensor([1, 2j])",
    "torch.tensor([[1, 2], [3, 4]])", "torch.tensor(3)", "torch.tensor(True)", "torch.tensor((1.5, 2))",
    "torch.tensor(np.float64(1))", "torch.tensor([np.float64(1), 1])", "torch.tensor([np.int32(1)])",
    "torch.tensor(range(3))",
    "torch.tensor([torch.tensor(1), torch.tensor(2)])", "torch.tensor([torch.tensor(1, dtype=torch.int32), 2.])",
    "torch.tensor(-1, dtype=torch.uint8)", "torch.tensor([1.5, 2], dtype=torch.int64)", "torch.tensor([[], []])",
    "torch.tensor([0.5, 0], dtype=torch.bool)", "torch.as_tensor([1, 2.])", "torch.asarray(5)",
    "torch.Tensor([1, 2])", "torch.Tensor((2, 3))", "torch.Tensor(np.array([1, 2]))", "torch.FloatTensor([1, 2])",
    "torch.LongTensor([1.5, 2])", "torch.ByteTensor([1, 2])", "torch.tensor([1, 2]).new([1.5])", "torch.Tensor()",
    "torch.frombuffer(bytearray(b'abcdefgh'), dtype=torch.int16, count=2, offset=2)",
    "torch.tensor([1.5]).type(torch.LongTensor)", "torch.tensor([1.5]).type('torch.DoubleTensor')",
    "torch.zeros(2, 2).copy_(torch.tensor([1, 2]))", "torch.empty(2).fill_(True)",
    "torch.polar(torch.ones(2), torch.ones(2))",
    "torch.zeros(4).resize_(2)", "torch.ones(2, 3, 4, 5).contiguous(memory_format=torch.channels_last)",
]  # fmt: skip


@pytest.mark.parametrize("text", MADE)
def test_made(text: str) -> None:
    check_op([], lambda torch: eval(text, {"torch": torch, "np": np}), strides=True)


WRONG = [
    "torch.zeros(2.0)", "torch.zeros(2, 3.0)", "torch.zeros(-1)", "torch.ones(-1)", "torch.zeros()",
    "torch.zeros(2, dtype='a')", "torch.zeros(2, requires_grad=True, dtype=torch.int64)", "torch.full((2,), 1e40)",
    "torch.full((2,), 300, dtype=torch.uint8)", "torch.arange(0, 1, 0)", "torch.arange(5, 0)", "torch.eye(-1)",
    "torch.linspace(0, 1, -1)", "torch.tensor([[1, 2], [3]])", "torch.tensor('a')", "torch.tensor(['a'])",
    "torch.tensor(None)", "torch.tensor([None])", "torch.tensor({})", "torch.tensor(2**63)",
    "torch.tensor([[1, 2], 3])",
    "torch.tensor([300], dtype=torch.uint8)", "torch.tensor(1j, dtype=torch.float)",
    "torch.tensor(float('nan'), dtype=int)",
    "torch.tensor(np.array(['a']))", "torch.from_numpy([1])", "torch.from_numpy(np.arange(3)[::-1])",
    "torch.Tensor(2.0)",
    "torch.Tensor('a')", "torch.Tensor(-1)", "torch.ByteTensor([300])", "torch.zeros(2).copy_(torch.ones(3))",
    "torch.zeros(2).fill_(torch.ones(2))", "torch.zeros(2).fill_(1j)", "torch.zeros(2).type('foo')",
    "torch.frombuffer(bytearray(b'abc'), dtype=torch.int16)", "torch.zeros(2).set_(torch.zeros(2).long())",
    "torch.complex(torch.ones(1), torch.ones(1).double())", "torch.zeros(2, dtype=torch.int32, out=torch.empty(3))",
]  # fmt: skip


@pytest.mark.parametrize("text", WRONG)
def test_errors(text: str) -> None:
    check_error([], lambda torch: eval(text, {"torch": torch, "np": np}))


@pytest.mark.parametrize(
    "call",
    [
        lambda torch: torch.tensor(torch.ones(2)),
        lambda torch: torch.range(0, 3),
        lambda torch: torch.tensor([np.array([1, 2]), np.array([3, 4])]),
        lambda torch: torch.ones(2).new_tensor(torch.ones(2)),
    ],
)
def test_warnings(call) -> None:
    check_warning([], call)


def test_old_classes() -> None:
    for library in (torch, torchlike):
        x = library.zeros(2)
        assert isinstance(x, library.FloatTensor) and not isinstance(x, library.LongTensor)
        assert isinstance(x.long(), library.LongTensor)
        assert (x.type(), x.long().type()) == ("torch.FloatTensor", "torch.LongTensor")
        assert library.FloatTensor.dtype is library.float32
        assert isinstance(x, library.Tensor) and tuple(library.Tensor(2, 3).shape) == (2, 3)


def test_memory_is_shared_where_torch_shares_it() -> None:
    for library in (torch, torchlike):
        array = np.zeros(3)
        makers = (library.from_numpy, library.as_tensor, library.asarray, library.from_dlpack)
        shared = [make(array) for make in makers]
        narrow = library.as_tensor(array, dtype=library.float32)
        copied = (library.tensor(array), narrow, library.asarray(array, copy=True))
        array[0] = 1
        assert [each[0].item() for each in shared] == [1, 1, 1, 1]
        assert [each[0].item() for each in copied] == [0, 0, 0]
        shared[0][1] = 5
        assert array.tolist() == [1, 5, 0]
        x = library.ones(2)
        assert library.as_tensor(x) is x
        alias = library.Tensor(x)
        alias[0] = 3
        assert x.tolist() == [3, 1]
        held = np.from_dlpack(x)
        x[1] = 4
        assert held.tolist() == [3, 4]


def test_resize_and_set() -> None:
    for library in (torch, torchlike):
        x = library.arange(6.0)
        part = x[:2]
        assert x.resize_(2, 2).tolist() == [[0, 1], [2, 3]]
        x[0, 0] = 9.0
        assert part.tolist() == [9, 1]
        assert tuple(x.resize_(5, 5).shape) == (5, 5)
        y = library.ones(3)
        x.set_(y)
        y[0] = 7.0
        assert x.tolist() == [7, 1, 1]
        assert x.apply_(lambda v: v + 1).tolist() == [8, 2, 2]
        assert x.map_(y.clone(), lambda a, b: a + b).tolist() == [16, 4, 4]


def test_storages() -> None:
    for library in (torch, torchlike):
        x = library.tensor([1.0, 2.0, 3.0])
        memory = x[1:].untyped_storage()
        assert (memory.nbytes(), memory.data_ptr() == x.data_ptr(), library.is_storage(memory)) == (12, True, True)
        y = library.zeros(2).set_(memory, 1, (2,))
        y[0] = 9.0
        assert x.tolist() == [1, 9, 3]
        with pytest.warns(UserWarning, match="TypedStorage is deprecated"):
            typed = x.storage()
            typed[0] = 5.0
        assert x[0].item() == 5


@pytest.mark.parametrize("wrap", [False, True])
@pytest.mark.parametrize("shape", [(3, 3), (4, 6), (7, 3), (9, 2), (4, 3), (3, 3, 3), (0, 3)], ids=str)
def test_diagonals_are_filled(shape: tuple, wrap: bool):
    def filled(torch, x):
        y = x * 2
        assert y.fill_diagonal_(5, wrap) is y
        y.transpose(0, 1)[: 3 * (y.dim() - 1)].fill_diagonal_(-1.5, wrap=wrap)
        return y

    check_op([shape], filled)
    check_op([shape], lambda torch, x: x.to(torch.int32).fill_diagonal_(True, wrap))


@pytest.mark.parametrize(
    "shape, value", [((3,), 1), ((2, 2, 3), 1), ((2, 2), "a"), ((2, 2), None), ((2, 2), 1j)], ids=str
)
def test_diagonals_that_are_not_filled(shape: tuple, value):
    check_error([shape], lambda torch, x: x.fill_diagonal_(value))
    check_error([(2, 2)], lambda torch, x: x.requires_grad_().fill_diagonal_(1))
