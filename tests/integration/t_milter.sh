#!/bin/sh
# t_milter.sh - the milter with the real service: what a mail server is told for each action, the
# bytes that were on the wire, odd ends of sessions, a reload and a stop while a message is told
#
# What waits for something waits up to a minute: nothing here depends on the machine's speed.
#
# What other filters got wrong, and which test of ours would catch it:
#
#	a null sender leaves state behind: the next mail is let through	test_session, milter.lua, postfix.py check_connection
#	an abort is taken for the end of a message			test_peer, milter.lua (each stage), postfix.py "given-up"
#	of several servers one is never used				t_isolation (50 scan processes busy at once)
#	a large part makes the rest clean; parts behind it unseen	postfix.py check_attachments behind-a-big-one, between
#	the first match ends the search				postfix.py two, between; test_policy (reasons)
#	inline parts, attached messages, archives unseen		postfix.py inline, inner, packed, alone, alternative
#	names of headers and types compared with their case		postfix.py odd-case
#	a header line in front makes the mail something else		postfix.py like-a-picture (message/rfc822 is said, not guessed)
#	one scanner's state shared by sessions				miltertest.py crowd: each mail its own answer and report
#	a hold, or a change, that was not negotiated			milter.lua "old", test_reply, test_peer
#	a hold becomes an accept where there is a reply		test_reply words_become_answers; a reply there is refused (test_policy)
#	an exception, or no answer of a scanner, is "accept"		milter_faults.py (required_workers), test_policy, postfix_kill.py
#	"clean" said of what nobody looked at				milter_faults.py (tag: status=unscanned)
#	times so short that slow SMTP clients are cut			the default below; test_milter who_says_nothing
#	descriptors above 1023						milter_faults.py check_descriptors (490 sessions)
#	no descriptors: the filter ends, or spins			milter_faults.py check_descriptors
#	what is done with a verdict holds the mail up			milter_faults.py check_slow_connector
#	packets of more than 64 KB					test_proto what_does_not_fit_is_not_begun; bodies are never replaced (test_peer)
#	a macro that cannot be understood ends the session		milter.lua "macros", test_proto
#	a probe of the port, half a packet, an early end crash it	milter.py odd, milter.lua, miltertest.py garbage, fuzz_milter
#	open sessions at a stop: an assertion, a process that stays	miltertest.py (end), below
#	a reload leaks						below (descriptors of the parent)
#	connections and descriptors leak				below (odd ends), miltertest.py (descriptors, memory)
#	a passed socket that is not there: started for ever		activation.py wrong_ones (exit 78, which the unit heeds)
set -u
src=${1:-.}
assay=${ASSAY:-${2:-build}/assay}
[ -x "$assay" ] || { echo "t_milter: $assay is not built"; exit 77; }
command -v python3 >/dev/null || { echo "t_milter: python3 is missing"; exit 77; }
tmp=$(mktemp -d)
unset ASSAY_HOME NOTIFY_SOCKET
PYTHONDONTWRITEBYTECODE=1
export PYTHONDONTWRITEBYTECODE
failed=0
service=
holds=
home=$tmp/home
sock=$tmp/m/milter.sock
mkdir "$home"

# shellcheck disable=SC2317 # called by trap
finish() {
	[ -z "$service" ] || kill -9 "$service" 2>/dev/null
	[ -z "$holds" ] || kill "$holds" 2>/dev/null
	rm -rf "$tmp"
}
trap finish EXIT

# wrong TEXT - remember a failure
wrong() {
	echo "FAILED: $*"
	tail -n 20 "$tmp/log" | sed 's/^/    log: /'
	failed=1
}

# conf POLICY - assay.conf
conf() {
	printf '[core]\nproviders = milter\nconnectors = sqlite\nscan_processes = 2\n[yara]\nrules_dir = %s\n' \
		"$(cd "$src" && pwd)/conf/rules" >"$home/assay.conf"
	printf '[milter]\nlisten = unix:%s mode=0600\nprogress = 200ms\ndrain_time = 3s\n%b' \
		"$sock" "$1" >>"$home/assay.conf"
}

