"""mta.py - real mail servers of a test's own: Postfix and Sendmail on loopback, and what tests ask of them

Each lives in one folder of its own: configuration, queue, certificates, mailbox. Nothing of the
system is read but the programs, nothing of it is changed; ports are free ones. Postfix is the
installed package (its accounts are needed, its service is not), Sendmail is unpacked from its
packages and never installed (`./dev check` does both). What cannot be had is Missing: exit 77.
Both are started as root; whatever happens, `end` leaves no process.
"""
import base64
import ctypes
import grp
import json
import os
import pwd
import re
import shutil
import signal
import smtplib
import socket
import ssl
import subprocess
import sys
import threading

from livehome import WAIT_S, Wrong, die_with_parent, is_alive, main_of, until

DOMAIN = "inside.example"
HOST = "mx.inside.example"
# Two accounts may not share the number of Postfix' own; this one owns what is delivered.
OWNER = "mail"
CLONE_NEWUTS = 0x04000000
USER, PASSWORD = "eve@inside.example", "correct horse"


class Missing(Exception):
    """This cannot be tested here; says why."""


def main_or_skip(work):
    """As main_of; what is missing is one line and exit 77."""
    def inner():
        try:
            return work()
        except Missing as why:
            print(f"{os.path.basename(sys.argv[0])}: {why}")
            return 77
    main_of(inner)


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def listens(port):
    with socket.socket() as s:
        s.settimeout(5)
        try:
            s.connect(("127.0.0.1", port))
            return s.recv(4) == b"220 "
        except OSError:
            return False


def run(*words, **more):
    """Its output; what fails is Wrong, with what it said."""
    out = subprocess.run(words, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=WAIT_S,
                         errors="surrogateescape", check=False, **more)
    if out.returncode != 0:
        raise Wrong(f"{' '.join(words)}: exit {out.returncode}: {out.stdout}{out.stderr}")
    return out.stdout


def write(path, text, mode=0o644):
    with open(path, "w", encoding="utf-8") as f:
        f.write(text)
    os.chmod(path, mode)


def read_text(path):
    with open(path, encoding="utf-8", errors="replace") as f:
        return f.read()


def make_dir(path, owner=None, mode=0o755):
    os.makedirs(path, exist_ok=True)
    os.chmod(path, mode)
    if owner is not None:
        os.chown(path, pwd.getpwnam(owner).pw_uid, -1)
    return path


class Client(smtplib.SMTP):
    """An SMTP client that sends the bytes it is given, and forgets none of the answers."""

    def __init__(self, port, tls=False, login=False):
        super().__init__("127.0.0.1", port, local_hostname="client.example", timeout=WAIT_S)
        self.ehlo()
        if tls:
            context = ssl.create_default_context()
            context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
            self.starttls(context=context)
            self.ehlo()
        if login:
            self.login(USER, PASSWORD)

    def put(self, data, sender="s@outside.example", to=("r@" + DOMAIN,), options=()):
        """(code, text) of the first command that is refused, else of the end of the message."""
        code, text = self.mail(sender, options)
        for rcpt in to:
            if code == 250:
                code, text = self.rcpt(rcpt)
        if code == 250:
            code, text = self.data(data)
        if code != 250:
            try:
                self.rset()
            except (smtplib.SMTPServerDisconnected, OSError):
                pass
        return code, text.decode("utf-8", "replace")


def send(port, data, **more):
    """One message over a connection of its own."""
    try:
        client = Client(port, more.pop("tls", False), more.pop("login", False))
    except smtplib.SMTPConnectError as why:
        return why.smtp_code, why.smtp_error.decode("utf-8", "replace")
    try:
        return client.put(data, **more)
    finally:
        try:
            client.quit()
        except (smtplib.SMTPException, OSError):
            client.close()


class Auth(threading.Thread):
    """Knows one user: the side of a Dovecot that Postfix asks (its authentication protocol 1.1)."""

    def __init__(self, path):
        super().__init__(daemon=True)
        self.door = socket.socket(socket.AF_UNIX)
        self.door.bind(path)
        os.chmod(path, 0o666)
        self.door.listen(8)

    def run(self):
        while True:
            try:
                line = self.door.accept()[0]
            except OSError:
                return
            threading.Thread(target=self.serve, args=(line,), daemon=True).start()

    @staticmethod
    def serve(line):
        good = base64.b64encode(f"\0{USER}\0{PASSWORD}".encode()).decode()
        with line, line.makefile("rw", encoding="utf-8", newline="\n") as f:
            f.write("VERSION\t1\t1\nMECH\tPLAIN\tplaintext\nSPID\t1\nCUID\t1\nCOOKIE\t00\nDONE\n")
            f.flush()
            for words in (row.rstrip("\n").split("\t") for row in f):
                if words[0] == "AUTH":
                    known = f"resp={good}" in words
                    f.write(f"OK\t{words[1]}\tuser={USER}\n" if known else f"FAIL\t{words[1]}\n")
                    f.flush()


