#!/usr/bin/env python3
"""differential.py - mails built so that readers disagree: what they hide is found

hide-content: each hides an EICAR test file in a zip; its bytes are a payload. hide-filename: each
hides that a part is called file.zip (or file;.zip); the part is a payload, and file.zip is one of its names. Or a
defect says why not. (One mail of 243, singlepart-mac-binhex, hides nothing: its generator wrote the
words ARRAY(0x...) in place of the zip.)
"""
import email
import re

from common import Found, Verdict, files, read, reports, require, sha256

NAMED = b"This could be a file named 'test.zip'"


def hidden():
    """The zip itself, from the mails in which Python's email can read it."""
    counts = {}
    for path in files("parser-differential"):
        for part in email.message_from_bytes(read(path)).walk():
            data = part.get_payload(decode=True) or b""
            if data.startswith(b"PK\3\4") and len(data) < 300:
                counts[data] = counts.get(data, 0) + 1
    return max(counts, key=counts.get)


def missing(path, found, eicar):
    """What is not in the report of this mail, or None."""
    if "hide-content" in path:
        return None if eicar in found.sha256 else "the zip"
    if sha256(NAMED) not in found.sha256:
        return "the part"
    names = {o["filename"] for r in found.reports for p in r["results"]
             for o in p["occurrences"] if p["sha256"] == sha256(NAMED)}
    if names & {"file.zip", "file;.zip"} or b"file.png" in found.raw and b"zip" not in found.raw.lower():
        return None
    return f"the name, which is {sorted(filter(None, names))}"


def main():
    """Counts what came out."""
    require()
    verdict, have, eicar = Verdict("differential"), reports(), sha256(hidden())
    paths = files("parser-differential")
    whole = explained = 0
    for path in paths:
        found = Found(path, have.get(path, []))
        lacks = missing(path, found, eicar)
        if lacks is None:
            whole += 1
            continue
        defects = {d["code"] for s in found.smtp for d in s.get("defects", [])}
        explained += bool(defects)
        ident = re.search(rb"(?im)^x-payload-id:(.*)", found.raw)
        print(f"lacks {lacks}: {(ident.group(1) if ident else b'?').decode().split(' md5')[0]} {path}"
              f" ({' '.join(sorted(defects)) or 'no defect'})")
        verdict.expect(bool(defects), path, f"lacks {lacks}")
    print(f"differential: {whole} of {len(paths)} extracted, {explained} explained by a defect")
    verdict.done = len(paths)
    verdict.finish()


main()
