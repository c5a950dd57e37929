#!/bin/sh
# t_install.sh - what `cmake --install` puts where, and that it runs from there
set -eu
root=${1:?source directory}
build=${2:-$root/build}
[ -x "$build/assay" ] || { echo "t_install: assay is not built"; exit 77; }
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
DESTDIR=$place cmake --install "$build" >"$place/log" 2>&1 || { cat "$place/log"; exit 1; }
for name in bin/assay include/assay/plugin.h include/assay/engine.h include/assay/types.h; do
    [ -n "$(find "$place" -path "*/$name")" ] || { echo "not installed: $name"; exit 1; }
done
for pattern in 'libassay.so*' smtp.so hash.so mimetype.so yara.so assay.conf; do
    [ -n "$(find "$place" -name "$pattern")" ] || { echo "not installed: $pattern"; exit 1; }
done
stray=$(find "$place" \( -name 'test*' -o -name '*crash*' -o -name 'template*' -o -name '*.a' \))
[ -z "$stray" ] || { echo "installed, but should not be: $stray"; exit 1; }
library=$(dirname "$(find "$place" -name 'libassay.so*' | head -n 1)")
plugins=$(dirname "$(find "$place" -name smtp.so)")
LD_LIBRARY_PATH=$library "$(find "$place" -path "*/bin/assay")" --home "$place/home" --plugin-dir "$plugins" \
    scan --local --compact "$root/docs/samples/1-newsletter.eml" >"$place/report"
grep -q '"smtp":{' "$place/report"
