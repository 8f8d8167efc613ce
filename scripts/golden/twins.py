"""Readable twins, straight from the papers, of the optimisers that PyTorch lacks. numpy, float64, no tricks.

Each is a generator: `lion(x, gradient, lr=…)` yields x after every step. Where an algorithm keeps a second point (the
average of schedule-free, the slow weights of lookahead) the docstring says which one it yields.
Where a paper leaves a choice open, or the authors' code differs from their paper, the docstring says what is done here.
"""
import numpy as np


def lion(x, gradient, *, lr=1e-4, beta1=0.9, beta2=0.99, weight_decay=0.0):
    """Chen et al. 2023, arXiv 2302.06675, algorithm 2. sign(0) = 0; decoupled weight decay inside lr."""
    m = np.zeros_like(x)
    while True:
        g = gradient(x)
        update = np.sign(beta1 * m + (1 - beta1) * g)
        x = x - lr * (update + weight_decay * x)
        m = beta2 * m + (1 - beta2) * g
        yield x


def adan(x, gradient, *, lr=1e-3, beta1=0.98, beta2=0.92, beta3=0.99, eps=1e-8, weight_decay=0.0):
    """Xie et al. 2022, arXiv 2208.06677, algorithm 1, with the bias corrections and the betas' sense of the authors' code
    (there beta is the weight of the past: 1 minus the paper's). The first gradient difference is 0. eps is outside the
    root and after the bias correction. Weight decay is the paper's proximal form, x / (1 + lr weight_decay)."""
    m, v, n = np.zeros_like(x), np.zeros_like(x), np.zeros_like(x)
    previous, t = None, 0
    while True:
        g, t = gradient(x), t + 1
        difference = np.zeros_like(g) if previous is None else g - previous
        m = beta1 * m + (1 - beta1) * g
        v = beta2 * v + (1 - beta2) * difference
        n = beta3 * n + (1 - beta3) * (g + beta2 * difference) ** 2
        m_hat, v_hat, n_hat = m / (1 - beta1**t), v / (1 - beta2**t), n / (1 - beta3**t)
        x = (x - lr * (m_hat + beta2 * v_hat) / (np.sqrt(n_hat) + eps)) / (1 + lr * weight_decay)
        previous = g
        yield x


def lamb(x, gradient, *, lr=1e-3, beta1=0.9, beta2=0.999, eps=1e-6, weight_decay=0.0):
    """You et al. 2019, arXiv 1904.00962, algorithm 2, phi the identity. The trust ratio of the whole array is
    ||x|| / ||r + weight_decay x||, and 1 where either norm is 0."""
    m, v, t = np.zeros_like(x), np.zeros_like(x), 0
    while True:
        g, t = gradient(x), t + 1
        m = beta1 * m + (1 - beta1) * g
        v = beta2 * v + (1 - beta2) * g * g
        r = (m / (1 - beta1**t)) / (np.sqrt(v / (1 - beta2**t)) + eps) + weight_decay * x
        x_norm, r_norm = np.linalg.norm(x), np.linalg.norm(r)
        ratio = x_norm / r_norm if x_norm > 0 and r_norm > 0 else 1.0
        x = x - lr * ratio * r
        yield x


def lars(x, gradient, *, lr=1.0, momentum=0.9, weight_decay=0.0, trust_coefficient=0.001):
    """You et al. 2017, arXiv 1708.03888, algorithm 1. The local rate of the whole array is
    trust_coefficient ||x|| / (||g|| + weight_decay ||x||), and 1 where either norm is 0; lr goes into the momentum buffer."""
    v = np.zeros_like(x)
    while True:
        g = gradient(x)
        x_norm, g_norm = np.linalg.norm(x), np.linalg.norm(g)
        local = trust_coefficient * x_norm / (g_norm + weight_decay * x_norm) if x_norm > 0 and g_norm > 0 else 1.0
        v = momentum * v + lr * local * (g + weight_decay * x)
        x = x - v
        yield x


