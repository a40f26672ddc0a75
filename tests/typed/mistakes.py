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


class Net(nn.Module):
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x


net = Net()
net()  # mistake
net("x")  # mistake
net(x, x)  # mistake
nn.ReLU()(1.0)  # mistake
nn.Linear(3, 4)(x).reluu()  # mistake
z: int = net(x)  # mistake
x.max(0).value  # mistake
x.topk(2).relu()  # mistake
torch.sort(x).argsort  # mistake
torch.max(x, dim="a")  # mistake
torch.where(x > 0, x)  # mistake
torch.where(x > 0).relu()  # mistake
x.shape.relu()  # mistake
x.shape[0].numel()  # mistake
(x == x).summ()  # mistake
x.uniform_("a")  # mistake
x.size("a")  # mistake
x.backward(gradient="a")  # mistake
torch.tensor([1.0], dtyp=torch.float32)  # mistake
torch.full((2,), "a")  # mistake
nn.Conv2d(3, 4)  # mistake
nn.Sequential(nn.ReLU())["a"]  # mistake
torch.optim.SGD(net.parameters(), lrr=1.0)  # mistake
torch.optim.SGD(net.parameters(), lr=0.1).steps()  # mistake
torch.func.grad(lambda a: a.sum())()  # mistake
torch.func.vmap(net)("a")  # mistake
F.max_pool2d(x, 2).values  # mistake
F.cross_entropy(x, x, reduction=1)  # mistake
torch.utils.data.DataLoader()  # mistake
