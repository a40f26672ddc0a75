"""Reductions, order statistics, running sums, products: values, gradients, errors."""

from __future__ import annotations

import numpy as np
import pytest

from tests.support import check_error, check_op, check_warning

torch = pytest.importorskip("torch")

NAN, INF = np.nan, np.inf
TIES = np.array([[1.0, 3.0, 3.0, 2.0], [2.0, 2.0, -1.0, 2.0], [0.0, -0.0, 0.0, -5.0]], np.float32)
HOLES = np.array([[1.0, NAN, 3.0], [2.0, 5.0, NAN], [-1.0, 0.0, 4.0]], np.float32)
WHOLE = np.array([[3, -1, 2], [2, 2, 7]])

OVER_DIMS = ["sum", "mean", "nansum", "nanmean", "amax", "amin", "logsumexp", "std", "var", "norm"]
WITH_PLACES = ["max", "min", "median", "nanmedian", "mode", "cummax", "cummin", "sort"]


@pytest.mark.parametrize("name", OVER_DIMS)
@pytest.mark.parametrize("dim", [0, -1, (0, 2)])
def test_over_dimensions(name, dim):
    for keepdim in (False, True):
        check_op([(3, 4, 2)], lambda library, x, k=keepdim: getattr(library, name)(x, dim=dim, keepdim=k), orders=2)


@pytest.mark.parametrize("name", ["sum", "mean", "prod", "max", "min", "amax", "amin", "std", "var", "median", "norm"])
@pytest.mark.parametrize("values", [TIES, HOLES], ids=["ties", "nan"])
def test_of_all_elements(name, values):
    check_op([values], lambda library, x: getattr(library, name)(x), rtol=1e-5)


@pytest.mark.parametrize("name", WITH_PLACES)
@pytest.mark.parametrize("values", [TIES, HOLES], ids=["ties", "nan"])
def test_elements_and_their_places(name, values):
    stable = {"stable": True} if name == "sort" else {}
    check_op([values], lambda library, x: tuple(getattr(library, name)(x, dim=1, **stable)))


@pytest.mark.parametrize("name", ["sum", "prod", "cumsum", "cumprod"])
@pytest.mark.parametrize("dtype", ["bool", "uint8", "int32"])
def test_integers_add_up_in_64_bits(name, dtype):
    check_op([WHOLE.astype(dtype)], lambda library, x: getattr(library, name)(x, dim=0))


