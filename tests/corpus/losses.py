#!/usr/bin/env python3
"""losses.py - what stoQ is known to lose is not lost here

Mails written on the spot, each with the one thing stoQ drops, and what the report must hold of it.
"""
import base64
import json
import os
import subprocess
import sys
import tempfile

from common import ASSAY, sha256, skip

if not os.access(ASSAY, os.X_OK):
    skip(f"{ASSAY} is not built")
PDF = b"%PDF-1.4\n%\xe2\xe3\xcf\xd3\n" + bytes(range(256)) + b"\n%%EOF\n"
B64 = base64.encodebytes(PDF).replace(b"\n", b"\r\n")
HEAD = b"From: a@example.org\r\nTo: b@example.org\r\nSubject: s\r\nMIME-Version: 1.0\r\n"


def leaf(kind=b"application/pdf", name=b"a.pdf", body=B64, encoding=b"base64"):
    """A part with a file name."""
    return (b"Content-Type: " + kind + b"; name=\"" + name + b"\"\r\nContent-Transfer-Encoding: "
            + encoding + b"\r\n\r\n" + body)


def multi(kind, *parts, boundary=b"b", spelled=None):
    """A multipart of these parts."""
    lines = b"".join(b"--" + boundary + b"\r\n" + p + b"\r\n" for p in parts)
    return (b"Content-Type: multipart/" + kind + b"; boundary=" +
            (spelled or b'"' + boundary + b'"') + b"\r\n\r\n" + lines + b"--" + boundary + b"--\r\n")


TEXT = b"Content-Type: text/plain\r\n\r\nhello\r\n"
HTML = b"Content-Type: text/html\r\n\r\n<b>hello</b>\r\n"
LATIN = "Grüße aus Köln\r\n".encode("latin-1") * 3
ICS = b"BEGIN:VCALENDAR\r\nEND:VCALENDAR\r\n"
UU = b"begin 644 x.bin\r\n#0V%T\r\n`\r\nend\r\n"
CASES = [  # what, the mail, bytes that must be a payload
    ("related in mixed", HEAD + multi(b"mixed", TEXT, multi(b"related", HTML, leaf(), boundary=b"c")), [PDF]),
    ("below alternative", HEAD + multi(b"alternative", TEXT, HTML, leaf()), [PDF]),
    ("calendar in alternative in mixed", HEAD + multi(b"mixed", multi(
        b"alternative", TEXT, leaf(b"text/calendar", b"i.ics", base64.b64encode(ICS)), boundary=b"c")), [ICS]),
    ("unquoted boundary with =", HEAD + multi(b"mixed", TEXT, leaf(), boundary=b"=_x=1",
                                              spelled=b"=_x=1"), [PDF]),
    ("boundary without closing quote", HEAD + multi(b"mixed", TEXT, leaf(), spelled=b'"b'), [PDF]),
    ("mixed in mixed", HEAD + multi(b"mixed", TEXT, multi(b"mixed", leaf(), boundary=b"c")), [PDF]),
    ("the whole body is a PDF", HEAD + leaf(), [PDF]),
    ("8-bit attachment", HEAD + multi(b"mixed", TEXT, leaf(b"application/x", b"x", PDF, b"8bit")), [PDF]),
    ("text attachment in Latin-1", HEAD + multi(b"mixed", TEXT, leaf(
        b"text/plain; charset=iso-8859-1", b"t.txt", base64.b64encode(LATIN))), [LATIN]),
    ("unknown charset", HEAD + multi(b"mixed", TEXT, leaf(b"text/plain; charset=martian", b"t.txt",
                                                          base64.b64encode(LATIN))), [LATIN]),
    ("header line without colon", HEAD + b"no colon here\r\n" + multi(b"mixed", TEXT, leaf()), [PDF]),
    ("From that ends in <", HEAD.replace(b"a@example.org", b"<a@") + multi(b"mixed", TEXT, leaf()), [PDF]),
    ("malformed Message-Id", HEAD + b"Message-Id: <[\r\n" + multi(b"mixed", TEXT, leaf()), [PDF]),
    ("external-body", HEAD + multi(b"mixed", TEXT, b"Content-Type: message/external-body; "
                                   b"access-type=URL\r\n\r\nContent-Type: image/gif\r\n\r\n", leaf()), [PDF]),
    ("padding in the middle", HEAD + leaf(body=base64.b64encode(b"abcd") + b"\r\n" + B64), [b"abcd" + PDF]),
    ("message sent as base64", HEAD + leaf(b"message/rfc822", b"m.eml", base64.encodebytes(
        HEAD + multi(b"mixed", TEXT, leaf()))), [PDF, HEAD + multi(b"mixed", TEXT, leaf())]),
    ("attached message keeps its bytes", HEAD + multi(b"mixed", TEXT, b"Content-Type: message/rfc822\r\n"
                                                      b"\r\nsubject:  odd   spacing\r\n\r\nx"),
     [b"subject:  odd   spacing\r\n\r\nx"]),
    ("uuencode in a plain body", HEAD + b"\r\nsee:\r\n" + UU, [b"Cat"]),
    ("behind the closing boundary", HEAD + multi(b"mixed", TEXT) + b"--b\r\n" + leaf() + b"\r\n--b--\r\n", [PDF]),
]


def main():
    """One run over all of them; two names of one content besides."""
    bad = []
    twice = HEAD + multi(b"mixed", TEXT, leaf(name=b"one.pdf"), leaf(name=b"two.pdf"))
    with tempfile.TemporaryDirectory() as place:
        paths = []
        for number, mail in enumerate([m for _, m, _ in CASES] + [twice]):
            paths.append(os.path.join(place, f"{number:02}.eml"))
            with open(paths[-1], "wb") as file:
                file.write(mail)
        done = subprocess.run([ASSAY, "scan", "--local", "--compact", *paths], capture_output=True, check=False)
    reports = [json.loads(line) for line in done.stdout.splitlines()]
    if done.returncode != 0 or len(reports) != len(paths):
        sys.exit(f"exit {done.returncode}, {len(reports)} reports: {done.stderr.decode()}")
    for (what, _, wanted), report in zip(CASES, reports):
        have = {p["sha256"] for p in report["results"]}
        bad += [f"{what}: no payload with the {len(d)} bytes of it" for d in wanted if sha256(d) not in have]
    names = {o["filename"] for p in reports[-1]["results"] for o in p["occurrences"]}
    if not {"one.pdf", "two.pdf"} <= names:
        bad.append(f"one content with two names: {names}")
    print("\n".join(bad))
    print(f"losses: {len(CASES) + 1} mails, {len(bad)} losses")
    sys.exit(bool(bad))


main()
