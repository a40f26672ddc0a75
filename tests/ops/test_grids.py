"""Sampling of images: values, gradients, places far away and on the bounds, affine grids, errors."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from tests.support import check_error, check_op

pytest.importorskip("torch")
MODES = list(itertools.product(["bilinear", "nearest", "bicubic"], ["zeros", "border", "reflection"], [True, False]))
ODD = np.array([0, -1, 1, 0.999, -1.001, 1.5, -2.7, 9, -55, 1e20, -1e20, 0.3], np.float32).reshape(1, 2, 3, 2)


@pytest.mark.parametrize(("mode", "padding_mode", "align_corners"), MODES)
def test_images(mode, padding_mode, align_corners):
    def sample(torch, image, grid):
        return torch.nn.functional.grid_sample(image, grid, mode, padding_mode, align_corners)

    check_op([(2, 3, 4, 5), (2, 3, 2, 2)], sample, dtype="float64")
    check_op([(1, 2, 4, 5), ODD], sample, grad=padding_mode != "reflection", atol=1e-4)
    check_op([(1, 2, 1, 1), (1, 3, 2, 2)], sample, grad=False)
    if mode != "bicubic":
        check_op([(2, 2, 3, 4, 5), (2, 2, 3, 2, 3)], sample, dtype="float64")


def test_places_that_are_no_numbers():
    grid = np.array([np.nan, np.inf, -1e30, 1e30, 0, 0, 1, 1], np.float32).reshape(1, 2, 2, 2)
    for padding_mode in ("zeros", "border", "reflection"):
        check_op(
            [(1, 1, 3, 4), grid],
            lambda torch, image, grid, padding_mode=padding_mode: torch.nn.functional.grid_sample(
                image, grid, "bilinear", padding_mode, False
            ),
            grad=False,
        )


@pytest.mark.parametrize("align_corners", [True, False])
@pytest.mark.parametrize(("shape", "size"), [((2, 2, 3), (2, 1, 3, 4)), ((2, 3, 4), (2, 1, 2, 3, 4))])
def test_affine_grids(shape, size, align_corners):
    check_op([shape], lambda torch, theta: torch.nn.functional.affine_grid(theta, size, align_corners), orders=2)


@pytest.mark.parametrize(
    "call",
    [
        lambda torch: torch.nn.functional.grid_sample(torch.ones(1, 1, 2, 2), torch.ones(1, 1, 1, 2), "linear"),
        lambda torch: torch.nn.functional.grid_sample(torch.ones(1, 1, 2, 2), torch.ones(1, 1, 1, 2), padding_mode="x"),
        lambda torch: torch.grid_sampler(torch.ones(1, 1, 2, 2), torch.ones(2, 1, 1, 2), 0, 0, True),
        lambda torch: torch.grid_sampler(torch.ones(1, 1, 2, 2), torch.ones(1, 1, 1, 3), 0, 0, True),
        lambda torch: torch.grid_sampler(torch.ones(1, 1, 0, 2), torch.ones(1, 1, 1, 2), 0, 0, True),
        lambda torch: torch.grid_sampler(torch.ones(1, 1, 2), torch.ones(1, 1, 1), 0, 0, True),
        lambda torch: torch.grid_sampler(torch.ones(1, 1, 2, 2, 2), torch.ones(1, 1, 1, 1, 3), 2, 0, True),
        lambda torch: torch.grid_sampler(torch.ones(1, 1, 2, 2), torch.ones(1, 1, 1, 2).double(), 0, 0, True),
        lambda torch: torch.grid_sampler(torch.ones(1, 1, 2, 2).long(), torch.ones(1, 1, 1, 2), 0, 0, True),
        lambda torch: torch.nn.functional.affine_grid(torch.ones(1, 2, 2), (1, 1, 2, 2), True),
        lambda torch: torch.nn.functional.affine_grid(torch.ones(1, 2, 3), (1, 1, 2), True),
        lambda torch: torch.nn.functional.affine_grid(torch.ones(1, 2, 3), (1, 1, 0, 2), True),
        lambda torch: torch.nn.functional.affine_grid(torch.ones(1, 2, 3).long(), (1, 1, 2, 2), True),
        lambda torch: torch.nn.functional.affine_grid(torch.ones(2, 2, 3), (1, 1, 2, 2), True),
    ],
)
def test_errors(call):
    check_error([], call)


def test_the_default_is_warned_of():
    import torchlike

    torch = pytest.importorskip("torch")
    for library in (torch, torchlike):
        with pytest.warns(UserWarning, match="Default grid_sample and affine_grid behavior has changed") as seen:
            library.nn.functional.grid_sample(library.ones(1, 1, 2, 2), library.zeros(1, 1, 1, 2))
        if library is torchlike:
            assert seen[0].filename == __file__
        with pytest.warns(
            UserWarning, match="Since version 1.3.0, affine_grid behavior has changed for unit-size grids"
        ):
            library.nn.functional.affine_grid(library.ones(1, 2, 3), (1, 1, 1, 2), True)
