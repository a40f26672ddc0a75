"""Deep Q learning on a small walk: a replay memory, a policy network, a target network that follows it."""

import math
import random
from collections import deque, namedtuple

import torch
import torch.nn as nn
import torch.nn.functional as F
import torch.optim as optim

Transition = namedtuple("Transition", ("state", "action", "next_state", "reward"))


class ReplayMemory:
    def __init__(self, capacity):
        self.memory = deque([], maxlen=capacity)

    def push(self, *args):
        self.memory.append(Transition(*args))

    def sample(self, batch_size):
        return random.sample(self.memory, batch_size)

    def __len__(self):
        return len(self.memory)


class DQN(nn.Module):
    def __init__(self, n_observations, n_actions):
        super().__init__()
        self.layer1 = nn.Linear(n_observations, 16)
        self.layer2 = nn.Linear(16, 16)
        self.layer3 = nn.Linear(16, n_actions)

    def forward(self, x):
        return self.layer3(F.relu(self.layer2(F.relu(self.layer1(x)))))


class Walk:
    def reset(self):
        self.at, self.steps = 0.0, 0
        return [self.at, 0.0]

    def step(self, action):
        self.at += 0.3 if action == 1 else -0.3
        self.steps += 1
        done = abs(self.at) > 1 or self.steps >= 20
        return [self.at, self.steps / 20], (1.0 if self.at > 1 else -0.1), done


random.seed(0)
torch.manual_seed(0)
env, GAMMA, TAU, BATCH = Walk(), 0.9, 0.05, 8
policy_net, target_net = DQN(2, 2), DQN(2, 2)
target_net.load_state_dict(policy_net.state_dict())
optimizer = optim.AdamW(policy_net.parameters(), lr=1e-2, amsgrad=True)
memory, steps_done = ReplayMemory(200), 0


def select_action(state):
    global steps_done
    threshold = 0.05 + 0.85 * math.exp(-steps_done / 40)
    steps_done += 1
    if random.random() > threshold:
        with torch.no_grad():
            return policy_net(state).max(1).indices.view(1, 1)
    return torch.tensor([[random.randrange(2)]], dtype=torch.long)


def optimize_model():
    if len(memory) < BATCH:
        return None
    batch = Transition(*zip(*memory.sample(BATCH)))
    mask = torch.tensor(tuple(map(lambda s: s is not None, batch.next_state)), dtype=torch.bool)
    non_final = [s for s in batch.next_state if s is not None]
    state, action, reward = torch.cat(batch.state), torch.cat(batch.action), torch.cat(batch.reward)
    values = policy_net(state).gather(1, action)
    next_values = torch.zeros(BATCH)
    if non_final:
        with torch.no_grad():
            next_values[mask] = target_net(torch.cat(non_final)).max(1).values
    loss = nn.SmoothL1Loss()(values, ((next_values * GAMMA) + reward).unsqueeze(1))
    optimizer.zero_grad()
    loss.backward()
    torch.nn.utils.clip_grad_value_(policy_net.parameters(), 100)
    optimizer.step()
    return loss


for episode in range(8):
    state = torch.tensor(env.reset(), dtype=torch.float32).unsqueeze(0)
    done, total, loss = False, 0.0, None
    while not done:
        action = select_action(state)
        observation, reward, done = env.step(action.item())
        total += reward
        next_state = None if done else torch.tensor(observation, dtype=torch.float32).unsqueeze(0)
        memory.push(state, action, next_state, torch.tensor([reward]))
        state = next_state
        loss = optimize_model()
        weights, followed = policy_net.state_dict(), target_net.state_dict()
        for key in weights:
            followed[key] = weights[key] * TAU + followed[key] * (1 - TAU)
        target_net.load_state_dict(followed)
    print("episode %d: return %.1f, loss %s" % (episode, total, "-" if loss is None else "%.4f" % loss.item()))