class Server:
    """What both have: a folder, a log, a process, a mailbox."""

    def __init__(self, folder):
        if os.geteuid() != 0:
            raise Missing("a mail server must be started by root")
        self.folder = make_dir(os.path.abspath(folder))
        self.proc = None
        self.log = os.path.join(self.folder, "log")
        self.inbox = os.path.join(self.folder, "mail", "inbox")

    def __enter__(self):
        return self

    def __exit__(self, kind, why, trace):
        self.end()
        if kind is not None:
            self.show_log()
        return False

    def show_log(self, most=30):
        for line in self.log_text().split("\n")[-most:]:
            print("    mta:", line)

    def start_program(self, *words, before=die_with_parent, env=None):
        with open(self.log, "ab") as log:
            self.proc = subprocess.Popen(words, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                                         preexec_fn=before, env=env, cwd=self.folder)

    def until_up(self, port):
        def look():
            if self.proc.poll() is not None:
                raise Wrong(f"the mail server ended with {self.proc.returncode}: {self.log_text()}")
            return listens(port)
        until(look, "the mail server")

    def log_text(self):
        return read_text(self.log) if os.path.exists(self.log) else ""

    def processes(self):
        """All that work in our folder, children that nobody is the parent of among them."""
        found = []
        for pid in (name for name in os.listdir("/proc") if name.isdigit()):
            try:
                where = os.readlink(f"/proc/{pid}/cwd")
            except OSError:
                continue
            if (where + "/").startswith(self.folder + "/") and is_alive(int(pid)):
                found.append(int(pid))
        return found

    def end(self):
        """In order, and what does not go, at once."""
        if self.proc is None:
            return
        self.proc.terminate()
        try:
            self.proc.wait(10)
            until(lambda: not self.processes(), "", 2)
        except (subprocess.TimeoutExpired, Wrong):
            pass
        for pid in self.processes():
            os.kill(pid, signal.SIGKILL)
        self.proc.wait()
        self.proc = None

    # ---- the mailbox ----

    def delivered(self):
        """name -> the bytes of each mail in the mailbox"""
        new = os.path.join(self.inbox, "new")
        found = {}
        for name in sorted(os.listdir(new)) if os.path.isdir(new) else []:
            with open(os.path.join(new, name), "rb") as f:
                found[name] = f.read()
        return found

    def until_delivered(self, number):
        """So many mails have come, not more; the mailbox is empty then."""
        found = until(lambda: len(self.delivered()) >= number and self.delivered(), f"{number} delivered mails")
        expect("delivered mails", len(found), number)
        for name in found:
            os.unlink(os.path.join(self.inbox, "new", name))

    def take(self, most_s=WAIT_S):
        """The one mail that comes, and it is gone from the mailbox."""
        found = until(self.delivered, "a delivered mail", most_s)
        if len(found) != 1:
            raise Wrong(f"{len(found)} mails are delivered, not one")
        for name in found:
            os.unlink(os.path.join(self.inbox, "new", name))
        return next(iter(found.values()))


POSTFIX_MAIN = """compatibility_level = 3.6
queue_directory = {folder}/queue
data_directory = {folder}/data
command_directory = /usr/sbin
daemon_directory = {daemons}
mail_owner = postfix
setgid_group = postdrop
myhostname = {host}
mydestination =
virtual_mailbox_domains = {domain}
virtual_mailbox_base = {folder}/mail
virtual_mailbox_maps = static:inbox/
virtual_minimum_uid = 1
virtual_uid_maps = static:{uid}
virtual_gid_maps = static:{gid}
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
mynetworks = 127.0.0.0/8
alias_maps =
alias_database =
message_size_limit = 52428800
mailbox_size_limit = 0
virtual_mailbox_limit = 0
default_transport = error:nobody outside
relay_transport = error:nobody outside
milter_protocol = 6
milter_default_action = tempfail
maillog_file = {folder}/log
maillog_file_prefixes = {folder}
smtpd_client_connection_count_limit = 0
smtpd_client_connection_rate_limit = 0
smtpd_peername_lookup = no
smtpd_relay_restrictions = permit_mynetworks, permit_sasl_authenticated, reject
smtpd_error_sleep_time = 0
smtpd_soft_error_limit = 1000
smtpd_hard_error_limit = 1000
disable_dns_lookups = yes
smtputf8_enable = yes
smtputf8_autodetect_classes = all
smtpd_tls_security_level = may
smtpd_tls_chain_files = {folder}/key.pem, {folder}/cert.pem
smtpd_tls_received_header = yes
smtpd_sasl_type = dovecot
smtpd_sasl_path = {folder}/auth
smtpd_sasl_auth_enable = yes
"""

