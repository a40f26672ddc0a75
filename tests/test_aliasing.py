"""Random programs over tensors and NumPy arrays that share memory: what each of them sees is what PyTorch shows."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import torchlike
from torchlike._programs.settings import execution_mode

torch = pytest.importorskip("torch")
SHAPE = (3, 4)


class World:
    """The tensors and arrays of one library; each action does the same in any library."""

    def __init__(self, library) -> None:
        self.library = library
        self.tensors = [library.arange(12.0).reshape(SHAPE).clone()]
        self.arrays: list[np.ndarray] = []

    def share_array(self, _, number) -> None:
        """A tensor on the memory of a new array."""
        self.arrays.append(np.full(SHAPE, number, np.float32))
        self.tensors.append(self.library.from_numpy(self.arrays[-1]))

    def share_tensor(self, tensor, _) -> None:
        """An array on the memory of a tensor."""
        self.arrays.append(tensor.detach().numpy())

    def write_array(self, _, number) -> None:
        if self.arrays:
            array = self.arrays[int(number) % len(self.arrays)]
            array[..., 0] = number
            array *= 2

    def drop_array(self, _, number) -> None:
        if self.arrays:
            self.arrays.pop(int(number) % len(self.arrays))

    def view(self, tensor, number) -> None:
        """A view with the shape of what it views."""
        views = [
            lambda x: x.flip(0).flip(0) if x.ndim < 2 else x.t().t(),
            lambda x: x.view(-1).view(SHAPE),
            lambda x: x.unsqueeze(0)[0],
            lambda x: x.detach(),
            lambda x: x.data,
            lambda x: x[:],
            lambda x: x.reshape(4, 3).view(*SHAPE),
        ]
        self.tensors.append(views[int(number) % len(views)](tensor))

    def compute(self, tensor, number) -> None:
        """A result that nobody reads before the end: later writes must not reach it."""
        self.tensors.append(tensor * 0.5 + number)

    def add_in_place(self, tensor, number) -> None:
        tensor.add_(number)

    def write_row(self, tensor, number) -> None:
        tensor[int(number) % 3] = number

    def write_column(self, tensor, number) -> None:
        tensor.t()[int(number) % 4].mul_(-1)

    def write_slice(self, tensor, number) -> None:
        tensor[1:, ::2].copy_(self.tensors[0][:2, 1:3].clone())

    def write_mask(self, tensor, number) -> None:
        tensor[tensor > number] = 0.25

    def swap_rows(self, tensor, _) -> None:
        tensor[0], tensor[1] = tensor[1].clone(), tensor[0].clone()

    def replace_data(self, tensor, number) -> None:
        tensor.data = self.tensors[int(number) % len(self.tensors)].clone()

    def read(self, tensor, _) -> None:
        tensor.sum().item()

    def seen(self) -> list:
        return [each.tolist() for each in (*self.tensors, *self.arrays)]


ACTIONS = [name for name in vars(World) if not name.startswith("_") and name != "seen"]
PROGRAMS = st.lists(st.tuples(st.sampled_from(ACTIONS), st.integers(0, 7), st.integers(0, 9)), min_size=4, max_size=14)


@pytest.mark.parametrize("mode", ["eager", "auto", "whole"])
@given(PROGRAMS)
@settings(max_examples=40, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
def test_everyone_sees_what_pytorch_shows(mode: str, program) -> None:
    worlds = World(torch), World(torchlike)
    with execution_mode(mode):
        for name, which, number in program:
            for world in worlds:
                getattr(world, name)(world.tensors[which % len(world.tensors)], float(number))
        want, got = (world.seen() for world in worlds)
    assert got == want
