#!/bin/sh
# t_store.sh - `assay scan -C sqlite`, then search, show and stats: every kind of word, boolean,
# folding, CJK, idempotency, files that are no store
set -eu
build=${2:?build directory}
assay=${ASSAY:-$build/assay}
for plugin in smtp sqlite; do
    [ -f "$build/plugins/$plugin.so" ] || { echo "t_store: no plugin $plugin"; exit 77; }
done
[ -x "$assay" ] || { echo "t_store: $assay is not built"; exit 77; }
home=$(mktemp -d)
trap 'rm -rf "$home"' EXIT
cp -r "$build/conf/." "$home/" 2>/dev/null || :

fail() {
    echo "t_store: $*"
    exit 1
}

a() {
    "$assay" --home "$home" "$@"
}

# mail NAME FROM SUBJECT DATE BODY - one message with an attachment
mail() {
    printf 'From: %s\nTo: rosa@example.org\nSubject: %s\nMessage-ID: <%s@example.com>\nDate: %s\n' \
        "$2" "$3" "$1" "$4"
    printf 'MIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=x\n\n--x\n'
    printf 'Content-Type: text/plain; charset=utf-8\n\n%s\n--x\n' "$5"
    printf 'Content-Type: application/octet-stream\nContent-Disposition: attachment; filename=%s.DOCM\n' "$1"
    printf '\nmacro of %s\n--x--\n' "$1"
}

mkdir "$home/mails"
mail one 'Eve <eve@evil.example>' 'Unpaid invoice 4711' 'Mon, 02 Mar 2026 10:00:00 +0000' \
    'Please pay at http://pay.evil.example/now before Friday.' >"$home/mails/1.eml"
mail two 'Bob <bob@sub.evil.example>' '=?utf-8?B?5Y+R56Wo6YCa55+l?=' \
    'Tue, 03 Mar 2026 10:00:00 +0000' '请开发票，谢谢' >"$home/mails/2.eml"
mail three 'ann@notevil.example' 'Lunch' 'Wed, 04 Mar 2026 10:00:00 +0000' \
    'The invoice
   comes later.' >"$home/mails/3.eml"

# Nothing is there yet: one line, 66.
code=0
a search x >"$home/out" 2>"$home/err" || code=$?
[ "$code" = 66 ] && [ "$(wc -l <"$home/err")" = 1 ] || fail "no store yet: exit $code"

a scan -C sqlite --compact -r "$home/mails" >"$home/reports" || fail "scan -C sqlite: exit $?"
[ "$(stat -c %a "$home/store.db")" = 640 ] || fail "the store is readable by everybody"

# finds WHAT QUERY - subjects' first letters of what is found, newest first
finds() {
    want=$1
    shift
    got=$(a search --json "$@" | sed 's/.*"message_id":"\([a-z]*\)@.*/\1/' | tr '\n' ' ')
    [ "$got" = "$want" ] || fail "search $*: \"$got\" instead of \"$want\""
}

finds 'three two one '
finds 'one ' 'from:*@evil.example'
finds 'two one ' from:@evil.example
finds 'two one ' 'from:@evil.example filename:*.docm'
finds 'two ' 'path:two*'
finds 'three two one ' rcpt:rosa@example.org extension:docm
finds 'one ' url_host:pay.evil.example
finds 'one ' subject:invoice
finds 'one ' 'subject:*4711'
finds 'three one ' invoice
finds 'three ' '"invoice comes"'
finds 'three ' body:invoice not subject:invoice
finds 'two ' subject:发票
finds 'two ' 开发票
finds 'two ' 发票 from_name:bo
finds 'three ' since:2026-03-04
finds 'one ' until:2026-03-02
finds 'two one ' date:2026-03-01..2026-03-03
finds '' date:2025
finds 'three one ' '(from:eve@evil.example or subject:lunch) status:scanned'
finds 'three ' 'not (from:@evil.example or filename:one*)'
finds 'three two one ' verdict:accept size:'>10' 'encrypted:no or source:scan'
finds 'one ' sha256:"$(printf 'macro of one' | sha256sum | cut -c 1-64)"
printf 'lunch\nnothing\n' | a search --stdin subject --output mid >"$home/out"
[ "$(cat "$home/out")" = three@example.com ] || fail "--stdin --output mid"
[ "$(a search --count from:@evil.example)" = 2 ] || fail "--count"
a search --by day >"$home/out"
[ "$(wc -l <"$home/out")" = 3 ] && grep -q '1  2026-03-04' "$home/out" || fail "--by day"
a search --by rcpt | grep -q '3  rosa@example.org' || fail "--by rcpt"
[ "$(a search --limit 1 | wc -l)" = 1 ] || fail "--limit"

# Nothing found is 1, a wrong query 64 with the nearest word.
code=0
a search subject:nonesuch >"$home/out" || code=$?
[ "$code" = 1 ] && [ ! -s "$home/out" ] || fail "nothing found: exit $code"
code=0
a search sbject:x 2>"$home/err" || code=$?
[ "$code" = 64 ] && grep -q '"subject"' "$home/err" || fail "an unknown word: exit $code"

# The same report again changes nothing; another report of the same mail is folded.
id=$(sed -n 's/.*"scan_id":"\([0-9a-f-]*\)".*one@example.com.*/\1/p' "$home/reports")
a scan -C sqlite --compact "$home/mails/1.eml" >/dev/null || fail "the second scan"
[ "$(a search --count)" = 3 ] && [ "$(a search --count --all)" = 4 ] || fail "folding"

# show: by scan_id, its beginning, Message-ID.
a show "$id" --compact >"$home/out" || fail "show $id"
grep -F "$(cat "$home/out")" "$home/reports" >/dev/null || fail "show gives another report"
a show "$(printf %.8s "$id")" --compact | cmp -s - "$home/out" || fail "show by a beginning"
a show '<ONE@example.com>' --tree | grep -q 'Unpaid invoice 4711' || fail "show --tree"
code=0
a show nothing-of-that 2>"$home/err" || code=$?
[ "$code" = 66 ] || fail "show of nothing: exit $code"

a stats | grep -q '^3 mails' || fail "stats"
a stats --json from:@evil.example | grep -q '"mails": 2' || fail "stats --json"

# Without bodies nothing of them is kept.
a scan --plugin-opts "sqlite:path=$home/lean.db" --plugin-opts sqlite:store_bodies=no -C sqlite \
    "$home/mails/1.eml" >/dev/null || fail "store_bodies=no"
code=0
a --plugin-opts "sqlite:path=$home/lean.db" search Friday >/dev/null || code=$?
[ "$code" = 1 ] || fail "a body was kept: exit $code"
a --plugin-opts "sqlite:path=$home/lean.db" search invoice >/dev/null || fail "a subject was not kept"

# What is no store is refused in one line and not touched.
head -c 100000 /dev/urandom >"$home/noise.db"
cp "$home/noise.db" "$home/noise"
for command in "search x" "show x" "stats" "scan --format summary -C sqlite $home/mails/1.eml"; do
    code=0
    # shellcheck disable=SC2086 # words of a command
    a --plugin-opts "sqlite:path=$home/noise.db" $command >/dev/null 2>"$home/err" || code=$?
    [ "$code" -ge 64 ] && [ "$(wc -l <"$home/err")" = 1 ] || fail "noise: $command: exit $code"
done
cmp -s "$home/noise" "$home/noise.db" || fail "a strange file was changed"
echo "t_store: reports are kept once and found by every kind of word"
