"""``torch.utils.benchmark``: how long statements take, side by side."""

from torchlike._missing import watch as _watch
from torchlike._types.public import publish as _publish
from torchlike.utils.benchmark._compare import Colorize as Colorize
from torchlike.utils.benchmark._compare import Compare as Compare
from torchlike.utils.benchmark._measurement import Measurement as Measurement
from torchlike.utils.benchmark._measurement import TaskSpec as TaskSpec
from torchlike.utils.benchmark._measurement import ordered_unique as ordered_unique
from torchlike.utils.benchmark._measurement import select_unit as select_unit
from torchlike.utils.benchmark._measurement import set_torch_threads as set_torch_threads
from torchlike.utils.benchmark._measurement import trim_sigfig as trim_sigfig
from torchlike.utils.benchmark._measurement import unit_to_english as unit_to_english
from torchlike.utils.benchmark._timer import Timer as Timer
from torchlike.utils.benchmark._timer import timer as timer

_publish(globals())

_watch()  # it is imported by those alone who ask for it
