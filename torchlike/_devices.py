"""Tensors of several devices in one call: what is brought together, and PyTorch's words for what is not.

Elementwise operations take a CPU tensor without dimensions to where the others are. All others take tensors of one device,
and say which argument is on another, by the names of PyTorch's kernels.
"""

from __future__ import annotations

from itertools import chain
from typing import Any

from torchlike._arguments import ARRAY, ARRAYS, LIKE, NUMBER, SYNONYMS
from torchlike._autograd.moving import moved
from torchlike._autograd.variable import TensorBase
from torchlike._declaration import Op
from torchlike._out import DEVICES, tensors_of
from torchlike._types.devices import META
from torchlike._types.places import Place

TAKEN = (ARRAY, ARRAYS, LIKE)
GOT = (
    "Expected all tensors to be on the same device, but got {} is on {}, different from other tensors on {} (when checking "
    "argument in method wrapper_CUDA_{})"
)
SCALARS = "Trying to pass too many CPU scalars to non-CPU kernel!"
# what says it in words of its own, of the devices by parameter
OWN = {
    "all_equal": "Cannot compare two tensors on different devices. Got: {input} and {other}",
    "index_copy": "index_copy_(): self, index and source expected to be in the same device, but got (self) {input}, "
    "(index) {index}, and (source) {source}",
    "masked_fill": "expected self and mask to be on the same device, but got mask on {mask} and self on {input}",
    "put": "put_(): self, index and source expected to be in the same device, but got self.device = {input}, index.device = "
    "{index}, and source.device = {source}",
    "scaled_dot_product_attention": "Expected query, key, and value to have the same device type, but got query.device: "
    "{query} key.device: {key} and value.device: {value} instead.",
}
RECURRENT = "Input and {} tensors are not at the same device, found input tensor at {} and {} tensor at {}"
TYPES = "Input type ({}) and {} type ({}) should be the same"
# the kernel, ``{}`` for the in-place form's underscore, and its names for the parameters in its order; of two rows the
# first, if all of them are given
EXACT = {
    "addbmm": ["_addbmm{}: self=input batch1 batch2"],
    "addmm": ["addmm{}: self=input mat1 mat2"],
    "addmv": ["addmv{}: self=input mat vec"],
    "addr": ["_addr{}: self=input vec1 vec2"],
    "baddbmm": ["baddbmm{}: self=input batch1 batch2"],
    "batch_norm": ["_cudnn_batch_norm: input weight bias running_mean running_var"],
    "bmm": ["bmm: self=input mat2"],
    "cat": ["cat: tensors"],
    "clamp": ["clamp{}_Tensor: self=input min max"],
    "column_stack": ["cat: tensors"],
    "cross_of": ["linalg_cross: self=input other"],
    "cross_entropy": ["nll_loss_forward: self=input target weight"],
    "dot": ["_dot: self=input tensor"],
    "dstack": ["cat: tensors"],
    "embedding": ["_index_select: self=weight index=input"],
    "gather": ["gather: self=input index"],
    "group_norm": ["_native_group_norm: input weight bias"],
    "hstack": ["cat: tensors"],
    "huber_loss": ["_huber_loss: self=input target"],
    "index_add": ["index_add{}: self=input index source"],
    "index_reduce": ["index_reduce{}: self=input index source"],
    "index_select": ["_index_select: self=input index"],
    "layer_norm": ["_native_layer_norm: input weight bias"],
    "linear": ["addmm: self=bias mat1=input mat2=weight", "mm: self=input mat2=weight"],
    "matmul": ["mm: self=input mat2=other"],
    "mm": ["mm: self=input mat2"],
    "multi_margin_loss": ["_multi_margin_loss: self=input target weight"],
    "mv": ["addmv_: self=vec mat=input vec"],
    "nll_loss": ["nll_loss_forward: self=input target weight"],
    "scatter": ["scatter{}_src: self=input index src", "scatter{}_value: self=input index"],
    "scatter_add": ["scatter_add{}: self=input index src"],
    "scatter_reduce": ["scatter_reduce{}_two: self=input index src"],
    "stack": ["cat: tensors"],
    "take": ["_take: self=input index"],
    "take_along_dim": ["gather: self=input index=indices"],
    "vdot": ["_vdot: self=input other"],
    "vstack": ["cat: tensors"],
}
FREE = ("copy", "ctc_loss")  # what takes them from anywhere


