"""How each family of operations lays out its results in memory.

An operation computes its results in order, whatever lies where. What is decided here is what is said of their memory:
strides, which shapes are views, what NumPy sees. It is asked only where an input is a view, and of the operations whose
results have an order of their own.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import jax.numpy as jnp
import numpy as np

from torchlike._arguments import ARRAY, LIKE
from torchlike._programs.aval import Aval
from torchlike._recorder.view import Layout
from torchlike._strides.orders import (
    Strides,
    after,
    broadcast,
    columns,
    dense,
    in_channels_last,
    in_format,
    iterated,
    looks_channels_last,
    preserved,
    reduced,
    spread,
)
from torchlike._types.formats import preserve_format


class Given(NamedTuple):
    """What a rule looks at.

    Attributes:
        call: the arguments, a `torchlike._declaration.Call`.
        inputs: the layouts of the tensors, by input; None for a number.
        outputs: the results' avals.
    """

    call: Any
    inputs: Sequence[Layout | None]
    outputs: Sequence[Aval]

    def of(self, name: str) -> Layout | None:
        """The layout of an argument; None where that is no tensor."""
        place = self.call.place(name)
        return None if place is None else self.inputs[place]

    @property
    def first(self) -> Layout:
        """The layout of the first tensor."""
        return next(each for each in self.inputs if each is not None)

    @property
    def tensors(self) -> list[Layout]:
        """The layouts of all tensors."""
        return [each for each in self.inputs if each is not None]

    @property
    def operands(self) -> list[Layout]:
        """The layouts of the tensors, and of numbers where there might be one: tensors without dimensions.

        What is of another dtype than is computed in is converted first: a copy without gaps.
        """
        common, found = self._common, []
        for name, kind in self.call.op.kinds.items():
            place = self.call.place(name)
            if place is not None and kind in (ARRAY, LIKE):
                layout = self.inputs[place]
                if layout is not None and self.call.kinds[place].dtype.np != common and name != "condition":
                    layout = layout._replace(strides=preserved(layout))
                found.append(layout or NUMBER)
        return found

    @property
    def _common(self) -> np.dtype:
        """The dtype that is computed in."""
        if self.outputs[0].dtype.rank:
            return self.outputs[0].dtype.np
        known = [each for each in self.call.kinds if not isinstance(each, type)]
        return functools.reduce(
            jnp.promote_types, [each.dtype.np for each in [each for each in known if each.ndim] or known]
        )


Rule = Callable[[Given], list[Strides]]
NUMBER = Layout((), ())


# ---------------------------------------------------------------------- element by element


def _elementwise(given: Given) -> list[Strides]:
    operands = given.operands
    return [iterated(each.shape, operands) for each in given.outputs]


def _without_numbers(given: Given) -> list[Strides]:
    return [iterated(given.outputs[0].shape, given.tensors)]


def _finite(given: Given) -> list[Strides]:
    """As PyTorch writes it: ``(x == x) * (abs(x) != inf)``."""
    same = after(given.first)
    return [after(same, after(same, NUMBER)).strides]


def _scaled(given: Given) -> list[Strides]:
    """A function of a tensor that is multiplied by a number, and so is what it gives."""
    return [after(after(after(given.first, NUMBER)), NUMBER).strides]


def _powers(given: Given) -> list[Strides]:
    return [None] if given.of("input") is None else _without_numbers(given)


def _float_powers(given: Given) -> list[Strides]:
    if given.of("input") is None:
        return [None]
    copies = [each._replace(strides=preserved(each)) for each in given.tensors]
    return [iterated(given.outputs[0].shape, copies)]


def _channel_weights(given: Given) -> list[Strides]:
    """One of weights for each channel, which lie along the second dimension."""
    input, weight = given.tensors
    count = weight.shape[0] if weight.shape else 1
    shape = [count if dim == 1 else 1 for dim in range(len(input.shape))]
    return [iterated(input.shape, [input, Layout.contiguous(tuple(shape))])]


def _halves(given: Given) -> list[Strides]:
    half = given.first._replace(shape=given.outputs[0].shape)
    return [iterated(half.shape, [half, half])]


def _masked(given: Given) -> list[Strides]:
    """A tensor times a mask made in its likeness."""
    mask = given.first._replace(strides=preserved(given.first))
    return [iterated(mask.shape, [given.first, mask])]


def _channels_masked(given: Given) -> list[Strides]:
    shape = given.first.shape
    return [iterated(shape, [given.first, Layout.contiguous(shape[:2] + (1,) * (len(shape) - 2))])]


def _like_first(given: Given) -> list[Strides]:
    return [preserved(given.first)] * len(given.outputs)


def _copied(given: Given) -> list[Strides]:
    form = given.call["memory_format"]
    return [preserved(given.first) if form in (None, preserve_format) else in_format(given.outputs[0].shape, form)]


# ---------------------------------------------------------------------- of shapes that change


def _suggested(given: Given) -> list[Strides]:
    """Channels last where the first tensor looks so."""
    return [in_channels_last(each.shape, given.first) for each in given.outputs]


def _suggested_unless_in_order(given: Given) -> list[Strides]:
    return [None] * len(given.outputs) if given.first.is_contiguous else _suggested(given)


def _suggested_of_powers(given: Given) -> list[Strides]:
    shape = given.outputs[0].shape
    found = in_channels_last(shape, after(given.first))
    return [found and after(Layout(shape, found)).strides]


def _suggested_of_rows(given: Given) -> list[Strides]:
    return [_of_rows(given.outputs[0].shape, given.first)] * len(given.outputs)


def _of_rows(shape: tuple[int, ...], given: Layout) -> Strides:
    """Channels last for rows, which are images of one row each."""
    found = in_channels_last((*shape[:-1], 1, shape[-1]), spread(given, len(given.shape) - 1))
    return found and (*found[:-2], found[-1])


def _padded(given: Given) -> list[Strides]:
    return [None] if given.call["mode"] == "circular" else _suggested(given)


def _convolved(given: Given) -> list[Strides]:
    found = [in_channels_last(given.outputs[0].shape, given.of(name)) for name in ("input", "weight")]
    return [found[0] or found[1] if _is_in_library(given) else None]


def _convolved_rows(given: Given) -> list[Strides]:
    """By the weight alone: rows are put in order first."""
    return [_of_rows(given.outputs[0].shape, given.of("weight"))]


def _is_in_library(given: Given) -> bool:
    """Whether a convolution in three dimensions is oneDNN's, and no small one."""
    (batch, *rest), kernel = given.of("input").shape, given.of("weight").shape[2:]
    large = batch > 1 or min(kernel[-2:]) > 3 or given.call["groups"] > 1 or batch * math.prod(rest[:3]) > 20480
    return len(kernel) < 3 or (large and given.outputs[0].dtype.itemsize < 8)


