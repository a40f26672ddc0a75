"""Write down the signatures by which PyTorch takes arguments, for torchlike to refuse the same ones in the same words.

    python -m tools.signatures

writes `torchlike/_signatures/signatures.txt`. They stand as text in PyTorch's library, a function's and a method's among
each other; which belong where, and in what order, its own errors tell.
"""

from __future__ import annotations

import ast
import inspect
import re
import textwrap
from collections import defaultdict
from pathlib import Path
from types import FunctionType

from torchlike._signatures.parser import Signature

FILE = Path(__file__).resolve().parent.parent / "torchlike" / "_signatures" / "signatures.txt"
OWNERS = (
    "torch._C._nn",
    "torch._VF",
    "torch",
    "torch.Tensor",
    "torch.nn.functional",
    "torch.linalg",
    "torch.fft",
    "torch.special",
)
HOMES = {
    "torch",
    "torch.functional",
    "torch.nn.functional",
    "torch._jit_internal",
    "torch._tensor",
    "torch._lobpcg",
    "torch._lowrank",
}
PRIVATE = ("_grouped_mm", "_unique2", "_weight_norm")  # these have one, too
IN_C = ("builtin_function_or_method", "method_descriptor")
PARAMETER = rb"(?:[\w:<>]+(?:\[\d*\])?\*?\?*>?\?? [^\x00()]*|\*, [^\x00()]*|)"
WRITTEN = re.compile(rb"(?<!\w)(_?[a-zA-Z]\w*)\(" + PARAMETER + rb"\)(\|deprecated|\|hidden)?\x00")
# called before what the arguments are for
ASIDE = {f"torch.{name}" for name in ("any", "sign", "empty_like", "is_grad_enabled", "Tensor.clone")}
ASIDE |= {f"torch.Tensor.{name}" for name in ("dim", "size", "numel", "pow", "unsqueeze", "expand")}
# what these do first is not for their arguments' sake
WINDING = {"gaussian_nll_loss", "multi_head_attention_forward", "embedding_bag"}
# steps that are not read off the source: they lie in helpers, or depend on the arguments
_SIZES = "input.size; torch._C._nn.{0}(input, with_default(output_size, input.size()))"
_POOLED = "torch._C._nn.{0}(ANY, kernel_size, ANY if stride is None else stride, 0, ceil_mode)"
_DRAWN = "None if output_size is not None else input.size; None if _random_samples is not None else input.dim"
_PADDED = "(*(0,) * (2 * min(input.dim(), 4) - 4), size // 2, (size - 1) // 2)"
BY_HAND = {
    **{name: _SIZES.format(name) for name in ("adaptive_avg_pool2d", "adaptive_avg_pool3d")},
    **{f"adaptive_max_pool{n}d_with_indices": _SIZES.format(f"adaptive_max_pool{n}d") for n in (2, 3)},
    **{f"fractional_max_pool{n}d_with_indices": _DRAWN for n in (2, 3)},
    **{f"lp_pool{n}d": f"unpack(kernel_size, {n}); input.pow; {_POOLED.format(f'avg_pool{n}d')}" for n in (2, 3)},
    "lp_pool1d": "input.pow; torch.avg_pool1d(ANY, kernel_size, ANY if stride is None else stride, 0, ceil_mode)",
    **{f"max_unpool{n}d": "input.size" for n in (1, 2, 3)},
    "unfold": "torch._C._nn.im2col(input, pair(kernel_size), pair(dilation), pair(padding), pair(stride))",
    "fold": "torch._C._nn.col2im(input, pair(output_size), pair(kernel_size), pair(dilation), pair(padding), "
    "pair(stride))",
    "softmin": "negative(input); torch.Tensor.softmax(ANY if dim is None else dim, **given(dtype=dtype))",
    "normalize": "input.norm; torch.linalg.vector_norm(input, ANY if isinstance(p, str) else p, dim, True); "
    "torch.Tensor.clamp_min(eps)",
    "local_response_norm": "input.dim; "
    + " if input.dim() > 2 and input.numel() else True; ".join(
        [f"torch._C._nn.pad(ANY, {_PADDED})", "torch._C._nn.avg_pool2d(ANY, (size, 1))", "torch.Tensor.mul(alpha)"]
        + ["torch.Tensor.add(k)", "torch.Tensor.pow(beta)", "True"]
    ),
}
TOO_MANY = 40


