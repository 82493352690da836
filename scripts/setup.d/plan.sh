# The plan of scripts/setup: steps are collected first, listed whole, and only then done.
# Sourced by scripts/setup, which sets `mode`, `verbosity` and `is_root`.

plan_dir=
step_count=0

# To standard error, so that the output of a launcher stays clean.
say() { printf '%s\n' "$*" >&2; }

# add_step TITLE root|user required|optional COMMANDS
# COMMANDS is the shell text that PERIPLUS_SETUP=off prints and that is run otherwise, so both are always the same.
add_step() {
  [ -n "$plan_dir" ] || plan_dir=$(mktemp -d)
  step_count=$((step_count + 1))
  printf '%s' "$1" >"$plan_dir/$step_count.title"
  printf '%s' "$2" >"$plan_dir/$step_count.account"
  printf '%s' "$3" >"$plan_dir/$step_count.weight"
  printf '%s\n' "$4" >"$plan_dir/$step_count.commands"
}

forget_plan() {
  [ -z "$plan_dir" ] || rm -rf "$plan_dir"
  plan_dir=
  step_count=0
}

step() { cat "$plan_dir/$1.$2"; }

# In parentheses and unindented, so that what is printed can be handed to a shell as it stands.
print_commands() {
  {
    echo '(set -eu'
    cat "$plan_dir/$1.commands"
    echo ')'
  } >&2
}

# list_plan with-titles|with-commands
list_plan() {
  number=1
  while [ "$number" -le "$step_count" ]; do
    as_root=
    [ "$(step "$number" account)" = user ] || as_root=' (as root)'
    if [ "$1" = with-titles ]; then
      say "  $number. $(step "$number" title)$as_root"
    else
      say "# $number. $(step "$number" title)$as_root"
      print_commands "$number"
    fi
    number=$((number + 1))
  done
}

# Runs every step in order; returns 1 when a required one could not be done.
run_plan() {
  failed_required=
  number=1
  while [ "$number" -le "$step_count" ]; do
    if ! run_step "$number" && [ "$(step "$number" weight)" = required ]; then
      failed_required=yes
      break
    fi
    number=$((number + 1))
  done
  [ -z "$failed_required" ]
}

run_step() {
  if [ "$(step "$1" account)" = root ] && [ "$is_root" = no ]; then
    say "periplus setup: step $1 needs root; run this as root if you want it:"
    print_commands "$1"
    return 1
  fi
  say "periplus setup: $(step "$1" title) ..."
  started=$(date +%s)
  # Without standard input: the caller's belongs to the command that setup runs before.
  if sh -eu "$plan_dir/$1.commands" </dev/null >"$plan_dir/$1.output" 2>&1; then
    [ "$verbosity" != loud ] || cat "$plan_dir/$1.output" >&2
    say "periplus setup: done in $(($(date +%s) - started)) s"
    return 0
  fi
  say "periplus setup: that failed. The commands were:"
  print_commands "$1"
  say "periplus setup: and the last lines they printed:"
  tail -n 20 "$plan_dir/$1.output" | sed 's/^/    /' >&2
  return 1
}