def _concatenated(given: Given) -> list[Strides]:
    """Channels last where all tensors look so, but those that have no elements for being vectors."""
    found = [in_channels_last(given.outputs[0].shape, each) for each in given.tensors if each.shape != (0,)]
    return [found[0] if found and None not in found else None]


def _stacked(given: Given) -> list[Strides]:
    """Concatenated, and the dimension cut; a last dimension is new."""
    shape, dim = given.outputs[0].shape, given.call["dim"] % len(given.outputs[0].shape)
    if dim == len(shape) - 1:
        return [in_channels_last(shape, spread(given.first, dim))]
    whole = (*shape[:dim], shape[dim] * shape[dim + 1], *shape[dim + 2 :])
    found = [in_channels_last(whole, each) for each in given.tensors]
    steps = found[0] if None not in found and not Layout(whole, found[0]).is_contiguous else None
    return [steps and (*steps[:dim], steps[dim] * shape[dim + 1], *steps[dim:])]


def _differences(given: Given) -> list[Strides]:
    return [iterated(given.outputs[0].shape, [given.first._replace(shape=given.outputs[0].shape)])]


def _by_columns(*places: int) -> Rule:
    """The rule of those results that LAPACK gives, column after column."""
    return lambda given: [columns(each.shape) if at in places else None for at, each in enumerate(given.outputs)]


def _solved(given: Given) -> list[Strides]:
    return [columns(given.outputs[0].shape) if given.call["left"] else None]


def _power_of_matrix(given: Given) -> list[Strides]:
    return [columns(given.first.shape) if given.call["n"] == -1 else None]


def _turned(given: Given) -> list[Strides]:
    """Flipped, and transposed for odd turns."""
    turns, steps = given.call["k"] % 4, list(preserved(given.first))
    if turns % 2:
        one, two = [dim % len(steps) for dim in given.call["dims"]]
        steps[one], steps[two] = steps[two], steps[one]
    return [tuple(steps) if turns else None]


