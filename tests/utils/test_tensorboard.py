"""What is written for TensorBoard is what PyTorch's writer writes."""

from __future__ import annotations

import importlib

import numpy as np
import pytest

import torchlike
from tests.support import reference

tensorboard = pytest.importorskip("tensorboard", reason="an extra")

CURVE = [[1, 2, 3]] * 4 + [[0.5, 0.5, 0.5]] * 2
WRITTEN = {
    "a number": lambda t, w: w.add_scalar("a", 2.5, 3),
    "a tensor's number": lambda t, w: w.add_scalar("a", t.tensor([2.5]), t.tensor(3), new_style=True),
    "in 64 bits": lambda t, w: w.add_scalar("a", 2.5, new_style=True, double_precision=True),
    "bfloat16": lambda t, w: w.add_scalar("a", t.tensor(2.5, dtype=t.bfloat16)),
    "a gradient": lambda t, w: w.add_scalar("a", t.ones(1, requires_grad=True).sum()),
    "several elements": lambda t, w: w.add_scalar("a", t.ones(2)),
    "no number": lambda t, w: w.add_scalar("a", [2.5]),
    "several curves": lambda t, w: w.add_scalars("a/b", {"x": 1, "y": 2.0}, 3),
    "a histogram": lambda t, w: w.add_histogram("h", t.arange(100.0) - 20, 1),
    "equal numbers": lambda t, w: w.add_histogram("h", t.zeros(3), 1),
    "numpy's bins": lambda t, w: w.add_histogram("h", np.arange(10), bins="auto"),
    "few bins": lambda t, w: w.add_histogram("h", t.arange(100.0), bins=50, max_bins=7),
    "no numbers": lambda t, w: w.add_histogram("h", t.zeros(0)),
    "a counted histogram": lambda t, w: w.add_histogram_raw("h", 0, 2, 3, 3.0, 5.0, [1.0, 2.0], [1, 2], 4),
    "badly counted": lambda t, w: w.add_histogram_raw("h", 0, 2, 3, 3.0, 5.0, [1.0], [1, 2]),
    "an image": lambda t, w: w.add_image("i", t.linspace(0, 1, 24).reshape(3, 2, 4), 1),
    "a grey image": lambda t, w: w.add_image("i", t.linspace(0, 1, 8).reshape(2, 4), dataformats="HW"),
    "an image of bytes": lambda t, w: w.add_image("i", t.arange(24).reshape(2, 4, 3).to(t.uint8), dataformats="HWC"),
    "one channel": lambda t, w: w.add_image("i", t.linspace(0, 1, 8).reshape(1, 2, 4)),
    "images": lambda t, w: w.add_images("i", (t.arange(120) / 128).reshape(10, 1, 3, 4)),
    "another order": lambda t, w: w.add_image("i", t.zeros(3, 2, 4), dataformats="HW"),
    "an order twice": lambda t, w: w.add_image("i", t.zeros(3, 2, 4), dataformats="CHH"),
    "boxes": lambda t, w: w.add_image_with_boxes(
        "i", t.zeros(3, 40, 40), t.tensor([[2, 2, 30, 30]]), labels=["ab"], rescale=2
    ),
    "a sound": lambda t, w: w.add_audio("s", t.linspace(-1, 1, 20), 1, sample_rate=100),
    "a loud sound": lambda t, w: w.add_audio("s", t.linspace(-2, 2, 20)),
    "a text": lambda t, w: w.add_text("t", "*said*", 2),
    "precision": lambda t, w: w.add_pr_curve("p", t.tensor([0, 1, 1, 0]), t.tensor([0.1, 0.9, 0.4, 0.6]), 1),
    "weighted": lambda t, w: w.add_pr_curve("p", np.array([0, 1]), np.array([0.1, 0.9]), num_thresholds=5, weights=2),
    "counted precision": lambda t, w: w.add_pr_curve_raw("p", *[np.array(each) for each in CURVE], num_thresholds=3),
    "charts": lambda t, w: w.add_custom_scalars(
        {"c": {"x": ["Multiline", ["a", "b"]], "y": ["Margin", ["a", "b", "c"]]}}
    ),
    "a chart": lambda t, w: w.add_custom_scalars_multilinechart(["a", "b"]),
    "a margin": lambda t, w: w.add_custom_scalars_marginchart(["a", "b", "c"], "k", "l"),
    "no margin": lambda t, w: w.add_custom_scalars_marginchart(["a", "b"]),
    "a shape": lambda t, w: w.add_mesh(
        "m", t.arange(12.0).reshape(1, 4, 3), t.zeros(1, 4, 3), t.zeros(1, 2, 3, dtype=t.int64), {"a": 1}
    ),
    "a run": lambda t, w: w.add_hparams(
        {"lr": 0.1, "n": 3, "who": "me", "on": True, "x": None}, {"m": 1.5}, run_name="r"
    ),
    "a run of domains": lambda t, w: w.add_hparams({"lr": 0.1}, {"m": 1}, {"lr": [0.1, 0.2]}, "r", 2),
    "another domain": lambda t, w: w.add_hparams({"lr": 0.1}, {"m": 1}, {"lr": ["a"]}),
    "no run": lambda t, w: w.add_hparams([1], {"m": 1}),
    "a value of another type": lambda t, w: w.add_hparams({"lr": [1]}, {"m": 1}),
    "points": lambda t, w: w.add_embedding(t.arange(6.0).reshape(3, 2), ["a", "b", "c"], tag="x/y"),
    "points with rows": lambda t, w: w.add_embedding(
        t.arange(6.0).reshape(3, 2), [[1, 2], [3, 4], [5, 6]], t.zeros(3, 3, 2, 2), 2, metadata_header=["p", "q"]
    ),
    "too few names": lambda t, w: w.add_embedding(t.zeros(3, 2), ["a"]),
    "all elements": lambda t, w: w.add_tensor("e", t.arange(6.0).reshape(2, 3), 1),
    "integers": lambda t, w: w.add_tensor("e", t.arange(6)),
}


