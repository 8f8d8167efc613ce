"""Losses, normalisation, pooling, convolution, activations under PyTorch: values and gradients at small shapes, float64.

Made with Python 3.11, torch 2.15.0 (CPU). Run from the repository's root:
    python scripts/golden/losses_layers.py
Writes test/golden/losses-layers.json.

Each case: {op, attributes, inputs: {name: {shape, data}}, output, cotangent, gradients: {name: …}}; gradients are those of
sum(cotangent * output), cotangent 1, 2, 3, … over the output scaled to end at 1. Layouts are PyTorch's: images [batch, channels,
…spatial], convolution kernels [out, in/groups, …kernel], dense weights [out, in] (`dense` also gives them as [in, out]: weightT).
Attributes have Scree's names (strides, padding, dilation, groups, epsilon, momentum).
"""
import torch
import torch.nn.functional as F

from common import symmetric, tensor, versions, write

torch.set_default_dtype(torch.float64)
cases = []


def made(*shape, k, bound=2.0):
    return torch.tensor(symmetric(shape, k, bound))


def case(op, attributes, function, constants=None, extra=None, **inputs):
    """`inputs` get gradients; `constants` (labels, running statistics) are passed on and written, without."""
    leaves = {name: value.clone().requires_grad_() for name, value in inputs.items()}
    output = function(**leaves, **(constants or {}))
    cotangent = (torch.arange(1.0, output.numel() + 1) / output.numel()).reshape(output.shape)
    gradients = torch.autograd.grad(output, list(leaves.values()), cotangent)
    cases.append(
        {
            'op': op,
            'attributes': attributes,
            'inputs': {name: tensor(value) for name, value in {**inputs, **(constants or {})}.items()},
            'output': tensor(output),
            'cotangent': tensor(cotangent),
            'gradients': {name: tensor(g) for name, g in zip(leaves, gradients)},
            **(extra() if extra else {}),
        }
    )


# losses
logits, labels = made(5, 4, k=1, bound=3), torch.tensor([0, 3, 1, 1, 2])
target = torch.softmax(made(5, 4, k=2), 1)
for reduction in ('mean', 'sum', 'none'):
    case('crossEntropy', {'reduction': reduction}, lambda logits, labels: F.cross_entropy(logits, labels, reduction=reduction), {'labels': labels}, logits=logits)
    case('mse', {'reduction': reduction}, lambda prediction, target: F.mse_loss(prediction, target, reduction=reduction), prediction=made(3, 4, k=3), target=made(3, 4, k=4))
case('crossEntropy', {'labelSmoothing': 0.1}, lambda logits, labels: F.cross_entropy(logits, labels, label_smoothing=0.1), {'labels': labels}, logits=logits)
case('crossEntropy', {'targets': 'probabilities'}, lambda logits, target: F.cross_entropy(logits, target), {'target': target}, logits=logits)
case('l1', {}, lambda prediction, target: F.l1_loss(prediction, target), prediction=made(3, 4, k=3), target=made(3, 4, k=4))
case('huber', {'delta': 1.0}, lambda prediction, target: F.huber_loss(prediction, target), prediction=made(3, 4, k=3), target=made(3, 4, k=4))
case('binaryCrossEntropy', {'logits': True}, lambda logits, target: F.binary_cross_entropy_with_logits(logits, target), {'target': torch.rand(5, 4, generator=torch.Generator().manual_seed(0)).round()}, logits=logits)
for name, function in {'softmax': F.softmax, 'logSoftmax': F.log_softmax}.items():
    for axis in (1, 0):
        case(name, {'axis': axis}, lambda x: function(x, dim=axis), x=logits)

# activations
points = made(3, 7, k=5, bound=4)
for name, attributes, function in [
    ('relu', {}, F.relu),
    ('leakyRelu', {'slope': 0.01}, F.leaky_relu),
    ('elu', {'alpha': 1.0}, F.elu),
    ('selu', {}, F.selu),
    ('gelu', {'approximate': 'none'}, F.gelu),
    ('gelu', {'approximate': 'tanh'}, lambda x: F.gelu(x, approximate='tanh')),
    ('silu', {}, F.silu),
    ('mish', {}, F.mish),
    ('tanh', {}, torch.tanh),
    ('sigmoid', {}, torch.sigmoid),
    ('softplus', {}, F.softplus),
    ('hardSwish', {}, F.hardswish),
]:
    case(name, attributes, lambda x: function(x), x=points)

# dense
weight = made(4, 6, k=7)
case('dense', {}, lambda x, weight, bias: F.linear(x, weight, bias), extra=lambda: {'weightT': tensor(weight.T.contiguous())}, x=made(3, 6, k=6), weight=weight, bias=made(4, k=8))

