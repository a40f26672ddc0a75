"""Operations on the samples of PyTorch's own table: some by default, all with ``-m parity``."""

from __future__ import annotations

import pytest

from tests.parity.databases import compare, compare_refusal

# PyTorch's samples call what PyTorch says is old
pytestmark = pytest.mark.filterwarnings("ignore")

SOME = """
abs add addmm all amax argmax as_strided bmm broadcast_to cat chunk clamp.. cumsum diagonal div.no_rounding_mode einsum
expand flatten gather index_add index_select kron linalg.cholesky linalg.inv linalg.norm linalg.solve linalg.svd
log_softmax logsumexp masked_fill masked_select matmul max.reduction_with_dim mean median nanmean narrow
nn.functional.avg_pool2d nn.functional.batch_norm nn.functional.conv2d nn.functional.cross_entropy nn.functional.gelu
nn.functional.layer_norm nn.functional.linear nn.functional.max_pool2d nn.functional.nll_loss nn.functional.pad.reflect
permute pow prod repeat roll scatter_add softmax sort split squeeze std sum take topk tril unfold unique var where
""".replace("clamp..", "clamp").split()


@pytest.mark.parametrize("name", SOME)
def test_some(name: str):
    compare(name, "float32", 2)


@pytest.mark.parity
def test_every_operation(row: tuple[str, str]):
    compare(*row, 6)


REFUSED = """
addmm-bool mm-bool dot-bool cumsum-bool cumprod-bool argmax-bool topk-bool amax-complex64 sort-complex64 mode-complex64
isin-complex64 median-bool nn.functional.mse_loss-int64 nn.functional.smooth_l1_loss-complex64 nn.functional.kl_div-int32
nn.functional.rms_norm-int64 nn.functional.avg_pool1d-uint8 nn.functional.avg_pool3d-float16 nn.functional.prelu-int64
nn.functional.conv_transpose1d-bool nn.functional.interpolate.nearest-int32 nn.functional.unfold-uint8 cdist-float16
nn.functional.pad.reflect-bool nn.functional.relu-complex64 nn.functional.hardtanh-bool linalg.svd-int64
linalg.qr-float16 linalg.slogdet-bfloat16 linalg.pinv-int64 linalg.solve_triangular-float16 special.zeta-bfloat16
special.airy_ai-float16 bincount-bool logcumsumexp-int64 quantile-float16 histc-int64 softmax-int64 log_softmax-bool
nn.functional.binary_cross_entropy_with_logits-int64 nn.functional.scaled_dot_product_attention-int64 tril_indices-uint8
""".split()


@pytest.mark.parametrize("refused", REFUSED)
def test_some_refusals(refused: str):
    compare_refusal(*refused.rsplit("-", 1))


@pytest.mark.parity
def test_every_refusal(row: tuple[str, str]):
    compare_refusal(*row)
