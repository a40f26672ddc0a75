"""A user's program: what functions give back, by kind."""

from collections.abc import Callable
from typing import Any, assert_type

import torchlike as torch
import torchlike.nn.functional as F
from torchlike import Tensor, return_types

x = torch.randn(2, 3)
i = torch.tensor([0, 1])

# results that go by the arguments
assert_type(torch.where(x > 0, x, 0.0), Tensor)
assert_type(torch.where(x > 0), tuple[Tensor, ...])
assert_type(torch.max(x), Tensor)
assert_type(torch.max(x, x), Tensor)
assert_type(torch.max(x, 0), return_types.max)
assert_type(x.min(dim=1, keepdim=True), return_types.min)
assert_type(x.max(0).values, Tensor)
assert_type(x.max(0).indices, Tensor)
assert_type(x.max(0)[1], Tensor)
assert_type(x.median(), Tensor)
assert_type(x.median(0), return_types.median)
assert_type(torch.nanmedian(x, 0).values, Tensor)
assert_type(torch.nonzero(x), Tensor)
assert_type(x.nonzero(as_tuple=True), tuple[Tensor, ...])
assert_type(x.unique(), Tensor)
assert_type(torch.unique(x, return_counts=True), tuple[Tensor, Tensor])
assert_type(x.size(), torch.Size)
assert_type(x.size(0), int)
assert_type(x.shape[0], int)
assert_type(x.shape[1:], torch.Size)
assert_type(x.stride(), tuple[int, ...])
assert_type(x.stride(0), int)
assert_type(x.type(), str)
assert_type(x.type(torch.float64), Tensor)
assert_type(F.max_pool1d(x, 2), Tensor)
assert_type(F.max_pool1d(x, 2, return_indices=True), tuple[Tensor, Tensor])
assert_type(F.adaptive_max_pool1d(x, 1), Tensor)

# named results
assert_type(x.sort(), return_types.sort)
assert_type(torch.sort(x, descending=True).values, Tensor)
assert_type(x.topk(2), return_types.topk)
assert_type(x.topk(2).indices, Tensor)
assert_type(x.kthvalue(1), return_types.kthvalue)
assert_type(torch.mode(x).values, Tensor)
assert_type(x.cummax(0).indices, Tensor)
assert_type(x.aminmax().min, Tensor)
assert_type(torch.frexp(x).mantissa, Tensor)
assert_type(torch.linalg.svd(x).Vh, Tensor)
assert_type(torch.linalg.eigh(x).eigenvalues, Tensor)
assert_type(torch.linalg.qr(x).R, Tensor)
assert_type(torch.linalg.slogdet(x).logabsdet, Tensor)
assert_type(torch.linalg.lstsq(x, x).solution, Tensor)
values, indices = torch.topk(x, 2)
assert_type(values, Tensor)

# several results
assert_type(torch.std_mean(x), tuple[Tensor, Tensor])
assert_type(torch.meshgrid(i, i, indexing="ij"), tuple[Tensor, ...])
assert_type(torch.broadcast_tensors(x, x), tuple[Tensor, ...])
assert_type(x.chunk(2), tuple[Tensor, ...])
assert_type(torch.split(x, 1), tuple[Tensor, ...])
assert_type([each for each in x], list[Tensor])

# operators, attributes and conversions
assert_type(x == x, Tensor)
assert_type(x != 0, Tensor)
assert_type(abs(x), Tensor)
assert_type((x == 0).sum(), Tensor)
assert_type(~(x > 0) & (x < 1), Tensor)
assert_type(2**x, Tensor)
assert_type(x // 2, Tensor)
assert_type(x[x > 0], Tensor)
assert_type(x.T, Tensor)
assert_type(x.mT, Tensor)
assert_type(x.real, Tensor)
assert_type(x.data, Tensor)
assert_type(x.grad, Tensor | None)
assert_type(x.dtype, torch.dtype)
assert_type(x.device, torch.device)
assert_type(float(x.sum()), float)
assert_type(x.to("cpu"), Tensor)
assert_type(x.float(), Tensor)
assert_type(x.uniform_(-0.5, 0.5), Tensor)
assert_type(x.normal_(0.0, 0.1), Tensor)
assert_type(torch.norm(x, 2), Tensor)
assert_type(x.std(0, unbiased=False), Tensor)
assert_type(x.quantile(0.5), Tensor)
assert_type(torch.einsum("ij,kj->ik", x, x), Tensor)
assert_type(torch.tensor([[1.0], [2.0]], device="cpu"), Tensor)
assert_type(torch.as_tensor([1]), Tensor)

# other names
assert_type(torch.float, torch.dtype)
assert_type(torch.long, torch.dtype)
assert_type(torch.clip(x, 0, 1), Tensor)
assert_type(torch.concat([x, x]), Tensor)
assert_type(torch.multiply(x, 2), Tensor)
assert_type(torch.special.expit(x), Tensor)
assert_type(torch.device("cuda", 0), torch.device)


# functions of functions
def loss(x: Tensor, scale: float = 1.0) -> Tensor:
    return (x * scale).sum()


def loss_of_weights(weights: dict[str, Tensor]) -> Tensor:
    return weights["a"].sum()


assert_type(torch.func.grad(loss)(x), Tensor)
assert_type(torch.func.grad(loss)(x, 2.0), Tensor)
assert_type(torch.func.grad_and_value(loss)(x), tuple[Tensor, Tensor])
assert_type(torch.func.vmap(loss)(x), Tensor)
assert_type(torch.func.jacrev(loss)(x), Tensor)
assert_type(torch.func.hessian(loss)(x), Tensor)
assert_type(torch.func.vjp(loss, x), tuple[Tensor, Callable[..., Any]])
assert_type(torch.func.jvp(loss, (x,), (x,)), tuple[Tensor, Tensor])
assert_type(torch.func.grad(loss_of_weights)({"a": x}), dict[str, Tensor])
assert_type(torch.autograd.grad(x.sum(), x), tuple[Tensor, ...])
assert_type(torch.autograd.grad(x.sum(), {"x": x}), dict[str, Tensor])
assert_type(torch.compile(loss)(x), Tensor)


@torch.no_grad()
def evaluate(x: Tensor) -> int:
    return len(x)


assert_type(evaluate(x), int)