# until_ready - the milter answers
until_ready() {
	n=0
	until "$assay" --home "$home" milter-check >"$tmp/out" 2>&1; [ $? -le 1 ]; do
		n=$((n + 1))
		[ $n -le 600 ] || { wrong "the milter never answers: $(cat "$tmp/out")"; return 1; }
		sleep 0.1
	done
}

# check CODE WORDS - what milter-check says
check() {
	"$assay" --home "$home" milter-check >"$tmp/out" 2>&1
	code=$?
	[ $code -eq "$1" ] || wrong "milter-check: exit $code, not $1: $(cat "$tmp/out")"
	grep -q -e "$2" "$tmp/out" || wrong "milter-check does not say \"$2\": $(cat "$tmp/out")"
}

# reload - the configuration that is there now
reload() {
	"$assay" --home "$home" reload >"$tmp/out" 2>&1 || wrong "reload: $(cat "$tmp/out")"
}

# milter ... - the mail server
milter() {
	python3 "$src/tests/integration/milter.py" "$sock" "$@"
}

# descriptors PID - of the process, without the pages that lines to scan processes keep
descriptors() {
	find "/proc/$1/fd" -type l ! -lname '*assay-progress*' | wc -l
}

# hold SECONDS - in the background: a session in the middle of a message
hold() {
	: >"$tmp/held"
	python3 "$src/tests/integration/milter.py" "$sock" hold "$1" >"$tmp/held" 2>&1 &
	holds=$!
	k=0
	until grep -q begun "$tmp/held"; do
		k=$((k + 1))
		[ $k -le 600 ] || { wrong "hold does not begin"; return 1; }
		sleep 0.1
	done
}

# door - pid of the milter's process
door() {
	for p in $(cat "/proc/$service/task/$service/children"); do
		tr '\0' ' ' <"/proc/$p/cmdline" | grep -q -e "--as door:milter" && echo "$p"
	done
}

conf ''
"$assay" --home "$home" serve >"$tmp/log" 2>&1 &
service=$!
until_ready

# Nobody has said that anything shall be enforced.
check 0 "test file: accepted"
check 0 OBSERVING
[ "$(stat -c %a "$sock")" = 600 ] || wrong "the socket's mode is $(stat -c %a "$sock")"

# A server is silent as long as its SMTP client may be.
[ "$("$assay" --conf /dev/null --plugin-opts core:providers=milter config milter.idle_timeout | grep -c 7210s)" = 1 ] ||
	wrong "idle_timeout is not 7210s"

# Every action, each after a reload.
rule='[policy]\nenforce = yes\n[rule virus]\nwhen.yara = eicar_test_file\naction ='
for action in reject:rejected tempfail:"put off" discard:discarded quarantine:held tag:accepted; do
	conf "$rule ${action%:*}\\n"
	reload
	check 0 "clean mail: accepted"
	check 0 "test file: ${action#*:}"
done
check 0 "header X-Assay-Verdict: tag"
conf "$rule reject\\nreply = 554 5.7.9 50%% of it is bad\\n"
reload
check 0 "554 5.7.9 50% of it is bad"

# What a reload opens it closes.
before=$(descriptors "$service")
reload
reload
[ "$(descriptors "$service")" -le "$before" ] || wrong "descriptors of the parent: $before, then $(descriptors "$service")"

# The other engine, where it is.
conf "engine = libmilter\\n$rule reject\\n"
if "$assay" --home "$home" config -t >/dev/null 2>&1; then
	reload
	check 0 "test file: rejected"
	conf "$rule reject\\n"
	reload
	check 0 "test file: rejected"
else
	conf "$rule reject\\n"
fi

