"""Checks of derivatives against finite differences."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator
from typing import Any, cast

import numpy as np

from torchlike._autograd import calls
from torchlike._autograd.modes import no_grad
from torchlike._autograd.variable import TensorBase
from torchlike._recorder.recorder import value_of
from torchlike.autograd.function import Function
from torchlike.autograd.functional import jvp

_NOT_DOUBLE = (
    "Input #{} requires gradient and is not a double precision floating point or complex. This check will likely fail if "
    "all the inputs are not of double precision floating point or complex. "
)
_OVERLAPS = (
    "The {}th input has a dimension with stride 0. gradcheck only supports inputs that are non-overlapping to be able to "
    "compute the numerical gradients correctly. You should call .contiguous on the input before passing it to gradcheck."
)
_ANOTHER = "Expected `func` to return outputs with the same {what} when inputs are perturbed {where}by {eps}, but got: "
_NOT_REENTRANT = (
    "Backward is not reentrant, i.e., running backward with same input and grad_output multiple times gives different "
    "values, although analytical gradient matches numerical gradient.The tolerance for nondeterminism was {}."
)
_UNDEFINED = 'Expected {}. Please look at "Notes about undefined output gradients" in "tools/autograd/derivatives.yaml"'
_BREAKING = (
    "Backwards compatibility: New undefined gradient support checking feature is enabled by default, but it may break "
    "existing callers of this function. If this is true for you, you can call this function with "
    '"check_undefined_grad=False" to disable the feature'
)


class GradcheckError(RuntimeError):
    """Numerical and analytical derivatives differ."""


class _Undefined(Function):
    """Passes tensors on and no gradient back."""

    @staticmethod
    def forward(ctx: Any, given: Any):
        return given.clone()

    @staticmethod
    def backward(ctx: Any, *grad_outputs: Any) -> Any:
        return None


class _Check:
    """One function at one place, and how it is looked at.

    Args:
        func: gives a tuple of tensors.
        part: ``"real"`` or ``"imaginary"`` where only that of complex results is looked at.
        directions: for each checked input the directions of the differences, for each output the cotangents: all in turn,
            or one at random.
    """

    def __init__(self, func: Callable, inputs: tuple, eps: float, tolerances: tuple, part: str | None = None) -> None:
        self.func, self.inputs, self.eps = func, inputs, eps
        self.rtol, self.atol = tolerances
        self.part = part
        self.checked = [each for each in inputs if isinstance(each, TensorBase) and each.requires_grad]
        self.results = self._called()
        self.outputs = [each for each in self.results if each.requires_grad]

    def _called(self) -> tuple:
        found = _tuple(self.func(*self.inputs))
        if self.part is None:
            return found
        of = {"real": lambda each: each.real, "imaginary": lambda each: each.imag}[self.part]
        return tuple([of(each) if each.is_complex() else each for each in found])

    # ------------------------------------------------------------------ differences

    def numerical(self, source: Any, direction: np.ndarray, where: tuple | None) -> list[np.ndarray]:
        """How each output changes along a direction of an input, by central differences.

        Raises:
            AssertionError: an output changes its shape or dtype.
        """
        original = np.array(source.detach().numpy(force=True))
        parts = []
        try:
            for sign in (-1, 1):
                self._put(source, original + sign * self.eps * direction)
                parts.append([(each.dtype, np.array(each.detach().numpy(force=True))) for each in self._called()])
        finally:
            self._put(source, original)
        at = "" if where is None else f"on index {where} "
        for (before, low), (after, high) in zip(*parts, strict=True):
            if low.shape != high.shape:
                shapes = f"shapes {_size(low)} and {_size(high)}."
                raise AssertionError(_ANOTHER.format(what="shape", where=at, eps=self.eps) + shapes)
            if before is not after:
                raise AssertionError(
                    _ANOTHER.format(what="dtype", where=at, eps=self.eps) + f"dtypes {before} and {after}."
                )
        return [(high - low).reshape(-1) / (2 * self.eps) for (_, low), (_, high) in zip(*parts, strict=True)]

    @staticmethod
    def _put(source: Any, elements: np.ndarray) -> None:
        with no_grad():
            source.data.copy_(_tensor(elements.astype(source.dtype.np)))

    def columns(self, source: Any) -> list[np.ndarray]:
        """The derivative of each output, a row for each element of the input."""
        rows = []
        for where in np.ndindex(*source.shape):
            direction = np.zeros(tuple(source.shape), source.dtype.np)
            direction[where] = 1
            rows.append(self._along(source, direction, direction, where))
        count = len(self.results)
        empty = [np.zeros((0, each.numel())) for each in self.results]
        return [np.stack([row[number] for row in rows]) for number in range(count)] if rows else empty

    def _along(self, source: Any, real: np.ndarray, imaginary: np.ndarray, where: tuple | None) -> list[np.ndarray]:
        """The differences along a direction; of a complex input those of both its parts, as one complex number."""
        found = self.numerical(source, real, where)
        if not source.is_complex():
            return found
        return [a + 1j * b for a, b in zip(found, self.numerical(source, 1j * imaginary, where), strict=True)]

    # ------------------------------------------------------------------ derivatives

    def rows(self, output: Any, tolerance: float, check_dtypes: bool, cotangents: Any = None) -> list[np.ndarray]:
        """The gradients of each input for each cotangent of an output, as columns.

        Raises:
            GradcheckError: they have another size or dtype, or differ from run to run.
        """
        if cotangents is None:
            cotangents = np.eye(output.numel(), dtype=output.dtype.np)
        runs = [[self._gradients(output, each) for each in cotangents] for _ in range(2)]
        for row in runs[0]:
            for each, source in zip(row, self.checked, strict=True):
                if each is not None and each.shape != source.shape:
                    raise GradcheckError("Analytical gradient has incorrect size")
                if each is not None and each.dtype is not source.dtype and check_dtypes:
                    raise GradcheckError("Gradient has dtype mismatch")
        first, second = [[self._column(run, place) for place in range(len(self.checked))] for run in runs]
        if any(np.abs(a - b).max(initial=0) > tolerance for a, b in zip(first, second, strict=True)):
            raise GradcheckError(_NOT_REENTRANT.format(tolerance))
        return first

    def _gradients(self, output: Any, cotangent: np.ndarray) -> tuple:
        given = _tensor(cotangent.reshape(tuple(output.shape)))
        return calls.grad(output, self.checked, given, retain_graph=True, allow_unused=True)

    def _column(self, run: list, place: int) -> np.ndarray:
        source = self.checked[place]
        zeros = np.zeros(source.numel(), source.dtype.np)
        rows = [zeros if row[place] is None else np.array(row[place].detach().numpy(force=True)).ravel() for row in run]
        return np.stack(rows, 1) if rows else np.zeros((source.numel(), 0))

    # ------------------------------------------------------------------ comparisons

    def slow(self, tolerance: float, check_dtypes: bool) -> None:
        """Compare all elements.

        Raises:
            GradcheckError: they differ.
        """
        numerical = [self.columns(each) for each in self.checked]
        if not self.outputs:
            if any(block.any() for blocks in numerical for block in blocks):
                raise GradcheckError("Numerical gradient for function expected to be zero")
            return
        tracked = [place for place, each in enumerate(self.results) if each.requires_grad]
        for number, output in enumerate(self.outputs):
            analytical = self.rows(output, tolerance, check_dtypes)
            for place, block in enumerate(analytical):
                self._compare(block, numerical[place][tracked[number]], number, place, self.atol)

    def fast(self, tolerance: float, check_dtypes: bool) -> None:
        """Compare one number for each pair of an input and an output, along random directions.

        Raises:
            GradcheckError: they differ.
        """
        draw = np.random.default_rng()
        unit = lambda size: (drawn := draw.random(size)) / max(np.linalg.norm(drawn), 1e-300)
        tracked = [place for place, each in enumerate(self.results) if each.requires_grad]
        lines = [(unit(each.numel()), unit(each.numel())) for each in self.checked]
        numerical = []
        for source, (real, imaginary) in zip(self.checked, lines, strict=True):
            shape = tuple(source.shape)
            numerical.append(self._along(source, real.reshape(shape), imaginary.reshape(shape), None))
        if not tracked and any(np.abs(each).max(initial=0) > tolerance for row in numerical for each in row):
            raise GradcheckError("Numerical gradient for function expected to be zero")
        for number, output in enumerate(self.outputs):
            weights = unit(output.numel())
            cotangent = weights.astype(output.dtype.np)
            for place, block in enumerate(self.rows(output, tolerance, check_dtypes, cotangent[None])):
                real, imaginary = lines[place]
                is_complex = self.checked[place].is_complex()
                found = np.real(block[:, 0]) @ real + (1j * (np.imag(block[:, 0]) @ imaginary) if is_complex else 0)
                atol = self.atol * (real.sum() + (imaginary.sum() if is_complex else 0)) * weights.sum()
                self._compare(found, weights @ numerical[place][tracked[number]], number, place, atol)

    def forward(self) -> None:
        """Compare the derivatives along each direction of the inputs.

        Raises:
            GradcheckError: they differ.
        """
        for place, source in enumerate(self.checked):
            for number, block in enumerate(self._tangents(source)):
                self._compare(
                    block, self.columns(source)[number], number, place, self.atol, "computed with forward mode "
                )

    def _tangents(self, source: Any) -> list[np.ndarray]:
        def func(given: Any):
            return tuple(self.func(*[given if each is source else each for each in self.inputs]))

        rows = []
        for at in range(source.numel()):
            tangent = np.zeros(source.numel(), source.dtype.np)
            tangent[at] = 1
            found = jvp(func, source.detach(), _tensor(tangent.reshape(tuple(source.shape))))[1]
            rows.append([np.array(each.numpy(force=True)).ravel() for each in found])
        return [np.stack(column) for column in zip(*rows, strict=True)]

    def _compare(self, analytical: Any, numerical: Any, number: int, place: int, atol: float, mode: str = "") -> None:
        if np.allclose(analytical, numerical, self.rtol, atol):
            return
        of = self.part is not None and _tuple(self.func(*self.inputs))[number].is_complex()
        prefix = f"While considering the {self.part} part of complex outputs only, " if of else ""
        raise GradcheckError(
            f"{prefix}Jacobian {mode}mismatch for output {number} with respect to input {place},\n"
            f"numerical:{_tensor(np.asarray(numerical))}\nanalytical:{_tensor(np.asarray(analytical))}\n"
        )

    # ------------------------------------------------------------------ other properties

    def is_multiplied(self, masked: bool | None) -> None:
        """The derivative must be linear: zeros give zeros.

        Raises:
            GradcheckError: they do not.
        """
        zeros = [each.new_zeros(each.shape) for each in self.outputs]
        found = calls.grad(self.outputs, self.checked, zeros, allow_unused=True) if zeros else []
        for grad, source in zip(cast(list[Any], found), self.checked, strict=False):
            if grad is None:
                continue
            largest = np.abs(grad.detach().numpy(force=True)).max(initial=0)
            if largest > (1e-8 if masked else 0):
                raise GradcheckError("backward not multiplied by grad_output")
            for what in ("type", "device", "size"):
                got, known = (
                    getattr(each, {"type": "dtype", "size": "shape"}.get(what, what)) for each in (grad, source)
                )
                if got != known:
                    raise GradcheckError(f"grad is incorrect {what}")

    def takes_undefined(self) -> None:
        """Gradients that are not there must count as zeros.

        Raises:
            GradcheckError: they do not.
        """
        count = len(self.outputs)
        for missing in [range(count), *[[place] for place in range(count if count > 1 else 0)]]:
            outputs = [each for each in self._called() if each.requires_grad]
            outputs = [_Undefined.apply(each) if place in missing else each for place, each in enumerate(outputs)]
            zeros = [each.new_zeros(each.shape) for each in outputs]
            try:
                found = calls.grad(outputs, self.checked, zeros, allow_unused=True)
            except RuntimeError as error:
                warnings.warn(_BREAKING, stacklevel=4)
                raise GradcheckError(_UNDEFINED.format("backward function to handle undefined output grads")) from error
            if any(each is not None and each.detach().numpy(force=True).any() for each in found):
                warnings.warn(_BREAKING, stacklevel=4)
                expected = "all input grads to be undefined or zero when all output grads are undefined or zero"
                raise GradcheckError(_UNDEFINED.format(expected))

    def takes_batches(self) -> None:
        """Batches of cotangents must give what each of them gives.

        Raises:
            GradcheckError: they do not.
        """
        draw = np.random.default_rng()
        for number, output in enumerate(self.outputs):
            rows = draw.standard_normal((2, *output.shape)).astype(output.dtype.np)
            grads = lambda given, batched, of=output: calls.grad(
                of, self.checked, given, True, allow_unused=True, is_grads_batched=batched
            )
            together = grads(_tensor(rows), True)
            for place, (got, *each) in enumerate(
                zip(together, *[grads(_tensor(row), False) for row in rows], strict=True)
            ):
                if got is not None and not np.allclose(got.numpy(), np.stack([one.numpy() for one in each])):
                    raise GradcheckError(f"For output {number} and input {place}:\n\nGot:\n{got}\n\nExpected:\n{each}")


def _tuple(given: Any) -> tuple:
    return tuple(given) if isinstance(given, (tuple, list)) else (given,)


def _tensor(array: np.ndarray) -> Any:
    return TensorBase._wrap(value_of(np.array(array)))


def _size(array: np.ndarray) -> str:
    return f"torchlike.Size({list(array.shape)})"


def _check_inputs(inputs: tuple) -> None:
    found = False
    for place, each in enumerate(inputs):
        if not isinstance(each, TensorBase) or not each.requires_grad:
            continue
        if each.dtype.name not in ("float64", "complex128"):
            warnings.warn(_NOT_DOUBLE.format(place), stacklevel=4)
        if any(stride <= 0 and size > 1 for stride, size in zip(each.stride(), each.shape, strict=True)):
            raise RuntimeError(_OVERLAPS.format(place))
        found = True
    if not found:
        raise ValueError(
            "gradcheck expects at least one input tensor to require gradient, but none of them have requires_grad=True."
        )


def gradcheck(
    func: Callable[..., Any],
    inputs: Any,
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
        nondet_tol: how much two runs of the derivative may differ.
        check_undefined_grad: whether gradients that are not there must count as zeros.
        check_grad_dtypes: whether a gradient must have its input's dtype.
        check_batched_grad, check_batched_forward_grad: whether to check batches of cotangents.
        check_forward_ad: whether to check derivatives along directions of the inputs, too.
        check_backward_ad: whether to check gradients.
        fast_mode: compare along one random direction rather than along all.
        masked: whether a gradient of zeros may be nearly zero.

    Returns:
        Whether all derivatives agree.

    Raises:
        AssertionError: options that do not go together.
        GradcheckError: the derivatives do not agree.
        ValueError: no input requires grad.
    """
    if not (check_forward_ad or check_backward_ad):
        raise AssertionError("Expected at least one of check_forward_ad or check_backward_ad to be True")
    if check_batched_grad and not check_backward_ad:
        raise AssertionError("Setting check_batched_grad=True requires check_backward_ad to be True")
    if check_batched_forward_grad and not check_forward_ad:
        raise AssertionError("Setting check_batched_forward_grad=True requires check_forward_ad to be True")
    inputs = _tuple(inputs)
    _check_inputs(inputs)
    try:
        whole = _Check(func, inputs, eps, (rtol, atol))
        for each in _parts(whole) if check_backward_ad else ():
            (each.fast if fast_mode else each.slow)(nondet_tol, check_grad_dtypes)
        if check_forward_ad:
            whole.forward()
        if check_backward_ad:
            if check_batched_grad:
                whole.takes_batches()
            whole.is_multiplied(masked)
            if check_undefined_grad:
                whole.takes_undefined()
    except GradcheckError:
        if raise_exception:
            raise
        return False
    return True


