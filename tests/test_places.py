"""Several devices in one process: what is recorded at each place, and what passes between them."""

from __future__ import annotations

import copy
import pickle
import random
import threading

import jax
import numpy as np
import pytest
from jax.sharding import Mesh, NamedSharding, PartitionSpec

import torchlike as torch
from tests.support import reference
from torchlike._recorder.recorder import recorder

pytestmark = pytest.mark.usefixtures("gpus", "in_auto_mode")  # most tell of what is pending
MODES = ["auto", "whole", "eager"]
PLACES = ["cpu", "cuda:0", "cuda:1"]


def is_pending(tensor) -> bool:
    return tensor._value().array is None


def device_of(tensor):
    """The JAX device that a tensor's elements are on."""
    [found] = tensor._value().compute().devices()
    return found


@pytest.mark.parametrize("mode", MODES)
def test_two_devices_are_pending_together(mode, gpus):
    with torch.execution_mode(mode):
        left, right = torch.full((3,), 2.0, device="cuda:0"), torch.full((3,), 3.0, device="cuda:1")
        left, right = left * 2, right * 3
        assert (str(left.device), str(right.device)) == ("cuda:0", "cuda:1")
        assert (left.tolist(), right.tolist()) == ([4.0] * 3, [9.0] * 3)
        assert (device_of(left), device_of(right)) == gpus


@pytest.mark.parametrize("mode", MODES)
def test_what_is_made_of_nothing_lies_at_its_place(mode, gpus):
    with torch.execution_mode(mode):
        leaf = torch.zeros(2, 3, device="cuda:1", requires_grad=True)
        leaf.sum().backward()
        assert device_of(leaf.grad) == gpus[1]
        for made in (torch.randn(3, device="cuda:1"), torch.eye(2, device="cuda:1"), torch.arange(3, device="cuda:1")):
            assert device_of(made) == device_of(made + 1) == gpus[1]


def test_what_is_read_at_one_place_leaves_the_others_pending():
    a, b, c = (torch.ones(3, device=where) * 2 for where in PLACES)
    assert b.sum().item() == 6
    assert is_pending(a)
    assert is_pending(c)
    assert not is_pending(b)


def test_a_move_runs_nothing():
    recorder.flush("before")
    a, b, unrelated = (torch.ones(3, device=where) * 2 for where in ("cuda:0", "cuda:1", "cuda:1"))
    there = a.to("cuda:1")
    back = (there + b).to("cuda:0") * a
    host = back.cpu()
    assert all(map(is_pending, (a, b, there, back, host, unrelated)))
    assert a.cpu().tolist() == [2.0] * 3
    assert is_pending(unrelated)
    assert host.tolist() == [8.0] * 3


def test_what_is_moved_back_is_what_it_was():
    a = torch.ones(3, device="cuda:0") * 2
    assert a.to("cuda:1").to("cuda:0")._value() is a._value()


def test_a_moved_value_that_nobody_holds_is_not_computed():
    torch.explain(reset=True)
    (torch.ones(3, device="cuda:0") * 2).to("cuda:1")
    recorder.flush("nobody wants it")
    assert torch.explain().runs["whole"] == 0


def split(library, devices):
    """A model of two parts and what trains it; the second half of its layers lies on another device."""
    library.manual_seed(0)
    first = library.nn.Sequential(library.nn.Linear(4, 8), library.nn.ReLU(), library.nn.Linear(8, 8))
    second = library.nn.Sequential(library.nn.ReLU(), library.nn.Linear(8, 2))
    return first.to(devices[0]), second.to(devices[1])


def trained(library, devices, make, steps=4):
    """The losses, the parameters and the gradients of a model on two devices."""
    first, second = split(library, devices)
    optimizer = make(library.optim)([*first.parameters(), *second.parameters()])
    losses = []
    for step in range(steps):
        inputs = library.linspace(-1, 1, 12).reshape(3, 4).to(devices[0]) * (step + 1)
        hidden = first(inputs)
        loss = (second(hidden.to(devices[1])).pow(2).mean() + hidden.to(devices[1]).abs().mean()).cpu()
        optimizer.zero_grad()
        loss.backward()
        library.nn.utils.clip_grad_norm_([*first.parameters(), *second.parameters()], 0.5)
        optimizer.step()
        losses.append(loss.detach())
    params = [*first.parameters(), *second.parameters()]
    return [each.cpu().numpy() for each in [*losses, *[p.detach() for p in params], *[p.grad for p in params]]], params


OPTIMIZERS = {
    "SGD": lambda optim: lambda params: optim.SGD(params, 0.1, momentum=0.9),
    "Adam": lambda optim: lambda params: optim.Adam(params, 0.01),
    "AdamW": lambda optim: lambda params: optim.AdamW(params, 0.01, amsgrad=True),
}


SPLITS = [("cuda:0", "cuda:1"), ("cpu", "cuda:0"), ("cuda:1", "cpu")]
CASES = [(name, "auto", SPLITS[0]) for name in OPTIMIZERS] + [("Adam", mode, each) for mode in MODES for each in SPLITS]


