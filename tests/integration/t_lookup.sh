#!/bin/sh
# t_lookup.sh SOURCE BUILD - the table that mail servers ask, and clients of all kinds (lookup.py)
set -eu
[ -f "$2/plugins/seen.so" ] || { echo "t_lookup: no plugin seen"; exit 77; }
exec python3 "$1/tests/integration/lookup.py" clients "${ASSAY:-$2/assay}"
