"""What a tensor is before any operation: its attributes, its place on the tape, its way to and from Python."""

from __future__ import annotations

import copy
import warnings
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, overload

import numpy as np

from torchlike._autograd import calls
from torchlike._autograd.hooks import retaining
from torchlike._autograd.levels import REQUIRES, levels
from torchlike._autograd.tape import NOWHERE, Node, add_hook
from torchlike._autograd.variable import TensorBase, Variable
from torchlike._functions import asking
from torchlike._ops._promote import wrap_dim
from torchlike._programs.marks import breaks_capture
from torchlike._programs.tracebacks import gate, shorten
from torchlike._recorder.levels import constant
from torchlike._recorder.storage import Counter, Storage
from torchlike._recorder.view import Place
from torchlike._types import Size, device, dtype, dtypes, formats
from torchlike._types.devices import META
from torchlike._types.handles import RemovableHandle

if TYPE_CHECKING:
    from torchlike.tensor import Tensor
    from torchlike.types import Device

NOT_A_LEAF = (
    "The .grad attribute of a Tensor that is not a leaf Tensor is being accessed. Its .grad attribute won't be "
    "populated during autograd.backward(). If you indeed want the .grad field to be populated for a non-leaf Tensor, "
    "use .retain_grad() on the non-leaf Tensor. If you access the non-leaf Tensor by mistake, make sure you access the "
    "leaf Tensor instead. See github.com/pytorch/pytorch/pull/30531 for more information."
)
NUMPY_NEEDS_DETACH = "Can't call numpy() on Tensor that requires grad. Use tensor.detach().numpy() instead."


class NotOneElement(RuntimeError, ValueError):
    """`item()` of a tensor with more elements or none: it was a ValueError once, and shows as what it is today."""


NotOneElement.__name__ = NotOneElement.__qualname__ = "RuntimeError"
NotOneElement.__module__ = "builtins"


