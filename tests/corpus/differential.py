#!/usr/bin/env python3
"""differential.py - mails built so that readers disagree: what they hide is found

Each of them hides an EICAR test file in a zip: its content is a payload, whole or with bytes around
it; or, where the name is what is hidden, an attachment has that name; or a defect says why not.
"""
import email
import re

from common import Found, Verdict, files, read, reports, require, sha256


def hidden():
    """The zip itself, from the mails in which Python's email can read it."""
    counts = {}
    for path in files("parser-differential"):
        for part in email.message_from_bytes(read(path)).walk():
            data = part.get_payload(decode=True) or b""
            if data.startswith(b"PK\3\4") and len(data) < 300:
                counts[data] = counts.get(data, 0) + 1
    return max(counts, key=counts.get)


def main():
    """Counts what came out."""
    require()
    verdict, have = Verdict("differential"), reports()
    want = sha256(hidden())
    paths = files("parser-differential")
    whole = explained = 0
    for path in paths:
        found = Found(path, have.get(path, []))
        name = re.search(rb"(?im)^x-payload-id:(.*)", found.raw)
        name = name.group(1).strip().decode(errors="replace") if name else "?"
        named = "hide-content" in path or any((n or "").endswith("eicar.zip") for n in found.names)
        if want in found.sha256 and named:
            whole += 1
            continue
        defects = {d["code"] for s in found.smtp for d in s.get("defects", [])}
        explained += bool(defects)
        print(f"{'not extracted' if want not in found.sha256 else 'not named'}: {name} {path}"
              f" ({' '.join(sorted(defects)) or 'no defect'})")
        verdict.expect(bool(defects), path, "no payload, and no defect that says why")
    print(f"differential: {whole} of {len(paths)} extracted, {explained} explained by a defect")
    verdict.done = len(paths)
    verdict.finish()


main()
