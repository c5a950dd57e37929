#!/usr/bin/env python3
"""hunt.py - `assay hunt`: new rules over what is archived, lists over the store

usage: hunt.py ASSAY

With a running service (findings go through its spool, to all connectors) and without one; twice; dry;
interrupted; big lists; rules, lists and archives that are not right.
"""
import base64
import hashlib
import json
import os
import pwd
import signal
import subprocess
import sys
import time

from livehome import Home, Wrong, die_with_parent, main_of, until

CONF = """[core]
plugins = smtp, yara
dispatchers = mimetype
always_dispatch = hash, iocextract
connectors = sqlite, jsonl
archivers = filedir
providers = maildir
scan_processes = 1
user = {user}
[jsonl]
fields = content
[yara]
rules =
[maildir]
maildirs = {home}/Maildir
[rule one]
action = tag
when.ioc_domain = nowhere.example
"""
MAIL = """From: Sender {n} <s{n}@{domain}>
To: us@our.example
Subject: mail {n}
Date: Sat, 21 Nov 2026 10:00:00 +0000
Message-ID: <m{n}@{domain}>
MIME-Version: 1.0
Content-Type: multipart/mixed; boundary=b

--b
Content-Type: text/plain

hello http://www.link{n}.example/path{n} https://www.safe{n}.example/x {text}
--b
Content-Type: application/octet-stream; name=a{n}.bin
Content-Disposition: attachment; filename=a{n}.bin
Content-Transfer-Encoding: base64

{data}
--b--
"""
NUMBER = 12
RULES = """rule Treasure { strings: $a = "treasure" condition: $a }
rule Seven : tag { strings: $a = "treasure 7" condition: $a at 0 }
rule Nothing { strings: $a = "never there" condition: $a }
"""


def payload(n):
    return b"treasure %d in a box" % n if n % 2 else b"a box"


class Hunt:
    def __init__(self, home):
        self.home = home

    def assay(self, *words, code=0, text=None):
        """(lines of standard output, standard error)"""
        out = subprocess.run([self.home.assay, "--home", self.home.path, *words], input=text, capture_output=True,
                             text=True, timeout=300, check=False)
        if out.returncode != code:
            raise Wrong(f"assay {' '.join(words)}: exit {out.returncode}, not {code}: {out.stdout}{out.stderr}")
        return out.stdout.splitlines(), out.stderr

    def count(self, query):
        out = subprocess.run([self.home.assay, "--home", self.home.path, "search", "--count", query],
                             capture_output=True, text=True, timeout=300, check=False)
        return int(out.stdout or "0")

    def write(self, name, text):
        path = os.path.join(self.home.top, name)
        with open(path, "w", encoding="utf-8") as f:
            f.write(text)
        return path

    def archived(self):
        top = os.path.join(self.home.path, "archive")
        return {os.path.splitext(leaf)[0] for _, _, leaves in os.walk(top) for leaf in leaves}

    def findings(self):
        """Those that the connector jsonl was told."""
        with open(os.path.join(self.home.path, "reports.jsonl"), encoding="utf-8") as f:
            return [row for row in map(json.loads, f) if row["schema"] == "assay-finding/1"]


def expect(what, got, wanted):
    if got != wanted:
        raise Wrong(f"{what}: {got!r}, not {wanted!r}")


def deliver(home, n):
    path = os.path.join(home.maildir, "tmp", f"m{n}")
    with open(path, "w", encoding="utf-8") as f:
        f.write(MAIL.format(n=n, domain=f"d{n % 3}.example", text="come" if n else "",
                            data=base64.b64encode(payload(n)).decode()))
    os.chmod(path, 0o644)
    os.rename(path, os.path.join(home.maildir, "new", f"m{n}"))


