#!/bin/sh
# words.sh - nothing in the tree speaks of the machine it was written on, or of how
set -eu
cd "${1:-.}"
exec python3 - <<'PY'
import re, sys
sys.path.insert(0, "tests/lint")
from sources import tracked

WORDS = [r"/w[o]rk/", r"(?<!\w)/h[o]me/\w", r"(?<!\w)/r[o]ot/", r"/tmp/[b]rief", r"\.l[i]brary/", r"\bw[t]/\w",
         r"(?i)\bsub[a]gent", r"(?i)\bc[l]aude", r"(?i)\banthr[o]pic", r"(?i)\bcop[i]lot",
         r"(?i)\bch[a]tgpt", r"(?i)\blanguage m[o]del", r"\bTOD[O]\b", r"\bFIXM[E]\b", r"\bXX[X]\b"]
SHARED = r"\.\./sh[a]red"  # only as the default place of the corpus
bad = []
for path in tracked(""):
    try:
        text = open(path, encoding="utf-8").read()
    except UnicodeDecodeError:
        continue  # a test mail
    for number, line in enumerate(text.split("\n"), 1):
        for word in WORDS:
            if re.search(word, line) and not path.startswith(("tests/fuzz/corpus/", "tests/golden/")):
                bad.append(f"{path}:{number}: {line.strip()[:100]}")
        if re.search(SHARED, line) and not re.search(SHARED + r"/corpus", line):
            bad.append(f"{path}:{number}: {line.strip()[:100]}")
print("\n".join(bad) or "words: the tree speaks of itself only")
sys.exit(bool(bad))
PY
