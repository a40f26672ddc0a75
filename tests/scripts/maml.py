"""Model-agnostic meta-learning: gradients through steps of gradient descent."""

import torch
import torch.nn.functional as F

torch.manual_seed(13)
params = [(torch.randn(*shape) * 0.3).requires_grad_() for shape in ((1, 12), (12,), (12, 1), (1,))]


def net(x, params):
    w1, b1, w2, b2 = params
    return F.relu(x @ w1 + b1) @ w2 + b2


meta = torch.optim.Adam(params, lr=0.01)
for step in range(3):
    meta_loss = 0.0
    for _ in range(3):
        amplitude, phase = torch.rand(2)
        x = torch.rand(10, 1) * 4 - 2
        y = (amplitude + 0.5) * torch.sin(x + phase * 3)
        fast = params
        for _ in range(2):
            loss = F.mse_loss(net(x[:5], fast), y[:5])
            grads = torch.autograd.grad(loss, fast, create_graph=True)
            fast = [p - 0.1 * g for p, g in zip(fast, grads)]
        meta_loss = meta_loss + F.mse_loss(net(x[5:], fast), y[5:])
    meta.zero_grad()
    meta_loss.backward()
    meta.step()
    print(step, f"{meta_loss.item():.4f}", f"{params[0].grad.norm().item():.4f}")