def hunt_rules(hunt, rules):
    """With the service: six payloads have a treasure, one of them number 7."""
    lines, said = hunt.assay("hunt", rules, "--dry-run", "--jobs", "2")
    expect("dry: mails", (len(lines), hunt.count("finding:hunt")), (6, 0))
    lines, said = hunt.assay("hunt", rules)
    expect("mails hit", len(lines), 6)
    if "6 mails hit, 7 findings" not in said or not any("yara:Seven (a7.bin)" in line for line in lines):
        raise Wrong(f"what is said: {lines} {said}")
    until(lambda: hunt.count("rule:Treasure") == 6 and hunt.count("rule:Seven") == 1, "the hits can be searched")
    expect("another word", (hunt.count("yara:Seven"), hunt.count("finding:hunt"), hunt.count("rule:Nothing")), (1, 6, 0))
    until(lambda: len(hunt.findings()) == 7, "every connector is told")
    seven = [f for f in hunt.findings() if f["rules"] == ["Seven"]]
    expect("a finding", [(f["kind"], f["facts"], f["payload_id"]) for f in seven], [("hunt", {"yara": ["Seven"]}, "0.1")])
    tree, _ = hunt.assay("show", "--tree", seven[0]["scan_id"])
    if not any("hunt Seven on a7.bin by " in line for line in tree):
        raise Wrong(f"show does not say it: {tree}")
    ids = {f["finding_id"] for f in hunt.findings()}
    hunt.assay("hunt", rules)
    until(lambda: len(hunt.findings()) == 14, "told once more")
    expect("the same findings", {f["finding_id"] for f in hunt.findings()}, ids)
    lines, _ = hunt.assay("hunt", rules, "subject:\"mail 7\"", "--json")
    expect("of one mail", [sorted(m["rule"] for m in json.loads(line)["matches"]) for line in lines],
           [["Seven", "Treasure"]])
    hunt.assay("hunt", rules, "--since", "2026-11-22", code=1)


def hunt_lists(hunt):
    """Each list as somebody might write it."""
    digests = [hashlib.sha256(payload(n)).hexdigest() for n in (3, 5)]
    text = (f"# digests\r\n{digests[0].upper()}  *a.exe\r\n{digests[1]},b\r\n" + "nonsense\r\n" +
            hashlib.md5(payload(9)).hexdigest() + "\n" + "0" * 64 + "\n")
    lines, said = hunt.assay("hunt", "--hash", hunt.write("bad.txt", text))
    expect("digests", len(lines), 3)
    if "4 values" not in said or "1 lines were not understood" not in said:
        raise Wrong(f"what is said: {said}")
    until(lambda: hunt.count("rule:bad.txt") == 3, "hits of a list can be searched")
    lines, _ = hunt.assay("hunt", "--url", "-", "--name", "campaign", "-n",
                          text="hxxp://www[.]link4[.]example/path4\nlink5.example\nHTTP://WWW.LINK6.EXAMPLE/other\n")
    expect("links", sorted(line.split("  ")[3] for line in lines), ["mail 4", "mail 5"])
    lines, _ = hunt.assay("hunt", "--url", "-", "-n", text="www.link4.example/path4\nwww.safe5.example/x\n")
    expect("links without a scheme", len(lines), 2)
    lines, _ = hunt.assay("hunt", "--sender", "-", "--name", "campaign", text="\"X\" <S4@D1.example>\nd2[.]example\n")
    expect("senders", sorted(line.split("  ")[3] for line in lines),
           sorted(f"mail {n}" for n in range(NUMBER) if n % 3 == 2 or n == 4))
    until(lambda: hunt.count("rule:campaign") == 5, "hits by senders")
    # None of these is there, but for one at the end.
    many = "".join(f"http://h{i}.example/p\nhost{i}.example\n" for i in range(50000)) + "www.link1.example\n"
    lines, said = hunt.assay("hunt", "--url", "-", "-n", text=many)
    expect("a long list", (len(lines), "100001 values" in said), (1, True))


