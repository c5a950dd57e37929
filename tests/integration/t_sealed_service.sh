#!/bin/sh
# t_sealed_service.sh SOURCE BUILD - scan processes of the service behind their seal: what a test plugin
# tries is refused, they hold nothing that is not theirs, and strace sees no call that opens anything
set -eu
source=$1 build=$2
for so in plugins/maildir.so plugins/jsonl.so tests/plugins/sandbox.so; do
    [ -e "$build/$so" ] || { echo "t_sealed_service: $so is not built"; exit 77; }
done
exec python3 "$source/tests/integration/sealed.py" "$build/assay" "$build/tests/plugins" \
    "${ASSAY_CORPUS:-$source/../shared/corpus}" "$source/docs/samples"
