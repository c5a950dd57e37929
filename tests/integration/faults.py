#!/usr/bin/env python3
"""faults.py - what the service does when something it needs fails, and when it comes back

usage: faults.py ASSAY FAULT...       (faults.py ASSAY: their names)

Each fault has a service in a home of its own: some mails, then the fault, more mails; `assay status`
must say so in its sentence within a moment and the log in a line; then the fault goes away, and without
anybody's help every mail must have one report in the store and the status be OK. What cannot be tried
here (no root, no mounts) is said; exit 77 when that is all of them.
"""
import base64
import glob
import os
import resource
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import time

from livehome import WAIT_S, Home, Wrong, is_alive, mail, main_of, until

STATUS_S = 1.0  # `assay status` answers within this, on a machine that has nothing else to do
STATUS_TRIES = 5  # of which one must: another process may have had the processor
CONF = """[core]
connectors = {connectors}
archivers = {archivers}
providers = maildir
plugins = smtp, hash, mimetype{plugins}
always_dispatch = hash, mimetype{plugins}
scan_processes = 2
spool_min_free = {min_free}
{core}

[maildir]
maildirs = {maildirs}
rescan = 1s
settle = 100ms

{sections}
"""

PART = ("--b\r\nContent-Type: application/octet-stream\r\nContent-Disposition: attachment; filename=a.bin\r\n"
        "Content-Transfer-Encoding: base64\r\n\r\n{}\r\n")


def attached(*parts):
    """The end of a head, and a body that has these bytes attached."""
    return ("MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\nhello\r\n" +
            "".join(PART.format(base64.b64encode(part).decode()) for part in parts) + "--b--")


class Impossible(Exception):
    """It cannot be tried here, and why."""


def conf(home, connectors="sqlite", archivers="", min_free="0B", core="", maildirs=None, sections="", plugins=""):
    home.configure(CONF.format(connectors=connectors, archivers=archivers, min_free=min_free, core=core,
                               maildirs=maildirs or home.maildir, sections=sections, plugins=plugins))


def deliver(home, first, n, **how):
    for number in range(first, first + n):
        home.deliver(number, **how)


def on_disk(home, path, size):
    """A small file system of its own at that path, until the end of the home."""
    os.makedirs(path, exist_ok=True)
    done = subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size},mode=755", "assay-test", path],
                          capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise Impossible(f"no file system can be mounted: {done.stderr.strip()}")
    home.before.append(lambda: subprocess.run(["umount", "-l", path], check=False))


def fill(path):
    """Not a byte is left; the file that took it."""
    ballast = os.path.join(path, "ballast")
    with open(ballast, "wb", buffering=0) as f:
        for piece in (1 << 20, 4096, 1):
            try:
                while True:
                    f.write(b"\0" * piece)
            except OSError:
                continue
    return ballast


def quick_status(home, code=None, words=""):
    """It answers in time, whatever else is the case."""
    for _ in range(STATUS_TRIES):
        got, text, took = home.status()
        if took <= max(STATUS_S, 10 * home.quiet_s):
            break
    else:
        raise Wrong(f"status takes {took:.1f} s ({home.quiet_s:.2f} when all is well)")
    if (code is not None and got != code) or words not in text:
        raise Wrong(f"status is {got}, not {code} with \"{words}\": {text}")
    return text


def begin(home, n=5, env=None):
    """The service runs, and n mails are through."""
    home.start(env=env)
    deliver(home, 0, n)
    home.until_stored(n)
    home.quiet_s = max(home.status()[2], home.status()[2])
    home.mark_log()


def degraded(home, words, log):
    """Status and log say so; the sentence is shown to whoever reads the test's output."""
    text = home.until_status(1, words)
    quick_status(home, 1, words)
    home.until_log(log)
    print("   ", text.split("\n", maxsplit=1)[0])


def recovers(home, n):
    home.until_stored(n)
    home.until_status(0, "OK")
    if home.stop() != 0:
        raise Wrong("the service does not end well")


# ---- the disk --------------------------------------------------------------------------------------


