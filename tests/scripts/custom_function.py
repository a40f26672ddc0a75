"""A derivative of the user's own, checked and trained with."""

import math

import torch


class LegendrePolynomial3(torch.autograd.Function):
    @staticmethod
    def forward(ctx, input):
        ctx.save_for_backward(input)
        return 0.5 * (5 * input**3 - 3 * input)

    @staticmethod
    def backward(ctx, grad_output):
        (input,) = ctx.saved_tensors
        return grad_output * 1.5 * (5 * input**2 - 1)


x = torch.linspace(-math.pi, math.pi, 200)
y = torch.sin(x)
a, b, c, d = (torch.full((), start, requires_grad=True) for start in (0.0, -1.0, 0.0, 0.3))
P3 = LegendrePolynomial3.apply
for t in range(200):
    y_pred = a + b * P3(c + d * x)
    loss = (y_pred - y).pow(2).sum()
    if t % 50 == 49:
        print(t, "%.3f" % loss.item())
    loss.backward()
    with torch.no_grad():
        for each in (a, b, c, d):
            each -= 5e-5 * each.grad
            each.grad = None
print(f"Result: y = {a.item():.4f} + {b.item():.4f} * P3({c.item():.4f} + {d.item():.4f} x)")
print(torch.autograd.gradcheck(P3, torch.randn(4, dtype=torch.double, generator=None).mul(0.5).requires_grad_()))
print(y_pred.grad_fn.name(), repr(P3(a).grad_fn).partition(" object at ")[0])