def written() -> dict[str, list[str]]:
    """Every signature in PyTorch's library by the function's name."""
    import torch

    library = Path(torch.__file__).parent / "lib" / "libtorch_python.so"
    found: dict[str, list[str]] = defaultdict(list)
    for each in WRITTEN.finditer(library.read_bytes()):
        text = each.group()[:-1].decode()
        if text not in found[each.group(1).decode()]:
            found[each.group(1).decode()].append(text)
    return found


def told(call, owner: str) -> list[str]:
    """The signatures that a function names if it is called with too many arguments; none if it has but one."""
    import torch

    args = [object()] * TOO_MANY
    try:
        call(*([torch.ones(1)] if owner == "torch.Tensor" else []), *args)
    except Exception as error:  # whatever it is, only its words count
        return re.findall(r"(?<=^ \* )\(.*\)$|takes no arguments", str(error), re.MULTILINE)
    return []


def signatures_of(call, owner: str, known: list[str]) -> list[str]:
    """Those of the signatures of this name that are a function's own, as PyTorch tries them."""
    listed = told(call, owner)
    if "takes no arguments" in listed:
        return ["-"]
    parsed = [Signature(each) for each in known]
    if listed:
        shown = {each.text: each.written for each in reversed(parsed) if not each.hidden}
        chosen = [shown[each] for each in listed if each in shown]
        old = [
            each.written for each in parsed if each.hidden and is_function(each) == is_function(Signature(chosen[0]))
        ]
        return chosen + old
    own = [each for each in parsed if is_function(each) == (owner != "torch.Tensor")] or parsed
    kept = [each for each in own if not each.hidden][:1] + [each for each in own if each.hidden]
    return [each.written for each in kept]


def in_python(call, known: set[str]) -> list[str]:
    """The signature of a function in Python, what it does with its arguments first, and the function in C that it calls.

    ``def dropout(input, p=0.5, training=True, inplace=False): p < 0.0; torch.dropout(input, p, training)``; two of them
    where it chooses, of which the second gives indices, too.
    """
    if "boolean_dispatch.<locals>" in call.__qualname__:
        found = inspect.getclosurevars(call).nonlocals
        both = [in_python(found[each], known)[0] for each in ("if_false", "if_true")]
        if ": " not in both[0]:  # the one without indices calls the other one
            both[0] += "".join(both[1].partition(": ")[1:])
        return both if found["arg_name"] == "return_indices" else both[:1]
    signature = inspect.signature(call)
    parameters = [each.replace(annotation=each.empty, default=_plain(each)) for each in signature.parameters.values()]
    head = f"def {call.__qualname__}{signature.replace(parameters=parameters, return_annotation=signature.empty)}"
    if call.__module__ != "torch.nn.functional":
        return [head]
    body = ast.parse(textwrap.dedent(inspect.getsource(call))).body[0]
    steps = _steps(body, set(signature.parameters), known) if call.__name__ not in WINDING else []
    does = BY_HAND.get(call.__name__, "; ".join(steps))
    return [f"{head}: {does}" if does else head]


def _plain(parameter: inspect.Parameter):
    default = parameter.default
    return default if default is parameter.empty or isinstance(default, (int, float, str)) else None


