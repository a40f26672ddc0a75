"""One table of losses: values and gradients for each reduction, and errors."""

from __future__ import annotations

import warnings

import numpy as np
import pytest

from tests.support import check_error, check_op

torch = pytest.importorskip("torch")

SIGNS = np.array([1, -1, 1, -1])
CLASSES = np.array([0, 2, 1, 2])
CHANCES = np.random.default_rng(3).uniform(0.05, 0.95, (4, 3)).astype(np.float32)
BITS = (CHANCES > 0.5).astype(np.float32)
LABELS = np.array([[0, 2, -1], [1, -1, 0], [-1, 0, 1], [2, 1, 0]])

# module, its options, its inputs: a new loss is a new row
LOSSES = [
    ("L1Loss", {}, [(4, 3), (4, 3)]),
    ("MSELoss", {}, [(4, 3), (4, 3)]),
    ("SmoothL1Loss", {"beta": 0.5}, [(4, 3), (4, 3)]),
    ("SmoothL1Loss", {"beta": 0.0}, [(4, 3), (4, 3)]),
    ("HuberLoss", {"delta": 0.7}, [(4, 3), (4, 3)]),
    ("NLLLoss", {}, [(4, 3), CLASSES]),
    ("NLLLoss", {"ignore_index": 2}, [(4, 3, 2), np.array([[0, 2], [1, 1], [2, 0], [0, 1]])]),
    ("CrossEntropyLoss", {}, [(4, 3), CLASSES]),
    ("CrossEntropyLoss", {"ignore_index": 2, "label_smoothing": 0.2}, [(4, 3), CLASSES]),
    ("CrossEntropyLoss", {"label_smoothing": 0.2}, [(4, 3), CHANCES]),
    ("CrossEntropyLoss", {}, [(3,), np.array(1)]),
    ("BCELoss", {}, [CHANCES, BITS]),
    ("BCEWithLogitsLoss", {}, [(4, 3), BITS]),
    ("KLDivLoss", {}, [(4, 3), CHANCES]),
    ("KLDivLoss", {"log_target": True}, [(4, 3), (4, 3)]),
    ("PoissonNLLLoss", {"full": True}, [(4, 3), np.abs(LABELS)]),
    ("PoissonNLLLoss", {"log_input": False}, [CHANCES, BITS]),
    ("GaussianNLLLoss", {}, [(4, 3), (4, 3), CHANCES]),
    ("GaussianNLLLoss", {"full": True}, [(4, 3), (4, 3), CHANCES[:1]]),
    ("HingeEmbeddingLoss", {"margin": 0.5}, [(4,), SIGNS]),
    ("MarginRankingLoss", {"margin": 0.1}, [(4,), (4,), SIGNS]),
    ("SoftMarginLoss", {}, [(4,), SIGNS]),
    ("CosineEmbeddingLoss", {"margin": 0.1}, [(4, 3), (4, 3), SIGNS]),
    ("MultiMarginLoss", {"p": 2, "margin": 0.7}, [(4, 3), CLASSES]),
    ("MultiLabelMarginLoss", {}, [(4, 3), LABELS]),
    ("MultiLabelSoftMarginLoss", {}, [(4, 3), BITS]),
    ("TripletMarginLoss", {"swap": True}, [(4, 3), (4, 3), (4, 3)]),
    ("TripletMarginWithDistanceLoss", {"margin": 0.5}, [(4, 3), (4, 3), (4, 3)]),
]


@pytest.mark.parametrize(("name", "options", "inputs"), LOSSES, ids=[f"{row[0]}-{n}" for n, row in enumerate(LOSSES)])
@pytest.mark.parametrize("reduction", ["none", "mean", "sum"])
def test_values_and_gradients(name, options, inputs, reduction):
    def loss(library, *tensors):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of KLDivLoss's mean, tested below
            made = getattr(library.nn, name)(reduction=reduction, **options)
            return made(*tensors)

    check_op(inputs, loss, rtol=1e-5)