@pytest.mark.parametrize(("name", "mode", "devices"), CASES, ids=str)
def test_a_model_lies_on_two_devices(name, mode, devices):
    want, _ = trained(reference(), ("cpu", "cpu"), OPTIMIZERS[name])
    with torch.execution_mode(mode):
        got, params = trained(torch, devices, OPTIMIZERS[name])
    for ours, theirs in zip(got, want, strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-4, atol=1e-6)
    for number, each in enumerate(params):
        assert str(each.device) == str(each.grad.device) == devices[number > 3]


def test_a_step_on_two_devices_is_a_few_programs_and_the_same_ones_again():
    first, second = split(torch, ("cuda:0", "cuda:1"))
    optimizer = torch.optim.Adam([*first.parameters(), *second.parameters()])
    for step in range(5):
        if step == 2:
            torch.explain(reset=True)
        loss = second(first(torch.ones(3, 4).to("cuda:0")).to("cuda:1")).sum()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    told = torch.explain()
    assert not told.compiles
    assert told.runs["whole"] == 9  # the first half, the second with its update, the first's gradient and update


@pytest.mark.parametrize("seed", range(4))
def test_whatever_is_moved_where_nothing_waits_for_itself(seed):
    choose = random.Random(seed)
    tensors = [(torch.full((2,), float(place), device=where), float(place)) for place, where in enumerate(PLACES)]
    for _ in range(120):
        (one, known), (other, beside) = choose.choice(tensors), choose.choice(tensors)
        if choose.random() < 0.5:
            tensors.append((one.to(choose.choice(PLACES)), known))
        else:
            tensors.append((one * 0.5 + other.to(one.device), known * 0.5 + beside))
        if choose.random() < 0.1:
            tensor, value = choose.choice(tensors)
            assert tensor.tolist() == pytest.approx([value] * 2, rel=1e-4)
        if choose.random() < 0.05:
            recorder.end_step()
        tensors = choose.sample(tensors, min(len(tensors), 8))
    for tensor, value in tensors:
        assert tensor.tolist() == pytest.approx([value] * 2, rel=1e-4)


def test_gradients_go_back_without_a_flush():
    a = torch.ones(3, device="cuda:0", requires_grad=True)
    unrelated = torch.ones(3, device="cuda:0") * 2
    loss = ((a * 3).to("cuda:1") ** 2).sum()
    loss.backward()
    assert is_pending(a.grad)
    assert loss.item() == 27
    assert a.grad.tolist() == [18.0] * 3
    assert unrelated.tolist() == [2.0] * 3


def test_second_derivatives_pass_through_moves():
    a = torch.tensor([2.0], device="cuda:0", requires_grad=True)
    [first] = torch.autograd.grad((a.to("cuda:1") ** 3).cpu(), a, create_graph=True)
    [second] = torch.autograd.grad(first, a)
    assert (str(first.device), first.item(), second.item()) == ("cuda:0", 12.0, 12.0)


def test_a_program_that_fails_takes_what_needs_it_along(monkeypatch):
    a, b = torch.ones(3, device="cuda:0"), torch.ones(3, device="cuda:1")
    made, kept = (a * 2).to("cuda:1") + b, b * 5

    def fail(*args, **kwargs):
        raise MemoryError("none left")

    with monkeypatch.context() as patch:
        patch.setattr("torchlike._recorder.running.execute", fail)
        with pytest.raises(RuntimeError, match="memory"):
            made.tolist()
    with pytest.raises(RuntimeError, match="this tensor's value was lost"):
        made.tolist()
    del kept
    assert (b * 3).tolist() == [3.0] * 3


def test_another_thread_reads_what_was_moved():
    a = torch.ones(3, device="cuda:0") * 2
    there, found = a.to("cuda:1") + 1, []
    thread = threading.Thread(target=lambda: found.append(there.tolist()))
    thread.start()
    thread.join()
    assert found == [[3.0] * 3]
    assert (there * a.to("cuda:1")).tolist() == [6.0] * 3


def test_a_tensor_is_copied_with_its_place():
    a = torch.ones(3, device="cuda:1") * 2
    for made in (copy.deepcopy(a), a.clone(), a.detach(), pickle.loads(pickle.dumps(a))):
        assert str(made.device) == "cuda:1"
        assert made.tolist() == [2.0] * 3


@pytest.mark.parametrize("where", PLACES)
def test_a_compiled_function_runs_where_its_tensors_are(where):
    weight = torch.ones(3, device=where, requires_grad=True)
    optimizer = torch.optim.SGD([weight], 0.5)

    @torch.compile
    def step(x):
        optimizer.zero_grad()
        loss = (weight * x).sum()
        loss.backward()
        optimizer.step()
        return loss.detach()

    torch.explain(reset=True)
    losses = [step(torch.ones(3, device=where)).item() for _ in range(6)]
    assert losses == [3.0, 1.5, 0.0, -1.5, -3.0, -4.5]
    assert torch.explain().runs["replayed"] > 0


