# shellcheck shell=bash
# Started, waited for, tested.

# shellcheck disable=SC2317 # quietly calls it
compose() { (cd -- "$folder" && as_root env "HOME=$HOME" docker compose "$@"); }

step_start() {
  read_env
  retire_watchtower
  # The runner sees the file of settings that was there when it was made.
  local words=(--detach) runner there
  runner=$(runner_container)
  if [ -n "$runner" ]; then
    there=$(docker inspect -f '{{.Created}}' "$runner")
    if [ "$(date -d "$there" +%s)" -le "$(stat -c %Y "$folder/.env")" ]; then words+=(--force-recreate); fi
  fi
  quietly compose up "${words[@]}" || fail 'The runner could not be started, as shown above.'
}

runner_container() {
  docker ps -aq --no-trunc --filter "label=com.docker.compose.service=$role-runner" \
    --filter "label=com.docker.compose.project.working_dir=$folder" | head -n 1
}

# It would go on to start what others push; the runner updates itself.
retire_watchtower() {
  local container
  for container in $(docker ps -aq --filter label=com.docker.compose.service=watchtower \
    --filter "label=com.docker.compose.project.working_dir=$folder"); do
    docker rm -f "$container" >/dev/null
    say '  watchtower of the old install is removed: the runner updates itself'
  done
}

app() { printf '%s-app-1' "$(project)"; }

# Says what it waits for, when that changes.
step_ready() {
  read_env
  local end=$((SECONDS + 900)) state last='' restarts=''
  while :; do
    state=$(docker inspect -f '{{.State.Status}} {{if .State.Health}}{{.State.Health.Status}}{{end}}' "$(app)" 2>/dev/null) || state='not there'
    if [ "$state" = 'running healthy' ]; then break; fi
    [ "$state" = "$last" ] || say "  $(app): $state"
    last=$state
    restarts=$(docker inspect -f '{{.RestartCount}}' "$(runner_container)" 2>/dev/null) || true
    if [ "${restarts:-0}" -ge 5 ]; then not_ready "The runner has ended $restarts times."; fi
    [ "$SECONDS" -lt "$end" ] || not_ready "The $role is not ready after 15 minutes: $(app) is $state."
    sleep 1
  done
  say "  $(app) is ready"
}

not_ready() {
  docker logs --tail 30 "$(runner_container)" 2>&1 | cut -c 1-400 >&2
  fail "$1" "The end of the runner's log is above; all of it: $(docker_word) logs $(docker inspect -f '{{.Name}}' "$(runner_container)" | cut -c 2-)"
}

step_self_test() {
  read_env
  docker exec "$(app)" "$role" self_test >&2 || fail \
    "The $role runs, and its self-test fails, as shown above." 'When that is mended, type the same line again.'
}

step_report() {
  read_env
  reply "port $(env_value BITTENSOR_MINER_PORT)"
  reply "panel $(env_value HTTP_PORT)"
  reply "container $(app)"
  reply "docker $(docker_word)"
  if [ -e "$folder/.password-not-shown" ]; then reply "password $(env_value DEFAULT_ADMIN_PASSWORD)"; fi
}

step_reported() { rm -f "$folder/.password-not-shown"; }
