"""REINFORCE on a cart that balances a pole: each action is one forward of batch 1, each episode one update."""

from __future__ import annotations

import math
import random
from typing import Any

import numpy as np

from ._setup import SEED, VARIETY, Setup, Step

LR, DISCOUNT = 1e-2, 0.99


class CartPole:
    """A pole on a cart that is pushed to the left or the right; the physics of Barto, Sutton and Anderson (1983)."""

    GRAVITY, CART, POLE, HALF_LENGTH, FORCE, SECONDS = 9.8, 1.0, 0.1, 0.5, 10.0, 0.02
    BOUNDS = (2.4, math.radians(12))

    def __init__(self, longest: int) -> None:
        self._rng, self._longest = random.Random(SEED), longest
        self._state, self._steps = [0.0] * 4, 0

    def reset(self) -> np.ndarray:
        """Begin an episode near the upright; returns place, speed, angle and its speed, in float32."""
        self._state, self._steps = [self._rng.uniform(-0.05, 0.05) for _ in range(4)], 0
        return np.array(self._state, np.float32)

    def step(self, action: int) -> tuple[np.ndarray, float, bool]:
        """Push once; returns the new state, the reward, and whether the episode is over."""
        place, speed, angle, turn = self._state
        force = self.FORCE if action == 1 else -self.FORCE
        mass, sine, cosine = self.CART + self.POLE, math.sin(angle), math.cos(angle)
        push = (force + self.POLE * self.HALF_LENGTH * turn**2 * sine) / mass
        spin = (self.GRAVITY * sine - cosine * push) / (self.HALF_LENGTH * (4 / 3 - self.POLE * cosine**2 / mass))
        pull = push - self.POLE * self.HALF_LENGTH * spin * cosine / mass
        rates = (speed, pull, turn, spin)
        self._state = [value + self.SECONDS * rate for value, rate in zip(self._state, rates, strict=True)]
        self._steps += 1
        fallen = abs(self._state[0]) > self.BOUNDS[0] or abs(self._state[2]) > self.BOUNDS[1]
        return np.array(self._state, np.float32), 1.0, fallen or self._steps >= self._longest


def build(setup: Setup, hidden: int, longest: int) -> tuple[Any, Step]:
    """The program in PyTorch's API: its policy, and the step that plays an episode and learns from it."""
    torch = setup.torch
    nn, F = torch.nn, torch.nn.functional

    class Policy(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.inner, self.outer = nn.Linear(4, hidden), nn.Linear(hidden, 2)

        def forward(self, x: Any) -> Any:
            return F.softmax(self.outer(F.relu(self.inner(x))), dim=1)

    torch.manual_seed(0)
    policy = setup.place(Policy())
    forward = setup.forward(policy)
    beginning = {name: value.clone() for name, value in policy.state_dict().items()}
    played = 0
    environment = optimizer = None

    def restart() -> None:
        """Learn from the beginning again, so that every library plays the same episodes however long it is timed."""
        nonlocal environment, optimizer
        torch.manual_seed(0)
        policy.load_state_dict(beginning)
        environment, optimizer = CartPole(longest), torch.optim.Adam(policy.parameters(), lr=LR)

    def step() -> float:
        nonlocal played
        if played % VARIETY == 0:
            restart()
        played += 1
        state, rewards, log_probs, done = environment.reset(), [], [], False
        while not done:
            probs = forward(torch.from_numpy(state).float().unsqueeze(0).to(setup.device))
            action = torch.multinomial(probs, 1)
            log_probs.append(torch.log(probs.gather(1, action)).squeeze(1))
            state, reward, done = environment.step(action.item())
            rewards.append(reward)
        returns, total = [], 0.0
        for reward in reversed(rewards):
            total = reward + DISCOUNT * total
            returns.insert(0, total)
        returns = torch.tensor(returns, device=setup.device)
        returns = (returns - returns.mean()) / (returns.std() + 1e-8)
        losses = [-log_prob * value for log_prob, value in zip(log_probs, returns, strict=True)]
        optimizer.zero_grad()
        loss = torch.cat(losses).sum()
        loss.backward()
        optimizer.step()
        return loss.item()

    return policy, step
