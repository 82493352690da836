# What the last full check found, kept so that a launcher need not look again: user, nats-server, where the engine is.

stamp=$root/node_modules/.periplus/setup

stamp_stands() {
  [ -r "$stamp" ] || return 1
  { read -r stamped_user && read -r stamped_nats_server && read -r stamped_engine; } <"$stamp" || return 1
  [ "$stamped_user" = "$(id -u)" ] && [ -x "$stamped_nats_server" ] || return 1
  [ -z "${PERIPLUS_NATS_SERVER:-}" ] || [ "$PERIPLUS_NATS_SERVER" = "$stamped_nats_server" ] || return 1
  [ ! -f "$root/package-lock.json" ] || cmp -s "$root/package-lock.json" "$installed_lock" || return 1
  find_node >/dev/null || return 1
  # Of the engine only this machine's own dockerd is looked at: it does not survive a reboot without a service manager.
  [ "$stamped_engine" != here ] || dockerd_runs
}

write_stamp() {
  engine=elsewhere-or-none
  ! dockerd_runs || engine=here
  mkdir -p "$root/node_modules/.periplus" 2>/dev/null || return 0
  printf '%s\n' "$(id -u)" "$(find_nats_server)" "$engine" 2>/dev/null >"$stamp.$$" && mv "$stamp.$$" "$stamp"
  return 0
}
