#!/bin/sh
# manual.sh - the option part of assay.conf(5) and conf/assay.conf are made from the option rows
#
# Says what differs. "ASSAY=build/assay sh tests/lint/manual.sh --update" writes both anew.
set -eu
[ "${1:-}" = --update ] && { update=yes; shift; } || update=no
cd "${1:-.}"
assay=${ASSAY:-${2:-build}/assay}
[ -x "$assay" ] || { echo "manual: $assay is not built"; exit 77; }
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

page=docs/assay.conf.5.scd
"$assay" --conf /dev/null config --manual >"$work/options"
"$assay" --conf /dev/null config --sample >"$work/assay.conf"
awk -v options="$work/options" '
	/^; END / { while ((getline line < options) > 0) print line; print ""; inside = 0 }
	!inside { print }
	/^; BEGIN / { inside = 1 }
' $page >"$work/page"

if [ $update = yes ]; then
	cp "$work/page" $page
	cp "$work/assay.conf" conf/assay.conf
fi
diff -u $page "$work/page" && diff -u conf/assay.conf "$work/assay.conf" || {
	echo "manual: run: ASSAY=$assay sh tests/lint/manual.sh --update"
	exit 1
}
