#!/bin/sh
# What 'kvmstats top' costs over a VM of 64 vCPUs, beside htop at the same delay: CPU time and
# resident memory of both, on terminals of one size, over so many seconds.
#
# usage: benchmark-top.sh [SECONDS]
set -eu

here=$(readlink -f -- "$0")
cd "${here%/scripts/*}"
seconds=${1:-600}
warm_up=20

for tool in tmux htop qemu-system-x86_64; do
  command -v "$tool" >/dev/null || {
    echo "benchmark: $tool is needed: apt-get install tmux htop qemu-system-x86" >&2
    exit 1
  }
done

# Nobody's settings, neither top's nor htop's.
home=$(mktemp -d)
qemu=
finish() {
  tmux -L "${home##*/}" kill-server 2>/dev/null || :
  [ -z "$qemu" ] || kill "$qemu" 2>/dev/null || :
  rm -rf "$home"
}
trap finish EXIT
trap 'exit 1' INT TERM

./kvmstats --version >/dev/null
# Its BIOS finds nothing to start: 64 vCPUs, asleep, so that there is a processor for both.
qemu-system-x86_64 -accel kvm -machine q35 -smp 64 -nodefaults -display none \
  -name benchmark,debug-threads=on </dev/null >"$home/qemu" 2>&1 &
qemu=$!
echo "measures for $seconds s, after $warm_up s to warm up" >&2
sleep 5

# The pid of the shell is the program's: it takes its place.
tmux -L "${home##*/}" -f /dev/null -u new-session -d -x 120 -y 40 \
  "echo \$\$ >$home/top; HOME=$home exec ./kvmstats top --broker none --attach --pid $qemu -i 1"
tmux -L "${home##*/}" -f /dev/null -u new-session -d -x 120 -y 40 \
  "echo \$\$ >$home/htop; HOME=$home exec htop -d 10"
sleep "$warm_up"
top=$(cat "$home/top")
htop=$(cat "$home/htop")

# User and system time of process $1, in clock ticks: behind the name, which may have blanks.
ticks() {
  sed 's/.*) //' "/proc/$1/stat" | awk '{ print $12 + $13 }'
}

resident() {
  awk '/^VmRSS/ { print $2 }' "/proc/$1/status"
}

# From the start, which is part of the price of top.
sleep "$seconds"
tick=$(getconf CLK_TCK)
awk -v top="$(ticks "$top")" -v htop="$(ticks "$htop")" -v tick="$tick" \
  -v seconds="$((seconds + warm_up))" -v a="$(resident "$top")" -v b="$(resident "$htop")" 'BEGIN {
    printf "1 VM of 64 vCPUs, every second, %d s with the start\n", seconds
    printf "kvmstats top: %.2f s of CPU time, %.0f MiB resident\n", top / tick, a / 1024
    printf "htop: %.2f s of CPU time, %.0f MiB resident\n", htop / tick, b / 1024
    printf "CPU time, kvmstats top / htop: %.2f\n", top / htop
  }'
