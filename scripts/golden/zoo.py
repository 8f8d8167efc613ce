"""Every critical point of the zoo's surfaces that have no closed form for them, inside a box, to 40 digits.

Made with Python 3.11, sympy 1.14, mpmath 1.3, numpy 2.4. Run from the repository's root:
    python scripts/golden/zoo.py
Writes test/golden/zoo.json: {surface: {box, points: [{point, value, eigenvalues}]}}.

Each function is written here from its source (src/landscape/zoo names it), not taken from the zoo. Newton's method starts from a fine grid of the box;
what it finds is polished with mpmath, merged, and kept if it lies in the box. A search, so no proof that a list is complete.
"""
import mpmath
import numpy as np
import sympy
from sympy import Rational as R, cos, exp, pi, sin, sqrt

from common import versions, write

mpmath.mp.dps = 40
x, y = sympy.symbols('x y', real=True)


def goldstein_price():
    first = 1 + (x + y + 1) ** 2 * (19 - 14 * x + 3 * x**2 - 14 * y + 6 * x * y + 3 * y**2)
    second = 30 + (2 * x - 3 * y) ** 2 * (18 - 32 * x + 12 * x**2 + 48 * y - 36 * x * y + 27 * y**2)
    return first * second


def mueller_brown():
    heights = [-200, -100, -170, 15]
    a = [-1, -1, R(-13, 2), R(7, 10)]
    b = [0, 0, 11, R(6, 10)]
    c = [-10, -10, R(-13, 2), R(7, 10)]
    at_x = [1, 0, R(-1, 2), -1]
    at_y = [0, R(1, 2), R(3, 2), 1]
    return sum(
        h * exp(p * (x - u) ** 2 + q * (x - u) * (y - v) + r * (y - v) ** 2)
        for h, p, q, r, u, v in zip(heights, a, b, c, at_x, at_y)
    )


def branin():
    b, c, t = R(51, 10) / (4 * pi**2), 5 / pi, 1 / (8 * pi)
    return (y - b * x**2 + c * x - 6) ** 2 + 10 * (1 - t) * cos(x) + 10


def cosine_sine_quotients():
    # sin(y)/y as its Taylor polynomial, right at y = 0 too; beyond y^90 nothing is left at |y| <= 7 in 40 digits.
    sine_quotient = sum((-1) ** k * y ** (2 * k) / sympy.factorial(2 * k + 1) for k in range(46))
    return cos(x) / x * sine_quotient


# name: (formula, variables, box)
SURFACES = {
    'himmelblau': ((x**2 + y - 11) ** 2 + (x + y**2 - 7) ** 2, (x, y), [(-5, 5), (-5, 5)]),
    'beale': (
        (R(3, 2) - x + x * y) ** 2 + (R(9, 4) - x + x * y**2) ** 2 + (R(21, 8) - x + x * y**3) ** 2,
        (x, y),
        [(-4.5, 4.5), (-4.5, 4.5)],
    ),
    'goldstein-price': (goldstein_price(), (x, y), [(-2, 2), (-2, 2)]),
    'three-hump-camel': (2 * x**2 - R(21, 20) * x**4 + x**6 / 6 + x * y + y**2, (x, y), [(-5, 5), (-5, 5)]),
    'six-hump-camel': (
        (4 - R(21, 10) * x**2 + x**4 / 3) * x**2 + x * y + (-4 + 4 * y**2) * y**2,
        (x, y),
        [(-3, 3), (-2, 2)],
    ),
    'mccormick': (sin(x + y) + (x - y) ** 2 - R(3, 2) * x + R(5, 2) * y + 1, (x, y), [(-1.5, 4), (-3, 4)]),
    'branin': (branin(), (x, y), [(-5, 10), (0, 15)]),
    'mueller-brown': (mueller_brown(), (x, y), [(-1.5, 1.2), (-0.2, 2)]),
    'forrester': ((6 * x - 2) ** 2 * sin(12 * x - 4), (x,), [(0, 1)]),
    'griewank': (1 + (x**2 + y**2) / 4000 - cos(x) * cos(y / sqrt(2)), (x, y), [(-5, 5), (-5, 5)]),
    'rastrigin': (x**2 - 10 * cos(2 * pi * x) + 10, (x,), [(-1.2, 1.2)]),
    'styblinski-tang': ((x**4 - 16 * x**2 + 5 * x) / 2, (x,), [(-5, 5)]),
    'bohachevsky': (
        x**2 + 2 * y**2 - R(3, 10) * cos(3 * pi * x) - R(4, 10) * cos(4 * pi * y) + R(7, 10),
        (x, y),
        [(-0.6, 0.6), (-0.6, 0.6)],
    ),
    'easom': (-cos(x) * cos(y) * exp(-((x - pi) ** 2) - (y - pi) ** 2), (x, y), [(1.5, 4.8), (1.5, 4.8)]),
    'dixon-price': ((x - 1) ** 2 + 2 * (2 * y**2 - x) ** 2, (x, y), [(-10, 10), (-10, 10)]),
    'levy-13': (
        sin(3 * pi * x) ** 2
        + (x - 1) ** 2 * (1 + sin(3 * pi * y) ** 2)
        + (y - 1) ** 2 * (1 + sin(2 * pi * y) ** 2),
        (x, y),
        [(0.6, 1.4), (0.6, 1.4)],
    ),
    'cosine-sine-quotients': (cosine_sine_quotients(), (x, y), [(-7, 7), (-7, 7)]),
}


