"""``torch.nn.utils.prune``: elements of parameters set to zero, by masks that hooks apply."""

from __future__ import annotations

import numbers
from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator
from typing import Any

from torchlike._functions.creation import ones_like, zeros_like
from torchlike._functions.randoms import rand, rand_like
from torchlike._functions.reductions import norm
from torchlike._ops.sorting import kthvalue, topk
from torchlike.nn.modules.module import Module
from torchlike.nn.utils.convert_parameters import parameters_to_vector
from torchlike.tensor import Tensor


class BasePruningMethod(ABC):
    """A way to choose what is pruned, and the hook that prunes before each call of the module.

    A subclass says in `compute_mask` what is left, and in `PRUNING_TYPE` what it chooses among where something was pruned
    before: ``"unstructured"``, the elements that are left; ``"structured"``, the channels along `dim` that are; or
    ``"global"``, all.
    """

    _tensor_name: str
    PRUNING_TYPE: str

    def __call__(self, module: Module, inputs: Any) -> None:
        """Put the pruned tensor in its place."""
        setattr(module, self._tensor_name, self.apply_mask(module))

    @abstractmethod
    def compute_mask(self, t: Tensor, default_mask: Tensor) -> Tensor:
        """What is left of a tensor, 1 there and 0 elsewhere.

        Args:
            t: by what is chosen.
            default_mask: what was left before.
        """

    def apply_mask(self, module: Module) -> Tensor:
        """The pruned tensor of a module."""
        if self._tensor_name is None:
            raise AssertionError(f"Module {module} has to be pruned")
        mask, original = (getattr(module, self._tensor_name + suffix) for suffix in ("_mask", "_orig"))
        return mask.to(dtype=original.dtype) * original

    @classmethod
    def apply(cls, module: Module, name: str, *args: Any, importance_scores: Tensor | None = None, **kwargs: Any):
        """Prune a parameter, and again before each call.

        Args:
            name: which; ``..._orig`` takes its place, with the buffer ``..._mask``.
            args, kwargs: what this class is made with.
            importance_scores: by what is chosen, of the same shape; the parameter itself by default.

        Returns:
            The hook: one of this class, or a `PruningContainer` of it and those before it.

        Raises:
            AssertionError: the scores are of another shape.
        """
        method = cls._joined(module, name, *args, **kwargs)
        is_first = not isinstance(method, PruningContainer)
        original = getattr(module, name)
        scores = original if importance_scores is None else importance_scores
        if scores.shape != original.shape:
            raise AssertionError(
                f"importance_scores should have the same shape as parameter {name} of {module}, got {scores.shape} vs "
                f"{original.shape}"
            )
        if is_first:
            module.register_parameter(name + "_orig", original)
            del module._parameters[name]
            mask = ones_like(original)
        else:
            mask = getattr(module, name + "_mask").detach().clone()
        try:
            module.register_buffer(name + "_mask", method.compute_mask(scores, default_mask=mask))
            setattr(module, name, method.apply_mask(module))
            module.register_forward_pre_hook(method)
        except Exception:
            if is_first:
                module.register_parameter(name, getattr(module, name + "_orig"))
                del module._parameters[name + "_orig"]
            raise
        return method

    @classmethod
    def _joined(cls, module: Module, name: str, *args: Any, **kwargs: Any):
        """A new hook, together with the one that the tensor has."""
        hooks = module._forward_pre_hooks
        known = [
            key for key, each in hooks.items() if isinstance(each, BasePruningMethod) and each._tensor_name == name
        ]
        if len(known) > 1:
            raise AssertionError(
                f"Avoid adding multiple pruning hooks to the same tensor {name} of module {module}. Use a "
                "PruningContainer."
            )
        before = [hooks.pop(key) for key in known]
        method = cls(*args, **kwargs)
        method._tensor_name = name
        if not before:
            return method
        container = before[0] if isinstance(before[0], PruningContainer) else PruningContainer(before[0])
        container.add_pruning_method(method)
        return container

    def prune(self, t: Tensor, default_mask: Tensor | None = None, importance_scores: Tensor | None = None) -> Tensor:
        """A tensor, pruned.

        Args:
            default_mask: what was left before; everything by default.
            importance_scores: by what is chosen, of the same shape; the tensor itself by default.

        Raises:
            AssertionError: the scores are of another shape.
        """
        scores = t if importance_scores is None else importance_scores
        if scores.shape != t.shape:
            raise AssertionError(
                f"importance_scores should have the same shape as tensor t, got {scores.shape} vs {t.shape}"
            )
        return t * self.compute_mask(scores, default_mask=ones_like(t) if default_mask is None else default_mask)

    def remove(self, module: Module) -> None:
        """Leave the parameter pruned, and no trace of how it was."""
        name = self._tensor_name
        if name is None:
            raise AssertionError(f"Module {module} has to be pruned before pruning can be removed")
        weight = self.apply_mask(module)
        if hasattr(module, name):
            delattr(module, name)
        original = module._parameters.pop(name + "_orig")
        original.data = weight.data
        del module._buffers[name + "_mask"]
        setattr(module, name, original)


