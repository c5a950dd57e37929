#!/bin/sh
# t_tnef.sh - winmail.dat files of the corpus: every object that their lists name is found with its bytes
set -u
src=${1:?source directory}
: "${ASSAY:?the command}"
[ -x "$ASSAY" ] || { echo "t_tnef: $ASSAY is not built"; exit 77; }
command -v python3 >/dev/null || { echo "t_tnef: python3 is missing"; exit 77; }
corpus=${ASSAY_CORPUS:-$src/../shared/corpus}
[ -d "$corpus/tnef/MimeKit" ] || { echo "t_tnef: no corpus at $corpus"; exit 77; }
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
printf '[core]\nplugins = smtp, hash, mimetype, tnef\nalways_dispatch = hash, mimetype\narchivers = filedir\n' >"$dir/conf"
printf '[filedir]\narchive_dir = %s/kept\n' "$dir" >>"$dir/conf"
"$ASSAY" --conf "$dir/conf" scan --local --compact -A filedir "$corpus"/tnef/MimeKit/*.tnef "$corpus"/tnef/MimeKit/ukr.eml \
    "$corpus"/tnef/tika/*.dat "$corpus"/tnef/ytnef/* >"$dir/out" 2>"$dir/err" || {
    echo "t_tnef: exit $?: $(cat "$dir/err")"
    exit 1
}
python3 - "$dir/out" "$dir/kept" "$corpus/tnef/MimeKit" <<'PY' || exit 1
import glob, json, os, sys

def lines(data):  # the lists were made by programs that change line ends
    return data.replace(b"\r\n", b"\n")
checked, bad = 0, []
for line in open(sys.argv[1]):
    r = json.loads(line)
    name = os.path.basename(r["request_meta"]["filename"])
    if r["errors"]:
        bad.append("%s: %s" % (name, r["errors"]))
    have = []
    for p in r["results"]:
        for path in glob.glob("%s/%s/%s/%s*" % (sys.argv[2], p["sha256"][:2], p["sha256"][2:4], p["sha256"])):
            data = open(path, "rb").read()
            if path.endswith(".zst"):
                sys.exit("t_tnef: compressed")
            have.append(lines(data))
    for want in glob.glob("%s/%s/*" % (sys.argv[3], os.path.splitext(name)[0])):
        data = lines(open(want, "rb").read())
        checked += 1
        # An object's interface, sixteen bytes, is no part of it here.
        if data not in have and data[16:] not in have:
            bad.append("%s: %s is missing" % (name, os.path.basename(want)))
    if name == "ukr.eml" and not any("tnef" in p["workers"] for p in r["results"]):
        bad.append("ukr.eml: its winmail.dat was not opened")
if bad or checked < 20:
    sys.exit("t_tnef: %d objects: %s" % (checked, "\n".join(bad)))
print("t_tnef: %d objects found" % checked)
PY
