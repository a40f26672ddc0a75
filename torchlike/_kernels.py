"""What PyTorch's kernels on the CPU lack: the dtypes that an operation refuses, and its words.

An operation's body refuses by itself what depends on more than the first tensor's dtype: where PyTorch computes in the
promoted dtype, the kernel is that one's.
"""

from __future__ import annotations

from typing import NamedTuple

from torchlike._programs.aval import Aval
from torchlike._types.dtypes import HALVES, dtype, float16, int64, scalar_name, uint8

ANY_BOOL = (
    "Subtraction, the `-` operator, with a bool tensor is not supported. If you are trying to invert a mask, use "
)
ANY_BOOL += "the `~` or `logical_not()` operator instead."
TWO_BOOLS = (
    "Subtraction, the `-` operator, with two bool tensors is not supported. Use the `^` or `logical_xor()` operator "
)
TWO_BOOLS += "instead."
NO_BOOL_NEG = (
    "Negation, the `-` operator, on a bool tensor is not supported. If you are trying to invert a mask, use the `~` "
)
NO_BOOL_NEG += "or `logical_not()` operator instead."
NEED_FLOAT = "{name}: Expected a floating point or complex tensor as input. Got {dtype}"
LOW_PRECISION = "{name}: Low precision dtypes not supported. Got {dtype}"
NO_DOUBLES = "This function doesn't handle types other than float and double"


class Lack(NamedTuple):
    """Dtypes that a kernel has not.

    Attributes:
        kinds: ``b`` is bool, ``i`` integers, ``u`` uint8, ``n`` integers but int64, ``h`` halves, ``e`` float16, ``c``
            complex numbers.
        said: the kernel's name; or the whole sentence, with ``{dtype}`` in it.
        error: the exception of a sentence.
        spares: what is never looked at: ``0`` are tensors without elements, ``.`` such without dimensions, ``m`` such whose
            dtype differs from another one's, of which the body speaks; ``e`` are calls with any tensor without elements.
        last: whether all else that is wrong is told before, a dimension say.
    """

    kinds: str
    said: str
    error: type[Exception] = RuntimeError
    spares: str = ""
    last: bool = False

    def concerns(self, known: Aval, *others: Aval) -> bool:
        """Whether a tensor is refused, the first of several."""
        spared = ("0" in self.spares and not known.numel) or ("." in self.spares and not known.ndim)
        spared = spared or ("e" in self.spares and not all(each.numel for each in (known, *others)))
        spared = spared or ("m" in self.spares and any(each.dtype is not known.dtype for each in others))
        return not spared and any(_IS[kind](known.dtype) for kind in self.kinds)

    def refuse(self, which: dtype) -> None:
        """Raise PyTorch's error for a dtype."""
        if " " in self.said:
            raise self.error(self.said.format(dtype=scalar_name(which)))
        raise NotImplementedError(f"\"{self.said}\" not implemented for '{scalar_name(which)}'")


_IS = {
    "b": lambda which: which.rank == 0,
    "i": lambda which: which.rank == 1,
    "u": lambda which: which is uint8,
    "n": lambda which: which.rank == 1 and which is not int64,
    "h": lambda which: which in HALVES,
    "e": lambda which: which is float16,
    "c": lambda which: which.rank == 3,
}
_CAST = "result type Float can't be cast to the desired output type {dtype}"
_NO_CLAMP = Lack("c", "clamp is not supported for complex types", NotImplementedError)
_NEEDS_NORM = Lack("bi", NEED_FLOAT.format(name="linalg.vector_norm", dtype="{dtype}"))


def _low(name: str) -> Lack:
    return Lack("h", LOW_PRECISION.format(name=name, dtype="{dtype}"))


