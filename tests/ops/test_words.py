"""What operations say of dtypes, shapes and values that do not fit, and which of several faults they name first."""

from __future__ import annotations

import pytest

from tests.support import check_error

# products of bools and of several dtypes, by the loop that PyTorch runs
PRODUCTS = """
b(2, 3) @ b(3); b(3) @ b(3, 2); b(3) @ b(3); b(2, 2, 3) @ b(3, 2); b(2, 2, 3) @ b(2, 3, 2)
torch.bmm(b(2, 16, 5), b(2, 5, 32))
i(2, 3) @ x(3, 2); i(3) @ x(3, 2); i(2, 3) @ x(3); torch.inner(i(3), x(3)); torch.bmm(i(2, 2, 2), x(2, 2, 2))
torch.bmm(i(2, 16, 1), x(2, 1, 32)); torch.bmm(x(2, 16, 1), i(2, 1, 32)); torch.vdot(b(3), x(3)); torch.outer(x(3), x(1, 1))
torch.trace(x(3)); torch.addr(x(2, 2, 2), x(2), x(2)); torch.renorm(i(3), 2, 0, 1.0); torch.renorm(i(3, 3), 2, 0, 1.0)
"""
# what lies in an in-place form's way is told before what its kernel lacks
IN_PLACE = """
i(3).bitwise_or_(x(2, 3)); b(3).bitwise_and_(x(3)); i(3).bitwise_or_(1.5); i(3).remainder_(x(2, 3)); b(3).clamp_(0, 1)
i(3).clamp_min_(0.5); i(3).clamp_max_(x(3)); i(3).clamp_(0.5); b(3).clamp_max_(1)
"""
OUT = """
torch.mul(g(2, 3), x(4), out=x(2, 3)); torch.mm(g(2, 3), x(2, 2), out=x(2, 2)); torch.sum(g(2, 3), 0, out=i(3))
torch.eq(g(3), x(4), out=b(3)); torch.add(x(3), 1, out=g(3)); torch.cat([g(2, 3), x(1, 2)], out=x(3)); x(3).add(1, out=x(3))
"""
OTHERS = """
torch.quantile(x(0), 0.5); torch.quantile(x(3), 1.5); torch.quantile(x(3), -1.0); torch.meshgrid('a', x(3), indexing='ij')
torch.cartesian_prod(x(3), i(2)); torch.cartesian_prod(x(3), None); torch.cartesian_prod(x(2, 2)); torch.block_diag(x(2), 1)
torch.broadcast_tensors(x(3), True); torch.atleast_1d(None); torch.cdist(x(3), x(3, 2)); torch.cdist(x(2, 2), 'a')
torch.cdist(x(2, 2), x(2, 2), 2.0, 'mode'); torch.split(x(4), 'a'); torch.split(x(4), True); torch.split(1.5, 2)
torch.select_scatter(x(2, 2), x(2), 1.5, 0); x(2, 2).permute('a'); torch.matrix_exp(x(2, 2), out=x(2, 2)); x(6, 5).vsplit(-1)
torch.masked_select(x(2, 3), b(2, 3, 2)); torch.tensordot(x(2), x(2), dims=1.5); torch.einsum([x(2)], 'i->')
x(0, 2).nanmedian(0); torch.unique_consecutive(x(2), return_inverse='a'); torch.flatten(x(2, 2), 0, True)
x(4).tensor_split(i(2, 2))
x(4).split(['a']); x(4).split(2, 'a'); torch.split(x(4), None); float(torch.tensor(1 + 2j)); int(torch.tensor(1 + 2j))
"""
# what a kernel lacks is told last: a dimension, a size, a place comes first
LAST = """
b(2, 3).topk(0, 5); b(2, 3).topk(9, 1); c(2, 3).topk(9, 1); c(2, 3).sort(5); c(2, 3).argsort(5); b(2, 3).kthvalue(1, 5)
b(2, 3).median(5); b(2, 3).nanmedian(5); c(2, 3).mode(5); c(2, 3).max(5); c(2, 3).min(5); c(2, 3).amax(5)
c(2, 3).cummax(5)
b(2, 3).logcumsumexp(5); c(2, 3).aminmax(dim=5); b(2, 3).renorm(2, 5, 1.0); b(2, 3).unique_consecutive(dim=5)
c(2, 3).argmax(5); b(2, 3).argmax(5); i(2, 3).softmax(5); b(2, 3).cumprod(5); torch.bucketize(c(3), x(3))
torch.searchsorted(x(3), c(3)); torch.searchsorted(b(3), b(3)); torch.bucketize(1j, x(3))
torch.tensordot(b(1, 4), b(4, 1), 1)
torch.tensordot(b(2, 4), b(4, 1), 1); c(5).scatter_reduce_(0, i(2), c(2), 'amin')
b(5).scatter_reduce_(0, i(2), b(2), 'mean')
torch.unique(x(2, 3), dim=5); i(2, 3).logcumsumexp(0); b(2, 3).logcumsumexp(1)
c(2, 3).max(1); c(2, 3).min(1)
"""
# of what an in-place form asks: the operation's own rules, the places of elements, sizes and dtypes, its factor
PLACES = """
b(1).add_(i(4), alpha=0.5); i(1).sub_(i(4), alpha=1j); b(1).add_(i(4), alpha=True); torch.add(i(2), i(2), alpha=0.5)
b(1).expand(3).neg_(); c(1).expand(3).clamp_(0); b(1).expand(3).sub_(b(3)); x(1).expand(3).bitwise_not_()
c(1).expand(3).sign_()
x(1).expand(3).add_(x(4)); i(1).expand(3).add_(1.5); i(1).expand(3).exp_(); c(1).expand(3).floor_(); b(1).expand(3).relu_()
i(1).expand(3).div_(2, rounding_mode='a'); x(1).expand(3).lerp_(x(3).double(), 0.5); i(1).expand(3).addcdiv_(i(3), i(3))
c(1).expand(3).lt_(0); x(1).expand(3).addcmul_(i(4), x(3)); b(1).expand(3).pow_(2)
"""
# sizes and settings that operations of their own refuse
SETTINGS = """
torch.movedim(x(2, 3, 4), (0, -3), (2, -1)); torch.linalg.eigvalsh(x(5, 1)); torch.linalg.svdvals(x(5))
torch.logdet(x(5, 0))
torch.linalg.eigvalsh(x(1, 0, 0), UPLO='n'); torch.nanquantile(x(3), -1.0); torch.nanquantile(x(3), 0.5, interpolation='n')
torch.cholesky_solve(x(5, 5), x(10, 5)); torch.cholesky_solve(x(5, 5), x(4, 4)); torch.cholesky_solve(x(5), x(5, 5))
torch.cholesky_solve(x(5, 5), x(5, 5).double()); torch.linalg.solve_triangular(x(1, 1), x(2), upper=True)
torch.linalg.solve_triangular(x(3, 3), x(2, 2), upper=True, left=False); torch.linalg.lstsq(x(3, 4), x(4, 2))
torch.linalg.lstsq(x(3), x(3)); torch.linalg.lstsq(x(4, 3), x(()))
torch.linalg.lstsq(x(4, 3), x(1, 4, 3)); torch.linalg.lstsq(x(3, 4), x(108)); torch.linalg.matrix_power(x(1), -4)
torch.linalg.matrix_rank(x(3)); torch.trapezoid(x(6), dx=1j); torch.cumulative_trapezoid(x(6), dx=1j)
torch.split(x(5, 5), (1, 2), -2); torch.slice_scatter(x(20), x(5), 0, 1, 5, -1); torch.nonzero_static(x(3), size=-1)
torch.diagonal_scatter(x(3, 3), x(3), 0, -1, 1); torch.diagonal_scatter(x(3, 3), x(3), 0, 0, 9)
torch.as_strided(x(3), (-1,), (1,))
torch.as_strided_scatter(x(3, 3), x(2, 2), (2,), (1, 2)); torch.unravel_index(i(2), None)
torch.unravel_index(i(2), (2, 'a')); torch.cartesian_prod(); torch.isin(True, x(3)); torch.isin(1j, x(3))
torch.tensordot(x(2), None, dims=([0], [0])); torch.tensordot(x(2), None, dims=1)
"""
CALLS = [
    each.strip()
    for each in (PRODUCTS + IN_PLACE + OUT + OTHERS + LAST + PLACES + SETTINGS).replace("\n", ";").split(";")
    if each.strip()
]


@pytest.mark.parametrize("call", CALLS)
def test_words(call: str):
    def run(torch):
        names = {"torch": torch, "x": torch.ones, "i": lambda *size: torch.ones(*size, dtype=torch.int64)}
        names |= {"c": lambda *size: torch.ones(*size, dtype=torch.complex64)}
        names |= {"b": lambda *size: torch.ones(*size, dtype=torch.bool)}
        names |= {"g": lambda *size: torch.ones(*size, requires_grad=True)}
        return eval(call, names)

    check_error([], run)
