#!/usr/bin/env python3
"""service.py - what the service costs beside `assay scan --jobs 2` on the same mail

  service.py SOURCE BUILD [--mails N] [--rounds N] [--rules N]

Throughput: elapsed time until all of a Maildir's mails are reported durably (their group is committed
to the queues), and until the store has them, beside one command that scans the same files and writes
the reports to a file. Memory: proportional set size (PSS) of every process of a service with 4 scan
processes and a large rule set after all mails. Figures are ratios within one run; exit 1 when one that
must hold does not, 77 when there is no corpus (ASSAY_CORPUS).
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

RATIO_LEAST, PER_PROCESS_MOST_MB = 0.85, 25


def make_home(folder, scans, rules):
    home = os.path.join(folder, "home")
    shutil.rmtree(home, ignore_errors=True)
    maildir = os.path.join(home, "Maildir")
    for part in ("tmp", "new", "cur"):
        os.makedirs(os.path.join(maildir, part))
    os.chmod(home, 0o755)
    with open(os.path.join(home, "assay.conf"), "w") as f:
        f.write("[core]\nproviders = maildir\nconnectors = sqlite\nlog_level = warning\n"
                f"scan_processes = {scans}\nbulk_max = {scans}\n"
                f"[maildir]\nmaildirs = {maildir}\n[yara]\nrules = {rules}\n")
    return home, maildir


class Service:
    def __init__(self, assay, home):
        self.assay, self.home = assay, home
        self.proc = subprocess.Popen([assay, "--home", home, "serve"],
                                     stdout=subprocess.DEVNULL, stderr=open(home + "/log", "w"))

    def status(self):
        out = subprocess.run([self.assay, "--home", self.home, "status", "--json"],
                             capture_output=True, check=False).stdout
        try:
            return json.loads(out)
        except ValueError:
            return {}

    def stop(self):
        self.proc.terminate()
        self.proc.wait(60)


def processes(parent):
    """pids of a process and all below it"""
    children = {}
    for name in os.listdir("/proc"):
        if name.isdigit():
            try:
                stat = open(f"/proc/{name}/stat").read()
            except OSError:
                continue
            children.setdefault(int(stat.rsplit(")", 1)[1].split()[1]), []).append(int(name))
    found, todo = [], [parent]
    while todo:
        pid = todo.pop()
        found.append(pid)
        todo += children.get(pid, [])
    return found


def pss_mb(pid):
    """proportional set size: what is shared counts for each its part"""
    total = 0
    try:
        for line in open(f"/proc/{pid}/smaps_rollup"):
            if line.startswith("Pss:"):
                total = int(line.split()[1])
    except OSError:
        pass
    return total / 1024


def fill(maildir, mails):
    for i, mail in enumerate(mails):
        name = f"{1700000000 + i}.M{i}P1.host"
        shutil.copy(mail, os.path.join(maildir, "tmp", name))
        os.rename(os.path.join(maildir, "tmp", name), os.path.join(maildir, "new", name))


def journalled(home):
    """mails that the door knows to be durable: 16 bytes each behind the first line"""
    folder = os.path.join(home, "maildir")
    n = 0
    for name in os.listdir(folder) if os.path.isdir(folder) else []:
        if name.endswith(".journal"):
            data = open(os.path.join(folder, name), "rb").read()
            n += (len(data) - data.find(b"\n") - 1) // 16
    return n


def stored(assay, home):
    out = subprocess.run([assay, "--home", home, "search", "--all", "--count", "source:maildir"],
                         capture_output=True, text=True, check=False).stdout.strip()
    return int(out or 0)


def until(what, most_s=600):
    end = time.monotonic() + most_s
    while not what():
        if time.monotonic() > end:
            sys.exit("bench: the service does not finish")
        time.sleep(0.02)
    return time.monotonic()


def serve_once(args, folder, mails, rules):
    """seconds until durable, until stored"""
    assay = os.path.join(args.build, "assay")
    home, maildir = make_home(folder, 2, rules)
    service = Service(assay, home)
    until(lambda: os.path.exists(os.path.join(home, "run", "service.board")))
    time.sleep(2)
    subprocess.run(["sync"], check=False)
    hidden = os.path.join(home, "Maildir.hidden")
    fill_dir = os.path.join(hidden, "x")
    for part in ("tmp", "new"):
        os.makedirs(os.path.join(fill_dir, part))
    fill(fill_dir, mails)
    begun = time.monotonic()
    for name in sorted(os.listdir(os.path.join(fill_dir, "new"))):
        os.rename(os.path.join(fill_dir, "new", name), os.path.join(maildir, "new", name))
    durable = until(lambda: journalled(home) >= len(mails)) - begun
    kept = until(lambda: stored(assay, home) >= len(mails)) - begun
    service.stop()
    return durable, kept


def scan_once(args, folder, mails, rules):
    assay = os.path.join(args.build, "assay")
    home, _ = make_home(folder, 2, rules)
    begun = time.monotonic()
    with open(os.path.join(folder, "reports"), "wb") as out:
        subprocess.run([assay, "--home", home, "scan", "--local", "--compact", "--jobs", "2"] + mails,
                       stdout=out, stderr=subprocess.DEVNULL, check=False)
    return time.monotonic() - begun


def throughput(args, folder, mails, rules):
    size = sum(os.path.getsize(m) for m in mails)
    print("\n%d mails, %.1f MB, 2 scan processes, %d rules; least of %d rounds" % (
        len(mails), size / 1e6, args.rules, args.rounds))
    scan, durable, kept = [], [], []
    for _ in range(args.rounds):
        scan.append(scan_once(args, folder, mails, rules))
        a, b = serve_once(args, folder, mails, rules)
        durable.append(a)
        kept.append(b)
    ratio = min(scan) / min(durable)
    print("  %-58s %7.2f s, %4.0f mails/s" % ("assay scan --jobs 2", min(scan), len(mails) / min(scan)))
    print("  %-58s %7.2f s, %4.0f mails/s" % ("assay serve, reports durable", min(durable), len(mails) / min(durable)))
    print("  %-58s %7.2f s, %4.0f mails/s" % ("assay serve, reports in the store", min(kept), len(mails) / min(kept)))
    print("  %-58s %.2f%s" % ("throughput serve : scan (at least %.2f)" % RATIO_LEAST, ratio,
                             "" if ratio >= RATIO_LEAST else "   TOO LITTLE"))
    return ratio >= RATIO_LEAST


def memory(args, folder, mails, rules):
    assay = os.path.join(args.build, "assay")
    home, maildir = make_home(folder, 4, rules)
    service = Service(assay, home)
    until(lambda: os.path.exists(os.path.join(home, "run", "service.board")))
    time.sleep(3)
    fill(maildir, mails)
    until(lambda: stored(assay, home) >= len(mails))
    by_role, scans, rest = {}, [], 0.0
    for pid in processes(service.proc.pid):
        words = open(f"/proc/{pid}/cmdline", "rb").read().split(b"\0")
        role = words[words.index(b"--as") + 1].decode().split(",")[0] if b"--as" in words else "parent"
        mb = pss_mb(pid)
        by_role.setdefault(role, []).append(mb)
    masters = sorted(by_role.pop("master", []))
    service.stop()
    print("\nPSS after %d mails, 4 scan processes, %d rules (MB)" % (len(mails), args.rules))
    for role, mb in sorted(by_role.items()):
        print("  %-58s %7.1f" % (role, sum(mb)))
        rest += sum(mb)
    scans = masters
    print("  %-58s %7.1f  (%s)" % ("scan master and its processes", sum(scans),
                                  ", ".join("%.1f" % mb for mb in scans)))
    total = sum(scans) + rest
    loaded = args.rules_mb
    most = loaded + 4 * PER_PROCESS_MOST_MB
    print("  %-58s %7.1f of %.1f%s" % ("all, of rules (%.1f) + 25 MB per scan process" % loaded, total,
                                      most, "" if total <= most else "   TOO MUCH"))
    return total <= most


def rules_size(args, folder, rules):
    """what the rules alone take in a process: the master of a service, with and without them"""
    assay = os.path.join(args.build, "assay")
    mail = os.path.join(folder, "one.eml")
    with open(mail, "w") as f:
        f.write("Subject: x\n\nx\n")
    peaks = []
    for given in (rules, ""):
        home, _ = make_home(folder, 2, given)
        peaks.append(measure.run([assay, "--home", home, "scan", "--local", mail])[1] / 1024)
    return max(0.0, peaks[0] - peaks[1])


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("source")
    parser.add_argument("build")
    parser.add_argument("--mails", type=int, default=1000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--rules", type=int, default=5000)
    args = parser.parse_args()
    corpus = os.environ.get("ASSAY_CORPUS", os.path.join(args.source, "..", "shared", "corpus"))
    mails = measure.corpus_mails(corpus, args.mails)
    if not mails:
        print("bench: no mails to measure with: set ASSAY_CORPUS to a directory with real-phish/ and ham/")
        return 77
    folder = tempfile.mkdtemp(prefix="assay-service-")
    os.chmod(folder, 0o755)
    try:
        rules = os.path.join(folder, "rules")
        here = os.path.dirname(os.path.abspath(__file__))
        subprocess.check_call([sys.executable, os.path.join(here, "genrules.py"), rules, str(args.rules)])
        args.rules_mb = rules_size(args, folder, rules)
        good = throughput(args, folder, mails, rules)
        good = memory(args, folder, mails, rules) and good
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
