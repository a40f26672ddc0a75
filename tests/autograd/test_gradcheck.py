"""Checks of derivatives: what passes and what is told, against PyTorch."""

from __future__ import annotations

import warnings

import pytest

from tests.nn.compare import same


def wrong(torch, backward):
    methods = {"forward": staticmethod(lambda ctx, x: x * 2), "backward": staticmethod(backward)}
    return type("Own", (torch.autograd.Function,), methods).apply


def fickle(torch):
    turns = iter(range(10**6))
    return wrong(torch, lambda ctx, g: g * 2 + next(turns) * 1e-7)


FUNCTIONS = {
    "right": lambda torch: lambda x: x.sin() * x,
    "scalar": lambda torch: lambda x: x.sum() ** 2,
    "several": lambda torch: lambda x: (x.exp(), x.sum()),
    "a list": lambda torch: lambda x: [x.exp(), x.sum()],
    "one apart": lambda torch: lambda x: (x.exp(), torch.ones(2)),
    "none": lambda torch: lambda x: torch.ones(2),
    "none, hidden": lambda torch: lambda x: x.detach() * 2,
    "identity": lambda torch: lambda x: x,
    "view": lambda torch: lambda x: x.view(1, 2),
    "wrong": lambda torch: wrong(torch, lambda ctx, g: g * 3),
    "not linear": lambda torch: wrong(torch, lambda ctx, g: g * 2 + 1),
    "another dtype": lambda torch: wrong(torch, lambda ctx, g: (g * 2).float()),
    "fickle": fickle,
    "real of complex": lambda torch: lambda x: (x * (1 + 2j)).abs(),
    "complex": lambda torch: lambda x: x * (1 + 2j),
}
OPTIONS = [
    {},
    {"raise_exception": False},
    {"fast_mode": True, "raise_exception": False},
    {"check_grad_dtypes": True},
    {"nondet_tol": 1.0},
    {"check_undefined_grad": False},
    {"check_batched_grad": True},
    {"check_backward_ad": False},
    {"check_backward_ad": False, "check_forward_ad": True, "check_batched_grad": True},
    {"check_batched_forward_grad": True},
    {"eps": 1e-3, "atol": 1e-2, "rtol": 1e-1},
]


def outcome(check, *args, **options):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return check(*args, **options)
        except Exception as raised:  # noqa: BLE001 - whichever it is, is what is compared
            return type(raised).__name__, str(raised).split("\nnumerical")[0].split("\n\nNOTE")[0][:300]


@pytest.mark.parametrize("options", OPTIONS, ids=str)
@pytest.mark.parametrize("dtype", ["float64", "complex128"])
def test_gradcheck(options: dict, dtype: str):
    def run(torch):
        found = {}
        for name, make in FUNCTIONS.items():
            x = torch.tensor([0.5, 1.5], dtype=getattr(torch, dtype), requires_grad=True)
            found[name] = outcome(torch.autograd.gradcheck, make(torch), (x,), **options)
            assert x.tolist() == [0.5, 1.5] and x.grad is None
        return found

    same(run)


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"raise_exception": False},
        {"fast_mode": True, "raise_exception": False},
        {"gen_non_contig_grad_outputs": True},
        {"check_rev_over_rev": False},
        {"check_rev_over_rev": False, "check_fwd_over_rev": True},
        {"check_batched_grad": True},
    ],
    ids=str,
)
def test_gradgradcheck(options: dict):
    names = ["right", "scalar", "several", "one apart", "identity", "view", "wrong", "real of complex"]

    def run(torch):
        found = {}
        for name in names:
            x = torch.tensor([0.5, 1.5], dtype=torch.float64, requires_grad=True)
            found[name] = outcome(torch.autograd.gradgradcheck, FUNCTIONS[name](torch), (x,), **options)
        scalar = torch.tensor(0.5, dtype=torch.float64, requires_grad=True)
        found["of a scalar"] = outcome(torch.autograd.gradgradcheck, lambda x: x**3, scalar, **options)
        given = (lambda x: x**3, scalar, torch.tensor(2.0, dtype=torch.float64, requires_grad=True))
        found["with gradients"] = outcome(torch.autograd.gradgradcheck, *given, **options)
        return found

    same(run)


def test_inputs():
    def run(torch):
        x = torch.tensor([0.5, 1.5], dtype=torch.float64, requires_grad=True)
        check = torch.autograd.gradcheck
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            single = check(lambda x: x * 2, (x.float().detach().requires_grad_(),), atol=0.1, eps=1e-2)
        return [
            outcome(check, lambda x: x * 2, x.detach()),
            outcome(check, lambda x: x * 2, x.detach().expand(2, 2).requires_grad_()),
            outcome(check, lambda x, n, y: x * n + y.sum(), (x, 3, torch.ones(2))),
            outcome(check, lambda x, y: x * y, (x, x)),
            outcome(check, lambda x: x[x > 1.5], x),
            [single, [str(each.message) for each in caught]],
        ]

    same(run)
