#!/bin/sh
# t_unpackers.sh - what libarchive cannot: encrypted 7z with the password in the mail around it,
# deflate64, rar; a bomb; and how it is without the programs
set -u
src=${1:?source directory}
: "${ASSAY:?the command}"
[ -x "$ASSAY" ] || { echo "t_unpackers: $ASSAY is not built"; exit 77; }
command -v 7z >/dev/null || { echo "t_unpackers: 7z is missing"; exit 77; }
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
corpus=${ASSAY_CORPUS:-$src/../shared/corpus}
failed=0
printf '[core]\nplugins = smtp, hash, mimetype, yara, decompress\n' >"$tmp/conf"

# scan ARGUMENT... - one report into out
scan() {
	timeout 120 "$ASSAY" --home "$tmp/home" --conf "$tmp/conf" scan --local --compact "$@" \
		>"$tmp/out" 2>"$tmp/err"
	code=$?
	[ $code -eq 0 ] || { echo "t_unpackers: exit $code of $*"; cat "$tmp/err"; failed=1; }
}

# has TEXT WHAT - in the report
has() {
	grep -qF -- "$1" "$tmp/out" || { echo "t_unpackers: $2: no $1"; failed=1; }
}

# pack ARGUMENT... - what 7z says is of no interest
pack() { (cd "$tmp" && 7z a -y "$@" >/dev/null) || { echo "t_unpackers: 7z fails"; exit 1; }; }

mkdir "$tmp/d"
printf 'small and secret\n' >"$tmp/d/a.txt"
awk 'BEGIN { for (i = 0; i < 20000; i++) print "line", i }' >"$tmp/b.txt"
inside='"sha256":"'$(sha256sum <"$tmp/d/a.txt" | cut -d' ' -f1)
large='"sha256":"'$(sha256sum <"$tmp/b.txt" | cut -d' ' -f1)

pack '-pFr1 tz!' -mhe=on head.7z d b.txt
pack '-pFr1 tz!' body.7z d b.txt
for archive in head body; do
	{
		printf 'From: a@example.org\nTo: b@example.net\nSubject: your file\nMIME-Version: 1.0\n'
		printf 'Content-Type: multipart/mixed; boundary=x\n\n--x\n\nDas Passwort lautet: "Fr1 tz!"\n\n'
		printf -- '--x\nContent-Type: application/x-7z-compressed; name=f.7z\n'
		printf 'Content-Transfer-Encoding: base64\n\n'
		base64 "$tmp/$archive.7z"
		printf -- '--x--\n'
	} >"$tmp/$archive.eml"
	scan "$tmp/$archive.eml"
	has '"password_used":"Fr1 tz!"' "$archive.7z"
	has '"complete":true' "$archive.7z"
	has "$inside" "$archive.7z, a small member"
	has "$large" "$archive.7z, a large member"
	has '"path":"f.7z/a.txt"' "$archive.7z"
	scan "$tmp/$archive.7z"
	has '"password_used":null' "$archive.7z alone"
	has 'no password fits' "$archive.7z alone"
	scan --plugin-opts decompress:programs=no "$tmp/$archive.eml"
	has '"encrypted":true' "$archive.7z without programs"
	has '"complete":false' "$archive.7z without programs"
done
scan --request-extra 'passwords=Fr1 tz!' "$tmp/head.7z"
has '"password_used":"Fr1 tz!"' 'a password of the command line'

pack -tzip -mm=Deflate64 d64.zip b.txt
scan "$tmp/d64.zip"
has "$large" deflate64
has '"complete":true' deflate64

# 200 MB of nothing in some kilobytes: ends with a reason, and nothing is left behind
(cd "$tmp" && head -c 200000000 /dev/zero | 7z a -y -si -pinfected -mx=1 bomb.7z >/dev/null)
scan "$tmp/bomb.7z"
has '"limit":"decompress_programs"' 'a bomb'

rar=$corpus/archives/strelka/test_password_mixed_encrypted_headers.rar
if command -v unar >/dev/null && command -v script >/dev/null && [ -f "$rar" ]; then
	scan "$rar"
	has '"password_used":"password"' rar
	has '"name":"hidden/lorem-hidden.txt"' rar
fi
exit $failed
