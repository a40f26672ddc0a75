"""``torch.cuda``: JAX's GPUs."""

from torchlike.cuda._calls import can_device_access_peer as can_device_access_peer
from torchlike.cuda._calls import current_device as current_device
from torchlike.cuda._calls import device as device
from torchlike.cuda._calls import device_count as device_count
from torchlike.cuda._calls import device_of as device_of
from torchlike.cuda._calls import get_arch_list as get_arch_list
from torchlike.cuda._calls import get_device_capability as get_device_capability
from torchlike.cuda._calls import get_device_name as get_device_name
from torchlike.cuda._calls import get_device_properties as get_device_properties
from torchlike.cuda._calls import get_gencode_flags as get_gencode_flags
from torchlike.cuda._calls import init as init
from torchlike.cuda._calls import ipc_collect as ipc_collect
from torchlike.cuda._calls import is_available as is_available
from torchlike.cuda._calls import is_bf16_supported as is_bf16_supported
from torchlike.cuda._calls import is_current_stream_capturing as is_current_stream_capturing
from torchlike.cuda._calls import is_initialized as is_initialized
from torchlike.cuda._calls import is_tf32_supported as is_tf32_supported
from torchlike.cuda._calls import set_device as set_device
from torchlike.cuda._calls import synchronize as synchronize
from torchlike.cuda._nvml import clock_rate as clock_rate
from torchlike.cuda._nvml import device_memory_used as device_memory_used
from torchlike.cuda._nvml import memory_usage as memory_usage
from torchlike.cuda._nvml import power_draw as power_draw
from torchlike.cuda._nvml import temperature as temperature
from torchlike.cuda._nvml import utilization as utilization
from torchlike.cuda.memory import OutOfMemoryError as OutOfMemoryError
from torchlike.cuda.memory import empty_cache as empty_cache
from torchlike.cuda.memory import list_gpu_processes as list_gpu_processes
from torchlike.cuda.memory import max_memory_allocated as max_memory_allocated
from torchlike.cuda.memory import max_memory_cached as max_memory_cached
from torchlike.cuda.memory import max_memory_reserved as max_memory_reserved
from torchlike.cuda.memory import mem_get_info as mem_get_info
from torchlike.cuda.memory import memory_allocated as memory_allocated
from torchlike.cuda.memory import memory_cached as memory_cached
from torchlike.cuda.memory import memory_reserved as memory_reserved
from torchlike.cuda.memory import memory_stats as memory_stats
from torchlike.cuda.memory import memory_stats_as_nested_dict as memory_stats_as_nested_dict
from torchlike.cuda.memory import memory_summary as memory_summary
from torchlike.cuda.memory import reset_accumulated_memory_stats as reset_accumulated_memory_stats
from torchlike.cuda.memory import reset_max_memory_allocated as reset_max_memory_allocated
from torchlike.cuda.memory import reset_max_memory_cached as reset_max_memory_cached
from torchlike.cuda.memory import reset_peak_memory_stats as reset_peak_memory_stats
from torchlike.cuda.random import get_rng_state as get_rng_state
from torchlike.cuda.random import get_rng_state_all as get_rng_state_all
from torchlike.cuda.random import initial_seed as initial_seed
from torchlike.cuda.random import manual_seed as manual_seed
from torchlike.cuda.random import manual_seed_all as manual_seed_all
from torchlike.cuda.random import seed as seed
from torchlike.cuda.random import seed_all as seed_all
from torchlike.cuda.random import set_rng_state as set_rng_state
from torchlike.cuda.random import set_rng_state_all as set_rng_state_all
from torchlike.cuda.streams import Event as Event
from torchlike.cuda.streams import Stream as Stream
from torchlike.cuda.streams import StreamContext as StreamContext
from torchlike.cuda.streams import current_stream as current_stream
from torchlike.cuda.streams import default_stream as default_stream
from torchlike.cuda.streams import set_stream as set_stream
from torchlike.cuda.streams import stream as stream

from torchlike.cuda import amp as amp, memory as memory, nvtx as nvtx, random as random, streams as streams
from torchlike._tensor.legacy import CUDA_TYPES as _CUDA_TYPES
from torchlike._types.public import publish as _publish

default_generators: tuple = ()
has_half, has_magma = True, False

globals().update(_CUDA_TYPES)
_publish(globals())
