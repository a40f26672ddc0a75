"""``torch.random``: the default generator."""

from torchlike._functions.generators import default_generator as default_generator
from torchlike._functions.generators import fork_rng as fork_rng
from torchlike._functions.generators import get_rng_state as get_rng_state
from torchlike._functions.generators import initial_seed as initial_seed
from torchlike._functions.generators import manual_seed as manual_seed
from torchlike._functions.generators import seed as seed
from torchlike._functions.generators import set_rng_state as set_rng_state
from torchlike._types.public import publish as _publish

_publish(globals())
