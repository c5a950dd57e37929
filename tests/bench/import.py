#!/usr/bin/env python3
"""import.py - what `assay import` costs: a large mailbox, two jobs beside one, the raw libraries

  import.py SOURCE BUILD [--mb N] [--dear N] [--mails N] [--rounds N] [--rules N] [--large N]

Speed: a mailbox of --mb MB made of real mails, imported with one job and with two (2 scan processes), and the
same mails read by the raw libraries alone (tests/bench/loop.c): mails per CPU second of import, scan processes
and their master. One of --dear MB with all workers and large sets of rules and signatures, imported with one job
and with two, in turns: where a scan is work, two jobs must be faster; beside it, what the processors give to two
processes that share nothing. (Of the first set it is told only: a scan costs little more there than the import,
the connector and the disk, which one job has beside it on a second processor, too.) Then a mailbox of --large MB
(0: none), interrupted three times, once by kill -9: the largest resident memory of the import, and that each
message is there exactly once. Exit 1 when a figure that must hold does not (the two jobs by pairs of runs in
which others left the processors alone), 77 without a corpus (ASSAY_CORPUS). Needs three times --large MB in
$TMPDIR.
"""
import argparse
import json
import os
import re
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import time

import clamav
import deep
import measure
import service

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "integration"))
from livehome import Home, Wrong, main_of, until  # noqa: E402

JOBS_LEAST, LOOP_LEAST, MEMORY_MOST_MB, PATIENCE_S = 1.8, 0.8, 200, 3600
OTHERS_MOST, TRIES = 0.1, 5  # of the processors' time, in a pair of runs that says something; pairs for each of these
HASHES, PATTERNS = 1000000, 200000  # as many as the database that freshclam fetches has
FROM = b"From someone@example.com Mon Jan  6 12:00:00 2003\n"


def read_mail(path):
    with open(path, "rb") as f:
        data = f.read().replace(b"\r\n", b"\n")
    if data.startswith(b"From "):
        data = data.split(b"\n", 1)[1]
    return re.sub(rb"(?m)^(>*From )", rb">\1", data).rstrip(b"\n") + b"\n"


def make_mbox(path, mails, mb, numbered):
    """How many messages; numbered: each is another one."""
    texts, n, size = [read_mail(m) for m in mails], 0, 0
    with open(path, "wb") as out:
        while size < mb << 20:
            size += out.write(FROM + (b"X-Number: %d\n" % n if numbered else b"") + texts[n % len(texts)] + b"\n")
            n += 1
    return n


def make_home(args, folder, rules, core="", more=""):
    home = Home(os.path.join(args.build, "assay"), folder, "home-")
    home.configure(f"[core]\nconnectors = jsonl\nscan_processes = 2\nbulk_max = 2\n{core}"
                   f"[jsonl]\nfields = technical\nwhen_full = hold_mail\n{more}[yara]\nrules = {rules}\n")
    return home


def command(home, *args):
    return [home.assay, "--home", home.path, "import", *args]


def make_dear(args, folder):
    """More of [core], and sections: all workers that are built and need no program, with large databases."""
    more = [w for w in deep.MORE if w != "exif" and os.path.exists(os.path.join(args.build, "plugins", w + ".so"))]
    database = clamav.make_database(os.path.join(folder, "clamav"), HASHES, PATTERNS)
    return more, ("reuse_results = 0\nplugins = %s, jsonl\nalways_dispatch = %s\n" % (
        ", ".join(deep.FIRST + more), ", ".join(deep.FIRST[1:] + [w for w in more if w in deep.ALWAYS])),
        "[clamav]\ndatabase = %s\n" % database if "clamav" in more else "")


def busy_s():
    """CPU seconds of everybody on this machine"""
    with open("/proc/stat", encoding="ascii") as f:
        fields = [int(ticks) for ticks in f.readline().split()[1:9]]
    return (sum(fields) - fields[3] - fields[4]) / service.TICKS


