"""PyTorch's API on JAX: ``import torchlike as torch``."""

# ruff: noqa: I001 - grouped by module, in the order of the layers

from torchlike._programs import settings as _settings

_settings.configure_jax()
_settings.keep_memory()

# the mechanism
from torchlike._programs.explain import explain as explain
from torchlike._programs.settings import mode as mode

# types
from torchlike._types import Size as Size
from torchlike._types import device as device
from torchlike._types import dtype as dtype
from torchlike._types.dtypes import get_default_dtype as get_default_dtype
from torchlike._types.dtypes import set_default_dtype as set_default_dtype
from torchlike._types.dtypes import bfloat16 as bfloat16
from torchlike._types.dtypes import bool_ as bool
from torchlike._types.dtypes import complex64 as complex64, complex64 as cfloat
from torchlike._types.dtypes import complex128 as complex128, complex128 as cdouble
from torchlike._types.dtypes import float16 as float16, float16 as half
from torchlike._types.dtypes import float32 as float32, float32 as float
from torchlike._types.dtypes import float64 as float64, float64 as double
from torchlike._types.dtypes import int8 as int8
from torchlike._types.dtypes import int16 as int16, int16 as short
from torchlike._types.dtypes import int32 as int32, int32 as int
from torchlike._types.dtypes import int64 as int64, int64 as long
from torchlike._types.dtypes import uint8 as uint8
from torchlike._types.dtypes import uint16 as uint16
from torchlike._types.dtypes import uint32 as uint32
from torchlike._types.dtypes import uint64 as uint64

# the tensor; its module's name is taken over by the function `tensor` below
from torchlike.tensor import Tensor as Tensor

# autograd
from torchlike._autograd.modes import enable_grad as enable_grad
from torchlike._autograd.modes import inference_mode as inference_mode
from torchlike._autograd.modes import is_grad_enabled as is_grad_enabled
from torchlike._autograd.modes import is_inference_mode_enabled as is_inference_mode_enabled
from torchlike._autograd.modes import no_grad as no_grad
from torchlike._autograd.modes import set_grad_enabled as set_grad_enabled

# ---------------------------------------------------------------- making
from torchlike._functions.making import as_tensor as as_tensor
from torchlike._functions.making import from_numpy as from_numpy
from torchlike._functions.making import tensor as tensor
from torchlike._ops.conversion import clone as clone

# ---------------------------------------------------------------- pointwise
from torchlike._ops.arithmetic import add as add
from torchlike._ops.arithmetic import div as div
from torchlike._ops.arithmetic import mul as mul
from torchlike._ops.arithmetic import sub as sub

# ---------------------------------------------------------------- reductions, sorting, linear algebra

# ---------------------------------------------------------------- shapes, views, indexing, joining

# ---------------------------------------------------------------- random numbers

# ---------------------------------------------------------------- packages
from torchlike import autograd as autograd
