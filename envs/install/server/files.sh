# shellcheck shell=bash
# The wallet, the settings, and the compose file of the runner.

step_files() {
  umask 077
  # Others' programs may look into the folder for the compose file, as they could before.
  [ -d "$folder" ] || (umask 022 && mkdir "$folder")
  put_wallet
  put_settings
  put_compose_file
  hide_old_values
}

put_wallet() {
  # Where it is missing the engine would make it, as root's.
  (umask 022 && mkdir -p "$HOME/.bittensor/wallets")
  [ -n "$hotkey" ] || return 0
  local wallet=$HOME/.bittensor/wallets/$wallet_name file
  (umask 022 && mkdir -p "$wallet/hotkeys")
  file=$wallet/hotkeys/$hotkey_name
  if [ ! -e "$file" ]; then
    printf '%s' "$hotkey" | put "$file" 600
    reply "file added    $file"
  else
    local there
    IFS= read -r -d '' there <"$file" || true
    [ "$there" = "$hotkey" ] || fail "Another hotkey is on the server as $file. It is not written over."
    reply "file kept     $file"
  fi
  [ -e "$wallet/coldkeypub.txt" ] || printf '%s' "$coldkeypub" | put "$wallet/coldkeypub.txt" 644
}

put_settings() {
  read_env
  local new=yes first=''
  # Lines that were put there before the first install make no install.
  if env_line SECRET_KEY >/dev/null; then new=''; fi
  # ComputeHorde's script makes no account of the validator's panel.
  if [ "$role" = validator ] && ! env_line RUNNER_IMAGE >/dev/null; then first=yes; fi
  if [ ${#env_lines[@]} = 0 ]; then env_lines=("# Settings of the $role. Lines that you add stay; what each means: docs/settings.md"); fi
  env_secret SECRET_KEY 25
  env_secret POSTGRES_PASSWORD 16
  env_default BITTENSOR_NETUID 12
  env_default BITTENSOR_NETWORK finney
  env_set BITTENSOR_WALLET_NAME "$wallet_name"
  env_set BITTENSOR_WALLET_HOTKEY_NAME "$hotkey_name"
  env_default HOST_WALLET_DIR "$HOME/.bittensor/wallets"
  # One that was made by hand goes on under the name that its containers have.
  [ -z "$new" ] || env_default COMPOSE_PROJECT_NAME "compute_horde_$role"
  if [ "$role" = miner ]; then settings_of_miner; else settings_of_validator; fi
  [ -z "$moved_env" ] || settings_of_move
  # First the mark: a run that ends here is to show the password when another one comes to its end.
  if env_line DEFAULT_ADMIN_PASSWORD >/dev/null; then
    kept+=(DEFAULT_ADMIN_PASSWORD)
  elif [ -n "$new$first" ]; then
    : >"$folder/.password-not-shown"
    env_secret DEFAULT_ADMIN_PASSWORD 25
  fi
  if [ "$migrating" = 1 ]; then env_set MIGRATING 1; else env_default MIGRATING 0; fi
  if [ -n "$channel" ]; then env_set CHANNEL "$channel"; else env_default CHANNEL stable; fi
  env_set RUNNER_IMAGE "$image"
  write_env
  [ ${#kept[@]} = 0 ] || reply "file kept     .env: ${kept[*]}"
  [ ${#changed[@]} = 0 ] || reply "file changed  .env: ${changed[*]}"
  [ ${#added[@]} = 0 ] || reply "file added    .env: ${added[*]}"
}

settings_of_miner() {
  if [ -n "$port" ]; then env_set BITTENSOR_MINER_PORT "$port"; else env_default BITTENSOR_MINER_PORT 8000; fi
  env_default BITTENSOR_MINER_ADDRESS auto
  if [ -n "$class" ]; then env_set DEFAULT_EXECUTOR_CLASS "$class"; else env_default DEFAULT_EXECUTOR_CLASS ''; fi
  if [ -n "$port" ]; then env_set PORT_FOR_EXECUTORS "$port"; else env_default PORT_FOR_EXECUTORS "$(env_value BITTENSOR_MINER_PORT)"; fi
  local bridge
  bridge=$(bridge_address)
  # What the old script wrote, whatever the bridge's address was.
  if [ "$(env_value ADDRESS_FOR_EXECUTORS)" = 172.17.0.1 ]; then
    env_set ADDRESS_FOR_EXECUTORS "$bridge"
  else
    env_default ADDRESS_FOR_EXECUTORS "$bridge"
  fi
  [ -z "$validator" ] || env_set IS_LOCAL_MINER 1
  [ -z "$validator" ] || env_set LOCAL_MINER_VALIDATOR_PUBLIC_KEY "$validator"
}

settings_of_validator() {
  env_default FACILITATOR_URI wss://facilitator.computehorde.io/ws/v0/
  [ -z "$port" ] || env_set HTTP_PORT "$port"
  [ -z "$trusted_address" ] || env_set TRUSTED_MINER_ADDRESS "$trusted_address"
  [ -z "$trusted_port" ] || env_set TRUSTED_MINER_PORT "$trusted_port"
}

# Where containers of Docker's own bridge reach the server. An engine that has made its bridge since it was started does not
# name the gateway: it is the first address then.
bridge_address() {
  local subnet gateway
  while read -r subnet gateway; do
    [[ $subnet =~ ^(([0-9]+\.){3})([0-9]+)/ ]] || continue
    printf '%s' "${gateway:-${BASH_REMATCH[1]}$((BASH_REMATCH[3] + 1))}"
    return
  done < <(docker network inspect bridge --format '{{range .IPAM.Config}}{{.Subnet}} {{.Gateway}}{{"\n"}}{{end}}' 2>/dev/null)
  printf 172.17.0.1
}

put_compose_file() {
  local file=$folder/docker-compose.yml text
  text=$(compose_file)
  if [ -f "$file" ] && [ "$(cat "$file")" = "$text" ]; then
    reply "file kept     docker-compose.yml"
    return
  fi
  if [ -f "$file" ]; then
    # The way back, of which the first is the one that counts.
    [ -e "$file.before" ] || cp -p "$file" "$file.before"
    reply "file changed  docker-compose.yml; the one before is docker-compose.yml.before"
  else
    reply "file added    docker-compose.yml"
  fi
  printf '%s\n' "$text" | put "$file" 644
}

compose_file() {
  local env_in_runner=/root/.env
  [ "$role" = miner ] || env_in_runner=/root/validator/.env
  cat <<END
# Written by install_$role.sh, and again by its next run. What it starts is named in .env, by its digest.
services:
  $role-runner:
    image: \${RUNNER_IMAGE:?}
    restart: unless-stopped
    pull_policy: missing
    volumes:
      - /var/run/docker.sock:/var/run/docker.sock
      - \${HOST_WALLET_DIR:-\$HOME/.bittensor/wallets}:/root/.bittensor/wallets
      - ./.env:$env_in_runner
    logging:
      driver: json-file
      options: { max-size: 10m, max-file: '3' }
END
}

# The old script leaves its values there, open to all.
hide_old_values() {
  if [ -f "$HOME/tmpvars" ]; then
    chmod 600 "$HOME/tmpvars"
    reply "file changed  ~/tmpvars: secrets that the old script left open to all are yours alone now; nothing needs the file"
  fi
}
