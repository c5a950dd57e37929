#!/bin/sh
# options.sh - the options that the program has are those that the manual and conf/assay.conf show
#
# Every row stands in assay.conf(5) and in conf/assay.conf with its default, and the shipped file
# changes nothing but what it must.
set -eu
cd "${1:-.}"
assay=${ASSAY:-${2:-build}/assay}
[ -x "$assay" ] || { echo "options: $assay is not built"; exit 77; }
exec python3 - "$assay" <<'PY'
import re, subprocess, sys

def run(*args):
    done = subprocess.run([sys.argv[1], *args], capture_output=True, text=True)
    if done.returncode != 0:
        sys.exit(f"assay {' '.join(args)}: exit {done.returncode}: {done.stderr.strip()}")
    return done.stdout

rows, section = [], None  # `assay config -d`: [section] and key = value lines
for line in run("--conf", "/dev/null", "config", "-d").splitlines():
    head = re.match(r"\[(.+)\]", line)
    row = re.match(r"(\w+) *= *([^#]*)", line)
    if head:
        section = head.group(1)
    elif row:
        rows.append((section, row.group(1), row.group(2).strip()))
if not rows:
    sys.exit("assay config -d shows no option")
manual = open("docs/assay.conf.5.scd", encoding="utf-8").read()
sample, section = {}, None
for line in open("conf/assay.conf", encoding="utf-8"):
    head = re.match(r"#? ?\[(.+)\]", line)
    row = re.match(r"#? ?(\w+) *= *(.*)", line)
    if head:
        section = head.group(1)
    elif row:
        sample[section, row.group(1)] = row.group(2).strip()
bad = []
for section, key, default in rows:
    if not re.search(rf"\b{key.replace('_', '_')}\b", manual.replace("\\_", "_")):
        bad.append(f"docs/assay.conf.5.scd does not know [{section}] {key}")
    if (section, key) not in sample:
        bad.append(f"conf/assay.conf does not show [{section}] {key}")
known = {(s, k) for s, k, _ in rows}
bad += [f"conf/assay.conf shows [{s}] {k}, which no table has" for s, k in sample
        if s and (s, k) not in known]
changed = [l for l in run("--conf", "conf/assay.conf", "config", "-n").splitlines()
           if "=" in l and not l.lstrip().startswith("#")]
allowed = {"rules", "dispatch_rules"}  # the shipped rules are rules, the embedded default is none
bad += [f"conf/assay.conf changes a default: {l.strip()}" for l in changed
        if l.split("=")[0].strip() not in allowed]
print("\n".join(bad) or f"options: {len(rows)} rows, all in the manual and in conf/assay.conf")
sys.exit(bool(bad))
PY
