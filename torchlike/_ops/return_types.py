"""Named results of operations with several: ``torch.return_types.max`` and its kin."""

from __future__ import annotations

from collections import namedtuple


def _type(name: str, fields: str) -> type:
    def __repr__(self) -> str:
        rows = ",\n".join(f"{field}={value!r}" for field, value in zip(self._fields, self, strict=True))
        return f"torch.return_types.{name}(\n{rows})"

    made = type(name, (namedtuple(name, fields),), {"__slots__": (), "__repr__": __repr__})
    made.__module__ = "torchlike.return_types"
    return made


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
linalg_svd = _type("linalg_svd", "U S Vh")
linalg_slogdet = _type("linalg_slogdet", "sign logabsdet")
linalg_lstsq = _type("linalg_lstsq", "solution residuals rank singular_values")
histogram = _type("histogram", "hist bin_edges")