OTHERS = {
    "prod with zeros": ([np.array([0.0, 2.0, 3.0])], lambda T, x: x.prod()),
    "cumprod with a zero": ([np.array([2.0, 0.0, 3.0])], lambda T, x: x.cumprod(0)),
    "norm at zero": ([np.zeros(3)], lambda T, x: x.norm()),
    "norm 3": ([(3, 4)], lambda T, x: x.norm(3, dim=1)),
    "norm inf": ([TIES], lambda T, x: x.norm(INF, dim=1)),
    "std of equals": ([np.ones(3)], lambda T, x: x.std()),
    "std unbiased": ([(3, 4)], lambda T, x: x.std(1, unbiased=False)),
    "var correction": ([(3, 4)], lambda T, x: x.var(1, correction=2)),
    "std_mean": ([(3, 4)], lambda T, x: T.std_mean(x, 1)),
    "argmax": ([TIES], lambda T, x: (x.argmax(), x.argmax(1), x.argmin(0, keepdim=True))),
    "median of ties": ([np.array([2.0, 1.0, 2.0, 2.0])], lambda T, x: (x.median(), x.nanmedian())),
    "aminmax": ([(3, 4)], lambda T, x: tuple(T.aminmax(x, dim=1))),
    "topk": ([(3, 6)], lambda T, x: tuple(x.topk(2)) + tuple(x.topk(3, largest=False))),
    "kthvalue": ([(3, 6)], lambda T, x: tuple(x.kthvalue(2))),
    "quantiles": ([(3, 5)], lambda T, x: (x.quantile(0.3), T.quantile(x, T.tensor([0.1, 0.6]), dim=1, keepdim=True))),
    "quantile of a number": ([np.array(3.0)], lambda T, x: x.quantile(0.3, dim=0, keepdim=True)),
    "nanquantile": ([HOLES], lambda T, x: T.nanquantile(x, 0.5, dim=1, interpolation="lower")),
    "sum_to_size": ([(2, 3, 4)], lambda T, x: (x.sum_to_size(3, 1), x.sum_to_size((2, 3, 4)))),
    "logcumsumexp": ([(3, 4)], lambda T, x: x.logcumsumexp(1)),
    "diff": ([(2, 4)], lambda T, x: (x.diff(), x.diff(2, prepend=x[:, :1], append=x[:, :2]))),
    "trapezoid": ([(2, 4), (4,)], lambda T, y, x: (T.trapezoid(y), T.trapezoid(y, x), T.trapz(y, dx=0.5, dim=0))),
    "cumulative_trapezoid": ([(2, 4), (2, 4)], lambda T, y, x: T.cumulative_trapezoid(y, x)),
    "histc": ([(30,)], lambda T, x: T.histc(x.detach(), bins=5, min=-1, max=1)),
    "bincount": ([np.array([1, 3, 3]), (3,)], lambda T, x, w: (T.bincount(x), T.bincount(x, w.detach(), minlength=6))),
    "unique": ([WHOLE], lambda T, x: T.unique(x, return_inverse=True, return_counts=True)),
    "unique rows": ([np.array([[1, 2], [0, 1], [1, 2]])], lambda T, x: T.unique(x, dim=0, return_counts=True)),
    "unique_consecutive": ([np.array([1, 1, 2, 1])], lambda T, x: T.unique_consecutive(x, return_counts=True)),
    "searchsorted": (
        [np.array([1.0, 3.0, 3.0, 7.0]), (4,)],
        lambda T, s, x: T.searchsorted(s.detach(), x.detach() * 5),
    ),
    "matmul": ([(2, 1, 3, 4), (5, 4, 2)], lambda T, a, b: a @ b),
    "vectors": ([(3,), (3, 2)], lambda T, a, b: (a @ b, a @ a, T.outer(a, a))),
    "addmm": ([(2,), (3, 4), (4, 2)], lambda T, a, b, c: T.addmm(a, b, c, beta=0.5, alpha=2.0)),
    "addmm without": (
        [np.full((3, 2), NAN, np.float32), (3, 4), (4, 2)],
        lambda T, a, b, c: T.addmm(a.detach(), b, c, beta=0),
    ),
    "addbmm": ([(3, 2), (5, 3, 4), (5, 4, 2)], lambda T, a, b, c: T.addbmm(a, b, c)),
    "einsum": ([(2, 3, 4), (2, 4, 5)], lambda T, a, b: T.einsum("bij,bjk->bik", a, b)),
    "einsum lists": ([(2, 3), (3, 4)], lambda T, a, b: T.einsum(a, [0, 1], b, [1, 2], [0, 2])),
    "tensordot": ([(2, 3, 4), (4, 3, 5)], lambda T, a, b: T.tensordot(a, b, dims=([1, 2], [1, 0]))),
    "tensordot of size 1": ([(2, 1), (3, 4)], lambda T, a, b: T.tensordot(a, b, dims=([1], [0]))),
    "kron": ([(2, 3), (3, 2)], lambda T, a, b: T.kron(a, b)),
    "cdist": ([(3, 4), (2, 4)], lambda T, a, b: (T.cdist(a, b), T.cdist(a, b, p=1.0))),
}


@pytest.mark.parametrize("name", OTHERS)
def test_others(name):
    inputs, fn = OTHERS[name]
    check_op(inputs, fn, rtol=1e-5)


