#!/usr/bin/env python3
"""milter_faults.py - what a mail server is told when the service cannot do its work, and what is kept of it

usage: milter_faults.py BUILD

The disk of the spool is full while messages wait at their end, for each on_error and while observing:
each is answered in time, the log and `assay status` say so, and when there is room again every message
has a report, without anybody's help. A mail that we put off ourselves goes on after three tries, also
when the door, or all of the service, is killed between them. A connector that hangs holds nobody up; with
too few descriptors mails wait or are put off, and the door neither ends nor spins.
"""
import collections
import concurrent.futures
import os
import resource
import signal
import sys
import time

from faults import Impossible, fill, on_disk
from livehome import Home, Wrong, mail, until
from milter import Milter, packet
from mta import Filter, expect, main_or_skip

WAIT_MS = 800  # overload_wait: how long one waits for the spool


def ask(filt, number, text="", queue_id=None):
    """One message on a connection of its own: the letters of its answer, and its words."""
    milter = Milter(filt.socket)
    milter.connect()
    milter.message(mail(number, text).encode(), queue_id or f"Q{number}")
    answer = milter.end()
    milter.close()
    return "".join(letter for letter, _ in answer), b" ".join(data for _, data in answer).decode("latin-1")


def together(filt, *numbers):
    """The answers of messages on connections side by side."""
    with concurrent.futures.ThreadPoolExecutor() as pool:
        return list(pool.map(lambda number: ask(filt, number), numbers))


def configure(filt, enforce, policy, wait_ms=WAIT_MS):
    filt.configure(enforce=enforce, scans=2, policy=policy, worker_timeout="20s")
    path = os.path.join(filt.home.path, "assay.conf")
    with open(path, encoding="utf-8") as f:
        text = f.read().replace("overload_wait = 3s", f"overload_wait = {wait_ms}ms\nspool_min_free = 0B")
    with open(path, "w", encoding="utf-8") as f:
        f.write(text.replace("[jsonl]", f"[jsonl]\nfile = {filt.home.top}/reports.jsonl"))


def check_kept(filt, number, queue_id, action, answered, status="unscanned"):
    """Its report: short, with what was decided and what was told."""
    def look():
        found = [r for r in filt.home.reports("../reports.jsonl") if r["request_meta"]["queue_id"] == queue_id]
        return found
    (report,) = until(look, f"a report of mail {number}")
    verdict = report["verdict"]
    expect(f"report of {queue_id}", (report["status"], verdict["action"], verdict["answered"]), (status, action, answered))
    if status == "unscanned":
        expect(f"report of {queue_id}", (report["status_reason"], verdict["cause"]), ("error", "on_error"))
    return report


def empty_queues(home):
    """What a queue gives back later would be room."""
    until(lambda: not any(files for _, _, files in os.walk(os.path.join(home.path, "queue"))), "empty queues")


def short_while(home, filt):
    """There is room again before anybody has waited enough: nothing but time is lost."""
    configure(filt, True, "", 120000)
    home.start()
    ballast = fill(home.path)
    with concurrent.futures.ThreadPoolExecutor() as pool:
        waits = [pool.submit(ask, filt, 900 + n) for n in range(3)]
        home.until_log("mail waits, nothing is lost")
        home.until_status(1, "No space left")
        expect("answered without room", [w.done() for w in waits], [False] * 3)
        os.unlink(ballast)
        expect("answered with room", [w.result()[0] for w in waits], ["a"] * 3)
    for n in range(3):
        check_kept(filt, 900 + n, f"Q{900 + n}", "accept", "accept", "scanned")


def full_disk(home, filt):
    """Each setting: what is told while the disk is full, and what there is afterwards."""
    ways = [("observing", False, "on_error = reject\n", "reject", "a"), ("tempfail", True, "", "tempfail", "y"),
            ("accept", True, "on_error = accept\n", "accept", "a"), ("tag", True, "on_error = tag\n", "tag", "iia"),
            ("quarantine", True, "on_error = quarantine\n", "quarantine", "iiqa"), ("reject", True, "on_error = reject\n", "reject", "y")]
    number = 0
    for name, enforce, policy, action, letters in ways:
        configure(filt, enforce, policy)
        filt.reload()
        expect(f"{name}: with room", ask(filt, number)[0], "a")
        empty_queues(home)
        home.mark_log()
        ballast = fill(home.path)
        for got, words in together(filt, number + 1, number + 2):
            expect(f"{name}: told", got, letters)
            if name == "tag" and "cause=on_error; status=unscanned" not in words:
                raise Wrong(f"a mail that nobody looked at is not called unscanned: {words}")
            report_id = words.rsplit("(", 1)[-1].split(")")[0]
            if letters == "y" and len(report_id) != 36:
                raise Wrong(f"{name}: the reply has no scan_id: {words}")
        home.until_status(1, "No space left")
        home.until_log("mail waits, nothing is lost")
        expect(f"{name}: told once", home.log_text().count("mail waits, nothing is lost"), 1)
        os.unlink(ballast)
        home.until_log("mail is kept again")
        home.until_status(0, "OK")
        answered = action if enforce else "accept"
        for n in (1, 2):
            check_kept(filt, number + n, f"Q{number + n}", action, answered)
        expect(f"{name}: afterwards", ask(filt, number + 3)[0], "a")
        check_kept(filt, number + 3, f"Q{number + 3}", "accept", "accept", "scanned")
        number += 4
    expect("exit code of the service", home.stop(), 0)


def check_full_disk(build):
    with Home(os.path.join(build, "assay"), prefix="assay-fault-") as home:
        try:
            on_disk(home, home.path, "24m")
        except Impossible as why:
            print(f"a full disk cannot be tried here: {why}")
            return
        filt = Filter(home, build)
        short_while(home, filt)
        full_disk(home, filt)


