"""The recorded update of a group of parameters, and where optax's state lies."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, cast

import jax
import jax.numpy as jnp

from torchlike._ops.joining import cat
from torchlike._programs.marks import unwatched
from torchlike._programs.settings import tracing
from torchlike._programs.spec import Spec
from torchlike._recorder.recorder import Value, record, recorder
from torchlike._recorder.writes import write_together
from torchlike.tensor import Tensor

if TYPE_CHECKING:
    from torchlike.optim.optimizer import Optimizer

SMALL = 4096  # elements: copying as many costs less than one more argument and result of the program


class Changes:
    """What a step changes, all of it at once in the end: an exception leaves parameters and state as they were.

    Attributes:
        writes: tensors, or storages, and their new values.
        calls: what else is done, as of `write_together`.
    """

    def __init__(self) -> None:
        self.writes: list[tuple] = []
        self.calls: list[tuple] = []

    def make(self) -> None:
        """Make them."""
        write_together(self.writes, self.calls)


class Update:
    """The update of parameters of known shapes: how optax's state is laid out, and the traced operation.

    Each array into and out of a program costs about a microsecond. So small parameters of one dtype are a *pack*, one
    parameter to the rule if that goes by element; the state of a pack is one tensor, of which PyTorch's names show
    views.

    A leaf of the state that lies in a list by parameter belongs to that parameter or pack; any other is shared by all,
    and is seen as the ``"step"`` of each.
    """

    @unwatched
    def __init__(self, optimizer: Optimizer, avals: list, numbers: dict, flags: dict) -> None:
        self._rule = functools.partial(type(optimizer)._transformation, flags=flags)
        self._numbers, self._maximize = tuple(numbers), flags.get("maximize", False)
        self._avals = avals
        self._spec: Spec | None = None
        self._arrange([(place,) for place in range(len(avals))], optimizer._state_names)
        if optimizer._is_elementwise and any(unit is not None for _, unit, _ in self._leaves):
            self._arrange(_units(avals), optimizer._state_names)
        self._init: Spec | None = None

    def _arrange(self, units: list[tuple[int, ...]], names: dict[str, str]) -> None:
        """Lay out the state for parameters that go alone or in packs."""
        self._units = units
        self._complex = [self._avals[unit[0]].dtype.is_complex for unit in units]
        with tracing():
            structs = jax.eval_shape(lambda *arrays: self._joined(arrays), *[each.struct for each in self._avals])
            state = jax.eval_shape(lambda units: self._started(units, dict.fromkeys(self._numbers, 1.0)), structs)
        leaves, self._tree = jax.tree_util.tree_flatten_with_path(state)
        # (PyTorch's name, number of the unit or None, shape and dtype) of each leaf
        self._leaves = [(*_place(path, names), leaf) for path, leaf in leaves]
        pairs = [(*each.shape, 2) if pair else None for each, pair in zip(structs, self._complex, strict=True)]
        self._paired = [unit is not None and pairs[unit] == leaf.shape for _, unit, leaf in self._leaves]

    # ------------------------------------------------------------------ what is traced

    def _joined(self, arrays: Sequence) -> list:
        """An array for each unit."""
        several = [[arrays[place] for place in unit] for unit in self._units]
        return [jnp.concatenate([each.ravel() for each in those]) if len(those) > 1 else those[0] for those in several]

    def _apart(self, arrays: Sequence) -> list:
        """The parameters' arrays from those of the units."""
        found: dict[int, Any] = {}
        for array, unit in zip(arrays, self._units, strict=True):
            if len(unit) == 1:
                found[unit[0]] = array
                continue
            pieces = jax.lax.split(array, [self._avals[place].numel for place in unit])
            found.update(
                {place: each.reshape(self._avals[place].shape) for place, each in zip(unit, pieces, strict=True)}
            )
        return [found[place] for place in range(len(found))]

    def _split(self, units: list) -> list:
        """Complex parameters as pairs of real numbers, which is how PyTorch's optimizers see them."""
        return [_pairs(each) if pair else each for each, pair in zip(units, self._complex, strict=True)]

    def _started(self, units: list, hyper: dict):
        """optax's state before the first step."""
        return self._rule(hyper).init(self._split(units))

    def _first_state(self, *arrays: Any) -> tuple:
        count = len(self._avals)
        hyper = dict(zip(self._numbers, arrays[count:], strict=True))
        return self._shown(self._started(self._joined(arrays[:count]), hyper)) or (jnp.zeros(()),)

    def _shown(self, state: Any) -> tuple:
        """The leaves of a state as they are kept: what all parameters share is PyTorch's float32 step."""
        leaves = jax.tree_util.tree_leaves(state)
        return tuple(
            each.astype(jnp.float32) if unit is None else _complex(each) if pair else each
            for each, (_, unit, _), pair in zip(leaves, self._leaves, self._paired, strict=True)
        )

    def _apply(self, *arrays: Any):
        import optax

        count, held = len(self._avals), len(self._leaves)
        params, grads = (self._split(self._joined(those)) for those in (arrays[:count], arrays[count : 2 * count]))
        given = zip(arrays[2 * count : 2 * count + held], self._leaves, self._paired, strict=True)
        state = [_pairs(array) if pair else array.astype(leaf.dtype) for array, (_, _, leaf), pair in given]
        hyper = dict(zip(self._numbers, arrays[2 * count + held :], strict=True))
        if self._maximize:
            grads = [-each for each in grads]
        state = jax.tree_util.tree_unflatten(self._tree, state)
        updates, state = self._rule(hyper).update(grads, state, params)
        params = optax.apply_updates(params, updates)
        units = [
            _complex(each) if pair else each for each, pair in zip(cast(list[Any], params), self._complex, strict=True)
        ]
        return (*self._apart(units), *self._shown(state))

    def spec(self, inputs: list) -> Spec:
        """The operation: (parameters, gradients, state, numbers) to (parameters, state)."""
        if self._spec is None:
            self._spec = Spec("optimizer_step", self._apply, _kinds(inputs))
        return self._spec

    # ------------------------------------------------------------------ where the state lies

    @property
    def has_state(self) -> bool:
        """Whether there is anything to remember from step to step."""
        return bool(self._leaves)

    def begun(self, entries: list[dict], params: list[Value], numbers: list, changes: Changes) -> list[dict]:
        """The state to read; at the first step it is made, and shown when that step's changes are.

        Args:
            entries: the state of each parameter, by PyTorch's names.
            numbers: the hyper-parameters.
        """
        if not self._leaves or self._leaves[0][0] in entries[0]:
            return entries
        made: list[dict] = [{} for _ in entries]
        recorder.apart("an optimizer's state is made", lambda: self._begin(made, [*params, *numbers]))
        changes.calls += [(dict.update, shown, new) for shown, new in zip(entries, made, strict=True)]
        return made

    def read(self, entries: list[dict]) -> list[Value]:
        """The values of the state's leaves."""
        return [self._get(entries, leaf) for leaf in self._leaves]

    def writes(self, entries: list[dict], values: list[Value]) -> list[tuple]:
        """Where the leaves' new values go: to what PyTorch's names show, or to the storage of a pack."""
        found: list[tuple] = []
        for (name, unit, _), value in zip(self._leaves, values, strict=False):
            if unit is None:
                found += [(held[name], value) for held in entries]
            else:
                places = self._units[unit]
                held = entries[places[0]][name]
                found.append((held if len(places) == 1 else held._storage, value))
        return found

    def _get(self, entries: list[dict], leaf: tuple) -> Value:
        name, unit, _ = leaf
        places = (0,) if unit is None else self._units[unit]
        held = entries[places[0]][name]
        if len(places) == 1:
            return held._value()
        storage = held._storage
        for place in places:
            if entries[place][name]._storage is not storage:
                break
        else:
            value = storage.read()
            if value.aval.shape == leaf[2].shape:
                return value
        # loaded, copied, or packed with others: packed anew
        return recorder.apart("an optimizer's state is packed", lambda: self._pack(entries, leaf, places))

    def _begin(self, entries: list[dict], inputs: list) -> None:
        if self._init is None:
            self._init = Spec("optimizer_init", self._first_state, _kinds(inputs))
        for leaf, value in zip(self._leaves, record(self._init, inputs), strict=False):
            self._put(entries, leaf, value)

    def _pack(self, entries: list[dict], leaf: tuple, places: Sequence[int]) -> Value:
        value = cat([entries[place][leaf[0]].reshape(-1) for place in places])._value()
        self._put(entries, leaf, value)
        return value

    def _put(self, entries: list[dict], leaf: tuple, value: Value) -> None:
        """Show a leaf that lies elsewhere now, under its name."""
        name, unit, _ = leaf
        places = range(len(entries)) if unit is None else self._units[unit]
        packed = Tensor._wrap(value)
        if unit is None or len(places) == 1:
            pieces = [packed, *[Tensor._wrap(value) for _ in places[1:]]]
        else:
            known = [self._avals[place] for place in places]
            pieces = packed.split([each.numel for each in known])
            pieces = [piece.view(each.shape) for piece, each in zip(pieces, known, strict=True)]
        for place, piece in zip(places, pieces, strict=True):
            if name in entries[place]:
                entries[place][name]._replace(piece)
            else:
                entries[place][name] = piece


