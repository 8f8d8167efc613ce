"""How PyTorch trains a resnet18 on small images: curves of five seeds, and how far float32 is from float64.

Made with Python 3.11, torch 2.15. Run from the repository's root (some minutes):
    python scripts/golden/resnet18_training.py
Writes test/golden/resnet18-training.json.

Curves: 10 classes of 8×8 images, each a pattern and as much noise; 320 images, shuffled anew for every epoch; batches of 16, SGD with
a rate of 0.02 and momentum 0.9, 200 steps, torchvision's initialisation from the seed. Each number is the mean loss of 20 steps.

Errors: of all gradients of one step together, relative (L2) to float64, with weights and images from the closed-form fill; in
PyTorch's usual layout and in channels_last.
"""
import copy

import torch
import torch.nn as nn
import torch.nn.functional as F

from common import fill, symmetric, versions, write

torch.set_num_threads(1)
IMAGES, SIZE, BATCH, STEPS, WINDOW = 320, 8, 16, 200, 20


class Block(nn.Module):
    def __init__(self, inputs, outputs, stride):
        super().__init__()
        self.body = nn.Sequential(
            nn.Conv2d(inputs, outputs, 3, stride, 1, bias=False), nn.BatchNorm2d(outputs), nn.ReLU(),
            nn.Conv2d(outputs, outputs, 3, 1, 1, bias=False), nn.BatchNorm2d(outputs))
        changes = stride != 1 or inputs != outputs
        self.shortcut = nn.Sequential(
            nn.Conv2d(inputs, outputs, 1, stride, bias=False), nn.BatchNorm2d(outputs)) if changes else nn.Identity()

    def forward(self, x):
        return F.relu(self.body(x) + self.shortcut(x))


def resnet18(width=64):
    layers = [nn.Conv2d(3, width, 3, 1, 1, bias=False), nn.BatchNorm2d(width), nn.ReLU()]
    channels = width
    for stage in range(4):
        for place in range(2):
            layers.append(Block(channels, width << stage, 2 if stage > 0 and place == 0 else 1))
            channels = width << stage
    net = nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(channels, 10))
    for module in net.modules():
        if isinstance(module, nn.Conv2d):
            nn.init.kaiming_normal_(module.weight, mode='fan_out', nonlinearity='relu')
    return net


def data():
    patterns, noise = symmetric((10, 3, SIZE, SIZE), 1), symmetric((IMAGES, 3, SIZE, SIZE), 2)
    labels = torch.arange(IMAGES) % 10
    return torch.tensor(patterns[labels.numpy()] + noise, dtype=torch.float32), labels


def curve(seed):
    torch.manual_seed(seed)
    x, y = data()
    net = resnet18().to(memory_format=torch.channels_last)
    optimizer = torch.optim.SGD(net.parameters(), lr=0.02, momentum=0.9)
    losses = []
    while len(losses) < STEPS:
        for rows in torch.randperm(IMAGES).split(BATCH):
            loss = F.cross_entropy(net(x[rows].contiguous(memory_format=torch.channels_last)), y[rows])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            losses.append(loss.item())
    return [sum(losses[k:k + WINDOW]) / WINDOW for k in range(0, STEPS, WINDOW)]


def gradients(net, x, y):
    net.zero_grad()
    F.cross_entropy(net(x), y).backward()
    return torch.cat([p.grad.reshape(-1).double() for p in net.parameters()])


def errors(width=32, batch=8):
    """Of every stream of images one."""
    net = resnet18(width)
    with torch.no_grad():
        for k, p in enumerate(net.parameters()):
            if p.dim() > 1:
                fan_out = p.shape[0] * p[0, 0].numel() if p.dim() == 4 else p.shape[0]
                p.copy_(torch.tensor(symmetric(tuple(p.shape), 10 + k, (6 / fan_out) ** 0.5)))
            else:
                p.copy_(torch.tensor(0.5 + fill(tuple(p.shape), 10 + k)))
    found = {'usual': [], 'channelsLast': []}
    for stream in range(4):
        x = torch.tensor(symmetric((batch, 3, SIZE, SIZE), 100 + stream), dtype=torch.float32)
        y = torch.arange(batch) % 10
        exact = gradients(copy.deepcopy(net).double(), x.double(), y)
        last = copy.deepcopy(net).to(memory_format=torch.channels_last)
        for name, got in [('usual', gradients(copy.deepcopy(net), x, y)),
                          ('channelsLast', gradients(last, x.contiguous(memory_format=torch.channels_last), y))]:
            found[name].append(((got - exact).norm() / exact.norm()).item())
    return {'width': width, 'batch': batch, **found}


write('resnet18-training.json', {
    'made': 'by scripts/golden/resnet18_training.py',
    'versions': versions('torch'),
    'window': WINDOW,
    'curves': [curve(seed) for seed in range(5)],
    'errors': errors(),
})
