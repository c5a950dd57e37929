#!/bin/sh
# t_install.sh - what `cmake --install` puts where, that it runs from there, and that a plugin and a
# program can be built with nothing but what was installed
set -eu
root=${1:?source directory}
build=${2:-$root/build}
[ -x "$build/assay" ] || { echo "t_install: assay is not built"; exit 77; }
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
DESTDIR=$place cmake --install "$build" >"$place/log" 2>&1 || { cat "$place/log"; exit 1; }

# at PATTERN - the one installed file with that end of its path
at() {
    found=$(find "$place" -path "*/$1" | head -n 1)
    [ -n "$found" ] || { echo "not installed: $1" >&2; exit 1; }
    echo "$found"
}
for name in include/assay/plugin.h include/assay/engine.h include/assay/types.h \
    systemd/system/assay.service systemd/system/assay-milter.socket sysusers.d/assay.conf doc/assay/assay-1.schema.json assay/plugins/hash.so assay/plugins/mimetype.so assay/plugins/yara.so 'libassay.so*'; do
    at "$name" >/dev/null
done
if command -v scdoc >/dev/null; then
    for page in 1/assay.1 5/assay.conf.5 7/assay-report.7 7/assay-plugin.7; do
        at "man$page" >/dev/null
    done
fi
stray=$(find "$place" \( -name 'test*' -o -name '*crash*' -o -name 'template*' -o -name '*.a' \))
[ -z "$stray" ] || { echo "installed, but should not be: $stray"; exit 1; }
pc=$(at pkgconfig/assay.pc)
for word in prefix libdir plugindir; do
    dir=$(sed -n "s/^$word=//p" "$pc")
    [ -d "$place$dir" ] || { echo "assay.pc: $word=$dir is not where things were installed"; exit 1; }
done

assay=$(at bin/assay) plugins=$(dirname "$(at assay/plugins/smtp.so)") conf=$(at assay/assay.conf)
LD_LIBRARY_PATH=$(dirname "$(at 'libassay.so*')")
ASSAY_HOME='' XDG_CACHE_HOME=$place/cache
export LD_LIBRARY_PATH ASSAY_HOME XDG_CACHE_HOME

# The mail has a script behind a document's name: the shipped rules say so.
"$assay" --conf "$conf" --plugin-dir "$plugins" scan --local --compact "$root/docs/samples/2-invoice.eml" \
    >"$place/report" 2>"$place/said" || { cat "$place/said"; exit 1; }
for word in '"smtp":{' '"yara":{' '"mimetype":{' 'script_behind_document_name'; do
    grep -q "$word" "$place/report" || { echo "no $word in the report of the installed command"; exit 1; }
done

if grep -q '^ASSAY_SANITIZE:STRING=..*' "$build/CMakeCache.txt" || ! command -v pkg-config >/dev/null; then
    echo "t_install: installed and runs; building with it was left to a plain build"
    exit 0
fi
compiler=$(sed -n 's/^CMAKE_C_COMPILER:[A-Z]*=//p' "$build/CMakeCache.txt")
PKG_CONFIG_PATH=$(dirname "$pc") PKG_CONFIG_SYSROOT_DIR=$place
export PKG_CONFIG_PATH PKG_CONFIG_SYSROOT_DIR
# The sysroot is put before jansson's paths as well, where nothing is; the compiler finds it anyway.
flags=$(pkg-config --cflags --libs assay)
build_word=$(pkg-config --variable=build assay)
mkdir "$place/mine"
cat >"$place/mine/mine.c" <<'C'
#include <assay/plugin.h>

static const struct assay_field fields[] = {
	{ "size", ASSAY_INT, ASSAY_TECHNICAL, "bytes" },
	{ NULL, 0, ASSAY_TECHNICAL, NULL },
};

static enum assay_status mine_scan(void *state, const struct assay_payload *payload,
    struct assay_result *result, struct assay_err *err)
{
	(void)state;
	(void)err;
	(void)json_object_set_new(assay_result_json(result), "size",
	    json_integer((json_int_t)assay_payload_bytes(payload).n));
	return ASSAY_OK;
}

static const struct assay_worker worker = { .scan = mine_scan };

const struct assay_plugin assay_plugin = {
	ASSAY_PLUGIN_HEAD,
	.name = "mine",
	.version = "1",
	.licence = "MIT",
	.summary = "made from what was installed",
	.fields = fields,
	.worker = &worker,
};
C
# shellcheck disable=SC2086 # lists of words
"$compiler" -std=c11 -Wall -Wextra -Werror -shared -fPIC -o "$place/mine/mine.so" "$place/mine/mine.c" \
    -DASSAY_BUILD="\"$build_word\"" $flags
"$assay" --conf "$conf" --plugin-dir "$place/mine" --plugin-dir "$plugins" scan --local --compact \
    -a mine "$root/docs/samples/2-invoice.eml" >"$place/report"
grep -q '"mine":{"size":[1-9]' "$place/report" || { echo "a plugin built outside does not work"; exit 1; }

# shellcheck disable=SC2086
"$compiler" -std=c11 -D_GNU_SOURCE -Wall -Wextra -Werror -o "$place/embed" "$(at embed.c)" $flags
ASSAY_PLUGINS=$plugins "$place/embed" "$root/docs/samples/2-invoice.eml" >"$place/report" 2>"$place/said" ||
    { cat "$place/said"; exit 1; }
grep -q '"smtp":{' "$place/report" || { echo "the program built outside gives no report"; exit 1; }
echo "t_install: installed, runs, and builds a plugin and a program"
