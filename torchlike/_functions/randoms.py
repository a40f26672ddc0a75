"""Random tensors: draws are made on the host, at the call, in PyTorch's order and with its numbers."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import jax.numpy as jnp
import numpy as np

from torchlike._autograd.levels import as_rows, differing
from torchlike._autograd.modes import no_grad, state
from torchlike._autograd.refusals import OVERLAP
from torchlike._autograd.tape import node_class
from torchlike._autograd.variable import TensorBase
from torchlike._function import function
from torchlike._functions.creation import empty_like, is_index, sizes
from torchlike._functions.generators import Generator, engine_of
from torchlike._functions.making import unmade, wrapped
from torchlike._functions.views import broadcast_tensors
from torchlike._ops._promote import broadcast_shapes
from torchlike._ops.randoms import binomial_drawn, deviations, dirichlet_drawn, drawn_from, poisson_drawn
from torchlike._ops.variates import gamma_drawn
from torchlike._out import ANY, FILLED, stored
from torchlike._programs import memory
from torchlike._programs.aval import Aval
from torchlike._programs.cache import remembered
from torchlike._programs.spec import Spec
from torchlike._programs.tracebacks import gate
from torchlike._random import default
from torchlike._random import distributions as draw
from torchlike._random.binomial import binomial as draw_binomial
from torchlike._random.engine import Engine
from torchlike._random.gamma import dirichlet as draw_dirichlet
from torchlike._random.gamma import standard_gamma as draw_gamma
from torchlike._random.integers import integers as draw_integers
from torchlike._random.integers import permutation as draw_permutation
from torchlike._random.integers import random_full as draw_all
from torchlike._random.multinomial import multinomial as draw_multinomial
from torchlike._random.poisson import poisson as draw_poisson
from torchlike._recorder.moves import like
from torchlike._types import devices, dtypes
from torchlike._types.dtypes import scalar_name

if TYPE_CHECKING:
    from torchlike._types import formats
    from torchlike.tensor import Tensor
    from torchlike.types import Device


def _size(size: tuple, named: dict, name: str) -> tuple:
    """The size, spelled out, as one argument, or as ``size=``."""
    if not named:
        return size
    if set(named) != {"size"} or size:
        raise TypeError(f"{name}() got an unexpected keyword argument '{next(iter(named))}'")
    return tuple(named["size"])


def _finish(made: Tensor, requires_grad: bool | None, out: Tensor | None, name: str):
    made = stored(name, made, out, FILLED)
    return made.requires_grad_() if requires_grad else made


@gate
def _drawn(by: Callable[[Engine, tuple], np.ndarray], shape: tuple, generator: Generator | None, device: Device):
    """A tensor of numbers that ``by(engine, shape)`` draws; within `vmap`, for each row its own if it says so."""
    if devices.is_meta(device):  # nothing is drawn
        return wrapped(unmade(shape, by(Engine(), (0,)).dtype), device)
    own, maps = engine_of(generator, device), differing()
    sizes = (*[each.size for each in maps], *shape)
    draw = lambda engine: by(engine, sizes)
    try:
        array = default.draw_array(draw) if generator is None else draw(own)
    except MemoryError as error:
        raise memory.told(error) from None
    return as_rows(wrapped(array, device), maps)


def draw_seed():
    """A seed of a mask: a number, or within `vmap` a tensor, if each row has its own."""
    maps = differing()
    if not maps:
        return default.draw_seed()
    sizes = [each.size for each in maps]
    seeds = default.draw_array(lambda engine: (engine.u64(math.prod(sizes)) >> 1).astype(np.int64).reshape(sizes))
    return as_rows(wrapped(seeds), maps)


def _float(dtype: dtypes.dtype | None, name: str) -> np.dtype:
    return (dtypes.resolve(dtype, name) or dtypes.get_default_dtype()).np


@function(of_modes=True)
def rand(
    *size: int | Sequence[int],
    generator: Generator | None = None,
    out: Tensor | None = None,
    dtype: dtypes.dtype | None = None,
    layout: formats.layout | None = None,
    device: Device = None,
    requires_grad: bool | None = False,
    pin_memory: bool | None = False,
    names: Sequence[str | None] = None,
    **named: Any,
) -> Tensor:
    """Numbers uniform in ``[0, 1)``.

    Example:
        >>> _ = torch.manual_seed(0)
        >>> torch.rand(2)
        tensor([0.4963, 0.7682])
    """
    kind = _float(out.dtype if dtype is None and out is not None else dtype, "rand")
    shape = sizes("rand", _size(size, named, "rand"))
    made = _drawn(lambda engine, shape: draw.uniform(engine, shape, kind), shape, generator, device)
    return _finish(made, requires_grad, out, "rand")


@function(of_modes=True)
def randn(
    *size: int | Sequence[int],
    generator: Generator | None = None,
    out: Tensor | None = None,
    dtype: dtypes.dtype | None = None,
    layout: formats.layout | None = None,
    device: Device = None,
    requires_grad: bool | None = False,
    pin_memory: bool | None = False,
    names: Sequence[str | None] = None,
    **named: Any,
) -> Tensor:
    """Numbers of the standard normal distribution; complex ones have variance 1.

    Example:
        >>> _ = torch.manual_seed(0)
        >>> torch.randn(2)
        tensor([ 1.5410, -0.2934])
    """
    kind = _float(out.dtype if dtype is None and out is not None else dtype, "randn")
    shape = sizes("randn", _size(size, named, "randn"))
    made = _drawn(lambda engine, shape: draw.normal(engine, shape, kind), shape, generator, device)
    return _finish(made, requires_grad, out, "randn")


@function(of_modes=True)
def randint(
    *args: Any,
    low: int | None = None,
    high: int | None = None,
    size: Sequence[int] | None = None,
    generator: Generator | None = None,
    out: Tensor | None = None,
    dtype: dtypes.dtype | None = None,
    layout: formats.layout | None = None,
    device: Device = None,
    requires_grad: bool | None = False,
    pin_memory: bool | None = False,
) -> Tensor:
    """Integers uniform in ``[low, high)``, called as ``randint(high, size)``, from 0 on, or ``randint(low, high, size)``.

    Raises:
        TypeError: the arguments are neither of these.
        RuntimeError: there is no such integer, or the dtype cannot hold them.

    Example:
        >>> _ = torch.manual_seed(0)
        >>> torch.randint(10, (4,))
        tensor([4, 9, 3, 0])
    """
    low, high, size = _bounds(args, {"low": low, "high": high, "size": size})
    kind, shape = dtypes.resolve(dtype, "randint") or dtypes.int64, sizes("randint", (size,))
    made = _drawn(lambda engine, shape: draw_integers(engine, shape, kind.np, low, high), shape, generator, device)
    return _finish(made, requires_grad, out, "randint")


_FORMS = (("high", "size"), ("low", "high", "size"))


def _bounds(args: tuple, named: dict) -> tuple:
    """(low, high, size) from the arguments of `randint`.

    Raises:
        TypeError: they fit none of its forms, in PyTorch's words.
    """
    named = {name: each for name, each in named.items() if each is not None}
    for form in _FORMS:
        given = dict(zip(form, args, strict=False))
        if len(args) <= len(form) and given.keys().isdisjoint(named) and {*given, *named} == set(form):
            given |= named
            if isinstance(given["size"], (tuple, list)) and not isinstance(given["high"], (tuple, list)):
                return int(given.get("low", 0)), int(given["high"]), given["size"]
    got = ", ".join([*[type(each).__name__ for each in args], *[f"{k}={type(v).__name__}" for k, v in named.items()]])
    raise TypeError(f"randint() received an invalid combination of arguments - got ({got}), but expected one of:\n")


@function(of_modes=True)
def randperm(
    n: int,
    *,
    generator: Generator | None = None,
    out: Tensor | None = None,
    dtype: dtypes.dtype | None = None,
    layout: formats.layout | None = None,
    device: Device = None,
    requires_grad: bool | None = False,
    pin_memory: bool | None = False,
) -> Tensor:
    """A random order of the integers from 0 to ``n - 1``.

    Raises:
        TypeError: `n` is no integer.
        RuntimeError: it is negative.

    Example:
        >>> _ = torch.manual_seed(0)
        >>> torch.randperm(4)
        tensor([0, 1, 3, 2])
    """
    if not is_index(n):
        raise TypeError(f"randperm(): argument 'n' (position 1) must be int, not {type(n).__name__}")
    kind = dtypes.resolve(dtype, "randperm") or dtypes.int64
    made = _drawn(lambda engine, shape: _permutations(engine, shape, kind.np), (int(n),), generator, device)
    return _finish(made, requires_grad, out, "randperm")


def _permutations(engine: Engine, shape: tuple, kind: np.dtype) -> np.ndarray:
    rows = [draw_permutation(engine, shape[-1], kind) for _ in range(math.prod(shape[:-1]))]
    return rows[0] if len(shape) == 1 else np.stack(rows).reshape(shape)


def _like(name: str, fn: Callable[..., Any], fill: Callable[..., Any], shown: str) -> Callable[..., Tensor]:
    def like(
        input: Tensor,
        *,
        dtype: dtypes.dtype | None = None,
        layout: formats.layout | None = None,
        device: Device = None,
        requires_grad: bool = False,
        pin_memory: bool = False,
        memory_format: formats.memory_format | None = None,
        **own: Any,
    ):
        named = {"dtype": dtype or input.dtype, "device": device or input.device}
        if input._view is None and memory_format is None:
            return fn(input.shape, **named, requires_grad=requires_grad, **own)
        made = fill(empty_like(input, **named, memory_format=memory_format), **own)  # in the order of memory
        return made.requires_grad_() if requires_grad else made

    like.__doc__ = f"""`{fn.__name__}` with the shape, dtype and device of a tensor, and its elements' order in memory.

    Example:
        >>> _ = torch.manual_seed(0)
        >>> torch.{name}(torch.zeros(2))
        {shown}
    """
    return function(like, name=name)


rand_like = _like("rand_like", rand, lambda made, **own: uniform_(made, **own), "tensor([0.4963, 0.7682])")
randn_like = _like("randn_like", randn, lambda made, **own: normal_(made, **own), "tensor([ 1.5410, -0.2934])")


def randint_like(
    input: Tensor,
    low: int | None = None,
    high: Tensor | int | None = None,
    *,
    dtype: dtypes.dtype | None = None,
    layout: formats.layout | None = None,
    device: Device = None,
    requires_grad: bool | None = False,
    pin_memory: bool | None = False,
    memory_format: formats.memory_format | None = None,
) -> Tensor:
    """`randint` with the shape, dtype and device of a tensor.

    Example:
        >>> _ = torch.manual_seed(0)
        >>> torch.randint_like(torch.zeros(4), 10)
        tensor([4., 9., 3., 0.])
    """
    if high is None:
        low, high = None, low
    low, high = 0 if low is None else low, int(high) if isinstance(high, TensorBase) else high
    named = {"dtype": dtype or input.dtype, "device": device or input.device}
    if input._view is None and memory_format is None:
        return randint(low, high, tuple(input.shape), **named, requires_grad=requires_grad)
    made = random_(empty_like(input, **named, memory_format=memory_format), low, high)
    return made.requires_grad_() if requires_grad else made


@function(legacy={"means": "mean"})
def normal(
    mean: Tensor | float,
    std: Tensor | float = 1.0,
    size: Sequence[int] | None = None,
    *,
    generator: Generator | None = None,
    out: Tensor | None = None,
    dtype: dtypes.dtype | None = None,
    layout: formats.layout | None = None,
    device: Device = None,
    requires_grad: bool | None = False,
    pin_memory: bool | None = False,
) -> Tensor:
    """Normally distributed numbers with means and deviations that are numbers or tensors.

    Raises:
        RuntimeError: a deviation is negative.

    Example:
        >>> _ = torch.manual_seed(0)
        >>> torch.normal(torch.tensor([0.0, 100.0]), torch.tensor([1.0, 0.0]))
        tensor([  1.5410, 100.0000])
    """
    if size is not None:
        shape, kind = sizes("normal", (size,)), _float(dtype, "normal")
        own = float(mean), float(std)
        made = _drawn(lambda engine, shape: draw.normal(engine, shape, kind, *own), shape, generator, device)
        return _finish(made, requires_grad, out, "normal")
    tensors = [each for each in (mean, std) if isinstance(each, TensorBase)]
    if not tensors:
        raise TypeError(
            "normal() received an invalid combination of arguments - got (float, float), but expected one of: "
            "(Tensor mean, Tensor std, ...), (float mean, float std, tuple of ints size, ...)"
        )
    if isinstance(std, TensorBase):
        if std.is_complex():
            raise RuntimeError("normal expects standard deviation to be non-complex")
        std = deviations(std.detach())
    elif std < 0:
        raise RuntimeError(f"normal expects std >= 0.0, but found std {std:g}")
    shape = broadcast_shapes(*[tuple(each.shape) for each in tensors])
    kind = tensors[0].dtype
    noise = _drawn(lambda engine, shape: draw.normal(engine, shape, kind.np), shape, generator, device)
    with no_grad():
        return stored("normal", noise * std + mean, out)


@function
def bernoulli(
    input: Tensor, p: float | None = None, *, generator: Generator | None = None, out: Tensor | None = None
) -> Tensor:
    """Ones with the probabilities `input`, or all with probability `p`; else zeros.

    Raises:
        RuntimeError: a probability is not in ``[0, 1]``.

    Example:
        >>> torch.bernoulli(torch.tensor([0.0, 1.0]))
        tensor([0., 1.])
    """
    if p is not None:
        shape, kind = tuple(input.shape), input.dtype.np
        by = lambda engine, shape: draw.bernoulli(engine, shape, float(p), kind)
        made = _drawn(by, shape, generator, input.device)
    elif input._value().is_abstract:
        made = drawn_from(input, (rand_like(input.detach(), generator=generator) < input.detach()).to(input.dtype))
    else:
        drawn = draw.bernoulli_of(engine_of(generator, input.device), input.detach()._value().numpy())
        made = drawn_from(input, wrapped(drawn, input.device))
    return stored("bernoulli", made, out, ANY)


@function
def multinomial(
    input: Tensor,
    num_samples: int,
    replacement: bool = False,
    *,
    generator: Generator | None = None,
    out: Tensor | None = None,
) -> Tensor:
    """Indices drawn with the weights in each row, int64.

    Args:
        input: weights ``(C)`` or ``(N, C)``, not normalised.
        num_samples: how many for each row.
        replacement: whether one can come twice.

    Raises:
        RuntimeError: there are not enough, or a weight is negative or not finite.

    Example:
        >>> torch.multinomial(torch.tensor([0.0, 3.0, 0.0]), 2, replacement=True)
        tensor([1, 1])
    """
    if out is not None and out.dtype is not dtypes.int64:
        raise RuntimeError(f"multinomial expects Long tensor out, got: {scalar_name(out.dtype.np)}")
    weights = input.detach()._value().numpy()
    array = draw_multinomial(engine_of(generator, input.device), weights, num_samples, replacement)
    return stored("multinomial", wrapped(array, input.device), out)


@function
def poisson(input: Tensor, generator: Generator | None = None) -> Tensor:
    """Counts of a Poisson distribution with the rates `input`, in its dtype.

    Example:
        >>> torch.poisson(torch.zeros(2))
        tensor([0., 0.])
    """
    return poisson_drawn(input, _variates(draw_poisson, generator, input))


def _variates(by: Callable, generator: Generator | None, *parameters: Tensor) -> Tensor:
    """What is drawn with parameters of each element's own."""
    arrays = [np.asarray(each.detach()._value().numpy(), order="C") for each in parameters]
    return wrapped(by(engine_of(generator, parameters[0].device), *arrays), parameters[0].device)


