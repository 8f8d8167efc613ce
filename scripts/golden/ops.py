"""PyTorch's values and gradients where functions are not smooth, at ties, at the ends of domains, at NaN and infinity.

Made with Python 3.11, torch 2.15.0 (CPU, float64). Run from the repository's root:
    python scripts/golden/ops.py
Writes test/golden/ops.json.

Each case: {op, attributes, inputs, output, cotangent, gradients}; `gradients` are those of sum(cotangent * output), one for
each input, null where PyTorch has none. Ops and attributes have Scree's names; reductions keep no axis.
"""
import torch

from common import symmetric, tensor, versions, write

torch.set_default_dtype(torch.float64)
INF, NAN = float('inf'), float('nan')

UNARY_POINTS = [-INF, -1e308, -800.0, -40.0, -2.5, -1.5, -1.0, -0.5, -1e-9, -0.0, 0.0, 1e-9, 0.5, 1.0, 1.5, 2.5, 40.0, 800.0, 1e308, INF, NAN]
UNARY = {
    'relu': torch.relu,
    'abs': torch.abs,
    'sign': torch.sign,
    'neg': torch.neg,
    'sqrt': torch.sqrt,
    'rsqrt': torch.rsqrt,
    'square': torch.square,
    'reciprocal': torch.reciprocal,
    'exp': torch.exp,
    'expm1': torch.expm1,
    'log': torch.log,
    'log1p': torch.log1p,
    'sin': torch.sin,
    'cos': torch.cos,
    'tan': torch.tan,
    'asin': torch.asin,
    'acos': torch.acos,
    'atan': torch.atan,
    'sinh': torch.sinh,
    'cosh': torch.cosh,
    'tanh': torch.tanh,
    'asinh': torch.asinh,
    'acosh': torch.acosh,
    'atanh': torch.atanh,
    'erf': torch.erf,
    'sigmoid': torch.sigmoid,
    'softplus': torch.nn.functional.softplus,  # the identity above 20, 2e-9 away from log(1 + e^x)
    'floor': torch.floor,
    'ceil': torch.ceil,
    'round': torch.round,
}
ACTIVATIONS = {
    'silu': torch.nn.functional.silu,
    'gelu': torch.nn.functional.gelu,
    'geluTanh': lambda x: torch.nn.functional.gelu(x, approximate='tanh'),
    'elu': lambda x: torch.nn.functional.elu(x, 1.5),
    'leakyRelu': lambda x: torch.nn.functional.leaky_relu(x, 0.2),
    'softsign': torch.nn.functional.softsign,
}
# A function whose sine at 1e308 needs exact argument reduction is asked no such thing.
BOUNDED = {'sin', 'cos', 'tan'}

PAIRS = {
    'maximum': torch.maximum,
    'minimum': torch.minimum,
    'remainder': torch.remainder,
}
TIES = [(1.0, 2.0), (2.0, 1.0), (1.0, 1.0), (0.0, -0.0), (-0.0, 0.0), (0.0, 0.0), (INF, INF), (-INF, INF), (INF, 1.0), (NAN, 1.0), (1.0, NAN), (NAN, NAN)]
REMAINDERS = [(5.0, 3.0), (-5.0, 3.0), (5.0, -3.0), (-5.0, -3.0), (6.0, 3.0), (-6.0, 3.0), (0.0, 2.0), (1.0, 0.0), (2.5, INF), (NAN, 1.0), (1.0, NAN)]
POWERS = [
    (0.0, 0.0), (2.0, 0.0), (-2.0, 0.0), (0.0, 1.0), (0.0, 2.0), (0.0, 0.5), (0.0, -1.0), (-0.0, 3.0), (-2.0, 2.0), (-2.0, 3.0), (-2.0, -1.0),
    (-2.0, 0.5), (2.0, 0.5), (2.0, -0.5), (4.0, 1.5), (1.0, INF), (INF, 0.0), (INF, 2.0), (INF, -1.0), (2.0, INF), (0.5, INF), (2.0, -INF),
    (NAN, 0.0), (1.0, NAN), (NAN, 2.0), (2.0, NAN),
]
ANGLES = [(0.0, 0.0), (0.0, -0.0), (-0.0, 0.0), (-0.0, -0.0), (1.0, 0.0), (-1.0, 0.0), (0.0, 1.0), (0.0, -1.0), (1.0, 1.0), (-1.0, -1.0), (INF, INF), (INF, 1.0), (1.0, -INF), (NAN, 1.0), (1.0, NAN)]
QUOTIENTS = [(1.0, 0.0), (-1.0, 0.0), (1.0, -0.0), (0.0, 0.0), (0.0, 1.0), (INF, INF), (1.0, INF), (INF, 2.0), (NAN, 1.0), (1.0, NAN)]

