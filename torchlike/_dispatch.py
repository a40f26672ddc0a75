"""How an operation is declared and called.

`op` takes a pure JAX function with PyTorch's signature and gives back the function on tensors. From the same
declaration come ``f.inplace`` (``Tensor.f_``) and ``out=``. What an argument is follows from its annotation:

============= ================================================================================================
``Array``     a tensor
``ArrayLike`` a tensor or a Python number
``Arrays``    a sequence of tensors
``Number``    a Python number (or a tensor of one element): an argument of the program, so that another number
              compiles nothing. In the function it is a weakly typed 0-d array
``Integer``   the same, an integer
``Integers``  one integer or a sequence of them
``Positive``  the same where it is positive and finite and neither 1 nor 2; else static
anything      static: a part of the operation
============= ================================================================================================

A call looks up the traced operation (`Spec`) by the avals of its tensors and its static arguments, and records it.
Shape and dtype errors come from the function itself when it is first traced for these.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple, Protocol, overload

import jax
import numpy as np

from torchlike._arguments import (
    ARRAY,
    ARRAYS,
    INTEGERS,
    LIKE,
    NUMBER,
    NUMERIC,
    POSITIVE,
    STATIC,
    SYNONYMS,
    Form,
    check,
    explained,
    is_structure,
    kind_of,
    modern,
)
from torchlike._autograd.modes import no_grad, state
from torchlike._autograd.refusals import INFERENCE_SAVED, ON_EXPANDED, OVERLAP
from torchlike._autograd.tape import apply, apply_keeping, derivative_of, node_class
from torchlike._autograd.variable import TensorBase
from torchlike._half import in_single
from torchlike._kernels import refuse
from torchlike._out import CAST, OutRule, tensors_of, with_out
from torchlike._programs import explain
from torchlike._programs.aval import Aval, aval
from torchlike._programs.generic import Traces, put_in, taken_out
from torchlike._programs.spec import NUMBERS, Spec
from torchlike._programs.tracebacks import shorten
from torchlike._recorder.checks import Bound, Check, finding
from torchlike._recorder.recorder import recorder
from torchlike._recorder.storage import Storage
from torchlike._recorder.view import Layout, Step, ViewRule
from torchlike._types import dtypes
from torchlike._types.devices import CPU
from torchlike._types.numbers import beyond, unfit

_NUMBERS = (float, int, complex)


@dataclass(frozen=True)
class Flags:
    """What is special about an operation.

    Attributes:
        varargs: whether the last positional parameter may be spelled out: ``x.view(2, 3)``.
        grad_name: the name of its node on the tape, where that is not ``<Name>Backward0``, or a function that gives it
            for a `Call`.
        order: the parameters in the order in which PyTorch's node has them, where that is another.
        saves: whether PyTorch's node saves tensors, so that there can be no second backward, where that is another answer
            than whether the derivative uses any; or a function that gives it for a `Call`.
        view: for a view operation, its layout function; see `ViewRule`.
        write: for a view operation, how to write through it; `careful`: as in `ViewRule`.
        sign, merge: for a view operation, as in `ViewRule`.
        promised: for a view operation, whether its arguments are known to be right: it is traced when it runs.
        measure: a function on NumPy arrays that gives the static argument ``size`` of a result whose shape depends
            on values; the inputs are computed to call it.
        keeps_residuals: whether the tracked forward keeps what its derivative needs, rather than running again
            inside it: for loops, which XLA does not merge.
        module: the public module that shows it, where that is neither ``torchlike`` nor, for the operations of
            layers, ``torchlike.nn.functional``.
        overloads: where PyTorch has several signatures, these as it writes them: for errors.
        legacy: old names of keywords and what they are now: taken, with a FutureWarning.
        guard: called with the arguments of each call, for what is warned of, or refused, before anything is traced.
        check: called with the arguments, of tensors and numbers shape and dtype alone; gives the `Check`s of their
            values.
        deprecated: old orders of the positional arguments, as names with spaces between: taken, with a UserWarning.
        out: what becomes of ``out=`` with another dtype than the result's; a tuple where that differs by output.
        apart_out: whether tensors given as ``out=`` must not be inputs, too.
        stepwise: whether halves are rounded at each step, as PyTorch does where it has several operations or computes
            in halves; else once, at the end.
        fits: the numbers that must fit the result's dtype.
        shares: what the in-place form lets share memory with elements that it writes to: ``"inputs"``, or ``"all"``,
            other such elements too.
        untracked: whether the in-place form leaves the history as it is, in whatever mode.
        on_expanded: where it takes the latter with a warning, the example in that.
    """

    varargs: str | None = None
    grad_name: str | Callable | None = None
    order: tuple[str, ...] = ()
    saves: bool | Callable | None = None
    view: Callable | None = None
    write: Callable | None = None
    careful: bool = False
    sign: Callable | None = None
    merge: Callable | None = None
    promised: bool = False
    measure: Callable | None = None
    keeps_residuals: bool = False
    module: str | None = None
    overloads: tuple[str, ...] = ()
    legacy: Mapping[str, str] = field(default_factory=dict)
    guard: Callable | None = None
    check: Callable[..., Sequence[Check]] | None = None
    deprecated: tuple[str, ...] = ()
    out: OutRule | tuple[OutRule, ...] = CAST
    apart_out: bool = False
    stepwise: bool = False
    fits: tuple[str, ...] = ()
    shares: str = ""
    untracked: bool = False
    on_expanded: str = ""


@dataclass
class Op:
    """A declared operation.

    Attributes:
        name: as in ``torch.<name>``.
        body: the JAX function.
        kinds: what each parameter is, in order.
        specs: traced operations, by what they were called with.
        traces: those traced with symbols for sizes, by the pattern of the calls.
    """

    name: str
    body: Callable
    flags: Flags
    signature: inspect.Signature = field(init=False)
    kinds: dict[str, str] = field(init=False)
    specs: dict = field(default_factory=dict)
    traces: dict = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.signature = inspect.signature(self.body)
        self.kinds = {p.name: kind_of(str(p.annotation)) for p in self.signature.parameters.values()}

    def bind(self, args: tuple, kwargs: dict, form: Form | None = None) -> inspect.BoundArguments:
        """The arguments by parameter.

        Raises:
            TypeError: they do not fit the signature, in PyTorch's words.
        """
        kwargs = {SYNONYMS.get(k, k) if k not in self.kinds else k: v for k, v in kwargs.items()}
        try:
            return self.signature.bind(*args, **kwargs)
        except TypeError as error:
            raise TypeError(explained(self, args, kwargs, str(error), form or Form(self.name))) from None

    def spec(self, key: tuple, args: tuple, kwargs: dict, inputs: list, in_place: bool = False) -> Spec:
        """The operation for these arguments, kept under `key`.

        Args:
            in_place: whether the result is cast to the first tensor's dtype, and must have its shape.
        """
        count = iter(range(len(inputs)))
        names = tuple(self.kinds)
        args = tuple([self._slotted(name, given, count) for name, given in zip(names, args, strict=False)])
        bound = self.bind(args, {name: self._slotted(name, given, count) for name, given in kwargs.items()})
        kinds = tuple(type(each) if isinstance(each, _NUMBERS) else each.aval for each in inputs)
        _check_devices(kinds)
        made = self.spec_of(kinds, bound.args, bound.kwargs, in_place)
        if self.flags.check is not None or self.flags.fits:
            made.checks = self._checks(made, bound.args, bound.kwargs)
        try:
            self.specs[key] = made
        except TypeError:
            pass  # an argument that cannot be hashed: traced again at the next call
        return made

    def spec_of(self, kinds: tuple, args: tuple, kwargs: dict, in_place: bool = False) -> Spec:
        """The operation for inputs of these kinds, with arguments that are static or places among the inputs.

        It is traced, unless one trace does for all sizes.
        """
        refuse(self.body.__name__, kinds)
        call = kinds, args, tuple(kwargs.items()), in_place
        sizes: list[int] = []
        pattern = taken_out(call, sizes)
        generic = mistake = None
        try:
            traces = self.traces.setdefault(pattern, Traces())
        except TypeError:
            traces = Traces()  # an argument that cannot be hashed
        try:
            generic = traces.find(sizes, lambda symbols: self._traced(put_in(pattern, symbols)))
        except Exception as error:
            mistake = error  # the user's, if these sizes have it too, and then in numbers
        if generic is not None:
            made = generic[0].at(generic[1], self._function(*call))
        else:
            made = self._promised(call) if self.flags.promised else self._traced(call)
        if mistake is not None:
            raise mistake
        made.call = Call(self, self.signature.bind(*args, **kwargs).arguments, kinds, in_place)
        named = self.flags.grad_name
        made.grad_name = named(made.call) if callable(named) else named
        if self.flags.view is not None:
            made.extra = self._view_rule(args, kwargs)
        return made

    def _checks(self, spec: Spec, args: tuple, kwargs: dict) -> tuple[Bound, ...]:
        """What the operation asks of its inputs' values; nothing of what has no elements."""
        kinds = spec.inputs
        structs = [_struct(each) for each in kinds]
        fill = functools.partial(_filled, arrays=structs)
        made = []
        check = self.flags.check
        own = check(*map(fill, args), **{k: fill(v) for k, v in kwargs.items()}) if check is not None else ()
        for asked in (*own, *self._fitting(spec, args, kwargs, structs)):
            places = tuple([next(at for at, each in enumerate(structs) if each is given) for given in asked.given])
            if all(each.size for each in asked.given):
                taken = (*[kinds[place] for place in places], *map(type, asked.numbers))
                predicate = _predicate(asked.wrong, isinstance(asked.error, Exception))
                slots = tuple(map(Slot, range(len(taken))))
                made.append(Bound(asked, places, functools.partial(predicate.spec_of, taken, slots, {})))
        return tuple(made)

    def _fitting(self, spec: Spec, args: tuple, kwargs: dict, structs: list) -> Iterator[Check]:
        """The checks of numbers that must fit the result's dtype, where that holds less than most."""
        dtype = spec.outputs[0].dtype
        if dtype.rank == 1 or dtype is dtypes.float16:
            given = self.signature.bind(*args, **kwargs).arguments
            for place in [given.get(name) for name in self.flags.fits]:
                if type(place) is Slot and isinstance(spec.inputs[place], type):
                    yield Check(beyond(dtype, spec.inputs[place]), (structs[place],), unfit(dtype))

    def _promised(self, call: tuple) -> Spec:
        viewed, *numbers = call[0]
        layout = self._view_rule(call[1], dict(call[2])).layout(Layout.contiguous(viewed.shape), *[0] * len(numbers))
        return Spec.promised(self.name, self._function(*call), call[0], aval(layout.shape, viewed.dtype, viewed.device))

    def _traced(self, call: tuple) -> Spec:
        return Spec(self.name, self._function(*call), call[0])

    def _function(self, kinds: tuple, args: tuple, kwargs: tuple, in_place: bool) -> Callable:
        """The function of the inputs."""
        asked = next((each for each in (*args, *dict(kwargs).values()) if isinstance(each, dtypes.dtype)), None)

        def fn(arrays, dtype):
            fill = functools.partial(_filled, arrays=arrays, asked=asked, dtype=dtype)
            got = self.body(*map(fill, args), **{k: fill(v) for k, v in kwargs})
            return _cast_to(kinds[0], got) if in_place else got

        avals = [each for each in kinds if not isinstance(each, type)]
        if not self.flags.stepwise and not {asked, *(each.dtype for each in avals)}.isdisjoint(dtypes.HALVES):
            return in_single(fn, asked, all(each.device is CPU for each in avals))
        return lambda *arrays: fn(arrays, asked)

    def _slotted(self, name: str, given, count):
        """The argument with tensors and numbers replaced by their place among the inputs."""
        kind = self.kinds.get(SYNONYMS.get(name, name) if name not in self.kinds else name, STATIC)
        if isinstance(given, TensorBase):
            return Slot(next(count))
        if kind is STATIC or (kind is POSITIVE and is_structure(given)) or isinstance(given, bool):
            pass
        elif isinstance(given, NUMERIC):
            return Slot(next(count))
        if kind is ARRAYS and isinstance(given, (tuple, list)):
            return tuple(Slot(next(count)) if isinstance(each, TensorBase) else each for each in given)
        if kind is INTEGERS and isinstance(given, (tuple, list)):
            return tuple(Slot(next(count)) if type(each) is int else each for each in given)
        if isinstance(given, type):
            return dtypes.OF_PYTHON.get(given, given)  # ``dtype=float``
        return tuple(given) if isinstance(given, list) else given

    def _view_rule(self, args: tuple, kwargs: dict) -> ViewRule:
        """The layout and writing rules with the static arguments bound; numbers come at the call."""
        flags = self.flags

        def layout(viewed, *given):
            fill = functools.partial(_filled, arrays=(viewed, *given))
            return flags.view(*map(fill, args), **{k: fill(v) for k, v in kwargs.items()})

        def write(viewed, new, *given):
            fill = functools.partial(_filled, arrays=(viewed, *given))
            return flags.write(new, *map(fill, args), **{k: fill(v) for k, v in kwargs.items()})

        return ViewRule(layout, None if flags.write is None else write, flags.sign, flags.careful, flags.merge)


