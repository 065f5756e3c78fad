# shellcheck shell=sh
# Sourced: finds a JDK and exports JAVA_HOME, or says what to install and exits with 1.
#
#   kvmstats_jdk_for=build   (the default) it must have javac
#   kvmstats_jdk_for=run     java is enough
#
# Java's version is read from the "release" file beside it: starting each java found, to ask, would
# take longer than the command that is to be run. No external command is started unless PATH's java
# has to be looked at.

kvmstats_jdk_least=25

# Whether the folder $1 is what is looked for; what was wrong with it is left in kvmstats_jdk_why.
kvmstats_jdk_fits() {
  if [ ! -x "$1/bin/java" ]; then
    kvmstats_jdk_why="it has no bin/java"
    return 1
  fi
  kvmstats_jdk_version=
  if [ -r "$1/release" ]; then
    while IFS='=' read -r kvmstats_jdk_key kvmstats_jdk_value; do
      if [ "$kvmstats_jdk_key" = JAVA_VERSION ]; then
        kvmstats_jdk_version=${kvmstats_jdk_value#\"}
        kvmstats_jdk_version=${kvmstats_jdk_version%\"*}
        break
      fi
    done <"$1/release"
  fi
  case ${kvmstats_jdk_version%%[!0-9]*} in
    '')
      kvmstats_jdk_why="its release file does not say which version it is"
      return 1
      ;;
    *)
      if [ "${kvmstats_jdk_version%%[!0-9]*}" -lt "$kvmstats_jdk_least" ]; then
        kvmstats_jdk_why="it is Java $kvmstats_jdk_version"
        return 1
      fi
      ;;
  esac
  if [ "${kvmstats_jdk_for:-build}" = build ] && [ ! -x "$1/bin/javac" ]; then
    kvmstats_jdk_why="it has no bin/javac"
    return 1
  fi
}

kvmstats_jdk_find() {
  # What was asked for by name is used or refused, never replaced by something else.
  if [ -n "${KVMSTATS_JAVA_HOME:-}" ]; then
    if kvmstats_jdk_fits "$KVMSTATS_JAVA_HOME"; then
      JAVA_HOME=$KVMSTATS_JAVA_HOME
      return 0
    fi
    echo "kvmstats: KVMSTATS_JAVA_HOME is $KVMSTATS_JAVA_HOME, but $kvmstats_jdk_why;" \
      "a JDK $kvmstats_jdk_least or newer is needed." >&2
    return 1
  fi
  if [ -n "${JAVA_HOME:-}" ] && kvmstats_jdk_fits "$JAVA_HOME"; then
    return 0
  fi
  kvmstats_jdk_java=$(command -v java) || kvmstats_jdk_java=
  if [ -n "$kvmstats_jdk_java" ]; then
    kvmstats_jdk_java=$(readlink -f -- "$kvmstats_jdk_java") || kvmstats_jdk_java=
    if kvmstats_jdk_fits "${kvmstats_jdk_java%/bin/java}"; then
      JAVA_HOME=${kvmstats_jdk_java%/bin/java}
      return 0
    fi
  fi
  for kvmstats_jdk_folder in /usr/lib/jvm/* /usr/java/* /opt/* /opt/java/*; do
    if kvmstats_jdk_fits "$kvmstats_jdk_folder"; then
      JAVA_HOME=$kvmstats_jdk_folder
      return 0
    fi
  done
  cat >&2 <<MESSAGE
kvmstats: no JDK $kvmstats_jdk_least or newer was found in JAVA_HOME, PATH, /usr/lib/jvm, /usr/java or /opt.
On Debian install one of
  temurin-25-jdk    from Adoptium's repository (https://adoptium.net/installation/linux)
  openjdk-25-jdk    from Debian, where the release has it
or set KVMSTATS_JAVA_HOME to the folder of one.
MESSAGE
  return 1
}

kvmstats_jdk_find || exit 1
export JAVA_HOME
