"""``torch.cpu.amp``: `torchlike.amp` by its old name."""

from torchlike.cpu.amp import autocast_mode as autocast_mode
from torchlike.cpu.amp.autocast_mode import autocast as autocast
from torchlike.cpu.amp.grad_scaler import GradScaler as GradScaler
