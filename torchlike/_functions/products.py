"""Contractions with several call forms."""

from __future__ import annotations

import string
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from torchlike._autograd.variable import TensorBase
from torchlike._function import function
from torchlike._ops import products, views
from torchlike._out import CAST, SAME, stored
from torchlike._programs import explain
from torchlike._signatures import refuse
from torchlike._signatures.parser import type_name

if TYPE_CHECKING:
    from torchlike.tensor import Tensor


@function
def einsum(*args: Any) -> Tensor:
    """Products of tensors, summed over the letters that the result lacks.

    Args:
        args: an equation such as ``"bij,bjk->bik"`` and the operands; or operands each followed by its list of
            dimension numbers, and the result's.

    Raises:
        RuntimeError: the equation does not fit the operands.

    Example:
        >>> torch.einsum("i,i->", torch.ones(3), torch.ones(3))
        tensor(3.)
    """
    if len(args) < 2:
        raise ValueError(
            "einsum(): must specify the equation string and at least one operand, or at least one operand and its "
            "subscripts list"
        )
    if isinstance(args[0], TensorBase):
        equation, operands = _lettered(args)
    else:
        equation, operands = args[0], args[1:]
    if len(operands) == 1 and isinstance(operands[0], (list, tuple)):
        operands = tuple(operands[0])
    refuse("torch._VF.einsum", (equation, operands), {})
    equation = equation.replace(" ", "")
    terms = equation.split("->")[0].split(",")
    if len(terms) < len(operands):
        raise RuntimeError("einsum(): more operands were provided than specified in the equation")
    if len(terms) > len(operands):
        raise RuntimeError("einsum(): fewer operands were provided than specified in the equation")
    _check_letters(equation)
    _check_terms(terms, operands)
    result = equation.partition("->")[2].replace("...", "")
    for letter in result:
        if result.count(letter) > 1:
            raise RuntimeError(f"einsum(): output subscript {letter} appears more than once in the output")
        if not any(letter in each for each in terms):
            raise RuntimeError(
                f"einsum(): output subscript {letter} does not appear in the equation for any input operand"
            )
    order = _rearranged(equation, operands[0]._aval.ndim) if len(operands) == 1 else None
    return products.einsum_of(equation, tuple(operands)) if order is None else _seen_as(operands[0], *order)


def _rearranged(equation: str, ndim: int) -> tuple[list[str], list[str]] | None:
    """The names of the dimensions of an operand and of the result, where that is the operand seen otherwise."""
    term, arrow, result = equation.partition("->")
    if not arrow:
        once = sorted({each for each in term.replace("...", "") if term.count(each) == 1})
        result = "..." * ("..." in term) + "".join(once)
    rest = [f".{place}" for place in range(ndim - len(term.replace("...", "")))]
    names, wanted = (
        [*before, *rest * bool(dots), *after]
        for before, dots, after in (term.partition("..."), result.partition("..."))
    )
    return (names, wanted) if sorted(set(names)) == sorted(wanted) else None


def _seen_as(input: Tensor, names: list[str], wanted: list[str]):
    """The tensor with its dimensions in another order, and the diagonal of those that have one name."""
    names = list(names)
    for name in [each for place, each in enumerate(names) if each in names[:place]]:
        one = names.index(name)
        two = names.index(name, one + 1)
        input = views.diagonal(input, 0, one, two)
        names = [*names[:one], *names[one + 1 : two], *names[two + 1 :], name]
    return views.permute(input, tuple([names.index(each) for each in wanted]))


def _check_letters(equation: str) -> None:
    plain = equation.replace("->", ",,").replace("...", ",,,")
    for place, letter in enumerate(plain):
        if letter not in string.ascii_letters + ",":
            raise RuntimeError(
                f"einsum(): invalid subscript given at index {place} in the equation string, subscripts must be in [a-zA-Z]"
            )