@functools.cache
def _predicate(wrong: Callable, is_brief: bool) -> Op:
    """The operation that finds whether something is wrong, for all shapes."""
    return Op(wrong.__name__.strip("_"), finding(wrong, is_brief), Flags())


def _struct(kind) -> jax.ShapeDtypeStruct:
    """Shape and dtype of an input, as an object of its own."""
    known = NUMBERS[kind] if isinstance(kind, type) else kind.struct
    return jax.ShapeDtypeStruct(known.shape, known.dtype, weak_type=known.weak_type)


class Slot(int):
    """The place of an argument among the inputs of an operation."""


class Call(NamedTuple):
    """What a spec was made for.

    Attributes:
        op: the operation.
        arguments: by parameter what is static, and a `Slot`, or a tuple of them, for what is an input.
        kinds: the inputs' kinds.
        in_place: whether the result goes into the first of them.
    """

    op: Op
    arguments: Mapping[str, Any]
    kinds: tuple
    in_place: bool

    def __getitem__(self, name: str) -> Any:
        """What a parameter was given: an aval, a type of number, something static; its default where it was left out."""
        given = self.arguments.get(name, self.op.signature.parameters[name].default)
        return self.kinds[given] if type(given) is Slot else given

    def place(self, name: str) -> int | None:
        """Which input a parameter was given; None where it is none."""
        given = self.arguments.get(name)
        return given if type(given) is Slot else None

    def is_tensor(self, name: str) -> bool:
        """Whether a parameter was given a tensor."""
        return isinstance(self[name], Aval)

    @property
    def saves(self) -> bool | None:
        """Whether PyTorch's node saves tensors; None if it does where the derivative uses them."""
        saves = self.op.flags.saves
        return saves(self) if callable(saves) else saves

    @property
    def places(self) -> tuple[int | None, ...]:
        """The inputs that PyTorch's node has edges for, None for a tensor that is left out: no indices, no masks."""
        flags, kinds = self.op.flags, self.op.kinds
        of_tensors = any(self.is_tensor(name) for name, kind in kinds.items() if kind is LIKE)
        found: list[int | None] = []
        for name in flags.order or kinds:
            given, kind = self.arguments.get(name), kinds[name]
            if isinstance(given, tuple) and kind is ARRAYS:
                found += [place for place in given if self.kinds[place].dtype.rank >= 2]
            elif type(given) is Slot and kind in (ARRAY, LIKE):
                aval = self.kinds[given]
                # a number is a tensor to PyTorch, unless there is an overload for numbers
                shown = not (flags.overloads or name in flags.fits) if isinstance(aval, type) else aval.dtype.rank >= 2
                found += [given] if shown or (kind is LIKE and isinstance(aval, Aval)) else []
            elif given is None and "reduction" not in kinds and (kind is ARRAY or kind is LIKE and of_tensors):
                found.append(None)
        return tuple(found)


