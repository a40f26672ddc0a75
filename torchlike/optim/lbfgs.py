"""L-BFGS."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NamedTuple, cast

from torchlike._autograd.modes import enable_grad, no_grad
from torchlike._functions.views import view_as_real
from torchlike._ops.joining import cat
from torchlike.optim.optimizer import Optimizer, check_numbers
from torchlike.tensor import Tensor

if TYPE_CHECKING:
    from torchlike.optim.optimizer import ParamsT

_DECREASE, _CURVATURE = 1e-4, 0.9  # Wolfe's two constants


class LBFGS(Optimizer):
    """Limited-memory BFGS: steps along the gradient times an inverse Hessian made of the last changes.

    `step` calls its closure several times. There is one group of parameters, all on one device.

    Args:
        params: parameters.
        lr: the first length that is tried.
        max_iter: the most iterations in a step.
        max_eval: the most calls of the closure in a step; 1.25 times `max_iter` if None.
        tolerance_grad: a step ends where no element of the gradient is larger.
        tolerance_change: or where the loss or the parameters change by less.
        history_size: how many changes are kept.
        line_search_fn: ``"strong_wolfe"``, or None to go by `lr` alone.

    Raises:
        ValueError: `lr` is out of its range, or there are several groups.
        RuntimeError: in a step, the line search is not known.

    Example:
        >>> w = torch.ones(2, requires_grad=True)
        >>> optimizer = torch.optim.LBFGS([w], line_search_fn="strong_wolfe")
        >>> def closure():
        ...     optimizer.zero_grad()
        ...     loss = (w * w).sum()
        ...     loss.backward()
        ...     return loss
        >>> loss = optimizer.step(closure)

    Source: Liu and Nocedal, On the limited memory BFGS method for large scale optimization, 1989; the line search is that
    of Schmidt's minFunc, 2005.
    """

    def __init__(
        self,
        params: ParamsT,
        lr: float | Tensor = 1,
        max_iter: int = 20,
        max_eval: int | None = None,
        tolerance_grad: float = 1e-7,
        tolerance_change: float = 1e-9,
        history_size: int = 100,
        line_search_fn: str | None = None,
    ) -> None:
        check_numbers(lr)
        defaults = {
            "lr": lr,
            "max_iter": max_iter,
            "max_eval": max_iter * 5 // 4 if max_eval is None else max_eval,
            "tolerance_grad": tolerance_grad,
            "tolerance_change": tolerance_change,
            "history_size": history_size,
            "line_search_fn": line_search_fn,
        }
        super().__init__(params, defaults)
        if len(self.param_groups) != 1:
            raise ValueError("LBFGS doesn't support per-parameter options (parameter groups)")

    @property
    def _params(self) -> list[Tensor]:
        return self.param_groups[0]["params"]

    def step(self, closure: Callable[[], Any]) -> Any:  # pyright: ignore[reportIncompatibleMethodOverride] - as PyTorch's
        """Go some iterations towards the minimum.

        Args:
            closure: clears the gradients, computes the loss, goes backward and returns the loss.

        Returns:
            What `closure` returned first.
        """
        return super().step(enable_grad()(closure))

    @no_grad()
    def _step(self, closure: Any) -> Any:
        first = closure()
        loss, grad = float(first), self._flat_grad()
        group, state = self.param_groups[0], self.state[self._params[0]]
        state["func_evals"] = state.get("func_evals", 0) + 1
        state.setdefault("n_iter", 0)
        if grad.abs().max() <= group["tolerance_grad"]:
            return first
        calls, held = 1, state if "d" in state else _begun()
        for iteration in range(1, group["max_iter"] + 1):
            state["n_iter"] += 1
            is_first = held["prev_flat_grad"] is None
            if is_first:
                held["d"] = -grad
            else:
                al = state.setdefault("al", [None] * group["history_size"])
                held["d"] = _direction(held, al, grad, group["history_size"])
            held["prev_flat_grad"], held["prev_loss"] = grad.clone(), loss
            lr = group["lr"].squeeze() if isinstance(group["lr"], Tensor) else group["lr"]
            held["t"] = min(1.0, cast(Any, 1.0 / grad.abs().sum())) * lr if is_first else lr
            slope = grad.dot(held["d"])
            if slope > -group["tolerance_change"]:
                break
            loss, grad, more = self._move(closure, held, _Point(0, loss, grad, slope), iteration, calls)
            calls += more
            state["func_evals"] += more
            if iteration == group["max_iter"] or calls >= group["max_eval"]:
                break
            if grad.abs().max() <= group["tolerance_grad"]:
                break
            if (held["d"] * held["t"]).abs().max() <= group["tolerance_change"]:
                break
            if abs(loss - held["prev_loss"]) < group["tolerance_change"]:
                break
        state.update(held)
        return first

    def _move(self, closure: Callable, held: dict, start: _Point, iteration: int, calls: int) -> tuple:
        """Go along the direction; returns the loss and the gradient there, and how often the closure was called."""
        group, direction = self.param_groups[0], held["d"]
        if group["line_search_fn"] is None:
            self._add(held["t"], direction)
            if iteration == group["max_iter"]:  # with a loss of batches another call serves nothing
                return start.loss, start.grad, 0
            return float(closure()), self._flat_grad(), 1
        if group["line_search_fn"] != "strong_wolfe":
            raise RuntimeError("only 'strong_wolfe' is supported")
        before = [each.clone() for each in self._params]

        def evaluate(length: Any) -> _Point:
            self._add(length, direction)
            loss, grad = float(closure()), self._flat_grad()
            for each, old in zip(self._params, before, strict=True):
                each.copy_(old)
            return _Point(length, loss, grad, grad.dot(direction))

        size = direction.abs().max()
        found, count = _strong_wolfe(evaluate, start, held["t"], size, group["max_eval"] - calls)
        held["t"] = found.length
        self._add(found.length, direction)
        return found.loss, found.grad, count

    def _flat_grad(self) -> Tensor:
        """All gradients as one vector."""
        return cat([_flat(each.new_zeros(each.shape) if each.grad is None else each.grad) for each in self._params])

    def _add(self, length: Any, direction: Tensor) -> None:
        """Move all parameters along a direction."""
        pieces = direction.split([each.numel() * (1 + each.is_complex()) for each in self._params])
        for each, piece in zip(self._params, pieces, strict=True):
            real = view_as_real(each) if each.is_complex() else each
            real.add_(piece.view_as(real), alpha=length)


def _flat(grad: Tensor) -> Tensor:
    return (view_as_real(grad) if grad.is_complex() else grad).reshape(-1)


def _begun() -> dict[str, Any]:
    """What is remembered from iteration to iteration, by PyTorch's names."""
    lists: dict[str, Any] = {"old_dirs": [], "old_stps": [], "ro": []}
    return {"d": None, "t": None, **lists, "H_diag": 1, "prev_flat_grad": None, "prev_loss": None}


