#!/bin/sh
# t_serve.sh - the service as an administrator has it: start, a second one, reload with a good and a
# bad configuration, kill -9 of each process, stop; nothing is left behind
#
# What waits for something waits up to a minute: nothing here depends on the machine's speed.
set -u
assay=${ASSAY:-${2:-build}/assay}
[ -x "$assay" ] || { echo "t_serve: $assay is not built"; exit 77; }
tmp=$(mktemp -d)
unset ASSAY_HOME NOTIFY_SOCKET
failed=0
service=

# shellcheck disable=SC2317 # called by trap
finish() {
	[ -z "$service" ] || kill -9 "$service" 2>/dev/null
	rm -rf "$tmp"
}
trap finish EXIT
home=$tmp/home
mkdir "$home"

# wrong TEXT - remember a failure
wrong() {
	echo "FAILED: $*"
	tail -n 20 "$tmp/log" | sed 's/^/    log: /'
	failed=1
}

# conf TEXT - assay.conf
conf() {
	printf '[core]\nplugins = hash\ndispatchers =\nalways_dispatch = hash\nscan_processes = 2\n%b' \
		"$1" >"$home/assay.conf"
}

# until_log WORDS - these come into the log
until_log() {
	n=0
	until grep -q -e "$1" "$tmp/log"; do
		n=$((n + 1))
		[ $n -le 600 ] || { wrong "the log never says: $1"; return 1; }
		sleep 0.1
	done
}

# until_count N WORDS - so many lines of the log have them
until_count() {
	n=0
	until [ "$(grep -c -e "$2" "$tmp/log")" -ge "$1" ]; do
		n=$((n + 1))
		[ $n -le 600 ] || { wrong "the log does not say $1 times: $2"; return 1; }
		sleep 0.1
	done
}

# until_gone PID - it is no more, or a zombie that nobody has buried yet
until_gone() {
	n=0
	while grep -qs '^State:.[^ZX]' "/proc/$1/status"; do
		n=$((n + 1))
		[ $n -le 600 ] || { wrong "process $1 stays"; return 1; }
		sleep 0.1
	done
}

# child KIND - pid of that child
child() {
	for p in $(cat "/proc/$service/task/$service/children"); do
		tr '\0' ' ' <"/proc/$p/cmdline" | grep -q -e "--as $1" && echo "$p"
	done
}

# status CODE WORDS [OPTIONS] - exit code, and what it says
status() {
	want=$1
	words=$2
	shift 2
	"$assay" --home "$home" status "$@" >"$tmp/out" 2>&1
	code=$?
	[ $code -eq "$want" ] || wrong "status $*: exit $code, not $want: $(head -n 1 "$tmp/out")"
	grep -q -e "$words" "$tmp/out" || wrong "status $* does not say: $words: $(cat "$tmp/out")"
}

# until_well - status says OK
until_well() {
	n=0
	until "$assay" --home "$home" status >"$tmp/out" 2>&1; do
		n=$((n + 1))
		[ $n -le 600 ] || { wrong "it never gets well: $(cat "$tmp/out")"; return 1; }
		sleep 0.1
	done
}

# ask_metrics - as a proxy would
ask_metrics() {
	python3 - "$home/run/metrics.sock" <<'PY'
import socket, sys
line = socket.socket(socket.AF_UNIX)
line.settimeout(60)
line.connect(sys.argv[1])
line.sendall(b"GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n")
while part := line.recv(65536):
    sys.stdout.write(part.decode())
PY
}

# start - the service, ready
start() {
	: >"$tmp/log"
	"$assay" --home "$home" serve 2>>"$tmp/log" &
	service=$!
	until_log ': ready in'
}

# ends CODE - the service does, with this exit code
ends() {
	until_gone "$service"
	wait "$service"
	code=$?
	[ $code -eq "$1" ] || wrong "exit code $code, not $1"
	service=
}

# A configuration that is wrong is one line, and exit 78.
conf 'no_such_option = 1\n'
"$assay" --home "$home" serve >"$tmp/out" 2>"$tmp/log"
[ $? -eq 78 ] || wrong "a wrong option is not exit 78"
grep -q 'assay.conf:6: .*no_such_option' "$tmp/log" || wrong "the line is not named"
conf '[hash]\nno_such_option = 1\n'
"$assay" --home "$home" serve >"$tmp/out" 2>"$tmp/log"
[ $? -eq 78 ] || wrong "a wrong option of a plugin is not exit 78"
grep -q 'assay.conf:7: .*no_such_option' "$tmp/log" || wrong "the line of the plugin is not named"
[ -e "$home/run/inline.sock" ] && wrong "a socket is left"

