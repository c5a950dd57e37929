"""livehome.py - a home of its own with a running `assay serve` in it, for tests

A test makes a Home in a `with`, writes its configuration, starts the service, delivers mail and asks
who runs, what is stored and what `assay status` says. Whatever happens, the `with` ends with no process
left and no file. What waits, waits up to WAIT_S: nothing here depends on the machine's speed.
"""
import ctypes
import json
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time

WAIT_S = int(os.environ.get("ASSAY_TEST_WAIT", "120"))
PR_SET_PDEATHSIG = 1


class Wrong(Exception):
    """What the test is about does not hold."""


def until(what, text, most_s=WAIT_S, every_s=0.05):
    """Its value, as soon as it is true."""
    end = time.monotonic() + most_s
    while True:
        value = what()
        if value:
            return value
        if time.monotonic() > end:
            raise Wrong(f"never comes: {text}")
        time.sleep(every_s)


def state_of(pid):
    """The letter of a process, "" when it is gone."""
    try:
        with open(f"/proc/{pid}/stat", encoding="ascii", errors="replace") as f:
            return f.read().rsplit(")", 1)[1].split()[0]
    except OSError:
        return ""


def is_alive(pid):
    return state_of(pid) not in ("", "Z", "X")


def children_of():
    """parent -> [child], of all processes"""
    children = {}
    for name in os.listdir("/proc"):
        if name.isdigit():
            try:
                with open(f"/proc/{name}/stat", encoding="ascii", errors="replace") as f:
                    parent = int(f.read().rsplit(")", 1)[1].split()[1])
            except OSError:
                continue
            children.setdefault(parent, []).append(int(name))
    return children


def tree_of(pid):
    """A process and all below it."""
    children, found, todo = children_of(), [], [pid]
    while todo:
        found.append(todo.pop())
        todo += children.get(found[-1], [])
    return found


def role_of(pid):
    """What follows --as on its command line, without the numbers."""
    try:
        with open(f"/proc/{pid}/cmdline", "rb") as f:
            words = f.read().split(b"\0")
    except OSError:
        return ""
    return words[words.index(b"--as") + 1].decode().split(",")[0] if b"--as" in words else ""


def die_with_parent():
    """In a child, before it becomes another program."""
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


