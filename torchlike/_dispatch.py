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
import re
from collections.abc import Callable, Sequence
from marshal import dumps
from typing import TYPE_CHECKING, Any, Concatenate, ParamSpec, Protocol, TypeVar, overload

import numpy as np

from torchlike import _autocast as autocast
from torchlike import _strides as strides
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
    is_structure,
    modern,
)
from torchlike._autograd.derivatives import used_by
from torchlike._autograd.modes import no_grad, state
from torchlike._autograd.refusals import INFERENCE_SAVED, ON_EXPANDED, OVERLAP
from torchlike._autograd.tape import apply, apply_keeping, node_class
from torchlike._autograd.variable import TensorBase
from torchlike._declaration import NUMBER_TYPES, Flags, Op
from torchlike._devices import check_out, together
from torchlike._out import tensors_of, with_out
from torchlike._overrides import answered, overriding, plain, sees, tensors, watched
from torchlike._programs import explain
from torchlike._programs.cache import INEXACT, exact
from torchlike._programs.spec import Spec
from torchlike._programs.tracebacks import shorten
from torchlike._recorder.recorder import Value, record, recorder
from torchlike._recorder.storage import Storage
from torchlike._recorder.turns import in_turn
from torchlike._recorder.view import Layout, step_of
from torchlike._signatures import operations, refuse_call
from torchlike._types import dtypes

if TYPE_CHECKING:
    from torchlike.tensor import Tensor


def _python_number(given: Any) -> complex:
    """A number of NumPy, or of a subclass of Python's, as one of Python's own."""
    if isinstance(given, (np.bool_, np.complex64)):
        return float(given.real)  # as PyTorch takes it
    if isinstance(given, np.generic):
        return given.item()
    return next(kind for kind in (int, float, complex) if isinstance(given, kind))(given)


LEAST, BEYOND = -(2**63), 2**63  # of the ints that fit


def _in_64_bits(number: complex, inputs: list) -> complex:
    """A number as PyTorch takes it among such inputs: ints of 64 bits without a sign, too.

    Raises:
        OverflowError: it is an int of more bits.
    """
    if type(number) is not int or LEAST <= number < BEYOND:
        return number
    number.to_bytes(8, "little")  # says so
    exact = all(type(each) in NUMBER_TYPES or each.aval.dtype.rank < 2 for each in inputs)
    return number - 2 * BEYOND if exact else float(number)


OVERRIDDEN = object()  # in a key: the call is another's to answer, and no operation is kept under it


