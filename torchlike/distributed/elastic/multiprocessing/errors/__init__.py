"""``torch.distributed.elastic.multiprocessing.errors``: what a program failed of, told to who has started it."""

from __future__ import annotations

import functools as _functools
import json as _json
import os as _os
import time as _time
import traceback as _traceback
from collections.abc import Callable as _Callable
from typing import Any as _Any


def record(fn: _Callable[..., _Any]) -> _Callable[..., _Any]:
    """A function, the error of which is written to the file that ``TORCHELASTIC_ERROR_FILE`` names.

    Args:
        fn: the program's main function.
    """

    @_functools.wraps(fn)
    def call(*args: _Any, **kwargs: _Any) -> _Any:
        try:
            return fn(*args, **kwargs)
        except SystemExit as error:
            if error.code == 0:
                return None
            raise
        except Exception as error:
            path = _os.environ.get("TORCHELASTIC_ERROR_FILE")
            if path:
                told = {"py_callstack": _traceback.format_exc(), "timestamp": str(int(_time.time()))}
                with open(path, "w") as file:
                    _json.dump({"message": {"message": f"{type(error).__name__}: {error}", "extraInfo": told}}, file)
            raise

    return call
