"""Masks as functions of places, and as blocks of them."""

from __future__ import annotations

import inspect
import itertools
import math
import warnings
from collections.abc import Callable, Sequence
from enum import Enum
from typing import TYPE_CHECKING, Any

from torchlike._autograd.levels import as_rows, left, mapping, within
from torchlike._functions import creation
from torchlike._functions.ranges import arange
from torchlike._functions.selecting import where
from torchlike._functions.views import broadcast_shapes
from torchlike._ops.comparison import isneginf
from torchlike._ops.sorting import argsort
from torchlike._types.dtypes import bool_, int8, int32
from torchlike.accelerator import current_accelerator
from torchlike.nn import functional as F
from torchlike.tensor import Tensor

if TYPE_CHECKING:
    from torchlike.types import Device

_DEFAULT_SPARSE_BLOCK_SIZE = 128
_SLICED = """Cannot use mask_mod from a sliced BlockMask. When you slice a BlockMask using [], the mask_mod attribute is reset. You must set it from the original BlockMask's mask_mod.

Incorrect usage:
  base_mask = create_block_mask(my_mask_fn, ...)
  sliced_mask = base_mask[:, :, block_idx]
  sliced_mask.mask_mod = apply_offset(sliced_mask.mask_mod, offset)  # WRONG!

Correct usage:
  base_mask = create_block_mask(my_mask_fn, ...)
  sliced_mask = base_mask[:, :, block_idx]
  sliced_mask.mask_mod = apply_offset(base_mask.mask_mod, offset)  # Use base_mask!"""  # noqa: E501 - as PyTorch breaks the lines


# ---------------------------------------------------------------------- functions of scores and of places


class _ModificationType(Enum):
    SCORE_MOD = 1
    MASK_MOD = 2


def _get_mod_type(fn: Callable) -> _ModificationType:
    """Whether a function is one of a score and its place, or of a place alone."""
    if hasattr(fn, "__code__"):
        count = fn.__code__.co_argcount - len(getattr(fn, "__defaults__", None) or ())
    else:
        count = sum(each.default is inspect.Parameter.empty for each in inspect.signature(fn).parameters.values())
    if count not in (4, 5):
        raise AssertionError(f"Expected 4 or 5 positional args, got {count}")
    return _ModificationType.SCORE_MOD if count == 5 else _ModificationType.MASK_MOD


def _everywhere(
    fn: Callable, sizes: Sequence[int], device: Device, scores: Tensor | None = None, known: tuple = ()
) -> Tensor:
    """What a function of a place says at every place ``(batch, head, query, key)``, all at once.

    Args:
        scores: the function's first argument, at every place; None if it takes none.
        known: the place's first indices.
    """
    if not sizes:
        return fn(*(() if scores is None else (scores,)), *known)
    level = mapping(sizes[0], "error")
    index = as_rows(arange(sizes[0], device=device), [level])
    inner = None if scores is None else as_rows(scores, [level])
    with within(level):
        found = _everywhere(fn, sizes[1:], device, inner, (*known, index))
        return left(level, found)[0]  # pyright: ignore[reportReturnType] - none of them is left out


def noop_mask(batch: Tensor, head: Tensor, token_q: Tensor, token_kv: Tensor) -> Tensor:
    """The mask that hides nothing."""
    return batch.new_ones(size=(), dtype=bool_, device=batch.device)


def _sliced_mask_mod_error(batch: Tensor, head: Tensor, token_q: Tensor, token_kv: Tensor):
    raise RuntimeError(_SLICED)


def _check_mask_mods(mask_mods: tuple) -> None:
    if not all(callable(each) for each in mask_mods):
        raise RuntimeError(f"All inputs should be callable mask_mods: {mask_mods}")


def or_masks(*mask_mods: Callable) -> Callable:
    """The mask that hides what all of these hide.

    Raises:
        RuntimeError: one is no function.
    """
    _check_mask_mods(mask_mods)

    def or_mask(b: Tensor, h: Tensor, q_idx: Tensor, kv_idx: Tensor) -> Tensor:
        result = b.new_zeros((), dtype=bool_)
        for each in mask_mods:
            result = result | each(b, h, q_idx, kv_idx)
        return result

    return or_mask