def main_of(work):
    """Runs it; a fault is one line and exit 1, and SIGTERM ends it in order."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    try:
        sys.exit(work() or 0)
    except Wrong as why:
        print(f"{os.path.basename(sys.argv[0])}: {why}")
        sys.exit(1)


class Home:
    """One home, and the service that runs in it."""

    def __init__(self, assay, folder=None, prefix="assay-live-"):
        self.assay, self.proc = os.path.abspath(assay), None
        self.top = tempfile.mkdtemp(prefix=prefix, dir=folder)
        self.path = os.path.join(self.top, "home")
        self.log_path = os.path.join(self.top, "log")
        self.maildir = os.path.join(self.path, "Maildir")
        os.makedirs(self.path)
        os.chmod(self.top, 0o755)
        self.store = os.path.join(self.path, "store.db")
        self.make_maildir(self.maildir)
        self.log = open(self.log_path, "ab")
        self.before = []  # run at the end, last one first
        self.wrapped = False
        self.keep = bool(os.environ.get("ASSAY_TEST_KEEP"))
        self.at = 0

    def __enter__(self):
        return self

    def __exit__(self, kind, why, trace):
        if kind is not None:
            self.show_log()
        self.end()
        return False

    def end(self):
        self.kill()
        for undo in reversed(self.before):
            undo()
        self.log.close()
        if self.keep:
            print(self.top)
        else:
            shutil.rmtree(self.top, ignore_errors=True)

    def configure(self, text):
        with open(os.path.join(self.path, "assay.conf"), "w", encoding="utf-8") as f:
            f.write(text)

    @staticmethod
    def make_maildir(path):
        for part in ("tmp", "new", "cur"):
            os.makedirs(os.path.join(path, part), exist_ok=True)

    # ---- the service ----

    def start(self, ready=True, env=None, wrap=()):
        """Starts it; `ready`: waits until it says so. `wrap`: a command before it, a tracer."""
        self.mark_log()
        self.wrapped = bool(wrap)
        self.proc = subprocess.Popen([*wrap, self.assay, "--home", self.path, "serve"], stdin=subprocess.DEVNULL,
                                     stdout=self.log, stderr=self.log, preexec_fn=die_with_parent, env=env)
        if ready:
            self.until_log(": ready in ")

    def terminate(self):
        """SIGTERM to the service, not to what stands before it."""
        if not self.wrapped:
            self.proc.terminate()
            return
        with open(os.path.join(self.path, "run", "service.pid"), encoding="ascii") as f:
            os.kill(int(f.read()), signal.SIGTERM)

    def stop(self):
        """In order; its exit code."""
        if self.proc.poll() is None:
            self.terminate()
            try:
                self.proc.wait(WAIT_S)
            except subprocess.TimeoutExpired:
                raise Wrong("the service does not stop") from None
        return self.proc.returncode

    def kill(self):
        """At once, and with it all its processes, stopped ones too."""
        if self.proc is None or self.proc.poll() is not None:
            return
        pids = tree_of(self.proc.pid)
        for pid in pids:
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
        self.proc.wait()
        end = time.monotonic() + 20
        while any(is_alive(pid) for pid in pids) and time.monotonic() < end:
            time.sleep(0.02)
        left = [pid for pid in pids if is_alive(pid)]
        if left:
            raise Wrong(f"{left} outlive the service")

    def tree(self):
        return tree_of(self.proc.pid)

    def child(self, role):
        """The pid of "master", "janitor", "door:maildir", "connector:sqlite" ...; None: not there."""
        for pid in children_of().get(self.proc.pid, []):
            if role_of(pid) == role and is_alive(pid):
                return pid
        return None

    def scans(self):
        """The scan processes of the master."""
        master = self.child("master")
        return [pid for pid in children_of().get(master, []) if is_alive(pid)] if master else []

    # ---- mail ----

    def deliver(self, number, text=None, maildir=None, link=False):
        """One mail, as an MTA (by rename) or a POP client (by link) would do it."""
        name = f"{1700000000 + number}.M{number}P{os.getpid()}.host"
        data = mail(number).encode() if text is None else text.encode() if isinstance(text, str) else text
        maildir = maildir or self.maildir
        tmp, new = os.path.join(maildir, "tmp", name), os.path.join(maildir, "new", name)
        with open(tmp, "wb") as f:
            f.write(data)
        if link:
            os.link(tmp, new)
            os.unlink(tmp)
        else:
            os.rename(tmp, new)
        return name

    def stored(self):
        """digest of source_id -> (how many reports, how many of them superseded)"""
        if not os.path.exists(self.store):
            return {}
        db = sqlite3.connect(f"file:{self.store}?mode=ro", uri=True, timeout=30)
        try:
            rows = db.execute("SELECT source, count(*), sum(superseded) FROM report GROUP BY source")
            return {source: (n, old) for source, n, old in rows}
        except sqlite3.OperationalError as why:
            if "no such table" in str(why) or "locked" in str(why) or "unable to open" in str(why):
                return {}
            raise
        finally:
            db.close()

    def until_stored(self, number, most_s=WAIT_S):
        """So many mails are in the store: each has one report that counts."""
        until(lambda: len(self.stored()) >= number, f"{number} mails in the store", most_s)
        have = self.stored()
        doubled = {k: v for k, v in have.items() if v[0] - v[1] != 1}
        if len(have) != number or doubled:
            raise Wrong(f"{len(have)} of {number} mails in the store, doubled: {doubled}")

    def reports(self, name="reports.jsonl"):
        """What the connector jsonl has written so far: whole lines."""
        try:
            with open(os.path.join(self.path, name), encoding="utf-8") as f:
                return [json.loads(line) for line in f if line.endswith("\n")]
        except FileNotFoundError:
            return []

    # ---- what it says ----

    def status(self, *options):
        """Exit code, text and seconds of `assay status`."""
        begun = time.monotonic()
        out = subprocess.run([self.assay, "--home", self.path, "status", *options], capture_output=True,
                             text=True, timeout=WAIT_S, check=False)
        return out.returncode, out.stdout + out.stderr, time.monotonic() - begun

    def until_status(self, code, words="", most_s=WAIT_S):
        """The sentence, as soon as it is that."""
        def look():
            got, text, _ = self.status()
            look.last = text
            return text if got == code and words in text else None
        try:
            return until(look, "", most_s, 0.2)
        except Wrong:
            raise Wrong(f"status is never {code} \"{words}\": {look.last}") from None

    def mark_log(self):
        self.at = os.path.getsize(self.log_path)

    def log_text(self, whole=False):
        """What it has logged since mark_log."""
        with open(self.log_path, "rb") as f:
            f.seek(0 if whole else self.at)
            return f.read().decode("utf-8", "replace")

    def until_log(self, words, most_s=WAIT_S):
        def look():
            if self.proc.poll() is not None:
                raise Wrong(f"the service ended with {self.proc.returncode}, and never said: {words}")
            return words in self.log_text()
        until(look, f"in the log: {words}", most_s)

    def show_log(self, most=40):
        for line in self.log_text(True).split("\n")[-most:]:
            print("    log:", line)


def mail(number, body="", more=""):
    """A small mail, each with bytes of its own."""
    return (f"From: s{number}@a.example\r\nTo: r@b.example\r\nMessage-ID: <{number}@a.example>\r\n"
            f"Subject: mail {number}\r\n{more}\r\n{number} {body}\r\n")
