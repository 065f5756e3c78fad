#!/bin/sh
# Tests the Debian package: its build, its units, and a machine that has it and no Java, with systemd
# as its first process. That one is a folder with Debian in it, in namespaces of its own.
#
# Takes root, the network (once: the folder is kept), and for what reads VMs /dev/kvm and QEMU; what
# can't be done here is left out, and said.
set -eu

here=$(readlink -f -- "$0")
cd "${here%/scripts/*}"
suite=bookworm
with=systemd-sysv,procps # What the package depends on.
kept=${XDG_CACHE_HOME:-${HOME:-/root}/.cache}/kvmstats/debian-$suite-$with.tar

fail() {
  echo "test-deb: failed: $*" >&2
  exit 1
}

skip() {
  echo "test-deb: skipped: $*"
}

need() {
  for tool in "$@"; do
    command -v "$tool" >/dev/null || {
      skip "the rest: no $tool on this machine"
      exit 0
    }
  done
}

work=$(mktemp -d)
root=$work/root
slice= # The machine's cgroup.
first= # Its first process.
is_empty() { ! find "$slice" -name cgroup.procs -exec cat {} + | grep -q .; }
finish() {
  if [ -n "$first" ]; then
    kill -9 "$first" || : # All others of the machine end with it.
    eventually is_empty || :
  fi
  [ -z "$slice" ] || find "$slice" -depth -type d -exec rmdir {} +
  ! mountpoint -q "$root" || umount "$root"
  rm -rf --one-file-system "$work"
}
trap finish EXIT
trap 'exit 1' INT TERM HUP

# Waits for a command to succeed, for half a minute.
eventually() {
  tries=0
  until "$@" >"$work/last" 2>&1; do
    tries=$((tries + 1))
    [ "$tries" -lt 150 ] || {
      cat "$work/last" >&2
      return 1
    }
    sleep 0.2
  done
}

#
# What is built.
#

need dpkg-deb dpkg-shlibdeps
./kvmstats --version >/dev/null # Is built, for both.
scripts/build-deb.sh "$work/again" >"$work/second" &
second=$!
deb=$(scripts/build-deb.sh)
wait "$second"
cmp "$deb" "$(cat "$work/second")" || fail "a second build is another package"
echo "test-deb: $deb, twice the same"

need lintian
# Whoever has a Debian since 12 can read zstd; lintian there can't.
lintian --allow-root --suppress-tags malformed-deb-archive --fail-on error,warning "$deb" ||
  fail "lintian found something"

