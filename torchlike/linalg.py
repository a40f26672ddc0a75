"""``torch.linalg``: linear algebra."""

# written by tools.forms
from torchlike._functions.linalg import cholesky as cholesky, cross as cross, diagonal as diagonal, inv as inv
from torchlike._functions.linalg import lstsq as lstsq, matrix_norm as matrix_norm, matrix_rank as matrix_rank
from torchlike._functions.linalg import multi_dot as multi_dot, norm as norm, solve as solve, vander as vander
from torchlike._ops.householder import householder_product as householder_product
from torchlike._ops.linalg import det as det, eig as eig, eigh as eigh, eigvals as eigvals, eigvalsh as eigvalsh
from torchlike._ops.linalg import matrix_exp as matrix_exp, matrix_power as matrix_power, pinv as pinv, qr as qr
from torchlike._ops.linalg import slogdet as slogdet, solve_triangular as solve_triangular, svd as svd
from torchlike._ops.linalg import svdvals as svdvals
from torchlike._ops.products import matmul as matmul
# end of what tools.forms writes

from torchlike._ops._matrices import LinAlgError as LinAlgError
from torchlike._ops._matrices import LinAlgError as _LinAlgError  # noqa: F401 - the name that it has in errors
from torchlike._ops.reductions import linalg_vector_norm as _vector_norm
from torchlike._signatures import guard as _guard
from torchlike._types.public import publish as _publish

vector_norm = _vector_norm

_publish(globals())
_guard("torch.linalg", globals(), globals().__setitem__)
