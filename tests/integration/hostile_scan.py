#!/usr/bin/env python3
"""hostile_scan.py - every mail of tests/bench/hostile.py through `assay scan`

  hostile_scan.py ASSAY DIR MOST [bounds]

Mails of at most MOST bytes. Each has a report and nothing failed; no process takes a minute of CPU
time. With `bounds` none had more memory than three times the message and 64 MiB, and CPU time was
no more than what only quadratic work needs: ./dev bench measures times, this is a guard.
"""
import json
import os
import resource
import subprocess
import sys

CPU_SECONDS = 60
REPORT_MOST = 16 << 20


def limits():
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_SECONDS, CPU_SECONDS))


def run(argv, out):
    """Peak memory in bytes, CPU seconds, exit status; our own memory counts, and it is small."""
    with open(out, "wb") as stdout:
        child = subprocess.Popen(argv, stdout=stdout, stderr=subprocess.PIPE, preexec_fn=limits)
        said = child.stderr.read()
        _, status, usage = os.wait4(child.pid, 0)
        child.returncode = os.waitstatus_to_exitcode(status)
    if said:
        print("  said:", said.decode(errors="replace").strip()[:300])
    return usage.ru_maxrss * 1024, usage.ru_utime + usage.ru_stime, child.returncode


def faults(path):
    """What is wrong with a report; the reports are large, so that this is done elsewhere."""
    if os.path.getsize(path) > REPORT_MOST + 1:
        return ["a report of %d bytes" % os.path.getsize(path)]
    with open(path, encoding="utf-8") as lines:
        reports = [json.loads(line) for line in lines]
    if len(reports) != 1:
        return ["%d reports" % len(reports)]
    report, wrong = reports[0], []
    if report["status"] != "scanned":
        wrong.append("status %s, %s" % (report["status"], report["status_reason"]))
    if report["errors"]:
        wrong.append("errors %s" % report["errors"][:2])
    root = report["results"][0]["workers"]
    wrong += ["no %s" % name for name in ("smtp", "hash", "mimetype") if name not in root]
    if any(set(x) != {"limit", "value", "allowed", "effect", "payload_id", "plugin_name"} for x in report["limits"]):
        wrong.append("limits %s" % report["limits"][:2])
    if len(report["results"]) > 2001:
        wrong.append("%d payloads" % len(report["results"]))
    return wrong


def main():
    if sys.argv[1] == "--faults":
        print("\n".join(faults(sys.argv[2])))
        return 0
    assay, folder, most = sys.argv[1], sys.argv[2], sys.argv[3]
    mail, out = os.path.join(folder, "mail.eml"), os.path.join(folder, "out")
    maker = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "bench", "hostile.py")
    argv = [assay, "--home", os.path.join(folder, "home"), "scan", "--local", "--compact", mail]
    count = failed = 0
    with subprocess.Popen([sys.executable, maker, "--each", mail, most], text=True,
                          stdin=subprocess.PIPE, stdout=subprocess.PIPE) as made:
        for name in made.stdout:
            peak, cpu, code = run(argv, out)
            size = os.path.getsize(mail)
            peak_most, cpu_most = 3 * size + (64 << 20), 3 + size / 4e6
            wrong = [] if code == 0 else ["exit %d" % code]
            wrong += subprocess.run([sys.executable, __file__, "--faults", out], text=True,
                                    stdout=subprocess.PIPE, check=False).stdout.split("\n")
            if "bounds" in sys.argv[4:] and peak > peak_most:
                wrong.append("%.1f MB of memory, allowed %.1f" % (peak / 1e6, peak_most / 1e6))
            if "bounds" in sys.argv[4:] and cpu > cpu_most:
                wrong.append("%.1f s of CPU time, allowed %.1f" % (cpu, cpu_most))
            wrong = [w for w in wrong if w]
            count, failed = count + 1, failed + bool(wrong)
            if wrong:
                print("%s: %s" % (name.strip(), "; ".join(wrong)))
            made.stdin.write("next\n")
            made.stdin.flush()
    print("t_hostile: %d mails, %d wrong" % (count, failed))
    return 1 if failed or count == 0 else 0


if __name__ == "__main__":
    sys.exit(main())
