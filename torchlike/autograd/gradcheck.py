"""Checks of derivatives against finite differences."""

from __future__ import annotations

import numpy as np

from torchlike._autograd import calls
from torchlike._autograd.variable import TensorBase
from torchlike._recorder.recorder import value_of


class GradcheckError(RuntimeError):
    """Numerical and analytical derivatives differ."""


def _outputs(result) -> list:
    listed = [result] if isinstance(result, TensorBase) else list(result)
    return [each for each in listed if isinstance(each, TensorBase) and each.requires_grad]


def _numerical(func, inputs: list, place: int, eps: float) -> list[np.ndarray]:
    """The Jacobian of each output with respect to one input, by central differences."""
    source = inputs[place].detach()
    flat = np.array(source.numpy(force=True)).reshape(-1)
    directions = (1.0, 1j) if np.iscomplexobj(flat) else (1.0,)
    columns = []
    for at in range(flat.size):
        parts = []
        for direction in directions:
            results = []
            for sign in (1, -1):
                moved = flat.copy()
                moved[at] += sign * eps * direction
                given = list(inputs)
                given[place] = calls.TensorBase._wrap(value_of(moved.reshape(source.shape)))
                given[place].requires_grad_()
                results.append([np.array(each.detach().numpy(force=True)).ravel() for each in _outputs(func(*given))])
            parts.append([(up - down) / (2 * eps) for up, down in zip(*results, strict=True)])
        columns.append(parts)
    count = len(columns[0][0]) if columns else 0
    return [np.stack([np.stack([part[number] for part in parts]) for parts in columns]) for number in range(count)]


def _analytical(output, source, create_graph: bool = False) -> np.ndarray:
    """Rows are the gradients for each element of the output (for complex ones: of its real and imaginary part)."""
    shape = tuple(output.shape)
    rows = []
    for at in range(output.numel()):
        for part in (1.0, 1j) if output.is_complex() else (1.0,):
            seed = np.zeros(output.numel(), output.dtype.np)
            seed[at] = part
            gradient = calls.TensorBase._wrap(value_of(seed.reshape(shape)))
            (found,) = calls.grad(output, source, gradient, retain_graph=True, allow_unused=True)
            rows.append(
                np.zeros(source.numel(), source.dtype.np)
                if found is None
                else np.array(found.detach().numpy(force=True)).ravel()
            )
    return np.stack(rows) if rows else np.zeros((0, source.numel()))


def _agree(numerical: np.ndarray, analytical: np.ndarray, complex_out: bool, complex_in: bool, tol) -> bool:
    """Compare d(output)/d(input) with the gradients of <seed, output> in PyTorch's convention."""
    # numerical: (inputs, directions, outputs); a gradient is sum over directions of direction * Re(conj(seed) * d)
    expected = []
    for at in range(numerical.shape[2]):
        for seed in (1.0, 1j) if complex_out else (1.0,):
            each = np.real(np.conj(seed) * numerical[:, :, at])
            expected.append(each[:, 0] + (1j * each[:, 1] if complex_in else 0))
    expected = np.stack(expected) if expected else np.zeros_like(analytical)
    return np.allclose(analytical, expected, rtol=tol[0], atol=tol[1], equal_nan=True)


def gradcheck(
    func,
    inputs,
    *,
    eps: float = 1e-6,
    atol: float = 1e-5,
    rtol: float = 1e-3,
    raise_exception: bool = True,
    nondet_tol: float = 0.0,
    check_undefined_grad: bool = True,
    check_grad_dtypes: bool = False,
    check_batched_grad: bool = False,
    check_batched_forward_grad: bool = False,
    check_forward_ad: bool = False,
    check_backward_ad: bool = True,
    fast_mode: bool = False,
    masked: bool | None = None,
) -> bool:
    """Compare a function's derivative with central differences of step `eps`.

    Args:
        func: takes the inputs, returns a tensor or several.
        inputs: a tensor or several; those that require grad are checked. Double precision is wanted.
        eps: the step of the differences.
        atol, rtol: the tolerances.
        raise_exception: raise rather than return False.

    Returns:
        Whether all derivatives agree.

    Raises:
        GradcheckError: they do not.
        ValueError: no input requires grad.
    """
    inputs = calls.listed(inputs)
    checked = [place for place, each in enumerate(inputs) if isinstance(each, TensorBase) and each.requires_grad]
    if not checked:
        raise ValueError(
            "gradcheck expects at least one input tensor to require gradient, but none of the them have requires_grad=True."
        )
    outputs = _outputs(func(*inputs))
    for place in checked:
        source = inputs[place]
        numerical = _numerical(func, inputs, place, eps)
        for number, output in enumerate(outputs):
            analytical = _analytical(output, source)
            if not _agree(numerical[number], analytical, output.is_complex(), source.is_complex(), (rtol, atol)):
                if raise_exception:
                    raise GradcheckError(
                        f"Jacobian mismatch for output {number} with respect to input {place},\n"
                        f"numerical:{numerical[number][:, 0]}\nanalytical:{analytical.T}\n"
                    )
                return False
    return True


def gradgradcheck(
    func, inputs, grad_outputs=None, *, eps=1e-6, atol=1e-5, rtol=1e-3, raise_exception=True, **flags
) -> bool:
    """Compare second derivatives with differences of first ones; arguments as for `gradcheck`.

    Args:
        grad_outputs: the gradients of the outputs; random ones by default.
    """
    inputs = calls.listed(inputs)
    if grad_outputs is None:
        draw = np.random.RandomState(0)
        grad_outputs = [
            TensorBase._wrap(value_of(draw.randn(*each.shape).astype(each.dtype.np))).requires_grad_()
            for each in _outputs(func(*inputs))
        ]
    grad_outputs = calls.listed(grad_outputs)
    count = len(inputs)

    def first_derivative(*given):
        sources = [each for each in given[:count] if isinstance(each, TensorBase) and each.requires_grad]
        found = calls.grad(_outputs(func(*given[:count])), sources, given[count:], create_graph=True, allow_unused=True)
        return tuple(each for each in found if each is not None)

    return gradcheck(
        first_derivative, [*inputs, *grad_outputs], eps=eps, atol=atol, rtol=rtol, raise_exception=raise_exception
    )


GradcheckError.__module__ = gradcheck.__module__ = gradgradcheck.__module__ = "torchlike.autograd.gradcheck"
