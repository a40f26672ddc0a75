"""Modules that learn the sizes of their parameters from the first input."""

from __future__ import annotations

from itertools import chain
from typing import TYPE_CHECKING, Any

from torchlike._autograd.modes import no_grad
from torchlike.nn.parameter import is_lazy

if TYPE_CHECKING:
    from torchlike.nn.modules.module import Module


class LazyModuleMixin:
    """What modules share that learn sizes from their first input.

    A class that has it before its module class says in `initialize_parameters` what the sizes are. Before the first call
    the module has uninitialized parameters; with it, it becomes a module of `cls_to_become`.

    Example:
        >>> linear = torch.nn.LazyLinear(3)
        >>> _ = linear(torch.ones(2, 4))
        >>> linear
        Linear(in_features=4, out_features=3, bias=True)
    """

    if TYPE_CHECKING:

        def __getattr__(self, name: str) -> Any:
            """What `Module` has."""

    cls_to_become: type | None = None

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._load_hook = self._register_load_state_dict_pre_hook(self._lazy_load_hook)
        self._initialize_hook = self.register_forward_pre_hook(self._infer_parameters, with_kwargs=True)

    def _save_to_state_dict(self, destination: Any, prefix: str, keep_vars: Any) -> None:
        kept = ((name, each) for name, each in self._buffers.items() if name not in self._non_persistent_buffers_set)
        for name, each in chain(self._parameters.items(), kept):
            if each is not None:
                destination[prefix + name] = each if keep_vars or is_lazy(each) else each.detach()

    def _lazy_load_hook(
        self,
        state_dict: dict[str, Any],
        prefix: str,
        local_metadata: Any,
        strict: Any,
        missing_keys: Any,
        unexpected_keys: Any,
        error_msgs: Any,
    ) -> None:
        """Take the shapes of what is loaded."""
        for name, each in chain(self._parameters.items(), self._buffers.items()):
            given = state_dict.get(prefix + name)
            if is_lazy(each) and given is not None and not is_lazy(given):
                with no_grad():
                    each.materialize(given.shape)

    def initialize_parameters(self, *args: Any, **kwargs: Any) -> None:
        """Give the parameters their shapes and values for a first input.

        Raises:
            NotImplementedError: the class does not say how.
        """
        raise NotImplementedError(f"initialize_parameters is not implemented for {type(self).__name__}")

    def has_uninitialized_params(self) -> bool:
        """Whether a parameter or a buffer has no shape yet."""
        return any(is_lazy(each) for each in chain(self._parameters.values(), self._buffers.values()))

    # the module comes as an argument, too: a hook that was copied still belongs to the one that it was copied from
    def _infer_parameters(self, module: Module, args: Any, kwargs: Any = None) -> None:
        module.initialize_parameters(*args, **(kwargs or {}))
        if module.has_uninitialized_params():
            raise RuntimeError(f"module {self._get_name()} has not been fully initialized")
        module._initialize_hook.remove()
        module._load_hook.remove()
        del module._initialize_hook, module._load_hook
        if module.cls_to_become is not None:
            module.__class__ = module.cls_to_become

    def _replicate_for_data_parallel(self):
        raise RuntimeError(
            "Modules with uninitialized parameters can't be used with `DataParallel`. Run a dummy forward pass to "
            "correctly initialize the modules"
        )
