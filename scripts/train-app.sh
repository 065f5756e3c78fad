#!/bin/sh
# Has the JVM learn from a run of the application in folder $1 what makes later starts fast, and
# keeps it in file $2. JAVA_HOME says which JVM.
set -eu

app=$1
cache=$2
log=${app%/cli/target/app}/target/train.log

echo "kvmstats: preparing fast starts (once; log in $log)" >&2
rm -f "$app"/java-*.aot*
if ! "$JAVA_HOME/bin/java" "@$app/jvm.options" -Xlog:aot=info -XX:AOTCacheOutput="$cache.new" \
  -p "$app/lib" -m io.kvmstats.cli/io.kvmstats.cli.Training >"$log" 2>&1 </dev/null ||
  ! mv "$cache.new" "$cache"; then
  echo "kvmstats: that failed; kvmstats works all the same, and starts slower" >&2
  : >"$cache"
fi
