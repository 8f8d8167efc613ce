"""Taylor coefficients of functions of one variable (mpmath, 40 digits) and of several (sympy).

Made with Python 3.11, sympy 1.14, mpmath 1.3. Run from the repository's root:
    python scripts/golden/taylor.py
Writes test/golden/taylor.json: {one: {formula: {at, coefficients}}, several: {formula: {at, order, terms}}}; a term's key is the
powers of the variables, in alphabetical order.
"""
import mpmath as mp
import sympy as sp

from common import versions, write

mp.mp.dps = 40

ONE = {
    'exp(x)': (mp.exp, 0.7), 'expm1(x)': (mp.expm1, 0.3), 'log(x)': (mp.log, 1.3), 'log1p(x)': (mp.log1p, 0.4),
    'sqrt(x)': (mp.sqrt, 2.3), 'cbrt(x)': (mp.cbrt, 1.7), 'sin(x)': (mp.sin, 0.9), 'cos(x)': (mp.cos, 0.9),
    'tan(x)': (mp.tan, 0.6), 'asin(x)': (mp.asin, 0.35), 'acos(x)': (mp.acos, 0.35), 'atan(x)': (mp.atan, 0.8),
    'sinh(x)': (mp.sinh, 0.9), 'cosh(x)': (mp.cosh, 0.9), 'tanh(x)': (mp.tanh, 0.5), 'asinh(x)': (mp.asinh, 0.9),
    'acosh(x)': (mp.acosh, 2.1), 'atanh(x)': (mp.atanh, 0.3), 'sigmoid(x)': (lambda x: 1 / (1 + mp.exp(-x)), 0.6),
    'softplus(x)': (lambda x: mp.log(1 + mp.exp(x)), -0.8), 'erf(x)': (mp.erf, 0.5), '1/x': (lambda x: 1 / x, 1.4),
    'x^2.5': (lambda x: x ** mp.mpf(2.5), 1.2), 'x^7': (lambda x: x ** 7, -0.6), 'x^x': (lambda x: x ** x, 1.1),
    'sin(x)/x': (lambda x: mp.sin(x) / x if x else mp.mpf(1), 0.2),
    'abs(x)^3': (lambda x: abs(x) ** 3, -1.5),
    'max(x^2, 1)*min(x, 3)': (lambda x: x ** 3, 1.5),
    'exp(sin(x))*cos(x^2)/(1 + x^2)': (lambda x: mp.exp(mp.sin(x)) * mp.cos(x ** 2) / (1 + x ** 2), 0.45),
    'hypot(x, 2)*atan2(x, 3)': (lambda x: mp.hypot(x, 2) * mp.atan2(x, 3), 0.75),
}

w, x, y, z = sp.symbols('w x y z')
SEVERAL = {
    'exp(x*y)*sin(x + 2*y)': (sp.exp(x * y) * sp.sin(x + 2 * y), [x, y], ['0.3', '-0.2'], 6),
    'log(2 + x + y^2)*cos(x - y)': (sp.log(2 + x + y ** 2) * sp.cos(x - y), [x, y], ['0.1', '0.4'], 6),
    '(x + y*z)^3/(1 + x^2 + w^2)': ((x + y * z) ** 3 / (1 + x ** 2 + w ** 2), [w, x, y, z], ['0.2', '0.5', '-0.3', '0.4'], 4),
}


def several(expression, variables, point, order):
    t = sp.symbols('t')
    steps = sp.symbols(f'u0:{len(variables)}')
    moved = {v: sp.Rational(p) + t * u for v, p, u in zip(variables, point, steps)}
    series = sp.series(expression.subs(moved, simultaneous=True), t, 0, order + 1).removeO()
    polynomial = sp.Poly(sp.expand(series.subs(t, 1).evalf(30)), *steps)
    terms = {','.join(map(str, powers)): float(c) for powers, c in polynomial.terms() if sum(powers) <= order}
    return {'at': [float(p) for p in point], 'order': order, 'terms': terms}


one = {
    name: {'at': at, 'coefficients': [float(c) for c in mp.taylor(f, mp.mpf(at), 12)]}
    for name, (f, at) in ONE.items()
}
write('taylor.json', {
    'versions': versions('sympy', 'mpmath'),
    'one': one,
    'several': {name: several(*case) for name, case in SEVERAL.items()},
})
