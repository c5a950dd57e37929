#!/bin/sh
# tests_exist.sh - every .c file has a test
#
# tests/unit/test_NOUN.c, where NOUN_more.c belongs to NOUN; or test_PLUGIN.c for a file in the folder of a plugin; or a test that
# includes NOUN.h, or says NOUN in its first ten lines; or the one that ELSEWHERE names, because the
# file is a part of what that one tests.
# core/cmd is tested by running the command (tests/integration).
set -eu
cd "${1:-.}"
exec python3 - <<'PY'
import os, re, sys
sys.path.insert(0, "tests/lint")
from sources import tracked

ELSEWHERE = {
    "core/check.c": "integration/t_serve.sh", "core/docfields.c": "lint/schema.sh",
    "core/home.c": "unit/test_config.c",
    "core/metrics.c": "integration/t_serve.sh", "core/notes.c": "unit/test_engine.c",
    "core/plan.c": "unit/test_engine.c",
    "core/policy.c": "unit/test_engine.c", "core/progress.c": "unit/test_ask.c",
    "core/reload.c": "integration/t_serve.sh", "core/report_read.c": "unit/test_format.c",
    "core/scanner.c": "integration/t_scan.sh", "core/serve.c": "integration/t_serve.sh",
    "core/scanproc.c": "unit/test_ask.c", "core/setup.c": "integration/t_scan.sh",
    "core/text/css.c": "unit/test_html.c", "smtp/body.c": "unit/test_smtp_worker.c",
    "smtp/head.c": "unit/test_smtp_golden.c",
    "smtp/mail/lex.c": "unit/test_addr.c", "smtp/others.c": "unit/test_smtp_worker.c",
    "smtp/smime.c": "unit/test_smtp_worker.c", "smtp/traits.c": "unit/test_smtp_worker.c",
    "smtp/urls.c": "unit/test_smtp_worker.c", "core/wordlist.c": "integration/t_seen.sh",
}
tests = {path: open(path, encoding="utf-8", errors="replace").read()
         for path in tracked(".c", ".sh", ".py") if path.startswith("tests/")
         and not path.startswith("tests/lint/")}
bad = []
for path in tracked(".c"):
    if not path.startswith(("core/", "smtp/", "bloom/", "milter/", "plugins/")) \
            or path.startswith(("core/cmd/", "plugins/template/")):
        continue
    if os.path.isfile("tests/" + ELSEWHERE.get(path, "/")):
        continue
    noun = os.path.basename(path)[:-2]
    folder = os.path.basename(os.path.dirname(path))
    nouns = [noun, noun.split("_")[0]] + [folder] * (path.count("/") == 3 and path.startswith("plugins/"))
    names = {name for n in nouns for name in (f"test_{n}.c", f"fuzz_{n}.c", f"t_{n}.sh")}
    named = re.compile(rf"\b{re.escape(noun)}\.[ch]\b")
    said = re.compile(rf"\b{re.escape(noun)}\b")
    if not any(os.path.basename(t) in names or named.search(text)
               or said.search("\n".join(text.split("\n")[:10])) for t, text in tests.items()):
        bad.append(f"{path}: no test_{noun}.c, and no test names {noun}.h or {noun}.c")
print("\n".join(bad) or "tests_exist: every file has a test")
sys.exit(bool(bad))
PY
