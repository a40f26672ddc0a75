"""The small value types that everything else is written in: dtypes, devices, sizes."""

from torchlike._types.devices import device as device
from torchlike._types.dtypes import dtype as dtype
from torchlike._types.sizes import Size as Size
