"""Trajectories of 1,000 steps in float64: PyTorch's first-order methods, and the twins of twins.py for the others.

Made with Python 3.11, torch 2.15.0, numpy 2.4.6. Run from the repository's root (two minutes):
    python scripts/golden/optimizers.py
Writes test/golden/optimizers.json (PyTorch) and test/golden/optimizers-twins.json.

Each case states the optimiser, its options under Scree's names (all that differ from PyTorch's or the paper's defaults),
the function and the points at steps 0 to 20 and then every 50th. The learning rate is the largest of base, base/2,
base/4, … with which the walk stays finite, ends lower than it started and is not chaotic: `sensitivity` is the
largest change, relative to max(1, |x|), of any stored point when every gradient and every step is perturbed by one unit in the
last place, over three seeded trials. It is at most 1e-13, so an implementation that rounds in another order still
agrees to 1e-12.
"""
import numpy as np
import torch

import twins
from common import fill, versions, write
from problems import FUNCTIONS, W0, X, Y, hessian, least_squares, least_squares_gradient

torch.set_default_dtype(torch.float64)  # NAdam keeps its product of mu in the default dtype
torch.set_num_threads(1)
STEPS = 1000
STORED = [*range(21), *range(50, STEPS + 1, 50)]
LIMIT = 1e-13
ULP = 2.0**-52


class Noise:
    """Perturbs by up to one unit in the last place; trial 0 does nothing."""

    def __init__(self, trial):
        self.random = np.random.default_rng(trial) if trial else None

    def __call__(self, value):
        if self.random is None:
            return value
        return value * (1 + ULP * self.random.uniform(-1, 1, np.shape(value)))


def torch_walk(make, value, gradient, start, trial, wrapper=None):
    """All STEPS+1 points of a torch.optim optimiser. Trial 0 takes autograd's gradient, the others the hand-written one."""
    noise = Noise(trial)
    p = torch.tensor(start, requires_grad=True)
    optimizer = make([p])
    average = None
    if wrapper and wrapper['name'] == 'ema':
        holder = torch.nn.Module()
        holder.p = torch.nn.Parameter(p.detach())
        average = torch.optim.swa_utils.AveragedModel(
            holder, multi_avg_fn=torch.optim.swa_utils.get_ema_multi_avg_fn(wrapper['decay'])
        )
    elif wrapper and wrapper['name'] == 'swa':
        holder = torch.nn.Module()
        holder.p = torch.nn.Parameter(p.detach())
        average = torch.optim.swa_utils.AveragedModel(holder)
    path = [np.array(start)]
    for step in range(1, STEPS + 1):
        optimizer.zero_grad()
        if trial == 0:
            value(p).backward()
        else:
            p.grad = torch.tensor(noise(gradient(p.detach().numpy())))
        if wrapper and wrapper['name'] == 'clipNorm':
            torch.nn.utils.clip_grad_norm_([p], wrapper['maxNorm'])
        elif wrapper and wrapper['name'] == 'clipValue':
            torch.nn.utils.clip_grad_value_([p], wrapper['maxValue'])
        optimizer.step()
        with torch.no_grad():
            p.copy_(torch.tensor(noise(p.numpy())))
        if average is None:
            path.append(p.detach().numpy().copy())
        else:
            with torch.no_grad():
                holder.p.copy_(p)
            if wrapper['name'] == 'ema' or (step >= wrapper['start'] and (step - wrapper['start']) % wrapper['every'] == 0):
                average.update_parameters(holder)
            path.append(average.module.p.detach().numpy().copy())
    return np.array(path)


