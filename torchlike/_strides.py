"""Where the elements of results lie in memory: which operations keep the order of their inputs, by which of PyTorch's rules.

An operation computes its results in order, whatever lies where. What is decided here is what is said of their memory:
strides, which shapes are views, what NumPy sees. It is asked only where an input is not contiguous, and of the operations
whose results have an order of their own.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import jax.numpy as jnp
import numpy as np

from torchlike._arguments import ARRAY, LIKE
from torchlike._autograd.variable import TensorBase
from torchlike._programs.aval import Aval
from torchlike._programs.spec import Spec
from torchlike._recorder.view import Layout, Place, View
from torchlike._types.formats import (
    channels_last,
    channels_last_3d,
    channels_last_order,
    memory_format,
    preserve_format,
)

Strides = tuple[int, ...] | None  # None: in order


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


NUMBER = Layout((), ())


# ---------------------------------------------------------------------- orders of dimensions


def iterated(shape: tuple[int, ...], operands: Sequence[Layout]) -> Strides:
    """The strides of a result that PyTorch's TensorIterator makes, which goes through memory as its operands lie there."""
    if all(each.shape == shape for each in operands):
        if all(each.is_contiguous for each in operands):
            return None
        if len(shape) == 4 and all(is_channels_last(each) for each in operands):
            return dense(shape, channels_last_order(4))
        if all(each.is_dense and each.strides == operands[0].strides for each in operands):
            return operands[0].strides
    order = sorted_dims(shape, [_broadcast(each, shape) for each in operands])
    return None if order == [*range(len(shape))] else dense(shape, order)


def after(*operands: Layout) -> Layout:
    """The layout of what TensorIterator makes of operands of one shape, and of numbers."""
    shape = operands[0].shape
    return Layout(shape, iterated(shape, operands) or Layout.contiguous(shape).strides)


def preserved(given: Layout) -> Strides:
    """The strides of a copy in ``torch.preserve_format``."""
    if given.is_contiguous or given.is_dense:
        return given.strides
    return dense(given.shape, sorted_dims(given.shape, [given.strides]))


def dense(shape: Sequence[int], order: Sequence[int]) -> Strides:
    """The strides of elements without gaps, for the dimensions from the outermost inwards."""
    strides, step = [0] * len(shape), 1
    for dim in reversed(order):
        strides[dim] = step
        step *= shape[dim]
    return tuple(strides)


def sorted_dims(shape: Sequence[int], operands: Sequence[Sequence[int]]) -> list[int]:
    """The dimensions from the outermost inwards: by the strides of the first operand that tells two of them apart.

    It is an insertion sort, as PyTorch's is: what comes of comparisons that contradict each other depends on it.
    """
    inwards = [*reversed(range(len(shape)))]
    for place in range(1, len(inwards)):
        for before in reversed(range(place)):
            found = _compared(shape, operands, inwards[before], inwards[place])
            if found < 0:
                break
            if found > 0:
                inwards[before], inwards[place] = inwards[place], inwards[before]
                place = before
    return inwards[::-1]


def _compared(shape: Sequence[int], operands: Sequence[Sequence[int]], inner: int, outer: int) -> int:
    """1 if two dimensions are to be swapped, -1 if not, 0 if nothing tells."""
    for strides in operands:
        one, two = strides[inner], strides[outer]
        if one and two:
            if one != two:
                return -1 if one < two else 1
            if shape[inner] > shape[outer]:
                return 1
    return 0


def _broadcast(given: Layout, shape: tuple[int, ...]) -> tuple[int, ...]:
    """The strides of a tensor expanded to a shape."""
    lead = len(shape) - len(given.shape)
    known = zip(given.shape, given.strides, shape[lead:], strict=True)
    return (0,) * lead + tuple([0 if size == 1 != wanted else step for size, step, wanted in known])


# ---------------------------------------------------------------------- channels last


def is_channels_last(given: Layout) -> bool:
    """Whether the channels are neighbours in memory, and nothing lies between the elements."""
    order = channels_last_order(len(given.shape))
    return Layout(*[tuple([each[dim] for dim in order]) for each in given[:2]]).is_contiguous


def in_format(shape: Sequence[int], form: memory_format) -> Strides:
    """The strides of a tensor in a memory format.

    Raises:
        RuntimeError: it has not as many dimensions as that.
    """
    if form not in _RANKS:
        return None
    if len(shape) != _RANKS[form]:
        raise RuntimeError(f"required rank {_RANKS[form]} tensor to use {form.name} format")
    return dense(shape, channels_last_order(len(shape)))


_RANKS = {channels_last: 4, channels_last_3d: 5}


def is_in(given: Layout, form: memory_format) -> bool:
    """Whether ``.to(memory_format=...)`` takes a tensor for one in this format."""
    return form is preserve_format or looks_channels_last(given) is (_RANKS.get(form) == len(given.shape))


