"""Programs run without being compiled: a jaxpr evaluated by NumPy, for what runs too seldom to be worth XLA's time."""

from torchlike._programs.cold import (
    control,
    conversion,
    convolution,
    elementwise,
    indexing,
    linalg,
    ordering,
    products,
    randoms,
    reductions,
    shapes,
    special,
    windows,
)
from torchlike._programs.cold.cost import compile_cost as compile_cost
from torchlike._programs.cold.cost import cost as cost
from torchlike._programs.cold.evaluation import Deferred as Deferred
from torchlike._programs.cold.evaluation import Prepared as Prepared
from torchlike._programs.cold.evaluation import evaluate as evaluate
from torchlike._programs.cold.evaluation import joined as joined
from torchlike._programs.cold.evaluation import missing as missing
from torchlike._programs.cold.evaluation import owned as owned
from torchlike._programs.cold.evaluation import prepare as prepare
from torchlike._programs.cold.evaluation import summed as summed
from torchlike._programs.cold.threads import OneThread as OneThread

# importing a family enters its rules
FAMILIES = (
    control,
    conversion,
    convolution,
    elementwise,
    indexing,
    linalg,
    ordering,
    products,
    randoms,
    reductions,
    shapes,
    special,
    windows,
)
