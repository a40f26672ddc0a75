"""``x[index]`` and ``x[index] = value``: the index read, and the operations that do it."""

from __future__ import annotations

import operator

import numpy as np

from torchlike._autograd.modes import state
from torchlike._autograd.tape import AccumulateGrad
from torchlike._autograd.variable import VIEW_OF_LEAF_IN_PLACE, TensorBase
from torchlike._ops import basic_indexing as basic
from torchlike._ops.basic_indexing import AT, FULL, MOST_NUMBERS
from torchlike._recorder.recorder import recorder

FEW, MOST = 4, 64


class _Positions:
    """Which positions along one dimension have programs of their own.

    The first few do, and those that follow one of them, one by one, within the same recording: a loop over a
    sequence is one program whatever its length. Any other position is passed as a number.
    """

    __slots__ = ("own", "last", "pending")

    def __init__(self) -> None:
        self.own: set[int] = set()
        self.last, self.pending = -2, None

    def is_own(self, position: int) -> bool:
        own = self.own
        if position not in own:
            near = abs(position - self.last) == 1 and self.last in own and self.pending is recorder.pending
            if len(own) >= (MOST if near else FEW):
                return False
            own.add(position)
        self.last, self.pending = position, recorder.pending
        return True


_known: dict[tuple, _Positions] = {}
_rows: dict[tuple, _Positions] = {}


def _is_own(key: tuple, position: int) -> bool:
    found = _known.get(key)
    if found is None:
        found = _known[key] = _Positions()
    return found.is_own(position)


def out_of_bounds(index: int, dim: int, size: int) -> IndexError:
    """PyTorch's error for an integer index that is too large."""
    return IndexError(f"index {index} is out of bounds for dimension {dim} with size {size}")


class _Parsed:
    """An index taken apart.

    Attributes:
        pattern: what `basic_indexing` reads.
        numbers: the positions in it that are numbers.
        tensors: for each dimension that the pattern leaves, an index tensor or None.
        ends_in: the operation that PyTorch would apply last.
    """

    __slots__ = ("pattern", "numbers", "tensors", "ends_in")

    def __init__(self) -> None:
        self.pattern: list = []
        self.numbers: list = []
        self.tensors: list = []
        self.ends_in = basic.slice_view

    def view(self, tensor):
        """The part of the index that gives a view."""
        return self.ends_in(tensor, tuple(self.pattern), *self.numbers)


def _integer(parsed: _Parsed, known, dim: int, index: int) -> None:
    size = known.shape[dim]
    if not -size <= index < size:
        raise out_of_bounds(index, dim, size)
    if index < 0:
        index += size
    if len(parsed.numbers) >= MOST_NUMBERS or _is_own((known, dim), index):
        parsed.pattern.append(index)
    else:
        parsed.pattern.append(AT)
        parsed.numbers.append(index)
    parsed.ends_in = basic.select_view


