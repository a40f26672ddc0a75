"""``x[index]`` and ``x[index] = value``: the index read, and the operations that do it."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from torchlike import _strides as strides
from torchlike._autograd.modes import state
from torchlike._autograd.refusals import VIEW_OF_LEAF_IN_PLACE
from torchlike._autograd.tape import AccumulateGrad
from torchlike._autograd.variable import TensorBase
from torchlike._functions.making import as_tensor, tensor, wrapped
from torchlike._ops import basic_indexing as basic
from torchlike._ops import indexing as ops
from torchlike._ops import views
from torchlike._ops.basic_indexing import AT, FULL, MOST_NUMBERS
from torchlike._overrides import answered, overriding, plain
from torchlike._programs import explain
from torchlike._programs.cache import Cache
from torchlike._programs.tracebacks import shorten
from torchlike._recorder.recorder import recorder, value_of
from torchlike._recorder.view import Layout
from torchlike._signatures.parser import type_name
from torchlike._types import dtypes
from torchlike._types.numbers import fitting

if TYPE_CHECKING:
    from torchlike._programs.aval import Aval
    from torchlike.tensor import Tensor

OF_0D = (
    "invalid index of a 0-dim tensor. Use `tensor.item()` in Python or `tensor.item<T>()` in C++ to convert a 0-dim "
    "tensor to a number"
)
NO_INDEX = "only integers, slices (`:`), ellipsis (`...`), None and long or byte Variables are valid indices (got {})"
SEQUENCE = (
    "Using a non-tuple sequence for multidimensional indexing is deprecated and will be changed in pytorch 2.9; use "
    "x[tuple(seq)] instead of x[seq]. In pytorch 2.9 this will be interpreted as tensor index, x[torch.tensor(seq)], "
    "which will result either in an error or a different result"
)
UINT8 = "indexing with dtype torch.uint8 is now deprecated, please use a dtype torch.bool instead."
FEW, MOST = 4, 64


class Positions:
    """Which positions of one kind of index have programs of their own.

    The first few do, and those that follow one of them, one by one, within the same recording: a loop over a
    sequence is one program whatever its length. Any other position is passed as a number. Of an index with several
    positions they are taken together: only the first few have programs.
    """

    __slots__ = ("own", "last", "recording")

    def __init__(self) -> None:
        self.own: set = set()
        self.last, self.recording = -2, None

    def is_own(self, position: int | tuple) -> bool:
        """Whether this position, or these, are static."""
        own = self.own
        if type(position) is tuple:
            if position not in own and len(own) < FEW:
                own.add(position)
            return position in own
        if position not in own:
            near = abs(position - self.last) == 1 and self.last in own and self.recording is recorder.recording
            if len(own) >= (MOST if near else FEW):
                return False
            own.add(position)
        self.last, self.recording = position, recorder.recording
        return True


_known: Cache[object, Positions] = Cache()


def is_own(key: Any, position: int | tuple) -> bool:
    """`Positions.is_own` of the kind of index with this key."""
    found = _known[key]
    if found is None:
        found = _known[key] = Positions()
    return found.is_own(position)


def out_of_bounds(index: int, dim: int, size: int, kind: type = IndexError) -> Exception:
    """PyTorch's error for an index that is too large."""
    return kind(f"index {index} is out of bounds for dimension {dim} with size {size}")


# ---------------------------------------------------------------------- reading an index


