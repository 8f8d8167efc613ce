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
import jax.numpy as jnp

model, BATCH = sys.argv[1], 128
keys = iter(jax.random.split(jax.random.PRNGKey(0), 20))


def dense(inputs, outputs):
    return {'w': jax.random.normal(next(keys), (inputs, outputs)) / inputs**0.5, 'b': jnp.zeros(outputs)}


def conv(inputs, outputs, size):
    kernel = jax.random.normal(next(keys), (size, size, inputs, outputs)) / (inputs * size * size) ** 0.5
    return {'w': kernel, 'b': jnp.zeros(outputs)}


def convolve(x, p, padding='SAME'):
    return jax.lax.conv_general_dilated(x, p['w'], (1, 1), padding, dimension_numbers=('NHWC', 'HWIO', 'NHWC')) + p['b']


def pool(x):
    return jax.lax.reduce_window(x, -jnp.inf, jax.lax.max, (1, 2, 2, 1), (1, 2, 2, 1), 'VALID')


def tail(layers, x):
    for index, layer in enumerate(layers):
        x = x @ layer['w'] + layer['b']
        x = jax.nn.relu(x) if index < len(layers) - 1 else x
    return x


image = (BATCH, 28, 28, 1)
if model == 'mlp':
    parameters, shape = [dense(784, 512), dense(512, 256), dense(256, 10)], (BATCH, 784)
    network = tail
elif model == 'lenet':
    parameters = {'c': [conv(1, 6, 5), conv(6, 16, 5)], 'd': [dense(400, 120), dense(120, 84), dense(84, 10)]}
    shape = image

    def network(p, x):
        x = pool(jax.nn.relu(convolve(x, p['c'][0])))
        x = pool(jax.nn.relu(convolve(x, p['c'][1], 'VALID')))
        return tail(p['d'], x.reshape(BATCH, -1))
elif model == 'cnn':
    parameters = {'c': [conv(1, 32, 3), conv(32, 64, 3)], 'd': [dense(3136, 128), dense(128, 10)]}
    shape = image

    def network(p, x):
        x = pool(jax.nn.relu(convolve(x, p['c'][0])))
        x = pool(jax.nn.relu(convolve(x, p['c'][1])))
        return tail(p['d'], x.reshape(BATCH, -1))
else:
    raise SystemExit(f'jax_step.py: unknown model {model}; mlp, lenet or cnn')

x = jax.random.normal(next(keys), shape)
y = jax.random.randint(next(keys), (BATCH,), 0, 10)
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