# service type private unpriv chroot wakeup maxproc command
POSTFIX_MASTER = """pickup unix n - n 60 1 pickup
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
tlsmgr unix - - n 1000? 1 tlsmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
flush unix n - n 1000? 0 flush
proxymap unix - - n - - proxymap
showq unix n - n - - showq
error unix - - n - - error
retry unix - - n - - error
discard unix - - n - - discard
virtual unix - n n - - virtual
anvil unix - - n - 1 anvil
scache unix - - n - 1 scache
postlog unix-dgram n - n - 1 postlogd
"""


class Postfix(Server):
    """`listeners`: name -> lines of main.cf that hold for one port, {name} of `ports` afterwards. "chroot" runs
    below the queue directory."""

    def __init__(self, folder, listeners, common=""):
        super().__init__(folder)
        self.daemons = "/usr/lib/postfix/sbin"
        if not os.access(self.daemons + "/master", os.X_OK) or shutil.which("postfix") is None:
            raise Missing("there is no Postfix; apt-get install postfix (\"No configuration\" will do)")
        self.etc = make_dir(os.path.join(self.folder, "etc"))
        make_dir(os.path.join(self.folder, "queue"))
        make_dir(os.path.join(self.folder, "data"), "postfix", 0o700)
        make_dir(os.path.join(self.folder, "mail"), OWNER)
        owner = pwd.getpwnam(OWNER)
        text = POSTFIX_MAIN.format(folder=self.folder, daemons=self.daemons, host=HOST, domain=DOMAIN,
                                   uid=owner.pw_uid, gid=grp.getgrnam(OWNER).gr_gid)
        write(os.path.join(self.etc, "main.cf"), text + common)
        self.ports = {name: free_port() for name in listeners}
        rows = [f"127.0.0.1:{port} inet n - {'y' if name == 'chroot' else 'n'} - - smtpd\n" +
                "".join(f"  -o {{ {line} }}\n" for line in listeners[name])
                for name, port in self.ports.items()]
        write(os.path.join(self.etc, "master.cf"), "".join(rows) + POSTFIX_MASTER)
        make_certificate(self.folder)
        self.auth = Auth(os.path.join(self.folder, "auth"))
        self.auth.start()

    def start(self):
        run("postfix", "-c", self.etc, "check")
        self.start_program(os.path.join(self.daemons, "master"), "-c", self.etc)
        for port in self.ports.values():
            self.until_up(port)

    def end(self):
        super().end()
        self.auth.door.close()

    def queue(self, name):
        """queue id -> file, of "hold", "incoming", "active", "deferred"."""
        top = os.path.join(self.folder, "queue", name)
        return {leaf: os.path.join(folder, leaf) for folder, _, leaves in os.walk(top) for leaf in leaves}

    def take_held(self):
        """The one message on hold, and it is gone."""
        held = until(lambda: self.queue("hold"), "a message on hold")
        if len(held) != 1:
            raise Wrong(f"{len(held)} messages on hold, not one")
        text = run("postcat", "-c", self.etc, "-hb", "-q", *held).encode("utf-8", "surrogateescape")
        run("postsuper", "-c", self.etc, "-d", *held, "hold")
        return text

    def is_idle(self):
        return not any(self.queue(name) for name in ("maildrop", "incoming", "active", "deferred"))


def make_certificate(folder):
    if shutil.which("openssl") is None:
        raise Missing("there is no openssl for a certificate; apt-get install openssl")
    run("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
        "-days", "2", "-subj", f"/CN={HOST}", "-keyout", folder + "/key.pem", "-out", folder + "/cert.pem")
    os.chmod(folder + "/key.pem", 0o600)


