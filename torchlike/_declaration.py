"""The declaration of an operation: its signature, what is special about it, and the specs made of it."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple, cast

import jax

from torchlike._arguments import (
    ARRAY,
    ARRAYS,
    INTEGERS,
    LIKE,
    NUMERIC,
    POSITIVE,
    STATIC,
    SYNONYMS,
    Form,
    broadcasting,
    explained,
    is_structure,
    kind_of,
)
from torchlike._autocast import cast_kinds, cast_to, casts_of, policies_of
from torchlike._autograd.variable import TensorBase
from torchlike._half import in_single
from torchlike._kernels import refuse
from torchlike._out import CAST, OutRule
from torchlike._programs.aval import Aval, aval
from torchlike._programs.cache import Cache, remembered
from torchlike._programs.generic import Traces, put_in, taken_out
from torchlike._programs.marks import unwatched
from torchlike._programs.spec import NUMBERS, Spec
from torchlike._programs.tracebacks import is_librarys
from torchlike._recorder.checks import Bound, Check, finding
from torchlike._recorder.view import Layout, ViewRule
from torchlike._types import dtypes
from torchlike._types.devices import CPU
from torchlike._types.numbers import beyond, unfit

NUMBER_TYPES = (float, int, complex)
_ASIDE = (frozenset({"inplace"}), frozenset({"size_average", "reduce"}))


@dataclass(frozen=True)
class Flags:
    """What is special about an operation.

    Attributes:
        aliases: its other names.
        also: the public module that shows it besides ``torchlike``, ``Tensor`` and, for the operations of layers,
            ``torchlike.nn.functional``; in each under those of its names that PyTorch has there (`tools.forms`).
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
        stored: what the in-place form says where numbers would make another dtype of it.
        apart_out: whether tensors given as ``out=`` must not be inputs, too.
        stepwise: whether halves are rounded at each step, as PyTorch does where it has several operations or computes
            in halves; else once, at the end.
        fits: the numbers that must fit the result's dtype.
        shares: what the in-place form lets share memory with elements that it writes to: ``"inputs"``, or ``"all"``,
            other such elements too.
        untracked: whether the in-place form leaves the history as it is, in whatever mode.
        exact: whether its static arguments are made by the library, so that equal ones are the same.
        on_expanded: where it takes the latter with a warning, the example in that.
    """

    aliases: tuple[str, ...] = ()
    also: str = ""
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
    keeps_residuals: bool = False
    module: str | None = None
    overloads: tuple[str, ...] = ()
    legacy: Mapping[str, str] = field(default_factory=dict)
    guard: Callable | None = None
    check: Callable[..., Sequence[Check]] | None = None
    deprecated: tuple[str, ...] = ()
    out: OutRule | tuple[OutRule, ...] = CAST
    stored: OutRule = CAST
    apart_out: bool = False
    stepwise: bool = False
    fits: tuple[str, ...] = ()
    shares: str = ""
    untracked: bool = False
    on_expanded: str = ""
    exact: bool = False


@dataclass
class Op:
    """A declared operation.

    Attributes:
        name: as in ``torch.<name>``.
        body: the JAX function.
        kinds: what each parameter is, in order.
        aside: the body's parameters that it computes nothing with: who calls takes them (`torchlike.nn._calls`).
        casts: the lists of autocast's that it is in, by kind of device.
        specs: traced operations, by what they were called with.
        traces: those traced with symbols for sizes, by the pattern of the calls.
    """

    name: str
    body: Callable
    flags: Flags
    kinds: dict[str, str] = field(init=False)
    aside: frozenset[str] = field(init=False)
    casts: dict[str, dict[str, str]] | None = field(init=False)
    specs: Cache[tuple, Spec] = field(default_factory=Cache)
    traces: Cache[tuple, Traces] = field(default_factory=Cache)

    def __post_init__(self) -> None:
        code, annotations = self.body.__code__, self.body.__annotations__
        spread = bool(code.co_flags & inspect.CO_VARARGS)
        names = code.co_varnames[: code.co_argcount + code.co_kwonlyargcount + spread]
        self.aside = next((each for each in _ASIDE if each <= {*names}), frozenset())
        self.kinds = {name: kind_of(annotations.get(name, "")) for name in names if name not in self.aside}
        self.casts = policies_of(self.body.__name__)

    @functools.cached_property
    def signature(self) -> inspect.Signature:
        """The body's, without what it computes nothing with."""
        signature = inspect.signature(self.body)
        return signature.replace(
            parameters=[each for name, each in signature.parameters.items() if name not in self.aside]
        )

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
        kinds = tuple(type(each) if isinstance(each, NUMBER_TYPES) else each.aval for each in inputs)
        made = self.spec_of(kinds, bound.args, bound.kwargs, in_place)
        if self.flags.check is not None or self.flags.fits:
            made.checks = self._checks(made, bound.args, bound.kwargs)
        try:
            self.specs[key] = made
        except TypeError:
            pass  # an argument that cannot be hashed: traced again at the next call
        return made

    @unwatched
    def spec_of(self, kinds: tuple, args: tuple, kwargs: dict, in_place: bool = False) -> Spec:
        """The operation for inputs of these kinds, with arguments that are static or places among the inputs.

        It is traced, unless one trace does for all sizes.
        """
        casts = None if in_place or self.casts is None else casts_of(self.casts, kinds, (*args, *kwargs.values()))
        refuses = functools.partial(refuse, self.body.__name__, cast_kinds(kinds, casts))
        refuses(last=False)
        try:
            made = self._made(kinds, args, tuple(kwargs.items()), in_place, casts)
        except (TypeError, ValueError, NotImplementedError):  # it may be for the dtype
            refuses(last=True)
            raise
        refuses(last=True)
        made.call = Call(self, self.signature.bind(*args, **kwargs).arguments, kinds, in_place)
        named = self.flags.grad_name
        made.grad_name = named(made.call) if callable(named) else named
        if self.flags.view is not None:
            made.extra = self._view_rule(args, kwargs)
        return made

    def _made(self, *call: Any) -> Spec:
        """`spec_of`, traced with symbols for sizes or with these."""
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
        return Spec.promised(self.name, self._function(*call), call[0], aval(layout.shape, viewed.dtype, viewed.place))

    def _traced(self, call: tuple) -> Spec:
        try:
            return Spec(self.name, self._function(*call), call[0])
        except (TypeError, ValueError) as error:
            raise broadcasting(error) or error from None

    def _unfit(self, error: Exception, kinds: tuple, args: tuple, kwargs: tuple) -> Exception:
        """An error of a body; of JAX's, which users have never heard of, no more than what was given."""
        mistaken = is_librarys(error) and not isinstance(error, jax.errors.JAXTypeError)  # which a body is to blame for
        if not mistaken or not all([_is_numeric(each) for each in kinds]):
            return error
        refuse(self.body.__name__, kinds, last=True)
        fill = functools.partial(_filled, arrays=[each.__name__ if isinstance(each, type) else each for each in kinds])
        given = [*[str(fill(each)) for each in args], *[f"{name}={fill(each)}" for name, each in kwargs]]
        told = RuntimeError(f"{self.name}(): these arguments do not go together: {', '.join(given)}")
        return broadcasting(error) or told

    def _function(self, kinds: tuple, args: tuple, kwargs: tuple, in_place: bool, casts: tuple | None) -> Callable:
        """The function of the inputs, which casts them first where autocast says so."""
        if casts is not None:
            computed = self._function(cast_kinds(kinds, casts), args, kwargs, in_place, None)
            return lambda *arrays: computed(*[cast_to(*each) for each in zip(arrays, casts, strict=True)])
        asked = _asked(args, dict(kwargs))
        if self.aside:
            args, kwargs = (), tuple(self.signature.bind(*args, **dict(kwargs)).arguments.items())

        def fn(arrays: Any, dtype: Any):
            fill = functools.partial(_filled, arrays=arrays, asked=asked, dtype=dtype)
            try:
                got = self.body(*map(fill, args), **{k: fill(v) for k, v in kwargs})
            except RuntimeError as error:
                if in_place and hasattr(error, "dtype"):
                    shapes = [each.shape for each in arrays]
                    said: Any = error
                    _check_stored(
                        kinds[0], cast(tuple[int, ...], jax.numpy.broadcast_shapes(*shapes)), said.dtype, rule
                    )
                raise
            except (TypeError, ValueError, OverflowError) as error:
                raise self._unfit(error, kinds, args, kwargs) from None
            return _cast_to(kinds[0], got, rule) if in_place else got

        avals = [each for each in kinds if not isinstance(each, type)]
        rule = self.flags.stored if len(avals) < len(kinds) else CAST
        if not self.flags.stepwise and not {asked, *(each.dtype for each in avals)}.isdisjoint(dtypes.HALVES):
            return in_single(fn, asked, all(each.device is CPU for each in avals))
        return lambda *arrays: fn(arrays, asked)

    def _slotted(self, name: str, given: Any, count: Any):
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

        def layout(viewed: Any, *given: Any):
            fill = functools.partial(_filled, arrays=(viewed, *given))
            return cast(Any, flags.view)(*map(fill, args), **{k: fill(v) for k, v in kwargs.items()})

        def write(viewed: Any, new: Any, *given: Any):
            fill = functools.partial(_filled, arrays=(viewed, *given))
            return cast(Any, flags.write)(new, *map(fill, args), **{k: fill(v) for k, v in kwargs.items()})

        return ViewRule(layout, None if flags.write is None else write, flags.sign, flags.careful, flags.merge)