def _kinds(inputs: list) -> tuple:
    return tuple([each.aval if type(each) is Value else type(each) for each in inputs])


def _units(avals: list) -> list[tuple[int, ...]]:
    """The parameters' places, alone or in packs of small ones of a kind."""
    units: list[tuple[int, ...]] = []
    packs: dict[Any, list[int]] = {}
    for place, each in enumerate(avals):
        if (
            each.numel > SMALL or each.dtype.is_complex or each.place.mesh is not None
        ):  # packed, it would be cut otherwise
            units.append((place,))
        else:
            packs.setdefault(each.dtype, []).append(place)
    return units + [tuple(pack) for pack in packs.values()]


def _pairs(array: jax.Array):
    return jnp.stack([array.real, array.imag], -1)


def _complex(pairs: Any):
    return jax.lax.complex(pairs[..., 0], pairs[..., 1])


def _place(path: tuple, names: dict[str, str]) -> tuple[str, int | None]:
    """(PyTorch's name, number of the unit) of a leaf of optax's state, from its path."""
    fields = [each.name for each in path if isinstance(each, jax.tree_util.GetAttrKey)]
    last = path[-1]
    name = fields[-1] if fields else "state"
    if isinstance(last, jax.tree_util.SequenceKey) and isinstance(path[-2], jax.tree_util.GetAttrKey):
        return names.get(name, name), last.idx
    return names.get(name, "step" if name == "count" else name), None
