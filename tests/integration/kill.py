#!/usr/bin/env python3
"""kill.py - mail pours into a Maildir while processes of the service are killed

usage: kill.py ASSAY [--mails N] [--kills N] [--seed N] [--parent-share P] [--keep]

Starts `assay serve` in a home of its own, delivers N mails (tmp/ -> new/, by rename and by link, some
of them moved on to cur/ with flags), and sends SIGKILL to processes of the service at random moments,
the parent too (then it is started again). At the end every mail must have exactly one report in the
store that is not superseded: none missing, none doubled. (A mail whose scan process is killed again
and again has a partial report first, and one that supersedes it.) Exit 0: so it is. 1: not.
"""
import argparse
import json
import os
import random
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time

CONF = """[core]
connectors = sqlite
providers = maildir
scan_processes = 3
log_level = warning

[maildir]
maildirs = {maildir}
rescan = 2s
"""


class Service:
    """One home, and the service that runs in it."""

    def __init__(self, assay, home):
        self.assay, self.home, self.proc = assay, home, None
        self.log = open(os.path.join(home, "log"), "ab")

    def start(self):
        self.proc = subprocess.Popen([self.assay, "--home", self.home, "serve"],
                                     stdout=self.log, stderr=self.log)

    def tree(self):
        """pids of the service: the parent, its children and theirs"""
        found = {self.proc.pid}
        parents = {}
        for name in os.listdir("/proc"):
            if name.isdigit():
                try:
                    stat = open(f"/proc/{name}/stat").read()
                except OSError:
                    continue
                parents[int(name)] = int(stat.rsplit(")", 1)[1].split()[1])
        grown = True
        while grown:
            more = {pid for pid, parent in parents.items() if parent in found} - found
            grown = bool(more)
            found |= more
        return sorted(found)

    def stop(self):
        if self.proc.poll() is None:
            self.proc.terminate()
            try:
                self.proc.wait(60)
            except subprocess.TimeoutExpired:
                self.proc.kill()
                raise SystemExit("kill.py: the service does not stop")
        return self.proc.returncode


def deliver(maildir, number, rng):
    """one mail, as an MTA or a POP client would do it"""
    name = f"{1700000000 + number}.M{number}P{os.getpid()}.host"
    body = "x" * rng.randrange(0, 4000)
    text = (f"From: s{number}@a.example\r\nTo: r@b.example\r\nMessage-ID: <{number}@a.example>\r\n"
            f"Subject: mail {number}\r\n\r\n{number} {body}\r\n")
    tmp, new = os.path.join(maildir, "tmp", name), os.path.join(maildir, "new", name)
    with open(tmp, "w", newline="") as f:
        f.write(text)
    if number % 3 == 0:
        os.link(tmp, new)
        os.unlink(tmp)
    else:
        os.rename(tmp, new)
    if number % 7 == 0:
        os.rename(new, os.path.join(maildir, "cur", name + ":2,S"))


def stored(home):
    """digest of the source_id -> [how many reports, how many of them superseded]"""
    path = os.path.join(home, "store.db")
    if not os.path.exists(path):
        return {}
    db = sqlite3.connect(f"file:{path}?mode=ro", uri=True, timeout=30)
    try:
        rows = db.execute("SELECT source, count(*), sum(superseded) FROM report GROUP BY source")
        return {source: (n, old) for source, n, old in rows}
    except sqlite3.OperationalError:
        return {}
    finally:
        db.close()


def alive(pid):
    try:
        os.kill(pid, 0)
        return True
    except ProcessLookupError:
        return False


def kill_one(service, rng, parent_share):
    """any process; the parent with its share. What was killed, for the record"""
    pids = service.tree()
    if rng.random() < parent_share:
        os.kill(service.proc.pid, signal.SIGKILL)
        service.proc.wait()
        gone = time.monotonic() + 20
        while any(alive(pid) for pid in pids) and time.monotonic() < gone:
            time.sleep(0.02)
        left = [pid for pid in pids if alive(pid)]
        if left:
            raise SystemExit(f"kill.py: {left} outlive their parent")
        service.start()
        return "parent"
    others = [pid for pid in pids if pid != service.proc.pid]
    if not others:
        return None
    try:
        os.kill(rng.choice(others), signal.SIGKILL)
    except ProcessLookupError:
        return None
    return "child"


def pour(args, service, maildir, rng):
    """mails and kills, interleaved"""
    killed = {"parent": 0, "child": 0}
    every = max(1, args.mails // max(1, args.kills))
    for number in range(args.mails):
        deliver(maildir, number, rng)
        if number % 20 == 0:
            time.sleep(0.01)
        if number % every == every - 1:
            time.sleep(rng.random() * 0.4)
            what = kill_one(service, rng, args.parent_share)
            if what:
                killed[what] += 1
        if service.proc.poll() is not None:
            raise SystemExit(f"kill.py: the service ended by itself: {service.proc.returncode}")
    return killed


def settle(service, expected):
    """wait until all is stored, as long as it goes on"""
    last, since = -1, time.monotonic()
    while True:
        have = stored(service.home)
        # What was scanned again in quiet comes a moment after what it supersedes.
        if len(have) >= expected and not os.listdir(os.path.join(service.home, "spool", "rescan")):
            time.sleep(1)
            return stored(service.home)
        if len(have) != last:
            last, since = len(have), time.monotonic()
        if time.monotonic() - since > 120 or service.proc.poll() is not None:
            return have
        time.sleep(0.3)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("assay")
    parser.add_argument("--mails", type=int, default=400)
    parser.add_argument("--kills", type=int, default=25)
    parser.add_argument("--seed", type=int, default=int(time.time()))
    parser.add_argument("--parent-share", type=float, default=0.2)
    parser.add_argument("--keep", action="store_true")
    args = parser.parse_args()
    rng = random.Random(args.seed)
    home = tempfile.mkdtemp(prefix="assay-kill-")
    maildir = os.path.join(home, "Maildir")
    for part in ("tmp", "new", "cur"):
        os.makedirs(os.path.join(maildir, part))
    os.chmod(home, 0o755)
    with open(os.path.join(home, "assay.conf"), "w") as f:
        f.write(CONF.format(maildir=maildir))
    service = Service(args.assay, home)
    service.start()
    # The first sight of a Maildir notes what lies in cur/; mail comes after it.
    time.sleep(3)
    killed = pour(args, service, maildir, rng)
    have = settle(service, args.mails)
    code = service.stop()
    doubled = {k: n for k, (n, old) in have.items() if n - old != 1}
    late = sum(old for _, old in have.values())
    print(f"seed {args.seed}: {args.mails} mails, killed {json.dumps(killed)}: {len(have)} in the "
          f"store, {args.mails - len(have)} missing, {len(doubled)} doubled, {late} scanned again in "
          f"quiet; exit {code}")
    good = len(have) == args.mails and not doubled and code == 0
    if not good:
        sys.stdout.flush()
        subprocess.run(["tail", "-n", "40", os.path.join(home, "log")], check=False)
    if args.keep:
        print(home)
    else:
        shutil.rmtree(home, ignore_errors=True)
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
