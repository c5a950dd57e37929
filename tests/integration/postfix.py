#!/usr/bin/env python3
"""postfix.py - the milter in a real Postfix: what clients are told, and what is delivered

usage: postfix.py SOURCE BUILD ENGINE

Each action, enforced and observed; bytes of messages, delivered and reported; sessions (TLS, login,
8BITMIME, SMTPUTF8, null senders, many messages on a connection); a large mail; the same mail through
milter, Maildir and `assay scan`.
"""
import base64
import glob
import hashlib
import io
import json
import os
import random
import re
import sys
import zipfile

from livehome import Home, Wrong, until
from mta import DOMAIN, USER, Client, Filter, Postfix, expect, main_or_skip, run, send, without_trace

# Header lines and a body as servers like them least.
AWKWARD = (b"From: \"A  B\" <a@outside.example>\r\nTo: r@inside.example\r\n"
           b"Date: Sat, 21 Nov 2026 10:00:00 +0000\r\nMessage-ID: <%s@outside.example>\r\n"
           b"Subject: %s\r\nX-Spaces:   three  \r\nX-Tab:\ttab\r\nX-None:none\r\nX-Empty:\r\n"
           b"X-Percent: 100%% %%s %%n\r\nX-Folded: one\r\n\ttwo\r\n  three\r\nX-High: \xe4\xf6\xff\r\n"
           b"X-Twice: 1\r\nx-twice: 2\r\nMIME-Version: 1.0\r\n"
           b"Content-Type: text/plain; charset=iso-8859-1\r\nContent-Transfer-Encoding: 8bit\r\n\r\n"
           b".dot\r\n..\r\n.\r\ntrailing  \r\n\tFrom here\r\nFrom there\r\n\xe4\xf6\xfc\r\n" + b"long " * 190 + b"\r\n\r\n\r\n")
FORGED = b"X-Assay-Verdict: clean\r\nX-Assay-Scan-Id: 1\r\nx-assay-verdict:\r\n folded\r\nX-ASSAY-SCAN-ID:2\r\n"


def awkward(name, subject, forged=b""):
    return forged + AWKWARD % (name.encode(), subject.encode())


def as_delivered(data):
    return data.replace(b"\r\n", b"\n")


def our_lines(data):
    """Header lines that we may write; the rest."""
    head, rest = data.split(b"\n\n", 1)
    rows = head.replace(b"\n ", b"\0 ").replace(b"\n\t", b"\0\t").split(b"\n")
    ours = [row for row in rows if row.lower().startswith((b"x-assay-", b"x-found:"))]
    others = [row for row in rows if row not in ours]
    return ours, (b"\n".join(others)).replace(b"\0", b"\n") + b"\n\n" + rest


def check_actions(filt, mta):
    """Each action, enforced: the reply, what comes, what the report says."""
    replies = {"accept": (250, "2.0.0 Ok"), "tag": (250, "2.0.0 Ok"), "reject": (550, "5.7.1 No 100% of that ("),
               "tempfail": (451, "4.7.1 Message could not be examined"), "quarantine": (250, "2.0.0 Ok"),
               "discard": (250, "2.0.0 Ok")}
    for action, (code, words) in replies.items():
        name = f"do-{action}"
        data = awkward(name, f"{action} this", FORGED)
        got, text = send(mta.ports["milter"], data)
        expect(f"reply to {action}", (got, text[:len(words)]), (code, words))
        report = filt.report(f"{name}@outside.example")
        verdict = report["verdict"]
        expect(f"verdict of {action}", (verdict["action"], verdict["answered"], verdict["enforced"]),
               (action, action, True))
        expect(f"bytes of {action}", report["results"][0]["sha256"], hashlib.sha256(data).hexdigest())
        if code != 250 and report["scan_id"] not in text and f"({report['scan_id']})" not in text:
            raise Wrong(f"the reply to {action} does not say the scan_id: {text}")
        expect(f"queue id of {action}", report["request_meta"]["queue_id"] in mta.log_text(), True)
        came = mta.take() if action in ("accept", "tag") else None
        if action == "quarantine":
            came = mta.take_held()
            until(lambda: "milter-hold" in mta.log_text(), "the hold in Postfix' log")
        if came is not None:
            ours, rest = our_lines(came)
            expect(f"{action}: what others wrote", without_trace(rest),
                   as_delivered(awkward(name, f"{action} this")))
            scan_id = report["scan_id"].encode()
            wanted = {"accept": [], "tag": [b"X-Assay-Verdict: tag; rule=tags", b"X-Assay-Scan-Id: " + scan_id,
                                            b"X-Found: 100% tag this"],
                      "quarantine": [b"X-Assay-Verdict: quarantine; rule=holds", b"X-Assay-Scan-Id: " + scan_id]}
            expect(f"{action}: our header lines", sorted(ours), sorted(wanted[action]))
    until(mta.is_idle, "an empty queue")
    expect("delivered besides", mta.delivered(), {})
    expect("held besides", mta.queue("hold"), {})


