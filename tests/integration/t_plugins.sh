#!/bin/sh
# Plugins that must be refused: one line that says what, where and what to do, and exit 78 (75 when
# the machine, not the configuration, is at fault).
set -u
build=$2
modules=$build/tests/plugins
tmp=$(mktemp -d) || exit 1
trap 'rm -rf "$tmp"' EXIT
failed=0

# refused PLUGIN CODE WORDS - loading it ends with CODE and one line that holds WORDS
refused() {
	printf '[core]\nplugins = %s\nalways_dispatch =\ndispatchers =\n' "$1" >"$tmp/conf"
	"$build/assay" --home "$tmp" --conf "$tmp/conf" --plugin-dir "$modules" config -t \
		>"$tmp/out" 2>"$tmp/err"
	code=$?
	if [ "$code" -ne "$2" ] || [ "$(wc -l <"$tmp/err")" -ne 1 ] || [ -s "$tmp/out" ] ||
		! grep -qF -- "$3" "$tmp/err"; then
		echo "$1: exit $code, wanted $2 and \"$3\"; said:"
		cat "$tmp/out" "$tmp/err"
		failed=1
	fi
}

refused wrongabi 78 'made for plugin ABI 77, this is ABI 1; build it again'
refused wrongsize 78 'its plugin table has 8 bytes, ours'
refused wrongbuild 78 'built as "some other compiler", this is "'
refused wrongname 78 'calls itself "rightname"; rename the file to rightname.so'
refused nosymbol 78 'exports no assay_plugin'
refused noclass 78 'serves no class'
refused noscan 78 'lacks a function'
refused notelf 78 "$modules/notelf.so: cannot be loaded"
refused badfields 78 'field "list.b" is a list in one row and none in another'
refused badfacts 78 'disagree about the fact "size"'
refused failopen 78 'plugin failopen: cannot be opened on purpose'
refused failwarm 75 'plugin failwarm: cannot be warmed on purpose'
refused failneeds 78 'worker failneeds needs nobody_at_all'
refused missing 78 'there is no plugin "missing": no missing.so in'
refused ../evil 78 'is no name of a plugin'

printf '[core]\nplugins = tworker\nalways_dispatch = tdispatcher\ndispatchers =\n' >"$tmp/conf"
"$build/assay" --home "$tmp" --conf "$tmp/conf" --plugin-dir "$modules" config -t 2>"$tmp/err"
if [ $? -ne 78 ] || ! grep -q '"tdispatcher" is no worker (it is: dispatcher)' "$tmp/err"; then
	echo "a dispatcher in always_dispatch:"
	cat "$tmp/err"
	failed=1
fi
exit $failed
