"""Maps, their inverses, and maps made of them."""

from __future__ import annotations

import operator
from collections.abc import Callable
from functools import reduce
from typing import Any

from torchlike._functions.creation import zeros_like
from torchlike.distributions import constraints
from torchlike.distributions.utils import _sum_rightmost, lazy_property
from torchlike.tensor import Tensor

FEW_DIMENSIONS = "Too few dimensions on input"


class Transform:
    """A map of tensors, called like a function; ``t.inv`` is its inverse.

    A class has ``_call``, ``_inverse`` and ``log_abs_det_jacobian``.

    Args:
        cache_size: 1 to remember the last argument and its value, so that the inverse gives back what it came from.

    Attributes:
        domain: the `Constraint` of what it takes.
        codomain: the `Constraint` of what it gives.
        bijective: whether ``t.inv(t(x)) == x`` and ``t(t.inv(y)) == y``; else only ``t(t.inv(y)) == y``.
        sign: of the derivative of a map of numbers: +1 or -1.

    Raises:
        ValueError: `cache_size` is neither 0 nor 1.
    """

    bijective: Any = False
    domain: Any
    codomain: Any

    def __init__(self, cache_size: int = 0) -> None:
        if cache_size not in (0, 1):
            raise ValueError("cache_size must be 0 or 1")
        self._cache_size = cache_size
        self._inv: Any = None
        if cache_size:
            self._cached_x_y: tuple = (None, None)
        super().__init__()  # of what a subclass is besides: a module, say

    def __getstate__(self) -> dict:
        return {**self.__dict__, "_inv": None}

    @property
    def event_dim(self) -> int:
        """How many dimensions at the end are mapped together.

        Raises:
            ValueError: they are not as many before and after.
        """
        if self.domain.event_dim == self.codomain.event_dim:
            return self.domain.event_dim
        raise ValueError("Please use either .domain.event_dim or .codomain.event_dim")

    @property
    def inv(self) -> Any:
        """The inverse."""
        if self._inv is None:
            self._inv = _InverseTransform(self)
        return self._inv

    @property
    def sign(self) -> Any:
        raise NotImplementedError

    def with_cache(self, cache_size: int = 1) -> Any:
        """The same map with another size of the cache.

        Raises:
            NotImplementedError: a subclass has a constructor of its own, and no such method.
        """
        if self._cache_size == cache_size:
            return self
        if type(self).__init__ is Transform.__init__:
            return type(self)(cache_size=cache_size)
        raise NotImplementedError(f"{type(self)}.with_cache is not implemented")

    def _remade(self, cache_size: int, make: Callable, *arguments: Any) -> Any:
        return self if self._cache_size == cache_size else make(*arguments, cache_size=cache_size)

    def __eq__(self, other: object) -> bool:
        return self is other

    def __ne__(self, other: object) -> bool:
        return not self == other

    def __call__(self, x: Tensor) -> Tensor:
        """The value at `x`."""
        if not self._cache_size:
            return self._call(x)
        known, value = self._cached_x_y
        if x is not known:
            value = self._call(x)
            self._cached_x_y = (x, value)
        return value

    def _inv_call(self, y: Tensor) -> Tensor:
        if not self._cache_size:
            return self._inverse(y)
        x, known = self._cached_x_y
        if y is not known:
            x = self._inverse(y)
            self._cached_x_y = (x, y)
        return x

    def _call(self, x: Tensor) -> Tensor:
        raise NotImplementedError

    def _inverse(self, y: Tensor) -> Tensor:
        raise NotImplementedError

    def log_abs_det_jacobian(self, x: Tensor, y: Tensor) -> Tensor:
        """``log |dy / dx|`` at ``y = t(x)``."""
        raise NotImplementedError

    def __repr__(self) -> str:
        return type(self).__name__ + "()"

    def forward_shape(self, shape: Any) -> Any:
        """The shape of the value at a tensor of some shape."""
        return shape

    def inverse_shape(self, shape: Any) -> Any:
        """The shape of what is mapped to a tensor of some shape."""
        return shape


class _InverseTransform(Transform):
    """The inverse of a map that knows how to be inverted."""

    def __init__(self, transform: Transform) -> None:
        super().__init__(cache_size=transform._cache_size)
        self._inv = transform

    def __getstate__(self) -> dict:
        return self.__dict__

    @constraints.dependent_property(is_discrete=False)
    def domain(self) -> Any:  # type: ignore[override]
        return self._inv.codomain

    @constraints.dependent_property(is_discrete=False)
    def codomain(self) -> Any:  # type: ignore[override]
        return self._inv.domain

    @property
    def bijective(self) -> Any:  # type: ignore[override]
        return self._inv.bijective

    @property
    def sign(self) -> Any:
        return self._inv.sign

    @property
    def inv(self) -> Any:
        return self._inv

    def with_cache(self, cache_size: int = 1) -> Any:
        return self.inv.with_cache(cache_size).inv

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _InverseTransform) and self._inv == other._inv

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self._inv!r})"

    def __call__(self, x: Tensor) -> Tensor:
        return self._inv._inv_call(x)

    def log_abs_det_jacobian(self, x: Tensor, y: Tensor) -> Tensor:
        return -self._inv.log_abs_det_jacobian(y, x)

    def forward_shape(self, shape: Any) -> Any:
        return self._inv.inverse_shape(shape)

    def inverse_shape(self, shape: Any) -> Any:
        return self._inv.forward_shape(shape)


# ---------------------------------------------------------------------- made of others


