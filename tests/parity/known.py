"""What differs from PyTorch, and why: a row that holds again must be taken out of this list."""

_TIES = "which of equal elements is found is each library's own affair"
_ROUNDING = "exponentials of numbers of a million: PyTorch's own rounding is larger than what is allowed"
_SEVEN_DIGITS = "good to seven digits where PyTorch is to sixteen"

# a test's id, or an operation's name for all its dtypes
KNOWN: dict[str, str] = {
    "argsort-bool": _TIES,
    "chalf": "JAX has no complex numbers of half precision",
    "kthvalue-int64": _TIES,
    "logcumsumexp-float32": "the gradient of a long sum in single precision: each library rounds in its own way",
    "logsumexp-complex64": _ROUNDING,
    "mode-bool": _TIES,
    "mode-int64": _TIES,
    "sort-bool": _TIES,
    "special.bessel_j0-float64": _SEVEN_DIGITS,
    "special.bessel_y1-float64": _SEVEN_DIGITS,
    "topk-int64": _TIES,
}

# rows of refusals, by what is refused
REFUSED_OTHERWISE: dict[str, str] = dict.fromkeys(
    """
    cholesky-bool cholesky-uint8 cholesky-int32 cholesky-int64 clamp-bool matmul-bool nn.functional.cross_entropy-bool
    nn.functional.cross_entropy-uint8 nn.functional.cross_entropy-int32 nn.functional.cross_entropy-int64
    nn.functional.cross_entropy-complex64 nn.functional.conv1d-bool nn.functional.conv1d-uint8
    nn.functional.conv1d-int32 nn.functional.conv2d-bool nn.functional.conv2d-uint8 nn.functional.conv2d-int32
    nn.functional.conv3d-bool nn.functional.max_pool1d-bool nn.functional.max_pool1d-uint8
    nn.functional.max_pool1d-int32 nn.functional.max_pool1d-int64 nn.functional.max_pool1d-complex64
    nn.functional.linear-bool nn.functional.bilinear-bool nn.functional.hardshrink-uint8 nn.functional.hardtanh-uint8
    dist-uint8 dist-int32 dist-int64 __rmatmul__-bool polar-bfloat16 tensordot-bool nn.functional.alpha_dropout-bool
    nn.functional.feature_alpha_dropout.with_train-bool nn.functional.multi_head_attention_forward-bool
    nn.functional.multi_head_attention_forward-uint8 nn.functional.multi_head_attention_forward-int32
    nn.functional.multi_head_attention_forward-int64 nn.functional.multi_head_attention_forward-complex64
    nn.functional.hinge_embedding_loss-uint8 nn.functional.hinge_embedding_loss-int32
    nn.functional.hinge_embedding_loss-int64 nn.functional.pdist-float16 nn.functional.pdist-bfloat16
    nn.functional.poisson_nll_loss-complex64 linalg.det-float16 linalg.det-bfloat16 linalg.eigh-bool linalg.eigh-uint8
    linalg.eigh-int32 linalg.eigh-int64 linalg.eigvalsh-bool linalg.eigvalsh-uint8 linalg.eigvalsh-int32
    linalg.eigvalsh-int64 linalg.matrix_power-bool linalg.multi_dot-bool linalg.inv-float16 linalg.solve-float16
    bmm.triton_optimized-bool
    """.split(),
    "several things are wrong and another one is told, or PyTorch's kernel goes by strides, sizes or emptiness",
)