@pytest.mark.parametrize("name", ["NLLLoss", "CrossEntropyLoss", "MultiMarginLoss"])
@pytest.mark.parametrize("reduction", ["none", "mean"])
def test_weights_of_classes(name, reduction):
    weight = np.array([0.2, 1.0, 3.0], np.float32)
    check_op(
        [weight, (4, 3), CLASSES],
        lambda T, w, x, y: getattr(T.nn, name)(weight=w.detach(), reduction=reduction)(x, y),
        rtol=1e-5,
    )


def test_weights_of_elements():
    check_op(
        [(4, 3), BITS, CHANCES, np.array([1.0, 2.0, 0.5], np.float32)],
        lambda T, x, y, w, p: T.nn.functional.binary_cross_entropy_with_logits(x, y, w.detach(), pos_weight=p.detach()),
        rtol=1e-5,
    )


def test_integers_are_taken_as_floats():
    whole = np.arange(6).reshape(2, 3)
    check_op([whole, whole + 1, np.array([1, -1])], lambda T, a, b, y: T.nn.functional.cosine_embedding_loss(a, b, y))
    check_op([whole, whole + 1, np.ones((2, 3), int)], lambda T, a, b, y: T.nn.functional.margin_ranking_loss(a, b, y))
    check_op([whole, whole + 1, whole + 3], lambda T, a, b, c: T.nn.functional.triplet_margin_loss(a, b, c))


@pytest.mark.parametrize("reduction", ["none", "mean", "sum"])
def test_ctc(reduction):
    """The derivative by the log probabilities themselves, which PyTorch takes to come from `log_softmax`."""
    targets, lengths = np.array([[1, 2, 2], [3, 1, 0]]), (np.array([6, 5]), np.array([3, 2]))

    def loss(library, scores, targets, steps, labels):
        logs = library.nn.functional.log_softmax(scores, -1).detach().requires_grad_()
        found = library.nn.functional.ctc_loss(logs, targets, steps, labels, reduction=reduction)
        return found, library.autograd.grad(found.sum(), logs)[0]

    check_op([(6, 2, 4), targets, *lengths], loss, grad=False, rtol=1e-4)
    check_op(
        [(6, 2, 4), targets, *lengths],
        lambda T, x, *rest: T.nn.functional.ctc_loss(T.nn.functional.log_softmax(x, -1), *rest, reduction=reduction),
        rtol=1e-4,
    )


def test_ctc_where_no_alignment_is_possible():
    targets, lengths = np.array([[1, 1, 1]]), (np.array([3]), np.array([3]))

    def loss(library, scores, *rest):
        logs = library.nn.functional.log_softmax(scores, -1)
        return library.nn.functional.ctc_loss(logs, *rest, zero_infinity=True)

    check_op([(3, 1, 4), targets, *lengths], loss)