def without_trace(data):
    """What a server has delivered, without the header lines that servers write above a message."""
    own = re.compile(rb"(Return-Path|X-Original-To|Delivered-To|Received):[^\n]*\n([ \t][^\n]*\n)*")
    while own.match(data):
        data = data[own.match(data).end():]
    return data


SENDMAIL_MC = """divert(0)dnl
OSTYPE(`linux')dnl
define(`confDOMAIN_NAME', `{host}')dnl
define(`QUEUE_DIR', `{folder}/queue')dnl
define(`STATUS_FILE', `{folder}/statistics')dnl
define(`HELP_FILE', `{folder}/helpfile')dnl
define(`ALIAS_FILE', `{folder}/aliases')dnl
define(`confPID_FILE', `{folder}/pid')dnl
define(`confCW_FILE', `{folder}/names')dnl
define(`confDEF_USER_ID', `{owner}:{owner}')dnl
define(`confDONT_PROBE_INTERFACES', `True')dnl
define(`confLOG_LEVEL', `0')dnl
define(`confTO_IDENT', `0')dnl
define(`confPRIVACY_FLAGS', `goaway')dnl
define(`confMAX_MESSAGE_SIZE', `52428800')dnl
define(`confDONT_BLAME_SENDMAIL', `GroupWritableDirPathSafe,RunProgramInUnsafeDirPath,RunWritableProgram')dnl
define(`LOCAL_MAILER_PATH', `{folder}/deliver')dnl
define(`LOCAL_MAILER_ARGS', `deliver $u')dnl
define(`confSERVICE_SWITCH_FILE', `{folder}/switch')dnl
FEATURE(`no_default_msa')dnl
FEATURE(`nocanonify')dnl
FEATURE(`accept_unresolvable_domains')dnl
FEATURE(`accept_unqualified_senders')dnl
DAEMON_OPTIONS(`Family=inet, Name=MTA, Port={port}, Addr=127.0.0.1')dnl
LOCAL_DOMAIN(`{domain}')dnl
MODIFY_MAILER_FLAGS(`LOCAL', `-w')dnl
{filters}
MAILER(`local')dnl
MAILER(`smtp')dnl
"""

DELIVER = """#!/bin/sh
# a mail on standard input goes into the mailbox
set -e
name=$$.$(date +%s%N)
cat >{inbox}/tmp/$name
mv {inbox}/tmp/$name {inbox}/new/$name
"""


def be_host():
    """In a child: a host name that is complete, or Sendmail looks for the rest of it for a minute."""
    die_with_parent()
    libc = ctypes.CDLL(None)
    if libc.unshare(CLONE_NEWUTS) == 0:
        libc.sethostname(HOST.encode(), len(HOST))


class Sendmail(Server):
    """`root`: where its packages are unpacked. The folder may lie below no directory that all may
    write to: Sendmail trusts no socket there."""

    def __init__(self, folder, root, filters):
        super().__init__(folder)
        self.root = os.path.abspath(root)
        self.program = self.root + "/usr/libexec/sendmail/sendmail"
        if not os.access(self.program, os.X_OK):
            raise Missing(f"there is no Sendmail in {self.root}; ./dev check unpacks one there")
        make_dir(os.path.join(self.folder, "queue"), None, 0o700)
        make_dir(os.path.join(self.folder, "mail"))
        for part in ("", "/tmp", "/new", "/cur"):
            make_dir(self.inbox + part, OWNER)
        for name, text in (("aliases", ""), ("names", ""), ("helpfile", ""), ("switch", "hosts files\naliases files\n")):
            write(os.path.join(self.folder, name), text)
        write(os.path.join(self.folder, "deliver"), DELIVER.format(inbox=self.inbox), 0o755)
        self.port = free_port()
        self.cf = os.path.join(self.folder, "sendmail.cf")
        write(os.path.join(self.folder, "sendmail.mc"), SENDMAIL_MC.format(
            folder=self.folder, host=HOST, domain=DOMAIN, port=self.port, owner=OWNER, filters=filters))
        cf = self.root + "/usr/share/sendmail/cf/"
        write(self.cf, run(self.root + "/usr/bin/m4", f"-D_CF_DIR_={cf}", cf + "m4/cf.m4",
                           os.path.join(self.folder, "sendmail.mc"), env=self.env()))

    def env(self):
        """It finds the libraries that were unpacked with it."""
        names = [os.path.join(self.root, top, leaf) for top in ("usr/lib", "lib")
                 for leaf in (os.listdir(os.path.join(self.root, top)) if os.path.isdir(os.path.join(self.root, top)) else [])
                 if "-linux-" in leaf]
        return {**os.environ, "LD_LIBRARY_PATH": ":".join(names)}

    def start(self):
        self.start_program(self.program, "-C", self.cf, "-bD", "-q5s", "-X", self.log, before=be_host, env=self.env())
        self.until_up(self.port)

    def held(self):
        """The envelopes of what is quarantined, as text."""
        return [read_text(path) for path in self.held_files()]

    def held_files(self):
        return [os.path.join(folder, leaf) for folder, _, leaves in os.walk(os.path.join(self.folder, "queue"))
                for leaf in leaves if leaf.startswith("hf")]

    def forget_held(self):
        for path in self.held_files():
            os.unlink(path)


