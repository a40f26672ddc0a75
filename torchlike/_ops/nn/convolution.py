"""Convolutions over one, two and three dimensions, and their sliding blocks.

flax.linen.Conv wants channels last, from the outside in; `_formulations` writes them in `lax`, with channels last only
inside: transpositions between layers are put off. Measured on 2 cores, a step of the classic MNIST ConvNet, batch 64,
with the pooling of `pooling`: channels first 54 ms, channels last 36 ms, as products with gathered windows 60 ms, as
sums of shifted products 107 ms, channels last with the weight's gradient as shifted products 55 ms; channels last
without YNNPACK (see `torchlike._programs.settings`) 26 ms, as PyTorch.
"""

from __future__ import annotations

import jax.numpy as jnp

from torchlike._dispatch import op
from torchlike._ops._nodes import of_convolution
from torchlike._ops._promote import Array, Ints
from torchlike._ops.nn._checks import c_type, scalar_type, spread
from torchlike._ops.nn._formulations import Geometry, convolve, transposed


def _sizes(value, count: int, name: str) -> tuple[int, ...]:
    given = spread(value, count)
    if len(given) != count:
        raise RuntimeError(
            f"expected {name} to be a single integer value or a list of {count} values to match the convolution "
            f"dimensions, but got {name}={list(given)}"
        )
    return given


def _check_kinds(name: str, input: Array, weight: Array, bias: Array | None, dims: int) -> None:
    """What is asked first: the input's number of dimensions, and dtypes where PyTorch looks at them before shapes."""
    if input.ndim not in (dims + 1, dims + 2):
        raise RuntimeError(
            f"Expected {dims + 1}D (unbatched) or {dims + 2}D (batched) input to {name}, but got input of size: "
            f"{list(input.shape)}"
        )
    if bias is not None and bias.dtype != input.dtype:
        raise RuntimeError(f"Input type ({c_type(input)}) and bias type ({c_type(bias)}) should be the same")
    if input.dtype.kind == "c" and weight.dtype != input.dtype:
        of = f"Input type (CPU{scalar_type(input)}Type) and weight type (torch.{scalar_type(weight)}Tensor)"
        raise RuntimeError(f"{of} should be the same")


def _check(
    input: Array, weight: Array, bias: Array | None, groups: int, dims: int, settings: dict[str, Ints], transposed: bool
) -> list[tuple[int, ...]]:
    """What PyTorch asks of shapes and settings, in its order; gives the settings, for each dimension."""
    if groups <= 0:
        raise RuntimeError("non-positive groups is not supported")
    batched = input.shape if input.ndim == dims + 2 else (1, *input.shape)
    if weight.ndim < 3:
        raise RuntimeError("weight should have at least three dimensions")
    spread_over = {name: each if isinstance(each, tuple) else (each,) * dims for name, each in settings.items()}
    sizes = {name: _sizes(each, weight.ndim - 2, name) for name, each in spread_over.items()}
    _check_steps(**sizes)
    if weight.ndim != dims + 2:
        raise RuntimeError(
            f"Expected {weight.ndim}-dimensional input for {weight.ndim}-dimensional weight {list(weight.shape)}, but "
            f"got {len(batched)}-dimensional input of size {list(batched)} instead"
        )
    wanted = weight.shape[0] if transposed else weight.shape[1] * groups
    if weight.shape[0] < groups:
        raise RuntimeError(
            f"Given groups={groups}, expected weight to be at least {groups} at dimension 0, but got weight of size "
            f"{list(weight.shape)} instead"
        )
    if weight.shape[0] % groups:
        raise RuntimeError(
            f"Given groups={groups}, expected weight to be divisible by {groups} at dimension 0, but got weight of "
            f"size [{list(weight.shape)}] instead"
        )
    if batched[1] != wanted:
        given = f"transposed={int(transposed)}" if transposed else f"groups={groups}"
        raise RuntimeError(
            f"Given {given}, weight of size {list(weight.shape)}, expected input{list(batched)} to have {wanted} "
            f"channels, but got {batched[1]} channels instead"
        )
    made = weight.shape[1] * groups if transposed else weight.shape[0]
    if bias is not None and bias.shape != (made,):
        raise RuntimeError(
            f"Given {'transposed=1, ' if transposed else ''}weight of size {list(weight.shape)}, expected bias to be "
            f"1-dimensional with {made} elements, but got bias of size {list(bias.shape)} instead"
        )
    return [*sizes.values()]