def _quantiles(given: Given) -> list[Strides]:
    """Several quantiles are the last dimension, which is moved to the front."""
    shape = given.outputs[0].shape
    return [dense(shape, (*range(1, len(shape)), 0)) if given.of("q").shape else None]


def _indexed(given: Given) -> list[Strides]:
    input, *indices = given.tensors
    return [indexed(given.outputs[0].shape, given.call["where"], input, indices)]


def indexed(shape: tuple[int, ...], where: Sequence[bool], input: Layout, indices: Sequence[Layout]) -> Strides:
    """The strides of elements at index tensors: an iteration in which the input has stride 0 where it is indexed.

    Args:
        shape: of the result.
        where: which dimensions of the input have an index.
    """
    dims = [dim for dim, is_one in enumerate(where) if is_one]
    rest = [dim for dim in range(len(input.shape)) if dim not in dims]
    lead = dims[0] if dims == [*range(dims[0], dims[-1] + 1)] else 0
    count = len(shape) - len(rest)
    steps = [input.strides[dim] for dim in rest]
    tail = (1,) * (len(rest) - lead)
    places = shape[lead : lead + count]
    spelled = [Layout(places + tail, broadcast(each, places) + tail) for each in indices]
    source = Layout(shape, (*steps[:lead], *[0] * count, *steps[lead:]))
    return iterated(shape, [source, *spelled])


def _normalized(given: Given) -> list[Strides]:
    """Divided by a norm along dimensions, expanded."""
    shape, dim = given.first.shape, given.call["dim"]
    return [iterated(shape, [given.first, Layout(shape, broadcast(reduced(shape, dim), shape))])]


def _root_mean_square(given: Given) -> list[Strides]:
    shape = given.first.shape
    if looks_channels_last(given.first):
        dims = range(len(shape) - len(given.call["normalized_shape"]), len(shape))
        return [iterated(shape, [given.first, reduced(shape, dims)])]
    return [given.first.strides if given.first.is_contiguous else None]


def _unraveled(given: Given) -> list[Strides]:
    """Beside the steps of each dimension, which are a row in a last dimension."""
    shape, strides = given.outputs[0].shape, given.first.strides
    return [iterated(shape, [Layout(shape, (*strides, 0)), Layout(shape, (*[0] * len(strides), 1))])]


def _beside_one_in_order(given: Given) -> list[Strides]:
    return [iterated(given.first.shape, [given.first, Layout.contiguous(given.first.shape)])]


def _rolled(given: Given) -> list[Strides]:
    return _suggested(given) if given.call["dims"] is not None else [None]


def _unreduced(rule: Rule) -> Rule:
    """The rule of a loss, which holds where it is not reduced."""
    return lambda given: rule(given) if given.call["reduction"] == "none" else [None]


def _by_target(given: Given) -> list[Strides]:
    return [iterated(given.outputs[0].shape, [given.of("target"), given.of("input")])]


def _by_scaled_target(given: Given) -> list[Strides]:
    return [iterated(given.outputs[0].shape, [given.of("target"), given.of("input"), NUMBER])]


def _spectra(given: Given) -> list[Strides]:
    """Each transform puts the dimensions that it goes along last, in the order in which they lie in memory."""
    call, shape, name = given.call, given.outputs[0].shape, given.call.op.body.__name__
    dim, sizes = call["dim"], call.arguments.get("s", call.arguments.get("n"))
    sizes = (sizes,) if isinstance(sizes, int) else sizes
    if dim is None:
        dim = range(len(shape) - len(sizes or shape), len(shape))
    dims = [each % len(shape) for each in ((dim,) if isinstance(dim, int) else dim)]
    steps = [dims]
    if name in ("irfftn", "hfftn"):
        steps = [dims[:-1], dims[-1:]]
    elif name == "ihfftn":
        steps = [dims[-1:], dims[:-1]]
    wanted = [*(sizes or ())]
    if wanted and name in ("irfft", "hfft", "irfftn", "hfftn"):
        wanted[-1] = wanted[-1] // 2 + 1
    strides = given.first.strides
    if any(given.first.shape[each] < size for each, size in zip(dims, wanted, strict=False)):
        strides = Layout.contiguous(shape).strides  # what is filled up is copied
    inner = dims[-1:] if name == "rfftn" else []
    for along in filter(None, steps):
        order = sorted(range(len(shape)), key=lambda each: (each in inner, each in along, -strides[each], each))  # noqa: B023
        strides = dense(shape, order)
    return [strides]


