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
import signal
import time

from livehome import Home, Wrong, is_alive, mail, main_of, until

CONF = """[core]
connectors = sqlite
providers = maildir
scan_processes = 3
log_level = warning

[maildir]
maildirs = {maildir}
rescan = 2s
"""


def deliver(home, number, rng):
    """one mail, as an MTA or a POP client would do it"""
    name = home.deliver(number, mail(number, "x" * rng.randrange(0, 4000)), link=number % 3 == 0)
    if number % 7 == 0:
        os.rename(os.path.join(home.maildir, "new", name), os.path.join(home.maildir, "cur", name + ":2,S"))


def kill_one(home, rng, parent_share):
    """any process; the parent with its share. What was killed, for the record"""
    pids = home.tree()
    if rng.random() < parent_share:
        os.kill(home.proc.pid, signal.SIGKILL)
        home.proc.wait()
        until(lambda: not any(is_alive(pid) for pid in pids), "the end of all when the parent is killed", 20)
        home.start(ready=False)
        return "parent"
    others = [pid for pid in pids if pid != home.proc.pid]
    if not others:
        return None
    try:
        os.kill(rng.choice(others), signal.SIGKILL)
    except ProcessLookupError:
        return None
    return "child"


def pour(args, home, rng):
    """mails and kills, interleaved"""
    killed = {"parent": 0, "child": 0, "given up": 0}
    every = max(1, args.mails // max(1, args.kills))
    for number in range(args.mails):
        deliver(home, number, rng)
        if number % 20 == 0:
            time.sleep(0.01)
        if number % every == every - 1:
            time.sleep(rng.random() * 0.4)
            what = kill_one(home, rng, args.parent_share)
            if what:
                killed[what] += 1
        if home.proc.poll() is not None:
            start_again(home)
            killed["given up"] += 1
    return killed


def start_again(home):
    """A service whose scan master was killed three times before it was ready ends with 70, and says
    so; systemd starts it again, and so do we. Nothing else ends it."""
    if home.proc.returncode != 70 or "the scan master does not start" not in home.log_text():
        raise Wrong(f"the service ended by itself: {home.proc.returncode}")
    home.mark_log()
    home.start(ready=False)


def settle(home, expected):
    """wait until all is stored, as long as it goes on"""
    last, since = -1, time.monotonic()
    while True:
        have = home.stored()
        # What was scanned again in quiet comes a moment after what it supersedes.
        if len(have) >= expected and not os.listdir(os.path.join(home.path, "spool", "rescan")):
            time.sleep(1)
            return home.stored()
        if len(have) != last:
            last, since = len(have), time.monotonic()
        if time.monotonic() - since > 120 or home.proc.poll() is not None:
            return have
        time.sleep(0.3)


def run(args, home):
    """the whole of it; is all well?"""
    rng = random.Random(args.seed)
    home.configure(CONF.format(maildir=home.maildir))
    home.start(ready=False)
    # The first sight of a Maildir notes what lies in cur/; mail comes after it.
    time.sleep(3)
    killed = pour(args, home, rng)
    have = settle(home, args.mails)
    code = home.stop()
    doubled = {k: n for k, (n, old) in have.items() if n - old != 1}
    late = sum(old for _, old in have.values())
    print(f"seed {args.seed}: {args.mails} mails, killed {json.dumps(killed)}: {len(have)} in the "
          f"store, {args.mails - len(have)} missing, {len(doubled)} doubled, {late} scanned again in "
          f"quiet; exit {code}")
    return len(have) == args.mails and not doubled and code == 0


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("assay")
    parser.add_argument("--mails", type=int, default=400)
    parser.add_argument("--kills", type=int, default=25)
    parser.add_argument("--seed", type=int, default=int(time.time()))
    parser.add_argument("--parent-share", type=float, default=0.2)
    parser.add_argument("--keep", action="store_true")
    args = parser.parse_args()
    with Home(args.assay, prefix="assay-kill-") as home:
        home.keep = args.keep
        good = run(args, home)
        if not good:
            home.show_log()
    return 0 if good else 1


if __name__ == "__main__":
    main_of(main)
