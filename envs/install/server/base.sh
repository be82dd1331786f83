# shellcheck shell=bash
# What steps on the server share. They are started as the user who logs in.

say() { printf '%s\n' "$*" >&2; }

fail() {
  printf '%s\n' "$@" >&2
  exit 1
}

# An answer for the script on the other side.
reply() { printf 'horde: %s\n' "$*"; }

# Reads names and values, each ended by a zero byte, to an empty name; what follows is the step's own.
read_values() {
  local name value
  while IFS= read -t 60 -r -d '' name && [ -n "$name" ]; do
    IFS= read -t 60 -r -d '' value || fail 'The connection ended too early.'
    case $name in
      role | port | class | validator | wallet_name | hotkey_name | migrating | channel | now | image | number | offline | architecture) ;;
      compose_in_bundle | registry | hotkey | coldkeypub | trusted_address | trusted_port | from | dry_run | with_data) ;;
      word | ports | engine_in_bundle) ;;
      moved_env | old_bridge | old_addresses | address | key | at_once) ;;
      *) fail "The value $name is not known." ;;
    esac
    printf -v "$name" '%s' "$value"
  done
  [ "$role" = miner ] || [ "$role" = validator ] || [ -z "$role" ] || fail 'There is no such role.'
  folder=$HOME/compute_horde_$role
}

# as_root COMMAND...: without the lock, which what it starts may outlive.
as_root() { as_root_reading "$@" </dev/null; }

# The same for one that reads what is left of the step's input.
as_root_reading() {
  if [ "$(id -u)" = 0 ]; then command "$@" 8<&-; else sudo -n -- "$@" 8<&-; fi
}

# Passes on what is left of the step's input, and gives up where nothing more comes, as after a link that was cut: else it would
# wait for ever, and hold the lock. Later than ssh on the other side, which then says what to type.
incoming() {
  local said
  while :; do
    said=$(timeout 120 dd bs=1M count=1 iflag=fullblock 2>&1 >&7) || fail 'Nothing more came through the connection.'
    case $said in '0+0 records in'*) return ;; esac
  done 7>&1
}

# What a person types for it.
docker_word() {
  if [ "$(id -u)" = 0 ] || [ -w /var/run/docker.sock ]; then printf docker; else printf 'sudo docker'; fi
}

# Shows the end of what a command says only when it fails.
quietly() {
  local output status=0
  output=$("$@" 2>&1) || status=$?
  [ "$status" = 0 ] || printf '%s\n' "$output" | tail -n 30 >&2
  return "$status"
}

# put FILE MODE: its new content from standard input, whole or not at all.
put() {
  local new
  # What a killed run has left.
  rm -f "$1".new-*
  new=$(umask 077 && mktemp "$1.new-XXXXXX")
  cat >"$new" && chmod "$2" "$new" && sync "$new" && mv -f "$new" "$1"
}

# One run at a time; the lock goes with its process.
lock() {
  exec 8<"$HOME"
  flock -n 8 || { say 'Waiting for another run of this script, which is at work on the server…' && flock -w 600 8; } || fail 'Another run of this script is at work on the server.'
}
