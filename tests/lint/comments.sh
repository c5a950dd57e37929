#!/bin/sh
# comments.sh - a head comment in each file, `/* name - purpose */` above each function
#
# Tests may leave out the latter where the name says it. Comments are C comments; no author names.
set -eu
cd "${1:-.}"
exec python3 - <<'PY'
import re, sys
sys.path.insert(0, "tests/lint")
from sources import functions, tracked

bad = []
for path in tracked(".c", ".h"):
    text = open(path, encoding="utf-8").read()
    lines = text.split("\n")
    if not text.startswith("/*"):
        bad.append(f"{path}:1: no head comment: what it is, what it may touch, how it fails")
    head = text.split("*/")
    if path.startswith("core/include/assay/") != ("SPDX-License-Identifier" in text):
        bad.append(f"{path}: the SPDX line stands in core/include/assay/*.h and nowhere else")
    if re.search(r"(?m)^\s*//", text):
        bad.append(f"{path}: // comment")
    if path.startswith("tests/") or path.endswith(".h") or "/test_" in path:
        continue
    for f in functions(path):
        at = f.first - 2
        while at >= 0 and (lines[at].startswith("#") or lines[at].strip().startswith("__attr")):
            at -= 1
        last = at
        while at > 0 and not lines[at].lstrip().startswith("/*") and lines[at].strip():
            at -= 1
        above = "\n".join(lines[at:last + 1]) if at >= 0 else ""
        if not re.search(r"/\*\s*(?:\*\s*)?" + f.name + r"\b[^-]*- \S", above):
            bad.append(f"{path}:{f.first}: no `/* {f.name} - purpose */` above it")
print("\n".join(bad) or "comments: every file and function says what it is")
sys.exit(bool(bad))
PY
