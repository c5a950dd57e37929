#!/bin/sh
# t_exec.sh - the examples of contrib/exec as workers: what they say is in the report, what they find
# is scanned in its turn, a fact of theirs can be asked for
set -u
src=${1:?source directory} build=${2:?build directory}
: "${ASSAY:?the command}"
[ -x "$ASSAY" ] || { echo "t_exec: $ASSAY is not built"; exit 77; }
command -v python3 >/dev/null || { echo "t_exec: python3 is missing"; exit 77; }
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
# Where the user of the programs may read them, wherever the source lies.
chmod 755 "$dir"
cp "$src/contrib/exec/lines.sh" "$src/contrib/exec/unbase64.py" "$dir"
chmod 755 "$dir"/*
python=$(python3 -c 'import os, sys; print(os.path.realpath(sys.executable))')
case $python in
/usr/*) ;;
*) python=$(command -v /usr/bin/python3) || { echo "t_exec: no python3 that everybody may run"; exit 77; } ;;
esac

fail() {
    echo "t_exec: $*"
    exit 1
}

cat >"$dir/conf" <<CONF
[core]
plugins = smtp, hash, mimetype, exec
always_dispatch = hash, mimetype, exec
[exec]
commands = lines text/*: $dir/lines.sh,
    unbase64 text/* application/javascript: $python $dir/unbase64.py,
    about message/rfc822: /bin/sh -c "env | grep ^ASSAY_ | grep -v ASSAY_OUT | sort"
CONF
{
    printf 'From: a@example.org\nTo: b@example.org\nSubject: hidden\nMIME-Version: 1.0\n'
    printf 'Content-Type: text/x-script\nContent-Disposition: attachment; filename="evil$(id)`id`.txt"\n\n'
    printf 'x = "%s"\n' "$({ printf 'MZ'; head -c 300 /dev/zero; } | base64 | tr -d '\n')"
    head -c 1200 /dev/zero | tr '\0' .
    echo
} >"$dir/mail.eml"
"$ASSAY" --conf "$dir/conf" --plugin-dir "$build/plugins" scan --compact "$dir/mail.eml" \
    >"$dir/out" 2>"$dir/err" || fail "exit $?: $(cat "$dir/err")"
[ ! -s "$dir/err" ] || fail "$(cat "$dir/err")"
python3 - "$dir/out" <<'PY' || exit 1
import json, sys

report = json.load(open(sys.argv[1]))
root, text = report["results"][:2]
runs = {r["program"]: r for r in root["workers"]["exec"]["runs"]}
about = dict(line.split("=", 1) for line in runs["about"]["output"].splitlines())
found = {r["program"]: r for r in text["workers"]["exec"]["runs"]}
rows = {f["key"]: f for f in found["lines"]["fields"]}
blob = [p for p in report["results"] if p["extracted_by"] == ["exec"]]

def check(what, fine):
    if not fine:
        sys.exit("t_exec: not %s: %s %s" % (what, report["errors"], text["workers"]["exec"]))

check("no errors", report["errors"] == [])
check("one program for the message", set(runs) == {"about"} and not runs["about"]["json"])
check("told about it", about["ASSAY_SHA256"] == root["sha256"] and about["ASSAY_TYPE"] == "message/rfc822"
      and about["ASSAY_FILENAME"] == "mail.eml" and about["ASSAY_SOURCE"] == "scan"
      and about["ASSAY_SIZE"] == str(root["size"]) and about["ASSAY_PAYLOAD_ID"] == "0")
check("both for the text", set(found) == {"lines", "unbase64"} and found["lines"]["exit"] == 0)
check("lines", rows["lines"]["value_int"] == 2 and rows["longest"]["value"] == "1200")
check("tags", set(text["workers"]["exec"]["tags"]) == {"long-line", "base64-exe"}
      and set(text["facts"]["exec_tag"]) == {"long-line", "base64-exe"})
check("the child", len(blob) == 1 and blob[0]["size"] == 302 and blob[0]["filename"] == "00.bin"
      and "hash" in blob[0]["workers"])
PY

# A line that makes no sense is refused with its place.
printf '[core]\nplugins = exec\n[exec]\ncommands = /bin/cat\n' >"$dir/bad"
code=0
"$ASSAY" --conf "$dir/bad" --plugin-dir "$build/plugins" scan "$dir/mail.eml" >/dev/null 2>"$dir/err" || code=$?
{ [ $code -eq 78 ] && grep -q 'exec.*commands.*/bin/cat' "$dir/err"; } || fail "exit $code: $(cat "$dir/err")"
echo "t_exec: shell and Python as workers"
