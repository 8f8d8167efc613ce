"""Residual networks under PyTorch: loss, gradients, running statistics, 20 SGD-momentum steps and eval mode.

Made with Python 3.11, torch 2.15.0 (CPU). Run from the repository's root:
    python scripts/golden/resnets.py
Writes test/golden/resnet18-narrow.json, resnet50-narrow.json (8 channels in the first stage in place of 64) and resnet50.json.

The networks are torchvision's, with its CIFAR variant's stem for images up to 64: see `network`. Images are
fround(symmetric(i, k, 1)), [batch, channel, height, width].
"""
import copy
import math

import numpy as np
import torch
import torch.nn as nn
import torch.nn.functional as F

from common import symmetric
from networks import fill_parameters, write_network


class Block(nn.Module):
    def __init__(self, inputs, width, stride, bottleneck):
        super().__init__()
        outputs = width * (4 if bottleneck else 1)
        conv = lambda i, o, k, s=1: [nn.Conv2d(i, o, k, s, k // 2, bias=False), nn.BatchNorm2d(o)]
        if bottleneck:
            body = [*conv(inputs, width, 1), nn.ReLU(), *conv(width, width, 3, stride), nn.ReLU(), *conv(width, outputs, 1)]
        else:
            body = [*conv(inputs, width, 3, stride), nn.ReLU(), *conv(width, width, 3)]
        self.body = nn.Sequential(*body)
        changes = stride != 1 or inputs != outputs
        self.shortcut = nn.Sequential(*conv(inputs, outputs, 1, stride)) if changes else nn.Identity()

    def forward(self, x):
        return F.relu(self.body(x) + self.shortcut(x))


def network(blocks, bottleneck, width, small, classes):
    if small:
        layers = [nn.Conv2d(3, width, 3, 1, 1, bias=False), nn.BatchNorm2d(width), nn.ReLU()]
    else:
        layers = [nn.Conv2d(3, width, 7, 2, 3, bias=False), nn.BatchNorm2d(width), nn.ReLU(), nn.MaxPool2d(3, 2, 1)]
    channels = width
    for stage, count in enumerate(blocks):
        for place in range(count):
            layers.append(Block(channels, width << stage, 2 if stage > 0 and place == 0 else 1, bottleneck))
            channels = (width << stage) * (4 if bottleneck else 1)
    return nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(channels, classes))


def bound_and_centre(name, parameter):
    if parameter.dim() == 4:
        return math.sqrt(6 / parameter[0].numel()), 0
    if parameter.dim() == 2:
        return 1 / math.sqrt(parameter.shape[1]), 0
    # the scale of a batch norm, or a bias
    return (0.3, 1) if name.endswith('weight') else (0.2, 0)


for file, blocks, bottleneck, width, extent, batch, first, lr in [
    ('resnet18-narrow.json', [2, 2, 2, 2], False, 8, 16, 4, 11001, 0.01),
    ('resnet50-narrow.json', [3, 4, 6, 3], True, 8, 72, 4, 12001, 0.001),
    ('resnet50.json', [3, 4, 6, 3], True, 64, 96, 2, 13001, 0.0002),
]:
    module = network(blocks, bottleneck, width, extent <= 64, 10).double()
    rows = fill_parameters(module, first, bound_and_centre)
    shape = (batch, 3, extent, extent)
    x = torch.tensor(symmetric(shape, first + 900).astype(np.float32))
    y = torch.arange(batch) % 10
    about = {
        'network': {'blocks': blocks, 'bottleneck': bottleneck, 'width': width},
        'classes': 10,
        'input': {'shape': list(shape), 'k': first + 900, 'formula': 'fround(symmetric(i, k, 1))'},
    }
    write_network(file, lambda: copy.deepcopy(module), rows, x, y, lr, about)