def _gatherer(op: Op) -> Callable:
    """A function that splits a call's arguments into (key, inputs, edges, views).

    The latter are pairs (place, `View`) of those inputs that are views, where these tell how the results lie in memory;
    None where nothing does.
    """
    kinds = tuple(op.kinds.values())
    most = len(kinds)
    rule = strides.rule_of(op.body)
    may, none = rule is not None, () if rule in strides.OWN else None
    inexact = () if op.flags.exact else INEXACT

    def take(tensor: Tensor, key: Any, inputs: Any, edges: Any, views: Any):
        """A tensor; gives `views` and its own. What is hot says it once more, without the call."""
        if may and tensor._view is not None:
            views = (*(views or ()), (len(inputs), tensor._view))
        value = tensor._operand()
        key.append(value.aval)
        inputs.append(value)
        edges.append(tensor._edge)
        return views

    def odd(given: Any, kind: Any, key: Any, inputs: Any, edges: Any, views: Any):
        """An argument that is neither a tensor to be taken as it is nor a number nor static; gives `views` and its own."""
        if isinstance(given, TensorBase):
            if sees(given):
                key.append(OVERRIDDEN)
                return views
            if op.casts is not None and autocast.state.setting is not None:
                key.append(autocast.state.setting)
            return take(given, key, inputs, edges, views)
        if given is None or given is True or given is False:
            key.append(given)
        elif isinstance(given, NUMERIC) and kind is not ARRAYS:
            given = _in_64_bits(_python_number(given), inputs)
            key.append(type(given))
            inputs.append(given)
            edges.append(None)
        elif kind is ARRAYS and isinstance(given, (tuple, list)):
            key.append(len(given))
            for each in given:
                if type(each) in tensors:
                    if may and each._view is not None:
                        views = (*(views or ()), (len(inputs), each._view))
                    value = each._operand()
                    key.append(value.aval)
                    inputs.append(value)
                    edges.append(each._edge)
                elif isinstance(each, TensorBase):
                    views = odd(each, kind, key, inputs, edges, views)
                else:
                    key.append(None if each is None else type(each))
        elif kind is INTEGERS and isinstance(given, (tuple, list)):
            key.append(len(given))
            numbers_in = [each for each in given if type(each) is int]
            key.extend([int if type(each) is int else exact(each) for each in given])
            inputs.extend(numbers_in)
            edges.extend([None] * len(numbers_in))
        else:
            key.append(type(given))  # no operation is kept under such a key: `check` finds what is wrong
        return views

    def gather(args: Any, kwargs: Any):
        inputs: list = []
        edges: list = []
        key: list = []
        views = none
        for arg, kind in zip(args, kinds):  # noqa: B905 - a length too large is found below
            if type(arg) in tensors:
                if arg._view is None:
                    value = arg._storage.value
                    if value is None:
                        value = arg._storage.read()
                else:
                    if arg._frozen is not None and arg._has_lost_history:
                        Storage.careful = True
                    value = arg._viewed_value()
                    if may:
                        found = (len(inputs), arg._view)
                        views = (*views, found) if views else (found,)
                key.append(value.aval)
                inputs.append(value)
                edges.append(arg._edge)
            elif kind is STATIC or (kind is POSITIVE and is_structure(arg)):
                if type(arg) in inexact:
                    try:
                        arg = dumps(arg, 0)  # as `exact` does
                    except ValueError:
                        arg = exact(arg)
                key.append(arg)
            elif type(arg) in NUMBER_TYPES and (type(arg) is not int or LEAST <= arg < BEYOND):
                key.append(type(arg))
                inputs.append(arg)
                edges.append(None)
            else:
                views = odd(arg, kind, key, inputs, edges, views)
        if len(args) > most:
            key.append("too many")
        if kwargs:
            for name, arg in kwargs.items():
                key.append(name)
                kind = op.kinds.get(SYNONYMS.get(name, name) if name not in op.kinds else name, STATIC)
                if type(arg) in tensors:
                    views = take(arg, key, inputs, edges, views)
                elif kind is STATIC or (kind is POSITIVE and is_structure(arg)):
                    if arg is True or arg is False:
                        arg = (bool, arg)
                    elif type(arg) in inexact or isinstance(arg, list):
                        arg = exact(arg)
                    key.append(arg)
                    if name == "memory_format":
                        views = views or ()
                elif type(arg) in NUMBER_TYPES and (type(arg) is not int or LEAST <= arg < BEYOND):
                    key.append(type(arg))
                    inputs.append(arg)
                    edges.append(None)
                else:
                    views = odd(arg, kind, key, inputs, edges, views)
        return tuple(key), inputs, edges, views

    return gather


P = ParamSpec("P")
Q = ParamSpec("Q")
R = TypeVar("R", covariant=True)


class OutFunction(Protocol[P, R]):
    """A function on tensors, or a method, that takes ``out=`` besides its body's arguments."""

    @overload
    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> R: ...
    @overload
    def __call__(self, *args: Any, out: Any, **kwargs: Any) -> R: ...
    def __get__(self: OutFunction[Concatenate[Any, Q], R], instance: Any, owner: Any) -> Callable[Q, R]: ...


class TensorFunction(OutFunction[P, R], Protocol[P, R]):
    """An operation as a function on tensors, or a method: what `op` makes of a declaration, with its body's signature.

    Attributes:
        op: the declaration.
        inplace: the form that puts the result into the first argument.
    """

    op: Op

    @property
    def inplace(self) -> TensorFunction[P, R]: ...


class _Declare(Protocol):
    def __call__(self, body: Callable[P, R], /) -> TensorFunction[P, R]: ...


class _DeclareSpread(Protocol):
    def __call__(self, body: Callable[..., R], /) -> TensorFunction[..., R]: ...


