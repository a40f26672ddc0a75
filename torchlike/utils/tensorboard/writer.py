"""``torch.utils.tensorboard.writer``: what writes a program's curves, pictures and texts."""

from __future__ import annotations

import math
import os
import socket
import time
from collections.abc import Sequence
from datetime import datetime
from importlib import import_module
from typing import Any

import numpy as np

from torchlike.utils.tensorboard import _summaries
from torchlike.utils.tensorboard._summaries import array_of as _array_of
from torchlike.utils.tensorboard._summaries import part as _part

_ESCAPED = "%/\\"  # in names of folders
_events = _part("compat.proto.event_pb2")


def _bins() -> list[float]:
    """TensorFlow's limits of histograms: each a tenth beyond the last, on both sides of 0."""
    limits, limit = [], 1e-12
    while limit < 1e20:
        limits.append(limit)
        limit *= 1.1
    return [*[-each for each in reversed(limits)], 0, *limits]


class FileWriter:
    """Writes messages to a file, in a thread of its own.

    Args:
        log_dir: the file's folder.
        max_queue: how many may wait.
        flush_secs: after how many seconds they are written at the latest.
        filename_suffix: how the file's name ends.
    """

    def __init__(self, log_dir: Any, max_queue: int = 10, flush_secs: float = 120, filename_suffix: str = "") -> None:
        made = _part("summary.writer.event_file_writer").EventFileWriter
        self.event_writer = made(str(log_dir), max_queue, flush_secs, filename_suffix)

    def get_logdir(self) -> str:
        """The file's folder."""
        return self.event_writer.get_logdir()

    def add_event(self, event: Any, step: int | None = None, walltime: float | None = None) -> None:
        """Write a message with its time."""
        event.wall_time = time.time() if walltime is None else walltime
        if step is not None:
            event.step = int(step)
        self.event_writer.add_event(event)

    def add_summary(self, summary: Any, global_step: int | None = None, walltime: float | None = None) -> None:
        """Write what is to be shown."""
        self.add_event(_events.Event(summary=summary), global_step, walltime)

    def flush(self) -> None:
        """Write what waits."""
        self.event_writer.flush()

    def close(self) -> None:
        """Write what waits, and close the file."""
        self.event_writer.close()

    def reopen(self) -> None:
        """Go on in another file, if it is closed."""
        self.event_writer.reopen()


