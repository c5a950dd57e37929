#!/bin/sh
# new-plugin.sh - a new worker from plugins/template, with its test
#
#   contrib/new-plugin.sh NAME        NAME: lower-case letters, digits and _
#
# Writes plugins/worker/NAME.c and tests/unit/test_NAME.c and adds a line to
# plugins/worker/CMakeLists.txt. Nothing that is there is overwritten.
set -eu

root=$(cd "$(dirname "$0")/.." && pwd -P)
name=${1:-}
case $name in
'' | [!a-z]* | *[!a-z0-9_]*)
    echo "usage: contrib/new-plugin.sh NAME (lower-case letters, digits and _)" >&2
    exit 64
    ;;
esac
source=$root/plugins/worker/$name.c
test=$root/tests/unit/test_$name.c
list=$root/plugins/worker/CMakeLists.txt
for file in "$source" "$test" "$root/plugins/worker/$name"; do
    [ ! -e "$file" ] || { echo "new-plugin.sh: $file is there already" >&2; exit 73; }
done
sed -e "s/template/$name/g" -e "s/^ \* contrib.new-plugin.sh NAME.*/ * Say here what it is, what it may touch, how it fails./" \
    "$root/plugins/template/template.c" >"$source"
sed "s/template/$name/g" "$root/plugins/template/test_template.c" >"$test"
printf 'assay_plugin(%s SOURCES %s.c GRANTS base)\n' "$name" "$name" >>"$list"
cat <<END
plugins/worker/$name.c          the worker: change it
tests/unit/test_$name.c         its test: change it first
plugins/worker/CMakeLists.txt   has a line more: rooms and libraries it needs
now: ./dev build && (cd build && ctest -R $name) && build/assay scan -a $name docs/samples/1-newsletter.eml
END
