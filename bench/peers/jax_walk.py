"""Walks under jitted lax.scan, float64, the path recorded: jax_walk.py CASE. Times are for a step (basins: the whole picture).

CASE: sgd, adam (on x^2 - x y, from (1, 0.5), lr 0.01, a million steps), basins (Himmelblau, 512 x 512 starts, 200 steps of 0.01).
"""
import functools
import sys

from report import measure, missing, say

try:
    import jax
    import optax
except ImportError as error:
    missing(error.name)
import jax.numpy as jnp

jax.config.update('jax_enable_x64', True)
case, STEPS = sys.argv[1], 1_000_000
value_and_gradient = jax.value_and_grad(lambda p: p[0] ** 2 - p[0] * p[1])


@functools.partial(jax.jit, static_argnums=1)
def sgd(p, steps):
    def step(p, _):
        value, gradient = value_and_gradient(p)
        return p - 0.01 * gradient, (p, value)

    return jax.lax.scan(step, p, None, length=steps)


@functools.partial(jax.jit, static_argnums=1)
def adam(p, steps):
    optimizer = optax.adam(0.01)

    def step(carry, _):
        p, state = carry
        value, gradient = value_and_gradient(p)
        updates, state = optimizer.update(gradient, state)
        return (p + updates, state), (p, value)

    return jax.lax.scan(step, (p, optimizer.init(p)), None, length=steps)


himmelblau = lambda p: (p[0] ** 2 + p[1] - 11) ** 2 + (p[0] + p[1] ** 2 - 7) ** 2


@jax.jit
def basins(starts):
    return jax.lax.fori_loop(0, 200, lambda i, p: p - 0.01 * jax.vmap(jax.grad(himmelblau))(p), starts)


if case == 'basins':
    line = jnp.linspace(-5, 5, 512)
    starts = jnp.stack(jnp.meshgrid(line, line), -1).reshape(-1, 2)
    result = measure(lambda: jax.block_until_ready(basins(starts)), settle=1)
else:
    walk, start = {'sgd': sgd, 'adam': adam}[case], jnp.array([1.0, 0.5])
    result = measure(lambda: jax.block_until_ready(walk(start, STEPS)), settle=1, each=STEPS)
say(name='JAX lax.scan' if case != 'basins' else 'JAX vmap', version=jax.__version__, **result)