@function
def binomial(count: Tensor, prob: Tensor, generator: Generator | None = None) -> Tensor:
    """Numbers of successes among `count` trials, each with probability `prob`, in their dtype.

    Raises:
        ValueError: one is not floating-point.
        RuntimeError: they are of several dtypes, or `prob` cannot be broadcast to the shape of `count`.

    Example:
        >>> torch.binomial(torch.tensor([4.0, 9.0]), torch.tensor([0.0, 1.0]))
        tensor([0., 9.])
    """
    for name, each in (("count", count), ("prob", prob)):
        if not each.is_floating_point():
            kind = scalar_name(each.dtype.np)
            raise ValueError(f"binomial only supports floating-point dtypes for {name}, got: {kind}")
    if count.dtype is not prob.dtype:
        expected, found = (scalar_name(each.dtype.np) for each in (count, prob))
        raise RuntimeError(f"Found dtype {found} but expected {expected}")
    count, prob = broadcast_tensors(count, prob)
    return binomial_drawn(count, prob, _variates(draw_binomial, generator, count, prob))


@function
def _standard_gamma(input: Tensor, generator: Generator | None = None) -> Tensor:
    """Gamma variates of unit scale with the concentrations `input`, as a function of these: gradients reach them."""
    return gamma_drawn(input, _variates(draw_gamma, generator, input))


