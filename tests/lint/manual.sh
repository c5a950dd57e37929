#!/bin/sh
# manual.sh - the option part of assay.conf(5) and conf/assay.conf are made from the option rows
#
# Says what differs. "ASSAY=build/assay sh tests/lint/manual.sh --update" writes both anew.
set -eu
[ "${1:-}" = --update ] && { update=yes; shift; } || update=no
cd "${1:-.}"
assay=${ASSAY:-${2:-build}/assay}
[ -x "$assay" ] || { echo "manual: $assay is not built"; exit 77; }
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT

page=docs/assay.conf.5.scd
"$assay" --conf /dev/null config --manual >"$tmp/options"
"$assay" --conf /dev/null config --sample >"$tmp/assay.conf"
awk -v options="$tmp/options" '
	/^; END / { while ((getline line < options) > 0) print line; print ""; inside = 0 }
	!inside { print }
	/^; BEGIN / { inside = 1 }
' $page >"$tmp/page"

if [ $update = yes ]; then
	cp "$tmp/page" $page
	cp "$tmp/assay.conf" conf/assay.conf
fi
diff -u $page "$tmp/page" && diff -u conf/assay.conf "$tmp/assay.conf" || {
	echo "manual: run: ASSAY=$assay sh tests/lint/manual.sh --update"
	exit 1
}
