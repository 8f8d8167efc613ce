"""The 35 problems of Moré, Garbow and Hillstrom, "Testing unconstrained optimization software", ACM TOMS 7 (1981) 17-41, as
residual vectors: f(x) = sum of squares. Written from the paper, with jax.numpy so that derivatives are automatic.

PROBLEMS: (number, name, n, residuals, standard start, published minima). Sizes of the problems of any dimension are the paper's
examples where it publishes a value, else 10. Number 11 has the form that later authors corrected (|y - x2|), m = 99.
"""
import jax
import jax.numpy as jnp
import numpy as np

jax.config.update('jax_enable_x64', True)


def up_to(m):
    return jnp.arange(1.0, m + 1)


def rosenbrock(x):
    return jnp.stack([10 * (x[1] - x[0] ** 2), 1 - x[0]])


def freudenstein_roth(x):
    a, b = x
    return jnp.stack([-13 + a + ((5 - b) * b - 2) * b, -29 + a + ((b + 1) * b - 14) * b])


def powell_badly_scaled(x):
    return jnp.stack([1e4 * x[0] * x[1] - 1, jnp.exp(-x[0]) + jnp.exp(-x[1]) - 1.0001])


def brown_badly_scaled(x):
    return jnp.stack([x[0] - 1e6, x[1] - 2e-6, x[0] * x[1] - 2])


def beale(x):
    return jnp.array([1.5, 2.25, 2.625]) - x[0] * (1 - jnp.stack([x[1], x[1] ** 2, x[1] ** 3]))


def jennrich_sampson(x):
    i = up_to(10)
    return 2 + 2 * i - (jnp.exp(i * x[0]) + jnp.exp(i * x[1]))


def helical_valley(x):
    theta = jnp.arctan(x[1] / x[0]) / (2 * jnp.pi) + jnp.where(x[0] < 0, 0.5, 0.0)
    return jnp.stack([10 * (x[2] - 10 * theta), 10 * (jnp.sqrt(x[0] ** 2 + x[1] ** 2) - 1), x[2]])


BARD = jnp.array([0.14, 0.18, 0.22, 0.25, 0.29, 0.32, 0.35, 0.39, 0.37, 0.58, 0.73, 0.96, 1.34, 2.10, 4.39])


def bard(x):
    u = up_to(15)
    v = 16 - u
    return BARD - (x[0] + u / (v * x[1] + jnp.minimum(u, v) * x[2]))


GAUSSIAN = [0.0009, 0.0044, 0.0175, 0.0540, 0.1295, 0.2420, 0.3521]
GAUSSIAN = jnp.array([*GAUSSIAN, 0.3989, *GAUSSIAN[::-1]])


def gaussian(x):
    t = (8 - up_to(15)) / 2
    return x[0] * jnp.exp(-x[1] * (t - x[2]) ** 2 / 2) - GAUSSIAN


MEYER = jnp.array([34780.0, 28610, 23650, 19630, 16370, 13720, 11540, 9744, 8261, 7030, 6005, 5147, 4427, 3820, 3307, 2872])


def meyer(x):
    return x[0] * jnp.exp(x[1] / (45 + 5 * up_to(16) + x[2])) - MEYER


def gulf(x):
    t = up_to(99) / 100
    y = 25 + (-50 * jnp.log(t)) ** (2 / 3)
    return jnp.exp(-(jnp.abs(y - x[1]) ** x[2]) / x[0]) - t


def box(x):
    t = 0.1 * up_to(10)
    return jnp.exp(-t * x[0]) - jnp.exp(-t * x[1]) - x[2] * (jnp.exp(-t) - jnp.exp(-10 * t))


def powell_singular(x):
    return jnp.stack(
        [x[0] + 10 * x[1], 5**0.5 * (x[2] - x[3]), (x[1] - 2 * x[2]) ** 2, 10**0.5 * (x[0] - x[3]) ** 2]
    )


