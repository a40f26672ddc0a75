"""``torch._higher_order_ops``: operations made of functions."""

from torchlike._higher_order_ops._control import cond as cond
from torchlike._higher_order_ops._control import while_loop as while_loop
from torchlike._higher_order_ops._scans import associative_scan as associative_scan
from torchlike._higher_order_ops._scans import map as map
from torchlike._higher_order_ops._scans import scan as scan
