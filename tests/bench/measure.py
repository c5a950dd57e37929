#!/usr/bin/env python3
"""measure.py - what assay costs, beside the raw libraries doing the same work

  measure.py SOURCE BUILD [--rules N] [--rounds N] [--mails N] [--hostile NAME] [--quick]

Times are CPU seconds, user and system, of a command and all it started; the least of several
rounds, in which the commands take turns, because the machine is never quiet. Prints a table; exit 1
when a figure that must hold does not, 77 when there is no corpus (ASSAY_CORPUS).
"""
import argparse
import os
import shutil
import subprocess
import sys
import tempfile

import hostile

RATIO_MOST, COLD_MOST_MS, SLOWER_MOST = 1.25, 30, 3.0


def corpus_mails(folder, most):
    """Real mails, in a fixed order."""
    found = []
    for part, ends in (("real-phish", ".eml"), ("ham", ".txt")):
        for where, _, names in sorted(os.walk(os.path.join(folder, part))):
            found += [os.path.join(where, n) for n in sorted(names) if n.endswith(ends)]
    return found[:most]


def run(argv, stdin=None):
    """CPU seconds, peak KiB and exit status of a command and what it started.

    time(1) stands between, because a child is charged with the memory of whoever forked it.
    """
    with tempfile.NamedTemporaryFile() as peak, open(stdin or os.devnull, "rb") as given, open(os.devnull, "wb") as none:
        child = subprocess.Popen(["time", "-q", "-f", "%M", "-o", peak.name] + argv, stdin=given, stdout=none, stderr=none)
        _, status, usage = os.wait4(child.pid, 0)
        child.returncode = os.waitstatus_to_exitcode(status)
        return usage.ru_utime + usage.ru_stime, int(peak.read().split()[-1]), child.returncode


