"""What the tests share: one lambda run on PyTorch and on torchlike, and the results compared.

check_op([(3, 4), (4,)], lambda torch, x, y: torch.add(x, y))
check_error([(3, 4), (5,)], lambda torch, x, y: x + y)
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pytest

import torchlike

# relative and absolute tolerance by dtype, as in `torch.testing.assert_close`; None is exact
TOLERANCES = {
    "float16": (1e-3, 1e-5),
    "bfloat16": (1.6e-2, 1e-5),
    "float32": (1.3e-6, 1e-5),
    "float64": (1e-7, 1e-7),
    "complex64": (1.3e-6, 1e-5),
    "complex128": (1e-7, 1e-7),
}
Input = tuple[int, ...] | np.ndarray | Any


def reference():
    """PyTorch; skips the test where it is not installed."""
    return pytest.importorskip("torch", reason="compares with PyTorch")


def check_op(
    inputs: Sequence[Input],
    fn: Callable,
    *,
    dtype: str = "float32",
    grad: bool = True,
    orders: int = 1,
    strides: bool = False,
    rtol: float | None = None,
    atol: float | None = None,
    seed: int = 0,
) -> None:
    """Run `fn(torch, *tensors)` on both libraries and compare what it returns.

    Compared are the structure of the result, and of each tensor in it the shape, dtype, values (NaNs are equal) and
    `requires_grad`; then the gradients of all floating point and complex inputs for random cotangents.

    Args:
        inputs: for each tensor its shape (then the elements are normal random numbers of `dtype`, from a fixed seed)
            or a NumPy array with its elements. Anything else is passed on as it is.
        dtype: the dtype of the random tensors.
        grad: whether to compare gradients.
        orders: how often to differentiate.
        strides: whether to compare strides, too.
        rtol, atol: tolerances that take the place of those of `TOLERANCES`.

    Raises:
        AssertionError: the libraries differ.
    """
    torch = reference()
    made = _arrays(inputs, dtype, seed)
    want, got = _run(torch, fn, made, grad), _run(torchlike, fn, made, grad)
    compare(want[0], got[0], "result", (rtol, atol), strides)
    if not grad or not want[1]:
        return
    for order in range(1, orders + 1):
        want, got = differentiate(torch, *want, seed), differentiate(torchlike, *got, seed)
        compare(want[0], got[0], f"gradient of order {order}", (rtol, atol), False)


def check_error(
    inputs: Sequence[Input], fn: Callable, *, dtype: str = "float32", text: bool = True, seed: int = 0
) -> None:
    """Run `fn(torch, *tensors)` on both libraries: both must raise the same type with the same first line of text.

    Args:
        inputs, dtype: see `check_op`.
        text: whether the texts must be the same, rather than the types alone.

    Raises:
        AssertionError: PyTorch raises nothing, or torchlike something else.
    """
    made = _arrays(inputs, dtype, seed)
    want, got = raised(reference(), fn, made), raised(torchlike, fn, made)
    assert want is not None, "PyTorch raises nothing"
    assert got is not None, f"torchlike raises nothing, PyTorch {want!r}"
    assert type(got).__name__ == type(want).__name__, f"torchlike raises {got!r}, PyTorch {want!r}"
    if text:
        texts = first_line(got), first_line(want)
        assert texts[0] == texts[1], "torchlike says {!r}, PyTorch {!r}".format(*texts)


def check_warning(inputs: Sequence[Input], fn: Callable, *, dtype: str = "float32", seed: int = 0) -> None:
    """`check_op` without gradients for a call that warns: both must warn with the same category and text."""
    made = _arrays(inputs, dtype, seed)
    pairs = []
    reference().set_warn_always(True)  # some warnings it gives but once
    try:
        for library in (reference(), torchlike):
            with warnings.catch_warnings(record=True) as caught:
                warnings.simplefilter("always")
                result = _run(library, fn, list(made), False)[0]
            told = [(each.category, str(each.message).split(" (Triggered")[0]) for each in caught]
            pairs.append((result, list(dict.fromkeys(told))))
    finally:
        reference().set_warn_always(False)
    (want, said), (got, heard) = pairs
    assert said, "PyTorch does not warn"
    assert heard == said, f"torchlike warns {heard}, PyTorch {said}"
    compare(want, got, "result", (None, None), False)


def tensor_of(library, array: np.ndarray):
    """A tensor of either library with these elements and this dtype."""
    if array.dtype.name == "bfloat16":
        return library.tensor(array.astype(np.float32)).to(library.bfloat16)
    return library.tensor(array)


def array_of(tensor) -> np.ndarray:
    """The elements of a tensor of either library; bfloat16 becomes float32, which holds the same numbers."""
    tensor = tensor.detach()
    if dtype_name(tensor) == "bfloat16":
        tensor = tensor.float()
    return np.asarray(tensor.numpy(force=True))


def dtype_name(tensor) -> str:
    """``"float32"``."""
    return str(tensor.dtype).removeprefix("torch.")


# ---------------------------------------------------------------------- inside


def _arrays(inputs: Sequence[Input], dtype: str, seed: int) -> list:
    random = np.random.default_rng(seed)
    return [_random(random, each, dtype) if _is_shape(each) else each for each in inputs]


def _is_shape(each) -> bool:
    return isinstance(each, tuple) and all(isinstance(size, int) for size in each)


def _random(random: np.random.Generator, shape: tuple[int, ...], dtype: str) -> np.ndarray:
    if dtype == "bool":
        return random.integers(0, 2, shape).astype(bool)
    if dtype.startswith("uint"):
        return random.integers(0, 10, shape).astype(dtype)
    if dtype.startswith("int"):
        return random.integers(-9, 10, shape).astype(dtype)
    drawn = np.asarray(random.standard_normal(shape))
    if dtype.startswith("complex"):
        drawn = drawn + 1j * random.standard_normal(shape)
    if dtype == "bfloat16":
        import ml_dtypes

        return drawn.astype(ml_dtypes.bfloat16)
    return drawn.astype(dtype)


def _run(library, fn: Callable, made: list, grad: bool) -> tuple:
    """(the result, the inputs that take gradients)."""
    leaves, args = [], []
    for each in made:
        if isinstance(each, np.ndarray):
            each = tensor_of(library, each.copy())
            if grad and (each.is_floating_point() or each.is_complex()):
                leaves.append(each.requires_grad_())
        args.append(each)
    return fn(library, *args), leaves


def differentiate(library, result, leaves: list, seed: int = 0) -> tuple:
    """(the gradients of the leaves, zeros where there are none; the leaves)."""
    random = np.random.default_rng(seed + 1)
    # drawn for all: which gradients can be differentiated again is a library's own affair
    drawn = [(each, _random(random, tuple(each.shape), dtype_name(each))) for each in tensors(library, result)]
    pairs = [(each, tensor_of(library, cotangent)) for each, cotangent in drawn if each.requires_grad]
    found = [None] * len(leaves)
    if pairs:
        targets, cotangents = zip(*pairs, strict=True)
        found = library.autograd.grad(targets, leaves, cotangents, create_graph=True, allow_unused=True)
    zeros = [library.zeros_like(each.detach()) for each in leaves]
    return [zero if each is None else each for each, zero in zip(found, zeros, strict=True)], leaves


def tensors(library, result) -> list:
    if isinstance(result, library.Tensor):
        return [result]
    if isinstance(result, dict):
        result = list(result.values())
    if isinstance(result, (tuple, list)):
        return [tensor for each in result for tensor in tensors(library, each)]
    return []


def raised(library, fn: Callable, made: Sequence = ()) -> Exception | None:
    """What `fn(library, *tensors)` raises, at the latest when its results are read."""
    try:
        result = _run(library, fn, list(made), False)[0]
        for each in tensors(library, result):
            each.tolist()
    except Exception as error:  # noqa: BLE001 - whichever it is, is what is compared
        return error
    return None


def first_line(error: Exception) -> str:
    """The first line of an error's text."""
    return (str(error).splitlines() or [""])[0]


