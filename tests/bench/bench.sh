#!/bin/sh
# bench.sh - speed and memory of assay, beside the raw libraries; ./dev bench calls it
#
#   bench.sh [--rules N] [--rounds N] [--mails N] [--quick]
set -eu
root=$(cd "$(dirname "$0")/../.." && pwd)
build=${ASSAY_BUILD_DIR:-$root/build}
cmake --build "$build" --target bench_loop >/dev/null
PYTHONDONTWRITEBYTECODE=1 exec python3 "$root/tests/bench/measure.py" "$root" "$build" "$@"
