"""Views that depend on where the elements lie in memory, or that are made of others."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, cast

from torchlike._autograd.modes import state
from torchlike._autograd.tape import node_class
from torchlike._autograd.variable import TensorBase
from torchlike._function import F, function
from torchlike._ops import conversion, views
from torchlike._ops._promote import wrap_dim
from torchlike._programs import explain
from torchlike._programs.tracebacks import shorten
from torchlike._recorder.recorder import record
from torchlike._recorder.view import Layout, Place, direct
from torchlike._signatures import refuse
from torchlike._types import dtype as dtype_class
from torchlike._types import dtypes, formats

if TYPE_CHECKING:
    from torchlike.tensor import Tensor

NOT_VIEWABLE = (
    "view size is not compatible with input tensor's size and stride (at least one dimension spans across two "
    "contiguous subspaces). Use .reshape(...) instead."
)
T_DEPRECATED = (
    "The use of `x.T` on tensors of dimension other than 2 to reverse their shape is deprecated and it will throw an "
    "error in a future release. Consider `x.mT` to transpose batches of matrices or "
    "`x.permute(*torch.arange(x.ndim - 1, -1, -1))` to reverse the dimensions of a tensor."
)


# ---------------------------------------------------------------------- other shapes


def _sizes(args: tuple) -> tuple:
    return tuple(args[0]) if len(args) == 1 and isinstance(args[0], (tuple, list)) else args


def _ints(name: str, args: tuple) -> tuple[int, ...]:
    """The sizes that positional arguments spell.

    Raises:
        TypeError: they are no integers.
    """
    size = _sizes(args)
    for each in size:
        if type(each) is not int:
            if isinstance(each, float) or not hasattr(each, "__index__"):
                raise TypeError(f"{name}(): argument 'size' must be tuple of ints, but found {type(each).__name__}")
            return tuple([one.__index__() for one in size])
    return size


def _fits(self: Tensor, size: tuple) -> bool:
    """Whether strides can say this shape."""
    if self._view is None:
        return True
    return views.reshaped_layout(self._layout, views.resolved_shape(self._aval.numel, size)) is not None


def view(self: Tensor, *size: Any, dtype: dtypes.dtype | None = None) -> Tensor:
    """The same elements in another shape, or the same bytes as another dtype, without a copy.

    Args:
        size: the sizes; one may be -1. Or a dtype.

    Raises:
        RuntimeError: the shape does not fit the number of elements, or not the way they lie in memory.

    Example:
        >>> torch.arange(6).view(2, -1).shape
        torch.Size([2, 3])
    """
    try:
        if dtype is None:
            if not size:
                raise TypeError("view() received an invalid combination of arguments - got ()")
            if isinstance(size[0], (dtype_class, type)):
                dtype = dtypes.resolve(size[0], "view")
        if dtype is not None:
            return _view_dtype(self, dtype)
        size = _ints("view", size)
        if not _fits(self, size):
            raise RuntimeError(NOT_VIEWABLE)
        return views.view_shape(self, size)
    except BaseException as error:
        shorten(error)
        raise


def _view_dtype(self: Tensor, dtype: dtypes.dtype):
    old, new = self._aval.dtype.itemsize, dtype.itemsize
    for given, name in zip(self._view.sign if self._view is not None else (), _SIGNED, strict=False):
        if given and dtype is not self._aval.dtype:
            raise RuntimeError(f"torch.Tensor.view is not supported for {name} when converting to a different dtype.")
    if old != new:
        _check_bytes(self, dtype)
    made = as_if_made(views.view_dtype(self, dtype, (old, new)))
    made._edge = None
    return made


_SIGNED = "conjugate view tensors", "tensors with negative bit set"


@function
def view_as_real(input: Tensor) -> Tensor:
    """A complex tensor of shape ``(...)`` as its real and imaginary parts, ``(..., 2)``; a view.

    Raises:
        RuntimeError: it is not complex, or it `is_conj`.

    Example:
        >>> torch.view_as_real(torch.tensor([1 + 2j]))
        tensor([[1., 2.]])
    """
    if input._view is not None and input._view.sign[0]:
        raise RuntimeError(
            "view_as_real doesn't work on unresolved conjugated tensors.  To resolve the conjugate tensor so you can view "
            "it as real, use self.resolve_conj(); however, be warned that the resulting tensor will NOT alias the original."
        )
    return views.view_as_real(input)


def _check_bytes(self: Tensor, dtype: dtypes.dtype) -> None:
    """Refuse to read the bytes as elements of another size where they are not neighbours.

    Raises:
        RuntimeError: there are no dimensions, or the last one is not dense, or does not hold whole elements.
    """
    aval, layout = self._aval, self._layout
    ratio = dtype.itemsize // aval.dtype.itemsize
    names = dtypes.scalar_name(aval.dtype), dtypes.scalar_name(dtype)
    pair = "to view {} as {} (different element sizes), but got".format(*names)
    if not aval.ndim:
        raise RuntimeError(f"self.dim() cannot be 0 {pair.removesuffix(', but got')}")
    if ratio > 1 and aval.shape[-1] % ratio:
        raise RuntimeError(f"self.size(-1) must be divisible by {ratio} {pair} {aval.shape[-1]}")
    if layout.strides[-1] != 1:
        raise RuntimeError(f"self.stride(-1) must be 1 {pair} {layout.strides[-1]}")
    if ratio > 1:
        if layout.offset % ratio:
            raise RuntimeError(f"self.storage_offset() must be divisible by {ratio} {pair} {layout.offset}")
        for dim, stride in enumerate(layout.strides[:-1]):
            if stride % ratio:
                raise RuntimeError(f"self.stride({dim}) must be divisible by {ratio} {pair} {stride}")


@function
def reshape(input: Tensor, *shape: int | Sequence[int]) -> Tensor:
    """The elements in another shape: a view where their place in memory allows it, else a copy.

    Raises:
        RuntimeError: the shape does not fit the number of elements.

    Example:
        >>> torch.reshape(torch.arange(4), (2, 2))
        tensor([[0, 1],
                [2, 3]])
    """
    try:
        if not shape:
            raise TypeError('reshape() missing 1 required positional arguments: "shape"')
        shape = _ints("reshape", shape)
        return views.view_shape(input, shape) if _fits(input, shape) else views.reshape_copy(input, shape)
    except BaseException as error:
        shorten(error)
        raise


def reshape_as(self: Tensor, other: Tensor) -> Tensor:
    """`reshape` to the shape of another tensor."""
    return reshape(self, tuple(other._aval.shape))


def view_as(self: Tensor, other: Tensor) -> Tensor:
    """`view` with the shape of another tensor."""
    if not isinstance(other, TensorBase):
        raise TypeError(f"view_as(): argument 'other' (position 1) must be Tensor, not {type(other).__name__}")
    return view(self, tuple(other._aval.shape))


@function
def flatten(input: Tensor, start_dim: int = 0, end_dim: int = -1) -> Tensor:
    """The dimensions from `start_dim` to `end_dim` as one; a view where memory allows it.

    Example:
        >>> torch.flatten(torch.zeros(2, 3, 4), 1).shape
        torch.Size([2, 12])
    """
    aval = input._aval
    shape = views.flattened_shape(aval.shape, start_dim, end_dim)
    # one dimension flattened is the tensor itself
    alone = aval.ndim and wrap_dim(start_dim, aval.ndim) == wrap_dim(end_dim, aval.ndim)
    return input if alone else reshape(input, shape)


@function
def unflatten(input: Tensor, dim: int, sizes: Sequence[int]) -> Tensor:
    """One dimension as several; one of the sizes may be -1.

    Raises:
        RuntimeError: the sizes do not multiply up to that of the dimension.

    Example:
        >>> torch.unflatten(torch.zeros(2, 6), 1, (2, -1)).shape
        torch.Size([2, 2, 3])
    """
    shape, sizes = input._aval.shape, tuple(sizes)
    dim = wrap_dim(dim, len(shape))
    if not sizes:
        raise RuntimeError("unflatten: sizes must be non-empty")
    try:
        found = views.resolved_shape(shape[dim], sizes)
    except RuntimeError as error:
        if "only one" in str(error):
            raise
        raise RuntimeError(
            f"unflatten: Provided sizes {list(sizes)} don't multiply up to the size of dim {dim} ({shape[dim]}) in the "
            "input tensor"
        ) from None
    return view(input, (*shape[:dim], *found, *shape[dim + 1 :]))


@function
def ravel(input: Tensor) -> Tensor:
    """All elements in one dimension; a view where they lie in order.

    Example:
        >>> torch.ravel(torch.tensor([[1, 2], [3, 4]]))
        tensor([1, 2, 3, 4])
    """
    return reshape(contiguous(input), -1)


def contiguous(self: Tensor, memory_format: formats.memory_format = formats.contiguous_format) -> Tensor:
    """The tensor itself if its elements lie in memory in this order, else a copy that does."""
    is_last = memory_format in (formats.channels_last, formats.channels_last_3d)
    if self.is_contiguous(memory_format=memory_format) if is_last else self._view is None or self._layout.is_contiguous:
        return self
    return conversion.clone(self, memory_format=memory_format)


def as_if_made(viewed: Tensor):
    """A view as a tensor of its own: nothing else holds what it views."""
    viewed._base = viewed._frozen = None
    return viewed


def expand_as(self: Tensor, other: Tensor) -> Tensor:
    """`expand` to the shape of another tensor."""
    return views.expand(self, tuple(other._aval.shape))


@function
def broadcast_to(input: Tensor, *size: int | Sequence[int]) -> Tensor:
    """`expand` to a size, spelled out or one sequence.

    Example:
        >>> torch.broadcast_to(torch.tensor([1, 2]), (2, 2))
        tensor([[1, 2],
                [1, 2]])
    """
    return views.expand(input, _sizes(size))


# ---------------------------------------------------------------------- other orders


def _unique(name: str, dims: tuple, ndim: int) -> tuple[int, ...]:
    wrapped = views.wrap_dims(dims, ndim)
    if len(set(wrapped)) < len(wrapped):
        raise RuntimeError(f"movedim: repeated dim in `{name}` ({list(dims)})")
    return wrapped


@function(aliases=("moveaxis",))
def movedim(input: Tensor, source: int | Sequence[int], destination: int | Sequence[int]) -> Tensor:
    """Dimensions moved to other places, the rest in their order.

    Raises:
        RuntimeError: a dimension comes twice, or the two lists differ in length.

    Example:
        >>> torch.movedim(torch.zeros(2, 3, 4), 0, -1).shape
        torch.Size([3, 4, 2])
    """
    source = (source,) if isinstance(source, int) else tuple(source)
    destination = (destination,) if isinstance(destination, int) else tuple(destination)
    if len(source) != len(destination):
        raise RuntimeError(
            f"movedim: Invalid source or destination dims: source ({list(source)} dims) should contain the same number "
            f"of dims as destination ({list(destination)} dims)"
        )
    ndim = input._aval.ndim
    source, destination = _unique("source", source, ndim), _unique("destination", destination, ndim)
    places = dict(zip(destination, source, strict=True))
    rest = iter([dim for dim in range(ndim) if dim not in places.values()])
    return views.permute(input, tuple([places[dim] if dim in places else next(rest) for dim in range(ndim)]))


def reversed_dims(self: Tensor) -> Tensor:
    """``x.T``: the dimensions in reverse order."""
    ndim = self._aval.ndim
    if ndim not in (0, 2):
        if ndim > 2:
            explain.warn(T_DEPRECATED)
    elif not ndim:
        explain.warn(_identity("T"))
    return views.permute(self, tuple(reversed(range(ndim))))


def _identity(name: str) -> str:
    return f"Tensor.{name} is deprecated on 0-D tensors. This function is the identity in these cases."


def matrix_transpose(self: Tensor) -> Tensor:
    """``x.mT``: the last two dimensions swapped."""
    ndim = self._aval.ndim
    if ndim < 2:
        if ndim:
            raise RuntimeError(f"tensor.mT is only supported on matrices or batches of matrices. Got {ndim}-D tensor.")
        explain.warn(_identity("mT"))
        return self
    return views.transpose(self, -2, -1)


def conjugate_transpose(self: Tensor) -> Tensor:
    """``x.H``: the transpose of a matrix, conjugated."""
    ndim = self._aval.ndim
    if ndim not in (0, 2):
        more = " For batches of matrices, consider using tensor.mH" if ndim > 2 else ""
        raise RuntimeError(f"tensor.H is only supported on matrices (2-D tensors). Got {ndim}-D tensor.{more}")
    if not ndim:
        explain.warn("Tensor.H is deprecated on 0-D tensors. Consider using x.conj().")
        return views.conjugate(self) if self._aval.dtype.is_complex else self
    return _adjoint(self)


def _adjoint(self: Tensor):
    swapped = views.transpose(self, -2, -1)
    return views.conjugate(swapped) if self._aval.dtype.is_complex else swapped


def matrix_adjoint(self: Tensor) -> Tensor:
    """``x.mH``: the last two dimensions swapped, conjugated."""
    return _checked_adjoint(self, "tensor.mH is")


@function
def adjoint(input: Tensor) -> Tensor:
    """The last two dimensions swapped, conjugated.

    Raises:
        RuntimeError: it is a vector.

    Example:
        >>> torch.adjoint(torch.tensor([[1j, 2.0]]))
        tensor([[0.-1.j],
                [2.-0.j]])
    """
    return _checked_adjoint(input, "tensor.adjoint() is")


def _checked_adjoint(self: Tensor, what: str):
    ndim = self._aval.ndim
    if ndim == 1:
        raise RuntimeError(f"{what} only supported on matrices or batches of matrices. Got 1-D tensor.")
    if not ndim:
        explain.warn("adjoint() is deprecated on 0-D tensors. Consider using x.conj().")
        return views.conjugate(self) if self._aval.dtype.is_complex else self
    return _adjoint(self)


# ---------------------------------------------------------------------- in place: the tensor itself is seen otherwise


def _in_place(function: F, overloads: int = 1) -> F:
    """The form of a view function that changes how the tensor itself sees its elements.

    Args:
        overloads: how many forms PyTorch has of it: those in place have the numbers after theirs.
    """

    @functools.wraps(function)
    def inplace(self: Tensor, *args: Any, **kwargs: Any):
        self._check_writable()
        viewed = function(self, *args, **kwargs)
        self._count_writing()
        self._view, self._cached, self._seen = viewed._view, viewed._cached, self._storage.version
        if state.enabled:
            self._edge = viewed._edge
            if self._edge is not None:
                self._edge[0].__class__ = _later(type(self._edge[0]), overloads)
        return self

    inplace.__name__ = function.__name__ + "_"
    return cast(F, inplace)


@functools.cache
def _later(kind: type, overloads: int) -> type:
    """The class of nodes whose number is larger by so many: ``TBackward1`` of ``TBackward0``."""
    return type(f"{kind.__name__[:-1]}{int(kind.__name__[-1]) + overloads}", (kind,), {"__module__": kind.__module__})


t_, squeeze_, unsqueeze_ = _in_place(views.t), _in_place(views.squeeze, 3), _in_place(views.unsqueeze)
transpose_ = _in_place(views.transpose)


# ---------------------------------------------------------------------- memory


@function
def as_strided(input: Tensor, size: Sequence[int], stride: Sequence[int], storage_offset: int | None = None) -> Tensor:
    """The elements at sizes, strides and an offset of one's own, counted in elements of the storage.

    Raises:
        RuntimeError: some would lie outside the storage.

    Example:
        >>> torch.as_strided(torch.arange(4), (3, 2), (1, 1))
        tensor([[0, 1],
                [1, 2],
                [2, 3]])
    """
    known = input._place
    root = input if input._base is None else input._base
    place = known._replace(
        layout=Layout(tuple(size), tuple(stride), known.layout.offset if storage_offset is None else storage_offset)
    )
    if root._view is None and known == Place.whole(root._aval)._replace(layout=known.layout):
        return views.as_strided(root, *place.layout)
    item, memory = known.dtype.itemsize, root._storage.aval.nbytes
    views.check_strided(memory // item, *place.layout, item)
    return _of_root(root, place)


def _of_root(root: Any, place: Place):
    """A view of a tensor that is not all of its memory, at a place of that."""
    step = direct(root._storage.aval, root._storage.place, place)
    made = TensorBase._on(root._storage)._viewed(step, record(step.get, (root._storage.read(),))[0], None)
    made._base, edge = root, root._tracked_edge
    if edge is not None and state.enabled:
        step = direct(root._aval, root._place, place)
        made._edge = node_class(step.get)(step.get, (root._value(),), (edge,)), 0
    return made


as_strided_ = _in_place(as_strided)


@function
def real(input: Tensor) -> Tensor:
    """The real parts: a view of a complex tensor, a real tensor itself.

    Example:
        >>> torch.real(torch.tensor([1 + 2j]))
        tensor([1.])
    """
    return views.real_part(input) if input._aval.dtype.is_complex else input


@function
def imag(input: Tensor) -> Tensor:
    """The imaginary parts of a complex tensor, as a view.

    Raises:
        RuntimeError: it is not complex.

    Example:
        >>> torch.imag(torch.tensor([1 + 2j]))
        tensor([2.])
    """
    if not input._aval.dtype.is_complex:
        raise RuntimeError("imag is not implemented for tensors with non-complex dtypes.")
    return views.imag_part(input)


# ---------------------------------------------------------------------- shapes of several tensors


@function(of_modes=True)
def broadcast_shapes(*shapes: Any):
    """The shape that shapes broadcast to.

    Raises:
        RuntimeError: they do not.

    Example:
        >>> torch.broadcast_shapes((3, 1), (4,))
        torch.Size([3, 4])
    """
    from torchlike._types import Size

    given = [(each,) if isinstance(each, int) else tuple(each) for each in shapes]
    result: list[int] = []
    for place, shape in enumerate(given):
        result = [1] * (len(shape) - len(result)) + result
        for back in range(1, len(shape) + 1):
            size = shape[-back]
            if size < 0:
                raise RuntimeError(f"Trying to create tensor with negative dimension ({size}): ({size})")
            if size != 1:
                if result[-back] not in (1, size):
                    raise RuntimeError(
                        f"Attempting to broadcast a dimension of length {size} at -{back}! Mismatching argument at "
                        f"index {place} had {shape}; but expected shape should be broadcastable to {result}"
                    )
                result[-back] = size
    return Size(result)


def _tensors(args: tuple[Any, ...]) -> tuple[Tensor, ...]:
    return tuple(args[0]) if len(args) == 1 and isinstance(args[0], (tuple, list)) else args


@function
def broadcast_tensors(*tensors: Tensor | Sequence[Tensor]) -> tuple[Tensor, ...]:
    """Tensors expanded to their common shape.

    Raises:
        RuntimeError: they have none.

    Example:
        >>> torch.broadcast_tensors(torch.tensor([1, 2]), torch.tensor([[3], [4]]))
        (tensor([[1, 2],
                [1, 2]]), tensor([[3, 3],
                [4, 4]]))
    """
    from torchlike._ops._promote import broadcast_shapes as common

    tensors = _tensors(tensors)
    refuse("torch._VF.broadcast_tensors", (tensors,), {})
    shape = common(*[each._aval.shape for each in tensors])
    return tuple([each if each._aval.shape == shape else views.expand(each, shape) for each in tensors])


def _at_least(name: str, dims: int, shown: str):
    def grown(each: Tensor):
        have = each._aval.ndim
        if not have:
            return reshape(each, (1,) * dims)
        each = views.unsqueeze(each, 0) if have == 1 and dims > 1 else each
        return views.unsqueeze(each, -1) if have < 3 and dims == 3 else each

    def at_least(*tensors: Any):
        if len(tensors) == 1 and isinstance(tensors[0], TensorBase):
            return grown(tensors[0])
        refuse(f"torch._VF.{name}", (tensors[0] if len(tensors) == 1 else tensors,), {})
        return tuple([at_least(each) for each in _tensors(tensors)])

    at_least.__doc__ = f"""Tensors with at least {dims} dimension{"s" if dims > 1 else ""}, each a view.

    Example:
        >>> torch.{name}(torch.tensor(5), torch.tensor([1, 2]))
        {shown}
    """
    return function(at_least, name=name)


atleast_1d = _at_least("atleast_1d", 1, "(tensor([5]), tensor([1, 2]))")
atleast_2d = _at_least("atleast_2d", 2, "(tensor([[5]]), tensor([[1, 2]]))")
atleast_3d = _at_least("atleast_3d", 3, "(tensor([[[5]]]), tensor([[[1],\n                 [2]]]))")
