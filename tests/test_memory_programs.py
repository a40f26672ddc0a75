"""Random programs on one piece of memory: after any writing through any chain of views all show what PyTorch shows."""

from __future__ import annotations

import random

import pytest

import torchlike
from torchlike._programs.settings import execution_mode

torch = pytest.importorskip("torch")


def _view(choose: random.Random, shape: tuple[int, ...], layout: tuple):
    """A random view, as a function on tensors of either library."""
    ndim, strides = len(shape), layout
    dim = choose.randrange(ndim) if ndim else 0
    size = shape[dim] if ndim else 1
    kinds = ["unsqueeze", "expand", "alias", "strides"]
    if ndim:
        kinds += ["slice", "slice", "step", "select", "permute", "unfold", "detach"]
    if ndim > 1:
        kinds += ["diagonal", "t"]
    kind = choose.choice(kinds)
    if kind in ("slice", "step") and size:
        start = choose.randrange(size)
        part = slice(start, choose.randrange(start, size) + 1, 1 if kind == "slice" else 2)
        return lambda x: x[(slice(None),) * dim + (part,)]
    if kind == "select" and size:
        at = choose.randrange(size)
        return lambda x: x.select(dim, at)
    if kind == "permute":
        order = choose.sample(range(ndim), ndim)
        return lambda x: x.permute(order)
    if kind == "diagonal":
        offset = choose.randrange(-1, 2)
        return lambda x: x.diagonal(offset, 0, -1)
    if kind == "unfold" and size > 1:
        window, step = choose.randrange(1, size), choose.randrange(1, 3)
        return lambda x: x.unfold(dim, window, step)
    if kind == "expand":
        return lambda x: x.unsqueeze(0).expand(2, *shape)
    if kind == "strides" and strides and 0 not in shape:
        return lambda x: x.as_strided((2, min(size, 2)), (0, strides[dim]))
    if kind == "t":
        return lambda x: x.transpose(0, -1)
    if kind == "detach":
        return lambda x: x.detach()
    return lambda x: x.unsqueeze(-1) if kind == "unsqueeze" else x[...]


def _write(choose: random.Random, shape: tuple[int, ...]):
    """A random writing, as a function on tensors of either library; it says what is refused."""
    number = choose.randrange(2, 9)
    at = tuple([choose.randrange(size) for size in shape])
    return choose.choice(
        [
            lambda x: x.fill_(number),
            lambda x: x.mul_(number),
            lambda x: x.__setitem__(at, number),
            lambda x: x.__setitem__(at[:1], number),
            lambda x: x.copy_(x.detach().clone() + number),
            lambda x: x.masked_fill_(x.detach() > number, number / 2),
            lambda x: x.detach().numpy().__setitem__(at, number),
            lambda x: x.zero_(),
        ]
    )


def _tried(write, x) -> str | None:
    try:
        write(x)
    except RuntimeError as error:
        return str(error).split(" is a view")[-1]
    return None


def _shown(x) -> tuple:
    strides = [step for step, size in zip(x.stride(), x.shape, strict=True) if size > 1]
    return x.tolist(), tuple(x.shape), strides, x.storage_offset(), x.requires_grad


def _overlaps(x) -> bool:
    """Whether a writing to all elements has no one right outcome."""
    size = x.untyped_storage().nbytes() // x.element_size()
    places = torch.arange(size).as_strided(x.shape, x.stride(), x.storage_offset())
    return places.unique().numel() < places.numel()


def _run(seed: int, is_tracked: bool) -> None:
    choose = random.Random(seed)
    worlds = []
    for library in (torch, torchlike):
        leaf = library.arange(12.0, requires_grad=is_tracked)
        worlds.append((leaf, [(leaf * 1).view(3, 4)]))
    (leaf, wants), (other, gots) = worlds
    for _ in range(12):
        at = choose.randrange(len(wants))
        want, got = wants[at], gots[at]
        if choose.random() < 0.6:
            view = _view(choose, tuple(want.shape), tuple(want.stride()))
            if want.numel() and want.ndim < 4:
                wants.append(view(want))
                gots.append(view(got))
        elif want.numel():
            write = _write(choose, tuple(want.shape))
            dense = not _overlaps(want)
            told = _tried(write, want) if dense or choose.random() < 0.5 else None
            if told is not None or dense:
                assert _tried(write, got) == told
            elif not dense:
                want.fill_(3), got.fill_(3)
        if choose.random() < 0.3:
            with torchlike.no_grad():
                got.tolist()
    assert [*map(_shown, gots)] == [*map(_shown, wants)]
    if is_tracked and wants[-1].requires_grad:
        try:
            sum([(each * each).sum() for each in wants if each.requires_grad]).backward()
        except RuntimeError as error:  # PyTorch's own derivative writes to expanded memory
            assert "more than one element" in str(error)
            return
        sum([(each * each).sum() for each in gots if each.requires_grad]).backward()
        assert other.grad.tolist() == pytest.approx(leaf.grad.tolist(), rel=1e-5)


@pytest.mark.filterwarnings("ignore:Use of masked_fill_ on expanded")
@pytest.mark.parametrize("is_tracked", [False, True], ids=["untracked", "tracked"])
@pytest.mark.parametrize("mode", ["auto", "eager"])
def test_random_programs_on_one_memory(mode: str, is_tracked: bool) -> None:
    with execution_mode(mode):
        for seed in range(40):
            try:
                _run(seed, is_tracked)
            except AssertionError as error:
                raise AssertionError(f"seed {seed}: {error}") from error
