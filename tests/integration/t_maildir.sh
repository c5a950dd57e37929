#!/bin/sh
# t_maildir.sh - the service over Maildirs: deliveries, restarts, a killed door, other users' mail
#
# What waits for something waits up to a minute: nothing here depends on the machine's speed.
set -u
assay=${ASSAY:-${2:-build}/assay}
[ -x "$assay" ] || { echo "t_maildir: $assay is not built"; exit 77; }
tmp=$(mktemp -d)
unset ASSAY_HOME NOTIFY_SOCKET
failed=0
service=

# shellcheck disable=SC2317 # called by trap
finish() {
	[ -z "$service" ] || kill -9 "$service" 2>/dev/null
	rm -rf "$tmp"
}
trap finish EXIT
chmod 755 "$tmp"
home=$tmp/home
mail=$tmp/mail
mkdir "$home" "$mail"
: >"$tmp/log"

# wrong TEXT - remember a failure
wrong() {
	echo "FAILED: $*"
	tail -n 20 "$tmp/log" | sed 's/^/    log: /'
	failed=1
}

# conf TEXT - assay.conf; TEXT is more of [core]
conf() {
	printf '[core]\nplugins = hash\ndispatchers =\nalways_dispatch = hash\nproviders = maildir\n%b%s\n' \
		"connectors = jsonl\n$1" "
[jsonl]
fields = content

[maildir]
maildirs = $mail/*/Maildir
rescan = 1s" >"$home/assay.conf"
}

# start - the service, ready
start() {
	: >"$tmp/log"
	"$assay" --home "$home" serve 2>>"$tmp/log" &
	service=$!
	n=0
	until grep -q ': ready in' "$tmp/log"; do
		n=$((n + 1))
		[ $n -le 600 ] || { wrong "it never gets ready"; return 1; }
		sleep 0.1
	done
}

# stop - in order
stop() {
	kill -TERM "$service"
	wait "$service"
	code=$?
	[ $code -eq 0 ] || wrong "exit code $code, not 0"
	service=
}

# maildir USER - an empty one
maildir() {
	mkdir -p "$mail/$1/Maildir/tmp" "$mail/$1/Maildir/new" "$mail/$1/Maildir/cur"
}

# deliver USER NAME - as an MTA does it
deliver() {
	printf 'Subject: %s\n\nText\n' "$2" >"$mail/$1/Maildir/tmp/$2"
	mv "$mail/$1/Maildir/tmp/$2" "$mail/$1/Maildir/new/$2"
}

# reports [USER/NAME] - how many there are, or those of one mail
reports() {
	if [ $# -eq 0 ]; then
		cat "$home/reports.jsonl" 2>/dev/null | wc -l
	else
		grep -c -F "\"source_id\":\"$mail/${1%%/*}/Maildir/${1#*/}\"" "$home/reports.jsonl" 2>/dev/null
	fi
}

# until_reports N - so many, and no more
until_reports() {
	n=0
	until [ "$(reports)" -ge "$1" ]; do
		n=$((n + 1))
		[ $n -le 600 ] || { wrong "$(reports) reports, not $1"; return 1; }
		sleep 0.1
	done
	[ "$(reports)" -eq "$1" ] || wrong "$(reports) reports, not $1"
}

# once USER/NAME ... - each of them has one report
once() {
	for m in "$@"; do
		[ "$(reports "$m")" -eq 1 ] || wrong "$m has $(reports "$m") reports"
	done
}

# door - pid of the provider's process
door() {
	for p in $(cat "/proc/$service/task/$service/children"); do
		tr '\0' ' ' <"/proc/$p/cmdline" | grep -q -e '--as door:maildir' && echo "$p"
	done
}

# No Maildir at all is a line, and no reason to end; one that comes is found.
conf ''
start
n=0
until grep -q '\] door maildir: warning: .*there is no Maildir' "$tmp/log"; do
	n=$((n + 1))
	[ $n -le 600 ] || { wrong "it does not say that there is no Maildir"; break; }
	sleep 0.1
done
maildir bob
deliver bob 1.a
until_reports 1

# By rename, by link, with flags, read at once, filed where it was read; what is no mail.
maildir eve
deliver bob 2.b
printf 'Subject: 3.c\n\nText\n' >"$mail/eve/Maildir/tmp/3.c"
ln "$mail/eve/Maildir/tmp/3.c" "$mail/eve/Maildir/new/3.c"
rm "$mail/eve/Maildir/tmp/3.c"
deliver bob 4.d:2,S
deliver eve 5.e
mv "$mail/eve/Maildir/new/5.e" "$mail/eve/Maildir/cur/5.e:2,RS" 2>/dev/null
printf 'Subject: 6.f\n\nText\n' >"$mail/bob/Maildir/cur/6.f:2,S"
ln -s /etc/passwd "$mail/bob/Maildir/new/7.g"
mkfifo "$mail/bob/Maildir/new/8.h"
until_reports 6
once bob/1.a bob/2.b eve/3.c bob/4.d eve/5.e bob/6.f
grep -F '/eve/Maildir/3.c"' "$home/reports.jsonl" | grep -q '"key":"mailbox","value":"eve"' ||
	wrong "the report does not say whose mail it is"
grep -q '"source":"maildir"' "$home/reports.jsonl" || wrong "the source is not said"

# Stopped: what comes meanwhile, read or not, is found; nothing is repeated.
stop
deliver bob 9.i
deliver eve 10.j
mv "$mail/eve/Maildir/new/10.j" "$mail/eve/Maildir/cur/10.j:2,S"
mv "$mail/bob/Maildir/new/2.b" "$mail/bob/Maildir/cur/2.b:2,FS"
start
until_reports 8
once bob/9.i eve/10.j bob/2.b

# The door is killed: it comes again, and takes what came meanwhile. (What it had not noted yet may
# be told twice to a file; a store knows it by its scan_id.)
old=$(door)
kill -9 "$old"
deliver bob 11.k
n=0
until [ "$(reports bob/11.k)" -ge 1 ]; do
	n=$((n + 1))
	[ $n -le 600 ] || { wrong "no report after the door was killed"; break; }
	sleep 0.1
done
stop

# As root with a user: it reads what is its owner's alone, by one right.
if [ "$(id -u)" -eq 0 ]; then
	home=$tmp/users
	mkdir "$home"
	chown daemon "$home"
	chown -R nobody "$mail/bob"
	chmod 700 "$mail/bob" "$mail/bob/Maildir" "$mail/bob/Maildir/new"
	rm "$mail/bob/Maildir/new/"* "$mail/eve/Maildir/new/"*
	conf 'user = daemon\n'
	start
	grep -q '^CapEff:.*0000000000000004$' "/proc/$(door)/status" ||
		wrong "the door has other rights: $(grep CapEff "/proc/$(door)/status")"
	printf 'Subject: 12.l\n\nText\n' >"$mail/bob/Maildir/tmp/12.l"
	chown nobody "$mail/bob/Maildir/tmp/12.l"
	chmod 600 "$mail/bob/Maildir/tmp/12.l"
	mv "$mail/bob/Maildir/tmp/12.l" "$mail/bob/Maildir/new/12.l"
	until_reports 1
	once bob/12.l
	[ "$(stat -c %U "$home/maildir")" = daemon ] || wrong "the journals are not daemon's"
	[ "$(stat -c %a "$home/maildir")" = 700 ] || wrong "others may look into the journals"
	stop
fi

exit $failed
