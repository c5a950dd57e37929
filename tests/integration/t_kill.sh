#!/bin/sh
# t_kill.sh SOURCE BUILD - kill -9 of anything, at any moment: every mail has exactly one report
#
# A short run of kill.py; `./dev torture` is the long one.
set -eu
source=$1 build=$2
[ -e "$build/plugins/maildir.so" ] || {
    echo "the maildir provider is not built"
    exit 77
}
python3 "$source/tests/integration/kill.py" "$build/assay" --mails 300 --kills 15 --seed 4
