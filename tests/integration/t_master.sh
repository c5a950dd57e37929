#!/bin/sh
# t_master.sh - scan processes of the service among mails that kill them: one bad mail costs nobody
# else anything, who did it can be seen, inline mail does not wait for bulk mail, nothing is opened
# behind the seal
#
# What waits for something waits up to a minute: nothing here depends on the machine's speed.
set -u
src=${1:?source directory}
build=${2:?build directory}
assay=${ASSAY:-$build/assay}
[ -x "$assay" ] || { echo "t_master: $assay is not built"; exit 77; }
command -v python3 >/dev/null || { echo "t_master: python3 is missing"; exit 77; }
tmp=$(mktemp -d)
home=$tmp/home
unset ASSAY_HOME NOTIFY_SOCKET
failed=0
service=
mkdir "$home"

# shellcheck disable=SC2317 # called by trap
finish() {
    [ -z "$service" ] || kill -9 "$service" 2>/dev/null
    rm -rf "$tmp"
}
trap finish EXIT

# wrong TEXT - remember a failure
wrong() {
    echo "FAILED: $*"
    tail -n 20 "$tmp/log" | sed 's/^/    log: /'
    failed=1
}

# until_log TEXT - it comes into the log
until_log() {
    n=0
    until grep -q -e "$1" "$tmp/log"; do
        n=$((n + 1))
        [ $n -le 600 ] || { wrong "the log never says: $1"; return 1; }
        sleep 0.1
    done
}

# flood WHAT... - scan_flood.py on the service
flood() {
    python3 "$src/tests/integration/scan_flood.py" "$home/run" "$@" >"$tmp/said" 2>&1 ||
        wrong "$(cat "$tmp/said")"
    cat "$tmp/said"
}

# begin [COMMAND...] - the service, behind strace or so; $service is its parent
begin() {
    "$@" "$assay" --plugin-dir "$build/tests/plugins" --home "$home" serve >"$tmp/log" 2>&1 &
    started=$!
    until_log '\] master: info: ready'
    service=$(cat "$home/run/service.pid")
}

# stop - in good order
stop() {
    kill "$service"
    wait "$started" || wrong "the service ended with $?"
    service=
}

cat >"$home/assay.conf" <<CONF
[core]
plugins = hash, crash, hang, abort
dispatchers =
always_dispatch = hash, crash, hang, abort
scan_processes = 4
worker_timeout = 2s
[crash]
marker = CRASH
[hang]
marker = HANG
[abort]
marker = ABORT
CONF

begin
flood contain
# Who was at work when it ended is in the log, and on the page of the process.
until_log 'a scan process .* at crash on payload 0 .*queue_id=4XyZ'
until_log 'a scan process was ended by signal 14 (overstayed its time) at hang on payload 0'
# (How they end depends: behind the seal abort(3) executes a trap, sanitizers exit.)
until_log 'a scan process .* at abort on payload 0 .*: BUG at '
flood flood 15
"$assay" --home "$home" status --json >"$tmp/status"
python3 - "$tmp/status" <<'PY' || wrong "status"
import json, sys
status = json.load(open(sys.argv[1]))
scans = [p for p in status["processes"] if p["kind"] == "scan"]
assert len(scans) == 4, scans
assert sum(p["mails"] for p in scans) >= 117, scans
assert sum(p["crashes"] for p in scans) >= 18, scans
assert any("signal" in (p["error"] or "") for p in scans), scans
PY
stop

# Behind the seal: no file, no socket, no process. A service is traced from its start.
if command -v strace >/dev/null && strace -o /dev/null true 2>/dev/null; then
    ASAN_OPTIONS=${ASAN_OPTIONS:-}:detect_leaks=0
    export ASAN_OPTIONS
    begin strace -ff --seccomp-bpf -o "$tmp/trace" -e \
        trace=%file,prctl,seccomp,socket,connect,bind,listen,accept,clone,clone3,fork,vfork,ptrace,kill
    python3 - "$src/tests/integration" "$home/run" <<'PY' || wrong "no mail under strace"
import sys
sys.path.insert(0, sys.argv[1])
import scan_flood
for number in range(20):
    assert scan_flood.scan(sys.argv[2], ("inline", "bulk")[number % 2], f"{number}\n") == "scanned"
PY
    stop
    sealed=$(grep -lE '(PR_SET_SECCOMP|SECCOMP_SET_MODE_FILTER).* = 0$' "$tmp"/trace.* | wc -l)
    [ "$sealed" -ge 4 ] || wrong "$sealed processes closed their sandbox"
    # One file per process.
    awk '
        FNR == 1 { sealed = 0 }
        /(PR_SET_SECCOMP|SECCOMP_SET_MODE_FILTER).* = 0$/ { sealed = 1; next }
        sealed && !/^(\+\+\+|---) / { print; bad = 1 }
        END { exit bad }' "$tmp"/trace.* >"$tmp/tries" || {
        wrong "tried behind the seal"
        sort "$tmp/tries" | uniq -c | sort -rn | head -n 20
    }
else
    echo "t_master: strace cannot trace here: the seal is not looked at"
fi
[ $failed -eq 0 ] && echo "t_master: all well"
exit $failed
