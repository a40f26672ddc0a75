"""Products of groups, and small things that other libraries ask ``torch.nn`` for."""

from __future__ import annotations

import importlib

import pytest

from tests.nn.compare import det, error, same


def offsets(torch, *ends):
    return torch.tensor(ends, dtype=torch.int32)


GROUPED = {
    "rows": lambda torch: (det(torch, 8, 16), det(torch, 3, 16, 8, start=1.0), offsets(torch, 2, 5, 8)),
    "no rows": lambda torch: (det(torch, 8, 16), det(torch, 3, 16, 8, start=1.0), offsets(torch, 0, 5, 8)),
    "columns": lambda torch: (det(torch, 3, 8, 16), det(torch, 16, 24, start=1.0), offsets(torch, 8, 16, 24)),
    "inside": lambda torch: (det(torch, 8, 16), det(torch, 16, 8, start=1.0), offsets(torch, 4, 8, 16)),
    "batches": lambda torch: (det(torch, 3, 8, 16), det(torch, 3, 16, 8, start=1.0), None),
}


@pytest.mark.parametrize("name", GROUPED)
@pytest.mark.parametrize("dtype", ["float32", "bfloat16"])
def test_grouped_mm(name, dtype):
    def run(torch):
        a, b, ends = GROUPED[name](torch)
        a, b = (each.to(getattr(torch, dtype)).requires_grad_() for each in (a, b))
        found = torch.nn.functional.grouped_mm(a, b, offs=ends)
        along = det(torch, *found.shape).to(found.dtype)
        return found, list(torch.autograd.grad(found, [a, b], along))

    same(run, rtol=1e-4 if dtype == "float32" else 2e-2, atol=1e-4 if dtype == "float32" else 0.1)


MISTAKES = {
    "dtype": lambda torch, a, b: (a.double(), b.double(), offsets(torch, 2, 8)),
    "other dtype": lambda torch, a, b: (a, b.long(), offsets(torch, 2, 8)),
    "vector": lambda torch, a, b: (a[0], b, offsets(torch, 2, 8)),
    "contraction": lambda torch, a, b: (a, b.transpose(1, 2), offsets(torch, 2, 8)),
    "no offsets": lambda torch, a, b: (a, b),
    "needless offsets": lambda torch, a, b: (b.transpose(1, 2), b, offsets(torch, 2, 8)),
    "batches": lambda torch, a, b: (det(torch, 3, 8, 16), b),
    "offsets' dtype": lambda torch, a, b: (a, b, offsets(torch, 2, 8).long()),
    "groups": lambda torch, a, b: (a, b, offsets(torch, 2, 5, 8)),
    "bias": lambda torch, a, b: (a, b, offsets(torch, 2, 8), torch.ones(8)),
    "result": lambda torch, a, b: (a, b, offsets(torch, 2, 8), None, torch.bfloat16),
}


@pytest.mark.parametrize("name", MISTAKES)
def test_mistake(name):
    def run(torch):
        a, b, *rest = MISTAKES[name](torch, det(torch, 8, 16), det(torch, 2, 16, 8))
        named = dict(zip(("offs", "bias", "out_dtype"), rest, strict=False))
        return error(torch.nn.functional.grouped_mm, a, b, **named), error(torch._grouped_mm, a, 3)

    same(run)


CASES = {
    "scales": lambda torch: [
        [(each.name, each.value) for each in (*kind.__members__.values(),)]
        for kind in (torch.nn.functional.ScalingType, torch.nn.functional.SwizzleType)
    ],
    "keywords": lambda torch: torch.nn.factory_kwargs({"dtype": torch.float64, "factory_kwargs": {"device": "cpu"}}),
    "no keywords": lambda torch: torch.nn.factory_kwargs(None),
    "unknown keywords": lambda torch: error(torch.nn.factory_kwargs, {"foo": 1}),
    "twice": lambda torch: error(torch.nn.factory_kwargs, {"dtype": 1, "factory_kwargs": {"dtype": 2}}),
    "reductions": lambda torch: [
        reduction(torch).get_enum(each) for each in ("none", "mean", "sum", "elementwise_mean")
    ],
    "no reduction": lambda torch: error(reduction(torch).get_enum, "foo"),
    "old reductions": lambda torch: [
        reduction(torch).legacy_get_enum(*each, emit_warning=False)
        for each in ((None, False), (False, True), (True, None))
    ],
    "key of further state": lambda torch: torch.nn.modules.module._EXTRA_STATE_KEY_SUFFIX,
    "drawn": lambda torch: torch.nn.init._no_grad_uniform_(torch.empty(3), -1, 1),
    "projections": lambda torch: list(
        torch.nn.functional._in_projection_packed(*[det(torch, 2, 3)] * 3, det(torch, 9, 3), det(torch, 9))
    ),
}


def reduction(torch):
    return importlib.import_module(f"{torch.__name__}.nn._reduction")


@pytest.mark.parametrize("name", CASES)
def test_case(name):
    same(CASES[name])
