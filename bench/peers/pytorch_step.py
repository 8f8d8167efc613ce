"""One training step (forward, backward, SGD with momentum 0.9) under PyTorch: pytorch_step.py MODEL THREADS MODE.

MODEL: mlp, lenet, cnn; batch 128, float32. MODE: eager, eager-cl (channels_last), compile, compile-cl.
The allocator's settings come from the environment that bench/peers.ts makes.
"""
import sys

from report import measure, missing, say

try:
    import torch
except ImportError:
    missing('torch')
import torch.nn as nn
import torch.nn.functional as F

model, threads, mode = sys.argv[1], int(sys.argv[2]), sys.argv[3]
torch.set_num_threads(threads)
torch.manual_seed(0)
BATCH = 128
MODELS = {
    'mlp': lambda: nn.Sequential(nn.Linear(784, 512), nn.ReLU(), nn.Linear(512, 256), nn.ReLU(), nn.Linear(256, 10)),
    'lenet': lambda: nn.Sequential(
        nn.Conv2d(1, 6, 5, padding=2), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(6, 16, 5), nn.ReLU(), nn.MaxPool2d(2),
        nn.Flatten(), nn.Linear(400, 120), nn.ReLU(), nn.Linear(120, 84), nn.ReLU(), nn.Linear(84, 10),
    ),
    'cnn': lambda: nn.Sequential(
        nn.Conv2d(1, 32, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(32, 64, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2),
        nn.Flatten(), nn.Linear(3136, 128), nn.ReLU(), nn.Linear(128, 10),
    ),
}
net = MODELS[model]()
x = torch.randn(BATCH, 784) if model == 'mlp' else torch.randn(BATCH, 1, 28, 28)
y = torch.randint(0, 10, (BATCH,))
if mode.endswith('-cl'):
    net, x = net.to(memory_format=torch.channels_last), x.to(memory_format=torch.channels_last)
optimizer = torch.optim.SGD(net.parameters(), lr=0.01, momentum=0.9)
forward = lambda x, y: F.cross_entropy(net(x), y)
if mode.startswith('compile'):
    forward = torch.compile(forward)


def step():
    optimizer.zero_grad(set_to_none=True)
    loss = forward(x, y)
    loss.backward()
    optimizer.step()
    return loss.item()


say(name=f'PyTorch {mode}', version=torch.__version__, batch=BATCH, **measure(step))
