"""What a program asks of devices that are not there, and of GPUs played by the CPU."""

from __future__ import annotations

import inspect
import warnings

import pytest

import torchlike
from tests.support import reference

MODULES = "cuda accelerator xpu mps mtia cpu".split()
# PyTorch without a GPU stumbles over parts that it was not built with; here nothing is to be done
OTHERS = {
    "cuda.is_current_stream_capturing",
    "cuda.memory_summary",
    "cuda.reset_accumulated_memory_stats",
    "cuda.reset_max_memory_allocated",
    "cuda.reset_max_memory_cached",
    "cuda.reset_peak_memory_stats",
    "cuda.set_device",
    # these look at their argument first
    "cuda.set_rng_state",
    "cuda.set_stream",
    "accelerator.set_stream",
    "xpu.set_rng_state",
    "mps.set_rng_state",
}
ARGUMENTS = {
    "manual_seed": (3,),
    "manual_seed_all": (3,),
    "set_device": (0,),
    "set_device_index": (0,),
    "set_device_idx": (0,),
    "set_stream": (0,),
    "stream": (None,),
    "set_rng_state_all": ([],),
    "set_per_process_memory_fraction": (0.5,),
    "can_device_access_peer": (0, 1),
    "device_of": (0,),
}


def answer(function, args: tuple) -> str:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            result = function(*args)
        except Exception as error:
            return f"{type(error).__name__}: {str(error).splitlines()[0]}"
    return type(result).__name__ if " at 0x" in repr(result) else repr(result)


@pytest.mark.parametrize("module", MODULES)
def test_questions_are_answered_as_by_pytorch_without_gpus(module):
    torch = reference()
    theirs, ours = getattr(torch, module), getattr(torchlike, module)
    names = [name for name in dir(ours) if inspect.isroutine(getattr(ours, name)) and name[0] != "_"]
    asked = [name for name in names if f"{module}.{name}" not in OTHERS]
    args = {name: ARGUMENTS.get(name, ()) for name in asked}
    want = {name: answer(getattr(theirs, name), args[name]) for name in args}
    assert {name: answer(getattr(ours, name), args[name]) for name in args} == want
    assert len(args) > 7


CLASSES = {
    "a stream": lambda torch: torch.cuda.Stream(),
    "an event": lambda torch: torch.cuda.Event(enable_timing=True),
    "no stream": lambda torch: str(torch.cuda.StreamContext(None).__enter__()),
    "set no stream": lambda torch: torch.cuda.set_stream(None),
    "no index": lambda torch: torch.accelerator.device_index(None).__enter__(),
    "an index": lambda torch: torch.accelerator.device_index(0).__enter__(),
    "a range": lambda torch: torch.cuda.nvtx.range_push("a"),
    "a mark": lambda torch: torch.cuda.nvtx.mark("a"),
    "a block": lambda torch: torch.cuda.nvtx.range("a").__enter__(),
    "another device": lambda torch: torch.xpu.device(0).__enter__(),
    "an error": lambda torch: (
        torch.cuda.OutOfMemoryError is torch.OutOfMemoryError and torch.OutOfMemoryError.__mro__[1]
    ),
    "attention": lambda torch: [
        torch.backends.cuda.enable_flash_sdp(False),
        torch.backends.cuda.flash_sdp_enabled(),
        torch.backends.cuda.enable_flash_sdp(True),
        torch.backends.cuda.math_sdp_enabled(),
        torch.backends.cuda.mem_efficient_sdp_enabled(),
        torch.backends.cuda.cudnn_sdp_enabled(),
    ],
    "a shorter way": lambda torch: torch.backends.mha.get_fastpath_enabled(),
    "libraries": lambda torch: [torch.backends.kleidiai.is_available(), torch.backends.cusparselt.is_available()],
    "precision": lambda torch: torch.backends.fp32_precision,
    "orders": lambda torch: [torch.backends.opt_einsum.enabled, torch.backends.opt_einsum.strategy],
}


@pytest.mark.parametrize("name", CLASSES)
def test_other_questions(name):
    assert answer(CLASSES[name], (torchlike,)) == answer(CLASSES[name], (reference(),))


