"""What PyTorch calls the node of an operation where that hangs on the call: its overload, or the last of several parts."""

from __future__ import annotations

from collections.abc import Callable

# a name in full, or a function of the call (`torchlike._declaration.Call`)
Name = str | Callable


def by_tensor(parameter: str, name: str, tensor: int = 1) -> Callable:
    """``<name>Backward1`` where the parameter was given a tensor, ``<name>Backward0`` for a number, or the other way."""
    return lambda call: f"{name}Backward{tensor if call.is_tensor(parameter) else 1 - tensor}"


def by_dim(name: str) -> Callable:
    """``<name>Backward1`` along dimensions, ``<name>Backward0`` over everything."""
    return lambda call: f"{name}Backward{'dim' in call.arguments:d}"


def by_reduction(each: Name) -> Callable:
    """The name of what reduces a loss, or that of its elements."""

    def name(call) -> str:
        reduction = call["reduction"]
        if reduction in ("mean", "sum"):
            return "MeanBackward0" if reduction == "mean" else "SumBackward0"
        return each(call) if callable(each) else each

    return name


def by_dims(name: str, batch: int = 2) -> Callable:
    """``<name>2DBackward0`` for images of two dimensions beside the batch and the channels."""
    return lambda call: f"{name}{call['input'].ndim - batch}DBackward0"


def of_product(left: str, right: str) -> Callable:
    """The last part of a product of vectors, matrices or batches."""

    def name(call) -> str:
        dims = call[left].ndim, call[right].ndim
        named = {(1, 1): "DotBackward0", (2, 1): "MvBackward0", (2, 2): "MmBackward0", (1, 2): "SqueezeBackward4"}
        return named.get(dims, "CloneBackward0" if dims[0] == 2 else "UnsafeViewBackward0")

    return name


def of_linear(call) -> str:
    """The last part of a linear map."""
    dims, biased = (call["input"].ndim, call["weight"].ndim), call["bias"] is not None
    if biased:
        return "AddmmBackward0" if dims == (2, 2) else "ViewBackward0" if dims[1] == 2 else "AddBackward0"
    return {(1, 1): "DotBackward0", (2, 1): "MvBackward0", (2, 2): "MmBackward0", (1, 2): "SqueezeBackward4"}.get(
        dims, "UnsafeViewBackward0"
    )


def of_cross_entropy(call) -> str:
    """The last part of a cross entropy: of classes, of probabilities, smoothed."""
    if call["target"].dtype.is_floating_point:
        return "DivBackward1" if call["reduction"] == "mean" else "NegBackward0"
    if call["label_smoothing"] not in (0, None):
        return "AddBackward0"
    return of_nll(call)


def of_nll(call) -> str:
    """The last part of a negative log likelihood: of vectors, or of images."""
    return "NllLossBackward0" if call["input"].ndim <= 2 else "NllLoss2DBackward0"


def of_pad(call) -> str:
    """The last part of padding with a tensor's own elements."""
    if call["mode"] == "circular":
        return "CopySlices"
    name = {"reflect": "ReflectionPad", "replicate": "ReplicationPad"}[call["mode"]]
    return f"{name}{len(call['pad']) // 2}DBackward0"


def of_interpolate(call) -> str:
    """The last part of resizing."""
    dims, mode = call["input"].ndim - 2, call["mode"]
    names = {"linear": ("Linear", "Bilinear", "Trilinear")[dims - 1], "cubic": "Bicubic"}
    name = names.get(mode) or {"nearest": "Nearest", "nearest-exact": "NearestExact"}[mode]
    return f"Upsample{name}{dims}D{'Aa' if call['antialias'] else ''}Backward0"


def of_convolution(call) -> str:
    """A convolution's last part; without a batch that is taking the dimension away again."""
    return "ConvolutionBackward0" if call["input"].ndim == call["weight"].ndim else "SqueezeBackward1"


def of_power(call) -> str:
    """Which of the overloads of a power."""
    if not call.is_tensor("input"):
        return "PowBackward2"
    return "PowBackward1" if call.is_tensor("exponent") else "PowBackward0"


def of_xlogy(name: str) -> Callable:
    """Which of the overloads of a product with a logarithm."""

    def chosen(call) -> str:
        if not call.is_tensor("input"):
            return f"{name}Backward1"
        return f"{name}Backward{0 if call.is_tensor('other') else 2}"

    return chosen


