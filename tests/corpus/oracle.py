#!/usr/bin/env python3
"""oracle.py - what the smtp result says, against second opinions made with Python's email

Bodies (charset: the declared one, else UTF-8, else windows-1252); every host that a plain pattern
finds behind http(s):// in decoded text; addresses; dates; Received: dates and addresses of hops;
file names; digests of attachments; results of Exchange Online's Authentication-Results. Only of
real mail (ham, spam, real-phish), where one view is right.
"""
import base64
import email
import email.utils
import html
import ipaddress
import json
import quopri
import re
import time

from common import Verdict, mails, read, reports, require, scan

ALIAS = {"us-ascii": "cp1252", "ascii": "cp1252", "iso-8859-1": "cp1252", "latin1": "cp1252",
         "gb2312": "gb18030", "gbk": "gb18030", "iso-8859-9": "cp1254", "shift_jis": "cp932",
         "ks_c_5601-1987": "cp949", "euc-kr": "cp949", "big5": "big5hkscs"}
NAMESPACES = {"www.w3.org", "schemas.microsoft.com", "schema.org", "schemas.openxmlformats.org",
              "purl.org", "ogp.me", "www.schema.org"}
HOST = re.compile(r"""(?i)https?:[\\/]{2}([^\s"'<>/\\?#]*)""")
TEXTS = ("text/plain", "text/html", "text/calendar")


def cp1252(data):
    """Never fails: what is not assigned becomes U+FFFD."""
    return data.decode("cp1252", "replace")


def text_of(part):
    """The decoded text of a part; None when what is there depends on the reader."""
    data = part._payload.encode("ascii", "surrogateescape")  # get_payload() guesses a charset
    kind = str(part.get("content-transfer-encoding") or "").strip().lower()
    if kind == "base64":
        data = re.sub(rb"\s", b"", data)
        if not re.fullmatch(rb"(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2,3}=*)?", data):
            return None
        data = base64.b64decode(data.rstrip(b"=") + b"=" * (-len(data.rstrip(b"=")) % 4))
    elif kind == "quoted-printable":
        if re.search(rb"=(?![0-9A-Fa-f]{2}|[ \t]*\r?\n|\Z)", data):
            return None
        data = quopri.decodestring(data)
    try:
        charset = part.get_content_charset() or ""
    except (LookupError, UnicodeError):
        charset = ""
    charset = ALIAS.get(charset, charset)
    for name in (charset, "utf-8"):
        try:
            if name and name != "cp1252":
                return data.decode(name)
        except (LookupError, UnicodeError):
            pass
        if name == "cp1252" and not data.isascii():
            break
    return cp1252(data)


def leaves(part, parent=None):
    """(part, parent) of the tree, attached messages left out."""
    if part.get_content_maintype() == "multipart" and part.is_multipart():
        for inner in part.get_payload():
            yield from leaves(inner, part)
    elif not part.is_multipart():
        yield part, parent


def bodies(message):
    """{type: part} as readers choose: the first, but the last of one alternative."""
    found = {}
    for part, parent in leaves(message):
        kind = part.get_content_type()
        if kind not in TEXTS[:2] or part.get_content_disposition() == "attachment":
            continue
        if part.get_filename():
            continue
        same = kind in found and found[kind][1] is parent and parent is not None
        if kind not in found or same and parent.get_content_type() == "multipart/alternative":
            found[kind] = part, parent
    return {kind: part for kind, (part, _) in found.items()}


def check_bodies(path, message, smtp):
    """body and body_html."""
    chosen = bodies(message)
    for kind, name in (("text/plain", "body"), ("text/html", "body_html")):
        want = text_of(chosen[kind]) if kind in chosen else None
        have = smtp[name]
        if want is None or have is None:
            verdict.expect(kind not in chosen or want is None, path, f"{name} missing")
            continue
        want, have = (t.replace("\r\n", "\n").lstrip("\ufeff").rstrip("\n") for t in (want, have))
        if len(smtp[name].encode()) > 65000:
            want = want[:len(have)]
        verdict.expect(want.replace("\0", "\ufffd") == have, path, f"{name} differs")


def check_hosts(path, message, found):
    """Every host is in urls[]."""
    want = set()
    for part, _ in leaves(message):
        text = text_of(part) if part.get_content_type() in TEXTS else None
        for form in {text or "", html.unescape(text or "")}:
            for rest in HOST.findall(form):
                host = re.sub(r":\d*$", "", rest.rsplit("@", 1)[-1]).lower()
                host = host.strip(".,;:!)]}>*|_-(")
                if re.fullmatch(r"[\w-]+(\.[\w-]+)*\.[a-z]{2,}|\d+(\.\d+){3}", host, re.A):
                    want.add(host)
    for host in want - NAMESPACES:
        verdict.expect(host in found, path, f"host {host}")


def values(message, name):
    """Values of a field, unfolded."""
    return [re.sub(r"\r?\n(?=[ \t])", "", str(v)) for k, v in message._headers if k.lower() == name]


