#!/bin/sh
# rooms.sh - a foreign word stands in its one room only; some words stand nowhere
#
# The table below is the wall for what include directories cannot keep out. A pattern is an
# extended regular expression; comments and strings are taken out of the sources first.
set -eu
cd "${1:-.}"
exec python3 - <<'PY'
import re, subprocess, sys
sys.path.insert(0, "tests/lint")
from sources import code_without_comments, tracked

ROOMS = [  # what, pattern, who may (prefixes of paths)
    ("GMime and GLib", r"\b(g_mime_|GMime|GMIME_|g_object_|g_free\b|g_type_)", ["smtp/"]),
    ("libyara", r"\b(yr_\w+\(|YR_[A-Z])", ["plugins/worker/yara", "plugins/worker/binary/module"]),
    ("libclamav", r"\b(cl_[a-z]\w*\(|CL_[A-Z]\w+)", ["plugins/worker/clamav/"]),
    ("libmagic", r"\bmagic_(open|load|buffer|file|setparam)\b", ["plugins/worker/mimetype"]),
    ("libmilter", r"\b(smfi_|SMFIS_|SMFIF_)", ["milter/"]),
    ("threads", r"\bpthread_\w+\s*\(", ["milter/libmilter"]),  # libmilter makes its own
    ("sqlite", r"\bsqlite3_", ["plugins/connector/sqlite"]),
    ("libbloom", r"\b(bloom_(init|add|check|free|load|save|merge)\w*)\(", ["bloom/"]),
    ("libarchive", r"\b(archive_(read|entry|error|set|filter|format)\w*|ARCHIVE_\w+)\b",
     ["plugins/worker/decompress/unpack", "plugins/provider/mbox/unpack"]),
    ("a locale", r"\b(new|use|free|dup)locale\s*\(", ["plugins/worker/decompress/unpack"]),
    ("libfuzzy", r"\bfuzzy_\w+\(", ["plugins/worker/ssdeep"]),
    ("dlopen", r"\b(dlopen|dlsym|dlclose)\b", ["core/host"]),
    ("fork", r"\b(v?fork|clone3?|posix_spawnp?)\s*\(",
     ["core/pool", "core/supervise", "core/master", "core/helper", "core/sandbox", "core/sealed"]),
    ("exec", r"\b(execl|execlp|execle|execv|execve|execvp|execvpe|fexecve)\s*\(",
     ["core/helper", "core/supervise"]),
    ("seccomp", r"\b(seccomp_\w+|SCMP_\w+)\b", ["core/sandbox"]),
    ("landlock", r"\b(SYS_landlock|LANDLOCK_)", ["core/sandbox"]),
    ("syslog", r"\b(syslog|openlog)\s*\(", ["core/base/log"]),
    ("inotify", r"\binotify_", ["plugins/provider/", "core/queue"]),
    ("CMS", r"\b(CMS_|PKCS7_)\w+", ["smtp/"]),
    ("iconv", r"\biconv(_open|_close)?\s*\(", ["core/text/", "plugins/worker/clamav/lazy"]),
    ("libpsl", r"\bpsl_\w+\(", ["core/text/"]),
    ("libidn2", r"\bidn2_\w+\(", ["core/text/", "smtp/mail/addr"]),
]
BANNED = [  # never, in any room
    (r"\b(strtok|strtok_r|strcpy|strcat|strncpy|strncat|sprintf|vsprintf|gets|stpcpy)\s*\(",
     "slices and assay_buf carry their length"),
    (r"\b(localtime|localtime_r|gmtime|ctime|ctime_r|asctime|mktime)\s*\(", "base/clock.h"),
    (r"\b(atoi|atol|atoll|atof)\s*\(", "no error can be told; assay_ascii_* or strtoll in core/opts"),
    (r"\b(system|popen|tmpnam|tempnam|mktemp)\s*\(", "a shell or a race"),
    (r"\b(isalpha|isalnum|isdigit|isspace|isupper|islower|ispunct|isxdigit|iscntrl|isprint"
     r"|toupper|tolower|strcasecmp|strncasecmp|strcoll)\s*\(", "the locale decides; assay_ascii_*"),
    (r"\bsetlocale\s*\(", "the locale decides"),
    (r"\balloca\s*\(", "what an attacker sizes is bounded, on the heap"),
]
bad = []
for path in tracked(".c", ".h"):
    if path.startswith("tests/"):
        continue
    text = code_without_comments(path)
    for number, line in enumerate(text.split("\n"), 1):
        where = f"{path}:{number}"
        for what, pattern, homes in ROOMS:
            if re.search(pattern, line) and not any(path.startswith(h) for h in homes):
                bad.append(f"{where}: {what} belongs to {' '.join(homes)}: {line.strip()}")
        for pattern, why in BANNED:
            if re.search(pattern, line):
                bad.append(f"{where}: banned ({why}): {line.strip()}")
# Strings are blanked above; includes need the file as it is.
for path in tracked(".c", ".h"):
    for number, line in enumerate(open(path, encoding="utf-8"), 1):
        if re.match(r'\s*#\s*include\s*["<]\.\./', line):
            bad.append(f"{path}:{number}: an include climbs over a wall: {line.strip()}")
print("\n".join(bad) or "rooms: every word is at home")
sys.exit(bool(bad))
PY
