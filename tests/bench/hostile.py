"""hostile.py - mails made to be slow or large for whoever reads them, as name -> bytes

cases() writes one after the other, so that not all of them lie in memory at once. Each kind is
known from a parser it hurt: without budgets, quadratic, or recursive.

  hostile.py DIR [PART-OF-NAME]      writes them as files
  hostile.py --each FILE MOST        writes those of at most MOST bytes to FILE, one by one: prints
                                     the name, goes on after a line on standard input
"""
import os
import sys

# What takes more than three times the time of ordinary mail for a MB: how often at most, and why it
# is bounded all the same.
DEARER = {
    "900 small messages": (10, "a payload has its price; max_children bounds them"),
    "900 attachments of white space": (12, "libmagic's price for a payload; as above"),
    "900 attachments of brackets": (20, "its regular expressions are quadratic in the KiB they may see"),
    "900 attachments of M": (10, "as above"),
    "readings in readings, 32 deep": (30, "13 KB, and 44 payloads"),
    "signed messages, 40 deep": (5, "max_recursion times the whole message"),
}
LINE = b"The quick brown fox jumps over the lazy dog, twice a day.\r\n"


def head(extra=b"", kind=b"text/plain"):
    return (b"From: a@example.org\r\nTo: b@example.org\r\nSubject: x\r\nMIME-Version: 1.0\r\n" + extra +
            b"Content-Type: " + kind + b"\r\n\r\n")


def inside(mail):
    """The same as an attached message."""
    return head(kind=b"message/rfc822") + mail


def nested(count):
    return head(kind=b"message/rfc822") + b"Content-Type: message/rfc822\r\n\r\n" * count


def multiparts(count):
    out = [head(kind=b'multipart/mixed; boundary="b0"')]
    for i in range(1, count):
        out.append(b'--b%d\r\nContent-Type: multipart/mixed; boundary="b%d"\r\n\r\n' % (i - 1, i))
    return b"".join(out)


def same_boundary(count):
    """Multiparts in multiparts that all have one boundary, each with a closing line."""
    part = b'--b\r\nContent-Type: multipart/mixed; boundary="b"\r\n\r\n'
    return head(kind=b'multipart/mixed; boundary="b"') + part * count + b"--b--\r\n" * count


def readings(depth, fan):
    """Each part with two types, two boundaries and three encodings, in each other."""
    def kind(i):
        return (b'Content-Type: multipart/mixed; boundary="x%d"; boundary="y%d"\r\n'
                b'Content-Type: multipart/digest; boundary="z%d"\r\n'
                b"Content-Transfer-Encoding: base64\r\nContent-Transfer-Encoding: quoted-printable\r\n"
                b"Content-Transfer-Encoding: 7bit\r\n\r\n" % (i, i, i))
    out = [b"From: a@example.org\r\nSubject: x\r\nMIME-Version: 1.0\r\n" + kind(0)]
    for i in range(depth):
        out.append(b"".join(b"--%c%d\r\nContent-Type: text/plain\r\n\r\nQUJD\r\n" % (c, i) for c in b"xyz") * fan)
        out.append(b"--y%d\r\n--x%d\r\n--z%d\r\n" % (i, i, i) + kind(i + 1))
    out += [b"--x%d--\r\n--y%d--\r\n--z%d--\r\n" % (i, i, i) for i in range(depth, -1, -1)]
    return b"".join(out)


def smime(levels):
    """An opaque signed message in a signed message ...; DER lengths only, no signatures."""
    def der(tag, body):
        n = len(body)
        size = bytes([n]) if n < 128 else bytes([0x84]) + n.to_bytes(4, "big")
        return bytes([tag]) + size + body
    signed, data = der(6, bytes.fromhex("2a864886f70d010702")), der(6, bytes.fromhex("2a864886f70d010701"))
    fields = (b"MIME-Version: 1.0\r\nContent-Transfer-Encoding: binary\r\n"
              b"Content-Type: application/pkcs7-mime; smime-type=signed-data; name=smime.p7m\r\n\r\n")
    mail = b"Content-Type: text/plain\r\n\r\n" + LINE * 20000
    for _ in range(levels):
        content = der(0x30, data + der(0xA0, der(4, mail)))
        body = der(0x30, der(2, b"\1") + der(0x31, b"") + content + der(0x31, b""))
        mail = fields + der(0x30, signed + der(0xA0, body))
    return b"From: a@example.org\r\nSubject: x\r\n" + mail


