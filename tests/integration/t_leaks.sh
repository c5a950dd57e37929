#!/bin/sh
# t_leaks.sh - a run over the whole corpus loses no memory, in the command and in its scan processes;
# with sanitizers only, and outside the sandbox, which their reports cannot leave
set -u
src=${1:?source directory} build=${2:?build directory}
: "${ASSAY:?the command}"
[ -x "$ASSAY" ] || { echo "t_leaks: $ASSAY is not built"; exit 77; }
grep -q '^ASSAY_SANITIZE:STRING=.*address' "$build/CMakeCache.txt" || {
    echo "t_leaks: not built with the address sanitizer"
    exit 77
}
corpus=${ASSAY_CORPUS:-$src/../shared/corpus}
[ -d "$corpus" ] || { echo "t_leaks: no corpus at $corpus, the samples instead"; corpus=$src/docs/samples; }
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
"$ASSAY" scan --no-sandbox --compact --jobs 2 -r "$corpus" >"$dir/out" 2>"$dir/err"
code=$?
grep -v -e '--no-sandbox' "$dir/err" >"$dir/said"
if [ $code -ne 0 ] || [ -s "$dir/said" ]; then
    echo "t_leaks: exit $code"
    head -n 60 "$dir/said"
    exit 1
fi
echo "t_leaks: $(wc -l <"$dir/out") reports, nothing lost"
