#!/bin/sh
# t_depth.sh - a phishing mail, in it a mail, in it a zip whose password is in the outer body, in it a
# file that a signature finds and an office file: one tree with all of it, a rule of the policy that
# fires on it, and a search that finds it
set -u
build=$2
assay=${ASSAY:-$build/assay}
[ -x "$assay" ] || { echo "t_depth: $assay is not built"; exit 77; }
for plugin in smtp sqlite decompress yara; do
	[ -f "$build/plugins/$plugin.so" ] || { echo "t_depth: no plugin $plugin"; exit 77; }
done
command -v python3 >/dev/null || { echo "t_depth: python3 is missing"; exit 77; }
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
mkdir "$tmp/rules"
cat >"$tmp/rules/test.yar" <<'RULE'
rule test_signature : malware { strings: $a = "a harmless test of signatures" condition: $a at 0 }
rule office_macro { strings: $a = "Attribut" condition: $a }
RULE
cat >"$tmp/assay.conf" <<CONF
[core]
plugins = smtp, hash, mimetype, yara, decompress, iocextract
[yara]
rules_dir = $tmp/rules
rules = .
[rule infected]
when.yara = test_signature
action = quarantine
header = X-Found: %{yara} in %{path}
CONF
python3 - "$tmp/mail.eml" <<'PY'
import binascii, email.message, io, struct, sys, zipfile

def crypt(password, data, crc):
    """The old encryption of zip: three keys that move with each byte."""
    def step(crc_, byte):
        value = (crc_ ^ byte) & 0xFF
        for _ in range(8):
            value = (value >> 1) ^ 0xEDB88320 if value & 1 else value >> 1
        return (crc_ >> 8) ^ value
    keys = [0x12345678, 0x23456789, 0x34567890]
    def update(byte):
        keys[0] = step(keys[0], byte)
        keys[1] = ((keys[1] + (keys[0] & 0xFF)) * 134775813 + 1) & 0xFFFFFFFF
        keys[2] = step(keys[2], keys[1] >> 24)
    for byte in password:
        update(byte)
    out = bytearray()
    for byte in b"elevenbytes" + bytes([crc >> 24]) + data:
        t = (keys[2] | 2) & 0xFFFF
        out.append(byte ^ (t * (t ^ 1) >> 8) & 0xFF)
        update(byte)
    return bytes(out)

def locked(members, password):
    files, directory = b"", b""
    for name, data in members:
        crc = binascii.crc32(data)
        body = crypt(password, data, crc)
        head = struct.pack("<HHHHHIIIHH", 20, 1, 0, 0, 0x5A21, crc, len(body), len(data), len(name), 0)
        directory += b"PK\1\2" + struct.pack("<H", 20) + head + struct.pack("<HHHII", 0, 0, 0, 0, len(files)) + name
        files += b"PK\3\4" + head + name + body
    return files + directory + b"PK\5\6" + struct.pack("<HHHHIIH", 0, 0, len(members), len(members), len(directory), len(files), 0)

def office():
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as z:
        z.writestr("[Content_Types].xml", '<?xml version="1.0"?><Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"/>')
        z.writestr("_rels/.rels", "<Relationships/>")
        z.writestr("word/document.xml", "<w:document>see http://macro.evil.example/now</w:document>")
        z.writestr("word/vbaProject.bin", b"\xd0\xcf\x11\xe0 Attribut e VB_Name")
    return out.getvalue()

password = b"M\xc3\xa4rz 2026"
archive = locked([(b"invoice/readme.exe", b"a harmless test of signatures" * 20), (b"invoice/terms.docm", office())], password)
assert zipfile.ZipFile(io.BytesIO(archive)).open("invoice/readme.exe", pwd=password).read(4) == b"a ha"
inner = email.message.EmailMessage()
inner["From"], inner["Subject"] = "billing@sender.example", "the papers"
inner.set_content("As promised.")
inner.add_attachment(archive, maintype="application", subtype="zip", filename="papers.zip")
outer = email.message.EmailMessage()
outer["From"], outer["To"], outer["Subject"] = "eve@evil.example", "rosa@example.org", "Unpaid invoice"
outer["Message-ID"], outer["Date"] = "<deep@evil.example>", "Mon, 02 Mar 2026 10:00:00 +0000"
outer.set_content("Dear Rosa,\n\nthe papers are attached. Passwort:\n\n   \"M\u00e4rz 2026\"\n\nYours\n")
outer.add_attachment(inner)
open(sys.argv[1], "wb").write(outer.as_bytes())
PY
[ -s "$tmp/mail.eml" ] || { echo "t_depth: the mail cannot be made"; exit 1; }
a() { timeout 60 "$assay" --home "$tmp" "$@"; }
a scan --local --compact -C sqlite "$tmp/mail.eml" >"$tmp/out" || { echo "t_depth: scan: exit $?"; exit 1; }
python3 - "$tmp/out" <<'PY' || exit 1
import json, sys
report = json.load(open(sys.argv[1]))
by_path = {p["path"]: p for p in report["results"]}
def check(what, value):
    if not value:
        sys.exit("t_depth: %s:\n%s\n%s %s" % (what, "\n".join(by_path), report["errors"], report["limits"]))
def ends(name):
    return next((p for path, p in by_path.items() if path.endswith(name)), None)
mail, zipped, program, office = (ends(n) for n in ("<message/rfc822>", "papers.zip", "readme.exe", "terms.docm"))
check("a level is missing", mail and zipped and program and office and ends("vbaProject.bin"))
check("the tree is not one", program["parent"] == zipped["payload_id"] and zipped["parent"] == mail["payload_id"]
      and mail["parent"] == "0" and ends("vbaProject.bin")["parent"] == office["payload_id"])
check("the password", zipped["workers"]["decompress"]["password_used"] == "M\u00e4rz 2026" and zipped["workers"]["decompress"]["complete"])
check("the signature", "test_signature" in program["facts"]["yara"])
check("the macro", "office_macro" in ends("vbaProject.bin")["facts"]["yara"])
check("the link", "macro.evil.example" in json.dumps(ends("document.xml")["workers"]))
check("nothing failed", not report["errors"])
verdict = report["verdict"]
check("the rule", verdict["action"] == "quarantine" and verdict["rule"] == "infected" and not verdict["enforced"])
check("its reason", verdict["reasons"][0]["payload_id"] == program["payload_id"])
print(report["scan_id"], program["sha256"])
PY
failed=0
sha=$(python3 -c 'import hashlib; print(hashlib.sha256(b"a harmless test of signatures" * 20).hexdigest())')
# finds WORD... - the mail
finds() {
	a search --json "$@" >"$tmp/found" 2>"$tmp/err" || { echo "t_depth: search $*: exit $?"; cat "$tmp/err"; failed=1; }
	grep -q 'deep@evil.example' "$tmp/found" || { echo "t_depth: search $* does not find it"; failed=1; }
}
finds yara:test_signature
finds "sha256:$sha"
finds filename:readme.exe from:eve@evil.example
finds 'archive_password:M*' yara_tag:malware
finds 'subject:"Unpaid invoice"'
a search --json yara:nothing_of_that >/dev/null 2>&1 && { echo "t_depth: search finds what is not there"; failed=1; }
exit $failed
