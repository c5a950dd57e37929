#!/bin/sh
# t_faults.sh SOURCE BUILD - the service when a store is locked, a target is down, a process hangs, the
# clock jumps: told in a line, nothing lost, and well again by itself
set -eu
source=$1 build=$2
for name in maildir sqlite jsonl filedir syslog; do
    [ -e "$build/plugins/$name.so" ] || { echo "t_faults: the plugin $name is not built"; exit 77; }
done
faults="locked down syslog_down stopped no_scanner"
# libfaketime and the address sanitizer both want to be loaded first.
grep -q '^ASSAY_SANITIZE:STRING=..*' "$build/CMakeCache.txt" || faults="$faults clock"
# shellcheck disable=SC2086 # words
exec python3 "$source/tests/integration/faults.py" "$build/assay" $faults
