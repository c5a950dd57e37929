#!/bin/sh
# t_activation.sh SOURCE BUILD - the milter on sockets that somebody else listens on, as systemd does it
# (activation.py); the shipped units, where systemd-analyze is
set -eu
source=$1 build=$2
assay=$build/assay
[ -e "$build/plugins/milter.so" ] || { echo "t_activation: the plugin milter is not built"; exit 77; }
python3 "$source/tests/integration/activation.py" "$assay"
command -v systemd-analyze >/dev/null || { echo "t_activation: units not looked at: no systemd-analyze"; exit 0; }
units=$(mktemp -d)
trap 'rm -rf "$units"' EXIT
# The program is not installed where the unit will find it.
sed 's#^\(Exec[A-Za-z]*=\)[^ ]*/assay #\1/bin/true #' "$build/contrib/assay.service" >"$units/assay.service"
cp "$source/contrib/systemd/assay-milter.socket" "$units"
systemd-analyze verify --man=no "$units/assay.service" "$units/assay-milter.socket" >"$units/said" 2>&1 || {
    # Without a /run/systemd or in a container it may not be able to look at anything at all.
    ! grep -q 'Failed to \(initialize\|setup\|create\) manager' "$units/said" || { cat "$units/said"; exit 0; }
    cat "$units/said"
    exit 1
}
! grep "$units" "$units/said"
