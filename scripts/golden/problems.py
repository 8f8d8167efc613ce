"""The functions that the optimisers walk: plain formulas with hand-written gradients (numpy, float64).

Each takes and returns plain arrays; `torch_value` is the same formula for autograd, an independent check.
"""
import numpy as np

from common import symmetric


def ravine(p):
    x, y = p[0], 10 * p[1]
    return x * x - x * y + y * y


def ravine_gradient(p):
    x, y = p[0], 10 * p[1]
    return np.array([2 * x - y, 10 * (2 * y - x)])


def rosenbrock(p):
    x, y = p[0], p[1]
    return (1 - x) * (1 - x) + 100 * (y - x * x) * (y - x * x)


def rosenbrock_gradient(p):
    x, y = p
    return np.array([-2 * (1 - x) - 400 * x * (y - x * x), 200 * (y - x * x)])


def himmelblau(p):
    x, y = p[0], p[1]
    a, b = x * x + y - 11, x + y * y - 7
    return a * a + b * b


def himmelblau_gradient(p):
    x, y = p
    a, b = x * x + y - 11, x + y * y - 7
    return np.array([4 * x * a + 2 * b, 2 * a + 4 * y * b])


def styblinski_tang(p):
    x, y = p[0], p[1]
    one = lambda t: 0.5 * (t * t * t * t - 16 * t * t + 5 * t)
    return one(x) + one(y)


def styblinski_tang_gradient(p):
    return 0.5 * (4 * p**3 - 32 * p + 5)


def hessian(gradient, p):
    """Central differences of the exact gradient are not exact enough here: the Hessians, written out."""
    x, y = p
    if gradient is ravine_gradient:
        return np.array([[2.0, -10.0], [-10.0, 200.0]])
    if gradient is rosenbrock_gradient:
        return np.array([[2 - 400 * (y - x * x) + 800 * x * x, -400 * x], [-400 * x, 200.0]])
    if gradient is himmelblau_gradient:
        a, b = x * x + y - 11, x + y * y - 7
        return np.array([[4 * a + 8 * x * x + 2, 4 * x + 4 * y], [4 * x + 4 * y, 2 + 4 * b + 8 * y * y]])
    if gradient is styblinski_tang_gradient:
        return np.diag([6 * x * x - 16, 6 * y * y - 16])
    raise KeyError(gradient)


# name: (value, gradient, start, formula)
FUNCTIONS = {
    'ravine': (ravine, ravine_gradient, [1.5, -0.5], 'x^2 - 10*x*y + 100*y^2'),
    'rosenbrock': (rosenbrock, rosenbrock_gradient, [-1.2, 1.0], '(1 - x)^2 + 100*(y - x^2)^2'),
    'himmelblau': (himmelblau, himmelblau_gradient, [-1.0, 0.5], '(x^2 + y - 11)^2 + (x + y^2 - 7)^2'),
    'styblinskiTang': (
        styblinski_tang,
        styblinski_tang_gradient,
        [0.7, -0.9],
        '0.5*(x^4 - 16*x^2 + 5*x) + 0.5*(y^4 - 16*y^2 + 5*y)',
    ),
}

# least squares: f(W) = 1/2 ||X W - Y||^2, W 4x3
X, Y, W0 = symmetric((8, 4), 2), symmetric((8, 3), 3), symmetric((4, 3), 1)


def least_squares_gradient(w):
    return X.T @ (X @ w - Y)


def least_squares(w):
    return 0.5 * np.sum((X @ w - Y) ** 2)
