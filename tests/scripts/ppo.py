"""Proximal policy optimisation of an actor and a critic on a task of two choices."""

import torch
import torch.nn as nn
from torch.distributions import Categorical


class ActorCritic(nn.Module):
    def __init__(self, state_dim, action_dim):
        super().__init__()
        self.actor = nn.Sequential(nn.Linear(state_dim, 16), nn.Tanh(), nn.Linear(16, action_dim), nn.Softmax(dim=-1))
        self.critic = nn.Sequential(nn.Linear(state_dim, 16), nn.Tanh(), nn.Linear(16, 1))

    def act(self, state):
        dist = Categorical(self.actor(state))
        action = dist.sample()
        return action.detach(), dist.log_prob(action).detach()

    def evaluate(self, state, action):
        dist = Categorical(self.actor(state))
        return dist.log_prob(action), self.critic(state).squeeze(-1), dist.entropy()


torch.manual_seed(7)
policy, old = ActorCritic(3, 3), ActorCritic(3, 3)
old.load_state_dict(policy.state_dict())
optimizer = torch.optim.Adam(
    [{"params": policy.actor.parameters(), "lr": 0.01}, {"params": policy.critic.parameters(), "lr": 0.02}]
)
for update in range(3):
    states = torch.randn(64, 3)
    actions, logprobs = old.act(states)
    rewards = (actions == states.argmax(1)).float()
    rewards = (rewards - rewards.mean()) / (rewards.std() + 1e-7)
    for _ in range(3):
        now, values, entropy = policy.evaluate(states, actions)
        ratios = torch.exp(now - logprobs)
        advantages = rewards - values.detach()
        surr1 = ratios * advantages
        surr2 = torch.clamp(ratios, 0.8, 1.2) * advantages
        loss = -torch.min(surr1, surr2) + 0.5 * nn.MSELoss()(values, rewards) - 0.01 * entropy
        optimizer.zero_grad()
        loss.mean().backward()
        nn.utils.clip_grad_norm_(policy.parameters(), 0.5)
        optimizer.step()
    old.load_state_dict(policy.state_dict())
    right = (actions == states.argmax(1)).float().mean().item()
    print(f"update {update}: loss {loss.mean().item():.4f}, entropy {entropy.mean().item():.4f}, right {right:.3f}")
