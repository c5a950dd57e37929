#!/usr/bin/env python3
"""activation.py - the milter on sockets that were there before the service: LISTEN_FDS of sd_listen_fds(3)

usage: activation.py ASSAY
       activation.py launch FD:NAME... -- COMMAND...

A Unix and an inet socket are made here and passed. Who connects while no service runs waits, and is
answered when one does; sockets stay over a killed door, a reload that drops and takes them again, a stop
and a second start. What is passed wrongly is refused with its name. systemd-socket-activate(1), where it
is, does the same with one of them.
"""
import os
import shutil
import signal
import socket
import subprocess
import sys
import threading

from livehome import Home, Wrong, die_with_parent, main_of, until
from milter import Milter

HERE = os.path.abspath(__file__)
FIRST = 3
CONF = """[core]
providers = {providers}
plugins = smtp, hash
always_dispatch = hash
connectors = jsonl
scan_processes = 1
[milter]
listen = {listen}
drain_time = 0s
"""


def launch(words):
    """In the process that becomes the service: descriptors where they belong, and said whose they are."""
    at = words.index("--")
    pairs = [word.split(":") for word in words[:at]]
    high = [os.dup2(int(fd), 100 + i) for i, (fd, _) in enumerate(pairs)]
    for i, fd in enumerate(high):
        os.dup2(fd, FIRST + i)
    os.closerange(FIRST + len(pairs), 200)
    os.environ.update(LISTEN_FDS=str(len(pairs)), LISTEN_PID=str(os.getpid()),
                      LISTEN_FDNAMES=":".join(name for _, name in pairs))
    os.execv(words[at + 1], words[at + 1:])


def passing(pairs, command):
    """(descriptors, words) of a Popen of it."""
    words = [f"{sock.fileno()}:{name}" for sock, name in pairs]
    return [sock.fileno() for sock, _ in pairs], [sys.executable, HERE, "launch", *words, "--", *command]


def start(home, pairs, ready=True):
    fds, words = passing(pairs, [home.assay, "--home", home.path, "serve"])
    home.mark_log()
    home.wrapped = False
    home.proc = subprocess.Popen(words, stdin=subprocess.DEVNULL, stdout=home.log, stderr=home.log,
                                 pass_fds=fds, preexec_fn=die_with_parent)
    if ready:
        home.until_log(": ready in ")


class Mail(threading.Thread):
    """One message, from connect to answer; whoever listens late is waited for."""

    def __init__(self, place, queue_id):
        super().__init__(daemon=True)
        self.place, self.queue_id, self.answer = place, queue_id, None
        self.start()

    def run(self):
        milter = Milter(self.place)
        milter.connect()
        milter.message(b"Subject: activation\n\nbody\n", self.queue_id)
        self.answer = milter.end()[-1][0]
        milter.close()

    def accepted(self):
        self.join(120)
        if self.answer != "a":
            raise Wrong(f"{self.queue_id} at {self.place}: {self.answer or 'no answer'}")


def reload(home):
    subprocess.run([home.assay, "--home", home.path, "reload"], check=True, capture_output=True, timeout=120)


def both(home, places, name):
    for mail in [Mail(place, f"{name}{i}") for i, place in enumerate(places)]:
        mail.accepted()
    for i in range(len(places)):
        until(lambda: any(r["request_meta"]["queue_id"] == f"{name}{i}" for r in home.reports()),
              f"a report of {name}{i}")


def life(home, pairs, places):
    """Before the first start, kills, reloads, a stop and the next start."""
    home.configure(CONF.format(providers="milter", listen="systemd:unix, systemd:net"))
    early = [Mail(place, f"early{i}") for i, place in enumerate(places)]
    start(home, pairs)
    for mail in early:
        mail.accepted()
    both(home, places, "first")
    old = home.child("door:milter")
    os.kill(old, signal.SIGKILL)
    both(home, places, "killed")
    # Given back, and taken again: the socket is the manager's all the time.
    home.configure(CONF.format(providers="milter", listen="systemd:net"))
    reload(home)
    both(home, places[1:], "one")
    waits = Mail(places[0], "waits")
    home.configure(CONF.format(providers="milter", listen="systemd:unix, systemd:net"))
    reload(home)
    waits.accepted()
    both(home, places, "again")
    if home.stop() != 0:
        raise Wrong("the service does not end well")
    between = [Mail(place, f"between{i}") for i, place in enumerate(places)]
    if not os.path.exists(places[0].removeprefix("unix:")):
        raise Wrong("a socket of the service manager is removed")
    start(home, pairs)
    for mail in between:
        mail.accepted()
    home.stop()


def refused(home, pairs, listen, words):
    """The service does not start, and says so."""
    home.configure(CONF.format(providers="milter", listen=listen))
    start(home, pairs, ready=False)
    if home.proc.wait(120) != 78 or words not in home.log_text():
        raise Wrong(f"{listen}: exit {home.proc.returncode}, not 78 with \"{words}\": {home.log_text()}")


def wrong_ones(home, pairs):
    (unix, _), (net, _) = pairs
    refused(home, pairs, "systemd:other", "no socket of that name")
    refused(home, [(unix, "m"), (net, "m")], "systemd:m", "two sockets of that name")
    with socket.socket() as deaf:
        refused(home, [(deaf, "m")], "systemd:m", "one that does not listen")
    # Meant for another process: for who has started this one.
    home.configure(CONF.format(providers="milter", listen="systemd:unix"))
    home.start(ready=False, env={**os.environ, "LISTEN_FDS": "1", "LISTEN_PID": str(os.getpid()), "LISTEN_FDNAMES": "unix"})
    if home.proc.wait(120) != 78 or "has passed no sockets" not in home.log_text():
        raise Wrong(f"sockets of another process: exit {home.proc.returncode}: {home.log_text()}")


def real(home):
    """systemd's own launcher: it starts the service when somebody connects."""
    path = os.path.join(home.top, "real.sock")
    home.configure(CONF.format(providers="milter", listen="systemd:milter"))
    home.mark_log()
    home.proc = subprocess.Popen(["systemd-socket-activate", "-l", path, "--fdname=milter", home.assay, "--home", home.path, "serve"],
                                 stdin=subprocess.DEVNULL, stdout=home.log, stderr=home.log, preexec_fn=die_with_parent)
    until(lambda: os.path.exists(path), "the socket of systemd-socket-activate")
    both(home, [path], "real")
    home.stop()


def main():
    with Home(sys.argv[1]) as home, socket.socket(socket.AF_UNIX) as unix, socket.socket() as net:
        path = os.path.join(home.top, "milter.sock")
        unix.bind(path)
        net.bind(("127.0.0.1", 0))
        for sock in (unix, net):
            sock.listen(16)
        pairs = [(unix, "unix"), (net, "net")]
        life(home, pairs, [f"unix:{path}", f"inet:{net.getsockname()[1]}@127.0.0.1"])
        wrong_ones(home, pairs)
        if shutil.which("systemd-socket-activate"):
            real(home)
        else:
            print("without systemd-socket-activate: it is not here")
    return 0


if __name__ == "__main__":
    if sys.argv[1] == "launch":
        launch(sys.argv[2:])
    main_of(main)
