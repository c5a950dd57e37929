#!/bin/sh
# t_limits.sh SOURCE BUILD - the service when there are no descriptors, no memory, thousands of mails at
# once, Maildirs that come later: told in a line, nothing lost, and well again by itself
set -eu
source=$1 build=$2
for name in maildir sqlite jsonl filedir syslog; do
    [ -e "$build/plugins/$name.so" ] || { echo "t_limits: the plugin $name is not built"; exit 77; }
done
exec python3 "$source/tests/integration/faults.py" "$build/assay" \
    no_descriptors no_memory many later