def import_once(args, folder, mbox, rules, jobs, dear=("", "")):
    """seconds, CPU seconds, what others had of the processors meanwhile (0 to 1)"""
    with make_home(args, folder, rules, *dear) as home:
        home.start()
        before, all_before, busy, begun = service.cpu_s(home), service.cpu_s(home, True), busy_s(), time.monotonic()
        child = subprocess.Popen(command(home, "--jobs", str(jobs), mbox), stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        err = child.stderr.read()
        _, status, usage = os.wait4(child.pid, 0)
        child.returncode = os.waitstatus_to_exitcode(status)
        if child.returncode:
            raise Wrong("import: exit %d: %s" % (child.returncode, err.decode()))
        took, own = time.monotonic() - begun, usage.ru_utime + usage.ru_stime
        others = (busy_s() - busy - (service.cpu_s(home, True) - all_before) - own) / took / (os.cpu_count() or 1)
        cpu = service.cpu_s(home) - before + own
        print("    %d jobs: %6.2f s; %6.2f CPU s, of them import %.2f; others had %3.0f %%" % (jobs, took, cpu, own, others * 100))
        home.stop()
    return took, cpu, others


def must(what, value, least, judged=True):
    word = "" if value >= least else "   TOO LITTLE" if judged else "   (not quiet)"
    print("  %-58s %7.2f%s" % ("%s (at least %.2f)" % (what, least), value, word))
    return value >= least or not judged


def speed(args, folder, mails, bench):
    mbox, names = os.path.join(folder, "mbox"), os.path.join(folder, "list")
    n = make_mbox(mbox, mails, args.mb, False)
    with open(names, "w", encoding="utf-8") as out:
        out.write("".join(mails[i % len(mails)] + "\n" for i in range(n)))
    print("\n%d mails, %d MB, %d rules; least of %d rounds, load %.1f" % (n, args.mb, args.rules, args.rounds, os.getloadavg()[0]))
    loop, one, two = [], [], []
    for _ in range(args.rounds):
        loop.append(bench.checked([bench.loop, "-y", bench.compiled], names)[0])
        one.append(import_once(args, folder, mbox, bench.rules, 1)[:2])
        two.append(import_once(args, folder, mbox, bench.rules, 2)[:2])
    (one_s, one_cpu), (two_s, two_cpu) = map(min, zip(*one)), map(min, zip(*two))
    for what, s in (("one job", one_s), ("two jobs", two_s), ("CPU, one job", one_cpu), ("CPU, two jobs", two_cpu), ("CPU, raw libraries", min(loop))):
        print("  %-58s %7.2f s, %5.0f mails/s, %.1f MB/s" % (what, s, n / s, os.path.getsize(mbox) / 1e6 / s))
    print("  %-58s %7.2f   (told only: scans are cheap)" % ("two jobs : one", one_s / two_s))
    os.unlink(mbox)
    return must("mails per CPU second, import : raw libraries", min(loop) / min(one_cpu, two_cpu), LOOP_LEAST)


def side_by_side(argv):
    """how many times as much two processes do as one, of what shares nothing: what the processors give"""
    def took(count):
        begun = time.monotonic()
        for child in [subprocess.Popen(argv, stdout=subprocess.DEVNULL) for _ in range(count)]:
            child.wait()
        return time.monotonic() - begun
    return 2 * took(1) / took(2)


def dear_scans(args, folder, mails, bench):
    """What a second job is for."""
    mbox, (more, dear) = os.path.join(folder, "mbox"), make_dear(args, folder)
    names, n = os.path.join(folder, "list"), make_mbox(mbox, mails, args.dear, False)
    with open(names, "w", encoding="utf-8") as out:
        out.write("".join(m + "\n" for m in mails * 3))
    print("\n%d mails, %d MB, %d rules, and %s; no result is said again" % (n, args.dear, args.rules, ", ".join(more)))
    quiet, all_, cpu, alone = [], [], [], []
    while len(quiet) < args.rounds and len(all_) < TRIES * args.rounds:
        alone.append(side_by_side([bench.loop, "-y", bench.compiled, names]))
        one, two = (import_once(args, folder, mbox, bench.rules, jobs, dear) for jobs in (1, 2))
        print("    two jobs : one %.2f; two processes of the raw libraries : one %.2f" % (one[0] / two[0], alone[-1]))
        all_.append(one[0] / two[0])
        if max(one[2], two[2]) <= OTHERS_MOST:
            quiet.append(all_[-1])
        cpu += [one[1] / n, two[1] / n]
    os.unlink(mbox)
    print("  %-58s %7.2f" % ("CPU ms a mail, import and scan", min(cpu) * 1e3))
    print("  %-58s %7s" % ("pairs in which others had less than %.0f %%" % (OTHERS_MOST * 100), "%d of %d" % (len(quiet), len(all_))))
    return must("two jobs : one, dear scans, median", statistics.median(quiet or all_), JOBS_LEAST,
                bool(quiet) and (os.cpu_count() or 1) >= 2)


def rss_mb(pid):
    try:
        with open(f"/proc/{pid}/status", encoding="ascii") as f:
            return next((int(line.split()[1]) for line in f if line.startswith("VmHWM")), 0) / 1024
    except OSError:
        return 0


def told(home):
    """lines, and different scan_ids"""
    path, ids, lines = os.path.join(home.path, "reports.jsonl"), set(), 0
    if os.path.exists(path):
        with open(path, "rb") as f:
            for line in f:
                ids.add(json.loads(line)["scan_id"])
                lines += 1
    return lines, len(ids)


def summary(out):
    return {line[:15].strip(): line[15:] for line in out.decode().splitlines()}


def interrupted(args, folder, mails, rules):
    """Three times, then to the end."""
    mbox, most, ends = os.path.join(folder, "large"), 0, (signal.SIGINT, signal.SIGKILL, signal.SIGTERM, None)
    n = make_mbox(mbox, mails, args.large, True)
    with make_home(args, folder, rules) as home:
        home.start()
        begun = time.monotonic()
        for turn, end in enumerate(ends):
            at = time.monotonic()
            child = subprocess.Popen(command(home, "--jobs", "2", mbox), stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
            # Some of what it takes to read all of it, at ten MB a second.
            while child.poll() is None and (end is None or time.monotonic() - at < args.large / 40 + 0.5):
                most = max(most, rss_mb(child.pid))
                time.sleep(0.1)
            if end is not None:
                child.send_signal(end)
            out = summary(child.communicate(timeout=PATIENCE_S)[0])
            print("    run %d, %5.0f s: %s" % (turn + 1, time.monotonic() - at, out or "killed"))
        took = time.monotonic() - begun
        queue = os.path.join(home.path, "queue", "connector-jsonl")
        until(lambda: not any(name.endswith(".records") for name in os.listdir(queue)), "an empty queue", PATIENCE_S, 0.2)
        lines, ids = told(home)
        home.stop()
    print("\n%d MB, %d messages, interrupted three times: %.0f s" % (args.large, n, took))
    print("  %-58s %7.1f%s" % ("largest resident memory of the import (MB)", most, "" if most <= MEMORY_MOST_MB else "   TOO MUCH"))
    print("  %-58s %7d%s" % ("messages reported, of %d" % n, ids, "" if ids == n else "   WRONG"))
    print("  %-58s %7d" % ("of them twice, after kill -9", lines - ids))
    return most <= MEMORY_MOST_MB and ids == n


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("source")
    parser.add_argument("build")
    parser.add_argument("--mb", type=int, default=40)
    parser.add_argument("--dear", type=int, default=10)
    parser.add_argument("--mails", type=int, default=500)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--rules", type=int, default=5000)
    parser.add_argument("--large", type=int, default=2048)
    args = parser.parse_args()
    corpus = os.environ.get("ASSAY_CORPUS", os.path.join(args.source, "..", "shared", "corpus"))
    mails = measure.corpus_mails(corpus, args.mails)
    if not mails:
        print("bench: no mails to measure with: set ASSAY_CORPUS to a directory with real-phish/ and ham/")
        return 77
    folder = tempfile.mkdtemp(prefix="assay-import-")
    os.chmod(folder, 0o755)
    try:
        bench = measure.Bench(args, folder)
        good = args.mb == 0 or speed(args, folder, mails, bench)
        good = (args.dear == 0 or dear_scans(args, folder, mails, bench)) and good
        good = (args.large == 0 or interrupted(args, folder, mails, bench.rules)) and good
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    return 0 if good else 1


if __name__ == "__main__":
    main_of(main)