def plain(body, extra=b""):
    return head(extra) + body


def html(body):
    return head(kind=b"text/html") + body


def field(name, value):
    return name + b": " + value + b"\r\n" + head() + b"body\r\n"


def structure():
    mixed = head(kind=b'multipart/mixed; boundary="b"')
    yield "3 MB of empty parts", mixed + b"--b\r\n\r\n" * (3_000_000 // 7)
    yield "100,000 nested messages", nested(100_000)
    yield "100,000 nested multiparts", multiparts(100_000)
    yield "100,000 multiparts with one boundary", same_boundary(100_000)
    yield "5 MB boundary bomb", mixed + b"--bb\r\n--\r\n" * 500_000
    yield "1,000 boundaries and 1 M lines that look alike", multiparts(1000) + b"--bx\r\n" * 1_000_000
    yield "200,000 different undeclared boundaries", head() + b"".join(
        b"--x%d\r\nContent-Type: text/plain\r\n\r\nx\r\n" % i for i in range(200_000))
    yield "200,000 different delimiter lines", mixed + b"".join(b"--x%d\r\n" % i for i in range(200_000))
    yield "readings in readings, 32 deep", readings(32, 1)
    yield "readings in readings, 8 deep, 300 parts each", readings(8, 300)
    yield "digest of 100,000 messages", head(kind=b'multipart/digest; boundary="b"') + \
        b"--b\r\n\r\nSubject: y\r\n\r\nz\r\n" * 100_000
    yield "900 small messages", mixed + b"".join(
        b"--b\r\nContent-Type: message/rfc822\r\n\r\nSubject: %d\r\n\r\nz%d\r\n" % (i, i) for i in range(900)) + LINE * 10_000
    for name, text in (("white space", b"\r\n "), ("brackets", b"(;"), ("M", b"MMa")):
        yield "900 attachments of " + name, mixed + b"".join(
            b"--b\r\nContent-Type: application/x\r\n\r\n%d" % i + text * (4096 // len(text)) + b"\r\n" for i in range(900))
    yield "1 MB of parts inside a message", inside(mixed + b"--b\r\n\r\n" * 150_000)
    yield "50,000 multiparts inside a message", inside(multiparts(50_000))
    yield "signed messages, 40 deep", smime(40)
    yield "300 encoded multiparts", mixed + (
        b'--b\r\nContent-Type: multipart/mixed; boundary="c"\r\nContent-Transfer-Encoding: base64\r\n\r\n' +
        (b"LS1jDQoNCkFCQw0K" * 4 + b"\r\n") * 100) * 300


def headers():
    yield "3 MB of one-letter headers", b"a:b\r\n" * 600_000 + b"\r\nbody\r\n"
    yield "1,000,000 headers", b"".join(b"X-%d: y\r\n" % i for i in range(1_000_000)) + b"\r\nbody\r\n"
    yield "2,000 headers of 64 KiB", b"".join(b"X-%d: " % i + b"y" * 65_000 + b"\r\n" for i in range(700)) + b"\r\nbody\r\n"
    yield "1,000,000 Received", b"Received: from a by b; Sat, 1 Jan 2022 00:00:00 +0000\r\n" * 200_000 + \
        b"Received: x\r\n" * 800_000 + head()
    yield "1 MB Received", field(b"Received", b"from " + b"a (b) by c; " * 85_000)
    yield "1 MB of nested comments in Received", field(b"Received", b"from a " + b"(" * 1_000_000)
    yield "1 MB of nested comments", field(b"From", b"(" * 1_000_000)
    yield "1 MB of closed comments", field(b"From", b"(" * 500_000 + b")" * 500_000)
    yield "1 MB of quotes", field(b"From", b'"\\"' * 340_000)
    yield "1 MB of <", field(b"To", b"<" * 1_000_000)
    yield "100,000 address groups", field(b"To", b"a:" * 100_000)
    yield "1,000,000 addresses", field(b"To", b"a@b.example, " * 1_000_000)
    yield "50,000 groups inside a message", inside(field(b"To", b"a:" * 50_000))
    yield "1 MB of comments inside a message", inside(field(b"From", b"(" * 1_000_000))
    yield "1 MB of encoded words", field(b"Subject", b"=?utf-8?q?a?= " * 70_000)
    yield "100 Subjects of encoded words", b"".join(
        b"Subject: " + b"=?utf-8?b?YQ==?= " * 3_500 + b"\r\n" for _ in range(100)) + head()
    yield "1 MB of open encoded words", field(b"Subject", b"=?utf-8?q?" * 100_000)
    yield "encoded words in many charsets", field(
        b"Subject", b"=?koi8-r?q?a?= =?shift_jis?b?YQ==?= =?x-none?q?a?= =?gb18030?q?=b0?= " * 12_000)
    yield "40,000 parameters", head(kind=b"text/plain" + b"".join(b";\r\n a%d=b" % i for i in range(40_000)))
    yield "1,000,000 pieces of a parameter", head(kind=b"text/plain" + b"".join(
        b"; name*%d*=%%41" % i for i in range(1_000_000)))
    yield "100,000 pieces, last first", head(kind=b"text/plain" + b"".join(
        b"; name*%d=a" % i for i in range(100_000, -1, -1)))
    yield "40,000 boundaries", head(kind=b"multipart/mixed" + b"".join(
        b"; boundary=b%d" % i for i in range(40_000))) + b"".join(b"--b%d\r\n\r\n" % i for i in range(40_000))
    yield "20,000 Content-Type", b"".join(
        b"Content-Type: multipart/mixed; boundary=b%d\r\n" % i for i in range(20_000)) + b"\r\n" + b"--b1\r\n\r\nx\r\n" * 5_000
    yield "1 MB of Message-ID", field(b"References", b"<a@b> " * 170_000)
    yield "1 MB of Authentication-Results", field(b"Authentication-Results", b"mx.example.org; " + b"spf=pass (a) smtp.mailfrom=b; " * 33_000)
    yield "1 MB of Date", field(b"Date", b"(a) " * 250_000)
    yield "folding without end", field(b"Subject", b"\r\n " * 700_000)


def bodies():
    yield "50 MB of text", plain(LINE * 850_000)
    yield "10 MB without a line end", plain(b"a" * 10_000_000)
    yield "10 MB with CR only", plain(b"a line\r" * 1_430_000).replace(b"\r\n", b"\r")
    yield "10 MB of CR", plain(b"\r" * 10_000_000)
    yield "10 MB of LF", plain(b"\n" * 10_000_000)
    yield "CR-only parts", (head(kind=b'multipart/mixed; boundary="b"') + b"--b\r\rx\r" * 200_000).replace(b"\r\n", b"\r")
    yield "10 MB of base64", plain((b"QUJD" * 19 + b"\r\n") * 128_000, b"Content-Transfer-Encoding: base64\r\n")
    yield "2 MB of base64 with padding in each group", plain(b"QQ==" * 500_000, b"Content-Transfer-Encoding: base64\r\n")
    yield "10 MB of quoted-printable", plain(b"=41=\r\n" * 1_600_000, b"Content-Transfer-Encoding: quoted-printable\r\n")
    yield "5 MB of white space for quoted-printable", plain(b" " * 5_000_000 + b"x", b"Content-Transfer-Encoding: quoted-printable\r\n")
    yield "200,000 uuencode begins", plain(b"begin 644 a\r\n" * 200_000)
    yield "100,000 uuencode files", plain(b"begin 644 a\r\n#86)C\r\n`\r\nend\r\n" * 100_000)
    yield "200,000 yEnc begins", plain(b"=ybegin line=128 size=3 name=a\r\n" * 200_000)
    yield "50,000 yEnc files", plain(b"=ybegin line=128 size=3 name=a\r\n\x8b\x8c\x8d\r\n=yend size=3\r\n" * 50_000)
    yield "100,000 BinHex begins", plain(b"(This file must be converted with BinHex 4.0)\r\n:" * 50_000)
    yield "5 MB in UTF-7", head(kind=b"text/plain; charset=utf-7") + b"+AGE-" * 1_000_000
    yield "5 MB in ISO-2022-JP", head(kind=b"text/plain; charset=iso-2022-jp") + b"\x1b$B$\"\x1b(B" * 600_000
    yield "5 MB of bytes that are no UTF-8", head(kind=b"text/plain; charset=utf-8") + b"\xff\xc3" * 2_500_000


def pages():
    yield "10 MB of <div>", html(b"<div>" * 2_000_000)
    yield "5 MB of <", html(b"<" * 5_000_000)
    yield "5 MB of <!--", html(b"<!--" * 1_250_000)
    yield "5 MB of <a href", html(b"<a href=x" * 550_000)
    yield "300,000 attributes in one tag", html(b"<a " + b"".join(b"a%d=b " % i for i in range(300_000)) + b">")
    yield "500,000 attributes with one name", html(b"<a " + b"href=b " * 500_000 + b">")
    yield "an attribute of 5 MB", html(b'<a href="' + b"x" * 5_000_000 + b'">')
    yield "1,000,000 entities", html(b"&amp;&#x41;&notanentity;&" * 250_000)
    yield "5 MB of &", html(b"&" * 5_000_000)
    yield "100,000 links", html(b"".join(b'<a href="http://h%d.example.org/">http://g%d.example.com/</a>' % (i, i) for i in range(100_000)))
    yield "100,000 open links", html(b"".join(b"<a href=http://h%d.example.org/>t" % i for i in range(100_000)))
    yield "100,000 forms", html(b"<form action=http://h.example.org/><input type=password>" * 100_000)
    yield "100,000 styles", html(b"<style>a{background:url(http://h.example.org/a)}</style>" * 100_000)
    yield "200,000 open scripts", html(b"<script>" * 200_000)
    yield "5 MB of url(", html(b"<style>" + b"url(" * 1_250_000)
    yield "100,000 base elements", html(b"<base href=http://h.example.org/><a href=x>y</a>" * 100_000)


def links():
    yield "100,000 URLs", plain(b"".join(b"http://host%d.example.org/path/%d\r\n" % (i, i) for i in range(100_000)))
    yield "1,000,000 times http://", plain(b"http://" * 1_000_000)
    yield "1,000,000 times http:// in lines", plain(b"http://\r\n" * 1_000_000)
    yield "URLs in URLs", plain(b"http://a.example/?u=" * 250_000)
    yield "5 MB of a.", plain(b"a." * 2_500_000)
    yield "5 MB of www.", plain(b"www." * 1_250_000)
    yield "5 MB of a@", plain(b"a@" * 2_500_000)
    yield "5 MB of :", plain(b":" * 5_000_000)
    yield "5 MB of h:// ", plain(b"h://x " * 830_000)
    yield "a host of 5 MB", plain(b"http://" + b"a." * 2_500_000 + b"example/")
    yield "brackets behind URLs", plain(b"http://a.example/" + b"(" * 1_000_000 + b")" * 1_000_000)
    yield "URL rewriters in each other", plain((
        b"https://urldefense.com/v3/__" * 20 + b"http://a.example/__;!!x " + b"\r\n") * 5_000)


def cases(want=""):
    """Every kind whose name has `want` in it."""
    for family in (structure, headers, bodies, pages, links):
        for name, mail in family():
            if want in name:
                yield name, mail


def each(path, most):
    """One after the other into one file, whenever the reader is ready."""
    for name, mail in cases():
        if len(mail) > most:
            continue
        with open(path, "wb") as out:
            out.write(mail)
        print(name, flush=True)
        if not sys.stdin.readline():
            break


def main():
    if sys.argv[1] == "--each":
        return each(sys.argv[2], int(sys.argv[3]))
    folder, want = sys.argv[1], sys.argv[2] if len(sys.argv) > 2 else ""
    os.makedirs(folder, exist_ok=True)
    for name, mail in cases(want):
        with open(os.path.join(folder, name.replace(" ", "_").replace("/", "_") + ".eml"), "wb") as out:
            out.write(mail)


if __name__ == "__main__":
    main()
