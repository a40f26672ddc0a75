"""What in-place operations are refused, and why, in PyTorch's words."""

from __future__ import annotations

from typing import NamedTuple

from torchlike._autograd.modes import state
from torchlike._autograd.tape import AccumulateGrad

LEAF_IN_PLACE = "a leaf Variable that requires grad is being used in an in-place operation."
VIEW_OF_LEAF_IN_PLACE = "a view of a leaf Variable that requires grad is being used in an in-place operation."
OVERLAP = (
    "unsupported operation: more than one element of the written-to tensor refers to a single memory location. "
    "Please clone() the tensor before performing the operation."
)
SHARED = (
    "unsupported operation: some elements of the input tensor and the written-to tensor refer to a single memory "
    "location. Please clone() the tensor before performing the operation."
)
INFERENCE_SAVED = (
    "Inference tensors cannot be saved for backward. Please do not use Tensors created in inference mode in computation "
    "tracked by autograd. To work around this, you can make a clone to get a normal tensor and use it in autograd, or use "
    "`torch.no_grad()` instead of `torch.inference_mode()`."
)
INFERENCE_IN_PLACE = (
    "Inplace update to inference tensor outside InferenceMode is not allowed.You can make a clone to get a normal tensor "
    "before doing inplace update.See https://github.com/pytorch/rfcs/pull/17 for more details."
)
ON_EXPANDED = (
    "Use of {}_ on expanded tensors is deprecated. Please clone() the tensor before performing this operation. This also "
    "applies to advanced indexing e.g. {}"
)
_MANY = (
    " This view is the output of a function that returns multiple views. Such functions do not allow the output views "
    "to be modified inplace. You should replace the inplace operation by an out-of-place one."
)
_CUSTOM = (
    " This view was created inside a custom Function (or because an input was returned as-is) and the autograd logic to "
    "handle view+inplace would override the custom backward associated with the custom Function, leading to incorrect "
    "gradients. This behavior is forbidden. You can fix this by cloning the output of the custom Function."
)
_AMBIGUOUS = (
    " Given that this use case is ambiguous and error-prone, it is forbidden. You can clarify your code by moving both "
    "the view and the inplace either both inside the {0} block (if you don't want the inplace to be tracked) or both "
    "outside (if you want the inplace to be tracked)."
)


class Frozen(NamedTuple):
    """Why a view must not be changed where that would be tracked: no history could be given to it.

    Attributes:
        kind: ``"no_grad"`` or ``"inference"``, the mode in which it was made; ``"many"`` if others were made with it;
            ``"custom"`` if a function of the user's own gave it.
        version: of its elements, when it was made: a view whose base is another since has no history either.
    """

    kind: str
    version: int

    @classmethod
    def of(cls, version: int, of_many: bool, viewed: Frozen | None) -> Frozen | None:
        """That of a view that is made now.

        Args:
            of_many: whether other views are made with it.
            viewed: that of what it views.
        """
        if not state.enabled:
            return cls("inference" if state.inference else "no_grad", version)
        if of_many:
            return cls("many", version)
        return None if viewed is None else cls(viewed.kind, version)

    def sentence(self, edge: tuple | None, indirect: bool = False) -> str:
        """What PyTorch says.

        Args:
            edge: the view's place on the tape.
            indirect: it was not itself to be changed, but its base was.
        """
        node, number = edge or (None, 0)
        if isinstance(node, AccumulateGrad):
            node = None
        what = "its base or another view of its base has been" if indirect else "is being"
        of = "" if node is None else node.name().removesuffix("Backward0").removesuffix("Backward")
        name = None if node is None else f"Output {number} of {of} is a view"
        if self.kind == "custom":
            return f"{name} and {what} modified inplace.{_CUSTOM}"
        if self.kind == "many" and name is not None:
            return f"{name} and {what} modified inplace.{_MANY}"
        mode = "inference" if self.kind == "inference" else "no_grad"
        start = "A view was created in" if name is None else f"{name} of a view which was created in"
        ends = "in normal mode" if mode == "inference" else "with grad mode enabled"
        after = _MANY if self.kind == "many" else _AMBIGUOUS.format("inference_mode" if mode == "inference" else mode)
        return f"{start} {mode} mode and {what} modified inplace {ends}.{after}"
