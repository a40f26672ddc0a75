"""A toy of speech: frames to letters by the CTC loss, decoded greedily."""

import torch
import torch.nn as nn

torch.manual_seed(12)
N, T, C = 4, 20, 6


class Acoustic(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv1d(5, 16, 3, padding=1)
        self.rnn = nn.GRU(16, 12, bidirectional=True, batch_first=True)
        self.norm = nn.LayerNorm(24)
        self.fc = nn.Linear(24, C)

    def forward(self, x):
        x = nn.functional.gelu(self.conv(x)).transpose(1, 2)
        return self.fc(self.norm(self.rnn(x)[0])).log_softmax(2).transpose(0, 1)


model = Acoustic()
ctc_loss = nn.CTCLoss(blank=0, zero_infinity=True)
optimizer = torch.optim.AdamW(model.parameters(), lr=0.02)
scheduler = torch.optim.lr_scheduler.OneCycleLR(optimizer, max_lr=0.02, total_steps=6)
frames = torch.randn(N, 5, T)
targets = torch.randint(1, C, (N, 5))
input_lengths = torch.full((N,), T, dtype=torch.long)
target_lengths = torch.tensor([5, 4, 3, 5])
for step in range(6):
    optimizer.zero_grad()
    log_probs = model(frames)
    loss = ctc_loss(log_probs, targets, input_lengths, target_lengths)
    loss.backward()
    optimizer.step()
    scheduler.step()
    if step % 3 == 2:
        print(step, f"{loss.item():.4f}", f"{scheduler.get_last_lr()[0]:.5f}")
best = torch.unique_consecutive(log_probs.argmax(2)[:, 0])
print(best[best != 0].tolist(), targets[0].tolist())
