#!/bin/sh
# t_command.sh - what the command says of bad input: one line that names what, where and what to do,
# and the exit code; nothing else on standard output
set -u
assay=${ASSAY:-${2:-build}/assay}
[ -x "$assay" ] || { echo "t_command: $assay is not built"; exit 77; }
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
mkdir "$tmp/place" "$tmp/place/plugins.d"
unset ASSAY_HOME
failed=0

# Only `hash` is loaded, so that this test is about the command and not about plugins.
cat >"$tmp/base.conf" <<'CONF'
[core]
plugins = hash
dispatchers =
always_dispatch = hash
CONF

# conf TEXT - assay.conf with this behind the base
conf() {
	{ cat "$tmp/base.conf"; printf '%b' "$1"; } >"$tmp/place/assay.conf"
}

# wrong NAME - remember a failure
wrong() {
	echo "FAILED: $*"
	sed 's/^/    out: /' "$tmp/out" | head -5
	sed 's/^/    err: /' "$tmp/err" | head -5
	failed=1
}

# run ARGS - with the home, output kept
run() {
	"$assay" --home "$tmp/place" "$@" >"$tmp/out" 2>"$tmp/err"
	code=$?
}

# refuses CODE WORDS ARGS - exit code, one line on standard error with these words, no output
refuses() {
	want=$1
	words=$2
	shift 2
	run "$@"
	[ $code -eq "$want" ] || wrong "$*: exit $code, not $want"
	[ ! -s "$tmp/out" ] || wrong "$*: says something on standard output"
	[ "$(wc -l <"$tmp/err")" -eq 1 ] || wrong "$*: not one line"
	grep -q '^assay: error: ' "$tmp/err" || wrong "$*: no error line"
	grep -qF -e "$words" "$tmp/err" || wrong "$*: does not say \"$words\""
}

# gives WORDS ARGS - exit 0, nothing on standard error, a line of output with these words
gives() {
	words=$1
	shift
	run "$@"
	[ $code -eq 0 ] || wrong "$*: exit $code"
	[ ! -s "$tmp/err" ] || wrong "$*: says something on standard error"
	grep -qF -e "$words" "$tmp/out" || wrong "$*: does not give \"$words\""
}

conf ''
refuses 64 'no command given'
refuses 64 'unknown command "conifg"; did you mean "config"?' conifg
refuses 64 'unknown command "frobnicate"; "assay --help" lists them' frobnicate
refuses 64 'unknown option --bild; did you mean --build?' version --bild
refuses 64 'unknown option --frobnicate; "assay --help" lists the options' --frobnicate version
refuses 64 'unknown option -x; "assay plugins --help"' plugins -x
refuses 64 'a value is missing behind --explain' config --explain
refuses 64 'a value is missing behind -e' config -e
refuses 64 'no value is wanted by --build=1' version --build=1
refuses 64 'not wanted here: now' version now
refuses 64 'no option "jbs" in [core]; did you mean jobs?' config jbs
refuses 64 'no section [hsh]; did you mean hash?' config hsh.md5
refuses 64 'write PLUGIN:OPTION=VALUE' --plugin-opts md5=no config -n
refuses 64 'hash:md6=no: no such option; did you mean "md5"?' --plugin-opts hash:md6=no config -n
refuses 64 'hash:md5=maybe: must be yes or no' --plugin-opts hash:md5=maybe config -n
refuses 64 'plugin "hsah" is not loaded; did you mean "hash"?' --plugin-opts hsah:md5=no config -n
refuses 64 'log_level=loud: must be one of error|warning|info|debug' --log-level loud config -n

refuses 78 "--conf $tmp/none: no such file" --conf "$tmp/none" config -t
refuses 78 "$tmp/place: " --conf "$tmp/place" config -t
if [ "$(id -u)" -ne 0 ]; then
	chmod 000 "$tmp/place/assay.conf"
	refuses 78 "assay.conf: Permission denied" config -t
	chmod 644 "$tmp/place/assay.conf"
fi

