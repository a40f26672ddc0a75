"""``torch.utils.tensorboard``: a program's curves, pictures and texts, for TensorBoard to show; by its library."""

import tensorboard as _tensorboard  # pyright: ignore[reportMissingImports] # without it there is nothing here

from torchlike._missing import watch as _watch
from torchlike.utils.tensorboard.writer import FileWriter as FileWriter
from torchlike.utils.tensorboard.writer import SummaryWriter as SummaryWriter

_watch()  # it is imported by those alone who ask for it