SERVICE = """[core]
providers = milter{providers}
connectors = jsonl
plugin_dir = {plugins}
plugins = smtp, hash, mimetype, crash, hang{unpack}
always_dispatch = hash, mimetype, crash, hang
worker_timeout = {worker_timeout}
scan_processes = {scans}
overload_wait = 3s
our_domains = {domain}
[jsonl]
fields = content
[crash]
marker = MARK-crash
[hang]
marker = MARK-hang
[milter]
listen = unix:{socket} mode=0666{more_sockets}
engine = {engine}
progress = 1s
{milter}
[policy]
enforce = {enforce}
{policy}
[rule tags]
when.subject = tag*
action = tag
header = X-Found: 100%% %{{subject}}
[rule rejects]
when.subject = reject*
action = reject
reply = 550 5.7.1 No 100%% of that (%{{scan_id}})
[rule puts_off]
when.subject = tempfail*
action = tempfail
[rule holds]
when.subject = quarantine*
action = quarantine
[rule drops]
when.subject = discard*
action = discard
{more}
"""


class Filter:
    """The service with the milter and one rule for each action; of a Home that is there."""

    def __init__(self, home, build, engine="native"):
        self.engine = engine
        self.at, self.by_name = 0, {}
        self.home, self.plugins = home, os.path.join(os.path.abspath(build), "tests", "plugins")
        if not os.access(os.path.join(os.path.abspath(build), "plugins", "milter.so"), os.R_OK):
            raise Missing("the plugin milter is not built")
        self.unpacks = os.access(os.path.join(os.path.abspath(build), "plugins", "decompress.so"), os.R_OK)
        self.sockets = []  # more of them, as [milter] listen has them
        self.socket, self.port = os.path.join(home.top, "milter", "m.sock"), free_port()

    def configure(self, enforce=True, scans=3, worker_timeout="20s", **more):
        """`more`: providers, milter, policy, more: text that is put in there."""
        parts = {"providers": "", "milter": "", "policy": "", "more": "", **more}
        self.home.configure(SERVICE.format(
            engine=self.engine, more_sockets=", ".join(["", f"inet:{self.port}@127.0.0.1", *self.sockets]) if self.engine == "native" else "",
            unpack=", decompress" if self.unpacks else "", plugins=self.plugins, socket=self.socket, domain=DOMAIN, scans=scans,
            enforce="yes" if enforce else "no", worker_timeout=worker_timeout, **parts))

    def reload(self):
        run(self.home.assay, "--home", self.home.path, "reload")

    def read_reports(self):
        """What has come since the last time."""
        path = os.path.join(self.home.path, "reports.jsonl")
        if not os.path.exists(path):
            return
        with open(path, "rb") as f:
            f.seek(self.at)
            for line in f:
                if not line.endswith(b"\n"):
                    break
                self.at += len(line)
                report = json.loads(line)
                for result in report["results"][:1]:
                    name = (result["workers"].get("smtp") or {}).get("message_id")
                    self.by_name.setdefault(name, []).append(report)

    def report(self, message_id, most_s=WAIT_S):
        """The one report of this message."""
        def look():
            self.read_reports()
            return self.by_name.get(message_id)
        found = until(look, f"a report of {message_id}", most_s)
        if len(found) != 1:
            raise Wrong(f"{len(found)} reports of {message_id}")
        return found[0]


def expect(what, got, wanted):
    """Or Wrong; of long texts, from where they differ."""
    if got == wanted:
        return
    if isinstance(got, bytes) and isinstance(wanted, bytes):
        at = max(0, len(os.path.commonprefix([got, wanted])) - 40)
        got, wanted = got[at:at + 200], wanted[at:at + 200]
    raise Wrong(f"{what}: {got!r}, not {wanted!r}")
