"""Autocast: which operations take their inputs in which dtype while it is on.

An operation's lists are looked up when it is declared. While autocast is on in some thread, tensors reach operations on
the slow path (`torchlike._overrides.watch`), which puts the `Setting` into the key of the call, and casts are a part of
the operation that is traced for it: so they have a derivative, are fused, and cost nothing when it is off.
"""

from __future__ import annotations

import contextlib
import functools
import threading
from collections.abc import Generator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from torchlike._overrides import watch
from torchlike._programs.aval import Aval, aval
from torchlike._types import dtypes

if TYPE_CHECKING:
    import jax

LOWER, SINGLE, WIDEST, BANNED = "lower precision", "float32", "the widest", "refused"

_MATRICES = "mm bmm matmul addmm baddbmm addbmm einsum_of linear prelu"
_CONVOLUTIONS = "conv1d conv2d conv3d conv_transpose1d conv_transpose2d conv_transpose3d"
_ATTENTION = "scaled_dot_product_attention multi_head_attention"
_LOSSES = """l1_loss mse_loss smooth_l1_loss huber_loss nll_loss cross_entropy kl_div poisson_nll_loss
    hinge_embedding_loss margin_ranking_loss soft_margin_loss cosine_embedding_loss triplet_margin_loss multi_margin_loss
    multilabel_margin_loss binary_cross_entropy_with_logits"""
# by kind of device PyTorch's lists, of our operations' own names; `name:word` is one that was given this word
LISTS = {
    "cpu": {
        LOWER: f"""{_MATRICES} {_CONVOLUTIONS} {_ATTENTION} tensordot_of matrix_power lstm_sequence
            rnn_sequence:RNN_TANH rnn_sequence:RNN_RELU rnn_cell_step:RNN_TANH rnn_cell_step:RNN_RELU""",
        SINGLE: f"""{_LOSSES} binary_cross_entropy ctc_loss prod trace quantile nanquantile cdist_of polar view_as_complex
            cholesky legacy_cholesky cholesky_solve inv solve qr svd svdvals eig eigvals eigh eigvalsh pinverse
            matrix_rank_of lstsq_of avg_pool3d adaptive_avg_pool3d max_pool3d
            adaptive_max_pool3d max_unpool fractional_max_pool grid_sampler pad_with_own:reflect
            pad_with_own:replicate fft ifft rfft irfft hfft fftn ifftn rfftn irfftn hfftn ihfftn""",
        WIDEST: "cat stack index_copy",
    },
    "cuda": {
        LOWER: f"""{_MATRICES} {_CONVOLUTIONS} {_ATTENTION} mv addmv addr lstm_sequence rnn_sequence lstm_cell_step
            rnn_cell_step""",
        SINGLE: f"""{_LOSSES} acos asin cosh erfinv exp expm1 log log10 log2 log1p reciprocal rsqrt sinh tan power
            fixed_power softplus layer_norm rms_norm group_norm cosine_similarity pdist cdist_of renorm logsumexp interpolate
            prod softmax log_softmax softmin cumprod cumsum linalg_vector_norm matrix_norm_of sum""",
        WIDEST: """cat stack addcdiv addcmul atan2 bilinear cross_of dot vdot grid_sampler index_put_by mask_put
            tensordot_of scatter_add""",
        BANNED: "binary_cross_entropy",
    },
}
_POLICIES: dict[str, dict[str, dict[str, str]]] = {}  # by operation, kind of device and word
for _kind, _lists in LISTS.items():
    for _policy, _names in _lists.items():
        for _name, _, _word in (each.partition(":") for each in _names.split()):
            _POLICIES.setdefault(_name, {}).setdefault(_kind, {})[_word] = _policy
UNSAFE = (
    "torch.nn.functional.binary_cross_entropy and torch.nn.BCELoss are unsafe to autocast.\nMany models use a sigmoid layer "
    "right before the binary cross entropy layer.\nIn this case, combine the two layers using "
    "torch.nn.functional.binary_cross_entropy_with_logits\nor torch.nn.BCEWithLogitsLoss.  binary_cross_entropy_with_logits "
    "and BCEWithLogits are\nsafe to autocast."
)


@dataclass(eq=False)
class Setting:
    """For which kinds of devices autocast is on, and the lower precision there: a part of the keys of calls.

    Interned, as avals are.
    """

    kinds: tuple[str, ...]
    dtypes: tuple[dtypes.dtype, ...]


_setting = functools.cache(Setting)


