#!/bin/sh
# t_postfix_libmilter.sh SOURCE BUILD - the same as t_postfix.sh with the engine over libmilter
set -eu
grep -q smfi_ "$2/plugins/milter.so" || { echo "the plugin milter was built without libmilter"; exit 77; }
exec python3 "$1/tests/integration/postfix.py" "$1" "$2" libmilter
