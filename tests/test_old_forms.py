"""Keywords and classes of old that programs still use."""

from __future__ import annotations

import numpy as np
import pytest

import torchlike as torch


def test_conversions_take_a_memory_format():
    for name in ("float", "double", "half", "long", "int", "short", "char", "byte", "bool", "cfloat"):
        made = getattr(torch.ones(2, 2), name)(memory_format=torch.preserve_format)
        assert made.dtype is getattr(torch.ones(2, 2), name)().dtype


def test_set_default_tensor_type_by_its_old_keyword():
    before = torch.get_default_dtype()
    try:
        with (
            pytest.warns(FutureWarning, match="the keyword 'type'"),
            pytest.warns(UserWarning, match="deprecated as of"),
        ):
            torch.set_default_tensor_type(type=torch.DoubleTensor)
        assert torch.ones(1).dtype is torch.float64
    finally:
        torch.set_default_dtype(before)


def test_from_numpy_by_keyword_shares():
    array = np.zeros(2, np.float32)
    torch.from_numpy(ndarray=array).add_(1)
    assert array.tolist() == [1, 1]


def test_dist_out():
    out = torch.zeros(())
    assert torch.dist(torch.tensor([3.0, 4.0]), torch.zeros(2), out=out) is out
    assert out.item() == 5


def test_lp_pool_by_its_old_keyword():
    with pytest.warns(FutureWarning, match="norm_Type"):
        layer = torch.nn.LPPool2d(norm_Type=2, kernel_size=2)
    assert layer.norm_type == 2


@pytest.mark.skipif(torch.cuda.is_available(), reason="says what happens without a GPU")
def test_cuda_names_without_a_gpu():
    assert torch.cuda.FloatTensor.dtype is torch.float32
    assert not isinstance(torch.ones(1), torch.cuda.FloatTensor)
    with pytest.raises(TypeError, match="type torch.cuda.FloatTensor not available"):
        torch.cuda.FloatTensor(2)
    with torch.cuda.device_of(torch.ones(1)) as nothing:
        assert nothing is None
    with pytest.warns(FutureWarning, match="the keyword 'idx'"):
        assert torch.cuda.device(idx=-1).idx == -1