def wood(x):
    a, b, c, d = x
    return jnp.stack(
        [10 * (b - a**2), 1 - a, 90**0.5 * (d - c**2), 1 - c, 10**0.5 * (b + d - 2), (b - d) / 10**0.5]
    )


KOWALIK_Y = jnp.array([0.1957, 0.1947, 0.1735, 0.1600, 0.0844, 0.0627, 0.0456, 0.0342, 0.0323, 0.0235, 0.0246])
KOWALIK_U = jnp.array([4.0, 2.0, 1.0, 0.5, 0.25, 0.167, 0.125, 0.1, 0.0833, 0.0714, 0.0625])


def kowalik_osborne(x):
    u = KOWALIK_U
    return KOWALIK_Y - x[0] * (u**2 + u * x[1]) / (u**2 + u * x[2] + x[3])


def brown_dennis(x):
    t = up_to(20) / 5
    return (x[0] + t * x[1] - jnp.exp(t)) ** 2 + (x[2] + x[3] * jnp.sin(t) - jnp.cos(t)) ** 2


OSBORNE1 = jnp.array(
    [0.844, 0.908, 0.932, 0.936, 0.925, 0.908, 0.881, 0.850, 0.818, 0.784, 0.751, 0.718, 0.685, 0.658, 0.628, 0.603, 0.580]
    + [0.558, 0.538, 0.522, 0.506, 0.490, 0.478, 0.467, 0.457, 0.448, 0.438, 0.431, 0.424, 0.420, 0.414, 0.411, 0.406]
)


def osborne1(x):
    t = 10 * (up_to(33) - 1)
    return OSBORNE1 - (x[0] + x[1] * jnp.exp(-t * x[3]) + x[2] * jnp.exp(-t * x[4]))


def biggs(x):
    t = 0.1 * up_to(13)
    y = jnp.exp(-t) - 5 * jnp.exp(-10 * t) + 3 * jnp.exp(-4 * t)
    return x[2] * jnp.exp(-t * x[0]) - x[3] * jnp.exp(-t * x[1]) + x[5] * jnp.exp(-t * x[4]) - y


OSBORNE2 = jnp.array(
    [1.366, 1.191, 1.112, 1.013, 0.991, 0.885, 0.831, 0.847, 0.786, 0.725, 0.746, 0.679, 0.608, 0.655, 0.616, 0.606]
    + [0.602, 0.626, 0.651, 0.724, 0.649, 0.649, 0.694, 0.644, 0.624, 0.661, 0.612, 0.558, 0.533, 0.495, 0.500, 0.423]
    + [0.395, 0.375, 0.372, 0.391, 0.396, 0.405, 0.428, 0.429, 0.523, 0.562, 0.607, 0.653, 0.672, 0.708, 0.633, 0.668]
    + [0.645, 0.632, 0.591, 0.559, 0.597, 0.625, 0.739, 0.710, 0.729, 0.720, 0.636, 0.581, 0.428, 0.292, 0.162, 0.098, 0.054]
)


def osborne2(x):
    t = (up_to(65) - 1) / 10
    bump = lambda height, width, centre: height * jnp.exp(-((t - centre) ** 2) * width)
    return OSBORNE2 - (
        x[0] * jnp.exp(-t * x[4]) + bump(x[1], x[5], x[8]) + bump(x[2], x[6], x[9]) + bump(x[3], x[7], x[10])
    )


def watson(x):
    n = x.shape[0]
    t = up_to(29)[:, None] / 29
    j = up_to(n)
    slope = jnp.sum((j[1:] - 1) * x[1:] * t ** (j[1:] - 2), 1)
    value = jnp.sum(x * t ** (j - 1), 1)
    return jnp.concatenate([slope - value**2 - 1, jnp.stack([x[0], x[1] - x[0] ** 2 - 1])])


def extended_rosenbrock(x):
    return jnp.stack([10 * (x[1::2] - x[::2] ** 2), 1 - x[::2]], 1).reshape(-1)


def extended_powell(x):
    return jax.vmap(powell_singular)(x.reshape(-1, 4)).reshape(-1)


