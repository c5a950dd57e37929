#!/bin/sh
# debian13.sh - what t_debian13.sh does inside of its folder
set -eu
cd /src/assay
cat /etc/debian_version
./dev build
for package in gcc libgmime-3.0-dev libyara-dev libjansson-dev cmake; do
    dpkg-query -W "$package"
done
cd build && exec ctest --output-on-failure -j "$ASSAY_JOBS" -R "${ONLY:-^(unit|integration)[.]}"
