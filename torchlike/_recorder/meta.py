"""The device ``meta``: values that are nowhere. An operation on them is not recorded: what its results are is known."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NoReturn

from torchlike._programs.spec import Spec
from torchlike._recorder.checks import Doubt
from torchlike._recorder.recorder import Recorder, Value

NO_DATA = "Cannot copy out of meta tensor; no data!"
NO_ITEM = "Tensor.item() cannot be called on meta tensors"
NO_PLACES = (
    "The register_meta function for torch.nonzero() raises unimplemented by default, as a correct data-independent "
    "implementation does not exist. This implementation returns a fake value, assuming all elements of the tensor are "
    "non-zero. To enable this registration, please set 'torch.fx.experimental._config.meta_nonzero_assume_all_nonzero' to "
    "True."
)


class Nowhere:
    """Where the values of the device ``meta`` are, in the place of a recording."""

    depth = 0.5  # deeper than all that can be computed; whatever is transformed may lie here

    def add(self, spec: Spec, inputs: Sequence) -> list[Value]:
        """Say what an operation's outputs are."""
        return [Value(each, None, self) for each in spec.outputs]

    def read(self, value: Value, reason: str) -> NoReturn:
        """Refuse to say what is not there.

        Raises:
            RuntimeError, NotImplementedError: in PyTorch's words.
        """
        if reason in ("item() is called", "a branch depends on it"):
            raise RuntimeError(NO_ITEM)
        raise NotImplementedError(NO_PLACES if "places" in reason or "mask" in reason else NO_DATA)

    def note(self, holder: Any, name: str, old: Value) -> None:
        """A value of nowhere takes the place of another one."""

    def lowered(self, found: Value, doubt: Doubt) -> None:
        """Nothing is ever found."""


NOWHERE = Nowhere()
Recorder.nowhere = NOWHERE
