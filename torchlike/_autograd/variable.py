"""The core of a tensor: a storage, a view into it, and a place on the tape."""

from __future__ import annotations

from typing import TYPE_CHECKING

import jax.numpy as jnp
import numpy as np

from torchlike._autograd.modes import state
from torchlike._autograd.refusals import INFERENCE_IN_PLACE, LEAF_IN_PLACE, SHARED, VIEW_OF_LEAF_IN_PLACE, Frozen
from torchlike._autograd.tape import AS_STRIDED, NOWHERE, AccumulateGrad, apply, node_class
from torchlike._programs.cache import remembered
from torchlike._programs.spec import Spec
from torchlike._recorder.recorder import Value, recorder, value_of
from torchlike._recorder.storage import Counter, Storage
from torchlike._recorder.view import Layout, Place, Step, View, between, direct, writable

if TYPE_CHECKING:
    from torchlike._programs.aval import Aval
    from torchlike.tensor import Tensor


class Variable:
    """What every operation needs of a tensor; `torchlike.Tensor` adds the methods.

    The class attributes are the state of a plain tensor: an instance carries only what differs.

    Attributes:
        _storage: the cell with the elements.
        _view: where in the storage the elements lie; None for all of them, which lie in order.
        _edge: the pair (node, output) of the tape where the tensor comes from; None if it requires no gradient.
        _leaf: the autograd state that outlives `requires_grad`: `.grad` and hooks.
        _base: the tensor whose history this view shares, if any.
        _frozen: why a view must not be changed where that would be tracked.
        _cached, _seen: a view's elements as they were at this version of the storage.
        _changed: whether a view was written to, or its base, since it was made.
        _hooked: whether views of it have had hooks.
        _counter: what counts its versions, where that is not its storage.
    """

    _plain: type[Tensor]  # the class of every operation's result, set where it is defined
    _storage: Storage
    _view: View | None = None
    _edge: tuple | None = None
    _leaf: AccumulateGrad | None = None
    _base: TensorBase | None = None
    _frozen: Frozen | None = None
    _cached: Value | None = None
    _seen = -1
    _changed = _hooked = False
    _counter: Counter | None = None

    # ------------------------------------------------------------------ making

    @staticmethod
    def _wrap(value: Value, edge: tuple | None = None) -> Tensor:
        """A new tensor with a storage of its own."""
        made = _new(TensorBase._plain)
        made._storage = Storage(value)
        if edge is not None:
            made._edge = edge
        elif state.enabled is None:
            made._storage.infer()
        return made

    @staticmethod
    def _on(storage: Storage) -> Tensor:
        """A new tensor on all elements of a storage."""
        made = _new(TensorBase._plain)
        made._storage = storage
        if storage.origin is not None:
            made._view, made._cached = View.whole(storage.origin), Value(storage.aval)
        return made

    @staticmethod
    def _at(storage: Storage, place: Place) -> Tensor:
        """A new tensor on the elements at a place of a storage."""
        made = TensorBase._on(storage)
        if place != made._place:
            step = direct(storage.aval, made._place, place)
            made._view, made._cached = View.beyond(made._view, step), Value(step.get.outputs[0])
        return made

    def _lie(self, view: View) -> None:
        """Let the elements of a tensor that was just made lie in memory otherwise than in order; no operation moves them.

        Args:
            view: of all elements, at their place.
        """
        storage = self._storage
        storage.origin, self._view, self._cached, self._seen = view.origin, view, storage.value, storage.version

    def _alias(self) -> Tensor:
        """A tensor on the same elements without history: `detach()`."""
        made = _new(TensorBase._plain)
        made._see(self)
        return made

    def _see(self, other: TensorBase) -> None:
        """Become a tensor on the elements of another one, which counts their versions with it."""
        self._storage, self._view, self._base, self._frozen = other._storage, other._view, None, None
        self._cached, self._seen, self._counter = other._cached, other._seen, other._counter

    def _viewed(self, step: Step, value: Value, edge: tuple | None, of_many: bool = False) -> Tensor:
        """A view of this tensor.

        Args:
            of_many: whether other views were made with it, by one node of the tape.
        """
        made = _new(TensorBase._plain)
        made._storage = self._storage
        made._view = View.beyond(self._view, step)
        if edge is not None:
            made._edge = edge
        made._base = self if self._base is None else self._base
        made._cached, made._seen = value, self._storage.version
        if of_many or not state.enabled or self._frozen is not None:
            made._frozen = Frozen.of(self._storage.counted, of_many, self._frozen)
        if self._counter is not None:
            made._counter = self._counter
        return made

    def _lie_as(self, other: TensorBase) -> None:
        """`_lie` as the elements of a tensor of this shape do, if these fill their memory."""
        layout = other._layout
        if layout.is_dense and not layout.is_contiguous:
            self._lie(View.whole(Place(layout._replace(offset=0), self._aval.dtype)))

    # ------------------------------------------------------------------ reading

    def _value(self) -> Value:
        """The elements as a value, and `_edge` brought up to date."""
        if self._view is None:
            value = self._storage.value
            return self._storage.read() if value is None else value
        return self._viewed_value()

    def _operand(self) -> Value:
        """`_value` for an operation, which is told if the history of this view is lost."""
        if self._frozen is not None and self._has_lost_history:
            Storage.careful = True
        return self._value()

    def _root(self) -> TensorBase | None:
        """The tensor whose history this view shares, unless `.data = ...` gave that other memory."""
        base = self._base
        return base if base is not None and base._storage is self._storage else None

    def _viewed_value(self) -> Value:
        storage = self._storage
        if self._seen != storage.version or storage.value is None:
            root = self._root()
            edge = None if root is None else root._edge
            quiet = self._seen == storage.version or (self._counter is None and storage.was_quiet_since(self._seen))
            if not quiet:
                self._changed = True
            if quiet or (edge is None and self._has_no_history) or self._frozen is not None:
                shared = self._read_shared()
                self._cached = _read((storage.read(), None), self._view.steps)[0] if shared is None else shared
            else:
                self._find_history(root)
            self._seen = storage.version
        if self._edge is None and self._base is not None and self._base._edge is not None:
            if self._changed and self._frozen is None and self._base._storage is storage:
                self._find_history(self._base)
            else:
                self._edge = NOWHERE  # no tracked operation made it
        return self._cached

    def _find_history(self, root: TensorBase) -> None:
        """Find a view's history anew, and its elements: those of its base."""
        self._cached, edge = self._read_of(root)
        self._edge = edge or _off_tape(self._cached.aval)
        if not self._cached.aval.dtype.is_complex:
            self._edge[0].__class__ = AS_STRIDED  # as PyTorch has it, whatever the view

    def _read_of(self, root: TensorBase) -> tuple:
        return _read((root._value(), root._edge), between(root._view, self._view, root._aval))

    def _unhooked(self, edge: tuple | None) -> tuple | None:
        """The history of a tensor that is about to change: hooks of a view hang on what it was, which is not asked then."""
        root = self._root()
        return self._read_of(root)[1] if edge is not None and root is not None and root._hooked else edge

    @property
    def _has_no_history(self) -> bool:
        return _is_leaf(self._edge) or self._root() is None

    @property
    def _has_lost_history(self) -> bool:
        """Whether the base of a view was changed since, which cannot give it a history anew."""
        return state.enabled and self._storage.counted != self._frozen.version and self._tracked_edge is not None

    def _check_history(self) -> None:
        """Refuse to go on with the history of a view.

        Raises:
            RuntimeError: it is lost.
        """
        if self._frozen is not None and self._has_lost_history:
            raise RuntimeError(self._frozen.sentence(self._edge, indirect=True))

    def _read_shared(self) -> Value | None:
        """A view of memory shared with NumPy: its own elements alone are taken."""
        if self._storage.host is None or not recorder.kind.takes_parts:
            return None
        place = self._view.place
        if place.conjugated or place.negated:
            return None
        return value_of(np.array(self._storage.part(place), order="C"))

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
    def _place(self) -> Place:
        return Place.whole(self._aval) if self._view is None else self._view.place

    @property
    def _tracked_edge(self) -> tuple | None:
        """`_edge`, up to date."""
        base = self._base
        if base is not None and (
            self._seen != self._storage.version or (self._edge is None and base._edge is not None)
        ):
            self._viewed_value()
        return self._edge

    @property
    def _written(self) -> int:
        """How often the elements were written to by PyTorch's count, shared with views and `detach()`."""
        if self._storage.inference:
            raise RuntimeError("Inference tensors do not track version counter.")
        return self._storage.counted if self._counter is None else self._counter.version

    # ------------------------------------------------------------------ writing

    def _check_writable(self, others: tuple = ()) -> None:
        """Refuse an in-place operation that PyTorch refuses.

        Args:
            others: its further arguments.

        Raises:
            RuntimeError: a leaf that requires grad, or a view that has or would have a history that cannot be.
        """
        if self._storage.inference and not state.inference:
            raise RuntimeError(INFERENCE_IN_PLACE)
        if not state.enabled:
            return
        if self._frozen is not None:
            given = [self, *[each for each in others if isinstance(each, TensorBase)]]
            if any([each._tracked_edge is not None for each in given]):
                raise RuntimeError(self._frozen.sentence(self._edge))
        edge = self._edge if self._base is None else self._tracked_edge
        if edge is not None:
            if self._base is not None and _is_leaf(self._base._edge):
                raise RuntimeError(VIEW_OF_LEAF_IN_PLACE)
            if _is_leaf(edge):
                raise RuntimeError(LEAF_IN_PLACE)

    @property
    def _repeats(self) -> bool:
        """Whether a dimension is expanded: most operations must not write there."""
        return self._view is not None and self._view.repeats and self._view.layout.repeats

    def _check_apart(self, other: TensorBase) -> None:
        """Refuse to write where another tensor is read in part.

        Raises:
            RuntimeError: both are the same memory, but not the same elements of it.
        """
        if other._storage is self._storage and self._place.cuts(other._place):
            raise RuntimeError(SHARED)

    def _write(self, value: Value, edge: tuple | None) -> None:
        """Put new elements in place, through the views, and history after them."""
        storage, view = self._storage, self._view
        if self._counter is not None:
            self._counter.version += 1
            storage.silence()
        if view is None or not view.steps:
            storage.write(value)
            if view is not None:
                self._cached = value
            if edge is not None:
                self._edge = edge
            return
        root, whole, tracked = self._root(), None, edge is not None
        if root is None:
            self._edge = edge if tracked else self._edge
        elif tracked or root._edge is not None:
            known, tracked = root._value(), True
            steps = between(root._view, view, known.aval)
            changed, made = _put((known, root._edge), steps, (value, edge), root._view and root._place)
            root._edge = made or root._edge
            whole = changed if root._view is None or not root._view.steps else None
        if whole is None and storage.host is not None and not view.repeats:
            storage.write_part(view.place, value)
        else:
            storage.write(whole or _put((storage.read(), None), view.steps, (value, None), view.origin)[0])
        if not tracked and not view.repeats:
            self._cached, self._seen, self._changed = value, storage.version, True

    def _count_writing(self) -> None:
        """Count a change of how the elements are seen as a version."""
        if self._counter is None:
            self._storage.version += 1
        else:
            self._counter.version += 1

    def _replace(self, other: TensorBase) -> None:
        """Take over another tensor's elements: `x.data = y`, `x.set_(y)`. Views of the old elements keep them."""
        counter = self._counter or Counter()
        counter.version = self._written
        self._see(other)
        self._counter = counter

    # ------------------------------------------------------------------ leaves

    def _accumulator(self) -> AccumulateGrad:
        """The autograd state of this tensor as a leaf."""
        if self._leaf is None:
            self._leaf = AccumulateGrad(self)
        return self._leaf


