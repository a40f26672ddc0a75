"""``torch.version``: the PyTorch whose behaviour this is, and torchlike's own version."""

__version__ = "2.13.0+torchlike.0.1.0"
cuda = None
hip = None
rocm = None
xpu = None
git_version = "unknown"
debug = False
