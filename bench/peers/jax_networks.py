"""The networks of the JAX peers, as Scree's models of the same names: float32, NHWC."""
import jax
import jax.numpy as jnp

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


def make(model, BATCH):
    """Parameters, the network as a function of them and the inputs, inputs and labels."""
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
        raise SystemExit(f'jax_networks.py: unknown model {model}; mlp, lenet or cnn')

    x = jax.random.normal(next(keys), shape)
    y = jax.random.randint(next(keys), (BATCH,), 0, 10)
    return parameters, network, x, y