# convolution: (x, weight, attributes)
for shape, kernel, attributes in [
    ((2, 3, 7, 6), (4, 3, 3, 3), {}),
    ((2, 3, 7, 6), (4, 3, 3, 3), {'padding': 1}),
    ((2, 3, 8, 7), (4, 3, 3, 3), {'strides': 2, 'padding': 1}),
    ((1, 2, 9, 9), (3, 2, 3, 3), {'dilation': 2}),
    ((1, 2, 9, 8), (3, 2, 3, 2), {'strides': [2, 1], 'padding': [2, 1], 'dilation': [2, 3]}),
    ((2, 4, 6, 6), (6, 2, 3, 3), {'groups': 2, 'padding': 1}),
    ((2, 4, 6, 6), (8, 1, 3, 3), {'groups': 4, 'padding': 1, 'strides': 2}),
    ((2, 4, 5, 5), (3, 4, 1, 1), {}),
    ((2, 4, 5, 5), (3, 4, 1, 1), {'strides': 2}),
    ((1, 3, 11, 11), (2, 3, 7, 7), {'strides': 2, 'padding': 3}),
    ((2, 3, 9), (4, 3, 3), {'strides': 2, 'padding': 1}),
    ((1, 2, 4, 5, 4), (3, 2, 2, 3, 2), {'strides': [1, 2, 1], 'padding': [1, 0, 1]}),
]:
    function = {3: F.conv1d, 4: F.conv2d, 5: F.conv3d}[len(shape)]
    torch_names = {('stride' if key == 'strides' else key): value for key, value in attributes.items()}
    case(
        'conv',
        attributes,
        lambda x, weight, bias: function(x, weight, bias, **torch_names),
        x=made(*shape, k=10),
        weight=made(*kernel, k=11, bound=1),
        bias=made(kernel[0], k=12),
    )

# pooling
image = made(2, 2, 7, 6, k=13)
for attributes in [
    {'kernel': 2},
    {'kernel': 3, 'strides': 2, 'padding': 1},
    {'kernel': 3, 'strides': 1},
    {'kernel': [3, 2], 'strides': [1, 2], 'padding': [1, 0]},
    {'kernel': 2, 'strides': 3},
    {'kernel': 2, 'strides': 2, 'dilation': 2},
]:
    kernel, rest = attributes['kernel'], {('stride' if k == 'strides' else k): v for k, v in attributes.items() if k != 'kernel'}
    case('maxPool', attributes, lambda x: F.max_pool2d(x, kernel, **rest), x=image)
    if 'dilation' not in attributes:
        case('avgPool', {**attributes, 'countPadding': True}, lambda x: F.avg_pool2d(x, kernel, **rest), x=image)
        if 'padding' in attributes:
            case('avgPool', {**attributes, 'countPadding': False}, lambda x: F.avg_pool2d(x, kernel, count_include_pad=False, **rest), x=image)
case('globalAvgPool', {}, lambda x: F.adaptive_avg_pool2d(x, 1), x=image)


# normalisation
def batch_norm(x, training, attributes, steps=1):
    """`steps` training passes move the running statistics (unbiased variance) first; the case is the last pass."""
    channels = x.shape[1]
    mean, variance = made(channels, k=20), made(channels, k=21, bound=0.5) + 1
    before = {'runningMean': tensor(mean.clone()), 'runningVariance': tensor(variance.clone())}
    momentum, epsilon = attributes.get('momentum', 0.1), attributes.get('epsilon', 1e-5)
    for step in range(steps - 1):
        F.batch_norm(x + step, mean, variance, training=True, momentum=momentum, eps=epsilon)
    if steps > 1:
        before = {'runningMean': tensor(mean.clone()), 'runningVariance': tensor(variance.clone())}
    case(
        'batchNorm',
        {'training': training, 'momentum': momentum, 'epsilon': epsilon},
        lambda x, scale, bias: F.batch_norm(x, mean, variance, scale, bias, training, momentum, epsilon),
        extra=lambda: {'before': before, 'after': {'runningMean': tensor(mean), 'runningVariance': tensor(variance)}},
        x=x,
        scale=made(channels, k=22),
        bias=made(channels, k=23),
    )


for x in (made(3, 2, 4, 3, k=24), made(6, 3, k=25), made(2, 3, 5, k=26)):
    batch_norm(x, True, {})
    batch_norm(x, False, {})
batch_norm(made(3, 2, 4, 3, k=24), True, {'momentum': 0.3, 'epsilon': 1e-3})
batch_norm(made(3, 2, 4, 3, k=24), True, {}, steps=4)
case('layerNorm', {'epsilon': 1e-5}, lambda x, scale, bias: F.layer_norm(x, (5,), scale, bias), x=made(2, 3, 5, k=27), scale=made(5, k=28), bias=made(5, k=29))
case('groupNorm', {'groups': 2, 'epsilon': 1e-5}, lambda x, scale, bias: F.group_norm(x, 2, scale, bias), x=made(2, 4, 3, 3, k=30), scale=made(4, k=31), bias=made(4, k=32))

# dropout: which elements fall is each library's own; what stays is divided by 1 - rate, and evaluation changes nothing
torch.manual_seed(0)
x = torch.ones(1000, requires_grad=True)
kept = F.dropout(x, 0.4, training=True)
(gradient,) = torch.autograd.grad(kept.sum(), x)
dropout = {
    'rate': 0.4,
    'valuesOfOnes': sorted(set(kept.tolist())),
    'gradientsOfOnes': sorted(set(gradient.tolist())),
    'gradientEqualsValue': bool((gradient == kept).all()),
    'evaluation': 'identity' if torch.equal(F.dropout(x, 0.4, training=False), x) else 'other',
}
write('losses-layers.json', {'versions': versions('torch'), 'dropout': dropout, 'cases': cases})