def check_observing(filt, mta):
    """Whatever is decided: accepted, and delivered byte for byte as without us."""
    for action in ("accept", "tag", "reject", "tempfail", "quarantine", "discard"):
        name = f"see-{action}"
        data = awkward(name, f"{action} this", FORGED)
        got, text = send(mta.ports["milter"], data)
        expect(f"observing, reply to {action}", (got, text[:8]), (250, "2.0.0 Ok"))
        expect(f"observing, {action}", without_trace(mta.take()), as_delivered(data))
        verdict = filt.report(f"{name}@outside.example")["verdict"]
        expect(f"observing, verdict of {action}", (verdict["action"], verdict["answered"], verdict["enforced"]),
               (action, "accept", False))
    expect("held while observing", mta.queue("hold"), {})
    filt.home.until_log("OBSERVING: ")
    expect("status", filt.home.status()[0], 0)


def check_session(filt, mta):
    """TLS, login, a name for the daemon, both kinds of socket: facts of the session."""
    got = send(mta.ports["login"], awkward("login", "accept"), tls=True, login=True, sender="eve@inside.example",
               to=("r@" + DOMAIN, "second@" + DOMAIN))
    expect("reply with TLS and login", got[0], 250)
    mta.until_delivered(2)
    meta = filt.report("login@outside.example")
    envelope = meta["request_meta"]["envelope"]
    client = envelope["client"]
    expect("login", client["auth"], {"user": USER, "method": "PLAIN"})
    if not client["tls"]["version"].startswith("TLSv1") or not client["tls"]["cipher"]:
        raise Wrong(f"TLS: {client['tls']}")
    expect("client", (client["addr"], client["helo"]), ("127.0.0.1", "client.example"))
    expect("sender", envelope["sender"]["addr"], "eve@inside.example")
    expect("recipients", [r["addr"] for r in envelope["recipients"]], ["r@" + DOMAIN, "second@" + DOMAIN])
    expect("daemon", meta["request_meta"]["daemon"], "ORIGINATING")
    expect("message_time", meta["message_time"]["source"], "milter")
    expect("facts", [meta["facts"][w] for w in ("auth", "daemon", "mailfrom")],
           [[USER], ["ORIGINATING"], ["eve@inside.example"]])
    if filt.engine == "libmilter":  # it has one socket
        return
    expect("reply over inet", send(mta.ports["inet"], awkward("inet", "reject"))[0], 550)
    # As shipped: inside Postfix' chroot, for its group alone.
    expect("reply in a chroot", send(mta.ports["chroot"], awkward("chroot", "reject"))[0], 550)
    plain = filt.report("inet@outside.example")["request_meta"]["envelope"]["client"]
    expect("no TLS, no login", (plain["tls"], plain["auth"]), (None, None))


def check_connection(filt, mta):
    """Many messages on one connection, in odd orders: each is judged for itself."""
    client = Client(mta.ports["milter"])
    steps = [("c1", "reject", "", 550), ("c2", "reject", "", 550), ("c3", "accept", "s@outside.example", 250),
             ("c4", "tempfail", "t@outside.example", 451), ("c5", "tag", "", 250), ("c6", "discard", "", 250),
             ("c7", "reject", "u@outside.example", 550)]
    for name, subject, sender, code in steps:
        if name in ("c4", "c6"):
            client.ehlo()  # a second one
        if name in ("c3", "c5"):  # given up half way, at two places
            client.mail("given-up@outside.example")
            client.rcpt("r@" + DOMAIN)
            client.rset() if name == "c3" else client.ehlo()
        expect(f"message {name} of the connection", client.put(awkward(name, subject), sender=sender)[0], code)
    client.close()  # without QUIT
    mta.until_delivered(2)
    for name, subject, sender, _ in steps:
        report = filt.report(f"{name}@outside.example")
        expect(f"{name}: verdict", report["verdict"]["action"], subject)
        expect(f"{name}: sender", report["request_meta"]["envelope"]["sender"]["addr"], sender or None)
        expect(f"{name}: null", report["request_meta"]["envelope"]["sender"]["null"], sender == "")
    if any("given-up" in json.dumps(r["request_meta"]) for r in filt.home.reports()):
        raise Wrong("a message that was given up has a report")