def test_kernels_of_attention_within_a_block():
    cuda = torchlike.backends.cuda
    with pytest.warns(FutureWarning, match="sdp_kernel.* is deprecated"):
        with cuda.sdp_kernel(enable_math=False):
            assert not cuda.math_sdp_enabled() and cuda.flash_sdp_enabled()
    assert cuda.math_sdp_enabled()


def test_streams_and_events(gpus):
    cuda = torchlike.cuda
    stream, before, after = cuda.Stream(device=1), cuda.Event(enable_timing=True), cuda.Event(enable_timing=True)
    with cuda.stream(stream):
        assert cuda.current_device() == 1 and cuda.current_stream() == stream
        before.record()
        x = torchlike.ones(3, device="cuda") * 2
        stream.record_event(after)
    assert cuda.current_device() == 0 and x.device == torchlike.device("cuda:1")
    after.synchronize()
    assert after.query() and stream.query() and 0 < before.elapsed_time(after) < 60_000
    cuda.set_stream(stream)
    assert cuda.current_device() == 1
    cuda.set_stream(cuda.default_stream(0))
    with pytest.raises(ValueError, match="enable_timing=True"):
        before.elapsed_time(cuda.Event())
    with pytest.raises(ValueError, match="must be recorded"):
        before.elapsed_time(cuda.Event(enable_timing=True))
    cuda.Event().record()
    stream.wait_event(after), stream.wait_stream(cuda.current_stream()), stream.synchronize(), after.wait()
    assert repr(stream) == "<torch.cuda.Stream device=cuda:1 cuda_stream=0x0>"
    with cuda.nvtx.range("step {}", 3):
        assert cuda.nvtx.range_push("inner") == 1 and cuda.nvtx.range_pop() == 1
    cuda.nvtx.range_end(cuda.nvtx.range_start("a"))
    with torchlike.accelerator.device_index(1):
        assert torchlike.accelerator.current_device_index() == 1
    assert torchlike.accelerator.current_stream() == cuda.current_stream()


class Counted:
    """A GPU that tells figures."""

    device_kind, compute_capability, core_count = "One", "8.6", 12
    stats = {"bytes_in_use": 10, "peak_bytes_in_use": 50, "bytes_limit": 2**30, "pool_bytes": 60, "num_allocs": 3}

    def memory_stats(self):
        return self.stats


def test_figures_of_memory(monkeypatch):
    from torchlike._types import devices

    one = Counted()
    monkeypatch.setattr(devices, "jax_devices", lambda kind: (one,) if kind == "cuda" else ())
    cuda = torchlike.cuda
    assert (cuda.memory_allocated(), cuda.max_memory_allocated(), cuda.memory_reserved()) == (10, 50, 60)
    assert cuda.mem_get_info() == torchlike.accelerator.get_memory_info() == (2**30 - 10, 2**30)
    assert cuda.memory_stats()["allocated_bytes.all.peak"] == 50
    assert cuda.memory_stats_as_nested_dict()["allocated_bytes"]["all"] == {"current": 10, "peak": 50}
    assert "| allocated_bytes.all.current         |                   10 |" in cuda.memory_summary()
    cuda.reset_peak_memory_stats()
    assert cuda.max_memory_allocated() == 10
    monkeypatch.setitem(one.stats, "peak_bytes_in_use", 70)
    assert cuda.max_memory_allocated("cuda:0") == 70
    assert repr(cuda.get_device_properties()) == (
        "_CudaDeviceProperties(name='One', major=8, minor=6, total_memory=1024MB, multi_processor_count=12)"
    )
    assert cuda.get_arch_list() == ["sm_86"] and cuda.get_device_name() == "One"
    with pytest.raises(AssertionError, match="^Invalid device id$"):
        cuda.get_device_properties(1)


def test_a_gpus_memory_has_its_own_error():
    from torchlike._programs.memory import told

    error = told(RuntimeError("RESOURCE_EXHAUSTED: Out of memory while trying to allocate 2147483648 bytes."))
    assert type(error) is torchlike.cuda.OutOfMemoryError and "Tried to allocate 2.00 GiB." in str(error)