def spool_full(home):
    """The disk of the spool is full to the last byte; then there is room."""
    on_disk(home, home.path, "24m")
    home.maildir = os.path.join(home.top, "Maildir")
    home.make_maildir(home.maildir)
    home.store = os.path.join(home.top, "store.db")
    conf(home, sections=f"[sqlite]\npath = {home.store}")
    begin(home)
    ballast = fill(home.path)
    deliver(home, 5, 30)
    degraded(home, "No space left", "mail waits, nothing is lost")
    time.sleep(3)
    said = home.log_text().count("mail waits, nothing is lost")
    os.unlink(ballast)
    recovers(home, 35)
    if said != 1 or home.log_text().count("mail is kept again") != 1:
        raise Wrong("it is not told once when it begins, and once when it is over")


def spool_low(home):
    """Less than spool_min_free is left; then there is room."""
    on_disk(home, home.path, "64m")
    home.make_maildir(home.maildir)
    conf(home, min_free="16M")
    begin(home)
    ballast = os.path.join(home.path, "ballast")
    with open(ballast, "wb") as f:
        f.write(b"\0" * (50 << 20))
    home.until_status(1, "free where the spool is")
    deliver(home, 5, 30)
    degraded(home, "no mail is taken in", "less than spool_min_free")
    time.sleep(1.5)
    if len(home.stored()) != 5:
        raise Wrong("mail is taken in below spool_min_free")
    os.unlink(ballast)
    recovers(home, 35)


def store_full(home):
    """The disk of the store is full, that of the spool is not: mail goes on, its queue grows."""
    disk = os.path.join(home.top, "disk")
    on_disk(home, disk, "24m")
    home.store = os.path.join(disk, "store.db")
    conf(home, connectors="sqlite, jsonl", sections=f"[sqlite]\npath = {home.store}")
    begin(home)
    ballast = fill(disk)
    deliver(home, 5, 200)
    degraded(home, "drain sqlite", "no space left")
    until(lambda: len(home.reports()) == 205, "the other connector is told meanwhile")
    os.unlink(ballast)
    recovers(home, 205)


def archive_full(home):
    """The disk of the archive is full: reports go on, payloads wait."""
    disk = os.path.join(home.top, "disk")
    on_disk(home, disk, "8m")
    conf(home, archivers="filedir", sections=f"[filedir]\narchive_dir = {disk}/archive")
    begin(home)
    ballast = fill(disk)
    for number in range(5, 35):
        home.deliver(number, mail(number, more=attached(b"%d " % number * 500)))
    home.until_stored(35)
    degraded(home, "drain filedir", "No space left")
    os.unlink(ballast)
    home.until_status(0, "OK")
    kept = sum(len(files) for _, _, files in os.walk(os.path.join(disk, "archive")))
    if kept < 30:
        raise Wrong(f"{kept} payloads in the archive, not 30 or more")
    recovers(home, 35)


def unfinished(home):
    """There is room for a message that is to be scanned again, and none for its report beside it: nothing
    is kept of it until there is. Then it is scanned again once."""
    plugins = os.path.join(os.path.dirname(home.assay), "tests", "plugins")
    if not os.path.exists(os.path.join(plugins, "slow.so")):
        raise Impossible("the test plugin slow is not built")
    on_disk(home, home.path, "40m")
    home.maildir = os.path.join(home.top, "Maildir")
    home.make_maildir(home.maildir)
    home.store = os.path.join(home.top, "store.db")
    conf(home, archivers="filedir", core=f"plugin_dir = {plugins}\nbulk_timeout = 1s", plugins=", slow",
         sections=f"[sqlite]\npath = {home.store}\n[filedir]\narchive_dir = {home.top}/archive\n"
                  "[slow]\nmarker = MARK-slow\ntime = 400ms")
    begin(home)
    with open(os.path.join(home.path, "ballast"), "wb") as f:
        f.write(b"\0" * (shutil.disk_usage(home.path).free - (8 << 20)))
    parts = [b"\0\1\2" * 1500000] + [b"\0MARK-slow %d" % i for i in range(8)]
    home.deliver(5, mail(5, more=attached(*parts)))
    degraded(home, "No space left", "mail waits, nothing is lost")
    time.sleep(3)
    waiting = os.listdir(os.path.join(home.path, "spool", "rescan"))
    if waiting:
        raise Wrong(f"{waiting} to be scanned again, and its report is not kept")
    os.unlink(f.name)
    home.until_stored(6)
    until(lambda: sorted(home.stored().values())[-1] == (2, 1), "the report of the second scan")
    recovers(home, 6)
    if sum(n for n, _ in home.stored().values()) != 7:
        raise Wrong("it was scanned again more than once")