def check_eight_bit(filt, mta):
    """8BITMIME, and addresses and header lines in UTF-8."""
    options = ["BODY=8BITMIME", "SMTPUTF8"]
    data = (f"From: J\u00f6rg <j\u00f6rg@outside.example>\r\nTo: gr\u00fc\u00dfe@{DOMAIN}\r\nDate: Sat, 21 Nov 2026 10:00:00 +0000\r\n"
            "Message-ID: <utf8@outside.example>\r\nSubject: tag \u65e5\u672c\r\n\r\n\u00e4\u00f6\u00fc \u65e5\u672c\r\n").encode()
    client = Client(mta.ports["milter"])
    got = client.put(data, sender="j\u00f6rg@outside.example", to=(f"gr\u00fc\u00dfe@{DOMAIN}",), options=options)
    client.quit()
    expect("reply to UTF-8", got[0], 250)
    ours, rest = our_lines(mta.take())
    expect("UTF-8 as delivered", without_trace(rest), as_delivered(data))
    if not any(row.startswith(b"X-Assay-Verdict: tag") for row in ours):
        raise Wrong(f"UTF-8: not tagged: {ours}")
    report = filt.report("utf8@outside.example")
    expect("UTF-8: bytes", report["results"][0]["sha256"], hashlib.sha256(data).hexdigest())
    expect("UTF-8: sender", report["request_meta"]["envelope"]["sender"]["addr"], "j\u00f6rg@outside.example")
    expect("UTF-8: recipient", report["recipients"][0]["raw"], f"gr\u00fc\u00dfe@{DOMAIN}")
    expect("UTF-8: subject", report["results"][0]["workers"]["smtp"]["subject"], "tag \u65e5\u672c")


def hidden():
    """name -> a message with a program in it, at places where filters have not looked."""
    program = b"Content-Type: application/octet-stream; name=\"a.exe\"\r\n\r\nMZ\r\n"
    letter = b"Content-Type: text/plain\r\n\r\nhello\r\n"
    big = b"Content-Type: application/octet-stream; name=big.bin\r\n\r\n" + b"0123456789abcde\r\n" * 200000
    inner = b"Content-Type: message/rfc822\r\n\r\nSubject: inner\r\n" + program
    other = program.replace(b"a.exe", b"b.exe").replace(b"MZ", b"MZ2")
    zipped = io.BytesIO()
    with zipfile.ZipFile(zipped, "w") as z:
        z.writestr("letter.txt", "hello")
        z.writestr("folder/a.exe", "MZ zipped")
    packed = (b"Content-Type: application/zip; name=p.zip\r\nContent-Transfer-Encoding: base64\r\n\r\n" +
              base64.encodebytes(zipped.getvalue()).replace(b"\n", b"\r\n"))
    inline = program.replace(b"\r\n\r\n", b"\r\nContent-Disposition: inline; filename=a.exe\r\n\r\n")

    def mixed(*parts, head=b"Content-Type: multipart/mixed; boundary=b"):
        return head + b"\r\n\r\n" + b"".join(b"--b\r\n" + part for part in parts) + b"--b--\r\n"
    return {"second": mixed(letter, program), "behind-a-big-one": mixed(big, program), "between": mixed(letter, program, big),
            "odd-case": mixed(letter, program, head=b"CONTENT-type: MULTIPART/Mixed; BOUNDARY=\"b\""),
            "alternative": mixed(letter, program, head=b"Content-Type: multipart/alternative; boundary=b"),
            "inner": mixed(letter, inner), "inline": mixed(inline, letter), "alone": program,
            "two": mixed(program, letter, other), "packed": mixed(letter, packed),
            "like-a-picture": b"X-Picture: 1\r\n" + mixed(program)}


