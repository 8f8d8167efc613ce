"""Holds twins.py to other people's code: optax, schedulefree, prodigyopt, pytorch_optimizer and torch.

Needs `pip install optax schedulefree prodigyopt pytorch_optimizer` beside torch and numpy (with Python 3.11: optax 0.2.8,
schedulefree 1.4.1, prodigyopt 1.1.2, pytorch_optimizer 4.1.0, torch 2.15.0). Run from the repository's root:
    python scripts/golden/check_twins.py
Prints the largest difference over 200 steps; a difference that a convention explains is put right on the other side first.
"""
import jax
import numpy as np
import optax
import prodigyopt
import pytorch_optimizer
import schedulefree
import torch

import twins
from problems import FUNCTIONS, W0, least_squares_gradient

jax.config.update('jax_enable_x64', True)
torch.set_default_dtype(torch.float64)
STEPS = 200
_, GRADIENT, START, _ = FUNCTIONS['rosenbrock']
START = np.array(START)


def twin(walk):
    points = [next(walk) for _ in range(STEPS)]
    return np.array([p[0] if isinstance(p, tuple) else p for p in points])


def with_optax(transformation, gradient=GRADIENT, start=START, at=lambda state, x: x):
    x, state, points = jax.numpy.array(start), None, []
    state = transformation.init(x)
    for _ in range(STEPS):
        updates, state = transformation.update(jax.numpy.array(gradient(np.array(x))), state, x)
        x = optax.apply_updates(x, updates)
        points.append(np.array(at(state, x)))
    return np.array(points)


def with_torch(make, gradient=GRADIENT, start=START, evaluate=False, close=None):
    p = torch.tensor(start, requires_grad=True)
    optimizer, points = make([p]), []

    def grad():
        p.grad = torch.tensor(gradient(p.detach().numpy()))

    for _ in range(STEPS):
        if close:
            close(optimizer, grad)
        else:
            grad()
            optimizer.step()
        if evaluate:
            optimizer.eval()
        points.append(p.detach().numpy().copy())
        if evaluate:
            optimizer.train()
    return np.array(points)


def report(name, ours, theirs, note=''):
    print(f'{name:34} {np.max(np.abs(ours - theirs)):9.1e}  {note}')


def scale_by_yogi_of_the_paper(lr, b1, b2, eps):
    return optax.chain(optax.scale_by_yogi(b1, b2, eps, 0.0, 0.0), optax.scale(-lr))


def sam_step(optimizer, grad):
    grad()
    optimizer.first_step(zero_grad=True)
    grad()
    optimizer.second_step(zero_grad=True)


g = GRADIENT
report('lion: optax', twin(twins.lion(START, g, lr=0.01, weight_decay=0.1)), with_optax(optax.lion(0.01, weight_decay=0.1)))
report(
    'adan: pytorch_optimizer',
    twin(twins.adan(START, g, lr=0.01, weight_decay=0.02)),
    with_torch(lambda p: pytorch_optimizer.Adan(p, lr=0.01, betas=(0.98, 0.92, 0.99), weight_decay=0.02, weight_decouple=False)),
    'optax.adan weighs the difference with 1 - b2 where the authors\' code has b2: not compared',
)
report(
    'lamb: optax',
    twin(twins.lamb(START, g, lr=0.01, weight_decay=0.01)),
    with_optax(optax.lamb(0.01, weight_decay=0.01)),
)
report(
    'lars: optax',
    twin(twins.lars(START, g, lr=0.5, weight_decay=0.01, trust_coefficient=0.01)),
    with_optax(optax.lars(0.5, weight_decay=0.01, trust_coefficient=0.01, momentum=0.9)),
    'optax divides by ||g + wd x||, the paper by ||g|| + wd ||x||',
)
report(
    'lars, no decay: optax',
    twin(twins.lars(START, g, lr=0.5, trust_coefficient=0.01)),
    with_optax(optax.lars(0.5, trust_coefficient=0.01, momentum=0.9)),
)
report(
    'adabelief: optax',
    twin(twins.adabelief(START, g, lr=0.01, eps=1e-8)),
    with_optax(optax.adabelief(0.01, eps=1e-8, eps_root=1e-8)),
)
report(
    'adabelief: pytorch_optimizer',
    twin(twins.adabelief(START, g, lr=0.01, weight_decay=0.01)),
    with_torch(lambda p: pytorch_optimizer.AdaBelief(p, lr=0.01, eps=1e-16, weight_decay=0.01, weight_decouple=True)),
)


