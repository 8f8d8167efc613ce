"""Values of the elementary functions between neighbouring doubles, from mpmath with 60 digits.

Made with Python 3.11, mpmath 1.3, numpy 2.4. Run from the repository's root:
    python scripts/golden/intervals.py
Writes test/golden/intervals.json.

For each function a list of [operands..., below, above]: the largest double that is not above the true value and the smallest that is
not below it. `below` and `above` are the same where the value is a double.
"""
import random

import mpmath
import numpy as np

from common import versions, write

mpmath.mp.dps = 60
mp = mpmath
rng = random.Random(7)


def span(low, high, logarithmic=False, signs=False, count=80):
    points = []
    for _ in range(count):
        x = np.exp(rng.uniform(np.log(low), np.log(high))) if logarithmic else rng.uniform(low, high)
        points.append(float(-x if signs and rng.random() < 0.5 else x))
    return points


def sigmoid(x):
    return 1 / (1 + mp.exp(-x))


def softplus(x):
    return mp.log1p(mp.exp(x))


near_multiples = [float(k * mp.pi / 2) for k in (1, 2, 3, 7, 40, 1001, 100000)]
wide = span(1e-12, 700, True, True)
angles = span(1e-9, 1e6, True, True) + span(-10, 10) + near_multiples

UNARY = {
    'exp': (mp.exp, wide),
    'expm1': (mp.expm1, wide),
    'log': (mp.log, span(1e-300, 1e300, True) + span(0.9, 1.1)),
    'log1p': (mp.log1p, span(1e-12, 1e12, True) + span(-0.999, 0)),
    'sqrt': (mp.sqrt, span(1e-300, 1e300, True)),
    'rsqrt': (lambda x: 1 / mp.sqrt(x), span(1e-300, 1e300, True)),
    'reciprocal': (lambda x: 1 / x, span(1e-300, 1e300, True, True)),
    'cbrt': (lambda x: mp.sign(x) * mp.cbrt(abs(x)), span(1e-300, 1e300, True, True)),
    'sin': (mp.sin, angles),
    'cos': (mp.cos, angles),
    'tan': (mp.tan, [x for x in angles if x not in near_multiples]),
    'asin': (mp.asin, span(1e-9, 1, True, True) + span(-1, 1)),
    'acos': (mp.acos, span(1e-9, 1, True, True) + span(-1, 1)),
    'atan': (mp.atan, span(1e-9, 1e9, True, True)),
    'sinh': (mp.sinh, wide),
    'cosh': (mp.cosh, wide),
    'tanh': (mp.tanh, wide),
    'asinh': (mp.asinh, span(1e-9, 1e300, True, True)),
    'acosh': (mp.acosh, span(1, 1e12, True)),
    'atanh': (mp.atanh, span(1e-9, 1, True, True) + span(-0.999, 0.999)),
    'sigmoid': (sigmoid, wide),
    'softplus': (softplus, wide),
    'erf': (mp.erf, span(1e-9, 6, True, True) + span(-4, 4)),
}

BINARY = {
    'pow': (mp.power, [(x, y) for x, y in zip(span(1e-6, 1e6, True), span(-20, 20))]),
    'atan2': (mp.atan2, [(y, x) for y, x in zip(span(1e-6, 1e6, True, True), span(-10, 10))]),
    'hypot': (mp.hypot, [(x, y) for x, y in zip(span(1e-6, 1e6, True, True), span(-10, 10))]),
    'mul': (lambda x, y: x * y, [(x, y) for x, y in zip(span(1e-9, 1e9, True, True), span(-10, 10))]),
    'add': (lambda x, y: x + y, [(x, y) for x, y in zip(span(1e-9, 1e9, True, True), span(-10, 10))]),
}


def bracket(value):
    nearest = float(value)
    exact = mp.mpf(nearest)
    if exact == value:
        return [nearest, nearest]
    if exact < value:
        return [nearest, float(np.nextafter(nearest, np.inf))]
    return [float(np.nextafter(nearest, -np.inf)), nearest]


values = {}
for name, (function, points) in UNARY.items():
    values[name] = [[x, *bracket(function(mp.mpf(x)))] for x in points]
for name, (function, points) in BINARY.items():
    values[name] = [[x, y, *bracket(function(mp.mpf(x), mp.mpf(y)))] for x, y in points]

write('intervals.json', {'versions': versions('mpmath', 'numpy'), 'functions': values})