def and_masks(*mask_mods: Callable) -> Callable:
    """The mask that hides what any of these hides.

    Raises:
        RuntimeError: one is no function.
    """
    _check_mask_mods(mask_mods)

    def and_mask(b: Tensor, h: Tensor, q_idx: Tensor, kv_idx: Tensor) -> Tensor:
        result = b.new_ones((), dtype=bool_)
        for each in mask_mods:
            result = result & each(b, h, q_idx, kv_idx)
        return result

    return and_mask


def create_mask(
    mod_fn: Callable, B: int | None, H: int | None, Q_LEN: int, KV_LEN: int, device: Device = None
) -> Tensor:
    """The mask of a function at every place, ``(B, H, Q_LEN, KV_LEN)``, true where attention is paid.

    Args:
        mod_fn: a function ``(batch, head, query, key)`` of indices, or of a score before them, which hides by ``-inf``.
        B, H: batches and heads; None where they are all alike.
        Q_LEN, KV_LEN: how many queries and keys there are.
        device: where it is made; the accelerator by default, if there is one.

    Raises:
        AssertionError: the function takes neither 4 nor 5 arguments.

    Example:
        >>> from torchlike.nn.attention.flex_attention import create_mask
        >>> create_mask(lambda b, h, q, kv: q >= kv, None, None, 2, 3)
        tensor([[[[ True, False, False],
                  [ True,  True, False]]]])
    """
    device = device if device is not None else current_accelerator() or "cpu"
    sizes = 1 if B is None else B, 1 if H is None else H, Q_LEN, KV_LEN
    if _get_mod_type(mod_fn) is _ModificationType.MASK_MOD:
        return _everywhere(mod_fn, sizes, device)
    return isneginf(_everywhere(mod_fn, sizes, device, creation.zeros(sizes, device=device))).logical_not()


# ---------------------------------------------------------------------- blocks


def _ordered_to_dense(num_blocks_in_row: Tensor, col_indices: Tensor, num_cols: int) -> Tensor:
    """Rows of indices, of which the first so many count, as rows of zeros and ones."""
    places = arange(col_indices.shape[-1], dtype=int32, device=col_indices.device)
    columns = where(places < num_blocks_in_row.unsqueeze(-1), col_indices, num_cols)
    # what does not count goes into a column of its own
    dense = col_indices.new_zeros(*col_indices.shape[:-1], num_cols + 1, dtype=int32)
    return dense.scatter_(-1, columns.long(), 1)[..., :num_cols].contiguous()


def _dense_to_ordered(dense_mask: Tensor) -> tuple[Tensor, Tensor]:
    """The other way: (how many count, indices of which these come first)."""
    dense = dense_mask.to(int32)
    return dense.sum(dim=-1).to(int32), argsort(dense, dim=-1, descending=True, stable=True).to(int32)


def _transpose_ordered(num_blocks_in_row: Tensor, col_indices: Tensor) -> tuple[Tensor, Tensor]:
    dense = _ordered_to_dense(num_blocks_in_row, col_indices, col_indices.shape[-1])
    return _dense_to_ordered(dense.transpose(-2, -1))


def _convert_mask_to_block_mask(
    mask: Tensor,
    Q_BLOCK_SIZE: int = _DEFAULT_SPARSE_BLOCK_SIZE,
    KV_BLOCK_SIZE: int = _DEFAULT_SPARSE_BLOCK_SIZE,
    separate_full_blocks: bool = False,
) -> tuple[Tensor, Tensor | None]:
    """(blocks in which something is seen, but not everything; those in which everything is), or all that are seen alone."""
    if mask.dtype != bool_:
        raise AssertionError(f"mask.dtype must be torch.bool, got {mask.dtype}")
    mask = mask[(None,) * (4 - mask.dim())]
    more = [-mask.shape[-1] % KV_BLOCK_SIZE, -mask.shape[-2] % Q_BLOCK_SIZE]
    mask = F.pad(mask, (0, more[0], 0, more[1]))
    blocks = mask.unflatten(-1, (-1, KV_BLOCK_SIZE)).unflatten(-3, (-1, Q_BLOCK_SIZE))
    seen = blocks.sum(dim=(-3, -1))
    if not separate_full_blocks:
        return (seen > 0).to(int8), None
    whole = Q_BLOCK_SIZE * KV_BLOCK_SIZE
    return ((seen > 0) & (seen < whole)).to(int8), (seen == whole).to(int8)