def _slice(parsed: _Parsed, known, dim: int, index: slice) -> None:
    size = known.shape[dim]
    if index.step is not None and index.step <= 0:
        raise ValueError("step must be greater than zero")
    start, stop, step = index.indices(size)
    length = max(-((start - stop) // step), 0)
    if length == size:
        parsed.pattern.append(FULL)
        parsed.tensors.append(None)
        return
    if step != 1 or not start or not length or len(parsed.numbers) >= MOST_NUMBERS or _is_own(
        (known, dim, length), start
    ):
        parsed.pattern.append((start, length, step))
    else:
        parsed.pattern.append((AT, length))
        parsed.numbers.append(start)
    parsed.ends_in = basic.slice_view
    parsed.tensors.append(None)


def _scalar(parsed: _Parsed, known, dim: int, index: TensorBase) -> None:
    """A 0-d integer tensor: its number where it is known already, else the value itself."""
    if index._value().array is not None or len(parsed.numbers) >= MOST_NUMBERS:
        return _integer(parsed, known, dim, int(index.item()))
    parsed.pattern.append(AT)
    parsed.numbers.append(index)
    parsed.ends_in = basic.select_view
    return None


def parse(tensor, index: tuple) -> _Parsed:
    """Take an index apart.

    Raises:
        IndexError: too many indices, one out of bounds, or one that is no index.
        ValueError: a step that is not positive.
    """
    known, parsed = tensor._aval, _Parsed()
    dim, dims = 0, _dims_taken(index)
    if dims > known.ndim:
        raise IndexError(f"too many indices for tensor of dimension {known.ndim}")
    for each in index:
        kind = type(each)
        if kind is int:
            _integer(parsed, known, dim, each)
            dim += 1
        elif kind is slice:
            _slice(parsed, known, dim, each)
            dim += 1
        elif each is None:
            parsed.pattern.append(None)
            parsed.tensors.append(None)
            parsed.ends_in = basic.slice_view
        elif each is Ellipsis:
            skipped = known.ndim - dims
            parsed.pattern += [FULL] * skipped
            parsed.tensors += [None] * skipped
            dim += skipped
        elif isinstance(each, TensorBase):
            dim += _tensor(parsed, known, dim, each)
        else:
            _integer(parsed, known, dim, operator.index(each))
            dim += 1
    return parsed


def _tensor(parsed: _Parsed, known, dim: int, index: TensorBase) -> int:
    """An index tensor; returns how many dimensions it takes."""
    own = index._aval
    if not own.ndim and own.dtype.rank == 1 and own.dtype.name != "uint8":
        _scalar(parsed, known, dim, index)
        return 1
    taken = own.ndim if own.dtype.name in ("bool", "uint8") else 1
    if not taken:
        parsed.pattern.append(None)
    parsed.pattern += [FULL] * taken
    parsed.tensors += [index] + [None] * (taken - 1)
    return taken


def _dims_taken(index: tuple) -> int:
    count = 0
    for each in index:
        if isinstance(each, TensorBase):
            count += each._aval.ndim if each._aval.dtype.name in ("bool", "uint8") else 1
        elif each is not None and each is not Ellipsis:
            count += 1
    return count


def getitem(self, index):
    """The elements at an index: integers, slices, ``None``, ``...``, masks and index tensors, mixed.

    Integers and slices give a view; masks and index tensors a copy.

    Raises:
        IndexError: out of bounds, too many indices, or no index at all; in PyTorch's words.
        ValueError: a step that is not positive.
    """
    if type(index) is int:
        known = self._aval
        if not known.ndim:
            raise IndexError(
                "invalid index of a 0-dim tensor. Use `tensor.item()` in Python or `tensor.item<T>()` in C++ to convert "
                "a 0-dim tensor to a number"
            )
        size = known.shape[0]
        if not -size <= index < size:
            raise out_of_bounds(index, 0, size)
        if index < 0:
            index += size
        found = _rows.get(known)
        if found is None:
            found = _rows[known] = _Positions()
        if found.is_own(index):
            return basic.select_view(self, (index,))
        return basic.select_view(self, (AT,), index)
    parsed = parse(self, index if type(index) is tuple else (index,))
    return parsed.view(self)


def _check_no_view_of_leaf(self) -> None:
    root = self if self._base is None else self._base
    if state.enabled and root._edge is not None and isinstance(root._edge[0], AccumulateGrad):
        raise RuntimeError(VIEW_OF_LEAF_IN_PLACE)


def setitem(self, index, value) -> None:
    """Assign to the elements at an index; `value` broadcasts to their shape and takes their dtype."""
    _check_no_view_of_leaf(self)
    if not isinstance(value, TensorBase):
        value = _value_tensor(value, self)
    parsed = parse(self, index if type(index) is tuple else (index,))
    basic.put_slices.inplace(self, value, tuple(parsed.pattern), *parsed.numbers)


def _value_tensor(value, like):
    from torchlike._functions.making import wrapped

    return wrapped(np.asarray(value, like._aval.dtype.np))


for _public in (getitem, setitem):
    _public.__module__ = "torchlike"
