"""Named results of operations with several: ``torch.return_types.max`` and its kin."""

from __future__ import annotations

from collections import namedtuple
from collections.abc import Iterable
from typing import Any


def _type(name: str, fields: str) -> type:
    count = len(fields.split())

    def __new__(cls: Any, *given: Any):
        """Of one sequence of the results; or, as JAX makes it, of the results themselves."""
        if len(given) == count > 1 and not isinstance(given[1], dict):
            return tuple.__new__(cls, given)
        if not given or len(given) > 2 or not isinstance(given[0], Iterable):
            raise TypeError("constructor requires a sequence")
        items = tuple(given[0])
        if len(items) != count:
            raise TypeError(f"torch.return_types.{name}() takes a {count}-sequence ({len(items)}-sequence given)")
        return tuple.__new__(cls, items)

    def __repr__(self: Any) -> str:
        rows = ",\n".join(f"{field}={value!r}" for field, value in zip(self._fields, self, strict=True))
        return f"torch.return_types.{name}(\n{rows})"

    def __reduce__(self: Any):
        return type(self), (tuple(self), {})

    methods = {each.__name__: each for each in (__new__, __repr__, __reduce__)}
    counts = {"n_fields": count, "n_sequence_fields": count, "n_unnamed_fields": 0}
    return type(name, (namedtuple(name, fields),), {"__slots__": (), "__module__": __name__, **methods, **counts})


max = _type("max", "values indices")
min = _type("min", "values indices")
sort = _type("sort", "values indices")
topk = _type("topk", "values indices")
median = _type("median", "values indices")
nanmedian = _type("nanmedian", "values indices")
mode = _type("mode", "values indices")
kthvalue = _type("kthvalue", "values indices")
cummax = _type("cummax", "values indices")
cummin = _type("cummin", "values indices")
aminmax = _type("aminmax", "min max")
frexp = _type("frexp", "mantissa exponent")
slogdet = _type("slogdet", "sign logabsdet")
qr = _type("qr", "Q R")
svd = _type("svd", "U S V")
lstsq = _type("lstsq", "solution residuals rank singular_values")
linalg_eig = _type("linalg_eig", "eigenvalues eigenvectors")
linalg_eigh = _type("linalg_eigh", "eigenvalues eigenvectors")
linalg_qr = _type("linalg_qr", "Q R")
geqrf = _type("geqrf", "a tau")
linalg_svd = _type("linalg_svd", "U S Vh")
linalg_slogdet = _type("linalg_slogdet", "sign logabsdet")
linalg_lstsq = _type("linalg_lstsq", "solution residuals rank singular_values")
histogram = _type("histogram", "hist bin_edges")