def _of_more(constraint: Any, event_dim: int, name: str) -> Any:
    """A constraint of events of at least its own dimensions."""
    own = constraint.event_dim
    if event_dim < own:
        raise AssertionError(f"event_dim {event_dim} must be >= {name}.event_dim {own}")
    return constraints.independent(constraint, event_dim - own) if event_dim > own else constraint


class ComposeTransform(Transform):
    """Maps one after another.

    Args:
        parts: the first comes first.
        cache_size: of each of them.
    """

    def __init__(self, parts: list[Transform], cache_size: int = 0) -> None:
        super().__init__(cache_size=cache_size)
        self.parts = [each.with_cache(cache_size) for each in parts] if cache_size else parts

    def __eq__(self, other: object) -> bool:
        return isinstance(other, ComposeTransform) and self.parts == other.parts

    @constraints.dependent_property(is_discrete=False)
    def domain(self) -> Any:  # type: ignore[override]
        if not self.parts:
            return constraints.real
        event_dim = self.parts[-1].codomain.event_dim
        for each in reversed(self.parts):
            own = each.domain.event_dim
            event_dim = max(event_dim + own - each.codomain.event_dim, own)
        return _of_more(self.parts[0].domain, event_dim, "domain")

    @constraints.dependent_property(is_discrete=False)
    def codomain(self) -> Any:  # type: ignore[override]
        if not self.parts:
            return constraints.real
        event_dim = self.parts[0].domain.event_dim
        for each in self.parts:
            own = each.codomain.event_dim
            event_dim = max(event_dim + own - each.domain.event_dim, own)
        return _of_more(self.parts[-1].codomain, event_dim, "codomain")

    @lazy_property
    def bijective(self) -> bool:  # type: ignore[override]
        return all(each.bijective for each in self.parts)

    @lazy_property
    def sign(self) -> Any:  # type: ignore[override]
        return reduce(operator.mul, [each.sign for each in self.parts], 1)

    @property
    def inv(self) -> Any:
        if self._inv is None:
            self._inv = ComposeTransform([each.inv for each in reversed(self.parts)])
            self._inv._inv = self
        return self._inv

    def with_cache(self, cache_size: int = 1) -> Any:
        return self._remade(cache_size, ComposeTransform, self.parts)

    def __call__(self, x: Tensor) -> Tensor:
        for each in self.parts:
            x = each(x)
        return x

    def log_abs_det_jacobian(self, x: Tensor, y: Tensor) -> Tensor:
        if not self.parts:
            return zeros_like(x)
        event_dim, terms = self.domain.event_dim, []
        for place, each in enumerate(self.parts):
            value = y if place == len(self.parts) - 1 else each(x)
            terms.append(_sum_rightmost(each.log_abs_det_jacobian(x, value), event_dim - each.domain.event_dim))
            event_dim += each.codomain.event_dim - each.domain.event_dim
            x = value
        return reduce(operator.add, terms)

    def forward_shape(self, shape: Any) -> Any:
        for each in self.parts:
            shape = each.forward_shape(shape)
        return shape

    def inverse_shape(self, shape: Any) -> Any:
        for each in reversed(self.parts):
            shape = each.inverse_shape(shape)
        return shape

    def __repr__(self) -> str:
        return f"{type(self).__name__}(\n    " + ",\n    ".join(map(repr, self.parts)) + "\n)"


identity_transform = ComposeTransform([])


class IndependentTransform(Transform):
    """A map whose last batch dimensions belong to the event: over these determinants are multiplied.

    Args:
        base_transform: the map.
        reinterpreted_batch_ndims: how many dimensions.
        cache_size: see `Transform`.
    """

    def __init__(self, base_transform: Transform, reinterpreted_batch_ndims: int, cache_size: int = 0) -> None:
        super().__init__(cache_size=cache_size)
        self.base_transform = base_transform.with_cache(cache_size)
        self.reinterpreted_batch_ndims = reinterpreted_batch_ndims

    def with_cache(self, cache_size: int = 1) -> Any:
        return self._remade(cache_size, IndependentTransform, self.base_transform, self.reinterpreted_batch_ndims)

    @constraints.dependent_property(is_discrete=False)
    def domain(self) -> Any:  # type: ignore[override]
        return constraints.independent(self.base_transform.domain, self.reinterpreted_batch_ndims)

    @constraints.dependent_property(is_discrete=False)
    def codomain(self) -> Any:  # type: ignore[override]
        return constraints.independent(self.base_transform.codomain, self.reinterpreted_batch_ndims)

    @property
    def bijective(self) -> Any:  # type: ignore[override]
        return self.base_transform.bijective

    @property
    def sign(self) -> Any:
        return self.base_transform.sign

    def _call(self, x: Tensor) -> Tensor:
        if x.dim() < self.domain.event_dim:
            raise ValueError(FEW_DIMENSIONS)
        return self.base_transform(x)

    def _inverse(self, y: Tensor) -> Tensor:
        if y.dim() < self.codomain.event_dim:
            raise ValueError(FEW_DIMENSIONS)
        return self.base_transform.inv(y)

    def log_abs_det_jacobian(self, x: Tensor, y: Tensor) -> Tensor:
        return _sum_rightmost(self.base_transform.log_abs_det_jacobian(x, y), self.reinterpreted_batch_ndims)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.base_transform!r}, {self.reinterpreted_batch_ndims})"

    def forward_shape(self, shape: Any) -> Any:
        return self.base_transform.forward_shape(shape)

    def inverse_shape(self, shape: Any) -> Any:
        return self.base_transform.inverse_shape(shape)
