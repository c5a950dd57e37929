#!/bin/sh
# t_scan_service.sh SOURCE BUILD - `assay scan` asks a running service of the same configuration,
# and nobody else
set -eu
source=$1 assay=$2/assay
home=$(mktemp -d)
chmod 755 "$home"
service=
main=$$
# A subshell has no service to stop.
trap '[ "$(sh -c "echo \$PPID")" != "$main" ] || { [ -z "$service" ] || kill "$service" || true; rm -rf "$home"; }' EXIT
mail=$source/docs/samples/2-invoice.eml

fail() {
    echo "t_scan_service: $*"
    cat "$home/log" || true
    exit 1
}

# asked WHO - what the command says at log level debug
asked() {
    "$assay" --home "$home" scan --log-level debug --compact "$@" "$mail" 2>"$home/err" >"$home/out" ||
        fail "exit $? of scan: $(cat "$home/err")"
    grep -c 'the running service scans' "$home/err" || true
}

ln -s "$source/conf/rules" "$home/rules"
printf '[core]\nconnectors = jsonl\narchivers = filedir\nscan_processes = 2\n' >"$home/assay.conf"
[ "$(asked)" = 0 ] || fail "there is no service yet"

"$assay" --home "$home" serve >"$home/log" 2>&1 &
service=$!
n=0
until "$assay" --home "$home" status >/dev/null 2>&1; do
    n=$((n + 1))
    [ "$n" -lt 300 ] || fail "the service does not come up"
    sleep 0.1
done

[ "$(asked)" = 1 ] || fail "the service was not asked: $(cat "$home/err")"
grep -q '"archivers":{}' "$home/out" || fail "something was archived that nobody asked for"
[ "$(asked --local)" = 0 ] || fail "--local asked the service"
[ "$(asked -a hash)" = 0 ] || fail "with other workers the service cannot be asked"
[ "$(asked --plugin-opts yara:timeout=5s)" = 0 ] || fail "with other options neither"
# What a person sees of it is the same.
"$assay" --home "$home" scan --format tree "$mail" | sed 's/in [0-9]* ms//' >"$home/theirs"
"$assay" --home "$home" scan --local --format tree "$mail" | sed 's/in [0-9]* ms//' >"$home/ours"
cmp -s "$home/theirs" "$home/ours" || fail "another tree"
# Edited and not reloaded: another configuration.
printf '[yara]\ntimeout = 7s\n' >>"$home/assay.conf"
[ "$(asked)" = 0 ] || fail "the file was edited, the service does not know it yet"
"$assay" --home "$home" reload >/dev/null 2>&1 || fail "reload"
[ "$(asked)" = 1 ] || fail "after the reload they agree again"
kill "$service"
wait "$service" || fail "exit $? of serve"
service=
[ "$(asked)" = 0 ] || fail "the service is gone"
echo "t_scan_service: good"
