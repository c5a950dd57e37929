#!/usr/bin/env python3
"""completeness.py - every leaf, sender and subject that another reader finds is in the report

Readers: Python's email from bytes; GMime (gmime_leaves, when built); a raw walk that decodes every
base64 block behind a header that names it and knows nothing of MIME. Leaves are compared by the
SHA-256 of their decoded bytes.
"""
import binascii
import email
import email.header
import os
import re
import subprocess
import sys

from common import ASSAY, CORPUS, Found, Verdict, mails, read, reports, require, sha256, squeeze

BASE64 = re.compile(rb"(?i)content-transfer-encoding:[ \t]*\"?base64\"?[ \t]*\r?\n"
                    rb"(?:[^\r\n]+\r?\n)*\r?\n((?:[A-Za-z0-9+/]{2,}={0,2}[ \t]*(?:\r?\n|\Z))+)"
                    rb"(?=\r?\n|--|\Z)")


RFC822 = ("message/rfc822", "message/global")


def python_parts(part):
    """Leaves; Python takes delivery-status and external-body apart as if they were messages."""
    kind = part.get_content_type()
    if kind in RFC822 and re.search("(?i)base64|quoted", str(part.get("content-transfer-encoding"))):
        return  # it does not decode them
    if part.is_multipart() and (not kind.startswith("message/") or kind in RFC822):
        for inner in part.get_payload():
            yield from python_parts(inner)
    elif not part.is_multipart() and kind not in RFC822 and not kind.startswith("multipart/"):
        yield part


def python_leaves(raw):
    """(type, decoded bytes) of the leaves of the tree that Python's email sees."""
    try:
        for part in python_parts(email.message_from_bytes(raw)):
            data, encoding = part.get_payload(decode=True), part.get("content-transfer-encoding")
            encoded = part.get_payload(decode=False).encode("ascii", "surrogateescape")
            if not data or b"".join(data.split()) == b"".join(encoded.split()) \
                    and re.search("(?i)base64|quoted|uu", str(encoding)):
                continue  # it says that it is encoded, and Python could not decode it
            yield part.get_content_type(), data
    except Exception as trouble:  # its parser raises on some of these mails  # pylint: disable=W0718
        print(f"python: {type(trouble).__name__}: {trouble}")


def raw_leaves(raw):
    """Base64 blocks that stand behind a header which says so and end cleanly."""
    for match in BASE64.finditer(raw):
        text = re.sub(rb"\s", b"", match.group(1))
        if len(text) % 4 == 0 and b"=" not in text[:-2]:
            yield "base64", binascii.a2b_base64(text)


def gmime_leaves(paths):
    """{path: [(type, sha256)]} as GMime sees it; empty when the helper is not built."""
    tool = os.path.join(os.path.dirname(ASSAY), "tests", "gmime_leaves")
    found = {}
    if not os.access(tool, os.X_OK):
        print("gmime_leaves is not built: GMime's view is left out")
        return found
    for at in range(0, len(paths), 100):
        out = subprocess.run([tool, *paths[at:at + 100]], cwd=CORPUS, capture_output=True, text=True,
                             errors="replace", check=False, timeout=300).stdout
        for line in out.splitlines():
            if line.count("\t") == 2:
                path, kind, digest = line.split("\t")
                found.setdefault(path, []).append((kind, digest))
    return found


def headers(raw, name):
    """The raw values of a header of the message itself, unfolded, as bytes."""
    raw = re.sub(rb"\A(?:From [^\n]*\n|\s+\n)*", b"", raw)
    head = re.split(rb"\r?\n\r?\n", raw, maxsplit=1)[0]
    head = re.sub(rb"\r?\n(?=[ \t])", b"", head)
    return re.findall(rb"(?im)^" + name + rb"[ \t]*:[ \t]*([^\r\n]*)", head)


def subject_of(value):
    """Python's reading of a Subject; None where it has none or is known to be wrong."""
    try:
        text = value.decode("ascii")
        parts = email.header.decode_header(text)
        return "".join(p if isinstance(p, str) else p.decode(c or "ascii") for p, c in parts)
    except (UnicodeDecodeError, LookupError, ValueError):
        try:
            return value.decode("utf-8") if b"=?" not in value else None
        except UnicodeDecodeError:
            return None


def main():
    """Compares, file by file."""
    require()
    strict = sys.argv[1:] or ["real-phish"]
    leaves, senders, subjects = (Verdict(n) for n in ("leaves", "senders", "subjects"))
    paths, have = mails(), reports()
    gmime = gmime_leaves([p for p in paths if p.startswith(tuple(strict))])
    for path in paths:
        raw = read(path)
        found = Found(path, have.get(path, []))
        differential = path.startswith("parser-differential")  # where differential.py knows better
        for kind, data in [*python_leaves(raw), *raw_leaves(raw)] * (not differential):
            leaves.expect(found.has(data), path, f"{kind} {len(data)} {sha256(data)[:12]}")
        for kind, digest in gmime.get(path, []):
            leaves.expect(digest in found.sha256 or kind.startswith("text/"), path,
                          f"gmime {kind} {digest[:12]}")
        if not path.startswith(tuple(strict)) or not found.smtp:
            continue
        for value in headers(raw, b"from")[:1]:
            if re.search(rb"[\w.+-]+@[\w-]+\.[\w.-]+", value):
                senders.expect(any(a.get("addr") for a in found.smtp[0].get("from", [])), path,
                               value.decode(errors="replace"))
        for value in headers(raw, b"subject")[:1]:
            wanted = subject_of(value)
            if wanted is not None:
                got = found.smtp[0].get("subject") or ""
                subjects.expect(squeeze(got) == squeeze(wanted), path, f"{got!r} is not {wanted!r}")
    bad = 0
    for verdict in (leaves, senders, subjects):
        try:
            verdict.finish()
        except SystemExit as end:
            bad |= bool(end.code)
    sys.exit(bad)


main()
