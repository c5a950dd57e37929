"""A mail server's side of the milter protocol, for tests. As a program: milter.py SOCKET COMMAND ...

    send FILE...     each message over one connection; queue ids Q0, Q1 ...; prints the answers
    odd              sessions that end where they should not, hundreds of them
    hold SECONDS     a session in the middle of a message for so long, then its end; prints the answer
"""
import socket
import struct
import sys
import time

CLIENT = b"client.example\0004\0\x19192.0.2.1\0"


def packet(letter, data=b""):
    return struct.pack(">I", len(data) + 1) + letter + data


class Milter:
    """One connection, negotiated: every answer but that at the end of a message is left out."""

    def __init__(self, path, steps=0x1fffff):
        if path.startswith("inet:"):
            port, host = path[5:].split("@")
            self.sock = socket.create_connection((host, int(port)))
        else:
            self.sock = socket.socket(socket.AF_UNIX)
            self.sock.connect(path.removeprefix("unix:").split()[0])
        self.sock.settimeout(120)
        self.say(packet(b"O", struct.pack(">III", 6, 0x1ff, steps)))
        letter, data = self.hear()
        assert letter == b"O", letter
        self.version, self.actions, self.steps = struct.unpack(">III", data[:12])

    def say(self, data):
        self.sock.sendall(data)

    def exactly(self, n):
        data = b""
        while len(data) < n:
            more = self.sock.recv(n - len(data))
            if not more:
                raise EOFError("the filter hung up")
            data += more
        return data

    def hear(self):
        n = struct.unpack(">I", self.exactly(4))[0]
        data = self.exactly(n)
        return data[:1], data[1:]

    def connect(self, helo=b"client.example"):
        self.say(packet(b"D", b"C{daemon_name}\0smtpd\0") + packet(b"C", CLIENT) +
                 packet(b"H", helo + b"\0"))

    def message(self, raw, queue_id="Q", sender=b"<a@example.org>", rcpts=(b"<b@example.net>",)):
        """All but the end; lines may end in LF or CRLF, the body goes as it is."""
        head, _, body = raw.replace(b"\r\n", b"\n").partition(b"\n\n")
        out = packet(b"M", sender + b"\0")
        for rcpt in rcpts:
            out += packet(b"R", rcpt + b"\0")
        out += packet(b"T")
        field = b""
        for line in head.split(b"\n") + [b""]:
            if line[:1] in (b" ", b"\t") and field:
                field += b"\n" + line
                continue
            if field:
                name, _, value = field.partition(b":")
                out += packet(b"D", b"L") + packet(b"L", name + b"\0" + value + b"\0")
            field = line
        out += packet(b"N")
        body = body.replace(b"\n", b"\r\n")
        for i in range(0, len(body), 65535):
            out += packet(b"D", b"B") + packet(b"B", body[i:i + 65535])
        self.say(out + packet(b"D", b"Ei\0" + queue_id.encode() + b"\0"))

    def end(self):
        """The answer: letters and data of all its packets, progress left out."""
        self.say(packet(b"E"))
        answer = []
        while True:
            letter, data = self.hear()
            if letter != b"p":
                answer.append((letter.decode(), data))
            if letter in b"acdrty":
                self.say(packet(b"A"))
                return answer

    def close(self):
        try:
            self.say(packet(b"Q"))
        except OSError:
            pass
        self.sock.close()


def words(answer):
    return " ".join(letter + (":" + data.rstrip(b"\0").decode("latin-1") if data else "")
                    for letter, data in answer)


def send(path, files):
    milter = Milter(path)
    milter.connect()
    for i, name in enumerate(files):
        with open(name, "rb") as f:
            milter.message(f.read(), f"Q{i}")
        print(f"Q{i}", words(milter.end()))
    milter.close()


def odd(path):
    mail = b"Subject: odd\n\nbody\n"
    for i in range(300):
        sock = socket.socket(socket.AF_UNIX)
        sock.connect(path.removeprefix("unix:").split()[0])
        if i % 3:
            sock.sendall(packet(b"O", struct.pack(">III", 6, 0x1ff, 0x1fffff))[:i % 17])
        sock.close()
    for i in range(100):
        milter = Milter(path)
        milter.connect()
        milter.message(mail, "ODD")
        if i % 5 == 0:  # cut in a packet
            milter.say(packet(b"B", b"x" * 1000)[:500])
        elif i % 5 == 1:  # abort twice, then again
            milter.say(packet(b"A") + packet(b"A"))
            milter.message(mail, "ODD")
        elif i % 5 == 2:  # a second EHLO, and another SMTP session
            milter.say(packet(b"H", b"again\0") + packet(b"K"))
            milter.connect(b"other")
        elif i % 5 == 3:  # hang up while it waits
            milter.say(packet(b"E"))
        else:  # nonsense
            milter.say(packet(b"?") if i % 2 else b"\xff" * 8)
        milter.sock.close() if i % 2 else milter.close()
    # All is as if nothing had been.
    milter = Milter(path)
    milter.connect()
    milter.message(mail, "AFTER", sender=b"<>")
    print(words(milter.end()))
    milter.close()


def hold(path, seconds):
    milter = Milter(path)
    milter.connect()
    milter.message(b"Subject: held\n\nbody\n", "HELD")
    print("begun", flush=True)
    time.sleep(seconds)
    print(words(milter.end()), flush=True)


if __name__ == "__main__":
    if sys.argv[2] == "send":
        send(sys.argv[1], sys.argv[3:])
    elif sys.argv[2] == "odd":
        odd(sys.argv[1])
    else:
        hold(sys.argv[1], float(sys.argv[3]))
