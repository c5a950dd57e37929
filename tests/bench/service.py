#!/usr/bin/env python3
"""service.py - what the service costs beside `assay scan --jobs 2` on the same mail

  service.py SOURCE BUILD [--mails N] [--repeat N] [--rounds N] [--rules N]

Throughput: elapsed time until all of a Maildir's mails are reported durably (their group is committed
to the queues), and until the store has them, beside one command that scans the same files and writes
the reports to a file; and the CPU seconds that both took for it (of the service: doors and scan
processes), which do not depend on what else the machine does. Memory: proportional set size
(PSS) of every process of a service with 4 scan processes and a large rule set after all mails; what the
rules take is the same of services that have seen no mail, with and without them. Exit 1 when a figure
that must hold does not (elapsed times only where the machine is quiet), 77 without a corpus
(ASSAY_CORPUS).
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

RATIO_LEAST, PER_PROCESS_MOST_MB, PATIENCE_S, QUIET_LOAD = 0.85, 25, 600, 0.7
TICKS = os.sysconf("SC_CLK_TCK")


def make_home(args, folder, scans, rules):
    home = Home(os.path.join(args.build, "assay"), folder, "home-")
    home.configure("[core]\nproviders = maildir\nconnectors = sqlite\n"
                   f"scan_processes = {scans}\nbulk_max = {scans}\n"
                   f"[maildir]\nmaildirs = {home.maildir}\n[yara]\nrules = {rules}\n")
    return home


def pss_mb(pid):
    """proportional set size: what is shared counts for each its part"""
    total = 0
    try:
        with open(f"/proc/{pid}/smaps_rollup", encoding="ascii") as f:
            for line in f:
                if line.startswith("Pss:"):
                    total = int(line.split()[1])
    except OSError:
        pass
    return total / 1024


def all_pss(home):
    """role -> [MB of each process]; what the scan master has forked has its role"""
    by_role = {}
    for pid in home.tree():
        by_role.setdefault(role_of(pid) or "parent", []).append(pss_mb(pid))
    return by_role


def fill(maildir, mails):
    for i, mail in enumerate(mails):
        name = f"{1700000000 + i}.M{i}P1.host"
        shutil.copy(mail, os.path.join(maildir, "tmp", name))
        os.rename(os.path.join(maildir, "tmp", name), os.path.join(maildir, "new", name))


def committed(home):
    """mails whose group the door has committed (the provider's journal hears of it up to 0.5 s later)"""
    _, text, _ = home.status("--json")
    return sum(p["records"] for p in json.loads(text)["processes"] if p["kind"] == "door")


def until_durable(home, n):
    until(lambda: committed(home) >= n - 600, f"{n} mails committed", PATIENCE_S, 0.3)  # each look costs 10 ms
    until(lambda: committed(home) >= n, f"{n} mails committed", PATIENCE_S, 0.03)
    return time.monotonic()


def until_stored(home, n):
    """Nothing waits for the store; and it has them."""
    queue = os.path.join(home.path, "queue", "connector-sqlite")
    until(lambda: not any(name.endswith(".records") for name in os.listdir(queue)), "an empty queue", PATIENCE_S, 0.02)
    end = time.monotonic()
    home.until_stored(n)
    return end


def cpu_s(home, all_of_it=False):
    """CPU seconds of doors, scan processes and their master so far, those that were replaced too; or of the whole service"""
    total = 0
    for pid in home.tree():
        role = role_of(pid)
        if not all_of_it and not role.startswith("door") and role != "master":
            continue
        with open(f"/proc/{pid}/stat", encoding="ascii", errors="replace") as f:
            fields = f.read().rsplit(")", 1)[1].split()
        total += sum(int(ticks) for ticks in fields[11:15])
    return total / TICKS


def serve_once(args, folder, mails, rules):
    """seconds until durable, until stored; CPU seconds until durable"""
    with make_home(args, folder, 2, rules) as home:
        home.start()
        aside = os.path.join(home.path, "aside")
        home.make_maildir(aside)
        fill(aside, mails)
        subprocess.run(["sync"], check=False)
        cpu, begun = cpu_s(home), time.monotonic()
        for name in sorted(os.listdir(os.path.join(aside, "new"))):
            os.rename(os.path.join(aside, "new", name), os.path.join(home.maildir, "new", name))
        durable = until_durable(home, len(mails)) - begun
        cpu = cpu_s(home) - cpu
        kept = until_stored(home, len(mails)) - begun
        home.stop()
    return durable, kept, cpu


def scan_once(args, folder, mails, rules):
    """seconds, CPU seconds"""
    with make_home(args, folder, 2, rules) as home:
        argv = [home.assay, "--home", home.path, "scan", "--local", "--compact", "--jobs", "2"] + mails
        begun = time.monotonic()
        with open(os.path.join(folder, "reports"), "wb") as out:
            child = subprocess.Popen(argv, stdout=out, stderr=subprocess.DEVNULL)
            _, status, usage = os.wait4(child.pid, 0)
            child.returncode = os.waitstatus_to_exitcode(status)
        return time.monotonic() - begun, usage.ru_utime + usage.ru_stime


def line(what, seconds, n):
    print("  %-58s %7.2f s, %4.0f mails/s" % (what, seconds, n / seconds))


def must(what, ratio, judged=True):
    good = ratio >= RATIO_LEAST or not judged
    print("  %-58s %7.2f%s" % ("%s, serve : scan (at least %.2f)" % (what, RATIO_LEAST), ratio,
                               "" if ratio >= RATIO_LEAST else "   TOO LITTLE" if judged else "   (not quiet)"))
    return good


def throughput(args, folder, mails, rules):
    mails, quiet = mails * args.repeat, os.getloadavg()[0] <= QUIET_LOAD
    size = sum(os.path.getsize(m) for m in mails)
    print("\n%d mails, %.1f MB, 2 scan processes, %d rules; least of %d rounds" % (
        len(mails), size / 1e6, args.rules, args.rounds))
    scan, serve = [], []
    scan_once(args, folder, mails[:1], rules)  # the first fills caches
    for _ in range(args.rounds):
        scan.append(scan_once(args, folder, mails, rules))
        serve.append(serve_once(args, folder, mails, rules))
    (scanned, scan_cpu), (durable, kept, serve_cpu) = map(min, zip(*scan)), map(min, zip(*serve))
    line("assay scan --jobs 2", scanned, len(mails))
    line("assay serve, reports durable", durable, len(mails))
    line("assay serve, reports in the store", kept, len(mails))
    good = must("throughput", scanned / durable, quiet)
    return must("mails per CPU second", scan_cpu / serve_cpu) and good


def rules_size(args, folder, rules):
    """MB that the rules take in a service that has seen no mail"""
    sizes = []
    for given in (rules, ""):
        with make_home(args, folder, 4, given) as home:
            home.start()
            time.sleep(1)
            sizes.append(sum(sum(mb) for mb in all_pss(home).values()))
            home.stop()
    return max(0.0, sizes[0] - sizes[1])


def memory(args, folder, mails, rules):
    loaded = rules_size(args, folder, rules)
    with make_home(args, folder, 4, rules) as home:
        home.start()
        fill(home.maildir, mails)
        until_durable(home, len(mails))
        until_stored(home, len(mails))
        time.sleep(2)  # who is idle gives memory back
        by_role = all_pss(home)
        home.stop()
    print("\nPSS after %d mails, 4 scan processes, %d rules (MB)" % (len(mails), args.rules))
    total = sum(sum(mb) for mb in by_role.values())
    for role, mb in sorted(by_role.items()):
        each = "  (%s)" % ", ".join("%.1f" % one for one in sorted(mb)) if len(mb) > 1 else ""
        print("  %-58s %7.1f%s" % (role + (" and its processes" if each else ""), sum(mb), each))
    most = loaded + 4 * PER_PROCESS_MOST_MB
    print("  %-58s %7.1f of %.1f%s" % ("all, of rules (%.1f) + 25 MB per scan process" % loaded, total,
                                      most, "" if total <= most else "   TOO MUCH"))
    return total <= most


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("source")
    parser.add_argument("build")
    parser.add_argument("--mails", type=int, default=1000)
    parser.add_argument("--repeat", type=int, default=3, help="how often each mail comes, for throughput")
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
        good = throughput(args, folder, mails, rules)
        good = memory(args, folder, mails, rules) and good
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    return 0 if good else 1


if __name__ == "__main__":
    main_of(main)
