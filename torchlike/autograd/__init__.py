"""``torch.autograd``: gradients, the user's own derivatives, checks of both."""

from torchlike._autograd import calls as _calls
from torchlike._autograd.modes import enable_grad as enable_grad
from torchlike._autograd.modes import inference_mode as inference_mode
from torchlike._autograd.modes import no_grad as no_grad
from torchlike._autograd.modes import set_grad_enabled as set_grad_enabled
from torchlike.autograd import functional as functional
from torchlike.autograd import graph as graph
from torchlike.autograd import profiler as profiler
from torchlike.autograd import profiler_util as profiler_util
from torchlike.autograd.profiler_util import DeviceType as DeviceType
from torchlike.autograd.anomaly_mode import detect_anomaly as detect_anomaly
from torchlike.autograd.anomaly_mode import set_detect_anomaly as set_detect_anomaly
from torchlike.autograd.function import Function as Function
from torchlike.autograd.function import Variable as Variable
from torchlike.autograd.gradcheck import gradcheck as gradcheck
from torchlike.autograd.gradcheck import gradgradcheck as gradgradcheck

from torchlike._function import function as _function
from torchlike._types.public import publish as _publish

grad = _function(_calls.grad, module="torchlike.autograd")
backward = _function(_calls.backward, module="torchlike.autograd")
for _each in (grad, backward):
    vars(_each)["in_python"] = True

_publish(globals())