class Parsed:
    """An index taken apart.

    Attributes:
        pattern: what `basic_indexing` reads.
        numbers: the positions in it that are numbers.
        tensors: for each dimension that the pattern leaves, an index tensor or None.
        read: the operation, named after the one that PyTorch would apply last.
    """

    __slots__ = ("pattern", "numbers", "tensors", "read", "dim", "has_tensors")

    def __init__(self) -> None:
        self.pattern: list = []
        self.numbers: list = []
        self.tensors: list = []
        self.read = basic.slice_view
        self.dim = 0
        self.has_tensors = False

    def keep(self, entry: Any, given: Any = None) -> None:
        """An entry that leaves a dimension."""
        self.pattern.append(entry)
        self.tensors.append(given)

    def at(self, position: Any, entry: Any = AT) -> None:
        """A position, with its entry of the pattern: a number, as long as there is room for it."""
        if len(self.numbers) < MOST_NUMBERS:
            self.pattern.append(entry)
            self.numbers.append(position)
        else:
            self.pattern.append(_placed(entry, position))

    def settle(self, known: Aval) -> Parsed:
        """Write positions that have a program of their own into the pattern."""
        numbers = self.numbers
        if numbers and all([type(each) is int for each in numbers]):
            if is_own((known, *self.pattern), numbers[0] if len(numbers) == 1 else tuple(numbers)):
                rest = iter(numbers)
                self.pattern = [_placed(each, next(rest)) if _is_at(each) else each for each in self.pattern]
                self.numbers = []
        return self

    @property
    def is_whole(self) -> bool:
        """Whether the basic part is the tensor as it is."""
        return self.pattern.count(FULL) == len(self.pattern)

    def view(self, of: Any) -> Tensor:
        """The basic part of the index, as a view."""
        return self.read(of, tuple(self.pattern), *self.numbers)


def _is_at(entry: Any) -> bool:
    return entry == AT or (type(entry) is tuple and entry[0] == AT)


def _placed(entry: Any, position: int):
    return position if entry == AT else (position, *entry[1:])


def _integer(parsed: Parsed, known: Aval, index: int, place: int) -> None:
    size = known.shape[parsed.dim]
    if not -size <= index < size:
        raise out_of_bounds(index, place, size)
    if index < 0:
        index += size
    parsed.at(index)
    parsed.read = basic.select_view
    parsed.dim += 1