def yogi_with_bias_correction(x, gradient, *, lr, beta1=0.9, beta2=0.999, eps=1e-3):
    """twins.yogi plus the bias corrections that optax makes, to show that nothing else differs."""
    m, v, t = np.zeros_like(x), np.zeros_like(x), 0
    while True:
        gx, t = gradient(x), t + 1
        m = beta1 * m + (1 - beta1) * gx
        v = v - (1 - beta2) * np.sign(v - gx * gx) * gx * gx
        x = x - lr * m / (1 - beta1**t) / (np.sqrt(v / (1 - beta2**t)) + eps)
        yield x


report(
    'yogi, bias corrected: optax',
    twin(yogi_with_bias_correction(START, g, lr=0.01)),
    with_optax(scale_by_yogi_of_the_paper(0.01, 0.9, 0.999, 1e-3)),
)
report(
    'sophia (clipping, schedule): by parts',
    twin(twins.sophia(START, g, lambda x, gx, j: gx * gx, lr=0.01, gamma=1e-30, eps=1e-30)),
    with_optax(
        optax.chain(optax.ema(0.96, debias=False), optax.stateless(lambda u, p: jax.numpy.sign(u)), optax.scale(-0.01))
    ),
    'with gamma 0 Sophia is the sign of the momentum',
)
report(
    'schedule-free sgd: schedulefree',
    twin(twins.schedule_free_sgd(START, g, lr=0.002, weight_decay=0.01, warmup=20, r=1.0)),
    with_torch(
        lambda p: schedulefree.SGDScheduleFree(p, lr=0.002, weight_decay=0.01, warmup_steps=20, r=1.0), evaluate=True,
        close=lambda o, grad: (o.train(), grad(), o.step()),
    ),
)
report(
    'schedule-free adamw: schedulefree',
    twin(twins.schedule_free_adamw(START, g, lr=0.01, weight_decay=0.01, warmup=20, r=1.0)),
    with_torch(
        lambda p: schedulefree.AdamWScheduleFree(p, lr=0.01, weight_decay=0.01, warmup_steps=20, r=1.0), evaluate=True,
        close=lambda o, grad: (o.train(), grad(), o.step()),
    ),
)
report(
    'prodigy: prodigyopt',
    twin(twins.prodigy(START, g, weight_decay=0.01)),
    with_torch(lambda p: prodigyopt.Prodigy(p, lr=1.0, weight_decay=0.01)),
)
report(
    'dog: optax',
    twin(twins.dog(START, g, reps_relative=1e-3)),
    with_optax(
        optax.contrib.dog(1.0, init_step=('heuristic', 1e-3), eps=1e-8)
    ),
)
report(
    'muon, no Nesterov: optax',
    twin(twins.muon(W0, least_squares_gradient, lr=0.01, weight_decay=0.1, nesterov=False)),
    with_optax(
        # optax lays kernels out [in, out], so its shape factor is 1 here; its decay is scaled by lr alone
        optax.chain(
            optax.contrib.scale_by_muon(beta=0.95, eps=1e-7, nesterov=False),
            optax.scale((4 / 3) ** 0.5),
            optax.add_decayed_weights(0.1),
            optax.scale(-0.01),
        ),
        least_squares_gradient,
        W0,
    ),
    'with Nesterov optax also corrects the bias',
)
report(
    'muon: torch (bfloat16 inside)',
    twin(twins.muon(W0, least_squares_gradient, lr=0.01)),
    with_torch(lambda p: torch.optim.Muon(p, lr=0.01, weight_decay=0, momentum=0.95), least_squares_gradient, W0),
    'to bfloat16',
)
report(
    'soap: pytorch_optimizer',
    twin(twins.soap(W0, least_squares_gradient, lr=0.01, eps=1e-2)),
    with_torch(
        lambda p: pytorch_optimizer.SOAP(p, lr=0.01, betas=(0.95, 0.95), weight_decay=0.0, eps=1e-2),
        least_squares_gradient,
        W0,
    ),
    'eps is added before v\'s bias correction there (with that put right: 8e-7, its QR being float32)',
)
report(
    'sam: pytorch_optimizer',
    twin(twins.sam(START, g, lr=0.001, momentum=0.9, rho=0.05)),
    with_torch(
        lambda p: pytorch_optimizer.SAM(p, torch.optim.SGD, rho=0.05, adaptive=False, lr=0.001, momentum=0.9),
        close=sam_step,
    ),
    'its norm is summed in float32',
)
fast = optax.sgd(0.001, momentum=0.9)
look = optax.lookahead(fast, sync_period=5, slow_step_size=0.5)
parameters = optax.LookaheadParams.init_synced(jax.numpy.array(START))
state, points = look.init(parameters), []
for _ in range(STEPS):
    updates, state = look.update(jax.numpy.array(g(np.array(parameters.fast))), state, parameters)
    parameters = optax.apply_updates(parameters, updates)
    points.append(np.array(parameters.fast))
report('lookahead: optax', twin(twins.lookahead(START, g, lr=0.001, momentum=0.9)), np.array(points))
