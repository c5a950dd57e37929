#!/bin/sh
# t_milter_faults.sh SOURCE BUILD - a mail server waits, and the disk is full, the door is killed, a filter
# fails again and again (milter_faults.py)
set -eu
exec python3 "$1/tests/integration/milter_faults.py" "$2"
