#!/bin/sh
# t_robust.sh - a plugin that crashes, hangs, eats memory, floods or lies costs its own result on that
# payload: the report is there, says so, and holds what the other workers found
set -u
src=${1:?source directory} build=${2:?build directory}
: "${ASSAY:?the command}"
[ -x "$ASSAY" ] || { echo "t_robust: $ASSAY is not built"; exit 77; }
command -v python3 >/dev/null || { echo "t_robust: python3 is missing"; exit 77; }
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
fails=0
limit=20s

# try PLUGIN CHECK [OPTION...] - scans the sample with that plugin on every payload; CHECK is a
# Python expression over the report r, the errors e of the plugin and the payloads p
try() {
    plugin=$1 check=$2
    shift 2
    cat >"$dir/conf" <<CONF
[core]
plugins = hash, smtp, mimetype, $plugin
always_dispatch = hash, $plugin, mimetype
dispatchers = mimetype
worker_timeout = $limit
scan_memory = 128M
CONF
    timeout 60 "$ASSAY" --conf "$dir/conf" --plugin-dir "$build/tests/plugins" scan --compact "$@" \
        "$src/docs/samples/2-invoice.eml" "$src/docs/samples/1-newsletter.eml" \
        >"$dir/out" 2>"$dir/err"
    code=$?
    if [ $code -ne 0 ] || [ "$(wc -l <"$dir/out")" -ne 2 ]; then
        echo "t_robust: $plugin: exit $code, $(wc -l <"$dir/out") reports, $(cat "$dir/err")"
        fails=$((fails + 1))
        return
    fi
    python3 - "$plugin" "$check" "$dir/out" <<'PY' || fails=$((fails + 1))
import json, sys
plugin, check, name = sys.argv[1:]
for line in open(name):
    r = json.loads(line)
    p = r["results"]
    e = [x for x in r["errors"] if x["plugin_name"] == plugin]
    kinds = {x["kind"] for x in e}
    fine = eval(check) and all("hash" in x["workers"] for x in p if x["depth"] < 3)
    fine = fine and "smtp" in p[0]["workers"] and r["verdict"]["action"] in ("accept", "tag")
    if not fine:
        sys.exit("t_robust: %s: not %s: %s %s" % (plugin, check, e[:3], r["limits"][:3]))
PY
}

# Each payload is blamed on its own, or the worker is skipped for the whole mail: never anybody else.
try crash 'kinds == {"crashed"} and len(e) == len(p)'
try abort 'kinds == {"crashed"} and len(e) == len(p)'
limit=300ms
try hang 'kinds == {"timeout"} and len(e) == len(p)'
limit=20s
if ! grep -q '^ASSAY_SANITIZE:STRING=..*' "$build/CMakeCache.txt"; then
    try eatmem 'kinds == {"crashed"} and len(e) == len(p)'
fi
try flood 'any(x["limit"] == "max_children" for x in r["limits"])'
try bomb 'any(x["limit"] in ("max_ratio", "max_member_bytes") for x in r["limits"])'
try recurse 'any(x["limit"] == "max_recursion" for x in r["limits"])'
try recurse 'any(x["limit"] == "max_recursion" and x["allowed"] == 3 for x in r["limits"])' \
    --max-recursion 3
try failing 'kinds == {"failed"}'
try baddata '"bad_result" in kinds'
# And once more with processes side by side.
try crash 'kinds == {"crashed"} and len(e) == len(p)' --jobs 2
# What a mail that owns the process would try: all refused.
try sandbox 'all(t["refused"] for x in p for t in x["workers"]["sandbox"]["tries"]) and len(p[0]["workers"]["sandbox"]["tries"]) > 10'

[ $fails -eq 0 ] || exit 1
echo "t_robust: each cost its own result only"
