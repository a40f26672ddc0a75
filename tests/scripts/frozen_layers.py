"""Fine tuning: the body stays as it is, a new head learns; then all learns, at two rates."""

import copy

import torch
import torch.nn as nn
import torch.optim as optim
from torch.optim import lr_scheduler

torch.manual_seed(5)
model = nn.Sequential()
model.add_module("features", nn.Sequential(nn.Conv2d(3, 6, 3, padding=1), nn.ReLU(), nn.AdaptiveAvgPool2d(2)))
model.add_module("flatten", nn.Flatten())
model.add_module("fc", nn.Linear(24, 10))
for param in model.parameters():
    param.requires_grad = False
num_ftrs = model.fc.in_features
model.fc = nn.Linear(num_ftrs, 2)
inputs, labels = torch.randn(24, 3, 8, 8), torch.randint(0, 2, (24,))
criterion = nn.CrossEntropyLoss()


def train_model(optimizer, scheduler, num_epochs):
    best, best_loss = copy.deepcopy(model.state_dict()), float("inf")
    for epoch in range(num_epochs):
        optimizer.zero_grad()
        with torch.set_grad_enabled(True):
            outputs = model(inputs)
            _, preds = torch.max(outputs, 1)
            loss = criterion(outputs, labels)
            loss.backward()
            optimizer.step()
        scheduler.step()
        if loss.item() < best_loss:
            best, best_loss = copy.deepcopy(model.state_dict()), loss.item()
        print(f"{epoch} loss {loss:.4f} acc {torch.sum(preds == labels.data).double() / len(labels):.4f}")
    model.load_state_dict(best)


before = model.features[0].weight.clone()
optimizer = optim.SGD(model.fc.parameters(), lr=0.1, momentum=0.9)
train_model(optimizer, lr_scheduler.StepLR(optimizer, step_size=2, gamma=0.1), 4)
print(
    "frozen:",
    torch.equal(before, model.features[0].weight),
    [n for n, p in model.named_parameters() if p.requires_grad],
)
for param in model.features.parameters():
    param.requires_grad = True
optimizer = optim.RMSprop(
    [{"params": model.features.parameters(), "lr": 1e-3}, {"params": model.fc.parameters()}], lr=1e-2
)
train_model(optimizer, lr_scheduler.ExponentialLR(optimizer, 0.9), 3)
print("frozen:", torch.equal(before, model.features[0].weight))
