#!/usr/bin/env python3
"""sealed.py - scan processes of the service behind their seal

usage: sealed.py ASSAY PLUGINS CORPUS SAMPLES

What the test plugin `sandbox` of PLUGINS tries is refused, in a scan process that the scan master has
forked; such a process has no descriptor and no shared memory that is not its own; and strace of 60
mails of CORPUS (of SAMPLES, where there is none) sees none that even tries to open a file, make a
socket or a process behind the seal. Exit 77 where nothing can be traced, when all else is well.
"""
import os
import re
import shutil
import subprocess
import sys

from livehome import Home, Wrong, main_of, state_of, until

MAILS = 60
CALLS = ("trace=%file,prctl,seccomp,socket,socketpair,connect,bind,listen,accept,clone,clone3,fork,vfork,ptrace,"
         "kill,tgkill,setpriority")
SEAL = re.compile(r"(PR_SET_SECCOMP|SECCOMP_SET_MODE_FILTER)")
RESUMED = re.compile(r"<\.\.\. (prctl|seccomp) resumed>")

CONF = """[core]
connectors = sqlite, jsonl
providers = maildir
plugin_dir = {plugins}
plugins = {names}
always_dispatch = {always}
scan_processes = 2
recycle_after = 25
log_level = warning
[maildir]
maildirs = {maildir}
rescan = 1s
[jsonl]
fields = content
"""


def configure(home, plugins, extra=""):
    home.configure(CONF.format(plugins=os.path.abspath(plugins), maildir=home.maildir,
                               names="smtp, hash, mimetype, yara" + extra, always="hash, mimetype, yara" + extra))


def check_tries(home, n):
    """Each of them in each report was refused."""
    until(lambda: len(home.reports()) >= n, "reports")
    for report in home.reports():
        tries = [t for result in report["results"] for t in result["workers"]["sandbox"]["tries"]]
        open_ones = [t["what"] for t in tries if not t["refused"]]
        if open_ones or len(tries) < 20:
            raise Wrong(f"not refused: {open_ones}" if open_ones else "nothing was tried")
    return len(tries)


def check_belongings(home):
    """Descriptors and shared memory of each scan process."""
    for pid in home.scans():
        names = sorted(os.readlink(f"/proc/{pid}/fd/{fd}") for fd in os.listdir(f"/proc/{pid}/fd"))
        known = ("/dev/null", home.log_path)
        strange = [n for n in names if n not in known and not n.startswith(("socket:", "pipe:", "/memfd:assay-"))]
        if strange:
            raise Wrong(f"scan process {pid} has open: {strange}")
        if sum(n.startswith(("socket:", "pipe:")) for n in names) > 5:
            raise Wrong(f"scan process {pid} has more lines than it needs: {names}")
        with open(f"/proc/{pid}/maps", encoding="ascii", errors="replace") as f:
            shared = [line.split() for line in f if line.split()[1][3] == "s" and "w" in line.split()[1]]
        pages = [m for m in shared if m[-1].endswith("service.board")]
        size = sum(int(m[0].split("-")[1], 16) - int(m[0].split("-")[0], 16) for m in pages)
        if size != 8192:
            raise Wrong(f"scan process {pid} has {size} bytes of the scoreboard, not its one page")
        for m in shared:
            if m not in pages and "assay" not in m[-1]:
                raise Wrong(f"scan process {pid} shares memory: {m}")
    return len(home.scans())


def tried(assay, plugins):
    with Home(assay, prefix="assay-sealed-") as home:
        configure(home, plugins, ", sandbox")
        home.start(ready=False)
        home.until_status(0, "OK")
        for number in range(40):
            home.deliver(number)
        home.until_stored(40)
        n = check_tries(home, 40)
        scans = check_belongings(home)
        if home.stop() != 0:
            raise Wrong("the service does not end well")
        print(f"{n} tries in each of 40 mails refused; {scans} scan processes have nothing that is not theirs")


def mails_of(corpus, samples):
    for folder in (corpus, samples):
        found = sorted(os.path.join(where, name) for where, _, names in os.walk(folder) for name in names
                       if name.endswith(".eml"))
        if found:
            return (found[:: max(1, len(found) // MAILS)] * MAILS)[:MAILS]
    raise Wrong("there are no mails")


def traced(assay, plugins, mails):
    """What was tried behind the seal, and by how many it was closed; None: nothing can be traced"""
    with Home(assay, prefix="assay-sealed-") as home:
        configure(home, plugins)
        trace = os.path.join(home.top, "trace")
        # What LeakSanitizer does at the end cannot be done under a tracer. Not --seccomp-bpf: what the
        # sandbox refuses would not be seen.
        env = {**os.environ, "ASAN_OPTIONS": os.environ.get("ASAN_OPTIONS", "") + ":detect_leaks=0"}
        home.start(ready=False, env=env, wrap=["strace", "-f", "-q", "-e", CALLS, "-o", trace])
        until(lambda: state_of(home.proc.pid) in ("", "Z") or home.status()[0] == 0, "the service is ready")
        if home.proc.poll() is not None:
            return None
        for number, path in enumerate(mails):
            with open(path, "rb") as f:
                home.deliver(number, f.read())
        home.until_stored(len(mails))
        home.stop()
        with open(trace, encoding="utf-8", errors="replace") as f:
            lines = f.read().split("\n")
    sealed, sealing, bad = set(), set(), []
    for line in lines:
        pid, _, rest = line.partition(" ")
        rest = rest.strip()
        ends = pid in sealing and RESUMED.match(rest)
        if ends:
            sealing.discard(pid)
        if (ends or SEAL.search(rest)) and rest.endswith(" = 0"):
            sealed.add(pid)
        elif SEAL.search(rest) and rest.endswith("<unfinished ...>"):
            sealing.add(pid)
        elif pid in sealed and not rest.startswith(("+++", "---")):
            bad.append(rest)
    return bad, len(sealed)


def main():
    assay, plugins, corpus, samples = sys.argv[1:5]
    tried(assay, plugins)
    mails = mails_of(corpus, samples)
    if shutil.which("strace") is None or subprocess.run(["strace", "-f", "-o", os.devnull, "true"],
                                                        capture_output=True, check=False).returncode != 0:
        print("sealed.py: nothing can be traced here")
        return 77
    bad, sealed = traced(assay, plugins, mails) or ([], 0)
    if bad:
        raise Wrong("tried behind the seal:\n    " + "\n    ".join(sorted(set(bad))[:20]))
    if sealed < 3:  # two, and those that replaced them
        raise Wrong(f"{sealed} processes have closed the sandbox")
    print(f"{len(mails)} mails, {sealed} scan processes traced: nothing opened behind the seal")
    return 0


if __name__ == "__main__":
    main_of(main)
