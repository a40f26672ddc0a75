"""``torch._dynamo``: what programs use of PyTorch's own compiler."""

from torchlike._compile.function import reset as reset
from torchlike._compile.options import allow_in_graph as allow_in_graph
from torchlike._compile.options import is_compiling as is_compiling
from torchlike._compile.options import list_backends as list_backends
from torchlike._compile.options import set_stance as set_stance
from torchlike._dynamo import config as config
from torchlike._dynamo import eval_frame as eval_frame
from torchlike._dynamo import exc as exc
from torchlike._dynamo.eval_frame import OptimizedModule as OptimizedModule
from torchlike._dynamo.eval_frame import disable as disable
from torchlike._dynamo.eval_frame import graph_break as graph_break
from torchlike._dynamo.eval_frame import optimize as optimize
