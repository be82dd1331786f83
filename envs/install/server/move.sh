# shellcheck shell=bash
# The two ends of a move.

# The old one, which works on: what the new one needs of it.
step_leaving() {
  read_env
  local runner wallet file
  env_line SECRET_KEY >/dev/null || fail "There is no $role in $folder to move."
  runner=$(runner_container)
  [ "$(docker inspect -f '{{.State.Status}}' "${runner:-none}" 2>/dev/null)" = running ] ||
    fail "The runner of the $role does not run there: docker compose up -d in $folder starts it."
  # Read to its end: one that ends before may have the other fail.
  [[ $(docker exec "$runner" runner help 2>/dev/null) = *' hand_over '* ]] ||
    fail "The runner there is none that can hand over. Install or update it first."
  wallet=$(env_value HOST_WALLET_DIR)
  wallet=${wallet:-$HOME/.bittensor/wallets}/$(env_value BITTENSOR_WALLET_NAME)
  file=$wallet/hotkeys/$(env_value BITTENSOR_WALLET_HOTKEY_NAME)
  hotkey=$(as_root base64 -w 0 -- "$file") || fail "The hotkey $file cannot be read."
  coldkeypub=$(as_root base64 -w 0 -- "$wallet/coldkeypub.txt") || fail "There is no coldkeypub.txt in $wallet."
  reply "hotkey $hotkey"
  reply "coldkeypub $coldkeypub"
  reply "env $(base64 -w 0 -- "$folder/.env")"
  reply "wallet_name $(env_value BITTENSOR_WALLET_NAME)"
  reply "hotkey_name $(env_value BITTENSOR_WALLET_HOTKEY_NAME)"
  reply "image $(env_value RUNNER_IMAGE)"
  reply "bridge $(bridge_address)"
  reply "addresses $(hostname -I 2>/dev/null || true)"
  [ -z "$(service_container)" ] || reply 'works yes'
}

service_container() {
  docker ps -aq --filter "label=com.docker.compose.project=$(project)" --filter label=com.docker.compose.service=app \
    --filter label=com.docker.compose.oneoff=False
}

# check_move: what of the old server's settings the new one cannot have.
check_move() {
  local key value
  [ -n "$moved_env" ] || return 0
  if [ "$(env_value SECRET_KEY)" != "$(moved_value SECRET_KEY)" ]; then
    trouble "There is another $role in $folder." "It is not written over: install_$role.sh uninstall removes it."
  elif has_engine && [ -n "$(service_container)" ]; then
    reply 'arrived yes'
  fi
  for key in HOST_VENDOR_DIR BACKUP_FOLDER; do
    value=$(moved_value "$key")
    [ -z "$value" ] || [ -d "$value" ] || trouble "$key is $value, which is not here." 'Copy or make it here first, or take the line out there.'
  done
}

# moved_value KEY: as the old server has it.
moved_value() {
  local env_lines
  mapfile -t env_lines <<<"$moved_env"
  env_value "$1"
}

# What is of the machine is the new one's.
settings_of_move() {
  env_set HOST_WALLET_DIR "$HOME/.bittensor/wallets"
  [ "$role" = miner ] || return 0
  if [ "$(env_value ADDRESS_FOR_EXECUTORS)" = "$old_bridge" ]; then env_set ADDRESS_FOR_EXECUTORS "$(bridge_address)"; fi
  if [ -n "$address" ]; then
    env_set BITTENSOR_MINER_ADDRESS "$address"
  elif [[ " $old_addresses " = *" $(env_value BITTENSOR_MINER_ADDRESS) "* ]]; then
    env_set BITTENSOR_MINER_ADDRESS auto
  fi
}

# The runner, before it has a container of its own.
run_runner() {
  (cd -- "$folder" && as_root_reading env "HOME=$HOME" docker compose --progress quiet run --rm --no-deps -T "$role-runner" "$@")
}

step_expect() {
  local said
  said=$(run_runner take_in --key </dev/null) || fail 'Nothing can be taken in here, as shown above.'
  reply "key $said"
}

handed_over() { printf '%s' "$folder/.handed-over"; }

# A miner's jobs come to their end first, for as long as the other side is there: without it all goes on as before.
step_hand_over() {
  read_env
  local drain
  if [ "$role" = miner ] && [ -z "$at_once" ] && [ -n "$(service_container)" ]; then
    docker exec "$(app)" miner drain >&2 &
    drain=$!
    while kill -0 "$drain" 2>/dev/null; do
      IFS= read -t 60 -r -N 1 _ || fail 'The connection ended while jobs were waited for.'
    done
    wait "$drain" || fail 'Its jobs did not come to their end, as shown above. --now moves it all the same, and they fail.'
  fi
  (umask 077 && docker exec "$(runner_container)" runner hand_over "$key" --now >"$(handed_over)")
}

step_give() { cat -- "$(handed_over)"; }

step_take_in() { incoming | run_runner take_in >&2; }

step_take_back() {
  read_env
  rm -f -- "$(handed_over)"
  docker exec "$(runner_container)" runner take_back "$(project)" >&2
}

# From its log a person learns why it starts nothing.
step_left() {
  rm -f -- "$(handed_over)"
  quietly docker restart "$(runner_container)"
}
