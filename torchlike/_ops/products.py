"""Products of matrices and vectors, contractions."""

from __future__ import annotations

import math

import jax.numpy as jnp
import numpy as np

from torchlike._dispatch import op
from torchlike._kernels import NEED_FLOAT
from torchlike._ops._einsum import dtype_of
from torchlike._ops._nodes import of_cdist, of_einsum, of_product
from torchlike._ops._promote import (
    Array,
    Arrays,
    Number,
    Positive,
    as_dtype,
    broadcast_shapes,
    check_expands,
    checked_number,
    known,
    only,
    promoted,
    rank,
    wrap_dim,
)
from torchlike._ops.reductions import summable, vector_norm_of
from torchlike._out import SAME, OutRule
from torchlike._types.dtypes import c_name, scalar_name

DOT = OutRule("result dtype {out} does not match input dtype {result}")
TENSORDOT = OutRule(
    "tensordot: Expected the output tensor to have dtype {result}, but got an output tensor with dtype {out}"
)


_MV = OutRule("addmv input tensors must have the same dtype, but got {out}, {result}, and {result}")


def _same_dtype(left: Array, right: Array) -> None:
    if left.dtype != right.dtype:
        names = {"Float": "float", "Double": "double", "Long": "long int", "Int": "int", "Half": "c10::Half"}
        names |= {
            "BFloat16": "c10::BFloat16",
            "ComplexFloat": "c10::complex<float>",
            "ComplexDouble": "c10::complex<double>",
        }
        words = [names.get(scalar_name(each.dtype), scalar_name(each.dtype).lower()) for each in (left, right)]
        raise RuntimeError(f"expected m1 and m2 to have the same dtype, but got: {words[0]} != {words[1]}")


def _size(shape: tuple[int, ...]) -> str:
    return "x".join(map(str, shape))


def _check_sizes(left: Array, right: Array) -> None:
    if left.shape[-1] != right.shape[-2]:
        raise RuntimeError(f"mat1 and mat2 shapes cannot be multiplied ({_size(left.shape)} and {_size(right.shape)})")


def _check_matrices(left: Array, right: Array) -> None:
    _check_sizes(left, right)
    _same_dtype(left, right)


def _check_dtypes(input: Array, left: Array, right: Array) -> None:
    """Raise where a sum with a product is one of several dtypes."""
    for name, each in (("self", input), ("mat1", left)):
        if each.dtype != right.dtype:
            got = f"{scalar_name(each.dtype)} and {scalar_name(right.dtype)}"
            raise RuntimeError(f"{name} and mat2 must have the same dtype, but got {got}")


def _check_vector(input: Array, mat: Array, vec: Array) -> None:
    got = [scalar_name(each.dtype) for each in (input, mat, vec)]
    if len(set(got)) > 1:
        raise RuntimeError("addmv input tensors must have the same dtype, but got {}, {}, and {}".format(*got))


def _is_small(left: Array, right: Array) -> bool:
    """Whether PyTorch has a loop of its own for a batched product."""
    return left.shape[-2] * left.shape[-1] * right.shape[-1] < 400


def _check_many(left: Array, right: Array) -> None:
    """Raise where a batched product is one of several dtypes, or of bools."""
    if left.dtype != right.dtype and not _is_small(left, right):
        if right.dtype not in (np.float32, np.float64):
            _same_dtype(left, right)
        left, right = right, left
    _check_batch(left, right)
    if left.size and right.size:
        only("bmm" if _is_small(left, right) else "addmm_impl_cpu_", left, 1, 2, 3)


def _check_batch(left: Array, right: Array) -> None:
    if left.dtype != right.dtype:
        raise RuntimeError(f"expected scalar type {scalar_name(left.dtype)} but found {scalar_name(right.dtype)}")


def _product(left: Array, right: Array) -> Array:
    """The matrix product, of integers, too."""
    return jnp.matmul(left, right)


