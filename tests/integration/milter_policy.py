#!/usr/bin/env python3
"""milter_policy.py - exemptions, limits and late scans, as a mail server meets them

usage: milter_policy.py BUILD

Each exemption of [policy]: what is not scanned says so and why. A limit that hid bytes is on_limit, one
that only cut what is stored is not. A mail that was let through before its scan was finished is scanned
again in quiet; what should have been stopped is a finding delivered_bad, and a line in the log.
"""
import json
import os
import sys

from livehome import Home, Wrong, until
from milter import Milter, packet
from mta import Filter, expect, main_or_skip

PLAIN = b"Message-ID: <m@a.example>\nSubject: reject this\n\nbody\n"
NESTED = (b"Message-ID: <late@a.example>\nSubject: late\nMIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=b\n\n"
          b"--b\n\nMARK-slow\n--b\nContent-Type: message/rfc822\n\nSubject: inner\n"
          b"Content-Type: application/octet-stream; name=a.exe\n\nMZ\n--b--\n")
PARTS = (b"Message-ID: <parts@a.example>\nSubject: parts\nMIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=b\n\n" +
         b"--b\n\na letter\n" +
         b"".join(b"--b\nContent-Type: application/octet-stream; name=p%d.bin\n\npart %d\n" % (n, n) for n in range(20)) + b"--b--\n")


def ask(filt, queue_id, data=PLAIN, client=b"192.0.2.1", daemon=b"smtpd", user=b"", **envelope):
    """The letters of the answer and the header lines it adds."""
    milter = Milter(filt.socket)
    milter.say(packet(b"D", b"C{daemon_name}\0" + daemon + b"\0") +
               packet(b"C", b"client.example\0" + (b"6" if b":" in client else b"4") + b"\0\x19" + client + b"\0") +
               packet(b"H", b"client.example\0"))
    if user:
        milter.say(packet(b"D", b"M{auth_authen}\0" + user + b"\0"))
    milter.message(data, queue_id, **envelope)
    answer = milter.end()
    milter.close()
    return "".join(letter for letter, _ in answer), [data[4:].rstrip(b"\0").replace(b"\0", b":").decode() for letter, data in answer if letter == "i"]


def report_of(filt, queue_id):
    def look():
        found = [r for r in filt.home.reports() if r.get("schema") == "assay/1" and r["request_meta"]["queue_id"] == queue_id]
        return found
    return until(look, f"a report of {queue_id}")[0]


def check_exempt(filt):
    """Each list: not scanned, accepted, and never called clean."""
    filt.configure(policy="headers = always\nheader_status = X-Assay-Status\nexempt_networks = 198.51.100.0/24, 2001:db8::/32\n"
                          "exempt_auth = robot-*\nexempt_daemons = inside\nexempt_senders = @our.example, <>\n"
                          "exempt_rcpts = abuse@*\nexempt_size = 4K\n")
    filt.home.start()
    ways = {"network": {"client": b"198.51.100.7"}, "network6": {"client": b"2001:db8::7"}, "auth": {"user": b"robot-7"},
            "daemon": {"daemon": b"inside"}, "sender": {"sender": b"<a@x.our.example>"}, "bounce": {"sender": b"<>"},
            "rcpt": {"rcpts": (b"<abuse@b.example>", b"<abuse@c.example>")}, "size": {"data": PLAIN + b"x" * 5000}}
    for name, how in ways.items():
        letters, lines = ask(filt, name, **how)
        expect(f"exempt by {name}", letters.strip("i"), "a")
        if not any("X-Assay-Status: unscanned" in line for line in lines) or any("clean" in line for line in lines):
            raise Wrong(f"exempt by {name}: header lines {lines}")
        report = report_of(filt, name)
        verdict = report["verdict"]
        expect(f"report, exempt by {name}", (report["status"], report["status_reason"], verdict["cause"], verdict["answered"]),
               ("unscanned", "exempt", "exempt", "accept"))
    others = {"other-rcpt": {"rcpts": (b"<abuse@b.example>", b"<r@b.example>")}, "other-sender": {"sender": b"<a@example.org>"},
              "other-net": {"client": b"198.51.101.7"}, "no-user": {"user": b"human"}}
    for name, how in others.items():
        expect(f"not exempt: {name}", ask(filt, name, **how)[0], "y")
    letters, lines = ask(filt, "clean", PLAIN.replace(b"reject", b"accept"))
    expect("scanned", (letters.strip("i"), [line for line in lines if "Status" in line]), ("a", ["X-Assay-Status: scanned"]))


def check_null_sender(filt):
    """A rule about bounces."""
    filt.configure(more="[rule bounces]\nwhen.mailfrom = <>\naction = tempfail\n")
    filt.reload()
    data = PLAIN.replace(b"reject", b"accept")
    expect("a bounce", ask(filt, "bounce2", data, sender=b"<>")[0], "y")
    expect("no bounce", ask(filt, "nobounce", data)[0], "a")
    expect("its fact", report_of(filt, "bounce2")["facts"]["mailfrom"], ["<>"])


def check_limits(filt):
    """Bytes that were not looked at, and values that were not stored."""
    filt.configure(policy="on_limit = quarantine\n")
    path = os.path.join(filt.home.path, "assay.conf")
    with open(path, encoding="utf-8") as f:
        text = f.read()
    for option, letters, cause in (("max_children_message = 5", "iiqa", "on_limit"), ("body_text_kept = 2B", "a", "default")):
        with open(path, "w", encoding="utf-8") as f:
            f.write(text.replace("[core]\n", f"[core]\n{option}\n", 1))
        filt.reload()
        name = option.split(" ", maxsplit=1)[0]
        expect(option, ask(filt, name, PARTS)[0], letters)
        report = report_of(filt, name)
        expect(option, report["verdict"]["cause"], cause)
        if not report["limits"]:
            raise Wrong(f"{option}: no limit was met")


def check_late(filt):
    """Let through before it was looked at; what is found then is told."""
    home = filt.home
    filt.configure(policy="on_timeout = accept\n", more="[slow]\nmarker = MARK-slow\ntime = 1500ms\n"
                   "[rule programs]\nwhen.extension = exe\naction = reject\n")
    path = os.path.join(home.path, "assay.conf")
    with open(path, encoding="utf-8") as f:
        text = f.read().replace("crash, hang", "slow, crash, hang")
    with open(path, "w", encoding="utf-8") as f:
        f.write(text.replace("[core]\n", "[core]\nmessage_timeout = 1s\n", 1))
    filt.reload()
    home.mark_log()
    expect("a scan that is late", ask(filt, "late", NESTED)[0], "a")
    first = report_of(filt, "late")
    expect("the first report", (first["verdict"]["answered"], first["verdict"]["cause"]), ("accept", "on_timeout"))
    home.until_log("delivered_bad: scan_id=")
    second = until(lambda: [r for r in home.reports() if r.get("supersedes") == first["scan_id"]], "the late report")[0]
    expect("the late report", (second["status"], second["verdict"]["action"], second["verdict"]["rule"]), ("scanned", "reject", "programs"))
    finding = until(lambda: [r for r in home.reports() if r.get("kind") == "delivered_bad"], "the finding")[0]
    expect("the finding", (finding["scan_id"], finding["rules"]), (second["scan_id"], ["programs"]))


def main():
    with Home(os.path.join(sys.argv[1], "assay")) as home:
        filt = Filter(home, sys.argv[1])
        for check in (check_exempt, check_null_sender, check_limits, check_late):
            check(filt)
        expect("exit code of the service", home.stop(), 0)
    return 0


if __name__ == "__main__":
    main_or_skip(main)
