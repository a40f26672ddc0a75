"""A discriminator with spectral norms, and the hinge loss."""

import torch
import torch.nn as nn
import torch.nn.functional as F
from torch.nn.utils import spectral_norm

torch.manual_seed(8)
G = nn.Sequential(nn.Linear(4, 16), nn.ReLU(), nn.Linear(16, 2))
D = nn.Sequential(
    spectral_norm(nn.Linear(2, 16)), nn.LeakyReLU(0.1), torch.nn.utils.parametrizations.spectral_norm(nn.Linear(16, 1))
)
print(D)
opt_g = torch.optim.Adam(G.parameters(), lr=1e-3, betas=(0.0, 0.9))
opt_d = torch.optim.Adam(D.parameters(), lr=4e-3, betas=(0.0, 0.9))
for step in range(8):
    real = torch.randn(32, 2) * 0.5 + torch.tensor([1.0, -1.0])
    fake = G(torch.randn(32, 4))
    d_loss = F.relu(1.0 - D(real)).mean() + F.relu(1.0 + D(fake.detach())).mean()
    opt_d.zero_grad()
    d_loss.backward()
    opt_d.step()
    g_loss = -D(G(torch.randn(32, 4))).mean()
    opt_g.zero_grad()
    g_loss.backward()
    opt_g.step()
    if step % 2:
        print(step, f"{d_loss.item():.4f} {g_loss.item():.4f}")
print(sorted(D.state_dict()))
