"""Learn to read handwritten digits with a small ConvNet: an ordinary PyTorch program.

It knows nothing of torchlike. Run it with either library:

    python -m torchlike examples/digits.py      # torchlike
    python examples/digits.py                   # PyTorch, where it is installed

It trains on four fifths of 1,797 images of 8 x 8 pixels, tells how many of the others it reads correctly, and saves a
picture of some of its answers.
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from matplotlib.figure import Figure
from torch import nn
from torch.utils.data import DataLoader, TensorDataset, random_split
from tqdm import tqdm

DATA = Path(__file__).resolve().parent / "data" / "digits.csv.gz"


class DigitNet(nn.Module):
    """Two convolutions and two linear layers: images `(N, 1, 8, 8)` to the logits of ten digits `(N, 10)`."""

    def __init__(self, width: int = 16, dropout: float = 0.25) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(1, width, kernel_size=3, padding=1)
        self.conv2 = nn.Conv2d(width, 2 * width, kernel_size=3, padding=1)
        self.norm = nn.BatchNorm2d(2 * width)
        self.pool = nn.MaxPool2d(2)
        self.dropout = nn.Dropout(dropout)
        self.hidden = nn.Linear(2 * width * 4 * 4, 64)
        self.out = nn.Linear(64, 10)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = F.relu(self.conv1(x))
        x = self.pool(F.relu(self.norm(self.conv2(x))))
        x = F.relu(self.hidden(self.dropout(x.flatten(1))))
        return self.out(x)


def load_digits(path: Path) -> TensorDataset:
    """Read the images, scaled to 0..1, and their digits."""
    table = np.loadtxt(path, delimiter=",", dtype=np.float32)
    images = torch.from_numpy(table[:, :64]).view(-1, 1, 8, 8) / 16
    return TensorDataset(images, torch.from_numpy(table[:, 64]).long())


def train_epoch(model: nn.Module, loader: DataLoader, optimizer: torch.optim.Optimizer, bar: tqdm) -> float:
    """Train for one pass over the data and return the mean loss an image."""
    model.train()
    total = 0.0
    for images, digits in loader:
        optimizer.zero_grad()
        loss = F.cross_entropy(model(images), digits)
        loss.backward()
        optimizer.step()
        value = loss.item()
        total += value * len(digits)
        bar.set_postfix(loss=f"{value:.3f}", refresh=False)
        bar.update()
    return total / len(loader.dataset)


@torch.no_grad()
def accuracy(model: nn.Module, loader: DataLoader) -> float:
    """Return the fraction of images read correctly."""
    model.eval()
    correct = sum((model(images).argmax(dim=1) == digits).sum().item() for images, digits in loader)
    return correct / len(loader.dataset)


@torch.no_grad()
def save_picture(model: nn.Module, images: torch.Tensor, digits: torch.Tensor, path: Path) -> None:
    """Draw images with the model's answer and its probability; a wrong answer is red."""
    model.eval()
    probabilities, answers = model(images).softmax(dim=1).max(dim=1)
    figure = Figure(figsize=(10, 6), layout="tight")
    axes = figure.subplots(4, 8)
    rows = zip(images, digits.tolist(), answers.tolist(), probabilities.tolist(), strict=True)
    for axis, (image, digit, answer, probability) in zip(axes.flat, rows, strict=True):
        axis.imshow(image[0].numpy(), cmap="gray_r")
        axis.set_title(f"{answer} ({probability:.0%})", fontsize=9, color="black" if answer == digit else "red")
        axis.axis("off")
    figure.suptitle("The network's answers on images it has not seen")
    figure.savefig(path, dpi=100)


def parse_args() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--epochs", type=int, default=15, help="passes over the data (default: %(default)s)")
    parser.add_argument("--batch-size", type=int, default=64, help="images a step (default: %(default)s)")
    parser.add_argument("--lr", type=float, default=2e-3, help="Adam's learning rate (default: %(default)s)")
    parser.add_argument("--seed", type=int, default=0, help="seed of all randomness (default: %(default)s)")
    parser.add_argument("--data", type=Path, default=DATA, help="the images (default: beside this file)")
    parser.add_argument("--picture", type=Path, default=Path("digits_predictions.png"), help="where to save answers")
    parser.add_argument("--quiet", action="store_true", help="show no progress bar")
    return parser.parse_args()


def main() -> None:
    args = parse_args()
    torch.manual_seed(args.seed)
    data = load_digits(args.data)
    held_out = len(data) // 5
    train_set, test_set = random_split(data, [len(data) - held_out, held_out])
    train_loader = DataLoader(train_set, batch_size=args.batch_size, shuffle=True)
    test_loader = DataLoader(test_set, batch_size=256)

    model = DigitNet()
    optimizer = torch.optim.Adam(model.parameters(), lr=args.lr)
    scheduler = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, T_max=args.epochs)
    start = time.perf_counter()
    with tqdm(total=args.epochs * len(train_loader), desc="training", disable=args.quiet) as bar:
        for epoch in range(args.epochs):
            loss = train_epoch(model, train_loader, optimizer, bar)
            scheduler.step()
            bar.set_description(f"epoch {epoch + 1}: mean loss {loss:.4f}")
    seconds = time.perf_counter() - start

    print(f"trained {args.epochs} epochs on {len(train_set)} images in {seconds:.1f} s")
    print(f"held-out accuracy: {accuracy(model, test_loader):.2%} of {len(test_set)} images")
    images, digits = test_set[:32]
    save_picture(model, images, digits, args.picture)
    print(f"wrote {args.picture}")


if __name__ == "__main__":
    main()
