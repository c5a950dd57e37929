"""import.py - the tests of t_import.sh: a home and a service of their own, files made here

Nothing depends on the machine's speed: what waits for something waits up to two minutes. The
imports are interrupted when they have done some of their work, whenever that is.
"""
import bz2
import gzip
import json
import lzma
import os
import shutil
import signal
import subprocess
import time

from livehome import Home, main_of, until

ASSAY = os.environ["ASSAY"]
FROM = b"From joe@example.com Fri Sep 26 17:18:40 2025"
failures = []


def check(ok, what):
    if not ok:
        print("FAILED:", what)
        failures.append(what)


class ImportHome(Home):
    """a home with a service, and a directory for mail"""

    def __init__(self):
        super().__init__(ASSAY, None, "t_import.")
        self.dir, self.mail = self.path, os.path.join(self.path, "mail")
        os.mkdir(self.mail)
        self.all, self.done = [], 0
        self.env = {k: v for k, v in os.environ.items() if k not in ("ASSAY_HOME", "NOTIFY_SOCKET")}
        self.configure("[core]\ndispatchers =\nalways_dispatch = hash\nstart_dispatch = smtp\n"
                       "decorators = seen\nconnectors = jsonl, seen\nscan_processes = 3\n"
                       "bulk_max = 2\nmessage_size = 1M\n[jsonl]\nfields = content\n"
                       "[seen]\nbloom_size = 1000\n"
                       "bloomfield_list = from, from_domain, envelope_from\n")

    def command(self, *args):
        return [self.assay, "--home", self.path, *args]

    def run(self, *args, code=0):
        """assay import ARGS; the summary's lines by their first words"""
        r = subprocess.run(self.command("import", *args), env=self.env, capture_output=True, timeout=300)
        self.err = r.stderr.decode()
        check(r.returncode == code, "import %s: exit %d, not %d: %s" % (args, r.returncode, code, self.err))
        return {line[:15].strip(): line[15:] for line in r.stdout.decode().splitlines()}

    def reports(self):
        """all that the connector was told so far"""
        path = os.path.join(self.path, "reports.jsonl")
        if os.path.exists(path):
            with open(path, "rb") as f:
                f.seek(self.done)
                for line in f:
                    if line.endswith(b"\n"):
                        self.done += len(line)
                        self.all.append(json.loads(line))
        return self.all

    def told(self, n):
        """waits for n different reports, and returns them by source_id"""
        def ids():
            return {r["scan_id"] for r in self.reports()}
        until(lambda: len(ids()) >= n, "%d reports" % n)
        check(len(ids()) == n, "%d reports, not %d" % (len(ids()), n))
        return {r["request_meta"]["source_id"]: r for r in self.reports()}

    def write(self, name, data):
        path = os.path.join(self.mail, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "wb") as f:
            f.write(data)
        return path


def message(n, body=b"text\n", sender=None):
    return (b"From: %s\nTo: b@example.org\nSubject: number %d\nDate: Fri, 26 Sep 2025 17:18:40 +0000\n"
            b"Message-ID: <%d@example.com>\n\n%s" % (sender or b"s%d@example.com" % n, n, n, body))


def mbox(messages, sep=b"\n"):
    return b"".join(FROM + sep + m.replace(b"\n", sep) + sep for m in messages)


def subjects(reports, start):
    """the subjects of the messages of files whose name begins so, in the order of their places"""
    found = [(r["request_meta"]["source_id"], r["results"][0]["workers"]["smtp"]["subject"])
             for r in reports.values() if r["request_meta"]["filename"].startswith(start)]
    return [s for _, s in sorted(found, key=lambda f: (f[0].rsplit(":", 1)[0], int(f[0].rsplit(":", 1)[1])))]


def no_service(home):
    path = home.write("a.mbox", mbox([message(1)]))
    home.run(path, code=75)
    check("assay serve" in home.err, "it says how to start the service: " + home.err)
    home.run("--conf", "/dev/null", path, code=78)
    check("connectors" in home.err, "nobody would keep it: " + home.err)
    out = home.run("--dry-run", path)
    check(out["found"].startswith("1 messages"), "a dry run needs no service: %s" % out)
    check(not os.path.exists(os.path.join(home.dir, "import")), "a dry run writes nothing")
    home.run(code=64)
    home.run("--jobs", "0", path, code=64)


