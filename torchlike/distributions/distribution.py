"""What all distributions are."""

from __future__ import annotations

from typing import Any, TypeVar

from torchlike._autograd.modes import no_grad
from torchlike._programs import explain
from torchlike._types import Size
from torchlike.distributions import constraints
from torchlike.distributions._validation import look
from torchlike.distributions.utils import lazy_property
from torchlike.tensor import Tensor
from torchlike.types import _size

__all__ = ["Distribution"]

D = TypeVar("D", bound="Distribution")


class Distribution:
    """A batch of probability distributions, of one kind.

    Args:
        batch_shape: the shape of the parameters: so many distributions there are.
        event_shape: the shape of one sample.
        validate_args: whether parameters and values are checked; by default, what `set_default_validate_args` says.

    Attributes:
        arg_constraints: by the name of each parameter, the `Constraint` it has to satisfy.
        support: the `Constraint` that samples satisfy.
        has_rsample: whether gradients reach the parameters through samples.
        has_enumerate_support: whether all values can be listed.

    Raises:
        ValueError: a parameter does not satisfy its constraint.
    """

    has_rsample: bool = False
    has_enumerate_support: bool = False
    _validate_args: bool = __debug__

    @staticmethod
    def set_default_validate_args(value: bool) -> None:
        """Whether distributions check their arguments, where they are not told: at first, unless Python runs with ``-O``.

        Raises:
            ValueError: `value` is no bool.
        """
        if value not in (True, False):
            raise ValueError
        Distribution._validate_args = value

    def __init__(self, batch_shape: _size = (), event_shape: _size = (), validate_args: bool | None = None) -> None:
        self._batch_shape, self._event_shape = Size(batch_shape), Size(event_shape)
        if validate_args is not None:
            self._validate_args = validate_args
        if self._validate_args:
            self._validate_parameters()
        super().__init__()  # of what a subclass is besides: a module, say

    def _validate_parameters(self) -> None:
        try:
            needed = self.arg_constraints
        except NotImplementedError:
            explain.warn(
                f"{type(self)} does not define `arg_constraints`. Please set `arg_constraints = {{}}` or initialize the "
                "distribution with `validate_args=False` to turn off validation."
            )
            return
        names = [each for each in needed if self._has(each) and not constraints.is_dependent(needed[each])]
        values = [getattr(self, name) for name in names]

        def invalid(place: int) -> Exception:
            name, value = names[place], values[place]
            return ValueError(
                f"Expected parameter {name} ({type(value).__name__} of shape {tuple(value.shape)}) of distribution "
                f"{self!r} to satisfy the constraint {needed[name]!r}, but found invalid values:\n{value}"
            )

        look([(needed[name], value) for name, value in zip(names, values, strict=True)], type(self), invalid)

    def _has(self, name: str) -> bool:
        """Whether a parameter is there: given, or computed already."""
        return name in self.__dict__ or not isinstance(getattr(type(self), name, None), lazy_property)

    def expand(self, batch_shape: _size, _instance: Any = None):
        """The same distributions with parameters expanded as by `Tensor.expand`: nothing is copied or checked anew.

        Args:
            batch_shape: the new one.
            _instance: what a subclass has made, to be filled in.

        Raises:
            NotImplementedError: the class, or a subclass with an ``__init__`` of its own, has none.
        """
        raise NotImplementedError

    def _expanded(self: D, cls: type, batch_shape: _size, instance: Any, *kept: str) -> D:
        """What `expand` gives where the parameters are those of ``cls.arg_constraints``.

        Args:
            kept: the names of further attributes, which stay as they are.
        """
        new, batch_shape = self._get_checked_instance(cls, instance), Size(batch_shape)
        for name, constraint in cls.arg_constraints.items():
            if self._has(name):
                value = getattr(self, name)
                setattr(new, name, value.expand(batch_shape + value.shape[value.dim() - constraint.event_dim :]))
        return self._filled(new, batch_shape, *kept)

    def _filled(self, new: Any, batch_shape: _size, *kept: str) -> Any:
        """Make an expanded distribution of an object that has its parameters."""
        for name in kept:
            setattr(new, name, getattr(self, name))
        Distribution.__init__(new, batch_shape, self._event_shape, validate_args=False)
        new._validate_args = self._validate_args
        return new

    @property
    def batch_shape(self) -> Size:
        """The shape of the parameters."""
        return self._batch_shape

    @property
    def event_shape(self) -> Size:
        """The shape of one sample."""
        return self._event_shape

    @property
    def arg_constraints(self) -> dict[str, constraints.Constraint]:
        """By the name of each parameter that is a tensor, what it has to satisfy.

        Raises:
            NotImplementedError: the class does not say.
        """
        raise NotImplementedError

    @property
    def support(self) -> Any:
        """What samples satisfy.

        Raises:
            NotImplementedError: the class does not say.
        """
        raise NotImplementedError

    @property
    def mean(self) -> Tensor:
        """The mean.

        Raises:
            NotImplementedError: the class has none.
        """
        raise NotImplementedError

    @property
    def mode(self) -> Tensor:
        """The most probable value.

        Raises:
            NotImplementedError: the class has none.
        """
        raise NotImplementedError(f"{type(self)} does not implement mode")

    @property
    def variance(self) -> Tensor:
        """The variance.

        Raises:
            NotImplementedError: the class has none.
        """
        raise NotImplementedError

    @property
    def stddev(self) -> Tensor:
        """The standard deviation."""
        return self.variance.sqrt()

    def sample(self, sample_shape: _size = ()) -> Tensor:
        """Samples, ``(*sample_shape, *batch_shape, *event_shape)``, without a gradient."""
        with no_grad():
            return self.rsample(sample_shape)

    def rsample(self, sample_shape: _size = ()) -> Tensor:
        """Samples as a function of the parameters, which gradients reach; else see `sample`.

        Raises:
            NotImplementedError: there is no such function.
        """
        raise NotImplementedError

    def sample_n(self, n: int) -> Tensor:
        """``sample((n,))``; deprecated."""
        explain.warn("`sample_n(n)` will be deprecated. Use `sample((n,))` instead.", FutureWarning)
        return self.sample(Size((n,)))

    def log_prob(self, value: Tensor) -> Tensor:
        """The logarithm of the density, or of the probability, of values.

        Raises:
            ValueError: `value` has another shape than samples, or lies outside of the support.
        """
        raise NotImplementedError

    def cdf(self, value: Tensor) -> Tensor:
        """The probability of at most `value`.

        Raises:
            ValueError: `value` has another shape than samples, or lies outside of the support.
        """
        raise NotImplementedError

    def icdf(self, value: Tensor) -> Tensor:
        """The quantiles: the inverse of `cdf`."""
        raise NotImplementedError

    def enumerate_support(self, expand: bool = True) -> Tensor:
        """All values of a discrete distribution, along a new first dimension.

        Args:
            expand: whether they are repeated for the whole batch; else its dimensions have size 1.

        Raises:
            NotImplementedError: they cannot be listed.
        """
        raise NotImplementedError

    def entropy(self) -> Tensor:
        """The entropy, in nats, of ``batch_shape``.

        Raises:
            NotImplementedError: the class has none.
        """
        raise NotImplementedError

    def perplexity(self) -> Tensor:
        """The exponential of the entropy."""
        return self.entropy().exp()

    def _extended_shape(self, sample_shape: _size = ()) -> Size:
        """The shape of samples."""
        return Size(sample_shape) + self._batch_shape + self._event_shape

    def _look_at(self, value: Tensor) -> None:
        """`_validate_sample`, if arguments are checked."""
        if self._validate_args:
            self._validate_sample(value)

    def _validate_sample(self, value: Tensor) -> None:
        """Refuse a value that cannot be a sample.

        Raises:
            ValueError: it is no tensor, has another shape than samples, or lies outside of the support.
        """
        if not isinstance(value, Tensor):
            raise ValueError("The value argument to log_prob must be a Tensor")
        shape, expected = value.size(), self._batch_shape + self._event_shape
        if shape[len(shape) - len(self._event_shape) :] != self._event_shape:
            raise ValueError(f"The right-most size of value must match event_shape: {shape} vs {self._event_shape}.")
        for own, other in zip(reversed(shape), reversed(expected), strict=False):
            if own != other and 1 not in (own, other):
                raise ValueError(f"Value is not broadcastable with batch_shape+event_shape: {shape} vs {expected}.")
        try:
            support = self.support
        except NotImplementedError:
            explain.warn(
                f"{type(self)} does not define `support` to enable sample validation. Please initialize the distribution "
                "with `validate_args=False` to turn off validation."
            )
            return
        if support is None:
            raise AssertionError("support is unexpectedly None")

        def invalid(_: int) -> Exception:
            return ValueError(
                f"Expected value argument ({type(value).__name__} of shape {tuple(value.shape)}) to be within the support "
                f"({support!r}) of the distribution {self!r}, but found invalid values:\n{value}"
            )

        look([(support, value)], (type(self), "value"), invalid)

    def _get_checked_instance(self, cls: type, _instance: Any = None):
        """The object that `expand` is to fill in."""
        if _instance is None and type(self).__init__ != cls.__init__:
            raise NotImplementedError(
                f"Subclass {type(self).__name__} of {cls.__name__} that defines a custom __init__ method "
                "must also define a custom .expand() method."
            )
        return self.__new__(type(self)) if _instance is None else _instance

    def __repr__(self) -> str:
        given = [(name, self.__dict__[name]) for name in self.arg_constraints if name in self.__dict__]
        shown = [f"{name}: {value if value.numel() == 1 else value.size()}" for name, value in given]
        return f"{type(self).__name__}({', '.join(shown)})"
