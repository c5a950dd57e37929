#!/bin/sh
# t_helper.sh - programs of a plugin: what they give is in the report, what they do wrong costs their
# own result, and nothing of them is left
set -u
src=${1:?source directory} build=${2:?build directory}
: "${ASSAY:?the command}"
[ -x "$ASSAY" ] || { echo "t_helper: $ASSAY is not built"; exit 77; }
command -v python3 >/dev/null || { echo "t_helper: python3 is missing"; exit 77; }
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
chmod 711 "$dir"
mkdir -m 1777 "$dir/tmp"
fails=0
limit=20s

# try NAME SCRIPT CHECK [OPTION...] - two mails; CHECK is a Python expression over the report r, the
# errors e of the plugin, the payloads p and the results w of those on which the program was run
try() {
    name=$1 script=$2 check=$3
    shift 3
    cat >"$dir/conf" <<CONF
[core]
plugins = hash, smtp, mimetype, program
always_dispatch = hash, program, mimetype
dispatchers = mimetype
worker_timeout = $limit
CONF
    TMPDIR=$dir/tmp timeout 120 "$ASSAY" --conf "$dir/conf" --plugin-dir "$build/tests/plugins" scan \
        --compact --plugin-opts "program:script=$script" "$@" \
        "$src/docs/samples/2-invoice.eml" "$src/docs/samples/1-newsletter.eml" \
        >"$dir/out" 2>"$dir/err"
    code=$?
    if [ $code -ne 0 ] || [ "$(wc -l <"$dir/out")" -ne 2 ]; then
        echo "t_helper: $name: exit $code, $(wc -l <"$dir/out") reports, $(cat "$dir/err")"
        fails=$((fails + 1))
        return
    fi
    if [ -n "$(ls -A "$dir/tmp")" ]; then
        echo "t_helper: $name: left in the temporary directory: $(ls -A "$dir/tmp")"
        fails=$((fails + 1))
    fi
    python3 - "$name" "$check" "$dir/out" <<'PY' || fails=$((fails + 1))
import json, sys
name, check, file = sys.argv[1:]
for line in open(file):
    r = json.loads(line)
    p = r["results"]
    w = [x["workers"]["program"] for x in p if x["workers"].get("program")]
    w = [x for x in w if x["said"] != "fine"]  # not meant
    e = [x for x in r["errors"] if x["plugin_name"] == "program"]
    kinds = {x["kind"] for x in e}
    fine = eval(check) and all("hash" in x["workers"] for x in p)
    fine = fine and "smtp" in p[0]["workers"] and r["status"] == "scanned"
    if not fine:
        sys.exit("t_helper: %s: not %s: %s %s" % (name, check, e[:3], w[:3]))
PY
}

# What a program says, once per payload.
try bytes 'wc -c' 'not e and len(w) == len(p) and all(int(x["workers"]["program"]["said"]) == x["size"] for x in p)'
try exit 'echo x; exit 5' 'not e and w and all(x["exit"] == 5 and x["said"] == "x\n" for x in w)'
# shellcheck disable=SC2016 # for the script's shell
try crash 'kill -SEGV $$' 'not e and w and all(x["signal"] == 11 for x in w)'
# shellcheck disable=SC2016
try files 'cd "$ASSAY_OUT"; head -c 10 >one; mkdir d; echo "two $$" >"d/../d/a\b"; ln -s /etc/passwd l; mkfifo f' \
    'not e and w[0]["left_out"] == 2 and [x["filename"] for x in p if x["extracted_by"] == ["program"]][:2] == ["d/a\\b", "one"]'
# Whatever a program does, the mail is scanned.
try hang 'sleep 1000' 'kinds == {"timeout"} and not w' --plugin-opts program:timeout=200ms \
    --plugin-opts program:marker=Received
limit=1s
try late 'sleep 1000' 'kinds == {"timeout"} and not w' --plugin-opts program:marker=Received
limit=20s
try flood 'head -c 1000000000 /dev/zero' 'kinds == {"failed"} and "more output" in e[0]["error"]'
# Against the process that runs it: as root it cannot be killed from inside; elsewhere the mail goes
# on without, and the next mail has a new helper.
# shellcheck disable=SC2016
try patricide 'kill -9 $PPID; sleep 0.2; echo alive' '(kinds == {"failed"} and not w) or (not e and all(x["said"] == "alive\n" for x in w))' \
    --plugin-opts 'program:marker=INV-'
try sides 'wc -c' 'not e and len(w) == len(p)' --jobs 2

# A program that is not there is told once, at the start, and in each report.
try missing '' 'kinds == {"failed"} and len(e) == len(p) and "is not there" in e[0]["error"]' \
    --plugin-opts program:path=/nonexistent/sh --jobs 2
[ "$(grep -c '/nonexistent/sh is not there' "$dir/err")" = 1 ] || {
    echo "t_helper: missing: $(cat "$dir/err")"
    fails=$((fails + 1))
}

[ $fails -eq 0 ] || exit 1
echo "t_helper: programs cost their own results only, and nothing is left of them"
