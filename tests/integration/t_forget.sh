#!/bin/sh
# t_forget.sh - `assay forget`: by recipient, sender and scan; from store, files, archive and queues;
# payloads that others have stay, and so does what cannot be erased, which is said
set -eu
build=${2:?build directory}
assay=${ASSAY:-$build/assay}
for plugin in smtp sqlite filedir jsonl; do
    [ -f "$build/plugins/$plugin.so" ] || { echo "t_forget: no plugin $plugin"; exit 77; }
done
[ -x "$assay" ] || { echo "t_forget: $assay is not built"; exit 77; }
home=$(mktemp -d)
trap 'rm -rf "$home"' EXIT

fail() {
    echo "t_forget: $*"
    exit 1
}

a() {
    "$assay" --home "$home" "$@"
}

# code WANTED COMMAND... - its exit code; standard error in $home/err
code() {
    want=$1
    got=0
    shift
    "$@" >"$home/out" 2>"$home/err" </dev/null || got=$?
    [ "$got" = "$want" ] || fail "$*: exit $got instead of $want: $(cat "$home/err")"
}

cat >"$home/assay.conf" <<'EOF'
[core]
archivers = filedir
connectors = sqlite, filedir, jsonl
EOF

# mail NAME FROM TO ATTACHMENT
mail() {
    printf 'From: %s\nTo: %s\nSubject: about %s\nMessage-ID: <%s@example.com>\n' "$2" "$3" "$1" "$1"
    printf 'Date: Mon, 02 Mar 2026 10:00:00 +0000\nMIME-Version: 1.0\n'
    printf 'Content-Type: multipart/mixed; boundary=x\n\n--x\nContent-Type: text/plain\n\n'
    printf 'To %s with best wishes\n--x\nContent-Type: application/octet-stream\n' "$1"
    printf 'Content-Disposition: attachment; filename=%s.bin\n\n%s\n--x--\n' "$1" "$4"
}

mkdir "$home/mails"
mail one 'eve@evil.example' 'rosa@example.org, karl@example.org' 'bytes of one' >"$home/mails/1.eml"
mail two 'Bob <Bob@sub.example>' 'Rosa@Example.org' 'bytes of all' >"$home/mails/2.eml"
mail three 'ann@example.net' 'karl@example.org' 'bytes of all' >"$home/mails/3.eml"
a scan -A filedir -C sqlite,filedir,jsonl --compact "$home"/mails/*.eml >"$home/reports"
one=$(printf 'bytes of one' | sha256sum | cut -c 1-64)
all=$(printf 'bytes of all' | sha256sum | cut -c 1-64)
kept=$(find "$home/archive" -type f | wc -l)
id_of() {
    sed -n "s/.*\"scan_id\":\"\\([0-9a-f-]*\\)\".*\"message_id\":\"$1@example.com\".*/\\1/p" "$home/reports"
}

# Wrong usage; nothing there.
code 64 a forget
code 64 a forget --rcpt x@y --from x@y
code 64 a forget --rcpt rosa@example.org
grep -q -- --yes "$home/err" || fail "nobody could be asked, and was not told so"
code 1 a forget --rcpt nobody@example.org --yes
[ "$(a search --count)" = 3 ] || fail "something was erased unasked"

# What would go.
code 0 a forget --rcpt ROSA@example.org --dry-run
sort "$home/out" >"$home/ids"
{ id_of one; id_of two; } | sort | cmp -s - "$home/ids" || fail "--dry-run lists $(cat "$home/out")"
grep -q '2 reports, 3 payloads that nobody else has, 0 records' "$home/err" || fail "$(cat "$home/err")"
grep -q jsonl "$home/err" || fail "jsonl is not named"
[ "$(a search --count)" = 3 ] || fail "--dry-run erased something"

# One mail, also one that waits in a queue, or was put aside there.
a scan -A filedir -C sqlite --compact "$home/mails/3.eml" >"$home/third"
mkdir -p "$home/queue/connector-filedir/poison" "$home/queue/archiver-filedir" "$home/spool/rescan"
python3 - "$home" <<'PY'
import json, struct, sys

home = sys.argv[1]
def put(path, *reports):
    with open(f"{home}/queue/connector-filedir/{path}", "wb") as out:
        for report in reports:
            text, ident = json.dumps(report).encode(), report["scan_id"].encode()
            out.write(b"AR1\n" + struct.pack("<BBHQ", 1, len(ident), 0, len(text)) + ident + text)
reports = [json.loads(line) for line in open(home + "/reports")]
later = dict(reports[0], scan_id="11111111-1111-4111-8111-111111111111")
aside = dict(reports[1], scan_id="22222222-2222-4222-8222-222222222222")
other = dict(reports[2], scan_id="33333333-3333-4333-8333-333333333333")
put("1700000000000-1-000000.records", later, other)
put("poison/22222222-2222-4222-8222-222222222222.record", aside)
open(home + "/queue/connector-filedir/poison/22222222-2222-4222-8222-222222222222.record.why",
     "w").write("for a test\n")
PY
code 0 a forget --rcpt rosa@example.org --yes
grep -q '^erased 2 reports, 3 payloads that nobody else has, 2 records' "$home/out" ||
    fail "$(cat "$home/out" "$home/err")"
[ "$(a search --count --all)" = 2 ] && [ "$(a search --count rcpt:rosa@example.org)" = 0 ] ||
    fail "the store has them still"
[ "$(find "$home/results" -name '*.json' | wc -l)" = 1 ] || fail "filedir has them still"
a queue list connector-filedir >"$home/out"
[ "$(wc -l <"$home/out")" = 1 ] && grep -q 33333333 "$home/out" || fail "queue: $(cat "$home/out")"
[ "$(find "$home/archive" -type f | wc -l)" = $((kept - 3)) ] || fail "the archive has not lost three"
code 66 a scan -S filedir "$one"
code 0 a scan -S filedir "$all"
for text in rosa@example gro.elpmaxe@asor 'Bob@sub.example'; do
    if grep -a -q "$text" "$home/store.db" "$home/store.db-wal"; then
        fail "$text stands in the file of the store"
    fi
done
grep -a -q karl@example "$home/store.db" || fail "the store cannot be looked into like that"
code 66 a show "$(id_of one)"
grep -q "was erased by " "$home/err" || fail "show does not say that it was erased"
code 1 a forget --rcpt rosa@example.org --yes

# All reports of one mail; by sender.
code 0 a forget --scan '<three@example.com>' --dry-run
[ "$(wc -l <"$home/out")" = 2 ] || fail "--scan finds not both reports"
code 0 a forget --from ANN@example.net --yes
[ "$(a search --count --all)" = 0 ] || fail "--from left something"
[ "$(find "$home/archive" -type f | wc -l)" = 0 ] || fail "the archive is not empty"
[ "$(a queue list connector-filedir | wc -l)" = 0 ] || fail "the queue is not empty"

echo "t_forget: gone where it can be, and said where not"
