"""``torch.nn.utils.spectral_norm``: weights over their largest singular value, by a hook; the old way."""

from __future__ import annotations

from typing import Any

from torchlike._autograd.modes import no_grad
from torchlike._functions.linalg import multi_dot
from torchlike._ops.products import dot, mv
from torchlike.nn import functional as F
from torchlike.nn.modules.conv import _ConvTransposeNd
from torchlike.nn.modules.module import Module
from torchlike.nn.parameter import Parameter, UninitializedParameter
from torchlike.tensor import Tensor


class SpectralNorm:
    """The hook that computes a weight before each call of its module, and in training follows its singular vectors.

    Args:
        name: which parameter; ``..._orig`` stands behind it, with the buffers ``..._u`` and ``..._v``.
        n_power_iterations: how many steps a call makes.
        dim: the dimension of the matrix's rows.
        eps: the least norm of a vector that is normalized.

    Raises:
        ValueError: `n_power_iterations` is not positive.
    """

    # 1: the weight itself is no buffer any more, and v is kept
    _version: int = 1
    name: str
    dim: int
    n_power_iterations: int
    eps: float

    def __init__(self, name: str = "weight", n_power_iterations: int = 1, dim: int = 0, eps: float = 1e-12) -> None:
        if n_power_iterations <= 0:
            raise ValueError(
                f"Expected n_power_iterations to be positive, but got n_power_iterations={n_power_iterations}"
            )
        self.name, self.dim, self.n_power_iterations, self.eps = name, dim, n_power_iterations, eps

    def reshape_weight_to_matrix(self, weight: Tensor) -> Tensor:
        """``(*)`` to two dimensions, of which the rows are `dim`."""
        matrix = weight.movedim(self.dim, 0)
        return matrix.reshape(matrix.size(0), -1)

    def compute_weight(self, module: Module, do_power_iteration: bool) -> Tensor:
        """The weight; for `do_power_iteration` the buffers move."""
        weight, u, v = (getattr(module, self.name + each) for each in ("_orig", "_u", "_v"))
        matrix = self.reshape_weight_to_matrix(weight)
        if do_power_iteration:
            with no_grad():
                for _ in range(self.n_power_iterations):
                    v.copy_(F.normalize(mv(matrix.t(), u), dim=0, eps=self.eps))
                    u.copy_(F.normalize(mv(matrix, v), dim=0, eps=self.eps))
                u, v = u.clone(), v.clone()  # the next call writes to the buffers
        return weight / dot(u, mv(matrix, v))

    def remove(self, module: Module) -> None:
        """Make the weight a parameter again, as it is now."""
        with no_grad():
            weight = self.compute_weight(module, do_power_iteration=False)
        for suffix in ("", "_u", "_v", "_orig"):
            delattr(module, self.name + suffix)
        module.register_parameter(self.name, Parameter(weight.detach()))

    def __call__(self, module: Module, inputs: Any) -> None:
        setattr(module, self.name, self.compute_weight(module, do_power_iteration=module.training))

    def _solve_v_and_rescale(self, weight_mat: Tensor, u: Tensor, target_sigma: Tensor) -> Tensor:
        """The `v` for which ``u^T W v`` is `target_sigma` and ``u`` is ``W v``, but for its norm."""
        inverse = weight_mat.t().mm(weight_mat).pinverse()
        v = multi_dot([inverse, weight_mat.t(), u.unsqueeze(1)]).squeeze(1)
        return v.mul_(target_sigma / dot(u, mv(weight_mat, v)))

    @staticmethod
    def apply(module: Module, name: str, n_power_iterations: int, dim: int, eps: float) -> SpectralNorm:
        """Put the hook on a module; returns it.

        Raises:
            RuntimeError: there is one for this parameter.
            ValueError: the parameter is None or not initialized, or a setting is wrong.
        """
        for hook in module._forward_pre_hooks.values():
            if isinstance(hook, SpectralNorm) and hook.name == name:
                raise RuntimeError(f"Cannot register two spectral_norm hooks on the same parameter {name}")
        made = SpectralNorm(name, n_power_iterations, dim, eps)
        weight = module._parameters[name]
        if weight is None:
            raise ValueError(f"`SpectralNorm` cannot be applied as parameter `{name}` is None")
        if isinstance(weight, UninitializedParameter):
            raise ValueError(
                "The module passed to `SpectralNorm` can't have uninitialized parameters. Make sure to run the dummy "
                "forward before applying spectral normalization"
            )
        with no_grad():
            sizes = made.reshape_weight_to_matrix(weight).size()
            u, v = (F.normalize(weight.new_empty(each).normal_(0, 1), dim=0, eps=eps) for each in sizes)
        delattr(module, name)
        module.register_parameter(name + "_orig", weight)
        # a plain attribute: neither a parameter, nor in the state
        setattr(module, name, weight.data)
        module.register_buffer(name + "_u", u)
        module.register_buffer(name + "_v", v)
        module.register_forward_pre_hook(made)
        module._register_state_dict_hook(SpectralNormStateDictHook(made))
        module._register_load_state_dict_pre_hook(SpectralNormLoadStateDictPreHook(made))
        return made