def _filled(each, arrays, asked=None, dtype=None):
    if type(each) is Slot:
        return arrays[each]
    if each is asked:
        return dtype
    if type(each) is tuple and any(type(item) is Slot for item in each):
        return tuple(arrays[item] if type(item) is Slot else item for item in each)
    return each


def _check_devices(kinds: tuple) -> None:
    """Tensors of different devices refuse each other; a CPU scalar goes anywhere."""
    found = dict.fromkeys(each.device for each in kinds if not isinstance(each, type) and each.ndim)
    if len(found) > 1:
        names = " and ".join(str(each) for each in list(found)[:2])
        raise RuntimeError(f"Expected all tensors to be on the same device, but found at least two devices, {names}!")


def _python_number(given) -> complex:
    """A number of NumPy, or of a subclass of Python's, as one of Python's own."""
    if isinstance(given, (np.bool_, np.complex64)):
        return float(given.real)  # as PyTorch takes it
    if isinstance(given, np.generic):
        return given.item()
    return next(kind for kind in (int, float, complex) if isinstance(given, kind))(given)


_LIKE_INTS = frozenset((bool, float))  # equal to some int, and not the same argument


def _gatherer(op: Op) -> Callable:
    """A function that splits a call's arguments into (key, inputs, edges)."""
    kinds = tuple(op.kinds.values())
    most = len(kinds)

    def odd(given, kind, key, inputs, edges):
        """An argument that is neither a tensor nor a plain number nor static."""
        if given is None or given is True or given is False:
            key.append(given)
        elif isinstance(given, NUMERIC) and kind is not ARRAYS:
            given = _python_number(given)
            key.append(type(given))
            inputs.append(given)
            edges.append(None)
        elif kind is ARRAYS and isinstance(given, (tuple, list)):
            key.append(len(given))
            for each in given:
                if isinstance(each, TensorBase):
                    value = each._operand()
                    key.append(value.aval)
                    inputs.append(value)
                    edges.append(each._edge)
                else:
                    key.append(None if each is None else type(each))
        elif kind is INTEGERS and isinstance(given, (tuple, list)):
            key.append(len(given))
            numbers_in = [each for each in given if type(each) is int]
            key.extend([int if type(each) is int else each for each in given])
            inputs.extend(numbers_in)
            edges.extend([None] * len(numbers_in))
        else:
            key.append(type(given))  # no operation is kept under such a key: `check` finds what is wrong

    def gather(args, kwargs):
        inputs: list = []
        edges: list = []
        key: list = []
        for arg, kind in zip(args, kinds):  # noqa: B905 - a length too large is found below
            if isinstance(arg, TensorBase):
                if arg._view is None:
                    value = arg._storage.value
                    if value is None:
                        value = arg._storage.read()
                else:
                    if arg._frozen is not None:
                        arg._check_history()
                    value = arg._viewed_value()
                key.append(value.aval)
                inputs.append(value)
                edges.append(arg._edge)
            elif kind is STATIC or (kind is POSITIVE and is_structure(arg)):
                key.append(arg if type(arg) not in _LIKE_INTS else (type(arg), arg))
            elif type(arg) in _NUMBERS:
                key.append(type(arg))
                inputs.append(arg)
                edges.append(None)
            else:
                odd(arg, kind, key, inputs, edges)
        if len(args) > most:
            key.append("too many")
        if kwargs:
            for name, arg in kwargs.items():
                key.append(name)
                kind = op.kinds.get(SYNONYMS.get(name, name) if name not in op.kinds else name, STATIC)
                if isinstance(arg, TensorBase):
                    value = arg._operand()
                    key.append(value.aval)
                    inputs.append(value)
                    edges.append(arg._edge)
                elif kind is STATIC or (kind is POSITIVE and is_structure(arg)):
                    key.append(
                        (type(arg), arg) if type(arg) in _LIKE_INTS else tuple(arg) if isinstance(arg, list) else arg
                    )
                elif type(arg) in _NUMBERS:
                    key.append(type(arg))
                    inputs.append(arg)
                    edges.append(None)
                else:
                    odd(arg, kind, key, inputs, edges)
        return tuple(key), inputs, edges

    return gather


