#!/usr/bin/env python3
"""clamav.py - what the clamav worker costs: CPU of a mail, time and memory of large databases

  clamav.py SOURCE BUILD [--mails N] [--rounds N] [--hashes N] [--patterns N]

ClamAV's own signatures cannot be had everywhere, so that the large database is made here: N digests of files
and N patterns of bytes, random, a tenth of them logical. CPU of a mail is that of a run over all mails less that
of a run over one, least of several rounds. Memory is that of a service with four scan processes behind 200 mails, each page counted once
(PSS). Exit 77 when there is no corpus.
"""
import argparse
import os
import random
import shutil
import sys
import tempfile

from measure import corpus_mails, run

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "integration"))
from livehome import Home, until  # noqa: E402

FIRST = "smtp, hash, mimetype, yara"


def make_database(folder, hashes, patterns):
    """One that is small when both are 0."""
    rng = random.Random(1)
    os.mkdir(folder)
    with open(os.path.join(folder, "one.hdb"), "w", encoding="ascii") as f:
        f.write("aa15bcf478d165efd2065190eb473bcb:544:ClamAV-Test-File\n")
        for i in range(hashes):
            f.write(f"{rng.getrandbits(128):032x}:{rng.randrange(100, 5000000)}:Bench.Hash-{i}\n")
    if patterns:
        with open(os.path.join(folder, "two.ndb"), "w", encoding="ascii") as f:
            for i in range(patterns - patterns // 10):
                f.write(f"Bench.Pattern-{i}:{rng.choice((0, 0, 1, 3, 4))}:*:{rng.getrandbits(240):060x}\n")
        with open(os.path.join(folder, "three.ldb"), "w", encoding="ascii") as f:
            for i in range(patterns // 10):
                f.write(f"Bench.Logical-{i};Engine:51-255,Target:{rng.choice((0, 1, 3))};0&1;"
                        f"{rng.getrandbits(160):040x};{rng.getrandbits(160):040x}\n")
    return folder


class Bench:
    def __init__(self, args, folder):
        self.args, self.folder, self.assay = args, folder, os.path.join(args.build, "assay")

    def argv(self, clamav, mails):
        conf = os.path.join(self.folder, "conf")
        with open(conf, "w", encoding="utf-8") as f:
            workers = FIRST + (", clamav" if clamav is not None else "")
            f.write(f"[core]\nplugins = {workers}\n" + (f"[clamav]\n{clamav}\n" if clamav is not None else ""))
        return [self.assay, "--conf", conf, "scan", "--local", "--compact", "--jobs", "1"] + mails

    def cpu(self, clamav, mails):
        """ms CPU of a mail, s CPU of the start, peak MB"""
        one, many, peak = [], [], 0
        for _ in range(self.args.rounds):
            for names, into in ((mails[:1], one), (mails, many)):
                seconds, kib, code = run(self.argv(clamav, names))
                if code not in (0, 75):
                    sys.exit(f"bench: assay scan ends with {code}")
                into.append(seconds)
                peak = max(peak, kib)
        return (min(many) - min(one)) / (len(mails) - 1) * 1e3, min(one), peak / 1024

    def memory(self, database, mails):
        """MB of the master and four scan processes, shared pages once; and of one alone"""
        with Home(self.assay, prefix="assay-bench-") as home:
            home.configure(f"[core]\nplugins = {FIRST}, clamav\nconnectors = jsonl\nproviders = maildir\n"
                           f"scan_processes = 4\nbulk_max = 4\n[clamav]\ndatabase = {database}\n"
                           f"[maildir]\nmaildirs = {home.maildir}\n")
            home.start()
            for i, name in enumerate(mails):
                with open(name, "rb") as f:
                    home.deliver(i, f.read())
            until(lambda: len(home.reports()) >= len(mails), "all reports", 600, 0.5)
            pids = [home.child("master")] + home.scans()
            pss = [rollup(pid, "Pss:") for pid in pids]
            rss = [rollup(pid, "Rss:") for pid in pids]
            private = [rollup(pid, "Private_Dirty:") for pid in pids[1:]]
            home.stop()
            return sum(pss), sum(rss), max(private)


def rollup(pid, key):
    with open(f"/proc/{pid}/smaps_rollup", encoding="ascii") as f:
        return sum(int(line.split()[1]) for line in f if line.startswith(key)) / 1024


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("source")
    parser.add_argument("build")
    parser.add_argument("--mails", type=int, default=500)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--hashes", type=int, default=1000000)
    parser.add_argument("--patterns", type=int, default=200000)
    args = parser.parse_args()
    mails = corpus_mails(os.environ.get("ASSAY_CORPUS", os.path.join(args.source, "..", "shared", "corpus")), args.mails)
    if not mails:
        print("bench: no mails to measure with: set ASSAY_CORPUS to a directory with real-phish/ and ham/")
        return 77
    folder = tempfile.mkdtemp(prefix="assay-bench-")
    os.chmod(folder, 0o755)
    try:
        bench = Bench(args, folder)
        small = make_database(os.path.join(folder, "small"), 0, 0)
        large = make_database(os.path.join(folder, "large"), args.hashes, args.patterns)
        print(f"\nclamav, {len(mails)} mails; least of {args.rounds}; large: {args.hashes} digests, "
              f"{args.patterns} patterns\n  {'':44} {'ms a mail':>10} {'start, s':>9} {'peak, MB':>9}")
        nomail = "parse = archive, elf, pdf, swf, hwp3, xmldocs, ole2, html, pe, onenote, image"
        for what, clamav in (
                ("without clamav", None), ("one signature", f"database = {small}"),
                ("... clean_cache = yes", f"database = {small}\nclean_cache = yes"),
                ("... parse without mail", f"database = {small}\n{nomail}"),
                ("... parse with fuzzy_image", f"database = {small}\n{nomail}, mail, fuzzy_image"),
                ("large", f"database = {large}"), ("... clean_cache = yes", f"database = {large}\nclean_cache = yes")):
            print("  %-44s %10.3f %9.2f %9.0f" % ((what,) + bench.cpu(clamav, mails)), flush=True)
        print("  memory of a service with 4 scan processes, large: %.0f MB (PSS; RSS adds up to %.0f); "
              "at most %.0f MB of a scan process its own" % bench.memory(large, mails[:200]))
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
