"""The base of all optimizers: parameter groups, state, and the one recorded operation that updates a group.

An optimizer is an optax `GradientTransformation`. Its hyper-parameters are arguments of the program, so a schedule
compiles nothing; its state is seen as PyTorch's, by parameter and name.
"""

from __future__ import annotations

import copy
import warnings
from collections import OrderedDict, defaultdict
from collections.abc import Callable, Iterable
from itertools import chain
from typing import TYPE_CHECKING, Any, TypeVar, overload

from torchlike._arguments import legacy_keywords
from torchlike._autograd.modes import enable_grad, no_grad
from torchlike._compile import flags
from torchlike._programs.cache import Cache
from torchlike._programs.marks import breaks_capture
from torchlike._programs.tracebacks import gate
from torchlike._recorder.recorder import Value, program_lock, record, recorder
from torchlike.optim._update import Changes, Update
from torchlike.tensor import Tensor
from torchlike.utils.hooks import RemovableHandle

if TYPE_CHECKING:
    from torchlike.optim.optimizer import ParamsT

R = TypeVar("R")


class _RequiredParameter:
    def __repr__(self) -> str:
        return "<required parameter>"


required = _RequiredParameter()
params_t = Iterable  # what `torch.optim.optimizer.ParamsT` names
ParamsT = params_t
_global_pre_hooks: OrderedDict = OrderedDict()
_global_post_hooks: OrderedDict = OrderedDict()
flags.hooks += [_global_pre_hooks, _global_post_hooks]


def register_optimizer_step_pre_hook(hook: Callable) -> RemovableHandle:
    """Call ``hook(optimizer, args, kwargs)`` before every optimizer's `step`."""
    return _registered(_global_pre_hooks, hook)


def register_optimizer_step_post_hook(hook: Callable) -> RemovableHandle:
    """Call ``hook(optimizer, args, kwargs)`` after every optimizer's `step`."""
    return _registered(_global_post_hooks, hook)


def _registered(hooks: Any, hook: Callable, prepend: bool = False) -> RemovableHandle:
    handle = RemovableHandle(hooks)
    hooks[handle.id] = hook
    if prepend:
        hooks.move_to_end(handle.id, last=False)
    return handle


def check_fused(defaults: dict) -> None:
    """Whether `fused` goes with the other options.

    Raises:
        RuntimeError: it does not.
    """
    if not defaults["fused"]:
        return
    if defaults["differentiable"]:
        raise RuntimeError("`fused` does not support `differentiable`")
    if defaults["foreach"]:
        raise RuntimeError("`fused` and `foreach` cannot be `True` together.")


def check_numbers(lr: Any, **values: Any) -> None:
    """Whether hyper-parameters are in their range.

    Raises:
        ValueError: one of them is negative, or the learning rate is a tensor of several elements.
    """
    if isinstance(lr, Tensor) and lr.numel() != 1:
        raise ValueError("Tensor lr must be 1-element")
    if not 0.0 <= lr:
        raise ValueError(f"Invalid learning rate: {lr}")
    for name, value in values.items():
        if not 0.0 <= value:
            raise ValueError(f"Invalid {name} value: {value}")


def check_betas(betas: tuple) -> None:
    """Whether both are in their range.

    Raises:
        ValueError: one is not.
    """
    for place, beta in enumerate(betas):
        if not 0.0 <= beta < 1.0:
            raise ValueError(f"Invalid beta parameter at index {place}: {beta}")