def test_bools():
    bits, other = np.array([True, False]), np.array([True, True])
    check_op([bits, other], lambda T, a, b: (T.kron(a, b), T.ones(2, 2, dtype=T.bool).addr(a, b, beta=False)))


@pytest.mark.parametrize(
    "fn",
    [
        lambda T, x: x.sum(5),
        lambda T, x: x.sum((0, 0)),
        lambda T, x: x.long().mean(),
        lambda T, x: x.long().std(),
        lambda T, x: T.zeros(0).max(),
        lambda T, x: T.zeros(0, 3).max(dim=0),
        lambda T, x: T.aminmax(T.zeros(0, 3)),
        lambda T, x: T.aminmax(T.zeros(0, 3), dim=0),
        lambda T, x: x.kthvalue(9),
        lambda T, x: x.topk(9),
        lambda T, x: x.quantile(1.5),
        lambda T, x: x.sum_to_size(5, 1),
        lambda T, x: x.diff(n=-1),
        lambda T, x: T.searchsorted(x, T.ones(3)),
        lambda T, x: T.searchsorted(x[0], x[0], sorter=T.ones(9).long()),
        lambda T, x: T.searchsorted(x[0], x[0], side="odd"),
        lambda T, x: T.bucketize(x, x),
        lambda T, x: T.histc(x, bins=0),
        lambda T, x: T.bincount(T.tensor([-1])),
        lambda T, x: x @ x,
        lambda T, x: T.mm(x, x[0]),
        lambda T, x: T.bmm(x[None], x[None]),
        lambda T, x: T.dot(x[0], x[0, :2]),
        lambda T, x: x.matmul(x.t().double()),
        lambda T, x: T.tensordot(x, x, dims=([0], [1])),
        lambda T, x: T.ones(3, 2).addr(T.ones(2), T.ones(2)),
        lambda T, x: T.addmm(T.ones(5), x, x.t()),
    ],
)
def test_errors(fn):
    check_error([(3, 4)], fn)


def test_a_loss_of_broadcast_shapes_is_warned_of_each_time():
    for name in ("mse_loss", "l1_loss", "smooth_l1_loss", "huber_loss"):
        for _ in range(2):
            check_warning([(3, 2), (2,)], lambda T, x, y, name=name: getattr(T.nn.functional, name)(x, y))


@pytest.mark.parametrize(
    "find",
    [lambda torch, x: torch.unique(x), lambda torch, x: x.unique(dim=0), lambda torch, x: x.unique_consecutive()],
)
def test_distinct_elements_have_a_history_but_no_derivative(find):
    def named(torch, x):
        found = find(torch, x.requires_grad_())
        raise ValueError(found.requires_grad, found.grad_fn.name())

    check_error([(4,)], named)
    check_error([(4,)], lambda torch, x: find(torch, x.requires_grad_()).sum().backward())
    check_op([(4,)], find, grad=False)


def test_infinities_under_a_curve():
    y = np.array([[1.0, np.inf, 2, 3], [np.inf, 1, 2, 3], [1, 2, 3, -np.inf]])
    check_op([y], lambda torch, y: torch.trapezoid(y, dx=2), grad=False)
    check_op([y], lambda torch, y: torch.trapezoid(y, torch.arange(4.0)), grad=False)
    check_op([np.arange(6).reshape(2, 3)], lambda torch, y: torch.trapezoid(y, dim=0))


@pytest.mark.parametrize("dtype", ["int64", "bool", "float16", "float32"])
@pytest.mark.parametrize("name", ["softmax", "log_softmax", "mode"])
def test_no_kernel_is_asked_for_what_is_empty(name: str, dtype: str):
    check_op([(0, 3)], lambda torch, x: getattr(torch, name)(x.to(getattr(torch, dtype)), -1), grad=False)


def test_modes_of_no_complex_numbers():
    check_op([(0, 3)], lambda torch, x: torch.mode(x.to(torch.complex64), -1), grad=False)
