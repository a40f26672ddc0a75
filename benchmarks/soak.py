"""Watch the memory of a process that meets no shape twice: what is kept by shapes must be bounded.

    python -m benchmarks.soak

Each round computes a few small operations and their gradients on a tensor of a new shape. The process's resident memory
is printed as it goes; in the end, what it grew by in the second half.
"""

from __future__ import annotations

import argparse
import itertools
import resource
import time
from collections.abc import Iterator

import torchlike as torch

MIB = 2**20
LEAST = 5  # what is shorter is special, and traced for each size


def shapes(rounds: int) -> Iterator[tuple[int, int]]:
    """That many different shapes of two dimensions of at least `LEAST`, those of few elements first."""
    areas = itertools.count(LEAST**2)
    pairs = ((size, area // size) for area in areas for size in range(LEAST, area // LEAST + 1) if area % size == 0)
    return itertools.islice(pairs, rounds)


def resident() -> float:
    """MiB of the process that lie in memory."""
    with open("/proc/self/statm") as numbers:
        return int(numbers.read().split()[1]) * resource.getpagesize() / MIB


def meet(shape: tuple[int, ...]) -> float:
    """A few operations on a tensor of a shape, and their gradients."""
    x = torch.full(shape, 0.5, requires_grad=True)
    loss = ((x * 2 + 1).tanh().t().sum(1) ** 2).mean()
    loss.backward()
    assert x.grad is not None
    return loss.item() + x.grad.sum().item()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--shapes", type=int, default=200_000, help="how many (default: %(default)s)")
    parser.add_argument("--every", type=int, default=5_000, help="shapes between two lines (default: %(default)s)")
    args = parser.parse_args()
    start, seen = time.perf_counter(), []
    for met, shape in enumerate(shapes(args.shapes), 1):
        meet(shape)
        if met % args.every == 0:
            seen.append(resident())
            print(f"{met:>8} shapes {time.perf_counter() - start:8.0f} s {seen[-1]:8.1f} MiB", flush=True)
    if len(seen) > 1:
        half = seen[len(seen) // 2]
        print(f"second half: {seen[-1] - half:+.1f} MiB on {half:.1f}")


if __name__ == "__main__":
    main()
