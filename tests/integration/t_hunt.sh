#!/bin/sh
# t_hunt.sh SOURCE BUILD - rules over archived payloads, lists over the store (hunt.py)
set -eu
for plugin in smtp hash yara sqlite filedir jsonl maildir iocextract; do
    [ -f "$2/plugins/$plugin.so" ] || { echo "t_hunt: no plugin $plugin"; exit 77; }
done
exec python3 "$1/tests/integration/hunt.py" "${ASSAY:-$2/assay}"
