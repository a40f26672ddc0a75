"""``torch.functional``: some functions of ``torch`` by their old path."""

from torchlike._functions.counting import unique as unique
from torchlike._functions.counting import unique_consecutive as unique_consecutive
from torchlike._functions.joining import block_diag as block_diag
from torchlike._functions.joining import cartesian_prod as cartesian_prod
from torchlike._functions.joining import meshgrid as meshgrid
from torchlike._functions.products import cdist as cdist
from torchlike._functions.products import chain_matmul as chain_matmul
from torchlike._functions.products import einsum as einsum
from torchlike._functions.products import tensordot as tensordot
from torchlike._functions.reductions import norm as norm
from torchlike._functions.selecting import unravel_index as unravel_index
from torchlike._functions.splitting import split as split
from torchlike._functions.views import atleast_1d as atleast_1d
from torchlike._functions.views import atleast_2d as atleast_2d
from torchlike._functions.views import atleast_3d as atleast_3d
from torchlike._functions.views import broadcast_shapes as broadcast_shapes
from torchlike._functions.views import broadcast_tensors as broadcast_tensors