class SummaryWriter:
    """Writes a program's curves, pictures and texts to a folder, for TensorBoard to show.

    Each method takes a tag, what is shown, and the step that it belongs to, `global_step`; `walltime` is in seconds.

    Args:
        log_dir: the folder; ``runs/`` with date and machine by default.
        comment: how that ends.
        purge_step: from which step on what an earlier run has written is hidden.
        max_queue: how many messages may wait.
        flush_secs: after how many seconds they are written at the latest.
        filename_suffix: how the files' names end.

    Raises:
        ModuleNotFoundError: TensorBoard is not installed; it is the extra ``tensorboard``.
    """

    def __init__(
        self,
        log_dir: Any = None,
        comment: str = "",
        purge_step: int | None = None,
        max_queue: int = 10,
        flush_secs: float = 120,
        filename_suffix: str = "",
    ) -> None:
        if not log_dir:
            begun = datetime.now().strftime("%b%d_%H-%M-%S")
            log_dir = os.path.join("runs", f"{begun}_{socket.gethostname()}{comment}")
        self.log_dir, self.purge_step, self.max_queue = log_dir, purge_step, max_queue
        self.flush_secs, self.filename_suffix = flush_secs, filename_suffix
        self.file_writer: FileWriter | None = None
        self.all_writers: dict[str, FileWriter] | None = None
        self.default_bins = _bins()
        self._projector: Any = None
        self._file()

    def _file(self) -> FileWriter:
        """The writer; a new one if the last was closed."""
        if self.file_writer is None:
            self.file_writer = self._open(self.log_dir)
            self.all_writers = {self.file_writer.get_logdir(): self.file_writer}
            if self.purge_step is not None:
                begins = _events.SessionLog(status=_events.SessionLog.START)
                self.file_writer.add_event(_events.Event(step=self.purge_step, file_version="brain.Event:2"))
                self.file_writer.add_event(_events.Event(step=self.purge_step, session_log=begins))
                self.purge_step = None
        return self.file_writer

    def _open(self, folder: Any) -> FileWriter:
        return FileWriter(folder, self.max_queue, self.flush_secs, self.filename_suffix)

    def _add(self, summary: Any, global_step: Any = None, walltime: float | None = None) -> None:
        self._file().add_summary(summary, global_step, walltime)

    def get_logdir(self) -> Any:
        """The folder."""
        return self.log_dir

    def add_scalar(
        self,
        tag: str,
        scalar_value: Any,
        global_step: Any = None,
        walltime: float | None = None,
        new_style: bool = False,
        double_precision: bool = False,
    ) -> None:
        """A point of a curve.

        Args:
            new_style: whether it is written as a tensor, which is read faster.
            double_precision: whether that has 64 bits.
        """
        self._add(_summaries.scalar(tag, scalar_value, new_style, double_precision), global_step, walltime)

    def add_scalars(self, main_tag: str, tag_scalar_dict: dict, global_step: Any = None, walltime: Any = None) -> None:
        """Points of several curves in one picture: each is written to a folder of its own."""
        walltime = time.time() if walltime is None else walltime
        folder, writers = self._file().get_logdir(), self.all_writers or {}
        for tag, value in tag_scalar_dict.items():
            name = f"{folder}/{main_tag.replace('/', '_')}_{tag}"
            if name not in writers:
                writers[name] = self._open(name)
            writers[name].add_summary(_summaries.scalar(main_tag, value, False, False), global_step, walltime)

    def add_tensor(self, tag: str, tensor: Any, global_step: Any = None, walltime: float | None = None) -> None:
        """All elements of a tensor."""
        self._add(_summaries.tensor(tag, tensor), global_step, walltime)

    def add_histogram(
        self,
        tag: str,
        values: Any,
        global_step: Any = None,
        bins: Any = "tensorflow",
        walltime: float | None = None,
        max_bins: int | None = None,
    ) -> None:
        """How numbers are distributed.

        Args:
            bins: their limits: TensorFlow's, or one of NumPy's kinds.
            max_bins: how many there may be.
        """
        bins = self.default_bins if isinstance(bins, str) and bins == "tensorflow" else bins
        self._add(_summaries.histogram(tag, values, bins, max_bins), global_step, walltime)

    def add_histogram_raw(
        self,
        tag: str,
        min: float,
        max: float,
        num: int,
        sum: float,
        sum_squares: float,
        bucket_limits: Sequence,
        bucket_counts: Sequence,
        global_step: Any = None,
        walltime: float | None = None,
    ) -> None:
        """How numbers are distributed, counted already.

        Raises:
            ValueError: there are not as many limits as counts.
        """
        if len(bucket_limits) != len(bucket_counts):
            raise ValueError("len(bucket_limits) != len(bucket_counts), see the document.")
        figures = {"min": min, "max": max, "num": num, "sum": sum, "sum_squares": sum_squares}
        self._add(_summaries.histogram_raw(tag, bucket_limits, bucket_counts, **figures), global_step, walltime)

    def add_image(
        self, tag: str, img_tensor: Any, global_step: Any = None, walltime: Any = None, dataformats: str = "CHW"
    ) -> None:
        """An image: bytes, or numbers between 0 and 1.

        Args:
            dataformats: its dimensions: ``"CHW"``, ``"HWC"``, ``"HW"``.
        """
        self._add(_summaries.image(tag, img_tensor, dataformats), global_step, walltime)

    def add_images(
        self, tag: str, img_tensor: Any, global_step: Any = None, walltime: Any = None, dataformats: str = "NCHW"
    ) -> None:
        """Images side by side: bytes, or numbers between 0 and 1.

        Args:
            dataformats: their dimensions: ``"NCHW"``, ``"NHWC"``.
        """
        self._add(_summaries.image(tag, img_tensor, dataformats), global_step, walltime)

    def add_image_with_boxes(
        self,
        tag: str,
        img_tensor: Any,
        box_tensor: Any,
        global_step: Any = None,
        walltime: float | None = None,
        rescale: float = 1,
        dataformats: str = "CHW",
        labels: Any = None,
    ) -> None:
        """An image with boxes on it.

        Args:
            box_tensor: left, upper, right and lower edge of each, ``(N, 4)``.
            rescale: how much larger it is shown.
            labels: what stands at the boxes.
        """
        labels = [labels] if isinstance(labels, str) else labels
        labels = labels if labels is not None and len(labels) == box_tensor.shape[0] else None
        self._add(_summaries.image(tag, img_tensor, dataformats, rescale, box_tensor, labels), global_step, walltime)

    def add_figure(
        self, tag: str, figure: Any, global_step: Any = None, close: bool = True, walltime: float | None = None
    ) -> None:
        """A figure of Matplotlib's, or several.

        Args:
            close: whether they are closed then.
        """
        if isinstance(figure, list):
            drawn = np.stack([_drawn(each, close) for each in figure])
            self.add_image(tag, drawn, global_step, walltime, dataformats="NCHW")
        else:
            self.add_image(tag, _drawn(figure, close), global_step, walltime)

    def add_audio(
        self, tag: str, snd_tensor: Any, global_step: Any = None, sample_rate: int = 44100, walltime: Any = None
    ) -> None:
        """A sound, between -1 and 1.

        Args:
            sample_rate: how many samples make a second.
        """
        self._add(_summaries.audio(tag, snd_tensor, sample_rate), global_step, walltime)

    def add_text(self, tag: str, text_string: str, global_step: Any = None, walltime: float | None = None) -> None:
        """A text, in Markdown."""
        self._add(_summaries.text(tag, text_string), global_step, walltime)

    def add_pr_curve(
        self,
        tag: str,
        labels: Any,
        predictions: Any,
        global_step: Any = None,
        num_thresholds: int = 127,
        weights: Any = None,
        walltime: float | None = None,
    ) -> None:
        """Precision and recall by threshold.

        Args:
            labels: what is true, 0 or 1.
            predictions: how sure it was.
            num_thresholds: how many there are.
            weights: of each.
        """
        self._add(_summaries.pr_curve(tag, labels, predictions, num_thresholds, weights), global_step, walltime)

    def add_pr_curve_raw(
        self,
        tag: str,
        true_positive_counts: Any,
        false_positive_counts: Any,
        true_negative_counts: Any,
        false_negative_counts: Any,
        precision: Any,
        recall: Any,
        global_step: Any = None,
        num_thresholds: int = 127,
        weights: Any = None,
        walltime: float | None = None,
    ) -> None:
        """Precision and recall by threshold, counted already."""
        counts = (true_positive_counts, false_positive_counts, true_negative_counts, false_negative_counts)
        rows = [_array_of(each) for each in (*counts, precision, recall)]
        self._add(_summaries.pr_curve_raw(tag, rows, num_thresholds), global_step, walltime)

    def add_custom_scalars(self, layout: dict) -> None:
        """Which curves are shown together: by category and title, ``["Multiline", tags]`` or ``["Margin", tags]``."""
        self._add(_summaries.custom_scalars(layout))

    def add_custom_scalars_multilinechart(
        self, tags: Sequence[str], category: str = "default", title: str = "untitled"
    ) -> None:
        """Several curves in one picture."""
        self.add_custom_scalars({category: {title: ["Multiline", tags]}})

    def add_custom_scalars_marginchart(
        self, tags: Sequence[str], category: str = "default", title: str = "untitled"
    ) -> None:
        """A curve between two others.

        Raises:
            AssertionError: there are not three.
        """
        if len(tags) != 3:
            raise AssertionError(f"Expected 3 tags, got {len(tags)}.")
        self.add_custom_scalars({category: {title: ["Margin", tags]}})

    def add_mesh(
        self,
        tag: str,
        vertices: Any,
        colors: Any = None,
        faces: Any = None,
        config_dict: dict | None = None,
        global_step: Any = None,
        walltime: float | None = None,
    ) -> None:
        """A shape in space.

        Args:
            vertices: its points, ``(B, N, 3)``.
            colors: of each, ``(B, N, 3)``.
            faces: the points of each triangle, ``(B, M, 3)``.
            config_dict: how it is shown.
        """
        self._add(_summaries.mesh(tag, vertices, colors, faces, config_dict), global_step, walltime)

    def add_hparams(
        self,
        hparam_dict: dict,
        metric_dict: dict,
        hparam_domain_discrete: dict | None = None,
        run_name: str | None = None,
        global_step: Any = None,
    ) -> None:
        """What a run was given, and what came of it.

        Args:
            hparam_dict: what it was given.
            metric_dict: what came of it.
            hparam_domain_discrete: which values there could have been.
            run_name: the folder's name, below that of the writer.

        Raises:
            TypeError: one is no dictionary.
            ValueError: a value is of another type.
        """
        if type(hparam_dict) is not dict or type(metric_dict) is not dict:
            raise TypeError("hparam_dict and metric_dict should be dictionary.")
        told = _summaries.hparams(hparam_dict, metric_dict, hparam_domain_discrete)
        folder = os.path.join(self._file().get_logdir(), run_name or str(time.time()))
        with SummaryWriter(log_dir=folder) as writer:
            for each in told:
                writer._add(each, global_step)
            for name, value in metric_dict.items():
                writer.add_scalar(name, value, global_step)

    def add_embedding(
        self,
        mat: Any,
        metadata: Sequence | None = None,
        label_img: Any = None,
        global_step: int | None = None,
        tag: str = "default",
        metadata_header: Sequence[str] | None = None,
    ) -> None:
        """Points in many dimensions.

        Args:
            mat: the points, ``(N, D)``.
            metadata: what each is called, or a row for each.
            label_img: an image for each, ``(N, C, H, W)``.
            metadata_header: what the rows' columns are called.

        Raises:
            AssertionError: there are not as many names or images as points.
        """
        points, step = _array_of(mat), f"{global_step or 0:05d}"
        below = f"{step}/{tag.translate({ord(each): f'%{ord(each):02x}' for each in _ESCAPED})}"
        folder = os.path.join(self._file().get_logdir(), below)
        if os.path.isdir(folder):
            print("warning: Embedding dir exists, did you set global_step for add_embedding()?")
        elif os.path.exists(folder):
            raise NotADirectoryError(f"Path: `{folder}` exists, but is a file. Cannot proceed.")
        os.makedirs(folder, exist_ok=True)
        about = _part("plugins.projector.projector_config_pb2")
        info = about.EmbeddingInfo(tensor_name=f"{tag}:{step}", tensor_path=os.path.join(below, "tensors.tsv"))
        if metadata is not None:
            if len(points) != len(metadata):
                raise AssertionError("#labels should equal with #data points")
            rows = [str(each) for each in metadata]
            if metadata_header:
                if len(metadata_header) != len(metadata[0]):
                    raise AssertionError("len of header must be equal to the number of columns in metadata")
                rows = ["\t".join(map(str, each)) for each in [metadata_header, *metadata]]
            _write(folder, "metadata.tsv", "\n".join(rows) + "\n")
            info.metadata_path = os.path.join(below, "metadata.tsv")
        if label_img is not None:
            if len(points) != label_img.shape[0]:
                raise AssertionError("#images should equal with #data points")
            _write(folder, "sprite.png", _sprite(label_img))
            info.sprite.image_path = os.path.join(below, "sprite.png")
            info.sprite.single_image_dim.extend([label_img.shape[3], label_img.shape[2]])
        if points.ndim != 2:
            raise AssertionError("mat should be 2D, where mat.size(0) is the number of data points")
        _write(folder, "tensors.tsv", "".join(["\t".join([str(x.item()) for x in row]) + "\n" for row in points]))
        self._projector = self._projector or about.ProjectorConfig()
        self._projector.embeddings.extend([info])
        told = import_module("google.protobuf.text_format").MessageToString(self._projector)
        _write(self._file().get_logdir(), "projector_config.pbtxt", told)

    def flush(self) -> None:
        """Write what waits."""
        for each in (self.all_writers or {}).values():
            each.flush()

    def close(self) -> None:
        """Write what waits, and close the files; what is added later goes to another file."""
        for each in (self.all_writers or {}).values():
            each.flush()
            each.close()
        self.file_writer = self.all_writers = None

    def __enter__(self) -> SummaryWriter:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()


def _drawn(figure: Any, close: bool) -> np.ndarray:
    """A figure of Matplotlib's as an image, ``(3, H, W)``."""
    canvas = import_module("matplotlib.backends.backend_agg").FigureCanvasAgg(figure)
    canvas.draw()
    width, height = figure.canvas.get_width_height()
    pixels = np.frombuffer(canvas.buffer_rgba(), np.uint8).reshape(height, width, 4)[:, :, :3]
    if close:
        import_module("matplotlib.pyplot").close(figure)
    return np.moveaxis(pixels, 2, 0)


def _sprite(images: Any) -> bytes:
    """Images in one, a square of squares."""
    from PIL import Image

    placed = _summaries.grid(_array_of(images), math.ceil(images.shape[0] ** 0.5)).transpose(1, 2, 0)
    square = np.zeros((placed.shape[1], placed.shape[1], 3))
    square[: placed.shape[0]] = placed
    return _summaries.png(Image.fromarray(np.uint8((square * 255).clip(0, 255))))


def _write(folder: str, name: str, content: str | bytes) -> None:
    with open(os.path.join(folder, name), "wb") as file:
        file.write(content.encode() if isinstance(content, str) else content)
