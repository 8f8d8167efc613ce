"""Logits of torchvision's ResNets in eval mode, with every array of their state_dict filled in closed form.

Made with Python 3.11, torch 2.15.0 (CPU), torchvision 0.29.2. Run from the repository's root:
    python scripts/golden/torchvision_weights.py
Writes test/golden/torchvision.json: for each network the names and shapes of its state_dict in order (those of
num_batches_tracked left out), and logits. Array k is centre + symmetric(i, k, bound), rounded to float32; images are
fround(symmetric(i, 999, 1)), [batch, channel, height, width].
"""
import math

import numpy as np
import torch
import torchvision

from common import FILL, encode, symmetric, write


def rule(name, shape):
    """bound and centre of an array's numbers"""
    if len(shape) == 4:
        return math.sqrt(3 / np.prod(shape[1:])), 0
    if len(shape) == 2:
        return 1 / math.sqrt(shape[1]), 0
    if name.endswith('running_var') or (name.endswith('weight') and len(shape) == 1):
        return 0.3, 1
    return 0.2, 0


def network(name, small):
    net = getattr(torchvision.models, name)(weights=None, num_classes=10 if small else 1000)
    if small:
        net.conv1 = torch.nn.Conv2d(3, 64, 3, 1, 1, bias=False)
        net.maxpool = torch.nn.Identity()
    return net.eval()


cases = []
for name, small, image in [('resnet18', True, [2, 3, 32, 32]), ('resnet18', False, [2, 3, 80, 80]), ('resnet50', False, [1, 3, 80, 80])]:
    net = network(name, small)
    state = {key: value for key, value in net.state_dict().items() if not key.endswith('num_batches_tracked')}
    tensors = []
    for k, (key, value) in enumerate(state.items()):
        bound, centre = rule(key, value.shape)
        tensors.append({'name': key, 'shape': list(value.shape), 'bound': bound, 'centre': centre})
        state[key] = torch.tensor((centre + symmetric(list(value.shape), k, bound)).astype(np.float32))
    net.load_state_dict(state, strict=True)
    x = torch.tensor(symmetric(image, 999, 1).astype(np.float32))
    with torch.no_grad():
        logits = net(x)
    cases.append({'name': name, 'classes': 10 if small else 1000, 'image': image, 'tensors': tensors, 'logits': encode(logits[:, :10])})

write('torchvision.json', {'torch': torch.__version__, 'torchvision': torchvision.__version__, 'fill': FILL, 'cases': cases})
