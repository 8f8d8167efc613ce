"""A gradient, and a Hessian-vector product, of a network's loss under PyTorch: pytorch_hvp.py MODEL BATCH THREADS WHAT.

WHAT: gradient, hvp (double backward from nothing), hvp-kept (the gradient's graph kept, and one more backward pass for each vector).
"""
import sys

from report import measure, missing, say

try:
    import torch
    from torch_networks import make
except ImportError as error:
    missing(error.name)

model, batch, threads, what = sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), sys.argv[4]
torch.set_num_threads(threads)
try:
    net, x, y = make(model, batch)
except ImportError as error:
    missing(error.name)
parameters = list(net.parameters())
v = [torch.randn_like(p) for p in parameters]


def gradient(create_graph=False):
    loss = torch.nn.functional.cross_entropy(net(x), y)
    return torch.autograd.grad(loss, parameters, create_graph=create_graph)


kept = gradient(True) if what == 'hvp-kept' else None


def step():
    if what == 'gradient':
        return gradient()
    return torch.autograd.grad(kept or gradient(True), parameters, v, retain_graph=kept is not None)


say(name=f'PyTorch {what}', version=torch.__version__, batch=batch, **measure(step, least=3))
