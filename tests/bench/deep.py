#!/usr/bin/env python3
"""deep.py - what each worker costs a message, and what saying results again saves

  deep.py SOURCE BUILD [--mails N] [--rounds N] [--rules N]

Real mails of the corpus, and as many generated ones with real attachments of which two thirds repeat.
The first set (smtp, hash, mimetype, yara) alone, then with one worker more, then with all of them; CPU
seconds, user and system, of the command and all it started, least of several rounds in which the
commands take turns. Workers that are not built, or whose programs are not there, are left out. Exit 77
when there is no corpus (ASSAY_CORPUS).
"""
import argparse
import email.message
import os
import random
import shutil
import subprocess
import sys
import tempfile

from measure import corpus_mails, run

FIRST = ["smtp", "hash", "mimetype", "yara"]
ALWAYS = ["entropy", "ssdeep", "tlsh", "b64decode", "xordecode"]  # the others go by type
MORE = ["decompress", "tnef", "iocextract", "exif", "clamav", "pe", "elf", "macho"] + ALWAYS
REPEATED = 0.68


def attachments(corpus):
    """Real files of a size that mails have, in a fixed order."""
    found = []
    for part in ("documents", "archives", "tnef"):
        for where, _, names in sorted(os.walk(os.path.join(corpus, part))):
            found += [os.path.join(where, n) for n in sorted(names)]
    # Three that crash libarchive or keep it busy would be all that is measured.
    slow = ("xar_doublelink", "rockridge_ce_loop", "cab_skip_malformed")
    return [f for f in found if 500 < os.path.getsize(f) < 400000 and not any(s in f for s in slow)]


def generate(folder, corpus, count):
    """Mails with attachments, two thirds of which came before."""
    chance, files, seen, made = random.Random(7), attachments(corpus), [], []
    chance.shuffle(files)
    for i in range(count):
        mail = email.message.EmailMessage()
        mail["From"], mail["To"], mail["Subject"] = "a%d@example.org" % i, "b@example.net", "mail %d" % i
        mail.set_content("Hello %d\nsee https://example%d.com/x and the attachment\n" % (i, i) * 20)
        for _ in range(chance.choice((1, 1, 2))):
            if seen and chance.random() < REPEATED:
                path = chance.choice(seen[-60:])
            else:
                path = files[len(seen) % len(files)]
                seen.append(path)
            with open(path, "rb") as data:
                mail.add_attachment(data.read(), maintype="application", subtype="octet-stream", filename=os.path.basename(path))
        made.append(os.path.join(folder, "%05d.eml" % i))
        with open(made[-1], "wb") as out:
            out.write(mail.as_bytes())
    return made


class Deep:
    def __init__(self, args, folder):
        self.args, self.folder = args, folder
        self.assay = os.path.join(args.build, "assay")
        self.rules = os.path.join(folder, "rules")
        here = os.path.dirname(os.path.abspath(__file__))
        subprocess.check_call([sys.executable, os.path.join(here, "genrules.py"), self.rules, str(args.rules)])

    def command(self, workers, mails, reuse=True):
        """A scan with the first set and these workers."""
        conf = os.path.join(self.folder, "+".join(workers or ["first"]) + ("" if reuse else "-anew") + ".conf")
        with open(conf, "w") as out:
            out.write("[core]\nplugins = %s\nalways_dispatch = %s\n%s[yara]\nrules = %s\n" % (
                ", ".join(FIRST + workers), ", ".join(FIRST[1:] + [w for w in workers if w in ALWAYS]),
                "" if reuse else "reuse_results = 0\n", self.rules))
        return [self.assay, "--home", os.path.join(self.folder, "home"), "--conf", conf, "scan", "--local", "--compact", "--jobs", "1"] + mails

    def works(self, worker, mail):
        """Is it built, and does it start without a complaint?"""
        if not os.path.exists(os.path.join(self.args.build, "plugins", worker + ".so")):
            return False
        done = subprocess.run(self.command([worker], [mail]), capture_output=True, text=True)
        return done.returncode == 0 and "warning" not in done.stderr

    def least(self, commands):
        """CPU seconds of each, the commands taking turns."""
        least = {}
        for _ in range(self.args.rounds):
            for name, argv in commands.items():
                cpu, _, code = run(argv)
                if code not in (0, 75):
                    sys.exit("bench: exit %d of %s" % (code, " ".join(argv[:10])))
                least[name] = min(cpu, least.get(name, cpu))
        return least

    def workers(self, title, mails, more):
        """The table of one stream."""
        commands = {"first": self.command([], mails), "all": self.command(more, mails)}
        commands.update({w: self.command([w], mails) for w in more})
        got = self.least(commands)
        size = sum(os.path.getsize(m) for m in mails)
        print("\n%s: %d mails, %.1f MB, %d rules; ms of CPU a message, least of %d" % (
            title, len(mails), size / 1e6, self.args.rules, self.args.rounds))
        ms = {name: cpu / len(mails) * 1e3 for name, cpu in got.items()}
        print("  %-24s %8.3f" % (", ".join(FIRST), ms["first"]))
        for w in more:
            print("  %-24s %+8.3f  %+5.0f %% of the first set" % (w, ms[w] - ms["first"], (ms[w] / ms["first"] - 1) * 100))
        print("  %-24s %8.3f  %5.1f times the first set" % ("all of them", ms["all"], ms["all"] / ms["first"]))

    def reuse(self, mails, more):
        """What remembering results saves."""
        sets = {"first set": [], "all workers": more}
        got = self.least({(name, reuse): self.command(workers, mails, reuse) for name, workers in sets.items() for reuse in (True, False)})
        print("\nresults said again, %d %% of the attachments repeated; ms of CPU a message" % (REPEATED * 100))
        for name in sets:
            anew, again = (got[name, reuse] / len(mails) * 1e3 for reuse in (False, True))
            print("  %-24s %8.3f without, %8.3f with: %.0f %% less" % (name, anew, again, (1 - again / anew) * 100))


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("source")
    parser.add_argument("build")
    parser.add_argument("--mails", type=int, default=300)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--rules", type=int, default=500)
    args = parser.parse_args()
    corpus = os.environ.get("ASSAY_CORPUS", os.path.join(args.source, "..", "shared", "corpus"))
    real = corpus_mails(corpus, args.mails)
    if not real:
        print("bench: no mails to measure with: set ASSAY_CORPUS to a directory with real-phish/ and ham/")
        return 77
    folder = tempfile.mkdtemp(prefix="assay-bench-")
    try:
        deep = Deep(args, folder)
        more = [w for w in MORE if deep.works(w, real[0])]
        made = generate(folder, corpus, args.mails)
        deep.workers("real mails", real, more)
        deep.workers("mails with attachments", made, more)
        deep.reuse(made, more)
    finally:
        shutil.rmtree(folder)
    return 0


if __name__ == "__main__":
    sys.exit(main())
