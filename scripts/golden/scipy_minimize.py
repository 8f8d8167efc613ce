"""SciPy's minimisers on the problems of Moré, Garbow and Hillstrom from their standard starts.

Made with Python 3.11, scipy 1.17.1, jax 0.10.2, numpy 2.4.6. Run from the repository's root (two minutes):
    JAX_PLATFORMS=cpu python scripts/golden/scipy_minimize.py
Writes test/golden/scipy-minimize.json.

All methods aim at the same thing: a gradient of at most TOLERANCE in the largest component. `values`, `gradients` and
`hessians` are the evaluations made when the first such gradient was evaluated, or by the end where none was (Hessians times
vectors, for those that take them). `residuals` and `jacobians` are called values and gradients. A method that stops by
itself (precision loss, the iteration limit) is left at its last point. `point` holds the value, the gradient and the
Hessian at the start, a check on how the problems are written elsewhere; `spectrum` the extreme eigenvalues of the
Hessian at the least value that least squares found, whose value is `least`.
"""
import warnings

import jax
import jax.numpy as jnp
import numpy as np
from scipy.optimize import least_squares, minimize

from common import versions, write
from mgh import PROBLEMS

TOLERANCE = 1e-8
LIMIT = 5000
METHODS = {
    'BFGS': {'gtol': TOLERANCE, 'maxiter': LIMIT},
    'CG': {'gtol': TOLERANCE, 'maxiter': LIMIT},
    'L-BFGS-B': {'gtol': TOLERANCE, 'ftol': 0, 'maxiter': LIMIT, 'maxfun': 10 * LIMIT, 'maxcor': 10},
    'Newton-CG': {'xtol': 1e-14, 'maxiter': LIMIT},
    'dogleg': {'gtol': TOLERANCE, 'maxiter': LIMIT},
    'trust-ncg': {'gtol': TOLERANCE, 'maxiter': LIMIT},
    'trust-krylov': {'gtol': TOLERANCE, 'maxiter': LIMIT},
    'trust-exact': {'gtol': TOLERANCE, 'maxiter': LIMIT},
}
HESSIAN = {'dogleg', 'trust-exact'}
PRODUCTS = {'Newton-CG', 'trust-ncg', 'trust-krylov'}


class Problem:
    """Value, gradient, Hessian, residuals and Jacobian of a sum of squares, as numpy functions."""

    def __init__(self, residuals):
        value = lambda x: jnp.sum(residuals(x) ** 2)
        array = lambda f: (lambda x: np.asarray(f(jnp.asarray(x, dtype=jnp.float64))))
        self.residuals = array(jax.jit(residuals))
        self.jacobian = array(jax.jit(jax.jacfwd(residuals)))
        self.gradient = array(jax.jit(jax.grad(value)))
        self.hessian = array(jax.jit(jax.hessian(value)))
        compiled = array(jax.jit(value))
        self.value = lambda x: float(compiled(x))


class Counted:
    def __init__(self, problem):
        self.problem = problem
        self.counts = {'values': 0, 'gradients': 0, 'hessians': 0}
        self.reached = None

    def value(self, x):
        self.counts['values'] += 1
        return self.problem.value(x)

    def gradient(self, x):
        self.counts['gradients'] += 1
        return self.seen(self.problem.gradient(x))

    def hessian(self, x):
        self.counts['hessians'] += 1
        return self.problem.hessian(x)

    def product(self, x, v):
        return self.hessian(x) @ v

    def residuals(self, x):
        self.counts['values'] += 1
        return self.problem.residuals(x)

    def jacobian(self, x):
        self.counts['gradients'] += 1
        jacobian = self.problem.jacobian(x)
        self.seen(2 * jacobian.T @ self.problem.residuals(x))
        return jacobian

    def seen(self, gradient):
        if self.reached is None and np.max(np.abs(gradient)) <= TOLERANCE:
            self.reached = dict(self.counts)
        return gradient

    def result(self, x):
        return {
            'f': self.problem.value(x),
            'gradientNorm': np.max(np.abs(self.problem.gradient(x))),
            **(self.reached or self.counts),
        }


def scipy_minimize(problem, start, method):
    counted = Counted(problem)
    extra = {}
    if method in HESSIAN:
        extra['hess'] = counted.hessian
    if method in PRODUCTS:
        extra['hessp'] = counted.product

    def stop(xk):
        if counted.reached is not None:
            raise StopIteration

    try:
        result = minimize(
            counted.value,
            start,
            jac=counted.gradient,
            method=method,
            callback=stop,
            options=METHODS[method],
            **extra,
        )
    except (np.linalg.LinAlgError, ValueError) as error:
        # The dogleg needs positive definite Hessians.
        return {'error': type(error).__name__}
    return counted.result(result.x)


def scipy_least_squares(problem, start):
    counted = Counted(problem)
    result = least_squares(
        counted.residuals,
        start,
        jac=counted.jacobian,
        method='lm',
        ftol=1e-15,
        xtol=1e-15,
        gtol=1e-15,
        max_nfev=LIMIT,
    )
    return counted.result(result.x)


def case(number, name, n, residuals, start, optima):
    problem = Problem(residuals)
    start = np.array(start, dtype=np.float64)
    best = least_squares(
        problem.residuals, start, jac=problem.jacobian, method='lm', ftol=1e-15, xtol=1e-15, gtol=1e-15, max_nfev=LIMIT
    ).x
    eigenvalues = np.linalg.eigvalsh(problem.hessian(best))
    walks = {method: scipy_minimize(problem, start, method) for method in METHODS}
    return {
        'number': number,
        'name': name,
        'n': n,
        'start': start,
        'optima': optima,
        'least': problem.value(best),
        'spectrum': [eigenvalues[0], eigenvalues[-1]],
        'point': {
            'value': problem.value(start),
            'gradient': problem.gradient(start),
            'hessian': problem.hessian(start).ravel(),
        },
        'scipy': {**walks, 'lm': scipy_least_squares(problem, start)},
    }


if __name__ == '__main__':
    warnings.simplefilter('ignore')
    cases = []
    for problem in PROBLEMS:
        cases.append(case(*problem))
        print(*problem[:3], {method: result.get('f') for method, result in cases[-1]['scipy'].items()}, flush=True)
    write(
        'scipy-minimize.json',
        {'versions': versions('scipy', 'jax', 'numpy'), 'tolerance': TOLERANCE, 'problems': cases},
    )