def yogi(x, gradient, *, lr=1e-2, beta1=0.9, beta2=0.999, eps=1e-3):
    """Zaheer et al. 2018 (NeurIPS), algorithm 2: m and v start at 0 and there is no bias correction.
    (optax starts both at 1e-6 and corrects the bias.)"""
    m, v = np.zeros_like(x), np.zeros_like(x)
    while True:
        g = gradient(x)
        m = beta1 * m + (1 - beta1) * g
        v = v - (1 - beta2) * np.sign(v - g * g) * g * g
        x = x - lr * m / (np.sqrt(v) + eps)
        yield x


def adabelief(x, gradient, *, lr=1e-3, beta1=0.9, beta2=0.999, eps=1e-16, weight_decay=0.0):
    """Zhuang et al. 2020, arXiv 2010.07468, algorithm 2: eps is added to s at every step and again outside the root.
    eps 1e-16 and decoupled weight decay (before the step) as in the authors' code."""
    m, s, t = np.zeros_like(x), np.zeros_like(x), 0
    while True:
        g, t = gradient(x), t + 1
        m = beta1 * m + (1 - beta1) * g
        s = beta2 * s + (1 - beta2) * (g - m) ** 2 + eps
        x = x * (1 - lr * weight_decay)
        x = x - lr * (m / (1 - beta1**t)) / (np.sqrt(s / (1 - beta2**t)) + eps)
        yield x


def newton_schulz(g, steps=5, eps=1e-7):
    """Five steps of the quintic iteration towards the nearest semi-orthogonal matrix."""
    a, b, c = 3.4445, -4.7750, 2.0315
    x = g / (np.linalg.norm(g) + eps)
    tall = x.shape[0] > x.shape[1]
    if tall:
        x = x.T
    for _ in range(steps):
        gram = x @ x.T
        x = a * x + (b * gram + c * gram @ gram) @ x
    return x.T if tall else x


def muon(x, gradient, *, lr=0.02, momentum=0.95, nesterov=True, weight_decay=0.0):
    """Jordan et al. 2024, kellerjordan.github.io/posts/muon, for one matrix. The momentum buffer is an average
    (M = .95 M + .05 G); Nesterov takes .95 M + .05 G again. The step is scaled by sqrt(max(1, rows / columns)) of the array
    as it is given here (4 rows, 3 columns); weight decay is decoupled, x (1 - lr weight_decay), before the step.
    All in float64 (torch.optim.Muon iterates in bfloat16, so it is no reference to 1e-12)."""
    m = np.zeros_like(x)
    scale = max(1.0, x.shape[0] / x.shape[1]) ** 0.5
    while True:
        g = gradient(x)
        m = momentum * m + (1 - momentum) * g
        u = momentum * m + (1 - momentum) * g if nesterov else m
        x = x * (1 - lr * weight_decay) - lr * scale * newton_schulz(u)
        yield x


def eigenvectors_descending(matrix):
    return np.linalg.eigh(matrix)[1][:, ::-1]


