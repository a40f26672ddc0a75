"""A user's program with mistakes: pyright finds each."""

import torchlike as torch
import torchlike.nn.functional as F
from torchlike import nn

x = torch.randn(2, 3)
torch.add(x)  # mistake
torch.add(x, "1")  # mistake
torch.relu(x, x)  # mistake
torch.exp(x, alpha=1)  # mistake
x.reluu()  # mistake
x.add()  # mistake
x.sum(keepdims=True, nonsense=1)  # mistake
F.conv2d(x)  # mistake
F.linear(x, x, bais=None)  # mistake
x + "a"  # mistake
"a" - x  # mistake
nn.Linear(3)  # mistake
torch.optim.Adam()  # mistake
x.clamp(min="a")  # mistake
torch.nn.Linearr(3, 4)  # mistake
y: int = torch.relu(x)  # mistake