def crowd(filt, n):
    """So many sessions, all at the end of a message at once, and their answers."""
    sessions = []
    for number in range(n):
        sessions.append(Milter(filt.socket))
        sessions[-1].connect()
        sessions[-1].message(mail(number, "MARK-hang").encode(), f"C{number}")
    for milter in sessions:
        milter.say(packet(b"E"))
    return sessions


def answers(sessions):
    found = collections.Counter()
    for milter in sessions:
        letter = b"p"
        while letter == b"p":
            letter, _ = milter.hear()
        found[letter.decode()] += 1
        milter.close()
    return found


def descriptors(pid):
    return len(os.listdir(f"/proc/{pid}/fd"))


def cpu_s(pid):
    with open(f"/proc/{pid}/stat", encoding="ascii", errors="replace") as f:
        return sum(int(n) for n in f.read().rsplit(")", 1)[1].split()[11:13]) / os.sysconf("SC_CLK_TCK")


def check_descriptors(build):
    """Fewer than are needed, then more than select(2) can count: each mail is answered, by the same door."""
    with Home(os.path.join(build, "assay"), prefix="assay-fault-") as home:
        filt = Filter(home, build)
        filt.configure(policy="on_overload = accept\n", worker_timeout="4s", scans=2)
        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        resource.setrlimit(resource.RLIMIT_NOFILE, (256, hard))  # what it is started with
        home.start()
        resource.setrlimit(resource.RLIMIT_NOFILE, (min(4096, hard), hard))
        door = home.child("door:milter")
        try:
            few = descriptors(door) + 150
        except PermissionError:
            print("descriptors of the door cannot be counted without root: not tried")
            resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
            expect("exit code of the service", home.stop(), 0)
            return
        old = resource.prlimit(door, resource.RLIMIT_NOFILE, (few, hard))
        sessions = crowd(filt, 100)
        home.until_log("Too many open files")
        got = answers(sessions)
        if got["a"] + got["i"] + got["y"] != 100:
            raise Wrong(f"with too few descriptors: {got}")
        # None for a connection: it waits, the door does not spin.
        resource.prlimit(door, resource.RLIMIT_NOFILE, (3, hard))
        home.mark_log()
        with concurrent.futures.ThreadPoolExecutor() as pool:
            waits = pool.submit(ask, filt, 1000)
            home.until_log("cannot take in mail servers")
            before = cpu_s(door)
            time.sleep(2)
            if cpu_s(door) - before > 1:
                raise Wrong(f"{cpu_s(door) - before:.2f} s of CPU in 2 s without descriptors")
            resource.prlimit(door, resource.RLIMIT_NOFILE, old)
            expect("with descriptors again", waits.result()[0], "a")
        expect("the door", home.child("door:milter"), door)
        expect("told once", home.log_text().count("cannot take in mail servers"), 1)
        if old[0] >= 4096:
            sessions = crowd(filt, 490)
            until(lambda: descriptors(door) > 1023, "more than 1023 descriptors")
            got = answers(sessions)
            if got["a"] + got["i"] != 490:
                raise Wrong(f"490 sessions at once: {got}")
            expect("the door", home.child("door:milter"), door)
        else:
            print("no 4096 descriptors here: not tried with more than 1023")
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
        expect("exit code of the service", home.stop(), 0)


def check_slow_connector(build):
    """Who tells others about mails holds no mail up."""
    with Home(os.path.join(build, "assay"), prefix="assay-fault-") as home:
        filt = Filter(home, build)
        filt.configure()
        home.start()
        pid = home.child("connector:jsonl")
        os.kill(pid, signal.SIGSTOP)
        try:
            expect("with a connector that hangs", [ask(filt, n)[0] for n in range(5)], ["a"] * 5)
        finally:
            os.kill(pid, signal.SIGCONT)
        until(lambda: len(home.reports()) == 5, "5 reports")
        home.stop()


def kill_door(home):
    door = home.child("door:milter")
    os.kill(door, signal.SIGKILL)
    until(lambda: home.child("door:milter") not in (None, door), "another door")


def kill_service(home):
    home.kill()
    home.start()


def check_giving_up(build):
    """A worker fails on a mail each time, and is required."""
    with Home(os.path.join(build, "assay"), prefix="assay-fault-") as home:
        filt = Filter(home, build)
        filt.configure(policy="required_workers = crash\ngive_up_tries = 3\n")
        home.start()
        for number, between in ((1, lambda _: None), (2, kill_door), (3, kill_service)):
            for n in range(3):
                expect(f"try {n} of mail {number}", ask(filt, number, "MARK-crash", f"T{number}.{n}")[0], "y")
                between(home)
            letters, words = ask(filt, number, "MARK-crash", f"T{number}.3")
            expect(f"the last try of mail {number}", letters, "iia")
            if "cause=on_give_up" not in words:
                raise Wrong(f"mail {number}: tagged because of {words}")
        expect("another mail", ask(filt, 4, "MARK-crash")[0], "y")
        # Observing, nothing is put off and nothing counted.
        filt.configure(enforce=False, policy="required_workers = crash\n")
        filt.reload()
        for _ in range(5):
            expect("observing", ask(filt, 5, "MARK-crash")[0], "a")
        expect("exit code of the service", home.stop(), 0)


def main():
    check_full_disk(sys.argv[1])
    check_giving_up(sys.argv[1])
    check_slow_connector(sys.argv[1])
    check_descriptors(sys.argv[1])
    return 0


if __name__ == "__main__":
    main_or_skip(main)
