"""``torch.torch_version``: a version that compares as one."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable
from typing import Any

from torchlike import version

# what PEP 440 takes, in the forms in which it is written
_FORM = re.compile(
    r"v?(?:(?P<epoch>\d+)!)?(?P<release>\d+(?:\.\d+)*)"
    r"(?:[-_.]?(?P<pre>a|b|c|rc|alpha|beta|pre|preview)[-_.]?(?P<pre_number>\d*))?"
    r"(?:-(?P<post>\d+)|[-_.]?(?P<post_word>post|rev|r)[-_.]?(?P<post_number>\d*))?"
    r"(?:[-_.]?(?P<dev>dev)[-_.]?(?P<dev_number>\d*))?"
    r"(?:\+(?P<local>[a-z0-9]+(?:[-_.][a-z0-9]+)*))?",
    re.IGNORECASE,
)
_LETTERS = {"alpha": "a", "beta": "b", "c": "rc", "pre": "rc", "preview": "rc"}


def _key(text: str) -> tuple | None:
    """What orders versions, as PEP 440 has it; None for what is none."""
    found = _FORM.fullmatch(text.strip())
    if found is None:
        return None
    part = found.groupdict()
    release = tuple(map(int, part["release"].split(".")))
    while len(release) > 1 and not release[-1]:
        release = release[:-1]
    is_post = part["post"] is not None or part["post_word"] is not None
    pre: tuple = (math.inf,)
    if part["pre"] is not None:
        pre = (0, _LETTERS.get(part["pre"].lower(), part["pre"].lower()), int(part["pre_number"] or 0))
    elif part["dev"] is not None and not is_post:
        pre = (-math.inf,)
    post = int(part["post"] or part["post_number"] or 0) if is_post else -math.inf
    dev = math.inf if part["dev"] is None else int(part["dev_number"] or 0)
    locals_ = [] if part["local"] is None else re.split(r"[-_.]", part["local"].lower())
    local = tuple((int(each), "") if each.isdigit() else (-math.inf, each) for each in locals_)
    return int(part["epoch"] or 0), release, pre, post, dev, part["local"] is not None, local


class TorchVersion(str):
    """A text that compares with other versions by their numbers: with texts, tuples and `packaging`'s versions.

    Example:
        >>> TorchVersion("1.10.0") > "1.9", TorchVersion("1.10.0") >= (1, 10)
        (True, True)
    """

    __slots__ = ()

    def _compared(self, other: Any, method: str) -> bool:
        text = other if isinstance(other, str) else None
        if text is None and isinstance(other, Iterable):
            text = ".".join(map(str, other))
        elif text is None and hasattr(other, "release"):
            text = str(other)
        keys = _key(self), None if text is None else _key(text)
        if None in keys:  # plain texts, then
            return getattr(str, method)(self, other)
        return getattr(keys[0], method)(keys[1])

    def __gt__(self, other: Any) -> bool:
        return self._compared(other, "__gt__")

    def __ge__(self, other: Any) -> bool:
        return self._compared(other, "__ge__")

    def __lt__(self, other: Any) -> bool:
        return self._compared(other, "__lt__")

    def __le__(self, other: Any) -> bool:
        return self._compared(other, "__le__")

    def __eq__(self, other: object) -> bool:
        return self._compared(other, "__eq__")

    __hash__ = str.__hash__


__version__ = TorchVersion(version.__version__)
