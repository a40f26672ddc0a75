"""GPUs, played by two of the CPU's devices: where tensors are made, what they are called, what a program asks."""

from __future__ import annotations

import re

import pytest

import torchlike as torch
from tests.support import check_error

TWO = pytest.mark.usefixtures("gpus")
MAKERS = [
    lambda where: torch.zeros(2, device=where),
    lambda where: torch.full((2,), 1.0, device=where),
    lambda where: torch.empty(2, device=where),
    lambda where: torch.arange(2, device=where),
    lambda where: torch.linspace(0, 1, 2, device=where),
    lambda where: torch.eye(2, device=where),
    lambda where: torch.tensor([1.0], device=where),
    lambda where: torch.as_tensor([1.0], device=where),
    lambda where: torch.asarray([1.0], device=where),
    lambda where: torch.rand(2, device=where),
    lambda where: torch.randn(2, device=where),
    lambda where: torch.randint(3, (2,), device=where),
    lambda where: torch.randperm(3, device=where),
    lambda where: torch.tril_indices(2, 2, device=where),
    lambda where: torch.zeros(2).to(where),
    lambda where: torch.zeros(2).to(device=where, non_blocking=True),
    lambda where: torch.zeros(2).to(torch.zeros(1, device=where)),
    lambda where: torch.zeros(2).to(where, torch.float64),
    lambda where: torch.zeros(2).cuda(torch.device(where)),
    lambda where: torch.zeros(2).new_ones(2, device=where),
    lambda where: torch.zeros_like(torch.zeros(2), device=where),
    lambda where: torch.rand_like(torch.zeros(2, device=where)),
    lambda where: torch.nn.Linear(2, 2, device=where).weight,
    lambda where: torch.nn.Linear(2, 2).to(where).bias,
    lambda where: torch.nn.BatchNorm1d(2).to(where).num_batches_tracked,
    lambda where: torch.nn.Embedding(2, 2).to(device=where).weight,
]
FROM = [
    lambda x: x.nonzero(),
    lambda x: x.nonzero(as_tuple=True)[1],
    lambda x: x.unique(),
    lambda x: torch.unique(x, return_inverse=True, return_counts=True)[2],
    lambda x: torch.unique_consecutive(x),
    lambda x: x.masked_select(x > 0),
    lambda x: x[x > 0],
    lambda x: x[torch.tensor([0])],
    lambda x: x.sort()[1],
    lambda x: x.topk(1)[1],
    lambda x: x.multinomial(1),
    lambda x: torch.bernoulli(x / 9),
    lambda x: torch.poisson(x),
    lambda x: x.clone().exponential_(),
    lambda x: torch.bincount(x[0].long()),
    lambda x: torch.histc(x),
    lambda x: x.repeat_interleave(2),
    lambda x: torch.nn.functional.dropout(x),
    lambda x: torch.nn.functional.one_hot(x.long()),
    lambda x: torch.linalg.svd(x)[1],
    lambda x: torch.linalg.eigvals(x),
    lambda x: torch.combinations(x[0]),
    lambda x: torch.block_diag(x, x),
    lambda x: x.detach().clone().requires_grad_().sum(),
    lambda x: torch.full_like(x, 2),
    lambda x: torch.ones_like(x),
    lambda x: x.new_tensor([1.0]),
    lambda x: x.numpy(force=True) is not None and x,
]


@TWO
@pytest.mark.parametrize("fn", MAKERS)
def test_tensors_are_made_where_one_says(fn):
    for where in ("cuda:0", "cuda:1"):
        assert str(fn(where).device) == where
    assert str(fn("cuda").device) == "cuda:0"


@TWO
@pytest.mark.parametrize("fn", FROM)
def test_what_is_made_of_a_tensor_lies_with_it(fn):
    x = torch.tensor([[1.0, 2.0], [2.0, 5.0]])
    there = fn(x.to("cuda:1"))
    assert str(there.device) == "cuda:1"
    assert there.shape == fn(x).shape


@TWO
def test_blocks_and_defaults_say_where():
    with torch.device("cuda:1"):
        assert str(torch.zeros(1).device) == str(torch.nn.Linear(1, 1).weight.device) == "cuda:1"
        assert str(torch.zeros(1, device="cpu").device) == "cpu"
        with torch.device("cpu"):
            assert str(torch.rand(1).device) == "cpu"
    torch.set_default_device("cuda")
    try:
        assert str(torch.get_default_device()) == str(torch.tensor(1).device) == "cuda:0"
    finally:
        torch.set_default_device(None)
    assert torch.zeros(1).is_cpu


