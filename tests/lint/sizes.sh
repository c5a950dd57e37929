#!/bin/sh
# sizes.sh - functions, files and parameter lists stay small; there is no list of exceptions
#
# Function: 80 lines at most, median 15 or less over the product. File: 800. Parameters: 5, but for
# those whose signature a library dictates: their comment says so ("libyara's callback").
set -eu
cd "${1:-.}"
exec python3 - <<'PY'
import statistics, sys
sys.path.insert(0, "tests/lint")
from sources import functions, tracked

bad, sizes = [], []
for path in tracked(".c", ".h"):
    text = open(path, encoding="utf-8").read()
    lines = text.count("\n")
    if lines > 800:
        bad.append(f"{path}: {lines} lines, 800 at most")
    for f in functions(path):
        if not path.startswith("tests/"):
            sizes.append(f.lines)
        if f.lines > 80:
            bad.append(f"{path}:{f.first}: {f.name} has {f.lines} lines, 80 at most")
        if f.params > 5 and f"/* {f.name} - lib" not in text:
            bad.append(f"{path}:{f.first}: {f.name} has {f.params} parameters, 5 at most")
median = statistics.median(sizes) if sizes else 0
if median > 15:
    bad.append(f"the median function has {median} lines, 15 at most")
print("\n".join(bad + [f"sizes: {len(sizes)} functions, median {median}, longest "
                       f"{max(sizes, default=0)}"]))
sys.exit(bool(bad))
PY