def _steps(body, names: set[str], known: set[str]) -> list[str]:
    """What is done with arguments before the first call of a function in C, and that call, ``ANY`` for what is computed."""
    steps, computed = [], {}
    for statement in body.body:
        for each in _evaluated(statement):
            if isinstance(each, ast.Call):
                callee = ast.unparse(each.func).replace("_VF.", "torch.")
                if isinstance(each.func, ast.Attribute) and ast.unparse(each.func.value) in names:
                    steps += [ast.unparse(each.func)] * (not _may_be_none(each.func.value, body))
                    callee = f"torch.Tensor.{each.func.attr}"
                if callee == "_Reduction.get_enum":
                    steps.append(f"get_enum({ast.unparse(each.args[0])})")
                elif callee in known - ASIDE and not callee.endswith("_"):
                    steps += [
                        f"get_enum({ast.unparse(arg.args[0])})" for arg in each.args if "get_enum" in ast.unparse(arg)
                    ]
                    return [*dict.fromkeys(steps), _called(each, callee, names, computed)]
            elif isinstance(each, ast.Attribute) and ast.unparse(each.value) in names - computed.keys():
                steps += [ast.unparse(each)] * (each.attr != "is_nested" and not _may_be_none(each.value, body))
            elif isinstance(each, ast.Compare) and ast.unparse(each.left) in names - computed.keys():
                if isinstance(each.ops[0], (ast.Lt, ast.Gt)) and isinstance(each.comparators[0], ast.Constant):
                    steps.append(ast.unparse(each))
        if isinstance(statement, ast.Assign):
            computed |= {ast.unparse(each): "ANY" for each in statement.targets}
        elif isinstance(statement, ast.If):
            # ``if stride is None: stride = ...`` leaves what was given
            test = ast.unparse(statement.test)
            kept = f"ANY if {test} else {test.removesuffix(' is None')}" if test.endswith(" is None") else "ANY"
            stored = [
                each.id
                for each in ast.walk(statement)
                if isinstance(each, ast.Name) and isinstance(each.ctx, ast.Store)
            ]
            computed |= {each: kept if test == f"{each} is None" else "ANY" for each in stored}
    return []


def _may_be_none(node, body) -> bool:
    with_defaults = body.args.args[len(body.args.args) - len(body.args.defaults) :]
    return node.id in [each.arg for each in (*with_defaults, *body.args.kwonlyargs)]


def _evaluated(statement) -> list:
    """The expressions of a statement in the order in which they are evaluated; of a choice the one that is usual."""
    if isinstance(statement, ast.If):
        test = statement.test.values[0] if isinstance(statement.test, ast.BoolOp) else statement.test
        return [*ast.walk(test), *[each for part in statement.orelse for each in _evaluated(part)]]
    if isinstance(statement, (ast.Return, ast.Assign, ast.Expr)) and statement.value is not None:
        return list(ast.walk(statement.value))
    return []


def _called(call, callee: str, names: set[str], computed: dict[str, str]) -> str:
    def of(node) -> str:
        name = ast.unparse(node)
        return computed.get(name, name) if name in names else "ANY"

    args = [*map(of, call.args), *[f"{each.arg}={of(each.value)}" for each in call.keywords]]
    return f"{callee}({', '.join(args)})"


def is_function(signature: Signature) -> bool:
    """Whether a signature is that of a function that has a tensor among the arguments, and not that of a method."""
    return any(each.name in ("input", "self", "tensors") for each in signature.parameters)


def is_wrapped(name: str) -> bool:
    """Whether a function in C is one of Python's in ``torch``."""
    import torch

    return name in ("_unique2", "unique_dim") or isinstance(getattr(torch, name, None), FunctionType)


def _module(owner: str):
    import torch

    if owner == "torch._VF":
        return torch._C._VariableFunctions
    found = torch
    for name in owner.split(".")[1:]:
        found = getattr(found, name)
    return found


def text() -> str:
    """The file's text."""
    known, lines = written(), []
    in_c = {
        f"{owner}.{name}"
        for owner in OWNERS
        for name in dir(_module(owner))
        if type(getattr(_module(owner), name)).__name__ in IN_C
    }
    for owner in OWNERS:
        module = _module(owner)
        lines.append(f"[{owner}]")
        for name in sorted(dir(module)):
            call = getattr(module, name)
            if name[0] == "_" and name not in PRIVATE or owner == "torch._VF" and not is_wrapped(name):
                continue
            if isinstance(call, FunctionType) and call.__module__ in HOMES:
                lines += [f"{name}: {each}" for each in in_python(call, in_c)]
            elif type(call).__name__ in IN_C:
                lines += [f"{name}: {each}" for each in signatures_of(call, owner, known.get(call.__name__, []))]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    FILE.write_text(text())
