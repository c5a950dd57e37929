#!/usr/bin/env python3
"""inline.py - mails somebody waits for, while watchers and imports flood the service

usage: inline.py ASSAY PLUGINS

PLUGINS has the test plugin `slow`. 2,000 mails of a second each lie in a Maildir, and eight more doors
wait at the socket for bulk mail. Mails sent to the socket `inline` must be answered after no more than
the scan that is running: with one scan process within two scans, with two of which one serves bulk
mail without any wait.
"""
import array
import fcntl
import json
import os
import socket
import struct
import sys
import threading
import time

from livehome import Home, Wrong, mail, main_of

SCAN_S, MAILS, ASKED = 1.0, 2000, 6
VERSION, READY, REQUEST, VERDICT = 1, 1, 2, 3
F_ADD_SEALS, SEALS = 1033, 2 | 4 | 8

CONF = """[core]
connectors = sqlite
providers = maildir
plugin_dir = {plugins}
plugins = smtp, hash, mimetype, slow
always_dispatch = hash, mimetype, slow
scan_processes = {scans}
bulk_max = 1
log_level = warning

[maildir]
maildirs = {maildir}

[slow]
marker = MARK-slow
time = {ms}ms
"""


def memory_file(data, size):
    fd = os.memfd_create("assay-test", os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING)
    os.write(fd, data)
    os.ftruncate(fd, size)
    return fd


class Line:
    """A door's end of one conversation (core/wire.h)."""

    def __init__(self, path):
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(120)
        self.sock.connect(path)
        self.bytes = b""

    def frame(self):
        """type and body of the next one; descriptors are closed"""
        while len(self.bytes) < 8 or len(self.bytes) < 8 + struct.unpack("<I", self.bytes[:4])[0]:
            data, control, _, _ = self.sock.recvmsg(65536, socket.CMSG_SPACE(2 * 4))
            if not data:
                raise EOFError
            for _, _, fds in control:
                got = array.array("i")
                got.frombytes(fds)
                for fd in got:
                    os.close(fd)
            self.bytes += data
        length, kind = struct.unpack("<IB", self.bytes[:5])
        body, self.bytes = self.bytes[8:8 + length], self.bytes[8 + length:]
        return kind, body

    def ask(self, text, bulk):
        """One mail, when the other side is ready; its verdict"""
        kind, _ = self.frame()
        if kind != READY:
            raise Wrong(f"frame {kind} instead of READY")
        message = memory_file(text.encode(), len(text.encode()))
        fcntl.fcntl(message, F_ADD_SEALS, SEALS)
        page = memory_file(b"", 4096)
        request = {"source": "test", "bulk": bulk}
        body = struct.pack("<q", time.monotonic_ns() // 1000000 + 60000) + json.dumps(request).encode()
        head = struct.pack("<IBBH", len(body), REQUEST, 2, VERSION)
        socket.send_fds(self.sock, [head + body], [message, page])
        os.close(message)
        os.close(page)
        kind, body = self.frame()
        if kind != VERDICT:
            raise Wrong(f"frame {kind} instead of VERDICT: {body!r}")
        return body

    def close(self):
        self.sock.close()


def flood(path, over, counts):
    """A door that always has a slow mail to ask about."""
    while not over.is_set():
        try:
            line = Line(path)
            line.ask(mail(os.getpid(), "MARK-slow"), True)
            line.close()
            counts.append(1)
        except (OSError, EOFError):
            if over.wait(0.1):
                break


def asked(home, pause_s):
    """Seconds until each of some mails somebody waits for had its verdict."""
    took = []
    for number in range(ASKED):
        begun = time.monotonic()
        line = Line(os.path.join(home.path, "run", "inline.sock"))
        line.ask(mail(f"inline{number}"), False)
        line.close()
        took.append(time.monotonic() - begun)
        time.sleep(pause_s)
    return took


def try_with(assay, plugins, scans, most_s):
    with Home(assay) as home:
        home.configure(CONF.format(plugins=os.path.abspath(plugins), maildir=home.maildir, scans=scans,
                                   ms=int(SCAN_S * 1000)))
        for number in range(MAILS):
            home.deliver(number, mail(number, "MARK-slow"))
        home.start(ready=False)
        home.until_status(0, "OK")
        over, counts = threading.Event(), []
        doors = [threading.Thread(target=flood, args=(os.path.join(home.path, "run", "bulk.sock"), over, counts),
                                  daemon=True) for _ in range(8)]
        for door in doors:
            door.start()
        time.sleep(SCAN_S)
        took = asked(home, 0.15)
        over.set()
        left = MAILS - len(home.stored())
        print(f"{scans} scan processes, 1 for bulk mail, a second for each: {left} bulk mails left, inline after "
              + ", ".join(f"{s:.2f}" for s in took) + " s")
        if left < MAILS / 2:
            raise Wrong("that was no flood")
        if max(took) > most_s:
            raise Wrong(f"a mail somebody waits for took {max(took):.2f} s, more than {most_s} s")
        home.kill()


def main():
    assay, plugins = sys.argv[1:3]
    # One running scan, and less than the next one.
    try_with(assay, plugins, 1, 2 * SCAN_S - 0.1)
    try_with(assay, plugins, 2, SCAN_S - 0.1)


if __name__ == "__main__":
    main_of(main)
