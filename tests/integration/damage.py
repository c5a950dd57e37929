"""damage.py ASSAY CORPUS VARIANTS - scans damaged copies of every file of a corpus, in batches.

Each file gives VARIANTS copies cut at a random offset and VARIANTS with some bytes flipped, seeded by
its name: a failure can be made again. Every copy must have a report that parses, is of the schema,
was scanned to the end and names no worker that crashed or was stopped.
"""
import json
import os
import random
import shutil
import subprocess
import sys
import tempfile

BATCH = 1000
assay, corpus, variants = sys.argv[1], sys.argv[2], int(sys.argv[3])


def copies(path, name):
    """The damaged variants of one file, as (name, bytes)."""
    data = open(path, "rb").read()
    chance = random.Random(name)
    for i in range(variants):
        yield "cut%d" % i, data[: chance.randrange(len(data) + 1)]
        flipped = bytearray(data)
        for _ in range(chance.choice((1, 3, 20, 1 + len(data) // 100)) if data else 0):
            # Headers decide most: half of the flips go there.
            most = len(data) if chance.random() < 0.5 else min(len(data), 2000)
            flipped[chance.randrange(most)] = chance.choice((0, 10, 13, 34, 61, 128, 255, chance.randrange(256)))
        yield "flip%d" % i, bytes(flipped)


def faults(line):
    """What is wrong with one report, and whose it is."""
    report = json.loads(line)
    name = report["request_meta"]["filename"]
    wrong = []
    if report["schema"] != "assay/1" or report["status"] != "scanned" or not report["results"]:
        wrong.append("%s %s" % (report["status"], report["status_reason"]))
    wrong += ["%s %s on %s" % (e["plugin_name"], e["kind"], e["payload_id"])
              for e in report["errors"] if e["kind"] in ("crashed", "timeout", "bad_result")]
    return name, wrong


def scan(folder, names):
    """One run over a folder; the list of what went wrong."""
    run = subprocess.run([assay, "scan", "--compact", "--jobs", "2", "-r", folder],
                         stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=600)
    bad = []
    if run.returncode or run.stderr:
        bad.append("exit %d: %s" % (run.returncode, run.stderr.decode(errors="replace")[:300]))
    seen = set()
    for line in run.stdout.split(b"\n"):
        if line:
            name, wrong = faults(line)
            seen.add(name)
            bad += ["%s: %s" % (names[name], w) for w in wrong]
    bad += ["%s: no report" % names[name] for name in names if name not in seen]
    return bad


def main():
    files = sorted(os.path.join(where, name) for where, _, found in os.walk(corpus) for name in found)
    work = tempfile.mkdtemp()
    names, bad, total = {}, [], 0
    try:
        for n, path in enumerate(files):
            for kind, data in copies(path, os.path.relpath(path, corpus)):
                copy = os.path.join(work, "%05d.%s" % (n, kind))
                open(copy, "wb").write(data)
                names[copy] = "%s %s" % (os.path.relpath(path, corpus), kind)
            if len(names) >= BATCH or n == len(files) - 1:
                bad += scan(work, names)
                total += len(names)
                for name in names:
                    os.unlink(name)
                names = {}
    finally:
        shutil.rmtree(work)
    for line in bad[:40]:
        print("t_damage:", line)
    print("t_damage: %d damaged files, %d faults" % (total, len(bad)))
    return 1 if bad else 0


sys.exit(main())
