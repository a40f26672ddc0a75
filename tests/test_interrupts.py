"""A flush is a transaction: whatever comes into the middle of a step, the model is that of before or of after.

``TORCHLIKE_TEST_FACTOR=100`` tries that many times more moments.
"""

from __future__ import annotations

import contextlib
import gc
import os
import random
import signal
import subprocess
import sys
import threading
from pathlib import Path
from unittest.mock import Mock

import jax
import numpy as np
import pytest

import torchlike as torch
from tests.support import check_error
from torchlike._programs import program
from torchlike._recorder.recorder import program_lock
from torchlike.nn import functional as F

FACTOR = int(os.environ.get("TORCHLIKE_TEST_FACTOR", "1"))
PACKAGE = str(Path(torch.__file__).parent)
# where every step is compiled whole, an interrupted one is another program each time
MODES = ("auto", "eager", "compiled", *["whole"] * (FACTOR > 1))
STEPS = 60  # of which the first are not interrupted: programs are compiled in them
FIRST = 8


class Stop(KeyboardInterrupt):
    """What a signal's handler raises."""


class Training:
    """A model with buffers, an optimizer with two groups and state, and steps of it."""

    def __init__(self, mode: str) -> None:
        torch.manual_seed(0)
        nn = torch.nn
        self.model = nn.Sequential(nn.Linear(4, 8), nn.BatchNorm1d(8), nn.Tanh(), nn.Linear(8, 3)).double()
        first, last = list(self.model[0].parameters()), list(self.model[1:].parameters())
        self.optimizer = torch.optim.AdamW([{"params": first}, {"params": last, "lr": 0.05}], lr=0.1)
        self.inputs, self.targets = torch.randn(16, 4).double(), torch.randint(0, 3, (16,))
        self.call = torch.compile(self._step) if mode == "compiled" else self._step

    def _step(self) -> float:
        self.optimizer.zero_grad()
        loss = F.cross_entropy(self.model(self.inputs), self.targets)
        loss.backward()
        self.optimizer.step()
        return loss.item()

    def state(self) -> np.ndarray:
        """All numbers of parameters and optimizer."""
        states = [each for held in self.optimizer.state.values() for each in held.values()]
        return np.concatenate([each.detach().numpy().ravel() for each in (*self.model.parameters(), *states)])

    def buffers(self) -> list[np.ndarray]:
        """The buffers, which a forward moves before there is a step."""
        return [each.numpy().copy() for each in self.model.buffers()]

    def put_back(self, buffers: list[np.ndarray]) -> None:
        """Set the buffers."""
        for each, old in zip(self.model.buffers(), buffers, strict=True):
            each.copy_(torch.from_numpy(old))


class Reference:
    """The states of a training that nothing comes into, and how many instructions a late step of it takes."""

    def __init__(self, mode: str) -> None:
        training, self.states, self.buffers = Training(mode), [], []
        for _ in range(STEPS):
            self.states.append(training.state())
            self.buffers.append(training.buffers())
            training.call()
        self.states.append(training.state())
        with at_instruction(0, stop) as count:
            training.call()
        self.instructions = count[0]

    def moments(self, tries: int) -> list[int]:
        """Some of the instructions of a step, from the first to the last."""
        return sorted(random.Random(tries).sample(range(1, self.instructions + 1), min(self.instructions, tries)))

    def begun(self, mode: str) -> Training:
        """A training after the first steps."""
        training = Training(mode)
        for _ in range(FIRST):
            training.call()
        return training

    def is_at(self, step: int, training: Training) -> bool:
        state = training.state()
        return state.shape == self.states[step].shape and np.allclose(state, self.states[step], rtol=1e-6, atol=1e-11)


def mode_of(name: str):
    return torch.execution_mode("auto" if name == "compiled" else name)


@pytest.fixture(scope="module", params=MODES)
def known(request):
    with mode_of(request.param):
        yield request.param, Reference(request.param)


@contextlib.contextmanager
def at_instruction(number: int, do):
    """Call `do` before one of the instructions that the package's own code runs within the block.

    Yields:
        A list with the count of them.
    """
    count = [0]

    def local(frame, event, arg):
        if event == "opcode":
            count[0] += 1
            if count[0] == number:
                do()
        return local

    def watch(frame, event, arg):
        if not frame.f_code.co_filename.startswith(PACKAGE):
            return None
        frame.f_trace_opcodes, frame.f_trace_lines = True, False
        return local

    sys.settrace(watch)
    try:
        yield count
    finally:
        sys.settrace(None)
        # a signal comes only after calls, never between the end of a block and the call of `__exit__`
        while program_lock._is_owned():
            program_lock.release()
        gc.enable()
        torch.set_grad_enabled(True)


def stop(*_):
    raise Stop


