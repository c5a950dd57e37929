#!/bin/sh
# t_decompress.sh - archives through the command: bombs end soon and with a reason, nothing is opened
# behind the seal, and every member that Python reads in the corpus is found with its bytes
set -u
src=${1:?source directory}
: "${ASSAY:?the command}"
[ -x "$ASSAY" ] || { echo "t_decompress: $ASSAY is not built"; exit 77; }
command -v python3 >/dev/null || { echo "t_decompress: python3 is missing"; exit 77; }
corpus=${ASSAY_CORPUS:-$src/../shared/corpus}
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT

fail() {
    echo "t_decompress: $*"
    exit 1
}

cat >"$dir/conf" <<CONF
[core]
plugins = smtp, hash, mimetype, decompress
always_dispatch = hash, mimetype
max_recursion = 31
CONF
{ cat "$dir/conf"; echo "worker_timeout = 5s"; } >"$dir/hasty"
mkdir "$dir/in"
python3 - "$dir/in" <<'PY' || fail "cannot make the archives"
import bz2, gzip, io, os, struct, sys, tarfile, zipfile

os.chdir(sys.argv[1])
piece = gzip.compress(bytes(50 << 20), 6)
with open("bomb.gz", "wb") as f:  # 10 GB
    for _ in range(200):
        f.write(piece)
z = zipfile.ZipFile("many.zip", "w")
for i in range(20000):
    z.writestr("%d.txt" % i, "%d" % (i % 3))
z.close()
inner = b"the innermost"
for i in range(30):
    b = io.BytesIO()
    z = zipfile.ZipFile(b, "w", zipfile.ZIP_DEFLATED)
    z.writestr("%d.zip" % i if i else "core.txt", inner)
    z.close()
    inner = b.getvalue()
open("nested.zip", "wb").write(inner)
t = tarfile.open("sparse.tar", "w", format=tarfile.PAX_FORMAT)
info = tarfile.TarInfo("huge")  # a terabyte of nothing
info.size = 0
info.pax_headers = {"GNU.sparse.major": "0", "GNU.sparse.minor": "1", "GNU.sparse.size": str(1 << 40),
                    "GNU.sparse.numblocks": "1", "GNU.sparse.map": "%d,0" % (1 << 40)}
t.addfile(info)
t.close()
piece = gzip.compress(tarfile.TarInfo("a").tobuf() * 1000, 6)
with open("million.tar.gz", "wb") as f:
    f.write(piece * 1000 + gzip.compress(bytes(1024)))
b = io.BytesIO()
with zipfile.ZipFile(b, "w") as z:
    z.writestr("a.txt", b"tiny")
    z.writestr("b.txt", b"second")
d = bytearray(b.getvalue())
for sign, at in ((b"PK\3\4", 18), (b"PK\1\2", 20)):  # four gigabytes, it says
    d[d.find(sign) + at : d.find(sign) + at + 8] = struct.pack("<II", 0xFFFFFFF0, 0xFFFFFFF0)
open("over.zip", "wb").write(d)
info = tarfile.TarInfo("huge")
info.size = 1 << 40
open("over.tar", "wb").write(info.tobuf() + b"only this" + bytes(503))
d = bytearray(open("many.zip", "rb").read()[:200])
open("cut.zip", "wb").write(d)
open("sfx.exe", "wb").write(b"MZ" + b"\x90" * 500 + open("nested.zip", "rb").read() + b"behind it")
PY
"$ASSAY" --conf "$dir/conf" scan --local --compact -r "$dir/in" >"$dir/out" 2>"$dir/err" ||
    fail "exit $?: $(cat "$dir/err")"
python3 - "$dir/out" <<'PY' || exit 1
import json, sys

got = {}
for line in open(sys.argv[1]):
    r = json.loads(line)
    got[r["request_meta"]["filename"].split("/")[-1]] = r
def top(name):
    return got[name]["results"][0]["workers"].get("decompress") or {}
def check(name, what, value):
    if not value:
        sys.exit("t_decompress: %s: %s: %s %s %s" % (name, what, str(top(name))[:500], got[name]["limits"], got[name]["errors"]))
for name in got:
    check(name, "errors", not got[name]["errors"])
unseen = {name: {l["limit"] for l in r["limits"] if l["effect"] == "unseen"} for name, r in got.items()}
check("bomb.gz", "a limit", unseen["bomb.gz"] & {"max_member_bytes", "max_ratio", "max_unpacked_bytes"})
check("bomb.gz", "incomplete", top("bomb.gz")["complete"] is False)
check("many.zip", "counted", top("many.zip")["member_count"] == 20000)
check("many.zip", "rows", len(top("many.zip")["members"]) == 1000)
check("many.zip", "a limit", "max_children" in unseen["many.zip"] and top("many.zip")["complete"] is False)
check("nested.zip", "depth", [p for p in got["nested.zip"]["results"] if p["filename"] == "core.txt" and p["depth"] == 30])
check("sparse.tar", "a limit", unseen["sparse.tar"] and not top("sparse.tar")["complete"])
check("million.tar.gz", "counted", top("million.tar.gz")["member_count"] > 1000 and not top("million.tar.gz")["complete"])
check("million.tar.gz", "a limit", "max_children" in unseen["million.tar.gz"])
for over in ("over.zip", "over.tar"):
    check(over, "what is there, and why no more", top(over)["members"][0]["payload_id"] and top(over)["members"][0]["error"])
    check(over, "incomplete", not top(over)["complete"])