def run(*command):
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise Impossible(f"{command[0]}: {done.stderr.strip() or done.stdout.strip()}")


def read_only(home):
    """The file system of spool and store becomes read-only under the service, as after a fault of the disk. Then
    it is repaired, and the service started again."""
    image = os.path.join(home.top, "image")
    if os.geteuid() != 0 or not shutil.which("mkfs.ext4"):
        raise Impossible("root and mkfs.ext4 are needed")
    with open(image, "wb") as f:
        f.truncate(64 << 20)
    run("mkfs.ext4", "-q", "-F", image)
    there = ("mount", "-o", "loop,errors=remount-ro", image, home.path)
    run(*there)
    home.before.append(lambda: subprocess.run(["umount", "-l", home.path], check=False))
    home.maildir = os.path.join(home.top, "Maildir")
    home.make_maildir(home.maildir)
    conf(home)
    run("sync", "-f", home.path)  # what the test itself has written
    begin(home)
    run("mount", "-o", "remount,abort", home.path)
    deliver(home, 5, 30)
    degraded(home, "Read-only file system", "mail waits, nothing is lost")
    if home.stop() != 0:
        raise Wrong("the service does not end well on a file system that is read-only")
    run("umount", home.path)
    # 1: it has mended something.
    subprocess.run(["fsck.ext4", "-p", image], capture_output=True, check=False)
    run(*there)
    home.start()
    recovers(home, 35)


def unwritable(home):
    """Somebody takes the right to write in spool/tmp away from the service's user."""
    if os.geteuid() == 0:
        conf(home, core="user = daemon")
        subprocess.run(["chown", "-R", "daemon", home.path], check=True)
    else:
        conf(home)
    begin(home)
    os.chmod(os.path.join(home.path, "spool", "tmp"), 0o500)
    deliver(home, 5, 30)
    degraded(home, "Permission denied", "mail waits, nothing is lost")
    os.chmod(os.path.join(home.path, "spool", "tmp"), 0o700)
    recovers(home, 35)


# ---- the far side ----------------------------------------------------------------------------------


def locked(home):
    """Somebody has the store's lock for longer than the connector waits for it."""
    conf(home, sections="[sqlite]\nlock_timeout = 500ms")
    begin(home)
    db = sqlite3.connect(os.path.join(home.path, "store.db"), isolation_level=None, timeout=60)
    db.execute("BEGIN EXCLUSIVE")
    deliver(home, 5, 30)
    degraded(home, "locked", "locked")
    db.execute("COMMIT")
    db.close()
    recovers(home, 35)


def down(home):
    """A connector's file is a directory for a while; the other connector is told meanwhile."""
    os.mkdir(os.path.join(home.path, "reports.jsonl"))
    conf(home, connectors="sqlite, jsonl")
    home.start()
    home.quiet_s = home.status()[2]
    deliver(home, 0, 30)
    home.until_stored(30)
    degraded(home, "drain jsonl", "reports.jsonl")
    os.rmdir(os.path.join(home.path, "reports.jsonl"))
    until(lambda: len(home.reports()) == 30, "30 reports in the file")
    recovers(home, 30)


def syslog_down(home):
    """Nobody listens on syslog's socket; then somebody does."""
    path = os.path.join(home.top, "log.sock")
    conf(home, connectors="sqlite, syslog", sections=f"[syslog]\naddress = unix:{path}")
    home.start()
    home.quiet_s = home.status()[2]
    deliver(home, 0, 30)
    home.until_stored(30)
    degraded(home, "drain syslog", "log.sock")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as line:
        line.bind(path)
        line.settimeout(120)
        for _ in range(30):
            line.recv(65536)
    recovers(home, 30)


# ---- processes -------------------------------------------------------------------------------------