need systemd-analyze python3
# Each check that a unit does not meet is named in one of its comments, with the reason.
for unit in packaging/*.service; do
  systemd-analyze security --offline=yes --json=short --threshold=15 "$unit" >"$work/security" ||
    fail "systemd-analyze security: $unit is exposed more than so far"
  python3 - "$unit" "$work/security" <<'PYTHON' || fail "$unit does not say why"
import json, sys

with open(sys.argv[1]) as unit, open(sys.argv[2]) as checks:
    comments = " ".join(line for line in unit if line.startswith("#"))
    missed = [check["name"].split("~")[-1] for check in json.load(checks) if check["set"] is False]
unexplained = [name for name in missed if name not in comments]
print(f"test-deb: {sys.argv[1]} leaves out, and explains: {' '.join(missed)}")
if unexplained:
    sys.exit(f"nothing explains {unexplained}")
PYTHON
done

#
# A machine that has it.
#

[ "$(id -u)" -eq 0 ] || {
  skip "the machine: only root can make one"
  exit 0
}
need debootstrap unshare nsenter
mkdir "$root"
mount -t tmpfs -o mode=755 kvmstats-test "$root" # It is written once, and thrown away.
if [ -e "$kept" ]; then
  tar -C "$root" -xf "$kept"
else
  # shellcheck disable=SC2016 # apt's own.
  mirror=$(apt-get indextargets --format '$(SITE)' 'Created-By: Packages' 'Origin: Debian' \
    "Codename: $suite" | head -n 1)
  if ! debootstrap --variant=minbase --include="$with" "$suite" "$root" ${mirror:+"$mirror"} \
    >"$work/log" 2>&1; then
    skip "the machine: no Debian to be had here: $(tail -n 1 "$work/log")"
    exit 0
  fi
  mkdir -p "${kept%/*}"
  tar -C "$root" -cf "$kept.new" .
  mv "$kept.new" "$kept"
fi
[ -z "$(find "$root" -name 'java*' -type f -perm -u=x -print -quit)" ] || fail "it has a Java"

files() {
  find "$root" -xdev \( -path "$root/var/lib/dpkg" -o -path "$root/var/lib/systemd" \
    -o -path "$root/var/log" -o -path "$root/run/*" -o -path "$root/tmp/*" \
    -o -path "$root/etc/*-" -o -path "$root/etc/.pwd.lock" \) -prune \
    -o -printf '%P\n' | LC_ALL=C sort
}
files >"$work/before"
cp "$deb" "$root/tmp/kvmstats.deb"

# As in the making of an image: without a running systemd.
in_folder() {
  # shellcheck disable=SC2016 # For the inner one.
  unshare --mount --pid --fork sh -c 'mount -t proc proc "$0/proc" && exec chroot "$0" "$@"' "$root" "$@"
}
quietly() {
  "$@" >"$work/log" 2>&1 || {
    cat "$work/log" >&2
    fail "$*"
  }
}
quietly in_folder dpkg -i /tmp/kvmstats.deb
[ "$(in_folder kvmstats --version)" = "$(./kvmstats --version)" ] || fail "another version"
[ -s "$root/var/cache/kvmstats/start.aot" ] || fail "no fast starts: $(cat "$root/var/cache/kvmstats/train.log")"
for unit in kvmstats-broker kvmstats-serve; do
  [ -L "$root/etc/systemd/system/multi-user.target.wants/$unit.service" ] || fail "$unit is not enabled"
done
added=/etc/systemd/system/kvmstats-broker.service.d
in_folder install -D -m 644 -t "$added" /usr/share/doc/kvmstats/examples/attach.conf
quietly in_folder systemd-analyze verify kvmstats-broker.service kvmstats-serve.service
[ ! -s "$work/log" ] || fail "systemd-analyze verify: $(cat "$work/log")"
rm -r "$root$added"
echo "test-deb: installs into a folder without a running systemd, and is enabled there"

# Readers: one who may, one who may not.
in_folder useradd -G kvmstats reader
in_folder useradd stranger

unified=$(awk '$3 == "cgroup2" { print $2; exit }' /proc/mounts)
mkdir "${unified:-/proc}/kvmstats-test.$$" 2>"$work/log" || {
  skip "the machine: systemd can't have a cgroup here: $(cat "$work/log")"
  exit 0
}
slice=$unified/kvmstats-test.$$
cat >"$work/boot" <<'BOOT'
set -eu
root=$1
echo $$ >"$2/cgroup.procs"
exec unshare --cgroup --mount --pid --net --ipc --uts --fork sh -eu -c '
  root=$1
  mount --make-rprivate /
  mount --bind "$root" "$root"
  mount -t proc proc "$root/proc"
  mount -t sysfs sysfs "$root/sys"
  umount -R "$root/sys/fs/cgroup" 2>/dev/null || :
  mount -t cgroup2 cgroup2 "$root/sys/fs/cgroup"
  mount -t tmpfs -o mode=755 tmpfs "$root/run"
  mount -t tmpfs -o mode=755 tmpfs "$root/dev"
  for device in null zero full random urandom tty kvm; do
    [ ! -e /dev/$device ] || cp -a /dev/$device "$root/dev/"
  done
  mkdir "$root/dev/pts" "$root/dev/shm"
  mount -t devpts -o newinstance,ptmxmode=666 devpts "$root/dev/pts"
  ln -s pts/ptmx "$root/dev/ptmx"
  cd "$root"
  pivot_root . mnt
  umount -l /mnt
  exec env -i container=test PATH=/usr/sbin:/usr/bin:/sbin:/bin /lib/systemd/systemd --system
' boot "$root"
BOOT
sh "$work/boot" "$root" "$slice" </dev/null >"$work/console" 2>&1 &
unshare=$!
has_first() { first=$(cat "/proc/$unshare/task/$unshare/children") && [ -n "$first" ]; }
eventually has_first || fail "no first process"
first=${first% }
in_it() { nsenter -t "$first" -a -- "$@"; }
as() {
  user=$1
  shift
  in_it runuser -u "$user" -- "$@"
}
is_active() { in_it systemctl is-active "$1"; }
eventually is_active kvmstats-broker || {
  cat "$work/console" >&2
  in_it journalctl --no-pager -u kvmstats-broker >&2 || :
  fail "the broker does not start"
}

# What the kernel says that a service has: capabilities, by number, and no more to be had.
holds() {
  pid=$(in_it systemctl show -P MainPID "$1")
  for set in CapInh CapPrm CapEff CapBnd CapAmb; do
    in_it grep -qx "$set:[[:space:]]*$2" "/proc/$pid/status" || fail "$1 has another $set"
  done
  in_it grep -qx "NoNewPrivs:[[:space:]]*1" "/proc/$pid/status" || fail "$1 may get more"
}
# CAP_DAC_READ_SEARCH is 2, CAP_SYS_PTRACE is 19.
holds kvmstats-broker 0000000000080004
links=$(in_it tail -n +3 "/proc/$pid/net/dev" | sed 's/:.*//; s/ //g')
[ "$links" = lo ] || fail "the broker has a network: $links"
eventually is_active kvmstats-serve || fail "serve does not start"
holds kvmstats-serve 0000000000000000
# There is no curl.
metrics() {
  in_it bash -c 'exec 3<>/dev/tcp/127.0.0.1/9766; printf "GET /metrics HTTP/1.0\r\n\r\n" >&3; cat <&3'
}
is_scraped() { metrics 2>"$work/log" | grep -q "^$1"; }
eventually is_scraped 'kvm_up 1' || fail "serve does not answer: $(cat "$work/log")"
echo "test-deb: systemd starts what is to run, with what it is to have"

