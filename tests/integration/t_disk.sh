#!/bin/sh
# t_disk.sh SOURCE BUILD - the service when the disk of the spool, the store or the archive is full, or may
# not be written to, or became read-only: told in a line, nothing lost, and well again by itself
set -eu
source=$1 build=$2
for name in maildir sqlite jsonl filedir syslog; do
    [ -e "$build/plugins/$name.so" ] || { echo "t_disk: the plugin $name is not built"; exit 77; }
done
exec python3 "$source/tests/integration/faults.py" "$build/assay" \
    spool_full spool_low store_full archive_full unfinished read_only unwritable