def _check_weight(input: Array, weight: Array, dims: int) -> None:
    if weight.dtype != input.dtype:
        if input.ndim == dims + 2 and input.dtype.kind == "f":
            raise RuntimeError(f"Input type ({c_type(input)}) and weight type ({c_type(weight)}) should be the same")
        raise RuntimeError(f"expected scalar type {scalar_type(input)} but found {scalar_type(weight)}")


def _check_steps(
    stride: tuple[int, ...], padding: tuple[int, ...], dilation: tuple[int, ...], output_padding: tuple[int, ...] = ()
) -> None:
    if any(each < 0 for each in padding):
        raise RuntimeError("negative padding is not supported")
    if any(each < 0 for each in output_padding):
        raise RuntimeError("negative output_padding is not supported")
    if any(each <= 0 for each in stride):
        raise RuntimeError("non-positive stride is not supported")
    if any(each < 0 for each in dilation):
        raise RuntimeError("dilation should be greater than zero")


def _named_padding(padding: str, weight: Array, stride: Ints, dilation: Ints, dims: int) -> list[tuple[int, int]]:
    """How much is put before and after in each dimension for ``"valid"`` and ``"same"``."""
    if padding == "valid":
        return [(0, 0)] * dims
    if padding != "same":
        raise RuntimeError(f"Invalid padding string: '{padding}'")
    if any(each != 1 for each in spread(stride, dims)):
        raise RuntimeError("padding='same' is not supported for strided convolutions")
    totals = [d * (k - 1) for d, k in zip(spread(dilation, dims), weight.shape[2:], strict=False)]
    return [(each // 2, each - each // 2) for each in totals]


def _check_room(sizes: tuple[int, ...], pads: list, kernel: tuple[int, ...], dilation: tuple[int, ...]) -> None:
    padded = [size + sum(pad) for size, pad in zip(sizes, pads, strict=True)]
    reach = [d * (k - 1) + 1 for d, k in zip(dilation, kernel, strict=True)]
    if any(p < r for p, r in zip(padded, reach, strict=True)):
        raise RuntimeError(
            f"Calculated padded input size per channel: ({' x '.join(map(str, padded))}). Kernel size: "
            f"({' x '.join(map(str, reach))}). Kernel size can't be greater than actual input size"
        )


def _channels_last(run, input: Array, dims: int, bias: Array | None) -> Array:
    """Apply `run` to ``(N, *, C)`` and add the bias; back to ``(N, C, *)``, or ``(C, *)`` for a single sample."""
    single = input.ndim == dims + 1
    x = jnp.moveaxis(input[None] if single else input, 1, -1)
    y = run(x)
    y = jnp.moveaxis(y if bias is None else y + bias, -1, 1)
    return y[0] if single else y


def _convolved(name: str, dims: int, input, weight, bias, stride, padding, dilation, groups: int) -> Array:
    _check_kinds(name, input, weight, bias, dims)
    named = _named_padding(padding, weight, stride, dilation, dims) if isinstance(padding, str) else None
    settings = {"stride": stride, "padding": 0 if named is not None else padding, "dilation": dilation}
    stride, padding, dilation = _check(input, weight, bias, groups, dims, settings, False)
    pads = [(each, each) for each in padding] if named is None else named
    if min(dilation) == 0:
        got = [*[1] * (dims == 1), *dilation]  # PyTorch has one dimension as two
        raise RuntimeError(f"dilation should be greater than zero, but got {got}")
    _check_room(input.shape[-dims:], pads, weight.shape[2:], dilation)
    _check_weight(input, weight, dims)
    how = Geometry(stride, tuple(pads), dilation, groups)
    return _channels_last(lambda x: convolve(x, weight, how), input, dims, bias)


@op(grad_name=of_convolution)
def conv1d(
    input: Array,
    weight: Array,
    bias: Array | None = None,
    stride: Ints = 1,
    padding=0,
    dilation: Ints = 1,
    groups: int = 1,
) -> Array:
    """Cross-correlation over one dimension.

    Args:
        input: ``(N, C_in, L)`` or ``(C_in, L)``.
        weight: ``(C_out, C_in / groups, K)``.
        bias: ``(C_out)``.
        padding: zeros on both sides, or ``"valid"`` or ``"same"``.

    Returns:
        ``(N, C_out, L_out)``, ``L_out = (L + 2 padding - dilation (K - 1) - 1) // stride + 1``.

    Raises:
        RuntimeError: shapes, dtypes or settings do not fit.

    Example:
        >>> torch.conv1d(torch.arange(4.0).view(1, 1, 4), torch.tensor([[[1.0, 10.0]]]))
        tensor([[[10., 21., 32.]]])
    """
    return _convolved("conv1d", 1, input, weight, bias, stride, padding, dilation, groups)


@op(grad_name=of_convolution)
def conv2d(
    input: Array,
    weight: Array,
    bias: Array | None = None,
    stride: Ints = 1,
    padding=0,
    dilation: Ints = 1,
    groups: int = 1,
) -> Array:
    """Cross-correlation over two dimensions, ``(N, C_in, H, W)``; see `conv1d`.

    Example:
        >>> torch.conv2d(torch.arange(9.0).view(1, 1, 3, 3), torch.ones(1, 1, 2, 2))
        tensor([[[[ 8., 12.],
                  [20., 24.]]]])
    """
    return _convolved("conv2d", 2, input, weight, bias, stride, padding, dilation, groups)


@op(grad_name=of_convolution)
def conv3d(
    input: Array,
    weight: Array,
    bias: Array | None = None,
    stride: Ints = 1,
    padding=0,
    dilation: Ints = 1,
    groups: int = 1,
) -> Array:
    """Cross-correlation over three dimensions: ``(N, C_in, D, H, W)``; see `conv1d`.

    Example:
        >>> torch.conv3d(torch.ones(1, 1, 3, 3, 3), torch.ones(4, 1, 2, 2, 2), padding=1).shape
        torch.Size([1, 4, 4, 4, 4])
    """
    return _convolved("conv3d", 3, input, weight, bias, stride, padding, dilation, groups)


# ---------------------------------------------------------------------- transposed


def _transposed(name: str, dims: int, input, weight, bias, stride, padding, output_padding, groups, dilation) -> Array:
    _check_kinds(name, input, weight, bias, dims)
    settings = {"stride": stride, "padding": padding, "dilation": dilation, "output_padding": output_padding}
    stride, padding, dilation, more = _check(input, weight, bias, groups, dims, settings, True)
    _check_weight(input, weight, dims)
    if min(dilation) == 0:
        names = ("depth", "height", "width")[-max(dims, 2) :]
        got = ", ".join(map("dilation_{}: {}".format, names, (*[1] * (dims == 1), *dilation)))
        raise RuntimeError(f"dilation should be greater than zero, but got {got}")
    if any(m >= s and m >= d for m, s, d in zip(more, stride, dilation, strict=True)):
        raise RuntimeError(
            "output padding must be smaller than either stride or dilation, but got " + _named(more, stride, dilation)
        )
    sizes, lead = input.shape[-dims:], [1] * (dims == 1)
    out = [
        (size - 1) * s - 2 * p + d * (k - 1) + m + 1
        for size, s, p, d, k, m in zip(sizes, stride, padding, dilation, weight.shape[2:], more, strict=True)
    ]
    if min(out) < 1:
        shape, found = (" x ".join(map(str, (*lead, *each))) for each in (sizes, out))
        raise RuntimeError(
            f"Given input size per channel: ({shape}). Calculated output size per channel: ({found}). Output size is too "
            "small"
        )
    how = Geometry(stride, tuple((each, each) for each in padding), dilation, groups)
    return _channels_last(lambda x: transposed(x, weight, how, more), input, dims, bias)


def _named(more: tuple[int, ...], stride: tuple[int, ...], dilation: tuple[int, ...]) -> str:
    if len(more) == 1:  # PyTorch has one dimension as two
        more, stride, dilation = (0, *more), (1, *stride), (1, *dilation)
    names = ("depth", "height", "width")[3 - len(more) :]
    settings = (("output_padding", more), ("stride", stride), ("dilation", dilation))
    return " ".join(
        f"{setting}_{name}: {value}" for setting, values in settings for name, value in zip(names, values, strict=True)
    )


@op(grad_name=of_convolution)
def conv_transpose1d(
    input: Array,
    weight: Array,
    bias: Array | None = None,
    stride: Ints = 1,
    padding=0,
    output_padding: Ints = 0,
    groups: int = 1,
    dilation: Ints = 1,
) -> Array:
    """The transpose of `conv1d` as a linear map.

    Args:
        input: ``(N, C_in, L)`` or ``(C_in, L)``.
        weight: ``(C_in, C_out / groups, K)``.
        bias: ``(C_out)``.
        output_padding: additional size at the end of the result.

    Returns:
        ``(N, C_out, L_out)``, ``L_out = (L - 1) stride - 2 padding + dilation (K - 1) + output_padding + 1``.

    Raises:
        RuntimeError: shapes, dtypes or settings do not fit.

    Example:
        >>> torch.conv_transpose1d(torch.tensor([[[1.0, 2.0]]]), torch.tensor([[[1.0, 10.0]]]))
        tensor([[[ 1., 12., 20.]]])
    """
    return _transposed("conv_transpose1d", 1, input, weight, bias, stride, padding, output_padding, groups, dilation)


@op(grad_name=of_convolution)
def conv_transpose2d(
    input: Array,
    weight: Array,
    bias: Array | None = None,
    stride: Ints = 1,
    padding=0,
    output_padding: Ints = 0,
    groups: int = 1,
    dilation: Ints = 1,
) -> Array:
    """The transpose of `conv2d`: ``(N, C_in, H, W)`` and ``(C_in, C_out / groups, kH, kW)``; see `conv_transpose1d`.

    Example:
        >>> torch.conv_transpose2d(torch.ones(1, 1, 2, 2), torch.ones(1, 1, 2, 2))
        tensor([[[[1., 2., 1.],
                  [2., 4., 2.],
                  [1., 2., 1.]]]])
    """
    return _transposed("conv_transpose2d", 2, input, weight, bias, stride, padding, output_padding, groups, dilation)


@op(grad_name=of_convolution)
def conv_transpose3d(
    input: Array,
    weight: Array,
    bias: Array | None = None,
    stride: Ints = 1,
    padding=0,
    output_padding: Ints = 0,
    groups: int = 1,
    dilation: Ints = 1,
) -> Array:
    """The transpose of `conv3d`: ``(N, C_in, D, H, W)``; see `conv_transpose1d`.

    Example:
        >>> torch.conv_transpose3d(torch.ones(1, 4, 2, 2, 2), torch.ones(4, 1, 2, 2, 2), stride=2).shape
        torch.Size([1, 1, 4, 4, 4])
    """
    return _transposed("conv_transpose3d", 3, input, weight, bias, stride, padding, output_padding, groups, dilation)
