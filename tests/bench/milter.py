#!/usr/bin/env python3
"""milter.py - what the milter costs: CPU of its door for one mail, latency, and mails through a Postfix

  milter.py SOURCE BUILD [--mails N] [--rounds N] [--connections N] [--no-postfix]

The load is made by milter-load, which speaks to the socket as Postfix does, from real mails
(ASSAY_CORPUS); it and a filter that does nothing lie in ASSAY_TOOLS ("tools" beside the corpus). CPU is that
of the door's process alone: taking the message in, asking a scan process, keeping the report; less that of the
filter that does nothing. Exit 1 when that is above 0.5 ms, 77 without tools or corpus.
"""
import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time

import measure

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "integration"))
from livehome import Home, main_of, role_of, until  # noqa: E402
from mta import Missing, Postfix  # noqa: E402

MOST_MS, STEPS, BODY = 0.5, "0x1ff180", 20000


def build_tools(folder, corpus):
    tools = os.environ.get("ASSAY_TOOLS", os.path.join(corpus, "..", "tools"))
    for name in ("milter-load", "null-epoll"):
        code = os.path.join(tools, "milter-load", name + ".c")
        if not os.path.exists(code):
            return None
        subprocess.check_call(["cc", "-w", "-O2", "-o", os.path.join(folder, name), code, "-lpthread"])
    return folder


def load(folder, socket, pid, mails, args):
    out = subprocess.run([os.path.join(folder, "milter-load"), "-S", "unix:" + socket, "-c", str(args.connections), "-m",
                          "10", "--pid", str(pid)] + mails, capture_output=True, text=True, timeout=600, check=False)
    said = json.loads(out.stdout)
    if out.returncode != 0 or said["errors"]:
        raise Exception(f"milter-load: {said['errors']} {said['error_detail']} {out.stderr}")
    return said


def of_nothing(folder, mails, args):
    """CPU ms for one mail of the filter that does nothing"""
    socket = os.path.join(folder, "null.sock")
    with subprocess.Popen([os.path.join(folder, "null-epoll"), "-u", socket, "-s", STEPS]) as null:
        try:
            until(lambda: os.path.exists(socket), "the filter that does nothing")
            return min(load(folder, socket, null.pid, mails, args)["server_cost"]["cpu_ms_per_msg"]
                       for _ in range(args.rounds))
        finally:
            null.kill()


def start(home, socket):
    home.configure(f"[core]\nproviders = milter\nconnectors = sqlite\nlog_level = warning\nscan_processes = 4\n"
                   f"[milter]\nlisten = unix:{socket} mode=0666\n")
    home.start(ready=False)
    until(lambda: subprocess.run([home.assay, "--home", home.path, "milter-check"], capture_output=True,
                                 check=False).returncode == 0, "an answer of the milter")


def show(what, said):
    end = said["latency_ms"]["end_of_message"]
    print("  %-40s %7.0f mails/s, end of message p50 %.2f p99 %.2f ms, CPU %.3f ms" % (
        what, said["msgs_per_s"], end["p50"], end["p99"], said["server_cost"]["cpu_ms_per_msg"]))


def of_door(args, folder, mails):
    with Home(os.path.join(args.build, "assay"), folder, "home-") as home:
        socket = os.path.join(home.top, "m.sock")
        start(home, socket)
        door = next(pid for pid in home.tree() if role_of(pid).startswith("door"))
        costs = []
        for _ in range(args.rounds):
            said = load(folder, socket, door, mails, args)
            show("assay", said)
            costs.append(said["server_cost"]["cpu_ms_per_msg"])
        home.stop()
    return min(costs)


def through(folder, port, n):
    begun = time.monotonic()
    subprocess.check_call(["smtp-source", "-s", "8", "-m", str(n), "-l", str(BODY), "-f", "a@outside.example",
                           "-t", "r@inside.example", f"127.0.0.1:{port}"], cwd=folder, timeout=600)
    return n / (time.monotonic() - begun)


def in_postfix(args, folder):
    if shutil.which("smtp-source") is None:
        print("  no Postfix here")
        return
    with Home(os.path.join(args.build, "assay"), folder, "home-") as home:
        socket = os.path.join(home.top, "m.sock")
        start(home, socket)
        listeners = {"without": [], "with": [f"smtpd_milters = unix:{socket}"]}
        with Postfix(os.path.join(home.top, "postfix"), listeners) as mta:
            mta.start()
            for name in ("without", "with") * args.rounds:
                print("  Postfix %-32s %7.0f mails/s of %d KB, 8 connections" % (
                    name, through(folder, mta.ports[name], args.mails), BODY // 1000))
                until(mta.is_idle, "an idle Postfix", 300)
        home.stop()


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("source")
    parser.add_argument("build")
    parser.add_argument("--mails", type=int, default=1000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--connections", type=int, default=4)
    parser.add_argument("--no-postfix", action="store_true")
    args = parser.parse_args()
    corpus = os.environ.get("ASSAY_CORPUS", os.path.join(args.source, "..", "shared", "corpus"))
    mails = measure.corpus_mails(corpus, args.mails)
    folder = tempfile.mkdtemp(prefix="assay-milter-")
    os.chmod(folder, 0o755)
    try:
        if not mails or build_tools(folder, corpus) is None:
            print("bench: no mails or no milter-load: set ASSAY_CORPUS and ASSAY_TOOLS")
            return 77
        print("\nmilter, %d real mails, %d connections, unix socket" % (len(mails), args.connections))
        nothing = of_nothing(folder, mails, args)
        cost = of_door(args, folder, mails) - nothing
        print("  %-40s %7.3f ms of CPU for one mail (at most %.1f)%s" % (
            "the door, less a filter that does nothing", cost, MOST_MS, "" if cost <= MOST_MS else "   TOO MUCH"))
        if not args.no_postfix:
            try:
                in_postfix(args, folder)
            except Missing as why:
                print("  " + str(why))
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    return 0 if cost <= MOST_MS else 1


if __name__ == "__main__":
    main_of(main)
