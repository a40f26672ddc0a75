"""Layers as a JAX user writes them, channels last, for the twins; weights under PyTorch's names."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

from ._setup import Weights

EPS, MOMENTUM = 1e-5, 0.1


def channels_last(weights: Weights, transposed: Sequence[str] = ()) -> dict[str, np.ndarray]:
    """The parameters, kernels as height, width, input, output; `transposed` names those of transposed convolutions."""
    params = {name: value for name, value in weights.items() if not _is_buffer(name)}
    for name, value in params.items():
        if value.ndim == 4:
            params[name] = value.transpose(2, 3, 0, 1) if name in transposed else value.transpose(2, 3, 1, 0)
    return params


def running(weights: Weights) -> dict[str, Any]:
    """The running means and variances of batch norms, as the carry of a twin."""
    kept = {name: value for name, value in weights.items() if name.rpartition(".")[2].startswith("running_")}
    return jax.tree.map(jnp.array, kept)


def _is_buffer(name: str) -> bool:
    return name.rpartition(".")[2] in ("running_mean", "running_var", "num_batches_tracked")


def images(data: Sequence[Sequence[np.ndarray]]) -> list[list[np.ndarray]]:
    """Batches whose arrays of 4 dimensions have their channels last."""
    return [[a.transpose(0, 2, 3, 1) if a.ndim == 4 else a for a in batch] for batch in data]


def linear(params: Weights, name: str, x: Any) -> Any:
    """A linear layer, with a bias where there is one."""
    y = x @ params[f"{name}.weight"].T
    return y + params[f"{name}.bias"] if f"{name}.bias" in params else y


def conv(params: Weights, name: str, x: Any, stride: int = 1, padding: int = 0, groups: int = 1) -> Any:
    """A convolution, with a bias where there is one."""
    y = lax.conv_general_dilated(
        x,
        params[f"{name}.weight"],
        (stride, stride),
        [(padding, padding)] * 2,
        dimension_numbers=("NHWC", "HWIO", "NHWC"),
        feature_group_count=groups,
    )
    return y + params[f"{name}.bias"] if f"{name}.bias" in params else y


def layer_norm(params: Weights, name: str, x: Any) -> Any:
    """A layer norm over the last dimension."""
    return jax.nn.standardize(x, epsilon=EPS) * params[f"{name}.weight"] + params[f"{name}.bias"]


def batch_norm(params: Weights, stats: dict[str, Any], name: str, x: Any) -> Any:
    """A batch norm in training; writes the new running mean and variance into `stats`."""
    mean, var = x.mean((0, 1, 2)), x.var((0, 1, 2))
    count = x.size // x.shape[-1]
    for key, value in (("running_mean", mean), ("running_var", var * (count / (count - 1)))):
        stats[f"{name}.{key}"] = (1 - MOMENTUM) * stats[f"{name}.{key}"] + MOMENTUM * lax.stop_gradient(value)
    return (x - mean) * lax.rsqrt(var + EPS) * params[f"{name}.weight"] + params[f"{name}.bias"]


def max_pool(x: Any, size: int) -> Any:
    """The maxima of squares that do not overlap."""
    window = (1, size, size, 1)
    return lax.reduce_window(x, -np.float32(np.inf), lax.max, window, window, "VALID")