list() { as "$1" kvmstats list --format csv; }
shows() { list reader | grep -q "$1"; }
if [ -w /dev/kvm ]; then
  in_it kvmstats demo --vms 1 --seconds 600 --format csv >"$work/demo" 2>&1 &
  eventually shows ',demo-0,2,dup' || fail "the demo's VM is not read: $(cat "$work/demo")"
  eventually is_scraped 'kvm_vcpu_exits_total{vcpu="1",vm="demo-0"}' || fail "the demo's VM is not scraped"
  as reader kvmstats get --vm demo-0 | grep -q '  exits' || fail "get has no exits"
  as reader kvmstats doctor >"$work/doctor" || : # Others' VMs are nothing that it can read itself.
  grep -q '^ok  *broker  *listens' "$work/doctor" || fail "doctor: $(cat "$work/doctor")"
  # A terminal takes more of the runtime than anything else.
  as reader script -qfc 'stty cols 80 rows 24; kvmstats top' /dev/null </dev/null >"$work/top" 2>&1 &
  draws() { grep -q demo-0 "$work/top"; }
  eventually draws || fail "top shows nothing: $(cat "$work/top")"
  list stranger | grep ',demo-0,' | grep -q "another user's" || fail "a stranger reads"

  pid=$(in_it systemctl show -P MainPID kvmstats-broker)
  as reader kvmstats watch --vm demo-0 -i 0.2 -n 1000 --format csv >>"$work/watch" 2>&1 &
  reads() { grep -q ',demo-0,' "$work/watch"; }
  eventually reads || fail "watch reads nothing"
  in_it systemctl reload kvmstats-broker
  replaced() { in_it journalctl --no-pager -u kvmstats-broker | grep 'the table is another one'; }
  eventually replaced || fail "a reload does nothing"
  : >"$work/watch"
  eventually reads || fail "watch does not go on after a reload"

  # A VMM that keeps no stats fds and has changed its user, as libvirt's do, from the host's files.
  if command -v qemu-system-x86_64 >/dev/null; then
    nsenter -t "$first" --pid --net -- qemu-system-x86_64 -accel kvm -nodefaults -display none \
      -name old,debug-threads=on -runas 65534:65534 </dev/null >"$work/qemu" 2>&1 &
    eventually shows ',old,' || fail "QEMU is not found: $(cat "$work/qemu")"
    in_it install -D -m 644 -t "$added" /usr/share/doc/kvmstats/examples/attach.conf
    in_it systemctl daemon-reload
    in_it systemctl restart kvmstats-broker
    eventually shows ',old,1,\(dup+\)\?attach' || fail "attach.conf does not attach: $(list reader)"
    rm -r "$root$added"
    in_it systemctl daemon-reload
  else
    skip "attach.conf: no QEMU on this machine"
  fi
  echo "test-deb: members of the group read other users' VMs, and nobody else does"
else
  skip "reading: no /dev/kvm that can be opened"
fi

# An upgrade keeps what the administrator chose, and replaces what runs.
sed -i 's/^KVMSTATS_BROKER_OPTS=.*/KVMSTATS_BROKER_OPTS="--interval 0.5"/' "$root/etc/default/kvmstats"
quietly in_it systemctl disable --now kvmstats-serve
pid=$(in_it systemctl show -P MainPID kvmstats-broker)
cp "$deb" "$root/var/kvmstats.deb" # Where the machine sees it.
quietly in_it dpkg -i /var/kvmstats.deb
rm "$root/var/kvmstats.deb"
is_active kvmstats-broker >"$work/log" || fail "after an upgrade the broker does not run"
other=$(in_it systemctl show -P MainPID kvmstats-broker)
[ "$other" != "$pid" ] || fail "after an upgrade the old broker runs on"
is_configured() { in_it grep -qz '^0.5$' "/proc/$other/cmdline"; }
eventually is_configured || fail "an upgrade loses /etc/default/kvmstats"
[ "$(in_it systemctl is-enabled kvmstats-serve)" = disabled ] || fail "an upgrade enables what was disabled"
! is_active kvmstats-serve >"$work/log" || fail "an upgrade starts what was disabled"

quietly in_it dpkg -r kvmstats
! is_active kvmstats-broker >"$work/log" || fail "the broker survives its package"
[ ! -e "/proc/$first/root/run/kvmstats" ] || fail "/run/kvmstats is left"
[ -e "$root/etc/default/kvmstats" ] || fail "removal takes the configuration"
quietly in_it dpkg --purge kvmstats
files >"$work/after"
diff "$work/before" "$work/after" || fail "purging leaves something, or takes too much"
! grep kvmstats "$root/etc/passwd" "$root/etc/group" || fail "purging leaves users"
echo "test-deb: upgrades, is removed and purged"
