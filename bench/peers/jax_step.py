"""One training step under jax.jit with optax's SGD, momentum 0.9: jax_step.py MODEL THREADS. Batch 128, float32, NHWC.

THREADS is held by the environment that bench/peers.ts makes (NPROC), and reported back as `cores`.
"""
import sys

from report import measure, missing, say

try:
    import jax
    import optax
except ImportError as error:
    missing(error.name)

from jax_networks import make

model, BATCH = sys.argv[1], 128
parameters, network, x, y = make(model, BATCH)
optimizer = optax.sgd(0.01, momentum=0.9)


@jax.jit
def update(p, state, x, y):
    loss, gradients = jax.value_and_grad(
        lambda p: optax.softmax_cross_entropy_with_integer_labels(network(p, x), y).mean()
    )(p)
    updates, state = optimizer.update(gradients, state)
    return optax.apply_updates(p, updates), state, loss


state = optimizer.init(parameters)


def step():
    global parameters, state
    parameters, state, loss = update(parameters, state, x, y)
    jax.block_until_ready(parameters)
    return float(loss)


say(name='JAX jit', version=jax.__version__, batch=BATCH, **measure(step))
