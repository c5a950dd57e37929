#!/bin/sh
# t_postfix_lookup.sh SOURCE BUILD - a real Postfix asks whether a sender was there before (lookup.py)
set -eu
[ -f "$2/plugins/seen.so" ] || { echo "t_postfix_lookup: no plugin seen"; exit 77; }
exec python3 "$1/tests/integration/lookup.py" postfix "${ASSAY:-$2/assay}"
