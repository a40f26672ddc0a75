"""Schedules made of schedules."""

from __future__ import annotations

import warnings
from bisect import bisect_right
from collections.abc import Sequence

from torchlike.optim._lr_base import LRScheduler, set_number
from torchlike.optim._lr_decays import ReduceLROnPlateau
from torchlike.optim.optimizer import Optimizer


class SequentialLR(LRScheduler):
    """One scheduler after another, changing at the `milestones`.

    Raises:
        ValueError: no scheduler is given, they have different optimizers, or there is not one milestone fewer.
    """

    def __init__(
        self, optimizer: Optimizer, schedulers: list[LRScheduler], milestones: list[int], last_epoch: int = -1
    ) -> None:
        self._check(schedulers, optimizer)
        if len(milestones) != len(schedulers) - 1:
            raise ValueError(
                "Sequential Schedulers expects number of schedulers provided to be one more than the number of "
                f"milestone points, but got number of schedulers {len(schedulers)} and the number of milestones to be "
                f"equal to {len(milestones)}"
            )
        self._schedulers, self._milestones = schedulers, milestones
        self.last_epoch, self.optimizer = last_epoch + 1, optimizer
        # each scheduler took its first step when it was made: undo them, and let the first one begin
        for group in optimizer.param_groups:
            set_number(group, "lr", group["initial_lr"])
        for each in schedulers:
            each.last_epoch -= 1
        schedulers[0]._initial_step()
        self._last_lr = schedulers[0].get_last_lr()

    def _check(self, schedulers: Sequence[LRScheduler], optimizer: Optimizer | None) -> None:
        """Whether these can be joined; without `optimizer`, the first one's is that of all."""
        name = type(self).__name__
        if len(schedulers) < 1:
            raise ValueError(f"{name} expects at least one scheduler to be chained, but got no scheduler.")
        optimizer = optimizer or schedulers[0].optimizer
        for place, each in enumerate(schedulers):
            if not hasattr(each, "optimizer"):
                raise TypeError(f"{name} at index {place} should have `optimizer` as its attribute.")
            if isinstance(each, ReduceLROnPlateau):
                raise ValueError(
                    f"{name} does not support `ReduceLROnPlateau` scheduler as it requires additional kwargs to be "
                    f"specified when calling `step`, but got one at index {place} in the given schedulers sequence."
                )
            if optimizer != each.optimizer:
                raise ValueError(
                    f"{name} expects all schedulers to belong to the same optimizer, but got scheduler "
                    f"{type(each).__name__} at index {place} has {each.optimizer}, which is different from "
                    f"{type(optimizer).__name__}."
                )

    def step(self) -> None:  # pyright: ignore[reportIncompatibleMethodOverride] - as PyTorch's
        """Let the scheduler whose turn it is take a step."""
        self.last_epoch += 1
        place = bisect_right(self._milestones, self.last_epoch)
        scheduler = self._schedulers[place]
        if place > 0 and self._milestones[place - 1] == self.last_epoch:
            with warnings.catch_warnings():
                warnings.filterwarnings("ignore", message=".*epoch parameter.*")
                scheduler.step(0)
        else:
            scheduler.step()
        self._last_lr = scheduler.get_last_lr()

    def state_dict(self) -> dict:
        """The states of this and of its schedulers."""
        state = {key: value for key, value in self.__dict__.items() if key not in ("optimizer", "_schedulers")}
        state["_schedulers"] = [each.state_dict() for each in self._schedulers]
        return state

    def load_state_dict(self, state_dict: dict) -> None:
        """Take over what `state_dict` gave."""
        self.__dict__.update({key: value for key, value in state_dict.items() if key != "_schedulers"})
        for each, state in zip(self._schedulers, state_dict["_schedulers"], strict=True):
            each.load_state_dict(state)


class ChainedScheduler(SequentialLR):
    """All schedulers at every step, one after another.

    Raises:
        ValueError: no scheduler is given, or they have different optimizers.
    """

    def __init__(self, schedulers: Sequence[LRScheduler], optimizer: Optimizer | None = None) -> None:
        self._check(schedulers, optimizer)
        optimizer = optimizer or schedulers[0].optimizer
        self._schedulers, self.optimizer = schedulers, optimizer
        self._last_lr = self._current()

    def step(self) -> None:
        """Let every scheduler take a step."""
        for each in self._schedulers:
            each.step()
        self._last_lr = self._current()


for _public in (SequentialLR, ChainedScheduler):
    _public.__module__ = "torchlike.optim.lr_scheduler"
