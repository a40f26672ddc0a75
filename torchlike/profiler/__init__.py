"""``torch.profiler``: what a program spends its time on."""

from torchlike._missing import watch as _watch
from torchlike._types.public import publish as _publish
from torchlike.autograd.profiler import record_function as record_function
from torchlike.profiler.profiler import ProfilerAction as ProfilerAction
from torchlike.profiler.profiler import ProfilerActivity as ProfilerActivity
from torchlike.profiler.profiler import _KinetoProfile as _KinetoProfile
from torchlike.profiler.profiler import profile as profile
from torchlike.profiler.profiler import schedule as schedule
from torchlike.profiler.profiler import supported_activities as supported_activities
from torchlike.profiler.profiler import tensorboard_trace_handler as tensorboard_trace_handler

_publish(globals())

_watch()  # it is imported by those alone who ask for it
