#!/bin/sh
# t_iocextract.sh - every host name that a naive search finds in the decoded bodies of real mail is found
set -u
src=${1:?source directory}
: "${ASSAY:?the command}"
[ -x "$ASSAY" ] || { echo "t_iocextract: $ASSAY is not built"; exit 77; }
command -v python3 >/dev/null || { echo "t_iocextract: python3 is missing"; exit 77; }
corpus=${ASSAY_CORPUS:-$src/../shared/corpus}
[ -d "$corpus/real-phish" ] || { echo "t_iocextract: no corpus at $corpus"; exit 77; }
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
printf '[core]\nplugins = smtp, mimetype, iocextract\nalways_dispatch = mimetype\n' >"$dir/conf"
printf '[iocextract]\nmax = 100000\n' >>"$dir/conf"
find "$corpus/real-phish" -type f -name '*.eml' | sort >"$dir/list"
tr '\n' '\0' <"$dir/list" | xargs -0 "$ASSAY" --conf "$dir/conf" scan --local --compact >"$dir/out" 2>"$dir/err" || {
    echo "t_iocextract: exit $?: $(head -n 3 "$dir/err")"
    exit 1
}
python3 - "$dir/out" "$dir/list" <<'PY' || exit 1
import email, html, json, re, sys

HOST = re.compile(r"https?://([a-z0-9][a-z0-9-]*(?:\.[a-z0-9-]+)*\.[a-z]{2,})(?![a-z0-9.@:-])", re.I)
mails = hosts = 0
missing = []
for line, path in zip(open(sys.argv[1]), open(sys.argv[2])):
    r, path = json.loads(line), path.rstrip("\n")
    have = set()
    for p in r["results"]:
        have |= set((p["workers"].get("iocextract") or {}).get("domain", []))
    want = set()
    for part in email.message_from_bytes(open(path, "rb").read()).walk():
        if part.get_content_type() not in ("text/plain", "text/html"):
            continue
        text = (part.get_payload(decode=True) or b"").decode("latin-1")
        for t in (text, html.unescape(text)):
            want |= {h.lower() for h in HOST.findall(t)}
    mails += 1
    hosts += len(want)
    missing += ["%s: %s" % (path.split("/")[-1], h) for h in sorted(want - have)]
if mails < 400 or hosts < 1000:
    sys.exit("t_iocextract: only %d mails with %d hosts" % (mails, hosts))
if missing:
    sys.exit("t_iocextract: %d of %d hosts are missing:\n%s" % (len(missing), hosts, "\n".join(missing[:20])))
print("t_iocextract: %d hosts of %d mails" % (hosts, mails))
PY
