#!/bin/sh
# t_damage.sh - every file of the corpus, truncated at random offsets and with flipped bytes (fixed
# seeds), gives a valid report, exit 0, and no worker crashes or overstays
set -u
src=${1:?source directory} build=${2:?build directory}
: "${ASSAY:?the command}"
[ -x "$ASSAY" ] || { echo "t_damage: $ASSAY is not built"; exit 77; }
command -v python3 >/dev/null || { echo "t_damage: python3 is missing"; exit 77; }
corpus=${ASSAY_CORPUS:-$src/../shared/corpus}
[ -d "$corpus" ] || { echo "t_damage: no corpus at $corpus, the samples instead"; corpus=$src/docs/samples; }
variants=2
grep -q '^ASSAY_SANITIZE:STRING=..*' "$build/CMakeCache.txt" && variants=1
exec python3 "$src/tests/integration/damage.py" "$ASSAY" "$corpus" "${ASSAY_DAMAGE:-$variants}"