def compare(want, got, where: str, tolerances: tuple, strides: bool = False) -> None:
    if isinstance(want, reference().Tensor):
        assert isinstance(got, torchlike.Tensor), f"{where}: {type(got).__name__}, expected a tensor"
        _compare_tensors(want, got, where, tolerances, strides)
    elif isinstance(want, (tuple, list)):
        assert isinstance(got, (tuple, list)) and len(got) == len(want), f"{where}: {got!r}, expected {want!r}"
        for place, pair in enumerate(zip(want, got, strict=True)):
            compare(*pair, f"{where}[{place}]", tolerances, strides)
    elif isinstance(want, dict):
        assert list(got) == list(want), f"{where}: keys {list(got)}, expected {list(want)}"
        for key in want:
            compare(want[key], got[key], f"{where}[{key!r}]", tolerances, strides)
    elif isinstance(want, (float, complex)):
        assert type(got) is type(want), f"{where}: {got!r}, expected {want!r}"
        np.testing.assert_allclose(got, want, rtol=tolerances[0] or 1e-6, atol=tolerances[1] or 1e-6, err_msg=where)
    elif isinstance(want, reference().dtype):
        assert str(got) == str(want), f"{where}: {got}, expected {want}"
    else:
        assert got == want, f"{where}: {got!r}, expected {want!r}"


def _compare_tensors(want, got, where: str, tolerances: tuple, strides: bool) -> None:
    assert tuple(got.shape) == tuple(want.shape), f"{where}: shape {tuple(got.shape)}, expected {tuple(want.shape)}"
    assert str(got.dtype) == str(want.dtype), f"{where}: {got.dtype}, expected {want.dtype}"
    if where.startswith("result"):
        assert got.requires_grad == want.requires_grad, f"{where}: requires_grad is {got.requires_grad}"
    if strides:
        assert tuple(got.stride()) == tuple(want.stride()), f"{where}: strides {got.stride()}, expected {want.stride()}"
    default = TOLERANCES.get(dtype_name(want), (0.0, 0.0))
    rtol, atol = (given if given is not None else own for given, own in zip(tolerances, default, strict=True))
    np.testing.assert_allclose(array_of(got), array_of(want), rtol=rtol, atol=atol, equal_nan=True, err_msg=where)
