"""common.py - what the corpus tests share: where the corpus is, how a report is asked for and read

The corpus is not part of assay. Its place is $ASSAY_CORPUS, else ../shared/corpus beside the
source; without it every test here says so and leaves with 77, which ctest shows as skipped.
A test prints what differs, one line each, and leaves with 1 when there is any that is not in
exceptions.tsv (check, file, what, reason).
"""
import binascii
import hashlib
import json
import os
import re
import subprocess
import sys

SOURCE = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
ASSAY = os.environ.get("ASSAY", os.path.join(SOURCE, "build", "assay"))
CORPUS = os.environ.get("ASSAY_CORPUS", os.path.join(os.path.dirname(SOURCE), "shared", "corpus"))
WORK = os.environ.get("ASSAY_WORK", os.path.join(os.path.dirname(ASSAY), "corpus"))

MAIL_DIRS = ("antispam-fixtures", "ham", "spam", "i18n", "maildir", "mime-torture",
             "mime4j-with-expected", "mimetools-with-expected", "parser-differential", "real-phish",
             "real-phish-qr", "smime-pgp", "stalwart-with-expected")
NOT_MAIL = (".xml", ".json", ".out", ".ref", ".bin", ".p7m", ".p7z", ".p7s", ".p7c", ".p7", ".dat",
            ".md", ".list", ".uu")


def skip(why):
    """Leaves: cannot be done here."""
    print(f"skipped: {why}")
    sys.exit(77)


def require():
    """The corpus and the program are there, or the test is skipped."""
    if not os.path.isdir(CORPUS):
        skip(f"no corpus in {CORPUS} (set ASSAY_CORPUS)")
    if not os.access(ASSAY, os.X_OK):
        skip(f"{ASSAY} is not built")
    os.makedirs(WORK, exist_ok=True)


def files(*folders):
    """All files below these folders of the corpus, as paths in the corpus, in a fixed order."""
    found = []
    for folder in folders or ("",):
        for place, dirs, names in os.walk(os.path.join(CORPUS, folder)):
            dirs.sort()
            found += [os.path.relpath(os.path.join(place, name), CORPUS) for name in names]
    return sorted(found)


def mails():
    """The files of the corpus that are single messages."""
    expected = re.compile(r"(_decoded(_\d+)*\.(txt|bin)|-(summary|offsets)\.\w+)$")
    return [f for f in files(*MAIL_DIRS) if not f.endswith(NOT_MAIL) and not expected.search(f)]


def read(path):
    """The bytes of a file of the corpus."""
    with open(os.path.join(CORPUS, path), "rb") as file:
        return file.read()


def scan(paths, *options, jobs=1):
    """Runs the program over files of the corpus; gives its standard output."""
    out = bytearray()
    for at in range(0, len(paths), 500):
        done = subprocess.run([ASSAY, "scan", "--local", "--compact", "--jobs", str(jobs), *options,
                               *paths[at:at + 500]], cwd=CORPUS, capture_output=True, check=False)
        if done.returncode != 0:
            sys.exit(f"assay scan: exit {done.returncode}\n{done.stderr.decode(errors='replace')}")
        out += done.stdout
    return bytes(out)


def reports():
    """{path: [report]} of scan.py's run over the whole corpus."""
    place = os.path.join(WORK, "reports.ndjson")
    if not os.path.exists(place):
        skip(f"{place} is not there; run scan.py first")
    found = {}
    with open(place, "rb") as file:
        for line in file:
            report = json.loads(line)
            found.setdefault(report["request_meta"]["filename"], []).append(report)
    return found


