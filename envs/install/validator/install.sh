# shellcheck shell=bash
# install_validator.sh: what is the validator's own.

usage() {
  cat <<'END'
USAGE: install_validator.sh DEST HOTKEY_PATH
       install_validator.sh uninstall DEST [--with-data]
       install_validator.sh move OLD NEW [--now]

DEST is where ssh goes: a name of ~/.ssh/config, or USER@HOST. A second run repairs, and keeps what is there.
  --dry-run                  looks, prints what it would do, and changes nothing
  --unsigned IMAGE@DIGEST    starts this runner image instead of a signed release; or sha256:… of one on the server
  --offline BUNDLE           brings the images from a file; the server needs no registry
  --now                      move: jobs that run are not waited for, and fail
  --with-data                uninstall: the database and the settings, too
Environment: TRUSTED_MINER_ADDRESS and TRUSTED_MINER_PORT, HTTP_PORT (of the panel on the server's loopback, 80),
MIGRATING=1 (the new server of a validator that moves by hand), CHANNEL (stable).
END
}

install_validator() {
  set -euo pipefail
  role=validator
  release_place
  read_options "$@"
  set -- ${words[@]+"${words[@]}"}
  if [ "${1:-}" = move ] && [ $# = 3 ]; then
    address=''
    move_service "$2" "$3"
    look_at_validator
    return
  fi
  if [ $# != 2 ]; then fail "$(usage)"; fi
  if [ "$1" = uninstall ]; then
    check_destination "$2"
    uninstall_from_server
    return
  fi
  check_destination "$1"
  local trusted_address=${TRUSTED_MINER_ADDRESS:-} trusted_port=${TRUSTED_MINER_PORT:-} port=${HTTP_PORT:-} ignored
  is_host "$trusted_address" || fail "TRUSTED_MINER_ADDRESS=$(shown "$trusted_address") is no address of a host."
  [ -z "$trusted_port" ] || check_port "$trusted_port"
  [ -z "$port" ] || check_port "$port"
  for ignored in S3_BUCKET_NAME_PROMPTS S3_BUCKET_NAME_ANSWERS AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY AWS_ENDPOINT_URL; do
    [ -z "${!ignored:-}" ] || say "$ignored is not needed, and stays here."
  done
  read_wallet "$2"
  settings=(port "$port" wallet_name "$wallet_name" hotkey_name "$hotkey_name" migrating "$migrating" channel "$channel"
    trusted_address "$trusted_address" trusted_port "$trusted_port")
  install_on_server
  look_at_validator
}

look_at_validator() {
  say 'What it waits for…'
  on_server doctor
  report_validator
}

report_validator() {
  local port
  ask_server report
  port=$(answer port)
  cat <<END
============================================================
Validator installed successfully
    URL: http://127.0.0.1:8080/admin/login/ while this runs: ssh -N -L 8080:127.0.0.1:$port $destination
    Username: admin
$(password_line)
To change the password:
    1. ssh -t $destination
    2. $(answer docker) exec -it $(answer container) validator change_admin_password admin
    3. type the new one twice, and log in with it
============================================================
END
  on_server reported
}
