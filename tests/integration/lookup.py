#!/usr/bin/env python3
"""lookup.py - the table of [core] lookup_listen: what it answers, to whom, and who cannot disturb it

usage: lookup.py clients|postfix|speed ASSAY [MOST_KB]

clients: both protocols, keys that are none, pieces, floods, nonsense, too many clients, a reload, new
layers of a filter; MOST_KB: of memory the table may have, 0: any. postfix: postmap and SMTP sessions with check_sender_access. speed: questions a
second, for the bench.
"""
import json
import os
import socket
import subprocess
import sys
import time

from livehome import Home, Wrong, until
from mta import Postfix, expect, free_port, main_or_skip, run, send

CONF = """[core]
plugins =
dispatchers =
always_dispatch =
decorators = seen
connectors = seen
scan_processes = 1
metrics = yes
lookup_listen = unix:{socket} mode=0666, inet:{port}@127.0.0.1
lookup_known = {known}
lookup_unknown = {unknown}
lookup_clients = {clients}
[seen]
bloomfield_list = envelope_from, from, from_domain
bloom_size = 2000
"""
DATA = b"From: x@outside.example\r\nTo: r@inside.example\r\nSubject: hello\r\n\r\nhello\r\n"
PATIENCE_S = 60


def netstring(data):
    return str(len(data)).encode() + b":" + data + b","


class Asker:
    """One connection; what comes is taken apart strictly."""

    def __init__(self, where):
        unix = isinstance(where, str)
        self.line = socket.socket(socket.AF_UNIX if unix else socket.AF_INET)
        self.line.settimeout(PATIENCE_S)
        self.line.connect(where if unix else ("127.0.0.1", where))
        self.have = b""

    def more(self):
        try:
            data = self.line.recv(65536)
        except ConnectionResetError:
            data = b""
        if not data:
            raise EOFError
        self.have += data

    def take(self):
        """The text of one netstring."""
        while b":" not in self.have:
            self.more()
        n = int(self.have.split(b":", 1)[0])
        at = self.have.index(b":") + 1
        while len(self.have) < at + n + 1:
            self.more()
        expect("end of a netstring", self.have[at + n:at + n + 1], b",")
        text, self.have = self.have[at:at + n], self.have[at + n + 1:]
        return text.decode()

    def ask(self, text):
        self.line.sendall(netstring(text.encode()))
        return self.take()

    def ask_tcp(self, text):
        self.line.sendall(text.encode())
        while b"\n" not in self.have:
            self.more()
        text, self.have = self.have.split(b"\n", 1)
        return text.decode()

    def is_hung_up(self):
        try:
            self.more()
        except EOFError:
            return True
        return False


class Table:
    """The service of a Home with the table."""

    def __init__(self, home):
        self.home = home
        self.socket, self.port = os.path.join(home.top, "lookup", "s"), free_port()

    def configure(self, **more):
        values = {"known": "DUNNO", "unknown": "", "clients": 1000, **more}
        self.home.configure(CONF.format(socket=self.socket, port=self.port, **values))

    def seen(self, *words, lines=None):
        out = subprocess.run([self.home.assay, "--home", self.home.path, "seen", *words], input=lines, text=True,
                             capture_output=True, timeout=120, check=False)
        if out.returncode != 0:
            raise Wrong(f"assay seen {words}: exit {out.returncode}: {out.stderr}")

    def start(self):
        self.home.start()
        until(lambda: os.path.exists(self.socket), "the socket")
        until(lambda: "lookup: info: ready" in self.home.log_text(), "the table is ready")


def check_answers(table):
    asker = Asker(table.socket)
    for key, wanted in {
            "envelope_from nobody@example.org": "NOTFOUND ", "envelope_from Known@Example.ORG": "OK DUNNO",
            "from known@example.org": "NOTFOUND ", "envelope_from known@": "NOTFOUND ",
            "envelope_from example.org": "NOTFOUND ", "envelope_from <>": "NOTFOUND ", "envelope_from ": "NOTFOUND ",
            "from_domain example.org": "OK DUNNO", "from_domain who@example.org": "OK DUNNO",
            "from_domain org": "NOTFOUND ", "from_domain .example.org": "NOTFOUND ",
            "from_domain a.example.org": "NOTFOUND ", "from a b c@d \u00e4": "NOTFOUND "}.items():
        expect(key, asker.ask(key), wanted)
    if not asker.ask("nothing known@example.org").startswith("PERM \"nothing\" is not kept"):
        raise Wrong("a field that is not kept is no PERM")
    for place in (table.port, table.socket):
        asker = Asker(place)
        expect("tcp_table", asker.ask_tcp("get known%40example.org\n"), "200 DUNNO")
        expect("tcp_table, CR", asker.ask_tcp("get known@example.org\r\n"), "200 DUNNO")
        expect("tcp_table, new", asker.ask_tcp("get nobody@example.org\n"), "500 not%20found")
        expect("tcp_table, put", asker.ask_tcp("put a b\n")[:4], "400 ")
        expect("both on one connection", asker.ask("envelope_from known@example.org"), "OK DUNNO")