def newton_grid(gradient, hessian, box, count):
    """Newton's method from every point of a grid at once; the ends, converged or not."""
    axes = [np.linspace(low, high, count) for low, high in box]
    points = np.stack([axis.ravel() for axis in np.meshgrid(*axes, indexing='ij')], axis=-1)
    # Off the grid's symmetries, and not on a pole.
    points = points + 1e-4 * np.sqrt(2) * np.arange(1, points.shape[1] + 1)
    for _ in range(100):
        g = gradient(points)
        h = hessian(points)
        with np.errstate(all='ignore'):
            step = np.stack([np.linalg.lstsq(m, v, rcond=None)[0] if np.all(np.isfinite(m)) else v * np.nan for m, v in zip(h, g)])
        length = np.linalg.norm(step, axis=1, keepdims=True)
        points = points - step * np.minimum(1, 0.5 / np.maximum(length, 1e-30))
    return points[np.linalg.norm(gradient(points), axis=1) < 1e-6]


def critical_points(f, variables, box):
    first = [sympy.diff(f, v) for v in variables]
    second = [[sympy.diff(g, v) for v in variables] for g in first]
    g_fast = sympy.lambdify(variables, first, 'numpy')
    h_fast = sympy.lambdify(variables, second, 'numpy')
    full = lambda values, n: np.broadcast_to(np.asarray(values, dtype=float), (n,))
    gradient = lambda p: np.stack([full(v, len(p)) for v in g_fast(*p.T)], axis=-1)
    hessian = lambda p: np.stack(
        [np.stack([full(v, len(p)) for v in row], axis=-1) for row in h_fast(*p.T)], axis=-2
    )
    g_exact = sympy.lambdify(variables, first, 'mpmath')
    h_exact = sympy.lambdify(variables, second, 'mpmath')
    value = sympy.lambdify(variables, f, 'mpmath')
    found = []
    for start in newton_grid(gradient, hessian, box, 41 if len(variables) == 2 else 401):
        if not all(low - 0.1 <= c <= high + 0.1 for c, (low, high) in zip(start, box)):
            continue
        if any(np.linalg.norm(start - np.array(p, dtype=float)) < 1e-5 for p in found):
            continue
        point = mpmath.matrix([mpmath.mpf(c) for c in start])
        try:
            for _ in range(12):
                point -= mpmath.lu_solve(mpmath.matrix(h_exact(*point)), mpmath.matrix(g_exact(*point)))
        except ZeroDivisionError:
            continue
        if mpmath.norm(mpmath.matrix(g_exact(*point))) > mpmath.mpf(10) ** -25:
            continue
        inside = all(low <= c <= high for c, (low, high) in zip(point, box))
        if inside and not any(mpmath.norm(point - p) < 1e-8 for p in found):
            found.append(point)
    found.sort(key=lambda p: [float(c) for c in p])
    clean = lambda c: 0.0 if abs(c) < 1e-30 else float(c)
    return [
        {
            'point': [clean(c) for c in p],
            'value': clean(value(*p)),
            'eigenvalues': sorted(clean(e) for e in mpmath.eigsy(mpmath.matrix(h_exact(*p)), eigvals_only=True)),
        }
        for p in found
    ]


if __name__ == '__main__':
    result = {}
    for name, (f, variables, box) in SURFACES.items():
        points = critical_points(f, variables, box)
        result[name] = {'box': [list(side) for side in box], 'points': points}
        print(name, len(points))
        for p in points:
            print('  ', p)
    write('zoo.json', {'versions': versions('numpy', 'sympy', 'mpmath'), 'surfaces': result})
