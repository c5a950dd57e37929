#!/bin/sh
# t_readme.sh - what README.md shows is what the program prints
#
# The first block of README.md is a command line with "$ " and its output; the commands named after
# it exist.
set -eu
root=${1:?source directory}
assay=${ASSAY:-${2:-$root/build}/assay}
[ -x "$assay" ] || { echo "t_readme: $assay is not built"; exit 77; }
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$root"
awk '/^```/ { if (inside) exit; inside = 1; next } inside' README.md >"$work/block"
head -n 1 "$work/block" | grep -q '^\$ assay scan ' || { echo "README.md: no sample"; exit 1; }
arguments=$(sed -n '1s/^\$ assay scan //p' "$work/block")
tail -n +2 "$work/block" >"$work/want"
# shellcheck disable=SC2086 # a list of words
NO_COLOR=1 "$assay" scan --local $arguments | sed 's/scanned in [0-9]* ms/scanned in 1 ms/' >"$work/got"
diff -u "$work/want" "$work/got"
for sub in $(grep -o '^build/assay [a-z]*' README.md | sed 's/.* //' | sort -u); do
    "$assay" "$sub" --help >/dev/null || { echo "README.md names assay $sub"; exit 1; }
done
for sub in $(grep -o '\./dev [a-z0-9]*' README.md HACKING.md | sed 's/.* //' | sort -u); do
    grep -q "^$sub)" dev || { echo "a page names ./dev $sub"; exit 1; }
done
