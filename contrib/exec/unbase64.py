#!/usr/bin/env python3
"""unbase64.py - a worker in Python: what is hidden in a script as base64 becomes children

    [exec]
    commands = unbase64 text/* application/javascript: /usr/local/lib/assay/unbase64.py

Files in $ASSAY_OUT become children of the payload and are looked at in their turn. Nothing that the
payload says becomes the name of a file here: the names are our own.
"""
import base64
import json
import os
import re
import sys

LEAST, MOST = 60, 50

data = sys.stdin.buffer.read()
out = os.environ["ASSAY_OUT"]
found, tags = [], set()
for match in re.finditer(rb"[A-Za-z0-9+/]{%d,}={0,2}" % LEAST, data):
    text = match.group()
    blob = base64.b64decode(text[: len(text) // 4 * 4])
    if len(found) == MOST:
        break
    with open(os.path.join(out, "%02d.bin" % len(found)), "wb") as file:
        file.write(blob)
    found.append({"offset": match.start(), "size": len(blob)})
    if blob[:2] == b"MZ":
        tags.add("base64-exe")
json.dump({"found": found, "tags": sorted(tags)}, sys.stdout)
