"""What the scripts of whole networks share: closed-form weights, and what a network does with a batch under PyTorch.

A network's parameters get streams first, first + 1, … in PyTorch's order; the script that builds it says which bound and centre
each has. All are rounded to float32, so that a test can rebuild them; labels are i % classes.
"""
import numpy as np
import torch
import torch.nn.functional as F

from common import FILL, symmetric, versions, write

torch.set_num_threads(1)
MOMENTUM, STEPS, SAMPLES = 0.9, 20, 2


def fill_parameters(module, first, bound_and_centre):
    """Sets the parameters, and returns [{name, shape, k, bound, centre}] for the golden file."""
    rows = []
    for index, (name, parameter) in enumerate(module.named_parameters()):
        bound, centre = bound_and_centre(name, parameter)
        values = centre + symmetric(tuple(parameter.shape), first + index, bound)
        parameter.data = torch.tensor(values.astype(np.float32)).to(torch.float64)
        rows.append({'name': name, 'shape': list(parameter.shape), 'k': first + index, 'bound': bound, 'centre': centre})
    return rows


def sampled(tensor):
    """The norm, and a few entries at places spread over the array."""
    flat = tensor.detach().double().flatten()
    count = min(SAMPLES, flat.numel())
    index = [(2 * j + 1) * flat.numel() // (2 * count) for j in range(count)]
    return {'norm': flat.norm().item(), 'index': index, 'value': [flat[i].item() for i in index]}


def run(make, x, y, lr, dtype):
    """One step's loss, gradients and running statistics, its loss in eval mode, and the losses of STEPS steps."""
    module = make().to(dtype).train()
    x = x.to(dtype) if x.is_floating_point() else x
    loss_of = lambda: F.cross_entropy(module(x).flatten(0, -2), y.flatten())
    optimizer = torch.optim.SGD(module.parameters(), lr=lr, momentum=MOMENTUM)
    losses, result = [], {}
    for step in range(STEPS):
        optimizer.zero_grad()
        loss = loss_of()
        loss.backward()
        losses.append(loss.item())
        if step == 0:
            result['gradients'] = [sampled(p.grad) for p in module.parameters()]
            result['statistics'] = [sampled(b) for b in module.buffers() if b.dim() > 0]
        optimizer.step()
        if step == 0:
            module.eval()
            result['evalLoss'] = loss_of().item()
            module.train()
    return {**result, 'losses': losses}


def write_network(file, make, rows, x, y, lr, about):
    write(
        file,
        {
            'versions': versions('torch', 'numpy'),
            'fill': FILL,
            'parameterFormula': 'fround(centre + symmetric(i, k, bound))',
            'labels': 'i % classes',
            'sgd': {'lr': lr, 'momentum': MOMENTUM, 'steps': STEPS},
            **about,
            'parameters': rows,
            'float64': run(make, x, y, lr, torch.float64),
            'float32': run(make, x, y, lr, torch.float32),
        },
    )