def stopped(home):
    """Each process hangs for a while: the answer comes all the same, and mail where it can."""
    conf(home, core="stop_time = 20s")
    begin(home)
    done = 5
    for role in ("parent", "master", "janitor", "connector:sqlite", "door:maildir", "rescan"):
        pid = home.proc.pid if role == "parent" else home.child(role)
        os.kill(pid, signal.SIGSTOP)
        deliver(home, done, 10)
        done += 10
        quick_status(home)
        quick_status(home)
        if role in ("parent", "master", "janitor", "rescan"):
            home.until_stored(done)
        elif role.startswith("connector"):
            until(lambda: home.log_text(True).count(": scanned verdict=") == done, "mail comes in all the same")
        os.kill(pid, signal.SIGCONT)
        home.until_stored(done)
    # All of them at once.
    pids = home.tree()
    for pid in pids:
        os.kill(pid, signal.SIGSTOP)
    deliver(home, done, 10)
    quick_status(home)
    for pid in pids:
        os.kill(pid, signal.SIGCONT)
    recovers(home, done + 10)


def scan(home, *options):
    """`assay scan` of a small mail, begun: what it says goes to the file err."""
    path = os.path.join(home.top, "mail.eml")
    with open(path, "w", encoding="ascii") as f:
        f.write(mail(0))
    with open(os.path.join(home.top, "err"), "w", encoding="utf-8") as err:
        return subprocess.Popen([home.assay, "--home", home.path, "scan", *options, path], stderr=err,
                                stdout=subprocess.PIPE, text=True)


def said(home):
    with open(os.path.join(home.top, "err"), encoding="utf-8") as f:
        return f.read()


def no_scanner(home):
    """No scan process is there, and nobody starts one: who has asked is told so, who comes scans by himself."""
    conf(home, core="overload_wait = 2s")
    begin(home)
    for pid in home.scans():
        os.kill(pid, signal.SIGSTOP)
    with scan(home, "--log-level", "debug") as waiting:
        until(lambda: "the running service scans" in said(home), "scan asks the service")
        os.kill(home.proc.pid, signal.SIGSTOP)
        os.kill(home.child("master"), signal.SIGKILL)
        out = waiting.communicate(timeout=WAIT_S)[0]
        if waiting.returncode != 75 or out or "has had no scan process" not in said(home):
            raise Wrong(f"scan ends with {waiting.returncode}: {said(home)}")
    print("   ", said(home).strip().split("\n")[-1])
    with scan(home, "--compact") as alone:
        out = alone.communicate(timeout=WAIT_S)[0]
        if alone.returncode != 0 or out.count("\n") != 1 or "scanning by ourselves" not in said(home):
            raise Wrong(f"scan ends with {alone.returncode}: {said(home)}")
    print("   ", said(home).strip())
    os.kill(home.proc.pid, signal.SIGCONT)
    deliver(home, 5, 5)
    recovers(home, 10)


def no_descriptors(home):
    """A process has no descriptor left for a while."""
    conf(home)
    begin(home)
    done = 5
    for role in ("door:maildir", "connector:sqlite", "janitor", "master", "parent"):
        pid = home.proc.pid if role == "parent" else home.child(role)
        soft, hard = resource.prlimit(pid, resource.RLIMIT_NOFILE)
        resource.prlimit(pid, resource.RLIMIT_NOFILE, (3, hard))
        deliver(home, done, 30)
        done += 30
        victim = {"master": home.scans()[:1], "parent": [home.child("rescan")]}.get(role, [])
        for other in victim:  # whoever starts processes has something to do
            os.kill(other, signal.SIGKILL)
        home.until_log("Too many open files")
        quick_status(home)
        if not is_alive(pid):
            raise Wrong(f"{role} ends when it has no descriptors")
        resource.prlimit(pid, resource.RLIMIT_NOFILE, (soft, hard))
        said = [line for line in home.log_text().split("\n") if "Too many open files" in line]
        print(f"    {role}:", said[0].split(": ", 1)[1])
        home.until_stored(done)
        home.until_status(0, "OK")
        home.mark_log()
    recovers(home, done)


def no_memory(home):
    """A process gets no more memory: it ends, and the next one goes on."""
    conf(home, connectors="sqlite, jsonl")
    begin(home)
    done = 5
    for role in ("door:maildir", "connector:sqlite"):
        pid = home.child(role)
        with open(f"/proc/{pid}/statm", encoding="ascii") as f:
            size = int(f.read().split()[0]) * resource.getpagesize()
        resource.prlimit(pid, resource.RLIMIT_AS, (size, size))
        deliver(home, done, 10)
        for number in range(done + 10, done + 14):
            home.deliver(number, mail(number, "word " * 400000))
        done += 14
        home.until_stored(done)
        quick_status(home)
        print(f"    {role}:", "goes on" if home.child(role) == pid else "another one")
        home.mark_log()
    home.until_status(0, "OK")
    recovers(home, done)