class PruningContainer(BasePruningMethod):
    """Several ways to prune one tensor, one after another.

    Args:
        args: the methods.
    """

    def __init__(self, *args: Any) -> None:
        self._pruning_methods: tuple[BasePruningMethod, ...] = ()
        if len(args) == 1:
            self._tensor_name = args[0]._tensor_name
        for method in args:
            self.add_pruning_method(method)

    def add_pruning_method(self, method: BasePruningMethod | None) -> None:
        """Put another one behind.

        Raises:
            TypeError: it is none.
            ValueError: it prunes another tensor.
        """
        if not isinstance(method, BasePruningMethod) and method is not None:
            raise TypeError(f"{type(method)} is not a BasePruningMethod subclass")
        if method is not None and self._tensor_name != method._tensor_name:
            raise ValueError(
                f"Can only add pruning methods acting on the parameter named '{self._tensor_name}' to PruningContainer "
                f"{self}. Found '{method._tensor_name}'"
            )
        self._pruning_methods += (method,)  # type: ignore[operator] - None is taken, as in PyTorch

    def __len__(self) -> int:
        return len(self._pruning_methods)

    def __iter__(self) -> Iterator[BasePruningMethod]:
        return iter(self._pruning_methods)

    def __getitem__(self, idx: int) -> BasePruningMethod:
        return self._pruning_methods[idx]

    def compute_mask(self, t: Tensor, default_mask: Tensor) -> Tensor:
        """What the last method leaves of what was left.

        Raises:
            AttributeError, ValueError: it does not say among what it chooses.
            IndexError: there is no such dimension.
        """
        method = self._pruning_methods[-1]
        mask = default_mask.to(dtype=t.dtype)
        places = _left(method, t, default_mask)
        mask[places] = method.compute_mask(t[places], default_mask=default_mask[places]).to(dtype=mask.dtype)
        return mask


def _left(method: Any, t: Tensor, mask: Tensor):
    """The index of that among which a method chooses."""
    if method.PRUNING_TYPE == "unstructured":
        return mask == 1
    if method.PRUNING_TYPE == "global":
        return (slice(None),) * t.dim()
    if method.PRUNING_TYPE != "structured":
        raise ValueError(f"Unrecognized PRUNING_TYPE {method.PRUNING_TYPE}")
    if not hasattr(method, "dim"):
        raise AttributeError('Pruning methods of PRUNING_TYPE "structured" need to have the attribute `dim` defined.')
    dims = t.dim()
    dim = method.dim + dims if method.dim < 0 else method.dim
    if dim < 0:
        raise IndexError(f"Index is out of bounds for tensor with dimensions {dims}")
    return _along(dim, dims, mask.sum(dim=[each for each in range(dims) if each != dim]) != 0)


def _along(dim: int, dims: int, index: Any) -> tuple:
    places: list[Any] = [slice(None)] * dims
    places[dim] = index
    return tuple(places)