def twin_walk(twin, gradient, start, trial, options, estimate=None):
    """All STEPS+1 points of a twin; (points, points where the gradient is taken) for the schedule-free ones."""
    noise = Noise(trial)
    start = np.array(start)
    arguments = [start, lambda x: noise(gradient(noise(x)))] + ([estimate] if estimate else [])
    walk = twin(*arguments, **{**options, 'lr': options['lr'] * (1 + trial * ULP)})
    path, second = [start], [start]
    for _ in range(STEPS):
        point = next(walk)
        if isinstance(point, tuple):
            second.append(point[1])
            point = point[0]
        path.append(point)
    return np.array(path), np.array(second) if len(second) > 1 else None


def settle(walk, value, start, base):
    """(lr, points, extra, sensitivity) of the largest rate on the ladder that is fit to compare (see the module's docstring)."""
    reasons = []
    for halving in range(14):
        lr = base / 2**halving
        with np.errstate(all='ignore'):
            exact, extra = walk(lr, 0)
            if not np.all(np.isfinite(exact)) or np.max(np.abs(exact)) > 1e3:
                reasons.append(f'{lr}: diverges')
                continue
            if not value(exact[-1]) < value(np.array(start)):
                reasons.append(f'{lr}: does not descend')
                continue
            stored = exact[STORED]
            sensitivity = 0.0
            for trial in (1, 2, 3):
                other, _ = walk(lr, trial)
                sensitivity = max(sensitivity, float(np.max(np.abs(other[STORED] - stored) / np.maximum(1, np.abs(stored)))))
        if sensitivity <= LIMIT:
            return lr, stored, None if extra is None else extra[STORED], sensitivity
        reasons.append(f'{lr}: {sensitivity:.1e}')
    raise SystemExit(f'no rate is fit to compare: {reasons}')


