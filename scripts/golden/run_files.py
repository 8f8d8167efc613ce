"""Safetensors files and a TensorBoard event file, written by the formats' own Python libraries.

Made with Python 3.11, safetensors 0.8.0, numpy 2.4.6, tensorboard 2.21.0. Run from the repository's root:
    python scripts/golden/run_files.py
Writes test/golden/{native,foreign}.safetensors and test/golden/events.tfevents; none of them changes with the machine or the day.

native   only dtypes that Scree writes, one metadata key (the library keeps no order among several): compared byte by byte.
foreign  dtypes that are only read (U8, I64), names beyond ASCII, no metadata.
events   the file version, scalars of steps 0, 1 and 100,000, a negative and a zero value, and the restart mark of a resumed run.
"""
import numpy as np
from safetensors.numpy import save_file
from tensorboard.compat.proto.event_pb2 import Event, SessionLog
from tensorboard.compat.proto.summary_pb2 import Summary
from tensorboard.summary.writer.record_writer import RecordWriter

from common import GOLDEN

save_file(
    {
        'dense.weight': np.array([[1.5, -2.25, 3e-8], [np.pi, -0.0, 1e30]], np.float32),
        'dense.bias': np.array([0.1, -np.inf], np.float32),
        'moments': np.array([[1 / 3], [np.e]], np.float64),
        'labels': np.array([-(2**31), -1, 0, 2**31 - 1], np.int32),
        'mask': np.array([True, False, True]),
        'nothing': np.zeros((0, 4), np.float32),
        'scalar': np.array(7.5, np.float64),
        'a "quoted" name': np.array([1.0], np.float32),
    },
    GOLDEN / 'native.safetensors',
    metadata={'step': '1234'},
)

save_file(
    {
        'pixels': np.array([[0, 127], [200, 255]], np.uint8),
        'indices': np.array([-5, 0, 2**31 - 1], np.int64),
        'Gewicht größer': np.array([2.5], np.float32),
        '重み': np.array([[1, 2, 3]], np.float64),
    },
    GOLDEN / 'foreign.safetensors',
)


def scalars(step, wall_time, **values):
    summary = Summary(value=[Summary.Value(tag=tag, simple_value=value) for tag, value in values.items()])
    return Event(wall_time=wall_time, step=step, summary=summary)


with open(GOLDEN / 'events.tfevents', 'wb') as file:
    records = RecordWriter(file)
    for event in [
        Event(wall_time=1.7e9, file_version='brain.Event:2'),
        Event(wall_time=1.7e9, step=1, session_log=SessionLog(status=SessionLog.START)),
        scalars(0, 1.7e9 + 1, loss=2.302585),
        scalars(1, 1.7e9 + 2.25, loss=-0.5, accuracy=0.0),
        scalars(100000, 1.7e9 + 3.125, loss=1e-7, accuracy=0.987654321, lr=0.004),
    ]:
        records.write(event.SerializeToString(deterministic=True))

for name in ['native.safetensors', 'foreign.safetensors', 'events.tfevents']:
    print(f'{name}: {(GOLDEN / name).stat().st_size} bytes')
