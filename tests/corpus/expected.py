#!/usr/bin/env python3
"""expected.py - the results that other libraries' tests expect of their own mails

mbox: messages and offsets. mime4j: decoded bodies by part. stalwart: parts with their text or bytes. MIME-tools: type, size and
name by part. wildduck: a tree with bodies. Where one library's opinion on a malformed mail is not
ours, exceptions.tsv has the reason.
"""
import json
import os
import re

from common import CORPUS, Found, Verdict, decodings, files, read, reports, require, sha256


def mime4j(verdict, have):
    """X_decoded_1_2.bin and .txt are the decoded bodies of X.msg."""
    for path in files("mime4j-with-expected"):
        match = re.match(r"(.*)_decoded((?:_\d+)+)\.(bin|txt)$", path)
        if not match or not os.path.exists(os.path.join(CORPUS, match.group(1) + ".msg")):
            continue
        mail = match.group(1) + ".msg"
        found, data = Found(mail, have.get(mail, [])), read(path)
        good = found.has(data) or any(found.has_text(data.decode(c, "replace"))
                                      for c in ("utf-8", "latin-1"))
        verdict.expect(good, mail, f"part{match.group(2)} {len(data)}")


def stalwart(verdict, have):
    """parts[].body is text, or a list of bytes; offsets are those of the message."""
    for path in files("stalwart-with-expected"):
        mail = path[:-5] + ".eml"
        if not path.endswith(".json"):
            continue
        found = Found(mail, have.get(mail, []))
        for number, part in enumerate(json.loads(read(path))["parts"]):
            body = part.get("body")
            if not isinstance(body, dict):
                continue
            kind, value = next(iter(body.items()))
            raw = found.raw[part["offset_body"]:part["offset_end"]]
            if kind in ("Text", "Html"):
                good = found.has_text(value) or found.has(value.encode()) or any(
                    found.has(d) for d in decodings(raw))
            elif kind in ("Binary", "InlineBinary"):
                good = found.has(bytes(value)) or any(found.has(d) for d in decodings(raw))
            else:
                continue
            verdict.expect(good, mail, f"part {number} {kind} {len(value)}")


def mimetools(verdict, have):
    """X.ref: a Perl structure with a block for each part."""
    for path in files("mimetools-with-expected"):
        base = re.match(r"(.*?)(-nest|-uu|-dec)?\.ref$", path)
        if not base or not os.path.exists(os.path.join(CORPUS, base.group(1) + ".msg")):
            continue
        mail = base.group(1) + ".msg"
        found = Found(mail, have.get(mail, []))
        for name, block in re.findall(r'"(Part_[\d_]+)" => \{(.*?)\}', read(path).decode(), re.S):
            row = dict(re.findall(r'"(\w+)" => "?([^",\n]*)', block))
            if "Size" not in row:
                continue
            size = int(row["Size"])
            sizes = found.sizes | {p.get("size") for p in found.parts}
            verdict.expect(any(abs(size - (s or 0)) <= max(2, size // 20) for s in sizes), mail,
                           f"{name} size {size}")
            if row.get("Filename"):
                verdict.expect(row["Filename"] in found.names, mail, f"{name} name {row['Filename']}")


def wildduck(verdict, have):
    """A tree of childNodes; bodies as they stand in the message."""
    def walk(node):
        yield node
        for child in node.get("childNodes") or []:
            yield from walk(child)
        if node.get("message"):
            yield from walk(node["message"])

    for path in files("mime-torture/wildduck"):
        mail = path[:-5] + ".eml"
        if not path.endswith(".json"):
            continue
        found = Found(mail, have.get(mail, []))
        for node in walk(json.loads(read(path))):
            body = node.get("body")
            if body and not node.get("childNodes") and not node.get("message"):
                data = body.encode("latin-1", "replace")
                good = any(found.has(d) for d in decodings(data)) or found.has_text(body)
                verdict.expect(good, mail, f"{len(body)} {body[:30]!r}")


def mbox(verdict, have):
    """mbox.rlug-N are the messages of mbox.rlug; MimeKit lists where each message begins."""
    path = "mbox/james-mime4j/mbox.rlug"
    reports_of_file = have.get(path, [])
    for number, report in enumerate(reports_of_file):
        wanted = read(f"{path}-{number}")
        verdict.expect(report["results"][0]["sha256"] in [sha256(wanted), sha256(wanted[:-1])], path,
                       f"message {number} of {len(wanted)} bytes")
    verdict.expect(len(reports_of_file) == 5, path, f"{len(reports_of_file)} messages")
    path, form = "mbox/MimeKit/issue1189.mbox.txt", "unix"
    if b"\r\n" in read(path):
        form = "dos"
    wanted = json.loads(read(f"mbox/MimeKit/issue1189.{form}-offsets.json"))
    begins = [int(r["request_meta"]["source_id"].rpartition(":")[2]) for r in have.get(path, [])]
    verdict.expect(begins == [m["mboxMarkerOffset"] for m in wanted], path, f"offsets {begins}")


def main():
    """All of them."""
    require()
    verdict, have = Verdict("expected"), reports()
    for check in (mbox, mime4j, stalwart, mimetools, wildduck):
        check(verdict, have)
    verdict.finish()


main()
