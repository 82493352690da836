# The container engine: found wherever the Docker client would look, else installed, else started. Never required:
# a cell without an engine runs its pods as processes.

# Long enough for dockerd to bring up containerd, its bridge and its rules on a busy machine.
docker_start_timeout_s=60
dockerd_log=/var/log/periplus-dockerd.log
dockerd_pid_file=/var/run/docker.pid

engine_answers() {
  if command -v docker >/dev/null; then
    timeout 5 docker version --format '{{.Server.Version}}' >/dev/null 2>&1
    return
  fi
  case ${DOCKER_HOST:-unix:///var/run/docker.sock} in
    unix://*)
      socket=${DOCKER_HOST:-unix:///var/run/docker.sock}
      socket=${socket#unix://}
      if command -v curl >/dev/null; then
        curl --silent --fail --max-time 5 --output /dev/null --unix-socket "$socket" http://localhost/_ping
      else
        [ -S "$socket" ] && dockerd_runs
      fi
      ;;
    tcp://*)
      command -v curl >/dev/null &&
        curl --silent --fail --max-time 5 --output /dev/null "http://${DOCKER_HOST#tcp://}/_ping"
      ;;
    *) return 1 ;;
  esac
}

# The pid file may be stale and its number somebody else's by now.
dockerd_runs() {
  [ -r "$dockerd_pid_file" ] || return 1
  # dockerd writes the number without a line end, so `read` reports the end of the file; what it read is good.
  read -r dockerd_pid <"$dockerd_pid_file" || true
  process_name=
  [ -r "/proc/$dockerd_pid/comm" ] && read -r process_name <"/proc/$dockerd_pid/comm"
  [ "$process_name" = dockerd ]
}

# Somebody chose another engine than this machine's: it is not ours to bring one then.
engine_is_elsewhere() {
  case ${DOCKER_HOST:-} in
    '' | unix:///var/run/docker.sock | unix:///run/docker.sock) ;;
    *) return 0 ;;
  esac
  [ -z "${DOCKER_HOST:-}" ] || return 1
  case ${DOCKER_CONTEXT:-} in
    '' | default) ;;
    *) return 0 ;;
  esac
  grep -q '"currentContext": *"[^"]' "${DOCKER_CONFIG:-${HOME:-/tmp}/.docker}/config.json" 2>/dev/null &&
    ! grep -q '"currentContext": *"default"' "${DOCKER_CONFIG:-${HOME:-/tmp}/.docker}/config.json"
}

engine_package() {
  # shellcheck disable=SC2016 # The format is dpkg-query's, not the shell's.
  dpkg-query -W -f '${db:Status-Status} ${Package}\n' docker.io docker-ce docker-ce-cli docker-engine moby-engine \
    moby-cli podman-docker containerd containerd.io moby-containerd 2>/dev/null | sed -n 's/^installed //p' | head -n 1
}

find_dockerd() {
  command -v dockerd || { [ -x /usr/sbin/dockerd ] && echo /usr/sbin/dockerd; } ||
    { [ -x /usr/bin/dockerd ] && echo /usr/bin/dockerd; }
}

install_docker_commands() {
  client=
  command -v docker >/dev/null || [ -z "$(candidate_of docker-cli)" ] || client=' docker-cli'
  install_commands "docker.io iptables$client"
}

# dockerd has to outlive its starter and must hold none of its descriptors, or whoever waits for them waits for ever.
start_docker_commands() {
  cat <<END
if '$setup' --print docker >/dev/null; then exit 0; fi
if [ -d /run/systemd/system ]; then
  systemctl start docker
elif [ "\$(cat "/proc/\$(cat $dockerd_pid_file 2>/dev/null)/comm" 2>/dev/null)" != dockerd ]; then
  rm -f $dockerd_pid_file
  setsid bash -c '
    for open in /proc/self/fd/*; do
      [ "\${open##*/}" -le 2 ] || eval "exec \${open##*/}>&-"
    done
    exec "\$0" </dev/null >>$dockerd_log 2>&1
  ' "\$(command -v dockerd || echo /usr/sbin/dockerd)" &
fi
for attempt in \$(seq $((docker_start_timeout_s * 2))); do
  if '$setup' --print docker >/dev/null; then exit 0; fi
  sleep 0.5
done
echo "dockerd does not answer; the end of $dockerd_log:"
tail -n 15 $dockerd_log
exit 1
END
}

plan_docker() {
  engine_answers && return
  if engine_is_elsewhere; then
    notice "DOCKER_HOST or the Docker context names an engine that does not answer; pods will run as processes."
  elif [ "$is_root" = no ] && dockerd_runs; then
    notice "Docker runs, but this user may not use it (its socket belongs to the group docker); pods will run as processes."
  elif [ -n "$(find_dockerd)" ]; then
    add_step "start Docker, which is installed but not running" root optional "$(start_docker_commands)"
  elif [ -n "$(engine_package)" ]; then
    notice "the package $(engine_package) is there but no dockerd, so Docker is left alone; pods will run as processes."
  elif ! command -v apt-get >/dev/null; then
    notice "no container engine and no apt-get to install one; pods will run as processes."
  else
    add_step "install Docker (packages docker.io and iptables, nothing is removed)" root optional "$(install_docker_commands)"
    add_step "start Docker" root optional "$(start_docker_commands)"
  fi
}
