#!/bin/sh
# t_policy.sh - rules of assay.conf: what is refused, what `assay policy test` says, and that a scan
# says the same
set -u
assay=${ASSAY:-${2:-build}/assay}
[ -x "$assay" ] || { echo "t_policy: $assay is not built"; exit 77; }
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
unset ASSAY_HOME
failed=0

# wrong NAME - remember a failure
wrong() {
	echo "FAILED: $*"
	sed 's/^/    out: /' "$tmp/out" | head -12
	failed=1
}

# conf TEXT - as the only configuration
conf() {
	printf '[core]\nplugins = smtp, mimetype\nalways_dispatch =\n%b' "$1" >"$tmp/assay.conf"
}

# run ARGS - output and errors kept together
run() {
	"$assay" --home "$tmp" "$@" >"$tmp/out" 2>&1
}

# says WORDS - does the last output hold them?
says() {
	grep -qF -- "$1" "$tmp/out" || wrong "$1"
}

printf 'From: a@example.org\r\nTo: b@example.com\r\nSubject: s\r\nMIME-Version: 1.0\r\nContent-Type: application/x-sh\r\nContent-Disposition: attachment; filename="run\033.sh"\r\n\r\necho\r\n' >"$tmp/mail.eml"

conf '[rule a]\nwhen.extnsion = sh\naction = reject\n'
run config -t && wrong "an unknown word passes config -t"
says 'assay.conf:5: [rule a] when.extnsion: no plugin that is loaded knows the word'
run scan "$tmp/mail.eml" && wrong "an unknown word passes scan"

# Whatever is wrong is said with its place, before the service would find out.
refused() {
	conf "$1"
	run config -t && wrong "passes config -t: $1"
	says "$2"
	rm -rf "$tmp/run"
	run serve && wrong "serve starts with: $1"
	says "$3"
}
refused '[policy]\nexempt_networks = 10.0.0.0/8, 10.0.0\n' 'assay.conf:5: [policy] exempt_networks' '10.0.0: write'
refused '[policy]\nrequired_workers = smtp, nobody\n' 'assay.conf:5: [policy] required_workers' 'nobody: that plugin is not'
refused '[policy]\nheader_verdict = X Y\n' 'assay.conf:5: [policy] header_verdict' 'no name for a header'
refused '[policy]\nreply_reject = 450 no\n' 'assay.conf:5: [policy] reply_reject' 'no: the code of'
refused 'providers = milter\n[milter]\nlisten = inet:99999@127.0.0.1\n' 'assay.conf:6: [milter]' 'no port and address'
refused "providers = milter\n[milter]\nengine = libmilter\nlisten = unix:$tmp/a, unix:$tmp/b\n" 'assay.conf:7: [milter] listen' 'engine = native'

conf '[rule none]\nwhen.extension = exe\naction = discard\n[rule scripts]\nwhen.extension = sh, js\naction = reject\nreply = No %{extension}\n'
run config -t || wrong "config -t refuses what is right"
run policy test "$tmp/mail.eml" || wrong "policy test"
says 'rule none: does not fit: when.extension = exe'
says 'rule scripts: fits: reject (observed only)'
says 'verdict: reject, because of rule scripts'
says 'answer: accept, unchanged: this is only observed'
says '550 5.7.1 No eml, sh'
run scan --compact "$tmp/mail.eml" || wrong "scan"
says '"verdict":{"action":"reject","answered":null,"enforced":false,"cause":"rule","rule":"scripts"'
run --plugin-opts policy:enforce=yes policy test - <"$tmp/mail.eml" || wrong "standard input"
says 'answer: reject'
run scan --exit-verdict "$tmp/mail.eml"
[ $? -eq 1 ] || wrong "--exit-verdict"
run policy test "$tmp/nothing" && wrong "a file that is not there"
says 'cannot be opened'

[ $failed -eq 0 ] && echo "t_policy: all as wanted"
exit $failed