def check_attachments(filt, mta):
    """A program is found wherever it is, and everything beside it as well."""
    client = Client(mta.ports["milter"])
    for name, body in hidden().items():
        if name == "packed" and not filt.unpacks:
            continue
        first = b"GIF89a: 1\r\n" if name == "like-a-picture" else b""
        data = (first + b"From: a@outside.example\r\nTo: r@inside.example\r\nDate: Sat, 21 Nov 2026 10:00:00 +0000\r\n"
                b"Message-ID: <%s@outside.example>\r\nMIME-Version: 1.0\r\n" % name.encode()) + body
        expect(f"a program, {name}", client.put(data, sender="" if name == "alone" else "s@outside.example")[0], 550)
        report = filt.report(f"{name}@outside.example")
        expect(f"{name}: rule", report["verdict"]["rule"], "programs")
        expect(f"{name}: rule by", report["verdict"]["reasons"][0]["value"], "exe")
        for other in ("big.bin", "b.exe"):  # nobody stops at the first one
            expect(f"{name}: {other}", other in report["facts"]["filename"], other.encode() in body)
        expect(f"{name}: a message", report["results"][0]["content_type"], "message/rfc822")
    client.quit()


def large(size):
    """A mail of this size with one attachment, and the attachment."""
    content = random.Random(1).randbytes(size * 3 // 4 * 76 // 78)
    return (b"From: a@outside.example\r\nTo: r@inside.example\r\nDate: Sat, 21 Nov 2026 10:00:00 +0000\r\n"
            b"Message-ID: <large@outside.example>\r\nSubject: accept large\r\nMIME-Version: 1.0\r\n"
            b"Content-Type: application/octet-stream; name=large.bin\r\nContent-Transfer-Encoding: base64\r\n\r\n"
            + base64.encodebytes(content).replace(b"\n", b"\r\n")), content


def check_large(filt, mta):
    data, content = large(30 << 20)
    expect("reply to 30 MB", send(mta.ports["milter"], data)[0], 250)
    expect("30 MB as delivered", without_trace(mta.take()) == as_delivered(data), True)
    report = filt.report("large@outside.example")
    unseen = [row for row in report["limits"] if row["effect"] == "unseen"]
    expect("30 MB: status", (report["status"], unseen, report["errors"]), ("scanned", [], []))
    expect("30 MB: payloads", [(r["size"], r["sha256"]) for r in report["results"]],
           [(len(b), hashlib.sha256(b).hexdigest()) for b in (data, content)])


# What trace headers and line ends change.
TRACE = {"Return-Path", "X-Original-To", "Delivered-To", "Received"}
OF_LINES = {"size", "md5", "sha1", "sha256", "sha512", "description"}


def findings(report, how):
    """What was found in a mail. "same": of the same bytes; "trace": a server has written header
    lines above them; "lines": and has changed the line ends."""
    results = json.loads(json.dumps(report["results"]))
    root, smtp = results[0], results[0]["workers"]["smtp"]
    for name in ("filename", "extension", "content_type", "occurrences"):
        root.pop(name)
    smtp["traits"] = [t for t in smtp["traits"] if "envelope" not in t["code"]]
    for result in results:
        result.pop("facts", None)
        result["archivers"] = {}
    if how == "same":
        return results
    smtp["headers"] = [h for h in smtp["headers"] if h["name"] not in TRACE]
    for name in ("size", "received", "return_path", "delivered_to"):
        smtp.pop(name)
    for defect in smtp["defects"]:
        defect.pop("offset")
    for name in ("size", "sha256"):
        root.pop(name)
    root["workers"].pop("hash")
    return without_lines(results) if how == "lines" else results


def without_lines(results):
    """Without what depends on line ends; payloads that are no text have none."""
    exact = [r["sha256"] for r in results[1:] if not r["workers"]["mimetype"]["mimetype"].startswith(("text/", "message/"))]

    def bare(at):
        if isinstance(at, dict):
            return {k: bare(v) for k, v in at.items() if k not in OF_LINES}
        return [bare(v) for v in at] if isinstance(at, list) else at
    return json.loads(json.dumps([bare(results), exact]).replace("\\r\\n", "\\n"))


def differences(a, b, at=""):
    """Paths at which two documents are not the same."""
    if isinstance(a, dict) and isinstance(b, dict):
        return [row for k in sorted(set(a) | set(b)) for row in differences(a.get(k), b.get(k), f"{at}.{k}")]
    if isinstance(a, list) and isinstance(b, list) and len(a) == len(b):
        return [row for i, pair in enumerate(zip(a, b)) for row in differences(*pair, f"{at}[{i}]")]
    return [] if a == b else [f"{at}: {str(a)[:150]} / {str(b)[:150]}"]


def check_ways(filt, mta, source):
    """The same mail through milter, Maildir and `assay scan`: the same payloads and results."""
    home, n = filt.home, 0
    for path in sorted(glob.glob(os.path.join(source, "docs", "samples", "*.eml"))):
        with open(path, "rb") as f:
            data = f.read().replace(b"\r\n", b"\n")
        # Postfix takes a Return-Path away before it shows the message to anybody.
        data = re.sub(rb"\AReturn-Path:.*\n", b"", data).replace(b"\n", b"\r\n")
        sent = os.path.join(home.top, "sent.eml")
        with open(sent, "wb") as f:
            f.write(data)
        old = len(home.reports())
        expect(f"reply to {path}", send(mta.ports["milter"], data)[0], 250)
        stored = mta.take()
        home.deliver(n, stored)
        home.deliver(n + 1, stored.replace(b"\n", b"\r\n"))
        new = until(lambda: len(home.reports()) >= old + 3 and home.reports()[old:], f"reports of {path}")
        name = f"/new/{1700000000 + n}."
        (ours,) = (r for r in new if r["request_meta"]["source"] == "milter")
        (lines,) = (r for r in new if name in (r["request_meta"]["filename"] or ""))
        (trace,) = (r for r in new if r not in (ours, lines))
        scan = json.loads(run(home.assay, "--home", home.path, "scan", "--local", "--compact", sent))
        for how, report in (("same", scan), ("trace", trace), ("lines", lines)):
            what = f"{os.path.basename(path)} by milter and by {report['request_meta']['source']}, {how}"
            expect(what, differences(findings(ours, how), findings(report, how)), [])
            for key in ("content_sha256", "status", "errors", "limits"):
                expect(f"{what}: {key}", report[key], ours[key])
        n += 2
    expect("samples", n > 2, True)


def shipped_line(source, path):
    """That of contrib, with our socket."""
    with open(os.path.join(source, "contrib", "milter", "main.cf"), encoding="utf-8") as f:
        (line,) = (row.strip() for row in f if row.startswith("smtpd_milters"))
    expect("contrib names the socket once", line.count("unix:/assay/milter.sock"), 1)
    return line.replace("unix:/assay/milter.sock", "unix:" + path)


def main():
    source, build, engine = sys.argv[1:4]
    with Home(os.path.join(build, "assay")) as home:
        filt = Filter(home, build, engine)
        unix = shipped_line(source, filt.socket)
        listeners = {"milter": [unix], "inet": [f"smtpd_milters = inet:127.0.0.1:{filt.port}"],
                     "login": [unix, "milter_macro_daemon_name = ORIGINATING"]}
        if engine == "native":
            listeners["chroot"] = ["smtpd_milters = unix:/assay/milter.sock", "smtpd_sasl_auth_enable = no"]
            filt.sockets = [f"unix:{home.top}/postfix/queue/assay/milter.sock mode=0660 group=postfix"]
        with Postfix(os.path.join(home.top, "postfix"), listeners) as mta:
            maildir = f"[maildir]\nmaildirs = {home.maildir}\nrescan = 1s\n[rule programs]\nwhen.extension = exe\naction = reject\n"
            filt.configure(providers=", maildir", more=maildir)
            home.start()
            mta.start()
            check_actions(filt, mta)
            check_session(filt, mta)
            check_connection(filt, mta)
            check_eight_bit(filt, mta)
            check_attachments(filt, mta)
            check_large(filt, mta)
            filt.configure(enforce=False, providers=", maildir", more=maildir)
            home.mark_log()
            filt.reload()
            check_observing(filt, mta)
            check_ways(filt, mta, source)
            expect("exit code of the service", home.stop(), 0)
    return 0


if __name__ == "__main__":
    main_or_skip(main)
