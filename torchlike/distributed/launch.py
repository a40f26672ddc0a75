"""``torch.distributed.launch``: `torchlike.distributed.run` as it was called once."""

from __future__ import annotations

import sys as _sys
import warnings as _warnings
from collections.abc import Sequence as _Sequence
from typing import Any

from torchlike._missing import watch as _watch
from torchlike.distributed.run import get_args_parser as get_args_parser
from torchlike.distributed.run import run as run


def parse_args(args: _Sequence[str] | None):
    """Read the command line; with ``--use-env`` the rank on the machine stands in the environment alone."""
    parser = get_args_parser()
    parser.add_argument("--use-env", "--use_env", action="store_true")
    return parser.parse_args(args)


def launch(args: Any) -> None:
    """Start a program as its command line says; it gets ``--local-rank``, too, unless that says otherwise."""
    if not args.use_env and not args.no_python:
        args.training_script_args.insert(0, "--local-rank=0")
    run(args)


def main(args: _Sequence[str] | None = None) -> None:
    """Start a program, and wait for it; deprecated: ``torchrun`` is what it is called now."""
    _warnings.warn(
        "The module torch.distributed.launch is deprecated and will be removed in future. Use torchrun.",
        FutureWarning,
        stacklevel=2,
    )
    launch(parse_args(_sys.argv[1:] if args is None else args))


_watch()  # it is imported by those alone who ask for it

if __name__ == "__main__":
    main()
