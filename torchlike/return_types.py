"""Named results of operations with several: ``torch.return_types.max`` and its kin."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar, cast

if TYPE_CHECKING:
    from torchlike.tensor import Tensor

T = TypeVar("T")


def _named(fields: type[T]) -> type[T]:
    """Make a named tuple one of PyTorch's: it takes a sequence, says what it is, and tells how many results it has."""
    name = fields.__name__
    count = len(fields.__annotations__)

    def __new__(cls: Any, *results: Any) -> Any:
        """Of one sequence of the results; or, as JAX makes it, of the results themselves."""
        given = cast(Sequence[Any], results)
        if len(given) == count > 1 and not isinstance(given[1], dict):
            return tuple.__new__(cls, given)
        if not given or len(given) > 2 or not isinstance(given[0], Iterable):
            raise TypeError("constructor requires a sequence")
        items: tuple[Any, ...] = tuple(given[0])
        if len(items) != count:
            raise TypeError(f"torch.return_types.{name}() takes a {count}-sequence ({len(items)}-sequence given)")
        return tuple.__new__(cls, items)

    def __repr__(self: Any) -> str:
        rows = ",\n".join(f"{field}={value!r}" for field, value in zip(self._fields, self, strict=True))
        return f"torch.return_types.{name}(\n{rows})"

    def __reduce__(self: Any) -> tuple[Any, ...]:
        return type(self), (tuple(self), {})

    methods = {each.__name__: each for each in (__new__, __repr__, __reduce__)}
    counts = {"n_fields": count, "n_sequence_fields": count, "n_unnamed_fields": 0}
    made: Any = type(name, (fields,), {"__slots__": (), "__module__": __name__, **methods, **counts})
    return made


@_named
class max(NamedTuple):
    values: Tensor
    indices: Tensor


@_named
class min(NamedTuple):
    values: Tensor
    indices: Tensor


@_named
class sort(NamedTuple):
    values: Tensor
    indices: Tensor


@_named
class topk(NamedTuple):
    values: Tensor
    indices: Tensor


@_named
class median(NamedTuple):
    values: Tensor
    indices: Tensor


@_named
class nanmedian(NamedTuple):
    values: Tensor
    indices: Tensor


@_named
class mode(NamedTuple):
    values: Tensor
    indices: Tensor


@_named
class kthvalue(NamedTuple):
    values: Tensor
    indices: Tensor


@_named
class cummax(NamedTuple):
    values: Tensor
    indices: Tensor


@_named
class cummin(NamedTuple):
    values: Tensor
    indices: Tensor


@_named
class aminmax(NamedTuple):
    min: Tensor
    max: Tensor


@_named
class frexp(NamedTuple):
    mantissa: Tensor
    exponent: Tensor


@_named
class slogdet(NamedTuple):
    sign: Tensor
    logabsdet: Tensor


@_named
class qr(NamedTuple):
    Q: Tensor
    R: Tensor


@_named
class svd(NamedTuple):
    U: Tensor
    S: Tensor
    V: Tensor


@_named
class lstsq(NamedTuple):
    solution: Tensor
    residuals: Tensor
    rank: Tensor
    singular_values: Tensor


@_named
class linalg_eig(NamedTuple):
    eigenvalues: Tensor
    eigenvectors: Tensor


@_named
class linalg_eigh(NamedTuple):
    eigenvalues: Tensor
    eigenvectors: Tensor


@_named
class linalg_qr(NamedTuple):
    Q: Tensor
    R: Tensor


@_named
class geqrf(NamedTuple):
    a: Tensor
    tau: Tensor


@_named
class linalg_svd(NamedTuple):
    U: Tensor
    S: Tensor
    Vh: Tensor


@_named
class linalg_slogdet(NamedTuple):
    sign: Tensor
    logabsdet: Tensor


@_named
class linalg_lstsq(NamedTuple):
    solution: Tensor
    residuals: Tensor
    rank: Tensor
    singular_values: Tensor


@_named
class histogram(NamedTuple):
    hist: Tensor
    bin_edges: Tensor
