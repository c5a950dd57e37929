#!/bin/sh
# t_scan.sh - `assay scan` and what people give it: exit codes of RESULT section 2, one clear line on
# standard error for each thing that is wrong, reports in the order of the inputs.
set -u
src=${1:?source directory}
: "${ASSAY:?the command}"
[ -x "$ASSAY" ] || { echo "t_scan: $ASSAY is not built"; exit 77; }
samples=$src/docs/samples
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
chmod 755 "$dir"
fails=0

fail() {
    echo "t_scan: $*"
    fails=$((fails + 1))
}

# as_user COMMAND... - root can read everything: be somebody else
as_user() {
    if [ "$(id -u)" -eq 0 ]; then
        setpriv --reuid=65534 --regid=65534 --clear-groups "$@"
    else
        "$@"
    fi
}

# expect CODE LINES PATTERN ARGS... - exit code, lines on stderr, and what one of them says
expect() {
    code=$1 lines=$2 pattern=$3
    shift 3
    "$ASSAY" "$@" >"$dir/out" 2>"$dir/err" </dev/null
    got=$?
    [ $got -eq "$code" ] || fail "exit $got instead of $code: assay $*"
    [ "$(wc -l <"$dir/err")" -eq "$lines" ] ||
        fail "$(wc -l <"$dir/err") lines on stderr instead of $lines: assay $*: $(cat "$dir/err")"
    [ -z "$pattern" ] || grep -q -- "$pattern" "$dir/err" ||
        fail "no \"$pattern\" in: $(cat "$dir/err")"
}

# reports N - standard output was N lines, each an object with that schema
reports() {
    [ "$(grep -c '^{"schema":"assay/1"' "$dir/out")" -eq "$1" ] ||
        fail "$(grep -c '^{"schema":"assay/1"' "$dir/out") reports instead of $1"
}

printf 'From: a@example.org\nSubject: one\n\nHello\n' >"$dir/one.eml"
printf 'From: b@example.org\nSubject: two\n\nHello\n' >"$dir/two.eml"
: >"$dir/empty"
mkdir "$dir/tree" "$dir/tree/sub"
cp "$dir/one.eml" "$dir/tree/b"
cp "$dir/two.eml" "$dir/tree/sub/a"
cp "$dir/two.eml" "$dir/tree/a"
ln -s /etc/passwd "$dir/tree/link"
mkfifo "$dir/tree/fifo"

# What is right.
expect 0 0 '' scan --compact "$dir/one.eml"
reports 1
expect 0 0 '' scan "$dir/one.eml"
head -c 1 "$dir/out" | grep -q '{' || fail "no indented report"
expect 0 0 '' scan --compact "$dir/empty"
reports 1
expect 0 0 '' scan --compact /dev/null
reports 1
expect 0 0 '' scan --compact -r "$dir/tree"
reports 3
grep -o '"filename":"[^"]*/tree/[^"]*"' "$dir/out" | uniq >"$dir/names"
printf '"filename":"%s"\n' "$dir/tree/a" "$dir/tree/b" "$dir/tree/sub/a" |
    cmp -s - "$dir/names" || fail "order of a tree: $(cat "$dir/names")"
expect 0 0 '' scan --compact "$dir/two.eml" "$dir/one.eml" "$dir/two.eml" --jobs 2
reports 3
expect 0 0 '' scan --format tree "$dir/one.eml"
expect 0 0 '' scan --format summary "$dir/one.eml"
expect 0 0 '' scan --format lines "$dir/one.eml"
expect 0 0 '' scan --format stoq "$dir/one.eml"
expect 0 1 'no-sandbox' scan --compact --no-sandbox "$dir/one.eml"
reports 1
expect 0 0 '' scan --compact --request-source drill --request-extra ticket=7 "$dir/one.eml"
grep -q '"source":"drill"' "$dir/out" || fail "--request-source is not in the report"
grep -q '"extra_data":\[{"key":"ticket","value":"7"}\]' "$dir/out" || fail "--request-extra"

# Standard input, a pipe by name.
"$ASSAY" scan --compact - <"$dir/one.eml" >"$dir/out" || fail "standard input from a file"
reports 1
cat "$dir/one.eml" | "$ASSAY" scan --compact - >"$dir/out" || fail "standard input from a pipe"
reports 1
timeout 20 cat "$dir/two.eml" >"$dir/tree/fifo" &
timeout 20 "$ASSAY" scan --compact "$dir/tree/fifo" >"$dir/out" || fail "a named pipe"
reports 1
wait

# mbox: every message; one message: the file as it is.
{
    printf 'From a@example.org Mon Jan  2 10:00:00 2023\n'
    cat "$dir/one.eml"
    printf '\nFrom b@example.org Mon Jan  2 11:00:00 2023\n'
    cat "$dir/two.eml"
} >"$dir/box"
expect 0 0 '' scan --compact "$dir/box"
reports 2
grep -q '"source_id":"[^"]*/box:0"' "$dir/out" || fail "no source_id of the first message"
grep -q '"utc":"2023-01-02T11:00:00.000Z","source":"mbox"' "$dir/out" || fail "no time of an mbox"
head -n 5 "$dir/box" >"$dir/box1"
expect 0 0 '' scan --compact "$dir/box1"
reports 1
grep -q "\"sha256\":\"$(sha256sum "$dir/box1" | cut -c 1-64)\"" "$dir/out" ||
    fail "a file of one message is not taken as it is"

