#!/bin/sh
# Has the JVM learn from a run of the application in this folder what makes later starts fast, and
# keeps it in a file of its own folder. It is good for this folder's path, what is in it, and this JVM.
#
# usage: train.sh JAVA CACHE
set -eu

java=$1
cache=$2
app=${0%/*}
log=${cache%/*}/train.log

echo "kvmstats: preparing fast starts (once; log in $log)" >&2
rm -f "${cache%/*}"/*.aot*
if ! "$java" "@$app/jvm.options" -Xlog:aot=info -XX:AOTCacheOutput="$cache.new" \
  -p "$app/lib" -m io.kvmstats.cli/io.kvmstats.cli.Training >"$log" 2>&1 </dev/null ||
  ! mv "$cache.new" "$cache"; then
  echo "kvmstats: that failed; kvmstats works all the same, and starts slower" >&2
  : >"$cache"
fi
