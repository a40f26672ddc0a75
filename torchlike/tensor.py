"""``Tensor``: the class of every array, put together from one class of methods for each family."""

from __future__ import annotations

from functools import partial
from types import FunctionType

from torchlike._autograd.variable import TensorBase
from torchlike._dispatch import methods
from torchlike._overrides import take_plainly
from torchlike._signatures import guard
from torchlike._tensor.conversion import ConversionMethods
from torchlike._tensor.core import CoreMethods
from torchlike._tensor.functions import FunctionMethods
from torchlike._tensor.legacy import LegacyMethods
from torchlike._tensor.operations import OperationMethods
from torchlike._tensor.operators import OperatorMethods
from torchlike._tensor.storages import StorageMethods
from torchlike._tensor.subclassing import SubclassMethods, _TensorMeta, make_overridable


class Tensor(
    OperatorMethods,
    OperationMethods,
    FunctionMethods,
    LegacyMethods,
    StorageMethods,
    ConversionMethods,
    SubclassMethods,
    CoreMethods,
    metaclass=_TensorMeta,
):
    """An n-dimensional array of one dtype on one device, mutable, differentiable.

    An operation on it is recorded and computed when a number is needed; see `torchlike.explain`.

    Example:
        >>> torch.tensor([1.0, 2.0]) + 1
        tensor([2., 3.])
    """


for _family in Tensor.__bases__:
    for _name, _form in list(vars(_family).items()):
        if isinstance(_form, FunctionType) and _form in methods:
            setattr(_family, _name, methods[_form])
    guard("torch.Tensor", vars(_family), partial(setattr, _family))
TensorBase._plain = Tensor
Tensor.__module__ = "torchlike"
take_plainly(Tensor)
make_overridable(Tensor)
