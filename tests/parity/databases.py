"""PyTorch's own tables of operations, modules and optimizers, and how a row of them is run on both libraries."""

from __future__ import annotations

import functools
import itertools
import math
import types
from collections.abc import Callable, Iterator

import numpy as np
import pytest

import torchlike
from tests import support
from tests.support import reference

DTYPES = ("float32", "float64", "complex64", "int64", "bool")
# words in names, and why such operations are left out
SKIPPED = {
    "indices_backward": "its sample calls the kernels by `torch.ops`",
    "partial_views": "its inputs are views of one tensor, and their copies are not",
    "with_distance_loss": "its samples pass a function of PyTorch's",
    "empty": "elements are whatever is in memory",
    "sparse": "a layout that torchlike lacks",
    "jiterator": "for GPUs alone",
    "lowrank": "random",
    "without_cudnn": "it has samples for GPUs alone",
}


@functools.cache
def operations() -> dict:
    """PyTorch's operations by their full names, those that torchlike has by the same public name."""
    pytest.importorskip("expecttest", reason="PyTorch's tables want it")
    from torch.testing._internal.common_methods_invocations import op_db

    kept = [each for each in op_db if not any(word in each.full_name for word in SKIPPED)]
    return {each.full_name: each for each in kept if counterpart(each) is not None}


def operation() -> list[tuple[str, str]]:
    """(full name, dtype) of all that can be compared."""
    torch = reference()
    found = operations().items()
    return [(name, each) for name, op in found for each in DTYPES if getattr(torch, each) in op.dtypes]