def test_an_exception_at_any_instruction_leaves_the_model_of_before_or_after(known):
    mode, reference = known
    training, step, before = reference.begun(mode), FIRST, 0
    for number in reference.moments(40 * FACTOR):
        if step == STEPS:
            training, step = reference.begun(mode), FIRST
        with contextlib.suppress(Stop), at_instruction(number, stop):
            training.call()
        if reference.is_at(step, training):
            before += 1
            training.put_back(reference.buffers[step])
            training.call()
        step += 1
        assert reference.is_at(step, training), (mode, number)
    assert before > 0 and gc.isenabled()


@contextlib.contextmanager
def in_jax(number: int):
    """Raise `Stop` in one of JAX's own Python functions that run within the block.

    Yields:
        A list with the count of them.
    """
    count, folder = [0], str(Path(jax.__file__).parent)

    def watch(frame, event, arg):
        if event == "call" and frame.f_code.co_filename.startswith(folder):
            count[0] += 1
            if count[0] == number:
                raise Stop

    sys.setprofile(watch)
    try:
        yield count
    finally:
        sys.setprofile(None)


def test_after_an_exception_in_the_first_call_of_a_program_jax_finds_it_as_quickly():
    def call(size: int, number: int = 0) -> int:
        with contextlib.suppress(Stop), in_jax(number) as count:
            (torch.ones(size) * 2 + 1).sum().item()
        return count[0]

    with mode_of("whole"):
        first, quick = call(2), [call(2) for _ in range(3)][-1]
        assert quick < first / 4
        for size, number in enumerate(range(first - 60, first, 3), start=3):
            call(size, number)
            assert [call(size) for _ in range(3)][-1] <= quick, number


def test_what_computes_at_any_instruction_changes_nothing(known):
    mode, reference = known
    training, step, seen = reference.begun(mode), FIRST, []
    kept = []

    def handler():
        with torch.no_grad():
            seen.append([each.detach().clone().sum().item() for each in training.model.parameters()])
            kept[:] = [torch.ones(3) * len(seen) + 1]  # is left pending

    for number in reference.moments(25 * FACTOR):
        if step == STEPS:
            training, step = reference.begun(mode), FIRST
        with at_instruction(number, handler):
            training.call()
        step += 1
        assert reference.is_at(step, training), (mode, number)
        if kept:
            assert kept[0].tolist() == [len(seen) + 1.0] * 3
    assert np.isfinite(seen).all()


@pytest.mark.filterwarnings(
    "ignore::pytest.PytestUnraisableExceptionWarning"
)  # it came into a callback of the collector
@pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="there are no timers that send signals")
@pytest.mark.parametrize("mode", MODES)
def test_signals_at_random_moments_lose_nothing(mode):
    rng, lost = random.Random(0), 0
    before = signal.signal(signal.SIGALRM, stop)
    try:
        with mode_of(mode):
            training = Training(mode)
            for _ in range(FIRST):
                training.call()
            for _ in range(60 * FACTOR):
                with contextlib.suppress(Stop):
                    signal.setitimer(signal.ITIMER_REAL, rng.uniform(1e-4, 8e-3))
                    for _ in range(50):  # some signals come into such callbacks, and are lost
                        training.call()
                    signal.setitimer(signal.ITIMER_REAL, 0)  # none comes when nobody waits for it
                torch.set_grad_enabled(True)
                counts = {each["step"].item() for each in training.optimizer.state.values()}
                lost += len(counts) != 1 or not np.isfinite(training.state()).all()
            assert not lost and gc.isenabled()
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def test_finalizers_that_compute_change_nothing(known):
    mode, reference = known
    sums: list[float] = []

    class Finalized:
        def __init__(self):
            self.cycle, self.tensor = self, torch.ones(3) * 2

        def __del__(self):
            sums.append((self.tensor + 1).sum().item())

    training, before = reference.begun(mode), gc.get_threshold()
    gc.set_threshold(50, 2, 2)
    try:
        for step in range(FIRST, FIRST + 20):
            Finalized()
            training.call()
            assert reference.is_at(step + 1, training), (mode, step)
    finally:
        gc.set_threshold(*before)
    gc.collect()
    assert sums == [9.0] * 20


ERRORS = {
    "XLA's": (jax.errors.JaxRuntimeError, "INTERNAL: a kernel failed", "INTERNAL: a kernel failed"),
    "XLA's, of memory": (
        jax.errors.JaxRuntimeError,
        "RESOURCE_EXHAUSTED: Out of memory allocating 4096 bytes.",
        "can't allocate memory: you tried to allocate 4096 bytes. Error",
    ),
    "NumPy's": (MemoryError, "no room", "can't allocate memory"),
    "ours": (TypeError, "a rule is wrong", "a rule is wrong"),
}


