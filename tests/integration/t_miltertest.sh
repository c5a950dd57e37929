#!/bin/sh
# t_miltertest.sh SOURCE BUILD - odd orders of the milter protocol, by miltertest(8); loads and faults, where
# the generator beside the corpus is there (miltertest.py). Each engine that was built.
set -eu
source=$1 build=$2
tool=$(dirname "${ASSAY_CORPUS:-$source/../shared/corpus}")/tools/milter-load/milter-load.c
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
load=
if [ -f "$tool" ] && cc -O2 -o "$tmp/milter-load" "$tool" -lpthread 2>"$tmp/log"; then
    load=$tmp/milter-load
else
    echo "t_miltertest: without loads: there is no milter-load, or it cannot be built"
fi
engines=native
! grep -q smfi_ "$build/plugins/milter.so" || engines="native libmilter"
for engine in $engines; do
    echo "engine $engine"
    python3 "$source/tests/integration/miltertest.py" "$source" "$build" "$engine" ${load:+"$load"}
done