@overload
def op(body: Callable[P, R], /) -> TensorFunction[P, R]: ...
@overload
def op(*, varargs: str, **flags: Any) -> _DeclareSpread: ...
@overload
def op(**flags: Any) -> _Declare: ...
def op(body: Any = None, /, **flags: Any) -> Any:
    """Declare an operation: a pure JAX function with PyTorch's signature becomes the function on tensors.

    Args:
        flags: see `Flags`; and ``name``, where it is not the function's own without trailing underscore.

    Returns:
        The function on tensors, with attributes ``op`` (the `Op`) and ``inplace`` (the in-place form).

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
    owner = _owner(declared)
    forms = [Form(name, own, owner) for own in (0, 1)]
    call, method = (_guarded(declared, _caller(declared, form)) for form in forms)
    for each, form in zip((call, method), forms, strict=True):
        functools.update_wrapper(each, body)
        _show(declared, each, form)
        each.op = declared
    method.is_method = True
    call.inplace = _inplace(declared)
    methods[call] = method
    return call


def _guarded(op: Op, form: Callable) -> Callable:
    """A form of an operation with its guard before it, where it has one."""
    guard = op.flags.guard
    if guard is None:
        form.public = form
        return form

    def guarded(*args: Any, **kwargs: Any):
        try:
            if watched or not plain.issuperset(map(type, (*args, *kwargs.values()))):
                found = overriding(args, kwargs)
                if found is not None:
                    return answered(guarded, found, args, kwargs)
            try:
                guard(*args, **kwargs)
            except Exception:
                if guarded.path in operations:
                    refuse_call(guarded.path, args, kwargs)
                raise
            return form(*args, **kwargs)
        except BaseException as error:
            shorten(error)
            raise

    form.public = guarded
    return guarded


def _owner(op: Op) -> str:
    """The public module that shows an operation."""
    return op.flags.module or ("torchlike.nn.functional" if ".nn." in op.body.__module__ else "torchlike")


def _show(op: Op, call: Callable, form: Form) -> None:
    """Give a form of an operation its public name and place."""
    call.__name__ = call.__qualname__ = form.name
    call.path = form.path
    if op.aside:
        call.__signature__ = op.signature
    if op.body.__module__.startswith("torchlike."):
        call.__module__ = _owner(op)


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
    find = specs.get  # what is hot
    new, is_view, is_checked = object.__new__, flags.view is not None, flags.check is not None or bool(flags.fits)

    def call(*args: Any, **kwargs: Any):
        try:
            given = args
            if spread is not None and len(args) > spread and not isinstance(args[spread], (tuple, list)):
                args = (*args[:spread], args[spread:]) if type(args[spread]) is int else _packed(args, spread)
            if "out" in kwargs:
                found = overriding(given, kwargs)
                if found is not None:
                    return answered(call.public, found, given, kwargs)
                check_out(op, args, kwargs)
                with autocast.off():
                    return with_out(call, args, kwargs, form)
            key, inputs, edges, views = gather(args, kwargs)
            try:
                spec = find(key) or specs[key]
            except TypeError:  # a list among the static arguments
                spec = None
            if spec is None:
                found = overriding(given, kwargs)
                if found is not None:
                    return answered(call.public, found, given, kwargs)
                other = _other_form(op, args, kwargs, form, given)
                if other is not None:
                    return call(*other[0], **other[1])
                spec = op.spec(key, args, kwargs, inputs)
            if is_checked and spec.checks:
                recorder.look(spec.checks, inputs)
            inputs = tuple(inputs)
            enabled = state.enabled
            tracked = enabled and spec.differentiable and edges.count(None) != len(edges)
            if tracked:
                if Storage.careful:
                    _check_saved(spec, (*args, *kwargs.values()), edges)
                if recorder.at_boundary:
                    recorder.boundary()
            if not spec.single:
                if tracked and flags.keeps_residuals:
                    pairs = apply_keeping(spec, inputs, tuple(edges))
                else:
                    pairs = apply(spec, inputs, tuple(edges), tracked)
                several = [TensorBase._wrap(*pair) for pair in pairs]
                if views is not None:
                    strides.lay_out(spec, views, several)
                return spec.container(several)
            value = recorder.recording.add(spec, inputs)[0]
            edge = ((spec.node_class or node_class(spec))(spec, inputs, tuple(edges)), 0) if tracked else None
            if is_view:
                return (args[0] if args else kwargs["input"])._viewed(step_of((spec, inputs[1:])), value, edge)
            made = new(TensorBase._plain)
            made._storage = Storage(value)
            if tracked:
                made._edge = edge
            elif enabled is None:
                made._storage.infer()
            if views is not None:
                strides.lay_out(spec, views, (made,))
            return made
        except BaseException as error:
            shorten(error)
            raise

    call.op = op
    return call


def _check_saved(spec: Spec, given: tuple, edges: Sequence) -> None:
    """Refuse to track a view whose history is lost, or to save a tensor that was made in inference mode.

    Raises:
        RuntimeError: there is one; the derivative uses one.
    """
    tensors = tensors_of(given)
    for each in tensors:
        each._check_history()
    if any([each._storage.inference for each in tensors]):
        places = [place for place, kind in enumerate(spec.inputs) if not isinstance(kind, type)]
        used = used_by(spec, tuple([edge is not None for edge in edges]))
        for place, each in zip(places, tensors, strict=False):
            if each._storage.inference and place in used:
                raise RuntimeError(INFERENCE_SAVED)


def _packed(args: tuple, place: int) -> tuple:
    """``x.view(2, 3)`` as ``x.view((2, 3))``."""
    if args[place] is None or isinstance(args[place], dtypes.dtype):
        return args
    return (*args[:place], tuple(args[place:]))


def _other_form(op: Op, args: tuple, kwargs: dict, form: Form, given: tuple | None = None) -> tuple | None:
    """A call that was never made before, in the form in which it can be traced; None if it is that.

    Args:
        given: the positional arguments as they were written.

    Raises:
        TypeError: the arguments do not fit.
        RuntimeError: they are on several devices.
    """
    other = modern(op, args, kwargs)
    if other is not None:
        return other
    check(op, args, kwargs, form, args if given is None else given)
    return together(op, args, kwargs, form.name != op.name) or _plainer(op, args, kwargs)


def _plainer(op: Op, args: tuple, kwargs: dict) -> tuple | None:
    """The call with tensors and lists in static places made plain; None if it is plain already."""
    changed = False

    def plain(name: str, given: Any):
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
    return (args, kwargs) if changed else None


# ---------------------------------------------------------------------- in-place forms


def _inplace(op: Op) -> Callable:
    """The form that puts the result into the first argument."""
    gather, shares, form = _gatherer(op), op.flags.shares, Form(op.name + "_", own=1)
    walks = strides.is_elementwise(op.body)

    def inplace(self: Tensor, *args: Any, **kwargs: Any):
        try:
            if type(self) not in tensors:
                found = overriding((self, *args), kwargs)
                if found is not None:
                    return answered(guarded, found, (self, *args), kwargs)
            self._check_writable(args)
            expanded = shares != "all" and self._view is not None and self._repeats
            if not shares:
                for each in args:
                    if isinstance(each, TensorBase) and each._storage is self._storage and each is not self:
                        self._check_apart(each)
            if op.flags.varargs is not None:
                args = _packed((self, *args), list(op.kinds).index(op.flags.varargs))[1:] if args else args
            key, inputs, edges, _ = gather((self, *args), kwargs)
            key = ("in place", *key)
            try:
                spec = op.specs[key]
            except TypeError:
                spec = None
            if spec is None:
                found = overriding((self, *args), kwargs)
                if found is not None:
                    return answered(guarded, found, (self, *args), kwargs)
                other = _other_form(op, (self, *args), kwargs, form)
                if other is not None:
                    return inplace(*other[0], **other[1])
                try:
                    spec = op.spec(key, (self, *args), kwargs, inputs, in_place=True)
                except RuntimeError as error:
                    if expanded and _LATER.search(str(error)):
                        _warn_of_expanded(op)
                    raise
            if expanded:
                _warn_of_expanded(op)
            if spec.checks:
                recorder.look(spec.checks, inputs)
            inputs, edges = tuple(inputs), tuple(edges)
            tracked = spec.differentiable and state.enabled and edges.count(None) != len(edges)
            if tracked and recorder.at_boundary:
                recorder.boundary()
            if tracked and Storage.careful:
                _check_saved(spec, (self, *args), edges)
            if tracked and self._view is not None:
                edges = (self._unhooked(edges[0]), *edges[1:])
            value, edge = apply(spec, inputs, edges, tracked)[0]
            if walks and self._view is not None and self._view.overlaps:
                value = _in_turn(spec, inputs, self._view.layout)
            self._write(value, edge)
            return self
        except BaseException as error:
            shorten(error)
            raise

    guarded = _guarded(op, no_grad()(inplace) if op.flags.untracked else inplace)
    functools.update_wrapper(guarded, op.body)
    _show(op, guarded, form)
    guarded.is_method = True
    return guarded


# what PyTorch looks at after the places of an in-place form's elements
_LATER = re.compile(r"not implemented for '|^result type |^output with shape |^The size of tensor a ")


def _in_turn(spec: Spec, inputs: tuple, layout: Layout) -> Value:
    same = tuple([place for place, each in enumerate(inputs) if each is inputs[0]])
    return record(in_turn(spec, layout, same), inputs)[0]


def _warn_of_expanded(op: Op) -> None:
    """Refuse to write to elements that share a place, or warn of it where PyTorch does no more.

    Raises:
        RuntimeError: it does.
    """
    if not op.flags.on_expanded:
        raise RuntimeError(OVERLAP)
    explain.warn(ON_EXPANDED.format(op.name, op.flags.on_expanded))


def operator(call: Callable[Q, R]) -> Callable[Q, R]:
    """The form for Python's binary operators: what it cannot take it leaves to the other operand."""
    call = methods.get(call, call)

    def form(self: Tensor, other: Any):
        try:
            return call(self, other)
        except TypeError:
            return NotImplemented
        except BaseException as error:
            shorten(error)
            raise

    functools.update_wrapper(form, call)
    del form.__wrapped__  # an operator has two operands, whatever else the function takes
    return form
