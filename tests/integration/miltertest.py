#!/usr/bin/env python3
"""miltertest.py - the milter and mail servers that are none: miltertest scripts, loads, faults

usage: miltertest.py SOURCE BUILD ENGINE [MILTER-LOAD]

What milter.lua does must have come to the reports as it was said; afterwards the door has the
descriptors and, but for what its allocator keeps, the memory that it had before. MILTER-LOAD is a
generator of loads, with its faults; without it that part is left out.
"""
import concurrent.futures
import json
import os
import shutil
import socket
import struct
import subprocess
import sys

from livehome import Home, Wrong, is_alive, mail, until
from milter import Milter
from mta import Filter, Missing, expect, main_or_skip, run

SENT = {"accept": "accept", "tag": "tag", "quarantine": "quarantine", "reject": "reject", "tempfail": "tempfail",
        "discard": "discard", "after": "accept", "null": "accept", "not-null": "reject", "null-again": "reject",
        "whole-mail": "reject", "whole-rcpt": "reject", "whole-header": "reject", "whole-eoh": "reject",
        "whole-body": "reject", "greeted": "tag", "greeted-again": "reject", "many": "reject", "headers": "reject",
        "no-body": "reject", "large": "reject", "old": "quarantine", "old-reject": "reject",
        "macros": "reject"}
KEPT = 2 * 10  # memory files: of messages and of what scan processes say of themselves
MEMORY_KB = 16 << 10  # what may stay with the allocator


def descriptors(pid):
    return sorted(os.readlink(f"/proc/{pid}/fd/{fd}").split(":")[0] for fd in os.listdir(f"/proc/{pid}/fd"))


def kept_aside(names, most):
    """Without memory files: one is kept for each message there was at once, and no more than that."""
    return [name for name in names if name != "/memfd"] + ["too many memory files"] * (names.count("/memfd") > most)


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


ANSWERS = {"reject": ("y", b"550"), "tempfail": ("y", b"451"), "accept": ("a", b""), "tag": ("a", b""),
           "quarantine": ("a", b""), "discard": ("d", b"")}


def crowd(filt, name, lines=8, each=12):
    """Sessions side by side, each with mails of its own: every answer and every report is that of its mail."""
    def mails_of(line):
        for n in range(each):
            yield f"{name}-crowd{line}.{n}", list(ANSWERS)[(line + n) % len(ANSWERS)]

    def talk(line):
        milter = Milter(filt.socket)
        milter.connect()
        for what, word in mails_of(line):
            head = f"Message-ID: <{what}@a.example>\nSubject: {word} this\n\n"
            milter.message((head + what + "x" * (line * 997) + "\n").encode(), what, sender=f"<{what}@a.example>".encode())
            letter, data = milter.end()[-1]
            expect(f"{what}: the answer to {word}", (letter, data[:3] if letter == "y" else b""), ANSWERS[word])
        milter.close()
    with concurrent.futures.ThreadPoolExecutor(lines) as pool:
        list(pool.map(talk, range(lines)))
    for line in range(lines):
        for what, word in mails_of(line):
            report = filt.report(f"{what}@a.example")
            expect(what, (report["verdict"]["action"], report["request_meta"]["queue_id"],
                          report["request_meta"]["envelope"]["sender"]["addr"]), (word, what, f"{what}@a.example"))


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
        filt.configure(milter="drain_time = 1s")
        home.start()
        folder = mails(os.path.join(home.top, "mails"))
        script(filt, source, "first")
        crowd(filt, "first")
        # A few memory files are kept, for as many messages as there were at once.
        if len(sys.argv) > 4:
            load(filt, sys.argv[4], folder, 1)
        door = home.child("door:milter")
        before, kb = descriptors(door), memory_kb(door)
        for n in range(3):
            script(filt, source, f"again{n}")
            garbage(filt)
            crowd(filt, f"again{n}")
        if len(sys.argv) > 4:
            load(filt, sys.argv[4], folder)
        expect("the door", home.child("door:milter"), door)
        try:
            until(lambda: kept_aside(descriptors(door), KEPT) == kept_aside(before, KEPT), "", 30)
        except Wrong:
            raise Wrong(f"descriptors of the door, before: {before}, now: {descriptors(door)}") from None
        grown = memory_kb(door) - kb
        print(f"descriptors {len(before)}; memory {kb} kB, and {grown} kB after")
        if not has_sanitizers(build):
            expect(f"memory is back ({grown} kB more)", grown < MEMORY_KB, True)
        home.until_status(0)
        # Sessions that are open, and one that has said nothing, when it stops.
        idle = [Milter(filt.socket), Milter(filt.socket)]
        idle[1].connect()
        with socket.socket(socket.AF_UNIX) as probe:
            probe.connect(filt.socket)
            expect("exit code of the service", home.stop(), 0)
        for pid in (door, *home.tree()):
            if is_alive(pid):
                raise Wrong(f"{pid} outlives the service")
    return 0


if __name__ == "__main__":
    main_or_skip(main)
