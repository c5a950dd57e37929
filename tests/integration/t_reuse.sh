#!/bin/sh
# t_reuse.sh - with results of earlier mails said again, reports say the same as without: generated
# mails that share attachments under other names, and real ones where there is a corpus
set -u
src=${1:?source directory}
: "${ASSAY:?the command}"
[ -x "$ASSAY" ] || { echo "t_reuse: $ASSAY is not built"; exit 77; }
command -v python3 >/dev/null || { echo "t_reuse: python3 is missing"; exit 77; }
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
corpus=${ASSAY_CORPUS:-$src/../shared/corpus}
mkdir "$tmp/mails" "$tmp/rules"
cat >"$tmp/rules/a.yar" <<'EOF'
rule by_bytes { strings: $a = "same again" condition: $a }
rule by_name { condition: filename == "a7.txt" }
rule by_place { condition: unpack_parent == "EMAIL" and extension == ".zip" }
EOF
python3 - "$tmp/mails" <<'EOF'
import email.message, io, sys, zipfile
packed = io.BytesIO()
with zipfile.ZipFile(packed, "w") as z:
    z.writestr("inside.txt", "same again, packed\n" * 9)
for i in range(20):
    m = email.message.EmailMessage()
    m["Subject"], m["From"] = "mail %d" % i, "a@example.org"
    m.set_content("of its own %d\n" % i)
    m.add_attachment(b"same again and again\n", maintype="text", subtype="plain", filename="a%d.txt" % (i // 2))
    m.add_attachment(packed.getvalue(), maintype="application", subtype="zip", filename="z%d.zip" % (i % 3))
    open("%s/%02d.eml" % (sys.argv[1], i), "wb").write(m.as_bytes())
EOF
# scan RESULTS OUT - with so many results remembered
scan() {
	printf '[core]\nplugins = smtp, hash, mimetype, yara, decompress, iocextract\nreuse_results = %s\n' "$1" >"$tmp/conf"
	[ -d "$corpus/antispam-fixtures" ] && more=$corpus/antispam-fixtures || more=
	# shellcheck disable=SC2086
	timeout 120 "$ASSAY" --home "$tmp/home" --conf "$tmp/conf" --plugin-opts "yara:rules=$tmp/rules" \
		scan --local --compact -r "$tmp/mails" $more >"$2" 2>"$tmp/err"
	code=$?
	[ $code -eq 0 ] || { echo "t_reuse: exit $code"; cat "$tmp/err"; exit 1; }
}
scan 0 "$tmp/without"
scan 20000 "$tmp/with"
scan 5 "$tmp/few"
python3 - "$tmp/without" "$tmp/with" "$tmp/few" <<'EOF'
import json, sys

def reports(name):
    out = []
    for line in open(name, encoding="utf-8"):
        report = json.loads(line.replace(json.loads(line)["scan_id"], "ID"))
        for member in ("scan_id", "time", "duration_ms", "engine"):
            report.pop(member)
        if report["message_time"]["source"] == "scan":
            report.pop("message_time")
        out.append(report)
    return out

without, rules = reports(sys.argv[1]), set()
for report in without:
    rules |= set(report["facts"].get("yara", []))
if len(without) < 20 or rules < {"by_bytes", "by_name", "by_place"}:
    sys.exit("t_reuse: the test tests nothing: %d reports, rules %s" % (len(without), sorted(rules)))
for other in sys.argv[2:]:
    for a, b in zip(without, reports(other), strict=True):
        if a != b:
            wrong = [k for k in a if a[k] != b.get(k)]
            sys.exit("t_reuse: %s differs in %s" % (a["request_meta"]["filename"], wrong))
EOF