LACKS: dict[str, tuple[Lack, ...]] = {
    # arithmetic and comparison
    "polar": (Lack("h", "polar_cpu", spares="m"),),
    # reductions and order
    "max_of_all": (Lack("c", "max_all", spares="0"),),
    "min_of_all": (Lack("c", "min_all", spares="0"),),
    "amax": (Lack("c", "max_values_cpu", last=True),),
    "amin": (Lack("c", "min_values_cpu", last=True),),
    "argmax": (
        Lack("b", "argmax(): does not support bool input"),
        Lack("c", "argmax(): does not support complex input"),
    ),
    "argmin": (
        Lack("b", "argmin(): does not support bool input"),
        Lack("c", "argmin(): does not support complex input"),
    ),
    "median_along": (Lack("bc", "median_out", last=True),),
    "median_of_all": (Lack("bc", "median_cpu", spares="0"),),
    "nanmedian_along": (Lack("bc", "median_out", last=True),),
    "nanmedian_of_all": (Lack("bc", "median_cpu", spares="0"),),
    "sort": (Lack("c", " Sort does not support complex dtypes on CPU", last=True),),
    "argsort": (Lack("c", " Sort does not support complex dtypes on CPU", last=True),),
    "msort": (Lack("c", " Sort does not support complex dtypes on CPU"),),
    "topk": (
        Lack("b", "topk does not support bool dtypes on CPU", last=True),
        Lack("c", " topk does not support complex dtypes on CPU", last=True),
    ),
    "kthvalue": (Lack("bc", "kthvalue_cpu", spares=".", last=True),),
    "mode": (Lack("c", "mode_cpu", spares="0.", last=True),),
    "cummax": (Lack("c", "cummax_cpu", spares="0.", last=True),),
    "cummin": (Lack("c", "cummin_cpu", spares="0.", last=True),),
    "logcumsumexp": (Lack("bi", "logcumsumexp_out_cpu", last=True),),
    # products
    "mm": (Lack("b", "addmm_impl_cpu_", spares="0m"),),
    "addmm": (Lack("b", "addmm_impl_cpu_", spares="m"),),
    "addbmm": (Lack("b", "addmm_impl_cpu_"),),
    "linear": (Lack("b", "addmm_impl_cpu_", spares="em"),),
    "mv": (Lack("b", "addmv_impl_cpu", spares="e"),),
    "addmv": (Lack("b", "addmv_impl_cpu", spares="e"),),
    "bilinear": (Lack("b", "bmm", spares="e"),),
    "baddbmm": (Lack("b", "baddbmm", spares="0"),),
    "dot": (Lack("b", "dot", spares="m"),),
    "vdot": (Lack("b", "dot", spares="m"),),
    "inner": (Lack("b", "dot", spares="."),),
    "trace": (Lack("b", "trace"),),
    "cross_of": (Lack("b", "cross"),),
    "cdist_of": (
        Lack("bic", "cdist only supports floating-point dtypes, X1 got: {dtype}"),
        Lack("h", "cdist", spares="0"),
    ),
    "pdist": (Lack("bic", "pdist only supports floating-point dtypes"), Lack("h", "pdist", spares="0")),
    # linear algebra
    "inv": (_low("linalg.inv"),),
    "slogdet": (_low("linalg.slogdet"),),
    "cholesky": (Lack("h", "cholesky_cpu", spares="0"),),
    "qr": (Lack("h", "geqrf_cpu"),),
    "det": (Lack("h", "lu_cpu", spares="0"),),
    "svd": (Lack("h", "linalg_svd_cpu", spares="0"),),
    "svdvals": (
        Lack("bi", NEED_FLOAT.format(name="linalg.svd", dtype="{dtype}")),
        Lack("h", "linalg_svd_cpu", spares="0"),
    ),
    "eigh": (Lack("bih", "linalg_eigh_cpu", spares="0"),),
    "eigvalsh": (Lack("bih", "linalg_eigh_cpu", spares="0"),),
    "eig": (Lack("bi", "Unknown Complex ScalarType for {dtype}"), Lack("h", "linalg_eig_out_cpu")),
    "eigvals": (Lack("bi", "Unknown Complex ScalarType for {dtype}"), Lack("h", "linalg_eig_out_cpu")),
    "solve": (Lack("h", "lu_cpu", spares="0"),),
    "solve_triangular": (Lack("bih", "triangular_solve_cpu"),),
    "cholesky_inverse": (Lack("bih", "cholesky_inverse_out_cpu"),),
    "cholesky_solve": (Lack("bih", "cholesky_solve_cpu"),),
    "matrix_rank_of": (Lack("bih", NO_DOUBLES),),
    "lstsq_of": (Lack("bih", NO_DOUBLES),),
    # special functions of one tensor: those that have neither halves nor complex numbers
    **{
        name: (Lack("hc", name + "_cpu"),)
        for name in """airy_ai bessel_j0 bessel_j1 bessel_y0 bessel_y1 erfcx log_ndtr ndtri
            modified_bessel_i0 modified_bessel_i1 modified_bessel_k0 modified_bessel_k1
            scaled_modified_bessel_k0 scaled_modified_bessel_k1 spherical_bessel_j0""".split()
    },
    # layers
    "relu": (_NO_CLAMP,),
    "relu6": (Lack("b", "Bool inputs not supported for hardtanh"), _NO_CLAMP),
    "hardtanh": (Lack("b", "Bool inputs not supported for hardtanh"), _NO_CLAMP),
    "threshold": (Lack("bc", "threshold_cpu"),),
    "prelu": (Lack("bic", "prelu_cpu"),),
    "rrelu": (Lack("biec", "rrelu_with_noise_out_cpu"),),
    "softsign": (Lack("b", "abs_cpu"),),
    "tanhshrink": (Lack("b", ANY_BOOL),),
    "softmin": (Lack("b", NO_BOOL_NEG),),
    **{
        name: (Lack("bi", _CAST), Lack("c", "bernoulli_scalar_cpu_"))
        for name in ("dropout", "feature_dropout", "feature_dropout_of_one", "alpha_dropout", "feature_alpha_dropout")
    },
    "max_pool1d": (Lack("bc", "max_pool1d_impl"),),
    "max_pool1d_with_indices": (Lack("bc", "max_pool2d"),),
    "max_pool2d": (Lack("bc", "max_pool2d"),),
    "max_pool2d_with_indices": (Lack("bc", "max_pool2d"),),
    "max_pool3d": (Lack("bc", "max_pool3d"),),
    "max_pool3d_with_indices": (Lack("bc", "max_pool3d"),),
    "avg_pool1d": (Lack("bnc", "avg_pool2d"),),
    "avg_pool2d": (Lack("bnc", "avg_pool2d"),),
    "avg_pool3d": (Lack("bnhc", "avg_pool3d_out_frame"),),
    "adaptive_max_pool1d": (Lack("bic", "adaptive_max_pool2d"),),
    "adaptive_max_pool2d": (Lack("bic", "adaptive_max_pool2d"),),
    "adaptive_max_pool3d": (Lack("bic", "adaptive_max_pool3d_cpu"),),
    "local_response_norm": (Lack("bnc", "avg_pool2d", spares="0", last=True),),
    "rms_norm": (Lack("bi", "rms_norm"),),
    "normalize": (_NEEDS_NORM,),
    "conv1d": (Lack("b", "slow_conv2d_cpu", spares="0"),),
    "conv2d": (Lack("b", "slow_conv2d_cpu", spares="0"),),
    "conv3d": (Lack("b", "slow_conv3d_cpu", spares="0"),),
    "conv_transpose1d": (Lack("bn", "slow_conv_transpose2d_out_cpu", spares="0"),),
    "conv_transpose2d": (Lack("bn", "slow_conv_transpose2d_out_cpu", spares="0"),),
    "conv_transpose3d": (Lack("bn", "slow_conv_transpose3d_out_cpu", spares="0"),),
    "scaled_dot_product_attention": (
        Lack("bi", "expected scalar type Float but found {dtype}"),
        Lack("c", "softmax_lastdim_kernel_impl"),
    ),
    # losses
    "huber_loss": (Lack("bic", "huber_cpu"),),
    "binary_cross_entropy": (Lack("bic", "binary_cross_entropy"),),
    "binary_cross_entropy_with_logits": (Lack("bic", "log_sigmoid_cpu"),),
    "multilabel_soft_margin_loss": (Lack("bic", "log_sigmoid_cpu"),),
    "kl_div": (
        Lack("bi", "kl_div: Integral inputs not supported."),
        Lack("c", "kl_div: Complex inputs not supported."),
    ),
    "poisson_nll_loss": (Lack("c", "le_cpu", spares="0"),),
    "hinge_embedding_loss": (Lack("b", TWO_BOOLS), _NO_CLAMP),
    "margin_ranking_loss": (_NO_CLAMP,),
    "soft_margin_loss": (
        Lack("b", NO_BOOL_NEG),
        Lack("i", _CAST),
    ),
    "cosine_embedding_loss": (_NO_CLAMP,),
    "multi_margin_loss": (Lack("bihc", "multi_margin_loss_cpu_kernel"),),
    "multilabel_margin_loss": (Lack("bihc", "multilabel_margin_loss_forward_out_frame"),),
    "ctc_loss": (Lack("bihc", "ctc_loss_cpu"),),
}


def refuse(name: str, kinds: tuple, last: bool) -> None:
    """Raise where an operation's first tensor is of a dtype that its kernel lacks.

    Args:
        name: that of the operation's body.
        kinds: an aval for each tensor, a type for each number.
        last: whether it is what is told last that is meant.

    Raises:
        NotImplementedError: there is none, in PyTorch's words.
        RuntimeError: so it is where PyTorch looks before it calls the kernel.
    """
    lacks = LACKS.get(name, ())
    known = [each for each in kinds if not isinstance(each, type)] if lacks else []
    for lack in lacks:
        if known and lack.last is last and lack.concerns(*known):
            lack.refuse(known[0].dtype)
