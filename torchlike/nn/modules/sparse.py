"""Embeddings."""

from __future__ import annotations

from typing import TYPE_CHECKING

from torchlike._autograd.modes import no_grad
from torchlike._functions import creation
from torchlike.nn import functional as F
from torchlike.nn import init
from torchlike.nn._tables import refuse_sparse
from torchlike.nn.modules.module import Module
from torchlike.nn.parameter import Parameter
from torchlike.tensor import Tensor

if TYPE_CHECKING:
    from torchlike._types import dtypes
    from torchlike.types import Device


def checked_padding(padding_idx: int | None, count: int) -> int | None:
    """The padding row counted from the front.

    Raises:
        AssertionError: it is outside the table.
    """
    if padding_idx is None:
        return None
    if not -count <= padding_idx < count:
        raise AssertionError("Padding_idx must be within num_embeddings")
    return padding_idx % count


def checked_table(weight: Tensor, rows: int, columns: int) -> Tensor:
    """The given table.

    Raises:
        AssertionError: it is of another shape.
    """
    if list(weight.shape) != [rows, columns]:
        raise AssertionError("Shape of weight does not match num_embeddings and embedding_dim")
    return weight


def zero_padding(module: Module) -> None:
    """Set the padding row of a module's table to 0."""
    if module.padding_idx is not None:
        with no_grad():
            module.weight[module.padding_idx].fill_(0)


class Embedding(Module):
    """A table of vectors, looked up by index.

    Args:
        num_embeddings: the rows of the table.
        embedding_dim: the size of a vector.
        padding_idx: a row that is 0 at first and gets no gradient.
        max_norm: rows that are looked up are scaled down, in place, to a `norm_type`-norm of at most this.
        scale_grad_by_freq: whether gradients are divided by how often their row is looked up.
        sparse: False: gradients are dense.
        _weight: the table, drawn from the normal distribution by default.
        _freeze: whether the table requires no gradient.

    Raises:
        AssertionError: `padding_idx` is outside the table, or `_weight` is of another shape.

    Example:
        >>> torch.nn.Embedding(3, 4, padding_idx=0)(torch.tensor([0]))
        tensor([[0., 0., 0., 0.]], grad_fn=<EmbeddingBackward0>)
    """

    num_embeddings: int
    embedding_dim: int
    weight: Tensor

    def __init__(
        self,
        num_embeddings: int,
        embedding_dim: int,
        padding_idx: int | None = None,
        max_norm: float | None = None,
        norm_type: float = 2.0,
        scale_grad_by_freq: bool = False,
        sparse: bool = False,
        _weight: Tensor | None = None,
        _freeze: bool = False,
        device: Device = None,
        dtype: dtypes.dtype | None = None,
    ) -> None:
        super().__init__()
        self.num_embeddings, self.embedding_dim = num_embeddings, embedding_dim
        self.padding_idx = checked_padding(padding_idx, num_embeddings)
        self.max_norm, self.norm_type, self.scale_grad_by_freq = max_norm, norm_type, scale_grad_by_freq
        self.sparse = refuse_sparse(sparse)
        if _weight is None:
            made = creation.empty((num_embeddings, embedding_dim), device=device, dtype=dtype)
            self.weight = Parameter(made, requires_grad=not _freeze)
            self.reset_parameters()
        else:
            self.weight = Parameter(checked_table(_weight, num_embeddings, embedding_dim), requires_grad=not _freeze)

    def reset_parameters(self) -> None:
        """Draw the table from the normal distribution."""
        init.normal_(self.weight)
        self._fill_padding_idx_with_zero()

    def _fill_padding_idx_with_zero(self) -> None:
        zero_padding(self)

    def forward(self, input: Tensor) -> Tensor:
        """``(*)`` to ``(*, embedding_dim)``."""
        return F.embedding(
            input,
            self.weight,
            self.padding_idx,
            self.max_norm,
            self.norm_type,
            self.scale_grad_by_freq,
            self.sparse,
        )

    def extra_repr(self) -> str:
        said = f"{self.num_embeddings}, {self.embedding_dim}"
        if self.padding_idx is not None:
            said += f", padding_idx={self.padding_idx}"
        if self.max_norm is not None:
            said += f", max_norm={self.max_norm}"
        if self.norm_type != 2:
            said += f", norm_type={self.norm_type}"
        return said + (f", scale_grad_by_freq={self.scale_grad_by_freq}" if self.scale_grad_by_freq else "")

    @classmethod
    def from_pretrained(
        cls,
        embeddings: Tensor,
        freeze: bool = True,
        padding_idx: int | None = None,
        max_norm: float | None = None,
        norm_type: float = 2.0,
        scale_grad_by_freq: bool = False,
        sparse: bool = False,
    ) -> Embedding:
        """An embedding with a given table.

        Args:
            embeddings: ``(num_embeddings, embedding_dim)``.
            freeze: whether the table requires no gradient.

        Raises:
            AssertionError: the table is not two-dimensional.
        """
        if embeddings.dim() != 2:
            raise AssertionError("Embeddings parameter is expected to be 2-dimensional")
        rows, columns = embeddings.shape
        return cls(
            num_embeddings=rows,
            embedding_dim=columns,
            _weight=embeddings,
            _freeze=freeze,
            padding_idx=padding_idx,
            max_norm=max_norm,
            norm_type=norm_type,
            scale_grad_by_freq=scale_grad_by_freq,
            sparse=sparse,
        )


