"""Learning rates (and momenta, where they cycle) of PyTorch's schedulers, and of two written out here that PyTorch lacks.

Made with Python 3.11, torch 2.15.0. Run from the repository's root:
    python scripts/golden/schedules.py
Writes test/golden/schedules.json. Each case: {schedule, options, source, lr: [rate used at step 0, 1, 2, …], momentum?}.
Options have Scree's names. A warm-up of W steps is lr (step + 1) / W (LinearLR from 1/W over W - 1 steps in a SequentialLR).
`plateau` cases also have `metric`: the value reported after each step.
"""
import math

import torch
from torch.optim import lr_scheduler as S

from common import fill, versions, write

torch.set_default_dtype(torch.float64)
LR = 0.3


def run(make, steps, momentum=False, metrics=None):
    p = torch.nn.Parameter(torch.zeros(1))
    optimizer = torch.optim.SGD([p], lr=LR, momentum=0.9)
    scheduler = make(optimizer)
    rates, momenta = [], []
    for step in range(steps):
        rates.append(float(optimizer.param_groups[0]['lr']))
        momenta.append(float(optimizer.param_groups[0]['momentum']))
        optimizer.step()
        if step + 1 < steps:  # OneCycleLR refuses a step beyond its last
            scheduler.step(metrics[step]) if metrics is not None else scheduler.step()
    return {'lr': rates, **({'momentum': momenta} if momentum else {})}


def warmed(warmup, make):
    return lambda o: S.SequentialLR(
        o, [S.LinearLR(o, start_factor=1 / warmup, end_factor=1.0, total_iters=warmup - 1), make(o)], milestones=[warmup]
    )


def case(schedule, options, source, values):
    return {'schedule': schedule, 'options': {'lr': LR, **options}, 'source': source, **values}


def warmup_stable_decay(steps, warmup, decay, shape, end, beyond):
    """Hu et al. 2024 (arXiv 2404.06395), Haegele et al. 2024 (arXiv 2405.18392, equation 1): rates by phase."""
    rates = []
    for step in range(steps + beyond):
        if step < warmup:
            rates.append(LR * (step + 1) / warmup)
        elif step < steps - decay:
            rates.append(LR)
        else:
            done = min((step - (steps - decay)) / decay, 1.0)
            rates.append(end + (LR - end) * (1 - (math.sqrt(done) if shape == 'root' else done)))
    return {'lr': rates}


# a metric that falls, stalls, falls a little, rises and stalls again
METRICS = [1 / (1 + s) if s < 8 else 0.125 - 1e-6 * s if s < 25 else 0.1 + 0.05 * float(fill((60,), 9)[s]) for s in range(60)]
PLATEAUS = [
    dict(factor=0.5, patience=3),
    dict(factor=0.1, patience=5, threshold=1e-3, cooldown=4),
    dict(factor=0.5, patience=2, threshold=1e-2, threshold_mode='abs', min_lr=0.02),
    dict(factor=0.5, patience=2, mode='max', eps=1e-3),
]
NAMES = {'threshold_mode': 'thresholdMode', 'min_lr': 'minLr'}

cases = [
    case('constant', {}, 'ConstantLR(factor=1)', run(lambda o: S.ConstantLR(o, factor=1.0), 10)),
    case('constant', {'warmup': 5}, 'SequentialLR', run(warmed(5, lambda o: S.ConstantLR(o, factor=1.0)), 12)),
    case('step', {'every': 7, 'factor': 0.1}, 'StepLR', run(lambda o: S.StepLR(o, 7), 40)),
    case('step', {'every': 3, 'factor': 0.7}, 'StepLR', run(lambda o: S.StepLR(o, 3, 0.7), 40)),
    case('exponential', {'factor': 0.95}, 'ExponentialLR', run(lambda o: S.ExponentialLR(o, 0.95), 60)),
    case('polynomial', {'steps': 50, 'power': 1}, 'PolynomialLR', run(lambda o: S.PolynomialLR(o, 50, 1.0), 60)),
    case('polynomial', {'steps': 50, 'power': 2.5}, 'PolynomialLR', run(lambda o: S.PolynomialLR(o, 50, 2.5), 60)),
    case(
        'polynomial',
        {'steps': 50, 'power': 2, 'warmup': 10},
        'SequentialLR of LinearLR, PolynomialLR',
        run(warmed(10, lambda o: S.PolynomialLR(o, 40, 2.0)), 50),
    ),
    case('cosine', {'steps': 50}, 'CosineAnnealingLR', run(lambda o: S.CosineAnnealingLR(o, 50), 51)),
    case('cosine', {'steps': 50, 'end': 0.01}, 'CosineAnnealingLR', run(lambda o: S.CosineAnnealingLR(o, 50, 0.01), 51)),
    case(
        'cosine',
        {'steps': 60, 'warmup': 10, 'end': 0.01},
        'SequentialLR of LinearLR, CosineAnnealingLR',
        run(warmed(10, lambda o: S.CosineAnnealingLR(o, 50, 0.01)), 60),
    ),
    case(
        'warmrestarts', {'period': 10}, 'CosineAnnealingWarmRestarts', run(lambda o: S.CosineAnnealingWarmRestarts(o, 10), 45)
    ),
    case(
        'warmrestarts',
        {'period': 5, 'multiplier': 2, 'end': 0.01},
        'CosineAnnealingWarmRestarts',
        run(lambda o: S.CosineAnnealingWarmRestarts(o, 5, 2, 0.01), 90),
    ),
    case(
        'onecycle',
        {'steps': 50, 'cycleMomentum': True},
        'OneCycleLR',
        run(lambda o: S.OneCycleLR(o, LR, total_steps=50), 50, momentum=True),
    ),
    case(
        'onecycle',
        {'steps': 40, 'rise': 0.25, 'divisor': 10, 'finalDivisor': 100, 'cycleMomentum': True, 'baseMomentum': 0.8, 'maxMomentum': 0.9},
        'OneCycleLR',
        run(
            lambda o: S.OneCycleLR(
                o, LR, total_steps=40, pct_start=0.25, div_factor=10, final_div_factor=100, base_momentum=0.8, max_momentum=0.9
            ),
            40,
            momentum=True,
        ),
    ),
    case(
        'wsd', {'steps': 60, 'warmup': 10, 'decay': 15, 'shape': 'linear', 'end': 0.01}, 'formula', warmup_stable_decay(60, 10, 15, 'linear', 0.01, 5)
    ),
    case('wsd', {'steps': 60, 'warmup': 10, 'decay': 15, 'shape': 'root', 'end': 0}, 'formula', warmup_stable_decay(60, 10, 15, 'root', 0.0, 5)),
    *(
        case(
            'plateau',
            {NAMES.get(key, key): value for key, value in options.items()},
            'ReduceLROnPlateau',
            {**run(lambda o: S.ReduceLROnPlateau(o, **options), 60, metrics=METRICS), 'metric': METRICS},
        )
        for options in PLATEAUS
    ),
]
write('schedules.json', {'versions': versions('torch'), 'cases': cases})
