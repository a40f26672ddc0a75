"""Methods of linear algebra."""

from __future__ import annotations

from torchlike._autograd.variable import Variable
from torchlike._functions import linalg as functions
from torchlike._ops import linalg as ops


class LinearAlgebraMethods(Variable):
    """Inverses and decompositions."""

    inverse = functions.inverse
    det = ops.det
    logdet = functions.logdet
    slogdet = functions.slogdet
    qr = functions.qr
    svd = functions.svd
    cholesky = functions.legacy_cholesky
    cholesky_solve = ops.cholesky_solve
    pinverse = ops.pinverse
    matrix_power = ops.matrix_power
    matrix_exp = ops.matrix_exp
    eig = functions.legacy_eig