if TYPE_CHECKING:  # whoever has a tensor has all its methods: there is no `Variable` that is not a `Tensor`
    from torchlike.tensor import Tensor as TensorBase
else:
    TensorBase = Variable
    TensorBase.__name__ = TensorBase.__qualname__ = "TensorBase"  # as PyTorch's base of tensors

_new = object.__new__


def _is_leaf(edge: tuple | None) -> bool:
    return edge is None or edge[0]._is_leaf


def _read(pair: tuple, steps: tuple[Step, ...]) -> tuple:
    """What the steps lead to; its history is the base's, whatever the mode of whoever reads."""
    for step in steps:
        pair = _apply(step.get, (pair, *[(each, None) for each in step.numbers]), True)
    return pair


def _put(base: tuple, steps: tuple[Step, ...], new: tuple, origin: Place | None) -> tuple:
    """`base`, at `origin`, with `new` in the place that the steps lead to; all are pairs (value, edge)."""
    steps = writable(steps, origin)
    levels = [base]
    for step in steps[:-1]:
        levels.append(_read(levels[-1], (step,)))
    for step, level in zip(reversed(steps), reversed(levels), strict=True):
        new = _apply(step.put(new[0].aval), (level, new, *[(each, None) for each in step.numbers]), state.enabled)
    return new


def _apply(spec: Spec, pairs: tuple, tracked: bool) -> tuple:
    return apply(spec, tuple([each[0] for each in pairs]), tuple([each[1] for each in pairs]), tracked)[0]


@remembered
def _off_tape(aval: Aval) -> tuple:
    """Where a view comes from whose base is off the tape."""
    spec = Spec("as_strided", lambda: jnp.zeros(aval.shape, aval.dtype.np), (), aval.place)
    return node_class(spec)(spec, (), ()), 0
