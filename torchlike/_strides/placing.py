"""Where the elements of a tensor lie that was just made."""

from __future__ import annotations

from collections.abc import Sequence

from torchlike._autograd.variable import TensorBase
from torchlike._programs.aval import Aval
from torchlike._programs.spec import Spec
from torchlike._recorder.view import Layout, Place, View
from torchlike._strides.orders import Strides
from torchlike._strides.rules import Given, rule_of


def put(made: TensorBase, strides: Strides) -> None:
    """Let the elements of a tensor that was just made lie at strides."""
    view = _view_of(made._aval, strides)
    if view is not None:
        made._lie(view)


def lay_out(spec: Spec, views: tuple, made: Sequence[TensorBase]) -> None:
    """Let an operation's results lie in memory as PyTorch's do.

    Args:
        views: (place, view) of those inputs that are views.
    """
    if len(views) == 1:  # nearly always, of one step
        [(place, view)] = views
        steps = view.steps
        key = place, steps[0].get if len(steps) == 1 and view.origin is None else view.kind
    else:
        key = tuple([(place, view.kind) for place, view in views])
    try:
        found = spec.layouts[key]
    except KeyError:
        found = spec.layouts[key] = _found(spec, dict(views))
    if found is not None:
        for each, view in zip(made, found, strict=True):
            if view is not None:
                each._lie(view)


def _found(spec: Spec, views: dict[int, View]) -> list[View | None] | None:
    """For each result the view of elements that do not lie in order; None where there is none."""
    inputs: list[Layout | None] = []
    for place, known in enumerate(spec.inputs):
        plain = None if isinstance(known, type) else Layout.contiguous(known.shape)
        inputs.append(plain._replace(strides=views[place].strides) if plain and place in views else plain)
    asked = rule_of(spec.call.op.body)(Given(spec.call, inputs, spec.outputs))
    found = [_view_of(known, strides) for known, strides in zip(spec.outputs, asked, strict=True)]
    return None if found.count(None) == len(found) else found


def _view_of(aval: Aval, strides: Strides) -> View | None:
    """A view of all elements at their places; None where they lie in order."""
    if strides in (None, Layout.contiguous(aval.shape).strides):
        return None
    return View.whole(Place(Layout(aval.shape, strides), aval.dtype))
