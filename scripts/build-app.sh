#!/bin/bash
# Builds the application for ./kvmstats: one line on stderr per module, Maven's output in a file.
set -euo pipefail

home=$(readlink -f -- "$0")
home=${home%/scripts/*}
log=$home/target/build.log
mkdir -p "$home/target"

# Everything goes to stderr: stdout is the command's, and may be read by a program.
say() {
  printf 'kvmstats: %s\n' "$*" >&2
}

say "building (the first time also downloads what Maven needs; log in $log)"

# Maven announces each module as "[INFO] Building kvmstats-core 0.1.0-SNAPSHOT   [2/8]".
announce() {
  while IFS= read -r line; do
    if [[ $line =~ ^\[INFO\]\ Building\ kvmstats-([a-z]+)\ .*\[([0-9]+)/([0-9]+)\]$ ]]; then
      say "  ${BASH_REMATCH[1]} (${BASH_REMATCH[2]} of ${BASH_REMATCH[3]})"
    fi
  done
}

if ! "$home/build" package -Dquick -Dstyle.color=never 2>&1 </dev/null | tee "$log" | announce; then
  tail -n 25 "$log" >&2
  say "the build failed; the whole log is $log"
  exit 1
fi
