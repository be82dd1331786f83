# shellcheck shell=bash
# install_miner.sh: what is the miner's own.

usage() {
  cat <<'END'
USAGE: install_miner.sh production DEST HOTKEY_PATH [MINER_PORT] [DEFAULT_EXECUTOR_CLASS]
       install_miner.sh local DEST VALIDATOR_SS58 [MINER_PORT] [DEFAULT_EXECUTOR_CLASS]
       install_miner.sh uninstall DEST [--with-data]
       install_miner.sh move OLD NEW [--now]

DEST is where ssh goes: a name of ~/.ssh/config, or USER@HOST. A second run repairs, and keeps what is there.
  --dry-run                  looks, prints what it would do, and changes nothing
  --unsigned IMAGE@DIGEST    starts this runner image instead of a signed release; or sha256:… of one on the server
  --offline BUNDLE           brings the images from a file; the server needs no registry
  --now                      move: jobs that run are not waited for, and fail
  --with-data                uninstall: the database and the settings, too
Environment: MIGRATING=1 (the new server of a miner that moves by hand), CHANNEL (stable); move: BITTENSOR_MINER_ADDRESS (what
NEW announces, where that is not what it had on OLD).
END
}

install_miner() {
  set -euo pipefail
  role=miner
  release_place
  local port class validator=''
  read_options "$@"
  set -- ${words[@]+"${words[@]}"}
  if [ "${1:-}" = uninstall ] && [ $# = 2 ]; then
    check_destination "$2"
    uninstall_from_server
    return
  fi
  address=${BITTENSOR_MINER_ADDRESS:-}
  if [ "${1:-}" = move ] && [ $# = 3 ]; then
    is_host "$address" || fail "BITTENSOR_MINER_ADDRESS=$(shown "$address") is no address of a host."
    move_service "$2" "$3"
    test_miner
    return
  fi
  if [ $# -lt 3 ] || [ $# -gt 5 ]; then fail "$(usage)"; fi
  case $1 in production | local) ;; *) fail "There is no mode $(shown "$1")." "$(usage)" ;; esac
  check_destination "$2"
  port=${4:-} class=${5:-}
  [ -z "$port" ] || check_port "$port"
  [ -z "$class" ] || check_class "$class"
  if [ "$1" = local ]; then
    is_address "$3" || fail "$(shown "$3") is no address of a validator's hotkey."
    validator=$3 wallet_name=dummy hotkey_name=dummy hotkey='' coldkeypub=''
  else
    read_wallet "$3"
  fi
  settings=(port "$port" class "$class" validator "$validator" wallet_name "$wallet_name"
    hotkey_name "$hotkey_name" migrating "$migrating" channel "$channel")
  install_on_server
  test_miner
}

test_miner() {
  say 'Self-test…'
  on_server self_test
  report_miner
}

report_miner() {
  local host port
  ask_server report
  host=$(url_host)
  port=$(answer port)
  cat <<END
============================================================
Miner installed successfully
    URL: http://$host:$port/admin/login/
    Username: admin
$(password_line)
To change the password:
    1. ssh -t $destination
    2. $(answer docker) exec -it $(answer container) miner change_admin_password admin
    3. type the new one twice, and log in with it
============================================================
END
  on_server reported
  curl -sf --max-time 10 -o /dev/null "http://$host:$port/admin/login/" </dev/null || say \
    "From here http://$host:$port/ does not answer, while the miner works on the server: open port $port in its firewall."
}

check_class() {
  case " $(executor_classes) " in
    *" $1 "*) [[ $1 =~ ^[a-z0-9._-]+$ ]] && return ;;
  esac
  fail "$(shown "$1") is no executor class. There are: $(executor_classes)"
}
