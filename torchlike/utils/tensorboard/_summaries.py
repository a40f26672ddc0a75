"""What TensorBoard shows, as the messages that its library writes."""

from __future__ import annotations

import io
import json
import wave
from collections.abc import Sequence
from importlib import import_module
from typing import Any

import numpy as np

from torchlike._types import dtypes
from torchlike.tensor import Tensor


def part(path: str) -> Any:
    """A module of TensorBoard's library."""
    return import_module("tensorboard." + path)


_summary = part("compat.proto.summary_pb2")
Summary, SummaryMetadata = _summary.Summary, _summary.SummaryMetadata
HistogramProto = _summary.HistogramProto
TensorProto = part("compat.proto.tensor_pb2").TensorProto
TensorShapeProto = part("compat.proto.tensor_shape_pb2").TensorShapeProto
_charts = part("plugins.custom_scalar.layout_pb2")


def array_of(x: Any) -> np.ndarray:
    """A tensor, a number or an array as an array.

    Raises:
        NotImplementedError: it is none of these.
    """
    if isinstance(x, np.ndarray):
        return x
    if np.isscalar(x):
        return np.array([x])
    if isinstance(x, Tensor):
        return (x.to(dtypes.float16) if x.dtype is dtypes.bfloat16 else x).detach().cpu().numpy()
    raise NotImplementedError(f"Got {type(x)}, but numpy array or torch tensor are expected.")


def _one(tag: str, **content: Any) -> Any:
    return Summary(value=[Summary.Value(tag=tag, **content)])


def _of_plugin(name: str, content: bytes = b"") -> Any:
    return SummaryMetadata(plugin_data=SummaryMetadata.PluginData(plugin_name=name, content=content))


def _shape(sizes: Sequence[int]) -> Any:
    return TensorShapeProto(dim=[TensorShapeProto.Dim(size=each) for each in sizes])


def _matrix(data: np.ndarray) -> Any:
    return TensorProto(dtype="DT_FLOAT", float_val=data.reshape(-1).tolist(), tensor_shape=_shape(data.shape))


# ---------------------------------------------------------------------- numbers


def scalar(tag: str, value: Any, new_style: bool, double_precision: bool) -> Any:
    """A number."""
    number = array_of(value).squeeze()
    if number.ndim != 0:
        raise AssertionError(
            "Tensor should contain one element (0 dimensions).             "
            f"Was given size: {number.size} and {number.ndim} dimensions."
        )
    if not new_style:
        return _one(tag, simple_value=float(number))
    if double_precision:
        made = TensorProto(double_val=[float(number)], dtype="DT_DOUBLE")
    else:
        made = TensorProto(float_val=[float(number)], dtype="DT_FLOAT")
    return _one(tag, tensor=made, metadata=_of_plugin("scalars"))


_FIELDS = {
    "float32": ("DT_FLOAT", "float_val"),
    "float64": ("DT_DOUBLE", "double_val"),
    "complex64": ("DT_COMPLEX64", "scomplex_val"),
    "complex128": ("DT_COMPLEX128", "dcomplex_val"),
    "uint8": ("DT_UINT8", "int_val"),
    "int8": ("DT_INT8", "int_val"),
    "int16": ("DT_INT16", "int_val"),
    "int32": ("DT_INT32", "int_val"),
    "int64": ("DT_INT64", "int64_val"),
    "bool": ("DT_BOOL", "bool_val"),
}


def tensor(tag: str, value: Tensor) -> Any:
    """All elements of a tensor.

    Raises:
        ValueError: TensorBoard has no such dtype.
    """
    kind = str(value.dtype).rpartition(".")[2]
    if kind not in _FIELDS:
        raise ValueError(f"{tag} has unsupported tensor dtype {value.dtype}")
    dtype, field = _FIELDS[kind]
    flat = value.detach().cpu().reshape(-1)
    if value.dtype.is_complex:
        flat = Tensor.view(flat, dtypes.float32 if kind == "complex64" else dtypes.float64)
    made = TensorProto(dtype=dtype, tensor_shape=_shape(value.shape), **{field: flat.tolist()})
    return _one(tag, metadata=_of_plugin("tensor"), tensor=made)