# ---------------------------------------------------------------------- which operation has which


_OF_LAPACK: dict[Rule, str] = {
    _by_columns(0): "inv cholesky legacy_cholesky cholesky_inverse solve_triangular cholesky_solve lstsq_of",
    _by_columns(1): "eigh eig",
    _by_columns(0, 1): "qr",
    _by_columns(0, 2): "svd",
}
_FAMILIES: dict[Rule, str] = {
    **_OF_LAPACK,
    _solved: "solve",
    _power_of_matrix: "matrix_power",
    _elementwise: "complex polar where_between",
    _without_numbers: "clamp clamp_min clamp_max lerp",
    _finite: "isfinite",
    _scaled: "ndtr",
    _powers: "power",
    _float_powers: "float_power",
    _channel_weights: "prelu",
    _halves: "glu",
    _masked: "dropout alpha_dropout",
    _channels_masked: "feature_dropout feature_alpha_dropout",
    _like_first: """
        deg2rad rad2deg nan_to_num isreal relu6 hardtanh frexp flip fliplr flipud sort argsort msort
        index_fill index_put_by mask_put put select_scatter slice_scatter diagonal_scatter
    """,
    _unreduced(_elementwise): "l1_loss mse_loss smooth_l1_loss poisson_nll_loss gaussian_nll_loss soft_margin_loss",
    _unreduced(_like_first): "binary_cross_entropy huber_loss",
    _unreduced(_by_target): "kl_div hinge_embedding_loss",
    _unreduced(_by_scaled_target): "binary_cross_entropy_with_logits",
    _suggested: """
        avg_pool2d max_pool2d max_pool3d max_pool2d_with_indices max_pool3d_with_indices adaptive_avg_pool2d
        adaptive_max_pool2d max_unpool interpolate group_norm constant_pad channel_shuffle
        pixel_shuffle pixel_unshuffle
    """,
    _rolled: "roll",
    _unraveled: "unravel_places",
    _suggested_unless_in_order: "batch_norm batch_norm_with_update",
    _suggested_of_powers: "lp_pool2d",
    _suggested_of_rows: "avg_pool1d lp_pool1d adaptive_avg_pool1d adaptive_max_pool1d",
    _padded: "pad_with_own",
    _convolved: "conv2d conv3d conv_transpose2d conv_transpose3d",
    _convolved_rows: "conv1d conv_transpose1d",
    _concatenated: "cat hstack vstack dstack column_stack",
    _stacked: "stack",
    _differences: "diff",
    _turned: "rot90",
    _quantiles: "quantile_of",
    _indexed: "index_by",
    _normalized: "normalize",
    _root_mean_square: "rms_norm",
    _beside_one_in_order: "local_response_norm",
    _spectra: "fft ifft rfft irfft hfft half_spectrum fftn ifftn rfftn irfftn hfftn ihfftn",
    _copied: "clone to_dtype",
}
RULES: dict[str, Rule] = {name: rule for rule, names in _FAMILIES.items() for name in names.split()}
# the rules that give an order of their own to results of contiguous inputs
OWN = {_turned, _quantiles, _spectra, _solved, _power_of_matrix, *_OF_LAPACK}
# the files whose operations work element by element, but for those named above, and these, whose results lie in order
_BY_ELEMENT = {
    f"torchlike._ops.{name}"
    for name in """
        arithmetic bessel bitwise bounds comparison exponential nn.activations polynomials powers rounding special
        trigonometric
    """.split()
}
_IN_ORDER = set("all_close all_equal isin logsigmoid log_softmax mvlgamma softmax softmin".split())
_WALKED = {"copy", "deg2rad", "nan_to_num", "rad2deg"}


def rule_of(body: Callable) -> Rule | None:
    """How the operation with this body lays out its results; None if in order."""
    name = body.__name__
    return RULES.get(name) or (_elementwise if body.__module__ in _BY_ELEMENT and name not in _IN_ORDER else None)


def is_elementwise(body: Callable) -> bool:
    """Whether a result at a place goes by what the inputs have there, and by nothing else."""
    rule = rule_of(body)
    by_element = (_elementwise, _without_numbers, _finite, _scaled, _powers, _float_powers)
    return rule in by_element or body.__name__ in _WALKED
