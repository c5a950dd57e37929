#!/bin/sh
# t_queue.sh - assay queue over directories made by hand, and a drain over them: what waits and what
# was put aside is listed, shown, put back and dropped; a record that is refused goes aside.
set -eu
build=$2
tmp=$(mktemp -d)
drain=
stop() {
	[ -z "$drain" ] || kill -9 "$drain" 2>/dev/null || true
	rm -rf "$tmp"
}
trap stop EXIT
fail() { echo "t_queue: $*"; exit 1; }
a() { "$build/assay" --home "$tmp/home" "$@"; }
q() { a queue "$@"; }
# record ID JSON - in the form of core/records.h; JSON of less than 64 bytes
record() {
	# shellcheck disable=SC2059
	printf "$(printf 'AR1\\n\\001\\%03o\\000\\000\\%03o\\000\\000\\000\\000\\000\\000\\000' ${#1} ${#2})"
	printf '%s%s' "$1" "$2"
}

mkdir -p "$tmp/home"
cat >"$tmp/home/assay.conf" <<EOF
[core]
connectors = jsonl
[jsonl]
file = $tmp/out.jsonl
EOF
out=$(q list) || fail "list without queues fails"
[ -z "$out" ] || fail "list without queues says: $out"
[ ! -e "$tmp/home/queue" ] || fail "list makes directories"

queue=$tmp/home/queue/connector-jsonl
old=$tmp/home/queue/connector-old
mkdir -p "$queue" "$old/poison"
{ record one '{"a":1}'; record two '{"b":2}'; } >"$queue/1700000000000-1-000000.records"
record three '{"c":3}' >"$queue/1700000000001-1-000000.records"
record four '{"d":4}' >"$old/poison/four.record"
printf 'no such table\033[1m\n' >"$old/poison/four.record.why"

q list | grep -q '^connector-jsonl  *2 ' || fail "list: files"
q list | grep -q '^connector-old .*not configured' || fail "list: not configured"
q list --json | grep -q '"queue":"connector-old","configured":false,"files":0,"bytes":0,"aside":1' ||
	fail "list --json"
q list connector-jsonl | grep -q '^2023-11-14T22:13:20.000Z  waits  report .* one$' ||
	fail "list QUEUE: $(q list connector-jsonl)"
[ "$(q list connector-jsonl | wc -l)" = 3 ] || fail "list QUEUE: lines"
q list connector-old | grep -q 'aside  report .* four  no such table?\[1m$' || fail "list: reason"
q list connector-old --json | grep -q '"state":"aside"' || fail "list QUEUE --json"
q show two --json | grep -q '"record":{"b":2}' || fail "show"
q show four | grep -q '"d": 4' || fail "show, put aside"

code=0; q show nobody >/dev/null 2>"$tmp/err" || code=$?
[ $code = 66 ] && grep -q 'nobody is in no queue' "$tmp/err" || fail "show nobody: $code"
code=0; q list connector-nobody >/dev/null 2>&1 || code=$?
[ $code = 66 ] || fail "list connector-nobody: $code"
for words in "" "eat" "drop" "show" "drop --all" "list --all connector-jsonl"; do
	code=0
	# shellcheck disable=SC2086
	q $words >/dev/null 2>&1 || code=$?
	[ $code = 64 ] || fail "queue $words: $code"
done

[ "$(q retry four)" = "1 put back" ] || fail "retry"
q list connector-old | grep -q 'waits  report .* four$' || fail "retry: not there"
[ -z "$(ls "$old/poison")" ] || fail "retry leaves something"
code=0; q drop connector-old two four >"$tmp/out" 2>/dev/null || code=$?
[ $code = 66 ] && grep -q '^1 dropped$' "$tmp/out" || fail "drop: two is elsewhere"
[ -z "$(q list connector-old)" ] || fail "drop"
[ "$(q drop two)" = "1 dropped" ] || fail "drop"
[ "$(q list connector-jsonl | wc -l)" = 2 ] || fail "drop took too much"
[ "$(q drop --all connector-old)" = "0 dropped" ] || fail "drop --all of an empty one"

# A drain tells the rest, and puts aside what is no report.
record bad 'no json' >"$queue/1700000000002-1-000000.records"
printf 'half a rec' >"$queue/1700000000003-1-000000.records"
mkfifo "$tmp/life"
a --log-level info serve --as connector:jsonl,slot=0,generation=0,life=0 <"$tmp/life" 2>"$tmp/log" &
drain=$!
exec 3>"$tmp/life"
i=0
while [ -n "$(find "$queue" -maxdepth 1 -name '*.records')" ] && [ $i -lt 300 ]; do
	sleep 0.1
	i=$((i + 1))
done
kill -0 $drain || fail "the drain died: $(cat "$tmp/log")"
exec 3>&-
wait $drain || fail "the drain does not end well: $(cat "$tmp/log")"
drain=
[ "$(wc -l <"$tmp/out.jsonl")" = 2 ] || fail "told: $(cat "$tmp/out.jsonl")"
[ "$(q list connector-jsonl | grep -c aside)" = 2 ] || fail "aside: $(q list connector-jsonl)"
q list connector-jsonl | grep -q ' bad  ' || fail "bad is not aside"
[ "$(q drop --all connector-jsonl)" = "2 dropped" ] || fail "drop --all"
q list --json | grep -q '"queue":"connector-jsonl".*"aside":0' || fail "drop --all left something"

if [ "$(id -u)" = 0 ] && command -v setpriv >/dev/null; then
	chmod 755 "$tmp" "$tmp/home"
	chmod 700 "$tmp/home/queue"
	code=0
	setpriv --reuid=65534 --regid=65534 --clear-groups "$build/assay" --home "$tmp/home" \
		queue list >/dev/null 2>"$tmp/err" || code=$?
	if grep -q 'Permission denied.*lib' "$tmp/err"; then
		echo "t_queue: another user cannot start it here"
	else
		[ $code = 64 ] && grep -q 'root' "$tmp/err" || fail "another user: $code $(cat "$tmp/err")"
	fi
	# What root does for the service's user stays readable for it.
	chown -R 65534 "$tmp/home/queue"
	{ record one '{}'; record two '{}'; } >"$queue/1700000000000-1-000000.records"
	chown 65534 "$queue"/*.records
	q drop one >/dev/null
	[ "$(stat -c %u "$queue/1700000000000-1-000000.records")" = 65534 ] || fail "root took the file"
fi
echo "t_queue: fine"
