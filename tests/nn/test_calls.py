"""``inplace`` of activations, ``size_average`` and ``reduce`` of losses."""

from __future__ import annotations

import warnings

import numpy as np
import pytest

import torchlike
import torchlike.nn.functional
from tests.support import check_error
from torchlike._dispatch import declared_ops

torch = pytest.importorskip("torch")
ACTIVATIONS = sorted(each.name for each in declared_ops() if "inplace" in each.aside)
LOSSES = sorted(each.name for each in declared_ops() if "reduce" in each.aside)
FURTHER = {"threshold": (0.5, 9.0), "celu": (1.5,), "leaky_relu": (0.3,)}
RANDOM = np.random.default_rng(0)


def activated(library, name: str, args: tuple, **kwargs):
    """(the result, the input after the call, whether they are one)."""
    x = library.tensor([-2.0, -0.5, 0.0, 0.7, 4.0])
    found = getattr(library.nn.functional, name)(x, *args, **kwargs)
    return found.tolist(), x.tolist(), found is x


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_activations_work_in_place(name):
    further = FURTHER.get(name, ())
    for args, kwargs in (((), {}), ((False,), {}), ((True,), {}), ((), {"inplace": True}), ((), {"inplace": False})):
        want, got = (activated(each, name, (*further, *args), **kwargs) for each in (torch, torchlike))
        assert np.allclose(want[0], got[0], rtol=1e-6) and np.allclose(want[1], got[1], rtol=1e-6)
        assert want[2] is got[2]
    check_error([(3,)], lambda torch, x: getattr(torch.nn.functional, name)(x, *further, True, 1))
    check_error([(3,)], lambda torch, x: getattr(torch.nn.functional, name)(x, *further, in_place=True))


@pytest.mark.parametrize("name", [each for each in ACTIVATIONS if hasattr(torch, each)])
def test_outside_of_layers_there_is_no_flag(name):
    further = FURTHER.get(name, ())
    check_error([(3,)], lambda torch, x: getattr(torch, name)(x, *further, True))
    check_error([(3,)], lambda torch, x: getattr(torch, name)(x, *further, inplace=True))


def test_an_alpha_of_zero_is_refused():
    for alpha in (0, 0.0):
        check_error([(3,)], lambda torch, x, alpha=alpha: torch.celu(x, alpha))
        check_error([(3,)], lambda torch, x, alpha=alpha: torch.nn.functional.celu(x, alpha=alpha))
        check_error([(3,)], lambda torch, x, alpha=alpha: torch.celu_(x.detach(), alpha))


GIVEN = {
    "cosine_embedding_loss": ((3, 4), (3, 4), "signs"),
    "cross_entropy": ((3, 4), "classes"),
    "margin_ranking_loss": ((3,), (3,), "signs"),
    "hinge_embedding_loss": ((3,), "signs"),
    "soft_margin_loss": ((3,), "signs"),
    "multi_margin_loss": ((3, 4), "classes"),
    "multilabel_margin_loss": ((3, 4), "labels"),
    "nll_loss": ((3, 4), "classes"),
    "triplet_margin_loss": ((3, 4), (3, 4), (3, 4)),
}
NAMED = {"signs": [1.0, -1.0, 1.0], "classes": [1, 0, 3], "labels": [[1, 2, -1, 0], [0, -1, 1, 1], [3, 0, -1, -1]]}
ARRAYS = {shape: RANDOM.uniform(0.1, 0.9, shape) for shape in ((3,), (3, 4))}


def lost(library, name: str, *args, **kwargs):
    """(the loss, the warnings)."""
    given = [
        library.tensor(NAMED[each] if isinstance(each, str) else ARRAYS[each]) for each in GIVEN.get(name, ((3,), (3,)))
    ]
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        found = getattr(library.nn.functional, name)(*given, *args, **kwargs)
    return found.tolist(), [str(each.message) for each in told]


@pytest.mark.parametrize("name", LOSSES)
def test_losses_take_what_they_took_once(name):
    asked = [{}, {"size_average": False}, {"size_average": True}, {"reduce": False}, {"reduction": "sum"}]
    for kwargs in (*asked, {"size_average": False, "reduce": True, "reduction": "none"}):
        want, got = lost(torch, name, **kwargs), lost(torchlike, name, **kwargs)
        assert np.allclose(want[0], got[0], rtol=1e-6)
        assert want[1] == got[1]


@pytest.mark.parametrize(
    ("name", "args"),
    [
        ("nll_loss", (None, False, 1, None, "none")),
        ("cross_entropy", (None, None, -100, False)),
        ("mse_loss", (False,)),
        ("poisson_nll_loss", (False, False, None, 1e-6, False)),
        ("triplet_margin_loss", (1.0, 2, 1e-6, False, None, False)),
    ],
)
def test_old_arguments_have_their_places(name, args):
    want, got = lost(torch, name, *args), lost(torchlike, name, *args)
    assert np.allclose(want[0], got[0], rtol=1e-6)
    assert want[1] == got[1] != []
