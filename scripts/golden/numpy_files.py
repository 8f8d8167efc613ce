"""NumPy's own .npy and .npz files.

Made with Python 3.11, numpy 2.4.6. Run from the repository's root:
    python scripts/golden/numpy_files.py
Writes test/golden/numpy.npz (stored), test/golden/numpy-deflated.npz (the same arrays) and test/golden/numpy.json (their values in C
order, and their shapes). Every dtype that is read, in both byte orders, C and Fortran order, no axes and no elements.
"""
import io
import json
import warnings
import zipfile

import numpy as np

from common import GOLDEN

base = np.arange(24).reshape(2, 3, 4)
floats = np.array([0.0, -0.0, 1.5, -2.75, 1 / 3, 65504, 6e-8, 6.1e-5])
arrays = {
    'bool': np.array([[True, False], [False, True]]),
    'u1': np.array([0, 1, 127, 128, 255], 'u1'),
    'i1': np.array([-128, -1, 0, 127], 'i1'),
    'f2': floats.astype('f2'),
    'f2_big': floats.astype('>f2'),
    'fortran': np.asfortranarray(base.astype('f4') / 8),
    'fortran_flat': np.asfortranarray(np.arange(6, dtype='u1').reshape(1, 6)),
    'fortran_big': np.asfortranarray(base.astype('>f8') / 3),
    'scalar': np.array(7.5),
    'nothing': np.zeros((0, 3), 'f4'),
}
for order in '<>':
    suffix = '_big' if order == '>' else ''
    for kind in ('u2', 'i2', 'u4', 'i4', 'u8', 'i8'):
        info = np.iinfo(kind)
        low, high = max(info.min, -(2**53 - 1)), min(info.max, 2**53 - 1)
        arrays[kind + suffix] = np.array([[low, 0, 1, high]], order + kind)
    for kind in ('f4', 'f8'):
        arrays[kind + suffix] = np.append(floats, [1e30, -1e-30]).astype(order + kind)

np.savez(GOLDEN / 'numpy.npz', **arrays)
np.savez_compressed(GOLDEN / 'numpy-deflated.npz', **arrays)

# Formats 2 and 3, which NumPy writes for other headers only, and what is refused.
with zipfile.ZipFile(GOLDEN / 'numpy-other.npz', 'w') as archive:
    def add(name, array, **options):
        buffer = io.BytesIO()
        with warnings.catch_warnings():
            warnings.simplefilter('ignore')
            np.lib.format.write_array(buffer, array, **options)
        archive.writestr(zipfile.ZipInfo(name + '.npy'), buffer.getvalue())

    add('format2', np.arange(3, dtype='i4'), version=(2, 0))
    add('format3', np.arange(3, dtype='i4'), version=(3, 0))
    add('objects', np.array([{'a': 1}, None], object), allow_pickle=True)
    add('texts', np.array(['a', 'bc']))
    add('records', np.array([(1, 2.0)], [('a', 'i4'), ('b', 'f4')]))
    add('complex', np.array([1 + 2j]))
    add('beyond', np.array([2**60], 'i8'))

values = {
    name: {'shape': list(array.shape), 'values': array.astype('f8').ravel().tolist()} for name, array in arrays.items()
}
(GOLDEN / 'numpy.json').write_text(json.dumps(values, indent=1) + '\n')
