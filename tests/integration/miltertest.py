#!/usr/bin/env python3
"""miltertest.py - the milter and mail servers that are none: miltertest scripts, loads, faults

usage: miltertest.py SOURCE BUILD ENGINE [MILTER-LOAD]

What milter.lua does must have come to the reports as it was said; afterwards the door has the
descriptors and, but for what its allocator keeps, the memory that it had before. MILTER-LOAD is a
generator of loads, with its faults; without it that part is left out.
"""
import json
import os
import shutil
import socket
import struct
import subprocess
import sys

from livehome import Home, Wrong, mail, until
from mta import Filter, Missing, expect, main_or_skip, run

SENT = {"accept": "accept", "tag": "tag", "quarantine": "quarantine", "reject": "reject", "tempfail": "tempfail",
        "discard": "discard", "after": "accept", "null": "accept", "not-null": "reject", "null-again": "reject",
        "whole-mail": "reject", "whole-rcpt": "reject", "whole-header": "reject", "whole-eoh": "reject",
        "whole-body": "reject", "greeted": "tag", "greeted-again": "reject", "many": "reject", "headers": "reject",
        "no-body": "reject", "large": "reject", "old": "quarantine", "old-reject": "reject",
        "macros": "reject"}
MEMORY_KB = 16 << 10  # what may stay with the allocator


def descriptors(pid):
    return sorted(os.readlink(f"/proc/{pid}/fd/{fd}").split(":")[0] for fd in os.listdir(f"/proc/{pid}/fd"))


def memory_kb(pid):
    with open(f"/proc/{pid}/status", encoding="ascii", errors="replace") as f:
        return next(int(line.split()[1]) for line in f if line.startswith("VmRSS:"))


def has_sanitizers(build):
    """They keep what was freed."""
    with open(os.path.join(build, "CMakeCache.txt"), encoding="utf-8") as f:
        return any(line.startswith("ASSAY_SANITIZE:STRING=") and line.strip()[-1] != "=" for line in f)


def script(filt, source, name):
    """milter.lua, once; what it sent, as it is reported."""
    run("miltertest", "-D", f"socket=unix:{filt.socket}", "-D", f"name={name}", "-s",
        os.path.join(source, "tests", "integration", "milter.lua"))
    for what, action in SENT.items():
        report = filt.report(f"{name}-{what}@a.example")
        envelope = report["request_meta"]["envelope"]
        expect(f"{what}: action", report["verdict"]["action"], action)
        expect(f"{what}: queue id", report["request_meta"]["queue_id"], what)
        expect(f"{what}: sender", envelope["sender"]["addr"], None if what.startswith("null") else "s@a.example")
        wanted = [f"r{n}@b.example" for n in range(1, 1001)] if what == "many" else ["r@b.example"]
        expect(f"{what}: recipients", [r["addr"] for r in envelope["recipients"]], wanted)
        if "given" in json.dumps(report["results"]).lower():
            raise Wrong(f"{what}: something of a message that was given up is in it")
    by = {what: filt.report(f"{name}-{what}@a.example") for what in ("greeted", "greeted-again", "not-null", "large", "old")}
    clients = {what: r["request_meta"]["envelope"]["client"] for what, r in by.items()}
    expect("an IPv6 client", clients["not-null"]["addr"], "2001:db8::1")
    expect("a client from nowhere", clients["greeted"]["addr"], None)
    expect("the last greeting", (clients["greeted"]["helo"], clients["greeted-again"]["helo"]), ("second.example", "third.example"))
    expect("large", by["large"]["results"][0]["size"] > 100 * 3600 * 18, True)
    expect("a hold that is not allowed", by["old"]["verdict"]["answered"], "quarantine")


def garbage(filt):
    """Bytes that are no milter protocol: the line is closed, nothing else happens."""
    packets = [b"", b"\0", b"\0\0\0", b"\0\0\0\0", b"\xff\xff\xff\xff", b"\0\0\0\1?", b"GET / HTTP/1.1\r\n\r\n",
               struct.pack(">I", 13) + b"O" + b"\xff" * 12, struct.pack(">I", 13) + b"O" + struct.pack(">III", 6, 0x1ff, 0x1fffff) +
               struct.pack(">I", 5) + b"L\0\0\0\0" + struct.pack(">I", 1 << 30)]
    for packet in packets:
        with socket.socket(socket.AF_UNIX) as line:
            line.settimeout(60)
            line.connect(filt.socket)
            line.sendall(packet)
            line.shutdown(socket.SHUT_WR)
            try:
                while line.recv(4096):
                    pass
            except ConnectionResetError:
                pass


def load(filt, program, folder, runs=4):
    """A load, told what to expect; then with servers that give up or hang up."""
    pid = filt.home.child("door:milter")
    base = [program, "-S", f"unix:{filt.socket}", "-c", "4", "-m", "10", "-n", "200", "--pid", str(pid)]
    faults = [["--expect", "reject*:action=reject,code=550", "--expect", "tag*:action=accept,header=X-Assay-Verdict~tag",
               "--expect", "accept*:action=accept,noheader=X-Assay-Verdict"],
              ["--fault-abort", "7"], ["--fault-drop", "9"], ["--mta", "sendmail"]]
    for more in faults[:runs]:
        out = json.loads(run(*base, *more, folder))
        print("load", *more[:2], {k: out[k] for k in out if k in ("msg_per_s", "messages", "errors", "actions")})


def mails(folder):
    os.makedirs(folder)
    for n in range(60):
        word = ("reject", "tag", "accept")[n % 3]
        with open(os.path.join(folder, f"{word}{n}.eml"), "w", encoding="ascii", newline="") as f:
            f.write(mail(n).replace("Subject: ", f"Subject: {word} "))
    return folder


def main():
    source, build, engine = sys.argv[1:4]
    if shutil.which("miltertest") is None:
        raise Missing("there is no miltertest; apt-get install miltertest")
    with Home(os.path.join(build, "assay")) as home:
        filt = Filter(home, build, engine)
        filt.configure()
        home.start()
        folder = mails(os.path.join(home.top, "mails"))
        script(filt, source, "first")
        # A few memory files are kept, for as many messages as there were at once.
        if len(sys.argv) > 4:
            load(filt, sys.argv[4], folder, 1)
        door = home.child("door:milter")
        before, kb = descriptors(door), memory_kb(door)
        for n in range(3):
            script(filt, source, f"again{n}")
            garbage(filt)
        if len(sys.argv) > 4:
            load(filt, sys.argv[4], folder)
        expect("the door", home.child("door:milter"), door)
        try:
            until(lambda: descriptors(door) == before, "", 30)
        except Wrong:
            raise Wrong(f"descriptors of the door, before: {before}, now: {descriptors(door)}") from None
        grown = memory_kb(door) - kb
        print(f"descriptors {len(before)}; memory {kb} kB, and {grown} kB after")
        if not has_sanitizers(build):
            expect(f"memory is back ({grown} kB more)", grown < MEMORY_KB, True)
        home.until_status(0)
        expect("exit code of the service", home.stop(), 0)
    return 0


if __name__ == "__main__":
    main_or_skip(main)
