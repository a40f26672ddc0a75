"""Common mistakes: the exception and its words are PyTorch's."""

from __future__ import annotations

import numpy as np
import pytest

from tests.support import check_error, check_warning


def trained(torch, x):
    """A leaf and what was computed of it."""
    x.requires_grad_()
    return x, (x.exp() * x).sum()


def twice(torch, x):
    _, loss = trained(torch, x)
    loss.backward()
    loss.backward()


SHAPES = {
    "linear": lambda torch, x: torch.nn.Linear(4, 2)(x),
    "linear of a vector": lambda torch, x: torch.nn.Linear(4, 2)(x[0]),
    "functional linear": lambda torch, x: torch.nn.functional.linear(x, torch.ones(2, 4)),
    "linear bias": lambda torch, x: torch.nn.functional.linear(x, torch.ones(2, 3), torch.ones(3)),
    "matmul": lambda torch, x: x @ x,
    "matmul of vectors": lambda torch, x: x[0] @ torch.ones(4),
    "matmul, matrix and vector": lambda torch, x: x @ torch.ones(4),
    "matmul, vector and matrix": lambda torch, x: torch.ones(4) @ x,
    "matmul of a number": lambda torch, x: x @ torch.tensor(1.0),
    "batched matmul": lambda torch, x: x.expand(5, 2, 3) @ torch.ones(4, 3, 2),
    "batched matmul, inner": lambda torch, x: x.expand(5, 2, 3) @ torch.ones(5, 2, 3),
    "mm of vectors": lambda torch, x: torch.mm(x[0], x[0]),
    "mm": lambda torch, x: torch.mm(x, x),
    "bmm": lambda torch, x: torch.bmm(x, x),
    "mv": lambda torch, x: torch.mv(x, torch.ones(2)),
    "dot": lambda torch, x: torch.dot(x[0], torch.ones(2)),
    "dot of matrices": lambda torch, x: torch.dot(x, x),
    "addmm": lambda torch, x: torch.addmm(torch.ones(5), x, x.t()),
    "einsum": lambda torch, x: torch.einsum("ij,jk->ik", x, x),
    "einsum, repeated": lambda torch, x: torch.einsum("ii->i", x),
    "einsum, too many letters": lambda torch, x: torch.einsum("ijk->i", x),
    "einsum, too many letters and dots": lambda torch, x: torch.einsum("ijk...->i", x),
    "einsum, unknown letter": lambda torch, x: torch.einsum("ij->k", x),
    "argmin of nothing": lambda torch, x: x[:0].argmin(1) + x[:0].argmin(),
    "group norm of one": lambda torch, x: torch.nn.functional.group_norm(x[:1], 3),
    "broadcasting": lambda torch, x: x + torch.ones(2),
    "in place": lambda torch, x: x.add_(torch.ones(5, 2, 3)),
    "cat": lambda torch, x: torch.cat([x, torch.ones(2, 4)]),
    "cat of ranks": lambda torch, x: torch.cat([x, torch.ones(3)]),
    "cat of nothing": lambda torch, x: torch.cat([]),
    "cat, dimension": lambda torch, x: torch.cat([x, x], 2),
    "stack": lambda torch, x: torch.stack([x, torch.ones(3, 2)]),
    "stack of nothing": lambda torch, x: torch.stack([]),
    "view": lambda torch, x: x.view(4, 2),
    "view, two inferred": lambda torch, x: x.view(-1, -1),
    "view, inferred": lambda torch, x: x.view(-1, 4),
    "view of a transposed": lambda torch, x: x.t().view(6),
    "reshape": lambda torch, x: x.reshape(7),
    "expand": lambda torch, x: x.expand(4, 3),
    "expand, fewer": lambda torch, x: x.expand(3),
    "permute": lambda torch, x: x.permute(0),
    "permute twice": lambda torch, x: x.permute(0, 0),
    "transpose": lambda torch, x: x.transpose(0, 2),
    "t": lambda torch, x: x.expand(2, 2, 3).t(),
    "unsqueeze": lambda torch, x: x.unsqueeze(4),
    "squeeze": lambda torch, x: x.squeeze(3),
    "sum": lambda torch, x: x.sum(2),
    "mean": lambda torch, x: x.mean(-3),
    "max": lambda torch, x: x.max(2),
    "softmax": lambda torch, x: x.softmax(2),
    "max of nothing": lambda torch, x: x[:0].max(),
    "argmax of nothing": lambda torch, x: x[:0].argmax(),
    "index": lambda torch, x: x[2],
    "indices": lambda torch, x: x[0, 0, 0],
    "index tensor": lambda torch, x: x[torch.tensor([0, 5])],
    "mask": lambda torch, x: x[torch.ones(3) > 0],
    "assignment": lambda torch, x: x.__setitem__(0, torch.ones(2)),
    "split": lambda torch, x: x.split([1, 1, 1], 1)[0] + x.split([1, 1], 1)[0],
    "gather": lambda torch, x: x.gather(1, torch.tensor([[0, 3]])),
    "gather of ranks": lambda torch, x: x.gather(1, torch.tensor([0])),
    "convolution of ranks": lambda torch, x: torch.nn.Conv2d(3, 4, 3)(x),
    "convolution, channels": lambda torch, x: torch.nn.Conv2d(3, 4, 3)(torch.ones(1, 2, 5, 5)),
    "convolution, kernel": lambda torch, x: torch.nn.Conv2d(3, 4, 3)(torch.ones(1, 3, 2, 2)),
    "convolution, one dimension": lambda torch, x: torch.nn.Conv1d(4, 4, 3)(torch.ones(1, 3, 7)),
    "pooling": lambda torch, x: torch.nn.MaxPool2d(4)(torch.ones(1, 1, 2, 2)),
    "batch norm": lambda torch, x: torch.nn.BatchNorm1d(4)(x),
    "batch norm, rank": lambda torch, x: torch.nn.BatchNorm2d(3)(x),
    "batch norm of one": lambda torch, x: torch.nn.BatchNorm1d(3)(x[:1]),
    "layer norm": lambda torch, x: torch.nn.LayerNorm(4)(x),
    "group norm": lambda torch, x: torch.nn.GroupNorm(2, 4)(x),
    "recurrent": lambda torch, x: torch.nn.LSTM(4, 5)(x),
    "recurrent, rank": lambda torch, x: torch.nn.GRU(3, 5)(x[None, None]),
    "recurrent, state": lambda torch, x: torch.nn.GRU(3, 5)(x, torch.ones(2, 5)),
    "embedding": lambda torch, x: torch.nn.Embedding(3, 2)(torch.tensor([3])),
    "attention heads": lambda torch, x: torch.nn.MultiheadAttention(5, 2),
    "product": lambda torch, x: x.mul(torch.ones(3, 2)),
    "cross entropy, batch": lambda torch, x: torch.nn.functional.cross_entropy(x, torch.tensor([0, 1, 2])),
    "cross entropy, class": lambda torch, x: torch.nn.functional.cross_entropy(x, torch.tensor([0, 3])),
    "cross entropy, negative": lambda torch, x: torch.nn.functional.cross_entropy(x, torch.tensor([0, -1])),
    "cross entropy, rank": lambda torch, x: torch.nn.functional.cross_entropy(x, torch.tensor([[0], [1]])),
    "nll": lambda torch, x: torch.nn.functional.nll_loss(x, torch.tensor([0])),
    "bce": lambda torch, x: torch.nn.functional.binary_cross_entropy(x.sigmoid(), torch.ones(2)),
    "bce with logits": lambda torch, x: torch.nn.functional.binary_cross_entropy_with_logits(x, torch.ones(2)),
    "one hot": lambda torch, x: torch.nn.functional.one_hot(torch.tensor([0, 4]), 3),
    "topk": lambda torch, x: x.topk(4),
    "truth": lambda torch, x: bool(x),
    "truth of nothing": lambda torch, x: bool(x[:0]),
    "int": lambda torch, x: int(x),
    "length of a number": lambda torch, x: len(x[0, 0]),
    "iteration over a number": lambda torch, x: list(x[0, 0]),
    "unpacking": lambda torch, x: [a + b for a, b, c in [x]],
    "ragged": lambda torch, x: torch.tensor([[1, 2], [3]]),
    "copy": lambda torch, x: x.copy_(torch.ones(4)),
    "load_state_dict": lambda torch, x: torch.nn.Linear(3, 2).load_state_dict({"weight": x}),
}
DTYPES = {
    "linear": lambda torch, x: torch.nn.Linear(3, 2)(x.double()),
    "linear of integers": lambda torch, x: torch.nn.Linear(3, 2)(x.long()),
    "matmul": lambda torch, x: x @ x.t().double(),
    "mm of integers": lambda torch, x: torch.mm(x, x.t().long()),
    "convolution": lambda torch, x: torch.nn.Conv1d(2, 1, 1)(x.double()),
    "convolution of integers": lambda torch, x: torch.nn.Conv2d(1, 1, 1)(torch.ones(1, 1, 2, 2, dtype=torch.uint8)),
    "embedding": lambda torch, x: torch.nn.Embedding(3, 2)(x),
    "index": lambda torch, x: x[torch.tensor([0.0])],
    "gather": lambda torch, x: x.gather(1, x),
    "index_select": lambda torch, x: x.index_select(0, torch.tensor([0.5])),
    "cross entropy": lambda torch, x: torch.nn.functional.cross_entropy(x, torch.tensor([0.0, 1.0])),
    "cross entropy of integers": lambda torch, x: torch.nn.functional.cross_entropy(x.long(), torch.tensor([0, 1])),
    "cross entropy, int32": lambda torch, x: torch.nn.functional.cross_entropy(x, torch.tensor([0, 1]).int()),
    "nll": lambda torch, x: torch.nn.functional.nll_loss(x, torch.tensor([0.0, 1.0])),
    "bce": lambda torch, x: torch.nn.functional.binary_cross_entropy(x.sigmoid(), torch.ones(2, 3).long()),
    "mean of integers": lambda torch, x: x.long().mean(),
    "softmax of integers": lambda torch, x: x.long().softmax(0),
    "std of integers": lambda torch, x: x.long().std(),
    "dropout of integers": lambda torch, x: torch.nn.functional.dropout(x.long()),
    "layer norm of integers": lambda torch, x: torch.nn.functional.layer_norm(x.long(), (3,)),
    "in place": lambda torch, x: torch.ones(2, dtype=torch.long).add_(1.5),
    "division in place": lambda torch, x: torch.ones(2, dtype=torch.long).div_(2),
    "cross of two dtypes": lambda torch, x: torch.linalg.cross(x, x.double()),
    "float of a complex number": lambda torch, x: float(torch.tensor(1 + 2j)),
    "int of a complex number": lambda torch, x: int(torch.tensor(1 + 2j)),
    "and in place of what is larger": lambda torch, x: x[0].long().bitwise_and_(x.double()),
    "sum of a leaf into integers": lambda torch, x: torch.sum(
        x.requires_grad_(), 0, out=torch.zeros(3, dtype=torch.int64)
    ),
    "and in place of a float": lambda torch, x: x.long().bitwise_and_(1.5),
    "shift in place by a NumPy float": lambda torch, x: x.long().__ilshift__(np.float64(1)),
    "and in place of floats": lambda torch, x: x.bitwise_and_(1),
    "gcd in place of a float": lambda torch, x: x.long().gcd_(x),
    "scatter of a number beyond": lambda torch, x: x.byte().scatter(0, torch.zeros(1, 1, dtype=torch.int64), 300),
    "scatter of a negative number": lambda torch, x: x.byte().scatter(0, torch.zeros(1, 1, dtype=torch.int64), -1.5),
    "complex alpha of a product": lambda torch, x: torch.addmm(x, x[:, :2], x, alpha=1j),
    "complex beta of a product": lambda torch, x: torch.addmv(x[:, 0], x, x[0], beta=1j),
    "complex factor": lambda torch, x: torch.addcmul(x, x, x, value=1j),
    "complex factor in place": lambda torch, x: x.addcdiv_(x, x, value=1j),
    "complex weight": lambda torch, x: torch.lerp(x, x, 1j),
    "complex slope": lambda torch, x: torch.nn.functional.leaky_relu(x, 1j),
    "complex elu": lambda torch, x: torch.nn.functional.elu(x, 1j),
    "complex celu": lambda torch, x: torch.nn.functional.celu(x, 1j),
    "complex threshold": lambda torch, x: torch.nn.functional.threshold(x, 1j, 0),
    "item beyond": lambda torch, x: x.byte().__setitem__(0, 300),
    "negative item": lambda torch, x: x.byte().__setitem__(x > 9, -1.5),
    "items beyond": lambda torch, x: x.to(torch.int8).__setitem__(torch.tensor([0]), 1000),
    "complex item": lambda torch, x: x.half().__setitem__(0, 1j),
    "complex softplus": lambda torch, x: torch.nn.functional.softplus(x, 1j),
    "not of floats": lambda torch, x: ~x,
    "and of floats": lambda torch, x: x & x,
    "minus bool": lambda torch, x: (x > 0) - (x > 0),
    "negative bool": lambda torch, x: -(x > 0),
    "mask": lambda torch, x: x.masked_fill(x, 0.0),
    "masked_select": lambda torch, x: x.masked_select(x),
    "where": lambda torch, x: torch.where(x, x, x),
    "gradient of integers": lambda torch, x: x.long().requires_grad_(),
    "integer leaf": lambda torch, x: torch.tensor([1, 2], requires_grad=True),
    "comparison of complex": lambda torch, x: x.to(torch.complex64) > 1,
    "text": lambda torch, x: torch.tensor("a"),
    "list of texts": lambda torch, x: torch.tensor(["a"]),
    "none": lambda torch, x: torch.tensor([None]),
    "plus text": lambda torch, x: x + "a",
    "plus list": lambda torch, x: torch.add(x, [1]),
    "plus none": lambda torch, x: torch.add(x, None),
    "list": lambda torch, x: torch.cat(x),
    "exp of a number": lambda torch, x: torch.exp(1.0),
    "number to a layer": lambda torch, x: torch.nn.ReLU()(1.0),
    "array to a layer": lambda torch, x: torch.nn.Linear(3, 2)([1.0, 2.0, 3.0]),
    "missing argument": lambda torch, x: torch.add(x),
    "size of text": lambda torch, x: torch.zeros("a"),
    "negative size": lambda torch, x: torch.zeros(-1),
    "dtype by name": lambda torch, x: torch.zeros(2, dtype="float32"),
    "device": lambda torch, x: x.to("nowhere"),
    "attribute": lambda torch, x: x.no_such_method(),
    "numpy": lambda torch, x: x.requires_grad_().numpy(),
    "numpy of bfloat16": lambda torch, x: x.bfloat16().numpy(),
    "layer": lambda torch, x: torch.nn.Sequential(torch.nn.ReLU, torch.nn.ReLU),
    "parameter": lambda torch, x: setattr(torch.nn.Linear(3, 2), "weight", x),
    "module attribute": lambda torch, x: torch.nn.Linear(3, 2).weights,
    "optimizer": lambda torch, x: torch.optim.SGD(x, lr=0.1),
    "optimizer of nothing": lambda torch, x: torch.optim.SGD([], lr=0.1),
    "optimizer of a result": lambda torch, x: torch.optim.SGD([x.requires_grad_() * 2], lr=0.1),
    "optimizer of names": lambda torch, x: torch.optim.Adam(["a"]),
    "loss name": lambda torch, x: torch.nn.functional.mse_loss(x, x, reduction="none at all"),
}
AUTOGRAD = {
    "no gradient": lambda torch, x: x.sum().backward(),
    "no gradient left": lambda torch, x: trained(torch, x)[1].detach().backward(),
    "under no_grad": lambda torch, x: torch.no_grad()(trained)(torch, x)[1].backward(),
    "not a number": lambda torch, x: (x.requires_grad_() * 2).backward(),
    "gradient's shape": lambda torch, x: (x.requires_grad_() * 2).backward(torch.ones(3)),
    "twice": twice,
    "leaf in place": lambda torch, x: x.requires_grad_().add_(1),
    "leaf assigned": lambda torch, x: x.requires_grad_().__setitem__(0, 1.0),
    "view of a leaf in place": lambda torch, x: x.requires_grad_()[0].mul_(2),
    "leaf by -=": lambda torch, x: x.requires_grad_().__isub__(1),
    "requires_grad off a result": lambda torch, x: (x.requires_grad_() * 2).requires_grad_(False),
    "out": lambda torch, x: torch.add(x.requires_grad_(), 1, out=torch.ones(2, 3)),
    "unused": lambda torch, x: torch.autograd.grad(trained(torch, x)[1], [torch.ones(2, requires_grad=True)]),
    "not required": lambda torch, x: torch.autograd.grad(trained(torch, x)[1], [torch.ones(2)]),
    "grad's shape": lambda torch, x: setattr(x, "grad", torch.ones(3)),
    "grad's dtype": lambda torch, x: setattr(x, "grad", x.double()),
    "grad's type": lambda torch, x: setattr(x, "grad", 1.0),
    "deepcopy of a result": lambda torch, x: __import__("copy").deepcopy(x.requires_grad_() * 2),
    "hook without gradient": lambda torch, x: x.register_hook(print),
    "retain_grad without gradient": lambda torch, x: x.retain_grad(),
    "resize": lambda torch, x: x.requires_grad_().resize_(3),
}


@pytest.mark.parametrize("name", SHAPES)
def test_shapes(name: str):
    check_error([(2, 3)], SHAPES[name])


@pytest.mark.parametrize("name", DTYPES)
def test_dtypes_and_types(name: str):
    check_error([(2, 3)], DTYPES[name])


@pytest.mark.parametrize("name", AUTOGRAD)
def test_autograd(name: str):
    check_error([(2, 3)], AUTOGRAD[name])


def test_a_tensor_is_as_before_after_a_mistake():
    import torchlike

    x = torchlike.ones(2, 3)
    with pytest.raises(RuntimeError, match="size of tensor"):
        x.add_(torchlike.ones(2))
    with pytest.raises(RuntimeError, match="doesn't match the broadcast shape"):
        x[0].add_(torchlike.ones(2, 3))
    assert x.tolist() == [[1, 1, 1], [1, 1, 1]] and x._version == 0


def test_targets_that_broadcast_are_warned_of():
    check_warning([(2, 3), (3,)], lambda torch, x, y: torch.nn.functional.mse_loss(x, y))
    check_warning([(2, 3), (3,)], lambda torch, x, y: torch.nn.functional.l1_loss(x, y))
