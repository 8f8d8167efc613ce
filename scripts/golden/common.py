"""What every golden script shares: the closed-form fill, JSON with full precision, and the versions used.

The fill makes the same float64 numbers in Python and in TypeScript, bit for bit, from integer arithmetic alone
(no sine or logarithm, whose last bit differs between libraries; and unlike a sine of a linear index, it gives
matrices of full rank). In TypeScript:

    function fill(i: number, k: number): number {           // in [0, 1)
      let h = (i + Math.imul(k, 0x9e3779b9)) | 0;
      h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
      h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
      return ((h ^ (h >>> 16)) >>> 0) / 4294967296;
    }
    const symmetric = (i, k, bound) => (2 * fill(i, k) - 1) * bound;   // in [-bound, bound)

Numbers that JSON cannot hold are written as the strings "nan", "inf", "-inf" and "-0".
"""
import importlib.metadata
import json
import math
import pathlib
import platform

import numpy as np

GOLDEN = pathlib.Path(__file__).resolve().parents[2] / 'test' / 'golden'

FILL = (
    'fill(i,k): h=(i+imul(k,0x9e3779b9))|0; h=imul(h^(h>>>16),0x85ebca6b); h=imul(h^(h>>>13),0xc2b2ae35); '
    'fill=((h^(h>>>16))>>>0)/2^32. symmetric(i,k,bound)=(2*fill(i,k)-1)*bound. '
    'i is the row-major flat index; computed in float64.'
)


def fill(shape, k):
    """Uniform numbers in [0, 1), float64, from the flat index and the stream number k."""
    count = int(np.prod(shape, dtype=np.int64))
    with np.errstate(over='ignore'):
        h = np.arange(count, dtype=np.uint32) + np.uint32((k * 0x9E3779B9) & 0xFFFFFFFF)
        h = (h ^ (h >> np.uint32(16))) * np.uint32(0x85EBCA6B)
        h = (h ^ (h >> np.uint32(13))) * np.uint32(0xC2B2AE35)
        h = h ^ (h >> np.uint32(16))
    return (h.astype(np.float64) / 4294967296.0).reshape(shape)


def symmetric(shape, k, bound=1.0):
    """Uniform numbers in [-bound, bound), float64."""
    return (2 * fill(shape, k) - 1) * bound


def encode(value):
    """Turns numbers, arrays and tensors into what JSON can hold (see the module's docstring)."""
    if hasattr(value, 'detach'):
        value = value.detach().numpy()
    if isinstance(value, (np.ndarray, np.generic)):
        value = value.tolist()
    if isinstance(value, dict):
        return {key: encode(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [encode(item) for item in value]
    if isinstance(value, float):
        if math.isnan(value):
            return 'nan'
        if math.isinf(value):
            return 'inf' if value > 0 else '-inf'
        if value == 0 and math.copysign(1, value) < 0:
            return '-0'
        return int(value) if value.is_integer() and abs(value) < 1e15 else value
    return value


def tensor(value):
    """An array as {shape, data}: `data` flat, row-major."""
    array = value.detach().numpy() if hasattr(value, 'detach') else np.asarray(value)
    return {'shape': list(array.shape), 'data': encode(array.reshape(-1))}


def versions(*packages):
    return {'python': platform.python_version(), **{p: importlib.metadata.version(p) for p in packages}}


def write(name, document):
    """Writes test/golden/NAME, one row of the outermost lists a line so that diffs stay readable."""
    encoded = encode(document)
    compact = lambda item: json.dumps(item, separators=(',', ':'), allow_nan=False)
    parts = []
    for key, item in encoded.items():
        if isinstance(item, list) and item and isinstance(item[0], dict):
            body = '[\n' + ',\n'.join('    ' + compact(row) for row in item) + '\n  ]'
        elif isinstance(item, dict) and any(isinstance(v, (dict, list)) for v in item.values()):
            body = '{\n' + ',\n'.join(f'    {compact(k)}: {compact(v)}' for k, v in item.items()) + '\n  }'
        else:
            body = compact(item)
        parts.append(f'  {compact(key)}: {body}')
    path = GOLDEN / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text('{\n' + ',\n'.join(parts) + '\n}\n')
    print(f'{path.name}: {path.stat().st_size / 1024:.1f} kB')
