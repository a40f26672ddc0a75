"""Adam and AdamW."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple, cast

import jax
import jax.numpy as jnp

from torchlike.optim.optimizer import Optimizer, check_betas, check_fused, check_numbers
from torchlike.tensor import Tensor

if TYPE_CHECKING:
    from torchlike.optim.optimizer import ParamsT


class Adam(Optimizer):
    r"""Adam: steps scaled by running means of the gradient and of its square.

    ``m = b1 m + (1 - b1) g``, ``v = b2 v + (1 - b2) g^2``, ``p = p - lr * m' / (sqrt(v') + eps)`` with
    ``m' = m / (1 - b1^t)``, ``v' = v / (1 - b2^t)``.

    Args:
        params: parameters or groups of them.
        lr: the learning rate.
        betas: how slowly the two means forget.
        eps: added to the root.
        weight_decay: how much of the parameter is added to its gradient.
        amsgrad: divide by the largest ``v'`` so far.
        maximize: climb instead.
        decoupled_weight_decay: shrink the parameter itself, as `AdamW` does.

    Raises:
        ValueError: a number is out of its range.

    Example:
        >>> w = torch.ones(2, requires_grad=True)
        >>> optimizer = torch.optim.Adam([w], lr=1e-3)

    Source: Kingma and Ba, Adam: A Method for Stochastic Optimization, 2014; Reddi et al., On the Convergence of Adam
    and Beyond, 2018.
    """

    _state_names = {"mu": "exp_avg", "nu": "exp_avg_sq", "nu_max": "max_exp_avg_sq", "count": "step"}
    _is_elementwise = True

    def __init__(
        self,
        params: ParamsT,
        lr: float | Tensor = 1e-3,
        betas: tuple = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0,
        amsgrad: bool = False,
        *,
        foreach: bool | None = None,
        maximize: bool = False,
        capturable: bool = False,
        differentiable: bool = False,
        fused: bool | None = None,
        decoupled_weight_decay: bool = False,
    ) -> None:
        if isinstance(lr, Tensor) and foreach and not capturable:
            raise ValueError("lr as a Tensor is not supported for capturable=False and foreach=True")
        check_numbers(lr, epsilon=eps)
        check_betas(betas)
        check_numbers(lr, weight_decay=weight_decay)
        _check_kinds(betas, foreach and not capturable)
        defaults = {
            **{
                "lr": lr,
                "betas": tuple(map(_number, betas)),
                "eps": eps,
                "weight_decay": weight_decay,
                "amsgrad": amsgrad,
            },
            **{"maximize": maximize, "foreach": foreach, "capturable": capturable},
            **{"differentiable": differentiable, "fused": fused, "decoupled_weight_decay": decoupled_weight_decay},
        }
        super().__init__(params, defaults)
        check_fused(defaults)

    def _static_options(self, group: dict) -> dict:
        return {**super()._static_options(group), "amsgrad": group["amsgrad"]}

    @staticmethod
    def _transformation(hyper: dict, flags: dict):
        import optax

        scale = _scale_by_amsgrad if flags["amsgrad"] else optax.scale_by_adam
        steps = [scale(hyper["betas0"], hyper["betas1"], hyper["eps"])]
        decay = optax.add_decayed_weights(hyper["weight_decay"])
        steps = [decay, *steps] if flags["decay"] else [*steps, decay] if flags["shrink"] else steps
        return optax.chain(*steps, optax.scale(-hyper["lr"]))


def _check_kinds(betas: tuple, numbers_only: bool | None) -> None:
    if len({isinstance(each, Tensor) for each in betas[:2]}) != 1 or any(
        not isinstance(each, (float, Tensor)) for each in betas[:2]
    ):
        raise ValueError("betas must be either both floats or both Tensors")
    for place, each in enumerate(betas[:2]):
        if not isinstance(each, Tensor):
            continue
        if numbers_only:
            raise ValueError(f"betas[{place}] as a Tensor is not supported for capturable=False and foreach=True")
        if each.numel() != 1:
            raise ValueError(f"Tensor betas[{place}] must be 1-element")


def _number(beta: Any):
    """A tensor of one element as one without dimensions."""
    return beta.squeeze() if isinstance(beta, Tensor) and beta.dim() else beta


class AdamW(Adam):
    """Adam whose weight decay shrinks the parameters themselves; see `Adam` for the arguments.

    Source: Loshchilov and Hutter, Decoupled Weight Decay Regularization, 2017.
    """

    def __init__(
        self,
        params: ParamsT,
        lr: float | Tensor = 1e-3,
        betas: tuple = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 1e-2,
        amsgrad: bool = False,
        *,
        maximize: bool = False,
        foreach: bool | None = None,
        capturable: bool = False,
        differentiable: bool = False,
        fused: bool | None = None,
    ) -> None:
        super().__init__(
            params,
            lr,
            betas,
            eps,
            weight_decay,
            amsgrad,
            foreach=foreach,
            maximize=maximize,
            capturable=capturable,
            differentiable=differentiable,
            fused=fused,
            decoupled_weight_decay=True,
        )


class AmsgradState(NamedTuple):
    """The count of steps, the two means, and the largest second mean so far."""

    count: jax.Array  # pyright: ignore[reportIncompatibleMethodOverride] - optax's name
    mu: list
    nu: list
    nu_max: list


def _scale_by_amsgrad(b1: Any, b2: Any, eps: Any):
    """Like `optax.scale_by_amsgrad`, which takes the largest *corrected* mean; PyTorch corrects the largest."""
    import optax

    adam = optax.scale_by_adam(b1, b2, eps)

    def init(params: Any):
        state: Any = adam.init(params)
        return AmsgradState(state[0], state[1], state[2], jax.tree.map(jnp.zeros_like, params))

    def update(grads: Any, state: Any, params: Any = None):
        made: Any = adam.update(grads, optax.ScaleByAdamState(*state[:3]), params)
        _, (count, mu, nu) = made
        nu_max = jax.tree.map(jnp.maximum, state.nu_max, nu)
        first, second = 1 - b1**count, 1 - b2**count
        steps = jax.tree.map(lambda m, v: m / first / (jnp.sqrt(v / second) + eps), mu, nu_max)
        return steps, AmsgradState(count, mu, nu, nu_max)

    return optax.GradientTransformation(init, cast(Any, update))


Adam.__module__ = AdamW.__module__ = "torchlike.optim"
