#!/usr/bin/env python3
"""clamav.py - the clamav worker as it is used

usage: clamav.py ASSAY FAULTY FAULTS

With signatures of the test's own. FAULTY is the folder of a clamav plugin over a library that breaks on
purpose, FAULTS are the ways. What needs clamd or the files of clamav-testfiles is left out where they are not
installed.
"""
import base64
import glob
import io
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import zipfile

from livehome import Home, Wrong, die_with_parent, main_of, until

MARK, OTHER = b"the first signature of ours", b"the second signature of ours"
TESTFILES = "/usr/share/clamav-testfiles"
CONF = """[core]
plugins = smtp, hash, mimetype, clamav
always_dispatch = hash
worker_timeout = 4s
{core}
[clamav]
{clamav}
"""


def signature(name, mark):
    return f"{name}:0:*:{mark.hex()}\n"


def packed(*members):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as z:
        for name, data in members:
            z.writestr(name, data)
    return out.getvalue()


def mail_with(data, name="a.bin", number=1):
    return (f"From: a@a.example\r\nTo: b@b.example\r\nMessage-ID: <{number}@a.example>\r\nSubject: x\r\n"
            "MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n"
            f"Content-Type: application/octet-stream; name={name}\r\nContent-Transfer-Encoding: base64\r\n\r\n"
            ).encode() + base64.encodebytes(data).replace(b"\n", b"\r\n") + b"--b--\r\n"


class Place:
    """A folder with a configuration, signatures and files to scan."""

    def __init__(self, assay):
        self.assay = os.path.abspath(assay)
        self.path = tempfile.mkdtemp(prefix="assay-clamav-")
        os.chmod(self.path, 0o755)
        self.db = os.path.join(self.path, "db")
        os.mkdir(self.db)
        self.put("db/own.ndb", signature("Ours.First", MARK))

    def put(self, name, data):
        path = os.path.join(self.path, name)
        with open(path, "wb") as f:
            f.write(data if isinstance(data, bytes) else data.encode())
        return path

    def scan(self, files, clamav="", core="", *options):
        """Reports, by the last part of the name; and what was said on standard error."""
        conf = self.put("conf", CONF.format(core=core, clamav=f"database = {self.db}\n{clamav}"))
        out = subprocess.run([self.assay, "--conf", conf, "scan", "--compact", *options, *files], timeout=300,
                             capture_output=True, check=False)
        if out.returncode != 0:
            raise Wrong(f"assay scan ends with {out.returncode}: {out.stderr.decode()}")
        reports = [json.loads(line) for line in out.stdout.splitlines()]
        return ({os.path.basename(r["request_meta"]["filename"]): r for r in reports}, out.stderr.decode())


def said(report, payload=0):
    return report["results"][payload]["workers"].get("clamav")


def names(report):
    return sorted({s["name"] for r in report["results"] for s in (r["workers"].get("clamav") or {}).get("signatures", [])})


def expect(what, have, want):
    if have != want:
        raise Wrong(f"{what}: {have}, not {want}")


def unseen(report):
    return sorted({x["limit"] for x in report["limits"] if x["plugin_name"] == "clamav" and x["effect"] == "unseen"})


def by_library(place):
    big = MARK + bytes(3 << 20)
    files = [place.put(name, data) for name, data in (
        ("plain", b"x" * 1000 + MARK), ("clean", b"nothing"), ("mail.eml", mail_with(MARK + b" in a mail")),
        ("packed.zip", packed(("a.txt", b"some text"), ("evil.txt", b"x" + MARK))),
        ("large.zip", packed(("large.bin", bytes(3 << 20)))),
        ("both.zip", packed(("large.bin", bytes(3 << 20)), ("evil.txt", MARK))),
        ("large.bin", big), ("deep.zip", deep(20)), ("many.zip", packed(*((str(i), b"member %d" % i) for i in range(60)))))]
    got, errors = place.scan(files, "files = 50", "max_member_bytes = 2M")
    expect("standard error", errors, "")
    for name in ("plain", "mail.eml", "packed.zip", "both.zip"):
        expect(name, (said(got[name])["infected"], names(got[name])), (True, ["Ours.First.UNOFFICIAL"]))
    expect("facts", got["mail.eml"]["facts"].get("infected"), ["yes"])
    expect("facts", got["mail.eml"]["facts"].get("clamav"), ["Ours.First.UNOFFICIAL"])
    expect("clean", (said(got["clean"])["infected"], said(got["clean"])["signature"]), (False, None))
    expect("payloads of the mail", [said(got["mail.eml"], i)["infected"] for i in (0, 1)], [True, True])
    expect("layers", [row["name"] for row in said(got["packed.zip"])["layers"] if row["level"] == 1],
           ["a.txt", "evil.txt"])
    for name, limit in (("large.zip", "max_member_bytes"), ("both.zip", "max_member_bytes"),
                        ("large.bin", "max_member_bytes"), ("deep.zip", "clamav_recursion"),
                        ("many.zip", "clamav_files")):
        expect(f"limits of {name}", unseen(got[name]), [limit])
        expect(f"{name} by mistake", said(got[name])["infected"], name == "both.zip")
    expect("rules", [r["id"][:8] for r in got["plain"]["engine"]["rules"] if r["plugin"] == "clamav"], ["1 file ("])
    return len(files)