def check_addresses(path, message, smtp):
    """addr of the address fields, when Python reads only addresses there."""
    for field in ("from", "to", "cc", "reply-to", "sender"):
        found = values(message, field)
        if sum(map(len, found)) > 20000 or any(re.search(r"[^\x20-\x7e\t]|[;:(]", v) for v in found):
            continue
        # One "@" an address, none in quotes, one field: where readers cannot differ.
        quoted = any(re.search(r'"[^"]*@', v) for v in found)
        plain = all(item.count("@") == 1 for v in found for item in v.split(","))
        if quoted or not plain or len(found) > 1:
            continue
        want = [a.lower() for v in found for _, a in email.utils.getaddresses([v]) if "@" in a]
        have = [a["addr"].lower() for a in smtp[field.replace("-", "_")] if "@" in a["addr"]]
        if all(re.fullmatch(r"[^\s@,<>]+@[\w.-]*\w", a) for a in want):
            verdict.expect(want == have, path, f"{field}: {have}")


def moment(text):
    """RFC 5322 date to seconds, only if it is written as it should be."""
    text = re.sub(r"\([^)]*\)", "", text).strip()
    pattern = r"(\w{3}, +)?\d{1,2} \w{3} [12]\d{3} \d\d:\d\d(:\d\d)? ([+-](0\d|1[0-4])[0-5]\d|GMT)"
    if not re.fullmatch(pattern, text):
        return None
    return email.utils.mktime_tz(email.utils.parsedate_tz(text))


def seconds(utc):
    """The report's time to seconds."""
    if not utc:
        return None
    return int(time.mktime(time.strptime(utc[:19], "%Y-%m-%dT%H:%M:%S"))) - time.timezone


def check_times(path, message, smtp):
    """date.utc and the hops."""
    date = [moment(v) for v in values(message, "date")][:1]
    if date and date[0] is not None:
        verdict.expect(seconds((smtp["date"] or {}).get("utc")) == date[0], path, "date")
    hops = values(message, "received")
    verdict.expect(len(hops) == len(smtp["received"]), path, "received: number")
    times = []
    for value, hop in zip(hops, smtp["received"]):
        times.append(moment(value.rsplit(";", 1)[-1]))
        if times[-1] is not None:
            verdict.expect(seconds(hop["date_utc"]) == times[-1], path, "received: date")
        source = re.split(r"\s(?:by|with|id)\s", value, maxsplit=1)[0]
        found = re.findall(r"\[(?:IPv6:)?([0-9a-fA-F.:]+)\]", source)
        outside = re.match(r"from +\[", source)  # what the client said, if anything else is there
        if source.startswith("from") and found and not outside:
            verdict.expect(hop["from_ip"] in map(address, found), path, f"received: {found}")
    for at in range(len(times) - 1):
        if None not in times[at:at + 2]:
            verdict.expect(smtp["received"][at]["delay_s"] == times[at] - times[at + 1], path, "delay")


def address(text):
    """Normal form of an address, or nothing."""
    try:
        return str(ipaddress.ip_address(text))
    except ValueError:
        return None


def check_names(path, message, report, smtp):
    """File names; what attachments[] says of their bytes is what their payload says."""
    have = {p["filename"] for p in smtp["parts"]} | {a["filename"] for a in smtp["attachments"]}
    for part, _ in leaves(message):
        name = part.get_filename()
        if name and name.isascii() and "=?" not in name and '"' not in name:
            verdict.expect(name.strip() in have or name in have, path, f"name {name}")
    payloads = {p["payload_id"]: p for p in report["results"]}
    for a in smtp["attachments"]:
        payload = payloads.get(a["payload_id"])
        if payload:
            digests = payload["workers"].get("hash") or {}
            verdict.expect(payload["sha256"] == a["sha256"] and payload["size"] == a["size"] and
                           all(digests.get(k, a[k]) == a[k] for k in ("md5", "sha1")), path,
                           f"digest of {a['filename']}")


def check_results(paths):
    """auth, of fields that bear no id."""
    for line in scan(paths, "--plugin-opts", "smtp:authserv_id=-").splitlines():
        report = json.loads(line)
        path = report["request_meta"]["filename"]
        auth = report["results"][0]["workers"]["smtp"]["auth"]
        fields = [re.sub(r"\([^()]*\)", "", v) for v in
                  values(email.message_from_bytes(read(path)), "authentication-results")]
        fields = [v for v in fields if "=" in v.split(";")[0]][:1]
        verdict.expect(bool(fields) == bool(auth), path, "auth")
        for method in ("spf", "dmarc") if fields and auth else ():
            said = re.search(rf"\b{method}=(\w+)", fields[0])
            have = (auth[method] or {}).get("result")
            verdict.expect((said[1].lower() if said else None) == have, path, f"auth {method}")


require()
verdict = Verdict("oracle")
known = reports()
real = [p for p in mails() if p.startswith(("ham/", "spam/", "real-phish"))]
for name in real:
    first = known[name][0]
    result = first["results"][0]["workers"]["smtp"]
    try:
        mail = email.message_from_bytes(read(name))
        mail.as_bytes()
    except (ValueError, LookupError, TypeError, AttributeError, UnicodeError):
        continue
    check_bodies(name, mail, result)
    check_hosts(name, mail, {u["host"] for p in first["results"] if p["workers"].get("smtp")
                             for u in p["workers"]["smtp"]["urls"]})
    check_addresses(name, mail, result)
    check_times(name, mail, result)
    check_names(name, mail, first, result)
check_results([p for p in real if p.startswith("real-phish")])
verdict.finish()