# Start; a second one is refused and names the first.
status 2 '^DOWN: no service runs'
"$assay" --home "$home" reload 2>"$tmp/err"
[ $? -eq 75 ] || wrong "reload without a service is not exit 75"
conf ''
start
until_well
status 0 '^OK: '
status 0 'no mail is in work' --mails
status 0 '"level": "ok"' --json
status 0 '^assay_health 0' --prometheus
[ -S "$home/run/inline.sock" ] && [ -S "$home/run/bulk.sock" ] || wrong "there are no sockets"
"$assay" --home "$home" serve 2>"$tmp/second"
[ $? -eq 75 ] || wrong "a second service is not exit 75"
grep -q "pid $service)" "$tmp/second" || wrong "the second does not name the first"

# Each child that is killed comes again.
for kind in master janitor rescan; do
	before=$(child $kind)
	[ -n "$before" ] || wrong "there is no $kind"
	kill -9 "$before"
	until_log "$kind was killed by signal 9"
	n=0
	while after=$(child $kind); [ -z "$after" ] || [ "$after" = "$before" ]; do
		n=$((n + 1))
		[ $n -le 600 ] || { wrong "$kind does not come again"; break; }
		sleep 0.1
	done
done

# Reload: a good configuration exchanges everybody, a bad one nobody.
conf 'scan_processes = 3\n'
sed -i '/^scan_processes = 2/d' "$home/assay.conf"
before=$(child master)
"$assay" --home "$home" reload >"$tmp/out" 2>&1 || wrong "reload: $(cat "$tmp/out")"
until_log 'reload done: generation 2'
[ "$(child master)" != "$before" ] || wrong "reload keeps the old scan master"
before=$(child master)
conf '[hash]\nno_such_option = 1\n'
"$assay" --home "$home" reload 2>"$tmp/err"
[ $? -eq 78 ] || wrong "reload of a bad configuration is not exit 78"
grep -q no_such_option "$tmp/err" || wrong "reload does not say what is wrong"
until_log 'the old configuration stays in force'
status 1 '^DEGRADED: .*no_such_option'
[ "$(child master)" = "$before" ] || wrong "a bad configuration has changed the scan master"
if [ "$(id -u)" -eq 0 ]; then
	conf 'user = daemon\n'
	"$assay" --home "$home" reload 2>"$tmp/err"
	[ $? -eq 78 ] || wrong "reload for another user is not exit 78"
	grep -q 'user = daemon' "$tmp/err" || wrong "reload does not say that users stay"
fi
conf 'reload = replace\n'
kill -HUP "$service"
until_log 'reload done: generation 3'

until_well

# A process that hangs is told of, and the answer comes all the same.
victim=$(child janitor)
kill -STOP "$victim"
status 0 '^OK: '
kill -CONT "$victim"

# The bypass: on, seen, off.
"$assay" --home "$home" bypass on --for 10m --worker hash >"$tmp/out" 2>&1
[ $? -eq 64 ] || wrong "a bypass without a reason is not exit 64"
"$assay" --home "$home" bypass on --for 10m --worker hash --reason 'a test' >"$tmp/out" 2>&1 ||
	wrong "bypass on: $(cat "$tmp/out")"
status 1 'bypass of hash until .*(a test); try: assay bypass off'
"$assay" --home "$home" bypass | grep -q 'not shown to hash until .* a test' || wrong "bypass"
"$assay" --home "$home" bypass off >"$tmp/out" || wrong "bypass off"
"$assay" --home "$home" bypass | grep -q 'mail is scanned' || wrong "bypass off is not off"
for bad in '--for 10' '--for 0s' '--for 31d' '--rule a/b' '--worker x --rule y' 'on'; do
	# shellcheck disable=SC2086 # several words
	"$assay" --home "$home" bypass on --reason r $bad 2>"$tmp/err"
	[ $? -eq 64 ] || wrong "bypass on $bad is not exit 64"
done
status 0 '^OK: '

# Metrics on a socket: there with the option, gone without it.
conf 'metrics = yes\n'
"$assay" --home "$home" reload >"$tmp/out" 2>&1 || wrong "reload: $(cat "$tmp/out")"
until_log 'metrics: info: ready'
ask_metrics >"$tmp/out" || wrong "no metrics: $(cat "$tmp/out")"
grep -q '^HTTP/1.0 200 OK' "$tmp/out" || wrong "metrics are no answer in HTTP"
grep -q '^assay_process_up{kind="metrics",name=""} 1' "$tmp/out" || wrong "metrics say nothing"
conf ''
"$assay" --home "$home" reload >"$tmp/out" 2>&1 || wrong "reload: $(cat "$tmp/out")"
[ -z "$(child metrics)" ] || wrong "the process for metrics stays"
[ -e "$home/run/metrics.sock" ] && wrong "the socket for metrics stays"

