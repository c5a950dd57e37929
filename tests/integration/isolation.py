"""Sessions that wait for long scans do not hold others up: isolation.py SOCKET SLOW SECONDS.

SLOW sessions wait for a scan of so many seconds (a mail with the word "slowly"); beside them, one
after the other, sessions with a quick mail are timed: connect (to the end of the negotiation), MAIL
and the end of the message. Prints the percentiles without and with those that wait, and the
difference of p95; the last word is "held" or "free" (at most 10 ms on each).
"""
import struct
import sys
import threading
import time

from milter import Milter, packet

QUICK = b"Subject: quick\n\nbody\n"
SLOW = b"Subject: slow\n\nslowly\n"
NAMES = ("connect", "MAIL", "end")
# A server that wants an answer to MAIL: so that it can be timed.
STEPS = 0x1fffff & ~0x4000


def quick(path):
    begun = time.monotonic()
    milter = Milter(path, STEPS)
    connected = time.monotonic()
    milter.connect()
    milter.say(packet(b"M", b"<a@example.org>\0"))
    assert milter.hear()[0] == b"c"
    mailed = time.monotonic()
    milter.say(packet(b"A"))
    milter.steps |= 0x4000
    milter.say(packet(b"M", b"<a@example.org>\0"))
    assert milter.hear()[0] == b"c"
    milter.say(packet(b"L", b"Subject\0 quick\0") + packet(b"N") + packet(b"B", b"body\r\n"))
    told = time.monotonic()
    answer = milter.end()
    ended = time.monotonic()
    assert answer[-1][0] == "a", answer
    milter.close()
    return connected - begun, mailed - connected, ended - told


def percentile(values, p):
    return sorted(values)[int((len(values) - 1) * p)] * 1000


def measure(path, seconds):
    times, end = [], time.monotonic() + seconds
    while time.monotonic() < end or len(times) < 50:
        times.append(quick(path))
        time.sleep(0.01)
    columns = list(zip(*times))
    print(f"  {len(times)} quick sessions:", ", ".join(
        f"{name} p50 {percentile(c, .5):.2f} p95 {percentile(c, .95):.2f} p99 "
        f"{percentile(c, .99):.2f} ms" for name, c in zip(NAMES, columns)))
    return [percentile(c, .95) for c in columns]


def slow(path, late):
    milter = Milter(path)
    milter.connect()
    milter.message(SLOW, "SLOW")
    time.sleep(late)
    answers.append(milter.end()[-1][0])
    milter.close()


answers = []
path, n, seconds = sys.argv[1], int(sys.argv[2]), float(sys.argv[3])
quick(path)
print("alone:")
alone = measure(path, seconds / 4)
# They reach the end of their message while others are timed, not before.
waiting = [threading.Thread(target=slow, args=(path, seconds / 4 * i / n)) for i in range(n)]
for thread in waiting:
    thread.start()
print(f"while {n} wait:")
beside = measure(path, seconds * 0.8)
assert not answers, "the slow ones were over before"
for thread in waiting:
    thread.join()
assert answers == ["a"] * n, answers
more = [b - a for a, b in zip(alone, beside)]
print("p95 is later by", ", ".join(f"{name} {m:.2f} ms" for name, m in zip(NAMES, more)))
print("held" if max(more) > 10 else "free")