def _check_terms(terms: list[str], operands: Sequence[Tensor]) -> None:
    """Refuse letters that do not fit the operands' dimensions."""
    seen: dict[str, int] = {}
    for place, (term, operand) in enumerate(zip(terms, operands, strict=True)):
        before, dots, after = term.partition("...")
        aval = operand._aval
        if len(before + after) > aval.ndim or (not dots and len(term) != aval.ndim):
            fits = "is more than" if dots else "does not match"
            raise RuntimeError(
                f"einsum(): the number of subscripts in the equation ({len(before + after)}) {fits} the number of "
                f"dimensions ({aval.ndim}) for operand {place}" + ("" if dots else " and no ellipsis was given")
            )
        own: dict[str, int] = {}
        for letter, size in zip(
            before + after, aval.shape[: len(before)] + aval.shape[aval.ndim - len(after) :], strict=True
        ):
            if own.setdefault(letter, size) != size:
                raise RuntimeError(
                    f"einsum(): subscript {letter} is repeated for operand {place} but the sizes don't match, {size} != "
                    f"{own[letter]}"
                )
        for letter, size in own.items():
            if size != 1 and seen.setdefault(letter, size) != size:
                raise RuntimeError(
                    f"einsum(): subscript {letter} has size {size} for operand {place} which does not broadcast with "
                    f"previously seen size {seen[letter]}"
                )