cases = []


def case(op, function, inputs, attributes=None, cotangent=None, differentiable=True):
    """Adds the value and, where there is one, the gradient of sum(cotangent * value)."""
    tensors = [torch.as_tensor(x).clone().requires_grad_(differentiable) for x in inputs]
    output = function(*tensors)
    row = {'op': op, 'attributes': attributes or {}, 'inputs': [tensor(x) for x in tensors], 'output': tensor(output)}
    if differentiable:
        weights = torch.ones_like(output) if cotangent is None else torch.arange(1.0, output.numel() + 1).reshape(output.shape)
        gradients = torch.autograd.grad(output, tensors, weights, allow_unused=True)
        row['cotangent'] = tensor(weights)
        row['gradients'] = [None if g is None else tensor(g) for g in gradients]
    cases.append(row)


for name, function in UNARY.items():
    points = [x for x in UNARY_POINTS if name not in BOUNDED or not 1e3 < abs(x) < INF]
    case(name, function, [points])
for name, function in ACTIVATIONS.items():
    case(name, function, [UNARY_POINTS])
case('erf', torch.erf, [[-6.0, -3.0, -1.0, -0.1, 1e-5, 0.3, 2.0, 4.0, 6.0]])
case('round', torch.round, [[-3.5, -2.5, -0.4, 0.5, 3.5, 4.5, 1e15 + 0.5, 2.0**52 + 1]])
for name, function in PAIRS.items():
    case(name, function, list(zip(*(REMAINDERS if name == 'remainder' else TIES))))
case('remainder', torch.remainder, [[INF, -2.5, 2.5], [2.0, INF, -INF]], differentiable=False)
case('pow', torch.pow, list(zip(*POWERS)))
for exponent in (0.0, 1.0, 2.0, 3.0, 0.5, -1.0, -0.5):
    case('pow', lambda x: torch.pow(x, exponent), [[-2.0, -0.0, 0.0, 1.0, 4.0, INF, NAN]], {'exponent': exponent})
case('atan2', torch.atan2, list(zip(*ANGLES)))
case('div', torch.div, list(zip(*QUOTIENTS)))
case('mul', torch.mul, [[0.0, INF, -0.0, NAN], [INF, -INF, 2.0, 0.0]])
case('hypot', torch.hypot, [[0.0, 3.0, INF, NAN, 1e200], [0.0, 4.0, NAN, 1.0, 1e200]])
case('clip', lambda x: torch.clamp(x, -1.0, 1.0), [[-INF, -2.0, -1.0, -0.5, 0.0, 1.0, 2.0, INF, NAN]], {'low': -1.0, 'high': 1.0})
condition = torch.tensor([True, False, True, False])
case(
    'where',
    lambda x, y: torch.where(condition, x, y),
    [[1.0, 2.0, NAN, 4.0], [5.0, 6.0, 7.0, INF]],
    {'condition': condition.tolist()},
)

REDUCED = [
    [1.0, 3.0, 3.0, 2.0],
    [0.0, -0.0, -1.0, 0.0],
    [5.0, 5.0, 5.0, 5.0],
    [NAN, 1.0, 2.0, 2.0],
    [INF, INF, 0.0, 1.0],
    [-INF, -INF, -INF, -INF],
]
axis = {'axis': 1}
case('max', lambda x: torch.amax(x, 1), [REDUCED], axis, 'count')
case('min', lambda x: torch.amin(x, 1), [REDUCED], axis, 'count')
case('argmax', lambda x: torch.argmax(x, 1), [REDUCED], axis, differentiable=False)
case('argmin', lambda x: torch.argmin(x, 1), [REDUCED], axis, differentiable=False)
for p in (1.0, 2.0, INF):
    case('norm', lambda x: torch.linalg.vector_norm(x, p, 1), [REDUCED[:3] + REDUCED[4:] if p == INF else REDUCED], {'axis': 1, 'p': str(p)}, 'count')
