#!/bin/sh
# t_postfix_kill.sh SOURCE BUILD - Postfix waits for a verdict, and somebody dies (postfix_kill.py)
set -eu
exec python3 "$1/tests/integration/postfix_kill.py" "$2" native
