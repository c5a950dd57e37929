#!/usr/bin/env python3
"""sendmail.py - the milter in a real Sendmail: what clients are told, and what is delivered

usage: sendmail.py SOURCE BUILD ROOT ENGINE

ROOT has Sendmail's packages, unpacked. Each action, enforced and observed, against a Sendmail without
a filter; facts of the session, many messages on a connection, a large mail; the door is killed in
mid-message for each F=.
"""
import hashlib
import os
import signal
import sys

from livehome import Home, Wrong, until
from mta import DOMAIN, Client, Filter, Sendmail, expect, main_or_skip, send, without_trace
from postfix import FORGED, as_delivered, awkward, large, our_lines
from postfix_kill import Sender, busy, kill_scans, message

REPLIES = {"accept": (250, "2.0.0"), "tag": (250, "2.0.0"), "reject": (550, "5.7.1 No 100% of that ("),
           "tempfail": (451, "4.7.1 Message could not be examined"), "quarantine": (250, "2.0.0"),
           "discard": (250, "2.0.0")}
ON_LOSS = {"": 250, "F=T, ": 451, "F=R, ": 554}


def as_without_us(mtas, data):
    """What Sendmail itself makes of a message."""
    expect("reply without a filter", send(mtas["none"].port, data)[0], 250)
    return without_trace(mtas["none"].take())


def check_actions(filt, mtas):
    mta = mtas["F=T, "]
    for action, (code, words) in REPLIES.items():
        name = f"do-{action}"
        data = awkward(name, f"{action} this", FORGED)
        plain = as_without_us(mtas, awkward(name, f"{action} this"))
        got, text = send(mta.port, data)
        expect(f"reply to {action}", (got, text[:len(words)]), (code, words))
        report = filt.report(f"{name}@outside.example")
        expect(f"verdict of {action}", report["verdict"]["answered"], action)
        expect(f"bytes of {action}", report["results"][0]["sha256"], hashlib.sha256(data).hexdigest())
        if not report["request_meta"]["queue_id"]:
            raise Wrong(f"{action}: no queue id")
        if action in ("accept", "tag"):
            ours, rest = our_lines(mta.take())
            expect(f"{action}: what others wrote", without_trace(rest), plain)
            wanted = [b"X-Assay-Verdict: tag; rule=tags", b"X-Found: 100% tag this",
                      b"X-Assay-Scan-Id: " + report["scan_id"].encode()] if action == "tag" else []
            expect(f"{action}: our header lines", sorted(ours), sorted(wanted))
        held = until(mta.held, "quarantined") if action == "quarantine" else mta.held()
        if action == "quarantine":
            (text,) = held
            expect("the reason is said", f"\nqassay holds {report['scan_id']}\n" in text, True)
            mta.forget_held()
        else:
            expect(f"held by {action}", held, [])


def check_observing(filt, mtas):
    mta = mtas["F=T, "]
    for action in REPLIES:
        name = f"see-{action}"
        data = awkward(name, f"{action} this", FORGED)
        expect(f"observing, reply to {action}", send(mta.port, data)[0], 250)
        expect(f"observing, {action}", without_trace(mta.take()), as_without_us(mtas, data))
        verdict = filt.report(f"{name}@outside.example")["verdict"]
        expect(f"observing, verdict of {action}", (verdict["action"], verdict["answered"]), (action, "accept"))
    expect("held while observing", mta.held(), [])


def check_session(filt, mtas):
    """Many messages of one connection; what is known of it."""
    mta = mtas["F=T, "]
    client = Client(mta.port)
    for name, subject, sender, code in (("s1", "reject", "", 550), ("s2", "accept", "t@outside.example", 250),
                                        ("s3", "tempfail", "", 451), ("s4", "tag", "u@outside.example", 250)):
        if name == "s3":
            client.ehlo()
        if name == "s2":
            client.mail("given-up@outside.example")
            client.rset()
        expect(f"message {name}", client.put(awkward(name, subject), sender=sender)[0], code)
        report = filt.report(f"{name}@outside.example")
        envelope = report["request_meta"]["envelope"]
        expect(f"{name}: sender", envelope["sender"]["addr"], sender or None)
        expect(f"{name}: recipients", [r["addr"] for r in envelope["recipients"]], ["r@" + DOMAIN])
        expect(f"{name}: client", (envelope["client"]["addr"], envelope["client"]["helo"]), ("127.0.0.1", "client.example"))
        expect(f"{name}: daemon", report["request_meta"]["daemon"], "MTA")
    client.quit()
    mta.until_delivered(2)
    data, content = large(12 << 20)
    expect("reply to a large mail", send(mta.port, data)[0], 250)
    expect("a large mail as delivered", without_trace(mta.take()) == as_delivered(data), True)
    report = filt.report("large@outside.example")
    expect("large: payloads", [(r["size"], r["sha256"]) for r in report["results"]],
           [(len(b), hashlib.sha256(b).hexdigest()) for b in (data, content)])


def check_killed(filt, mtas):
    """The door dies in mid-message."""
    on_way = {how: Sender(mtas[how].port, message(f"lost-{n}", mark="MARK-hang")) for n, how in enumerate(ON_LOSS)}
    busy(filt.home, len(ON_LOSS))
    os.kill(filt.home.child("door:milter"), signal.SIGKILL)
    for how, code in ON_LOSS.items():
        expect(f"the door is killed, {how or 'no F'}", on_way[how].answer()[0], code)
    mtas[""].take()
    kill_scans(filt.home)
    until(lambda: send(mtas["F=T, "].port, message("after", "reject"))[0] == 550, "a verdict again", every_s=0.2)


def shipped_line(source, path, how):
    """That of contrib, with our socket and F=."""
    with open(os.path.join(source, "contrib", "milter", "sendmail.mc"), encoding="utf-8") as f:
        (line,) = (row.strip() for row in f if row.startswith("INPUT_MAIL_FILTER"))
    expect("contrib names the socket and F=T once",
           (line.count("/run/assay/milter/milter.sock"), line.count("F=T, ")), (1, 1))
    return line.replace("/run/assay/milter/milter.sock", path).replace("F=T, ", how)


def main():
    source, build, root, engine = sys.argv[1:5]
    # Sendmail trusts no socket below a directory that all may write to, as /tmp is.
    with Home(os.path.join(build, "assay"), folder="/run") as home:
        filt = Filter(home, build, engine)
        mtas = {}
        try:
            for n, how in enumerate([*ON_LOSS, "none"]):
                line = shipped_line(source, filt.socket, how)
                mtas[how] = Sendmail(os.path.join(home.top, f"sendmail{n}"), root, "" if how == "none" else line)
            filt.configure(scans=4)
            home.start()
            for mta in mtas.values():
                mta.start()
            for check in (check_actions, check_session, check_killed):
                check(filt, mtas)
            filt.configure(scans=4, enforce=False)
            filt.reload()
            check_observing(filt, mtas)
            expect("exit code of the service", home.stop(), 0)
        except Wrong:
            for mta in mtas.values():
                mta.show_log()
            raise
        finally:
            for mta in mtas.values():
                mta.end()
    return 0


if __name__ == "__main__":
    main_or_skip(main)