def _asked(args: tuple, kwargs: Mapping) -> dtypes.dtype | None:
    """The dtype that the user named for the result."""
    return next((each for each in (*args, *kwargs.values()) if isinstance(each, dtypes.dtype)), None)


@remembered
def _predicate(wrong: Callable, is_brief: bool) -> Op:
    """The operation that finds whether something is wrong, for all shapes."""
    return Op(wrong.__name__.strip("_"), finding(wrong, is_brief), Flags())


def _struct(kind: Any) -> jax.ShapeDtypeStruct:
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

    def __getitem__(self, name: Any) -> Any:
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


def _is_numeric(kind: Aval | type) -> bool:
    """Whether a kind's sizes are numbers, and no symbols."""
    return isinstance(kind, type) or all([isinstance(size, int) for size in kind.shape])


def _filled(each: Any, arrays: Any, asked: Any = None, dtype: Any = None):
    if type(each) is Slot:
        return arrays[each]
    if each is asked:
        return dtype
    if type(each) is tuple and any(type(item) is Slot for item in each):
        return tuple(arrays[item] if type(item) is Slot else item for item in each)
    return each


def _cast_to(known: Any, result: Any, rule: OutRule):
    """The result as the changed tensor's dtype.

    Raises:
        RuntimeError: dtype or shape do not fit, in PyTorch's words.
    """
    if isinstance(result, (tuple, list)):
        result = result[0]
    _check_stored(known, result.shape, result.dtype, rule)
    return result.astype(known.dtype.np)


def _check_stored(known: Aval, shape: tuple[int, ...], dtype: Any, rule: OutRule) -> None:
    if shape != known.shape:
        raise RuntimeError(f"output with shape {list(known.shape)} doesn't match the broadcast shape {list(shape)}")
    rule.check("", dtypes.of_numpy(dtype), known.dtype)
