"""PyTorch's own tables of operations, modules and optimizers, and how a row of them is run on both libraries."""

from __future__ import annotations

import functools
import itertools
import types
from collections.abc import Callable, Iterator

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
