#!/bin/sh
# Builds the Debian package, with a runtime in it, and prints its path. Two builds of one commit by one
# JDK are the same bytes.
#
# usage: build-deb.sh [FOLDER]    where it is put, target/deb by default
set -eu

here=$(readlink -f -- "$0")
cd "${here%/scripts/*}"
target=$(readlink -m -- "${1:-target/deb}")

for tool in git dpkg-deb dpkg-shlibdeps; do
  command -v "$tool" >/dev/null || {
    echo "build-deb: $tool is needed: apt-get install git dpkg-dev" >&2
    exit 1
  }
done
# shellcheck source=scripts/jdk.sh
. scripts/jdk.sh
./kvmstats --version >/dev/null # Is built by now.
app=cli/target/app

SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH:-$(git log -1 --format=%ct)}
export SOURCE_DATE_EPOCH
umask 022
mkdir -p "$target"
stage=$(mktemp -d)
trap 'rm -rf "$stage"' EXIT
trap 'exit 1' INT TERM
root=$stage/root

# Before 1.0 is released each commit's is older than it, and younger than that of the commit before.
version=$(sed -n 's/.*<version>\(.*\)<\/version>.*/\1/p' pom.xml | head -n 1)
case $version in
  *-SNAPSHOT) version=${version%-SNAPSHOT}~$(date -u -d "@$SOURCE_DATE_EPOCH" +%Y%m%d%H%M%S) ;;
esac
version=$version-1
architecture=$(dpkg --print-architecture)
maintainer=$(git log -1 --format='%an <%ae>')

# The application, as ./kvmstats runs it, and the part of the JDK that its modules say they need, or
# their classes do: a module without a description says nothing.
lib=$root/usr/lib/kvmstats
mkdir -p "$lib/lib"
cp "$app"/jvm.options "$app"/start.sh "$lib"
install -t "$lib" "$app/train.sh"
cp "$app"/lib/*.jar "$lib/lib"
"$JAVA_HOME/bin/java" -p "$app/lib" --dry-run --show-module-resolution \
  -m io.kvmstats.cli/io.kvmstats.cli.Main >"$stage/resolved"
awk '$2 == "requires" && $1 !~ /^(java|jdk)\./ && $3 ~ /^(java|jdk)\./ { print $3 }' \
  "$stage/resolved" >"$stage/modules"
awk '$NF == "automatic" { sub("^file://", "", $(NF - 1)); print $(NF - 1) }' \
  "$stage/resolved" | sort -u >"$stage/automatic"
while read -r jar; do
  "$JAVA_HOME/bin/jdeps" --multi-release 25 --ignore-missing-deps --print-module-deps \
    --module-path "$app/lib" "$jar" | tr , '\n' | grep '^java\.\|^jdk\.' >>"$stage/modules"
done <"$stage/automatic"
"$JAVA_HOME/bin/jlink" --add-modules "$(sort -u "$stage/modules" | paste -s -d ,)" \
  --vm server --compress zip-6 \
  --strip-java-debug-attributes --no-header-files --no-man-pages --output "$lib/jre"
find "$lib/jre/bin" -type f ! -name java -delete

install -D packaging/kvmstats "$root/usr/bin/kvmstats"
install -D -m 644 -t "$root/usr/lib/systemd/system" packaging/*.service
install -D -m 644 packaging/kvmstats.sysusers "$root/usr/lib/sysusers.d/kvmstats.conf"
install -D -m 644 packaging/kvmstats.default "$root/etc/default/kvmstats"

# The documents stand to each other as they do here, for their links.
doc=$root/usr/share/doc/kvmstats
mkdir -p "$doc"
cp -R README.md docs include examples monitoring "$doc"
gzip -9n <CHANGELOG.md >"$doc/changelog.gz"
install -m 644 packaging/attach.conf "$doc/examples"
install -m 644 packaging/deb/copyright "$doc"
install -D -m 644 packaging/deb/lintian-overrides "$root/usr/share/lintian/overrides/kvmstats"
gzip -9n >"$doc/changelog.Debian.gz" <<CHANGES
kvmstats ($version) unstable; urgency=medium

  * Commit $(git rev-parse --short=12 HEAD). changelog.gz says what is new.

 -- $maintainer  $(date -u -R -d "@$SOURCE_DATE_EPOCH")
CHANGES
for jar in "$lib"/lib/*.jar; do
  name=${jar##*/}
  case $name in
    kvmstats-*) continue ;;
    jline-*) name='jline-*.jar' ;;
  esac
  grep -qxF "Files: usr/lib/kvmstats/lib/$name" packaging/deb/copyright || {
    echo "build-deb: packaging/deb/copyright says nothing of $name" >&2
    exit 1
  }
done
chmod -R u+rw,go+r,go-w "$root"

# What the runtime's programs are linked with.
mkdir -p "$stage/debian"
echo 'Source: kvmstats' >"$stage/debian/control"
(cd "$stage" && find root/usr/lib/kvmstats/jre -type f \( -name java -o -name '*.so' \) -printf '-e%p\n' |
  xargs dpkg-shlibdeps -O -lroot/usr/lib/kvmstats/jre/lib -lroot/usr/lib/kvmstats/jre/lib/server) \
  >"$stage/depends" 2>"$stage/log" || { # Where all is well it warns of what is usual.
  cat "$stage/log" >&2
  exit 1
}
depends=$(sed 's/^shlibs:Depends=//' "$stage/depends")

mkdir "$root/DEBIAN"
install -t "$root/DEBIAN" packaging/deb/postinst packaging/deb/prerm packaging/deb/postrm
echo /etc/default/kvmstats >"$root/DEBIAN/conffiles"
(cd "$root" && find usr -type f -print0 | LC_ALL=C sort -z | xargs -0 md5sum) >"$root/DEBIAN/md5sums"
size=$(find "$root" -type f -printf '%s\n' | awk '{ sum += int(($1 + 1023) / 1024) } END { print sum }')
sed -e "s/@VERSION@/$version/; s/@ARCHITECTURE@/$architecture/; s/@MAINTAINER@/$maintainer/" \
  -e "s/@SIZE@/$size/; s/@DEPENDS@/$depends/" packaging/deb/control >"$root/DEBIAN/control"

find "$root" -exec touch -h -d "@$SOURCE_DATE_EPOCH" {} +
deb=$target/kvmstats_${version}_$architecture.deb
dpkg-deb -Zzstd --root-owner-group --build "$root" "$deb" >/dev/null
echo "$deb"
