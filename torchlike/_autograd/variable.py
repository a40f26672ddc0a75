"""The core of a tensor: a storage, a view into it, and a place on the tape."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from torchlike._autograd.modes import state
from torchlike._autograd.tape import AccumulateGrad, apply
from torchlike._recorder.recorder import Value, recorder, value_of
from torchlike._recorder.storage import Storage
from torchlike._recorder.view import OVERLAP, Layout, Step, View

if TYPE_CHECKING:
    from torchlike._programs.aval import Aval

LEAF_IN_PLACE = "a leaf Variable that requires grad is being used in an in-place operation."
VIEW_OF_LEAF_IN_PLACE = "a view of a leaf Variable that requires grad is being used in an in-place operation."
ONE_OF_MANY = (
    "Output {} of {} is a view and is being modified inplace. This view is the output of a function that returns "
    "multiple views. Such functions do not allow the output views to be modified inplace. You should replace the "
    "inplace operation by an out-of-place one."
)


class TensorBase:
    """What every operation needs of a tensor; `torchlike.Tensor` adds the methods.

    The class attributes are the state of a plain tensor: an instance carries only what differs.

    Attributes:
        _storage: the cell with the elements.
        _view: where in the storage the elements lie; None for all of them, in order.
        _edge: the pair (node, output) of the tape where the tensor comes from; None if it requires no gradient.
        _leaf: the autograd state that outlives `requires_grad`: `.grad` and hooks.
        _base: the tensor whose history this view shares, if any.
        _cached, _seen: a view's elements as they were at this version of the storage.
    """

    _plain: type  # the class of every operation's result, set where it is defined
    _storage: Storage
    _view: View | None = None
    _edge: tuple | None = None
    _leaf: AccumulateGrad | None = None
    _base: TensorBase | None = None
    _cached: Value | None = None
    _seen = -1

    if TYPE_CHECKING:

        def __getattr__(self, name: str) -> Any:
            """The methods that `torchlike.Tensor` adds."""

    # ------------------------------------------------------------------ making

    @staticmethod
    def _wrap(value: Value, edge: tuple | None = None) -> TensorBase:
        """A new tensor with a storage of its own."""
        made = _new(TensorBase._plain)
        made._storage = Storage(value)
        if edge is not None:
            made._edge = edge
        return made

    def _alias(self) -> TensorBase:
        """A tensor on the same elements without history: `detach()` and `.data`."""
        made = _new(TensorBase._plain)
        made._storage = self._storage
        made._view, made._cached, made._seen = self._view, self._cached, self._seen
        return made

    def _viewed(self, step: Step, value: Value, edge: tuple | None) -> TensorBase:
        """A view of this tensor."""
        made = _new(TensorBase._plain)
        made._storage = self._storage
        made._view = View((*self._view.steps, step) if self._view is not None else (step,))
        made._edge = edge
        if state.enabled:
            made._base = self if self._base is None else self._base
        made._cached, made._seen = value, self._storage.version
        return made

    # ------------------------------------------------------------------ reading

    def _value(self) -> Value:
        """The elements as a value, and `_edge` brought up to date."""
        if self._view is None:
            value = self._storage.value
            return self._storage.read() if value is None else value
        return self._viewed_value()

    def _root(self) -> TensorBase | None:
        """The tensor whose history this view shares, unless `.data = ...` gave that other memory."""
        base = self._base
        return base if base is not None and base._storage is self._storage else None

    def _viewed_value(self) -> Value:
        storage = self._storage
        if self._seen == storage.version and storage.value is not None:
            return self._cached
        base = self._root()
        if base is None or base._edge is None:
            shared = self._read_shared()
            pair = (shared, None) if shared is not None else _read((storage.read(), None), self._view.steps)
        else:
            pair = _read((base._value(), base._edge), self._steps_beyond(base))
            self._edge = pair[1]
        self._cached, self._seen = pair[0], storage.version
        return self._cached

    def _read_shared(self) -> Value | None:
        """A view of memory shared with NumPy: its own elements alone are taken."""
        host = self._storage.host
        if host is None or not host.flags.c_contiguous or self._cached.aval.dtype.np != host.dtype:
            return None
        if recorder.capture is not None:
            return None  # the whole of it is an input
        layout, size = self._view.layout, host.itemsize
        strides = [each * size for each in layout.strides]
        part = np.lib.stride_tricks.as_strided(host.reshape(-1)[layout.offset :], layout.shape, strides)
        return value_of(np.array(part, order="C"))

    def _steps_beyond(self, base: TensorBase) -> tuple[Step, ...]:
        known = 0 if base._view is None else len(base._view.steps)
        return () if self._view is None else self._view.steps[known:]

    @property
    def _aval(self) -> Aval:
        if self._view is None:
            value = self._storage.value
            return self._storage.aval if value is None else value.aval
        # a view's shape never changes: no need to look whether its elements have
        return self._cached.aval

    @property
    def _layout(self) -> Layout:
        return Layout.contiguous(self._aval.shape) if self._view is None else self._view.layout

    @property
    def _tracked_edge(self) -> tuple | None:
        """`_edge`, up to date."""
        if self._view is not None and self._seen != self._storage.version:
            self._viewed_value()
        return self._edge

    # ------------------------------------------------------------------ writing

    def _check_writable(self) -> None:
        """Refuse an in-place operation that PyTorch refuses.

        Raises:
            RuntimeError: a leaf that requires grad, or a view of one, in grad mode; or elements share memory.
        """
        if state.enabled and self._edge is not None and isinstance(self._edge[0], AccumulateGrad):
            raise RuntimeError(LEAF_IN_PLACE)
        if self._view is not None:
            base = self._root()
            if state.enabled and base is not None and base._edge is not None:
                if isinstance(base._edge[0], AccumulateGrad):
                    raise RuntimeError(VIEW_OF_LEAF_IN_PLACE)
                node, number = self._edge or (None, 0)
                if not getattr(getattr(node, "spec", None), "single", True):
                    raise RuntimeError(ONE_OF_MANY.format(number, node.name().removesuffix("Backward0")))
            if self._view.layout.overlaps:
                raise RuntimeError(OVERLAP)

    def _write(self, value: Value, edge: tuple | None) -> None:
        """Put new elements in place, through the views, and history after them."""
        root = None if self._base is None else self._root()
        if root is None:
            root = self
            if self._view is None:
                self._storage.write(value)
                if edge is not None:
                    self._edge = edge
                return
        pair = (value, edge)
        steps = self._steps_beyond(root) if root is not self else ()
        if steps:
            pair = _put((root._value(), root._tracked_edge), steps, pair)
        whole = pair
        if root._view is not None:
            whole = _put((root._storage.read(), None), root._view.steps, (pair[0], None))
        root._storage.write(whole[0])
        if pair[1] is not None:
            root._edge = pair[1]
        if root._view is not None:
            root._cached, root._seen = pair[0], root._storage.version
        if self is not root and self._storage.value is not None:
            self._viewed_value()

    def _replace(self, other: TensorBase) -> None:
        """Take over another tensor's elements: `x.data = y`, `x.set_(y)`. Views of the old elements keep them."""
        self._storage, self._view, self._base = other._storage, other._view, None
        self._cached, self._seen = other._cached, other._seen

    # ------------------------------------------------------------------ leaves

    def _accumulator(self) -> AccumulateGrad:
        """The autograd state of this tensor as a leaf."""
        if self._leaf is None:
            self._leaf = AccumulateGrad(self)
        return self._leaf


_new = object.__new__


def _read(pair: tuple, steps: tuple[Step, ...]) -> tuple:
    for step in steps:
        pair = _apply(step.get, (pair, *[(each, None) for each in step.numbers]))
    return pair


def _put(base: tuple, steps: tuple[Step, ...], new: tuple) -> tuple:
    """`base` with `new` in the place that the steps lead to; all are pairs (value, edge)."""
    levels = [base]
    for step in steps[:-1]:
        levels.append(_read(levels[-1], (step,)))
    for step, level in zip(reversed(steps), reversed(levels), strict=True):
        new = _apply(step.put(new[0].aval), (level, new, *[(each, None) for each in step.numbers]))
    return new


def _apply(spec, pairs: tuple) -> tuple:
    return apply(spec, tuple([each[0] for each in pairs]), tuple([each[1] for each in pairs]), state.enabled)[0]