def another_service(home, n):
    """what a service of another configuration would not find is not left there"""
    path = home.write("another.mbox", mbox([message(26000)]))
    conf = os.path.join(home.dir, "assay.conf")
    with open(conf, "a") as f:
        f.write("[hash]\n# edited\n[smtp]\nbodies = all\n")
    home.run(path, code=78)
    check("assay reload" in home.err, "it was edited: " + home.err)
    subprocess.run(home.command("reload"), env=home.env, check=True, capture_output=True)
    home.run("--plugin-opts", "seen:bloom_update=7s", path, code=78)
    home.run(path)
    home.told(n + 1)
    return n + 1


def dialects(home, n):
    """mboxo, mboxrd, mboxcl2, CRLF; From in bodies"""
    quoted = message(2, b"one\n\n>From here on\n>>From there\n")
    plain = FROM + b"\nX: y\n\nnot a message of its own\n"
    counted = message(3, plain).replace(b"\n\n", b"\nContent-Length: %d\n\n" % len(plain), 1)
    body = message(4, b"x\n\nFrom here on all is well\nas said\n")
    data = {"rd": mbox([message(1), quoted, message(5)]), "cl2": mbox([counted, message(5)]),
            "plain": mbox([body, message(5)]), "crlf": mbox([message(1), quoted, message(5)], b"\r\n")}
    for name, bytes_ in data.items():
        home.write("dialects/" + name, bytes_)
    out = home.run(os.path.join(home.mail, "dialects"))
    check(out["imported"].startswith("10 messages"), "ten messages: %s" % out)
    check(out["new senders"] == "5", "of five new senders: %s" % out)
    check(out["verdicts"] == "10 accept", "all accepted: %s" % out)
    reports = home.told(10)
    start = os.path.join(home.mail, "dialects/")
    check(subjects(reports, start + "cl2") == ["number 3", "number 5"], "Content-Length counts")
    check(subjects(reports, start + "plain") == ["number 4", "number 5"], "From in a body")
    check(subjects(reports, start + "crlf") == ["number 1", "number 2", "number 5"], "CRLF")
    second = reports["%s:%d" % (start + "rd", data["rd"].index(FROM, 1))]
    check(second["results"][0]["size"] == len(quoted) - 2, "one > is taken off each quoted line")
    check(second["verdict"]["answered"] is None, "nobody was told")
    check(second["message_time"]["utc"].startswith("2025-09-26T17:18:40"), "the time of then")
    again = home.run(os.path.join(home.mail, "dialects"))
    check(again["known before"] == "10" and again["imported"].startswith("0 "), "once: %s" % again)
    return 10


