#!/bin/sh
# schema.sh - docs/assay-1.schema.json is what the program says of itself, and it only ever grows
#
# tests/lint/schema-baseline.json is the schema of the last release: a property that is gone, a
# type or an enum value that is gone, a new required member or another privacy class is refused.
# After a release: cp docs/assay-1.schema.json tests/lint/schema-baseline.json
# The same for findings: docs/assay-finding-1.schema.json (which test_finding compares with what the
# program makes) and finding-baseline.json.
set -eu
cd "${1:-.}"
assay=${ASSAY:-${2:-build}/assay}
[ -x "$assay" ] || { echo "schema: $assay is not built"; exit 77; }
exec python3 - "$assay" <<'PY'
import json, subprocess, sys

done = subprocess.run([sys.argv[1], "plugins", "--schema"], capture_output=True, text=True)
if done.returncode != 0:
    sys.exit(f"assay plugins --schema: exit {done.returncode}: {done.stderr.strip()}")
now = json.loads(done.stdout)
kept = json.load(open("docs/assay-1.schema.json", encoding="utf-8"))
base = json.load(open("tests/lint/schema-baseline.json", encoding="utf-8"))
bad = []
if now != kept:
    bad.append("docs/assay-1.schema.json is not what the program says; "
               "build/assay plugins --schema > docs/assay-1.schema.json")

def types(node):
    kind = node.get("type", [])
    return set([kind] if isinstance(kind, str) else kind)

def compare(old, new, where):
    if not isinstance(old, dict) or not isinstance(new, dict):
        return
    if types(old) - types(new) or (types(new) - types(old) and types(old)):
        bad.append(f"{where}: type {sorted(types(old))} became {sorted(types(new))}")
    if set(map(str, old.get("enum", []))) - set(map(str, new.get("enum", []))):
        bad.append(f"{where}: an enum value is gone")
    if set(new.get("required", [])) - set(old.get("required", [])) and "properties" in old:
        bad.append(f"{where}: more members are required")
    if set(old.get("required", [])) - set(new.get("required", [])):
        bad.append(f"{where}: a member that was always there is so no longer")
    if old.get("x-privacy") != new.get("x-privacy"):
        bad.append(f"{where}: privacy {old.get('x-privacy')} became {new.get('x-privacy')}")
    for group in ("properties", "$defs", "definitions", "patternProperties"):
        for name, node in old.get(group, {}).items():
            if name not in new.get(group, {}):
                bad.append(f"{where}/{name}: gone")
            else:
                compare(node, new[group][name], f"{where}/{name}")
    for inner in ("items", "additionalProperties"):
        if isinstance(old.get(inner), dict):
            compare(old[inner], new.get(inner, {}), f"{where}[]")
    for i, node in enumerate(old.get("anyOf", []) + old.get("oneOf", [])):
        other = (new.get("anyOf", []) + new.get("oneOf", []))[i:i + 1]
        compare(node, other[0] if other else {}, f"{where}|{i}")

compare(base, kept, "")
compare(*(json.load(open(name, encoding="utf-8")) for name in
          ("tests/lint/finding-baseline.json", "docs/assay-finding-1.schema.json")), "finding: ")
print("\n".join(bad) or "schema: as the program says, and nothing was taken away")
sys.exit(bool(bad))
PY