@function
def _sample_dirichlet(input: Tensor, generator: Generator | None = None) -> Tensor:
    """Dirichlet variates with the concentrations `input` along the last dimension."""
    return dirichlet_drawn(input, _variates(draw_dirichlet, generator, input))


# ---------------------------------------------------------------------- in place


@remembered
def _constant(name: str, known: Aval) -> Spec:
    """An operation without gradient: what a tensor comes from that was filled with numbers."""
    spec = Spec(name, jnp.zeros_like, (known,))
    spec.grad_name = f"{name[:-1]}Backward{name[-1]}"
    return spec


@gate
def _filled(tensor: Tensor, name: str, array_of: Callable[..., Any]):
    """Write draws into a tensor in the order in which its elements lie in memory.

    Args:
        name: of the node of the tape, and its number.
        array_of: gives the draws for the sizes of the dimensions in that order, and this order.
    """
    tensor._check_writable()
    if tensor._repeats:
        raise RuntimeError(OVERLAP)
    if tensor.is_meta:
        return tensor
    layout = tensor._layout
    order = sorted(range(len(layout.shape)), key=lambda dim: -layout.strides[dim])
    maps = differing()
    rows = tuple([each.size for each in maps])
    array = array_of((*rows, *[layout.shape[dim] for dim in order]), order)
    back = array
    if len(order) > 1:
        places = [*range(len(rows)), *[len(rows) + place for place in np.argsort(order)]]
        back = np.ascontiguousarray(np.transpose(array, places))
    edge = tensor._tracked_edge if state.enabled else None
    if edge is not None:
        spec = _constant(name, tensor._aval)
        edge = node_class(spec)(spec, (None,), (edge,)), 0
    tensor._write(as_rows(TensorBase._wrap(like(back, tensor._value())), maps)._value(), edge)
    return tensor