def check_layers(table):
    """What `assay seen --add` adds beside the service, in new layers too."""
    asker = Asker(table.socket)
    expect("before", asker.ask("from bulk8999@example.net"), "NOTFOUND ")
    table.seen("from", "--stdin", "--add", lines="".join(f"bulk{i}@example.net\n" for i in range(9000)))
    expect("a new layer", asker.ask("from bulk8999@example.net"), "OK DUNNO")


def check_pieces(table):
    asker = Asker(table.socket)
    for byte in netstring(b"envelope_from known@example.org"):
        asker.line.sendall(bytes([byte]))
        time.sleep(0.001)
    expect("in pieces", asker.take(), "OK DUNNO")
    many = netstring(b"envelope_from known@example.org") + netstring(b"envelope_from x@y.example")
    asker.line.sendall(many * 2000)
    for _ in range(2000):
        expect("one of many", (asker.take(), asker.take()), ("OK DUNNO", "NOTFOUND "))


def check_flood(table):
    """One that asks and does not listen is not read from; the others are served."""
    flood, other = Asker(table.socket), Asker(table.socket)
    one, sent = netstring(b"envelope_from known@example.org"), 0
    data = one * 50000
    flood.line.setblocking(False)
    end = time.monotonic() + 3
    while sent < len(data) and time.monotonic() < end:
        try:
            sent += flood.line.send(data[sent:sent + 65536])
        except BlockingIOError:
            expect("beside a flood", other.ask("envelope_from known@example.org"), "OK DUNNO")
            time.sleep(0.05)
    flood.line.settimeout(PATIENCE_S)
    for _ in range(sent // len(one)):
        expect("after the flood", flood.take(), "OK DUNNO")
    rss = [int(row.split()[1]) for row in open(f"/proc/{table.home.child('lookup')}/status", encoding="ascii")
           if row.startswith("VmRSS")]
    most = int(sys.argv[3]) if len(sys.argv) > 3 else 0
    if 0 < most < rss[0]:
        raise Wrong(f"the table has {rss[0]} KB in memory")


def check_nonsense(table):
    other = Asker(table.socket)
    for data in (b"\0\0\0\0", b"5000:", b"99999999999999999999:x", b"3:abc,", b"4: abc,", b"3:a bX", b"007:a bcdef,",
                 b"-1:,", b" 3:a b,", b"GET / HTTP/1.1" + b"x" * 5000, b"get " + b"a" * 5000 + b"\n",
                 netstring(b"from " + b"x" * 4096)):
        bad = Asker(table.socket)
        try:
            bad.line.sendall(data)
        except (BrokenPipeError, ConnectionResetError):
            pass
        expect(f"hung up after {data[:20]}", bad.is_hung_up(), True)
        expect("another one", other.ask("envelope_from known@example.org"), "OK DUNNO")
    half = Asker(table.socket)
    half.line.sendall(b"40:envelope_from kn")
    half.line.close()
    expect("an odd key", other.ask("from \u202e\x01\n" + "@" * 3000), "NOTFOUND ")


def check_crowd(table):
    """Room for four: those that were silent longest go."""
    crowd = [Asker(table.socket) for _ in range(10)]
    for asker in crowd[-3:]:
        expect("the newest", asker.ask("envelope_from known@example.org"), "OK DUNNO")
    expect("the oldest", crowd[0].is_hung_up(), True)


def check_status(table):
    home = table.home
    status = json.loads(run(home.assay, "--home", home.path, "status", "--json"))
    rows = [p for p in status["processes"] if p["kind"] == "lookup"]
    expect("processes", len(rows), 1)
    counts = rows[0]["lookup"]
    if not (counts["known"] > 2000 and counts["new"] > 2000 and counts["failed"] >= 1 and counts["refused"] >= 8 and
            rows[0]["records"] > counts["known"] + counts["new"]):
        raise Wrong(f"the counts: {rows[0]}")
    text = run(home.assay, "--home", home.path, "status", "--prometheus")
    if f"assay_lookups_known_total{{kind=\"lookup\",name=\"\"}} {counts['known']}\n" not in text:
        raise Wrong("the metrics say something else")
    if "\nlookups    " not in run(home.assay, "--home", home.path, "status"):
        raise Wrong("status does not show it")


def check_reload(table):
    """Whoever connects while processes change is answered; who was connected is hung up on."""
    old = Asker(table.socket)
    expect("before", old.ask("envelope_from new@x.example"), "NOTFOUND ")
    table.configure(unknown="PREPEND X-Seen: no", clients=4)
    proc = subprocess.Popen([table.home.assay, "--home", table.home.path, "reload"])

    def ask():
        try:
            return Asker(table.socket).ask("envelope_from new@x.example")
        except EOFError:
            return ""  # Postfix asks again

    while proc.poll() is None:
        answer = ask()
        if answer not in ("", "NOTFOUND ", "OK PREPEND X-Seen: no"):
            raise Wrong(f"meanwhile: {answer}")
    expect("reload", proc.wait(), 0)
    until(lambda: ask() == "OK PREPEND X-Seen: no", "the new text")
    expect("the old one's connection", old.is_hung_up(), True)


def clients(assay):
    with Home(assay) as home:
        table = Table(home)
        table.configure()
        table.seen("--add", "envelope_from", "known@example.org")
        table.seen("--add", "from_domain", "example.org")
        table.start()
        check_answers(table)
        check_layers(table)
        check_pieces(table)
        check_flood(table)
        check_nonsense(table)
        check_status(table)
        check_reload(table)
        check_crowd(table)
        table.configure()
        path = os.path.join(home.path, "assay.conf")
        with open(path, encoding="utf-8") as f:
            text = f.read()
        home.configure(text.replace("[seen]", "lookup_field = nope\n[seen]"))
        out = subprocess.run([assay, "--home", home.path, "reload"], capture_output=True, text=True, check=False)
        if out.returncode != 78 or f"{path}:13: [core] lookup_field = nope: \"nope\" is not kept" not in out.stderr:
            raise Wrong(f"a field that is not kept: exit {out.returncode}: {out.stderr}")
        home.configure(f"[core]\nlookup_listen = unix:{table.socket}\n")
        out = subprocess.run([assay, "--home", home.path, "reload"], capture_output=True, text=True, check=False)
        if out.returncode != 78 or "nothing is remembered here" not in out.stderr:
            raise Wrong(f"a table without filters: exit {out.returncode}: {out.stderr}")
        expect("exit code", home.stop(), 0)
        expect("the socket is gone", os.path.exists(table.socket), False)


def postfix(assay):
    with Home(assay) as home:
        table = Table(home)
        table.configure(unknown="stranger", clients=100)
        table.seen("--add", "envelope_from", "known@outside.example")
        table.seen("--add", "from_domain", "outside.example")
        name = f"socketmap:unix:{table.socket}"
        listeners = {
            "class": ["smtpd_restriction_classes = stranger", "stranger = reject",
                      f"smtpd_sender_restrictions = check_sender_access {name}:envelope_from"],
            "inline": [f"smtpd_sender_restrictions = check_sender_access pipemap:{{{name}:envelope_from, "
                       "inline:{DUNNO=DUNNO, {stranger=450 4.7.1 come again later}}}"],
        }
        table.start()
        with Postfix(os.path.join(home.top, "postfix"), listeners) as mta:
            mta.start()
            for port, refused in (("class", 554), ("inline", 450)):
                for sender, code in (("known@outside.example", 250), ("Known@Outside.Example", 250), ("", 250),
                                     ("new@outside.example", refused)):
                    got = send(mta.ports[port], DATA, sender=sender)
                    expect(f"{port}: mail from <{sender}>: {got}", got[0], code)
            for words, wanted in (((f"{name}:envelope_from", "known@outside.example"), "DUNNO\n"),
                                  ((f"{name}:from_domain", "outside.example"), "DUNNO\n"),
                                  ((f"{name}:envelope_from", "a@b.example"), "stranger\n"),
                                  ((f"tcp:127.0.0.1:{table.port}", "known@outside.example"), "DUNNO\n"),
                                  ((f"tcp:127.0.0.1:{table.port}", "a@b.example"), "stranger\n")):
                expect(words[0], run("postmap", "-c", mta.etc, "-q", words[1], words[0]), wanted)
            number = 40000
            keys = "".join(f"user{i}@example.net\n" for i in range(number))
            since = time.monotonic()
            out = subprocess.run(["postmap", "-c", mta.etc, "-q", "-", f"{name}:envelope_from"], input=keys, text=True,
                                 capture_output=True, timeout=300, check=True)
            took = time.monotonic() - since
            expect("answers to postmap", out.stdout.count("stranger"), number)
            print(f"postfix: {number / took:.0f} questions a second through postmap on one connection")
        expect("exit code", home.stop(), 0)


def speed(assay):
    with Home(assay) as home:
        table = Table(home)
        table.configure()
        table.start()
        asker, number = Asker(table.socket), 200000
        since = time.monotonic()
        for i in range(number):
            asker.ask(f"from user{i}@example.com")
        one = number / (time.monotonic() - since)
        data = b"".join(netstring(b"from user%d@example.com" % i) for i in range(100))
        since = time.monotonic()
        for _ in range(number // 100):
            asker.line.sendall(data)
            for _ in range(100):
                asker.take()
        many = number / (time.monotonic() - since)
        print(f"lookups on one connection: {one:.0f} a second one by one, {many:.0f} a hundred at a time")


if __name__ == "__main__":
    main_or_skip(lambda: {"clients": clients, "postfix": postfix, "speed": speed}[sys.argv[1]](sys.argv[2]))