def _direction(held: dict, al: list, grad: Tensor, history_size: int) -> Tensor:
    """The direction of the next step, by the two loops over the last changes."""
    changes, steps, ratios = held["old_dirs"], held["old_stps"], held["ro"]
    change, step = grad - held["prev_flat_grad"], held["d"] * held["t"]
    curvature = change.dot(step)
    if curvature > 1e-10:
        if len(changes) == history_size:
            for each in (changes, steps, ratios):
                each.pop(0)
        changes.append(change)
        steps.append(step)
        ratios.append(1.0 / curvature)
        held["H_diag"] = curvature / change.dot(change)
    found = -grad
    for place in range(len(changes) - 1, -1, -1):
        al[place] = steps[place].dot(found) * ratios[place]
        found = found - al[place] * changes[place]
    found = found * held["H_diag"]
    for place, each in enumerate(changes):
        found = found + (al[place] - each.dot(found) * ratios[place]) * steps[place]
    return found


class _Point(NamedTuple):
    """A place on the line: how far, and the loss, its gradient and its slope there."""

    length: Any
    loss: float
    grad: Tensor
    slope: Tensor


def _lowest(a: _Point, b: _Point, bounds: tuple | None = None):
    """Where the cubic through two points, with their slopes, is lowest."""
    least, most = bounds or (min(a.length, b.length), max(a.length, b.length))
    mean = a.slope + b.slope - 3 * (a.loss - b.loss) / (a.length - b.length)
    square = mean**2 - a.slope * b.slope
    if not square >= 0:
        return (least + most) / 2.0
    root = square.sqrt()
    near, far = (a, b) if a.length <= b.length else (b, a)
    part = (far.slope + root - mean) / (far.slope - near.slope + 2 * root)
    return min(max(far.length - (far.length - near.length) * part, least), most)


def _strong_wolfe(evaluate: Callable, start: _Point, length: Any, size: Tensor, most: int) -> tuple[_Point, int]:
    """A point where the loss and its slope are small enough, or the best after `most` calls.

    Args:
        evaluate: gives the point at a length.
        start: the point at 0.
        length: what is tried first.
        size: the largest element of the direction.

    Returns:
        The point, and how often `evaluate` was called.
    """

    def is_high(point: _Point) -> bool:
        return point.loss > start.loss + _DECREASE * point.length * start.slope

    def is_flat(point: _Point) -> Any:
        return abs(point.slope) <= -_CURVATURE * start.slope

    last, new, count = start, evaluate(length), 0
    while count < most:
        if not is_high(new) and not (count > 1 and new.loss >= last.loss):
            if is_flat(new):
                return new, count + 1
            if not new.slope >= 0:
                bounds = new.length + 0.01 * (new.length - last.length), new.length * 10
                last, new = new, evaluate(_lowest(last, new, bounds))
                count += 1
                continue
        return _zoom(evaluate, [last, new], size, (count, most), is_high, is_flat)
    return (start if start.loss <= new.loss else new), count + 1


def _zoom(
    evaluate: Callable, ends: list[_Point], size: Tensor, calls: tuple[int, int], is_high: Any, is_flat: Any
) -> tuple:
    """The end of the line search, between two points that have what is looked for between them."""
    count, most = calls
    low = 0 if ends[0].loss <= ends[1].loss else 1
    is_stuck = False
    while count < most and not abs(ends[1].length - ends[0].length) * size < 1e-9:
        length = _lowest(*ends)
        least, largest = min(each.length for each in ends), max(each.length for each in ends)
        margin = 0.1 * (largest - least)
        is_near = min(largest - length, length - least) < margin
        if is_near and (is_stuck or length >= largest or length <= least):
            length = largest - margin if abs(length - largest) < abs(length - least) else least + margin
            is_near = False
        is_stuck = is_near
        new = evaluate(length)
        count += 1
        if is_high(new) or new.loss >= ends[low].loss:
            ends[1 - low] = new
            low = 0 if ends[0].loss <= ends[1].loss else 1
            continue
        is_done = is_flat(new)
        if not is_done and new.slope * (ends[1 - low].length - ends[low].length) >= 0:
            ends[1 - low] = ends[low]
        ends[low] = new
        if is_done:
            break
    return ends[low], count + 1


LBFGS.__module__ = "torchlike.optim"
