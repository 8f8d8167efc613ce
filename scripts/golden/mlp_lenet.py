"""Loss, gradients and 20 SGD-momentum steps of mlp, lenet and cnn under PyTorch, in float64 and float32.

Made with Python 3.11, torch 2.15.0 (CPU). Run from the repository's root:
    python scripts/golden/mlp_lenet.py
Writes test/golden/mlp.json, lenet.json, cnn.json.

Weights, biases and inputs come from the closed-form fill of common.py, rounded to float32, so a test can
rebuild them; labels are i % 10. Layouts are PyTorch's: dense weights [out, in], convolution kernels
[out, in, height, width], images [batch, channel, height, width], flattening in that order.
The stream numbers are chosen so that no ReLU input and no pooled pair lies near a tie (`margin` in the file):
the gradient is then the same for every rounding.
"""
import math

import numpy as np
import torch
import torch.nn.functional as F

from common import FILL, fill, symmetric, versions, write

torch.set_num_threads(1)
LR, MOMENTUM, STEPS, SAMPLES = 0.02, 0.9, 20, 12

# name, shape, fan-in: bound of a weight = sqrt(6 / fan-in), of a bias = 1 / sqrt(fan-in)
MODELS = {
    'mlp': dict(
        batch=16,
        input=(784,),
        layers=[('dense', 512, 784), ('dense', 256, 512), ('dense', 10, 256)],
        architecture='dense 784-512, relu, dense 512-256, relu, dense 256-10',
    ),
    'lenet': dict(
        batch=8,
        input=(1, 28, 28),
        layers=[('conv', 6, 1, 5, 2), ('conv', 16, 6, 5, 0), ('dense', 120, 400), ('dense', 84, 120), ('dense', 10, 84)],
        architecture='conv 5x5 1-6 pad 2, relu, maxpool 2, conv 5x5 6-16, relu, maxpool 2, flatten, '
        'dense 400-120, relu, dense 120-84, relu, dense 84-10',
    ),
    'cnn': dict(
        batch=4,
        input=(1, 28, 28),
        layers=[('conv', 32, 1, 3, 1), ('conv', 64, 32, 3, 1), ('dense', 128, 3136), ('dense', 10, 128)],
        architecture='conv 3x3 1-32 pad 1, relu, maxpool 2, conv 3x3 32-64 pad 1, relu, maxpool 2, flatten, '
        'dense 3136-128, relu, dense 128-10',
    ),
}


def parameters(model, first):
    """[(name, shape, k, bound)] in the order weight, bias of each layer; streams first, first+1, …"""
    rows, k = [], first
    for index, (kind, out, into, *rest) in enumerate(model['layers']):
        shape = (out, into) if kind == 'dense' else (out, into, rest[0], rest[0])
        fan_in = math.prod(shape[1:])
        rows.append((f'{index}.weight', shape, k, math.sqrt(6 / fan_in)))
        rows.append((f'{index}.bias', (out,), k + 1, 1 / math.sqrt(fan_in)))
        k += 2
    return rows


def build(model, first, dtype):
    rows = parameters(model, first)
    as_tensor = lambda a: torch.tensor(a.astype(np.float32)).to(dtype)
    p = [as_tensor(symmetric(shape, k, bound)).requires_grad_() for _, shape, k, bound in rows]
    x = as_tensor(fill((model['batch'], *model['input']), first + 100))
    y = torch.arange(model['batch']) % 10
    return rows, p, x, y


def forward(model, p, x, margins=None):
    """The logits. `margins` collects the distance of every kink from its tie."""
    h, last = x, len(model['layers']) - 1
    for index, (kind, *rest) in enumerate(model['layers']):
        w, b = p[2 * index], p[2 * index + 1]
        if kind == 'conv':
            h = F.conv2d(h, w, b, padding=rest[3])
        else:
            h = h.flatten(1) @ w.T + b
        if index == last:
            return h
        if margins is not None:
            margins.append(h.abs().min().item())
        h = F.relu(h)
        if kind == 'conv':
            if margins is not None:
                n, c, s, _ = h.shape
                windows = h.view(n, c, s // 2, 2, s // 2, 2).permute(0, 1, 2, 4, 3, 5).reshape(-1, 4)
                top = windows.topk(2).values
                # a window that ReLU emptied ties at 0 but passes no gradient
                margins.append((top[:, 0] - top[:, 1])[top[:, 0] > 0].min().item())
            h = F.max_pool2d(h, 2)


def run(model, first, dtype):
    rows, p, x, y = build(model, first, dtype)
    logits = forward(model, p, x)
    loss = F.cross_entropy(logits, y)
    gradients = torch.autograd.grad(loss, p)
    report = []
    for (name, shape, _, _), g in zip(rows, gradients):
        flat = g.flatten()
        # deterministic places: SAMPLES spread over the array, moved on to the next entry that is not zero
        index = []
        for j in range(min(SAMPLES, flat.numel())):
            i = (2 * j + 1) * flat.numel() // (2 * min(SAMPLES, flat.numel()))
            while flat[i] == 0 and i + 1 < flat.numel():
                i += 1
            index.append(i)
        report.append({'name': name, 'norm': g.double().norm().item(), 'index': index, 'value': [flat[i].item() for i in index]})
    optimizer = torch.optim.SGD(p, lr=LR, momentum=MOMENTUM)
    losses = []
    for _ in range(STEPS):
        optimizer.zero_grad()
        step_loss = F.cross_entropy(forward(model, p, x), y)
        step_loss.backward()
        optimizer.step()
        losses.append(step_loss.item())
    final = F.cross_entropy(forward(model, p, x), y).item()
    norms = [{'name': name, 'norm': q.detach().double().norm().item()} for (name, *_), q in zip(rows, p)]
    return {
        'loss': loss.item(),
        'logits': logits[0],
        'gradients': report,
        'losses': losses + [final],
        'parametersAfter': norms,
    }


def margin(model, first):
    _, p, x, _ = build(model, first, torch.float64)
    margins = []
    forward(model, p, x, margins)
    return min(margins)


for name, model in MODELS.items():
    # the stream with the widest margin among 60
    first = max(range(1, 6001, 100), key=lambda k: margin(model, k))
    rows = parameters(model, first)
    write(
        f'{name}.json',
        {
            'versions': versions('torch', 'numpy'),
            'model': name,
            'architecture': model['architecture'],
            'fill': FILL,
            'layout': 'dense [out, in]; conv [out, in, height, width]; images [batch, channel, height, width]',
            'batch': model['batch'],
            'input': {'shape': [model['batch'], *model['input']], 'k': first + 100, 'formula': 'fround(fill(i, k))'},
            'labels': 'i % 10',
            'parameters': [
                {'name': n, 'shape': list(s), 'k': k, 'bound': b, 'formula': 'fround(symmetric(i, k, bound))'}
                for n, s, k, b in rows
            ],
            'margin': margin(model, first),
            'sgd': {'lr': LR, 'momentum': MOMENTUM, 'steps': STEPS},
            'float64': run(model, first, torch.float64),
            'float32': run(model, first, torch.float32),
        },
    )