class Identity(BasePruningMethod):
    """Prunes nothing: a parameter with a mask, and without its meaning."""

    PRUNING_TYPE = "unstructured"

    def compute_mask(self, t: Tensor, default_mask: Tensor) -> Tensor:
        """The mask that there was."""
        return default_mask

    @classmethod
    def apply(cls, module: Module, name: str):
        """See `BasePruningMethod.apply`."""
        return super().apply(module, name)


class _ByAmount(BasePruningMethod):
    """What prunes so many elements or channels.

    Args:
        amount: how many, or, for a float from 0 to 1, which part of them.

    Raises:
        TypeError, ValueError: `amount` is no such number.
    """

    amount: float

    def __init__(self, amount: float) -> None:
        _validate_pruning_amount_init(amount)
        self.amount = amount

    def _count(self, size: int) -> int:
        """How many of `size` are pruned."""
        count = _compute_nparams_toprune(self.amount, size)
        _validate_pruning_amount(count, size)
        return count


class _Unstructured(_ByAmount):
    __doc__ = _ByAmount.__doc__
    PRUNING_TYPE = "unstructured"
    _is_largest: bool

    def _scores(self, t: Tensor) -> Tensor:
        raise NotImplementedError

    def compute_mask(self, t: Tensor, default_mask: Tensor) -> Tensor:
        """See `BasePruningMethod.compute_mask`."""
        count = self._count(t.nelement())
        mask = default_mask.clone()
        if count != 0:
            mask.view(-1)[topk(self._scores(t).view(-1), k=count, largest=self._is_largest).indices] = 0
        return mask


class RandomUnstructured(_Unstructured):
    __doc__ = _ByAmount.__doc__.replace("What prunes so many elements or channels", "Prunes elements at random")
    _is_largest = True

    def _scores(self, t: Tensor) -> Tensor:
        return rand_like(t)

    @classmethod
    def apply(cls, module: Module, name: str, amount: float):
        """See `BasePruningMethod.apply`."""
        return super().apply(module, name, amount=amount)


class L1Unstructured(_Unstructured):
    __doc__ = _ByAmount.__doc__.replace(
        "What prunes so many elements or channels", "Prunes the elements that are nearest to 0"
    )
    _is_largest = False

    def _scores(self, t: Tensor) -> Tensor:
        return t.abs()

    @classmethod
    def apply(cls, module: Module, name: str, amount: float, importance_scores: Tensor | None = None):
        """See `BasePruningMethod.apply`."""
        return super().apply(module, name, amount=amount, importance_scores=importance_scores)


class _Structured(_ByAmount):
    """What prunes whole channels along `dim`."""

    PRUNING_TYPE = "structured"
    dim: int

    def _chosen(self, t: Tensor, size: int, count: int) -> Tensor | None:
        """The index of the channels that are left; None if all are."""
        raise NotImplementedError

    def compute_mask(self, t: Tensor, default_mask: Tensor) -> Tensor:
        """See `BasePruningMethod.compute_mask`.

        Raises:
            ValueError: there is but one dimension, or `amount` is more than there are channels.
            IndexError: there is no such dimension.
        """
        _validate_structured_pruning(t)
        _validate_pruning_dim(t, self.dim)
        size = t.shape[self.dim]
        left = self._chosen(t, size, self._count(size))
        if left is None:
            return default_mask
        mask = zeros_like(t)
        mask[_along(self.dim, t.dim(), left)] = 1
        mask *= default_mask.to(dtype=mask.dtype)
        return mask


class RandomStructured(_Structured):
    """Prunes channels at random.

    Args:
        amount: how many, or, for a float from 0 to 1, which part of them.
        dim: the dimension of the channels.

    Raises:
        TypeError, ValueError: `amount` is no such number.
    """

    def __init__(self, amount: float, dim: int = -1) -> None:
        super().__init__(amount)
        self.dim = dim

    def _chosen(self, t: Tensor, size: int, count: int) -> Tensor | None:
        if count == 0:
            return None
        drawn = rand(size)
        return drawn > kthvalue(drawn, k=count).values

    @classmethod
    def apply(cls, module: Module, name: str, amount: float, dim: int = -1):
        """See `BasePruningMethod.apply`."""
        return super().apply(module, name, amount=amount, dim=dim)


