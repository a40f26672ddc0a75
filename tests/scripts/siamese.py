"""A siamese network under the triplet loss."""

import torch
import torch.nn as nn

torch.manual_seed(10)
net = nn.Sequential(nn.Linear(8, 16), nn.PReLU(), nn.Linear(16, 4))
triplet_loss = nn.TripletMarginWithDistanceLoss(
    distance_function=lambda x, y: 1.0 - nn.functional.cosine_similarity(x, y)
)
plain = nn.TripletMarginLoss(margin=1.0, p=2)
optimizer = torch.optim.Adagrad(net.parameters(), lr=0.05)
centres = torch.randn(3, 8)
for step in range(9):
    classes = torch.randint(0, 3, (32,))
    others = (classes + torch.randint(1, 3, (32,))) % 3
    anchor, positive, negative = (centres[each] + 0.3 * torch.randn(32, 8) for each in (classes, classes, others))
    a, p, n = net(anchor), net(positive), net(negative)
    loss = plain(a, p, n) + triplet_loss(a, p, n)
    optimizer.zero_grad(set_to_none=True)
    loss.backward()
    optimizer.step()
    if step % 2 == 0:
        print(step, f"{loss.item():.4f}", f"{nn.PairwiseDistance()(a, p).mean().item():.4f}")
