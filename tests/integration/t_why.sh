#!/bin/sh
# assay plugins --why says who looks at what and why; a table or rule that names a worker which is
# not loaded is refused with the place where it stands.
set -u
source=$1 build=$2
tmp=$(mktemp -d) || exit 1
trap 'rm -rf "$tmp"' EXIT
failed=0
mkdir "$tmp/rules"

# conf LINES - of [mimetype]
conf() {
	{
		printf '[core]\nplugins = smtp, hash, mimetype, yara, decompress\n'
		printf 'always_dispatch = hash\ndispatchers = mimetype, yara\n'
		printf '[yara]\nrules_dir = %s\nrules =\ndispatch_rules = .\n' "$tmp/rules"
		printf '[mimetype]\n%s\n' "$1"
	} >"$tmp/conf"
}

# rule WORKER - one that sends mails to it
rule() {
	printf 'rule sent_on { meta: plugin = "%s" strings: $a = "Subject" condition: $a }\n' "$1" \
		>"$tmp/rules/a.yar"
}

# wants TEXT WHAT - in the answer
wants() {
	grep -qF -- "$1" "$tmp/out" || {
		echo "--why does not say $2 (\"$1\"):"
		cat "$tmp/out"
		failed=1
	}
}

# refused TEXT WHAT - by config -t, or, where rules have to be compiled, by a scan
refused() {
	timeout 60 "$build/assay" --home "$tmp" --conf "$tmp/conf" $2 >"$tmp/out" 2>&1
	code=$?
	if [ $code -ne 78 ] || [ "$(wc -l <"$tmp/out")" -ne 1 ] || ! grep -qF -- "$1" "$tmp/out"; then
		echo "$2: exit $code, wanted 78 and \"$1\"; said:"
		cat "$tmp/out"
		failed=1
	fi
}

conf 'more_routes = text/*=decompress, application/zip=nobody?'
rule decompress
timeout 60 "$build/assay" --home "$tmp" --conf "$tmp/conf" plugins --why \
	"$source/docs/samples/2-invoice.eml" >"$tmp/out" || failed=1
wants '0 (' 'the message itself'
wants 'hash         [core] always_dispatch' 'what always looks'
wants 'smtp         mimetype chose it: route message/rfc822' 'the route of a mail'
wants 'decompress   yara chose it: rule sent_on' 'the YARA rule'
wants '0.2 Rechnung_4711.pdf.zip (' 'the attachment'
wants 'decompress   mimetype chose it: route application/zip' 'the route of an archive'
wants 'decompress   mimetype chose it: route text/*' 'a route of more_routes'
wants 'nobody       mimetype chose it: route application/zip; not loaded' 'that a worker is not there'
timeout 60 "$build/assay" --home "$tmp" --conf "$tmp/conf" plugins --why - -a mimetype \
	<"$source/docs/samples/1-newsletter.eml" >"$tmp/out" || failed=1
wants 'mimetype     [core] always_dispatch' 'what -a asked for'
timeout 60 "$build/assay" --home "$tmp" --conf "$tmp/conf" plugins --why "$tmp/none" >"$tmp/out" 2>&1
[ $? -eq 66 ] || { echo "a file that is not there: no 66"; failed=1; }
timeout 60 "$build/assay" --home "$tmp" --conf "$tmp/conf" plugins --why "$tmp" >"$tmp/out" 2>&1
[ $? -eq 66 ] || { echo "a directory: no 66"; failed=1; }
wants "$tmp: " 'which directory that is'
timeout 60 "$build/assay" --home "$tmp" --conf "$tmp/conf" plugins -a hash >"$tmp/out" 2>&1
[ $? -eq 64 ] || { echo "-a without --why: no 64"; failed=1; }
sed '1a message_size = 1K' "$tmp/conf" >"$tmp/small"
timeout 60 "$build/assay" --home "$tmp" --conf "$tmp/small" plugins --why \
	"$source/docs/samples/2-invoice.eml" >"$tmp/out" || failed=1
wants 'nobody: it is not scanned (message_size)' 'why nobody looks'

mail=$source/docs/samples/1-newsletter.eml
rule sandbx
refused "a.yar: rule sent_on: meta plugin: there is no worker \"sandbx\" loaded" "scan $mail"
rule decompress
conf 'more_routes = text/*=smpt'
refused "$tmp/conf:10: [mimetype] more_routes: there is no worker \"smpt\" loaded" 'config -t'
conf 'more_routes = text/*'
refused 'is not of the form TYPE-GLOB=worker+worker' 'config -t'
exit $failed
