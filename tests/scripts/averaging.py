"""Stochastic weight averaging: the average's batch norm is updated in the end."""

import torch
from torch.optim.swa_utils import SWALR, AveragedModel, update_bn

torch.manual_seed(4)
model = torch.nn.Sequential(torch.nn.Linear(6, 12), torch.nn.BatchNorm1d(12), torch.nn.ReLU(), torch.nn.Linear(12, 1))
inputs = torch.randn(96, 6)
targets = inputs.prod(1, keepdim=True)
loader = torch.utils.data.DataLoader(torch.utils.data.TensorDataset(inputs, targets), batch_size=24, shuffle=True)
optimizer = torch.optim.SGD(model.parameters(), lr=0.05, momentum=0.9)
swa_model = AveragedModel(model)
scheduler = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, T_max=10)
swa_start, swa_scheduler = 3, SWALR(optimizer, swa_lr=0.02, anneal_epochs=2)
loss_fn = torch.nn.MSELoss()
for epoch in range(7):
    for input, target in loader:
        optimizer.zero_grad()
        loss = loss_fn(model(input), target)
        loss.backward()
        optimizer.step()
    if epoch > swa_start:
        swa_model.update_parameters(model)
        swa_scheduler.step()
    else:
        scheduler.step()
    print(epoch, f"{loss.item():.4f}", f"{optimizer.param_groups[0]['lr']:.5f}")
update_bn(loader, swa_model)
swa_model.eval()
with torch.no_grad():
    print(f"{loss_fn(swa_model(inputs), targets).item():.4f}", swa_model.n_averaged.item())
