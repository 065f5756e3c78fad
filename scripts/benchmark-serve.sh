#!/bin/sh
# What 'kvmstats serve' costs with a VM of 64 vCPUs, beside Debian's node exporter under the same
# scrapes: CPU time and resident memory of both, scraped every second and every ten. Then, how much more
# memory scrapes of 1,000 vCPUs take than none, and what writing that document costs beside Prometheus'
# client library.
#
# usage: benchmark-serve.sh [SECONDS]    for each of the two, 600 by default
set -eu

here=$(readlink -f -- "$0")
cd "${here%/scripts/*}"
seconds=${1:-600}

for tool in prometheus-node-exporter qemu-system-x86_64 python3 cc; do
  command -v "$tool" >/dev/null || {
    echo "benchmark: $tool is needed:" \
      "apt-get install prometheus-node-exporter qemu-system-x86 python3 gcc" >&2
    exit 1
  }
done

work=$(mktemp -d)
pids=
finish() {
  # shellcheck disable=SC2086 # A word each.
  [ -z "$pids" ] || kill $pids 2>/dev/null || :
  rm -rf "$work"
}
trap finish EXIT
trap 'exit 1' INT TERM

await() {
  tries=0
  until "$@" >"$work/last" 2>&1; do
    tries=$((tries + 1))
    [ "$tries" -lt 300 ] || {
      cat "$work"/* >&2
      exit 1
    }
    sleep 0.1
  done
}

./kvmstats --version >/dev/null
# Its BIOS finds nothing to start: 64 vCPUs, asleep, so that there is a processor for all else.
qemu-system-x86_64 -accel kvm -machine q35 -smp 64 -nodefaults -display none \
  -name benchmark,debug-threads=on </dev/null >"$work/qemu" 2>&1 &
pids=$!
./kvmstats broker --listen "$work/broker.sock" --attach >"$work/broker" 2>&1 &
broker=$!
pids="$pids $broker"
await test -S "$work/broker.sock"
./kvmstats serve --broker "$work/broker.sock" --web.listen-address 127.0.0.1:0 \
  >"$work/serve" 2>&1 &
serve=$!
pids="$pids $serve"
port=$((20000 + $$ % 10000))
prometheus-node-exporter --web.listen-address "127.0.0.1:$port" >"$work/node" 2>&1 &
node=$!
pids="$pids $node"
await grep -q 'serves http' "$work/serve"
url=$(sed -n 's/.*serves \(http[^"]*\)".*/\1/p' "$work/serve")

cat >"$work/scrape.py" <<'PYTHON'
"""Scrapes two URLs at an interval for so many seconds, as Prometheus does, and prints their series."""
import gzip, sys, time, urllib.request

interval, seconds = float(sys.argv[1]), float(sys.argv[2])
accept = "application/openmetrics-text;version=1.0.0,text/plain;version=0.0.4;q=0.5,*/*;q=0.1"
start, n, series = time.monotonic(), 0, {}
while n * interval < seconds:
    for url in sys.argv[3:]:
        request = urllib.request.Request(url, headers={"Accept": accept, "Accept-Encoding": "gzip"})
        with urllib.request.urlopen(request) as answer:
            text = answer.read()
            if answer.headers.get("Content-Encoding") == "gzip":
                text = gzip.decompress(text)
        series[url] = sum(1 for line in text.splitlines() if not line.startswith(b"#"))
    n += 1
    time.sleep(max(0, start + n * interval - time.monotonic()))
print(*series.values())
PYTHON
scrape() {
  python3 "$work/scrape.py" "$1" "$2" "$url" "http://127.0.0.1:$port/metrics"
}
has_all() {
  [ "$(scrape 1 1 | awk '{ print ($1 > 2500) }')" = 1 ]
}
await has_all

# User and system time of process $1, in clock ticks: behind the name, which may have blanks.
ticks() {
  sed 's/.*) //' "/proc/$1/stat" | awk '{ print $12 + $13 }'
}

resident() {
  awk '/^VmRSS/ { print $2 }' "/proc/$1/status"
}

tick=$(getconf CLK_TCK)
for interval in 1 10; do
  echo "scrapes every $interval s for $seconds s" >&2
  before="$(ticks "$serve") $(ticks "$node") $(ticks "$broker")"
  series=$(scrape "$interval" "$seconds")
  after="$(ticks "$serve") $(ticks "$node") $(ticks "$broker")"
  echo "$before $after $series $(resident "$serve") $(resident "$node") $(resident "$broker")" |
    awk -v tick="$tick" -v seconds="$seconds" -v interval="$interval" '{
      printf "a scrape every %d s, %d s: %d series of ours, %d of node exporter\n", \
        interval, seconds, $7, $8
      serve = ($4 - $1) / tick; node = ($5 - $2) / tick
      printf "kvmstats serve: %.2f s of CPU time, %.0f MiB resident\n", serve, $9 / 1024
      printf "node exporter: %.2f s of CPU time, %.0f MiB resident\n", node, $10 / 1024
      printf "kvmstats broker beside: %.2f s of CPU time, %.0f MiB resident\n", \
        ($6 - $3) / tick, $11 / 1024
      printf "serve / node exporter: CPU time %.2f (limit 1), memory %.2f (limit 4)\n", \
        serve / node, $9 / $10
    }'
done

# Others that are not started until now: a scan of theirs is not part of what 64 vCPUs cost.
mkfifo "$work/end"
cc -O2 -Wall -Werror -o "$work/population" bench/src/main/c/population.c
"$work/population" 125 0 8 <"$work/end" >"$work/ready" 2>&1 &
pids="$pids $!"
exec 7>"$work/end" # They end with it.
await test -s "$work/ready"
./kvmstats serve --broker "$work/broker.sock" --web.listen-address 127.0.0.1:0 \
  >"$work/many" 2>&1 &
serve=$!
pids="$pids $serve"
await grep -q 'serves http' "$work/many"
url=$(sed -n 's/.*serves \(http[^"]*\)".*/\1/p' "$work/many")
up='{ print ($1 > 120) }'
some() {
  [ "$(python3 "$work/scrape.py" 1 1 "$url?name[]=kvm_vm_up" | awk "$up")" = 1 ]
}
await some
sleep 5
idle=$(resident "$serve")
before=$(ticks "$serve")
series=$(python3 "$work/scrape.py" 1 100 "$url")
echo "$series $idle $(resident "$serve") $(ticks "$serve") $before $tick" | awk '{
  printf "100 scrapes of %d series: %.1f ms of CPU time each, compressed; %.0f MiB resident before, %.0f after (limit: 38 more)\n", \
    $1, ($4 - $5) / $6 * 10, $2 / 1024, $3 / 1024
}'
finish
trap - EXIT
exec ./benchmark scrape
