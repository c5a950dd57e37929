#!/bin/sh
# t_new_plugin.sh - a plugin made by contrib/new-plugin.sh builds, and its test passes, at once
set -eu
root=${1:?source directory}
command -v ninja >/dev/null || { echo "t_new_plugin: ninja is missing"; exit 77; }
copy=$(mktemp -d)
trap 'rm -rf "$copy"' EXIT
mkdir "$copy/src"
(cd "$root" && tar -cf - --exclude='./build*' --exclude=./.git --exclude=./var .) | tar -xf - -C "$copy/src"
cd "$copy/src"
contrib/new-plugin.sh mine >/dev/null
if contrib/new-plugin.sh mine 2>/dev/null; then
    echo "the second time must be refused"
    exit 1
fi
if contrib/new-plugin.sh ../mine 2>/dev/null; then
    echo "a name that is a path must be refused"
    exit 1
fi
cmake -S . -B build -G Ninja -DASSAY_WERROR=ON >/dev/null
cmake --build build --target test_mine >"$copy/log" 2>&1 || { cat "$copy/log"; exit 1; }
build/tests/test_mine
if grep -n template plugins/worker/mine.c tests/unit/test_mine.c; then
    echo "the name of the template is left over"
    exit 1
fi
