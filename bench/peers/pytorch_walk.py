"""Walks under PyTorch eager, float64, the path recorded, one thread: pytorch_walk.py CASE (sgd, adam). Times are for a step."""
import sys

from report import measure, missing, say

try:
    import torch
except ImportError:
    missing('torch')

torch.set_num_threads(1)
make = {'sgd': lambda p: torch.optim.SGD(p, lr=0.01), 'adam': lambda p: torch.optim.Adam(p, lr=0.01)}[sys.argv[1]]
STEPS = 2000


def walk():
    p = torch.tensor([1.0, 0.5], dtype=torch.float64, requires_grad=True)
    optimizer, path = make([p]), []
    for _ in range(STEPS):
        optimizer.zero_grad()
        value = p[0] ** 2 - p[0] * p[1]
        path.append((*p.tolist(), value.item()))
        value.backward()
        optimizer.step()
    return path


say(name='PyTorch eager', version=torch.__version__, **measure(walk, each=STEPS, settle=1))