def test_a_compiled_function_between_places_is_recorded():
    @torch.compile
    def both(x):
        return ((x * 2).to("cuda:1") + 1).cpu()

    torch.explain(reset=True)
    assert [both(torch.full((2,), float(n), device="cuda:0")).tolist() for n in range(4)] == [
        [2.0 * n + 1] * 2 for n in range(4)
    ]
    assert torch.explain().runs["replayed"] == 0


# ---------------------------------------------------------------------- meshes


MESH = Mesh(np.array(jax.devices("cpu")), ("d",))


def over_mesh(array: np.ndarray, *partition):
    """A tensor that is cut over four devices."""
    return torch.from_dlpack(jax.device_put(array, NamedSharding(MESH, PartitionSpec(*partition))))


def partition(tensor) -> PartitionSpec:
    array = tensor._value().compute()
    assert isinstance(array, jax.Array)
    assert len(array.devices()) == 4
    return array.sharding.spec


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("name", OPTIMIZERS)
def test_what_is_cut_over_a_mesh_stays_so(name, mode):
    rng = np.random.default_rng(0)
    arrays = [rng.normal(size=size).astype(np.float32) for size in ((8, 4), (4, 8), (8,))]

    def run(library, x, w, b):
        w, b = w.requires_grad_(), b.requires_grad_()
        optimizer = OPTIMIZERS[name](library.optim)([w, b])
        for _ in range(3):
            optimizer.zero_grad()
            hidden = library.relu(x @ w + b)
            loss = (hidden - library.ones(8, 8)).pow(2).mean()
            loss.backward()
            optimizer.step()
        return [loss, hidden, w, b, w.grad, b.grad], optimizer.state[w]

    want, _ = run(reference(), *map(reference().tensor, arrays))
    with torch.execution_mode(mode):
        got, state = run(torch, over_mesh(arrays[0], "d"), over_mesh(arrays[1], None, "d"), over_mesh(arrays[2], "d"))
        for ours, theirs in zip(got, want, strict=True):
            np.testing.assert_allclose(ours.detach().numpy(), theirs.detach().numpy(), rtol=1e-4, atol=1e-5)
        _, hidden, w, b, *grads = got
        assert partition(hidden) == PartitionSpec("d")
        assert [*map(partition, (w, b, *grads))] == [PartitionSpec(None, "d"), PartitionSpec("d")] * 2
        assert {partition(each) for key, each in state.items() if key != "step"} == {PartitionSpec(None, "d")}


def test_a_mesh_and_a_device_are_no_two_devices():
    x = over_mesh(np.ones((8, 4), np.float32), "d")
    assert x.device == torch.device("cpu")
    there = x * torch.full((4,), 3.0) + torch.tensor(1.0)
    assert partition(there) == PartitionSpec("d")
    assert there[0].tolist() == [4.0] * 4
    assert partition(x.clone().normal_()) == PartitionSpec("d")
    with pytest.raises(RuntimeError, match="found at least two devices, cuda:0 and cpu!"):
        x + torch.ones(4, device="cuda:0")


def test_a_part_that_runs_again_may_go_from_place_to_place():
    x = torch.arange(3.0, device="cuda:0", requires_grad=True)
    made = torch.utils.checkpoint.checkpoint(lambda x: (x * 2).to("cuda:1") ** 2, x, use_reentrant=False)
    made.sum().backward()
    assert x.grad.tolist() == [0.0, 8.0, 16.0]


def test_packed_sequences_lie_with_their_elements():
    x = torch.arange(12.0).reshape(3, 2, 2)
    lengths, lstm = torch.tensor([2, 3]), torch.nn.LSTM(2, 2)
    packed = [torch.nn.utils.rnn.pack_padded_sequence(each, lengths, enforce_sorted=False) for each in (x, x.cuda(1))]
    assert [str(each) for each in (packed[1].data.device, packed[1].batch_sizes.device)] == ["cuda:1", "cpu"]
    want = torch.nn.utils.rnn.pad_packed_sequence(lstm(packed[0])[0])
    got = torch.nn.utils.rnn.pad_packed_sequence(lstm.cuda(1)(packed[1])[0])
    assert (str(got[0].device), str(got[1].device)) == ("cuda:1", "cpu")
    np.testing.assert_allclose(got[0].detach().cpu().numpy(), want[0].detach().numpy(), rtol=1e-5, atol=1e-6)
    assert got[1].tolist() == [2, 3]


def test_lengths_and_targets_of_ctc_may_stay_on_the_cpu():
    scores = torch.randn(5, 1, 4).log_softmax(-1)
    given = torch.tensor([[1, 2]]), torch.tensor([5]), torch.tensor([2])
    want, got = (torch.nn.functional.ctc_loss(each, *given) for each in (scores, scores.cuda()))
    assert got.is_cuda
    assert got.item() == pytest.approx(want.item(), rel=1e-5)
