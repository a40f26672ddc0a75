"""``import torch`` gives torchlike in the Pythons that a program run by torchlike starts, too.

`torchlike.pth` imports this at their start, if their environment says whose they are. torchlike itself is imported when
such a process first imports, or asks for, PyTorch.
"""

import sys


class _Awaiting:
    """Stands where torchlike's own finder will."""

    def find_spec(self, fullname, path=None, target=None):
        if fullname.partition(".")[0] in ("torch", "torchvision"):
            return self._become().find_spec(fullname, path, target)
        return None

    def find_distributions(self, context):
        return self._become().find_distributions(context) if context.name == "torch" else []

    def _become(self):
        sys.meta_path.remove(self)
        import torchlike

        torchlike.install()
        return sys.meta_path[0]


def await_torch() -> None:
    """Let the first ``import torch`` of this process bring torchlike."""
    sys.meta_path.insert(0, _Awaiting())
