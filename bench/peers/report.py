"""What every Python peer shares: timing, and the one JSON line that bench/compare.ts reads (the last line of standard output)."""
import json
import resource
import statistics
import sys
import time


def say(**fields):
    print(json.dumps(fields), flush=True)


def missing(package):
    """The honest end of a peer whose package is not here."""
    say(missing=f'{package} is not installed for {sys.executable}')
    sys.exit(0)


def measure(step, seconds=2.0, least=5, most=1000, each=1, settle=3):
    """Times `step()`, which must wait for its own result, until `seconds` are over; `each` items are done in a call.

    Returns {ms: {min, median, max}, count, cores, rssMb}: milliseconds an item, processor time over wall time, peak memory.
    """
    for _ in range(settle):
        step()
    times, end = [], time.perf_counter() + seconds
    before, start = resource.getrusage(resource.RUSAGE_SELF), time.perf_counter()
    while len(times) < least or (time.perf_counter() < end and len(times) < most):
        t = time.perf_counter()
        step()
        times.append((time.perf_counter() - t) * 1e3 / each)
    after, wall = resource.getrusage(resource.RUSAGE_SELF), time.perf_counter() - start
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return {
        'ms': {'min': min(times), 'median': statistics.median(times), 'max': max(times)},
        'count': len(times),
        'cores': cpu / wall,
        'rssMb': after.ru_maxrss / 1024,
    }
