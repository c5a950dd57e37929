#!/usr/bin/env python3
"""scan_flood.py - a door of its own: speaks to the scan processes of a running service

usage: scan_flood.py RUN_DIR contain     100 mails side by side, one kills its scan process, one
                                         hangs, one breaks a promise: the others all have a verdict
       scan_flood.py RUN_DIR flood N     N slow bulk mails at once, then an inline one: it does not
                                         wait for them

Exit 0: so it is. 1: not, with a line that says what.
"""
import array
import fcntl
import json
import os
import socket
import struct
import sys
import threading
import time

READY, REQUEST, VERDICT, ERROR = 1, 2, 3, 4
LONG = 60


class Gone(Exception):
    """hung up on without an answer"""


def read_full(sock, n):
    data = b""
    while len(data) < n:
        more, fds, _, _ = sock.recvmsg(n - len(data), 1024)
        for _, _, raw in fds:
            for fd in array.array("i", raw):
                os.close(fd)
        if not more:
            raise Gone
        data += more
    return data


def frame(sock):
    length, kind, _, _ = struct.unpack("<IBBH", read_full(sock, 8))
    return kind, read_full(sock, length)


def scan(run_dir, which, text, timeout=LONG):
    """one mail; "scanned", "partial" ...; Gone when its scan process died"""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as sock:
        sock.settimeout(LONG)
        sock.connect(os.path.join(run_dir, which + ".sock"))
        if frame(sock)[0] != READY:
            raise SystemExit("scan_flood: not READY")
        fd = os.memfd_create("mail", os.MFD_ALLOW_SEALING)
        os.write(fd, text.encode())
        fcntl.fcntl(fd, 1033, 2)  # F_ADD_SEALS, F_SEAL_SHRINK
        body = struct.pack("<q", int((time.monotonic() + timeout) * 1000)) + \
            json.dumps({"queue_id": "4XyZ", "bulk": which == "bulk"}).encode()
        try:
            sock.sendmsg([struct.pack("<IBBH", len(body), REQUEST, 1, 1) + body],
                         [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", [fd]))])
            kind, answer = frame(sock)
        except (BrokenPipeError, ConnectionResetError) as gone:
            raise Gone from gone
        finally:
            os.close(fd)
        if kind != VERDICT:
            raise SystemExit(f"scan_flood: {answer!r} instead of a verdict")
        return ("scanned", "partial", "unscanned")[answer[1]]


def contain(run_dir):
    marked = {17: "CRASH", 42: "HANG", 71: "ABORT"}
    came = {}

    def one(number):
        try:
            came[number] = scan(run_dir, "bulk" if number % 2 else "inline",
                                f"Subject: {number}\n\n{marked.get(number, 'fine')}\n")
        except Gone:
            came[number] = "gone"

    threads = [threading.Thread(target=one, args=(number,)) for number in range(100)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for number in range(100):
        want = "gone" if number in marked else "scanned"
        if came.get(number) != want:
            raise SystemExit(f"scan_flood: mail {number}: {came.get(number)} instead of {want}")


def flood(run_dir, n):
    """bulk mails that hang until their worker's time is over, as many as can be; then inline"""
    threads = []

    def slow():
        try:
            scan(run_dir, "bulk", "Subject: slow\n\nHANG\n")
        except Gone:
            pass

    for _ in range(n):
        threads.append(threading.Thread(target=slow))
        threads[-1].start()
    begun = time.monotonic()
    for number in range(20):
        if scan(run_dir, "inline", f"Subject: {number}\n\nfine\n") != "scanned":
            raise SystemExit("scan_flood: an inline mail is not scanned")
    took = time.monotonic() - begun
    if not any(thread.is_alive() for thread in threads):
        raise SystemExit(f"scan_flood: 20 inline mails waited for {n} bulk ones: {took:.1f} s")
    print(f"20 inline mails in {took:.2f} s beside {n} bulk ones that hang")
    for thread in threads:
        thread.join()


def main():
    if len(sys.argv) == 3 and sys.argv[2] == "contain":
        contain(sys.argv[1])
    elif len(sys.argv) == 4 and sys.argv[2] == "flood":
        flood(sys.argv[1], int(sys.argv[3]))
    else:
        raise SystemExit(__doc__)


if __name__ == "__main__":
    main()
