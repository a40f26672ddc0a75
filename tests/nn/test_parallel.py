"""A module on several devices gives what it gives on one, gradients too."""

from __future__ import annotations

import collections

import numpy as np
import pytest

import torchlike

torch = pytest.importorskip("torch")
nn = torchlike.nn


class Net(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.first, self.norm, self.last = nn.Linear(3, 4), nn.BatchNorm1d(4), nn.Linear(4, 2)
        self.shared = self.first

    def forward(self, x, scale=1.0, *, shift=None):
        made = self.last(self.norm(self.shared(x)).tanh()) * scale
        return {"made": made if shift is None else made + shift, "mean": made.mean()}


def test_without_gpus_it_is_the_module_alone():
    def run(library):
        library.manual_seed(0)
        model = library.nn.DataParallel(library.nn.Linear(3, 2))
        model(library.ones(4, 3)).sum().backward()
        names = list(model.state_dict())
        return repr(model), model.device_ids, names, model.module.weight.grad.tolist()

    assert run(torchlike) == run(torch)
    for library in (torch, torchlike):
        with pytest.raises(RuntimeError, match="^device type could not be determined$"):
            library.nn.parallel.data_parallel(library.nn.Linear(3, 2), library.ones(4, 3))


@pytest.mark.parametrize("device_ids", [None, [0], [torchlike.device("cuda:0"), "cuda:1"]])
def test_outputs_and_gradients_are_those_of_one_device(gpus, device_ids):
    torchlike.manual_seed(0)
    plain = Net().eval()
    model = nn.DataParallel(Net().eval(), device_ids)
    model.module.load_state_dict(plain.state_dict())
    model.to("cuda:0")
    x, shift = torchlike.randn(5, 3), torchlike.randn(5, 2)
    got = model(x.to("cuda:0"), 2.0, shift=shift.to("cuda:0"))
    want = plain(x, 2.0, shift=shift)
    assert got["made"].device == torchlike.device("cuda:0")
    np.testing.assert_allclose(got["made"].cpu().detach().numpy(), want["made"].detach().numpy(), atol=1e-6)
    assert got["mean"].shape == (() if device_ids == [0] else (2,))
    (got["made"] ** 2).sum().backward()
    (want["made"] ** 2).sum().backward()
    for mine, theirs in zip(model.parameters(), plain.parameters(), strict=True):
        np.testing.assert_allclose(mine.grad.cpu().numpy(), theirs.grad.numpy(), atol=1e-5)
        assert mine.grad.device == torchlike.device("cuda:0")


def test_it_trains(gpus):
    torchlike.manual_seed(0)
    model = nn.DataParallel(Net()).to("cuda:0")
    optimizer = torchlike.optim.Adam(model.parameters(), lr=0.05)
    x = torchlike.randn(16, 3, device="cuda:0")
    losses = []
    for _ in range(15):
        optimizer.zero_grad()
        loss = (model(x)["made"] - x[:, :2]).pow(2).mean()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    assert losses[-1] < losses[0] / 2
    assert model.module.norm.num_batches_tracked.item() == 15  # of the first device's part
    with torchlike.no_grad():
        assert not model.eval()(x)["made"].requires_grad


def test_where_it_is_not_on_the_first_gpu(gpus):
    with pytest.raises(
        RuntimeError, match=r"on device cuda:0 \(device_ids\[0\]\) but found one of them on device: cpu"
    ):
        nn.DataParallel(Net())(torchlike.ones(4, 3))
    with pytest.raises(AssertionError, match="The number of modules 1 is not equal to the number of inputs 2"):
        nn.parallel.parallel_apply([Net()], [1, 2])


Pair = collections.namedtuple("Pair", "a b")


def test_what_is_cut_and_put_together(gpus):
    x = torchlike.arange(5.0)
    parts = nn.parallel.scatter({"x": x, "l": [x, 1], "p": Pair(x, "text"), "none": None}, [0, 1])
    assert [each["x"].tolist() for each in parts] == [[0, 1, 2], [3, 4]]
    assert [each["x"].device.index for each in parts] == [0, 1]
    assert [type(each["p"]) for each in parts] == [Pair, Pair] and parts[1]["l"][1] == 1
    back = nn.parallel.gather([{"x": each["x"], "p": Pair(each["p"].a, None)} for each in parts], "cpu")
    assert back["x"].tolist() == x.tolist() and back["p"].a.device.type == "cpu" and back["p"].b is None
    with pytest.raises(ValueError, match="All dicts must have the same number of keys"):
        nn.parallel.gather([{"x": x}, {}], "cpu")