class Optimizer:
    """Holds parameters in groups, each with its own hyper-parameters, and updates them in `step`.

    A subclass says what its rule is: `_transformation` gives optax's for one group, `_state_names` how PyTorch calls the
    fields of its state.

    Args:
        params: parameters, (name, parameter) pairs, or dictionaries with ``"params"`` and options of a group.
        defaults: the hyper-parameters of a group that names none.

    Raises:
        TypeError: `params` is a single tensor, or something in it is no tensor.
        ValueError: there is no parameter, or one is no leaf or stands in two groups.
    """

    # numbers that choose another rule; all others are arguments of the program
    _static_names: frozenset[str] = frozenset()
    # the transformation's state fields by PyTorch's names
    _state_names: dict[str, str] = {}
    # whether complex parameters are taken
    _takes_complex = True
    # whether weight decay always shrinks the parameters themselves
    _is_decoupled = False
    # whether the rule treats each element by itself, so that small parameters can be updated as one array
    _is_elementwise = False

    @legacy_keywords(default="defaults")
    def __init__(self, params: ParamsT, defaults: dict) -> None:
        self.defaults = defaults
        self._step_pre_hooks: OrderedDict = OrderedDict()
        self._step_post_hooks: OrderedDict = OrderedDict()
        self._state_dict_hooks: dict[str, OrderedDict] = {
            name: OrderedDict() for name in ("state_dict_pre", "state_dict_post", "load_pre", "load_post")
        }
        if isinstance(params, Tensor):
            raise TypeError(
                "params argument given to the optimizer should be an iterable of Tensors or dicts, but got "
                + params.type()
            )
        self.state: defaultdict = defaultdict(dict)
        self.param_groups: list[dict] = []
        groups = list(params)
        if not groups:
            raise ValueError("optimizer got an empty parameter list")
        if not isinstance(groups[0], dict):
            groups = [{"params": groups}]
        for group in groups:
            self.add_param_group(group)

    # ------------------------------------------------------------------ the rule

    @staticmethod
    def _transformation(hyper: dict, flags: dict):
        """The optax transformation of one group.

        Args:
            hyper: the numbers of the group, as traced scalars in 64 bits.
            flags: its static options.
        """
        raise NotImplementedError

    def _static_options(self, group: dict) -> dict:
        """The static options of a group: what is on, not how much.

        Weight decay is added to the gradient (``"decay"``), or shrinks the parameters themselves (``"shrink"``).
        """
        how = "shrink" if self._is_decoupled or group.get("decoupled_weight_decay") else "decay"
        options = {"decay": False, "shrink": False, "maximize": group.get("maximize", False)}
        return {**options, how: group.get("weight_decay", 0) != 0}

    def _hyper_numbers(self, group: dict) -> dict:
        """The hyper-parameters of a group that are arguments of the program."""
        found = {}
        static = self._static_names
        for name in self.defaults:  # what a scheduler notes in a group is no argument of the rule
            value = group[name]
            kind = type(value)
            if kind is float:
                found[name] = value
            elif value is None or kind is bool or name in static:
                continue
            elif isinstance(value, (tuple, list)):
                if value and isinstance(value[0], (float, int, Tensor)):
                    for place, each in enumerate(value):
                        found[f"{name}{place}"] = each
            elif isinstance(value, (float, int, Tensor)):
                found[name] = value
        return found

    def _first_numbers(self, numbers: dict) -> dict:
        """The same for the first step of parameters."""
        return numbers

    # ------------------------------------------------------------------ groups

    @breaks_capture
    def add_param_group(self, param_group: dict) -> None:
        """Add a group of parameters, with the defaults where it names no option.

        Raises:
            TypeError: it is no dictionary, or has a set of parameters, or something that is no tensor.
            ValueError: a parameter is no leaf, or is in another group.
        """
        if not isinstance(param_group, dict):
            raise TypeError(f"param_group must be a dict, but got {type(param_group)}")
        params = param_group["params"]
        if isinstance(params, Tensor):
            params = [params]
        elif isinstance(params, set):
            raise TypeError(
                "optimizer parameters need to be organized in ordered collections, but the ordering of tensors in sets "
                "will change between runs. Please use a list instead."
            )
        params = list(params)
        names = [each[0] for each in params if isinstance(each, tuple)]
        if names:
            if len(names) != len(params):
                raise ValueError("all optimizer params should be with/without names. Some param names are missing")
            param_group["param_names"] = names
            params = [each for _, each in params]
        param_group["params"] = params
        for each in params:
            if not isinstance(each, Tensor):
                raise TypeError("optimizer can only optimize Tensors, but one of the params is " + type(each).__name__)
            if not (self.defaults.get("differentiable") or each.is_leaf or each.retains_grad):
                raise ValueError("can't optimize a non-leaf Tensor")
        for name, default in self.defaults.items():
            if default is required and name not in param_group:
                raise ValueError(f"parameter group didn't specify a value of required optimization parameter {name}")
            param_group.setdefault(name, default)
        if len(set(map(id, params))) != len(params):
            warnings.warn(
                "optimizer contains a parameter group with duplicate parameters; in future, this will cause an error; "
                "see github.com/pytorch/pytorch/issues/40967 for more information",
                stacklevel=3,
            )
        if any(("param_names" in param_group) != ("param_names" in group) for group in self.param_groups):
            which = "with names" if "param_names" in param_group else "without names"
            raise ValueError(
                "all optimizer param groups should be with/without names. "
                f"cannot add param group {which} to the optimizer"
            )
        known = {id(each) for group in self.param_groups for each in group["params"]}
        if not known.isdisjoint(map(id, params)):
            raise ValueError("some parameters appear in more than one parameter group")
        self.param_groups.append(param_group)

    @breaks_capture
    def __repr__(self) -> str:
        text = type(self).__name__ + " ("
        for place, group in enumerate(self.param_groups):
            text += f"\nParameter Group {place}\n"
            text += "".join(f"    {key}: {group[key]}\n" for key in sorted(group) if key != "params")
        return text + ")"

    def zero_grad(self, set_to_none: bool = True) -> None:
        """Forget the gradients of all parameters, or fill them with zeros."""
        for group in self.param_groups:
            for each in group["params"]:
                state = each._leaf
                if state is None or state.grad is None:
                    continue
                if set_to_none:
                    state.grad = None
                else:
                    state.grad = state.grad.detach() if state.grad.requires_grad else state.grad
                    state.grad.zero_()

    # ------------------------------------------------------------------ step

    @overload
    def step(self, closure: None = None) -> None: ...
    @overload
    def step(self, closure: Callable[[], R]) -> R: ...
    @gate
    def step(self, closure: Callable[[], Any] | None = None) -> Any:
        """Update the parameters that have a gradient.

        Args:
            closure: computes the loss anew and returns it.

        Returns:
            What `closure` returned, or None.
        """
        args = (self,) if closure is None else (self, closure)
        for hook in chain(_global_pre_hooks.values(), self._step_pre_hooks.values()):
            changed = hook(self, args, {})
            if changed is not None:
                if not (isinstance(changed, tuple) and len(changed) == 2):
                    raise RuntimeError(
                        f"{type(self).step} must return None or a tuple of (new_args, new_kwargs), but got {changed}."
                    )
        loss = self._step(closure)
        for hook in chain(self._step_post_hooks.values(), _global_post_hooks.values()):
            hook(self, args, {})
        return loss

    def _step(self, closure: Callable | None):
        """`step`, without its hooks."""
        if type(self)._transformation is Optimizer._transformation:
            raise NotImplementedError  # as PyTorch's: a step of its own is what makes an optimizer
        loss = None
        if closure is not None:
            with enable_grad():
                loss = closure()
        # another thread may update the same parameters
        with no_grad(), program_lock:
            changes = Changes()
            for group in self.param_groups:
                self._update(group, changes)
            changes.make()
            recorder.end_step()
        return loss

    def _update(self, group: dict, changes: Changes) -> None:
        """Record the update of one group, once for each place and each distinct count of steps among its parameters.

        Those that never had a gradient have no state yet.
        """
        parts: dict = {}
        known = self.state
        for each in group["params"]:
            grad = None if each._leaf is None else each._leaf.grad
            if grad is None:
                continue
            entry = known.get(each)
            step = entry.get("step") if entry else None
            part = each._aval.place, bool(entry) if step is None else step._value()
            if part in parts:
                parts[part].append((each, grad))
            else:
                parts[part] = [(each, grad)]
        if not parts:
            return
        if len(parts) > 1:
            parts = _merged(parts)
        numbers = self._hyper_numbers(group)
        flags = self._static_options(group)
        for (_, begun), pairs in parts.items():
            self._record(pairs, numbers if begun else self._first_numbers(numbers), flags, changes)
        recorder.kind.updated(self, group)

    def _record(self, pairs: list, numbers: dict, flags: dict, changes: Changes) -> None:
        params = [param for param, _ in pairs]
        values = [param._value() for param in params]
        grads = [grad._value() for _, grad in pairs]
        given = [each._value() if isinstance(each, Tensor) else float(each) for each in numbers.values()]
        avals = [each.aval for each in values]
        kinds = [each.aval if type(each) is Value else float for each in given]
        key = (type(self), *flags.items(), *numbers, *kinds, *avals, *[each.aval for each in grads])
        update = _updates[key]
        if update is None:
            if not self._takes_complex and any(each.dtype.is_complex for each in avals):
                raise RuntimeError(f"{type(self).__name__} does not support complex parameters")
            update = _updates[key] = Update(self, avals, numbers, flags)
        entries = [self.state[each] for each in params] if update.has_state else []
        entries = update.begun(entries, values, given, changes)
        inputs = [*values, *grads, *update.read(entries), *given]
        outputs = record(update.spec(inputs), inputs)
        changes.writes += zip(params, outputs, strict=False)
        changes.writes += update.writes(entries, outputs[len(params) :])

    # ------------------------------------------------------------------ state

    @breaks_capture
    def state_dict(self) -> dict:
        """The state by parameter number, and the groups without their tensors."""
        for hook in self._state_dict_hooks["state_dict_pre"].values():
            hook(self)
        numbers: dict = {}
        groups = []
        for group in self.param_groups:
            packed = {key: value for key, value in group.items() if key != "params"}
            for each in group["params"]:
                numbers.setdefault(id(each), len(numbers))
            packed["params"] = [numbers[id(each)] for each in group["params"]]
            groups.append(packed)
        state = {(numbers[id(key)] if isinstance(key, Tensor) else key): value for key, value in self.state.items()}
        made = {"state": state, "param_groups": groups}
        for hook in self._state_dict_hooks["state_dict_post"].values():
            changed = hook(self, made)
            made = made if changed is None else changed
        return made

    @breaks_capture
    def load_state_dict(self, state_dict: dict) -> None:
        """Take over a state that `state_dict` gave.

        Raises:
            ValueError: the groups differ in number or size.
        """
        state_dict = state_dict.copy()
        for hook in self._state_dict_hooks["load_pre"].values():
            changed = hook(self, state_dict)
            state_dict = state_dict if changed is None else changed
        mine, saved = self.param_groups, copy.deepcopy(state_dict["param_groups"])
        if len(mine) != len(saved):
            raise ValueError("loaded state dict has a different number of parameter groups")
        if any(len(a["params"]) != len(b["params"]) for a, b in zip(mine, saved, strict=True)):
            raise ValueError(
                "loaded state dict contains a parameter group that doesn't match the size of optimizer's group"
            )
        numbers = chain.from_iterable(group["params"] for group in saved)
        params = dict(zip(numbers, chain.from_iterable(group["params"] for group in mine), strict=True))
        state: defaultdict = defaultdict(dict)
        for key, value in state_dict["state"].items():
            if key in params:
                state[params[key]] = _fitted(params[key], value)
            else:
                state[key] = value
        for group, new in zip(mine, saved, strict=True):
            new["params"] = group["params"]
            if "param_names" in group and "param_names" not in new:
                new["param_names"] = group["param_names"]
        self.state, self.param_groups = state, saved
        for hook in self._state_dict_hooks["load_post"].values():
            hook(self)

    @breaks_capture
    def __getstate__(self) -> dict:
        return {"defaults": self.defaults, "state": self.state, "param_groups": self.param_groups}

    def __setstate__(self, state: dict) -> None:
        self.__dict__.update(state)
        for name in ("_step_pre_hooks", "_step_post_hooks"):
            self.__dict__.setdefault(name, OrderedDict())
        names = ("state_dict_pre", "state_dict_post", "load_pre", "load_post")
        self.__dict__.setdefault("_state_dict_hooks", {name: OrderedDict() for name in names})
        for group in self.param_groups:
            for name, default in self.defaults.items():
                group.setdefault(name, default)

    # ------------------------------------------------------------------ hooks

    def register_step_pre_hook(self, hook: Callable) -> RemovableHandle:
        """Call ``hook(optimizer, args, kwargs)`` before `step`."""
        return _registered(self._step_pre_hooks, hook)

    def register_step_post_hook(self, hook: Callable) -> RemovableHandle:
        """Call ``hook(optimizer, args, kwargs)`` after `step`."""
        return _registered(self._step_post_hooks, hook)

    def register_state_dict_pre_hook(self, hook: Callable, prepend: bool = False) -> RemovableHandle:
        """Call ``hook(optimizer)`` before `state_dict`."""
        return _registered(self._state_dict_hooks["state_dict_pre"], hook, prepend)

    def register_state_dict_post_hook(self, hook: Callable, prepend: bool = False) -> RemovableHandle:
        """Call ``hook(optimizer, state_dict)`` after `state_dict`; it may return another one."""
        return _registered(self._state_dict_hooks["state_dict_post"], hook, prepend)

    def register_load_state_dict_pre_hook(self, hook: Callable, prepend: bool = False) -> RemovableHandle:
        """Call ``hook(optimizer, state_dict)`` before `load_state_dict`; it may return another one."""
        return _registered(self._state_dict_hooks["load_pre"], hook, prepend)

    def register_load_state_dict_post_hook(self, hook: Callable, prepend: bool = False) -> RemovableHandle:
        """Call ``hook(optimizer)`` after `load_state_dict`."""
        return _registered(self._state_dict_hooks["load_post"], hook, prepend)


def _merged(parts: dict) -> dict:
    """The parts by place and how many steps they have behind them, where that is known: counts that were loaded, or
    shared with NumPy, are values of their own.
    """
    merged: dict = {}
    for (place, count), pairs in parts.items():
        known = count.known if type(count) is Value else None
        merged.setdefault((place, count if known is None else ("steps", known.item())), []).extend(pairs)
    return merged


def _fitted(param: Tensor, state: Any):
    """Loaded state as this parameter wants it: its dtype and device, the count of steps as it is."""
    if not isinstance(state, dict):
        return state
    return {name: _fitted_entry(param, name, each) for name, each in state.items()}


def _fitted_entry(param: Tensor, name: str, entry: Any):
    """One piece of loaded state; like in PyTorch, a tensor that fits is shared with the state it came from."""
    if isinstance(entry, list):
        return [_fitted_entry(param, name, each) for each in entry]
    if not isinstance(entry, Tensor) or name == "step":
        return entry
    return entry.to(dtype=param.dtype if param.is_floating_point() else entry.dtype, device=param.device)


_updates: Cache[tuple, Update] = Cache()
Optimizer.__module__ = "torchlike.optim"
