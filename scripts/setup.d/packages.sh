# Programs that come out of a Debian package: found on this machine, or downloaded and unpacked into the user's cache.
# Nothing is installed for them: no root is needed, no service starts, no other package can stand in the way.

# The first nats-server whose JetStream has the sync_interval and stream checks that the log relies on.
nats_server_minimum=2.10.23

cache=${XDG_CACHE_HOME:-${HOME:-/tmp}/.cache}/periplus

# version_at_least VERSION MINIMUM: epoch and Debian revision are left out of the comparison.
version_at_least() {
  plain=${1#v}
  plain=${plain#*:}
  plain=${plain%%[-+~]*}
  awk -v have="$plain" -v want="$2" 'BEGIN {
    if (have !~ /^[0-9]/) exit 1
    split(have, h, "."); count = split(want, w, ".")
    for (i = 1; i <= count; i++) { if (h[i] + 0 > w[i] + 0) exit 0; if (h[i] + 0 < w[i] + 0) exit 1 }
    exit 0
  }'
}

nats_server_is_good() {
  [ -x "$1" ] || return 1
  reported=$("$1" --version 2>/dev/null) || return 1
  version_at_least "${reported##*v}" "$nats_server_minimum"
}

find_nats_server() {
  if [ -n "${PERIPLUS_NATS_SERVER:-}" ]; then
    nats_server_is_good "$PERIPLUS_NATS_SERVER" && printf '%s\n' "$PERIPLUS_NATS_SERVER"
    return
  fi
  for found in "$(command -v nats-server)" "$cache/nats-server/usr/sbin/nats-server"; do
    if nats_server_is_good "$found"; then
      printf '%s\n' "$found"
      return 0
    fi
  done
  return 1
}

# An image has no C library in it, so only a busybox that is linked statically will do.
busybox_is_good() {
  [ -x "$1" ] && ! ldd "$1" 2>/dev/null | grep -q / && "$1" --list 2>/dev/null | grep -qx httpd
}

find_busybox() {
  for found in "$(command -v busybox)" /bin/busybox "$cache/busybox-static/usr/bin/busybox" "$cache/busybox-static/bin/busybox"; do
    if busybox_is_good "$found"; then
      printf '%s\n' "$found"
      return 0
    fi
  done
  return 1
}

find_docker_registry() {
  for found in "$(command -v docker-registry)" "$cache/docker-registry/usr/bin/docker-registry"; do
    if [ -x "$found" ]; then
      printf '%s\n' "$found"
      return 0
    fi
  done
  return 1
}

# The version apt would install, or nothing.
candidate_of() {
  LC_ALL=C apt-cache policy "$1" 2>/dev/null | sed -n 's/^ *Candidate: *\([0-9].*\)$/\1/p'
}

# Which package lists have PACKAGE: the machine's, the machine's sources read afresh, or Debian 13's.
lists_for() {
  candidate=$(candidate_of "$1")
  if [ -n "$candidate" ] && { [ -z "${2:-}" ] || version_at_least "$candidate" "$2"; }; then
    echo system
  elif [ -n "${2:-}" ] && [ -n "$(debian_13_sources)" ]; then
    echo debian-13
  else
    echo fresh
  fi
}

# The machine's own Debian sources with the suite changed to trixie, so that mirror, proxy and keys stay the machine's.
debian_13_sources() {
  codename=$(. /etc/os-release 2>/dev/null && [ "${ID:-}" = debian ] && printf '%s' "${VERSION_CODENAME:-}")
  [ -n "$codename" ] || return 0
  for file in /etc/apt/sources.list /etc/apt/sources.list.d/*.list /etc/apt/sources.list.d/*.sources; do
    [ -r "$file" ] || continue
    case $file in
      *.sources) awk -v codename="$codename" -f "$setup_parts/debian-13-sources.awk" "$file" ;;
      *) awk -v codename="$codename" -f "$setup_parts/debian-13-list.awk" "$file" ;;
    esac
  done
}

# unpack_commands PACKAGE LISTS: shell text that downloads PACKAGE and unpacks it into the cache.
unpack_commands() {
  cat <<END
target='$cache/$1'
work=\$(mktemp -d)
trap 'rm -rf "\$work"' EXIT
cd "\$work"
END
  # The machine's lists may be older than its mirror; then they are read afresh, into the temporary directory.
  [ "$2" != system ] || echo "apt-get -q -o APT::Sandbox::User=root download $1 || {"
  private_lists_commands "$1" "$2"
  [ "$2" != system ] || echo "}"
  cat <<END
rm -rf "\$target" "\$target.new"
mkdir -p '$cache'
dpkg-deb -x $1_*.deb "\$target.new"
mv "\$target.new" "\$target"
END
}

# A source that cannot be reached must not matter: whether the package could be downloaded decides.
private_lists_commands() {
  cat <<END
mkdir -p state/lists/partial cache/archives/partial sources
private() {
  apt-get -q -o APT::Sandbox::User=root -o Dir::State="\$work/state" -o Dir::Cache="\$work/cache" \\
    -o Acquire::Languages=none -o Acquire::Retries=2 "\$@"
}
END
  if [ "$2" = debian-13 ]; then
    # deb822 and one-line entries have to be in files of their own.
    printf '%s\n' "cat >sources/debian-13.sources <<'END_OF_SOURCES'" "$(debian_13_sources | grep -v '^deb ')" END_OF_SOURCES
    printf '%s\n' "cat >sources/debian-13.list <<'END_OF_SOURCES'" "$(debian_13_sources | grep '^deb ')" END_OF_SOURCES
    # shellcheck disable=SC2016 # For the shell that runs the commands.
    options='-o Dir::Etc::SourceList=/dev/null -o Dir::Etc::SourceParts="$work/sources" -o Dir::Etc::PreferencesParts=/dev/null '
  else
    options=
  fi
  printf '%s\n' "private ${options}update || true" "private ${options}download $1"
}

plan_nats_server() {
  find_nats_server >/dev/null && return
  if [ -n "${PERIPLUS_NATS_SERVER:-}" ]; then
    problem "PERIPLUS_NATS_SERVER=$PERIPLUS_NATS_SERVER is no nats-server >= $nats_server_minimum; correct it or unset it."
    return
  fi
  if ! can_unpack; then
    problem "nats-server >= $nats_server_minimum is missing. Install it and put it into the PATH, or name it in PERIPLUS_NATS_SERVER."
    return
  fi
  lists=$(lists_for nats-server "$nats_server_minimum")
  case $lists in
    debian-13) origin="Debian 13's package, through a temporary source list" ;;
    *) origin="this distribution's package" ;;
  esac
  add_step "nats-server >= $nats_server_minimum: unpack $origin into $cache" user required \
    "$(unpack_commands nats-server "$lists")"
}

plan_busybox() {
  find_busybox >/dev/null && return
  can_unpack || return 0
  add_step "static busybox, for the demo images: unpack the package busybox-static into $cache" user optional \
    "$(unpack_commands busybox-static "$(lists_for busybox-static)")"
}

plan_docker_registry() {
  find_docker_registry >/dev/null && return
  can_unpack || return 0
  add_step "a container registry, for the tests: unpack the package docker-registry into $cache" user optional \
    "$(unpack_commands docker-registry "$(lists_for docker-registry)")"
}

can_unpack() { command -v apt-get >/dev/null && command -v dpkg-deb >/dev/null; }
