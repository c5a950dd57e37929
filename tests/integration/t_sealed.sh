#!/bin/sh
# t_sealed.sh - traces a run over a whole corpus: once a scan process has closed its sandbox, it does
# not even try to open a file, make a socket, a thread or a process
set -u
src=${1:?source directory}
: "${ASSAY:?the command}"
[ -x "$ASSAY" ] || { echo "t_sealed: $ASSAY is not built"; exit 77; }
command -v strace >/dev/null || { echo "t_sealed: strace is missing"; exit 77; }
corpus=${ASSAY_CORPUS:-$src/../shared/corpus}
[ -d "$corpus" ] || { echo "t_sealed: no corpus at $corpus, the samples instead"; corpus=$src/docs/samples; }
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT

# What LeakSanitizer does at the end cannot be done under a tracer. Not --seccomp-bpf: what the
# sandbox refuses would not be seen.
ASAN_OPTIONS=${ASAN_OPTIONS:-}:detect_leaks=0 strace -f -e \
    trace=%file,prctl,seccomp,socket,connect,bind,clone,clone3,fork,vfork,ptrace,kill \
    -o "$dir/trace" "$ASSAY" scan --compact -r "$corpus" >"$dir/out" 2>"$dir/err"
code=$?
if ! [ -s "$dir/trace" ]; then
    echo "t_sealed: strace cannot trace here: $(head -n 1 "$dir/err")"
    exit 77
fi
[ $code -eq 0 ] || { echo "t_sealed: exit $code: $(head -n 3 "$dir/err")"; exit 1; }
sealed=$(awk '/(PR_SET_SECCOMP|SECCOMP_SET_MODE_FILTER).* = 0$/ { print $1 }' "$dir/trace" | sort -u | wc -l)
[ "$sealed" -ge 1 ] || { echo "t_sealed: nobody closed the sandbox"; exit 1; }
awk '
    /(PR_SET_SECCOMP|SECCOMP_SET_MODE_FILTER).* = 0$/ { sealed[$1] = 1; next }
    sealed[$1] && !/ (\+\+\+|---) / { print; bad = 1 }
    END { exit bad }' "$dir/trace" >"$dir/tries" || {
    echo "t_sealed: tried behind the seal:"
    sed 's/^[0-9]* *//' "$dir/tries" | sort | uniq -c | sort -rn | head -n 20
    exit 1
}
echo "t_sealed: $(wc -l <"$dir/out") reports, $sealed scan processes, nothing opened behind the seal"