@pytest.mark.parametrize(
    "fn",
    [
        lambda F, T, x: F.mse_loss(x, x, reduction="odd"),
        lambda F, T, x: F.smooth_l1_loss(x, x, beta=-1.0),
        lambda F, T, x: F.huber_loss(x, x, delta=0.0),
        lambda F, T, x: F.nll_loss(x, T.tensor([0, 1, 2])),
        lambda F, T, x: F.nll_loss(x, T.tensor([0, 1, 2, 5])),
        lambda F, T, x: F.nll_loss(x, T.ones(4)),
        lambda F, T, x: F.nll_loss(x, T.tensor([0, 1, 2, 2]), weight=T.ones(2)),
        lambda F, T, x: F.cross_entropy(x, T.tensor([0, -1, 2, 2])),
        lambda F, T, x: F.cross_entropy(x[..., None], T.ones(4, 5).long()),
        lambda F, T, x: F.cross_entropy(x, x.detach().long()),
        lambda F, T, x: F.cross_entropy(x, x, ignore_index=1),
        lambda F, T, x: F.cross_entropy(x, T.tensor([0, 1, 2, 2]), label_smoothing=1.5),
        lambda F, T, x: F.binary_cross_entropy(T.tensor([1.5]), T.tensor([1.0])),
        lambda F, T, x: F.binary_cross_entropy(T.tensor([0.5, 0.5]), T.tensor([1.0])),
        lambda F, T, x: F.binary_cross_entropy_with_logits(x, x[0]),
        lambda F, T, x: F.gaussian_nll_loss(x, x, -x * x),
        lambda F, T, x: F.gaussian_nll_loss(x, x, T.ones(4, 2)),
        lambda F, T, x: F.poisson_nll_loss(x, T.ones(4)),
        lambda F, T, x: F.soft_margin_loss(x, T.ones(4)),
        lambda F, T, x: F.cosine_embedding_loss(x, x, x),
        lambda F, T, x: F.multi_margin_loss(x, T.ones(4).long(), p=3),
        lambda F, T, x: F.multi_margin_loss(x, T.ones(3).long()),
        lambda F, T, x: F.multilabel_margin_loss(x, T.ones(4).long()),
        lambda F, T, x: F.multilabel_soft_margin_loss(x, T.ones(4, 2)),
        lambda F, T, x: F.triplet_margin_loss(x, x, x, margin=-1.0),
        lambda F, T, x: F.triplet_margin_loss(x, x[0], x),
        lambda F, T, x: T.nn.HuberLoss(delta=1j),
    ],
)
def test_errors(fn):
    check_error([(4, 3)], lambda T, x: fn(T.nn.functional, T, x))


def test_kl_divs_mean_is_warned_of():
    import torchlike

    with pytest.warns(UserWarning, match="'batchmean' divides only by the batch size"):
        torchlike.nn.functional.kl_div(torchlike.zeros(2, 3), torchlike.ones(2, 3))


@pytest.mark.parametrize("reduction", [0, 1, 2, 3])
@pytest.mark.parametrize(
    ("inputs", "call"),
    [
        (
            [(4, 3), CHANCES],
            lambda torch, x, y, r: torch.binary_cross_entropy_with_logits(x, y, None, y.detach() + 2, r),
        ),
        ([(4, 3), (4, 3), SIGNS], lambda torch, x, y, z, r: torch.cosine_embedding_loss(x, y, z, 0.1, r)),
        ([(4,), SIGNS], lambda torch, x, y, r: torch.hinge_embedding_loss(x, y, 0.5, reduction=r)),
        ([(3, 4), (3, 4)], lambda torch, x, y, r: torch.kl_div(x, y.exp(), r)),
        ([(3, 4), (3, 4)], lambda torch, x, y, r: torch.kl_div(x, y, r, log_target=True)),
        ([(4,), (4,), SIGNS], lambda torch, x, y, z, r: torch.margin_ranking_loss(x, y, z, 0.1, r)),
        ([(3, 4), (3, 4)], lambda torch, x, y, r: torch.poisson_nll_loss(x, y.exp(), True, True, 1e-6, r)),
        ([(3, 4)] * 3, lambda torch, x, y, z, r: torch.triplet_margin_loss(x, y, z, 1.0, 2.0, 1e-6, True, r)),
    ],
)
def test_losses_with_numbers_for_reductions(inputs, call, reduction: int):
    check_op(inputs, lambda torch, *given: call(torch, *given, reduction))


def test_ctc_with_numbers_for_reductions():
    for reduction in (0, 1, 2):
        call = lambda torch, x, r=reduction: torch.ctc_loss(x.log_softmax(2), torch.tensor([[1, 2]]), (4,), (2,), 0, r)
        check_op([(4, 1, 3)], call)


def test_reductions_are_numbers_outside_of_layers():
    check_error([(3,), (3,)], lambda torch, x, y: torch.kl_div(x, y, "mean"))
    check_error([(3,), (3,)], lambda torch, x, y: torch.hinge_embedding_loss(x, y, 1.0, "sum"))
    check_error([(3,), (3,)], lambda torch, x, y: torch.poisson_nll_loss(x, y, True, False))