class LnStructured(_Structured):
    """Prunes the channels with the smallest norms.

    Args:
        amount: how many, or, for a float from 0 to 1, which part of them.
        n: the order of the norm; see `torch.norm`.
        dim: the dimension of the channels.

    Raises:
        TypeError, ValueError: `amount` is no such number.
    """

    def __init__(self, amount: float, n: int, dim: int = -1) -> None:
        super().__init__(amount)
        self.n, self.dim = n, dim

    def _chosen(self, t: Tensor, size: int, count: int) -> Tensor | None:
        if count == 0:
            return None
        return topk(_compute_norm(t, self.n, self.dim), k=size - count, largest=True).indices

    @classmethod
    def apply(cls, module: Module, name: str, amount: float, n: int, dim: int, importance_scores: Tensor | None = None):
        """See `BasePruningMethod.apply`."""
        return super().apply(module, name, amount=amount, n=n, dim=dim, importance_scores=importance_scores)


class CustomFromMask(BasePruningMethod):
    """Prunes by a mask that is given.

    Args:
        mask: 1 for what is left.
    """

    PRUNING_TYPE = "global"

    def __init__(self, mask: Tensor) -> None:
        self.mask = mask

    def compute_mask(self, t: Tensor, default_mask: Tensor) -> Tensor:
        """What both masks leave.

        Raises:
            AssertionError: they are of different shapes.
        """
        if default_mask.shape != self.mask.shape:
            raise AssertionError(
                f"default_mask shape {default_mask.shape} must match self.mask shape {self.mask.shape}"
            )
        return default_mask * self.mask.to(dtype=default_mask.dtype)

    @classmethod
    def apply(cls, module: Module, name: str, mask: Tensor):
        """See `BasePruningMethod.apply`."""
        return super().apply(module, name, mask=mask)


# ---------------------------------------------------------------------- as functions


def identity(module: Module, name: str) -> Module:
    """Give a parameter a mask that leaves everything; returns the module."""
    Identity.apply(module, name)
    return module


def random_unstructured(module: Module, name: str, amount: float) -> Module:
    """Prune elements of a parameter at random; see `RandomUnstructured`. Returns the module."""
    RandomUnstructured.apply(module, name, amount)
    return module


def l1_unstructured(module: Module, name: str, amount: float, importance_scores: Tensor | None = None) -> Module:
    """Prune the elements of a parameter that are nearest to 0; see `L1Unstructured`. Returns the module.

    Example:
        >>> import torchlike as torch
        >>> linear = torch.nn.Linear(3, 2)
        >>> _ = torch.nn.utils.prune.l1_unstructured(linear, "weight", amount=0.5)
        >>> (linear.weight == 0).sum()
        tensor(3)
    """
    L1Unstructured.apply(module, name, amount=amount, importance_scores=importance_scores)
    return module


def random_structured(module: Module, name: str, amount: float, dim: int) -> Module:
    """Prune channels of a parameter at random; see `RandomStructured`. Returns the module."""
    RandomStructured.apply(module, name, amount, dim)
    return module


def ln_structured(
    module: Module, name: str, amount: float, n: int, dim: int, importance_scores: Tensor | None = None
) -> Module:
    """Prune the channels of a parameter with the smallest norms; see `LnStructured`. Returns the module."""
    LnStructured.apply(module, name, amount, n, dim, importance_scores=importance_scores)
    return module


def custom_from_mask(module: Module, name: str, mask: Tensor) -> Module:
    """Prune a parameter by a mask, 1 for what is left; returns the module."""
    CustomFromMask.apply(module, name, mask)
    return module