def packed(home, n):
    """each packing; two streams in one; damage"""
    all_ = mbox([message(i) for i in range(100, 120)])
    zstd = shutil.which("zstd")
    home.write("packed/a.gz", gzip.compress(all_[: len(all_) // 2]) + gzip.compress(all_[len(all_) // 2:]))
    home.write("packed/b", bz2.compress(all_))
    home.write("packed/c.xz", lzma.compress(all_))
    home.write("packed/one.gz", gzip.compress(gzip.compress(message(120))))
    want = 61
    if zstd:
        home.write("packed/d.zst", subprocess.run([zstd, "-c"], input=all_, stdout=subprocess.PIPE, check=True).stdout)
        want += 20
    out = home.run(os.path.join(home.mail, "packed"))
    check(out["imported"].startswith("%d messages" % want), "all forms: %s %s" % (out, home.err))
    n += want
    home.told(n)
    large = mbox([message(i, os.urandom(300).hex().encode() * 20 + b"\n") for i in range(200, 240)])
    cut = gzip.compress(large)
    cut = home.write("damaged.gz", cut[: len(cut) // 2])
    out = home.run(cut, code=65)
    check("damaged" in home.err and out["failed"] == "1 files", "damage is told: " + home.err)
    check(int(out["imported"].split()[0]) > 5, "what came before it is there: %s" % out)
    n += int(out["imported"].split()[0])
    for name, data, word in (("noise.gz", b"\x1f\x8b\x08" + os.urandom(500), "noise.gz"),
                             ("a.zip", b"PK\3\4" + bytes(100), "zip"),
                             ("noise", os.urandom(5000), "neither mail nor a mailbox")):
        path = home.write("odd/" + name, data)
        home.run(path, code=65)
        check(word in home.err, "%s: %s" % (name, home.err))
    home.told(n)
    return n


def trees(home, n):
    """Maildir, Maildir++, single messages, links, what is no mail"""
    for folder in ("Maildir", "Maildir/.Sent", "deep/er/Maildir"):
        for side in ("cur", "new", "tmp"):
            os.makedirs(os.path.join(home.mail, "tree", folder, side))
    for i, name in enumerate(("Maildir/new/1.a.host", "Maildir/cur/2.a.host:2,S", "Maildir/.Sent/cur/3.a.host:2,",
                              "deep/er/Maildir/new/4.a.host", "folder/x.eml", "folder/below/y", "folder/below/box")):
        data = message(300 + i)
        home.write("tree/" + name, mbox([data]) if name.endswith("box") else data)
    home.write("tree/Maildir/dovecot-uidlist", b"3 V1 N2\n")
    home.write("tree/folder/.DS_Store", bytes(5000))
    home.write("tree/folder/empty", b"")
    home.write("secret", message(999))
    os.symlink(os.path.join(home.mail, "secret"), os.path.join(home.mail, "tree/folder/link"))
    os.symlink(home.mail, os.path.join(home.mail, "tree/folder/up"))
    os.mkfifo(os.path.join(home.mail, "tree/folder/pipe"))
    tree = os.path.join(home.mail, "tree")
    out = home.run("--dry-run", tree)
    check(out["found"].startswith("7 messages"), "a dry run counts: %s" % out)
    check(out["dates"].endswith(time.strftime("%Y-%m-%d", time.gmtime())), "and has dates: %s" % out)
    check(len(home.reports()) == n, "and keeps nothing")
    out = home.run(tree)
    check(out["imported"].startswith("7 messages") and out["no mail"] == "1 files", "a tree: %s %s" % (out, home.err))
    os.rename(os.path.join(tree, "Maildir/new/1.a.host"), os.path.join(tree, "Maildir/cur/1.a.host:2,S"))
    home.write("tree/folder/z.eml", message(310))
    out = home.run(tree)
    check(out["known before"] == "7" and out["imported"].startswith("1 "), "one is new: %s" % out)
    reports = home.told(n + 8)
    check(reports[os.path.join(tree, "Maildir/1.a.host")]["request_meta"]["source"] == "maildir", "a Maildir's")
    check(reports[os.path.join(tree, "folder/x.eml")]["request_meta"]["source"] == "import", "a file's")
    home.run(tree, os.path.join(home.mail, "none"), code=66)
    return n + 8


FAKE = r"""#!/bin/sh
# stands for readpst(1): knows three files by their second line
[ "$8" = -o ] && [ "$#" = 10 ] || exit 9
case $(tail -n 1 "${10}") in
good)
    mkdir -p Top/Inbox/deep && printf 'From: a@example.com\nSubject: first\n\nx\n' >Top/Inbox/1.eml
    printf 'Status: RO\nFrom: b@example.com\nSubject: second\n\ny\n' >Top/Inbox/deep/2.eml
    ln -s /etc Top/etc; ln -s /etc/passwd Top/Inbox/3.eml
    if [ "$(id -u)" = 0 ]; then touch Top/was-root; fi
    ;;
bad) echo 'block 17 is damaged' >&2; exit 3 ;;
slow) sleep 600 ;;
esac
"""


def outlook(home, n):
    """an Outlook file, by a program that stands for readpst; its directory is gone after it"""
    bin_, tmp = os.path.join(home.dir, "bin"), os.path.join(home.dir, "tmp")
    os.mkdir(bin_)
    os.mkdir(tmp)
    os.chmod(tmp, 0o1777)
    before = dict(home.env)
    home.env.update(PATH=bin_ + ":/usr/bin:/bin", TMPDIR=tmp)
    with open(os.path.join(bin_, "readpst"), "w") as f:
        f.write(FAKE)
    os.chmod(os.path.join(bin_, "readpst"), 0o755)
    path = home.write("old.data", b"!BDN\ngood")
    out = home.run("--dry-run", path)
    check(out["found"].startswith("2 messages"), "a dry run unpacks, too: %s" % out)
    out = home.run(path)
    check(out["imported"].startswith("2 messages"), "two messages: %s %s" % (out, home.err))
    check("no mail" not in out, "an unprivileged program, and no links: %s" % out)
    check(home.run(path)["known before"] == "2", "known the next time")
    reports = home.told(n + 2)
    first = reports.get(path + "/Top/Inbox/1.eml")
    check(first is not None and first["request_meta"]["filename"] == path + "/Top/Inbox/1.eml", "named by its file")
    home.run(home.write("bad.pst", b"!BDN\nbad"), code=65)
    check("block 17 is damaged" in home.err and "exit code 3" in home.err, "its words: " + home.err)
    check(os.listdir(tmp) == [], "nothing is left: %s" % os.listdir(tmp))
    for how in (signal.SIGTERM, signal.SIGKILL):
        p = subprocess.Popen(home.command("import", home.write("slow.pst", b"!BDN\nslow")), env=home.env,
                             stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        until(lambda: os.listdir(tmp) != [], "it is unpacked")
        p.send_signal(how)
        check(p.wait(60) == (75 if how == signal.SIGTERM else -how), "%s: exit %d" % (how, p.returncode))
        until(lambda: os.listdir(tmp) == [], "the directory goes after %s" % how)
    home.write("pst-tree/x.pst", b"!BDN\ngood")
    home.run(os.path.join(home.mail, "pst-tree"), code=65)
    check("name it on the command line" in home.err, "in a directory: " + home.err)
    home.env = dict(before, PATH="/nonexistent")
    home.run(path, code=65)
    check("pst-utils" in home.err, "without readpst: " + home.err)
    home.env = before
    return n + 2


def guests(home):
    """what assay status has counted of imports and commands, in its three forms"""
    def ask(*form):
        return subprocess.run(home.command("status", *form), env=home.env, capture_output=True, text=True, check=True).stdout
    totals, text = json.loads(ask("--json"))["totals"], ask()
    check(totals["mails"] == 0, "no door had mail: %s" % totals)
    if totals["guests"] > 0:
        check("\nguests     %d scanned" % totals["guests"] in text and
              "; %d of imports and commands" % totals["guests"] in text.split("\n")[0], "in the text: " + text)
    check("\nassay_guest_mails_total %d\n" % totals["guests"] in ask("--prometheus"), "among the metrics")
    return totals["guests"]


def counted(home, n):
    """assay status counts what was scanned for us; two reloads, which empty every page, lose nothing of it"""
    before = guests(home)
    check(before > 100, "what was imported so far: %d" % before)
    path = home.write("counted.mbox", mbox([message(600 + i) for i in range(9)]))
    home.run(path)
    home.run(path)
    check(guests(home) == before + 9, "each message once: %d, %d" % (before, guests(home)))
    one = home.write("counted.eml", message(650))
    subprocess.run(home.command("scan", one), env=home.env, capture_output=True, check=True)
    check(guests(home) == before + 10, "a scan by the service, too: %d, %d" % (before, guests(home)))
    subprocess.run(home.command("scan", "--local", one), env=home.env, capture_output=True, check=True)
    for _ in range(2):
        subprocess.run(home.command("reload"), env=home.env, check=True, capture_output=True)
        check(guests(home) == before + 10, "after a reload: %d, %d" % (before, guests(home)))
    home.told(n + 9)
    return n + 9


def too_large(home, n):
    """has a report, once"""
    path = home.write("large.mbox", mbox([message(400), message(401, b"x" * 70 + b"\n") + b"y" * 70 * 30000, message(402)]))
    out = home.run(path)
    check(out["not whole"] == "1 unscanned" and out["imported"].startswith("3 "), "%s" % out)
    check("message_size" in home.err and "%s:" % path in home.err, "file and offset: " + home.err)
    check(home.run(path)["known before"] == "3", "too large before is too large now")
    reports = home.told(n + 3)
    check(sum(r["status"] == "unscanned" for r in reports.values()) == 1, "its report says so")
    return n + 3


def kept_so_far(home, pattern):
    return sum(r["request_meta"]["source_id"].startswith(pattern) for r in home.reports())


def largest(pid):
    """MB that it had in memory at most; under sanitizers that says nothing"""
    with open("/proc/%d/status" % pid) as f:
        found = [int(line.split()[1]) for line in f if line.startswith("VmHWM")]
    return 1 if "ASAN_OPTIONS" in os.environ or not found else found[0] // 1024


def interrupted(home, n):
    """three times, in three ways; grown; every message exactly once"""
    count = 4000
    path = home.write("ten-years/archive.mbox", mbox([message(1000 + i, b"line %d\n" % i * 600) for i in range(count)]))
    for k, how in enumerate((signal.SIGINT, signal.SIGKILL, signal.SIGTERM)):
        before = kept_so_far(home, path)
        p = subprocess.Popen(home.command("import", path), env=home.env, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        until(lambda: kept_so_far(home, path) > before + 200 or p.poll() is not None, "it works")
        most = largest(p.pid)
        check(0 < most < 200, "memory: %d MB" % most)
        p.send_signal(how)
        out, err = p.communicate(timeout=120)
        check(p.returncode == (75 if how != signal.SIGKILL else -signal.SIGKILL), "%s: exit %d %s" % (how, p.returncode, err))
        if how != signal.SIGKILL:
            check(b"goes on where it stopped" in err, "it says what to do: %s" % err)
        check(before < kept_so_far(home, path) < count, "interrupted in the middle")
    with open(path, "ab") as f:
        f.write(mbox([message(9000)]))
    out = home.run("--jobs", "2", path)
    check(int(out["known before"]) > 600 and int(out["known before"]) + int(out["imported"].split()[0]) == count + 1,
          "what is known and what is new: %s" % out)
    reports = home.told(n + count + 1)
    found = subjects(reports, path)
    check(found == ["number %d" % i for i in list(range(1000, 1000 + count)) + [9000]], "each message, once, in its place")
    check(sum(r["request_meta"]["source_id"].startswith(path) for r in home.reports()) <= count + 1 + 400,
          "few were scanned twice, after kill -9")
    out = home.run(path)
    check(out["known before"] == str(count + 1), "and then all are known: %s" % out)
    return n + count + 1


def grown(home, n):
    """a mailbox that others write to: what was there stays what it was"""
    path = home.write("grown.mbox", b"")
    for i in range(1, 4):
        with open(path, "ab") as f:
            f.write(mbox([message(15000 + i)]))
        out = home.run(path)
        check(out["known before"] == str(i - 1) and out["imported"].startswith("1 "), "one more: %s" % out)
    home.told(n + 3)
    return n + 3


def journal(home, n):
    """another mailbox under the same name; a damaged journal; two at once"""
    path = home.write("journal/x.mbox", mbox([message(20000), message(20001)]))
    home.run(path)
    home.write("journal/x.mbox", mbox([message(20002), message(20001)]))
    out = home.run(path)
    check(out["imported"].startswith("1 "), "the other message is new, the same one is not: %s" % out)
    out = home.run("--again", path)
    check(out["imported"].startswith("2 "), "--again: %s" % out)
    home.told(n + 3)
    dir_ = os.path.join(home.dir, "import")
    for name in os.listdir(dir_):
        if not name.endswith(".lock"):
            with open(os.path.join(dir_, name), "r+b") as f:
                f.write(b"rubbish")
    out = home.run(path)
    check(out["imported"].startswith("2 ") and ".bad" in home.err, "a damaged journal: %s %s" % (out, home.err))
    home.told(n + 3)
    return n + 3


def bypass(home, n):
    """nothing is imported unscanned because scanning is off for a while"""
    path = home.write("bypass.mbox", mbox([message(25000), message(25001)]))
    subprocess.run(home.command("bypass", "on", "--for", "1h", "--reason", "a test"), env=home.env, check=True,
                   capture_output=True)
    out = home.run(path, code=75)
    check(out["imported"].startswith("0 ") and "assay bypass" in home.err, "not now: %s %s" % (out, home.err))
    subprocess.run(home.command("bypass", "off"), env=home.env, check=True, capture_output=True)
    out = home.run(path)
    check(out["imported"].startswith("2 ") and "not whole" not in out, "but then: %s" % out)
    home.told(n + 2)
    return n + 2


def service_restarts(home, n):
    """while it goes away and comes back the import waits"""
    path = home.write("restart/a.mbox", mbox([message(30000 + i, b"line\n" * 500) for i in range(2500)]))
    p = subprocess.Popen(home.command("import", path), env=home.env, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    until(lambda: kept_so_far(home, path) > 100 or p.poll() is not None, "it works")
    check(home.stop() == 0, "the service ends well")
    home.start()
    out, err = p.communicate(timeout=240)
    check(p.returncode == 0 and b"2500 messages" in out, "it went on: %d %s %s" % (p.returncode, out, err))
    reports = home.told(n + 2500)
    check(len([r for r in reports if r.startswith(path)]) == 2500, "each message, once")
    return n + 2500


def work():
    with ImportHome() as home:
        no_service(home)
        home.start()
        n = 0
        for part in (dialects, packed, trees, outlook, counted, too_large, interrupted, grown, journal, bypass, another_service,
                     service_restarts):
            began = time.monotonic()
            n = part(home, n)
            print("t_import: %s: %.1f s" % (part.__name__, time.monotonic() - began))
        if failures:
            home.show_log()
    print("t_import:", "%d failures" % len(failures) if failures else "good")
    return 1 if failures else 0


main_of(work)
