"""Translation with a GRU and an attention decoder, word by word in Python; a new length each sentence, two optimizers.

Half of the sentences are taught with the wanted words, the others with the words that the decoder said itself.
"""

from __future__ import annotations

import random
from typing import Any

import numpy as np

from ._setup import SEED, VARIETY, Setup, Step

LR, DROPOUT = 0.01, 0.1
START, END, LONGEST = 0, 1, 10


def build(setup: Setup, hidden: int, vocabulary: int) -> tuple[Any, Step]:
    """The program in PyTorch's API: its models and its training step."""
    torch = setup.torch
    nn, F = torch.nn, torch.nn.functional

    class Encoder(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.embedding = nn.Embedding(vocabulary, hidden)
            self.gru = nn.GRU(hidden, hidden)

        def forward(self, word: Any, state: Any) -> tuple:
            return self.gru(self.embedding(word).view(1, 1, -1), state)

    class Decoder(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.embedding = nn.Embedding(vocabulary, hidden)
            self.attention = nn.Linear(2 * hidden, LONGEST)
            self.combine = nn.Linear(2 * hidden, hidden)
            self.dropout = nn.Dropout(DROPOUT)
            self.gru = nn.GRU(hidden, hidden)
            self.out = nn.Linear(hidden, vocabulary)

        def forward(self, word: Any, state: Any, memory: Any) -> tuple:
            embedded = self.dropout(self.embedding(word).view(1, 1, -1))
            weights = F.softmax(self.attention(torch.cat((embedded[0], state[0]), 1)), dim=1)
            context = torch.bmm(weights.unsqueeze(0), memory.unsqueeze(0))
            combined = self.combine(torch.cat((embedded[0], context[0]), 1)).unsqueeze(0)
            output, state = self.gru(F.relu(combined), state)
            return F.log_softmax(self.out(output[0]), dim=1), state

    torch.manual_seed(0)
    nets = setup.place(nn.ModuleDict({"encoder": Encoder(), "decoder": Decoder()})).train(setup.dropout)
    encode, decode = setup.forward(nets["encoder"]), setup.forward(nets["decoder"])
    optimizers = [torch.optim.SGD(net.parameters(), lr=LR) for net in nets.values()]
    criterion = nn.NLLLoss()
    coin = random.Random(SEED)

    def step(source: Any, target: Any) -> float:
        for optimizer in optimizers:
            optimizer.zero_grad()
        state = torch.zeros(1, 1, hidden, device=setup.device)
        memory = torch.zeros(LONGEST, hidden, device=setup.device)
        for i in range(source.size(0)):
            output, state = encode(source[i], state)
            memory[i] += output[0, 0]
        word = torch.tensor([[START]], device=setup.device)
        taught = coin.random() < 0.5
        loss = 0
        for i in range(target.size(0)):
            output, state = decode(word, state, memory)
            loss += criterion(output, target[i])
            if taught:
                word = target[i]
            else:
                word = output.topk(1)[1].squeeze().detach()
                if word.item() == END:
                    break
        loss.backward()
        for optimizer in optimizers:
            optimizer.step()
        return loss.item() / target.size(0)

    return nets, setup.fed(step, _data(vocabulary))


def _data(vocabulary: int) -> list[list[np.ndarray]]:
    """Pairs of sentences `(length, 1)` that end with the sign for the end."""
    lengths, rng = random.Random(SEED), np.random.default_rng(SEED)

    def sentence() -> np.ndarray:
        words = rng.integers(2, vocabulary, (lengths.randint(3, LONGEST), 1))
        words[-1] = END
        return words

    return [[sentence(), sentence()] for _ in range(VARIETY)]
