"""``torch.cuda``: JAX's GPUs."""

from torchlike.cuda._calls import current_device as current_device
from torchlike.cuda._calls import device as device
from torchlike.cuda._calls import device_count as device_count
from torchlike.cuda._calls import device_of as device_of
from torchlike.cuda._calls import empty_cache as empty_cache
from torchlike.cuda._calls import get_device_capability as get_device_capability
from torchlike.cuda._calls import get_device_name as get_device_name
from torchlike.cuda._calls import is_available as is_available
from torchlike.cuda._calls import is_bf16_supported as is_bf16_supported
from torchlike.cuda._calls import is_current_stream_capturing as is_current_stream_capturing
from torchlike.cuda._calls import is_initialized as is_initialized
from torchlike.cuda._calls import is_tf32_supported as is_tf32_supported
from torchlike.cuda._calls import manual_seed as manual_seed
from torchlike.cuda._calls import manual_seed_all as manual_seed_all
from torchlike.cuda._calls import max_memory_allocated as max_memory_allocated
from torchlike.cuda._calls import memory_allocated as memory_allocated
from torchlike.cuda._calls import memory_reserved as memory_reserved
from torchlike.cuda._calls import set_device as set_device
from torchlike.cuda._calls import synchronize as synchronize
from torchlike.cuda._calls import get_rng_state as get_rng_state
from torchlike.cuda._calls import get_rng_state_all as get_rng_state_all
from torchlike.cuda._calls import initial_seed as initial_seed
from torchlike.cuda._calls import max_memory_reserved as max_memory_reserved
from torchlike.cuda._calls import set_rng_state as set_rng_state
from torchlike.cuda._calls import set_rng_state_all as set_rng_state_all

from torchlike.cuda import amp as amp
from torchlike._tensor.legacy import CUDA_TYPES as _CUDA_TYPES
from torchlike._types.public import publish as _publish

globals().update(_CUDA_TYPES)
_publish(globals())