def _slice(parsed: Parsed, known: Aval, index: slice) -> None:
    dim = parsed.dim
    size = known.shape[dim]
    start, stop, step = index.indices(size)
    if step < 0:
        raise ValueError("step must be greater than zero")
    length = max(-((start - stop) // step), 0)
    parsed.read = basic.slice_view
    parsed.dim += 1
    if length == size and step == 1:
        parsed.keep(FULL)
    elif start:
        parsed.at(start, (AT, length, step))
        parsed.tensors.append(None)
    else:
        parsed.keep((0, length, step))


def _tensor(parsed: Parsed, known: Aval, index: TensorBase, at: int) -> None:
    own = index._aval
    name = own.dtype.name
    if not own.ndim and own.dtype.rank == 1 and name != "uint8":
        return _scalar(parsed, known, index, at)
    parsed.has_tensors = True
    if name in ("bool", "uint8"):
        if name == "uint8":
            explain.warn(UINT8)
        if not own.ndim:
            return parsed.keep(None, index)
        taken = own.ndim
        for place, size in enumerate(own.shape):
            if size != known.shape[parsed.dim + place]:
                shape = basic.resolved(known.shape, tuple(parsed.pattern), tuple(parsed.numbers))[3]
                raise IndexError(
                    f"The shape of the mask {list(own.shape)} at index {place} does not match the shape of the indexed "
                    f"tensor {shape} at index {len(parsed.tensors) + place}"
                )
    elif name in ("int64", "int32"):
        taken = 1
    else:
        raise IndexError("tensors used as indices must be long, int, byte or bool tensors")
    parsed.keep(FULL, index)
    for _ in range(taken - 1):
        parsed.keep(FULL, TAKEN)
    parsed.dim += taken
    return None


TAKEN = object()  # a dimension that belongs to a mask before it


def _scalar(parsed: Parsed, known: Aval, index: TensorBase, at: int) -> None:
    """A 0-d integer tensor: its number where it is known already, else the value itself."""
    if index._value().is_computed or len(parsed.numbers) >= MOST_NUMBERS:
        return _integer(parsed, known, int(index.item()), at)
    parsed.at(index)
    parsed.read = basic.select_view
    parsed.dim += 1
    return None


def parse(known: Aval, index: tuple) -> Parsed:
    """Take an index apart.

    Raises:
        IndexError: too many indices, one out of bounds, or one that is no index.
        ValueError: a step that is not positive.
    """
    parsed, taken = Parsed(), dims_taken(index)
    if taken > known.ndim:
        if not known.ndim:
            only = next(each for each in index if each is not None and each is not Ellipsis)
            raise IndexError("slice() cannot be applied to a 0-dim tensor." if type(only) is slice else OF_0D)
        raise IndexError(f"too many indices for tensor of dimension {known.ndim}")
    for at, each in enumerate(index):
        kind = type(each)
        if kind is int:
            _integer(parsed, known, each, at)
        elif kind is slice:
            _slice(parsed, known, each)
        elif each is None:
            parsed.keep(None)
            parsed.read = basic.slice_view
        elif each is Ellipsis:
            for _ in range(known.ndim - taken):
                parsed.keep(FULL)
            parsed.dim += known.ndim - taken
            taken = known.ndim
        elif isinstance(each, TensorBase):
            _tensor(parsed, known, each, at)
        else:
            _integer(parsed, known, each.__index__(), at)
    return parsed.settle(known)


def dims_taken(index: tuple) -> int:
    """How many dimensions an index speaks of."""
    count = 0
    for each in index:
        if isinstance(each, TensorBase):
            count += each._aval.ndim if each._aval.dtype.name in ("bool", "uint8") else 1
        elif each is not None and each is not Ellipsis:
            count += 1
    return count


def normalized(index: Any) -> tuple:
    """An index as a tuple of ints, slices, None, ``...`` and tensors.

    Raises:
        IndexError: something in it is no index.
    """
    if type(index) is not tuple:
        if isinstance(index, (list, range)) and _is_many(index):
            explain.warn(SEQUENCE)
            index = tuple(index)
        else:
            index = (index,)
    for each in index:
        if type(each) not in _PLAIN:
            return tuple([_plain(one) for one in index])
    return index


_PLAIN = {int, slice, type(None), type(Ellipsis)}


def _is_many(index: Any) -> bool:
    """Whether a list stands for a tuple, as NumPy once had it."""
    return len(index) < 32 and any(
        each is None or each is Ellipsis or isinstance(each, (slice, list, tuple, TensorBase)) for each in index
    )


def _plain(each: Any):
    kind = type(each)
    if kind in _PLAIN or isinstance(each, TensorBase):
        return each
    if kind is bool:
        return tensor(each)
    if isinstance(each, np.ndarray):
        return tensor(each) if each.ndim or each.dtype == np.bool_ else int(each)
    if isinstance(each, (list, tuple, range)):
        made = tensor(list(each)) if len(each) else tensor([], dtype=dtypes.int64)
        return made if made._aval.dtype.rank < 2 else made.to(dtypes.int64)
    if isinstance(each, str):
        raise TypeError("new(): invalid data type 'str'")
    if hasattr(each, "__index__") and not isinstance(each, np.bool_):
        return each.__index__()
    module = type(each).__module__
    name = type(each).__name__ if module == "builtins" else f"{module}.{type(each).__name__}"
    raise IndexError(NO_INDEX.format(name))


# ---------------------------------------------------------------------- x[index]


def getitem(self: Tensor, index: Any) -> Tensor:
    """The elements at an index: integers, slices, ``None``, ``...``, masks and index tensors, mixed.

    Integers and slices give a view; masks and index tensors a copy.

    Raises:
        IndexError: out of bounds, too many indices, or no index at all; in PyTorch's words.
        ValueError: a step that is not positive.
    """
    try:
        if type(index) is int:
            aval = self._aval
            if not aval.ndim:
                raise IndexError(OF_0D)
            size = aval.shape[0]
            if not -size <= index < size:
                raise out_of_bounds(index, 0, size)
            if self._storage._host is not None:
                shared = _of_shared(self, (index,))
                if shared is not None:
                    return shared
            elif recorder.reads_host and _is_known(self, ()) and self._view is None:
                value = value_of(self._storage.value.known[index, ...])
                return self._viewed(views.index_step(aval, (AT,), (index,)), value, None)
            if index < 0:
                index += size
            found = _known[aval]
            if found is None:
                found = _known[aval] = Positions()
            if found.is_own(index):
                return basic.select_view(self, (index,))
            return basic.select_view(self, (AT,), index)
        if index is None:
            return views.unsqueeze(self, 0)
        if self._storage._host is not None:
            index = normalized(index)
            shared = _of_shared(self, index)
            if shared is not None:
                return shared
        index = normalized(index)
        spelling = _spelling(self._aval, index)
        static = None if spelling is None else _static[spelling]
        if static is not None:
            return static[0](self, static[1])
        parsed = parse(self._aval, index)
        if not parsed.has_tensors:
            if parsed.is_whole and (len(index) != 1 or type(index[0]) is not slice):
                parsed.read = basic.alias_view
            if spelling is not None and not parsed.numbers:
                _static[spelling] = parsed.read, tuple(parsed.pattern)
            return parsed.view(self)
        found = overriding((index,), {})
        if found is not None:
            return answered(type(self).__getitem__, found, (self, index), {})
        # a mask of the whole tensor and the like: no view in between
        part = self if parsed.is_whole else parsed.view(self)
        where, indices = spelled(part, parsed.tensors)
        return chosen(part, where, indices)
    except BaseException as error:
        shorten(error)
        raise


_static: Cache[tuple, tuple] = Cache()  # how indices are read that have programs of their own
_PLACES, _PARTS = {int, type(None), type(...)}, {int, type(None)}


def _spelling(known: Aval, index: tuple) -> tuple | None:
    """An index of numbers and slices of numbers as a key; None for any other."""
    key = [known]
    for each in index:
        if type(each) is slice:
            parts = each.start, each.stop, each.step
            if not _PARTS.issuperset(map(type, parts)):
                return None
            key.append(parts)
        elif type(each) in _PLACES:
            key.append(each)
        else:
            return None
    return tuple(key)


def _of_shared(self: Tensor, index: tuple):
    """A view of memory shared with NumPy: only its own elements are taken, not all of them."""
    if self._edge is not None or self._view is not None or any(type(each) not in _PLAIN for each in index):
        return None
    host = self._storage.host
    if host is None or not recorder.kind.takes_parts:
        return None
    parsed = parse(self._aval, index)
    step = views.index_step(self._aval, tuple(parsed.pattern), tuple(parsed.numbers))
    return self._viewed(step, value_of(np.array(host[index], order="C")), None)


ELSEWHERE = "indices should be either on cpu or on the same device as the indexed tensor ({})"


def spelled(part: Any, tensors: list) -> tuple[tuple[bool, ...], list]:
    """Index tensors with masks written out: (which dimensions have one, the tensors)."""
    where, indices = [], []
    for each in tensors:
        if each is TAKEN:
            continue
        if each is not None and not each.is_cpu and each.device != part.device:
            raise RuntimeError(ELSEWHERE.format(part.device))
        if each is None:
            where.append(False)
        elif each._aval.dtype.rank and each._aval.dtype.name != "uint8":
            where.append(True)
            indices.append(each)
        elif not each._aval.ndim:
            where.append(True)
            indices.append(wrapped(np.zeros(int(each.item()), np.int64)))
        else:
            found = np.nonzero(each.detach()._value().numpy("a mask chooses elements"))
            where += [True] * len(found)
            indices += [wrapped(one) for one in found]
    while where and not where[-1]:
        where.pop()
    return tuple(where), [each.to(part.device) for each in indices] if not part.is_cpu else indices


def chosen(part: Any, where: tuple, indices: list, by: Callable[..., Any] = ops.index_by):
    """The elements at index tensors; on the host where all is known there and nothing is tracked.

    Args:
        by: the operation that takes them.
    """
    if part._aval.numel <= 2**20 and _is_known(part, indices):
        arrays = iter([each._value().numpy() for each in indices])
        place = tuple([next(arrays) if there else slice(None) for there in where])
        try:
            made = wrapped(part._value().known[place])
        except IndexError:
            pass  # the operation says it in PyTorch's words
        else:
            if part._view is not None:
                layout = Layout(part._aval.shape, part._view.strides)
                strides.put(made, strides.indexed(made._aval.shape, where, layout, [each._layout for each in indices]))
            return made
    return by(part, where, tuple(indices))


def _is_known(part: Any, indices: list) -> bool:
    """Whether choosing on the host is quicker than a program for this very number of elements."""
    if part._value().known is None or part._edge is not None or not recorder.kind.takes_parts:
        return False
    return all(each._value().is_computed for each in indices)


# ---------------------------------------------------------------------- x[index] = value


def setitem(self: Tensor, index: Any, value: Any) -> None:
    """Assign to the elements at an index; a value broadcasts to their shape.

    Raises:
        IndexError: the index does not fit.
        RuntimeError: the value does not.
        TypeError: it is neither a tensor nor a number.
    """
    try:
        if type(value) not in plain or type(index) not in plain:
            found = overriding((index, value), {})
            if found is not None:
                answered(type(self).__setitem__, found, (self, index, value), {})
                return
        if not isinstance(value, TensorBase):
            value = _checked_value(self, value)
        parsed = parse(self._aval, normalized(index))
        if not parsed.is_whole and state.enabled and self._edge is not None and type(self._edge[0]) is AccumulateGrad:
            raise RuntimeError(VIEW_OF_LEAF_IN_PLACE)
        if parsed.has_tensors:
            _set_at_tensors(self if parsed.is_whole else parsed.view(self), parsed.tensors, value)
        elif self._frozen is None and not self._repeats and getattr(value, "_storage", None) is not self._storage:
            basic.put_slices.inplace(self, value, tuple(parsed.pattern), *parsed.numbers)
        else:
            part = self if parsed.is_whole else parsed.view(self)
            if isinstance(value, TensorBase) and value._aval.shape == part._aval.shape:
                part._check_apart(value)
            basic.put_slices.inplace(part, value, ())
    except BaseException as error:
        shorten(error)
        raise


def _set_at_tensors(part: Any, tensors: list, value: Any) -> None:
    given = [each for each in tensors if each is not None and each is not TAKEN]
    known = part._aval.dtype
    single = not isinstance(value, TensorBase) or value._aval.numel == 1
    masks = len(given) == 1 and single and given[0]._aval.dtype.name in ("bool", "uint8") and given[0]._aval.ndim
    if not masks and isinstance(value, TensorBase) and value._aval.dtype is not known:
        names = dtypes.scalar_name(known), dtypes.scalar_name(value._aval.dtype)
        raise RuntimeError(
            "Index put requires the source and destination dtypes match, got {} for the destination and {} for the "
            "source.".format(*names)
        )
    if masks:
        dim = next(place for place, each in enumerate(tensors) if each is given[0])
        ops.mask_put.inplace(part, value, given[0], dim)
    else:
        where, indices = spelled(part, tensors)
        ops.index_put_by.inplace(part, value, where, tuple(indices))


def _checked_value(self: Tensor, value: Any):
    """A number that is assigned.

    Raises:
        TypeError: it is none.
        RuntimeError: it does not fit the tensor's dtype.
    """
    if isinstance(value, np.generic) or (isinstance(value, np.ndarray) and not value.ndim):
        value = value.item()
    if isinstance(value, (bool, int, float, complex)):
        dtype = self._aval.dtype
        if isinstance(value, complex) and dtype in dtypes.HALVES:
            dtype = dtypes.float64
        return fitting(value, dtype) if dtype.rank == 1 or isinstance(value, complex) else value
    if isinstance(value, np.ndarray):
        return as_tensor(value)
    raise TypeError(f"can't assign a {type_name(value)} to a {self.type()}")


def delitem(self: Tensor, index: Any) -> None:
    """Refused: tensors have a fixed size."""
    raise TypeError("Tensor does not support deleting items")


# ---------------------------------------------------------------------- select, narrow


def stretch(input: Tensor, dim: int, start: int, length: int):
    """`narrow` without checks."""
    parsed = Parsed()
    parsed.pattern, parsed.dim = [FULL] * dim, dim
    _slice(parsed, input._aval, slice(start, start + length))
    return parsed.settle(input._aval).view(input)


def entry(input: Tensor, dim: int, index: int):
    """`select` without checks."""
    parsed = Parsed()
    parsed.pattern, parsed.dim = [FULL] * dim, dim
    _integer(parsed, input._aval, index, dim)
    return parsed.settle(input._aval).view(input)