@TWO
def test_the_current_gpu_is_what_cuda_means():
    assert (torch.cuda.device_count(), torch.cuda.current_device()) == (2, 0)
    with torch.cuda.device(1):
        assert torch.cuda.current_device() == 1
        assert str(torch.zeros(1, device="cuda").device) == str(torch.zeros(1).cuda().device) == "cuda:1"
        assert torch.zeros(1).is_cpu
        with torch.cuda.device_of(torch.zeros(1, device="cuda:0")):
            assert torch.cuda.current_device() == 0
    torch.cuda.set_device("cuda:1")
    try:
        assert str(torch.nn.Linear(1, 1).cuda().weight.device) == "cuda:1"
    finally:
        torch.cuda.set_device(0)
    torch.cuda.synchronize()
    torch.cuda.synchronize(1)


@TWO
@pytest.mark.parametrize(
    "fn",
    [
        lambda: torch.zeros(1, device="cuda:2"),
        lambda: torch.zeros(1).cuda(7),
        lambda: torch.cuda.set_device(2),
        lambda: torch.nn.Linear(1, 1).to("cuda:3"),
    ],
)
def test_a_gpu_that_is_not_there_is_refused(fn):
    with pytest.raises(RuntimeError, match="^CUDA error: invalid device ordinal"):
        fn()


@TWO
def test_how_tensors_of_gpus_look():
    x = torch.tensor([1.5, 2.0], device="cuda:1")
    assert repr(x) == "tensor([1.5000, 2.0000], device='cuda:1')"
    assert repr(x.requires_grad_() * 2).endswith("device='cuda:1', grad_fn=<MulBackward0>)")
    assert (x.type(), x.get_device(), x.is_cuda, x.is_cpu) == ("torch.cuda.FloatTensor", 1, True, False)
    assert isinstance(x, torch.cuda.FloatTensor)
    assert repr(x.device) == "device(type='cuda', index=1)"
    with pytest.raises(
        TypeError, match=re.escape("can't convert cuda:1 device type tensor to numpy. Use Tensor.cpu()")
    ):
        x.detach().numpy()


@TWO
def test_memory_is_pinned_once():
    x = torch.ones(2)
    pinned = x.pin_memory()
    assert (x.is_pinned(), pinned.is_pinned(), pinned.pin_memory() is pinned) == (False, True, True)
    assert str(pinned.to("cuda:1", non_blocking=True).device) == "cuda:1"
    with pytest.raises(
        RuntimeError, match=re.escape("cannot pin 'torch.cuda.FloatTensor' only dense CPU tensors can be")
    ):
        x.cuda().pin_memory()


def test_without_a_gpu_no_memory_is_pinned():
    check_error([(2,)], lambda torch, x: x.pin_memory())


@TWO
def test_generators_of_each_device():
    for where in ("cpu", "cuda:0", "cuda:1"):
        generator = torch.Generator(where)
        assert str(generator.device) == where
        draws = [torch.rand(3, device=where, generator=generator.manual_seed(5)).tolist() for _ in range(2)]
        assert draws[0] == draws[1]


@TWO
def test_state_is_saved_and_loaded_elsewhere(tmp_path):
    model = torch.nn.Linear(2, 2).to("cuda:1")
    optimizer = torch.optim.Adam(model.parameters())
    model(torch.ones(1, 2, device="cuda:1")).sum().backward()
    optimizer.step()
    torch.save({"model": model.state_dict(), "optimizer": optimizer.state_dict()}, tmp_path / "state.pt")
    for place, where in (("cpu", "cpu"), ({"cuda:1": "cuda:0"}, "cuda:0"), (None, "cuda:1")):
        loaded = torch.load(tmp_path / "state.pt", map_location=place)
        assert str(loaded["model"]["weight"].device) == where
        other = torch.nn.Linear(2, 2).to("cuda:0")
        other.load_state_dict(loaded["model"])
        assert str(other.weight.device) == "cuda:0"
        assert other.weight.tolist() == model.weight.tolist()
        second = torch.optim.Adam(other.parameters())
        second.load_state_dict(loaded["optimizer"])
        assert str(second.state[other.weight]["exp_avg"].device) == "cuda:0"
        other(torch.ones(1, 2, device="cuda:0")).sum().backward()
        second.step()
        assert second.state[other.weight]["step"].item() == 2
