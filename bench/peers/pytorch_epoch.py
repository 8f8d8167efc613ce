"""Part of an epoch of resnet18 on Fashion-MNIST under PyTorch: pytorch_epoch.py EXAMPLES THREADS MODE WORKERS FOLDER.

Batches of 64 from a DataLoader with WORKERS processes, flipped and cropped, SGD with momentum 0.9; the loss and accuracy of each batch are
read. MODE: eager or eager-cl (channels_last). FOLDER: where train-images-idx3-ubyte.gz and train-labels-idx1-ubyte.gz lie.
"""
import gzip
import resource
import sys
import time

from report import missing, say

try:
    import torch
except ImportError:
    missing('torch')
import torch.nn as nn
import torch.nn.functional as F

import torch_step_networks

examples, threads, mode, workers, folder = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3], int(sys.argv[4]), sys.argv[5]
SETTLE, BATCH, PADDING = 5, 64, 2
torch.set_num_threads(threads)
torch.manual_seed(0)


def idx(name, offset):
    with gzip.open(f'{folder}/{name}') as file:
        return torch.frombuffer(bytearray(file.read()[offset:]), dtype=torch.uint8)


class Images(torch.utils.data.Dataset):
    def __init__(self):
        images = idx('train-images-idx3-ubyte.gz', 16).reshape(-1, 1, 28, 28)[:examples].float() / 255
        self.images = (images - images.mean()) / images.std()
        self.labels = idx('train-labels-idx1-ubyte.gz', 8)[:examples].long()

    def __len__(self):
        return len(self.images)

    def __getitem__(self, place):
        x = F.pad(self.images[place], (PADDING,) * 4)
        row, column, flip = torch.randint(2 * PADDING + 1, (3,)).tolist()
        x = x[:, row:row + 28, column:column + 28]
        return (x.flip(2) if flip % 2 else x), self.labels[place]


net = torch_step_networks.residual([2, 2, 2, 2], False, True, 10)
net[0] = nn.Conv2d(1, 64, 3, 1, 1, bias=False)
if mode.endswith('-cl'):
    net = net.to(memory_format=torch.channels_last)
optimizer = torch.optim.SGD(net.parameters(), lr=0.05, momentum=0.9)
loader = torch.utils.data.DataLoader(Images(), BATCH, shuffle=True, drop_last=True, num_workers=workers)


def cpu():
    of = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(one.ru_utime + one.ru_stime for one in of)


times, correct, before = [], 0, cpu()
for x, y in loader:
    if mode.endswith('-cl'):
        x = x.contiguous(memory_format=torch.channels_last)
    output = net(x)
    loss = F.cross_entropy(output, y)
    optimizer.zero_grad(set_to_none=True)
    loss.backward()
    optimizer.step()
    loss.item()
    correct += (output.argmax(1) == y).sum().item()
    times.append(time.perf_counter() * 1e3)
    if len(times) == SETTLE:
        before = cpu()
wall, steps = times[-1] - times[SETTLE - 1], len(times) - SETTLE
each = [b - a for a, b in zip(times[SETTLE - 1:], times[SETTLE:])]
say(
    name=f'PyTorch {mode}, {workers} workers', version=torch.__version__, batch=BATCH,
    ms={'min': wall / steps, 'median': wall / steps, 'max': max(each)}, count=steps, cores=(cpu() - before) * 1e3 / wall,
    rssMb=resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, note=f'{steps} steps in {wall / 1e3:.2f} s',
)
