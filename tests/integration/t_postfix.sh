#!/bin/sh
# t_postfix.sh SOURCE BUILD - the milter in a real Postfix: replies, deliveries, reports (postfix.py)
set -eu
exec python3 "$1/tests/integration/postfix.py" "$1" "$2" native