O = torch.optim
# optimiser, options under Scree's names, torch constructor, base learning rate, wrapper
TORCH = [
    ('sgd', {}, lambda p, lr: O.SGD(p, lr=lr), 0.008),
    ('sgd', {'weightDecay': 0.1}, lambda p, lr: O.SGD(p, lr=lr, weight_decay=0.1), 0.008),
    ('momentum', {'momentum': 0.9}, lambda p, lr: O.SGD(p, lr=lr, momentum=0.9), 0.004),
    (
        'momentum',
        {'momentum': 0.8, 'dampening': 0.1, 'weightDecay': 0.01},
        lambda p, lr: O.SGD(p, lr=lr, momentum=0.8, dampening=0.1, weight_decay=0.01),
        0.004,
    ),
    ('nesterov', {'momentum': 0.9}, lambda p, lr: O.SGD(p, lr=lr, momentum=0.9, nesterov=True), 0.004),
    (
        'nesterov',
        {'momentum': 0.95, 'weightDecay': 0.01},
        lambda p, lr: O.SGD(p, lr=lr, momentum=0.95, nesterov=True, weight_decay=0.01),
        0.004,
    ),
    ('adagrad', {}, lambda p, lr: O.Adagrad(p, lr=lr), 0.5),
    (
        'adagrad',
        {'lrDecay': 0.01, 'weightDecay': 0.01, 'initialAccumulator': 0.1, 'eps': 1e-6},
        lambda p, lr: O.Adagrad(p, lr=lr, lr_decay=0.01, weight_decay=0.01, initial_accumulator_value=0.1, eps=1e-6),
        0.5,
    ),
    ('adadelta', {}, lambda p, lr: O.Adadelta(p, lr=lr), 1.0),
    (
        'adadelta',
        {'rho': 0.95, 'eps': 1e-4, 'weightDecay': 0.01},
        lambda p, lr: O.Adadelta(p, lr=lr, rho=0.95, eps=1e-4, weight_decay=0.01),
        1.0,
    ),
    ('rmsprop', {}, lambda p, lr: O.RMSprop(p, lr=lr), 0.01),
    ('rmsprop', {'momentum': 0.9}, lambda p, lr: O.RMSprop(p, lr=lr, momentum=0.9), 0.002),
    (
        'rmsprop',
        {'centered': True, 'eps': 0.1},
        lambda p, lr: O.RMSprop(p, lr=lr, centered=True, eps=0.1),
        0.01,
    ),
    (
        'rmsprop',
        {'centered': True, 'alpha': 0.95, 'momentum': 0.5, 'weightDecay': 0.01, 'eps': 1.0},
        lambda p, lr: O.RMSprop(p, lr=lr, centered=True, alpha=0.95, momentum=0.5, weight_decay=0.01, eps=1.0),
        0.01,
    ),
    ('adam', {}, lambda p, lr: O.Adam(p, lr=lr), 0.05),
    (
        'adam',
        {'beta1': 0.8, 'beta2': 0.99, 'eps': 1e-3, 'weightDecay': 0.01},
        lambda p, lr: O.Adam(p, lr=lr, betas=(0.8, 0.99), eps=1e-3, weight_decay=0.01),
        0.05,
    ),
    ('adamw', {'weightDecay': 0.01}, lambda p, lr: O.AdamW(p, lr=lr, weight_decay=0.01), 0.05),
    ('adamw', {'weightDecay': 0.1, 'beta2': 0.99}, lambda p, lr: O.AdamW(p, lr=lr, betas=(0.9, 0.99), weight_decay=0.1), 0.05),
    ('amsgrad', {}, lambda p, lr: O.Adam(p, lr=lr, amsgrad=True), 0.05),
    ('amsgrad', {'beta2': 0.99, 'weightDecay': 0.01}, lambda p, lr: O.Adam(p, lr=lr, betas=(0.9, 0.99), weight_decay=0.01, amsgrad=True), 0.05),
    ('adamax', {}, lambda p, lr: O.Adamax(p, lr=lr), 0.05),
    (
        'adamax',
        {'beta1': 0.8, 'beta2': 0.99, 'weightDecay': 0.01},
        lambda p, lr: O.Adamax(p, lr=lr, betas=(0.8, 0.99), weight_decay=0.01),
        0.05,
    ),
    ('nadam', {}, lambda p, lr: O.NAdam(p, lr=lr), 0.05),
    (
        'nadam',
        {'weightDecay': 0.01, 'decoupledWeightDecay': True, 'momentumDecay': 0.01},
        lambda p, lr: O.NAdam(p, lr=lr, weight_decay=0.01, decoupled_weight_decay=True, momentum_decay=0.01),
        0.05,
    ),
    ('nadam', {'weightDecay': 0.01}, lambda p, lr: O.NAdam(p, lr=lr, weight_decay=0.01), 0.05),
    ('radam', {}, lambda p, lr: O.RAdam(p, lr=lr), 0.05),
    (
        'radam',
        {'weightDecay': 0.01, 'decoupledWeightDecay': True, 'beta2': 0.99},
        lambda p, lr: O.RAdam(p, lr=lr, betas=(0.9, 0.99), weight_decay=0.01, decoupled_weight_decay=True),
        0.05,
    ),
    ('radam', {'weightDecay': 0.01}, lambda p, lr: O.RAdam(p, lr=lr, weight_decay=0.01), 0.05),
    ('rprop', {}, lambda p, lr: O.Rprop(p, lr=lr), 0.01),
    (
        'rprop',
        {'etaMinus': 0.4, 'etaPlus': 1.1, 'stepMin': 1e-5, 'stepMax': 0.5},
        lambda p, lr: O.Rprop(p, lr=lr, etas=(0.4, 1.1), step_sizes=(1e-5, 0.5)),
        0.01,
    ),
    ('sgd', {}, lambda p, lr: O.SGD(p, lr=lr), 0.008, {'name': 'clipNorm', 'maxNorm': 1.5}),
    ('sgd', {}, lambda p, lr: O.SGD(p, lr=lr), 0.008, {'name': 'clipValue', 'maxValue': 1.5}),
    ('sgd', {}, lambda p, lr: O.SGD(p, lr=lr), 0.008, {'name': 'ema', 'decay': 0.99}),
    ('sgd', {}, lambda p, lr: O.SGD(p, lr=lr), 0.008, {'name': 'swa', 'start': 10, 'every': 5}),
]