# What was on the wire is what is scanned: the root has the digest of the file with CRLF.
set --
for f in "$src"/docs/samples/*.eml; do
	sed 's/\r*$/\r/' "$f" >"$tmp/$(basename "$f")"
	set -- "$@" "$tmp/$(basename "$f")"
done
milter send "$@" >"$tmp/out" || wrong "send"
n=0
for f in "$@"; do
	grep -q "^Q$n a" "$tmp/out" || wrong "$f was told: $(grep "^Q$n" "$tmp/out")"
	"$assay" --home "$home" scan --local "$f" >"$tmp/scan.json" 2>/dev/null || wrong "scan $f"
	k=0
	until "$assay" --home "$home" show --format native "Q$n" >"$tmp/milter.json" 2>/dev/null; do
		k=$((k + 1))
		[ $k -le 600 ] || { wrong "no report of Q$n"; break; }
		sleep 0.1
	done
	python3 - "$tmp/scan.json" "$tmp/milter.json" <<'PY' || wrong "$f: not the same as a scan"
import json, sys
scan, milter = (json.load(open(name)) for name in sys.argv[1:])
def tree(report):
    return [(r["payload_id"], r["path"], r["size"], r["sha256"], sorted(r["workers"]))
            for r in report["results"]]
assert tree(scan) == tree(milter), (tree(scan), tree(milter))
assert scan["content_sha256"] == milter["content_sha256"]
envelope = milter["request_meta"]["envelope"]
assert envelope["sender"]["addr"] == "a@example.org", envelope
assert envelope["client"]["addr"] == "192.0.2.1", envelope
assert milter["facts"]["mailfrom"] == ["a@example.org"], milter["facts"]
assert [r["addr"] for r in milter["recipients"]] == ["b@example.net"], milter["recipients"]
assert milter["message_time"]["source"] == "milter"
assert milter["verdict"]["answered"] == "accept" and milter["verdict"]["enforced"]
PY
	n=$((n + 1))
done

# Sessions that end where they should not leave nothing behind.
pid=$(door)
milter odd >"$tmp/out" || wrong "odd ends"
before=$(descriptors "$pid")
milter odd >"$tmp/out" || wrong "odd ends"
grep -q '^a' "$tmp/out" || wrong "after odd ends: $(cat "$tmp/out")"
k=0
until [ "$(descriptors "$pid")" -le "$before" ]; do
	k=$((k + 1))
	[ $k -le 600 ] || { wrong "descriptors: $before before, more now"; break; }
	sleep 0.1
done
[ "$(door)" = "$pid" ] || wrong "the door is another process now"

# A reload in the middle of a message: it is answered all the same, by the old door.
hold 2
reload
wait "$holds"; holds=
grep -q '^a' "$tmp/held" || wrong "a reload cut a message: $(cat "$tmp/held")"
check 0 "test file: rejected"

# A session that is open and says nothing: the old door waits for it a while (drain_time), and the new
# one listens before it does.
old=$(door)
hold 30
"$assay" --home "$home" reload --no-wait >"$tmp/out" 2>&1 || wrong "reload: $(cat "$tmp/out")"
k=0
until [ "$(door | wc -w)" -gt 1 ]; do
	k=$((k + 1))
	[ $k -le 600 ] || { wrong "no new door beside the old one"; break; }
	sleep 0.1
done
check 0 "test file: rejected"
[ -d "/proc/$old" ] || wrong "the old door did not wait for its session"
kill "$holds"
wait "$holds" 2>/dev/null; holds=
k=0
while [ -d "/proc/$old" ]; do
	k=$((k + 1))
	[ $k -le 600 ] || { wrong "the old door stays"; break; }
	sleep 0.1
done

# A killed door comes back.
kill -9 "$(door)"
until_ready

# A stop in the middle of a message.
hold 1
kill "$service"
wait "$holds"; holds=
grep -q '^a' "$tmp/held" || wrong "a stop cut a message: $(cat "$tmp/held")"
wait "$service" || wrong "the service ended with $?"
service=
"$assay" --home "$home" milter-check >"$tmp/out" 2>&1
[ $? -eq 75 ] || wrong "milter-check without a milter: $(cat "$tmp/out")"
[ $failed -eq 0 ] && echo "t_milter: all as wanted"
exit $failed