def penalty1(x):
    return jnp.concatenate([1e-5**0.5 * (x - 1), jnp.sum(x**2)[None] - 0.25])


def penalty2(x):
    n = x.shape[0]
    i = up_to(n)
    y = jnp.exp(i[1:] / 10) + jnp.exp((i[1:] - 1) / 10)
    middle = 1e-5**0.5 * (jnp.exp(x[1:] / 10) + jnp.exp(x[:-1] / 10) - y)
    late = 1e-5**0.5 * (jnp.exp(x[1:] / 10) - jnp.exp(-1 / 10))
    return jnp.concatenate([x[:1] - 0.2, middle, late, jnp.sum((n - i + 1) * x**2)[None] - 1])


def variably_dimensioned(x):
    s = jnp.sum(up_to(x.shape[0]) * (x - 1))
    return jnp.concatenate([x - 1, jnp.stack([s, s**2])])


def trigonometric(x):
    n = x.shape[0]
    return n - jnp.sum(jnp.cos(x)) + up_to(n) * (1 - jnp.cos(x)) - jnp.sin(x)


def brown_almost_linear(x):
    n = x.shape[0]
    return jnp.concatenate([x[:-1] + jnp.sum(x) - (n + 1), jnp.prod(x)[None] - 1])


def neighbours(x):
    return jnp.concatenate([jnp.zeros(1), x[:-1]]), jnp.concatenate([x[1:], jnp.zeros(1)])


def discrete_boundary(x):
    h = 1 / (x.shape[0] + 1)
    before, after = neighbours(x)
    return 2 * x - before - after + h**2 * (x + up_to(x.shape[0]) * h + 1) ** 3 / 2


def discrete_integral(x):
    n = x.shape[0]
    h = 1 / (n + 1)
    t = up_to(n) * h
    cube = (x + t + 1) ** 3
    before = jnp.cumsum(t * cube)
    after = jnp.sum((1 - t) * cube) - jnp.cumsum((1 - t) * cube)
    return x + h * ((1 - t) * before + t * after) / 2


def broyden_tridiagonal(x):
    before, after = neighbours(x)
    return (3 - 2 * x) * x - before - 2 * after + 1


def broyden_banded(x):
    n = x.shape[0]
    row, column = np.indices((n, n))
    band = (column >= row - 5) & (column <= row + 1) & (column != row)
    return x * (2 + 5 * x**2) + 1 - jnp.array(band, float) @ (x * (1 + x))


def linear_full_rank(x, m=20):
    n = x.shape[0]
    return jnp.concatenate([x, jnp.zeros(m - n)]) - 2 / m * jnp.sum(x) - 1


def linear_rank1(x, m=20):
    return up_to(m) * jnp.sum(up_to(x.shape[0]) * x) - 1


def linear_rank1_zeros(x, m=20):
    n = x.shape[0]
    s = jnp.sum(up_to(n)[1:-1] * x[1:-1])
    return jnp.concatenate([(up_to(m)[:-1] - 1) * s, jnp.zeros(1)]) - 1


def chebyquad(x):
    n = x.shape[0]
    shifted = 2 * x - 1
    previous, current, rows = jnp.ones(n), shifted, []
    for i in range(1, n + 1):
        integral = 0.0 if i % 2 else -1 / (i**2 - 1)
        rows.append(jnp.mean(current) - integral)
        previous, current = current, 2 * shifted * current - previous
    return jnp.stack(rows)


def boundary_start(n):
    t = np.arange(1, n + 1) / (n + 1)
    return t * (t - 1)