SIGNS = lambda j: np.where(fill((2,), 1000 + j) < 0.5, -1.0, 1.0)


def estimates(gradient):
    return {
        'signs': lambda x, g, j: SIGNS(j) * (hessian(gradient, x) @ SIGNS(j)),
        'diagonal': lambda x, g, j: np.diag(hessian(gradient, x)),
        'gradientSquared': lambda x, g, j: g * g,
    }


# optimiser, options under Scree's names, twin, base learning rate, estimate (Sophia), inner options of a wrapper
TWINS = [
    ('lion', {}, twins.lion, 0.01),
    ('lion', {'beta1': 0.95, 'beta2': 0.98, 'weightDecay': 0.1}, twins.lion, 0.01),
    ('adan', {}, twins.adan, 0.05),
    ('adan', {'weightDecay': 0.02, 'beta1': 0.9, 'beta3': 0.98}, twins.adan, 0.05),
    ('lamb', {}, twins.lamb, 0.02),
    ('lamb', {'weightDecay': 0.01}, twins.lamb, 0.02),
    ('lars', {'trustCoefficient': 0.01}, twins.lars, 1.0),
    ('lars', {'momentum': 0.8, 'weightDecay': 0.01, 'trustCoefficient': 0.001}, twins.lars, 1.0),
    ('yogi', {}, twins.yogi, 0.05),
    ('yogi', {'beta2': 0.99, 'eps': 1e-2}, twins.yogi, 0.05),
    ('adabelief', {}, twins.adabelief, 0.05),
    ('adabelief', {'eps': 1e-8, 'beta2': 0.99, 'weightDecay': 0.01}, twins.adabelief, 0.05),
    ('sophia', {'gamma': 0.01}, twins.sophia, 0.02, 'signs'),
    ('sophia', {'gamma': 0.01, 'weightDecay': 0.01}, twins.sophia, 0.02, 'diagonal'),
    ('sophia', {'gamma': 0.05}, twins.sophia, 0.02, 'gradientSquared'),
    ('schedulefreesgd', {}, twins.schedule_free_sgd, 0.008),
    ('schedulefreesgd', {'beta': 0.95, 'weightDecay': 0.01, 'warmup': 20, 'r': 1.0}, twins.schedule_free_sgd, 0.008),
    ('schedulefreeadamw', {}, twins.schedule_free_adamw, 0.05),
    ('schedulefreeadamw', {'weightDecay': 0.01, 'warmup': 20, 'r': 1.0}, twins.schedule_free_adamw, 0.05),
    ('prodigy', {}, twins.prodigy, 1.0),
    ('prodigy', {'weightDecay': 0.01, 'beta2': 0.99, 'd0': 1e-4}, twins.prodigy, 1.0),
    ('dog', {}, twins.dog, 1.0),
    ('dog', {'repsRelative': 1e-3}, twins.dog, 1.0),
    ('sgd', {'momentum': 0.9}, twins.lookahead, 0.004, None, {'name': 'lookahead', 'syncPeriod': 5, 'slowStep': 0.5}),
    ('sgd', {}, twins.lookahead, 0.008, None, {'name': 'lookahead', 'syncPeriod': 6, 'slowStep': 0.8}),
    ('sgd', {}, twins.sam, 0.008, None, {'name': 'sam', 'rho': 0.05}),
    ('sgd', {'momentum': 0.9}, twins.sam, 0.004, None, {'name': 'sam', 'rho': 0.01}),
]
MATRIX = [
    ('muon', {}, twins.muon, 0.02),
    ('muon', {'nesterov': False, 'momentum': 0.9, 'weightDecay': 0.1}, twins.muon, 0.02),
    ('soap', {'eps': 1e-2}, twins.soap, 0.02),
    ('soap', {'eps': 1e-1, 'frequency': 3, 'weightDecay': 0.01, 'beta1': 0.9, 'beta2': 0.99}, twins.soap, 0.02),
    ('lamb', {'weightDecay': 0.01}, twins.lamb, 0.02),
    ('lars', {'weightDecay': 0.01, 'trustCoefficient': 0.01}, twins.lars, 1.0),
    ('dog', {}, twins.dog, 1.0),
]


