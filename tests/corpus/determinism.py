#!/usr/bin/env python3
"""determinism.py - the same bytes come out twice, and with two scan processes

Ids, times and durations aside.
"""
import re
import sys

from common import mails, require, scan

VOLATILE = [(rb'"scan_id":"[^"]*"', b'"scan_id":""'), (rb'"time":"[^"]*"', b'"time":""'),
            (rb'"duration_ms":\d+', b'"duration_ms":0'), (rb'"engine":\{.*?\]\}', b'"engine":{}')]


def steady(out):
    """Lines of output without what may differ."""
    for pattern, value in VOLATILE:
        out = re.sub(pattern, value, out)
    return out.split(b"\n")


require()
paths = mails()[::3]
first = steady(scan(paths))
bad = 0
for name, other in (("a second run", scan(paths)), ("two scan processes", scan(paths, jobs=2))):
    other = steady(other)
    differ = [i for i, (a, b) in enumerate(zip(first, other)) if a != b]
    bad += len(differ) + abs(len(first) - len(other))
    for i in differ[:5]:
        at = next(k for k, (a, b) in enumerate(zip(first[i], other[i])) if a != b)
        print(f"{name}: {paths[i]}: {first[i][max(0, at - 60):at + 60]!r} / "
              f"{other[i][max(0, at - 60):at + 60]!r}")
print(f"determinism: {len(first) - 1} reports, three times, {bad} differ")
sys.exit(bool(bad))