ones, counting = np.ones, lambda n: np.arange(1.0, n + 1)
PROBLEMS = [
    (1, 'Rosenbrock', 2, rosenbrock, [-1.2, 1], [0]),
    (2, 'Freudenstein and Roth', 2, freudenstein_roth, [0.5, -2], [0, 48.9842]),
    (3, 'Powell badly scaled', 2, powell_badly_scaled, [0, 1], [0]),
    (4, 'Brown badly scaled', 2, brown_badly_scaled, [1, 1], [0]),
    (5, 'Beale', 2, beale, [1, 1], [0]),
    (6, 'Jennrich and Sampson', 2, jennrich_sampson, [0.3, 0.4], [124.362]),
    (7, 'Helical valley', 3, helical_valley, [-1, 0, 0], [0]),
    (8, 'Bard', 3, bard, [1, 1, 1], [8.21487e-3, 17.4286]),
    (9, 'Gaussian', 3, gaussian, [0.4, 1, 0], [1.12793e-8]),
    (10, 'Meyer', 3, meyer, [0.02, 4000, 250], [87.9458]),
    (11, 'Gulf research and development', 3, gulf, [5, 2.5, 0.15], [0]),
    (12, 'Box three-dimensional', 3, box, [0, 10, 20], [0]),
    (13, 'Powell singular', 4, powell_singular, [3, -1, 0, 1], [0]),
    (14, 'Wood', 4, wood, [-3, -1, -3, -1], [0]),
    (15, 'Kowalik and Osborne', 4, kowalik_osborne, [0.25, 0.39, 0.415, 0.39], [3.07505e-4, 1.02734e-3]),
    (16, 'Brown and Dennis', 4, brown_dennis, [25, 5, -5, -1], [85822.2]),
    (17, 'Osborne 1', 5, osborne1, [0.5, 1.5, -1, 0.01, 0.02], [5.46489e-5]),
    (18, 'Biggs EXP6', 6, biggs, [1, 2, 1, 1, 1, 1], [0, 5.65565e-3]),
    (19, 'Osborne 2', 11, osborne2, [1.3, 0.65, 0.65, 0.7, 0.6, 3, 5, 7, 2, 4.5, 5.5], [4.01377e-2]),
    (20, 'Watson', 6, watson, np.zeros(6), [2.28767e-3]),
    (20, 'Watson', 9, watson, np.zeros(9), [1.39976e-6]),
    (20, 'Watson', 12, watson, np.zeros(12), [4.72238e-10]),
    (21, 'Extended Rosenbrock', 10, extended_rosenbrock, np.tile([-1.2, 1], 5), [0]),
    (22, 'Extended Powell singular', 12, extended_powell, np.tile([3, -1, 0, 1], 3), [0]),
    (23, 'Penalty I', 4, penalty1, counting(4), [2.24997e-5]),
    (23, 'Penalty I', 10, penalty1, counting(10), [7.08765e-5]),
    (24, 'Penalty II', 4, penalty2, ones(4) / 2, [9.37629e-6]),
    (24, 'Penalty II', 10, penalty2, ones(10) / 2, [2.93660e-4]),
    (25, 'Variably dimensioned', 10, variably_dimensioned, 1 - counting(10) / 10, [0]),
    (26, 'Trigonometric', 10, trigonometric, ones(10) / 10, [0, 2.79506e-5]),
    (27, 'Brown almost-linear', 10, brown_almost_linear, ones(10) / 2, [0, 1]),
    (28, 'Discrete boundary value', 10, discrete_boundary, boundary_start(10), [0]),
    (29, 'Discrete integral equation', 10, discrete_integral, boundary_start(10), [0]),
    (30, 'Broyden tridiagonal', 10, broyden_tridiagonal, -ones(10), [0]),
    (31, 'Broyden banded', 10, broyden_banded, -ones(10), [0]),
    (32, 'Linear, full rank', 10, linear_full_rank, ones(10), [10]),
    (33, 'Linear, rank 1', 10, linear_rank1, ones(10), [20 * 19 / (2 * 41)]),
    (34, 'Linear, rank 1 with zero columns and rows', 10, linear_rank1_zeros, ones(10), [(400 + 60 - 6) / (2 * 37)]),
    (35, 'Chebyquad', 7, chebyquad, counting(7) / 8, [0]),
    (35, 'Chebyquad', 8, chebyquad, counting(8) / 9, [3.51687e-3]),
    (35, 'Chebyquad', 10, chebyquad, counting(10) / 11, [6.50395e-3]),
]