class BlockMask:
    """A mask as blocks: for each row of blocks those in which attention is paid, and a function for within them.

    Attributes:
        seq_lengths: how many queries and keys there are.
        kv_num_blocks, kv_indices: for each row how many blocks count, ``(B, H, rows)``, and which,
            ``(B, H, rows, columns)``, those first.
        full_kv_num_blocks, full_kv_indices: those in which all is seen, for which `mask_mod` need not be asked; None
            where they are not told apart.
        q_num_blocks, q_indices, full_q_num_blocks, full_q_indices: the same for each column.
        BLOCK_SIZE: queries and keys in a block.
        mask_mod: a function ``(batch, head, query, key)`` of indices, true where attention is paid.
        dq_write_order, dq_write_order_full, dq_kv_order, dq_kv_order_spt: in which order PyTorch's kernel adds up the
            queries' gradients.

    Raises:
        RuntimeError: there are fewer than two dimensions.
        AssertionError: of a pair there is but one.
    """

    _TENSOR_ATTRS = (
        *("kv_num_blocks", "kv_indices", "full_kv_num_blocks", "full_kv_indices"),
        *("q_num_blocks", "q_indices", "full_q_num_blocks", "full_q_indices"),
        *("dq_write_order", "dq_write_order_full", "dq_kv_order"),
    )

    def __init__(
        self,
        seq_lengths: tuple[int, int],
        kv_num_blocks: Tensor,
        kv_indices: Tensor,
        full_kv_num_blocks: Tensor | None,
        full_kv_indices: Tensor | None,
        q_num_blocks: Tensor | None,
        q_indices: Tensor | None,
        full_q_num_blocks: Tensor | None,
        full_q_indices: Tensor | None,
        BLOCK_SIZE: tuple[int, int] = (_DEFAULT_SPARSE_BLOCK_SIZE, _DEFAULT_SPARSE_BLOCK_SIZE),
        mask_mod: Callable = noop_mask,
        *,
        dq_write_order: Tensor | None = None,
        dq_write_order_full: Tensor | None = None,
        dq_kv_order: Tensor | None = None,
        dq_kv_order_spt: bool | None = None,
    ) -> None:
        if kv_indices.dim() < 2:
            raise RuntimeError("BlockMask must have at least 2 dimensions")
        for name, pair in (("kv", (full_kv_num_blocks, full_kv_indices)), ("q", (full_q_num_blocks, full_q_indices))):
            if (pair[0] is None) != (pair[1] is None):
                raise AssertionError(f"full_{name}_num_blocks and full_{name}_indices must be both provided or omitted")
        if dq_write_order_full is not None and dq_write_order is None:
            raise ValueError("dq_write_order_full requires dq_write_order")
        self.seq_lengths, self.BLOCK_SIZE, self.mask_mod = seq_lengths, BLOCK_SIZE, mask_mod
        self.kv_num_blocks, self.kv_indices = kv_num_blocks, kv_indices
        self.full_kv_num_blocks, self.full_kv_indices = full_kv_num_blocks, full_kv_indices
        self.q_num_blocks, self.q_indices = q_num_blocks, q_indices
        self.full_q_num_blocks, self.full_q_indices = full_q_num_blocks, full_q_indices
        self.dq_write_order, self.dq_write_order_full = dq_write_order, dq_write_order_full
        self.dq_kv_order, self.dq_kv_order_spt = dq_kv_order, dq_kv_order_spt

    @classmethod
    def from_kv_blocks(
        cls,
        kv_num_blocks: Tensor,
        kv_indices: Tensor,
        full_kv_num_blocks: Tensor | None = None,
        full_kv_indices: Tensor | None = None,
        BLOCK_SIZE: int | tuple[int, int] = _DEFAULT_SPARSE_BLOCK_SIZE,
        mask_mod: Callable | None = None,
        seq_lengths: tuple[int, int] | None = None,
        compute_q_blocks: bool = True,
        *,
        dq_write_order: Tensor | None = None,
        dq_write_order_full: Tensor | None = None,
        dq_kv_order: Tensor | bool | None = None,
    ) -> BlockMask:
        """The mask of the blocks in each row; see the class for the arguments.

        Args:
            seq_lengths: as many as the blocks have room for by default.
            compute_q_blocks: whether those in each column are worked out.

        Raises:
            RuntimeError: there are fewer than two dimensions.
            AssertionError: of a pair there is but one.
            ValueError: `dq_kv_order` is of another kind.
        """
        if kv_indices.dim() < 2:
            raise RuntimeError("BlockMask must have at least 2 dimensions")
        if (full_kv_num_blocks is None) != (full_kv_indices is None):
            raise AssertionError("full_kv_num_blocks and full_kv_indices must be both provided or omitted")
        if dq_kv_order is not None and not isinstance(dq_kv_order, (bool, Tensor)):
            raise ValueError("dq_kv_order must be a bool, Tensor, or None")
        size = (BLOCK_SIZE, BLOCK_SIZE) if isinstance(BLOCK_SIZE, int) else BLOCK_SIZE
        if seq_lengths is None:
            seq_lengths = kv_indices.shape[-2] * size[0], kv_indices.shape[-1] * size[1]
        partly = wholly = None, None
        if compute_q_blocks:
            partly = _transpose_ordered(kv_num_blocks, kv_indices)
            if full_kv_num_blocks is not None and full_kv_indices is not None:
                wholly = _transpose_ordered(full_kv_num_blocks, full_kv_indices)
        return cls(
            *(seq_lengths, kv_num_blocks, kv_indices, full_kv_num_blocks, full_kv_indices, *partly, *wholly),
            *(size, noop_mask if mask_mod is None else mask_mod),
            dq_write_order=dq_write_order,
            dq_write_order_full=dq_write_order_full,
            dq_kv_order=dq_kv_order if isinstance(dq_kv_order, Tensor) else None,
            dq_kv_order_spt=dq_kv_order if isinstance(dq_kv_order, bool) else None,
        )

    def as_tuple(self, flatten: bool = True) -> tuple:
        """All attributes; for `flatten` the two pairs of numbers each by itself."""
        pairs = (self.seq_lengths, self.BLOCK_SIZE) if flatten else ((self.seq_lengths,), (self.BLOCK_SIZE,))
        tensors = [getattr(self, name) for name in self._TENSOR_ATTRS]
        return (*pairs[0], *tensors, self.dq_kv_order_spt, *pairs[1], self.mask_mod)

    @property
    def shape(self) -> tuple[int, ...]:
        """``(B, H, queries, keys)``."""
        return (*self.kv_indices.shape[:-2], *self.seq_lengths)

    def numel(self) -> int:
        """How many places there are."""
        return math.prod(self.shape)

    def sparsity(self) -> float:
        """Which part of the places lies in blocks that are not looked at, in percent."""
        blocks = self.kv_num_blocks.sum()
        if self.full_kv_num_blocks is not None:
            blocks = blocks + self.full_kv_num_blocks.sum()
        return 100 * (1 - blocks.item() * self.BLOCK_SIZE[0] * self.BLOCK_SIZE[1] / self.numel())

    def to_dense(self) -> Tensor:
        """``(B, H, rows, columns)``, 1 for the blocks in which attention is paid."""
        dense = _ordered_to_dense(self.kv_num_blocks, self.kv_indices, self.kv_indices.shape[-1])
        if self.full_kv_num_blocks is None or self.full_kv_indices is None:
            return dense
        return dense | _ordered_to_dense(self.full_kv_num_blocks, self.full_kv_indices, self.full_kv_indices.shape[-1])

    def to(self, device: Device) -> BlockMask:
        """The same mask on another device."""
        tensors = [getattr(self, name) for name in self._TENSOR_ATTRS]
        moved = [each if each is None else each.to(device) for each in tensors]
        named: Any = dict(zip(self._TENSOR_ATTRS, moved, strict=True))
        rest: Any = {"BLOCK_SIZE": self.BLOCK_SIZE, "mask_mod": self.mask_mod, "dq_kv_order_spt": self.dq_kv_order_spt}
        return BlockMask(seq_lengths=self.seq_lengths, **named, **rest)

    def __getitem__(self, index: Any) -> BlockMask:
        """The mask of some batches, heads or rows of blocks; its `mask_mod` is to be set anew.

        Raises:
            NotImplementedError: the order of its gradients is given by a tensor.
        """
        self._check_order("Slicing")
        index = (*(index if isinstance(index, tuple) else (index,)), *[slice(None)] * 3)[:3]
        index = tuple(
            slice(i + n if -n <= i < 0 else i, (i + n if -n <= i < 0 else i) + 1) if isinstance(i, int) else i
            for i, n in zip(index, self.kv_num_blocks.shape[:3], strict=True)
        )
        return self._remade(lambda counts, indices: (counts[index], indices[index]), _sliced_mask_mod_error)

    def _adjust(self, new_q_len: int, new_kv_len: int) -> BlockMask:
        """The upper left corner of the mask."""
        self._check_order("Adjusting")
        rows, columns = -(-new_q_len // self.BLOCK_SIZE[0]), -(-new_kv_len // self.BLOCK_SIZE[1])

        def cut(counts: Tensor, indices: Tensor) -> tuple[Tensor, Tensor]:
            indices, counts = indices[:, :, :rows, :columns], counts[:, :, :rows].clamp(max=columns)
            return (indices < counts.unsqueeze(-1)).sum(dim=-1).to(int32), indices

        return self._remade(cut, self.mask_mod, (new_q_len, new_kv_len))

    def _check_order(self, doing: str) -> None:
        if self.dq_kv_order is not None:
            raise NotImplementedError(
                f"{doing} BlockMask with tensor dq_kv_order is not supported yet. Construct a new BlockMask with matching "
                "precomputed dq_write_order metadata."
            )

    def _remade(self, change: Callable, mask_mod: Callable, seq_lengths: tuple[int, int] | None = None) -> BlockMask:
        """A mask of the same kind with other blocks."""
        full = None, None
        if self.full_kv_num_blocks is not None:
            full = change(self.full_kv_num_blocks, self.full_kv_indices)
        made = BlockMask.from_kv_blocks(
            *(*change(self.kv_num_blocks, self.kv_indices), *full, self.BLOCK_SIZE, mask_mod),
            seq_lengths=self.seq_lengths if seq_lengths is None else seq_lengths,
            compute_q_blocks=self.q_indices is not None,
        )
        made.dq_kv_order_spt = self.dq_kv_order_spt
        if self.dq_write_order is not None:
            made._order_writes(self.dq_kv_order_spt)
        return made

    def _order_writes(self, backwards: bool | None) -> None:
        """Work out `dq_write_order`: how many blocks of a row come before, or for `backwards` after, each."""
        if self.q_num_blocks is None or self.q_indices is None:
            raise ValueError("BlockMask must have q_num_blocks and q_indices to compute dq_write_order")
        dense = self.to_dense()
        places = dense.cumsum(dim=-1)
        ranks = places - dense
        if backwards:
            ranks = places[..., -1:] - 1 - ranks

        def order(rows: Tensor) -> Tensor:
            shape = broadcast_shapes(ranks.shape[:2], rows.shape[:2])
            found = ranks.mT.expand(*shape, -1, -1).gather(-1, rows.long().expand(*shape, -1, -1))
            return found.to(int32)

        self.dq_write_order = order(self.q_indices)
        self.dq_write_order_full = None if self.full_q_indices is None else order(self.full_q_indices)

    # ------------------------------------------------------------------ printing

    def __str__(self) -> str:
        return f"BlockMask(shape={self.shape}, sparsity={self.sparsity():.2f}%, \n{self.to_string().strip()}\n)"

    def __repr__(self) -> str:
        shapes = {name: getattr(self, name) for name in self._TENSOR_ATTRS[:8]}
        lines = [f"{name}={each if each is None else each.shape}" for name, each in shapes.items()]
        lines += [f"BLOCK_SIZE={self.BLOCK_SIZE}", f"shape={self.shape}", f"sparsity={self.sparsity():.2f}%"]
        lines += [f"mask_mod={getattr(self.mask_mod, '__name__', self.mask_mod)}"]
        return "BlockMask(\n    " + ",\n    ".join(lines) + "\n)"

    def to_string(self, grid_size: int | tuple[int, int] = (20, 20), limit: int = 4) -> str:
        """The blocks as a picture: full, partly full or empty.

        Args:
            grid_size: at most so many rows and columns; -1 for all.
            limit: at most so many batches and heads.
        """
        dense = self.to_dense()
        *batches, rows, columns = dense.shape
        most = (
            (rows, columns) if grid_size == -1 else (grid_size, grid_size) if isinstance(grid_size, int) else grid_size
        )
        steps = [max(1, -(-size // each)) for size, each in zip((rows, columns), most, strict=True)]
        pictures = []
        for count, place in enumerate(itertools.product(*[range(each) for each in batches])):
            if count == limit:
                pictures += [
                    "...",
                    "To print out more, set BlockMask.to_string(limit=N)",
                    "You can also index (BlockMask[batch, head]) to choose a specific batch or head",
                ]
                break
            pictures.append(f"{place}\n{_picture(dense[place], *steps)}")
        return "\n".join(pictures)


def _picture(dense: Tensor, down: int, across: int) -> str:
    values = dense.numpy()
    lines = []
    for row in range(0, values.shape[0], down):
        parts = [values[row : row + down, at : at + across].mean() for at in range(0, values.shape[1], across)]
        lines.append("".join({0: "  ", 1: "██"}.get(part, "░░") for part in parts) + "\n")
    return "".join(lines)


def create_block_mask(
    mask_mod: Callable,
    B: int | None,
    H: int | None,
    Q_LEN: int,
    KV_LEN: int,
    device: Device = None,
    BLOCK_SIZE: int | tuple[int, int] = _DEFAULT_SPARSE_BLOCK_SIZE,
    _compile: bool = False,
    separate_full_blocks: bool = True,
    compute_dq_write_order: bool = False,
    dq_kv_order: bool = True,
) -> BlockMask:
    """The blocks in which a function pays attention.

    Args:
        mask_mod: a function ``(batch, head, query, key)`` of indices, true where attention is paid.
        B, H: batches and heads; None where they are all alike.
        Q_LEN, KV_LEN: how many queries and keys there are.
        device: where it is made; the accelerator by default, if there is one.
        BLOCK_SIZE: queries and keys in a block.
        separate_full_blocks: whether those in which all is seen are told apart.
        compute_dq_write_order: whether the order of the gradients is worked out, backwards for `dq_kv_order`.

    Raises:
        AssertionError: the function does not take 4 arguments.
        ValueError: `dq_kv_order` is no bool.

    Example:
        >>> from torchlike.nn.attention.flex_attention import create_block_mask
        >>> create_block_mask(lambda b, h, q, kv: q >= kv, None, None, 4, 4, BLOCK_SIZE=2).to_dense()
        tensor([[[[1, 0],
                  [1, 1]]]], dtype=torch.int32)
    """
    if _get_mod_type(mask_mod) is not _ModificationType.MASK_MOD:
        raise AssertionError(f"create-block_mask requires a mask_mod function! Got {mask_mod}")
    if _compile:
        warnings.warn(
            "_compile flag on create_block_mask was originally added to work around a torch.compile limitation. That "
            "limitation has since been addressed. So, to compile create_block_mask, we suggest doing "
            "torch.compile(create_block_mask). This still works for now, but will be removed in the future.",
            DeprecationWarning,
            stacklevel=2,
        )
    if not isinstance(dq_kv_order, bool):
        raise ValueError("dq_kv_order must be a bool when using create_block_mask")
    size = (BLOCK_SIZE, BLOCK_SIZE) if isinstance(BLOCK_SIZE, int) else tuple(BLOCK_SIZE)
    mask = create_mask(mask_mod, B, H, Q_LEN, KV_LEN, device)
    partly, wholly = _convert_mask_to_block_mask(mask, *size, separate_full_blocks)
    made = BlockMask.from_kv_blocks(
        *(*_dense_to_ordered(partly), *((None, None) if wholly is None else _dense_to_ordered(wholly))),
        BLOCK_SIZE=size,
        mask_mod=mask_mod,
        seq_lengths=(Q_LEN, KV_LEN),
    )
    if compute_dq_write_order:
        made._order_writes(dq_kv_order)
        made.dq_kv_order_spt = dq_kv_order
    return made