class _State(threading.local):
    """What a thread has set.

    Attributes:
        setting: what holds for operations; None where it is off.
        enabled: the kinds of devices where it is on.
        chosen: the lower precision of kinds where another one than PyTorch's was set.
        is_cached: whether casts of weights may be kept: kept for those who ask, since a cast is fused here.
        nesting: how many blocks there are.
    """

    setting: Setting | None = None
    is_cached = True
    nesting = 0

    def __init__(self) -> None:
        self.enabled: set[str] = set()
        self.chosen: dict[str, dtypes.dtype] = {}


state = _State()
DEFAULTS = {
    **dict.fromkeys(("cpu", "hpu", "maia", "xla"), dtypes.bfloat16),
    **dict.fromkeys(("cuda", "hip", "ipu", "mps", "mtia", "privateuseone", "xpu"), dtypes.float16),
}


def choose(kind: str, is_on: bool | None = None, dtype: dtypes.dtype | None = None) -> None:
    """Switch autocast for a kind of device, or name its lower precision."""
    if is_on is not None:
        (state.enabled.add if is_on else state.enabled.discard)(kind)
    if dtype is not None:
        state.chosen[kind] = dtype
    kinds = tuple(sorted(state.enabled))
    _set(_setting(kinds, tuple([dtype_of(each) for each in kinds])) if kinds else None)


def dtype_of(kind: str) -> dtypes.dtype:
    """The lower precision of a kind of device."""
    return state.chosen.get(kind) or DEFAULTS[kind]


def _set(setting: Setting | None) -> None:
    change = (setting is not None) - (state.setting is not None)
    state.setting = setting
    if change:
        watch("casts", change)


@contextlib.contextmanager
def off() -> Generator[None]:
    """Within the block nothing is cast."""
    before, state.setting = state.setting, None
    try:
        yield
    finally:
        state.setting = before


def policies_of(name: str) -> dict[str, dict[str, str]] | None:
    """For each kind of device the list that an operation is in, by the word that it must be given; None if in none."""
    return _POLICIES.get(name)


def casts_of(policies: dict[str, dict[str, str]], kinds: tuple, given: tuple) -> tuple | None:
    """For each input the dtype that it is cast to, or None; None if there is nothing to cast.

    Args:
        policies: as `policies_of` gives them.
        kinds: the inputs' avals, and types for Python numbers.
        given: the static arguments. With a dtype among them, what would be computed in float32 stays as it is.

    Raises:
        RuntimeError: the operation is refused while autocast is on.
    """
    setting = state.setting
    if setting is None:
        return None
    places = [
        place
        for place, each in enumerate(kinds)
        if isinstance(each, Aval) and each.device.type in setting.kinds and each.dtype in _CAST
    ]
    if not places:
        return None
    kind = kinds[places[0]].device.type
    policy = next(
        (
            policy
            for word, policy in policies.get(kind, {}).items()
            if not word or word in [each for each in given if type(each) is str]
        ),
        None,
    )
    if policy is BANNED:
        raise RuntimeError(UNSAFE)
    if policy is SINGLE and any([isinstance(each, dtypes.dtype) for each in given]):
        return None
    lower = setting.dtypes[setting.kinds.index(kind)]
    if policy is WIDEST:
        _check_halves([kinds[place].dtype for place in places], lower)
    if policy is None or policy is WIDEST and len({kinds[place].dtype for place in places}) == 1:
        return None
    wanted = lower if policy is LOWER else dtypes.float32
    casts = [wanted if place in places and each.dtype is not wanted else None for place, each in enumerate(kinds)]
    return tuple(casts) if any(casts) else None


def _check_halves(given: list[dtypes.dtype], lower: dtypes.dtype) -> None:
    """Refuse another half than autocast's, with no float32 before it that is wider."""
    first = next((each for each in given if each is not lower), None)
    if first in dtypes.HALVES:
        raise RuntimeError("Unexpected floating ScalarType in at::autocast::prioritize")


_CAST = {*dtypes.HALVES, dtypes.float32}


def cast_kinds(kinds: tuple, casts: tuple | None) -> tuple:
    """The inputs' kinds after the casts."""
    if casts is None:
        return kinds
    return tuple(
        [each if to is None else aval(each.shape, to, each.place) for each, to in zip(kinds, casts, strict=True)]
    )


def cast_to(array: jax.Array, dtype: dtypes.dtype | None):
    """An array in a dtype."""
    return array if dtype is None else array.astype(dtype.np)