def histogram(tag: str, values: Any, bins: Any, max_bins: int | None) -> Any:
    """How numbers are distributed.

    Raises:
        ValueError: there are none.
    """
    numbers = array_of(values).astype(float).reshape(-1)
    if numbers.size == 0:
        raise ValueError("The input has no element.")
    counts, limits = np.histogram(numbers, bins=bins)
    if max_bins is not None and len(counts) > max_bins:
        step = len(counts) // max_bins
        counts = np.pad(counts, (0, -len(counts) % step)).reshape(-1, step).sum(axis=-1)
        limits = np.append(limits[:-1:step], limits[-1])
    found = np.cumsum(np.greater(counts, 0))
    start, end = (int(each) for each in np.searchsorted(found, [0, found[-1] - 1], side="right"))
    end += 1
    # an empty bucket comes first, so that the others have a lower limit
    counts = counts[start - 1 : end] if start > 0 else np.concatenate([[0], counts[:end]])
    made = HistogramProto(
        min=numbers.min(),
        max=numbers.max(),
        num=len(numbers),
        sum=numbers.sum(),
        sum_squares=numbers.dot(numbers),
        bucket_limit=limits[start : end + 1].tolist(),
        bucket=counts.tolist(),
    )
    return _one(tag, histo=made)


def histogram_raw(tag: str, limits: Any, counts: Any, **figures: Any) -> Any:
    """How numbers are distributed, counted already."""
    return _one(tag, histo=HistogramProto(bucket_limit=limits, bucket=counts, **figures))


def pr_curve(tag: str, labels: Any, predictions: Any, thresholds: int, weights: Any) -> Any:
    """Precision and recall by threshold."""
    labels, predictions, thresholds = array_of(labels), array_of(predictions), min(thresholds, 127)
    weights = 1.0 if weights is None else weights
    places = np.int32(np.floor(predictions * (thresholds - 1)))
    right, span = labels.astype(np.float64), (0, thresholds - 1)
    hits, misses = (
        np.cumsum(np.histogram(places, bins=thresholds, range=span, weights=each * weights)[0][::-1])[::-1]
        for each in (right, 1.0 - right)
    )
    others, missed = misses[0] - misses, hits[0] - hits
    precision = hits / np.maximum(1e-7, hits + misses)
    recall = hits / np.maximum(1e-7, hits + missed)
    return pr_curve_raw(tag, (hits, misses, others, missed, precision, recall), thresholds)


def pr_curve_raw(tag: str, rows: Sequence, thresholds: int) -> Any:
    """Precision and recall by threshold, counted already."""
    content = part("plugins.pr_curve.plugin_data_pb2").PrCurvePluginData(version=0, num_thresholds=min(thresholds, 127))
    return _one(tag, metadata=_of_plugin("pr_curves", content.SerializeToString()), tensor=_matrix(np.stack(rows)))


def custom_scalars(layout: dict[str, dict[str, Sequence]]) -> Any:
    """Which curves are shown together.

    Raises:
        AssertionError: a curve with margins has not three.
    """
    categories = []
    for category, charts in layout.items():
        made = []
        for title, (kind, tags, *_) in charts.items():
            if kind == "Margin":
                if len(tags) != 3:
                    raise AssertionError("len(tags) != 3")
                series = _charts.MarginChartContent.Series(value=tags[0], lower=tags[1], upper=tags[2])
                made.append(_charts.Chart(title=title, margin=_charts.MarginChartContent(series=[series])))
            else:
                made.append(_charts.Chart(title=title, multiline=_charts.MultilineChartContent(tag=tags)))
        categories.append(_charts.Category(title=category, chart=made))
    content = _charts.Layout(category=categories).SerializeToString()
    told = TensorProto(dtype="DT_STRING", string_val=[content], tensor_shape=TensorShapeProto())
    return _one("custom_scalars__config__", tensor=told, metadata=_of_plugin("custom_scalars"))


# ---------------------------------------------------------------------- pictures, sounds, texts, shapes