def looks_channels_last(given: Layout) -> bool:
    """Whether the strides are in the order of ``torch.channels_last``, gaps or not."""
    shape, strides = given.shape, given.strides
    if len(shape) not in (4, 5) or not strides[1] or 0 in shape:
        return False
    least = 0
    for dim in (1, *reversed(range(2, len(shape))), 0):
        if strides[dim] < least or (dim == 0 and least == strides[1]):
            return False
        least = strides[dim] * max(shape[dim], 1)
    return True


# ---------------------------------------------------------------------- rules


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


Rule = Callable[[Given], list[Strides]]
_RULES: dict[Rule, str] = {
    _elementwise: """
        add sub rsub mul addcmul addcdiv neg div true_divide floor_divide remainder fmod reciprocal gcd lcm square
        fixed_power ldexp close
        bessel_j0 bessel_j1 bessel_y0 bessel_y1 spherical_bessel_j0 modified_bessel_i0 modified_bessel_i1 modified_bessel_k0
        modified_bessel_k1 scaled_modified_bessel_k0 scaled_modified_bessel_k1 airy_ai
        bitwise_and bitwise_or bitwise_xor bitwise_not bitwise_left_shift bitwise_right_shift
        maximum minimum fmax fmin abs sign sgn signbit copysign hypot heaviside nextafter
        eq ne lt le gt ge isnan isinf isposinf isneginf logical_not logical_and logical_or logical_xor
        complex polar exp exp2 expm1 log log2 log10 log1p logaddexp logaddexp2 sqrt rsqrt sigmoid logit where_between
        relu threshold elu selu celu leaky_relu silu mish gelu softplus hardsigmoid hardswish
        hardshrink softshrink softsign tanhshrink
        chebyshev_polynomial_t chebyshev_polynomial_u chebyshev_polynomial_v chebyshev_polynomial_w
        shifted_chebyshev_polynomial_t shifted_chebyshev_polynomial_u shifted_chebyshev_polynomial_v
        shifted_chebyshev_polynomial_w hermite_polynomial_h hermite_polynomial_he laguerre_polynomial_l
        legendre_polynomial_p floor ceil trunc frac round
        erf erfc erfinv erfcx ndtri log_ndtr lgamma digamma polygamma polygamma_of igamma igammac zeta
        i0 i0e i1 i1e entr xlogy xlog1py
        sin cos tan asin acos atan atan2 sinh cosh tanh asinh acosh atanh sinc angle conj
    """,
    _without_numbers: "clamp clamp_min clamp_max lerp",
    _finite: "isfinite",
    _scaled: "ndtr",
    _powers: "power",
    _float_powers: "float_power",
    _channel_weights: "prelu",
    _halves: "glu",
    _masked: "dropout alpha_dropout",
    _channels_masked: "feature_dropout feature_alpha_dropout",
    _like_first: "deg2rad rad2deg nan_to_num isreal relu6 hardtanh frexp",
    _copied: "clone to_dtype",
}
rules: dict[str, Rule] = {name: rule for rule, names in _RULES.items() for name in names.split()}
OWN: set[Rule] = set()  # the rules that give an order of their own to results of contiguous inputs


def put(made: TensorBase, strides: Strides) -> None:
    """Let the elements of a tensor that was just made lie at strides."""
    view = _view_of(made._aval, strides)
    if view is not None:
        made._lie(view)


def lay_out(spec: Spec, views: tuple, made: Sequence[TensorBase]) -> None:
    """Let an operation's results lie in memory as PyTorch's do.

    Args:
        views: (place, view) of those inputs that are views.
    """
    key = tuple([(place, view.kind) for place, view in views])
    try:
        found = spec.layouts[key]
    except KeyError:
        found = spec.layouts[key] = _found(spec, dict(views))
    if found is not None:
        for each, view in zip(made, found, strict=True):
            if view is not None:
                each._lie(view)


def _found(spec: Spec, views: dict[int, View]) -> list[View | None] | None:
    """For each result the view of elements that do not lie in order; None where there is none."""
    inputs: list[Layout | None] = []
    for place, known in enumerate(spec.inputs):
        plain = None if isinstance(known, type) else Layout.contiguous(known.shape)
        inputs.append(plain._replace(strides=views[place].strides) if plain and place in views else plain)
    asked = rules[spec.call.op.body.__name__](Given(spec.call, inputs, spec.outputs))
    found = [_view_of(known, strides) for known, strides in zip(spec.outputs, asked, strict=True)]
    return None if found.count(None) == len(found) else found


def _view_of(known: Aval, strides: Strides) -> View | None:
    """A view of all elements at their places; None where they lie in order."""
    if strides in (None, Layout.contiguous(known.shape).strides):
        return None
    return View.whole(Place(Layout(known.shape, strides), known.dtype))