@op(legacy={"mat1": "input"}, out=SAME, shares="all")
def mm(input: Array, mat2: Array) -> Array:
    """Matrix product ``(n, m) @ (m, p)``.

    Raises:
        RuntimeError: an operand is no matrix, or the sizes or dtypes do not fit.

    Example:
        >>> torch.mm(torch.tensor([[1, 2], [3, 4]]), torch.tensor([[1], [10]]))
        tensor([[21],
                [43]])
    """
    if input.ndim != 2:
        raise RuntimeError("self must be a matrix")
    if mat2.ndim != 2:
        raise RuntimeError("mat2 must be a matrix")
    _check_matrices(input, mat2)
    return _product(input, mat2)


@op(out=SAME, shares="all")
def bmm(input: Array, mat2: Array) -> Array:
    """Batched matrix product ``(b, n, m) @ (b, m, p)``.

    Raises:
        RuntimeError: an operand is not 3-d, or the sizes do not fit.

    Example:
        >>> torch.bmm(torch.tensor([[[1, 2]], [[3, 4]]]), torch.tensor([[[1], [10]], [[1], [100]]]))
        tensor([[[ 21]],
        <BLANKLINE>
                [[403]]])
    """
    for name, each in (("batch1", input), ("batch2", mat2)):
        if each.ndim != 3:
            raise RuntimeError(f"{name} must be a 3D tensor")
    batch, rows, inner = input.shape
    if mat2.shape[:2] != (batch, inner):
        raise RuntimeError(
            f"Expected size for first two dimensions of batch2 tensor to be: [{batch}, {inner}] but got: "
            f"[{mat2.shape[0]}, {mat2.shape[1]}]."
        )
    _check_many(input, mat2)
    return _product(input, mat2)


@op(legacy={"mat": "input"}, out=_MV, shares="all")
def mv(input: Array, vec: Array) -> Array:
    """Product of a matrix ``(n, m)`` and a vector ``(m)``.

    Raises:
        RuntimeError: the sizes do not fit.

    Example:
        >>> torch.mv(torch.tensor([[1, 2], [3, 4]]), torch.tensor([1, 10]))
        tensor([21, 43])
    """
    if input.ndim != 2 or vec.ndim != 1:
        raise RuntimeError(f"vector + matrix @ vector expected, got 1, {input.ndim}, {vec.ndim}")
    if input.shape[1] != vec.shape[0]:
        raise RuntimeError(
            f"size mismatch, got input ({input.shape[0]}), mat ({_size(input.shape)}), vec ({vec.shape[0]})"
        )
    _check_vector(vec, input, vec)
    return _product(input, vec)


@op(legacy={"tensor1": "input", "tensor2": "tensor"}, out=DOT, shares="all")
def dot(input: Array, tensor: Array) -> Array:
    """Sum of the products of two vectors of one length.

    Raises:
        RuntimeError: an operand is not 1-d, or the sizes or dtypes differ.

    Example:
        >>> torch.dot(torch.tensor([1, 2]), torch.tensor([3, 4]))
        tensor(11)
    """
    return jnp.dot(*_vectors(input, tensor))


@op(out=DOT, shares="all")
def vdot(input: Array, other: Array) -> Array:
    """`dot` with the first vector conjugated.

    Example:
        >>> torch.vdot(torch.tensor([1 + 2j]), torch.tensor([1 + 2j]))
        tensor(5.+0.j)
    """
    left, right = _vectors(input, other)
    return jnp.dot(jnp.conj(left), right)


def _vectors(left: Array, right: Array) -> tuple[Array, Array]:
    if left.ndim != 1 or right.ndim != 1:
        raise RuntimeError(f"1D tensors expected, but got {left.ndim}D and {right.ndim}D tensors")
    if left.dtype != right.dtype:
        raise RuntimeError(
            "dot : expected both vectors to have same dtype, but found "
            f"{scalar_name(left.dtype)} and {scalar_name(right.dtype)}"
        )
    if left.shape != right.shape:
        raise RuntimeError(
            f"inconsistent tensor size, expected tensor [{left.shape[0]}] and src [{right.shape[0]}] to have the same "
            f"number of elements, but got {left.shape[0]} and {right.shape[0]} elements respectively"
        )
    return left, right