def soap(x, gradient, *, lr=3e-3, beta1=0.95, beta2=0.95, shampoo_beta=0.95, eps=1e-8, weight_decay=0.0, frequency=10):
    """Vyas et al. 2024, arXiv 2409.11321, algorithm 3 with the power iteration of algorithm 4, for one matrix.
    As in the authors' code: the first gradient only starts L and R (x does not move and the step count stays 0), the
    bases are refreshed after the step, from L and R that hold this step's gradient, whenever the count is a multiple of
    `frequency`, m is carried over to the new basis, v is not. Unlike there, the columns are not sorted again before the
    QR, and eps is added after v's bias correction as Adam does it. eigh's columns are taken in descending order of eigenvalue. The signs of the columns (eigh, QR) do not change the walk.
    Decoupled weight decay, x (1 - lr weight_decay), after the step."""
    g = gradient(x)
    left, right = (1 - shampoo_beta) * g @ g.T, (1 - shampoo_beta) * g.T @ g
    q_left, q_right = eigenvectors_descending(left), eigenvectors_descending(right)
    m, v, t = np.zeros_like(x), np.zeros_like(x), 0
    yield x
    while True:
        g, t = gradient(x), t + 1
        rotated = q_left.T @ g @ q_right
        m = beta1 * m + (1 - beta1) * rotated
        v = beta2 * v + (1 - beta2) * rotated * rotated
        step = (m / (1 - beta1**t)) / (np.sqrt(v / (1 - beta2**t)) + eps)
        x = x - lr * (q_left @ step @ q_right.T)
        x = x * (1 - lr * weight_decay)
        left = shampoo_beta * left + (1 - shampoo_beta) * g @ g.T
        right = shampoo_beta * right + (1 - shampoo_beta) * g.T @ g
        if t % frequency == 0:
            original = q_left @ m @ q_right.T
            q_left, q_right = np.linalg.qr(left @ q_left)[0], np.linalg.qr(right @ q_right)[0]
            m = q_left.T @ original @ q_right
        yield x