def interrupt(hunt, rules):
    """Ends in order, at any moment, and another hunt finds everything."""
    for wait in (0.02, 0.1, 0.2):
        proc = subprocess.Popen([hunt.home.assay, "--home", hunt.home.path, "hunt", rules], stdout=subprocess.PIPE,
                                stderr=subprocess.PIPE, preexec_fn=die_with_parent)
        time.sleep(wait)
        proc.send_signal(signal.SIGINT)
        proc.communicate(timeout=120)
        if proc.returncode not in (0, 1, 75, -signal.SIGINT):
            raise Wrong(f"interrupted: exit {proc.returncode}")
    lines, _ = hunt.assay("hunt", rules)
    expect("after interrupts", len(lines), 6)


def refuse(hunt, rules):
    """What is not right is one line, with its exit code."""
    hunt.assay("hunt", hunt.write("bad.yar", "rule x { condition: nonsense }"), code=65)
    hunt.assay("hunt", os.path.join(hunt.home.top, "none.yar"), code=66)
    os.mkdir(os.path.join(hunt.home.top, "empty"))
    hunt.assay("hunt", os.path.join(hunt.home.top, "empty"), code=65)
    hunt.assay("hunt", "--sender", "-", "--name", "", code=64, text="d1.example\n")
    hunt.assay("hunt", "--hash", os.path.join(hunt.home.top, "none"), code=66)
    hunt.assay("hunt", "--hash", "-", code=65, text="hello\n")
    hunt.assay("hunt", "--hash", "-", code=1, text="# nothing\n")
    hunt.assay("hunt", code=64)
    hunt.assay("hunt", rules, "nonsense:word", code=64)
    hunt.assay("hunt", "--hash", "-", "--url", "-", code=64)


def alone(hunt, rules):
    """Without a service the store is told; root leaves nothing that the service cannot write."""
    other = hunt.write("other.yar", "rule Alone { strings: $a = \"box\" condition: $a }")
    lines, said = hunt.assay("hunt", other, "path:a1.bin or path:a2.bin")
    if len(lines) != 2 or "to the store alone" not in said:
        raise Wrong(f"without a service: {lines} {said}")
    expect("at once", hunt.count("rule:Alone"), 2)
    hunt.assay("hunt", "--hash", "-", "--name", "late", text=hashlib.sha256(payload(1)).hexdigest())
    expect("a list", hunt.count("rule:late"), 1)
    gone = [os.path.join(folder, leaf) for folder, _, leaves in os.walk(os.path.join(hunt.home.path, "archive"))
            for leaf in leaves if hashlib.sha256(payload(7)).hexdigest() in leaf]
    expect("the archived file", len(gone), 1)
    os.unlink(gone[0])
    _, said = hunt.assay("hunt", rules)
    if "1 payloads are in no archive" not in said:
        raise Wrong(f"a payload that is gone: {said}")


def work():
    user = "root"
    if os.geteuid() == 0:
        user = "daemon"
    with Home(sys.argv[1]) as home:
        hunt = Hunt(home)
        if user == "daemon":
            owner = pwd.getpwnam(user)
            for folder, _, _ in os.walk(home.path):
                os.chown(folder, owner.pw_uid, owner.pw_gid)
        home.configure(CONF.format(home=home.path, user=user))
        home.start()
        for n in range(NUMBER):
            deliver(home, n)
        until(lambda: hunt.count("") == NUMBER, "the mails are stored")
        wanted = {hashlib.sha256(payload(n)).hexdigest() for n in range(NUMBER)}
        until(lambda: wanted <= hunt.archived(), "the payloads are archived")
        rules = hunt.write("rules.yar", RULES)
        hunt_rules(hunt, rules)
        hunt_lists(hunt)
        interrupt(hunt, rules)
        refuse(hunt, rules)
        expect("exit code", home.stop(), 0)
        alone(hunt, rules)
        home.start()
        deliver(home, 99)
        until(lambda: hunt.count("subject:\"mail 99\"") == 1, "a mail after all that")
        expect("exit code", home.stop(), 0)


if __name__ == "__main__":
    main_of(work)
