"""hostile.py - mails made to be slow or large for whoever reads them, as name -> bytes

Written one after the other, so that not all of them lie in memory at once.
"""


def head(extra=b"", kind=b"text/plain"):
    return (b"From: a@example.org\r\nTo: b@example.org\r\nSubject: x\r\nMIME-Version: 1.0\r\n" + extra +
            b"Content-Type: " + kind + b"\r\n\r\n")


def nested(count):
    inner = b"Content-Type: message/rfc822\r\n\r\n"
    return head(kind=b"message/rfc822") + inner * count


def multiparts(count):
    out = [head(kind=b'multipart/mixed; boundary="b0"')]
    for i in range(1, count):
        out.append(b'--b%d\r\nContent-Type: multipart/mixed; boundary="b%d"\r\n\r\n' % (i - 1, i))
    return b"".join(out)


def cases():
    mixed = head(kind=b'multipart/mixed; boundary="b"')
    yield "3 MB of empty parts", mixed + b"--b\r\n\r\n" * (3_000_000 // 7)
    yield "3 MB of one-letter headers", b"a:b\r\n" * 600_000 + b"\r\nbody\r\n"
    yield "100,000 nested messages", nested(100_000)
    yield "100,000 nested multiparts", multiparts(100_000)
    yield "100,000 address groups", b"To: " + b"a:" * 100_000 + b"\r\n" + head()
    yield "40,000 parameters", head(kind=b"text/plain" + b"".join(b";\r\n a%d=b" % i for i in range(40_000)))
    yield "5 MB boundary bomb", mixed + b"--bb\r\n--\r\n" * 500_000
    yield "1 MB of nested comments", b"From: " + b"(" * 1_000_000 + b"\r\n" + head()
    yield "1 MB Received", b"Received: from " + b"a (b) by c; " * 85_000 + b"\r\n" + head()
    yield "10 MB of <div>", head(kind=b"text/html") + b"<div>" * 2_000_000
    yield "100,000 URLs", head() + b"".join(b"http://host%d.example.org/path/%d\r\n" % (i, i) for i in range(100_000))
    yield "1 MB of encoded words", b"Subject: " + b"=?utf-8?q?a?= " * 70_000 + b"\r\n" + head()
    yield "10 MB of base64", head(b"Content-Transfer-Encoding: base64\r\n", b"application/zip") + b"QUJD" * 19 + \
        (b"\r\n" + b"QUJD" * 19) * 128_000
    yield "50,000 multiparts inside a message", head(kind=b"message/rfc822") + multiparts(50_000)
    yield "50,000 groups inside a message", head(kind=b"message/rfc822") + b"To: " + b"a:" * 50_000 + b"\r\n" + head()
    yield "1 MB of parts inside a message", head(kind=b"message/rfc822") + mixed + b"--b\r\n\r\n" * 150_000
    yield "50 MB of text", head() + b"The quick brown fox jumps over the lazy dog, twice a day.\r\n" * 850_000
