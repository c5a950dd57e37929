#!/bin/sh
# t_binaries.sh - programs in mail: routed by their type, found in base64 and behind XOR, and what is
# said of them is what other readers say (readelf, and a few lines of Python)
set -eu
src=$1
: "${ASSAY:?the command}"
[ -x "$ASSAY" ] || { echo "t_binaries: $ASSAY is not built"; exit 77; }
command -v python3 >/dev/null || { echo "t_binaries: python3 is missing"; exit 77; }
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cat >"$dir/conf" <<END
[core]
plugins = smtp, mimetype, yara, pe, elf, macho, entropy, ssdeep, tlsh, b64decode, xordecode
always_dispatch = mimetype
dispatchers = mimetype, yara
[yara]
rules_dir = $src/conf/rules
rules =
dispatch_rules = dispatch
cache = no
END
python3 - "$dir" <<'END'
import base64, struct, sys
from email.message import EmailMessage
stub = b"MZ" + bytes(58) + struct.pack("<I", 0x80) + b"\x0e\x1f!This program cannot be run in DOS mode.\r\r\n$"
pe = stub.ljust(0x80, b"\0") + b"PE\0\0" + struct.pack("<HHIIIHH", 0x14c, 1, 1600000000, 0, 0, 224, 0x102)
pe += struct.pack("<HBBIIIIII", 0x10b, 1, 0, 512, 0, 0, 0x1000, 0x1000, 0x2000)
pe += struct.pack("<IIIHHHHHHIIIIHHIIIIII", 0x400000, 0x1000, 512, 4, 0, 0, 0, 4, 0, 0, 0x2000, 512, 0, 3, 0x140,
                  0, 0, 0, 0, 0, 16) + bytes(128)
pe += b".text\0\0\0" + struct.pack("<IIIIIIHHI", 512, 0x1000, 512, 512, 0, 0, 0, 0, 0x60000020)
pe = pe.ljust(512, b"\0") + bytes(i * i % 251 for i in range(512))
open(sys.argv[1] + "/t.exe", "wb").write(pe)
mail = EmailMessage()
mail["From"], mail["Subject"] = "a@example.org", "programs"
mail.set_content("see\n")
mail.add_attachment(b"<script>x='" + base64.b64encode(pe) + b"'</script>", maintype="text", subtype="html")
key = bytes((0x5a, 0x33, 0x91))
mail.add_attachment(bytes(c ^ key[i % 3] for i, c in enumerate(b"1234" + pe)), maintype="application",
                    subtype="octet-stream")
mail.add_attachment(open("/proc/self/exe", "rb").read(1 << 16), maintype="application", subtype="octet-stream")
open(sys.argv[1] + "/mail.eml", "wb").write(mail.as_bytes())
END
fail() {
    echo "t_binaries: $*"
    exit 1
}
"$ASSAY" --conf "$dir/conf" scan --local --compact "$dir/mail.eml" >"$dir/mail.json" || fail "exit $?"
python3 - "$dir" <<'END' || exit 1
import json, sys
d = json.load(open(sys.argv[1] + "/mail.json"))
pe = open(sys.argv[1] + "/t.exe", "rb").read()
assert not d["errors"], d["errors"]
programs = [r for r in d["results"] if r["workers"].get("pe")]
assert len(programs) == 1 and programs[0]["size"] == len(pe), programs  # equal bytes: one payload
p = programs[0]
assert set(p["extracted_by"]) == {"b64decode", "xordecode"}, p["extracted_by"]
assert p["workers"]["pe"]["machine"] == "x86" and p["workers"]["pe"]["entry_section"] == ".text"
assert p["workers"]["entropy"]["entropy"] > 3 and p["workers"]["tlsh"]["tlsh"].startswith("T1")
assert p["workers"]["ssdeep"]["ssdeep"].count(":") == 2
assert d["facts"]["xor"] == ["program"], d["facts"]
elf = [r["workers"]["elf"] for r in d["results"] if r["workers"].get("elf")]
assert len(elf) == 1 and elf[0]["interpreter"], elf
END
# What is there of real programs.
set -- "$ASSAY" "$(dirname "$ASSAY")"/*.so "$(dirname "$ASSAY")"/plugins/*.so
for file in /usr/share/clamav-testfiles/*.exe "$dir/t.exe"; do
    [ ! -f "$file" ] || set -- "$@" "$file"
done
"$ASSAY" --conf "$dir/conf" scan --local --compact "$@" >"$dir/real.json" || fail "exit $? on real programs"
command -v readelf >/dev/null && export READELF=readelf
python3 - "$dir/real.json" <<'END'
import json, os, struct, subprocess, sys
n = {"pe": 0, "elf": 0}
for line in open(sys.argv[1]):
    d = json.loads(line)
    path = d["request_meta"]["filename"]
    b = open(path, "rb").read()
    said = d["results"][0]["workers"]
    assert not d["errors"], (path, d["errors"])
    if b[:2] == b"MZ":
        at, = struct.unpack_from("<I", b, 60)
        machine, count, when = struct.unpack_from("<HHI", b, at + 4)
        head, = struct.unpack_from("<H", b, at + 20)
        entry, = struct.unpack_from("<I", b, at + 24 + 16)
        pe = said["pe"]
        assert (pe["machine"] == "x86") == (machine == 0x14c), path
        assert pe["entry_point"] == entry and len(pe["sections"]) == count, (path, pe["entry_point"], entry)
        for i, s in enumerate(pe["sections"]):
            row = at + 24 + head + 40 * i
            size, address, raw, where = struct.unpack_from("<IIII", b, row + 8)
            assert (s["size"], s["address"], s["raw_size"], s["offset"]) == (size, address, raw, where), (path, s)
        n["pe"] += 1
    elif b[:4] == b"\x7fELF":
        n["elf"] += 1
        if "READELF" not in os.environ:
            continue
        out = subprocess.run(["readelf", "-dW", path], capture_output=True, text=True, env={"LC_ALL": "C"}).stdout
        words = [l.split("[", 1)[1].split("]")[0] for l in out.splitlines() if "(NEEDED)" in l]
        assert said["elf"]["needed"] == words, (path, said["elf"]["needed"], words)
print("t_binaries: %(elf)d ELF, %(pe)d PE" % n)
sys.exit(n["elf"] < 3 or n["pe"] < 1)
END
corpus=${ASSAY_CORPUS:-$src/../shared/corpus}/archives/clamav-testfile-in-archives
[ -d "$corpus" ] || exit 0
sed -i 's/^plugins = .*/&, decompress/' "$dir/conf"
find "$corpus" -type f -print0 | xargs -0 "$ASSAY" --conf "$dir/conf" scan --local --compact >"$dir/archives.json" ||
    fail "exit $? on archives"
python3 - "$dir/archives.json" <<'END'
import json, sys
n = 0
for line in open(sys.argv[1]):
    d = json.loads(line)
    assert not [e for e in d["errors"] if e["plugin_name"] in ("pe", "entropy", "ssdeep", "tlsh")], d["errors"]
    # The one program that all these archives carry.
    n += "98c88d882f01a3f6ac1e5f7dfd761624" in d["facts"].get("imphash", [])
print("t_binaries: the program was found in %d archives" % n)
sys.exit(n < 8)
END