class EmbeddingBag(Module):
    """A table of vectors, summed, averaged or maximized over bags of indices.

    Args:
        num_embeddings: the rows of the table.
        embedding_dim: the size of a vector.
        max_norm, norm_type, scale_grad_by_freq, sparse, _weight: as in `Embedding`.
        mode: ``"sum"``, ``"mean"`` or ``"max"``.
        include_last_offset: whether offsets end with the number of indices.
        padding_idx: an index that counts for nothing.

    Raises:
        AssertionError: `padding_idx` is outside the table, or `_weight` is of another shape.
    """

    num_embeddings: int
    embedding_dim: int
    weight: Tensor

    def __init__(
        self,
        num_embeddings: int,
        embedding_dim: int,
        max_norm: float | None = None,
        norm_type: float = 2.0,
        scale_grad_by_freq: bool = False,
        mode: str = "mean",
        sparse: bool = False,
        _weight: Tensor | None = None,
        include_last_offset: bool = False,
        padding_idx: int | None = None,
        device: Device = None,
        dtype: dtypes.dtype | None = None,
    ) -> None:
        super().__init__()
        self.num_embeddings, self.embedding_dim = num_embeddings, embedding_dim
        self.max_norm, self.norm_type, self.scale_grad_by_freq = max_norm, norm_type, scale_grad_by_freq
        self.padding_idx = checked_padding(padding_idx, num_embeddings)
        if _weight is None:
            self.weight = Parameter(creation.empty((num_embeddings, embedding_dim), device=device, dtype=dtype))
            self.reset_parameters()
        else:
            self.weight = Parameter(checked_table(_weight, num_embeddings, embedding_dim))
        self.mode, self.sparse, self.include_last_offset = mode, refuse_sparse(sparse), include_last_offset

    def reset_parameters(self) -> None:
        """Draw the table from the normal distribution."""
        init.normal_(self.weight)
        zero_padding(self)

    def forward(self, input: Tensor, offsets: Tensor | None = None, per_sample_weights: Tensor | None = None) -> Tensor:
        """``(bags, indices)``, or ``(indices)`` with offsets, to ``(bags, embedding_dim)``."""
        return F.embedding_bag(
            input,
            self.weight,
            offsets,
            self.max_norm,
            self.norm_type,
            self.scale_grad_by_freq,
            self.mode,
            self.sparse,
            per_sample_weights,
            self.include_last_offset,
            self.padding_idx,
        )

    def extra_repr(self) -> str:
        said = f"{self.num_embeddings}, {self.embedding_dim}"
        if self.max_norm is not None:
            said += f", max_norm={self.max_norm}"
        if self.norm_type != 2:
            said += f", norm_type={self.norm_type}"
        if self.scale_grad_by_freq is not False:
            said += f", scale_grad_by_freq={self.scale_grad_by_freq}"
        said += f", mode={self.mode!r}"
        return said if self.padding_idx is None else f"{said}, padding_idx={self.padding_idx}"

    @classmethod
    def from_pretrained(
        cls,
        embeddings: Tensor,
        freeze: bool = True,
        max_norm: float | None = None,
        norm_type: float = 2.0,
        scale_grad_by_freq: bool = False,
        mode: str = "mean",
        sparse: bool = False,
        include_last_offset: bool = False,
        padding_idx: int | None = None,
    ) -> EmbeddingBag:
        """A bag with a given table; see `Embedding.from_pretrained`."""
        if embeddings.dim() != 2:
            raise AssertionError("Embeddings parameter is expected to be 2-dimensional")
        rows, columns = embeddings.shape
        made = cls(
            rows,
            columns,
            max_norm,
            norm_type,
            scale_grad_by_freq,
            mode,
            sparse,
            embeddings,
            include_last_offset=include_last_offset,
            padding_idx=padding_idx,
        )
        made.weight.requires_grad = not freeze
        return made
