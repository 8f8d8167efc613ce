"""The critical points of surfaces in boxes, found without intervals.

Made with Python 3.11, sympy 1.14, mpmath 1.3, numpy 2.4, scipy 1.17. Run from the repository's root:
    python scripts/golden/box_points.py
Writes test/golden/box-points.json.

From a fine grid of starts SciPy's hybrid method solves gradient = 0; mpmath polishes each root to 40 digits and gives the signs of
the Hessian's eigenvalues. A start in every cell of the grid meets each root many times: `fewest` is how often the rarest was met.
"""
import mpmath
import numpy as np
import sympy
from scipy.optimize import root

from common import versions, write

mpmath.mp.dps = 40
x, y = sympy.symbols('x y')
pi, cos, sin, exp, sqrt = sympy.pi, sympy.cos, sympy.sin, sympy.exp, sympy.sqrt

SURFACES = [
    ('himmelblau', '(x^2+y-11)^2+(x+y^2-7)^2', (x**2 + y - 11)**2 + (x + y**2 - 7)**2, [[-5, 5], [-5, 5]]),
    ('sinc', '(cos(x)/x)*(sin(y)/y)', cos(x) / x * sin(y) / y, [[-8, 8], [-8, 8]]),
    ('ackley', '20+e-20*exp(-0.2*sqrt((x^2+y^2)/2))-exp((cos(2*pi*x)+cos(2*pi*y))/2)',
     20 + sympy.E - 20 * exp(-sympy.Rational(1, 5) * sqrt((x**2 + y**2) / 2)) - exp((cos(2 * pi * x) + cos(2 * pi * y)) / 2),
     [[-2, 2], [-2, 2]]),
    ('camel', '(4-2.1*x^2+x^4/3)*x^2+x*y-4*y^2+4*y^4',
     (4 - sympy.Rational(21, 10) * x**2 + x**4 / 3) * x**2 + x * y - 4 * y**2 + 4 * y**4, [[-3, 3], [-2, 2]]),
    ('griewank', '(x^2+y^2)/4000-cos(x)*cos(y/sqrt(2))+1',
     (x**2 + y**2) / 4000 - cos(x) * cos(y / sqrt(2)) + 1, [[-5, 5], [-5, 5]]),
    ('beale', '(1.5-x+x*y)^2+(2.25-x+x*y^2)^2+(2.625-x+x*y^3)^2',
     (sympy.Rational(3, 2) - x + x * y)**2 + (sympy.Rational(9, 4) - x + x * y**2)**2
     + (sympy.Rational(21, 8) - x + x * y**3)**2, [[-4.5, 4.5], [-4.5, 4.5]]),
    ('mccormick', 'sin(x+y)+(x-y)^2-1.5*x+2.5*y+1',
     sin(x + y) + (x - y)**2 - sympy.Rational(3, 2) * x + sympy.Rational(5, 2) * y + 1, [[-1.5, 4], [-3, 4]]),
]


def critical_points(f, box, cells=90):
    gradient = [sympy.diff(f, v) for v in (x, y)]
    hessian = [[sympy.diff(g, v) for v in (x, y)] for g in gradient]
    fast = sympy.lambdify((x, y), gradient, 'numpy')
    fast_hessian = sympy.lambdify((x, y), hessian, 'numpy')
    slow = [sympy.lambdify((x, y), g, 'mpmath') for g in gradient]
    slow_hessian = sympy.lambdify((x, y), hessian, 'mpmath')
    value = sympy.lambdify((x, y), f, 'mpmath')
    found = []
    sides = [np.linspace(low, high, cells + 1) for low, high in box]
    offsets = [0.37 * (side[1] - side[0]) for side in sides]
    for a in sides[0][:-1] + offsets[0]:
        for b in sides[1][:-1] + offsets[1]:
            with np.errstate(all='ignore'):
                result = root(lambda p: fast(*p), [a, b], jac=lambda p: fast_hessian(*p), options={'xtol': 1e-11})
            p = result.x
            if not result.success or not np.all(np.isfinite(p)) or np.hypot(*fast(*p)) > 1e-6:
                continue
            if any(not (low - 1e-9 <= c <= high + 1e-9) for c, (low, high) in zip(p, box)):
                continue
            known = next((k for k in found if np.hypot(*(np.array(k['near']) - p)) < 1e-5), None)
            if known:
                known['met'] += 1
                continue
            exact = [mpmath.mpf(float(c)) for c in p]
            try:
                for _ in range(8):
                    h = slow_hessian(*exact)
                    step = mpmath.lu_solve(mpmath.matrix(h), mpmath.matrix([g(*exact) for g in slow]))
                    exact = [exact[0] - step[0], exact[1] - step[1]]
            except ZeroDivisionError:
                continue
            # A root of the gradient as a formula, where it is a removable singularity, is none that Newton's method can polish.
            if abs(exact[0] - p[0]) + abs(exact[1] - p[1]) > 1e-4:
                continue
            eigenvalues = mpmath.eigsy(mpmath.matrix(slow_hessian(*exact)), eigvals_only=True)
            positive = sum(1 for e in eigenvalues if e > 0)
            found.append({
                'near': [float(c) for c in p], 'met': 1, 'kind': ['maximum', 'saddle', 'minimum'][positive],
                'point': [float(c) for c in exact], 'value': float(value(*exact)),
            })
    return found


def on_axis(points):
    """sin y / y at y = 0: the formula is 0/0 there, so those roots come from the factor of x alone."""
    g = cos(x) / x
    slope = sympy.lambdify(x, sympy.diff(g, x), 'mpmath')
    curve = sympy.lambdify(x, sympy.diff(g, x, 2), 'mpmath')
    value = sympy.lambdify(x, g, 'mpmath')
    for start in (2.8, 6.12):
        for sign in (1, -1):
            at = mpmath.findroot(slope, sign * start)
            curved = curve(at) > 0
            # Second derivatives g'' and -g/3.
            bowl = -value(at) / 3 > 0
            kind = 'minimum' if curved and bowl else 'maximum' if not curved and not bowl else 'saddle'
            points.append({'met': 1, 'kind': kind, 'point': [float(at), 0.0], 'value': float(value(at))})


def main():
    surfaces = []
    for name, formula, f, box in SURFACES:
        points = critical_points(f, box)
        if name == 'sinc':
            points = [p for p in points if abs(p['point'][1]) > 1e-3]
            on_axis(points)
        fewest = min(p['met'] for p in points)
        points = sorted(({k: p[k] for k in ('point', 'value', 'kind')} for p in points), key=lambda p: p['point'])
        surfaces.append({'name': name, 'formula': formula, 'box': box, 'fewest': fewest, 'points': points})
        print(name, len(points), 'fewest', fewest)
    write('box-points.json', {'versions': versions('numpy', 'scipy', 'sympy', 'mpmath'), 'surfaces': surfaces})


main()
