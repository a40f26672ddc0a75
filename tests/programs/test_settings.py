"""What importing the package asks of the process."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

FAULTS = """
import ctypes, resource, threading
import torchlike

libc = ctypes.CDLL("libc.so.6")
libc.malloc.restype = ctypes.c_void_p
faults = []

def take():
    for _ in range(3):
        before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
        memory = ctypes.c_void_p(libc.malloc(100 << 20))
        ctypes.memset(memory, 1, 100 << 20)
        libc.free(memory)
        faults.append(resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before)

thread = threading.Thread(target=take)
thread.start()
thread.join()
print(faults[-1])
"""


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="glibc's allocator")
@pytest.mark.parametrize("kept", [True, False])
def test_threads_keep_large_memory(kept):
    environment = os.environ | {"TORCHLIKE_KEEP_MEMORY": str(int(kept))}
    done = subprocess.run([sys.executable, "-c", FAULTS], capture_output=True, text=True, check=True, env=environment)
    assert (int(done.stdout) < 25) == kept
