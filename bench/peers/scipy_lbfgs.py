"""SciPy's L-BFGS-B on Rosenbrock, n = 10,000, with its gradient, from (-1.2, 1, -1.2, 1, …): times are for one evaluation.

`note` says how many evaluations it took and how much of the time is the function itself.
"""
import time

from report import measure, missing, say

try:
    import numpy as np
    import scipy
    from scipy.optimize import minimize
except ImportError as error:
    missing(error.name)

N = 10_000
spent = 0.0


def rosenbrock(x):
    """Value and gradient, vectorised by hand."""
    global spent
    start = time.perf_counter()
    a, b = x[1:] - x[:-1] ** 2, 1 - x[:-1]
    gradient = np.zeros_like(x)
    gradient[:-1] = -400 * x[:-1] * a - 2 * b
    gradient[1:] += 200 * a
    value = 100 * np.dot(a, a) + np.dot(b, b)
    spent += time.perf_counter() - start
    return value, gradient


start = np.tile([-1.2, 1.0], N // 2)
solve = lambda: minimize(rosenbrock, start, jac=True, method='L-BFGS-B', options={'maxiter': 200, 'maxfun': 10_000})
evaluations = solve().nfev
spent, begin = 0.0, time.perf_counter()
solve()
share = spent / (time.perf_counter() - begin)
result = measure(solve, each=evaluations, settle=0)
say(
    name='SciPy L-BFGS-B',
    version=scipy.__version__,
    note=f'200 iterations, {evaluations} evaluations, {share:.0%} of the time in the function',
    **result,
)
