#!/bin/sh
# t_import.sh - `assay import` beside a running service: every dialect and form, what is damaged,
# interrupted, grown; each message once
set -u
here=$(dirname "$0")
ASSAY=${ASSAY:-${2:-build}/assay}
export ASSAY
[ -x "$ASSAY" ] || { echo "t_import: $ASSAY is not built"; exit 77; }
exec python3 "$here/import.py"