@pytest.mark.parametrize("error", ERRORS)
def test_a_program_that_fails_leaves_all_as_it_was(known, error, monkeypatch):
    mode, reference = known
    kind, said, words = ERRORS[error]
    training = reference.begun(mode)
    old = training.buffers()

    with monkeypatch.context() as patch:
        for name in ("run_whole", "run_by_op"):
            patch.setattr(program.Structure, name, Mock(side_effect=kind(said)))
        expected = TypeError if kind is TypeError else RuntimeError
        with pytest.raises(expected, match=words):
            training.call()
    assert reference.is_at(FIRST, training)
    assert all((a == b).all() for a, b in zip(training.buffers(), old, strict=True))
    for step in range(FIRST, FIRST + 3):
        training.call()
        assert reference.is_at(step + 1, training)


def test_what_is_lost_says_why_and_what_to_do():
    x = torch.ones(1)
    big = x.expand(10**13) * 2
    y = big + 1
    with pytest.raises(RuntimeError, match="you tried to allocate 40000000000000 bytes"):
        y.sum().item()
    with pytest.raises(RuntimeError, match=r"value was lost: .* \(RuntimeError: .*allocate.*\)\. .* compute it anew"):
        big[0].item()
    assert (x + 1).tolist() == [2.0]


HUGE = {
    "empty": lambda torch: torch.empty(10**13),
    "zeros": lambda torch: torch.zeros(2**62),
    "ones": lambda torch: torch.ones(2**40, 2**40),
    "full": lambda torch: torch.full((2**62,), 1.0),
    "product": lambda torch: (torch.ones(1).expand(10**13) * 2.0)[0].item(),
    "matmul": lambda torch: (torch.ones(1, 1).expand(10**7, 1) @ torch.ones(1, 1).expand(1, 10**7))[0, 0].item(),
    "arange": lambda torch: torch.arange(10**15),
    "randn": lambda torch: torch.randn(10**13),
    "randn, too large": lambda torch: torch.randn(2**62),
    "randint": lambda torch: torch.randint(5, (10**13,)),
    "int8": lambda torch: torch.zeros(10**13, dtype=torch.int8),
    "repeat": lambda torch: torch.zeros(3).repeat(10**13)[0].item(),
    "new_empty": lambda torch: torch.ones(2).new_empty((2**62,)),
    "clone": lambda torch: torch.ones(1).expand(10**13).clone()[0].item(),
    "pad": lambda torch: torch.nn.functional.pad(torch.ones(2), (0, 10**13))[0].item(),
    "layer": lambda torch: torch.nn.Linear(10**7, 10**7),
    "resize_": lambda torch: torch.ones(2).resize_(2**62),
    "constructor": lambda torch: torch.Tensor(10**13),
}


@pytest.mark.parametrize("name", HUGE)
def test_sizes_that_no_memory_has(name):
    check_error([], HUGE[name])


FINDER = """
import resource, sys, torchlike as torch
model = torch.nn.Sequential(torch.nn.Linear(64, 256), torch.nn.ReLU(), torch.nn.Linear(256, 64))
optimizer = torch.optim.SGD(model.parameters(), 0.01, momentum=0.9)

def step(size):
    optimizer.zero_grad()
    loss = model(torch.randn(size, 64)).pow(2).mean()
    loss.backward()
    optimizer.step()
    return loss.item()

for _ in range(4):
    step(64)
status = open("/proc/self/status").read()
used = int(status.split("VmSize:")[1].split()[0]) * 1024
resource.setrlimit(resource.RLIMIT_AS, (used + 250 * 2**20, resource.RLIM_INFINITY))
size = 2**16
try:
    while size < 2**24:
        [step(size) for _ in range(3)]
        size *= 2
except RuntimeError as error:
    assert "DefaultCPUAllocator: can't allocate memory" in str(error), error
resource.setrlimit(resource.RLIMIT_AS, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
assert size < 2**24 and step(64) > 0
assert all(bool(torch.isfinite(each).all()) for each in model.parameters())
"""


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="reads /proc")
def test_a_batch_that_is_too_large_is_an_error_and_training_goes_on():
    done = subprocess.run([sys.executable, "-c", FINDER], capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr


def test_threads_lose_no_gradient_and_no_update():
    weight = torch.zeros(4, requires_grad=True)
    shared = (weight * 2).sum()  # one graph, walked by all
    counter = torch.zeros(3, requires_grad=True)
    optimizer = torch.optim.SGD([counter], lr=1.0)
    errors = []

    def work():
        try:
            for _ in range(25):
                (weight * 1).sum().backward()
                shared.backward(retain_graph=True)
                counter.grad = torch.ones(3)
                optimizer.step()
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert not errors
    assert weight.grad.tolist() == [300.0] * 4
    assert counter.tolist() == [-100.0] * 3
