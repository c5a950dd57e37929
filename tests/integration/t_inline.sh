#!/bin/sh
# t_inline.sh SOURCE BUILD - who waits for a verdict waits for one scan at most, whatever lies before
# the watchers
set -eu
source=$1 build=$2
for so in plugins/maildir.so plugins/sqlite.so tests/plugins/slow.so; do
    [ -e "$build/$so" ] || { echo "t_inline: $so is not built"; exit 77; }
done
exec python3 "$source/tests/integration/inline.py" "$build/assay" "$build/tests/plugins"
