"""The helpers that compare with PyTorch must be able to fail."""

from __future__ import annotations

import numpy as np
import pytest

import torchlike
from tests.support import check_error, check_op

torch = pytest.importorskip("torch")


def differently(ours, theirs):
    return lambda library, *args: (ours if library is torchlike else theirs)(library, *args)


@pytest.mark.parametrize(
    ("ours", "theirs", "said"),
    [
        (lambda _, x: x + 1, lambda _, x: x + 1.001, "Not equal to tolerance"),
        (lambda _, x: x.double(), lambda _, x: x, "expected torch.float32"),
        (lambda _, x: x.t(), lambda _, x: x, "shape"),
        (lambda _, x: x.detach(), lambda _, x: x, "requires_grad"),
        (lambda _, x: x + x.detach(), lambda _, x: x + x, "gradient of order 1"),
        (lambda _, x: (x, x), lambda _, x: x, "expected a tensor"),
        (lambda _, x: (x, 1), lambda _, x: (x, 2), "expected 2"),
    ],
)
def test_check_op_finds_a_difference(ours, theirs, said):
    with pytest.raises(AssertionError, match=said):
        check_op([(2, 3)], differently(ours, theirs))


def test_check_op_holds_for_equal_programs():
    check_op([(2, 3), np.ones(3)], lambda _, x, y: x + y, orders=2)


def fails_with(error):
    def fail(*_):
        raise error

    return fail


@pytest.mark.parametrize(
    ("ours", "theirs", "said"),
    [
        (lambda _, x: x, fails_with(ValueError("a")), "raises nothing"),
        (fails_with(ValueError("a")), lambda _, x: x, "PyTorch raises nothing"),
        (fails_with(TypeError("a")), fails_with(ValueError("a")), "torchlike raises TypeError"),
        (fails_with(ValueError("b")), fails_with(ValueError("a")), "says 'b', PyTorch 'a'"),
    ],
)
def test_check_error_finds_a_difference(ours, theirs, said):
    with pytest.raises(AssertionError, match=said):
        check_error([(2, 3)], differently(ours, theirs))
