"""A classifier with a scheduler, validation, a checkpoint on the way, and a run that goes on from it."""

import argparse
import os
import tempfile

import torch
import torch.nn as nn
import torch.nn.functional as F
import torch.optim as optim
from torch.utils.data import DataLoader, TensorDataset, random_split


class Net(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.fc1 = nn.Linear(10, width)
        self.bn = nn.BatchNorm1d(width)
        self.fc2 = nn.Linear(width, 3)

    def forward(self, x):
        x = F.relu(self.bn(self.fc1(x)))
        return F.log_softmax(self.fc2(x), dim=1)


def train(model, device, loader, optimizer):
    model.train()
    total = 0.0
    for data, target in loader:
        data, target = data.to(device), target.to(device)
        optimizer.zero_grad()
        loss = F.nll_loss(model(data), target)
        loss.backward()
        optimizer.step()
        total += loss.item() * len(data)
    return total / len(loader.dataset)


def test(model, device, loader):
    model.eval()
    loss, correct = 0, 0
    with torch.no_grad():
        for data, target in loader:
            output = model(data.to(device))
            loss += F.nll_loss(output, target.to(device), reduction="sum").item()
            correct += output.argmax(dim=1, keepdim=True).eq(target.view_as(output.argmax(1, True))).sum().item()
    print("validation: {:.4f}, accuracy {}/{}".format(loss / len(loader.dataset), correct, len(loader.dataset)))


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--epochs", type=int, default=4)
    parser.add_argument("--lr", type=float, default=0.05)
    args = parser.parse_args([])
    torch.manual_seed(1)
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    inputs = torch.randn(240, 10)
    targets = (inputs[:, :3] + inputs[:, 3:6]).argmax(1)
    training, validation = random_split(TensorDataset(inputs, targets), [200, 40])
    made = lambda: Net(16).to(device)
    model = made()
    optimizer = optim.SGD(model.parameters(), lr=args.lr, momentum=0.9, weight_decay=1e-4, nesterov=True)
    scheduler = optim.lr_scheduler.CosineAnnealingLR(optimizer, T_max=args.epochs)
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "checkpoint.pt")
        for epoch in range(args.epochs):
            loss = train(model, device, DataLoader(training, batch_size=32), optimizer)
            print(f"epoch {epoch} loss {loss:.4f} lr {scheduler.get_last_lr()[0]:.4f}")
            test(model, device, DataLoader(validation, batch_size=40))
            scheduler.step()
            if epoch == 1:
                states = {"model": model, "optimizer": optimizer, "scheduler": scheduler}
                torch.save({"epoch": epoch, **{k: v.state_dict() for k, v in states.items()}}, path)
        again = made()
        optimizer = optim.SGD(again.parameters(), lr=1.0, momentum=0.9, weight_decay=1e-4, nesterov=True)
        scheduler = optim.lr_scheduler.CosineAnnealingLR(optimizer, T_max=args.epochs)
        checkpoint = torch.load(path, map_location=device)
        again.load_state_dict(checkpoint["model"])
        optimizer.load_state_dict(checkpoint["optimizer"])
        scheduler.load_state_dict(checkpoint["scheduler"])
        for epoch in range(checkpoint["epoch"] + 1, args.epochs):
            train(again, device, DataLoader(training, batch_size=32), optimizer)
            scheduler.step()
        same = all(torch.equal(a, b) for a, b in zip(model.state_dict().values(), again.state_dict().values()))
        print("resumed run is the same:", same)


if __name__ == "__main__":
    main()
