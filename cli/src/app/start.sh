# shellcheck shell=sh
# Sourced last by what starts kvmstats: becomes java, with the command's arguments and what a command
# of its kind needs.
#
#   app    this folder
#   java   the program
#   cache  what train.sh made for both, if it is there. Starts without it are right, and slower; an
#          empty file says that it could not be made.

flags=
case ${1-} in
  exec)
    # What the JVM changes as it starts, and a program that takes its place is not to find changed:
    # the number of descriptors allowed, and which signals are ignored.
    while read -r field ignored; do
      [ "$field" != SigIgn: ] || break
    done <"/proc/$$/status"
    flags="-XX:-MaxFDLimit -Dkvmstats.ignored=$ignored"
    ;;
  # These run on: what they do each second is worth compiling, and garbage is not to grow to a share
  # of the machine's memory before it is collected. The newest numbers of all VMs live until the next
  # ones: where there is room they die young, instead of filling the space of what stays.
  top | watch | demo | broker | serve)
    flags='-XX:CompileThresholdScaling=1 -Xms32m -Xmn16m -Xmx256m'
    flags="$flags -XX:SurvivorRatio=2 -XX:TargetSurvivorRatio=95"
    # Locks that threads once met at are looked through every ten seconds, not four times in one.
    flags="$flags -XX:+UnlockDiagnosticVMOptions -XX:AsyncDeflationInterval=10000"
    ;;
esac
# Whoever starts a service again has one that works; without memory, who knows which thread is left.
[ "${1-}" != serve ] || flags="$flags -XX:+ExitOnOutOfMemoryError"
# shellcheck disable=SC2154 # Said above.
if [ -s "$cache" ]; then
  set -- -XX:AOTCache="$cache" -p "$app/lib" -m io.kvmstats.cli/io.kvmstats.cli.Main "$@"
else
  set -- -p "$app/lib" -m io.kvmstats.cli/io.kvmstats.cli.Main "$@"
fi
# shellcheck disable=SC2086,SC2154 # A word each.
exec "$java" "@$app/jvm.options" $flags "$@"
