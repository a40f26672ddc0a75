"""``torch.func``: transformations of functions."""

from torchlike.func._forward import hessian as hessian
from torchlike.func._forward import jacfwd as jacfwd
from torchlike.func._forward import jvp as jvp
from torchlike.func._forward import linearize as linearize
from torchlike.func._modules import functional_call as functional_call
from torchlike.func._modules import replace_all_batch_norm_modules_ as replace_all_batch_norm_modules_
from torchlike.func._modules import stack_module_state as stack_module_state
from torchlike.func._reverse import grad as grad
from torchlike.func._reverse import grad_and_value as grad_and_value
from torchlike.func._reverse import jacrev as jacrev
from torchlike.func._reverse import vjp as vjp
from torchlike.func._vmap import vmap as vmap