# ---- the clock ------------------------------------------------------------------------------------


def set_clock(path, offset):
    with open(path + ".new", "w", encoding="ascii") as f:
        f.write(offset)
    os.rename(path + ".new", path)


def clock(home):
    """The clock jumps ten years ahead, then to 2001, then is right: no mail and no report is lost."""
    library = glob.glob("/usr/lib/*/faketime/libfaketime.so.1")
    if not library:
        raise Impossible("there is no libfaketime")
    offset = os.path.join(home.top, "clock")
    set_clock(offset, "+0d")
    env = {**os.environ, "LD_PRELOAD": library[0], "FAKETIME_TIMESTAMP_FILE": offset, "FAKETIME_NO_CACHE": "1",
           "FAKETIME_DONT_FAKE_MONOTONIC": "1", "FAKETIME_DISABLE_SHM": "1", "NO_FAKE_STAT": "1", "FAKE_UTIME": "0"}
    conf(home, connectors="sqlite, jsonl")
    begin(home, env=env)
    done = 5
    for jump in ("+3650d", "-9000d", "+0d"):
        set_clock(offset, jump)
        deliver(home, done, 20)
        done += 20
        home.until_stored(done)
        until(lambda: len(home.reports()) == done, "all told")
        quick_status(home)
    if os.environ.get("ASSAY_TEST_LONG"):
        set_clock(offset, "+3650d")
        home.until_log("after it was looked at last")
        deliver(home, done, 20)
        done += 20
        time.sleep(5)
    recovers(home, done)


# ---- many and late ---------------------------------------------------------------------------------


def peak_mb(pid):
    with open(f"/proc/{pid}/status", encoding="ascii") as f:
        return max((int(line.split()[1]) / 1024 for line in f if line.startswith("VmHWM:")), default=0)


def many(home):
    """A Maildir with thousands of mails in new/ when the service starts."""
    n = int(os.environ.get("ASSAY_TEST_MAILS", "5000"))
    conf(home, core="log_level = warning\nbulk_max = 2")
    deliver(home, 0, n)
    begun = time.monotonic()
    home.start(ready=False)
    until(lambda: len(home.stored()) >= n, "all in the store", 120 + n / 50, 0.5)
    took = time.monotonic() - begun
    print(f"    {n} mails in {took:.0f} s, {n / took:.0f} a second; peak of the door "
          f"{peak_mb(home.child('door:maildir')):.0f} MB, of the drain {peak_mb(home.child('connector:sqlite')):.0f} MB")
    recovers(home, n)


def later(home):
    """A Maildir that is made while the service runs, and one that goes away and comes again."""
    users = os.path.join(home.top, "users")
    os.mkdir(users)
    conf(home, maildirs=f"{users}/*/Maildir, {home.maildir}")
    begin(home)
    new = os.path.join(users, "anna", "Maildir")
    home.make_maildir(new)
    deliver(home, 5, 10, maildir=new)
    home.until_stored(15)
    os.rename(home.maildir, home.maildir + ".away")
    time.sleep(2.5)
    deliver(home, 15, 5, maildir=home.maildir + ".away")
    os.rename(home.maildir + ".away", home.maildir)
    recovers(home, 20)


FAULTS = {f.__name__: f for f in (spool_full, spool_low, store_full, archive_full, unfinished, read_only, unwritable, locked, down, syslog_down, stopped, no_scanner, clock, no_descriptors, no_memory, many, later)}


def main():
    assay, names = sys.argv[1], sys.argv[2:]
    if not names:
        print("\n".join(f"{name}: {f.__doc__}" for name, f in FAULTS.items()))
        return 0
    tried = 0
    for name in names:
        print(f"{name}:", flush=True)
        begun = time.monotonic()
        try:
            with Home(assay, prefix="assay-fault-") as home:
                FAULTS[name](home)
        except Impossible as why:
            print(f"    cannot be tried here: {why}")
            continue
        tried += 1
        print(f"    {time.monotonic() - begun:.1f} s", flush=True)
    return 0 if tried else 77


if __name__ == "__main__":
    main_of(main)