def snake(options):
    return {''.join('_' + c.lower() if c.isupper() else c for c in key): value for key, value in options.items()}


def torch_cases():
    for optimizer, options, make, base, *wrapper in TORCH:
        wrapper = wrapper[0] if wrapper else None
        for name, (value, gradient, start, _) in FUNCTIONS.items():
            walk = lambda lr, trial: (torch_walk(lambda p: make(p, lr), value, gradient, start, trial, wrapper), None)
            lr, path, _, sensitivity = settle(walk, value, start, base)
            constructor = make([torch.zeros(1, requires_grad=True)], lr)
            yield {
                'optimizer': optimizer,
                'options': {'lr': lr, **options},
                **({'wrapper': wrapper} if wrapper else {}),
                'torch': type(constructor).__name__,
                'function': name,
                'sensitivity': float(f'{sensitivity:.1e}'),
                'path': path,
            }
            print(optimizer, options, wrapper, name, lr, f'{sensitivity:.1e}', value(path[-1]), flush=True)


def twin_cases(table, functions, key):
    for optimizer, options, twin, base, *rest in table:
        estimate, wrapper = (rest + [None, None])[:2]
        for name, (value, gradient, start, *_) in functions.items():
            inner = {k: v for k, v in (wrapper or {}).items() if k != 'name'}
            walk = lambda lr, trial: twin_walk(
                twin,
                gradient,
                start,
                trial,
                {'lr': lr, **snake(options), **snake(inner)},
                estimates(gradient)[estimate] if estimate else None,
            )
            lr, path, second, sensitivity = settle(walk, value, start, base)
            yield {
                'optimizer': optimizer,
                'options': {'lr': lr, **options},
                **({'wrapper': wrapper} if wrapper else {}),
                **({'estimate': estimate} if estimate else {}),
                'twin': twin.__name__,
                'function': name,
                'sensitivity': float(f'{sensitivity:.1e}'),
                'path': path.reshape(len(path), -1),
                **({} if second is None else {'gradientAt': second}),
            }
            print(optimizer, options, wrapper, estimate, name, lr, f'{sensitivity:.1e}', value(path[-1]), flush=True)


def main():
    problems = {
        'functions': {name: {'formula': text, 'start': start} for name, (_, _, start, text) in FUNCTIONS.items()},
        'steps': STORED,
    }
    for value, gradient, start, _ in FUNCTIONS.values():  # the hand-written gradients are autograd's
        p = torch.tensor(start, requires_grad=True)
        value(p).backward()
        np.testing.assert_allclose(gradient(np.array(start)), p.grad.numpy(), rtol=1e-13)
        np.testing.assert_allclose(
            hessian(gradient, np.array(start)), torch.autograd.functional.hessian(value, p.detach()).numpy(), rtol=1e-12, atol=1e-12
        )
    write('optimizers.json', {'versions': versions('torch', 'numpy'), **problems, 'cases': list(torch_cases())})
    matrix = {'leastSquares': (least_squares, least_squares_gradient, W0)}
    write(
        'optimizers-twins.json',
        {
            'versions': versions('numpy'),
            **problems,
            'signs': [SIGNS(j) for j in range(100)],
            'leastSquares': {
                'formula': '1/2 ||X W - Y||_F^2, gradient X^T (X W - Y)',
                'X': X,
                'Y': Y,
                'start': W0,
            },
            'cases': [*twin_cases(TWINS, FUNCTIONS, 'path'), *twin_cases(MATRIX, matrix, 'path')],
        },
    )


if __name__ == '__main__':
    main()