class Found:
    """What a file's reports hold: digests of payloads, and what the smtp results say."""

    def __init__(self, path, reports_of_file):
        self.raw = read(path)
        self.reports = reports_of_file
        self.sha256, self.smtp, self.sizes = set(), [], set()
        for report in reports_of_file:
            for payload in report["results"]:
                self.sha256.add(payload["sha256"])
                self.sizes.add(payload["size"])
                smtp = payload["workers"].get("smtp")
                if smtp:
                    self.smtp.append(smtp)
        self.parts = [part for smtp in self.smtp for part in smtp.get("parts", [])]
        self.names = [a.get("filename") for smtp in self.smtp for a in smtp.get("attachments", [])]
        self.names += [p.get("filename") for r in reports_of_file for p in r["results"]]
        self.names += [o.get("filename") for r in reports_of_file for p in r["results"]
                       for o in p.get("occurrences", [])]
        self.texts = [squeeze(smtp.get(k) or "") for smtp in self.smtp for k in ("body", "body_html")]

    def has(self, data):
        """A payload with these bytes, or a body shown to the reader that is made of them."""
        if not data.strip(b"\r\n \t"):
            return True
        return any(sha256(d) in self.sha256 for d in spellings(data)) or self.is_body(data)

    def is_body(self, data):
        """The bytes stand in the message as they are, and a text part of that length is listed."""
        stripped = data.rstrip(b"\r\n")
        if stripped not in self.raw and stripped.replace(b"\r\n", b"\n") not in self.raw:
            return False
        lengths = {p.get("size") for p in self.parts
                   if (p.get("content_type") or "text").startswith("text")}
        lines = data.count(b"\n")
        return any(abs(len(data) - size) <= 2 + lines for size in lengths if size is not None)

    def has_text(self, text):
        """A body or a payload whose text is this one."""
        wanted = squeeze(text)
        return not wanted or any(wanted[:2000] in have or (len(have) > 100 and have in wanted)
                                 for have in self.texts)


def sha256(data):
    """Lower-case hex."""
    return hashlib.sha256(data).hexdigest()


def spellings(data):
    """The same text with other line ends, and without the last one."""
    yield data
    unix = data.replace(b"\r\n", b"\n")
    for form in (unix, unix.replace(b"\n", b"\r\n")):
        yield form
        yield form.rstrip(b"\r\n")
        yield form.rstrip(b"\r\n") + b"\n"
        yield form.rstrip(b"\r\n") + b"\r\n"


def squeeze(text):
    """White space does not count, nor does what could not be decoded."""
    return re.sub(r"[\s\ufffd\x00]+", "", text)


def decodings(data):
    """What a transfer encoding could have made of it."""
    yield data
    yield binascii.a2b_qp(data)
    clean = re.sub(rb"[^A-Za-z0-9+/=]", b"", data)
    groups = [g for g in clean.split(b"=") if g]
    for texts in ([clean], groups[:1], groups, [b"".join(groups)]):  # what follows padding, or not
        try:
            yield b"".join(binascii.a2b_base64(t + b"=" * (-len(t) % 4)) for t in texts)
        except (binascii.Error, ValueError):
            pass


class Verdict:
    """Collects what differs; finish() prints it without what is known."""

    def __init__(self, check):
        self.check, self.done, self.bad = check, 0, []
        self.known, self.used = {}, set()
        with open(os.path.join(os.path.dirname(os.path.abspath(__file__)), "exceptions.tsv"),
                  encoding="utf-8") as file:
            for line in file:
                if line.strip() and not line.startswith("#"):
                    name, path, what, reason = line.rstrip("\n").split("\t")
                    if name == check:
                        self.known.setdefault(path, []).append((what, reason))

    def expect(self, good, path, what):
        """One thing that must hold of a file."""
        self.done += 1
        if good:
            return
        for known, _ in self.known.get(path, []):
            if what.startswith(known):
                self.used.add((path, known))
                return
        self.bad.append(f"{path}\t{what}")

    def finish(self):
        """Says what came out and leaves."""
        print("\n".join(self.bad))
        for path, whats in self.known.items():
            for what, _ in whats:
                if (path, what) not in self.used:
                    print(f"exceptions.tsv: no longer needed: {self.check} {path} {what}")
        print(f"{self.check}: {self.done} checked, {len(self.bad)} differ, "
              f"{len(self.used)} are known and have a reason in exceptions.tsv")
        sys.exit(bool(self.bad))
