#!/usr/bin/env python3
"""completeness.py - every leaf, sender and subject that another reader finds is in the report

Readers: Python's email from bytes; GMime (gmime_leaves, when built); a raw walk that decodes every
base64 block behind a header that names it and knows nothing of MIME. Leaves are compared by the
SHA-256 of their decoded bytes.
"""
import email
import email.header
import os
import re
import subprocess
import sys

from common import ASSAY, CORPUS, Found, Verdict, decodings, mails, read, reports, require, sha256
from common import squeeze

BASE64 = re.compile(rb"(?i)content-transfer-encoding:[ \t]*\"?base64\"?[ \t]*\r?\n"
                    rb"(?:[^\r\n]+\r?\n)*\r?\n((?:[A-Za-z0-9+/]{2,}={0,2}[ \t]*\r?\n)+)")


def python_leaves(raw):
    """(type, decoded bytes) of the leaves of the tree that Python's email sees."""
    try:
        message = email.message_from_bytes(raw)
        for part in message.walk():
            if part.is_multipart() or part.get_content_maintype() == "multipart":
                continue
            if part.get_content_type() in ("message/rfc822", "message/global"):
                continue
            data = part.get_payload(decode=True)
            if data:
                yield part.get_content_type(), data
    except Exception as trouble:  # its parser raises on some of these mails  # pylint: disable=W0718
        print(f"python: {type(trouble).__name__}: {trouble}")


def raw_leaves(raw):
    """Base64 blocks that stand behind a header which says so and end cleanly."""
    for match in BASE64.finditer(raw):
        text = re.sub(rb"\s", b"", match.group(1))
        if len(text) % 4 == 0 and b"=" not in text[:-2]:
            yield "base64", list(decodings(text))[-1]


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
        for kind, data in [*python_leaves(raw), *raw_leaves(raw)]:
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