def uniform_(
    self: Tensor, from_: float = 0, to: float = 1, *, generator: Generator | None = None, **named: Any
) -> Tensor:
    """Fill with numbers uniform between two."""
    low = named.pop("from", from_)
    engine = engine_of(generator, self.device)
    return _filled(self, "Uniform0", lambda shape, _: draw.uniform(engine, shape, self.dtype.np, float(low), float(to)))


def normal_(self: Tensor, mean: float = 0, std: float = 1, *, generator: Generator | None = None) -> Tensor:
    """Fill with normally distributed numbers."""
    engine = engine_of(generator, self.device)
    contiguous = self._layout.is_contiguous
    kind = self.dtype.np
    return _filled(
        self,
        "Normal0",
        lambda shape, _: draw.normal(engine, shape, kind, float(mean), float(std), serial=not contiguous),
    )


def log_normal_(self: Tensor, mean: float = 1, std: float = 2, *, generator: Generator | None = None) -> Tensor:
    """Fill with numbers whose logarithms are normally distributed."""
    engine = engine_of(generator, self.device)
    return _filled(
        self,
        "LogNormal0",
        lambda shape, _: draw.log_normal(engine, shape, self.dtype.np, float(mean), float(std)),
    )


def exponential_(self: Tensor, lambd: float = 1, *, generator: Generator | None = None) -> Tensor:
    """Fill with exponentially distributed numbers of rate `lambd`."""
    engine = engine_of(generator, self.device)
    return _filled(self, "Exponential0", lambda shape, _: draw.exponential(engine, shape, self.dtype.np, float(lambd)))


