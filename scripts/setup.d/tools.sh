# Small programs of the system that parts of Periplus call; installed as packages, so they need root.

# install_commands PACKAGES: lists may be missing or too old for what the mirror still has, so they are read again once.
install_commands() {
  cat <<END
export DEBIAN_FRONTEND=noninteractive
bring() { apt-get -q -o DPkg::Lock::Timeout=300 install -y --no-remove --no-install-recommends $1; }
bring || { apt-get -q -o DPkg::Lock::Timeout=300 update || true; bring; }
END
}

# plan_packages PURPOSE PROGRAM:PACKAGE ...: one step for all packages whose program is missing.
plan_packages() {
  purpose=$1
  shift
  missing=
  for pair in "$@"; do
    program=${pair%%:*}
    command -v "$program" >/dev/null || [ -x "/usr/sbin/$program" ] || missing="$missing ${pair#*:}"
  done
  [ -n "$missing" ] && command -v apt-get >/dev/null || return 0
  add_step "install, $purpose:$missing" root optional "$(install_commands "${missing# }")"
}

plan_tools() {
  plan_packages 'for the network of pods that run as processes' ip:iproute2 setpriv:util-linux perl:perl-base
}

plan_test_tools() {
  plan_packages 'for the tests' strace:strace nft:nftables
  plan_docker_registry
}