def written(torch, name, folder):
    """Everything in a folder after a writer has written to it, without times."""
    from tensorboard.backend.event_processing.event_file_loader import RawEventFileLoader
    from tensorboard.compat.proto.event_pb2 import Event

    module = importlib.import_module(torch.__name__ + ".utils.tensorboard")
    said = None
    with module.SummaryWriter(str(folder), purge_step=7 if name == "a number" else None) as writer:
        try:
            WRITTEN[name](torch, writer)
        except Exception as error:
            said = type(error).__name__, str(error).replace("torchlike", "torch")
    found = {}
    for path in sorted(folder.rglob("*")):
        if "tfevents" not in path.name:
            found[str(path.relative_to(folder))] = path.read_bytes() if path.is_file() else None
            continue
        messages = []
        for raw in RawEventFileLoader(str(path)).Load():
            event = Event.FromString(raw)
            event.wall_time = 0
            messages.append(str(event))
        found[str(path.parent.relative_to(folder))] = messages
    return said, found


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", WRITTEN)
def test_what_is_written(name, tmp_path):
    want, got = written(reference(), name, tmp_path / "theirs"), written(torchlike, name, tmp_path / "ours")
    assert got == want and len(got[1]) > 0


def test_figures(tmp_path):
    plt = pytest.importorskip("matplotlib.pyplot", reason="draws figures")
    plt.switch_backend("agg")
    from torchlike.utils.tensorboard import SummaryWriter

    with SummaryWriter(tmp_path) as writer:
        figure = plt.figure()
        writer.add_figure("f", figure, close=False)
        writer.add_figure("f", [figure, figure])
        assert not plt.get_fignums()
        writer.flush()
        assert writer.get_logdir() == tmp_path and writer.file_writer.get_logdir() == str(tmp_path)
    writer.add_scalar("later", 1)
    writer.close()
    assert len(list(tmp_path.iterdir())) == 2
