"""A curve fitted by L-BFGS, whose steps ask for the loss again."""

import torch
from torch import nn

torch.manual_seed(2)
x = torch.linspace(-1, 1, 40, dtype=torch.float64).unsqueeze(1)
y = torch.sin(3 * x) + 0.05 * torch.randn(40, 1, dtype=torch.float64)
net = nn.Sequential(nn.Linear(1, 8), nn.Tanh(), nn.Linear(8, 1)).double()
optimizer = torch.optim.LBFGS(net.parameters(), lr=0.8, max_iter=5, history_size=7, line_search_fn="strong_wolfe")
calls = 0


def closure():
    global calls
    calls += 1
    optimizer.zero_grad()
    loss = nn.functional.mse_loss(net(x), y)
    loss.backward()
    return loss


for step in range(6):
    loss = optimizer.step(closure)
    print(step, f"{loss.item():.6f}", calls)