def _parts(whole: _Check) -> Iterator[_Check]:
    """The check itself, or one for each part of complex results."""
    if not any(each.is_complex() for each in whole.results):
        yield whole
        return
    for part in ("imaginary", "real"):
        yield _Check(whole.func, whole.inputs, whole.eps, (whole.rtol, whole.atol), part)


def gradgradcheck(
    func: Callable[..., Any],
    inputs: Any,
    grad_outputs: Any = None,
    *,
    eps: float = 1e-6,
    atol: float = 1e-5,
    rtol: float = 1e-3,
    gen_non_contig_grad_outputs: bool = False,
    raise_exception: bool = True,
    nondet_tol: float = 0.0,
    check_undefined_grad: bool = True,
    check_grad_dtypes: bool = False,
    check_batched_grad: bool = False,
    check_fwd_over_rev: bool = False,
    check_rev_over_rev: bool = True,
    fast_mode: bool = False,
    masked: bool = False,
) -> bool:
    """Compare second derivatives with differences of first ones; arguments as for `gradcheck`.

    Args:
        grad_outputs: the gradients of the outputs; random ones by default.
        gen_non_contig_grad_outputs: whether these do not lie in memory in order.
        check_fwd_over_rev, check_rev_over_rev: as `check_forward_ad` and `check_backward_ad`, for the derivative.
    """
    if not (check_fwd_over_rev or check_rev_over_rev):
        raise AssertionError("Expected at least one of check_fwd_over_rev or check_rev_over_rev to be True")
    if check_undefined_grad and not check_rev_over_rev:
        raise AssertionError("Setting check_undefined_grad=True requires check_rev_over_rev to be True")
    if check_batched_grad and not check_rev_over_rev:
        raise AssertionError("Setting check_batched_grad=True requires check_rev_over_rev to be True")
    inputs = _tuple(inputs)
    if grad_outputs is None:
        outputs = [each for each in _tuple(func(*inputs)) if each.requires_grad]
        grad_outputs = [_random_like(each, gen_non_contig_grad_outputs) for each in outputs]
    grad_outputs, count = _tuple(grad_outputs), len(inputs)
    sources = [place for place, each in enumerate(inputs) if isinstance(each, TensorBase) and each.requires_grad]

    def first_derivative(*given: Any):
        outputs = [each for each in _tuple(func(*given[:count])) if each.requires_grad]
        wanted = [given[place] for place in sources]
        found = calls.grad(outputs, wanted, given[count:], create_graph=True, allow_unused=True)
        return tuple([each for each in found if each is not None])

    return gradcheck(
        first_derivative,
        (*inputs, *grad_outputs),
        eps=eps,
        atol=atol,
        rtol=rtol,
        raise_exception=raise_exception,
        nondet_tol=nondet_tol,
        check_undefined_grad=check_undefined_grad,
        check_grad_dtypes=check_grad_dtypes,
        check_batched_grad=check_batched_grad,
        fast_mode=fast_mode,
        check_forward_ad=check_fwd_over_rev,
        check_backward_ad=check_rev_over_rev,
        masked=masked,
    )


def _random_like(output: Any, apart: bool):
    """A random gradient for an output, in double precision where that has none; perhaps every second of its elements."""
    draw, shape = np.random.default_rng(), tuple(output.shape)
    drawn = draw.uniform(-1, 1, (*shape, 2) if apart else shape)
    if output.is_complex():
        drawn = drawn + 1j * draw.uniform(-1, 1, drawn.shape)
    made = _tensor(drawn.astype(output.dtype.np))
    return (made[..., 0] if apart else made).detach().requires_grad_()


GradcheckError.__module__ = gradcheck.__module__ = gradgradcheck.__module__ = "torchlike.autograd.gradcheck"
