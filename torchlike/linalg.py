"""``torch.linalg``: linear algebra."""

from torchlike._functions.linalg import cholesky as cholesky
from torchlike._functions.linalg import cross as cross
from torchlike._functions.linalg import inv as inv
from torchlike._functions.linalg import lstsq as lstsq
from torchlike._functions.linalg import matrix_norm as matrix_norm
from torchlike._functions.linalg import matrix_rank as matrix_rank
from torchlike._functions.linalg import multi_dot as multi_dot
from torchlike._functions.linalg import norm as norm
from torchlike._functions.linalg import solve as solve
from torchlike._ops._matrices import LinAlgError as LinAlgError
from torchlike._ops._matrices import LinAlgError as _LinAlgError  # noqa: F401 - the name that it has in errors
from torchlike._ops.linalg import det as det
from torchlike._ops.linalg import eig as eig
from torchlike._ops.linalg import eigh as eigh
from torchlike._ops.linalg import eigvals as eigvals
from torchlike._ops.linalg import eigvalsh as eigvalsh
from torchlike._ops.linalg import matrix_exp as matrix_exp
from torchlike._ops.linalg import matrix_power as matrix_power
from torchlike._ops.linalg import pinv as pinv
from torchlike._ops.linalg import qr as qr
from torchlike._ops.linalg import slogdet as slogdet
from torchlike._ops.linalg import solve_triangular as solve_triangular
from torchlike._ops.linalg import svd as svd
from torchlike._ops.linalg import svdvals as svdvals
from torchlike._ops.products import matmul as matmul
from torchlike._ops.reductions import linalg_vector_norm as _vector_norm
from torchlike._signatures import guard as _guard
from torchlike._types.public import publish as _publish

vector_norm = _vector_norm

_publish(globals())
_guard("torch.linalg", globals(), globals().__setitem__)
