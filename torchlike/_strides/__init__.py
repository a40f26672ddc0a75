"""Where in memory the elements of results lie, as PyTorch has it."""

from torchlike._strides.orders import dense as dense, in_format as in_format, is_in as is_in, preserved as preserved
from torchlike._strides.placing import lay_out as lay_out, put as put
from torchlike._strides.rules import (
    OWN as OWN,
    indexed as indexed,
    is_elementwise as is_elementwise,
    rule_of as rule_of,
)