# Keeping and telling, only when told to; and from the archive back.
if [ -e "$(dirname "$ASSAY")/plugins/filedir.so" ]; then
    keep="--plugin-opts filedir:archive_dir=$dir/kept --plugin-opts filedir:results_dir=$dir/told"
    # shellcheck disable=SC2086
    expect 0 0 '' scan --compact $keep -A filedir -C filedir "$dir/one.eml"
    sha=$(sha256sum "$dir/one.eml" | cut -c 1-64)
    [ -n "$(find "$dir/kept" -name "$sha*")" ] || fail "the message is not in the archive"
    grep -q '"archivers":{"filedir":{"ref":' "$dir/out" || fail "no reference in the report"
    [ "$(find "$dir/told" -type f | wc -l)" -eq 1 ] || fail "the connector was not told"
    # shellcheck disable=SC2086
    expect 0 0 '' scan --compact $keep -S filedir "$sha"
    grep -q "\"sha256\":\"$sha\"" "$dir/out" || fail "not the bytes of the archive"
    # shellcheck disable=SC2086
    expect 66 1 'nothere' scan --compact $keep -S filedir nothere
    printf '[core]\nplugins = hash, filedir\nalways_dispatch = hash\ndispatchers =\narchivers = filedir\n[filedir]\narchive_dir = %s\n' \
        "$dir/untold" >"$dir/service.conf"
    expect 0 0 '' --conf "$dir/service.conf" scan --compact "$dir/one.eml"
    [ ! -e "$dir/untold" ] || fail "archived without -A"
fi

# What is wrong with the inputs: the others are scanned, 66 at the end.
expect 66 1 'missing: No such file' scan --compact "$dir/missing" "$dir/one.eml"
reports 1
expect 66 1 'tree: is a directory; add -r' scan --compact "$dir/one.eml" "$dir/tree" "$dir/two.eml"
reports 2
if command -v setpriv >/dev/null; then
    cp "$dir/one.eml" "$dir/secret"
    chmod 000 "$dir/secret"
    as_user "$ASSAY" scan --compact "$dir/secret" "$dir/one.eml" >"$dir/out" 2>"$dir/err"
    [ $? -eq 66 ] || fail "unreadable file: not 66"
    reports 1
    grep -q 'secret: Permission denied' "$dir/err" || fail "unreadable file: $(cat "$dir/err")"
fi

# Too large: a report all the same.
printf '[core]\nmessage_size = 2K\nplugins = hash\nalways_dispatch = hash\ndispatchers =\n' >"$dir/small.conf"
head -c 5000 /dev/zero >"$dir/large"
expect 0 0 '' --conf "$dir/small.conf" scan --compact "$dir/large"
reports 1
grep -q '"status":"unscanned","status_reason":"message_size"' "$dir/out" ||
    fail "large file: $(cat "$dir/out")"
expect 75 0 '' --conf "$dir/small.conf" scan --exit-verdict --compact "$dir/large"
expect 0 0 '' --conf "$dir/small.conf" scan --compact /dev/zero
reports 1
cat "$dir/large" | "$ASSAY" --conf "$dir/small.conf" scan --compact - >"$dir/out"
reports 1

# What is wrong with the command line or the configuration.
expect 64 1 'nothing to scan' scan
expect 64 1 'wrong' scan --wrong "$dir/one.eml"
expect 64 1 'native|summary' scan --format xml "$dir/one.eml"
expect 64 1 'KEY=VALUE' scan --request-extra novalue "$dir/one.eml"
expect 64 1 'jobs' scan --jobs none "$dir/one.eml"
expect 64 1 'jobs' scan --jobs 0 "$dir/one.eml"
expect 64 1 'max_recursion' scan --max-recursion x "$dir/one.eml"
expect 78 1 'nosuchworker' scan -a nosuchworker "$dir/one.eml"
expect 64 1 'hash' scan --plugin-opts hash:md5=perhaps "$dir/one.eml"
expect 64 1 'mp5' scan --plugin-opts hash:mp5=yes "$dir/one.eml"
printf '[core]\nmessage_size = 50\n' >"$dir/bad.conf"
expect 78 1 'bad.conf:2' --conf "$dir/bad.conf" scan "$dir/one.eml"

# Nowhere to write to; a reader that goes away.
"$ASSAY" scan "$dir/one.eml" >/dev/full 2>"$dir/err"
[ $? -eq 73 ] || fail "full disk: not 73"
[ "$(wc -l <"$dir/err")" -eq 1 ] || fail "full disk: $(cat "$dir/err")"
"$ASSAY" scan -r "$dir/tree" 2>"$dir/err" | head -n 1 >/dev/null
[ ! -s "$dir/err" ] || fail "closed pipe: $(cat "$dir/err")"

# The same bytes out, whatever --jobs; ids, times and durations aside.
for jobs in 1 2 1; do
    "$ASSAY" scan --compact --jobs $jobs -r "$dir/tree" "$samples" "$dir/box" |
        sed 's/"scan_id":"[^"]*"//g; s/"time":"[^"]*"//g; s/"duration_ms":[0-9]*//g; s/"utc":"[^"]*","source":"scan"//g' \
        >"$dir/run"
    if [ -s "$dir/before" ]; then
        cmp "$dir/before" "$dir/run" || fail "other bytes with --jobs $jobs"
    fi
    mv "$dir/run" "$dir/before"
done

[ $fails -eq 0 ] || exit 1
echo "t_scan: all as it should be"