class SpectralNormLoadStateDictPreHook:
    """What makes older states loadable: they have the weight itself and no ``..._v``."""

    def __init__(self, fn: SpectralNorm) -> None:
        self.fn = fn

    def __call__(
        self,
        state_dict: dict[str, Any],
        prefix: str,
        local_metadata: Any,
        strict: Any,
        missing_keys: Any,
        unexpected_keys: Any,
        error_msgs: Any,
    ) -> None:
        fn, weight = self.fn, prefix + self.fn.name
        version = local_metadata.get("spectral_norm", {}).get(fn.name + ".version", None)
        if version is not None and version >= 1:
            return
        is_new = all(weight + each in state_dict for each in ("_orig", "_u", "_v")) and weight not in state_dict
        if version is None and is_new:
            return
        missing = [weight + each for each in ("_orig", "", "_u") if weight + each not in state_dict]
        if missing:
            missing_keys += missing if strict else []
            return
        with no_grad():
            original = state_dict[weight + "_orig"]
            sigma = (original / state_dict.pop(weight)).mean()
            matrix = fn.reshape_weight_to_matrix(original)
            state_dict[weight + "_v"] = fn._solve_v_and_rescale(matrix, state_dict[weight + "_u"], sigma)


class SpectralNormStateDictHook:
    """What notes the version in a state's metadata."""

    def __init__(self, fn: SpectralNorm) -> None:
        self.fn = fn

    def __call__(self, module: Module, state_dict: dict[str, Any], prefix: str, local_metadata: Any) -> None:
        known = local_metadata.setdefault("spectral_norm", {})
        key = self.fn.name + ".version"
        if key in known:
            raise RuntimeError(f"Unexpected key in metadata['spectral_norm']: {key}")
        known[key] = self.fn._version


def spectral_norm(
    module: Module, name: str = "weight", n_power_iterations: int = 1, eps: float = 1e-12, dim: int | None = None
) -> Module:
    """Divide a weight by its largest singular value; see `torch.nn.utils.parametrizations.spectral_norm`.

    Args:
        name: which parameter; ``..._orig`` takes its place, with the buffers ``..._u`` and ``..._v``.
        n_power_iterations: how many steps of the power method a call in training makes.
        eps: the least norm of a vector that is normalized.
        dim: the dimension of the matrix's rows; 0 by default, 1 for transposed convolutions.

    Returns:
        The module.

    Raises:
        RuntimeError: the parameter has this already.
        ValueError: it is None or not initialized, or `n_power_iterations` is not positive.

    Source: Miyato et al., Spectral Normalization for Generative Adversarial Networks, 2018.
    """
    if dim is None:
        dim = 1 if isinstance(module, _ConvTransposeNd) else 0
    SpectralNorm.apply(module, name, n_power_iterations, dim, eps)
    return module


def remove_spectral_norm(module: Module, name: str = "weight") -> Module:
    """Undo `spectral_norm`; returns the module.

    Raises:
        ValueError: the parameter has none.
    """
    for key, hook in module._forward_pre_hooks.items():
        if isinstance(hook, SpectralNorm) and hook.name == name:
            hook.remove(module)
            del module._forward_pre_hooks[key]
            break
    else:
        raise ValueError(f"spectral_norm of '{name}' not found in {module}")
    for hooks in (module._state_dict_hooks, module._load_state_dict_pre_hooks):
        for key, hook in hooks.items():
            hook = getattr(hook, "hook", hook)
            kinds = SpectralNormStateDictHook, SpectralNormLoadStateDictPreHook
            if isinstance(hook, kinds) and hook.fn.name == name:
                del hooks[key]
                break
    return module