def geometric_(self: Tensor, p: float, *, generator: Generator | None = None) -> Tensor:
    """Fill with numbers of trials up to the first success."""
    engine = engine_of(generator, self.device)
    return _filled(self, "Geometric0", lambda shape, _: draw.geometric(engine, shape, self.dtype.np, float(p)))


def cauchy_(self: Tensor, median: float = 0, sigma: float = 1, *, generator: Generator | None = None) -> Tensor:
    """Fill with Cauchy distributed numbers."""
    engine = engine_of(generator, self.device)
    return _filled(
        self, "Cauchy0", lambda shape, _: draw.cauchy(engine, shape, self.dtype.np, float(median), float(sigma))
    )


def random_(self: Tensor, *bounds: Any, generator: Generator | None = None, **named: Any) -> Tensor:
    """Fill with integers: ``random_(to)``, ``random_(from, to)``; without bounds, all from 0 on that the dtype holds.

    Args:
        bounds: the least, by default 0, and one more than the largest; None for the largest that the dtype holds.

    Raises:
        RuntimeError: there is none between the bounds, or the dtype does not hold one of them.
    """
    engine, kind = engine_of(generator, self.device), self.dtype.np
    if not bounds and not named:
        return _filled(self, "Random2", lambda shape, _: draw_all(engine, shape, kind))
    is_low = len(bounds) == 1 and not named
    low, high = (named.pop("from", 0), *bounds) if len(bounds) == 1 else (bounds or (named.pop("from", 0), None))
    high = named.pop("to", high)
    if named:
        raise TypeError(f"random_() got an unexpected keyword argument '{next(iter(named))}'")
    high = None if high is None else int(high)
    name = f"Random{int(is_low)}"
    return _filled(self, name, lambda shape, _: draw_integers(engine, shape, kind, int(low), high))


