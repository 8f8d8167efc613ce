"""One batch through a network as it is evaluated, under PyTorch: pytorch_inference.py MODEL THREADS MODE BATCH.

MODE: eager, eager-cl (channels_last), both in inference mode; jit and jit-cl: traced, frozen and optimised for inference (batch norm in
the weights, oneDNN's convolutions); compile-cl: torch.compile with the weights frozen.
"""
import os
import sys

from report import measure, missing, say

model, threads, mode, batch = sys.argv[1], int(sys.argv[2]), sys.argv[3], int(sys.argv[4])
if mode.startswith('compile'):
    os.environ['TORCHINDUCTOR_FREEZING'] = '1'
try:
    import torch
except ImportError:
    missing('torch')

import torch_networks
import torch_step_networks

torch.set_num_threads(threads)
net, x, _ = torch_step_networks.make(model, batch) or torch_networks.make(model, batch)
net.eval()
if mode.endswith('-cl'):
    net, x = net.to(memory_format=torch.channels_last), x.to(memory_format=torch.channels_last)
if mode.startswith('jit'):
    with torch.no_grad():
        net = torch.jit.optimize_for_inference(torch.jit.freeze(torch.jit.trace(net, x)))
if mode.startswith('compile'):
    net = torch.compile(net)


def step():
    with torch.inference_mode() if mode.startswith('eager') else torch.no_grad():
        return net(x)


say(name=f'PyTorch {mode}', version=torch.__version__, batch=batch, **measure(step))