def deep(n):
    data = b"at the bottom"
    for _ in range(n):
        data = packed(("x.zip", data))
    return data


def testfiles(place):
    """All of clamav-testfiles by one line; also with no rights but our own user's, where that can be."""
    files = sorted(glob.glob(TESTFILES + "/*"))
    if not files:
        return "no clamav-testfiles"
    place.put("db/test.hdb", "aa15bcf478d165efd2065190eb473bcb:544:ClamAV-Test-File\n")
    got, _ = place.scan(files)
    os.unlink(place.db + "/test.hdb")
    missed = [name for name, r in got.items() if "ClamAV-Test-File.UNOFFICIAL" not in names(r)]
    if missed or len(got) != len(files):
        raise Wrong(f"not found: {missed}, {len(got)} reports of {len(files)}")
    return f"{len(files)} of clamav-testfiles"


def databases(place):
    """One that is broken costs itself only; none, and every report says so."""
    evil, clean = place.put("evil", MARK), place.put("clean", b"nothing")
    place.put("db/broken.ndb", "no signature\n")
    got, errors = place.scan([evil, clean])
    expect("beside a broken one", names(got["evil"]), ["Ours.First.UNOFFICIAL"])
    if "broken.ndb: " not in errors:
        raise Wrong(f"nothing said of a broken file: {errors}")
    conf = CONF.format(core="", clamav=f"database = {place.db}\non_bad_database = refuse")
    out = subprocess.run([place.assay, "--conf", place.put("conf", conf), "scan", evil], capture_output=True,
                         text=True, timeout=300, check=False)
    if out.returncode != 78 or "broken.ndb: " not in out.stderr:
        raise Wrong(f"refuse: {out.returncode} {out.stderr}")
    os.unlink(place.db + "/broken.ndb")
    empty = os.path.join(place.path, "empty")
    os.mkdir(empty)
    for where in (empty, os.path.join(place.path, "nowhere")):
        got, errors = place.scan([evil, clean], "", "", "--plugin-opts", f"clamav:database={where}")
        for name in ("evil", "clean"):
            expect("errors without signatures", [e["kind"] for e in got[name]["errors"]], ["failed"])
            if "there are no signatures in" not in got[name]["errors"][0]["error"]:
                raise Wrong(got[name]["errors"])
            expect("result without signatures", said(got[name]), None)
        if "there are no signatures in" not in errors:
            raise Wrong(f"nothing said: {errors}")


def broken_library(place, faulty, faults):
    """Each fault costs its own result: those before and behind it are whole, and hash is there."""
    order = [("first", MARK)]
    for fault in faults:
        order += [(fault, b"assay-" + fault.encode()), ("after-" + fault, MARK)]
    files = [place.put(name, data) for name, data in order]
    got, _ = place.scan(files, "", f"plugin_dir = {faulty}\nscan_memory = 256M")
    for name, _ in order:
        kinds = [e["kind"] for e in got[name]["errors"] if e["plugin_name"] == "clamav"]
        want = {"crash": ["crashed"], "hang": ["timeout"], "eat": ["crashed"], "fail": ["failed"]}.get(name, [])
        expect(f"errors of {name}", kinds, want)
        expect(f"signature of {name}", names(got[name]), [] if want else ["Ours.First.UNOFFICIAL"])
        if not got[name]["results"][0]["workers"].get("hash"):
            raise Wrong(f"{name}: the other worker's result is gone")


