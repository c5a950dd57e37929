#!/bin/sh
# t_archives.sh - every member of the corpus' archives that two other programs unpack to the same bytes
# is a payload with these bytes, or a limit says why not
set -u
src=${1:?source directory}
: "${ASSAY:?the command}"
[ -x "$ASSAY" ] || { echo "t_archives: $ASSAY is not built"; exit 77; }
corpus=${ASSAY_CORPUS:-$src/../shared/corpus}
[ -d "$corpus/archives" ] || { echo "t_archives: no corpus at $corpus"; exit 77; }
for program in python3 7z bsdtar; do
	command -v $program >/dev/null || { echo "t_archives: $program is missing"; exit 77; }
done
tmp=$(mktemp -d)
trap 'chmod -R u+rwx "$tmp"; rm -rf "$tmp"' EXIT
printf '[core]\nplugins = smtp, hash, mimetype, decompress\nmax_recursion = 2\nworker_timeout = 30s\n' >"$tmp/conf"
find "$corpus/archives" -type f ! -name '*xar_doublelink*' ! -name '*rockridge_ce_loop*' \
	! -name '*cab_skip_malformed*' ! -name '*.part0[2-9]*' ! -name '*.part[2-9].rar' | sort >"$tmp/list"
tr '\n' '\0' <"$tmp/list" | xargs -0 timeout 250 "$ASSAY" --home "$tmp/home" --conf "$tmp/conf" scan --local \
	--compact --plugin-opts decompress:members_max=2000 >"$tmp/out" 2>"$tmp/err" || {
	echo "t_archives: exit $?: $(head -n 3 "$tmp/err")"
	exit 1
}
python3 - "$tmp" <<'PY'
import hashlib, json, os, resource, shutil, stat, subprocess, sys

tmp = sys.argv[1]
MOST = 16 << 20
def limits():
    resource.setrlimit(resource.RLIMIT_FSIZE, (MOST, MOST))
    resource.setrlimit(resource.RLIMIT_CPU, (5, 5))
def unpacked(argv):
    """Digests of the files a program leaves; what is cut short is not among them."""
    where, found = os.path.join(tmp, "work"), set()
    os.mkdir(where)
    try:
        done = subprocess.run(argv, cwd=where, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                              stderr=subprocess.DEVNULL, timeout=10, preexec_fn=limits)
        for folder, _, names in os.walk(where) if done.returncode == 0 else ():
            for name in names:
                path = os.path.join(folder, name)
                if stat.S_ISREG(os.lstat(path).st_mode):
                    found.add(hashlib.sha256(open(path, "rb").read()).hexdigest())
    except (subprocess.TimeoutExpired, OSError):
        found = set()
    subprocess.run(["chmod", "-R", "u+rwx", where])
    shutil.rmtree(where)
    return found
archives = members = 0
missing = []
LIMITED = {"max_ratio", "max_member_bytes", "max_unpacked_bytes", "max_children", "max_children_message", "decompress_programs"}
for line, path in zip(open(tmp + "/out"), open(tmp + "/list")):
    report, path = json.loads(line), path.rstrip("\n")
    both = unpacked(["7z", "x", "-y", "-p-", "-bso0", "-bsp0", path])
    both &= unpacked(["bsdtar", "-xf", path]) if both else both
    both.discard(hashlib.sha256(b"").hexdigest())
    if not both or any(l["limit"] in LIMITED for l in report["limits"]):
        continue
    archives += 1
    members += len(both)
    lost = both - {p["sha256"] for p in report["results"]}
    if lost:
        missing.append("%s: %d of %d" % (path.split("/archives/")[1], len(lost), len(both)))
if archives < 40 or members < 100:
    sys.exit("t_archives: only %d archives with %d members to compare" % (archives, members))
if missing:
    sys.exit("t_archives: members are missing:\n" + "\n".join(missing))
print("t_archives: %d members of %d archives on which 7z and bsdtar agree" % (members, archives))
PY