def bernoulli_(self: Tensor, p: Tensor | float = 0.5, *, generator: Generator | None = None) -> Tensor:
    """Fill with ones with probability `p`, a number or a tensor; else zeros."""
    engine, kind = engine_of(generator, self.device), self.dtype.np
    if isinstance(p, TensorBase):
        probabilities = np.broadcast_to(p.detach()._value().numpy(), tuple(self.shape))
        return _filled(
            self,
            "Bernoulli1",
            lambda shape, order: draw.bernoulli_of(
                engine, np.ascontiguousarray(np.transpose(probabilities, order)), kind
            ),
        )
    return _filled(self, "Bernoulli2", lambda shape, _: draw.bernoulli(engine, shape, float(p), kind))


def truncated_normal_(tensor: Tensor, mean: float, std: float, a: float, b: float, generator: Generator | None = None):
    """Fill with normally distributed numbers between `a` and `b`: what falls outside is drawn again.

    Where few would fall inside, uniform numbers are drawn and kept with the normal density's probability.
    """
    engine, kind, shape = engine_of(generator, tensor.device), tensor.dtype.np, tuple(tensor.shape)

    def below(x: float) -> float:
        return (1.0 + math.erf(x / math.sqrt(2.0))) / 2.0

    if below((b - mean) / std) - below((a - mean) / std) > 0.3:
        low, high = kind.type(a), kind.type(b)
        found = draw.normal(engine, shape, kind, mean, std)
        while (outside := (found < low) | (found > high)).any():
            found = np.where(outside, draw.normal(engine, shape, kind, mean, std), found)
    else:
        top = -0.5 * ((max(a, min(mean, b)) - mean) / std) ** 2
        found, pending = np.zeros(shape, kind), np.ones(shape, bool)
        while pending.any():
            tried = draw.uniform(engine, shape, kind, a, b)
            found = np.where(pending, tried, found)
            density = ((tried - kind.type(mean)) / kind.type(std)) ** 2 * kind.type(-0.5) - kind.type(top)
            pending = pending & (np.log(draw.uniform(engine, shape, kind)) > density)
    tensor._check_writable()
    tensor._write(like(found, tensor._value()), None)
    return tensor