def of_matrix_norm(call) -> str:
    """The last part of a matrix norm."""
    order = call["ord"]
    if order == "fro":
        return "LinalgVectorNormBackward0"
    if order == "nuc":
        return "SumBackward1"
    return "AmaxBackward0" if order > 0 else "AminBackward0"


def of_matrix_power(call) -> str:
    """The last part of a matrix power."""
    n = call["n"]
    if n in (0, 1, -1):
        return {0: "CopyBackwards", 1: "CloneBackward0", -1: "LinalgInvExBackward0"}[n]
    return "MmBackward0" if call["A"].ndim == 2 else "UnsafeViewBackward0"


def of_squeeze(call) -> str:
    """Which of the overloads of `squeeze`."""
    dim = call["dim"]
    return f"SqueezeBackward{0 if dim is None else 2 if isinstance(dim, tuple) else 1}"


def of_unpool(call) -> str:
    """The last part of unpooling, which in one dimension is taking one away again."""
    dims = len(call["output_size"])
    return "SqueezeBackward1" if dims == 1 else f"MaxUnpool{dims}DBackward0"


def of_adaptive(call) -> str:
    """The last part of an adaptive mean, which over everything is a mean."""
    size = call["output_size"]
    sizes = size if isinstance(size, tuple) else (size,)
    dims = int(call.op.name[-2])
    return "MeanBackward1" if all(each == 1 for each in sizes) else f"AdaptiveAvgPool{dims}DBackward0"


def of_attention(call) -> str:
    """The last part of attention: the kernel's, or that of a product where there is none for the call."""
    if call["query"].ndim == 4 and call["seed"] is None:
        return "ScaledDotProductFlashAttentionForCpuBackward0"
    return "UnsafeViewBackward0"


def of_kl(call) -> str:
    """The last part of a Kullback-Leibler divergence."""
    if call["reduction"] == "batchmean":
        return "DivBackward0"
    return by_reduction("MulBackward0" if call["log_target"] else "SubBackward0")(call)


def of_clamp(call) -> str:
    """Which of the overloads of `clamp`."""
    return "ClampBackward0" if call.is_tensor("min") or call.is_tensor("max") else "ClampBackward1"


def of_mse(call) -> str:
    """A mean of squares, with weights a quotient of sums."""
    if call["weight"] is None:
        return "MseLossBackward0"
    return {"mean": "DivBackward0", "sum": "SumBackward0"}.get(call["reduction"], "MulBackward0")


def of_einsum(call) -> str:
    """The last part of a product over letters: the product itself, or what follows it."""
    operands, _, result = call["equation"].partition("->")
    summed = set(operands) - set(result) - {","}
    if "," not in operands:
        return "SumBackward1" if summed else "PermuteBackward0"
    return "ViewBackward0" if summed else "MulBackward0"


def of_cdist(call) -> str:
    """The last part of distances, which of many points are a product."""
    many = max(call["x1"].shape[-2], call["x2"].shape[-2]) > 25
    return "ViewBackward0" if many and call["p"] == 2 else "CdistBackward0"


def of_fill(call) -> str:
    """Which of the overloads of `fill` and `fill_`."""
    return f"FillBackward{2 * call.in_place + call.is_tensor('value')}"


def of_cell(call) -> str:
    """The last part of one step of a recurrent cell."""
    return {"GRU": "AddBackward0", "RNN_RELU": "ReluBackward0"}.get(call["mode"], "TanhBackward0")


def of_remainder(call) -> str:
    """Which of the overloads of `remainder`; that of a number by a tensor has no derivative."""
    return by_tensor("other", "Remainder")(call) if call.is_tensor("input") else "NotImplemented"


def of_scatter(call) -> str:
    """Which of the overloads of `scatter`; those that reduce have no derivative."""
    if call["reduce"] is not None:
        return "NotImplemented"
    return "ScatterBackward0" if call.is_tensor("src") else "ScatterBackward1"


def of_weight_norm(call) -> str:
    """PyTorch has one operation along the first and the last dimension."""
    is_outer = call["dim"] in (0, call["v"].ndim - 1)
    return "WeightNormInterfaceBackward0" if is_outer else "MulBackward0"
