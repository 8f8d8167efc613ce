"""One training step (forward, backward, SGD with momentum 0.9) under PyTorch: pytorch_step.py MODEL THREADS MODE BATCH.

MODEL: mlp, lenet, cnn, transformer, resnet18, resnet50; float32. MODE: eager, eager-cl (channels_last), compile, compile-cl.
The allocator's settings come from the environment that bench/peers.ts makes.
"""
import sys

from report import measure, missing, say

try:
    import torch
except ImportError:
    missing('torch')
import torch.nn.functional as F

import torch_networks
import torch_step_networks

model, threads, mode, batch = sys.argv[1], int(sys.argv[2]), sys.argv[3], int(sys.argv[4])
torch.set_num_threads(threads)
net, x, y = torch_step_networks.make(model, batch) or torch_networks.make(model, batch)
net.train()
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


say(name=f'PyTorch {mode}', version=torch.__version__, batch=batch, **measure(step))
