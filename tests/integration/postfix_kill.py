#!/usr/bin/env python3
"""postfix_kill.py - the service dies, hangs, stops or reloads while Postfix waits for its verdict

usage: postfix_kill.py BUILD ENGINE

One message is in work per milter_default_action. The door, then the whole service, is killed: Postfix
does what that setting says with the message in hand, the next one is judged again. A scan process or the scan master is
killed: the client notices nothing. A door that hangs is left alone after milter_content_timeout;
one that waits for a long scan says so in time. Reload and stop: what is in hand gets its verdict.
"""
import os
import signal
import sys
import threading
import time

from livehome import Home, Wrong, is_alive, until
from mta import Filter, Postfix, expect, main_or_skip, send

ACTIONS = {"accept": 250, "tempfail": 451, "reject": 550, "quarantine": 250}
PATIENCE_S = 3


def message(name, subject="accept", mark=""):
    return (f"From: a@outside.example\r\nTo: r@inside.example\r\nDate: Sat, 21 Nov 2026 10:00:00 +0000\r\n"
            f"Message-ID: <{name}@outside.example>\r\nSubject: {subject}\r\n\r\n{name} {mark}\r\n").encode()


class Sender(threading.Thread):
    """One message on its way; its answer, when it has come."""

    def __init__(self, port, data):
        super().__init__(daemon=True)
        self.port, self.data, self.got, self.why = port, data, None, None
        self.start()

    def run(self):
        try:
            self.got = send(self.port, self.data)
        except OSError as why:
            self.why = why

    def answer(self):
        self.join(60)
        if self.got is None:
            raise Wrong(f"a client gets no answer: {self.why}")
        return self.got


def busy(home, number):
    """Until so many scan processes are at work on a message."""
    home.until_status(0, f" {number} busy", 15)


def kill_scans(home):
    """What hangs for a door that is no more, which would end with the worker's time only."""
    for pid in home.scans():
        os.kill(pid, signal.SIGKILL)
    busy(home, 0)


def well_again(filt, mta, name):
    """Messages are judged."""
    def look():
        return send(mta.ports["tempfail"], message(name, "reject"))[0] == 550
    until(look, "a verdict again", every_s=0.2)


def default_action(filt, mta, what, kill):
    """Messages in hand, one per setting, when `kill` is done."""
    on_way = {a: Sender(mta.ports[a], message(f"{what}-{a}", mark="MARK-hang")) for a in ACTIONS}
    busy(filt.home, len(ACTIONS))
    kill()
    for action, code in ACTIONS.items():
        expect(f"{what} killed, {action}", on_way[action].answer()[0], code)
    mail = mta.take()
    expect(f"{what} killed, accept: what comes", message(f"{what}-accept", mark="MARK-hang").replace(b"\r\n", b"\n") in mail, True)
    expect(f"{what} killed, quarantine: what is held", f"{what}-quarantine".encode() in mta.take_held(), True)


def check_door(filt, mta):
    default_action(filt, mta, "door", lambda: os.kill(filt.home.child("door:milter"), signal.SIGKILL))
    kill_scans(filt.home)
    well_again(filt, mta, "after-door")


def check_service(filt, mta):
    home = filt.home
    pids = home.tree()

    def kill():
        os.kill(home.proc.pid, signal.SIGKILL)
        home.proc.wait()
    default_action(filt, mta, "service", kill)
    until(lambda: not any(is_alive(pid) for pid in pids), "the end of all processes of the service")
    # Nobody listens now: from the first command on.
    for action, code in {**ACTIONS, "reject": 554}.items():
        expect(f"no service, {action}", send(mta.ports[action], message(f"none-{action}"))[0], code)
    mta.until_delivered(1)
    mta.take_held()
    home.start()
    well_again(filt, mta, "after-service")


def check_scan(filt, mta):
    """The one who scans dies; another one scans."""
    home = filt.home
    for what in ("scan", "master"):
        sender = Sender(mta.ports["reject"], message(f"killed-{what}", mark="MARK-hang"))
        busy(home, 1)
        for pid in home.scans() if what == "scan" else [home.child("master")]:
            os.kill(pid, signal.SIGKILL)
        expect(f"reply, {what} killed", sender.answer()[0], 250)
        mta.until_delivered(1)
        report = filt.report(f"killed-{what}@outside.example")
        expect(f"{what} killed: status", report["status"], "scanned")
        expect(f"{what} killed: errors", [e["plugin_name"] for e in report["errors"]], ["hang"])
        home.until_status(0)


def check_hung(filt, mta):
    """A door that says nothing: Postfix waits as long as it was told, not longer."""
    door = filt.home.child("door:milter")
    os.kill(door, signal.SIGSTOP)
    try:
        expect("reply, the door hangs", send(mta.ports["impatient"], message("hung"))[0], 451)
    finally:
        os.kill(door, signal.SIGCONT)
    well_again(filt, mta, "after-hung")


def check_patience(filt, mta):
    """A scan longer than Postfix waits without a sign of life; a reload meanwhile."""
    begun = time.monotonic()
    sender = Sender(mta.ports["impatient"], message("long", mark="MARK-hang"))
    busy(filt.home, 1)
    filt.reload()
    expect("reply after a long scan and a reload", sender.answer()[0], 250)
    took = time.monotonic() - begun
    mta.until_delivered(1)
    report = filt.report("long@outside.example")
    expect("long scan", [(e["plugin_name"], e["kind"]) for e in report["errors"]], [("hang", "timeout")])
    expect("longer than Postfix waits", took > PATIENCE_S, True)


def check_stop(filt, mta):
    """SIGTERM: what is in hand is finished, and answered by us."""
    sender = Sender(mta.ports["reject"], message("last", "tag", "MARK-hang"))
    busy(filt.home, 1)
    filt.home.proc.terminate()
    expect("reply while the service stops", sender.answer()[0], 250)
    expect("tagged by us", b"X-Assay-Verdict: tag" in mta.take(), True)
    expect("exit code of the service", filt.home.stop(), 0)


def main():
    build, engine = sys.argv[1:3]
    with Home(os.path.join(build, "assay")) as home:
        filt = Filter(home, build, engine)
        unix = f"smtpd_milters = unix:{filt.socket}"
        listeners = {a: [unix, f"milter_default_action = {a}"] for a in ACTIONS}
        listeners["impatient"] = [unix, f"milter_content_timeout = {PATIENCE_S}s", f"milter_command_timeout = {PATIENCE_S}s"]
        with Postfix(os.path.join(home.top, "postfix"), listeners) as mta:
            filt.configure(scans=5, worker_timeout="20s")
            home.start()
            mta.start()
            for check in (check_door, check_service, check_scan, check_hung):
                check(filt, mta)
            filt.configure(scans=5, worker_timeout=f"{PATIENCE_S + 1}s", milter="drain_time = 20s")
            filt.reload()
            for check in (check_patience, check_stop):
                check(filt, mta)
    return 0


if __name__ == "__main__":
    main_or_skip(main)
