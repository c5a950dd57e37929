#!/bin/sh
# t_filedir.sh - files of watched directories come in through the service, each once, and go where
# they shall; a file store of Suricata is such a directory
#
# What waits for something waits up to a minute: nothing here depends on the machine's speed.
set -u
root=${1:?source directory}
assay=${ASSAY:-${2:-build}/assay}
plugins=$(dirname "$assay")/plugins
for plugin in hash filedir jsonl; do
	[ -f "$plugins/$plugin.so" ] || { echo "t_filedir: no plugin $plugin"; exit 77; }
done
[ -x "$assay" ] || { echo "t_filedir: $assay is not built"; exit 77; }
tmp=$(mktemp -d)
home=$tmp/home
in=$tmp/in
service=
unset ASSAY_HOME NOTIFY_SOCKET

# shellcheck disable=SC2317 # called by trap
finish() {
	[ -z "$service" ] || kill -9 "$service" 2>/dev/null
	rm -rf "$tmp"
}
trap finish EXIT
mkdir "$home" "$in"

fail() {
	echo "t_filedir: $*"
	tail -n 20 "$tmp/log" | sed 's/^/    log: /'
	exit 1
}

# conf TEXT - assay.conf; TEXT belongs to filedir
conf() {
	cat >"$home/assay.conf" <<CONF
[core]
plugins = hash
dispatchers =
always_dispatch = hash
scan_processes = 2
providers = filedir
archivers = filedir
connectors = filedir, jsonl
[filedir]
watch = $in
rescan = 1s
settle = 100ms
$1
CONF
}

start() {
	"$assay" --home "$home" serve 2>>"$tmp/log" &
	service=$!
}

# stop - in order; what is under way is finished
stop() {
	kill -TERM "$service"
	wait "$service" || fail "the service ends with $?"
	service=
}

# reports N - so many reports are there, and no more
reports() {
	n=0
	until [ "$(find "$home/results" -name '*.json' 2>/dev/null | wc -l)" -ge "$1" ] &&
		[ "$(cat "$home/reports.jsonl" 2>/dev/null | wc -l)" -ge "$1" ]; do
		n=$((n + 1))
		[ $n -le 600 ] || fail "not $1 reports, but $(find "$home/results" | wc -l)"
		sleep 0.1
	done
	[ "$(find "$home/results" -name '*.json' | wc -l)" = "$1" ] || fail "more than $1 reports"
}

# until_gone FILE
until_gone() {
	n=0
	while [ -e "$1" ]; do
		n=$((n + 1))
		[ $n -le 600 ] || fail "$1 stays"
		sleep 0.1
	done
}

: >"$tmp/log"
conf ''
cp "$root"/docs/samples/*.eml "$in"
first=$(find "$in" -type f | wc -l)
start
reports "$first"
stop
[ "$(find "$in" -type f | wc -l)" = "$first" ] || fail "after = leave, and files are gone"

# A restart repeats nothing; what came meanwhile comes in. Then the door is killed.
echo "came while it was down" >"$in/late"
start
reports $((first + 1))
for p in $(cat "/proc/$service/task/$service/children"); do
	tr '\0' ' ' <"/proc/$p/cmdline" | grep -q -e '--as door' && kill -9 "$p"
done
echo "came while it was dead" >"$in/later"
reports $((first + 2))
stop

# Moved, with the directories below.
conf "recursive = yes
after = move
move_to = $tmp/done
ignore = *.eml, lat*"
mkdir -p "$in/sub/deep"
echo "deep" >"$in/sub/deep/file"
start
reports $((first + 3))
until_gone "$in/sub/deep/file"
stop
[ "$(cat "$tmp/done/sub/deep/file")" = deep ] || fail "the file was not moved"

# A file store: the records become metadata and go with the file.
rm -rf "$in"
sha=$(printf 'MZ stored' | sha256sum | cut -c 1-64)
dir=$in/$(printf %.2s "$sha")
mkdir -p "$dir"
printf 'MZ stored' >"$dir/$sha"
printf '{"src_ip":"192.0.2.7","fileinfo":{"filename":"/a/invoice.exe"}}\n' >"$dir/$sha.1764000000.1.json"
conf 'after = remove
metadata = suricata
metadata_wait = 1s'
start
reports $((first + 4))
until_gone "$dir/$sha"
until_gone "$dir/$sha.1764000000.1.json"
stop
tail -n 1 "$home/reports.jsonl" >"$tmp/last"
grep -q '"filename":"invoice.exe"' "$tmp/last" || fail "the stored file has another name"
grep -q '{"key":"src_ip","value":"192.0.2.7"}' "$tmp/last" || fail "no metadata"
[ -f "$home/archive/$(printf %.2s "$sha")/$(printf %s "$sha" | cut -c 3-4)/$sha" ] ||
	fail "the payload is not kept"
echo "t_filedir: each file once"