conf 'jbos = 2\n'
refuses 78 'assay.conf:5: [core] jbos: no such option; did you mean "jobs"?' config -t
conf 'jobs = 0\n'
refuses 78 'assay.conf:5: [core] jobs = 0: must be at least 1' config -t
conf 'worker_timeout = 30\n'
refuses 78 'assay.conf:5: [core] worker_timeout = 30: needs a unit: ms, s, m, h or d' config -t
conf 'message_size = 10MB\n'
refuses 78 'message_size = 10MB: needs a unit: B, K, M, G or T, as in 10M' config -t
conf '[hahs]\nmd5 = no\n'
refuses 78 'assay.conf:5: [hahs]: no such section, and no plugin of that name; did you mean "hash"?' \
	config -t
conf '[hash\n'
refuses 78 "assay.conf:5: a section line ends with ']'" config -t
conf '[hash]\nmd5 no\n'
refuses 78 'assay.conf:6: expected "key = value"' config -t
conf '[core]\njobs = 2\njobs = 3\n'
refuses 78 'assay.conf:7: jobs is set twice, first in line 6' config -t
conf 'connectors = nosuch\n'
refuses 78 'nosuch' config -t
printf 'md5 = perhaps\n' >"$tmp/place/plugins.d/hash.conf"
conf ''
refuses 78 'plugins.d/hash.conf:1: [hash] md5 = perhaps: must be yes or no' config -t
printf 'md5 = no\nsha1 = no\n' >"$tmp/place/plugins.d/hash.conf"

# Modules that are no good, built by tests/plugins.
modules=$(dirname "$assay")/tests/plugins
conf ''
rm -f "$tmp/place/plugins.d/hash.conf"
while IFS='	' read -r name words; do
	[ -e "$modules/$name.so" ] || continue
	refuses 78 "$words" --plugin-dir "$modules" --plugin-opts "core:plugins=$name" config -t
done <<'MODULES'
wrongabi	made for plugin ABI 77, this is ABI 1
wrongsize	its plugin table has 8 bytes
wrongbuild	built as "some other compiler"
wrongname	calls itself "rightname"
nosymbol	exports no assay_plugin
notelf	cannot be loaded
noclass	serves no class
failopen	cannot be opened on purpose
badfields	is a list in one row and none in another
MODULES
refuses 78 'there is no plugin "nosuchplugin"' --plugin-opts core:plugins=nosuchplugin config -t
printf 'md5 = no\nsha1 = no\n' >"$tmp/place/plugins.d/hash.conf"

# What is right: precedence and where a value was set.
gives 'right; 1 plugins loaded' config -t
gives 'plugins.d/hash.conf:1' config --explain hash.md5
conf '[hash]\nmd5 = yes\nsha1 = yes\n'
gives 'assay.conf:6' config --explain hash.md5
gives 'now      no, from command line' --plugin-opts hash:md5=no config --explain hash.md5
gives 'now      no, from command line' config --plugin-opts hash:md5=no --explain hash.md5
conf 'jobs = 3\n'
gives '3' config jobs
gives 'jobs = 3' config -n
gives 'jobs = 1' config -d
gives 'assay ' version
gives 'hash' plugins
gives 'sha256' plugins --facts
gives 'sha512' plugins --options hash

# One screen of help each.
for command in '' scan version config plugins; do
	# shellcheck disable=SC2086 # no word when there is no command
	gives 'Usage: assay' $command --help
	[ "$(wc -l <"$tmp/out")" -le 45 ] || wrong "$command --help is longer than a screen"
	[ "$(awk '{ if (length > m) m = length } END { print m }' "$tmp/out")" -le 105 ] ||
		wrong "$command --help is wider than a screen"
done

# A full disk is told, a closed pipe is not.
if [ -c /dev/full ]; then
	"$assay" version >/dev/full 2>"$tmp/err"
	code=$?
	: >"$tmp/out"
	[ $code -eq 73 ] || wrong "full disk: exit $code, not 73"
	grep -q 'cannot write standard output: No space left' "$tmp/err" || wrong "full disk: no line"
fi
"$assay" --home "$tmp/place" config -d 2>"$tmp/err" | true
[ ! -s "$tmp/err" ] || wrong "a closed pipe is told"

[ $failed -eq 0 ] && echo "t_command: all as promised"
exit $failed