def text(tag: str, said: str) -> Any:
    """A text, in Markdown."""
    content = part("plugins.text.plugin_data_pb2").TextPluginData(version=0).SerializeToString()
    told = TensorProto(dtype="DT_STRING", string_val=[said.encode()], tensor_shape=_shape([1]))
    return _one(tag + "/text_summary", metadata=_of_plugin("text", content), tensor=told)


def grid(images: np.ndarray, columns: int = 8) -> np.ndarray:
    """Images ``(N, C, H, W)`` side by side, as one ``(3, H, W)``.

    Raises:
        AssertionError: they have other sizes.
    """
    if images.shape[1] == 1:
        images = np.concatenate([images] * 3, 1)
    if images.ndim != 4 or images.shape[1] != 3:
        raise AssertionError("Input should be a 4D numpy array with 3 channels")
    count, _, height, width = images.shape
    columns = min(count, columns)
    canvas = np.zeros((3, height * -(-count // columns), width * columns), images.dtype)
    for place, each in enumerate(images):
        row, column = divmod(place, columns)
        canvas[:, row * height : (row + 1) * height, column * width : (column + 1) * width] = each
    return canvas


def _pixels(image: Any, order: str) -> np.ndarray:
    """An image, or several, as ``(H, W, C)`` of bytes.

    Raises:
        AssertionError: `order` does not name its dimensions.
    """
    array = array_of(image)
    if len(set(order)) != len(order):
        raise AssertionError(f"You can not use the same dimension shorthand twice.             input_format: {order}")
    if array.ndim != len(order):
        raise AssertionError(
            "size of input tensor and input format are different.         "
            f"tensor shape: {array.shape}, input_format: {order}"
        )
    wanted = {4: "NCHW", 3: "HWC", 2: "HW"}[len(order)]
    array = array.transpose([order.upper().find(each) for each in wanted])
    if array.ndim == 4:
        array = grid(array).transpose(1, 2, 0)
    elif array.ndim == 2:
        array = np.stack([array] * 3, 2)
    elif array.shape[2] == 1:
        array = np.concatenate([array] * 3, 2)
    scale = 1 if array.dtype == np.uint8 else 255
    return (array.astype(np.float32) * scale).clip(0, 255).astype(np.uint8)


def png(picture: Any) -> bytes:
    """A picture of Pillow's as a file."""
    buffer = io.BytesIO()
    picture.save(buffer, format="PNG")
    return buffer.getvalue()


def image(tag: str, value: Any, order: str, scale: float = 1, boxes: Any = None, labels: Any = None) -> Any:
    """An image, or several side by side, with boxes drawn on it."""
    from PIL import Image

    pixels = _pixels(value, order)
    height, width, channels = pixels.shape
    picture = Image.fromarray(pixels)
    for place, box in enumerate([] if boxes is None else array_of(boxes)):
        _draw(picture, box, "" if labels is None else labels[place])
    picture = picture.resize((int(width * scale), int(height * scale)), Image.Resampling.LANCZOS)
    made = Summary.Image(height=height, width=width, colorspace=channels, encoded_image_string=png(picture))
    return _one(tag, image=made)


def _draw(picture: Any, box: np.ndarray, label: str) -> None:
    from PIL import ImageDraw, ImageFont

    font, draw = ImageFont.load_default(), ImageDraw.Draw(picture)
    left, top, right, bottom = box
    corners = [(left, top), (left, bottom), (right, bottom), (right, top), (left, top)]
    draw.line(corners, width=2, fill="Red")
    if label:
        x0, y0, x1, y1 = font.getbbox(label)
        width, height = x1 - x0, y1 - y0
        margin = np.ceil(0.05 * height)
        draw.rectangle([(left, bottom - height - 2 * margin), (left + width, bottom)], fill="Red")
        draw.text((left + margin, bottom - height - margin), label, fill="black", font=font)


def audio(tag: str, value: Any, rate: int) -> Any:
    """A sound, between -1 and 1.

    Raises:
        AssertionError: it has several dimensions.
    """
    samples = array_of(value).squeeze()
    if abs(samples).max() > 1:
        print("warning: audio amplitude out of range, auto clipped.")
        samples = samples.clip(-1, 1)
    if samples.ndim != 1:
        raise AssertionError("input tensor should be 1 dimensional.")
    samples = (samples * np.iinfo(np.int16).max).astype("<i2")
    buffer = io.BytesIO()
    with wave.open(buffer, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes(samples.tobytes())
    made = Summary.Audio(
        sample_rate=rate,
        num_channels=1,
        length_frames=len(samples),
        encoded_audio_string=buffer.getvalue(),
        content_type="audio/wav",
    )
    return _one(tag, audio=made)


def mesh(tag: str, vertices: Any, colors: Any, faces: Any, config: dict | None) -> Any:
    """A shape in space."""
    kinds, known = part("plugins.mesh.plugin_data_pb2").MeshPluginData, part("plugins.mesh.metadata")
    given = [(vertices, kinds.VERTEX), (faces, kinds.FACE), (colors, kinds.COLOR)]
    given = [(array_of(value), kind) for value, kind in given if value is not None]
    bits = known.get_components_bitmask([kind for _, kind in given])
    told = "{}" if config is None else json.dumps(config, sort_keys=True)
    values = []
    for value, kind in given:
        about = known.create_summary_metadata(tag, None, kind, bits, value.shape, None, json_config=told)
        name = known.get_instance_name(tag, kind)
        values.append(Summary.Value(tag=name, tensor=_matrix(value), metadata=about))
    return Summary(value=values)


# ---------------------------------------------------------------------- runs


def hparams(given: dict, metrics: dict, domains: dict | None) -> tuple[Any, Any, Any]:
    """What a run was given, and what came of it.

    Raises:
        TypeError: a domain is none of its value.
        ValueError: a value is of another type.
    """
    api, known = part("plugins.hparams.api_pb2"), part("plugins.hparams.metadata")
    data = part("plugins.hparams.plugin_data_pb2")
    values = import_module("google.protobuf.struct_pb2")
    domains = domains or {}
    if not isinstance(domains, dict):
        raise TypeError("parameter: hparam_domain_discrete should be a dictionary, nothing logged.")
    for name, domain in domains.items():
        fits = name in given and isinstance(domain, list)
        if not fits or not all([isinstance(each, type(given[name])) for each in domain]):
            raise TypeError(
                f"parameter: hparam_domain_discrete[{name}] should be a list of same type as hparam_dict[{name}]."
            )
    begun, infos = data.SessionStartInfo(), []
    for name, value in given.items():
        if value is None:
            continue
        if isinstance(value, Tensor):
            field, kind, value = "number_value", "DATA_TYPE_FLOAT64", array_of(value).reshape(-1)[0]
        elif isinstance(value, (int, float)):  # a bool is one, too, as in PyTorch
            field, kind = "number_value", "DATA_TYPE_FLOAT64"
        elif isinstance(value, str):
            field, kind = "string_value", "DATA_TYPE_STRING"
        else:
            raise ValueError("value should be one of int, float, str, bool, or torch.Tensor")
        setattr(begun.hparams[name], field, value)
        domain = None
        if name in domains:
            domain = values.ListValue(values=[values.Value(**{field: each}) for each in domains[name]])
        infos.append(api.HParamInfo(name=name, type=api.DataType.Value(kind), domain_discrete=domain))
    experiment = api.Experiment(
        hparam_infos=infos, metric_infos=[api.MetricInfo(name=api.MetricName(tag=each)) for each in metrics]
    )
    ended = data.SessionEndInfo(status=api.Status.Value("STATUS_SUCCESS"))

    def told(tag: str, **content: Any) -> Any:
        written = data.HParamsPluginData(version=known.PLUGIN_DATA_VERSION, **content).SerializeToString()
        return _one(tag, metadata=_of_plugin(known.PLUGIN_NAME, written))

    return (
        told(known.EXPERIMENT_TAG, experiment=experiment),
        told(known.SESSION_START_INFO_TAG, session_start_info=begun),
        told(known.SESSION_END_INFO_TAG, session_end_info=ended),
    )