class TensorFunction(Protocol):
    """An operation as a function on tensors: what `op` makes of a declaration.

    Attributes:
        op: the declaration.
        inplace: the form that puts the result into the first argument, with an ``operator`` of its own.
        operator: the form for Python's operators.
    """

    op: Op
    inplace: Any
    operator: Any

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Record the operation."""

    def __get__(self, instance: Any, owner: Any) -> Callable[..., Any]:
        """A method, in a class body."""


@overload
def op(body: Callable[..., Any], /) -> TensorFunction: ...
@overload
def op(**flags: Any) -> Callable[[Callable[..., Any]], TensorFunction]: ...
def op(body: Any = None, /, **flags: Any) -> Any:
    """Declare an operation: a pure JAX function with PyTorch's signature becomes the function on tensors.

    Args:
        flags: see `Flags`; and ``name``, where it is not the function's own without trailing underscore.

    Returns:
        The function on tensors, with attributes ``op`` (the `Op`), ``inplace`` (the in-place form) and ``operator``
        (for ``__add__`` and its like).

    Raises:
        ValueError: an operation of this name in this module was declared before.

    Example:
        >>> @op
        ... def double(input: Array) -> Array:
        ...     return input + input
    """
    if body is None:
        return functools.partial(op, **flags)
    name = flags.pop("name", body.__name__.rstrip("_"))
    identity = (body.__module__, body.__qualname__)
    if identity in _declared:
        raise ValueError(f"operation {body.__qualname__} is declared twice in {body.__module__}")
    declared = _declared[identity] = Op(name, body, Flags(**flags))
    call, method = (_guarded(declared, _caller(declared, Form(name, own))) for own in (0, 1))
    for each in (call, method):
        functools.update_wrapper(each, body)
        _show(declared, each, name)
        each.op = declared
    call.inplace = _inplace(declared)
    call.operator, call.inplace.operator = operator(call), operator(call.inplace)
    methods[call] = method
    return call


def _guarded(op: Op, form: Callable) -> Callable:
    """A form of an operation with its guard before it, where it has one."""
    guard = op.flags.guard
    if guard is None:
        return form

    def guarded(*args, **kwargs):
        try:
            guard(*args, **kwargs)
            return form(*args, **kwargs)
        except BaseException as error:
            shorten(error)
            raise

    return guarded


def _show(op: Op, form: Callable, name: str) -> None:
    """Give a form of an operation its public name and place."""
    form.__name__ = form.__qualname__ = name
    place = op.body.__module__
    if place.startswith("torchlike."):
        form.__module__ = op.flags.module or ("torchlike.nn.functional" if ".nn." in place else "torchlike")


_declared: dict[tuple, Op] = {}
# for each function its form for classes, which counts arguments without the tensor whose method it is
methods: dict[Callable, Callable] = {}


def declared_ops() -> list[Op]:
    """Every declared operation, in order."""
    return list(_declared.values())


def _forget_specs() -> None:
    """Traced operations hold the default dtype: with another one they are traced anew."""
    for each in _declared.values():
        each.specs.clear()
        each.traces.clear()


dtypes.on_change.append(_forget_specs)


def _caller(op: Op, form: Form) -> Callable:
    gather, specs, flags = _gatherer(op), op.specs, op.flags
    spread = None if flags.varargs is None else tuple(op.kinds).index(flags.varargs)
    new, is_view, is_checked = object.__new__, flags.view is not None, flags.check is not None or bool(flags.fits)

    def call(*args, **kwargs):
        try:
            if spread is not None and len(args) > spread and not isinstance(args[spread], (tuple, list)):
                args = _packed(args, spread)
            if "out" in kwargs:
                return with_out(call, args, kwargs)
            key, inputs, edges = gather(args, kwargs)
            try:
                spec = specs.get(key)
            except TypeError:  # a list among the static arguments
                spec = None
            if spec is None:
                other = _other_form(op, args, kwargs, inputs, form)
                if other is not None:
                    return call(*other[0], **other[1])
                spec = op.spec(key, args, kwargs, inputs)
            if is_checked and spec.checks:
                recorder.look(spec.checks, inputs)
            inputs = tuple(inputs)
            enabled = state.enabled
            tracked = enabled and spec.differentiable and edges.count(None) != len(edges)
            if tracked:
                if Storage.inferred:
                    _check_saved(spec, (*args, *kwargs.values()), edges)
                if recorder.at_boundary:
                    recorder.boundary()
            if not spec.single:
                if tracked and flags.keeps_residuals:
                    return spec.container(
                        [TensorBase._wrap(*pair) for pair in apply_keeping(spec, inputs, tuple(edges))]
                    )
                return _wrap_all(spec, inputs, tuple(edges), tracked)
            value = recorder.recording.add(spec, inputs)[0]
            edge = ((spec.node_class or node_class(spec))(spec, inputs, tuple(edges)), 0) if tracked else None
            if is_view:
                return (args[0] if args else kwargs["input"])._viewed(Step(spec, inputs[1:]), value, edge)
            made = new(TensorBase._plain)
            made._storage = Storage(value)
            if tracked:
                made._edge = edge
            elif enabled is None:
                made._storage.infer()
            return made
        except BaseException as error:
            shorten(error)
            raise

    call.op = op
    return call


def _check_saved(spec: Spec, given: tuple, edges: Sequence) -> None:
    """Refuse to save a tensor for a derivative that was made in inference mode.

    Raises:
        RuntimeError: the derivative uses one.
    """
    tensors = tensors_of(given)
    if any([each._storage.inference for each in tensors]):
        places = [place for place, kind in enumerate(spec.inputs) if not isinstance(kind, type)]
        used = derivative_of(spec, tuple([edge is not None for edge in edges]), [True] * spec.count)[1]
        for place, each in zip(places, tensors, strict=False):
            if each._storage.inference and place in used:
                raise RuntimeError(INFERENCE_SAVED)


def _wrap_all(spec: Spec, inputs: tuple, edges: tuple, tracked: bool):
    made = [TensorBase._wrap(*pair) for pair in apply(spec, inputs, edges, tracked)]
    return spec.container(made)


def _packed(args: tuple, place: int) -> tuple:
    """``x.view(2, 3)`` as ``x.view((2, 3))``."""
    if args[place] is None or isinstance(args[place], dtypes.dtype):
        return args
    return (*args[:place], tuple(args[place:]))


def _other_form(op: Op, args: tuple, kwargs: dict, inputs: list, form: Form) -> tuple | None:
    """A call that was never made before, in the form in which it can be traced; None if it is that.

    Raises:
        TypeError: the arguments do not fit.
    """
    other = modern(op, args, kwargs)
    if other is not None:
        return other
    check(op, args, kwargs, form)
    return _plainer(op, args, kwargs, inputs)


def _plainer(op: Op, args: tuple, kwargs: dict, inputs: list) -> tuple | None:
    """The call with tensors and lists in static places made plain; None if it is plain already."""
    changed = False

    def plain(name: str, given):
        nonlocal changed
        kind = op.kinds.get(SYNONYMS.get(name, name) if name not in op.kinds else name, STATIC)
        if kind in (ARRAY, LIKE, ARRAYS, NUMBER):
            return given
        if isinstance(given, TensorBase):
            changed = True
            return given.item()
        if isinstance(given, (list, tuple)) and (
            isinstance(given, list) or any(isinstance(each, TensorBase) for each in given)
        ):
            changed = True
            return tuple([plain(name, each) for each in given])
        return given

    args = tuple([plain(name, given) for name, given in zip(op.kinds, args, strict=False)])
    kwargs = {name: plain(name, given) for name, given in kwargs.items()}
    if op.flags.measure is not None and "size" not in kwargs:
        return args, {**kwargs, "size": op.flags.measure(*[each.numpy() for each in inputs])}
    return (args, kwargs) if changed else None


# ---------------------------------------------------------------------- in-place forms


def _inplace(op: Op) -> Callable:
    """The form that puts the result into the first argument."""
    gather, shares, form = _gatherer(op), op.flags.shares, Form(op.name + "_", own=1)

    def inplace(self, *args, **kwargs):
        try:
            self._check_writable(args)
            if shares != "all":
                if self._view is not None and self._repeats:
                    _warn_of_expanded(op)
                if not shares:
                    for each in args:
                        if isinstance(each, TensorBase) and each._storage is self._storage and each is not self:
                            self._check_apart(each)
            if op.flags.varargs is not None:
                args = _packed((self, *args), list(op.kinds).index(op.flags.varargs))[1:] if args else args
            key, inputs, edges = gather((self, *args), kwargs)
            key = ("in place", *key)
            try:
                spec = op.specs.get(key)
            except TypeError:
                spec = None
            if spec is None:
                other = _other_form(op, (self, *args), kwargs, inputs, form)
                if other is not None:
                    return inplace(*other[0], **other[1])
                spec = op.spec(key, (self, *args), kwargs, inputs, in_place=True)
            if spec.checks:
                recorder.look(spec.checks, inputs)
            inputs, edges = tuple(inputs), tuple(edges)
            tracked = spec.differentiable and state.enabled and edges.count(None) != len(edges)
            if tracked and recorder.at_boundary:
                recorder.boundary()
            if tracked and Storage.inferred:
                _check_saved(spec, (self, *args), edges)
            self._write(*apply(spec, inputs, edges, tracked)[0])
            return self
        except BaseException as error:
            shorten(error)
            raise

    guarded = _guarded(op, no_grad()(inplace) if op.flags.untracked else inplace)
    functools.update_wrapper(guarded, op.body)
    _show(op, guarded, form.name)
    return guarded


def _warn_of_expanded(op: Op) -> None:
    """Refuse to write to elements that share a place, or warn of it where PyTorch does no more.

    Raises:
        RuntimeError: it does.
    """
    if not op.flags.on_expanded:
        raise RuntimeError(OVERLAP)
    explain.warn(ON_EXPANDED.format(op.name, op.flags.on_expanded))


def _cast_to(known, result):
    """The result as the changed tensor's dtype.

    Raises:
        RuntimeError: dtype or shape do not fit, in PyTorch's words.
    """
    if isinstance(result, (tuple, list)):
        result = result[0]
    if result.shape != known.shape:
        raise RuntimeError(
            f"output with shape {list(known.shape)} doesn't match the broadcast shape {list(result.shape)}"
        )
    CAST.check("", dtypes.of_numpy(result.dtype), known.dtype)
    return result.astype(known.dtype.np)


def operator(call: Callable) -> Callable:
    """The form for Python's binary operators: what it cannot take it leaves to the other operand."""

    def form(self, other):
        try:
            return call(self, other)
        except TypeError:
            return NotImplemented
        except BaseException as error:
            shorten(error)
            raise

    functools.update_wrapper(form, call)
    return form
