"""Training in lower precision by autocast, with a scaler that has nothing to scale."""

import torch

torch.manual_seed(6)
net = torch.nn.Sequential(torch.nn.Linear(32, 64), torch.nn.ReLU(), torch.nn.Linear(64, 8))
opt = torch.optim.SGD(net.parameters(), lr=0.05)
scaler = torch.amp.GradScaler("cpu", enabled=False)
loss_fn = torch.nn.MSELoss()
data, targets = torch.randn(5, 16, 32), torch.randn(5, 16, 8)
for epoch in range(3):
    for input, target in zip(data, targets):
        with torch.autocast(device_type="cpu", dtype=torch.bfloat16):
            output = net(input)
            assert output.dtype is torch.bfloat16
            loss = loss_fn(output, target)
            assert loss.dtype is torch.float32
        scaler.scale(loss).backward()
        scaler.unscale_(opt)
        torch.nn.utils.clip_grad_norm_(net.parameters(), max_norm=0.5)
        scaler.step(opt)
        scaler.update()
        opt.zero_grad()
    print(epoch, f"{loss.item():.2f}", net[0].weight.dtype, torch.is_autocast_cpu_enabled())