case('any', lambda x: torch.any(x, 1), [REDUCED + [[0.0, 0.0, -0.0, 0.0]]], axis, differentiable=False)
case('all', lambda x: torch.all(x, 1), [REDUCED], axis, differentiable=False)
case('sum', lambda x: torch.sum(x, 1), [REDUCED], axis, 'count')
case('mean', lambda x: torch.mean(x, 1), [REDUCED], axis, 'count')
case('variance', lambda x: torch.var(x, 1, unbiased=False), [REDUCED[:4]], axis, 'count')
case('prod', lambda x: torch.prod(x, 1), [[[1.0, 2.0, 3.0], [0.0, 2.0, 3.0], [0.0, 0.0, 3.0], [-1.0, NAN, 0.0]]], axis, 'count')
FACTORS = [[1.0, 2.0, 3.0, -1.5], [0.0, 2.0, 3.0, 4.0], [2.0, 0.0, 0.0, 3.0], [-1.0, NAN, 0.0, 2.0], [INF, 1.0, 2.0, 0.5]]
case('cumsum', lambda x: torch.cumsum(x, 1), [REDUCED], axis, 'count')
case('cumprod', lambda x: torch.cumprod(x, 1), [FACTORS[:3]], axis, 'count')
case('cumprod', lambda x: torch.cumprod(x, 1), [FACTORS], axis, differentiable=False)
SQUARE = [[1.0, NAN, INF, 4.0], [5.0, 6.0, NAN, 8.0], [INF, 10.0, 11.0, 12.0]]
for offset in (-4, -1, 0, 2, 9):
    case('tril', lambda x: torch.tril(x, offset), [SQUARE], {'offset': offset}, 'count')
    case('triu', lambda x: torch.triu(x, offset), [SQUARE], {'offset': offset}, 'count')
for offset in (-3, -2, 0, 1, 4):
    case('diagonal', lambda x: torch.diagonal(x, offset), [SQUARE], {'offset': offset}, 'count')
for shift in (-5, -1, 0, 3, 7):
    case('roll', lambda x: torch.roll(x, (shift, 1), (1, 0)), [SQUARE], {'offset': shift}, 'count')
case('logSumExp', lambda x: torch.logsumexp(x, 1), [REDUCED], axis, 'count')
case('logSumExp', lambda x: torch.logsumexp(x, 1), [[[1000.0, 1000.0], [-1000.0, 0.0], [-INF, 0.0]]], axis, 'count')
LOGITS = [
    [1.0, 2.0, 3.0],
    [0.0, 0.0, 0.0],
    [1000.0, 0.0, -1000.0],
    [-INF, 0.0, 1.0],
    [INF, 0.0, 1.0],
    [-INF, -INF, -INF],
    [NAN, 0.0, 1.0],
]
case('softmax', lambda x: torch.softmax(x, 1), [LOGITS], axis, 'count')
case('logSoftmax', lambda x: torch.log_softmax(x, 1), [LOGITS], axis, 'count')
labels = torch.tensor([2, 0, 0, 1])
case(
    'softmaxCrossEntropy',
    lambda x: torch.nn.functional.cross_entropy(x, labels, reduction='none'),
    [LOGITS[:4]],
    {'labels': labels.tolist()},
    'count',
)
for descending in (False, True):
    for part in ('values', 'indices'):
        case(
            'sort',
            lambda x: getattr(torch.sort(x, stable=True, dim=1, descending=descending), part),
            [REDUCED + [[0.0, -INF, NAN, INF]]],
            {'axis': 1, 'descending': descending, 'part': part},
            'count',
            differentiable=part == 'values',
        )
for count, output, options in (
    (1, (4,), {}),
    (2, (3, 4), {}),
    (2, (3, 3), {'strides': 2, 'padding': 1, 'outputPadding': 1}),
    (2, (2, 4), {'strides': [3, 2], 'padding': [0, 1], 'outputPadding': [2, 0], 'dilation': [1, 2], 'groups': 2}),
    (3, (2, 3, 2), {'strides': 2, 'groups': 2}),
):
    transposed = getattr(torch.nn.functional, f'conv_transpose{count}d')
    names = {'strides': 'stride', 'outputPadding': 'output_padding'}
    given = {names.get(name, name): tuple(value) if isinstance(value, list) else value for name, value in options.items()}
    image = torch.as_tensor(symmetric((2, 4) + output, 1))
    weights = torch.as_tensor(symmetric((4, 3 if count < 3 else 1) + (3 if count < 3 else 2,) * count, 2))
    case('convTranspose', lambda x, w: transposed(x, w, **given), [image, weights], options, 'count')
