"""Operations on the samples of PyTorch's own table: some by default, all with ``-m parity``."""

from __future__ import annotations

import pytest

from tests.parity.databases import compare

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