# rows of derivatives at extremes
_CUT = "the sign of a zero tells on which side of a cut a number lies"
_PRODUCTS = "which sums of products with an infinity are NaN goes by their order"
_HALVES = "PyTorch rounds to halves within its formulas"
_DEGENERATE = "equal or vanishing values: the vectors that belong to them are each library's own"
_NONE = "JAX has no second derivative of eigenvalues"
_FORMULAS = "PyTorch's formula meets 0, an infinity or NaN in other factors, mostly those of a second derivative"
EXTREME: dict[str, str] = {
    **dict.fromkeys(
        """
        kthvalue-bfloat16 kthvalue-float16 kthvalue-float32 kthvalue-float64
        """.split(),
        _TIES,
    ),
    **dict.fromkeys(
        """
        acosh-complex128 acosh-complex64
        """.split(),
        _CUT,
    ),
    **dict.fromkeys(
        """
        addmv-complex128 addmv-complex64 cholesky_solve-complex128 cholesky_solve-complex64 cholesky_solve-float32
        cholesky_solve-float64 cumulative_trapezoid-complex128 cumulative_trapezoid-complex64 mv-complex128
        mv-complex64 nn.functional.bilinear-float32 nn.functional.bilinear-float64 nn.functional.conv1d-complex128
        nn.functional.conv1d-complex64 nn.functional.conv1d-float32 nn.functional.conv1d-float64
        nn.functional.conv_transpose2d-complex64 nn.functional.conv_transpose2d-complex128
        nn.functional.conv_transpose3d-complex64 nn.functional.conv_transpose3d-complex128
        linalg.solve-float32 linalg.solve-float64 linalg.pinv.hermitian-float32 linalg.pinv.hermitian-float64
        nn.functional.conv3d-complex128 nn.functional.conv3d-complex64 nn.functional.conv_transpose1d-complex128
        nn.functional.conv_transpose1d-complex64 nn.functional.linear-complex128 nn.functional.linear-complex64
        trapezoid-complex128 trapezoid-complex64 trapz-complex128 trapz-complex64
        """.split(),
        _PRODUCTS,
    ),
    **dict.fromkeys(
        """
        log_softmax-bfloat16 log_softmax-float16 matrix_exp-bfloat16 matrix_exp-float16
        nn.functional.bilinear-bfloat16 nn.functional.bilinear-float16 nn.functional.binary_cross_entropy-float16
        nn.functional.binary_cross_entropy_with_logits-bfloat16 nn.functional.conv1d-bfloat16
        nn.functional.conv1d-float16 nn.functional.conv3d-bfloat16 nn.functional.conv3d-float16
        nn.functional.cosine_embedding_loss-bfloat16 nn.functional.cosine_embedding_loss-float16
        nn.functional.cosine_similarity-bfloat16 nn.functional.cosine_similarity-float16
        nn.functional.gaussian_nll_loss-float16 nn.functional.group_norm-bfloat16 nn.functional.instance_norm-bfloat16
        nn.functional.instance_norm-float16 nn.functional.layer_norm-bfloat16 nn.functional.layer_norm-float16
        nn.functional.normalize-bfloat16 nn.functional.normalize-float16 nn.functional.pairwise_distance-float16
        outer-float16 scatter_reduce.amax-bfloat16 scatter_reduce.amax-float16 scatter_reduce.amin-bfloat16
        scatter_reduce.amin-float16
        """.split(),
        _HALVES,
    ),
    **dict.fromkeys(
        """
        linalg.eigvalsh-complex128 linalg.eigvalsh-complex64 linalg.eigvalsh-float32 linalg.eigvalsh-float64
        linalg.qr-complex128 linalg.qr-complex64 linalg.qr-float64 norm.nuc-complex128 norm.nuc-complex64
        norm.nuc-float32 norm.nuc-float64 qr-complex128 qr-complex64 qr-float64 svd-float64
        linalg.pinv-complex64 linalg.pinv.singular-float64 linalg.svd-float64 linalg.svdvals-float32
        linalg.svdvals-float64 linalg.svdvals-complex64 linalg.svdvals-complex128
        """.split(),
        _DEGENERATE,
    ),
    **dict.fromkeys(
        """
        linalg.eigvals-float64
        """.split(),
        _NONE,
    ),
    **dict.fromkeys(
        """
        __rdiv__-float64 __rpow__-float64 addcdiv-float64 atan2-float64 copysign-float64 dist-float64
        div.no_rounding_mode-float64 float_power-float64 hypot-float64 index_reduce.prod-float64 ldexp-complex128
        ldexp-complex64 ldexp-float64 linalg.lstsq-complex64 linalg.lstsq.grad_oriented-complex64
        linalg.matrix_norm-float64 linalg.norm-float64 linalg.norm.subgradients_at_zero-float64 log-float64
        linalg.slogdet-float64 linalg.vector_norm-float32 linalg.vector_norm-float64 linalg.vector_norm-complex64
        linalg.vector_norm-complex128 special.i1-float64 special.log_ndtr-float32 special.log_ndtr-float64
        log2-float64 logaddexp-complex128 logaddexp-complex64 logdet-float32 logdet-float64 logit-float64
        logsumexp-complex128 logsumexp-complex64 matrix_exp-float32 matrix_exp-float64
        nn.functional.cosine_similarity-float64 nn.functional.glu-float64 nn.functional.huber_loss-float64
        nn.functional.layer_norm-float32 nn.functional.mish-float64 nn.functional.poisson_nll_loss-float64
        nn.functional.smooth_l1_loss-float64 norm-float64 norm.fro-float64 pinverse-complex64 polar-float64
        pow-float64 scatter_reduce.amax-float32 scatter_reduce.amax-float64 scatter_reduce.amin-float32
        scatter_reduce.amin-float64 scatter_reduce.prod-float64 sinc-complex128 sinc-complex64 sinc-float64
        true_divide-float64 xlogy-float64
        """.split(),
        _FORMULAS,
    ),
}
