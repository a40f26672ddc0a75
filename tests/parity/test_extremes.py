"""Derivatives where they meet extremes, on PyTorch's own table: some by default, all with ``-m parity``."""

from __future__ import annotations

import pytest

from tests.parity.databases import compare_extremes

pytestmark = pytest.mark.filterwarnings("ignore")

SOME = """
atanh-complex128 atan2-float32 clamp_max-float32 cumprod-float64 div.no_rounding_mode-float32 exp2-complex64
linalg.cholesky-complex128 log10-complex128 max.reduction_no_dim-float64 mul-bfloat16 nn.functional.elu-float64
nn.functional.gelu-float64 nn.functional.hardswish-float16 nn.functional.silu-float32 prod-float64 renorm-float64
sgn-complex64 sqrt-complex128 square-float32 std-float64
""".split()


@pytest.mark.parametrize("some", SOME)
def test_some(some: str):
    compare_extremes(*some.rsplit("-", 1))


@pytest.mark.parity
def test_every_extreme(row: tuple[str, str]):
    compare_extremes(*row)
