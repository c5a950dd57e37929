#!/usr/bin/env python3
"""containment.py - workers crash, hang and eat memory on some of 100 mails: what becomes of all of them

usage: containment.py ASSAY PLUGINS WORKER...

PLUGINS has the test plugins crash, hang and eatmem, which misbehave on a marker; each WORKER gets one
mail. The marked mails must
have whole reports but for that worker's result on that payload, the others reports without a fault,
and not more than the workers' time later than the same mails take without marked ones among them.
Everybody once in the store.
"""
import os
import sys
import time

from livehome import Home, Wrong, mail, main_of, until

MAILS, TIMEOUT_S = 100, 2
WORKERS = ["crash", "hang", "eatmem"]
KINDS = {"crash": "crashed", "hang": "timeout", "eatmem": "crashed"}

CONF = """[core]
connectors = sqlite, jsonl
providers = maildir
plugin_dir = {plugins}
plugins = smtp, hash, mimetype, crash, hang, eatmem
always_dispatch = hash, mimetype, crash, hang, eatmem
worker_timeout = {timeout}s
scan_processes = 2
bulk_max = 2

[maildir]
maildirs = {maildir}
rescan = 1s

[jsonl]
fields = content

[crash]
marker = MARK-crash
[hang]
marker = MARK-hang
[eatmem]
marker = MARK-eatmem
"""

ATTACHED = ("MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\n{body}\r\n--b\r\n"
            "Content-Type: application/octet-stream\r\nContent-Disposition: attachment; filename=a.bin\r\n"
            "Content-Transfer-Encoding: base64\r\n\r\nAQIDBAUG{number:04}\r\n--b--")


def text_of(number, marked):
    """A message with an attachment; the marker stands in the message only."""
    return mail(number, more=ATTACHED.format(number=number, body=f"MARK-{marked}" if marked else "quiet"))


def by_number(home):
    """The number of a mail -> its report."""
    reports = home.reports()
    found = {r["results"][0]["workers"]["smtp"]["message_id"]: r for r in reports}
    if len(found) != len(reports):
        raise Wrong("a mail has two reports")
    return {int(name.strip("<>").split("@")[0]): r for name, r in found.items()}


def is_done(home, wanted):
    return wanted <= set(by_number(home))


def run_mails(home, first, marked):
    """100 mails at once; seconds until those without a marker are all reported"""
    names = {first + n: marked.get(n) for n in range(MAILS)}
    begun = time.monotonic()
    for number, mark in names.items():
        home.deliver(number, text_of(number, mark))
    quiet = {number for number, mark in names.items() if mark is None}
    until(lambda: is_done(home, quiet), "reports of the mails without a marker")
    took = time.monotonic() - begun
    until(lambda: is_done(home, set(names)), "reports of the marked mails")
    return took


def check_quiet(report):
    for result in report["results"]:
        for worker in WORKERS:
            if result["workers"].get(worker) != {"said": "fine"}:
                raise Wrong(f"{worker} says of a mail without a marker: {result['workers'].get(worker)}")
    if report["status"] != "scanned" or report["errors"]:
        raise Wrong(f"a mail without a marker: {report['status']}, {report['errors']}")


def check_marked(report, guilty):
    """All there but the result of the one, on the one payload."""
    errors = [(e["plugin_name"], e["payload_id"], e["kind"]) for e in report["errors"]]
    if report["status"] != "scanned" or errors != [(guilty, "0", KINDS[guilty])]:
        raise Wrong(f"the mail that {guilty} falls over: {report['status']}, {report['errors']}")
    if len(report["results"]) != 2:
        raise Wrong(f"the mail that {guilty} falls over has {len(report['results'])} payloads")
    message, attached = report["results"]
    if guilty in message["workers"] or attached["workers"].get(guilty) != {"said": "fine"}:
        raise Wrong(f"{guilty} is skipped elsewhere, or not where it falls")
    for worker in {"smtp", "hash", "mimetype", *WORKERS} - {guilty}:
        if worker not in message["workers"]:
            raise Wrong(f"the mail that {guilty} falls over lacks the result of {worker}")


def main():
    assay, plugins = sys.argv[1:3]
    with Home(assay) as home:
        home.configure(CONF.format(plugins=os.path.abspath(plugins), maildir=home.maildir, timeout=TIMEOUT_S))
        home.start()
        without = run_mails(home, 0, {})
        marked = {10 + 3 * i: name for i, name in enumerate(sys.argv[3:])}
        taken = run_mails(home, MAILS, marked)
        home.until_stored(2 * MAILS)
        reports = by_number(home)
        for number, report in reports.items():
            guilty = marked.get(number - MAILS)
            (check_marked(report, guilty) if guilty else check_quiet(report))
        most = 2 * without + TIMEOUT_S + 5
        print(f"{MAILS} mails {without:.2f} s; with {len(marked)} that workers fall over the others {taken:.2f} s (most: {most:.2f})")
        if taken > most:
            raise Wrong("mails wait for others longer than the worker's time")
        code, text, _ = home.status()
        if code != 0:
            raise Wrong(f"status: {text}")
        if home.stop() != 0:
            raise Wrong("the service does not end well")
    return 0


if __name__ == "__main__":
    main_of(main)
