"""Scalars, histograms and a graph of names for TensorBoard."""

import os
import tempfile

import torch
from torch.utils.tensorboard import SummaryWriter

torch.manual_seed(15)
x = torch.arange(-5, 5, 0.1).view(-1, 1)
y = -5 * x + 0.1 * torch.randn(x.size())
model = torch.nn.Linear(1, 1)
criterion = torch.nn.MSELoss()
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
with tempfile.TemporaryDirectory() as folder:
    writer = SummaryWriter(folder)
    for epoch in range(5):
        loss = criterion(model(x), y)
        writer.add_scalar("Loss/train", loss, epoch)
        writer.add_histogram("weight", model.weight, epoch)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        print(epoch, f"{loss.item():.4f}")
    writer.add_text("text", "done")
    writer.add_hparams({"lr": 0.1}, {"loss": loss.item()})
    writer.flush()
    writer.close()
    print(any(name.startswith("events") for name in os.listdir(folder)))