@op(also="torchlike.linalg", out=SAME, shares="all", grad_name=of_product("input", "other"))
def matmul(input: Array, other: Array) -> Array:
    """Matrix product of the last two dimensions; the others broadcast. A 1-d operand is a row or a column.

    Raises:
        RuntimeError: an operand is 0-d, or the sizes or dtypes do not fit.

    Example:
        >>> torch.matmul(torch.tensor([[1, 2], [3, 4]]), torch.tensor([1, 10]))
        tensor([21, 43])
        >>> torch.matmul(torch.ones(5, 1, 2, 3), torch.ones(4, 3, 2)).shape
        torch.Size([5, 4, 2, 2])
    """
    if not input.ndim or not other.ndim:
        raise RuntimeError(
            f"both arguments to matmul need to be at least 1D, but they are {input.ndim}D and {other.ndim}D"
        )
    left = input[None] if input.ndim == 1 else input
    right = other[:, None] if other.ndim == 1 else other
    if input.ndim == other.ndim == 1:
        left, right = _vectors(input, other)
        only("dot", input, 1, 2, 3)
        return jnp.dot(left, right)
    if left.shape[-1] != right.shape[-2]:
        if other.ndim == 1 and input.ndim == 2:
            raise RuntimeError(
                f"size mismatch, got input ({input.shape[0]}), mat ({_size(input.shape)}), vec ({other.shape[0]})"
            )
        if left.ndim > 2 and right.ndim > 2:
            raise RuntimeError(
                "Expected size for first two dimensions of batch2 tensor to be: "
                f"[{left.shape[0]}, {left.shape[-1]}] but got: [{right.shape[0]}, {right.shape[-2]}]."
            )
        flat = (left.size // max(left.shape[-1], 1), left.shape[-1]) if left.ndim > 2 else left.shape
        raise RuntimeError(f"mat1 and mat2 shapes cannot be multiplied ({_size(flat)} and {_size(right.shape)})")
    broadcast_shapes(left.shape[:-2], right.shape[:-2])
    _check_folded(left, right, other)
    return _product(input, other)


def _check_folded(left: Array, right: Array, other: Array) -> None:
    """Raise where a product is one of several dtypes, or of bools: as a product with a vector, a matrix, or of many."""
    if right.ndim > 2:
        _check_many(left, right)
        return
    if other.ndim == 1:
        _check_vector(other, left, other)
    else:
        _same_dtype(left, right)
    if left.size and right.size:
        only("addmv_impl_cpu" if other.ndim == 1 else "addmm_impl_cpu_", left, 1, 2, 3)


@op(aliases=("ger",), grad_name="MulBackward0")
def outer(input: Array, vec2: Array) -> Array:
    """All products of the elements of two vectors: ``(n, m)``.

    Raises:
        RuntimeError: an operand is not 1-d.

    Example:
        >>> torch.outer(torch.tensor([1, 2]), torch.tensor([3, 4, 5]))
        tensor([[ 3,  4,  5],
                [ 6,  8, 10]])
    """
    for name, each in (("self", input), ("vec2", vec2)):
        if each.ndim != 1:
            raise RuntimeError(f"outer: Expected 1-D argument {name}, but got {each.ndim}-D")
    return jnp.outer(input, vec2)


@op(out=TENSORDOT, shares="all", grad_name="ViewBackward0")
def inner(input: Array, other: Array) -> Array:
    """Sums of products along the last dimension of both: ``(*n, k)`` and ``(*m, k)`` to ``(*n, *m)``; a scalar scales.

    Raises:
        RuntimeError: the last dimensions, or the dtypes, differ.

    Example:
        >>> torch.inner(torch.tensor([[1, 2], [3, 4]]), torch.tensor([1, 10]))
        tensor([21, 43])
    """
    if not input.ndim or not other.ndim:
        return jnp.multiply(*promoted(input, other))
    if input.shape[-1] != other.shape[-1]:
        raise RuntimeError(
            "inner() the last dimension must match on both input tensors but got shapes "
            f"{list(input.shape)} and {list(other.shape)}"
        )
    if input.dtype != other.dtype:
        raise RuntimeError("both inputs should have same dtype")
    return jnp.inner(input, other)


@op(out=SAME)
def renorm(input: Array, p: Positive, dim: int, maxnorm: Positive) -> Array:
    """The slices along `dim`, those whose `p`-norm is larger than `maxnorm` scaled down to it.

    Raises:
        RuntimeError: `p` is not positive, `maxnorm` is negative, or there are fewer than two dimensions.

    Example:
        >>> torch.renorm(torch.tensor([[3.0, 4.0], [0.3, 0.4]]), 2, 0, 1)
        tensor([[0.6000, 0.8000],
                [0.3000, 0.4000]])
    """
    if not known(p) > 0:
        raise RuntimeError("renorm: non-positive-norm not supported")
    if known(maxnorm) < 0:
        raise RuntimeError(f"renorm: expected maxnorm to be >= 0 but got {maxnorm:g}")
    if input.ndim < 2:
        raise RuntimeError(f"renorm: input needs at least 2 dimensions, got {input.ndim} dimensions")
    dim = wrap_dim(dim, input.ndim)
    if input.dtype.kind in "biu":
        raise RuntimeError(NEED_FLOAT.format(name="linalg.vector_norm", dtype=scalar_name(input.dtype)))
    axes = tuple(each for each in range(input.ndim) if each != dim)
    is_long = vector_norm_of(input, p, axes, True) > maxnorm
    # what is not longer gets no gradient by way of its norm, not even of NaN
    norm = vector_norm_of(jnp.where(is_long, input, 1), p, axes, True)
    return input * jnp.where(is_long, maxnorm / (norm + 1e-7), 1).astype(input.dtype)


def scaled_sum(input: Array, product: Array, beta: Number, alpha: Number) -> Array:
    """``beta * input + alpha * product``, where a plain 0 leaves `input` out and a plain 1 scales nothing."""
    if not (isinstance(alpha, int) and alpha == 1):
        product = product * checked_number(alpha, product.dtype)
    if not (isinstance(beta, int) and beta == 1):
        beta = checked_number(beta, product.dtype)
        input = jnp.where(beta == 0, jnp.zeros_like(input), input * beta)
    broadcast_shapes(product.shape, input.shape)
    return jnp.broadcast_to(input, product.shape) + product


@op(out=SAME, shares="inputs")
def addmm(input: Array, mat1: Array, mat2: Array, *, beta: Number = 1, alpha: Number = 1) -> Array:
    """``beta * input + alpha * mat1 @ mat2``.

    Example:
        >>> torch.addmm(torch.ones(2, 1), torch.tensor([[1.0, 2.0], [3.0, 4.0]]), torch.tensor([[1.0], [10.0]]), alpha=2)
        tensor([[43.],
                [87.]])
    """
    if mat1.ndim != 2 or mat2.ndim != 2:
        which = "mat1" if mat1.ndim != 2 else "mat2"
        raise RuntimeError(f"{which} must be a matrix, got {(mat1 if which == 'mat1' else mat2).ndim}-D tensor")
    _check_sizes(mat1, mat2)
    _check_dtypes(input, mat1, mat2)
    check_expands(input.shape, (mat1.shape[0], mat2.shape[1]), input.dtype)
    return scaled_sum(input, _product(mat1, mat2), beta, alpha)


@op(out=SAME, shares="inputs")
def addmv(input: Array, mat: Array, vec: Array, *, beta: Number = 1, alpha: Number = 1) -> Array:
    """``beta * input + alpha * mat @ vec``.

    Example:
        >>> torch.addmv(torch.ones(2), torch.tensor([[1.0, 2.0], [3.0, 4.0]]), torch.tensor([1.0, 10.0]), beta=100)
        tensor([121., 143.])
    """
    if mat.ndim != 2 or vec.ndim != 1:
        raise RuntimeError(f"vector + matrix @ vector expected, got {input.ndim}, {mat.ndim}, {vec.ndim}")
    if mat.shape[1] != vec.shape[0]:
        raise RuntimeError(
            f"size mismatch, got input ({input.shape[0]}), mat ({_size(mat.shape)}), vec ({vec.shape[0]})"
        )
    _check_vector(input, mat, vec)
    return scaled_sum(input, _product(mat, vec), beta, alpha)


@op
def addr(input: Array, vec1: Array, vec2: Array, *, beta: Number = 1, alpha: Number = 1) -> Array:
    """``beta * input + alpha * outer(vec1, vec2)``.

    Example:
        >>> torch.addr(torch.ones(2, 2), torch.tensor([1.0, 2.0]), torch.tensor([3.0, 4.0]))
        tensor([[4., 5.],
                [7., 9.]])
    """
    if vec1.ndim != 1 or vec2.ndim != 1:
        name, wrong = ("vec1", vec1) if vec1.ndim != 1 else ("vec2", vec2)
        raise RuntimeError(f"addr: Expected 1-D argument {name}, but got {wrong.ndim}-D")
    check_expands(input.shape, (vec1.shape[0], vec2.shape[0]), input.dtype)
    input, vec1, vec2 = promoted(input, vec1, vec2)
    if input.dtype == bool:
        return (as_dtype(beta, bool) & input) | (as_dtype(alpha, bool) & vec1[:, None] & vec2[None])
    return scaled_sum(input, jnp.outer(vec1, vec2), beta, alpha)


@op(out=SAME, shares="inputs")
def baddbmm(input: Array, batch1: Array, batch2: Array, *, beta: Number = 1, alpha: Number = 1) -> Array:
    """``beta * input + alpha * batch1 @ batch2`` for each matrix of a batch.

    Example:
        >>> torch.baddbmm(torch.ones(2, 1, 1), torch.full((2, 1, 3), 2.0), torch.ones(2, 3, 1)).flatten()
        tensor([7., 7.])
    """
    _check_batches(batch1, batch2)
    if input.dtype != batch1.dtype:
        got = [c_name(each.dtype) for each in (input, batch1, batch2)]
        raise RuntimeError("Input dtypes must be the same, got: input {}, batch1: {}, batch2: {}".format(*got))
    _check_batch(batch1, batch2)
    return scaled_sum(input, _product(batch1, batch2), beta, alpha)


@op(out=OutRule("self and mat2 must have the same dtype, but got {out} and {result}", warns=False))
def addbmm(input: Array, batch1: Array, batch2: Array, *, beta: Number = 1, alpha: Number = 1) -> Array:
    """``beta * input + alpha *`` the sum over the batch of ``batch1 @ batch2``.

    Example:
        >>> torch.addbmm(torch.ones(1, 1), torch.full((2, 1, 3), 2.0), torch.ones(2, 3, 1))
        tensor([[13.]])
    """
    _check_batches(batch1, batch2)
    _check_dtypes(input, batch1, batch2)
    return scaled_sum(input, jnp.sum(_product(batch1, batch2), 0, dtype=batch1.dtype), beta, alpha)


def _check_batches(left: Array, right: Array) -> None:
    for name, each in (("batch1", left), ("batch2", right)):
        if each.ndim != 3:
            raise RuntimeError(f"{name} must be a 3D tensor")
    batch, rows, inner = left.shape
    if right.shape[:2] != (batch, inner):
        raise RuntimeError(
            f"Expected size for first two dimensions of batch2 tensor to be: [{batch}, {inner}] but got: "
            f"[{right.shape[0]}, {right.shape[1]}]."
        )


@op(grad_name=of_einsum)
def einsum_of(equation: str, operands: Arrays) -> Array:
    """Products summed over the letters that the result lacks; a single operand's integers and bools in int64."""
    letters, arrow, kept = equation.partition("->")
    if len(operands) == 1:
        if any(each.isalpha() and (each not in kept if arrow else letters.count(each) > 1) for each in letters):
            operands = (summable(operands[0], None),)
        return jnp.einsum(equation, *operands)
    dtype = dtype_of(equation, operands)
    if rank(dtype) < 2:  # what was narrower between is so in the end
        return jnp.einsum(equation, *[as_dtype(each, np.int64) for each in operands]).astype(dtype)
    return jnp.einsum(equation, *operands, optimize="optimal" if len(operands) > 2 else False)


@op(grad_name="ViewBackward0")
def tensordot_of(a: Array, b: Array, left: tuple, right: tuple) -> Array:
    """Products summed over pairs of dimensions; a size of 1 goes with any other."""
    if len(left) != len(right):
        raise RuntimeError("both dimension lists should have same length")
    if a.dtype != b.dtype:
        raise RuntimeError("both inputs should have same dtype")
    for i, j in zip(left, right, strict=True):
        if a.shape[i] != b.shape[j] and 1 not in (a.shape[i], b.shape[j]):
            raise RuntimeError(
                f"contracted dimensions need to match, but first has size {a.shape[i]} in dim {i} and second has size "
                f"{b.shape[j]} in dim {j}"
            )
        if a.shape[i] == 1:
            b = jnp.sum(b, j, keepdims=True, dtype=b.dtype)
        elif b.shape[j] == 1:
            a = jnp.sum(a, i, keepdims=True, dtype=a.dtype)
    if a.size and b.size:
        rest = [a.shape[i] for i in range(a.ndim) if i not in left] + [
            b.shape[j] for j in range(b.ndim) if j not in right
        ]
        only("dot" if math.prod(rest) == 1 else "addmm_impl_cpu_", a, 1, 2, 3)
    return jnp.tensordot(a, b, (left, right))


@op(grad_name="UnsafeViewBackward0")
def kron(input: Array, other: Array) -> Array:
    """Kronecker product.

    Example:
        >>> torch.kron(torch.tensor([[1, 10]]), torch.tensor([[1, 2], [3, 4]]))
        tensor([[ 1,  2, 10, 20],
                [ 3,  4, 30, 40]])
    """
    input, other = promoted(input, other)
    if input.dtype == bool:
        return jnp.kron(as_dtype(input, np.uint8), as_dtype(other, np.uint8)).astype(bool)
    return jnp.kron(input, other)


@op(grad_name="LinalgCrossBackward0", stepwise=True)
def cross_of(input: Array, other: Array, dim: int) -> Array:
    """Cross product of 3-vectors along `dim`.

    Raises:
        RuntimeError: the dtypes differ.
    """
    if input.dtype != other.dtype:
        raise RuntimeError(f"expected scalar type {scalar_name(input.dtype)} but found {scalar_name(other.dtype)}")
    return jnp.cross(input, other, axis=dim)


@op
def trace(input: Array) -> Array:
    """Sum of the diagonal of a matrix.

    Raises:
        RuntimeError: the input is no matrix.

    Example:
        >>> torch.trace(torch.tensor([[1, 2], [3, 4]]))
        tensor(5)
    """
    if input.ndim != 2:
        raise RuntimeError(f"trace: expected a matrix, but got tensor with dim {input.ndim}")
    return jnp.sum(jnp.diagonal(input), dtype=summable(input, None).dtype)


@op(grad_name=of_cdist)
def cdist_of(x1: Array, x2: Array, p: Positive) -> Array:
    """The `p`-norms between all pairs of rows: ``(*, P, M)`` and ``(*, R, M)`` to ``(*, P, R)``."""
    away = x1[..., :, None, :] - x2[..., None, :, :]
    return vector_norm_of(away, p, (away.ndim - 1,), False)
