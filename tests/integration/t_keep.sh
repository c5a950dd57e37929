#!/bin/sh
# t_keep.sh - what archivers and connectors are given by `assay scan`, and what comes back
set -eu
root=${1:?source directory}
build=${2:?build directory}
assay=${ASSAY:-$build/assay}
for plugin in smtp filedir jsonl stdout; do
    [ -f "$build/plugins/$plugin.so" ] || { echo "t_keep: no plugin $plugin"; exit 77; }
done
[ -x "$assay" ] || { echo "t_keep: $assay is not built"; exit 77; }
home=$(mktemp -d)
trap 'rm -rf "$home"' EXIT
mail=$root/docs/samples/2-invoice.eml

fail() {
    echo "t_keep: $*"
    exit 1
}

# Keep and tell.
"$assay" --home "$home" scan -A filedir -C jsonl,filedir --compact "$mail" >"$home/first" ||
    fail "scan -A -C: exit $?"
[ "$(wc -l <"$home/reports.jsonl")" = 1 ] || fail "jsonl has not one line"
[ "$(find "$home/results" -name '*.json' | wc -l)" = 1 ] || fail "filedir has not one report"
cmp -s "$home/reports.jsonl" "$home"/results/*.json || fail "two connectors, two reports"
grep -q '"body":' "$home/first" || fail "the report has no body"
if grep -q '"body":' "$home/reports.jsonl"; then
    fail "a connector was told the body without being allowed to"
fi
kept=$(find "$home/archive" -type f | wc -l)
[ "$kept" -ge 2 ] || fail "the message and its attachment are not both kept"

# The same again: nothing new is kept.
"$assay" --home "$home" scan -A filedir "$mail" >/dev/null || fail "the second scan: exit $?"
[ "$(find "$home/archive" -type f | wc -l)" = "$kept" ] || fail "kept twice"

# Back from the archive, by digest and by reference, and the same result.
sha=$(sha256sum "$mail" | cut -c 1-64)
for ref in "$sha" "filedir:$sha"; do
    "$assay" --home "$home" scan -S filedir --compact "$ref" >"$home/again" ||
        fail "scan -S filedir $ref: exit $?"
    python3 - "$home/first" "$home/again" <<'PY' || fail "another result from $ref"
import json, sys

first, again = (json.load(open(name)) for name in sys.argv[1:])
assert len(first["results"]) == len(again["results"]) >= 2
for one, other in zip(first["results"], again["results"]):
    assert one["workers"] == other["workers"], one["payload_id"]
    assert one["sha256"] == other["sha256"]
    assert one["archivers"]["filedir"]["ref"] == "filedir:" + one["sha256"]
PY
done

# What cannot be fetched or kept is one line and an exit code.
code=0
"$assay" --home "$home" scan -S filedir "../../etc/passwd" >/dev/null 2>"$home/err" || code=$?
[ "$code" -ne 0 ] && [ "$(wc -l <"$home/err")" = 1 ] || fail "a reference that is none: exit $code"
code=0
missing=$(printf '%064d' 0)
"$assay" --home "$home" scan -S filedir "$missing" >/dev/null 2>"$home/err" || code=$?
[ "$code" = 66 ] || fail "a payload that is not there: exit $code"
: >"$home/file"
code=0
"$assay" --home "$home" scan -A filedir --plugin-opts "filedir:archive_dir=$home/file/x" "$mail" \
    >/dev/null 2>"$home/err" || code=$?
[ "$code" = 73 ] || fail "an archive that cannot be written: exit $code"
grep -q filedir "$home/err" || fail "the line does not name the archiver"

# Compressed, told by pseudonym, excluded.
echo "a secret of enough bytes" >"$home/key"
"$assay" --home "$home" scan -A filedir --plugin-opts filedir:compress=zstd \
    --plugin-opts "filedir:archive_dir=$home/small" -C stdout --compact \
    --plugin-opts stdout:pseudonymise=rcpt --plugin-opts "stdout:pseudonymise_key=$home/key" \
    --plugin-opts 'stdout:exclude=results[].workers.smtp.subject' "$mail" >"$home/two" ||
    fail "compressed: exit $?"
find "$home/small" -name '*.zst' | grep -q . || fail "nothing is compressed"
tail -n 1 "$home/two" >"$home/told"
grep -q '@pseudonym.invalid' "$home/told" || fail "no recipient has another name"
if grep -q '"subject":"' "$home/told"; then
    fail "an excluded place was told"
fi
"$assay" --home "$home" scan -S filedir --plugin-opts "filedir:archive_dir=$home/small" --compact \
    "$sha" >/dev/null || fail "out of the compressed archive: exit $?"
code=0
"$assay" --home "$home" scan -C stdout --plugin-opts stdout:exclude=nowhere "$mail" >/dev/null \
    2>"$home/err" || code=$?
[ "$code" = 78 ] || fail "a wrong path to exclude: exit $code"
printf '[core]\nconnectors = jsonl\n[jsonl]\npseudonymise = rcpt\n' >"$home/conf"
code=0
"$assay" --home "$home" --conf "$home/conf" config -t >/dev/null 2>"$home/err" || code=$?
[ "$code" = 78 ] && grep -q pseudonymise_key "$home/err" || fail "config -t: exit $code"
echo "t_keep: kept, told, fetched"
