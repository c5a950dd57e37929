#!/bin/sh
# t_containment.sh SOURCE BUILD - workers that crash, hang and eat memory on some mails of many cost
# those mails one result each, and the others nothing
set -eu
source=$1 build=$2
for so in plugins/maildir.so plugins/sqlite.so plugins/jsonl.so tests/plugins/eatmem.so; do
    [ -e "$build/$so" ] || { echo "t_containment: $so is not built"; exit 77; }
done
workers="crash hang"
# Nothing bounds the memory of a process with sanitizers.
grep -q '^ASSAY_SANITIZE:STRING=..*' "$build/CMakeCache.txt" || workers="$workers eatmem"
# shellcheck disable=SC2086 # words
exec python3 "$source/tests/integration/containment.py" "$build/assay" "$build/tests/plugins" $workers
