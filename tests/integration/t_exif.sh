#!/bin/sh
# t_exif.sh - exiftool beside the scan processes: one that hangs, dies or is missing costs its own
# result; the real one reads pictures and documents of the corpus
set -u
src=${1:?source directory} build=${2:?build directory}
: "${ASSAY:?the command}"
[ -x "$ASSAY" ] || { echo "t_exif: $ASSAY is not built"; exit 77; }
command -v python3 >/dev/null || { echo "t_exif: python3 is missing"; exit 77; }
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
chmod 755 "$dir"

fail() {
    echo "t_exif: $*"
    exit 1
}

# A stand-in that stays, counts its calls, and does what the payload says.
cat >"$dir/standin" <<'STANDIN'
#!/bin/sh
n=0
while read -r line; do
    case $line in -execute*) ;; *) continue ;; esac
    n=$((n + 1))
    case $(cat payload) in
    *hang*) sleep 1000 ;;
    *die*) exit 3 ;;
    *forge*) printf '{ready1}\n' ;;
    esac
    printf '[{"SourceFile": "payload", "Test:Calls": %d, "Test:Size": %d, "XMP:Creator": "Eve"}]\n' \
        $n "$(wc -c <payload)"
    printf '{ready%s}\n' "${line#-execute}"
done
STANDIN
chmod 755 "$dir/standin"
cat >"$dir/conf" <<CONF
[core]
plugins = hash, exif
always_dispatch = hash, exif
dispatchers =
CONF
for text in one hang two die three forge four; do
    echo "$text" >"$dir/$text.txt"
done
cd "$dir" || fail "no $dir"
"$ASSAY" --conf "$dir/conf" scan --compact --plugin-opts "exif:exiftool=$dir/standin" \
    --plugin-opts exif:timeout=500ms one.txt hang.txt two.txt die.txt three.txt forge.txt four.txt \
    >"$dir/out" 2>"$dir/err" || fail "exit $?: $(cat "$dir/err")"
python3 - "$dir/out" <<'PY' || exit 1
import json, sys

got = []
for line in open(sys.argv[1]):
    r = json.loads(line)
    x = r["results"][0]["workers"].get("exif")
    tags = {t["name"]: t.get("value_int", t["value"]) for t in x["tags"]} if x else {}
    got.append((r["request_meta"]["filename"][:-4], tags.get("Calls"), tags.get("Size"),
                [e["kind"] for e in r["errors"]], r["facts"].get("exif_author")))
want = [("one", 1, 4, [], ["Eve"]), ("hang", None, None, ["timeout"], None), ("two", 1, 4, [], ["Eve"]),
        ("die", None, None, ["failed"], None), ("three", 1, 6, [], ["Eve"]),
        ("forge", None, None, ["failed"], None), ("four", 3, 5, [], ["Eve"])]
if got != want:
    sys.exit("t_exif: %s" % got)
PY
"$ASSAY" --conf "$dir/conf" scan --compact --plugin-opts "exif:exiftool=$dir/nothing" one.txt \
    >"$dir/out" 2>"$dir/err" || fail "missing: exit $?"
grep -q "the program $dir/nothing is not there" "$dir/err" || fail "missing: $(cat "$dir/err")"
grep -q '"kind":"failed"' "$dir/out" || fail "missing: no error in the report"

command -v exiftool >/dev/null || { echo "t_exif: the rest needs exiftool (libimage-exiftool-perl)"; exit 77; }
printf 'GIF89a\2\0\3\0\200\0\0\0\0\0\377\377\377,\0\0\0\0\2\0\3\0\0\2\3\204o\005\0;' >"$dir/picture.gif"
printf '[core]\nplugins = smtp, hash, mimetype, exif\n' >"$dir/conf"
"$ASSAY" --conf "$dir/conf" --plugin-dir "$build/plugins" scan --compact picture.gif one.txt \
    "$src/docs/samples/1-newsletter.eml" >"$dir/out" 2>"$dir/err" || fail "exit $?: $(cat "$dir/err")"
[ ! -s "$dir/err" ] || fail "$(cat "$dir/err")"
python3 - "$dir/out" <<'PY' || exit 1
import json, sys

gif, text, mail = (json.loads(line) for line in open(sys.argv[1]))
tags = {(t["group"], t["name"]): t["value"] for t in gif["results"][0]["workers"]["exif"]["tags"]}
if tags.get(("File", "FileType")) != "GIF" or tags.get(("GIF", "ImageWidth")) != "2" \
        or tags.get(("GIF", "ImageHeight")) != "3":
    sys.exit("t_exif: a picture of 2 by 3: %s" % tags)
if any(group in ("System",) or name in ("ExifToolVersion", "FileName", "Directory") for group, name in tags):
    sys.exit("t_exif: told of our own file: %s" % tags)
if "exif" in text["results"][0]["workers"] or "exif" in mail["results"][0]["workers"]:
    sys.exit("t_exif: asked for a text")
if gif["errors"] or text["errors"] or mail["errors"]:
    sys.exit("t_exif: errors: %s %s %s" % (gif["errors"], text["errors"], mail["errors"]))
PY
# Without the plugin nobody is missing.
"$ASSAY" --conf /dev/null scan --compact picture.gif >"$dir/out" || fail "exit $? without the plugin"
grep -q '"errors":\[\]' "$dir/out" || fail "without the plugin: $(cat "$dir/out")"
echo "t_exif: stand-in and exiftool $(exiftool -ver)"