def together(op: Op, args: tuple, kwargs: dict, in_place: bool) -> tuple | None:
    """A call with its tensors at one place; None if they are already.

    Raises:
        RuntimeError: they are on several devices, and the operation takes no such tensors.
    """
    if len({each._aval.place for each in tensors_of((*args, *kwargs.values()))}) < 2:
        return None
    bound = op.bind(args, kwargs).arguments
    given = {name: tensors_of((each,)) for name, each in bound.items() if op.kinds[name] in TAKEN}
    every = list(chain.from_iterable(given.values()))
    if len({each.device for each in every}) > 1 and op.name not in FREE:
        _check(op, given, in_place)
    where = every[0]._aval.place if in_place else _common(every)
    every += tensors_of(tuple([each for name, each in bound.items() if op.kinds[name] is NUMBER]))
    if all(each._aval.place is where for each in every):
        return None

    def there(name: str, each: Any):
        if isinstance(each, TensorBase) and op.kinds[name] in (*TAKEN, NUMBER):
            return moved(each, where)
        return tuple([there(name, one) for one in each]) if op.kinds[name] is ARRAYS and each is not None else each

    moves = [there(name, each) for name, each in zip(op.kinds, args, strict=False)]
    names: dict[str, Any] = {name: SYNONYMS.get(name, name) if name not in op.kinds else name for name in kwargs}
    return tuple(moves), {name: there(names[name], each) for name, each in kwargs.items()}


def check_out(op: Op, args: tuple, kwargs: dict) -> None:
    """Refuse a tensor given as ``out=`` that is on another device than the others, where PyTorch's kernel looks first.

    Raises:
        RuntimeError: it is.
    """
    out = kwargs["out"]
    if op.name in EXACT and isinstance(out, TensorBase):
        bound = op.bind(args, {name: each for name, each in kwargs.items() if name != "out"}).arguments
        kernel, found = _row(op, {name: tensors_of((each,)) for name, each in bound.items()})
        own, _, overload = kernel.format("_out").partition("_out")
        kernel = f"out{own}_out" if own.startswith("_") else f"{own}_out{overload}_out"
        _compare(kernel, [("out", out), *found])


def _common(tensors: list[TensorBase]) -> Place:
    """The place of them all: a mesh if there is one, else a device that is not the CPU."""
    return max([each._aval.place for each in tensors], key=lambda place: (place.mesh is not None, not place.is_host))


def _check(op: Op, given: dict[str, list[TensorBase]], in_place: bool) -> None:
    """Refuse tensors of several devices, but for what the operation takes."""
    wide = [each.device for each in chain.from_iterable(given.values()) if each._aval.ndim]
    if META in wide and len(set(wide)) > 1:
        first, second = list(dict.fromkeys(wide))[:2]
        raise RuntimeError(f"Tensor on device {second} is not on the expected device {first}!")
    at = {name: each[0].device for name, each in given.items() if each}
    if op.name in OWN and len({at[name] for name in at if f"{{{name}}}" in OWN[op.name]}) > 1:
        raise RuntimeError(OWN[op.name].format(**at))
    if "conv" in op.name:
        for name in ("weight", "bias"):
            if at.get(name, at["input"]) != at["input"]:
                raise RuntimeError(TYPES.format(given["input"][0].type(), name, given[name][0].type()))
    if op.name.startswith(("lstm", "rnn")):
        for name, each in at.items():
            if each != at["input"] and name != "lengths":
                kind = "hidden" if name == "hx" else "parameter"
                raise RuntimeError(RECURRENT.format(kind, at["input"], kind, each))
        return
    if op.name in EXACT:
        kernel, found = _row(op, given)
        _compare(kernel.format("_" if in_place else ""), found)
    _check_elementwise(op, list(chain.from_iterable(given.values())), in_place)


def _row(op: Op, given: dict[str, list[TensorBase]]) -> tuple[str, list[tuple[str, TensorBase]]]:
    """PyTorch's kernel, and the tensors by its names."""
    rows = EXACT[op.name]
    if op.name == "matmul" and max([each._aval.ndim for each in chain.from_iterable(given.values())]) > 2:
        rows = ["bmm: self=input mat2=other"]
    kernel, pairs = "", []
    for row in rows:
        kernel, _, names = row.partition(": ")
        pairs = [each.partition("=") for each in names.split()]
        if row is rows[-1] or all(given.get(own or name) for name, _, own in pairs):
            break
    return kernel, [(name, each) for name, _, own in pairs for each in given.get(own or name, ())]


def _compare(kernel: str, found: list[tuple[str, TensorBase]]) -> None:
    for name, each in found:
        if each.device != found[0][1].device:
            raise RuntimeError(GOT.format(name, each.device, found[0][1].device, kernel))


def check_same(kernel: str, **given: TensorBase | None) -> None:
    """Refuse tensors of several devices for one of PyTorch's kernels.

    Raises:
        RuntimeError: they are.
    """
    _compare(kernel, [(name, each) for name, each in given.items() if each is not None])


def _check_elementwise(op: Op, tensors: list[TensorBase], in_place: bool) -> None:
    common = next(each.device for each in tensors if not each.is_cpu)
    scalars = 0
    for place, each in enumerate(tensors):
        if each.is_cpu and not each._aval.ndim and not (in_place and not place):
            scalars += op.name != "where"
            if scalars > 1:
                raise RuntimeError(SCALARS)
        elif each.device != common:
            raise RuntimeError(DEVICES.format(common, each.device))
