"""``torch.compiler``: compiled functions."""

from torchlike._compile.function import reset as reset
from torchlike._compile.options import allow_in_graph as allow_in_graph
from torchlike._compile.options import is_compiling as is_compiling
from torchlike._compile.options import is_exporting as is_exporting
from torchlike._compile.options import list_backends as list_backends
from torchlike._compile.options import set_stance as set_stance
from torchlike._dynamo.eval_frame import compile as compile
from torchlike._dynamo.eval_frame import disable as disable
from torchlike._types.public import publish as _publish

is_dynamo_compiling = is_compiling

_publish(globals())
