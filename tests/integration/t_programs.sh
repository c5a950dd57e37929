#!/bin/sh
# t_programs.sh - programs beside the scan processes of the service: a helper that is killed costs one
# mail its programs' results, and whoever is killed, nothing that a helper started or made is left
#
# What waits for something waits up to a minute: nothing here depends on the machine's speed.
set -u
build=${2:-build}
assay=${ASSAY:-$build/assay}
[ -x "$assay" ] || { echo "t_programs: $assay is not built"; exit 77; }
command -v python3 >/dev/null || { echo "t_programs: python3 is missing"; exit 77; }
for plugin in maildir jsonl exec; do
    [ -f "$build/plugins/$plugin.so" ] || { echo "t_programs: no plugin $plugin"; exit 77; }
done
unset ASSAY_HOME NOTIFY_SOCKET
tmp=$(mktemp -d)
service=
# Nobody else on this machine sleeps for so long.
long=100001.$$

# shellcheck disable=SC2317 # called by trap
finish() {
    [ -z "$service" ] || kill -9 "$service" 2>/dev/null
    rm -rf "$tmp"
}
trap finish EXIT
home=$tmp/home
mkdir -p "$home/M/new" "$home/M/cur" "$home/M/tmp"
mkdir -m 1777 "$tmp/tmp"
chmod 711 "$tmp"

fail() {
    echo "t_programs: $*"
    tail -n 20 "$tmp/log"
    exit 1
}

# until WHAT COMMAND... - a minute's patience
until_ok() {
    what=$1
    shift
    n=0
    until "$@"; do
        n=$((n + 1))
        [ $n -le 600 ] || fail "never: $what"
        sleep 0.1
    done
}

# sleepers - pids of programs that sleep for long
sleepers() {
    for p in /proc/[0-9]*; do
        [ "$(tr '\0' ' ' 2>/dev/null <"$p/cmdline")" = "sleep $long " ] && echo "${p#/proc/}"
    done
}

# shellcheck disable=SC2317 # these three are called by until_ok
reports() { [ "$(wc -l <"$home/reports.jsonl")" -ge "$1" ]; } 2>/dev/null
# shellcheck disable=SC2317
asleep() { [ -n "$(sleepers)" ]; }
# shellcheck disable=SC2317
nothing() { [ -z "$(sleepers)" ] && [ -z "$(ls -A "$tmp/tmp")" ]; }

# mail NAME TEXT - into the Maildir
mail() {
    printf 'From: a@example.org\nSubject: %s\n\n%s\n' "$1" "$2" >"$home/M/tmp/$1"
    mv "$home/M/tmp/$1" "$home/M/new/$1"
}

# parent PID - of a process
parent() {
    sed -n 's/^PPid:\t//p' "/proc/$1/status"
}

start() {
    TMPDIR=$tmp/tmp "$assay" --home "$home" --log-level info serve >"$tmp/log" 2>&1 &
    service=$!
    until_ok "the service is up" grep -q ']: info: ready' "$tmp/log"
}

cat >"$home/assay.conf" <<CONF
[core]
plugins = hash, exec
dispatchers =
always_dispatch = hash, exec
scan_processes = 1
providers = maildir
connectors = jsonl
[maildir]
maildirs = $home/M
[exec]
timeout = 60s
commands = said: /bin/sh -c "if grep -q slumber; then (setsid sleep $long &) ; sleep $long; fi; echo done"
CONF
start
mail 1-before x
until_ok "the first report" reports 1
mail 2-during slumber
until_ok "a program is at work" asleep
# The shell's parent is the helper; its own sleep's parent is the shell.
for pid in $(sleepers); do
    shell=$(parent "$pid")
    case $(tr '\0' ' ' <"/proc/$shell/cmdline") in
    /bin/sh*) break ;;
    esac
done
kill -9 "$(parent "$shell")" || fail "no helper"
until_ok "the second report" reports 2
mail 3-after x
until_ok "the third report" reports 3
python3 - "$home/reports.jsonl" <<'PY' || exit 1
import json, sys

reports = [json.loads(line) for line in open(sys.argv[1])]
runs = [(r["results"][0]["workers"].get("exec") or {}).get("runs", []) for r in reports]
errors = [[(e["plugin_name"], e["kind"]) for e in r["errors"]] for r in reports]
if [bool(r) for r in runs] != [True, False, True] or errors != [[], [("exec", "failed")], []] \
        or any(r["status"] != "scanned" for r in reports):
    sys.exit("t_programs: %s %s" % (runs, errors))
PY
if [ "$(id -u)" -eq 0 ]; then
    # With the first process of its namespace everybody in it goes.
    [ -z "$(sleepers)" ] || until_ok "what the helper had started is gone" nothing
else
    for pid in $(sleepers); do
        kill -9 "$pid"
    done
fi

# The parent is killed while a program is at work: everybody leaves, the helper last.
mail 4-again slumber
until_ok "a program is at work again" asleep
kill -9 "$service"
until_ok "all is gone" nothing
service=

# And in good order: the mail in work is finished or left for the next time.
start
until_ok "the program is at work once more" asleep
kill "$service"
sleep 0.2
for pid in $(sleepers); do
    kill "$pid" 2>/dev/null
done
wait "$service" || fail "stopped with $?"
until_ok "nothing is left" nothing
service=
echo "t_programs: killed helper, killed service, orderly stop"
