# The npm packages, Node 24 among them, at the versions of package-lock.json.

installed_lock=$root/node_modules/.periplus/package-lock.json

find_node() {
  for found in "$root/node_modules/node/bin/node" "$root/../node/bin/node"; do
    if [ -x "$found" ]; then
      printf '%s\n' "$found"
      return 0
    fi
  done
  return 1
}

# A copy of the lock file that was installed answers at once; only where there is none or it differs are the packages
# compared one by one, so that a tree made by `npm install` is accepted too.
dependencies_match() {
  find_node >/dev/null || return 1
  # Without a lock file Periplus is itself an installed package, and npm has seen to what it needs.
  [ -f "$root/package-lock.json" ] || return 0
  cmp -s "$root/package-lock.json" "$installed_lock" && return
  "$(find_node)" "$setup_parts/dependencies-match.mjs" "$root" || return 1
  remember_installed_lock
}

# A checkout that may not be written to is compared the long way each time.
remember_installed_lock() {
  mkdir -p "$root/node_modules/.periplus" 2>/dev/null && cp "$root/package-lock.json" "$installed_lock" 2>/dev/null
  return 0
}

plan_node() {
  dependencies_match && return
  if ! command -v npm >/dev/null; then
    problem "npm is missing, and with it Node 24 and the libraries; install Node.js with npm (Debian: apt-get install npm)."
    return
  fi
  add_step "npm packages, Node 24 among them, as package-lock.json lists them" user required \
    "cd '$root' && npm ci --include=dev --no-audit --no-fund"
}