def samples(name: str, dtype: str, most: int) -> list[tuple]:
    """Up to `most` of an operation's samples, (arguments, keywords) as torchlike has them."""
    found = list(operations()[name].sample_inputs("cpu", getattr(reference(), dtype), requires_grad=False))
    return [to_torchlike(((each.input, *each.args), each.kwargs)) for each in found[:: -(-len(found) // most)]]


def refusal() -> list[tuple[str, str]]:
    """(full name, dtype) of all that PyTorch has not."""
    torch = reference()
    every = ("bool", "uint8", "int32", "int64", "float16", "bfloat16", "complex64")
    return [
        (name, each) for name, op in operations().items() for each in every if getattr(torch, each) not in op.dtypes
    ]


def compare_refusal(name: str, dtype: str) -> None:
    """Run an operation on a sample in a dtype that its kernel lacks: both libraries must raise the same.

    Raises:
        AssertionError: they do not.
    """
    torch = reference()
    op, asked = operations()[name], getattr(torch, dtype)
    base = next(each for each in (torch.float32, torch.int64, torch.complex64, torch.bool) if each in op.dtypes)
    change = lambda each: each.detach().to(asked) if isinstance(each, torch.Tensor) and each.dtype is base else each
    for sample in itertools.islice(op.sample_inputs("cpu", base), 3):
        given = _mapped(((sample.input, *sample.args), sample.kwargs), change)
        theirs, ours = _copied(given), to_torchlike(given)
        want = support.raised(torch, functools.partial(_called, op.op, *theirs))
        got = support.raised(torchlike, functools.partial(_called, counterpart(op), *ours))
        said = [each and (type(each).__name__, support.first_line(each)) for each in (want, got)]
        assert said[1] == said[0], f"{name}, {sample.summary()}: {got!r}, PyTorch {want!r}"


def _called(fn: Callable, args: tuple, kwargs: dict, _library):
    return fn(*args, **kwargs)


def counterpart(op) -> Callable | None:
    """The same function in torchlike: by its public name, or a lambda of the table with another `torch`."""
    if isinstance(op.op, types.FunctionType) and op.op.__module__.startswith("torch.testing"):
        return _bound(op.op, torchlike)
    torch = reference()
    for path in (op.name, "Tensor." + op.name):
        if (wanted := _at(torch, path)) is not None and wanted == op.op:
            return _at(torchlike, path)
    return None


def _at(library, path: str):
    return functools.reduce(lambda found, name: getattr(found, name, None), path.split("."), library)


def _bound(fn: types.FunctionType, library) -> types.FunctionType:
    """A function of the table with another `torch`, and with the seed as it is."""
    own = {"torch": library, "wrapper_set_seed": lambda op, *args, **kwargs: op(*args, **kwargs)}
    return types.FunctionType(fn.__code__, {**fn.__globals__, **own}, fn.__name__, fn.__defaults__, fn.__closure__)


def compare(name: str, dtype: str, most: int) -> None:
    """Run up to `most` of an operation's samples on both libraries: structure, shapes, dtypes, values and gradients.

    Raises:
        AssertionError: they differ; the text tells for which sample.
    """
    torch = reference()
    op, known = operations()[name], getattr(torch, dtype)
    grad = op.supports_autograd and known in op.supported_backward_dtypes("cpu")
    samples = list(op.sample_inputs("cpu", known, requires_grad=grad))
    for sample in samples[:: -(-len(samples) // most)]:
        try:
            _compare_sample(op, sample, grad)
        except Exception as error:
            raise AssertionError(f"{name}, {sample.summary()}: {error}") from error


def _compare_sample(op, sample, grad: bool) -> None:
    torch = reference()
    given = ((sample.input, *sample.args), sample.kwargs)
    theirs, ours = _copied(given), to_torchlike(given)
    random = _is_random(op.op, given)
    process = sample.output_process_fn_grad
    want = process(op.op(*theirs[0], **theirs[1]))
    process = _bound(process, torchlike) if isinstance(process, types.FunctionType) else process
    got = process(counterpart(op)(*ours[0], **ours[1]))
    if random:
        want, got = (_shapes(library, each) for library, each in ((torch, want), (torchlike, got)))
    support.compare(want, got, "result", _tolerances(want))
    leaves = [[each for each in _flat(each) if getattr(each, "requires_grad", False)] for each in (theirs, ours)]
    if grad and not random and any(each.requires_grad for each in support.tensors(torch, want)):
        want = support.differentiate(torch, want, leaves[0])[0]
        got = support.differentiate(torchlike, got, leaves[1])[0]
        support.compare(want, got, "gradient", _tolerances(want))


def _is_random(fn: Callable, given) -> bool:
    """Whether PyTorch gives other numbers for another seed; masks of few elements are the same for some."""
    torch, found = reference(), []
    fn = _bound(fn, torch) if isinstance(fn, types.FunctionType) else fn
    for seed in range(8):
        torch.manual_seed(seed)
        args, kwargs = _copied(given)
        found.append([each.detach() for each in support.tensors(torch, fn(*args, **kwargs))])
    return not all(
        a.shape == b.shape and torch.equal(a.isnan(), b.isnan()) and torch.equal(a[~a.isnan()], b[~b.isnan()])
        for other in found[1:]
        for a, b in zip(found[0], other, strict=True)
    )


def _tolerances(want) -> tuple[float | None, float | None]:
    """Rounding in single precision, relative to the largest element."""
    torch = reference()
    rough = [each for each in support.tensors(torch, want) if each.dtype in (torch.float32, torch.complex64)]
    if not rough:
        return None, None
    largest = max((each.detach().abs().nan_to_num(0, 0, 0).max().item() for each in rough if each.numel()), default=0.0)
    return 1e-3, 2e-5 * (1 + largest)


def _shapes(library, result) -> list:
    return [(tuple(each.shape), support.dtype_name(each)) for each in support.tensors(library, result)]


def _flat(value) -> Iterator:
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, (tuple, list)):
        for each in value:
            yield from _flat(each)
    else:
        yield value


def _mapped(value, change: Callable):
    if isinstance(value, (tuple, list)) and not hasattr(value, "numel"):
        made = [_mapped(each, change) for each in value]
        return type(value)(*made) if hasattr(value, "_fields") else type(value)(made)
    if isinstance(value, dict):
        return {key: _mapped(each, change) for key, each in value.items()}
    if isinstance(value, slice):
        return slice(*[_mapped(each, change) for each in (value.start, value.stop, value.step)])
    return change(value)


def _copied(value):
    torch = reference()
    copy = lambda each: (
        each.detach().clone().requires_grad_(each.requires_grad) if isinstance(each, torch.Tensor) else each
    )
    return _mapped(value, copy)


def to_torchlike(value):
    """A value of PyTorch, or a nest of such, as torchlike has it."""
    torch = reference()

    def change(each):
        if isinstance(each, torch.Tensor):
            return (
                support.tensor_of(torchlike, support.array_of(each).copy())
                .to(getattr(torchlike, support.dtype_name(each)))
                .requires_grad_(each.requires_grad)
            )
        if isinstance(each, (torch.dtype, torch.memory_format, torch.layout)):
            return getattr(torchlike, str(each).removeprefix("torch."))
        if isinstance(each, torch.Size):
            return torchlike.Size(each)
        return torchlike.device(str(each)) if isinstance(each, torch.device) else each

    return _mapped(value, change)


# ---------------------------------------------------------------------- derivatives where they meet extremes

_FLOATING = ("float16", "bfloat16", "float32", "float64", "complex64", "complex128")
_BY_ELEMENT = """
addcdiv addcmul lerp nan_to_num polar where nn.functional.celu nn.functional.elu nn.functional.gelu
nn.functional.hardshrink nn.functional.hardsigmoid nn.functional.hardswish nn.functional.hardtanh
nn.functional.leaky_relu nn.functional.logsigmoid nn.functional.mish nn.functional.relu nn.functional.relu6
nn.functional.selu nn.functional.silu nn.functional.softplus nn.functional.softshrink nn.functional.softsign
nn.functional.tanhshrink nn.functional.threshold
""".split()
_COMPLEX_OF_HALVES = ("chalf", "complex-float16", "view_as_complex-float16")  # PyTorch cannot compare what they give
_AT_ONCE = 4  # elements: for more PyTorch's loops differ from its formulas at NaN
_MOST_ELEMENTS = 60  # of a sample's tensors, where one is looked at at a time
_CLOSE = {"float16": 6e-3, "bfloat16": 4e-2, "float32": 3e-4, "float64": 1e-7, "complex64": 1e-3, "complex128": 1e-6}


def extreme() -> list[tuple[str, str]]:
    """(full name, dtype) of all that can be differentiated."""
    torch = reference()
    return [
        (name, each)
        for name, op in operations().items()
        for each in _FLOATING
        if op.supports_autograd and getattr(torch, each) in op.supported_backward_dtypes("cpu")
    ]


def compare_extremes(name: str, dtype: str) -> None:
    """Gradients, in float64 second ones, too, at zeros, ties, tiny and huge numbers, infinities and NaN.

    Where the values themselves differ, or PyTorch raises, nothing is compared.

    Raises:
        AssertionError: they differ; the text tells how often, and where first.
    """
    torch = reference()
    op, known = operations()[name], getattr(torch, dtype)
    kinds = {each.__name__ for each in type(op).__mro__}
    by_element = op.name in _BY_ELEMENT or kinds & {"UnaryUfuncInfo", "BinaryUfuncInfo"}
    samples = [((each.input, *each.args), each.kwargs) for each in op.sample_inputs("cpu", known, requires_grad=True)]
    sample = next((each for each in samples if _is_small(each)), None)
    if sample is None or f"{name}-{dtype}".startswith(_COMPLEX_OF_HALVES) or _is_random(op.op, sample):
        return
    wrong = []
    for label, given in _by_element(sample, known) if by_element else _one_by_one(sample, known):
        try:
            theirs = _derivatives(torch, op.op, given, dtype == "float64")
        except RuntimeError:
            continue
        try:
            ours = _derivatives(torchlike, counterpart(op), to_torchlike(given), dtype == "float64")
        except Exception as error:
            raise AssertionError(f"{label}: {error}") from error
        for order, (want, got) in enumerate(zip(theirs, ours, strict=False)):
            if not all(itertools.starmap(functools.partial(_is_close, _CLOSE[dtype]), zip(want, got, strict=True))):
                wrong += [(label, order, want, got)] if order else []
                break
    assert not wrong, f"{len(wrong)} differ; {wrong[0][0]}, order {wrong[0][1]}: {wrong[0][3]}, PyTorch {wrong[0][2]}"


def _leaves(given) -> list:
    return [each for each in _flat(given) if getattr(each, "requires_grad", False)]


def _is_small(given) -> bool:
    leaves = _leaves(given)
    return bool(leaves) and all(0 < each.numel() <= _MOST_ELEMENTS for each in leaves)


def _derivatives(library, fn: Callable, given, twice: bool) -> list[list]:
    """Arrays of the results, of the gradients, and of those of the gradients."""
    args, kwargs = given
    leaves = _leaves(given)
    result = support.tensors(library, fn(*args, **kwargs))
    found = [result]
    for seed in range(2 if twice else 1):
        if any(each.requires_grad for each in found[-1]):
            found.append(support.differentiate(library, found[-1], leaves, seed)[0])
    return [[support.array_of(each.detach()) for each in part] for part in found]


def _is_close(tolerance: float, want, got) -> bool:
    """Whether two arrays are the same to rounding, which may make the largest number an infinity."""
    if want.dtype.kind not in "fcV":
        return True
    want, got = (each.ravel().astype(np.complex128).view(np.float64) for each in (want, got))
    return np.allclose(got, want, rtol=tolerance, atol=tolerance / 100, equal_nan=True)


def _extremes(dtype) -> list:
    limits = reference().finfo(dtype)
    ordinary = [0.0, -0.0, 1.0, -1.0, math.inf, -math.inf, math.nan, 0.5, 2.0, -0.5, 30.0, -30.0, 100.0, -100.0]
    if dtype.itemsize == 2:  # PyTorch rounds within its formulas
        return ordinary
    tiny, huge = limits.tiny**0.5 / 2, limits.max**0.5 * 2
    real = [*ordinary, tiny, -tiny, huge, -huge]
    return [complex(*each) for each in zip(real, real[5:] + real[:5], strict=True)] if dtype.is_complex else real


def _by_element(sample, dtype) -> Iterator[tuple]:
    """(which, sample) with few elements, so that all pairs of extremes that are near each other come."""
    torch = reference()
    values = _extremes(dtype)
    for start, step in itertools.product(range(0, len(values), _AT_ONCE), range(5 if len(_leaves(sample)) > 1 else 1)):
        places = itertools.count(start, step * _AT_ONCE + step)

        def chosen(each, places=places):
            if not getattr(each, "requires_grad", False):
                return each
            first = next(places)
            made = [values[(first + place) % len(values)] for place in range(_AT_ONCE)]
            return torch.tensor(made, dtype=each.dtype, requires_grad=True)

        yield (start, step), _mapped(sample, chosen)


def _one_by_one(sample, dtype) -> Iterator[tuple]:
    """(which, sample) with all elements zeros, ones, or often the same, and with one that is extreme."""
    torch = reference()
    parts = {
        "zeros": torch.zeros_like,
        "ones": torch.ones_like,
        "ties": lambda each: each.div(3).real.round().to(each.dtype),
    }
    for name, made in parts.items():
        yield name, _with(sample, lambda place, each, made=made: made(each.detach()))
    extremes = [each for each in _extremes(dtype) if abs(each) not in (0.5, 1, 2, 30, 100)]
    for which, extreme in itertools.product(range(min(len(_leaves(sample)), 2)), extremes):

        def one(place, each, which=which, extreme=extreme):
            made = each.detach().clone().contiguous()
            if place == which:
                made.view(-1)[each.numel() // 3] = extreme
            return made

        yield (which, extreme), _with(sample, one)


def _with(sample, change: Callable):
    """A copy of a sample with other leaves; `change` takes their number and the leaf."""
    torch = reference()
    numbers = itertools.count()

    def copied(each):
        if not isinstance(each, torch.Tensor):
            return each
        return change(next(numbers), each).requires_grad_() if each.requires_grad else each.clone()

    return _mapped(sample, copied)