def _lettered(args: tuple) -> tuple[str, tuple]:
    """The sublist form as an equation."""

    def letters(dims: Any) -> str:
        return "".join("..." if each is Ellipsis else string.ascii_letters[each] for each in dims)

    operands = args[: len(args) // 2 * 2 : 2]
    equation = ",".join(letters(each) for each in args[1 : len(args) // 2 * 2 : 2])
    return equation + ("->" + letters(args[-1]) if len(args) % 2 else ""), operands


@function(out=products.TENSORDOT)
def tensordot(a: Tensor, b: Tensor, dims: Any = 2):
    """Products of tensors, summed over pairs of dimensions.

    Args:
        dims: how many last dimensions of `a` go with the first of `b`; or two lists of dimensions.

    Raises:
        RuntimeError: the sizes of a pair differ.

    Example:
        >>> torch.tensordot(torch.ones(2, 3, 4), torch.ones(4, 3, 5), dims=([1, 2], [1, 0])).shape
        torch.Size([2, 5])
    """
    if not isinstance(dims, (int, tuple, list, TensorBase)):
        raise RuntimeError(
            "tensordot expects dims to be int or tuple[list[int], list[int]] or list[list[int]] containing two lists, but "
            f"got dims={dims}"
        )
    if isinstance(dims, TensorBase):
        dims = dims.tolist()
    if isinstance(dims, int):
        if dims < 0:
            raise RuntimeError(f"tensordot expects dims >= 0, but got dims={dims}")
        if dims > min(a.dim(), b.dim()):
            raise RuntimeError(f"tensordot expects dims < ndim_a or ndim_b, but got dims={dims}")
        left, right = range(a.dim() - dims, a.dim()), range(dims)
    elif not isinstance(b, TensorBase):
        raise TypeError(f"tensordot(): argument 'other' (position 2) must be Tensor, not {type_name(b)}")
    else:
        left, right = dims
    left, right = tuple(each % a.dim() for each in left), tuple(each % b.dim() for each in right)
    return products.tensordot_of(a, b, left, right)


def addbmm_(self: Tensor, batch1: Tensor, batch2: Tensor, *, beta: complex = 1, alpha: complex = 1) -> Tensor:
    """`addbmm` in place; a tensor that is broadcast takes the size of the result."""
    rows, columns = (*batch1.shape, 1, 1)[1], (*batch2.shape, 1, 1)[2]
    if self.shape != (rows, columns):
        result = products.addbmm(self, batch1, batch2, beta=beta, alpha=alpha)
        return self.resize_(rows, columns).copy_(result)
    return products.addbmm.inplace(self, batch1, batch2, beta=beta, alpha=alpha)


@function(several=True)
def cross(input: Tensor, other: Tensor, dim: int | None = None, *, out: Tensor | None = None) -> Tensor:
    """Cross product of vectors with 3 elements along `dim`, by default the first dimension of size 3.

    Example:
        >>> torch.cross(torch.tensor([1, 0, 0]), torch.tensor([0, 1, 0]), dim=0)
        tensor([0, 0, 1])
    """
    if dim is None:
        explain.warn(
            "Using torch.cross without specifying the dim arg is deprecated.\nPlease either pass the dim explicitly or "
            "simply use torch.linalg.cross.\nThe default value of dim will change to agree with that of linalg.cross in a "
            "future release."
        )
        sizes = [place for place, size in enumerate(input.shape) if size == 3]
        if not sizes:
            raise RuntimeError("no dimension of size 3 in input")
        dim = sizes[0]
    return crossed(input, other, dim, out)


def crossed(input: Tensor, other: Tensor, dim: int, out: Tensor | None):
    """Cross product along a dimension."""
    bound = max(input.dim(), other.dim())
    if not -bound <= dim < bound:
        raise IndexError(f"Dimension out of range (expected to be in range of [{-bound}, {bound - 1}], but got {dim})")
    if input.dim() != other.dim():
        raise RuntimeError("linalg.cross: inputs must have the same number of dimensions.")
    if input.shape[dim] != 3 or other.shape[dim] != 3:
        raise RuntimeError(
            f"linalg.cross: inputs dimension {dim} must have length 3. Got {input.shape[dim]} and {other.shape[dim]}"
        )
    return stored("linalg_cross", products.cross_of(input, other, dim), out, SAME)


_CDIST_MODES = ("use_mm_for_euclid_dist_if_necessary", "use_mm_for_euclid_dist", "donot_use_mm_for_euclid_dist")


@function
def cdist(x1: Tensor, x2: Tensor, p: float = 2.0, compute_mode: str = "use_mm_for_euclid_dist_if_necessary"):
    """The `p`-norms between all pairs of rows.

    Args:
        x1: ``(*, P, M)``.
        x2: ``(*, R, M)``.

    Returns:
        ``(*, P, R)``.

    Raises:
        RuntimeError: the last sizes differ, or `p` is negative.
        ValueError: there is no such mode.

    Example:
        >>> torch.cdist(torch.tensor([[0.0, 0.0]]), torch.tensor([[3.0, 4.0], [1.0, 0.0]]))
        tensor([[5., 1.]])
    """
    if compute_mode not in _CDIST_MODES:
        raise ValueError(f"{compute_mode} is not a valid value for compute_mode")
    refuse("torch._VF.cdist", (x1, x2, p, None), {})
    for place, each in enumerate((x1, x2), 1):
        if each.ndim < 2:
            raise RuntimeError(f"cdist only supports at least 2D tensors, X{place} got: {each.ndim}D")
    if x1.shape[-1] != x2.shape[-1]:
        raise RuntimeError(f"X1 and X2 must have the same number of columns. X1: {x1.shape[-1]} X2: {x2.shape[-1]}")
    if p < 0:
        raise RuntimeError("cdist only supports non-negative p values")
    return products.cdist_of(x1, x2, float(p))


@function(out=CAST)
def chain_matmul(*matrices: Tensor):
    """Product of several matrices, in the cheapest order.

    Example:
        >>> torch.chain_matmul(torch.ones(2, 3), torch.ones(3, 4), torch.ones(4, 1))
        tensor([[12.],
                [12.]])
    """
    letters = string.ascii_letters
    terms = ",".join(letters[place : place + 2] for place in range(len(matrices)))
    return products.einsum_of(f"{terms}->{letters[0]}{letters[len(matrices)]}", matrices)
