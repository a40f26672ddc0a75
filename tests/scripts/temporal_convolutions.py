"""A temporal convolutional network with weight norms: the adding problem."""

import torch
import torch.nn as nn
from torch.nn.utils import weight_norm

torch.manual_seed(9)


class Chomp1d(nn.Module):
    def __init__(self, chomp_size):
        super().__init__()
        self.chomp_size = chomp_size

    def forward(self, x):
        return x[:, :, : -self.chomp_size].contiguous()


class TemporalBlock(nn.Module):
    def __init__(self, n_inputs, n_outputs, kernel_size, dilation):
        super().__init__()
        padding = (kernel_size - 1) * dilation
        self.conv1 = weight_norm(nn.Conv1d(n_inputs, n_outputs, kernel_size, padding=padding, dilation=dilation))
        self.conv2 = weight_norm(nn.Conv1d(n_outputs, n_outputs, kernel_size, padding=padding, dilation=dilation))
        self.net = nn.Sequential(self.conv1, Chomp1d(padding), nn.ReLU(), self.conv2, Chomp1d(padding), nn.ReLU())
        self.downsample = nn.Conv1d(n_inputs, n_outputs, 1) if n_inputs != n_outputs else None
        self.relu = nn.ReLU()

    def forward(self, x):
        res = x if self.downsample is None else self.downsample(x)
        return self.relu(self.net(x) + res)


model = nn.Sequential(TemporalBlock(2, 8, 3, 1), TemporalBlock(8, 8, 3, 2))
linear = nn.Linear(8, 1)
optimizer = torch.optim.Adam([*model.parameters(), *linear.parameters()], lr=4e-3)
for step in range(10):
    values, marks = torch.rand(16, 1, 20), torch.zeros(16, 1, 20)
    marks[:, 0, 3] = marks[:, 0, 15] = 1
    target = (values * marks).sum(2)
    optimizer.zero_grad()
    loss = nn.functional.mse_loss(linear(model(torch.cat([values, marks], 1))[:, :, -1]), target)
    loss.backward()
    optimizer.step()
    if step % 3 == 0:
        print(step, f"{loss.item():.4f}")
print([name for name, _ in model[1].named_parameters()])
nn.utils.remove_weight_norm(model[0].conv1)
print(model[0].conv1, f"{model(torch.ones(1, 2, 20)).sum().item():.3f}")
