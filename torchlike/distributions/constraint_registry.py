"""Which map leads from all numbers into the region of a constraint.

``biject_to(constraint)`` gives a bijective one, with a determinant, as for sampling; ``transform_to(constraint)`` one that
may map several points to one, as for optimizing without constraints.

Example:
    >>> transform_to(torch.distributions.Normal.arg_constraints["scale"])(torch.zeros(2))
    tensor([1., 1.])
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from torchlike.distributions import constraints, transforms
from torchlike.distributions.constraints import Constraint
from torchlike.distributions.transforms import Transform
from torchlike.types import _Number

__all__ = ["ConstraintRegistry", "biject_to", "transform_to"]


class ConstraintRegistry:
    """Maps for kinds of constraints.

    Example:
        >>> my_registry = ConstraintRegistry()
        >>> @my_registry.register(constraints.positive)
        ... def of_positive(constraint):
        ...     return transforms.ExpTransform()
    """

    def __init__(self) -> None:
        self._registry: dict[type, Callable[[Any], Transform]] = {}

    def register(self, constraint: Any, factory: Callable | None = None) -> Callable:
        """Say what makes the map for a kind of constraint; without `factory`, a decorator of what makes it.

        Args:
            constraint: a class of constraints, or one of them.
            factory: takes a constraint and gives the map.

        Raises:
            TypeError: `constraint` is something else.
        """
        if factory is None:
            return lambda factory: self.register(constraint, factory)
        kind = type(constraint) if isinstance(constraint, Constraint) else constraint
        if not isinstance(kind, type) or not issubclass(kind, Constraint):
            raise TypeError(f"Expected constraint to be either a Constraint subclass or instance, but got {constraint}")
        self._registry[kind] = factory
        return factory

    def __call__(self, constraint: Constraint) -> Transform:
        """The map for a constraint.

        Raises:
            NotImplementedError: none is known for its kind.
        """
        factory = self._registry.get(type(constraint))
        if factory is None:
            raise NotImplementedError(f"Cannot transform {type(constraint).__name__} constraints")
        return factory(constraint)


biject_to = ConstraintRegistry()
transform_to = ConstraintRegistry()


def _both(*kinds: Any) -> Callable[[Callable], Callable]:
    """Decorate what makes the map for some kinds in either registry."""

    def register(factory: Callable) -> Callable:
        for kind in kinds:
            biject_to.register(kind, factory)
            transform_to.register(kind, factory)
        return factory

    return register


def _scaled(first: Transform, loc: Any, scale: Any) -> Transform:
    return transforms.ComposeTransform([first, transforms.AffineTransform(loc, scale)])


@_both(constraints.real)
def _to_real(constraint: Any) -> Transform:
    return transforms.identity_transform


@_both(constraints.greater_than, constraints.greater_than_eq)
def _to_greater_than(constraint: Any) -> Transform:
    return _scaled(transforms.ExpTransform(), constraint.lower_bound, 1)


@_both(constraints.less_than)
def _to_less_than(constraint: Any) -> Transform:
    return _scaled(transforms.ExpTransform(), constraint.upper_bound, -1)


@_both(constraints.interval, constraints.half_open_interval)
def _to_interval(constraint: Any) -> Transform:
    low, high = constraint.lower_bound, constraint.upper_bound
    if isinstance(low, _Number) and isinstance(high, _Number) and (low, high) == (0, 1):
        return transforms.SigmoidTransform()
    return _scaled(transforms.SigmoidTransform(), low, high - low)


@_both(constraints.corr_cholesky)
def _to_corr_cholesky(constraint: Any) -> Transform:
    return transforms.CorrCholeskyTransform()


@biject_to.register(constraints.simplex)
def _bijectively_to_simplex(constraint: Any) -> Transform:
    return transforms.StickBreakingTransform()


@transform_to.register(constraints.simplex)
def _to_simplex(constraint: Any) -> Transform:
    return transforms.SoftmaxTransform()


@transform_to.register(constraints.lower_cholesky)
def _to_lower_cholesky(constraint: Any) -> Transform:
    return transforms.LowerCholeskyTransform()


@transform_to.register(constraints.positive_definite)
@transform_to.register(constraints.positive_semidefinite)
def _to_positive_definite(constraint: Any) -> Transform:
    return transforms.PositiveDefiniteTransform()


def _register_made_of_others(registry: ConstraintRegistry) -> None:
    """What is made of constraints gets what is made of their maps."""

    @registry.register(constraints.independent)
    def of_independent(constraint: Any) -> Transform:
        inner = registry(constraint.base_constraint)
        return transforms.IndependentTransform(inner, constraint.reinterpreted_batch_ndims)

    @registry.register(constraints.cat)
    def of_cat(constraint: Any) -> Transform:
        parts = [registry(each) for each in constraint.cseq]
        return transforms.CatTransform(parts, constraint.dim, constraint.lengths)

    @registry.register(constraints.stack)
    def of_stack(constraint: Any) -> Transform:
        return transforms.StackTransform([registry(each) for each in constraint.cseq], constraint.dim)


for each in (biject_to, transform_to):
    _register_made_of_others(each)
del each