for extents, output in (((7,), [3]), ((6, 5), [3, 2]), ((4, 6), [2, 3]), ((3, 2), [5, 2]), ((3, 4, 5), [2, 2, 2]), ((4, 4), [1, 1])):
    pool = getattr(torch.nn.functional, f'adaptive_avg_pool{len(extents)}d')
    case('adaptiveAvgPool', lambda x: pool(x, tuple(output)), [torch.as_tensor(symmetric((2, 2) + extents, 3))], {'output': output}, 'count')
POOLED = [[[[1.0, 1.0, 2.0, 2.0], [1.0, 1.0, 2.0, 3.0], [NAN, 0.0, -INF, -INF], [1.0, 0.0, -INF, -INF]]]]
for options in ({'kernel': 2}, {'kernel': 2, 'strides': 1}, {'kernel': 3, 'strides': 1, 'padding': 1}):
    case(
        'maxPool',
        lambda x: torch.nn.functional.max_pool2d(x, options['kernel'], options.get('strides'), options.get('padding', 0)),
        [POOLED],
        options,
        'count',
    )
    case(
        'maxPool',
        lambda x: torch.nn.functional.max_pool2d(x, options['kernel'], options.get('strides'), options.get('padding', 0)),
        [torch.zeros(1, 1, 4, 4)],
        options,
        'count',
    )

functional = torch.nn.functional
image, scale, bias = (torch.as_tensor(symmetric(shape, k)) for k, shape in enumerate([(2, 4, 3, 2), (4,), (4,)], 4))
for groups in (1, 2, 4):
    case('groupNorm', lambda x, s, b: functional.group_norm(x, groups, s, b), [image, scale, bias], {'groups': groups}, 'count')
for axes in (1, 2):
    normalized = (4, 3, 2)[-axes:]
    vectors = [torch.as_tensor(symmetric(normalized, k)) for k in (7, 8)]
    case('layerNorm', lambda x, s, b: functional.layer_norm(x, normalized, s, b), [image, *vectors], {'axes': axes}, 'count')
vectors = [torch.tensor([1.0, 2.0, 3.0]), torch.tensor([0.5, 0.0, -0.5])]
case('layerNorm', lambda x, s, b: functional.layer_norm(x, (3,), s, b), [[[100.0, 101.0, 102.0], [5.0, 5.0, 5.0], [NAN, 1.0, 2.0]], *vectors], {'axes': 1}, 'count')
query, key, value = (torch.as_tensor(symmetric(shape, k, 3)) for k, shape in enumerate([(2, 1, 3, 4), (2, 3, 5, 4), (3, 5, 2)], 9))
mask = torch.tensor([[1, 0, 1, 0, 1], [0, 0, 0, 0, 0], [1, 1, 1, 1, 0]]).bool()
attention = functional.scaled_dot_product_attention
for options in ({}, {'causal': True}, {'scale': 0.3}, {'condition': mask.flatten().tolist()}):
    names = {'causal': 'is_causal'}
    given = {names.get(name, name): option for name, option in options.items() if name != 'condition'}
    masks = {'attn_mask': mask} if 'condition' in options else {}
    case('attention', lambda q, k, v: attention(q, k, v, **given, **masks), [query, key, value], options, 'count')

linalg = torch.linalg
square = torch.as_tensor(symmetric((2, 4, 4), 12))
positive = square @ square.mT + torch.eye(4)
right = torch.as_tensor(symmetric((2, 4, 3), 13))
case('solve', linalg.solve, [square, right], {}, 'count')
case('inverse', linalg.inv, [square], {}, 'count')
case('determinant', linalg.det, [square], {}, 'count')
case('logAbsDet', lambda a: linalg.slogdet(a).logabsdet, [square], {}, 'count')
case('detSign', lambda a: linalg.slogdet(a).sign, [torch.cat([square, torch.zeros(1, 4, 4)])], {}, differentiable=False)
case('logAbsDet', lambda a: linalg.slogdet(a).logabsdet, [[[1.0, 2.0], [2.0, 4.0]]], {}, differentiable=False)
case('cholesky', linalg.cholesky, [positive], {}, 'count')
case('eigenvalues', lambda a: linalg.eigh(a).eigenvalues, [positive], {}, 'count')
case('eigenvectorSquares', lambda a: linalg.eigh(a).eigenvectors.square(), [positive], {}, differentiable=False)

write('ops.json', {'versions': versions('torch'), 'cases': cases})
