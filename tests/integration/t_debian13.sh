#!/bin/sh
# t_debian13.sh - assay builds and passes its unit and integration tests on Debian 13
#
# Called by `./dev debian13`, never by ctest: it needs root and a network. A Debian 13 folder is made
# once by debootstrap ($ASSAY_DEBIAN13, default /var/tmp/assay-trixie) and kept. The source goes
# into it as git knows it (what is changed but not committed included), and there `./dev build`
# installs the packages as it would on a fresh machine.
set -eu

root=$(cd "$(dirname "$0")/../.." && pwd -P)
folder=${ASSAY_DEBIAN13:-/var/tmp/assay-trixie}
mirror=${ASSAY_MIRROR:-http://deb.debian.org/debian}
[ "$(id -u)" -eq 0 ] || { echo "t_debian13: needs root for chroot and debootstrap"; exit 77; }

export ASSAY_JOBS="${ASSAY_JOBS:-$(nproc)}"
exec 9>"$folder.lock"
flock 9 # two at once would build over each other's feet

if [ ! -x "$folder/usr/bin/apt-get" ] || [ -d "$folder/debootstrap" ]; then
    command -v debootstrap >/dev/null || { echo "t_debian13: apt-get install debootstrap"; exit 77; }
    rm -rf "$folder"
    debootstrap --variant=minbase --include=ca-certificates,git trixie "$folder" "$mirror"
fi

cp -L /etc/resolv.conf "$folder/etc/resolv.conf"

mkdir -p "$folder/src/assay"
find "$folder/src/assay" -mindepth 1 -maxdepth 1 ! -name build -exec rm -rf {} +
(cd "$root" && git ls-files -co --exclude-standard -z | xargs -0 tar -cf - --ignore-failed-read) |
    tar -xf - -C "$folder/src/assay"

# A root like that of any machine, in a mount namespace that ends with it: scan processes may need a root
# of their own (core/scratch.c), and from within a chroot nobody gets one.
# shellcheck disable=SC2016 # $1 is of the inner shell
exec unshare --mount --propagation private sh -euc '
    mount --bind "$1" "$1"
    cd "$1"
    mount -t proc proc proc
    mount --rbind /dev dev
    mount --make-rslave dev
    pivot_root . .
    umount -l .
    exec chroot . /usr/bin/env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/ LC_ALL=C.UTF-8 \
        ASSAY_JOBS="$ASSAY_JOBS" ONLY="${ONLY:-}" CMAKE_ARGS="-DASSAY_WERROR=ON" sh -eu /src/assay/tests/integration/debian13.sh
' sh "$folder"