check("cut.zip", "incomplete", top("cut.zip")["member_count"] >= 1 and top("cut.zip")["damage"])
check("sfx.exe", "before", top("sfx.exe")["before"]["size"] == 502)
check("sfx.exe", "behind", top("sfx.exe")["behind"]["size"] == 9)
check("sfx.exe", "depth", [p for p in got["sfx.exe"]["results"] if p["filename"] == "core.txt"])
PY

[ -d "$corpus/archives" ] || { echo "t_decompress: the rest needs the corpus"; exit 77; }
# lzip_4: libarchive 3.6.2 takes one of its members off and Python's xz library all of them.
# Three make libarchive 3.6.2 itself crash or hang: that costs decompress' result and nothing else.
find "$corpus/archives" -type f \( -name '*xar_doublelink*' -o -name '*rockridge_ce_loop*' \
    -o -name '*cab_skip_malformed*' \) -print0 | xargs -0 "$ASSAY" --conf "$dir/hasty" scan --local --compact \
    >"$dir/out" 2>"$dir/err" || fail "those that crash it: exit $?: $(cat "$dir/err")"
python3 - "$dir/out" <<'PY' || exit 1
import json, sys

for line in open(sys.argv[1]):
    r = json.loads(line)
    workers, kinds = r["results"][0]["workers"], [e["kind"] for e in r["errors"] if e["plugin_name"] == "decompress"]
    if r["status"] != "scanned" or not {"hash", "mimetype"} <= set(workers) or ("decompress" not in workers) != bool(kinds):
        sys.exit("t_decompress: %s: %s %s %s" % (r["request_meta"]["filename"], r["status"], list(workers), r["errors"]))
PY
find "$corpus/archives" -type f ! -name '*xar_doublelink*' ! -name '*rockridge_ce_loop*' \
    ! -name '*cab_skip_malformed*' ! -name '*compat_lzip_4*' | sort >"$dir/list"
tr '\n' '\0' <"$dir/list" | xargs -0 "$ASSAY" --conf "$dir/conf" scan --local --compact \
    --plugin-opts decompress:members_max=2000 >"$dir/out" 2>"$dir/err" || fail "exit $?: $(cat "$dir/err")"
python3 - "$dir/out" "$dir/list" <<'PY' || exit 1
import bz2, gzip, hashlib, json, lzma, sys, tarfile, zipfile

LIMITED = {"max_ratio", "max_member_bytes", "max_unpacked_bytes", "max_children", "max_children_message"}
def sha(data):
    return hashlib.sha256(data).hexdigest()
def zip_members(path):
    z = zipfile.ZipFile(path)
    for i in z.infolist():
        if not i.is_dir() and not i.flag_bits & 1 and i.external_attr >> 28 != 0o12 and i.file_size < 1 << 24:
            try:
                yield i.filename, sha(z.read(i))
            except Exception:
                pass
def tar_members(path):
    t = tarfile.open(path)
    for i in t:
        if i.isreg() and not i.sparse and i.size < 1 << 24:
            data = t.extractfile(i).read()
            if len(data) == i.size:
                yield i.name, sha(data)
def single(module):
    def read(path):
        yield "", sha(module.open(path).read())
    return read
reads = members = found = 0
missing, silent = [], []
for line, path in zip(open(sys.argv[1]), open(sys.argv[2])):
    r, path = json.loads(line), path.rstrip("\n")
    have = {p["sha256"] for p in r["results"]}
    limited = any(l["limit"] in LIMITED for l in r["limits"])
    top = r["results"][0]["workers"].get("decompress")
    if top and not top["complete"] and not top["damage"] and not any(m["error"] for m in top["members"]) \
            and not top["encrypted"] and not r["limits"]:
        silent.append(path)
    for reader in (zip_members, tar_members, single(gzip), single(bz2), single(lzma)):
        try:
            list_ = list(reader(path))
        except Exception:
            continue
        if reader not in (zip_members, tar_members) and top and top["format"] not in ("gzip", "bzip2", "xz", "lzma"):
            continue  # taken off together with what is in it
        reads += 1
        for name, digest in list_:
            members += 1
            if digest in have:
                found += 1
            elif not limited:
                missing.append("%s: %s" % (path.split("/archives/")[1], name))
if reads < 50 or members < 150:
    sys.exit("t_decompress: only %d archives with %d members to compare" % (reads, members))
if missing:
    sys.exit("t_decompress: %d of %d members missing:\n%s" % (len(missing), members, "\n".join(missing[:20])))
if silent:
    sys.exit("t_decompress: incomplete without a reason: %s" % silent[:5])
print("t_decompress: %d of %d members that Python reads in %d archives" % (found, members, reads))
PY

command -v strace >/dev/null || { echo "t_decompress: strace is missing"; exit 77; }
tr '\n' '\0' <"$dir/list" | ASAN_OPTIONS=${ASAN_OPTIONS:-}:detect_leaks=0 xargs -0 strace -f --seccomp-bpf \
    -e trace=%file,prctl,seccomp,socket,connect,clone,clone3,fork,vfork,kill -o "$dir/trace" \
    "$ASSAY" --conf "$dir/conf" scan --local --compact >"$dir/out" 2>"$dir/err"
[ -s "$dir/trace" ] || { echo "t_decompress: strace cannot trace here"; exit 77; }
awk '
    /(PR_SET_SECCOMP|SECCOMP_SET_MODE_FILTER).* = 0$/ { sealed[$1] = 1; next }
    sealed[$1] && !/ (\+\+\+|---) / { print; bad = 1 }
    END { exit bad }' "$dir/trace" >"$dir/tries" || fail "tried behind the seal: $(sort "$dir/tries" | uniq -c | head)"
echo "t_decompress: nothing opened behind the seal"
