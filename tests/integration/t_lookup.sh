#!/bin/sh
# t_lookup.sh SOURCE BUILD - the table that mail servers ask, and clients of all kinds (lookup.py)
set -eu
[ -f "$2/plugins/seen.so" ] || { echo "t_lookup: no plugin seen"; exit 77; }
# Nothing bounds the memory of a process with sanitizers.
most=100000
grep -q '^ASSAY_SANITIZE:STRING=..*' "$2/CMakeCache.txt" && most=0
exec python3 "$1/tests/integration/lookup.py" clients "${ASSAY:-$2/assay}" "$most"