class Bench:
    def __init__(self, args, folder):
        self.args, self.folder, self.failed = args, folder, []
        self.assay = os.path.join(args.build, "assay")
        self.loop = os.path.join(args.build, "tests", "bench", "bench_loop")
        self.rules = os.path.join(folder, "rules")
        self.compiled = os.path.join(folder, "rules.yac")
        here = os.path.dirname(os.path.abspath(__file__))
        subprocess.check_call([sys.executable, os.path.join(here, "genrules.py"), self.rules, str(args.rules)])
        subprocess.check_call([self.loop, "-c", self.compiled, self.rules])

    def scan(self, mails, rules=True):
        argv = [self.assay, "--home", os.path.join(self.folder, "home"), "scan", "--local", "--compact", "--jobs", "1"]
        return argv + ["--plugin-opts", "yara:rules=" + (self.rules if rules else "")] + mails

    def must(self, what, value, most, text):
        print("  %-58s %s%s" % (what, text, "" if value <= most else "   TOO MUCH"))
        if value > most:
            self.failed.append(what)

    def checked(self, argv, stdin=None):
        cpu, peak, code = run(argv, stdin)
        if code not in (0, 75):
            sys.exit("bench: exit %d of %s" % (code, " ".join(argv[:12])))
        return cpu, peak

    def speed(self, mails):
        names = os.path.join(self.folder, "list")
        with open(names, "w") as out:
            out.write("".join(m + "\n" for m in mails))
        size = sum(os.path.getsize(m) for m in mails)
        commands = {
            "assay": (self.scan(mails), None), "loop": ([self.loop, "-y", self.compiled], names),
            "assay, no rules": (self.scan(mails, False), None), "loop, no rules": ([self.loop], names)}
        least, peak = {}, {}
        for turn in range(self.args.rounds + 1):
            for name, (argv, stdin) in commands.items():
                cpu, most = self.checked(argv, stdin)
                if turn > 0:  # the first fills caches
                    least[name] = min(cpu, least.get(name, cpu))
                    peak[name] = max(most, peak.get(name, 0))
        print("\n%d mails, %.1f MB, %d rules; least of %d rounds" % (
            len(mails), size / 1e6, self.args.rules, self.args.rounds))
        for name in commands:
            print("  %-58s %7.3f ms a mail, peak %d MB" % (name, least[name] / len(mails) * 1e3, peak[name] / 1024))
        for with_rules, a, b in (("with rules", "assay", "loop"), ("without", "assay, no rules", "loop, no rules")):
            ratio = least[a] / least[b]
            self.must("assay : loop, " + with_rules, ratio, RATIO_MOST if with_rules != "without" else 1e9, "%.2f" % ratio)
        return least["assay, no rules"] / size

    def cold(self):
        mail = os.path.join(self.folder, "small.eml")
        with open(mail, "wb") as out:
            out.write(hostile.head() + b"Hello.\r\n")
        print("\none small mail, started cold; least of 20")
        for name, rules, most in (("without rules", False, COLD_MOST_MS), ("with %d rules" % self.args.rules, True, 1e9)):
            runs = [self.checked(self.scan([mail], rules)) for _ in range(20)]
            cpu = min(r[0] for r in runs) * 1e3
            self.must(name, cpu, most, "%.1f ms CPU, peak %d MB" % (cpu, max(r[1] for r in runs) / 1024))

    def hostile(self, ordinary):
        """Beside ordinary mail: what a MB takes more, and what one mail takes however small it is."""
        mail = os.path.join(self.folder, "hostile.eml")
        start = min(self.checked(self.scan([os.path.join(self.folder, "small.eml")], False))[0] for _ in range(5))
        print("\nhostile mails, no rules, least of %d; ordinary mail takes %.1f ms a MB (= 1)" % (
            self.args.rounds, ordinary * 1e9))
        print("  %-58s %8s %9s %6s %19s" % ("", "MB", "ms a MB", "ratio", "peak of allowed MB"))
        for name, body in hostile.cases(self.args.hostile):
            with open(mail, "wb") as out:
                out.write(body)
            size = len(body)
            del body
            runs = [self.checked(self.scan([mail], False)) for _ in range(2)]
            while min(r[0] for r in runs) - start > SLOWER_MOST * ordinary * size and len(runs) < self.args.rounds:
                runs.append(self.checked(self.scan([mail], False)))
            cpu, peak = max(0.0, min(r[0] for r in runs) - start), max(r[1] for r in runs) * 1024
            slower, memory = cpu / size / ordinary, 3 * size + (64 << 20)
            most, why = hostile.DEARER.get(name, (SLOWER_MOST, ""))
            self.must(name, max(slower / most, peak / memory), 1, "%8.2f %9.1f %6.2f %10.1f %8.1f%s" % (
                size / 1e6, cpu / size * 1e9, slower, peak / 1e6, memory / 1e6,
                "   (%d allowed: %s)" % (most, why) if why else ""))


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("source")
    parser.add_argument("build")
    parser.add_argument("--rules", type=int, default=500)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--mails", type=int, default=500)
    parser.add_argument("--hostile", default="", help="only hostile mails with this in their names")
    parser.add_argument("--quick", action="store_true", help="speed only")
    args = parser.parse_args()
    mails = corpus_mails(os.environ.get("ASSAY_CORPUS", os.path.join(args.source, "..", "shared", "corpus")), args.mails)
    if not mails:
        print("bench: no mails to measure with: set ASSAY_CORPUS to a directory with real-phish/ and ham/")
        return 77
    folder = tempfile.mkdtemp(prefix="assay-bench-")
    try:
        bench = Bench(args, folder)
        ordinary = bench.speed(mails)
        if not args.quick:
            bench.cold()
            bench.hostile(ordinary)
    finally:
        shutil.rmtree(folder)
    print("\n" + ("bench: too much: " + "; ".join(bench.failed) if bench.failed else "bench: all figures hold"))
    return bool(bench.failed)


if __name__ == "__main__":
    sys.exit(main())
