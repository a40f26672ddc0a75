"""`vmap` and `jvp` of operations on the samples of PyTorch's own table, against rows one by one and gradients."""

from __future__ import annotations

import numpy as np
import pytest

import torchlike as torch
from tests.parity.databases import counterpart, operations, samples
from tests.support import reference
from torchlike.utils._pytree import tree_leaves

pytestmark = pytest.mark.filterwarnings("ignore")

SOME = """
addmm cat cholesky cumsum diagonal einsum gather index_add linalg.inv logsumexp masked_fill max.reduction_with_dim
nn.functional.conv2d nn.functional.layer_norm nn.functional.max_pool2d prod scatter_add sort topk where
""".split()
# what looks at elements or draws random numbers, has no derivative, or changes what it is given
REFUSED = """
argwhere bernoulli cauchy exponential geometric linspace.tensor_overload log_normal multinomial nn.functional.batch_norm
nn.functional.feature_alpha_dropout.with_train nn.functional.fractional_max_pool2d nn.functional.fractional_max_pool3d
nn.functional.instance_norm nn.functional.rrelu nonzero nonzero_static normal normal.in_place rand_like randint_like
randn_like uniform unique unique_consecutive bfloat16 chalf linalg.pinv.singular
""".split()
UNDERIVED = """
floor_divide heaviside scatter resize_ resize_as_ special.chebyshev_polynomial_t special.chebyshev_polynomial_u
special.chebyshev_polynomial_v special.chebyshev_polynomial_w special.hermite_polynomial_h special.hermite_polynomial_he
special.laguerre_polynomial_l special.legendre_polynomial_p special.shifted_chebyshev_polynomial_t
special.shifted_chebyshev_polynomial_u special.shifted_chebyshev_polynomial_v special.shifted_chebyshev_polynomial_w
""".split()


def of_first(name: str, args: tuple, kwargs: dict):
    """An operation as a function of its first argument, a floating point tensor; None if it has none, or is random."""
    first = args[0] if args else None
    if not isinstance(first, torch.Tensor) or not first.is_floating_point():
        return None
    fn = counterpart(operations()[name])
    call = lambda x: tuple(tree_leaves(fn(x, *args[1:], **kwargs)))
    try:
        found = call(first.clone())
    except (RuntimeError, ValueError, TypeError):
        return None  # a sample of what is refused
    return call if found and all(isinstance(each, torch.Tensor) for each in found) else None


def close(got, want) -> None:
    """Compare tensors, whatever their dtype.

    Raises:
        AssertionError: they differ.
    """
    got, want = ([each.detach().to(torch.complex128).numpy() for each in those] for those in (got, want))
    for one, other in zip(got, want, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-3, atol=1e-4)


def mapped(name: str) -> None:
    """Compare `vmap` of an operation with the operation on each row."""
    for args, kwargs in samples(name, "float32", 2):
        call = of_first(name, args, kwargs)
        if call is not None:
            rows = [args[0], args[0] * 0.5]
            want = [torch.stack(each) for each in zip(*[call(row.clone()) for row in rows], strict=True)]
            close(torch.vmap(call)(torch.stack(rows)), want)


def pushed(name: str) -> None:
    """Compare the tangent of an operation with what its gradient says of it."""
    for args, kwargs in samples(name, "float64", 2):
        call = of_first(name, args, kwargs)
        if call is None:
            continue
        floating = lambda x, call=call: tuple([each for each in call(x.clone()) if each.is_floating_point()])
        if not floating(args[0]) or not args[0].numel():
            continue
        torch.manual_seed(0)
        move = torch.randn_like(args[0])
        found, tangents = torch.func.jvp(floating, (args[0],), (move,))
        weights = tuple([torch.randn_like(each) for each in found])
        (grad,) = torch.func.vjp(floating, args[0])[1](weights)
        total = sum((weight * tangent).sum() for weight, tangent in zip(weights, tangents, strict=True))
        close([total], [(grad * move).sum()])


@pytest.mark.parametrize("name", SOME)
def test_some_are_mapped(name: str):
    mapped(name)


@pytest.mark.parametrize("name", SOME)
def test_some_are_pushed(name: str):
    pushed(name)


@pytest.mark.parity
@pytest.mark.parametrize("transform", [mapped, pushed], ids=lambda each: each.__name__)
def test_every_operation(transform):
    wrong = []
    for name, op in operations().items():
        if name in REFUSED or reference().float32 not in op.dtypes or (transform is pushed and name in UNDERIVED):
            continue
        try:
            transform(name)
        except (AssertionError, RuntimeError, TypeError, AttributeError) as error:
            wrong.append(f"{name}: {error}")
    assert not wrong
