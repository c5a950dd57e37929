#!/bin/sh
# t_milter_policy.sh SOURCE BUILD - exemptions, limits and late scans over the milter (milter_policy.py)
set -eu
exec python3 "$1/tests/integration/milter_policy.py" "$2"
