"""A user's program: modules, optimizers, loaders."""

from collections.abc import Callable
from typing import Any, assert_type

import torchlike as torch
from torchlike import Tensor, nn, optim
from torchlike.utils.data import ConcatDataset, DataLoader, Dataset, Subset, TensorDataset, random_split

x = torch.randn(2, 3)


class Net(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.first = nn.Linear(3, 4)
        self.rest = nn.ModuleList([nn.Linear(4, 4) for _ in range(2)])

    def forward(self, x: Tensor, scale: float = 1.0) -> Tensor:
        x = self.first(x).relu()
        for each in self.rest:
            x = each(x)
        return x * scale


def run(module: nn.Module) -> Any:
    applied(module)
    return module(x, 1, anything=2)


def applied(function: Callable[[Tensor], Tensor]) -> Tensor:
    return function(x)


# a module is called as its `forward` is
net = Net()
assert_type(net(x), Tensor)
assert_type(net(x, scale=2.0), Tensor)
assert_type(nn.Linear(3, 4)(x), Tensor)
assert_type(nn.ReLU()(x), Tensor)
assert_type(nn.CrossEntropyLoss()(x, torch.tensor([0, 1])), Tensor)
assert_type(nn.MultiheadAttention(4, 2)(x, x, x), tuple[Tensor, Tensor | None])
assert_type(torch.compile(net)(x), Tensor)
assert_type(torch.vmap(net)(x), Tensor)
applied(net)

# what changes a module gives it back
assert_type(net.to("cpu"), Net)
assert_type(net.train(), Net)
assert_type(net.eval().double(), Net)
assert_type(net.requires_grad_(False), Net)
assert_type(net.state_dict(), dict[str, Any])
assert_type(list(net.parameters()), list[nn.Parameter])
assert_type(dict(net.named_parameters()), dict[str, nn.Parameter])
assert_type(list(net.named_modules()), list[tuple[str, nn.Module]])
assert_type(net.rest[0], nn.Module)
assert_type(net.rest[1:], nn.ModuleList)
assert_type(nn.Sequential(net)[0], nn.Module)
assert_type(nn.Conv2d(3, 4, (3, 3), padding="same").weight, Tensor)
assert_type(nn.utils.clip_grad_norm_(net.parameters(), 1.0), Tensor)

optimizer = optim.SGD(net.parameters(), lr=0.1, momentum=0.9)
assert_type(optimizer.step(), None)
assert_type(optimizer.step(lambda: net(x).sum()), Tensor)
assert_type(optimizer.zero_grad(set_to_none=True), None)
optim.Adam([{"params": net.first.parameters(), "lr": 1e-3}], betas=(0.9, 0.99))
scheduler = optim.lr_scheduler.StepLR(optimizer, 10, gamma=0.5)
assert_type(scheduler.step(), None)
optim.lr_scheduler.LambdaLR(optimizer, lambda epoch: 0.9**epoch)
assert_type(torch.amp.GradScaler().scale(x), Tensor)


class Pairs(Dataset[tuple[Tensor, int]]):
    def __len__(self) -> int:
        return 3

    def __getitem__(self, index: int) -> tuple[Tensor, int]:
        return x, index


assert_type(Pairs()[0], tuple[Tensor, int])
assert_type(Subset(Pairs(), [0])[0], tuple[Tensor, int])
assert_type(ConcatDataset([Pairs(), Pairs()])[0], tuple[Tensor, int])
assert_type(random_split(Pairs(), [1, 2]), list[Subset[tuple[Tensor, int]]])
assert_type(DataLoader(Pairs()), DataLoader[tuple[Tensor, int]])
for place, (features, target) in enumerate(DataLoader(TensorDataset(x, x), batch_size=2, shuffle=True)):
    loss: Tensor = nn.functional.mse_loss(net(features), target)
    assert_type(place, int)
