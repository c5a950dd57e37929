#!/bin/sh
# bench.sh - speed and memory of assay, beside the raw libraries; ./dev bench calls it
#
#   bench.sh [--rules N] [--rounds N] [--mails N] [--hostile NAME] [--quick]
#   bench.sh --service [--mails N] [--rounds N] [--rules N]    the service alone
#   bench.sh --milter [--mails N] [--rounds N] [--no-postfix]  the milter alone
#   bench.sh --import [--mb N] [--dear N] [--large N] [--rounds N]        assay import alone
#   bench.sh --clamav [--mails N] [--rounds N] [--hashes N] [--patterns N]  viruses alone
#   bench.sh --deep [--mails N] [--rounds N] [--rules N]       what each worker costs a message
#   bench.sh --store [N]       the embedded store with N generated mails (100000; in $TMPDIR)
#   bench.sh --bloom [N]       a seen filter planned for N values (1, 10 and 50 million; in $TMPDIR),
#                              with N and 3 x N of them
#   bench.sh --lookup          questions a second to the table that mail servers ask
set -eu
root=$(cd "$(dirname "$0")/../.." && pwd)
build=${ASSAY_BUILD_DIR:-$root/build}
if [ "${1:-}" = --store ]; then
    cmake --build "$build" --target bench_store >/dev/null
    tmp=$(mktemp -d)
    trap 'rm -rf "$tmp"' EXIT
    "$build/tests/bench/bench_store" "$tmp/store.db" "${2:-100000}"
    exit
fi
if [ "${1:-}" = --bloom ]; then
    cmake --build "$build" --target bench_bloom >/dev/null
    tmp=$(mktemp -d)
    trap 'rm -rf "$tmp"' EXIT
    code=0
    for n in ${2:-1000000 10000000 50000000}; do
        "$build/tests/bench/bench_bloom" "$tmp/from.bloom" "$n" "$n" $((n * 3)) || code=$?
    done
    exit "$code"
fi
export PYTHONDONTWRITEBYTECODE=1
case ${1:-} in
--lookup)
    exec python3 "$root/tests/integration/lookup.py" speed "$build/assay"
    ;;
--service | --milter | --import | --clamav | --deep)
    cmake --build "$build" --target bench_loop >/dev/null
    what=${1#--}
    shift
    exec python3 "$root/tests/bench/$what.py" "$root" "$build" "$@"
    ;;
esac
cmake --build "$build" --target bench_loop >/dev/null
code=0
python3 "$root/tests/bench/measure.py" "$root" "$build" "$@" || code=$?
# Nothing was asked for: all of it.
if [ $# -eq 0 ]; then
    python3 "$root/tests/bench/service.py" "$root" "$build" || code=$?
    python3 "$root/tests/integration/lookup.py" speed "$build/assay" || code=$?
    sh "$0" --bloom 1000000 || code=$?
    python3 "$root/tests/bench/deep.py" "$root" "$build" || code=$?
    # 77: there is nothing to make the load with.
    python3 "$root/tests/bench/milter.py" "$root" "$build" || [ $? -eq 77 ] || code=1
fi
exit $code
