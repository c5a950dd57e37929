#!/bin/sh
# t_hostile.sh - mails made to be slow or large get a report, in bounded memory
#
# With sanitizers the small ones only, and without bounds.
set -u
src=${1:?source directory} build=${2:?build directory}
: "${ASSAY:?the command}"
[ -x "$ASSAY" ] || { echo "t_hostile: $ASSAY is not built"; exit 77; }
command -v python3 >/dev/null || { echo "t_hostile: python3 is missing"; exit 77; }
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
set -- "$dir" 60000000 bounds
if grep -q '^ASSAY_SANITIZE:STRING=..*' "$build/CMakeCache.txt"; then
    set -- "$dir" 2200000
fi
scan_all() {
    PYTHONDONTWRITEBYTECODE=1 python3 "$src/tests/integration/hostile_scan.py" "$ASSAY" "$@"
}
scan_all "$@"
