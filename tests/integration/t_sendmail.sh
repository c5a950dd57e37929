#!/bin/sh
# t_sendmail.sh SOURCE BUILD - the milter in a real Sendmail (sendmail.py), which is in build/sendmail
# of the source, where ./dev check has unpacked it, or in $ASSAY_SENDMAIL
set -eu
exec python3 "$1/tests/integration/sendmail.py" "$1" "$2" "${ASSAY_SENDMAIL:-$1/build/sendmail}" native