class CoreMethods(Variable):
    """Attributes, autograd and conversions."""

    # ------------------------------------------------------------------ what it is

    @property
    def shape(self) -> Size:
        """The sizes of the dimensions."""
        return self._aval.size

    @property
    def dtype(self) -> dtype:
        """The element type."""
        return self._aval.dtype

    @property
    def device(self) -> device:
        """Where the elements live."""
        return self._aval.device

    @property
    def ndim(self) -> int:
        """The number of dimensions."""
        return self._aval.ndim

    def dim(self) -> int:
        """The number of dimensions."""
        return self._aval.ndim

    ndimension = dim

    def numel(self) -> int:
        """The number of elements."""
        return self._aval.numel

    nelement = numel

    @overload
    def size(self, dim: None = None) -> Size: ...
    @overload
    def size(self, dim: int) -> int: ...
    def size(self, dim: int | None = None) -> Any:
        """The shape, or the size of one dimension.

        Raises:
            IndexError: there is no such dimension.
        """
        aval = self._aval
        if dim is None:
            return aval.size
        bound = max(aval.ndim, 1)
        if not -bound <= dim < bound or not aval.ndim:
            if not aval.ndim:
                raise IndexError(f"Dimension specified as {dim} but tensor has no dimensions")
            raise IndexError(
                f"Dimension out of range (expected to be in range of [{-bound}, {bound - 1}], but got {dim})"
            )
        return aval.shape[dim]

    def element_size(self) -> int:
        """The size of an element in bytes."""
        return self._aval.dtype.itemsize

    @property
    def itemsize(self) -> int:
        """The size of an element in bytes."""
        return self._aval.dtype.itemsize

    @property
    def nbytes(self) -> int:
        """The size of all elements in bytes."""
        return self._aval.nbytes

    @overload
    def stride(self, dim: None = None) -> tuple[int, ...]: ...
    @overload
    def stride(self, dim: int) -> int: ...
    def stride(self, dim: int | None = None) -> Any:
        """The steps between neighbours in memory, in elements: for all dimensions, or one."""
        strides = self._layout.strides
        return strides if dim is None else strides[wrap_dim(dim, len(strides))]

    @property
    @breaks_capture
    def _version(self) -> int:
        """How often the elements were written to."""
        return self._written

    @breaks_capture
    def storage_offset(self) -> int:
        """The place of the first element in the storage, in elements."""
        return self._layout.offset

    def is_contiguous(self, memory_format: formats.memory_format | None = None) -> bool:
        """Whether the elements lie in memory in order."""
        if memory_format in (formats.channels_last, formats.channels_last_3d):
            if self._aval.ndim != (4 if memory_format is formats.channels_last else 5):
                return False
            order = formats.channels_last_order(self._aval.ndim)
            layout = self._layout
            of = lambda values: tuple([values[dim] for dim in order])
            return layout._replace(shape=of(layout.shape), strides=of(layout.strides)).is_contiguous
        return self._view is None or self._layout.is_contiguous

    @breaks_capture
    def data_ptr(self) -> int:
        """The address of the first element: equal for tensors that begin at the same element of a storage."""
        if not self._aval.numel:
            return 0
        return self._storage.data_ptr() + self._layout.offset * self._aval.dtype.itemsize

    @property
    def is_cuda(self) -> bool:
        """Whether the elements live on a GPU."""
        return self._aval.device.type == "cuda"

    layout = formats.strided
    is_sparse = is_quantized = is_nested = is_mps = is_xpu = is_mkldnn = is_sparse_csr = False

    @property
    def is_meta(self) -> bool:
        """Whether it is on the device ``meta``, where tensors have no elements."""
        return self._aval.device is META

    @property
    def is_cpu(self) -> bool:
        """Whether the elements live in the host's memory."""
        return self._aval.device.type == "cpu"

    def is_pinned(self, device: Device = None) -> bool:
        """Whether it lies in memory that a GPU can read: where `pin_memory` put it."""
        return self._storage.is_pinned

    def is_shared(self) -> bool:
        """Whether other processes see its memory: no, but a GPU's is said to be."""
        return self.is_cuda

    is_inference, is_distributed = asking.is_inference, asking.is_distributed

    def get_device(self) -> int:
        """The index of the GPU, -1 on the CPU."""
        return self._aval.device.index if self.is_cuda else -1

    def is_floating_point(self) -> bool:
        """Whether the dtype is a floating point one."""
        return self._aval.dtype.is_floating_point

    def is_complex(self) -> bool:
        """Whether the dtype is complex."""
        return self._aval.dtype.is_complex

    def is_signed(self) -> bool:
        """Whether the dtype has negative numbers."""
        return self._aval.dtype.is_signed

    # ------------------------------------------------------------------ autograd

    @property
    def requires_grad(self) -> bool:
        """Whether operations on this tensor go on the tape; may be set on leaves.

        Raises:
            RuntimeError: on setting, for a tensor that is no leaf or whose dtype has no gradients.
        """
        return self._tracked_edge is not None

    @requires_grad.setter
    def requires_grad(self, wanted: bool) -> None:
        calls.set_requires_grad(self, wanted)

    @gate
    def requires_grad_(self, requires_grad: bool = True) -> Tensor:
        """Set `requires_grad`; returns the tensor.

        Raises:
            RuntimeError: a function is being transformed.
        """
        if levels.stack:
            raise RuntimeError(REQUIRES)
        calls.set_requires_grad(self, requires_grad)
        return self

    @property
    def is_leaf(self) -> bool:
        """Whether it is no result of a tracked operation."""
        edge = self._tracked_edge
        return edge is None or edge[0]._is_leaf

    @property
    def grad_fn(self) -> Node | None:
        """The node of the tape that it comes from; None for leaves."""
        self._check_history()
        return None if self.is_leaf else self._edge[0]

    @property
    def output_nr(self) -> int:
        """Which output of `grad_fn` it is."""
        return 0 if self._tracked_edge is None else self._edge[1]

    @property
    def grad(self) -> Tensor | None:
        """The accumulated gradient, of the same shape; None before any `backward`."""
        grad = None if self._leaf is None else self._leaf.grad
        if grad is None and not self.is_leaf and not self.retains_grad:
            warnings.warn(NOT_A_LEAF, UserWarning, stacklevel=2)
        return grad

    @grad.setter
    def grad(self, new: Tensor | None) -> None:
        if new is not None:
            if not isinstance(new, TensorBase):
                raise TypeError(
                    f"assigned grad expected to be a Tensor or None but got grad of type {type(new).__name__}"
                )
            if new is self:
                raise RuntimeError("can't assign Variable as its own grad")
            if new.device.type != self.device.type:
                raise RuntimeError(
                    f"attempting to assign a gradient with device type '{new.device.type}' to a tensor with device type "
                    f"'{self.device.type}'. Please ensure that the gradient and the tensor are on the same device"
                )
            if new.device != self.device:
                raise RuntimeError(
                    f"attempting to assign a gradient located on device with index {new.device.index} to a tensor located "
                    f"on device with index {self.device.index}. Please ensure that the gradient and the tensor are on the "
                    "same device"
                )
            if new._aval.dtype is not self._aval.dtype:
                raise RuntimeError(
                    f"attempting to assign a gradient with dtype '{dtypes.c_name(new._aval.dtype)}' to a tensor with "
                    f"grad_dtype '{dtypes.scalar_name(self._aval.dtype)}'. The gradient must match the tensor's "
                    "grad_dtype (defaults to the tensor's dtype). You can set the tensor's grad_dtype attribute with a "
                    "specific dtype, or None to allow any dtype. Set grad_dtype with caution. Diverging the dtypes of a "
                    "tensor and its gradient may break downstream systems that assume they match."
                )
            if new._aval.shape != self._aval.shape:
                raise RuntimeError(
                    f"attempting to assign a gradient of size '{list(new._aval.shape)}' to a tensor of size "
                    f"'{list(self._aval.shape)}'. Please ensure that the gradient and the tensor are the same size"
                )
        self._accumulator().grad = new

    @grad.deleter
    def grad(self) -> None:
        self._accumulator().grad = None

    _grad = property(lambda self: None if self._leaf is None else self._leaf.grad, grad.fset)

    @property
    def retains_grad(self) -> bool:
        """Whether `retain_grad` was called on a tensor that is no leaf."""
        return "_retains" in self.__dict__ and not self.is_leaf

    def retain_grad(self) -> None:
        """Keep the gradient of a tensor that is no leaf in its `.grad`.

        Raises:
            RuntimeError: it requires no grad.
        """
        if not self.requires_grad:
            raise RuntimeError("can't retain_grad on Tensor that has requires_grad=False")
        if self.is_leaf or self.retains_grad:
            return
        self._retains = True
        retaining[id(self)] = self

    @gate
    def backward(
        self,
        gradient: Tensor | None = None,
        retain_graph: bool | None = None,
        create_graph: bool = False,
        inputs: Any = None,
        **legacy: Any,
    ) -> None:
        """Add this tensor's gradients to the ``.grad`` of the leaves that it came from; see `torch.autograd.backward`."""
        gradients = None if gradient is None else [gradient]
        calls.backward([self], gradients, retain_graph, create_graph, inputs=inputs, **legacy)

    def register_hook(self, hook: Callable) -> RemovableHandle:
        """Call `hook` with the gradient whenever it is known; what it returns takes the gradient's place.

        Raises:
            RuntimeError: the tensor requires no grad.
        """
        if not self.requires_grad:
            raise RuntimeError("cannot register a hook on a tensor that doesn't require gradient")
        node, number = self._edge
        if self._edge is NOWHERE:  # no gradient comes there
            return add_hook({}, hook)
        if self._base is not None:
            self._base._hooked = True
        return add_hook(node._hooks_for("_tensor_hooks").setdefault(number, {}), hook)

    def register_post_accumulate_grad_hook(self, hook: Callable) -> RemovableHandle:
        """Call `hook` with this leaf after a gradient was added to its `.grad`.

        Raises:
            RuntimeError: it requires no grad, or is no leaf.
        """
        if not self.requires_grad:
            raise RuntimeError("cannot register a hook on a tensor that doesn't require gradient")
        if not self.is_leaf:
            raise RuntimeError("post accumulate grad hooks cannot be registered on non-leaf tensors")
        return add_hook(self._accumulator()._hooks_for("_leaf_hooks"), hook)

    def detach(self) -> Tensor:
        """A tensor on the same elements that is apart from the tape."""
        value = self._value()
        if value.is_abstract and (still := constant(value)) is not value:
            return TensorBase._wrap(still)
        return self._alias()

    def detach_(self) -> Tensor:
        """Take this tensor off the tape.

        Raises:
            RuntimeError: it is a view.
        """
        if self._base is not None:
            raise RuntimeError(
                "Can't detach views in-place. Use detach() instead. If you are using DistributedDataParallel (DDP) for "
                "training, and gradient_as_bucket_view is set as True, gradients are views of DDP buckets, and hence "
                "detach_() cannot be called on these gradients. To fix this error, please refer to the "
                "Optimizer.zero_grad() function in torch/optim/optimizer.py as the solution."
            )
        if self._leaf is not None:
            self._leaf._switch(False)
        self._edge = None
        return self

    @property
    def data(self) -> Tensor:
        """The elements without history or count of versions; setting it gives the tensor another tensor's elements."""
        made = self._alias()
        made._counter = Counter()
        return made

    @data.setter
    def data(self, new: Tensor) -> None:
        if not isinstance(new, TensorBase):
            raise TypeError(f"Variable data has to be a tensor, but got {type(new).__name__}")
        self._replace(new)

    @property
    def _is_view_of(self):
        return self._base

    def _is_view(self) -> bool:
        return self._base is not None

    # ------------------------------------------------------------------ to Python

    def item(self) -> int | float | bool:
        """The one element as a Python number.

        Raises:
            RuntimeError: there are more or none.
        """
        try:
            aval = self._aval
            if aval.numel != 1:
                raise NotOneElement(f"a Tensor with {aval.numel} elements cannot be converted to Scalar")
            return self._value().numpy("item() is called").item()
        except BaseException as error:
            shorten(error)
            raise

    @gate
    def tolist(self):
        """The elements as nested lists of Python numbers; a number for a 0-d tensor."""
        return self._value().numpy().tolist()

    @gate
    def numpy(self, *, force: bool = False) -> np.ndarray:
        """A NumPy array that shares the elements: writing to one shows in the other; of a mesh of devices a copy.

        Args:
            force: detach, copy to the CPU and resolve what stands in the way.

        Raises:
            RuntimeError: it requires grad.
            TypeError: it is not on the CPU, or NumPy lacks its dtype.
        """
        if force:
            return self.detach().cpu().resolve_conj().resolve_neg().numpy()
        if self.requires_grad:
            raise RuntimeError(NUMPY_NEEDS_DETACH)
        if not self.is_cpu:
            raise TypeError(
                f"can't convert {self.device} device type tensor to numpy. Use Tensor.cpu() to copy the tensor to host "
                "memory first."
            )
        if self.dtype.name == "bfloat16":
            raise TypeError("Got unsupported ScalarType BFloat16")
        for given, name in zip((self.is_conj(), self.is_neg()), ("conj", "neg"), strict=True):
            if given:
                raise RuntimeError(
                    f"Can't call numpy() on Tensor that has {name}{'ugate' if name == 'conj' else 'ative'} bit set. Use "
                    f"tensor.resolve_{name}().numpy() instead."
                )
        if not self._aval.place.is_host:  # it is in several pieces
            return np.array(self._value().numpy())
        whole = self._storage.share()
        self._storage.resizable = False
        return whole if self._view is None else self._storage.part(self._view.place)

    def __array__(self, dtype: dtypes.dtype | None = None, copy: Any = None) -> np.ndarray:
        array = self.numpy()
        if dtype is None:
            return array
        return array.astype(dtype, copy=False)

    __array_priority__ = 1000

    def __len__(self) -> int:
        if not self._aval.ndim:
            raise TypeError("len() of a 0-d tensor")
        return self._aval.shape[0]

    def __iter__(self) -> Iterator[Tensor]:
        if not self._aval.ndim:
            raise TypeError("iteration over a 0-d tensor")
        return iter(self.unbind(0))

    def __bool__(self) -> bool:
        try:
            aval = self._aval
            if aval.numel != 1:
                if not aval.numel:
                    raise RuntimeError("Boolean value of Tensor with no values is ambiguous")
                raise RuntimeError("Boolean value of Tensor with more than one value is ambiguous")
            return bool(self._value().compute("a branch depends on it").item())
        except BaseException as error:
            shorten(error)
            raise

    def _scalar(self):
        if self._aval.numel != 1:
            raise ValueError("only one element tensors can be converted to Python scalars")
        return self.item()

    @gate
    def __int__(self) -> int:
        return int(self._real("int64_t"))

    @gate
    def __float__(self) -> float:
        return float(self._real("double"))

    def _real(self, kind: str):
        number = self._scalar()
        if isinstance(number, complex):
            if number.imag:
                raise RuntimeError(f"value cannot be converted to type {kind} without overflow")
            return number.real
        return number

    @gate
    def __complex__(self) -> complex:
        return complex(self._scalar())

    @gate
    def __index__(self) -> int:
        if self._aval.dtype.rank > 1 or self._aval.numel != 1:
            raise TypeError("only integer tensors of a single element can be converted to an index")
        return int(self.item())

    __hash__ = object.__hash__  # `==` compares elements; a tensor is its own key

    @gate
    def __format__(self, spec: str) -> str:
        if not self._aval.ndim and not self.is_meta and type(self) is TensorBase._plain:
            return self.item().__format__(spec)
        return object.__format__(self, spec)

    @gate
    def __repr__(self, *, tensor_contents: Any = None) -> str:
        from torchlike._tensor_str import describe

        return describe(self)

    def __contains__(self, element: Any) -> bool:
        if isinstance(element, (TensorBase, int, float, complex)):
            return bool((element == self).any())
        raise RuntimeError(f"Tensor.__contains__ only supports Tensor or scalar, but you passed in a {type(element)}.")

    @breaks_capture
    def __deepcopy__(self, memo: dict):
        if not self.is_leaf:
            raise RuntimeError(
                "Only Tensors created explicitly by the user (graph leaves) support the deepcopy protocol at the moment. "
                " If you were attempting to deepcopy a module, this may be because of a torch.nn.utils.weight_norm usage, "
                "see https://github.com/pytorch/pytorch/pull/103001"
            )
        if id(self) in memo:
            return memo[id(self)]
        source = self.resolve_conj().resolve_neg()  # a copy of its own where it is read with another sign
        made = memo[id(self)] = self._make_subclass(type(self), source, self.requires_grad)
        made._storage, made._counter = copy.deepcopy(source._storage, memo), None
        made._seen = -1
        if self._leaf is not None and self._leaf.grad is not None:
            made.grad = copy.deepcopy(self._leaf.grad, memo)
        for name, value in self._own_attributes().items():
            setattr(made, name, copy.deepcopy(value, memo))
        return made

    def __copy__(self):
        made = self._make_subclass(type(self), self, self.requires_grad)
        made.__dict__.update(self._own_attributes())
        return made

    def _own_attributes(self) -> dict:
        """What the user has set on the tensor."""
        return {name: value for name, value in self.__dict__.items() if name not in _STATE}

    @breaks_capture
    def __reduce_ex__(self, protocol: int):
        # a storage for each tensor, as PyTorch has it: what shared memory does no more
        place = None if self._view is None else self._view.place
        return _rebuilt, (type(self), copy.copy(self._storage), place, self.requires_grad, self._own_attributes())


_STATE = set("_storage _view _edge _leaf _base _cached _seen _changed _hooked _retains _frozen _counter".split())


def _rebuilt(cls: type, storage: Storage, place: Place | None, requires_grad: bool, attributes: dict):
    """What unpickling calls."""
    if place is None:
        data = TensorBase._wrap(None)
        data._storage = storage
    else:
        data = TensorBase._at(storage, place)
    made = data._make_subclass(cls, data, requires_grad)
    made.__dict__.update(attributes)
    return made
