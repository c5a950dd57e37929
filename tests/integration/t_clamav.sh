#!/bin/sh
# t_clamav.sh SOURCE BUILD - viruses by libclamav in the sandbox and by clamd; databases that are
# missing, broken or changed under a running service (core/lookout.c); a libclamav that crashes,
# hangs or eats memory; a clamd that is gone, slow or full
set -eu
source=$1 build=$2
[ -e "$build/plugins/clamav.so" ] || { echo "t_clamav: plugins/clamav.so is not built"; exit 77; }
command -v python3 >/dev/null || { echo "t_clamav: python3 is missing"; exit 77; }
unset ASSAY_HOME NOTIFY_SOCKET
faults="crash hang eat fail"
# Nothing bounds the memory of a process with sanitizers.
grep -q '^ASSAY_SANITIZE:STRING=..*' "$build/CMakeCache.txt" && faults="crash hang fail"
exec python3 "$source/tests/integration/clamav.py" "$build/assay" "$build/tests/plugins/faulty" "$faults"