# Who has to be started anew and finds other files makes all change.
conf 'recycle_after = 77\n'
kill -9 "$(child janitor)"
until_log 'reload done: generation 6'

# SIGTERM: in order, exit 0, nothing left.
all=$(cat "/proc/$service/task/$service/children")
kill -TERM "$service"
ends 0
for p in $all; do
	until_gone "$p"
done
for f in inline.sock bulk.sock service.board service.pid; do
	[ -e "$home/run/$f" ] && wrong "$f is left"
done

# kill -9 of the parent: everybody goes, and the next start works.
start
all=$(cat "/proc/$service/task/$service/children")
kill -9 "$service"
ends 137
status 2 '^DOWN: .*was killed'
for p in $all; do
	until_gone "$p"
done
start
kill -INT "$service"
ends 0

# In the background: returns when all is up.
"$assay" --home "$home" serve -d 2>"$tmp/log" || wrong "serve -d does not start: $?"
service=$(cat "$home/run/service.pid")
[ -S "$home/run/inline.sock" ] || wrong "serve -d has returned too early"
kill -TERM "$service"
until_gone "$service"
service=
[ -e "$home/run/service.pid" ] && wrong "serve -d leaves its pid file"
conf '[hash]\nno_such_option = 1\n'
"$assay" --home "$home" serve -d 2>"$tmp/log"
[ $? -eq 78 ] || wrong "serve -d with a wrong configuration is not exit 78"

# As root with a user: what belongs to whom, who runs as whom.
if [ "$(id -u)" -eq 0 ]; then
	chmod 755 "$tmp"
	home=$tmp/users
	mkdir "$home"
	conf 'user = daemon\nscan_user = nobody\nconnectors = jsonl\n'
	"$assay" --home "$home" serve 2>"$tmp/log"
	[ $? -eq 73 ] || wrong "a home that the user cannot write to is not exit 73"
	grep -q 'user "daemon" .*cannot write there' "$tmp/log" || wrong "and it does not say so"
	chown daemon "$home"
	start
	until_well
	for kind in janitor rescan connector:jsonl; do
		[ "$(stat -c %U "/proc/$(child $kind)")" = daemon ] || wrong "$kind is not daemon's"
		grep -q '^CapEff:.0*$' "/proc/$(child $kind)/status" || wrong "$kind has rights"
	done
	[ "$(stat -c %U "$home/run/inline.sock")" = daemon ] || wrong "the socket is not daemon's"
	if command -v setpriv >/dev/null; then
		setpriv --reuid daemon --regid daemon --clear-groups "$assay" --home "$home" status \
			>"$tmp/out" 2>&1 || wrong "daemon cannot ask for the status: $(cat "$tmp/out")"
		setpriv --reuid nobody --regid nogroup --clear-groups "$assay" --home "$home" status \
			>"$tmp/out" 2>&1
		[ $? -eq 2 ] || wrong "nobody gets a status"
		grep -q 'Permission denied' "$tmp/out" || wrong "nobody is not told why"
	fi
	kill -TERM "$service"
	ends 0
fi

# A plugin that takes the process down when it is opened: tried again, then the service says so and ends.
printf '[core]\nplugins = fatal\nplugin_dir = %s\n' "$(cd "$(dirname "$assay")" && pwd)/tests/plugins" >"$tmp/fatal.conf"
"$assay" --home "$tmp" --conf "$tmp/fatal.conf" serve 2>"$tmp/log"
[ $? -eq 70 ] || wrong "a check that is killed is not exit 70"
until_count 2 'check of the configuration was killed by signal 9: again'
until_count 1 'check of the configuration was killed by signal 9: the service ends'

# Where it cannot be, it says so.
"$assay" --home "$tmp/none/none" serve 2>"$tmp/log"
[ $? -eq 73 ] || wrong "a home that cannot be made is not exit 73"
"$assay" --home "$home" serve x 2>"$tmp/log"
[ $? -eq 64 ] || wrong "an operand is not exit 64"
"$assay" --home "$home" serve --as door:x,fd=3 2>"$tmp/log"
[ $? -eq 64 ] || wrong "a wrong role is not exit 64"

exit $failed
