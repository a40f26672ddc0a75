"""A model in `DistributedDataParallel` trains as it does alone, and as in PyTorch."""

from __future__ import annotations

import copy
import pickle

import pytest

import torchlike
from tests.distributed.test_groups import groups, start  # noqa: F401
from tests.support import check_warning, compare


def made(torch, **options):
    torch.manual_seed(0)
    net = torch.nn.Sequential(
        torch.nn.Linear(3, 4, bias=False), torch.nn.BatchNorm1d(4), torch.nn.ReLU(), torch.nn.Linear(4, 1)
    )
    return torch.nn.parallel.DistributedDataParallel(net, **options)


def trained(torch, **options):
    model = made(torch, **options)
    optimizer = torch.optim.Adam(model.parameters(), 0.01)
    x, losses = torch.randn(8, 3), []
    for step in range(4):
        if step % 2:
            with model.no_sync():
                losses.append(model(x).square().mean())
                losses[-1].backward()
            continue
        losses.append(model(x).square().mean())
        losses[-1].backward()
        optimizer.step()
        optimizer.zero_grad()
    return [each.detach() for each in losses], model.state_dict(), repr(model), model.will_sync_module_buffers()


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"static_graph": True},
        {"find_unused_parameters": True},
        {"gradient_as_bucket_view": True},
        {"device_ids": []},
    ],
    ids=str,
)
def test_training(groups, options):  # noqa: F811
    want, got = trained(groups[0], **options), trained(groups[1], **options)
    compare(want, got, "training", (1e-5, 1e-6), False)


REFUSED = {
    "no gradient": lambda t: t.nn.parallel.DistributedDataParallel(t.nn.Flatten()),
    "two devices": lambda t: made(t, device_ids=[0, 1]),
    "a gpu for a cpu": lambda t: made(t, device_ids=[0]),
    "one without the other": lambda t: made(t, delay_all_reduce_named_params=[]),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_it_refuses(groups, name):  # noqa: F811
    said = []
    for torch in groups:
        with pytest.raises((ValueError, RuntimeError), match=".") as error:
            REFUSED[name](torch)
        said.append((error.type.__name__, str(error.value)))
    assert said[0] == said[1]


@pytest.mark.parametrize("options", [{"broadcast_buffers": False}, {"check_reduction": True}], ids=str)
def test_old_flags(groups, options):  # noqa: F811
    check_warning([], lambda torch: made(torch, **options).broadcast_buffers)


def test_copies_and_pickles(groups):  # noqa: F811
    model = made(torchlike)
    for other in (copy.deepcopy(model), pickle.loads(pickle.dumps(model))):
        assert other.process_group is torchlike.distributed.group.WORLD
        assert list(other.state_dict()) == list(model.state_dict())
    with pytest.raises(TypeError, match="takes no device_mesh: it is for several processes"):
        made(torchlike, device_mesh=3)


def test_on_a_gpu(gpus):
    start(torchlike)
    try:
        net = torchlike.nn.Linear(2, 1).to("cuda:0")
        model = torchlike.nn.parallel.DistributedDataParallel(net, device_ids=[0])
        assert model(torchlike.ones(3, 2)).device == torchlike.device("cuda:0")
        assert (model.device_ids, model.output_device) == ([0], 0)
    finally:
        torchlike.distributed.destroy_process_group()
