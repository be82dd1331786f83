# shellcheck shell=bash
# What the preparing steps share: messages, locks, folders that appear whole or not at all.

say() { printf '%s\n' "$*" >&2; }

# The reason on the first line, what to do about it on the next ones.
fail() {
  printf '%s\n' "$@" >&2
  exit 1
}

# Runs a command, and shows the end of its output only when it fails.
quietly() {
  local output status=0
  output=$("$@" 2>&1 </dev/null) || status=$?
  [ "$status" = 0 ] || printf '%s\n' "$output" | tail -n 60 >&2
  return "$status"
}

# Runs a command that may be killed at any time: npm, interrupted, would first undo its work, 15 s long.
at_once() {
  "$@" &
  # shellcheck disable=SC2064
  trap "kill -KILL $! 2>/dev/null; exit 130" INT TERM
  wait $!
}

# with_lock FOLDER FUNCTION...: runs it while no other ./horde holds the same folder. The lock goes with its process.
with_lock() {
  local folder=$1
  shift
  if command -v flock >/dev/null; then
    (
      flock -n 9 || { say "Waiting for another ./horde that prepares $folder…" && flock 9; }
      (trap 'exit 130' INT && "$@")
    ) 9<"$folder"
  else
    (
      while ! ln -s "$BASHPID" "$folder/.horde-lock" 2>/dev/null; do
        # The link names its owner's pid: a lock whose owner is gone is taken over.
        owner=$(readlink "$folder/.horde-lock" || true)
        if [ -z "$owner" ] || kill -0 "$owner" 2>/dev/null || [ -d "/proc/$owner" ]; then
          sleep 0.2
        else
          rm -f "$folder/.horde-lock"
        fi
      done
      trap 'rm -f "$folder/.horde-lock"' EXIT
      (trap 'exit 130' INT && "$@")
    )
  fi
}

# place FOLDER FUNCTION: the function fills a new folder, $1, that then gets its name. Call it under a lock.
place() {
  local folder=$1 staging
  shift
  rm -rf "$folder".new-*
  staging=$(mktemp -d "$folder.new-XXXXXX")
  # shellcheck disable=SC2064
  trap "rm -rf '$staging'" EXIT
  chmod 755 "$staging" && "$@" "$staging" && mv "$staging" "$folder"
}

# Two gigabytes hold the packages, the build, and the data of a demo.
check_disk() {
  local folder free
  for folder in "$HORDE_ROOT" "$HORDE_CACHE" "$HORDE_DATA"; do
    while [ ! -d "$folder" ]; do folder=$(dirname -- "$folder"); done
    free=$(df -Pk -- "$folder" | awk 'NR == 2 { print $4 }')
    [ "$free" -ge 2097152 ] || fail \
      "There is too little room on the disk that holds $folder: $((free / 1024)) MB are free, 2 GB are needed." \
      'Free some, or move the checkout; HORDE_CACHE and HORDE_DATA choose other folders for what is kept.'
  done
}
