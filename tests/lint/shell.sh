#!/bin/sh
# shell.sh - the scripts parse, and shellcheck has nothing to say where it is installed
set -eu
cd "${1:-.}"
scripts="dev $(find tests contrib plugins conf -name '*.sh' | sort)"
for script in $scripts; do
    sh -n "$script"
    head -n 1 "$script" | grep -q '^#!/bin/sh' || { echo "$script: not a POSIX sh script"; exit 1; }
done
if command -v shellcheck >/dev/null; then
    # shellcheck disable=SC2086 # a list of words
    shellcheck -s sh -S warning $scripts
fi
echo "shell: all scripts parse"