def global_unstructured(
    parameters: Any, pruning_method: Any, importance_scores: dict | None = None, **kwargs: Any
) -> None:
    """Prune elements of several parameters, chosen among those of all.

    Args:
        parameters: pairs (module, name).
        pruning_method: a class that prunes elements.
        importance_scores: by what is chosen, for pairs; the parameters themselves by default.
        kwargs: what the class is made with; an amount counts for all parameters together.

    Raises:
        TypeError: arguments are of another kind, or the method prunes no elements.
    """
    if not isinstance(parameters, Iterable):
        raise TypeError("global_unstructured(): parameters is not an Iterable")
    scores = {} if importance_scores is None else importance_scores
    if not isinstance(scores, dict):
        raise TypeError("global_unstructured(): importance_scores must be of type dict")
    pairs = list(parameters)
    tensors = [getattr(module, name) for module, name in pairs]
    chosen_by = parameters_to_vector([scores.get(pair, each) for pair, each in zip(pairs, tensors, strict=True)])
    mask = parameters_to_vector(
        [getattr(pair[0], pair[1] + "_mask", ones_like(each)) for pair, each in zip(pairs, tensors, strict=True)]
    )
    method = pruning_method(**kwargs)
    method._tensor_name = "temp"
    if method.PRUNING_TYPE != "unstructured":
        raise TypeError(
            'Only "unstructured" PRUNING_TYPE supported for the `pruning_method`. Found method '
            f"{pruning_method} of type {method.PRUNING_TYPE}"
        )
    mask = PruningContainer(method).compute_mask(chosen_by, mask)
    for (module, name), each, part in zip(pairs, tensors, mask.split([each.numel() for each in tensors]), strict=True):
        custom_from_mask(module, name, mask=part.view_as(each))


def remove(module: Module, name: str) -> Module:
    """Leave a parameter pruned, without mask and hook; returns the module.

    Raises:
        ValueError: it is not pruned.
    """
    for key, hook in module._forward_pre_hooks.items():
        if isinstance(hook, BasePruningMethod) and hook._tensor_name == name:
            hook.remove(module)
            del module._forward_pre_hooks[key]
            return module
    raise ValueError(f"Parameter '{name}' of module {module} has to be pruned before pruning can be removed")


def is_pruned(module: Module) -> bool:
    """Whether a parameter in the module is pruned."""
    hooks = (hook for each in module.modules() for hook in each._forward_pre_hooks.values())
    return any(isinstance(hook, BasePruningMethod) for hook in hooks)


# ---------------------------------------------------------------------- checks


def _validate_pruning_amount_init(amount: Any) -> None:
    if not isinstance(amount, numbers.Real):
        raise TypeError(f"Invalid type for amount: {amount}. Must be int or float.")
    is_whole = isinstance(amount, numbers.Integral)
    if amount < 0 or not is_whole and float(amount) > 1.0:
        raise ValueError(f"amount={amount} should either be a float in the range [0, 1] or a non-negative integer")


def _validate_pruning_amount(amount: Any, tensor_size: int) -> None:
    if isinstance(amount, numbers.Integral) and amount > tensor_size:
        raise ValueError(f"amount={amount} should be smaller than the number of parameters to prune={tensor_size}")


def _validate_structured_pruning(t: Tensor) -> None:
    if t.dim() <= 1:
        raise ValueError(
            "Structured pruning can only be applied to multidimensional tensors. Found tensor of shape "
            f"{t.shape} with {t.dim()} dims"
        )


def _compute_nparams_toprune(amount: Any, tensor_size: int) -> int:
    return amount if isinstance(amount, numbers.Integral) else round(amount * tensor_size)


def _validate_pruning_dim(t: Tensor, dim: int) -> None:
    if dim >= t.dim():
        raise IndexError(f"Invalid index {dim} for tensor of size {t.shape}")


def _compute_norm(t: Tensor, n: int, dim: int) -> Tensor:
    dims = list(range(t.dim()))
    dims.remove(dims[dim] if dim < 0 else dim)
    return norm(t, p=n, dim=dims)
