"""Products of groups of ``torch.nn.functional``."""

from __future__ import annotations

from enum import Enum

from torchlike._function import function
from torchlike._ops.nn.grouped import _grouped_mm
from torchlike._types import dtypes
from torchlike.tensor import Tensor


class ScalingType(Enum):
    """What of a matrix in 8 bits has a scale of its own."""

    TensorWise = 0
    RowWise = 1
    BlockWise1x16 = 2
    BlockWise1x32 = 3
    BlockWise1x128 = 4
    BlockWise128x128 = 5


class SwizzleType(Enum):
    """In which order the scales of a matrix in 8 bits lie."""

    NO_SWIZZLE = 0
    SWIZZLE_32_4_4 = 1


@function
def grouped_mm(
    mat_a: Tensor,
    mat_b: Tensor,
    *,
    offs: Tensor | None = None,
    bias: Tensor | None = None,
    out_dtype: dtypes.dtype | None = None,
) -> Tensor:
    """Products of groups: of rows of one matrix with a matrix for each group, and the like.

    Args:
        mat_a: ``(G, M, K)``; or ``(M, K)``, whose rows are divided into groups if `mat_b` is ``(G, K, N)``, or whose
            columns if it is ``(K, N)``.
        mat_b: ``(G, K, N)``; or ``(K, N)``, whose columns are divided if `mat_a` is ``(G, M, K)``, or whose rows.
        offs: where the groups end, int32 ``(G)``; None if both are three-dimensional. What comes after the last is 0.
        bias: None.
        out_dtype: the result's dtype, which is that of `mat_a`.

    Returns:
        ``(M, N)``, or ``(G, M, N)`` if both matrices have or lack groups.

    Raises:
        RuntimeError: shapes or dtypes do not fit.

    Example:
        >>> rows, matrices = torch.ones(3, 4), torch.stack([torch.ones(4, 4), 2 * torch.ones(4, 4)])
        >>> torch.nn.functional.grouped_mm(rows, matrices, offs=torch.tensor([1, 3], dtype=torch.int32))
        tensor([[4., 4., 4., 4.],
                [8., 8., 8., 8.],
                [8., 8., 8., 8.]])
    """
    return _grouped_mm(mat_a, mat_b, offs, bias, out_dtype)
