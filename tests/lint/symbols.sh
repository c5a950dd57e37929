#!/bin/sh
# symbols.sh - libassay.so exports what core/include/assay declares as ASSAY_API, no more, no less;
# a plugin exports one object
set -eu
cd "${1:-.}"
build=${2:-build}
command -v nm >/dev/null || { echo "nm is missing"; exit 77; }
lib=$(find "$build" -name 'libassay.so*' -type f 2>/dev/null | head -n 1)
[ -n "$lib" ] || { echo "symbols: no libassay.so in $build"; exit 77; }
exec python3 - "$lib" "$build" <<'PY'
import glob, re, subprocess, sys
sys.path.insert(0, "tests/lint")
from sources import code_without_comments

def exported(path):
    out = subprocess.run(["nm", "-D", "--defined-only", path], check=True, capture_output=True,
                         text=True).stdout
    return {line.split()[2].split("@")[0] for line in out.splitlines()
            if len(line.split()) == 3 and not line.split()[2].startswith(("_", "__"))}

declared = set()
for header in glob.glob("core/include/assay/*.h"):
    text = code_without_comments(header)
    for match in re.finditer(r"\bASSAY_API\b([^;]*);", text):
        rest = re.sub(r"ASSAY_PRINTF\([^)]*\)|__attribute__\s*\(\(.*?\)\)", "", match.group(1))
        name = re.search(r"(\w+)\s*(\(|$)", rest.strip())
        if name:
            declared.add(name.group(1))
declared.discard("assay_plugin")  # each plugin's own
declared.add("assay_cmd_main")  # what the command's main() calls
got = exported(sys.argv[1])
bad = [f"exported, not declared ASSAY_API in core/include/assay: {n}" for n in sorted(got - declared)]
bad += [f"declared ASSAY_API, not in the library: {n}" for n in sorted(declared - got)]
for plugin in sorted(glob.glob(sys.argv[2] + "/plugins/*.so")):
    names = exported(plugin)
    if names != {"assay_plugin"}:
        bad.append(f"{plugin} exports {' '.join(sorted(names)) or 'nothing'}, not assay_plugin alone")
print("\n".join(bad) or f"symbols: {len(got)} exported, all declared")
sys.exit(bool(bad))
PY