def sophia(x, gradient, estimate, *, lr=1e-2, beta1=0.96, beta2=0.99, gamma=0.01, eps=1e-12, weight_decay=0.0, frequency=10):
    """Liu et al. 2023, arXiv 2305.14342, algorithm 3. `estimate(x, g, j)` is the j-th estimate (from 0) of the Hessian's
    diagonal, asked for at steps 1, 1 + frequency, 1 + 2 frequency, …; h starts at 0 without bias correction.
    Sophia-H: u * (H u) with the j-th sign vector u (gamma .01). Sophia-G: B g*g (gamma .05), here with the gradient itself as the
    sampled one and B = 1, since a plain function has no labels to sample."""
    m, h, t = np.zeros_like(x), np.zeros_like(x), 0
    while True:
        g = gradient(x)
        m = beta1 * m + (1 - beta1) * g
        if t % frequency == 0:
            h = beta2 * h + (1 - beta2) * estimate(x, g, t // frequency)
        x = x - lr * weight_decay * x
        x = x - lr * np.clip(m / np.maximum(gamma * h, eps), -1, 1)
        t += 1
        yield x


def schedule_free_sgd(x, gradient, *, lr=1.0, beta=0.9, weight_decay=0.0, warmup=0, r=0.0, weight_lr_power=2.0):
    """Defazio et al. 2024, arXiv 2405.15682, equations 8-10, weights as in the authors' code: w = (k+1)^r lr_max^power with
    linear warm-up of lr over `warmup` steps; weight decay at y. Yields (x, y): x is where to evaluate, y where the next
    gradient is taken."""
    z, y, k, total, lr_max = x, x, 0, 0.0, 0.0
    while True:
        rate = lr * min(1.0, (k + 1) / warmup) if warmup else lr
        lr_max = max(lr_max, rate)
        g = gradient(y) + weight_decay * y
        z = z - rate * g
        weight = (k + 1) ** r * lr_max**weight_lr_power
        total += weight
        c = weight / total
        x = (1 - c) * x + c * z
        y = (1 - beta) * z + beta * x
        k += 1
        yield x, y


def schedule_free_adamw(
    x, gradient, *, lr=2.5e-3, beta1=0.9, beta2=0.999, eps=1e-8, weight_decay=0.0, warmup=0, r=0.0, weight_lr_power=2.0
):
    """As schedule_free_sgd, the gradient divided by sqrt(v / (1 - beta2^(k+1))) + eps, weight decay at y added after that
    (algorithm 1 of the paper; the authors' code). Yields (x, y)."""
    z, y, k, total, lr_max, v = x, x, 0, 0.0, 0.0, np.zeros_like(x)
    while True:
        rate = lr * min(1.0, (k + 1) / warmup) if warmup else lr
        lr_max = max(lr_max, rate)
        g = gradient(y)
        v = beta2 * v + (1 - beta2) * g * g
        step = g / (np.sqrt(v / (1 - beta2 ** (k + 1))) + eps) + weight_decay * y
        z = z - rate * step
        weight = (k + 1) ** r * lr_max**weight_lr_power
        total += weight
        c = weight / total
        x = (1 - c) * x + c * z
        y = (1 - beta1) * z + beta1 * x
        k += 1
        yield x, y


def prodigy(x, gradient, *, lr=1.0, beta1=0.9, beta2=0.999, eps=1e-8, weight_decay=0.0, d0=1e-6):
    """Mishchenko & Defazio 2023, arXiv 2306.06101, algorithm 4 (Adam form), beta3 = sqrt(beta2), no bias correction.
    As in the authors' code: m, v, s and the step use d from before this step's estimate; only eps uses the new d.
    Decoupled weight decay, x (1 - weight_decay d lr), before the step."""
    x0, d, numerator, beta3 = x, d0, 0.0, np.sqrt(beta2)
    m, v, s = np.zeros_like(x), np.zeros_like(x), np.zeros_like(x)
    while True:
        g = gradient(x)
        rate = d * lr
        numerator = beta3 * numerator + (d / d0) * rate * np.sum(g * (x0 - x))
        s = beta3 * s + (d / d0) * rate * g
        m = beta1 * m + (1 - beta1) * d * g
        v = beta2 * v + (1 - beta2) * d * d * g * g
        norm = np.sum(np.abs(s))
        d = max(d, numerator / norm) if norm > 0 else d
        x = x - weight_decay * rate * x
        x = x - rate * m / (np.sqrt(v) + d * eps)
        yield x


def dog(x, gradient, *, lr=1.0, eps=1e-8, reps_relative=1e-6):
    """Ivgi et al. 2023, arXiv 2302.12022, equation 1, over the whole array: eta = max(r_eps, max_i ||x_i - x_0||) /
    sqrt(sum ||g_i||^2 + eps), r_eps = reps_relative (1 + ||x_0||). No averaging of the iterates."""
    x0, largest, total = x, reps_relative * (1 + np.linalg.norm(x)), 0.0
    while True:
        g = gradient(x)
        largest = max(largest, np.linalg.norm(x - x0))
        total += np.sum(g * g)
        x = x - lr * largest / np.sqrt(total + eps) * g
        yield x


def sgd(x, gradient, *, lr, momentum=0.0):
    """The inner optimiser of the wrappers (PyTorch's form: the buffer starts at the first gradient)."""
    v = None
    while True:
        g = gradient(x)
        v = g if v is None else momentum * v + g
        x = x - lr * v
        yield x


def lookahead(x, gradient, *, lr, momentum=0.0, sync_period=5, slow_step=0.5):
    """Zhang et al. 2019, arXiv 1907.08610, algorithm 1, over sgd with momentum. The inner state is kept at a
    synchronisation. Yields the fast weights, after the synchronisation where one falls on the step."""
    slow, v, t = x, None, 0
    while True:
        g = gradient(x)
        v = g if v is None else momentum * v + g
        x, t = x - lr * v, t + 1
        if t % sync_period == 0:
            slow = slow + slow_step * (x - slow)
            x = slow
        yield x


def sam(x, gradient, *, lr, momentum=0.0, rho=0.05):
    """Foret et al. 2020, arXiv 2010.01412, algorithm 1, over sgd with momentum: the gradient is taken at
    x + rho g / (||g|| + 1e-12), ||g|| over all parameters."""
    v = None
    while True:
        g = gradient(x)
        g = gradient(x + rho * g / (np.linalg.norm(g) + 1e-12))
        v = g if v is None else momentum * v + g
        x = x - lr * v
        yield x
