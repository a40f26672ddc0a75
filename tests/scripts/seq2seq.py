"""Sequence to sequence with attention: learns to turn sequences round."""

import random

import torch
import torch.nn as nn
import torch.nn.functional as F
from torch import optim

SOS, EOS, SIZE = 0, 1, 12
device = torch.device("cpu")


class EncoderRNN(nn.Module):
    def __init__(self, input_size, hidden_size):
        super().__init__()
        self.embedding = nn.Embedding(input_size, hidden_size)
        self.gru = nn.GRU(hidden_size, hidden_size, batch_first=True)

    def forward(self, input):
        return self.gru(self.embedding(input))


class BahdanauAttention(nn.Module):
    def __init__(self, hidden_size):
        super().__init__()
        self.Wa = nn.Linear(hidden_size, hidden_size)
        self.Ua = nn.Linear(hidden_size, hidden_size)
        self.Va = nn.Linear(hidden_size, 1)

    def forward(self, query, keys):
        scores = self.Va(torch.tanh(self.Wa(query) + self.Ua(keys))).squeeze(2).unsqueeze(1)
        weights = F.softmax(scores, dim=-1)
        return torch.bmm(weights, keys), weights


class AttnDecoderRNN(nn.Module):
    def __init__(self, hidden_size, output_size):
        super().__init__()
        self.embedding = nn.Embedding(output_size, hidden_size)
        self.attention = BahdanauAttention(hidden_size)
        self.gru = nn.GRU(2 * hidden_size, hidden_size, batch_first=True)
        self.out = nn.Linear(hidden_size, output_size)

    def forward(self, encoder_outputs, hidden, target):
        batch = encoder_outputs.size(0)
        token = torch.empty(batch, 1, dtype=torch.long, device=device).fill_(SOS)
        outputs = []
        teach = random.random() < 0.5
        for i in range(target.size(1)):
            query = hidden.permute(1, 0, 2)
            context, _ = self.attention(query, encoder_outputs)
            step, hidden = self.gru(torch.cat((self.embedding(token), context), dim=2), hidden)
            step = self.out(step)
            outputs.append(step)
            token = target[:, i].unsqueeze(1) if teach else step.topk(1)[1].squeeze(-1).detach()
        return F.log_softmax(torch.cat(outputs, dim=1), dim=-1)


random.seed(0)
torch.manual_seed(0)
encoder, decoder = EncoderRNN(SIZE, 24), AttnDecoderRNN(24, SIZE)
optimizers = [optim.Adam(each.parameters(), lr=0.01) for each in (encoder, decoder)]
criterion = nn.NLLLoss()
for step in range(1, 10):
    source = torch.randint(2, SIZE, (16, 5))
    target = torch.cat((source.flip(1), torch.full((16, 1), EOS)), 1)
    for each in optimizers:
        each.zero_grad()
    outputs, hidden = encoder(source)
    scores = decoder(outputs, hidden, target)
    loss = criterion(scores.view(-1, SIZE), target.view(-1))
    loss.backward()
    for each in optimizers:
        each.step()
    if step % 3 == 0:
        print(step, "%.4f" % loss.item())
