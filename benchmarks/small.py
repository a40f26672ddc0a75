"""Measure small cases, where compiling would cost more than it brings.

    python -m benchmarks.small
    python -m benchmarks.small --parity PATH

The first result in a new process; many operations, each once at a shape that was not seen before; and, where PATH holds
one, a replay of recorded operations of PyTorch, `opinfo_replay.py` beside its folder `cases`, as a whole.
"""

from __future__ import annotations

import argparse
import importlib
import multiprocessing
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from benchmarks import report

FIRST = "import {} as torch; print((torch.tensor([1.0, 2.0]) + torch.tensor([3.0, 4.0])).tolist())"

UNARY = """abs acos acosh asin asinh atan atanh ceil cos cosh deg2rad digamma erf erfc erfinv exp exp2 expm1 floor frac
lgamma log log10 log1p log2 logit neg positive rad2deg reciprocal relu round rsqrt sigmoid sign signbit sin sinc sinh
sqrt square tan tanh trunc isnan isinf isfinite nan_to_num selu celu i0 isposinf isneginf"""
BINARY = """add sub mul div pow atan2 fmod remainder maximum minimum fmax fmin hypot copysign eq ne lt le gt ge logaddexp
logaddexp2 floor_divide true_divide heaviside xlogy ldexp dist isclose nextafter logical_and logical_or logical_xor"""
REDUCTIONS = """sum mean prod amax amin argmax argmin max min all any std var norm median logsumexp cumsum cumprod
cummax cummin logcumsumexp sort argsort count_nonzero nansum nanmean softmax log_softmax nanmedian aminmax std_mean
var_mean mode unbind"""
SHAPES = """x.t() x.flip(0) x.roll(1,0) x.reshape(-1) x.unsqueeze(0) x.repeat(2,1) x.expand(2,-1,-1) x.tril() x.triu()
x.diagonal() x[1:] x[:,::2] x[0] x.chunk(2) x.split(2) x.flatten() x.clone() x.contiguous() x.double() x.long() x.bool()
x.half() x.permute(1,0) x.narrow(0,1,2) x.select(1,1) x.rot90() x.fliplr() x.flipud() x.ravel() x.repeat_interleave(2)
x.take(torch.tensor([0,2])) x.index_select(0,torch.tensor([0,2])) x.masked_fill(x>1,0.0) x[x>0.5] x.nonzero()
x.gather(0,torch.zeros_like(x).long()) x.clamp(0.2,0.8) x.where(x>0.5,y) x.topk(2) x.kthvalue(2) x.unique() x.diff()
x.histc(5) x.fill_(2.0) x.zero_() x.add_(1) x.mul_(y) x.lerp(y,0.5) x.addcmul(x,y) x.addcdiv(x,y)
x.tile(2) x.swapaxes(0,1) x.movedim(0,1) x.unfold(1,2,1) x.new_zeros(3)"""
FUNCTIONS = """F.relu6(x) F.elu(x) F.gelu(x) F.silu(x) F.mish(x) F.softplus(x) F.hardtanh(x) F.leaky_relu(x)
F.hardsigmoid(x) F.hardswish(x) F.softsign(x) F.tanhshrink(x) F.logsigmoid(x) F.normalize(x) F.layer_norm(x,x.shape[1:])
F.mse_loss(x,y) F.l1_loss(x,y) F.smooth_l1_loss(x,y) F.huber_loss(x,y) F.kl_div(x,y) F.binary_cross_entropy(x,y)
F.cosine_similarity(x,y) F.pad(x,(1,1)) F.linear(x,y) F.glu(x[:,:4]) F.threshold(x,0.5,0.0) F.pairwise_distance(x,y)"""
PRODUCTS = """x@y.t() torch.mm(x,y.t()) torch.mv(x,y[0]) torch.outer(x[0],y[1]) torch.dot(x[0],y[0])
torch.kron(x,y) torch.cat([x,y]) torch.stack([x,y]) torch.cdist(x,y) torch.einsum('ij,kj->ik',x,y) torch.hstack([x,y])
torch.vstack([x,y]) torch.tensordot(x,y.t(),1) torch.addmm(x@y.t(),x,y.t()) torch.ones_like(x) torch.zeros_like(x)
torch.full_like(x,2.0) torch.linspace(0,1,x.shape[1]) torch.arange(x.shape[1]) torch.eye(x.shape[1])
torch.allclose(x,y) torch.equal(x,y)
torch.meshgrid(x[0],y[0]) torch.bmm(x[None],y.t()[None]) torch.logspace(0,1,x.shape[1])"""


