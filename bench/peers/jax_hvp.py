"""A gradient, and a Hessian-vector product (forward over reverse), of a network's loss under jax.jit: jax_hvp.py MODEL BATCH WHAT.

WHAT: gradient, hvp.
"""
import sys

from report import measure, missing, say

try:
    import jax
    from jax_networks import make
except ImportError as error:
    missing(error.name)
import jax.numpy as jnp

model, batch, what = sys.argv[1], int(sys.argv[2]), sys.argv[3]
if model not in ('mlp', 'lenet', 'cnn'):
    say(unsupported=f'no {model} here')
    sys.exit(0)
parameters, network, x, y = make(model, batch)


def loss(p):
    logits = jax.nn.log_softmax(network(p, x))
    return -jnp.take_along_axis(logits, y[:, None], 1).mean()


gradient = jax.grad(loss)
run = jax.jit(gradient if what == 'gradient' else lambda p, v: jax.jvp(gradient, (p,), (v,))[1])
given = (parameters,) if what == 'gradient' else (parameters, parameters)
say(name=f'JAX {what}', version=jax.__version__, batch=batch, **measure(lambda: jax.block_until_ready(run(*given)), least=3))
