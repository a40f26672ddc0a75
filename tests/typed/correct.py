"""A user's program whose types are right: pyright finds no error in it."""

from typing import assert_type

import torchlike as torch
import torchlike.nn.functional as F
from torchlike import Tensor, nn
from torchlike.utils.data import DataLoader, TensorDataset

x = torch.randn(2, 3)
assert_type(x, Tensor)
assert_type(x + 1, Tensor)
assert_type(1 + x, Tensor)
assert_type(x - 1.5, Tensor)
assert_type(2 / x, Tensor)
assert_type(-x, Tensor)
assert_type(x > 0, Tensor)
assert_type(x @ x.t(), Tensor)
assert_type(x[0], Tensor)
assert_type(x[:, 1:, None], Tensor)
assert_type(x**2, Tensor)
assert_type(torch.zeros(2, 3), Tensor)
assert_type(torch.zeros((2, 3), dtype=torch.float64), Tensor)
assert_type(torch.tensor([1, 2]), Tensor)
assert_type(torch.arange(3), Tensor)
assert_type(torch.rand(3, requires_grad=True), Tensor)
assert_type(torch.full((2,), 3.0), Tensor)
assert_type(torch.add(x, x, alpha=2), Tensor)
assert_type(torch.cat([x, x]), Tensor)
assert_type(torch.cat((x, x), dim=1), Tensor)
assert_type(torch.stack([x, x]), Tensor)
assert_type(torch.relu(x), Tensor)
assert_type(torch.exp(x, out=torch.empty(2, 3)), Tensor)
assert_type(torch.masked_select(x, x > 0, out=torch.empty(0)), Tensor)
assert_type(x.unsqueeze_(0), Tensor)
assert_type(x.sum(), Tensor)
assert_type(x.sum(0, keepdim=True), Tensor)
assert_type(x.mean(dim=1), Tensor)
assert_type(x.view(3, 2), Tensor)
assert_type(x.reshape(-1), Tensor)
assert_type(x.permute(1, 0), Tensor)
assert_type(x.relu(), Tensor)
assert_type(x.add_(1), Tensor)
assert_type(x.clamp(min=0), Tensor)
assert_type(x.to(torch.float64), Tensor)
assert_type(x.detach(), Tensor)
assert_type(x.shape, torch.Size)
assert_type(x.item(), int | float | bool)
assert_type(x.requires_grad, bool)
assert_type(F.relu(x), Tensor)
assert_type(F.linear(x, x), Tensor)
assert_type(F.conv2d(x, x), Tensor)
assert_type(F.cross_entropy(x, torch.tensor([0, 1])), Tensor)
assert_type(F.mse_loss(x, x, reduction="sum"), Tensor)
assert_type(F.softmax(x, dim=-1), Tensor)
assert_type(F.dropout(x, 0.5), Tensor)
assert_type(x.where(x > 0, x), Tensor)


class Net(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.first = nn.Linear(3, 4)
        self.last = nn.Linear(4, 2)

    def forward(self, x: Tensor) -> Tensor:
        return self.last(F.relu(self.first(x)))


net = Net()
assert_type(net.first.weight, Tensor)
optimizer = torch.optim.Adam(net.parameters(), lr=1e-3)
for batch, target in DataLoader(TensorDataset(x, torch.tensor([0, 1])), batch_size=2):
    loss = F.cross_entropy(net(batch), target)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    total: float = loss.item()
with torch.no_grad():
    best = net(x).argmax(1)
values, indices = x.max(0)
torch.manual_seed(0)
assert_type(torch.zeros_like(x), Tensor)
assert_type(x.std(0), Tensor)
assert_type(torch.std(x, dim=1, keepdim=True), Tensor)
assert_type(torch.linalg.cholesky(x @ x.t()), Tensor)
assert_type(F.pad(x, (1, 1)), Tensor)
assert_type(x.masked_fill(x > 0, 0.0), Tensor)
x += 1
x[0] = 0.0
assert_type(x, Tensor)