def changing(place):
    """The service sees new signatures by itself, complains of broken ones and of none, and is well again."""
    evil = mail_with(OTHER, number=2)
    with Home(place.assay, prefix="assay-clamav-") as home:
        home.configure(CONF.format(
            core=f"connectors = jsonl\nproviders = maildir\nscan_processes = 2\n[jsonl]\nfields = content\n"
                 f"[maildir]\nmaildirs = {home.maildir}\nrescan = 1s", clamav=f"database = {place.db}\nwatch = 1s"))
        home.start()
        home.until_status(0, "loaded     clamav: 1 file (")

        def scanned(number, text):
            n = len(home.reports())
            home.deliver(number, text)
            until(lambda: len(home.reports()) > n, "a report")
            return home.reports()[-1]

        expect("before", names(scanned(1, evil)), [])
        home.mark_log()
        place.put("db/second.ndb", signature("Ours.Second", OTHER))
        place.put("db/broken.ndb", "no signature\n")
        home.until_log("clamav: what it has loaded has changed: reload")
        home.until_log("reload done")
        home.until_status(1, "broken.ndb")
        expect("after", names(scanned(2, evil.replace(b"<2@", b"<3@"))), ["Ours.Second.UNOFFICIAL"])
        shutil.move(place.db, place.db + ".away")
        home.until_status(1, "stay in use")
        expect("without", names(scanned(3, evil.replace(b"<2@", b"<4@"))), ["Ours.Second.UNOFFICIAL"])
        shutil.move(place.db + ".away", place.db)
        os.unlink(place.db + "/broken.ndb")
        home.until_status(0, "OK")
        os.unlink(place.db + "/second.ndb")
        expect("exit code", home.stop(), 0)


class Clamd:
    """One of the test's own."""

    def __init__(self, place):
        self.sock = os.path.join(place.path, "clamd.sock")
        user = subprocess.run(["id", "-un"], capture_output=True, text=True, check=True).stdout.strip()
        conf = place.put("clamd.conf", f"DatabaseDirectory {place.db}\nLocalSocket {self.sock}\nForeground yes\n"
                         f"LogFile {place.path}/clamd.log\nUser {user}\nStreamMaxLength 1M\nAlertExceedsMax yes\n"
                         f"LocalSocketMode 666\nTemporaryDirectory {place.path}\n")
        self.proc = subprocess.Popen([shutil.which("clamd") or "/usr/sbin/clamd", "-c", conf],
                                     stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                                     preexec_fn=die_with_parent)
        until(lambda: os.path.exists(self.sock) or self.proc.poll() is not None, "clamd's socket")
        if self.proc.poll() is not None:
            raise Wrong(f"clamd ends with {self.proc.returncode}")

    def end(self):
        self.proc.kill()
        self.proc.wait()


def by_clamd(place):
    if not (shutil.which("clamd") or os.path.exists("/usr/sbin/clamd")):
        return "no clamd"
    files = [place.put(name, data) for name, data in (
        ("evil", MARK), ("clean", b"nothing"), ("mail.eml", mail_with(MARK)), ("large", b"\1" * (2 << 20)))]
    clamd = Clamd(place)
    how = f"mode = clamd\nsocket = unix:{clamd.sock}\ntimeout = {{}}"
    try:
        got, _ = place.scan(files, how.format("20s"))
        expect("evil", (names(got["evil"]), got["evil"]["errors"]), (["Ours.First.UNOFFICIAL"], []))
        expect("a mail", names(got["mail.eml"]), ["Ours.First.UNOFFICIAL"])
        expect("clean", (said(got["clean"])["infected"], got["clean"]["limits"]), (False, []))
        expect("too large", unseen(got["large"]), ["clamd_stream"])
        os.kill(clamd.proc.pid, signal.SIGSTOP)
        begun = time.monotonic()
        got, _ = place.scan(files[:2], how.format("500ms"))
        for name in ("evil", "clean"):
            expect("a clamd that hangs", [e["kind"] for e in got[name]["errors"]], ["timeout"])
            expect("a clamd that hangs", said(got[name]), None)
        if time.monotonic() - begun > 60:
            raise Wrong("a clamd that hangs is waited for")
    finally:
        clamd.end()
    for gone in ("dead", "not there"):
        if gone == "not there":
            os.unlink(clamd.sock)
        got, _ = place.scan(files[:2], how.format("2s"))
        for name in ("evil", "clean"):
            expect(f"a clamd that is {gone}", [e["kind"] for e in got[name]["errors"]], ["failed"])
            expect(f"a clamd that is {gone}", said(got[name]), None)
    return "clamd"


def work():
    assay, faulty, faults = sys.argv[1], os.path.abspath(sys.argv[2]), sys.argv[3].split()
    place = Place(assay)
    try:
        n = by_library(place)
        notes = [f"{n} files", testfiles(place)]
        databases(place)
        broken_library(place, faulty, faults)
        changing(place)
        notes.append(by_clamd(place))
    finally:
        shutil.rmtree(place.path, ignore_errors=True)
    print("t_clamav:", ", ".join(notes))


main_of(work)