def expressions() -> list[str]:
    """Different operations on `x` and `y`, two matrices of the same shape with elements between 0 and 1."""
    called = [f"torch.{name}(x)" for name in UNARY.split()]
    called += [f"torch.{name}(x, y)" for name in BINARY.split()]
    called += [f"torch.{name}(x, dim=1)" for name in REDUCTIONS.split()]
    return called + " ".join((SHAPES, FUNCTIONS, PRODUCTS)).split()


def once(module: str, cache: Path) -> list[float]:
    """The seconds that each operation takes at a shape of its own, its result read; in a process where all is new."""
    os.environ["TORCHLIKE_CACHE_DIR"] = str(cache)
    torch = importlib.import_module(module)
    names = {"torch": torch, "F": importlib.import_module(f"{module}.nn.functional")}
    taken = []
    for i, expression in enumerate(expressions()):
        shape = (3 + i % 14, 4 + i // 14)
        names |= {"x": torch.rand(shape), "y": torch.rand(shape)}
        names["x"].tolist(), names["y"].tolist()
        code = compile(expression, "<operation>", "eval")
        begun = time.perf_counter()
        _read(eval(code, names))
        taken.append(time.perf_counter() - begun)
    return taken


def _read(result: Any) -> None:
    if isinstance(result, tuple | list):
        for each in result:
            _read(each)
    elif hasattr(result, "tolist"):
        result.tolist()


def _in_new_process(function: Callable, *arguments: Any) -> Any:
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        return pool.apply(function, arguments)


def _seconds_of(command: list[str], **options: Any) -> float:
    begun = time.perf_counter()
    subprocess.run(command, capture_output=True, check=True, **options)
    return time.perf_counter() - begun


def measure(module: str, cache: Path, turns: int, parity: Path | None) -> dict[str, float]:
    """The seconds of every small case; torchlike finds what it cached in `cache`."""
    environment = os.environ | {"TORCHLIKE_CACHE_DIR": str(cache)}
    first = [sys.executable, "-c", FIRST.format(module)]
    taken = _in_new_process(once, module, cache)
    cases = {
        "`a + b`, the first in a new process": min(_seconds_of(first, env=environment) for _ in range(turns)),
        f"{len(taken)} operations, once each at a new shape: all": sum(taken),
        "the median one": statistics.median(taken),
        "the slowest one": max(taken),
    }
    if parity is not None:
        command = [sys.executable, "opinfo_replay.py", "--lib", module, "--jobs", "1"]
        cases["a replay of recorded operations"] = _seconds_of(command, cwd=parity, env=environment)
    return cases


def small_table(turns: int, parity: Path | None) -> str:
    """Measure both libraries, torchlike with an empty cache and with a full one."""
    with tempfile.TemporaryDirectory() as cache:
        columns = [measure(module, Path(cache), turns, parity) for module in ("torch", "torchlike", "torchlike")]
    rows = [
        [case, *(report.seconds(column[case]) for column in columns), f"{columns[0][case] / columns[1][case]:.2f}"]
        for case in columns[0]
    ]
    head = ["small cases", "PyTorch", "torchlike, empty cache", "full cache", "PyTorch / torchlike, empty cache"]
    return report.table(head, rows)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "--turns", type=int, default=3, help="new processes for the first result (default: %(default)s)"
    )
    parser.add_argument("--parity", type=Path, help="folder of a replay of PyTorch's operations")
    parser.add_argument("--out", type=Path, default=report.FOLDER, help="folder of the results (default: this one)")
    args = parser.parse_args()
    table = small_table(args.turns, args.parity)
    print(table)
    report.store("host", {"small": table}, folder=args.out)


if __name__ == "__main__":
    main()
