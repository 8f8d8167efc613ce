"""Values and gradients of the Moré-Garbow-Hillstrom problems (mgh.py) at two points each, to check other formulas with.

Made with Python 3.11, jax 0.10.2 (derivatives), numpy 2.4.6. Run from the repository's root:
    JAX_PLATFORMS=cpu python scripts/golden/mgh_values.py
Writes test/golden/mgh.json: problems [{number, name, n, m, start, published, value, gradient, probe: {x, value, gradient}}], where
value and gradient are at the start and the probe is a second point, start + 0.1 (1 + |start|) symmetric(i, number).
How SciPy's methods fare on the problems is scipy_minimize.py's question.
"""
import jax
import jax.numpy as jnp
import numpy as np

from common import symmetric, versions, write
from mgh import PROBLEMS

problems = []
for number, name, n, residuals, start, published in PROBLEMS:
    start = np.asarray(start, float)
    value_and_gradient = jax.jit(jax.value_and_grad(lambda x: jnp.sum(residuals(x) ** 2)))
    both = lambda x: tuple(np.asarray(v) for v in value_and_gradient(jnp.asarray(x)))
    probe = start + 0.1 * (1 + np.abs(start)) * symmetric((n,), number)
    value, gradient = both(start)
    probe_value, probe_gradient = both(probe)
    problems.append(
        {
            'number': number,
            'name': name,
            'n': n,
            'm': len(residuals(jnp.asarray(start))),
            'start': start,
            'published': published,
            'value': float(value),
            'gradient': gradient,
            'probe': {'x': probe, 'value': float(probe_value), 'gradient': probe_gradient},
        }
    )
write('mgh.json', {'versions': versions('jax', 'numpy'), 'problems': problems})
