#!/bin/sh
# t_seen.sh SOURCE BUILD - senders that were there before: a service with a Maildir, whose scan
# processes are sealed before the filter has its first layer; `assay seen`; rebuilt from the store
set -eu
build=$2
assay=${ASSAY:-$build/assay}
for plugin in smtp seen maildir sqlite; do
    [ -f "$build/plugins/$plugin.so" ] || { echo "t_seen: no plugin $plugin"; exit 77; }
done
home=$(mktemp -d)
chmod 755 "$home"
service=
stop() {
    [ -z "$service" ] || kill "$service" 2>/dev/null || true
    rm -rf "$home"
}
trap stop EXIT

fail() {
    echo "t_seen: $*"
    cat "$home/log" 2>/dev/null || true
    exit 1
}

a() {
    "$assay" --home "$home" "$@"
}

# until_true COMMAND... - tried for a minute
until_true() {
    n=0
    until "$@" >/dev/null 2>&1; do
        n=$((n + 1))
        [ "$n" -lt 300 ] || return 1
        sleep 0.2
    done
}

# deliver NAME SENDER - a mail into the Maildir
deliver() {
    printf 'From: %s\nTo: <us@our.example>\nSubject: %s\nMessage-ID: <%s@x.example>\n\nhello\n' \
        "$2" "$1" "$1" >"$home/Maildir/tmp/$1"
    mv "$home/Maildir/tmp/$1" "$home/Maildir/new/$1"
}

# found NAME QUERY - is the mail of that name in the store, and does it fit?
found() {
    a search --count "subject:$1 $2"
}

# exits CODE COMMAND... - with that code
exits() {
    want=$1 code=0
    shift
    "$@" >"$home/out" 2>"$home/err" || code=$?
    [ "$code" = "$want" ] || fail "exit $code, not $want: $*: $(cat "$home/out" "$home/err")"
}

mkdir -p "$home/Maildir/new" "$home/Maildir/tmp" "$home/Maildir/cur"
cat >"$home/assay.conf" <<END
[core]
plugins = smtp
dispatchers = mimetype
always_dispatch = hash
decorators = seen
connectors = seen, sqlite
providers = maildir
scan_processes = 2
[seen]
bloomfield_list = from, from_domain
bloom_size = 2000
[maildir]
maildirs = $home/Maildir
END
printf '[core]\ndecorators = seen\n[seen]\nbloomfield_list = from, sbject\n' >"$home/bad.conf"
exits 78 "$assay" --home "$home" --conf "$home/bad.conf" config -t
grep -q 'bad.conf:4: .*"sbject".*"subject"' "$home/err" || fail "an unknown word: $(cat "$home/err")"
a config -t >"$home/out" 2>&1 || fail "config -t: $(cat "$home/out")"

"$assay" --home "$home" serve >"$home/log" 2>&1 &
service=$!
until_true a status || fail "the service does not come up"

deliver one 'Alice <Alice@Example.ORG>'
until_true found one new:from || fail "the first mail of a sender is not new"
until_true a seen from alice@example.org || fail "the sender is not kept"
deliver two 'alice@example.org (again)'
until_true found two '' || fail "the second mail does not come"
found two new:from >/dev/null && fail "the second mail of a sender is new"
a show "$(a search -o scan_id subject:two)" >"$home/out" || fail "show"
grep -q '"isnew": false' "$home/out" || fail "no isnew in the report"
deliver three 'bob@example.org'
until_true found three new:from || fail "another sender is not new"
found three new:from_domain >/dev/null && fail "his domain is new"

# By hand, beside the running service; more than the first layer holds, so that it grows.
exits 1 a seen from alice@example.org nobody@example.org
printf 'seen\talice@example.org\nnew\tnobody@example.org\n' | cmp -s - "$home/out" ||
    fail "another answer: $(cat "$home/out")"
i=0
while [ "$i" -lt 9000 ]; do
    echo "bulk$i@example.net"
    i=$((i + 1))
done >"$home/bulk"
a seen from --stdin --add <"$home/bulk" >/dev/null || fail "--add: exit $?"
exits 0 a seen from --stdin <"$home/bulk"
[ "$(wc -l <"$home/out")" = 9000 ] || fail "not a line per value"
a seen --stats | grep -q '^from: .* [23] layers' || fail "it did not grow: $(a seen --stats)"
deliver four 'bulk8999@example.net'
until_true found four '' || fail "the fourth mail does not come"
found four new:from >/dev/null && fail "a sealed scan process does not see the new layer"
exits 64 a seen subject hello
exits 64 a seen from
exits 65 a seen from ''

# From host to host.
a seen from --export "$home/copy" || fail "--export"
exits 64 a seen from --export "$home/copy"

# Made from nothing while the service runs: what the store does not know is forgotten, by sealed scan
# processes too.
rm "$home/seen/from.bloom"
a seen --rebuild 2>"$home/err" || fail "--rebuild: $(cat "$home/err")"
grep -q 'was reloaded' "$home/err" || fail "the service is not told: $(cat "$home/err")"
deliver five 'bulk18@example.net'
until_true found five new:from || fail "a filter that is gone still answers"
deliver six 'alice@example.org'
until_true found six '' || fail "the sixth mail does not come"
found six new:from >/dev/null && fail "a sender of the store is new"

# A filter that is damaged is refused, and made again from the store.
kill "$service"
wait "$service" || fail "exit $? of serve"
service=
printf 'rubbish' >"$home/seen/from.bloom"
exits 78 a scan --local "$home/bulk"
grep -q 'rebuild' "$home/err" || fail "what is damaged is not told: $(cat "$home/err")"
a seen --rebuild 2>"$home/err" || fail "--rebuild: $(cat "$home/err")"
exits 0 a seen from alice@example.org bob@example.org bulk8999@example.net
exits 1 a seen from bulk17@example.net
a seen from --merge "$home/copy" || fail "--merge"
exits 0 a seen from --stdin <"$home/bulk"

# `assay scan` asks and keeps nothing.
printf 'From: carol@example.org\n\nx\n' >"$home/mail.eml"
for turn in 1 2; do
    a scan --local --compact -C seen "$home/mail.eml" >"$home/out" || fail "scan"
    grep -q '"value":"carol@example.org","isnew":true' "$home/out" || fail "turn $turn: not new"
done
# As stoQ v1 had it.
a scan --local --format stoq "$home/mail.eml" >"$home/out" || fail "scan --format stoq"
grep -q '"from_isnew": *true' "$home/out" || fail "no from_isnew"
grep -q 'new_isnew' "$home/out" && fail "the list of what is new is no field"
echo "t_seen: good"
